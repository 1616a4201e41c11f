//! Faults by the account's name: a request on behalf of `fault-silent` is never answered, so a
//! test in any language gets its fault without a call to the admin paths.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::faults::{Action, Then};
use crate::http::{Reply, Request};

const PREFIX: &str = "fault-";
const HUGE: usize = 8 * 1024 * 1024;

/// A fault that an account's name asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFault {
    /// The name, with what may vary in capitals.
    pub pattern: &'static str,
    /// A name of that pattern.
    pub example: &'static str,
    /// What the request meets.
    pub does: &'static str,
}

/// Every fault that an account's name can ask for.
pub const NAMED_FAULTS: &[NamedFault] = &[
    row(
        "fault-status-CODE",
        "fault-status-503",
        "that status, with the body that the service gives it: JSON below 500, an HTML page from 500 on",
    ),
    row(
        "fault-status-CODE-retry-after-SECONDS",
        "fault-status-429-retry-after-1",
        "the same, with `Retry-After: SECONDS`",
    ),
    row(
        "fault-status-CODE-reset-SECONDS",
        "fault-status-429-reset-1",
        "the same, with `X-RateLimit-Limit: 600`, `-Remaining: 0`, `-Reset: SECONDS`",
    ),
    row(
        "fault-status-CODE-reset-epoch-SECONDS",
        "fault-status-429-reset-epoch-1",
        "the same, with the reset as the epoch second that is SECONDS ahead on the service's clock",
    ),
    row("fault-delay-MS", "fault-delay-2000", "the right reply, MS milliseconds late"),
    row("fault-drip-MS", "fault-drip-100", "the right reply, with MS milliseconds before each byte of its body"),
    row("fault-silent", "fault-silent", "no reply, ever; the connection stays open"),
    row("fault-close", "fault-close", "the connection closes before a byte of the reply"),
    row("fault-close-in-header", "fault-close-in-header", "it closes in the middle of the reply's headers"),
    row("fault-close-in-body", "fault-close-in-body", "it closes in the middle of the reply's body"),
    row("fault-close-after-reply", "fault-close-after-reply", "the right reply that promises to stay, then it closes"),
    row("fault-reset", "fault-reset", "the connection breaks (RST) before a byte of the reply"),
    row(
        "fault-reset-after-reply",
        "fault-reset-after-reply",
        "the right reply that promises to stay, then it breaks (RST)",
    ),
    row(
        "fault-not-applied",
        "fault-not-applied",
        "an update changes nothing and answers 200 with the other value; a read is answered rightly",
    ),
    row("fault-malformed-json", "fault-malformed-json", "200, `{\"enabled\":fal`"),
    row("fault-empty-body", "fault-empty-body", "200, no body"),
    row("fault-no-enabled", "fault-no-enabled", "200, `{}`"),
    row("fault-string-enabled", "fault-string-enabled", "200, `{\"enabled\":\"false\"}`"),
    row("fault-huge-body", "fault-huge-body", "200, the right JSON after 8 MiB of spaces"),
    row("fault-chunked", "fault-chunked", "the right reply, in chunks of one byte"),
    row("fault-until-close", "fault-until-close", "the right reply with no length: it ends where the connection does"),
    row("fault-not-http", "fault-not-http", "bytes that are not HTTP, and the connection closes"),
    row("fault-unicode-message", "fault-unicode-message", "403, message `accès refusé: 権限がありません 🔒`"),
    row("fault-long-message", "fault-long-message", "403, a message of 4000 `é` (8000 bytes)"),
    row("fault-echo-key", "fault-echo-key", "403, a message that repeats the request's key"),
    row("fault-redirect", "fault-redirect", "302 to `https://localhost:1/elsewhere`"),
    row("fault-html-CODE", "fault-html-500", "that status, with an HTML page"),
    row(
        "fault-once-FAULT",
        "fault-once-503",
        "any fault above (a bare CODE means `status-CODE`) for the first request of that whole name, key and side; later ones go well",
    ),
    row(
        "fault-once-FAULT-NONCE",
        "fault-once-close-8f3a",
        "the same, with anything at the end that makes the name new",
    ),
];

const fn row(pattern: &'static str, example: &'static str, does: &'static str) -> NamedFault {
    NamedFault { pattern, example, does }
}

