//! What shells and manuals need: `completions`, `man`.

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::{Failure, Stop};
use crate::output::Out;
use clap::CommandFactory;
use std::io::Write;

/// `completions SHELL`
pub(crate) fn completions(args: CompletionsArgs, out: &mut Out) -> Result<(), Stop> {
    // The generator panics when it cannot write, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jetkv", &mut script);
    Ok(out.write_all(&script)?)
}

/// `man [--output DIR]`
pub(crate) fn man(args: ManArgs, out: &mut Out) -> Result<(), Stop> {
    match args.output {
        None => Ok(clap_mangen::Man::new(Cli::command()).render(out)?),
        Some(directory) => clap_mangen::generate_to(Cli::command(), &directory).map_err(|error| {
            Failure::io(format!("cannot write manual pages to {}", directory.display()), &error).into()
        }),
    }
}
