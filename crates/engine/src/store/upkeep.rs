//! The thread that does what is due.

use super::StoreInner;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Rung to have the thread look at once.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<Ring>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy)]
struct Ring {
    rung: bool,
    stop: bool,
}

impl Bell {
    /// Says that there may be something to do.
    pub(crate) fn poke(&self) {
        self.state.lock().rung = true;
        self.changed.notify_all();
    }
}

/// The running thread; dropping it stops it and waits for it.
#[derive(Debug)]
pub(super) struct UpkeepThread {
    shared: Arc<super::Shared>,
    handle: Option<JoinHandle<()>>,
}

impl UpkeepThread {
    pub(super) fn spawn(store: &Arc<StoreInner>) -> io::Result<Self> {
        let shared = Arc::clone(&store.shared);
        let weak = Arc::downgrade(store);
        let handle = thread::Builder::new().name("jetkv-upkeep".into()).spawn({
            let shared = Arc::clone(&shared);
            move || run(&shared, &weak)
        })?;
        Ok(Self { shared, handle: Some(handle) })
    }
}

impl Drop for UpkeepThread {
    fn drop(&mut self) {
        self.shared.upkeep.state.lock().stop = true;
        self.shared.upkeep.changed.notify_all();
        if let Some(handle) =
            self.handle.take().filter(|handle| handle.thread().id() != thread::current().id())
        {
            // A panic in the thread was reported by itself.
            let _ = handle.join();
        }
    }
}

fn run(shared: &super::Shared, store: &Weak<StoreInner>) {
    loop {
        {
            let mut state = shared.upkeep.state.lock();
            if !state.rung && !state.stop {
                shared.upkeep.changed.wait_for(&mut state, TICK);
            }
            if state.stop {
                return;
            }
            state.rung = false;
        }
        let Some(store) = store.upgrade() else { return };
        // A stream that fails says so to its writers and in its damages; the others go on. A panic has poisoned its stream,
        // which is left alone the next time.
        let _ = catch_unwind(AssertUnwindSafe(|| store.run_upkeep()));
    }
}

/// How late expiry may be.
const TICK: Duration = Duration::from_millis(100);
