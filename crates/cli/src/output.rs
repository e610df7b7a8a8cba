//! Everything that is printed: data on standard output, the rest on standard error.

use crate::exit::Failure;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// For whom output is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Human,
    /// For programs: one JSON object per line.
    Json,
}

/// Standard output, held and buffered as long as the command runs.
pub(crate) struct Out {
    to: BufWriter<StdoutLock<'static>>,
    form: Form,
    terminal: bool,
    colour: bool,
    kept: Option<Kept>,
}

/// How many more lines are printed, and how many were left out.
#[derive(Debug, Clone, Copy)]
struct Kept {
    left: u64,
    left_out: u64,
}

impl Out {
    pub(crate) fn stdout(form: Form) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        Self { to: BufWriter::with_capacity(BUFFER_BYTES, stdout.lock()), form, terminal, colour, kept: None }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Says whether a person looks at the output.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Returns how many characters fit in a line, if a person looks at the output.
    pub(crate) fn width(&self) -> Option<usize> {
        let width = self.terminal.then(|| terminal_size::terminal_size_of(io::stdout())).flatten();
        width.map(|(width, _)| usize::from(width.0))
    }

    /// Prints only so many lines from now on.
    pub(crate) fn keep_lines(&mut self, lines: u64) {
        self.kept = Some(Kept { left: lines, left_out: 0 });
    }

    /// Prints everything again, and returns how many lines were left out.
    pub(crate) fn keep_all(&mut self) -> u64 {
        self.kept.take().map_or(0, |kept| kept.left_out)
    }

    /// Writes one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        json_line(&mut self.to, value)
    }

    /// Returns `text` in `style` if colours are wanted.
    pub(crate) fn paint(&self, style: Style, text: impl Display) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(kept) = &mut self.kept else { return self.to.write(bytes) };
        // Line by line, so that a line is printed whole or left out.
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let part = end.and_then(|end| bytes.get(..end)).unwrap_or(bytes);
        let lines = u64::from(end.is_some());
        if kept.left == 0 {
            kept.left_out += lines;
            return Ok(part.len());
        }
        let written = self.to.write(part)?;
        if written == part.len() {
            kept.left -= lines;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes `value` as one line of JSON.
pub(crate) fn json_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value).map_err(io::Error::from)?;
    to.write_all(b"\n")
}

/// Tells the user something that is no data.
pub(crate) fn note(text: impl Display) {
    // Nobody is left to tell if standard error is gone.
    writeln!(anstream::stderr(), "{text}").ok();
}

/// Tells the user something that deserves attention.
pub(crate) fn warn(form: Form, text: impl Display) {
    match form {
        Form::Human => note(format_args!("{YELLOW}warning:{YELLOW:#} {text}")),
        Form::Json => {
            json_line(&mut io::stderr(), &serde_json::json!({ "warning": text.to_string() })).ok();
        }
    }
}

/// Prints the error, its causes, then one hint.
pub(crate) fn report(failure: &Failure, form: Form) {
    if form == Form::Json {
        #[derive(Serialize)]
        struct Line<'a> {
            error: String,
            kind: &'a str,
            hint: Option<&'a str>,
        }
        let parts: Vec<&str> =
            std::iter::once(&failure.message).chain(&failure.causes).map(String::as_str).collect();
        let line = Line { error: parts.join(": "), kind: failure.kind, hint: failure.hint.as_deref() };
        json_line(&mut io::stderr(), &line).ok();
        return;
    }
    for line in failure_lines(failure, |style, text| format!("{style}{text}{style:#}")) {
        note(line);
    }
}

/// Returns the error, its causes, then one hint, as people see them.
pub(crate) fn failure_lines(failure: &Failure, paint: impl Fn(Style, &str) -> String) -> Vec<String> {
    let mut lines = vec![format!("{} {}", paint(RED, "error:"), failure.message)];
    lines.extend(failure.causes.iter().map(|cause| format!("  cause: {cause}")));
    lines.extend(failure.hint.iter().map(|hint| format!("{} {hint}", paint(CYAN, "hint:"))));
    lines
}

/// Style of what names the entry.
pub(crate) const BOLD: Style = Style::new().bold();
/// Style of a put.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// Style of what needs attention.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Style of what is gone or failed.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const BUFFER_BYTES: usize = 64 * 1024;
