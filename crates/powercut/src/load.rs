//! What clients do until the power goes.

use crate::client::{Answer, Connection};
use crate::known::{Flying, Key, Known, Presence, Value};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::Rng;

/// The buckets whose keys are written.
pub(crate) const BUCKETS: [&str; 3] = ["a", "b", "c"];

/// The buckets that come and go.
const PASSING: [&str; 4] = ["x0", "x1", "x2", "x3"];

const WRITERS: usize = 8;
const KEYS: usize = 3;
const SIZES: [usize; 4] = [8, 120, 1_400, 6_000];

/// What the clients of one round of writing saw.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) acked: u64,
    /// Refusals; there is no reason for one as long as the disk works.
    pub(crate) refused: Vec<String>,
}

/// Gives each writer its keys.
pub(crate) fn keys() -> BTreeMap<(String, String), Key> {
    let names = BUCKETS.iter().flat_map(|bucket| {
        (0..WRITERS).flat_map(move |writer| {
            (0..KEYS).map(move |key| ((*bucket).to_owned(), format!("k{writer}.{key}")))
        })
    });
    names.map(|name| (name, Key::default())).collect()
}

/// Writes until `is_over`, or until the server is gone; `during` runs beside it.
pub(crate) fn run(
    address: &str,
    known: &mut Known,
    seed: u64,
    is_over: &AtomicBool,
    during: impl FnOnce(),
) -> Outcome {
    let mut rng = Rng::new(seed);
    let Known { keys, buckets } = known;
    let mut shares: Vec<BTreeMap<_, _>> = vec![BTreeMap::new(); WRITERS];
    for (name, key) in std::mem::take(keys) {
        let writer =
            shares.iter_mut().enumerate().find(|(writer, _)| name.1.starts_with(&format!("k{writer}.")));
        if let Some((_, share)) = writer {
            share.insert(name, key);
        }
    }
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for share in shares {
            let mut rng = rng.fork();
            writers.push(scope.spawn(move || {
                let mut writer = Writer { keys: share, outcome: Outcome::default() };
                // The connection ends with the server; what it knew until then is what counts.
                let _ = writer.write(address, &mut rng, is_over);
                writer
            }));
        }
        let mut rng = rng.fork();
        let maker = scope.spawn(move || {
            let result = come_and_go(address, buckets, &mut rng, is_over);
            result.err().filter(|error| error.kind() == io::ErrorKind::Other).map(|error| error.to_string())
        });
        during();
        for writer in writers {
            let writer = writer.join().expect("writers do not panic");
            keys.extend(writer.keys);
            outcome.acked += writer.outcome.acked;
            outcome.refused.extend(writer.outcome.refused);
        }
        outcome.refused.extend(maker.join().expect("the maker of buckets does not panic"));
    });
    outcome
}

struct Writer {
    keys: BTreeMap<(String, String), Key>,
    outcome: Outcome,
}

impl Writer {
    fn write(&mut self, address: &str, rng: &mut Rng, is_over: &AtomicBool) -> io::Result<()> {
        let mut connection = Connection::new(address)?;
        let names: Vec<_> = self.keys.keys().cloned().collect();
        while !is_over.load(Ordering::SeqCst) {
            let name = rng.pick(&names);
            let Some(key) = self.keys.get_mut(name) else { continue };
            let (bucket, subject) = name;
            if key.flying.is_some() {
                key.settle(connection.read(bucket, subject)?);
            }
            let operation = *rng.pick(&["PUT", "PUT", "PUT", "PUT", "PUT", "PUT", "DEL", "PURGE"]);
            let size = if operation == "PUT" { *rng.pick(&SIZES) } else { 0 };
            let write = Flying { operation, bytes: rng.bytes(size) };
            let expected = rng.chance(1, 3).then(|| key.value.as_ref().map_or(0, |value| value.sequence));
            key.flying = Some(write.clone());
            match connection.write(bucket, subject, &write, expected)? {
                Answer::Stored(sequence) => {
                    let Flying { operation, bytes } = write;
                    key.settle(Some(Value { operation, bytes, sequence }));
                    self.outcome.acked += 1;
                }
                Answer::Refused(text) => {
                    let place = format!("{operation} {bucket}.{subject}, expected {expected:?}: {text}");
                    self.outcome.refused.push(place);
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Makes and deletes buckets.
fn come_and_go(
    address: &str,
    buckets: &mut BTreeMap<String, Presence>,
    rng: &mut Rng,
    is_over: &AtomicBool,
) -> io::Result<()> {
    let mut connection = Connection::new(address)?;
    while !is_over.load(Ordering::SeqCst) {
        let name = *rng.pick(&PASSING);
        let before = buckets.insert(name.to_owned(), Presence::Unknown);
        let after = if before == Some(Presence::There) {
            connection.delete_bucket(name)?;
            Presence::Gone
        } else {
            connection.make_bucket(name)?;
            Presence::There
        };
        buckets.insert(name.to_owned(), after);
        if after == Presence::There {
            let write = Flying { operation: "PUT", bytes: rng.bytes(50) };
            connection.write(name, "k", &write, None)?;
        }
    }
    Ok(())
}
