//! The process around the server: its files, its signals, its end.

use super::banner::Banner;
use super::door::{Door, Now};
use super::entry::Told;
use super::local::LocalUser;
use super::log::{Log, Sink};
use super::ports_file::{self, Mode, Ports, Written};
use super::spelling::Role;
use super::{descriptors, notify, start_lines};
use crate::clock;
use crate::exit::{Exit, Failure, as_io_error};
use jetkv_console::Console;
use jetkv_server::config::Settings;
use jetkv_server::options::{HttpScheme, LogOptions, ServerOptions};
use jetkv_server::{Env, LogLevel, LogSink, Server, StartError};
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is to be run.
pub(super) struct Plan {
    pub(super) told: Told,
    pub(super) settings: Settings,
}

/// Runs the server until a signal ends it.
pub(super) fn run(plan: Plan) -> Result<(), Failure> {
    let log = open_log(&plan.settings.options.log)?;
    let result = run_logged(plan, &log);
    if let Err(failure) = &result {
        let causes = failure.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
        log.write(LogLevel::Fatal, format_args!("{}{causes}", failure.message));
    }
    log.close(LOG_PATIENCE);
    result
}

fn run_logged(plan: Plan, log: &Log) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("cannot start threads", &error))?;
    let result = runtime.block_on(serve(plan, log));
    // Disk work that hangs must not keep the process.
    runtime.shutdown_timeout(RUNTIME_PATIENCE);
    result
}

async fn serve(plan: Plan, log: &Log) -> Result<(), Failure> {
    let Plan { told, mut settings } = plan;
    let local = LocalUser::new().map_err(|error| Failure::io("cannot read random bytes", &error))?;
    local.admit(&mut settings.options);
    // Whoever sends a signal while the server starts means the server, too.
    let mut signals = Signals::new().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let descriptors = descriptors::raise();
    start_lines::starting(log, told.role, &settings, told.args.config.as_deref());
    let connections = u64::from(settings.options.limits.max_connections);
    if let Some(limit) = descriptors.filter(|limit| *limit < connections) {
        log.info(format_args!("The system allows {limit} open files, max_connections is {connections}"));
    }
    let server = tokio::select! {
        started = Server::start(settings.options.clone(), Env::system(), Arc::new(log.clone())) => {
            started.map_err(|error| start_failure(&error, &settings.options))?
        }
        () = signals.end() => return Ok(()),
    };
    let server = Arc::new(server);
    #[cfg(feature = "otel")]
    let telemetry = super::telemetry::Telemetry::start()?;
    #[cfg(feature = "otel")]
    telemetry.iter().for_each(|telemetry| server.trace_to(Arc::new(telemetry.spans())));
    let now = Now::new(settings.options.clone());
    let door = match told.role {
        Role::Jetkv => Door::of(&server, &now, &told.args.http_name),
        Role::Reference => Door::None("off"),
    };
    if let Door::Shut(_, reason) = &door {
        log.warn(format_args!("The console is {reason}"));
    }
    let ports = ports(&server, &settings.options);
    let files = write_files(&settings, &told, &ports).and_then(|mut files| {
        let way_in = local.write(&server, &settings.options);
        files.extend(way_in.map_err(|error| Failure::io("cannot write server.json into the store", &error))?);
        Ok(files)
    });
    let result = match files {
        Ok(_files) => {
            log.info(format_args!("Server is ready"));
            notify::notify(notify::READY);
            if told.role == Role::Jetkv {
                show(
                    Banner { ports: &ports, options: &settings.options, door: &door, form: told.form }.text(),
                );
            }
            let running = Running { server: &server, console: door.console(), now: &now, local: &local, log };
            until_told(&running, &mut signals, &told, settings).await;
            Ok(())
        }
        Err(failure) => Err(failure),
    };
    notify::notify(notify::STOPPING);
    tokio::select! {
        () = server.shutdown() => {}
        // Whoever is in a hurry says it twice.
        () = signals.interrupted() => log.warn(format_args!("Interrupted while shutting down")),
    }
    result
}

