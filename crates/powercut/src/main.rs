//! The command line of the judge; `powercut --help` tells what there is.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "findings are the output of this program")]

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("error: the disk that loses power is mounted through FUSE, which takes Linux");
    ExitCode::from(2)
}

#[cfg(target_os = "linux")]
mod linux {
    use clap::Parser;
    use compat::{Peers, Program};
    use powercut::{DiskModel, Plan};
    use std::error::Error;
    use std::path::PathBuf;
    use std::process::ExitCode;

    /// Cuts the power below a server that runs, and tells what of what it acknowledged is gone.
    #[derive(Debug, Parser)]
    #[command(name = "powercut")]
    struct Arguments {
        /// The program `jetkv`; without it the reference server is judged
        #[arg(long)]
        jetkv: Option<PathBuf>,
        /// Rounds on each of the two models of a disk
        #[arg(long, default_value_t = 60)]
        rounds: u64,
        /// Seed of the first round
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Further arguments of the server
        #[arg(last = true)]
        server: Vec<String>,
    }

    pub(crate) fn main() -> ExitCode {
        let arguments = Arguments::parse();
        match judge(&arguments) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: {error}");
                let mut cause = error.source();
                while let Some(error) = cause {
                    eprintln!("  because: {error}");
                    cause = error.source();
                }
                ExitCode::FAILURE
            }
        }
    }

    fn judge(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
        let program = match &arguments.jetkv {
            Some(program) => Program::jetkv(program.canonicalize()?),
            None => Program::reference(&Peers::in_target())?,
        };
        let mut is_good = true;
        for (model, name) in [(DiskModel::Posix, "strict POSIX"), (DiskModel::Journal, "journal")] {
            let plan = Plan { model, rounds: arguments.rounds, seed: arguments.seed };
            let verdict = powercut::run(&program, &arguments.server, &plan)?;
            println!("{} on a disk with {name} names: {verdict}", program.name());
            for (seed, finding) in verdict.findings() {
                println!("  seed {seed}: {finding}");
            }
            is_good &= verdict.is_good();
        }
        Ok(is_good)
    }
}
