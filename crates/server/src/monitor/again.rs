//! A waker that tells its task apart from itself: hyper gives way after every few requests by waking the task that polls it,
//! and to poll it again at once costs less than to go through the scheduler, which wakes another thread for that.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What is between a task and a future that wakes it while it is polled.
#[derive(Debug)]
pub(super) struct Again {
    state: AtomicU8,
    task: Mutex<Waker>,
}

impl Again {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(RESTING), task: Mutex::new(Waker::noop().clone()) })
    }

    /// Polls until nobody wakes meanwhile, at most so many times; then the task is woken, so that others get their turn.
    pub(super) fn poll<T>(
        self: &Arc<Self>,
        cx: &Context<'_>,
        times: usize,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        {
            let mut task = self.task.lock();
            if !task.will_wake(cx.waker()) {
                task.clone_from(cx.waker());
            }
        }
        let waker = Waker::from(Arc::clone(self));
        for _ in 0..times {
            self.state.store(POLLED, Ordering::SeqCst);
            if let Poll::Ready(value) = poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(value);
            }
            let rests = self.state.compare_exchange(POLLED, RESTING, Ordering::SeqCst, Ordering::SeqCst);
            if rests.is_ok() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // While it is polled, whoever polls looks at this afterwards; and a task that was woken need not be woken again.
        if self.state.swap(WOKEN, Ordering::SeqCst) == RESTING {
            self.task.lock().wake_by_ref();
        }
    }
}

/// Nobody polls.
const RESTING: u8 = 0;
/// It is being polled, and nobody has woken it since that began.
const POLLED: u8 = 1;
/// Somebody has woken it.
const WOKEN: u8 = 2;

#[cfg(test)]
mod tests;
