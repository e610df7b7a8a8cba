import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The frame of the suite: registers cases, runs them, prints one line for each. */
final class Frame {
    /** A case: it throws if something is wrong. */
    interface Run {
        void with(World world) throws Exception;
    }

    /** A call that is expected to throw. */
    interface Call {
        void run() throws Exception;
    }

    /** Something that is asked again and again until it is true. */
    interface Probe {
        boolean holds() throws Exception;
    }

    private record Case(String name, boolean alone, Run run) {}

    private static final int SIDE_BY_SIDE = 8;
    private static final int CASE_SECONDS = 60;
    private static final int PATIENCE_MS = 20_000;

    private final List<Case> cases = new ArrayList<>();
    private final String[] arguments;

    Frame(String[] arguments) {
        this.arguments = arguments;
    }

    /** Registers a case that runs beside others. */
    void add(String name, Run run) {
        cases.add(new Case(name, false, run));
    }

    /** Registers a case that runs alone, after all others. */
    void addAlone(String name, Run run) {
        cases.add(new Case(name, true, run));
    }

    /** Runs all cases whose names hold one of the parts given behind the two addresses, and ends the program. */
    void run() {
        Set<String> names = new HashSet<>();
        cases.forEach(each -> {
            if (!names.add(each.name())) {
                throw new IllegalStateException("two cases are called " + each.name());
            }
        });
        List<Case> chosen = cases.stream().filter(this::wanted).toList();
        ExecutorService beside = Executors.newFixedThreadPool(SIDE_BY_SIDE);
        List<Future<Boolean>> running = new ArrayList<>();
        for (Case each : chosen) {
            if (!each.alone()) {
                running.add(beside.submit(() -> one(each)));
            }
        }
        int failed = 0;
        for (Future<Boolean> each : running) {
            try {
                failed += each.get() ? 0 : 1;
            } catch (Exception fault) {
                failed++;
            }
        }
        for (Case each : chosen) {
            if (each.alone()) {
                failed += one(each) ? 0 : 1;
            }
        }
        System.out.printf("done: %d ok, %d failed%n", chosen.size() - failed, failed);
        System.exit(failed > 0 ? 1 : 0);
    }

    private boolean wanted(Case each) {
        boolean all = arguments.length <= 2;
        for (int at = 2; at < arguments.length; at++) {
            all |= each.name().contains(arguments[at]);
        }
        return all;
    }

    private boolean one(Case each) {
        long began = System.nanoTime();
        ExecutorService own = Executors.newSingleThreadExecutor();
        String reason = "";
        try (World world = new World(arguments[0], arguments[1])) {
            own.submit(() -> {
                each.run().with(world);
                return null;
            }).get(CASE_SECONDS, TimeUnit.SECONDS);
        } catch (Throwable fault) {
            Throwable cause = fault.getCause() == null ? fault : fault.getCause();
            reason = (cause + place(cause)).replaceAll("\\s+", " ");
        } finally {
            own.shutdownNow();
        }
        System.out.println(reason.isEmpty() ? "ok " + each.name() : "FAIL " + each.name() + ": " + reason);
        if (System.getenv("COMPAT_TIMES") != null) {
            System.out.printf("# %.2f s %s%n", (System.nanoTime() - began) / 1e9, each.name());
        }
        return reason.isEmpty();
    }

    /** Returns the line of the suite in which a fault came up. */
    private static String place(Throwable fault) {
        for (StackTraceElement element : fault.getStackTrace()) {
            if (!element.getClassName().contains(".") && !element.getClassName().startsWith("Frame")) {
                return " (" + element.getFileName() + ":" + element.getLineNumber() + ")";
            }
        }
        return "";
    }

    static void equal(Object got, Object want) {
        if (!Objects.deepEquals(got, want)) {
            throw new AssertionError("expected " + want + ", got " + got);
        }
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("not so: " + what);
        }
    }

    /** Checks that a call throws something whose text holds `text`. */
    static void fails(Call call, String text) throws Exception {
        try {
            call.run();
        } catch (Exception fault) {
            check(fault.toString().contains(text), "`" + fault + "` holds `" + text + "`");
            return;
        }
        throw new AssertionError("expected an exception with `" + text + "`");
    }

    static void eventually(String what, Probe probe) throws Exception {
        for (long end = System.currentTimeMillis() + PATIENCE_MS; !probe.holds(); Thread.sleep(50)) {
            check(System.currentTimeMillis() < end, "in time: " + what);
        }
    }
}
