//! From a reply to an outcome.

use serde::Deserialize;
use ureq::http::header::{CONTENT_ENCODING, HeaderMap};

use crate::error::{self, Error};
use crate::key::Key;
use crate::net::Reply;
use crate::{Code, Region};

/// What the request was, which decides what its reply means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Cut out of whatever the server says, before that is shortened.
    pub(crate) key: &'a Key,
    /// The scope that the key needs for it.
    pub(crate) scope: &'static str,
    pub(crate) region: Region,
    pub(crate) on_behalf_of: Option<&'a str>,
}

#[derive(Deserialize)]
struct Setting {
    enabled: bool,
}

#[derive(Deserialize)]
struct Subuser {
    username: String,
}

/// The setting that the reply reports, or why it reports none. `update_to` is the value that was
/// to be set; `None` for a read.
pub(crate) fn setting(reply: Reply, asked: Asked, update_to: Option<bool>) -> Result<bool, Error> {
    let (body, headers) = body_of(reply, asked)?;
    let setting: Setting = object(&body).map_err(|why| unexpected("a setting", &why, asked, &headers))?;
    match update_to {
        Some(wanted) if wanted != setting.enabled => {
            let message = format!(
                "the server answered 200 but reports open tracking {}: read it again before you rely on it",
                on_off(setting.enabled)
            );
            Err(Error::new(Code::NotApplied, message).with_enabled(setting.enabled))
        }
        _ => Ok(setting.enabled),
    }
}

/// The usernames on the page of subusers that the reply brings.
pub(crate) fn usernames(reply: Reply, asked: Asked) -> Result<Vec<String>, Error> {
    let (body, headers) = body_of(reply, asked)?;
    let page = serde_json::from_slice::<Vec<Subuser>>(&body).map_err(|error| error.to_string());
    let page = page.map_err(|why| unexpected("a list of subusers", &why, asked, &headers))?;
    Ok(page.into_iter().map(|subuser| subuser.username).collect())
}

/// The body of a reply that grants what was asked, with its headers.
fn body_of(reply: Reply, asked: Asked) -> Result<(Vec<u8>, HeaderMap), Error> {
    match reply.body {
        // What was said until then does not matter to who no longer wants it.
        Err(fault) if fault.code == Code::Cancelled => Err(fault.into()),
        body if reply.status != 200 => Err(refusal(reply.status, body.ok().as_deref(), asked)),
        body => Ok((body?, reply.headers)),
    }
}

fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    // serde would take an array for the members in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn on_off(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn unexpected(wanted: &str, why: &str, asked: Asked, headers: &HeaderMap) -> Error {
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let message = match encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        Some(encoding) => format!("the reply is encoded as {encoding}, though no encoding was asked for"),
        None => format!("the reply is not {wanted}: {why}"),
    };
    Error::new(Code::Protocol, asked.key.redact(&message))
}

fn code_of(status: u16) -> Code {
    match status {
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        429 => Code::RateLimited,
        400..500 => Code::BadRequest,
        500..600 => Code::Server,
        _ => Code::Status,
    }
}

/// Says what the server said, and what to do.
fn refusal(status: u16, body: Option<&[u8]>, asked: Asked) -> Error {
    let code = code_of(status);
    let said = body.and_then(first_message).map(|text| asked.key.redact(&text));
    let said = said.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(default_text(status));
    let hint = match code {
        Code::Unauthorized => {
            let (here, there) = (asked.region.name(), asked.region.other().name());
            format!(": check the key and its region; a key of the {there} region does not work in the {here} region")
        }
        Code::Forbidden => {
            let whom = if asked.on_behalf_of.is_some() {
                ", and must belong to the parent account of that subuser"
            } else {
                ""
            };
            format!(": the key needs the scope {}{whom}", asked.scope)
        }
        Code::NotFound if asked.on_behalf_of.is_some() => ": check the name in on_behalf_of".to_owned(),
        Code::RateLimited => ": wait as long as retry_after says, or set requests_per_minute".to_owned(),
        Code::Server => ": the service's fault, try again later".to_owned(),
        Code::Status if (300..400).contains(&status) => {
            ": redirects are not followed, since the key would go along: check the base URL".to_owned()
        }
        _ => String::new(),
    };
    // The hint must survive a long text of the server's.
    let said = error::cut(said, error::MESSAGE_MAX - hint.len() - "999 ".len());
    Error::new(code, format!("{status} {said}{hint}"))
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<serde_json::Value>,
}

