//! From the router's watches to consumers.

use crate::js::handle::StreamHandle;
use crate::router::{InterestChange, InterestSink, WatchId};
use jetkv_jetstream::consumer::ConsumerKey;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// Which consumer a watch belongs to.
#[derive(Debug, Default)]
pub(crate) struct InterestQueue {
    watches: Mutex<Watches>,
}

#[derive(Debug, Default)]
struct Watches {
    last: u64,
    by_id: HashMap<WatchId, (Weak<StreamHandle>, ConsumerKey)>,
}

impl InterestQueue {
    /// Gives a consumer a name to watch under.
    pub(super) fn register(&self, handle: &Arc<StreamHandle>, key: ConsumerKey) -> WatchId {
        let mut watches = self.watches.lock();
        watches.last += 1;
        let id = WatchId(watches.last);
        watches.by_id.insert(id, (Arc::downgrade(handle), key));
        id
    }

    pub(super) fn forget(&self, id: WatchId) {
        self.watches.lock().by_id.remove(&id);
    }
}

impl InterestSink for InterestQueue {
    fn interest_changed(&self, id: WatchId, change: InterestChange) {
        let found = self.watches.lock().by_id.get(&id).cloned();
        if let Some((handle, key)) = found
            && let Some(handle) = handle.upgrade()
        {
            handle.consumers.note(key, change);
        }
    }
}
