/** Everything that jnats offers for key/value buckets, against the server given as argument. */
public final class Main {
    public static void main(String[] arguments) {
        Frame frame = new Frame(arguments);
        Buckets.add(frame);
        Values.add(frame);
        Expiry.add(frame);
        Lists.add(frame);
        Watches.add(frame);
        Streams.add(frame);
        Reconnect.add(frame);
        frame.run();
    }
}