/// The first message of an error's body, should it be the documented one.
fn first_message(body: &[u8]) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    refusal.errors.iter().find_map(|error| error.get("message")?.as_str()).map(str::to_owned)
}

fn default_text(status: u16) -> &'static str {
    let status = ureq::http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("without a reason")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: HeaderMap::new(), body: Ok(body.as_bytes().to_vec()) }
    }

    fn key() -> Key {
        Key::new("SG.secret").unwrap()
    }

    fn read(key: &Key) -> Asked<'_> {
        Asked { key, scope: "tracking_settings.open.read", region: Region::Global, on_behalf_of: None }
    }

    #[test]
    fn settings() {
        let cases: [(&str, Result<bool, Code>); 16] = [
            (r#"{"enabled":true}"#, Ok(true)),
            (r#"{"enabled":false}"#, Ok(false)),
            (r#" { "other": [1, {"enabled": true}], "enabled" : false } "#, Ok(false)),
            ("", Err(Code::Protocol)),
            ("{}", Err(Code::Protocol)),
            ("null", Err(Code::Protocol)),
            ("[true]", Err(Code::Protocol)),
            (r#"{"enabled":null}"#, Err(Code::Protocol)),
            (r#"{"enabled":"true"}"#, Err(Code::Protocol)),
            (r#"{"enabled":1}"#, Err(Code::Protocol)),
            (r#"{"enabled":true,"enabled":false}"#, Err(Code::Protocol)),
            (r#"{"enabled":true"#, Err(Code::Protocol)),
            (r#"{"enabled":true}x"#, Err(Code::Protocol)),
            ("\u{feff}{\"enabled\":true}", Err(Code::Protocol)),
            (r#"{"Enabled":true}"#, Err(Code::Protocol)),
            ("<html>", Err(Code::Protocol)),
        ];
        for (body, expected) in cases {
            let judged = setting(reply(200, body), read(&key()), None).map_err(|error| error.code());
            assert_eq!(judged, expected, "{body}");
        }
    }

    #[test]
    fn pages_of_subusers() {
        let cases: [(&str, Result<&[&str], Code>); 7] = [
            ("[]", Ok(&[])),
            (r#"[{"disabled":false,"id":1,"username":"a","email":"b"},{"username":"c"}]"#, Ok(&["a", "c"])),
            ("", Err(Code::Protocol)),
            ("{}", Err(Code::Protocol)),
            ("[1]", Err(Code::Protocol)),
            (r#"[{"username":null}]"#, Err(Code::Protocol)),
            (r#"[{"username":"a"}"#, Err(Code::Protocol)),
        ];
        for (body, expected) in cases {
            let names = usernames(reply(200, body), read(&key())).map_err(|error| error.code());
            assert_eq!(names, expected.map(|names| names.iter().map(ToString::to_string).collect()), "{body}");
        }
        assert_eq!(usernames(reply(403, ""), read(&key())).unwrap_err().code(), Code::Forbidden);
    }

    #[test]
    fn refusals_say_what_was_said_and_what_to_do() {
        let key = key();
        let read = read(&key);
        let update = Asked { scope: "tracking_settings.open.update", on_behalf_of: Some("sub"), ..read };
        let documented =
            |message: &str| format!(r#"{{"errors":[{{"field":"null","message":"{message}","help":7}}],"id":"x"}}"#);
        let cases = [
            (read, 400, documented("bad request"), Code::BadRequest, "400 bad request"),
            (
                read,
                401,
                documented("authorization required"),
                Code::Unauthorized,
                "401 authorization required: check the key and its region; a key of the EU",
            ),
            (
                read,
                403,
                documented("access forbidden"),
                Code::Forbidden,
                "403 access forbidden: the key needs the scope tracking_settings.open.read",
            ),
            (
                update,
                403,
                documented("access forbidden"),
                Code::Forbidden,
                "tracking_settings.open.update, and must belong to the parent account",
            ),
            (read, 404, documented("not found"), Code::NotFound, "404 not found"),
            (update, 404, documented("not found"), Code::NotFound, "check the name in on_behalf_of"),
            (read, 406, String::new(), Code::BadRequest, "406 Not Acceptable"),
            (read, 429, documented("too many requests"), Code::RateLimited, "429 too many requests"),
            (read, 451, String::new(), Code::BadRequest, "451 Unavailable For Legal Reasons"),
            (read, 500, "<html>sorry</html>".to_owned(), Code::Server, "500 Internal Server Error"),
            (read, 503, String::new(), Code::Server, "503 Service Unavailable"),
            (read, 599, "[]".to_owned(), Code::Server, "599 without a reason"),
            (read, 201, r#"{"enabled":true}"#.to_owned(), Code::Status, "201 Created"),
            (read, 204, String::new(), Code::Status, "204 No Content"),
            (read, 302, String::new(), Code::Status, "redirects are not followed"),
            (read, 400, r#"{"errors":[]}"#.to_owned(), Code::BadRequest, "400 Bad Request"),
            (
                read,
                400,
                r#"{"errors":[{"message":null},{"message":"second"}]}"#.to_owned(),
                Code::BadRequest,
                "400 second",
            ),
            (read, 400, r#"{"errors":"odd"}"#.to_owned(), Code::BadRequest, "400 Bad Request"),
            (read, 400, documented("  "), Code::BadRequest, "400 Bad Request"),
            (read, 400, documented("\\u001b[31mred\\nline"), Code::BadRequest, r"400 \u{1b}[31mred line"),
        ];
        for (asked, status, body, code, text) in cases {
            let error = setting(reply(status, &body), asked, None).unwrap_err();
            assert_eq!(error.code(), code, "{status} {body}");
            assert!(error.message().contains(text), "{status} {body}: {error}");
        }
    }

    #[test]
    fn the_key_is_cut_out_of_what_the_server_says() {
        let text = "x".repeat(470) + "SG.secret";
        for (status, body) in [
            (400, r#"{"errors":[{"message":"bad SG.secret, SG.secret"}]}"#.to_owned()),
            (400, format!(r#"{{"errors":[{{"message":"{text}"}}]}}"#)),
            (200, r#"{"enabled":"SG.secret"}"#.to_owned()),
        ] {
            let error = setting(reply(status, &body), read(&key()), None).unwrap_err();
            assert!(!error.message().contains("SG.s"), "{error}");
        }
    }

    #[test]
    fn the_hint_survives_a_long_text() {
        let body = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "ü".repeat(50_000));
        let error = setting(reply(403, &body), read(&key()), None).unwrap_err();
        assert!(error.message().len() <= error::MESSAGE_MAX);
        assert!(error.message().ends_with("tracking_settings.open.read"), "{error}");
    }

    proptest! {
        #[test]
        fn no_reply_is_too_odd(
            status in 100..1000_u16,
            body in proptest::collection::vec(any::<u8>(), 0..300),
            update_to in any::<Option<bool>>(),
        ) {
            let reply = Reply { status, headers: HeaderMap::new(), body: Ok(body) };
            let key = key();
            if let Err(error) = setting(reply, read(&key), update_to) {
                prop_assert!(error.message().len() <= error::MESSAGE_MAX && !error.message().is_empty());
                prop_assert!(status == 200 || error.message().starts_with(&status.to_string()));
            }
        }

        #[test]
        fn any_message_of_the_server_s_arrives_without_the_key(before in any::<String>(), after in any::<String>()) {
            let message = format!("{before}SG.secret{after}");
            let body = serde_json::json!({"errors": [{"message": message}]}).to_string();
            let key = key();
            let error = setting(reply(403, &body), read(&key), None).unwrap_err();
            prop_assert!(!error.message().contains("SG.secret"), "{}", error);
            prop_assert!(error.message().ends_with("tracking_settings.open.read"), "{}", error);
        }
    }
}
