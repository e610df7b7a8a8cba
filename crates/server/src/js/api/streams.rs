//! `STREAM.*`: creating, changing, showing, listing, emptying and deleting streams (PROTOCOL 2.4).

use crate::js::context::Ctx;
use crate::js::convert::{self, Intent, Words};
use crate::js::errors::{self, fixed};
use crate::js::events::{Action, Events};
use crate::js::handle::StreamHandle;
use crate::js::state::{Adjust, JetStream, StreamProblem};
use jetkv_engine::{Damage, EngineError, Purge, Storage};
use jetkv_types::limits::{SEQUENCE_MAX, STREAM_NAME_BYTES_MAX};
use jetkv_types::{Subject, SubjectFilter};
use jetkv_wire::api::{self, Page};
use jetkv_wire::error::ApiError;
use std::sync::Arc;

/// Creates a stream.
pub(super) fn create(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::StreamCreateResponse, ApiError> {
    let config: api::StreamConfig = jetstream.decode(body)?;
    check_name(name, &config)?;
    let settings = convert::settings(&config, &jetstream.settings, Intent::Create)?;
    let handle =
        jetstream.create(&settings, adjust(&config)).map_err(|problem| errors::of_stream(&problem))?;
    tell(jetstream, ctx, Action::Created, name);
    let info = api::StreamInfo { domain: String::new(), ..show(jetstream, &handle, Words::All) };
    Ok(api::StreamCreateResponse { info, did_create: true })
}

/// Gives a stream other settings.
pub(super) fn update(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::StreamUpdateResponse, ApiError> {
    let config: api::StreamConfig = jetstream.decode(body)?;
    // Here the reference looks at the configuration first.
    let settings = convert::settings(&config, &jetstream.settings, Intent::Update);
    let settings = if config.name.len() > STREAM_NAME_BYTES_MAX { Err(NAME_TOO_LONG) } else { settings }?;
    check_name(name, &config)?;
    jetstream.known(name)?;
    let handle =
        jetstream.update(&settings, adjust(&config)).map_err(|problem| errors::of_stream(&problem))?;
    // With another retention messages may go.
    handle.settle_retention();
    tell(jetstream, ctx, Action::Updated, name);
    Ok(api::StreamUpdateResponse { info: show(jetstream, &handle, Words::All) })
}

fn adjust(config: &api::StreamConfig) -> Adjust {
    if config.pedantic { Adjust::Never } else { Adjust::Silently }
}

fn tell(jetstream: &JetStream, ctx: &mut Ctx<'_>, action: Action, name: &str) {
    let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
    events.stream(action, name);
}

fn check_name(name: &str, config: &api::StreamConfig) -> Result<(), ApiError> {
    if config.name != name {
        return Err(fixed::NAME_MISMATCH);
    }
    if name.len() > STREAM_NAME_BYTES_MAX {
        return Err(NAME_TOO_LONG);
    }
    Ok(())
}

const NAME_TOO_LONG: ApiError =
    ApiError::fixed(500, 10052, "stream name is too long, maximum allowed is 255");

/// Shows a stream.
pub(super) fn info(
    jetstream: &JetStream,
    name: &str,
    body: &[u8],
) -> Result<api::StreamInfoResponse, ApiError> {
    let request: api::StreamInfoRequest = jetstream.decode_optional(body)?;
    let handle = jetstream.known(name)?;
    let mut info = show(jetstream, &handle, Words::All);
    info.cluster = Some(api::ClusterInfo {
        leader: jetstream.settings.server_name.to_string(),
        ..api::ClusterInfo::default()
    });
    if request.deleted_details {
        info.state.deleted = handle.stream.gaps(DELETED_MAX);
        let settings = &handle.facts().settings;
        if info.state.last_seq == 0 && info.state.first_seq == 0 && settings.storage == Storage::File {
            // The reference counts the sequence 0 of a file without messages among those that are gone.
            (info.state.deleted, info.state.num_deleted) = (vec![0], 1);
        }
    }
    let mut page = Page::default();
    if !request.subjects_filter.is_empty() {
        page = list_subjects(&handle, &request, &mut info.state)?;
    }
    Ok(api::StreamInfoResponse { page, info })
}

fn list_subjects(
    handle: &StreamHandle,
    request: &api::StreamInfoRequest,
    state: &mut api::StreamState,
) -> Result<Page, ApiError> {
    // What is no subject matches nothing.
    let Ok(filter) = SubjectFilter::new(request.subjects_filter.as_str()) else { return Ok(Page::default()) };
    let failed = |error| errors::of_engine(&error);
    let total = handle.stream.count_subjects(&filter).map_err(failed)?;
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    if total == 0 {
        // The reference does not begin a list then.
        return Ok(Page::default());
    }
    let (mut page, range) = Page::of(total, request.offset, Page::SUBJECTS_MAX);
    // Other than that of a list, an offset beyond the end is told as it came.
    page.offset = u64::try_from(request.offset).unwrap_or(page.offset);
    let (mut passed, mut after): (usize, Option<Subject>) = (0, None);
    while passed < range.end {
        let wanted = if passed < range.start { range.start - passed } else { range.end - passed };
        let found = handle.stream.subjects(&filter, after.as_ref(), wanted.min(SUBJECTS_AT_ONCE));
        let found = found.map_err(failed)?;
        let Some(last) = found.last() else { break };
        after = Some(last.subject.clone());
        let counts = found.iter().map(|each| (each.subject.as_str().to_owned(), each.messages));
        if passed >= range.start {
            state.subjects.extend(counts);
        }
        passed += found.len();
    }
    Ok(page)
}

/// Lists names of streams.
pub(super) fn names(jetstream: &JetStream, body: &[u8]) -> Result<api::StreamNamesResponse, ApiError> {
    let request: api::StreamNamesRequest = jetstream.decode_optional(body)?;
    let (streams, broken) = select(jetstream, &request.subject);
    let known = streams.iter().map(|handle| handle.stream.name().as_str().to_owned());
    let names: Vec<String> = known.chain(broken.into_iter().map(|(name, _)| name)).collect();
    let (page, range) = Page::of(names.len(), request.offset, Page::NAMES_MAX);
    Ok(api::StreamNamesResponse { page, streams: names[range].to_vec() })
}

/// Lists streams.
pub(super) fn list(jetstream: &JetStream, body: &[u8]) -> Result<api::StreamListResponse, ApiError> {
    let request: api::StreamListRequest = jetstream.decode_optional(body)?;
    let (streams, broken) = select(jetstream, &request.subject);
    let (page, range) = Page::of(streams.len(), request.offset, Page::INFOS_MAX);
    streams[range.clone()].iter().for_each(|handle| handle.settle_retention());
    let streams = streams[range].iter().map(|handle| show(jetstream, handle, Words::Stored)).collect();
    let offline = broken.iter().map(|(name, damage)| (name.clone(), damage.to_string())).collect();
    Ok(api::StreamListResponse { page, streams, offline })
}

type Selected = (Vec<Arc<StreamHandle>>, Vec<(String, Damage)>);

/// Returns the streams that overlap with a subject, and behind them those that could not be opened and might.
fn select(jetstream: &JetStream, subject: &str) -> Selected {
    if subject.is_empty() {
        return (jetstream.matching(None), jetstream.broken_in(None));
    }
    match SubjectFilter::new(subject) {
        Ok(filter) => (jetstream.matching(Some(&filter)), jetstream.broken_in(Some(&filter))),
        // What is no subject overlaps with nothing.
        Err(_) => (Vec::new(), Vec::new()),
    }
}

/// Deletes a stream.
pub(super) fn delete(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::StreamDeleteResponse, ApiError> {
    if !api::is_empty(body) {
        return Err(fixed::NOT_EMPTY);
    }
    jetstream.known(name)?;
    let handle = jetstream.delete(name).map_err(|problem| errors::of_stream(&problem))?;
    handle.consumers.end(ctx.publisher, handle.place(jetstream, ctx.account));
    tell(jetstream, ctx, Action::Deleted, name);
    jetstream.keeper.forget(name, None).map_err(|error| errors::of_engine(&error))?;
    Ok(api::StreamDeleteResponse { success: true })
}

/// Removes messages.
pub(super) fn purge(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::StreamPurgeResponse, ApiError> {
    let request: api::StreamPurgeRequest = jetstream.decode_optional(body)?;
    if request.seq > 0 && request.keep > 0 {
        return Err(fixed::BAD_REQUEST);
    }
    let handle = jetstream.known(name)?;
    let facts = handle.facts();
    if facts.settings.sealed {
        return Err(fixed::SEALED);
    }
    if facts.settings.deny_purge {
        return Err(fixed::PURGE_DENIED);
    }
    let filter = match request.filter.as_str() {
        "" => None,
        // What is no subject matches nothing.
        filter => match SubjectFilter::new(filter) {
            Ok(filter) => Some(filter),
            Err(_) => return Ok(api::StreamPurgeResponse { success: true, purged: 0 }),
        },
    };
    if request.filter.is_empty() && request.seq > SEQUENCE_MAX {
        // No stream can go on there, and nothing is removed by a request that is refused.
        let error = EngineError::SequenceOutOfRange { sequence: request.seq };
        return Err(errors::of_stream(&StreamProblem::from(error)));
    }
    let purge = Purge {
        filter,
        below: (request.seq > 0).then_some(request.seq),
        keep: (request.keep > 0).then_some(request.keep),
    };
    let purged =
        handle.stream.purge(&purge).map_err(|error| errors::of_stream(&StreamProblem::from(error)))?;
    if request.filter.is_empty() && request.keep == 0 {
        handle.note_purge();
    }
    if request.filter.is_empty() && request.seq > handle.stream.last_sequence() {
        // What is left out goes up to where the request says, as in the reference.
        let advanced = handle.stream.advance(request.seq);
        advanced.map_err(|error| errors::of_stream(&StreamProblem::from(error)))?;
    }
    handle.settle_purge(jetstream, ctx, purge.filter.as_ref());
    Ok(api::StreamPurgeResponse { success: true, purged })
}

/// Tells about a stream that was put back.
pub(crate) fn show_created(jetstream: &JetStream, handle: &StreamHandle) -> api::StreamCreateResponse {
    let info = api::StreamInfo { domain: String::new(), ..show(jetstream, handle, Words::All) };
    api::StreamCreateResponse { info, did_create: false }
}

/// Tells what there is to tell about a stream.
fn show(jetstream: &JetStream, handle: &StreamHandle, words: Words) -> api::StreamInfo {
    let facts = handle.facts();
    let origins = handle.origins();
    let mut origins = origins.iter().map(|(source, progress)| convert::source_info(source, progress));
    let mirror = if facts.settings.mirror.is_some() { origins.next() } else { None };
    // Of a mirror that has not begun the reference does not tell the filter.
    let mirror = mirror.map(|info| match info.active {
        ..0 => api::StreamSourceInfo { filter_subject: String::new(), ..info },
        _ => info,
    });
    api::StreamInfo {
        config: convert::config(&facts.settings, words),
        created: handle.stream.created(),
        state: convert::state(handle),
        domain: jetstream.settings.domain.as_deref().unwrap_or_default().into(),
        cluster: None,
        mirror,
        sources: origins.collect(),
        // The reference tells of mirrors in a cluster only.
        alternates: Vec::new(),
        ts: jetstream.store.now(),
    }
}

/// Most deleted sequences that an answer names.
const DELETED_MAX: usize = 1_000_000;
const SUBJECTS_AT_ONCE: usize = 10_000;
