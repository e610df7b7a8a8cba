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
}

impl Out {
    pub(crate) fn stdout(form: Form) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        Self { to: BufWriter::with_capacity(BUFFER_BYTES, stdout.lock()), form, terminal, colour }
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
        self.to.write(bytes)
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
    note(format_args!("{RED}error:{RED:#} {}", failure.message));
    for cause in &failure.causes {
        note(format_args!("  cause: {cause}"));
    }
    if let Some(hint) = &failure.hint {
        note(format_args!("{CYAN}hint:{CYAN:#} {hint}"));
    }
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