/// What a reload reaches.
#[derive(Clone, Copy)]
struct Running<'a> {
    server: &'a Server,
    console: Option<&'a Console>,
    now: &'a Now,
    local: &'a LocalUser,
    log: &'a Log,
}

/// Does what signals ask for until one of them ends the server.
async fn until_told(running: &Running<'_>, signals: &mut Signals, told: &Told, mut settings: Settings) {
    let Running { server, console, log, .. } = *running;
    loop {
        tokio::select! {
            _ = signals.interrupt.recv() => break log.info(format_args!("Trapped \"interrupt\" signal")),
            _ = signals.terminate.recv() => break log.info(format_args!("Trapped \"terminated\" signal")),
            _ = signals.hang_up.recv() => {
                reload(running, told, &mut settings);
                console.into_iter().for_each(Console::forget_sessions);
            }
            _ = signals.user1.recv() => {
                log.reopen();
                log.info(format_args!("File log re-opened"));
            }
            _ = signals.user2.recv() => {
                log.info(format_args!("Entering lame duck mode, stop accepting new clients"));
                tokio::select! {
                    () = server.lame_duck() => break,
                    _ = signals.interrupt.recv() => break,
                }
            }
        }
    }
}

/// Reads the configuration again; if anything is wrong with it, nothing changes.
fn reload(running: &Running<'_>, told: &Told, settings: &mut Settings) {
    let Running { server, now, local, log, .. } = *running;
    let mut new = match told.settings() {
        Ok(new) => new,
        Err(error) => return log.error(format_args!("Failed to reload server configuration: {error}")),
    };
    local.admit(&mut new.options);
    new.warnings.iter().for_each(|warning| log.warn(format_args!("{warning}")));
    if let Some(fixed) = fixed_change(&settings.options, &new.options) {
        return log.error(format_args!(
            "Failed to reload server configuration: {fixed} cannot change while the server runs"
        ));
    }
    let (old_log, new_log) = (&settings.options.log, &new.options.log);
    let sink = match (old_log.file == new_log.file).then_some(()) {
        Some(()) => None,
        None => match sink(new_log) {
            Ok(sink) => Some(sink),
            Err(error) => {
                return log.error(format_args!("Failed to reload server configuration: log file: {error}"));
            }
        },
    };
    match server.reload(new.options.clone()) {
        Ok(()) => {
            log.set_levels(new_log);
            sink.into_iter().for_each(|sink| log.replace_sink(sink));
            *settings = new;
            now.set(settings.options.clone());
            if let Err(error) = local.rewrite(server, &settings.options) {
                log.error(format_args!("Cannot write server.json into the store: {error}"));
            }
            notify::notify(notify::RELOADED);
        }
        Err(error) => log.error(format_args!("Failed to reload server configuration: {error}")),
    }
}

/// Names the option that has changed and cannot.
fn fixed_change(old: &ServerOptions, new: &ServerOptions) -> Option<&'static str> {
    let streams = |options: &ServerOptions| options.jetstream.clone();
    let store = |options: &ServerOptions| streams(options).map(|each| (each.store_dir, each.sync));
    let most = |options: &ServerOptions| streams(options).map(|each| (each.max_file, each.max_memory));
    if old.listen != new.listen {
        Some("the address that clients connect to")
    } else if old.http != new.http {
        Some("the address of the monitoring")
    } else if store(old) != store(new) {
        Some("the store of streams")
    } else if most(old) != most(new) {
        Some("max_file_store or max_memory_store")
    } else if streams(old) != streams(new) {
        Some("jetstream { … }")
    } else if old.server_name != new.server_name {
        Some("server_name")
    } else {
        None
    }
}

/// The signals that mean something.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    user1: Signal,
    user2: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for one that ends the server.
    async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for a person to lose patience.
    async fn interrupted(&mut self) {
        self.interrupt.recv().await;
    }
}

fn open_log(options: &LogOptions) -> Result<Log, Failure> {
    let file = options.file.as_deref().unwrap_or(Path::new("")).display();
    let sink = sink(options).map_err(|error| Failure::io(format!("cannot open log file {file}"), &error))?;
    Log::start(options, sink, clock::now).map_err(|error| Failure::io("cannot start a thread", &error))
}

