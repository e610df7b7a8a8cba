//! Shapes of damage: pages, cuts, files that are gone or changed places. Lost is what was touched, and it is named.

use crate::judge::{Rules, judge};
use crate::world::{Image, Stop, image};
use std::ops::Range;
use std::path::{Path, PathBuf};
use testkit::{Rng, SimFs};

type Touched = Vec<(PathBuf, Range<u64>)>;

#[test]
fn a_damaged_file_costs_what_was_in_it() {
    let images: Vec<_> =
        (0..6).flat_map(|seed| [image(seed, Stop::Clean), image(seed, Stop::Killed)]).collect();
    let (mut violations, mut named) = (Vec::new(), 0);
    for seed in 0..shape_count(600) {
        let mut rng = Rng::new(seed);
        let image = rng.pick(&images);
        let fs = image.fs.fork();
        let (what, ranges) = damage(&fs, image, &mut rng);
        let loses_open = ranges.iter().any(|(path, range)| range.start < 64 && is_open(image, path));
        let holes_allowed = what.ends_with(BOTH_WITNESSES) || loses_open;
        let verdict = judge(&fs, image, &Rules { ranges, holes_allowed, ..Rules::default() });
        named += verdict.unreadable.len();
        let found = verdict.violations.into_iter();
        violations.extend(found.map(|found| format!("shape {seed}, {}: {what}: {found}", image.name)));
    }
    println!("{} shapes, {named} messages lost and named", shape_count(600));
    assert_none(&violations);
}

#[test]
fn several_damages_at_once_are_never_answered_with_something_else() {
    // The more rounds, the more different stores.
    let images: Vec<_> = (0..(shape_count(300) / 300).clamp(4, 100))
        .flat_map(|seed| [Stop::Clean, Stop::Killed, Stop::PowerCut].map(|stop| image(seed, stop)))
        .collect();
    let (mut violations, mut blocked, mut broken) = (Vec::new(), 0, 0);
    let only = std::env::var("JETKV_ROUND").ok().and_then(|round| round.parse::<u64>().ok());
    for seed in (0..shape_count(300)).filter(|seed| only.is_none_or(|only| only == *seed)) {
        let mut rng = Rng::new(seed);
        let image = rng.pick(&images);
        let fs = image.fs.fork();
        let mut story = String::new();
        for _ in 0..2 + rng.below(2) {
            let (what, _) = damage(&fs, image, &mut rng);
            story = format!("{story}, {what}");
        }
        if only.is_some() {
            let opened = crate::world::open(&fs.fork());
            println!("{story}: {:#?}", opened.map(|store| store.damages()));
        }
        let verdict = judge(&fs, image, &Rules { holes_allowed: true, ..Rules::default() });
        blocked += usize::from(verdict.blocked > 0);
        broken += usize::from(verdict.broken > 0);
        let found = verdict.violations.into_iter();
        violations.extend(found.map(|found| format!("damages {seed}, {}{story}: {found}", image.name)));
    }
    println!("{} rounds, {blocked} with blocked subjects, {broken} with broken streams", shape_count(300));
    assert_none(&violations);
}

#[test]
fn every_file_may_be_deleted_or_emptied() {
    for stop in [Stop::Clean, Stop::Killed] {
        let image = image(0, stop);
        let mut violations = Vec::new();
        for path in image.fs.paths() {
            for whole in [0, 1] {
                let fs = image.fs.fork();
                if whole == 1 {
                    fs.delete(&path)
                } else {
                    fs.truncate(&path, 0)
                }
                let ranges = vec![(path.clone(), EVERYWHERE)];
                let holes_allowed = is_open(&image, &path);
                let verdict = judge(&fs, &image, &Rules { ranges, holes_allowed, ..Rules::default() });
                let found = verdict.violations.into_iter();
                violations.extend(found.map(|found| format!("{}, {}: {found}", image.name, path.display())));
            }
        }
        assert_none(&violations);
    }
}

#[test]
fn a_stream_without_its_manifests_is_found_by_its_segments() {
    for stop in [Stop::Clean, Stop::Killed] {
        let image = image(0, stop);
        let mut violations = Vec::new();
        for keep in ["catalog", "manifest"] {
            let fs = image.fs.fork();
            for path in fs.paths().into_iter().filter(|path| name_of(path).starts_with(keep)) {
                fs.delete(path);
            }
            let verdict = judge(&fs, &image, &Rules::default());
            violations.extend(verdict.violations);
        }
        assert_none(&violations);
    }
}

