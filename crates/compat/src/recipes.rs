//! How each suite is fetched and built, by the package manager and the compiler of its language.

use crate::peers::run;
use crate::suite::Place;
use crate::{CompatError, digest};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The command line tool, as the Go module proxy has it.
const CLI_MODULE: &str = "github.com/nats-io/natscli/nats@v0.5.0";

/// The packages of Debian that hold the C client and what it needs beside a C library and OpenSSL.
const C_PACKAGES: &[&str] = &["libnats-dev=3.4.1-1+b1", "libnats3.4=3.4.1-1+b1", "libprotobuf-c1"];

/// The packages of the Python client that is made of parts. `nkeys` is needed and not named by them.
const SPLIT_PACKAGES: &[&str] =
    &["nats-core==0.2.0", "nats-jetstream==0.3.0", "nats-key-value==0.1.0", "nkeys==0.2.1"];

/// The Python that those need; pyenv, where it is installed, finds the version by this.
const SPLIT_PYTHON: (&str, &str) = ("PYENV_VERSION", "3.13");

pub(crate) fn python(place: &Place<'_>) -> Result<Command, CompatError> {
    let packages = place.peers.python_packages("python", &["nats-py==2.16.0"])?;
    Ok(python_program(place, &[&packages]))
}

pub(crate) fn python_split(place: &Place<'_>) -> Result<Command, CompatError> {
    let check = "import sys; sys.exit(sys.version_info < (3, 13))";
    fetch(Command::new("python3").args(["-c", check]).env(SPLIT_PYTHON.0, SPLIT_PYTHON.1))?;
    let packages = place.peers.make("python-split", &SPLIT_PACKAGES.join(" "), |directory| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
            .arg(directory);
        fetch(pip.args(SPLIT_PACKAGES).env(SPLIT_PYTHON.0, SPLIT_PYTHON.1))
    })?;
    let mut command = python_program(place, &[&packages]);
    command.env(SPLIT_PYTHON.0, SPLIT_PYTHON.1);
    Ok(command)
}

/// The suite of the command line tool starts the tool and reads what it prints; the suite itself is written in Python.
pub(crate) fn cli(place: &Place<'_>) -> Result<Command, CompatError> {
    let home = place.peers.make("cli", CLI_MODULE, |directory| {
        fetch(Command::new("go").args(["install", CLI_MODULE]).env("GOBIN", directory).env("GOFLAGS", ""))
    })?;
    let mut command = python_program(place, &[]);
    command.env("NATS_CLI", home.join("nats"));
    Ok(command)
}

pub(crate) fn go(place: &Place<'_>) -> Result<Command, CompatError> {
    let sources = place.sources();
    let home = place.peers.make("go", &digest::of_directory(&sources)?, |directory| {
        let go = |arguments: &[&str]| {
            let mut go = Command::new("go");
            go.args(arguments).current_dir(&sources).env("GOFLAGS", "-mod=readonly");
            go
        };
        fetch(&mut go(&["mod", "download"]))?;
        run(go(&["build", "-o"]).arg(directory.join("suite")).arg("."))
    })?;
    Ok(Command::new(home.join("suite")))
}

pub(crate) fn rust(place: &Place<'_>) -> Result<Command, CompatError> {
    let sources = place.sources();
    let home = place.peers.make("rust", &digest::of_directory(&sources)?, |directory| {
        let cargo = |arguments: &[&str]| {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(arguments).current_dir(&sources);
            cargo
        };
        fetch(&mut cargo(&["fetch", "--locked"]))?;
        // The libraries are kept when only the suite changes.
        let target = directory.with_file_name("rust-target");
        run(cargo(&["build", "--quiet", "--locked", "--target-dir"]).arg(&target))?;
        let (from, to) = (target.join("debug").join("suite"), directory.join("suite"));
        std::fs::copy(&from, to).map_err(CompatError::file(from)).map(drop)
    })?;
    Ok(Command::new(home.join("suite")))
}

pub(crate) fn js(place: &Place<'_>) -> Result<Command, CompatError> {
    let sources = place.sources();
    let home = place.peers.make("js", &digest::of_directory(&sources)?, |directory| {
        copy_files(&sources, directory)?;
        let arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"];
        fetch(Command::new("npm").args(arguments).current_dir(directory))
    })?;
    let mut command = Command::new("node");
    command.arg(home.join("main.mjs"));
    Ok(command)
}

