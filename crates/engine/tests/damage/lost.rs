//! Losses of more than one witness at once: what cannot be known any more fails closed, and a repair leaves nothing behind.

use crate::judge::{Rules, judge};
use crate::shapes::{assert_none, is_open, name_of};
use crate::world::{self, Image, Stop, image};
use jetkv_engine::DamageKind;
use std::path::PathBuf;
use testkit::SimFs;

/// A way to lose something, and its name.
type Loss<'a> = (&'a str, &'a dyn Fn(&SimFs));

/// Returns stores of many kinds.
fn images(stops: &[Stop]) -> Vec<Image> {
    (0..8).flat_map(|seed| stops.iter().map(move |stop| image(seed, *stop))).collect()
}

fn segments(image: &Image) -> Vec<PathBuf> {
    image.fs.paths().into_iter().filter(|path| name_of(path).ends_with(".seg")).collect()
}

/// Judges a store that may answer with holes, and with nothing that is not so.
fn judged(what: &str, fs: &SimFs, image: &Image) -> Vec<String> {
    let verdict = judge(fs, image, &Rules { holes_allowed: true, ..Rules::default() });
    let found = verdict.violations.into_iter();
    found.map(|found| format!("{}, {what}: {found}", image.name)).collect()
}

#[test]
fn the_segment_being_written_is_missed_whatever_is_left_of_its_hints() {
    let mut violations = Vec::new();
    for image in images(&[Stop::Killed, Stop::PowerCut]) {
        for path in segments(&image).into_iter().filter(|path| is_open(&image, path)) {
            let hints = path.with_extension("idx");
            for hints_left in [0, 40, 4000] {
                let losses: [Loss<'_>; 4] = [
                    ("deleted", &|fs| fs.delete(&path)),
                    ("emptied", &|fs| fs.truncate(&path, 0)),
                    ("zeroed", &|fs| fs.overwrite(&path, vec![0; fs.read(&path).len()])),
                    ("replaced", &|fs| fs.overwrite(&path, b"something else".repeat(300))),
                ];
                for (how, lose) in losses {
                    let fs = image.fs.fork();
                    if image.fs.read(&hints).len() > hints_left {
                        fs.truncate(&hints, u64::try_from(hints_left).unwrap());
                    }
                    lose(&fs);
                    let what = format!("{} {how}, {hints_left} bytes of hints", path.display());
                    violations.extend(judged(&what, &fs, &image));
                }
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn a_segment_of_which_only_a_name_is_left_is_missed_without_manifests() {
    let mut violations = Vec::new();
    for image in images(&[Stop::Clean, Stop::Killed]) {
        for path in segments(&image).into_iter().filter(|path| !image.leftovers.contains(path)) {
            let losses: [Loss<'_>; 2] = [
                ("without a header", &|fs| fs.overwrite(&path, vec![0xff; fs.read(&path).len()])),
                ("deleted, with hints", &|fs| fs.delete(&path)),
            ];
            for (how, lose) in losses {
                let fs = image.fs.fork();
                for copy in ["a", "b"] {
                    fs.delete(path.with_file_name(format!("manifest.{copy}")));
                }
                lose(&fs);
                let what = format!("{} {how}", path.display());
                let store = world::open(&fs.fork()).unwrap();
                let name = path.parent().map(name_of).unwrap();
                let (_, stream) = name.split_once('-').unwrap();
                // A stream of one segment is lost with it, and answers so.
                let broken = world::stream(&store, stream).is_err();
                if !broken && !store.damages().iter().any(|damage| damage.kind == DamageKind::Hole) {
                    violations.push(format!("{}, {what}: no hole in {:?}", image.name, store.damages()));
                }
                violations.extend(judged(&what, &fs, &image));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn a_repair_leaves_no_file_under_the_name_of_another() {
    let mut violations = Vec::new();
    for image in images(&[Stop::Clean, Stop::Killed]) {
        let segments = segments(&image);
        for pair in segments.windows(2).filter(|pair| pair[0].parent() == pair[1].parent()) {
            let fs = image.fs.fork();
            fs.swap(&pair[0], &pair[1]);
            fs.overwrite(&pair[0], vec![0xff; fs.read(&pair[0]).len()]);
            let store = world::open(&fs).unwrap();
            store.repair().unwrap();
            store.close().unwrap();
            drop(store);
            let store = world::open(&fs).unwrap();
            if !store.damages().is_empty() {
                violations.push(format!("{}, {pair:?}: {:?}", image.name, store.damages()));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn a_segment_file_that_nothing_explains_is_set_aside_and_told() {
    let image = image(0, Stop::Killed);
    let stranger = segments(&image)[0].with_file_name("0000009999.seg");
    let fs = image.fs.fork();
    fs.copy(&segments(&image)[0], &stranger);
    fs.overwrite(&stranger, b"not a segment".to_vec());
    let store = world::open(&fs).unwrap();
    let told = store.damages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].length), (DamageKind::UnexplainedTail, 13));
    assert_eq!(fs.read(&told[0].path), b"not a segment");
    assert!(told[0].path.starts_with("/data/quarantine"));
}
