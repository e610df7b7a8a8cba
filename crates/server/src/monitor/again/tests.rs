use super::*;
use std::sync::atomic::AtomicUsize;

/// Counts how often a task is woken.
#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn what_wakes_while_it_is_polled_is_polled_again_and_the_task_is_left_alone() {
    let (count, again) = (Arc::new(Count::default()), Again::new());
    let task = Waker::from(Arc::clone(&count));
    let cx = Context::from_waker(&task);
    let mut polls = 0;
    let outcome = again.poll(&cx, 8, |cx| {
        polls += 1;
        if polls < 4 {
            cx.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    });
    assert_eq!((outcome, polls, count.0.load(Ordering::SeqCst)), (Poll::Pending, 4, 0));
}

#[test]
fn whoever_always_wakes_gives_way_in_the_end_and_gets_another_turn() {
    let (count, again) = (Arc::new(Count::default()), Again::new());
    let task = Waker::from(Arc::clone(&count));
    let cx = Context::from_waker(&task);
    for turn in 1..=3 {
        let mut polls = 0;
        let outcome = again.poll(&cx, 8, |cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert_eq!((outcome, polls, count.0.load(Ordering::SeqCst)), (Poll::Pending, 8, turn));
    }
}

#[test]
fn whoever_wakes_later_wakes_the_task_that_polled_last() {
    let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let again = Again::new();
    let mut kept = None;
    for count in [&first, &second] {
        let task = Waker::from(Arc::clone(count));
        let outcome = again.poll(&Context::from_waker(&task), 8, |cx| {
            kept = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        assert_eq!(outcome, Poll::Pending);
    }
    let kept = kept.unwrap();
    kept.wake_by_ref();
    kept.wake_by_ref();
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (0, 1));
    let task = Waker::from(Arc::clone(&second));
    let ready = again.poll(&Context::from_waker(&task), 8, |_| Poll::Ready(7));
    assert_eq!(ready, Poll::Ready(7));
}
