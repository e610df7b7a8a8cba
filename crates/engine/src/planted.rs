//! Bugs that tests plant, to see whether they notice. Only builds for tests have the feature; in all others [`is`] is
//! the constant `false`.

/// What the engine does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-bugs"), expect(unreachable_pub, reason = "public in builds for tests"))]
pub enum Bug {
    /// Appends are acknowledged without a sync.
    AcknowledgeUnsynced,
    /// Hints are believed as they are, complete or not.
    TrustStaleHints,
    /// Recovery gives up the last intact entry of a segment as well.
    CutInTheMiddle,
    /// Recovery keeps the first part of a batch that is not complete.
    KeepHalfBatch,
    /// Recovery shows entries that it found, and does not sync them.
    ShowUnsynced,
    /// Compaction drops floors of subjects that other segments still need.
    DropFloorsEarly,
    /// Compaction drops removals of messages that are still in other segments.
    DropRemovalsEarly,
    /// Removing a subject's oldest messages says nothing of what they hid.
    RemoveWithoutFloor,
    /// Compaction removes the old files before the manifest names the new one.
    RemoveOldFilesFirst,
    /// Compaction does not sync what it writes.
    CompactWithoutSync,
    /// The manifest does not tell the next sequence.
    ForgetNextSequence,
    /// Recovery ignores the floor of the stream that manifest and segments tell.
    ForgetStreamFloor,
    /// A change of the configuration is not written.
    KeepConfigInMemory,
    /// The deletion of a stream is not synced.
    DeleteWithoutSync,
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug in all stores that this thread uses.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub(crate) fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub(crate) use switch::is;
#[cfg(feature = "planted-bugs")]
pub use switch::plant;

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn is(_bug: Bug) -> bool {
    false
}
