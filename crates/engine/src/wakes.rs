//! Waking tasks only when this thread holds no lock: a waker may run anything at once, the woken task included.
//!
//! Whoever takes locks under which something may be finished holds the wakes first, and so lets go of them last. What is
//! due meanwhile on this thread is woken then.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::task::Waker;

/// Keeps this thread from waking anybody until it is dropped. Inside another one it does nothing.
#[derive(Debug)]
#[must_use = "wakes are held as long as this lives"]
pub(crate) struct Hold {
    /// It belongs to this thread.
    thread: PhantomData<*const ()>,
}

/// Holds the wakes of this thread.
pub(crate) fn hold() -> Hold {
    // Where a thread has nothing of its own any more, it ends: there nobody is held back.
    let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
    Hold { thread: PhantomData }
}

/// Wakes tasks, now or when the hold ends.
pub(crate) fn wake(wakers: impl IntoIterator<Item = Waker>) {
    let held = DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0);
    for waker in wakers {
        let mut waker = Some(waker);
        if held {
            let _ = DUE.try_with(|due| due.borrow_mut().extend(waker.take()));
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let depth = DEPTH.try_with(|depth| {
            depth.set(depth.get() - 1);
            depth.get()
        });
        if depth == Ok(0) {
            let due = DUE.try_with(RefCell::take).unwrap_or_default();
            due.into_iter().for_each(Waker::wake);
        }
    }
}

thread_local! {
    /// Holds on this thread, one inside the other.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Who is to be woken when the last one ends.
    static DUE: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}
