//! `doctor`: whether this machine and this disk keep what a server promises, measured and tried.

mod device;
mod disk;
mod finding;
mod machine;
mod proof;

pub(crate) use proof::write_until_killed;

use crate::cli::DoctorArgs;
use crate::exit::{Failure, Stop};
use crate::files::remove_directory;
use crate::output::{GREEN, Out, RED, YELLOW};
use crate::place::Door;
use crate::text;
use finding::{Finding, Verdict};
use std::io::Write;
use std::path::{Path, PathBuf};

/// `doctor`
pub(crate) fn doctor(door: &Door, args: &DoctorArgs, out: &mut Out) -> Result<(), Stop> {
    let scratch = Scratch::beside(door.path())?;
    let (mut bad, mut odd) = (0, 0);
    let mut tell = |finding: Finding, out: &mut Out| {
        bad += u64::from(finding.verdict == Verdict::Bad);
        odd += u64::from(finding.verdict == Verdict::Warning);
        print(&finding, out)
    };
    for finding in machine::look(door.path(), &scratch.0) {
        tell(finding, out)?;
    }
    for finding in disk::measure(&scratch.0, args.samples)? {
        tell(finding, out)?;
    }
    if args.kills > 0 {
        tell(proof::kill_writers(&scratch.0, args.kills)?, out)?;
    }
    conclude(bad, odd, out)
}

/// Prints the verdict; anything bad is a failure.
fn conclude(bad: u64, odd: u64, out: &mut Out) -> Result<(), Stop> {
    let verdict = if bad > 0 { Verdict::Bad } else { Verdict::Good };
    if out.is_json() {
        out.json(&serde_json::json!({ "verdict": verdict.word(), "bad": bad, "warnings": odd }))?;
    }
    if bad > 0 {
        let text =
            format!("{} would cost data or keep a server from working", text::count(bad, "fault", "faults"));
        let failure = Failure::failed(text);
        return Err(failure.hint("docs/operating.md tells what to do about each").into());
    }
    if !out.is_json() {
        let but =
            if odd > 0 { format!(", {}", text::count(odd, "warning", "warnings")) } else { String::new() };
        writeln!(out, "this machine keeps what it is given{but}")?;
    }
    Ok(())
}

fn print(finding: &Finding, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        out.json(finding)?;
    } else {
        let style = match finding.verdict {
            Verdict::Good => GREEN,
            Verdict::Warning => YELLOW,
            Verdict::Bad => RED,
        };
        let word = out.paint(style, format_args!("{:<4}", finding.verdict.word()));
        writeln!(out, "{word} {:<9} {}", finding.check, finding.text)?;
    }
    // Measuring takes a while; what is known is shown.
    Ok(out.flush()?)
}

/// A directory of this run on the disk of the store; removed at the end, whatever happens.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(store: &Path) -> Result<Self, Stop> {
        let mut path = store.as_os_str().to_owned();
        path.push(format!(".doctor-{}", std::process::id()));
        let path = PathBuf::from(path);
        std::fs::create_dir_all(&path)
            .map_err(|error| Failure::io(format!("cannot create {}", path.display()), &error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove_directory(&self.0);
    }
}
