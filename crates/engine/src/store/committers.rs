//! Threads that commit for tasks that await instead of blocking. They start when the first task needs one.

use crate::stream::{StreamInner, commit_scheduled};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// The threads, and the way to reach them.
#[derive(Debug, Default)]
pub(crate) struct Committers {
    sender: Mutex<Option<Sender<Arc<StreamInner>>>>,
}

impl Committers {
    /// Has a stream's queue committed soon. Only the stream itself asks, so that it is in line at most once.
    pub(crate) fn schedule(&self, stream: Arc<StreamInner>) {
        let mut sender = self.sender.lock();
        let known = match &*sender {
            Some(known) => known.clone(),
            None => {
                let started = start();
                sender.insert(started).clone()
            }
        };
        drop(sender);
        if let Err(unsent) = known.send(stream) {
            // Without threads the caller does it, as a blocking caller would.
            while commit_scheduled(&unsent.0) {}
        }
    }
}

fn start() -> Sender<Arc<StreamInner>> {
    let (sender, receiver) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..THREADS {
        let receiver = Arc::clone(&receiver);
        // If no thread can be started, the channel closes and callers commit themselves.
        let _ = thread::Builder::new().name("jetkv-commit".into()).spawn(move || run(&receiver));
    }
    sender
}

fn run(receiver: &Mutex<Receiver<Arc<StreamInner>>>) {
    loop {
        let next = receiver.lock().recv();
        // The channel closes when the store goes.
        let Ok(stream) = next else { return };
        // A panic has poisoned its stream, or came from a waker; either was reported by itself, and the thread is there for
        // what else there is. A stream that is poisoned has nothing queued.
        if catch_unwind(AssertUnwindSafe(|| commit_scheduled(&stream)))
            .unwrap_or_else(|_| stream.has_queued())
        {
            stream.schedule_commit();
        }
    }
}

/// Streams whose syncs can run side by side for awaiting tasks.
const THREADS: usize = 4;
