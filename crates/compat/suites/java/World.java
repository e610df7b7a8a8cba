import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.KeyValue;
import io.nats.client.KeyValueManagement;
import io.nats.client.KeyValueOptions;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.ErrorListenerLoggerImpl;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** What a case is given: a connection of its own, names that nobody else uses, and ways to make buckets. */
final class World implements AutoCloseable {
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final JetStreamOptions PATIENT = JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(20)).build();

    final Connection connection;
    final JetStream js;
    final JetStreamManagement jsm;
    final KeyValueManagement kvm;
    private final String door;
    private final List<Connection> open = new ArrayList<>();

    World(String url, String door) throws Exception {
        this.door = door;
        connection = connect(url);
        js = connection.jetStream(PATIENT);
        jsm = connection.jetStreamManagement(PATIENT);
        kvm = connection.keyValueManagement(options());
    }

    private Connection connect(String url) throws Exception {
        Options.Builder options = new Options.Builder().server(url).maxReconnects(-1).reconnectWait(Duration.ofMillis(50));
        options.reconnectJitter(Duration.ZERO).connectionTimeout(Duration.ofSeconds(5)).errorListener(new Silent());
        Connection made = Nats.connect(options.build());
        open.add(made);
        return made;
    }

    static KeyValueOptions options() {
        return KeyValueOptions.builder().jetStreamOptions(PATIENT).build();
    }

    /** Connects through the door. */
    Connection far() throws Exception {
        return connect(door);
    }

    String name() {
        return "b_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet();
    }

    /** Makes a bucket with a fresh name. */
    KeyValue bucket(UnaryOperator<KeyValueConfiguration.Builder> settings) throws Exception {
        String name = name();
        kvm.create(settings.apply(KeyValueConfiguration.builder(name)).build());
        return open(name);
    }

    KeyValue bucket() throws Exception {
        return bucket(settings -> settings);
    }

    KeyValue open(String name) throws Exception {
        return connection.keyValue(name, options());
    }

    StreamInfo info(KeyValue kv) throws Exception {
        return jsm.getStreamInfo("KV_" + kv.getBucketName());
    }

    long values(KeyValue kv) throws Exception {
        return info(kv).getStreamState().getMsgCount();
    }

    /** Has the door cut all connections through it, or kill the server; returns when that is done. */
    void order(String word) throws Exception {
        URI address = URI.create(door);
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write((word + "\n").getBytes());
            out.flush();
            socket.getInputStream().readAllBytes();
        } catch (java.net.SocketException closed) {
            // Some of what the server said was not read yet; the door is done all the same.
        }
    }

    /** Waits until a connection that was cut is usable again. Once in a while the client forgets to try, and is reminded. */
    static void back(Connection far) throws Exception {
        long end = System.currentTimeMillis() + 40_000;
        long reminder = System.currentTimeMillis() + 3_000;
        while (true) {
            try {
                far.flush(Duration.ofSeconds(1));
                return;
            } catch (TimeoutException fault) {
                Frame.check(System.currentTimeMillis() < end, "the connection comes back");
            }
            if (System.currentTimeMillis() > reminder) {
                far.forceReconnect();
                reminder = System.currentTimeMillis() + 3_000;
            }
            Thread.sleep(50);
        }
    }

    /** Writes an entry as `key=value@revision` or `key!DELETE@revision`. */
    static String text(KeyValueEntry entry) {
        if (entry == null) {
            return "null";
        }
        boolean put = entry.getOperation() == KeyValueOperation.PUT;
        String value = entry.getValue() == null ? "" : entry.getValueAsString();
        return entry.getKey() + (put ? "=" + value : "!" + entry.getOperation()) + "@" + entry.getRevision();
    }

    static List<String> texts(List<KeyValueEntry> entries) {
        return entries.stream().map(World::text).toList();
    }

    @Override
    public void close() throws Exception {
        for (Connection each : open) {
            each.close();
        }
    }

    /** The suite loses connections on purpose; nobody wants to read about it. */
    private static final class Silent extends ErrorListenerLoggerImpl {
        @Override
        public void exceptionOccurred(Connection connection, Exception fault) {}

        @Override
        public void errorOccurred(Connection connection, String error) {}
    }
}
