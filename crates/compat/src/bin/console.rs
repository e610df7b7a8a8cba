//! Checks the console in a browser and the HTTP door with a fuzzer: `console PROGRAM`.

use compat::{CompatError, ConsoleCheck, Peers};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(program) = std::env::args_os().nth(1) else {
        say("usage: console PROGRAM");
        return ExitCode::from(2);
    };
    let check = match ConsoleCheck::prepare(&Peers::in_target()) {
        Ok(check) => check,
        Err(fault @ CompatError::Unavailable { .. }) => {
            say(&format!("console SKIPPED: {}", with_causes(&fault)));
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            return if ci { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
        Err(fault) => {
            say(&with_causes(&fault));
            return ExitCode::FAILURE;
        }
    };
    match check.run(program.as_ref()) {
        Ok(()) => {
            say("console: all scenes in the browser and all requests of the fuzzer went well");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            say(&with_causes(&fault));
            ExitCode::FAILURE
        }
    }
}

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
