//! Requests to the server itself, under `$SYS.REQ.` (PROTOCOL 1.19).

use crate::auth::Identity;
use crate::js::{Ctx, Handled};
use crate::options::{PermissionOptions, SubjectPermission};
use crate::router::Msg;
use crate::state::Shared;
use crate::version;
use serde::Serialize;

/// What all these subjects begin with.
pub(crate) const PREFIX: &[u8] = b"$SYS.REQ.";

/// Answers a request that any user may make, if it is one.
pub(crate) fn request(server: &Shared, identity: &Identity, ctx: &mut Ctx<'_>, msg: &Msg<'_>) -> Handled {
    if msg.subject != b"$SYS.REQ.USER.INFO" {
        return Handled::No;
    }
    let account = identity.account();
    let permissions = identity.permissions.as_ref().map(|each| PermissionInfo::of(each.options()));
    let user = identity.user.as_ref().map_or("", |user| user.name.as_str());
    let data = UserInfo { user, account, account_name: account, permissions };
    // Strings and numbers always have a JSON form; without one there would be nothing to answer.
    if let Ok(answer) = serde_json::to_vec(&Answer { server: ServerInfo::of(server), data }) {
        ctx.reply(msg.reply, &[], &answer);
    }
    Handled::Yes
}

/// What every answer of the server itself looks like.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<T> {
    /// Who answers.
    pub(crate) server: ServerInfo,
    /// The answer.
    pub(crate) data: T,
}

/// The server that answers.
#[derive(Debug, Serialize)]
pub(crate) struct ServerInfo {
    name: String,
    host: String,
    id: String,
    ver: &'static str,
    jetstream: bool,
    flags: u32,
    seq: u64,
    time: String,
}

/// With JetStream, and what it can do.
const FLAGS_JETSTREAM: u32 = 7;

impl ServerInfo {
    /// Describes the server at this moment.
    pub(crate) fn of(server: &Shared) -> Self {
        let settings = server.settings();
        let jetstream = settings.options.jetstream.is_some();
        Self {
            name: settings.server_name().to_owned(),
            host: settings.options.listen.host.clone(),
            id: settings.server_id().to_owned(),
            ver: version::VERSION,
            jetstream,
            flags: if jetstream { FLAGS_JETSTREAM } else { 0 },
            seq: server.stats.next_answer(),
            time: server.env.clock.now().to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct UserInfo<'a> {
    user: &'a str,
    account: &'a str,
    account_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<PermissionInfo<'a>>,
}

#[derive(Debug, Serialize)]
struct PermissionInfo<'a> {
    publish: SubjectInfo<'a>,
    subscribe: SubjectInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responses: Option<ResponseInfo>,
}

#[derive(Debug, Default, Serialize)]
struct SubjectInfo<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allow: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    deny: &'a [String],
}

#[derive(Debug, Serialize)]
struct ResponseInfo {
    max: i64,
    /// In nanoseconds.
    ttl: u64,
}

impl<'a> PermissionInfo<'a> {
    fn of(options: &'a PermissionOptions) -> Self {
        let responses = options.allow_responses.as_ref().map(|each| ResponseInfo {
            max: each.max.map_or(-1, i64::from),
            ttl: each.expires.map_or(0, |ttl| u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX)),
        });
        let (publish, subscribe) = (options.publish.as_ref(), options.subscribe.as_ref());
        let info =
            |each: Option<&'a SubjectPermission>| each.map_or_else(SubjectInfo::default, SubjectInfo::of);
        Self { publish: info(publish), subscribe: info(subscribe), responses }
    }
}

impl<'a> SubjectInfo<'a> {
    fn of(options: &'a SubjectPermission) -> Self {
        Self { allow: options.allow.as_deref().unwrap_or_default(), deny: &options.deny }
    }
}
