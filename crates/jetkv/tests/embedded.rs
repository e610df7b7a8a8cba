//! The conformance suite at the embedded place: in files, in memory, and for buckets in memory beside files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;

use conformance::conformance_suite;

conformance_suite!(file);
conformance_suite!(memory);
conformance_suite!(memory_bucket);

mod places {
    use crate::conformance::{Place, World};
    use jetkv::env::{Clock, Env};
    use jetkv::{JetStream, OpenOptions, Storage, Timestamp, blocking};
    use std::any::Any;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// Whatever happened is there at once.
    pub(crate) const SETTLES_IN: Duration = Duration::ZERO;

    pub(crate) fn file() -> World {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new());
        let options = options(Env { clock: clock.clone(), ..Env::system() });
        let js = pollster::block_on(JetStream::open_with(dir.path(), options)).unwrap();
        world(js, clock, Storage::File, dir)
    }

    pub(crate) fn memory() -> World {
        let clock = Arc::new(ManualClock::new());
        let options = options(Env { clock: clock.clone(), ..Env::memory() });
        let js = pollster::block_on(JetStream::memory_with(options)).unwrap();
        world(js, clock, Storage::File, ())
    }

    pub(crate) fn memory_bucket() -> World {
        World { storage: Storage::Memory, ..file() }
    }

    /// Small segments let every test meet their ends.
    fn options(env: Env) -> OpenOptions {
        OpenOptions::new().env(env).upkeep_manual().segment_bytes(512, 4096)
    }

    fn world(js: JetStream, clock: Arc<ManualClock>, storage: Storage, keep: impl Any) -> World {
        let upkeep = js.clone();
        World {
            js: blocking::JetStream::from(js),
            place: Place::Embedded,
            storage,
            advance: Box::new(move |span| {
                clock.advance(span);
                upkeep.run_upkeep().unwrap();
            }),
            _keep: Box::new(keep),
        }
    }

    /// A clock that stands still until a test moves it.
    #[derive(Debug)]
    struct ManualClock(AtomicU64);

    impl ManualClock {
        fn new() -> Self {
            Self(AtomicU64::new(1_700_000_000_000_000_000))
        }

        fn advance(&self, span: Duration) {
            self.0.fetch_add(u64::try_from(span.as_nanos()).unwrap(), Ordering::SeqCst);
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
        }
    }
}
