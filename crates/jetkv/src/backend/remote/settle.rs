//! What a cluster is given time for: the leader of a stream answers for its creation and its end, another server lists the streams,
//! and that one may hear of it a moment later.

use super::error::RemoteError;
use super::link::{Link, Repeat};
use crate::backend::Fault;
use bytes::Bytes;
use jetkv_types::StreamName;
use jetkv_wire::api::{StreamNamesRequest, StreamNamesResponse};
use jetkv_wire::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Whether a stream is to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    /// It was created.
    Yes,
    /// It was deleted.
    No,
}

impl Link {
    /// Returns the names of all streams.
    pub(super) async fn stream_names(&self) -> Result<Vec<String>, Fault> {
        self.stream_names_until(Instant::now() + self.timeout).await
    }

    /// Waits until the streams of a cluster are listed as they are. One server lists by what it knows itself, and is not asked.
    ///
    /// What was done is acknowledged already, so nothing of this is an error; and somebody else may have made or deleted a stream of
    /// that name meanwhile.
    pub(super) async fn settle(&self, name: &StreamName, listed: Listed) {
        if !self.may_be_cluster() {
            return;
        }
        let deadline = Instant::now() + self.timeout.min(SETTLES_IN);
        let mut pause = PAUSE_MIN;
        while let Ok(names) = self.stream_names_until(deadline).await
            && names.iter().any(|other| other == name.as_str()) != (listed == Listed::Yes)
            && Instant::now() + pause < deadline
        {
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn stream_names_until(&self, deadline: Instant) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = Vec::new();
        loop {
            // Without a filter by subject, since a mirror has none.
            let offset = i64::try_from(names.len()).unwrap_or(i64::MAX);
            let request = StreamNamesRequest { offset, ..StreamNamesRequest::default() };
            let body = Bytes::from(json::to_vec(&request));
            let answer =
                self.api_until::<StreamNamesResponse>("STREAM.NAMES", body, Repeat::Safe, deadline).await?;
            let answer = answer.map_err(RemoteError::Refused)?;
            let is_last = answer.streams.is_empty();
            names.extend(answer.streams);
            if is_last || u64::try_from(names.len()).unwrap_or(u64::MAX) >= answer.page.total {
                return Ok(names);
            }
        }
    }
}

/// A cluster that has not heard of a stream by then has other troubles.
const SETTLES_IN: Duration = Duration::from_secs(2);
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(100);
