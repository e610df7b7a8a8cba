//! `console`: the web console on any place, by itself.

use crate::exit::{Exit, Failure, Stop};
use crate::output::{BOLD, Out};
use crate::place::Place;
use clap::Args;
use jetkv::JetStream;
use jetkv_console::{About, Access, Console, Guard, Options, Seat, VALUE_BYTES_MAX};
use jetkv_server::http::{HttpAnswer, HttpBody, HttpIncoming, HttpPort, HttpService, Request};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where the console is.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    /// Port on this machine, 8222 or a free one if nothing is said; 0 lets the system choose one
    #[arg(long, value_name = "N")]
    pub(crate) http_port: Option<u16>,
    /// A name under which browsers may know it, beside localhost and IP addresses; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) http_name: Vec<String>,
}

/// `console`
pub(crate) fn console(place: &Place<'_>, args: ConsoleArgs, out: &mut Out) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("cannot start threads", &error))?;
    runtime.block_on(serve(place, args, out))
}

async fn serve(place: &Place<'_>, args: ConsoleArgs, out: &mut Out) -> Result<(), Stop> {
    // Whoever sends a signal from now on means the console.
    let listening = |error: io::Error| Failure::io("cannot listen to signals", &error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(listening)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(listening)?;
    let at = JetStream::from(place.store.clone());
    let about = about(place.door.name(), &at);
    let console = Console::new(Options {
        access: Access::Open(Seat::at(at)),
        guard: Guard { names: args.http_name },
        about: About::new(move || about.clone()),
        value_bytes_max: VALUE_BYTES_MAX,
    });
    let listener = listen(args.http_port).await?;
    let failed = |error: io::Error| Failure::io("cannot listen", &error);
    let port = HttpPort::open(listener, Arc::new(Pages(console))).map_err(failed)?;
    tell(&format!("http://{}/console/", port.address()), place, out)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Listens on this machine only: there is nobody who could be asked who they are.
async fn listen(port: Option<u16>) -> Result<TcpListener, Failure> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let bound = match port {
        Some(port) => bind(port).await,
        None => match bind(PORT).await {
            Err(_) => bind(0).await,
            bound => bound,
        },
    };
    bound.map_err(|error| {
        let place = format!("cannot listen on 127.0.0.1:{}", port.unwrap_or_default());
        let failure = Failure {
            causes: vec![error.to_string()],
            ..Failure::new(Exit::Unavailable, "unavailable", place)
        };
        failure.hint("choose another port, or let the system choose with `--http-port 0`")
    })
}

fn tell(address: &str, place: &Place<'_>, out: &mut Out) -> Result<(), Stop> {
    let (name, embedded) = (place.door.name(), place.is_embedded());
    if out.is_json() {
        out.json(&json!({ "console": address, "place": name, "embedded": embedded }))?;
    } else {
        let address = out.paint(BOLD, address);
        let holds = if embedded { "this process holds the store" } else { "changes are made there" };
        writeln!(out, "The console of {name} is at {address}\n{holds}; Ctrl-C ends it")?;
    }
    Ok(out.flush()?)
}

/// What the page about the server can show where there is none.
fn about(place: String, at: &JetStream) -> Value {
    json!({
        "version": format!("jetkv {}", env!("CARGO_PKG_VERSION")),
        "store": place,
        "place": at.place(),
    })
}

/// The console alone on a port.
#[derive(Debug)]
struct Pages(Console);

impl HttpService for Pages {
    fn answer(&self, request: Request<HttpIncoming>) -> HttpAnswer {
        if let Some(answer) = self.0.answer_at_once(&request) {
            return HttpAnswer::now(answer.map(HttpBody::whole));
        }
        let console = self.0.clone();
        HttpAnswer::later(async move { console.answer(request).await.map(HttpBody::of) })
    }
}

/// The port of the server's console.
const PORT: u16 = 8222;
