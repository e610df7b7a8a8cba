//! Tables: with lines on a terminal, plain columns elsewhere.

use crate::output::Out;
use crate::text;
use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table};
use std::io::{self, Write};

/// The columns of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) head: &'a [&'a str],
    /// Those that hold numbers.
    pub(crate) right: &'a [usize],
    /// The one whose text is cut where the terminal is too narrow.
    pub(crate) elastic: Option<usize>,
}

/// Prints rows under a head.
pub(crate) fn print(out: &mut Out, columns: Columns<'_>, mut rows: Vec<Vec<String>>) -> io::Result<()> {
    let Columns { head, right, elastic } = columns;
    let mut table = Table::new();
    if let (Some(width), Some(elastic)) = (out.width(), elastic) {
        let room = elastic_width(columns, elastic, &rows, width);
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(elastic)) {
            *cell = text::short(cell.as_bytes(), room);
        }
    }
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

/// Returns how many characters the elastic column may take so that a line fits `width`.
fn elastic_width(columns: Columns<'_>, elastic: usize, rows: &[Vec<String>], width: usize) -> usize {
    let widest = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        cells.chain(columns.head.get(index).map(|title| title.chars().count())).max().unwrap_or(0)
    };
    let others = (0..columns.head.len()).filter(|index| *index != elastic).map(widest);
    // A line before each column and behind the last one, a blank on both sides of each cell.
    let frame = columns.head.len() * 3 + 1;
    width.saturating_sub(others.sum::<usize>() + frame).max(ELASTIC_WIDTH_MIN)
}

/// Prints names and what they stand for, the names right-aligned as the status of `nats kv` has them.
pub(crate) fn print_fields(out: &mut Out, fields: &[(&str, String)]) -> io::Result<()> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        writeln!(out, "  {name:>width$}: {value}")?;
    }
    Ok(())
}

const ELASTIC_WIDTH_MIN: usize = 12;
