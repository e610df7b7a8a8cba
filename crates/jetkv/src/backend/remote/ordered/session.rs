//! One consumer and what it pushes.

use crate::backend::Fault;
use crate::backend::remote::error::RemoteError;
use crate::backend::remote::link::{Link, Repeat};
use crate::backend::remote::stream::Target;
use crate::backend::remote::{damage, message, settings};
use async_nats::Subscriber;
use bytes::Bytes;
use futures_core::Stream;
use jetkv_engine::Damage;
use jetkv_jetstream::{Content, Start};
use jetkv_types::{Headers, Message, Sequence, SubjectFilter};
use jetkv_wire::ack::AckReply;
use jetkv_wire::api::{
    ConsumerConfig, ConsumerCreateRequest, ConsumerCreateResponse, ConsumerDeleteResponse, DeliverPolicy,
};
use jetkv_wire::json;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A consumer with the subscription that it pushes to.
#[derive(Debug)]
pub(super) struct Session {
    consumer: String,
    subscription: Subscriber,
    /// The last number of a delivery; they have no holes.
    heard: u64,
}

/// What was heard of it.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message, and how many are to come behind it.
    Message(Box<Message>, u64),
    /// A sign of life: everything that there is was delivered, and the consumer has looked as far as this sequence.
    Idle(Sequence),
    /// A message that the server cannot read.
    Damaged(Damage),
    /// Something is missing.
    Lost,
}

impl Session {
    /// Creates a consumer; the second value is how many messages it has.
    pub(super) async fn open(
        target: &Target,
        filters: &[SubjectFilter],
        start: Start,
        content: Content,
    ) -> Result<(Self, u64), Fault> {
        let link = &target.link;
        let inbox = link.client.new_inbox();
        // Before the consumer is there, so that nothing is pushed to nobody.
        let subscription = link
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| RemoteError::Unavailable { reason: error.to_string() })?;
        let consumer = link.new_id();
        let request = ConsumerCreateRequest {
            stream_name: target.name.as_str().into(),
            config: config(link, filters, start, content, &consumer, inbox),
            ..ConsumerCreateRequest::default()
        };
        let verb = match filters {
            // Permissions can be given by the filter that stands in the subject.
            [filter] => format!("CONSUMER.CREATE.{}.{consumer}.{filter}", target.name),
            _ => format!("CONSUMER.CREATE.{}.{consumer}", target.name),
        };
        let body = Bytes::from(json::to_vec(&request));
        // A cluster may give the consumer to a server that is gone, and nobody answers: another one may be luckier.
        let until = Instant::now() + CREATE_PATIENCE.min(link.timeout);
        let created = link.api_until::<ConsumerCreateResponse>(&verb, body, Repeat::Safe, until).await?;
        let created = created
            .map_err(|error| target.meaning(crate::backend::remote::error::explain(error, &target.name)))?;
        Ok((Self { consumer, subscription, heard: 0 }, created.info.num_pending))
    }

    /// Waits for the next message or sign of life.
    pub(super) async fn hear(&mut self, link: &Link, patience: Duration) -> Heard {
        loop {
            let Ok(Some(message)) = timeout(patience, next(&mut self.subscription)).await else {
                return Heard::Lost;
            };
            match message.status.map(|status| status.as_u16()) {
                None => return self.delivered(message),
                Some(100) => match message.reply {
                    // The window opens again: everything before this was taken.
                    Some(reply) => answer(link, reply.to_string()).await,
                    None => {
                        if let Some(heard) = self.heartbeat(link, &message).await {
                            return heard;
                        }
                    }
                },
                // The consumer was deleted, or its leader has changed.
                Some(_) => {
                    let Some(damage) = damage::of_status(&message) else { return Heard::Lost };
                    // It stands for a message, also in the count.
                    self.heard += 1;
                    return Heard::Damaged(damage);
                }
            }
        }
    }

    fn delivered(&mut self, message: async_nats::Message) -> Heard {
        let Some(reply) = message.reply.clone() else { return Heard::Lost };
        let Some(numbers) = AckReply::parse(reply.as_bytes()) else { return Heard::Lost };
        if numbers.consumer_seq != self.heard + 1 {
            return Heard::Lost;
        }
        self.heard = numbers.consumer_seq;
        match message::delivered(message, &numbers) {
            Ok(message) => Heard::Message(Box::new(message), numbers.pending),
            // A subject that is none of ours cannot be a key.
            Err(_) => Heard::Lost,
        }
    }

    /// `None` if the consumer only waits for our answer.
    async fn heartbeat(&self, link: &Link, message: &async_nats::Message) -> Option<Heard> {
        let headers = message.headers.as_ref()?;
        let header = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        if let Some(stalled) = header("Nats-Consumer-Stalled") {
            answer(link, stalled).await;
            return None;
        }
        let number = |name: &str| header(name).and_then(|text| text.parse::<u64>().ok());
        if number("Nats-Last-Consumer") != Some(self.heard) {
            return Some(Heard::Lost);
        }
        Some(Heard::Idle(number("Nats-Last-Stream").unwrap_or(0)))
    }

    /// Deletes the consumer; if that fails, the server does it when nobody listens any more.
    pub(super) async fn end(self, target: &Target) {
        drop(self.subscription);
        let verb = format!("CONSUMER.DELETE.{}.{}", target.name, self.consumer);
        let ended = target.link.api::<ConsumerDeleteResponse>(&verb, Bytes::new(), Repeat::Never);
        timeout(END_PATIENCE, ended).await.ok();
    }
}

fn config(
    link: &Link,
    filters: &[SubjectFilter],
    start: Start,
    content: Content,
    consumer: &str,
    inbox: String,
) -> ConsumerConfig {
    let (deliver_policy, opt_start_seq) = match start {
        Start::LastPerSubject => (DeliverPolicy::LastPerSubject, 0),
        Start::All => (DeliverPolicy::All, 0),
        Start::New => (DeliverPolicy::New, 0),
        Start::BySequence(from) => (DeliverPolicy::ByStartSequence, from),
    };
    let mut config = ConsumerConfig {
        name: consumer.into(),
        deliver_policy,
        opt_start_seq,
        max_deliver: 1,
        flow_control: true,
        headers_only: content == Content::HeadersOnly,
        deliver_subject: inbox,
        idle_heartbeat: settings::nanos(Some(link.heartbeat)),
        inactive_threshold: settings::nanos(Some(INACTIVE_THRESHOLD)),
        num_replicas: 1,
        mem_storage: true,
        ..ConsumerConfig::default()
    };
    match filters {
        [filter] => config.filter_subject = filter.as_str().into(),
        filters => config.filter_subjects = filters.iter().map(|filter| filter.as_str().into()).collect(),
    }
    config
}

async fn answer(link: &Link, subject: String) {
    // If it is lost, the next heartbeat says that the consumer waits.
    link.publish(subject, &Headers::none(), Bytes::new()).await.ok();
}

async fn next(subscription: &mut Subscriber) -> Option<async_nats::Message> {
    poll_fn(|cx| Pin::new(&mut *subscription).poll_next(cx)).await
}

const CREATE_PATIENCE: Duration = Duration::from_secs(3);
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(30);
const END_PATIENCE: Duration = Duration::from_secs(1);