/// The table of the faults in Markdown, as it stands in README.md.
#[must_use]
pub fn markdown_table() -> String {
    let mut table = String::from("| on-behalf-of | for example | what the request meets |\n|---|---|---|\n");
    for fault in NAMED_FAULTS {
        let _ = writeln!(table, "| `{}` | `{}` | {} |", fault.pattern, fault.example, fault.does);
    }
    table
}

/// Whether an account's name asks for a fault.
pub(crate) fn is_known(name: &str) -> bool {
    parse(name).is_some()
}

/// What an account's name asks for, and whether it is for the first request alone.
pub(crate) fn parse(name: &str) -> Option<(Fault<'_>, bool)> {
    let words: Vec<&str> = name.strip_prefix(PREFIX)?.split('-').collect();
    if words[0] != "once" {
        let (fault, rest) = parse_words(&words)?;
        return rest.is_empty().then_some((fault, false));
    }
    let asked = &words[1..];
    let bare = [&["status"], asked].concat();
    let (fault, _nonce) = parse_words(asked).or_else(|| parse_words(&bare).map(|(fault, _)| (fault, &[][..])))?;
    Some((fault, true))
}

/// A fault as its name tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault<'a> {
    Status(u16),
    RetryAfter(u16, &'a str),
    Reset(u16, u32),
    ResetEpoch(u16, u32),
    Html(u16),
    Delay(u64),
    Drip(u64),
    Deliver(Action),
    Body(&'static str),
    NotHttp,
    NotApplied,
    HugeBody,
    UnicodeMessage,
    LongMessage,
    EchoKey,
    Redirect,
}

/// The fault that the words begin with, the longest such, and the words after it.
fn parse_words<'a, 'w>(words: &'w [&'a str]) -> Option<(Fault<'a>, &'w [&'a str])> {
    use Fault::{Body, Delay, Deliver, Drip, Html, Reset, ResetEpoch, RetryAfter, Status};
    let found = match words {
        ["status", code, "retry", "after", seconds, rest @ ..] => (RetryAfter(status(code)?, seconds), rest),
        ["status", code, "reset", "epoch", seconds, rest @ ..] => {
            (ResetEpoch(status(code)?, seconds.parse().ok()?), rest)
        }
        ["status", code, "reset", seconds, rest @ ..] => (Reset(status(code)?, seconds.parse().ok()?), rest),
        ["status", code, rest @ ..] => (Status(status(code)?), rest),
        ["html", code, rest @ ..] => (Html(status(code)?), rest),
        ["delay", ms, rest @ ..] => (Delay(ms.parse().ok()?), rest),
        ["drip", ms, rest @ ..] => (Drip(ms.parse().ok()?), rest),
        ["silent", rest @ ..] => (Deliver(Action::Silent), rest),
        ["close", "in", "header", rest @ ..] => (Deliver(Action::CloseInHeader), rest),
        ["close", "in", "body", rest @ ..] => (Deliver(Action::CloseInBody), rest),
        ["close", "after", "reply", rest @ ..] => (Deliver(Action::CloseAfterReply), rest),
        ["close", rest @ ..] => (Deliver(Action::CloseBeforeReply), rest),
        ["reset", "after", "reply", rest @ ..] => (Deliver(Action::ResetAfterReply), rest),
        ["reset", rest @ ..] => (Deliver(Action::Reset), rest),
        ["chunked", rest @ ..] => (Deliver(Action::Chunked), rest),
        ["until", "close", rest @ ..] => (Deliver(Action::UntilClose), rest),
        ["not", "http", rest @ ..] => (Fault::NotHttp, rest),
        ["not", "applied", rest @ ..] => (Fault::NotApplied, rest),
        ["malformed", "json", rest @ ..] => (Body(r#"{"enabled":fal"#), rest),
        ["empty", "body", rest @ ..] => (Body(""), rest),
        ["no", "enabled", rest @ ..] => (Body("{}"), rest),
        ["string", "enabled", rest @ ..] => (Body(r#"{"enabled":"false"}"#), rest),
        ["huge", "body", rest @ ..] => (Fault::HugeBody, rest),
        ["unicode", "message", rest @ ..] => (Fault::UnicodeMessage, rest),
        ["long", "message", rest @ ..] => (Fault::LongMessage, rest),
        ["echo", "key", rest @ ..] => (Fault::EchoKey, rest),
        ["redirect", rest @ ..] => (Fault::Redirect, rest),
        _ => return None,
    };
    Some(found)
}

fn status(code: &str) -> Option<u16> {
    code.parse().ok().filter(|code| (200..600).contains(code))
}

impl Fault<'_> {
    /// What happens to a request; `now` is the service's clock in epoch seconds, and `answer`
    /// the right answer where the fault alters it. `None` leaves the request to the service.
    pub fn then(self, request: &Request, enabled: Option<bool>, now: i64) -> Option<Then> {
        let forbidden = |message: &str| {
            let body = json!({ "errors": [{ "field": "null", "message": message }] });
            Then { status: Some(403), ..Then::body(body.to_string()) }
        };
        Some(match self {
            Self::Status(code) => Then::status(code),
            Self::RetryAfter(code, seconds) => Then::status(code).header("Retry-After", seconds),
            Self::Reset(code, seconds) => limited(code, i64::from(seconds)),
            Self::ResetEpoch(code, seconds) => limited(code, now + i64::from(seconds)),
            Self::Html(code) => html(code),
            Self::Delay(delay_ms) => Then { delay_ms, ..Then::default() },
            Self::Drip(drip_ms) => Then { drip_ms, ..Then::default() },
            Self::Deliver(action) => Then::action(action),
            Self::Body(body) => Then::body(body),
            Self::NotHttp => Then { action: Some(Action::Raw), ..Then::body("SSH-2.0-OpenSSH_9.2\r\n") },
            Self::NotApplied => Then::body(json!({ "enabled": !asked(request)? }).to_string()),
            Self::HugeBody => {
                let right = json!({ "enabled": asked(request).or(enabled) });
                Then::body(" ".repeat(HUGE) + &right.to_string())
            }
            Self::UnicodeMessage => forbidden("accès refusé: 権限がありません 🔒"),
            Self::LongMessage => forbidden(&"é".repeat(4000)),
            Self::EchoKey => forbidden(&format!("access forbidden for {}", request.bearer().unwrap_or_default())),
            Self::Redirect => Then::status(302).header("Location", "https://localhost:1/elsewhere"),
        })
    }
}

/// The value that an update asks for.
fn asked(request: &Request) -> Option<bool> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    body.get("enabled")?.as_bool()
}

fn limited(code: u16, reset: i64) -> Then {
    Then::status(code)
        .header("X-RateLimit-Limit", "600")
        .header("X-RateLimit-Remaining", "0")
        .header("X-RateLimit-Reset", reset.to_string())
}

fn html(code: u16) -> Then {
    let page = Reply::html(code);
    Then { status: Some(code), ..Then::body(String::from_utf8_lossy(&page.body)) }.header("Content-Type", "text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_known_and_fits_its_pattern() {
        for fault in NAMED_FAULTS {
            assert!(is_known(fault.example), "{}", fault.example);
            let fixed: String = fault.pattern.chars().take_while(|c| !c.is_ascii_uppercase()).collect();
            assert!(fault.example.starts_with(&fixed), "{}", fault.example);
        }
    }

    #[test]
    fn a_slip_in_a_name_is_no_fault() {
        let slips = [
            "fault-",
            "fault-status",
            "fault-status-99",
            "fault-status-429-retyr-after-1",
            "fault-silent-x",
            "fault-once",
            "fault-once-nonsense",
            "silent",
        ];
        for name in slips {
            assert!(!is_known(name), "{name}");
        }
    }

    #[test]
    fn once_takes_any_fault_and_a_nonce() {
        for name in [
            "fault-once-503",
            "fault-once-503-retry-after-1-abc",
            "fault-once-status-503-abc",
            "fault-once-close-in-body-abc-def",
        ] {
            assert!(matches!(parse(name), Some((_, true))), "{name}");
        }
    }

    #[test]
    fn the_readme_holds_the_table() {
        assert!(
            include_str!("../README.md").contains(&markdown_table()),
            "README.md should hold:\n{}",
            markdown_table()
        );
    }
}
