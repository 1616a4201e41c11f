//! The service's own errors, and what their bodies may bring.

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{Call, Case, KEY, reply, replying, send};
use crate::peer::Step;

fn documented(message: &str) -> String {
    format!(r#"{{"errors":[{{"message":"{message}","field":"null","help":"null"}}],"id":"a-1"}}"#)
}

pub fn cases() -> Vec<Trial> {
    [documented_errors(), bodies(), messages()].into_iter().flatten().map(Case::trial).collect()
}

fn error(name: &str, status: u16, body: impl AsRef<[u8]>) -> Case {
    replying(name, [send(reply(&format!("{status} X"), "", body)), Step::Wait])
        .with(|config| {
            config.set_max_retries(0);
        })
        .connections(1)
}

fn documented_errors() -> Vec<Case> {
    let rows: [(u16, &'static str, Code, &'static str); 16] = [
        (400, "bad request", Code::BadRequest, "400 bad request"),
        (401, "authorization required", Code::Unauthorized, "a key of the EU region"),
        (401, "The provided authorization grant is invalid, expired, or revoked", Code::Unauthorized, "revoked"),
        (401, "Authenticated user is not authorized", Code::Unauthorized, "check the key"),
        (403, "access forbidden", Code::Forbidden, "tracking_settings.open.read"),
        (404, "not found", Code::NotFound, "404 not found"),
        (405, "method not allowed", Code::BadRequest, "405"),
        (406, "not acceptable", Code::BadRequest, "406"),
        (409, "conflict", Code::BadRequest, "409"),
        (413, "too large", Code::BadRequest, "413"),
        (429, "too many requests", Code::RateLimited, "429 too many requests"),
        (451, "unavailable due to data residency restrictions", Code::BadRequest, "data residency"),
        (500, "internal error", Code::Server, "500 internal error"),
        (501, "not implemented", Code::Server, "501"),
        (503, "service unavailable", Code::Server, "503"),
        (599, "odd", Code::Server, "599 odd"),
    ];
    let mut cases = Vec::new();
    for (status, message, code, text) in rows {
        cases.push(error(&format!("{status} {message}"), status, documented(message)).ends(code, status, 1).says(text));
        for (what, body) in [("an HTML body", "<html><h1>Sorry</h1></html>"), ("an empty body", "")] {
            cases.push(
                error(&format!("{status} {message}, {what}"), status, body).ends(code, status, 1).never_says("<h1>"),
            );
        }
    }
    cases.push(
        error("403 to an update", 403, documented("access forbidden"))
            .call(Call::Update(true))
            .ends(Code::Forbidden, 403, 1)
            .says("tracking_settings.open.update"),
    );
    // With the default retries: each status that may pass, and one that will not.
    for status in [429, 500, 502, 503, 504] {
        cases.push(
            replying(
                &format!("{status} to the end"),
                [
                    send(reply(&format!("{status} X"), "", "")),
                    Step::Request,
                    send(reply(&format!("{status} X"), "", "")),
                    Step::Request,
                    send(reply(&format!("{status} X"), "", "")),
                    Step::Wait,
                ],
            )
            .ends(if status == 429 { Code::RateLimited } else { Code::Server }, status, 3)
            .connections(1),
        );
        cases.push(
            replying(&format!("{status} once"), [send(reply(&format!("{status} X"), "", "")), Step::Serve])
                .ends(Code::Ok, 200, 2)
                .connections(1),
        );
    }
    for status in [400, 401, 403, 404, 408, 413, 425, 451, 501, 505] {
        cases.push(
            replying(
                &format!("{status} is not asked again"),
                [send(reply(&format!("{status} X"), "", "")), Step::Serve],
            )
            .ends(code_of(status), status, 1)
            .check(|seen| assert_eq!(seen.requests.len(), 1)),
        );
    }
    cases
}

fn code_of(status: u16) -> Code {
    match status {
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        500.. => Code::Server,
        _ => Code::BadRequest,
    }
}

/// A body that is odd never makes the error another one.
fn bodies() -> Vec<Case> {
    let odd = |name: &str, body: &str| error(name, 400, body).ends(Code::BadRequest, 400, 1);
    vec![
        odd("no errors", r#"{"errors":[]}"#).says("400 Bad Request"),
        odd("errors is null", r#"{"errors":null}"#),
        odd("errors is a string", r#"{"errors":"x"}"#),
        odd("errors is an object", r#"{"errors":{"message":"x"}}"#),
        odd("an error is a string", r#"{"errors":["x"]}"#),
        odd("a message is null, the next is not", r#"{"errors":[{"message":null},{"message":"second"}]}"#)
            .says("second"),
        odd("a message is a number, the next is not", r#"{"errors":[{"message":7},{"message":"second"}]}"#)
            .says("second"),
        odd("a message is missing, the next is not", r#"{"errors":[{"field":"a"},{"message":"second"}]}"#)
            .says("second"),
        odd("an error is null, the next is not", r#"{"errors":[null,{"message":"second"}]}"#).says("second"),
        odd("a message twice", r#"{"errors":[{"message":"first","message":"again"}]}"#),
        odd("cut short", r#"{"errors":[{"message":"fir"#),
        odd("junk after", r#"{"errors":[{"message":"first"}]}x"#),
        odd("invalid JSON", "{"),
        odd("deep nesting", &("[".repeat(100_000) + &"]".repeat(100_000))),
        odd("a message of blanks", &documented("   ")).says("400 Bad Request"),
        odd("an empty message", &documented("")).says("400 Bad Request"),
        error("invalid UTF-8", 400, b"{\"errors\":[{\"message\":\"\xff\xfe\"}]}").ends(Code::BadRequest, 400, 1),
        error("2 MB of a body", 400, " ".repeat(2_000_000)).ends(Code::BadRequest, 400, 1),
        error("gzip", 403, [0x1f, 0x8b, 8, 0, 0]).ends(Code::Forbidden, 403, 1),
    ]
}

/// What reaches `message` is one printable line, cut on a character, without the key.
fn messages() -> Vec<Case> {
    let says = |name: &str, message: &str| error(name, 400, documented(message)).ends(Code::BadRequest, 400, 1);
    let every_control: String = (0..32).map(|byte| format!("\\u{byte:04x}")).collect();
    vec![
        says("every control byte, escaped", &every_control),
        error("control bytes, as they are", 400, "{\"errors\":[{\"message\":\"a\x1b[31mb\"}]}").ends(
            Code::BadRequest,
            400,
            1,
        ),
        says("DEL and C1 controls", "a\\u007f\\u0080\\u009f\\u009b31mb").never_says("\u{9b}"),
        says("an escape sequence", "\\u001b[31mred\\u001b]0;title\\u0007").says("[31mred").never_says("\u{1b}"),
        says("line ends", "one\\r\\ntwo\\nthree").says("one two three"),
        says("a NUL", "one\\u0000two").says(r"one\u{0}two"),
        says("letters that turn the direction", "a\\u202eb\\u2066c\\u200fd").never_says("\u{202e}"),
        says("invisible letters", "a\\u200b\\ufeff\\u2060b"),
        says("other scripts", "acc\u{e8}s refus\u{e9} \u{6a29}\u{9650} \u{1f512}").says("\u{6a29}\u{9650} \u{1f512}"),
        says("a pair of surrogates", "\\ud83d\\udd12").says("\u{1f512}"),
        says("a lone surrogate", "\\ud83d"),
        says("100 KB of letters", &"x".repeat(100_000)).says("400 xxx"),
        says("100 KB of two-byte letters", &"\u{e9}".repeat(50_000)),
        says("100 KB of three-byte letters", &"\u{6a29}".repeat(33_000)),
        says("100 KB of four-byte letters", &"\u{1f512}".repeat(25_000)),
        says("100 KB of control bytes", &"\\u0001".repeat(100_000)),
        says("the key", &format!("bad key {KEY}, {KEY}!")).says("bad key [key], [key]!"),
        says("the key where the message is cut", &format!("{}{KEY}", "x".repeat(465))).never_says("SG."),
        says("the key with an escape", &format!("\\u0053{}", &KEY[1..])).says("[key]"),
        error("the key as a value", 200, format!(r#"{{"enabled":"{KEY}"}}"#)).ends(Code::Protocol, 200, 1),
        error("the key as a name", 200, format!(r#"{{"{KEY}":1}}"#)).ends(Code::Protocol, 200, 1),
        error("the key split by control bytes", 400, documented(&format!("{}\\u0007{}", &KEY[..10], &KEY[10..]))).ends(
            Code::BadRequest,
            400,
            1,
        ),
        replying(
            "the key as an encoding",
            [send(reply("200 OK", &format!("Content-Encoding: {KEY}\r\n"), "x")), Step::Wait],
        )
        .ends(Code::Protocol, 200, 1),
    ]
}
