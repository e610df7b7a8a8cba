//! The ends of a world: the power cut, the death of the process, and the copy that lets a test try several ends.

use super::disk::{Disk, World};
use super::inode::{Change, Inode, SECTOR_BYTES, put};
use super::{DiskModel, SimFs};
use crate::rng::Rng;
use std::sync::Arc;

impl SimFs {
    /// Cuts the power and returns what is found on the disk afterwards; this file system and its handles are dead.
    ///
    /// Of each write that was not synced, every sector ([`super::SECTOR_BYTES`], aligned to the file) is kept, lost or
    /// torn (its first few new bytes over the old ones) on its own, regardless of order; a growth of the file may be
    /// kept without the data, as zeros; a change of length is kept or lost. What happens to names says [`DiskModel`].
    /// Space limit, planted bugs and tracing go on in the new world; its operations are numbered from 0 again, without
    /// faults.
    #[must_use]
    pub fn power_cut(&self, rng: &mut Rng) -> Self {
        let mut world = self.disk.state().end();
        world.cut(rng);
        self.next_world(world)
    }

    /// Kills the process and returns the file system as the next process finds it: nothing is lost, nothing more is
    /// durable than before, no file is open or locked. This file system and its handles are dead.
    #[must_use]
    pub fn kill(&self) -> Self {
        let mut world = self.disk.state().end();
        world.close_all();
        self.next_world(world)
    }

    /// Returns an independent copy, without open files and locks, unsynced changes included; this one lives on.
    ///
    /// Contents are shared until one side changes them, so a copy is cheap.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut world = self.disk.state().living().clone();
        world.close_all();
        self.next_world(world)
    }

    fn next_world(&self, world: World) -> Self {
        let trace = self.disk.state().plan.trace.as_ref().map(|_| Vec::new());
        Self { disk: Arc::new(Disk::new(world, trace)) }
    }
}

impl World {
    fn cut(&mut self, rng: &mut Rng) {
        let pending_count = self.names.pending.len();
        let chosen = match self.model {
            DiskModel::Posix => {
                let mood = Mood::draw(rng, pending_count);
                (0..pending_count).map(|index| mood.keeps(index, rng)).collect()
            }
            DiskModel::Ext4Like => {
                let kept_count = rng.index(pending_count + 1);
                (0..pending_count).map(|index| index < kept_count).collect()
            }
        };
        self.names.commit(chosen);
        self.names.pending.clear();
        self.names.current = self.names.durable.clone();
        self.mark_named();
        for inode in self.inodes.iter_mut().filter(|inode| inode.named) {
            inode.cut(rng);
        }
        self.close_all();
    }

    /// Ends all handles and locks, and with them the files that have no name.
    fn close_all(&mut self) {
        self.locked.clear();
        self.mark_named();
        self.used = 0;
        self.orphans.clear();
        for (id, inode) in self.inodes.iter_mut().enumerate() {
            inode.handle_count = 0;
            if inode.named {
                self.used += inode.current_bytes();
            } else {
                inode.current = Arc::default();
                self.orphans.push(id);
            }
        }
        self.drop_orphans();
    }

    fn mark_named(&mut self) {
        let Self { names, inodes, .. } = self;
        inodes.iter_mut().for_each(|inode| inode.named = false);
        names.current.visit(&mut |_, _, inode| inodes[inode].named = true);
    }
}

impl Inode {
    fn cut(&mut self, rng: &mut Rng) {
        if !self.unsynced.is_empty() {
            let mood = Mood::draw(rng, self.unsynced.len());
            let content = Arc::make_mut(&mut self.durable);
            for (index, change) in self.unsynced.drain(..).enumerate() {
                match change {
                    Change::Write { offset, data, .. } => {
                        cut_write(content, &data, offset, |rng| mood.fate(index, rng), rng);
                    }
                    Change::SetLen(bytes) if mood.keeps(index, rng) => content.resize(bytes, 0),
                    Change::SetLen(_) => {}
                }
            }
        }
        self.current = Arc::clone(&self.durable);
    }
}

/// Lets each sector of a write meet its fate.
fn cut_write(
    content: &mut Vec<u8>,
    data: &[u8],
    offset: usize,
    mut fate: impl FnMut(&mut Rng) -> Fate,
    rng: &mut Rng,
) {
    // A file's length may reach the disk before its data does.
    if fate(rng) == Fate::Kept {
        content.resize(content.len().max(offset + data.len()), 0);
    }
    let mut done = 0;
    while done < data.len() {
        let start = offset + done;
        let length = (SECTOR_BYTES - start % SECTOR_BYTES).min(data.len() - done);
        let sector = &data[done..done + length];
        match fate(rng) {
            Fate::Kept => put(content, sector, start),
            Fate::Torn => {
                let torn_at = rng.index(length);
                if torn_at > 0 {
                    put(content, &sector[..torn_at], start);
                }
            }
            Fate::Lost => {}
        }
        done += length;
    }
}

/// What happens to a sector or to another change at a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Torn,
    Lost,
}

/// How the changes of one file, or the names, fare at a cut. The even mix alone would leave long runs of changes
/// practically never whole, and those are likely on a real disk.
#[derive(Debug, Clone, Copy)]
enum Mood {
    AllKept,
    AllLost,
    /// Those before this one are kept, those after it are lost.
    KeptUntil(usize),
    EachForItself,
}

impl Mood {
    fn draw(rng: &mut Rng, change_count: usize) -> Self {
        match rng.below(8) {
            0 => Self::AllKept,
            1 => Self::AllLost,
            2 | 3 => Self::KeptUntil(rng.index(change_count)),
            _ => Self::EachForItself,
        }
    }

    fn fate(self, index: usize, rng: &mut Rng) -> Fate {
        match self {
            Self::AllKept => Fate::Kept,
            Self::AllLost => Fate::Lost,
            Self::KeptUntil(last) if index < last => Fate::Kept,
            Self::KeptUntil(last) if index > last => Fate::Lost,
            Self::KeptUntil(_) | Self::EachForItself => {
                *rng.pick(&[Fate::Kept, Fate::Kept, Fate::Torn, Fate::Lost, Fate::Lost])
            }
        }
    }

    fn keeps(self, index: usize, rng: &mut Rng) -> bool {
        match self.fate(index, rng) {
            Fate::Kept => true,
            Fate::Lost => false,
            Fate::Torn => rng.chance(1, 2),
        }
    }
}
