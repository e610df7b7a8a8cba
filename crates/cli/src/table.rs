//! Tables: with lines on a terminal, plain columns elsewhere.

use crate::output::Out;
use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table};
use std::io::{self, Write};

/// Prints rows under a head; the columns named in `right` hold numbers.
pub(crate) fn print(out: &mut Out, head: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> io::Result<()> {
    let mut table = Table::new();
    if out.is_terminal() {
        table.load_style(UTF8_FULL_CONDENSED.with_rounded_corners());
    } else {
        table.load_style(NOTHING);
    }
    table.set_header(head);
    table.add_rows(rows);
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Prints names and what they stand for, the names right-aligned as the status of `nats kv` has them.
pub(crate) fn print_fields(out: &mut Out, fields: &[(&str, String)]) -> io::Result<()> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        writeln!(out, "  {name:>width$}: {value}")?;
    }
    Ok(())
}