pub(crate) fn java(place: &Place<'_>) -> Result<Command, CompatError> {
    let sources = place.sources();
    let home = place.peers.make("java", &digest::of_directory(&sources)?, |directory| {
        let mut maven = Command::new("mvn");
        maven.args(["--quiet", "--batch-mode", "--file"]).arg(sources.join("pom.xml"));
        let mut output = OsString::from("-DoutputDirectory=");
        output.push(directory.join("lib"));
        fetch(maven.arg("dependency:copy-dependencies").arg(output))?;
        let files = digest::files_below(&sources)?;
        let is_java = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "java");
        let mut compiler = Command::new("javac");
        compiler.arg("-cp").arg(directory.join("lib").join("*")).arg("-d").arg(directory.join("classes"));
        run(compiler.args(files.iter().filter(is_java)))
    })?;
    let mut class_path = home.join("classes").into_os_string();
    class_path.push(":");
    class_path.push(home.join("lib").join("*"));
    let mut command = Command::new("java");
    command.arg("-cp").arg(class_path).arg("Main");
    Ok(command)
}

pub(crate) fn c(place: &Place<'_>) -> Result<Command, CompatError> {
    let packages = place.peers.make("c-packages", &C_PACKAGES.join(" "), |directory| {
        let download = || {
            let mut apt = Command::new("apt-get");
            apt.args(["download", "--quiet"]).args(C_PACKAGES).current_dir(directory);
            apt
        };
        // A new machine has no lists of packages yet.
        if run(&mut download()).is_err() {
            fetch(Command::new("apt-get").args(["update", "--quiet"]))?;
            fetch(&mut download())?;
        }
        for archive in digest::files_below(directory)? {
            fetch(Command::new("dpkg-deb").arg("--extract").arg(archive).arg(directory))?;
        }
        Ok(())
    })?;
    let sources = place.sources();
    let library = library_directory(&packages)?;
    let home = place.peers.make("c", &digest::of_directory(&sources)?, |directory| {
        let is_c = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "c");
        let files = digest::files_below(&sources)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-isystem"]);
        compiler.arg(packages.join("usr").join("include")).args(files.iter().filter(is_c));
        compiler.arg("-o").arg(directory.join("suite")).arg("-L").arg(&library);
        let mut search = OsString::from("-Wl,-rpath-link,");
        search.push(&library);
        run(compiler.arg(search).args(["-lnats", "-lpthread"]))
    })?;
    let mut command = Command::new(home.join("suite"));
    command.env("LD_LIBRARY_PATH", library);
    Ok(command)
}

/// Returns the directory of the extracted packages that holds the client's library; its name depends on the machine.
fn library_directory(packages: &Path) -> Result<PathBuf, CompatError> {
    let files = digest::files_below(packages)?;
    let library = files.iter().find(|path| path.file_name().is_some_and(|name| name == "libnats.so"));
    library.and_then(|path| path.parent()).map(Path::to_owned).ok_or_else(|| CompatError::Incomplete {
        peer: "c-packages".to_owned(),
        path: packages.join("usr").join("lib").join("libnats.so"),
    })
}

/// Returns the command for `main.py` of a suite, which finds `packages` and the frame that Python suites share.
fn python_program(place: &Place<'_>, packages: &[&Path]) -> Command {
    let mut path = place.suites.join("python-frame").into_os_string();
    for package in packages {
        path.push(":");
        path.push(package);
    }
    let mut command = Command::new("python3");
    command.arg(place.sources().join("main.py")).env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn copy_files(from: &Path, to: &Path) -> Result<(), CompatError> {
    for file in digest::files_below(from)? {
        let place = to.join(file.strip_prefix(from).unwrap_or(&file));
        if let Some(directory) = place.parent() {
            std::fs::create_dir_all(directory).map_err(CompatError::file(directory))?;
        }
        std::fs::copy(&file, &place).map_err(CompatError::file(&place))?;
    }
    Ok(())
}

/// Runs a program that fetches something; a fault means that it cannot be had here, not that something of ours is wrong.
fn fetch(command: &mut Command) -> Result<(), CompatError> {
    run(command).map_err(CompatError::unavailable)
}
