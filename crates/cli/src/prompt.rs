//! Asking before something is lost.

use crate::exit::{Failure, Stop};
use std::io::{self, BufRead, IsTerminal, Write};

/// What to do when nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unattended {
    /// Refuse: too much would be lost.
    Refuse,
    /// Go on: a script says what it means.
    GoOn,
}

/// Asks whether to `what`, and stops unless the answer is yes.
///
/// # Errors
/// Wrong usage if nobody can be asked and `unattended` refuses; a failure if the answer is no.
pub(crate) fn confirm(what: &str, unattended: Unattended) -> Result<(), Stop> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return match unattended {
            Unattended::GoOn => Ok(()),
            Unattended::Refuse => {
                let failure = Failure::usage(format!("refused to {what}: there is no terminal to ask on"));
                Err(failure.hint("add -f to do it without a question").into())
            }
        };
    }
    let mut stderr = io::stderr();
    write!(stderr, "Really {what}? [y/N] ").and_then(|()| stderr.flush()).ok();
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::io("cannot read the answer", &error))?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failure::failed("nothing was done").into())
    }
}
