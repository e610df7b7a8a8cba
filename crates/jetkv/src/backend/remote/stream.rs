//! One stream of a server: what it holds, reads of single messages, purges.

use super::error::{RemoteError, explain};
use super::link::{Link, Repeat};
use super::{damage, message, settings};
use crate::Reads;
use crate::backend::Fault;
use bytes::Bytes;
use jetkv_engine::{EngineError, Purge, StreamState};
use jetkv_jetstream::{JetStreamError, StreamSettings};
use jetkv_types::{Message, Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use jetkv_wire::api::{
    MsgGetRequest, MsgGetResponse, StreamInfo, StreamInfoRequest, StreamInfoResponse, StreamPurgeRequest,
    StreamPurgeResponse,
};
use jetkv_wire::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// A stream that was found, and the way to it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(super) link: Arc<Link>,
    pub(super) name: StreamName,
}

/// Reads what servers say of a stream.
pub(super) fn figures(state: &jetkv_wire::api::StreamState) -> StreamState {
    StreamState {
        messages: state.messages,
        bytes: state.bytes,
        // Servers say 0 for a stream that never had a message.
        first_sequence: if state.messages == 0 { state.last_seq + 1 } else { state.first_seq },
        first_time: state.first_ts,
        last_sequence: state.last_seq,
        last_time: state.last_ts,
        subjects: u64::try_from(state.num_subjects).unwrap_or(0),
        disk_bytes: 0,
    }
}

impl Target {
    /// Returns all that is told of the stream.
    pub(super) async fn info(&self) -> Result<StreamInfo, Fault> {
        let answer: Result<StreamInfoResponse, _> =
            self.link.about("STREAM.INFO", &self.name, Bytes::new(), Repeat::Safe).await;
        answer.map(|answer| answer.info).map_err(|fault| self.meaning(fault))
    }

    pub(super) async fn settings(&self) -> Result<StreamSettings, Fault> {
        let info = self.info().await?;
        settings::read(&info.config).map_err(|reason| RemoteError::unexpected("STREAM.INFO", reason).into())
    }

    pub(super) async fn state(&self) -> Result<StreamState, Fault> {
        Ok(figures(&self.info().await?.state))
    }

    /// Returns the present time by the clock of the server.
    pub(super) async fn now(&self) -> Result<Timestamp, Fault> {
        Ok(self.info().await?.ts)
    }

    /// Returns the message with this sequence.
    pub(super) async fn get(&self, sequence: Sequence) -> Result<Option<Message>, Fault> {
        if sequence == 0 {
            return Ok(None);
        }
        self.read(MsgGetRequest { seq: sequence, ..MsgGetRequest::default() }, self.link.reads).await
    }

    /// Returns the last message of a subject, as the leader knows it.
    pub(super) async fn last(&self, subject: &Subject) -> Result<Option<Message>, Fault> {
        self.last_from(subject, Reads::Leader).await
    }

    /// Returns the last message of a subject.
    pub(super) async fn last_from(&self, subject: &Subject, reads: Reads) -> Result<Option<Message>, Fault> {
        let request = MsgGetRequest { last_by_subj: subject.as_str().into(), ..MsgGetRequest::default() };
        self.read(request, reads).await
    }

    /// Returns the sequence of the last message of any subject that matches, as the leader knows it.
    pub(super) async fn last_matching(&self, filter: &SubjectFilter) -> Result<Option<Sequence>, Fault> {
        let request = MsgGetRequest { last_by_subj: filter.as_str().into(), ..MsgGetRequest::default() };
        Ok(self.read(request, Reads::Leader).await?.map(|last| last.sequence))
    }

    async fn read(&self, request: MsgGetRequest, reads: Reads) -> Result<Option<Message>, Fault> {
        let body = Bytes::from(json::to_vec(&request));
        if reads == Reads::AnyReplica {
            return self.read_direct(body).await;
        }
        let verb = format!("STREAM.MSG.GET.{}", self.name);
        match self.link.api::<MsgGetResponse>(&verb, body, Repeat::Safe).await? {
            Ok(answer) => Ok(Some(message::stored(answer.message)?)),
            Err(error) if error.err_code == 10037 => Ok(None),
            Err(error) => Err(self.meaning(explain(error, &self.name))),
        }
    }

    async fn read_direct(&self, body: Bytes) -> Result<Option<Message>, Fault> {
        let subject = self.link.api_subject(&format!("DIRECT.GET.{}", self.name));
        let deadline = Instant::now() + self.link.timeout;
        let answer = match self.link.ask_once(&subject, None, body.clone(), deadline).await {
            // Nobody listens: the stream is gone, or its leader is being chosen.
            Err(Fault::Remote(RemoteError::Unavailable { .. })) => {
                self.info().await?;
                self.link.ask(subject, None, body, Repeat::Safe, deadline).await?
            }
            answered => answered?,
        };
        match answer.status.map(|status| status.as_u16()) {
            None => Ok(Some(message::direct(answer)?)),
            Some(404) => Ok(None),
            Some(status) => {
                if let Some(damage) = damage::of_status(&answer) {
                    return Err(EngineError::Damaged(Arc::new(damage)).into());
                }
                let text = answer.description.unwrap_or_default();
                Err(RemoteError::unexpected("a direct get", format!("{status} {text}")).into())
            }
        }
    }

    /// Removes messages and returns how many there were.
    pub(super) async fn purge(&self, purge: Purge) -> Result<u64, Fault> {
        let request = StreamPurgeRequest {
            seq: purge.below.unwrap_or(0),
            filter: purge.filter.map(|filter| filter.as_str().to_owned()).unwrap_or_default(),
            keep: purge.keep.unwrap_or(0),
        };
        let body = Bytes::from(json::to_vec(&request));
        let purged: Result<StreamPurgeResponse, _> =
            self.link.about("STREAM.PURGE", &self.name, body, Repeat::Safe).await;
        purged.map(|answer| answer.purged).map_err(|fault| self.meaning(fault))
    }

    /// Returns how many messages each matching subject has.
    pub(super) async fn counts(&self, filter: &str) -> Result<BTreeMap<String, u64>, Fault> {
        let mut counts = BTreeMap::new();
        loop {
            let request = StreamInfoRequest {
                offset: i64::try_from(counts.len()).unwrap_or(i64::MAX),
                subjects_filter: filter.into(),
                ..StreamInfoRequest::default()
            };
            let body = Bytes::from(json::to_vec(&request));
            let answer: Result<StreamInfoResponse, _> =
                self.link.about("STREAM.INFO", &self.name, body, Repeat::Safe).await;
            let answer = answer.map_err(|fault| self.meaning(fault))?;
            let total = answer.page.total;
            let page = answer.info.state.subjects;
            let is_last = page.is_empty();
            counts.extend(page);
            if is_last || u64::try_from(counts.len()).unwrap_or(u64::MAX) >= total {
                return Ok(counts);
            }
        }
    }

    /// A stream that was there when the handle was made, and is not found now, was deleted.
    pub(super) fn meaning(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Stream(JetStreamError::Engine(EngineError::StreamNotFound { name })) => {
                EngineError::StreamDeleted { name }.into()
            }
            other => other,
        }
    }
}
