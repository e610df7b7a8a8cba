//! Looking for damage that nobody has met: everything that is stored is read, again and again (RELIABILITY 1.11).

use super::state::JetStream;
use crate::log::LogLevel;
use crate::state::Shared;
use jetkv_engine::{Storage, Stream};
use jetkv_types::Timestamp;
use std::sync::Weak;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// How far the reading has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scrub {
    /// When the pass began that runs, or ran last.
    pub(crate) began: Option<Timestamp>,
    /// When everything had last been read.
    pub(crate) ended: Option<Timestamp>,
    /// Bytes that were read since the server started.
    pub(crate) bytes: u64,
}

/// Reads everything, waits a week, and begins again: what has gone bad since it was written is found before it is needed.
pub(super) async fn run(shared: Weak<Shared>, of: Weak<JetStream>) {
    loop {
        let Some(streams) = of.upgrade().map(|jetstream| {
            jetstream.scrub.lock().began = Some(jetstream.store.now());
            jetstream.store.streams()
        }) else {
            return;
        };
        let mut bytes = 0;
        for stream in streams {
            if stream.config().storage == Storage::File {
                bytes += read(&shared, &of, stream).await;
            }
        }
        let (Some(shared), Some(jetstream)) = (shared.upgrade(), of.upgrade()) else { return };
        jetstream.scrub.lock().ended = Some(jetstream.store.now());
        let account = &jetstream.settings.account;
        shared.log(LogLevel::Debug, format_args!("Verified {bytes} bytes of account {account:?}"));
        drop((shared, jetstream));
        tokio::time::sleep(EVERY).await;
    }
}

/// Reads all of a stream; returns how much that was.
async fn read(shared: &Weak<Shared>, of: &Weak<JetStream>, stream: Stream) -> u64 {
    let (mut next, mut bytes) = (0, 0);
    loop {
        let began = Instant::now();
        let part = stream.clone();
        let verified = spawn_blocking(move || part.verify_from(next, PART_COUNT, PART_BYTES)).await;
        match verified {
            Ok(Ok(Some(step))) => {
                (next, bytes) = (step.next, bytes + step.bytes);
                if let Some(jetstream) = of.upgrade() {
                    jetstream.scrub.lock().bytes += step.bytes;
                }
            }
            Ok(Ok(None)) | Err(_) => return bytes,
            Ok(Err(error)) => {
                if let Some(shared) = shared.upgrade().filter(|_| !stream.has_ended()) {
                    shared.log(LogLevel::Error, format_args!("{error}"));
                }
                return bytes;
            }
        }
        tokio::time::sleep(began.elapsed().saturating_mul(REST)).await;
    }
}

/// How often everything is read.
const EVERY: Duration = Duration::from_secs(7 * 24 * 3600);
/// Messages, and bytes, that are read before others get their turn.
const PART_COUNT: usize = 1_024;
const PART_BYTES: u64 = 1 << 20;
/// How much longer than reading the pause behind it is, so that reading takes a twentieth of the time.
const REST: u32 = 19;
