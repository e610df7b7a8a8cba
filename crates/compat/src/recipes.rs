//! How each suite is fetched and built, by the package manager and the compiler of its language.

use crate::peers::{fetch, pip_install, run};
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

/// Where a Python may be that is new enough for those, at least 3.13.
const NEW_PYTHONS: [&str; 3] = ["python3", "python3.13", "python3.14"];

/// By this pyenv, where it is installed, makes `python3` one that is.
const PYENV_VERSION: (&str, &str) = ("PYENV_VERSION", "3.13");

pub(crate) fn python(place: &Place<'_>) -> Result<Command, CompatError> {
    let packages = place.peers.python_packages("python", &["nats-py==2.16.0"])?;
    Ok(python_program(Command::new("python3"), place, &[&packages]))
}

pub(crate) fn python_split(place: &Place<'_>) -> Result<Command, CompatError> {
    let name = new_python()?;
    let python = || {
        let mut python = Command::new(name);
        python.env(PYENV_VERSION.0, PYENV_VERSION.1);
        python
    };
    let packages = place.peers.make("python-split", &SPLIT_PACKAGES.join(" "), |directory| {
        pip_install(python, directory, SPLIT_PACKAGES)
    })?;
    Ok(python_program(python(), place, &[&packages]))
}

/// Returns the name of a Python that is new enough for the client made of parts.
fn new_python() -> Result<&'static str, CompatError> {
    let check = |name: &&&str| {
        let mut python = Command::new(name);
        python.args(["-c", "import sys; sys.exit(sys.version_info < (3, 13))"]);
        run(python.env(PYENV_VERSION.0, PYENV_VERSION.1))
    };
    match NEW_PYTHONS.iter().find(|name| check(name).is_ok()) {
        Some(name) => Ok(name),
        // The first says why it is not good enough.
        None => check(&&NEW_PYTHONS[0]).map_err(CompatError::unavailable).map(|()| NEW_PYTHONS[0]),
    }
}

/// The suite of the command line tool starts the tool and reads what it prints; the suite itself is written in Python.
pub(crate) fn cli(place: &Place<'_>) -> Result<Command, CompatError> {
    let home = place.peers.make("cli", CLI_MODULE, |directory| {
        fetch(|| {
            let mut go = Command::new("go");
            go.args(["install", CLI_MODULE]).env("GOBIN", directory).env("GOFLAGS", "");
            go
        })
    })?;
    let mut command = python_program(Command::new("python3"), place, &[]);
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
        fetch(|| go(&["mod", "download"]))?;
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
        fetch(|| cargo(&["fetch", "--locked"]))?;
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
    let manifest = sources.join("package.json");
    let packages = place.peers.make("js-packages", &read(&manifest)?, |directory| {
        let copy = directory.join("package.json");
        std::fs::copy(&manifest, &copy).map_err(CompatError::file(&copy))?;
        let arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"];
        fetch(|| {
            let mut npm = Command::new("npm");
            npm.args(arguments).current_dir(directory);
            npm
        })
    })?;
    // Node looks for packages beside the suite, so the suite is copied to a place that has them.
    let home = place.peers.make("js", &digest::of_directory(&sources)?, |directory| {
        copy_files(&sources, directory)?;
        let link = directory.join("node_modules");
        std::os::unix::fs::symlink(packages.join("node_modules"), &link).map_err(CompatError::file(&link))
    })?;
    let mut command = Command::new("node");
    command.arg(home.join("main.mjs"));
    Ok(command)
}

pub(crate) fn java(place: &Place<'_>) -> Result<Command, CompatError> {
    let sources = place.sources();
    let project = sources.join("pom.xml");
    let packages = place.peers.make("java-packages", &read(&project)?, |directory| {
        let mut output = OsString::from("-DoutputDirectory=");
        output.push(directory);
        fetch(|| {
            let mut maven = Command::new("mvn");
            maven.args(["--quiet", "--batch-mode", "--file"]).arg(&project);
            maven.arg("dependency:copy-dependencies").arg(&output);
            maven
        })
    })?;
    let home = place.peers.make("java", &digest::of_directory(&sources)?, |directory| {
        let files = digest::files_below(&sources)?;
        let is_java = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "java");
        let mut compiler = Command::new("javac");
        compiler.arg("-cp").arg(packages.join("*")).arg("-d").arg(directory);
        run(compiler.args(files.iter().filter(is_java)))
    })?;
    let mut class_path = home.into_os_string();
    class_path.push(":");
    class_path.push(packages.join("*"));
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
            fetch(|| {
                let mut apt = Command::new("apt-get");
                apt.args(["update", "--quiet"]);
                apt
            })?;
            fetch(download)?;
        }
        for archive in digest::files_below(directory)? {
            let mut extract = Command::new("dpkg-deb");
            run(extract.arg("--extract").arg(archive).arg(directory)).map_err(CompatError::unavailable)?;
        }
        Ok(())
    })?;
    let sources = place.sources();
    let library = library_directory(&packages)?;
    let recipe = format!("{} {}", C_PACKAGES.join(" "), digest::of_directory(&sources)?);
    let home = place.peers.make("c", &recipe, |directory| {
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
fn python_program(mut python: Command, place: &Place<'_>, packages: &[&Path]) -> Command {
    let mut path = place.suites.join("python-frame").into_os_string();
    for package in packages {
        path.push(":");
        path.push(package);
    }
    python.arg(place.sources().join("main.py")).env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    python
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

fn read(path: &Path) -> Result<String, CompatError> {
    std::fs::read_to_string(path).map_err(CompatError::file(path))
}