fn sink(options: &LogOptions) -> io::Result<Sink> {
    match &options.file {
        Some(path) => Sink::file(path, options.into()),
        None => Ok(Sink::Stderr),
    }
}

fn ports(server: &Server, options: &ServerOptions) -> Ports {
    let scheme = match options.http.as_ref().map(|http| http.scheme) {
        Some(HttpScheme::Tls) => "https",
        _ => "http",
    };
    Ports::new(server.local_addr(), server.monitor_addr().map(|address| (scheme, address)))
}

/// Writes the files that tell where the process is; they go when the values do.
fn write_files(settings: &Settings, told: &Told, ports: &Ports) -> Result<Vec<Written>, Failure> {
    let mut written = Vec::new();
    let pid = std::process::id();
    if let Some(path) = &settings.process.pid_file {
        let file = Written::new(path.clone(), pid.to_string().as_bytes(), Mode::Public);
        written.push(file.map_err(|error| Failure::io(format!("cannot write {}", path.display()), &error))?);
    }
    if let Some(to) = &settings.process.ports_file {
        let program = if told.role == Role::Reference { "nats-server" } else { "jetkv" };
        let path = ports_file::path(to, program, pid);
        // Lists of texts always have a JSON form.
        let content = serde_json::to_vec(ports).unwrap_or_default();
        let file = Written::new(path.clone(), &content, Mode::Public);
        written.push(file.map_err(|error| Failure::io(format!("cannot write {}", path.display()), &error))?);
    }
    Ok(written)
}

/// Prints on standard output from a thread of its own: whoever should read it may not.
fn show(text: String) {
    let printer = std::thread::Builder::new().name("banner".into());
    let started = printer.spawn(move || {
        let mut out = io::stdout();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    });
    // Without a thread the log still says where the server listens.
    drop(started);
}

fn start_failure(error: &StartError, options: &ServerOptions) -> Failure {
    let mut causes = Vec::new();
    let mut kind = None;
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        kind = kind.or(as_io_error(cause).map(io::Error::kind));
        source = cause.source();
    }
    let (exit, word) = match (error, kind) {
        (StartError::Options(_), _) => (Exit::Usage, "usage"),
        _ if error.is_locked() => (Exit::Unavailable, "unavailable"),
        (_, Some(io::ErrorKind::PermissionDenied)) => (Exit::Denied, "denied"),
        (_, Some(io::ErrorKind::AddrInUse)) => (Exit::Unavailable, "unavailable"),
        _ => (Exit::Failed, "failed"),
    };
    let message = match error {
        // The cause says it; the account matters only where there is a choice.
        StartError::Store { account, .. } if !causes.is_empty() => {
            let cause = causes.remove(0);
            let is_alone = options.auth.accounts.is_empty();
            if is_alone { cause } else { format!("{cause} (streams of account {account})") }
        }
        _ => error.to_string(),
    };
    let failure = Failure { causes, ..Failure::new(exit, word, message) };
    match kind {
        Some(io::ErrorKind::AddrInUse) => failure.hint(port_hint(error, options)),
        _ if error.is_locked() => {
            failure.hint("another server or command holds this store; name another with --store")
        }
        _ => failure,
    }
}

/// Names the flag of the port that is taken.
fn port_hint(error: &StartError, options: &ServerOptions) -> &'static str {
    let is_http = match (error, &options.http) {
        (StartError::Listen { host, port, .. }, Some(http)) => {
            http.listen.host == *host && http.listen.port == *port
        }
        _ => false,
    };
    if is_http {
        "another server listens there; choose another port with `--http-port N`, let the system choose with \
         `--http-port 0`, or switch it off with `--http-port off`"
    } else {
        "another server listens there; choose another port, or let the system choose with `--port 0`"
    }
}

/// How long the end waits for the log to be read.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// How long the end waits for work that cannot be cancelled.
const RUNTIME_PATIENCE: Duration = Duration::from_secs(5);
