//! Checks the console in a browser and the HTTP door with a fuzzer: `console PROGRAM`. `console PROGRAM --pictures DIRECTORY` makes
//! the pictures of the README instead. The exit code is 3 if a browser or what drives it cannot be had here.

use compat::{CompatError, ConsoleCheck, Peers};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let (program, pictures) = match arguments.as_slice() {
        [program] => (program, None),
        [program, flag, directory] if flag == "--pictures" => (program, Some(directory)),
        _ => {
            say("usage: console PROGRAM [--pictures DIRECTORY]");
            return ExitCode::from(2);
        }
    };
    let check = match ConsoleCheck::prepare(&Peers::in_target()) {
        Ok(check) => check,
        Err(fault @ CompatError::Unavailable { .. }) => {
            say(&format!("console SKIPPED: {}", with_causes(&fault)));
            return ExitCode::from(UNAVAILABLE);
        }
        Err(fault) => {
            say(&with_causes(&fault));
            return ExitCode::FAILURE;
        }
    };
    let done = match pictures {
        Some(directory) => check.make_pictures(program.as_ref(), directory.as_ref()),
        None => check.run(program.as_ref()),
    };
    match done {
        Ok(()) => {
            say("console: all went well");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            say(&with_causes(&fault));
            ExitCode::FAILURE
        }
    }
}

/// Something cannot be had on this machine, which does not mean that anything of ours is wrong.
const UNAVAILABLE: u8 = 3;

fn with_causes(fault: &CompatError) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Prints a line; a reader that has gone is no fault.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