pub(crate) fn assert_none(violations: &[String]) {
    let shown = std::env::var("JETKV_SHOWN").ok().and_then(|count| count.parse().ok()).unwrap_or(12);
    let first = violations.iter().take(shown).cloned().collect::<Vec<_>>().join("\n");
    assert!(violations.is_empty(), "{} violations:\n{first}", violations.len());
}

fn shape_count(usual: u64) -> u64 {
    std::env::var("JETKV_ALL_SHAPES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Damages a file at random; says how, and which bytes were touched.
pub(crate) fn damage(fs: &SimFs, image: &Image, rng: &mut Rng) -> (String, Touched) {
    let paths: Vec<_> = fs.paths().into_iter().filter(|path| name_of(path) != "lock").collect();
    let path = rng.pick(&paths).clone();
    let other = rng.pick(&paths).clone();
    let length = u64::try_from(fs.read(&path).len()).unwrap();
    let kind = rng.below(10);
    let mut what = format!("shape {kind} of {}", path.display());
    let touched = match kind {
        0..5 => return damage_page(fs, image, rng, &path, kind),
        5 => {
            let at = rng.below(length + 1);
            fs.truncate(&path, at);
            vec![(path, at..u64::MAX)]
        }
        6 => {
            let count = 1 + rng.index(2000);
            fs.append(&path, &rng.bytes(count));
            vec![(path, length..u64::MAX)]
        }
        7 => {
            fs.delete(&path);
            vec![(path, EVERYWHERE)]
        }
        8 => {
            fs.swap(&path, &other);
            if path != other
                && path.with_extension("") == other.with_extension("")
                && is_segment(&path, &other)
            {
                return (format!("{what} {BOTH_WITNESSES}"), Vec::new());
            }
            what = format!("{what} and {}", other.display());
            vec![(path, EVERYWHERE), (other, EVERYWHERE)]
        }
        _ => {
            fs.truncate(&path, 0);
            vec![(path, EVERYWHERE)]
        }
    };
    (what, touched)
}

/// Puts something else into a page.
fn damage_page(fs: &SimFs, image: &Image, rng: &mut Rng, path: &Path, kind: u64) -> (String, Touched) {
    let mut content = fs.read(path);
    let page = *rng.pick(&[512, 512, 4096]);
    let start = rng.index(content.len().div_ceil(page).max(1)) * page;
    let end = (start + page).min(content.len());
    let paths = fs.paths();
    let new = match kind {
        0 => vec![0; end - start],
        1 => vec![0xff; end - start],
        2 => rng.bytes(end - start),
        3 => {
            let earlier = rng.pick(&image.earlier);
            let is_there = earlier.paths().iter().any(|known| known == path);
            let mut old = if is_there { earlier.read(path) } else { Vec::new() };
            old.resize(old.len().max(end), 0);
            old[start..end].to_vec()
        }
        _ => {
            let mut other = fs.read(rng.pick(&paths));
            let from = rng.index(other.len().div_ceil(page).max(1)) * page;
            other.resize(other.len().max(from + end - start), 0);
            other[from..from + end - start].to_vec()
        }
    };
    content[start..end].copy_from_slice(&new);
    fs.overwrite(path, content);
    let range = u64::try_from(start).unwrap()..u64::try_from(end).unwrap();
    (format!("page {range:?} kind {kind} of {}", path.display()), vec![(path.to_owned(), range)])
}

/// Says whether a file is a segment that was being written: zeros follow its entries. If it is lost, nothing tells whether a
/// power cut has taken the newest of its hints before that.
pub(crate) fn is_open(image: &Image, path: &Path) -> bool {
    let is_segment = path.extension().is_some_and(|extension| extension == "seg");
    is_segment && image.fs.paths().contains(&path.to_owned()) && image.fs.read(path).ends_with(&[0; 64])
}

/// Says whether the two files are a segment and its hints.
fn is_segment(path: &Path, other: &Path) -> bool {
    [path, other].iter().any(|path| path.extension().is_some_and(|extension| extension == "seg"))
}

/// A segment and its hints are both gone.
const BOTH_WITNESSES: &str = "and its other half";
const EVERYWHERE: Range<u64> = 0..u64::MAX;
