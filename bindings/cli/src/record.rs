//! What became of one account: the line of the journal, of `--json` and of `--csv`.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use sg_open_tracking::{Code, Error, Report};

use crate::args::RegionName;

/// The account of a key itself, or one that the key may act for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    pub region: RegionName,
    /// The subuser's name; `None` for the account itself.
    pub on_behalf_of: Option<String>,
}

impl Account {
    /// For people: a name out of a file may hold what a terminal would obey.
    pub fn name(&self) -> Cow<'_, str> {
        match self.on_behalf_of.as_deref() {
            None => Cow::Borrowed("(the account itself)"),
            Some(name) if name.chars().any(char::is_control) => Cow::Owned(name.escape_debug().to_string()),
            Some(name) => Cow::Borrowed(name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    Read,
    AlreadyRight,
    Changed,
    WouldChange,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record<A = Account> {
    pub time: Timestamp,
    #[serde(flatten)]
    pub account: A,
    pub outcome: Ending,
    /// What the service reported, if it did.
    pub enabled: Option<bool>,
    /// As its name, `SG_OK`, `SG_ERR_TIMEOUT` and so on.
    #[serde(with = "name_of_code")]
    pub code: Code,
    pub http_status: Option<u16>,
    pub attempts: u32,
    pub elapsed_ms: u32,
    /// Why it failed.
    pub message: Option<Box<str>>,
}

/// A record of an account that is known otherwise: of these there are many in memory.
pub type Reading = Record<()>;

impl Record {
    pub fn ok(account: Account, outcome: Ending, enabled: bool, report: &Report) -> Record {
        Record::new(account, outcome, Code::Ok, Some(enabled), report, None)
    }

    pub fn failed(account: Account, error: &Error) -> Record {
        let message = Some(error.message().into());
        Record::new(account, Ending::Failed, error.code(), error.enabled(), error.report(), message)
    }

    fn new(
        account: Account,
        outcome: Ending,
        code: Code,
        enabled: Option<bool>,
        report: &Report,
        message: Option<Box<str>>,
    ) -> Record {
        Record {
            time: now(),
            account,
            outcome,
            enabled,
            code,
            http_status: report.http_status,
            attempts: report.attempts,
            elapsed_ms: milliseconds(report.elapsed),
            message,
        }
    }
}

impl<A> Record<A> {
    pub fn of<B>(self, account: B) -> Record<B> {
        let Record { time, account: _, outcome, enabled, code, http_status, attempts, elapsed_ms, message } = self;
        Record { time, account, outcome, enabled, code, http_status, attempts, elapsed_ms, message }
    }
}

mod name_of_code {
    use serde::{Deserialize, Deserializer, Serializer};
    use sg_open_tracking::Code;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(code.name())
    }

    /// A name that is not known is that of a later version.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Code::ALL.iter().copied().find(|code| code.name() == name).unwrap_or(Code::Internal))
    }
}

fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now)
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

pub fn on_off(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

pub fn capital(text: &str) -> String {
    text[..1].to_ascii_uppercase() + &text[1..]
}

/// "2026-11-24 09:30 UTC".
pub fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
