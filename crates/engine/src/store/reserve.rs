//! Space kept back on the disk, so that deletes, purges and compaction work when it is full.

use crate::env::{Env, OpenMode};
use crate::error::EngineError;
use jetkv_types::Timestamp;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A file of zeros that is given up when the disk is full and made again when there is room.
#[derive(Debug)]
pub(crate) struct Reserve {
    env: Env,
    path: PathBuf,
    bytes: u64,
    state: Mutex<State>,
    /// The same as the state, for a look without waiting.
    released: AtomicBool,
    /// When upkeep last looked for room.
    looked: Mutex<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has needed it yet, or it is there.
    Kept,
    /// The disk was full; it is gone.
    Released,
}

impl Reserve {
    pub(crate) fn new(env: Env, dir: &Path, bytes: u64) -> Self {
        Self {
            env,
            path: dir.join("reserve"),
            bytes,
            state: Mutex::new(State::Kept),
            released: AtomicBool::new(false),
            looked: Mutex::default(),
        }
    }

    /// Makes sure that the file is there; if there is no room for it, the store starts out full.
    pub(crate) fn prepare(&self) {
        if self.bytes > 0 && self.make().is_err() {
            self.set(&mut self.state.lock(), State::Released);
        }
    }

    fn set(&self, state: &mut State, to: State) {
        *state = to;
        self.released.store(to == State::Released, Ordering::Release);
    }

    /// Gives the space up; says whether that freed anything.
    pub(crate) fn release(&self) -> bool {
        let mut state = self.state.lock();
        if *state == State::Released || self.bytes == 0 {
            return false;
        }
        self.set(&mut state, State::Released);
        self.env.fs.remove_file(&self.path).is_ok()
    }

    /// Runs an operation; if the disk is full, once more with the space given up for it.
    pub(crate) fn used_for<T>(
        &self,
        mut operation: impl FnMut() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        match operation() {
            Err(EngineError::StorageFull { .. }) if self.release() => operation(),
            outcome => outcome,
        }
    }

    pub(crate) fn is_released(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }

    /// Takes the space back.
    ///
    /// # Errors
    /// `StorageFull` if there is still no room.
    pub(crate) fn restore(&self) -> Result<(), EngineError> {
        let mut state = self.state.lock();
        if *state == State::Released {
            self.make()?;
            self.set(&mut state, State::Kept);
        }
        Ok(())
    }

    /// Takes the space back if there is room again, whether or not anybody writes; looks now and then only.
    pub(crate) fn look_for_room(&self) {
        if !self.is_released() {
            return;
        }
        let now = self.env.clock.now();
        let mut looked = self.looked.lock();
        // A clock that was set back is as good as one that went on.
        if now >= *looked && now.since(*looked) < LOOK_EVERY {
            return;
        }
        *looked = now;
        // There is still none, or the disk has other troubles, which writes meet and tell.
        let _ = self.restore();
    }

    fn make(&self) -> Result<(), EngineError> {
        let make = || {
            let file = match self.env.fs.open(&self.path, OpenMode::ReadWrite) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    self.env.fs.open(&self.path, OpenMode::CreateNew)?
                }
                Err(error) => return Err(error),
            };
            let zeros = vec![0; WRITE_BYTES];
            let mut at = file.len()?;
            while at < self.bytes {
                let length = usize::try_from(self.bytes - at).unwrap_or(WRITE_BYTES).min(WRITE_BYTES);
                file.write_at(&zeros[..length], at)?;
                at += crate::convert::to_u64(length);
            }
            Ok(())
        };
        make().map_err(|error| {
            // A part of it would only be in the way.
            let _ = self.env.fs.remove_file(&self.path);
            EngineError::io("reserve", &self.path)(error)
        })
    }
}

const WRITE_BYTES: usize = 256 << 10;

const LOOK_EVERY: Duration = Duration::from_secs(1);
