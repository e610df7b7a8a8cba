//! Changes as server-sent events: `GET /v1/kv/{bucket}?watch`.
//!
//! `id` of each event is the revision, so a browser that comes back says by itself where it was (`Last-Event-ID`), and
//! goes on there: nothing is missing, nothing comes twice.

use super::query::Query;
use crate::access::{Act, Seat};
use crate::form::EntryForm;
use crate::limits::KEEP_ALIVE;
use crate::problem::Problem;
use crate::routes::Shared;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use jetkv::{KeyValue, KvError, Revision, WatchEvent, WatchOptions, Watcher};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;

/// Opens a watch.
pub(super) async fn open(
    shared: &Shared,
    seat: &Seat,
    bucket: &str,
    query: Query,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let query = query.only(&["watch", "filter", "history", "deletes", "updates", "values", "after"])?;
    let mut filters = query.all("filter");
    if filters.is_empty() {
        filters.push(">");
    }
    for filter in &filters {
        seat.check(&Act::Watch(bucket, filter))?;
    }
    let seen = seen(&query, headers)?;
    let options = options(&query, seen)?;
    let place = shared.watches.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::busy("there are too many watches at the moment"))?;
    let kv = seat.near().key_value(bucket).await?;
    if let Some(seen) = seen {
        not_ahead(&kv, seen).await?;
    }
    let mut turns = shared.turns.subscribe();
    // The sender lives as long as the console.
    let turned = async move { drop(turns.changed().await) };
    let watcher = kv.watch_many(&filters, options).await?;
    let events = Events { watcher: Some(watcher), over: Box::pin(turned), _place: place };
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Returns the revision behind which somebody goes on.
fn seen(query: &Query, headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    // A browser that comes back says where it was; its address still says where it began.
    let Some(id) = headers.get("last-event-id") else { return query.number("after") };
    let revision = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    revision.map(Some).ok_or_else(|| Problem::invalid("Last-Event-ID is no revision"))
}

/// Refuses whoever has seen a revision that the bucket has not reached: it is another bucket than then, and to go on behind
/// that revision would leave out everything before it.
async fn not_ahead(kv: &KeyValue, seen: Revision) -> Result<(), Problem> {
    let last = kv.status().await?.last_revision;
    if seen <= last {
        return Ok(());
    }
    let bucket = kv.bucket();
    Err(Problem::conflict(format!(
        "bucket {bucket:?} is at revision {last}, and {seen} cannot have been seen in it"
    ))
    .hint(
        "the bucket was made anew or restored: watch it from the beginning, without Last-Event-ID and after",
    ))
}

fn options(query: &Query, seen: Option<Revision>) -> Result<WatchOptions, Problem> {
    let on_by_default = |name: &str| if query.text(name).is_none() { Ok(true) } else { query.flag(name) };
    Ok(WatchOptions {
        include_history: query.flag("history")? && seen.is_none(),
        ignore_deletes: !on_by_default("deletes")?,
        updates_only: query.flag("updates")? && seen.is_none(),
        meta_only: !on_by_default("values")?,
        resume_from: seen.map(|revision| revision.saturating_add(1)),
    })
}

/// A watch as events. It reads from the watcher only what the client takes.
struct Events {
    watcher: Option<Watcher>,
    /// Done when whoever watches has to be asked anew who they are.
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    _place: OwnedSemaphorePermit,
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let Some(watcher) = &mut this.watcher else { return Poll::Ready(None) };
        let event = match watcher.poll_next_event(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(event) => event,
        };
        Poll::Ready(match event {
            None => None,
            Some(Ok(event)) => Some(Ok(shown(&event))),
            Some(Err(error)) => {
                // After a damaged entry it goes on; after anything else the client has to come again.
                if !matches!(error, KvError::Damaged { .. }) {
                    this.watcher = None;
                }
                Some(Ok(told(error)))
            }
        })
    }
}

fn shown(event: &WatchEvent) -> Event {
    match event {
        WatchEvent::EndOfInitial => Event::default().event("current").data("{}"),
        WatchEvent::Entry(entry) => {
            let data = serde_json::to_string(&EntryForm::new(entry)).unwrap_or_default();
            Event::default().event("entry").id(entry.revision.to_string()).data(data)
        }
    }
}

fn told(error: KvError) -> Event {
    let data = serde_json::to_string(&Problem::from(error)).unwrap_or_default();
    Event::default().event("problem").data(data)
}
