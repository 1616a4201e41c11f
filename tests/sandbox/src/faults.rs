//! Faults on demand: rules that say which requests go wrong, and how.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use base64::Engine;
use serde::{Deserialize, Serialize};

use crate::http::{Reply, Request};

/// Which requests go wrong, how often, and how. The first rule that matches and has not been
/// used up is the one that acts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it is for; by default all.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// How many requests it acts on; `None` is every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens to them.
    pub then: Then,
}

impl Rule {
    /// A rule for every request, for ever.
    #[must_use]
    pub fn always(then: Then) -> Self {
        Self { then, ..Self::default() }
    }

    /// A rule for the next `times` requests.
    #[must_use]
    pub fn times(times: u32, then: Then) -> Self {
        Self { times: Some(times), ..Self::always(then) }
    }

    /// The same rule, for requests on behalf of `name` alone.
    #[must_use]
    pub fn on_behalf_of(mut self, name: impl Into<String>) -> Self {
        self.matching.on_behalf_of = Some(name.into());
        self
    }

    /// The same rule, for requests of this method alone.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.matching.method = Some(method.into());
        self
    }

    /// The same rule, for requests of this path alone.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.matching.path = Some(path.into());
        self
    }
}

/// What a request must be for a rule to act on it. A value that ends in `*` matches what begins
/// with the rest; a field left out matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// The method, in capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The on-behalf-of header; `""` matches a request without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The path, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Match {
    fn takes(&self, request: &Request) -> bool {
        let fields = [
            (&self.method, request.method.as_str()),
            (&self.on_behalf_of, request.on_behalf_of().unwrap_or("")),
            (&self.key, request.bearer().unwrap_or("")),
            (&self.path, request.path()),
        ];
        fields.iter().all(|(wanted, is)| match wanted.as_deref() {
            None => true,
            Some(wanted) => match wanted.strip_suffix('*') {
                Some(start) => is.starts_with(start),
                None => *is == wanted,
            },
        })
    }
}

/// What happens to a request. With a status or a body the service does not see the request and
/// that is the reply; with neither it does its work, and only how the reply arrives is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// The status; 200 where only a body is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers, written as they stand here. They take the place of the reply's own of that name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body; where only a status is given, what the service says with that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, for bytes that are not text. It goes before `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Milliseconds to wait before the reply.
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
    /// Milliseconds to wait before each byte of the body.
    #[serde(skip_serializing_if = "is_zero")]
    pub drip_ms: u64,
    /// What the connection does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde asks for
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Then {
    /// A reply with this status, and the body that the service gives it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A reply of status 200 with this body.
    #[must_use]
    pub fn body(body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..Self::default() }
    }

    /// The service's own reply, delivered this way.
    #[must_use]
    pub fn action(action: Action) -> Self {
        Self { action: Some(action), ..Self::default() }
    }

    /// The service's own reply, this much later.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self { delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), ..Self::default() }
    }

    /// The same, with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status.filter(|status| !(200..=999).contains(status)) {
            return Err(format!("no final status: {status}"));
        }
        match self.body_base64.as_deref().map(decode) {
            Some(Err(why)) => Err(format!("body_base64: {why}")),
            _ => Ok(()),
        }
    }

    /// The reply that takes the place of the service's, if this gives one.
    pub(crate) fn replacement(&self) -> Option<Reply> {
        let body = match (&self.body_base64, &self.body) {
            (Some(base64), _) => Some(decode(base64).unwrap_or_default()),
            (None, Some(text)) => Some(text.clone().into_bytes()),
            (None, None) => None,
        };
        match (self.status, body) {
            (None, None) => None,
            (Some(status), None) => Some(Reply::usual(status)),
            (status, Some(body)) => Some(Reply::json_bytes(status.unwrap_or(200), body)),
        }
    }
}

fn decode(base64: &str) -> Result<Vec<u8>, base64::DecodeError> {
    base64::engine::general_purpose::STANDARD.decode(base64)
}

/// What the connection does instead of carrying the reply and waiting for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Closes without a byte of a reply.
    CloseBeforeReply,
    /// Closes in the middle of the headers.
    CloseInHeader,
    /// Closes in the middle of the body.
    CloseInBody,
    /// Breaks the connection (RST) without a byte of a reply.
    Reset,
    /// Never answers, and waits until the client gives up.
    Silent,
    /// Replies as if it would stay, then closes: the client keeps a dead connection.
    CloseAfterReply,
    /// Replies as if it would stay, then breaks the connection (RST).
    ResetAfterReply,
    /// Sends the body in chunks, one byte each.
    Chunked,
    /// Names no length: the body ends where the connection does.
    UntilClose,
    /// Sends the body alone, with no status line or header, and closes.
    Raw,
}

/// The rules in force, and which of the faults that happen once have happened.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    happened: HashSet<String>,
}

impl Faults {
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Clears the rules, and lets the faults that happen once happen again.
    pub fn reset(&mut self) {
        self.rules.clear();
        self.happened.clear();
    }

    /// What the rules have in store for a request; it is used up by asking.
    pub fn take(&mut self, request: &Request) -> Option<Then> {
        let rule = self.rules.iter_mut().find(|rule| rule.times != Some(0) && rule.matching.takes(request))?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.then.clone())
    }

    /// Whether this is the first request of that name.
    pub fn first(&mut self, name: &str) -> bool {
        self.happened.insert(name.to_owned())
    }
}
