//! `bench report`: plots, the table of goals and the headlines, made anew from the figures that were stored.

use crate::flags::Flags;
use crate::results::{self, Results};
use crate::{Outcome, goals, section};
use std::path::PathBuf;

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let markdown: PathBuf = flags.take_optional("markdown")?.ok_or("--markdown is missing")?;
    let readme: Option<PathBuf> = flags.take_optional("readme")?;
    flags.finish()?;
    let results = Results::read(&results::path_beside(&markdown))?;
    section::write(&markdown, "goals", &goals::section(&results)?)?;
    section::write(&markdown, "plots", &plots(&results, &markdown)?)?;
    if let Some(readme) = readme {
        section::write(&readme, "headlines", &goals::headlines(&results))?;
    }
    Ok(())
}

#[cfg(feature = "peers")]
fn plots(results: &Results, markdown: &std::path::Path) -> Outcome<String> {
    let dir = results::dir_beside(markdown);
    let link = dir.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(format!("## Curves\n\n{}", crate::plots::draw(results, &dir, &link)?))
}

#[cfg(not(feature = "peers"))]
fn plots(_: &Results, _: &std::path::Path) -> Outcome<String> {
    Err("this build draws no plots; `--features peers` does".into())
}
