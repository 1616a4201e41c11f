//! Bodies of a 200 that are no setting, and those that are one in an odd shape.

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{Call, Case, reply, replying, send};
use crate::peer::Step;

pub fn cases() -> Vec<Trial> {
    let mut trials = Vec::new();
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    let settings = [
        ("a setting", r#"{"enabled":true}"#.to_owned()),
        ("white space", " \r\n\t{ \"enabled\" :\n true } \n".to_owned()),
        ("another member before and behind", r#"{"a":1,"enabled":true,"b":null}"#.to_owned()),
        ("a name with escapes", r#"{"\u0065nabled":true}"#.to_owned()),
        ("a member of each type", r#"{"a":[],"b":{},"c":"","d":1e400,"e":-0,"enabled":true}"#.to_owned()),
        ("an inner member of the same name", r#"{"a":{"enabled":false},"enabled":true}"#.to_owned()),
        ("a lone surrogate in another member", r#"{"a":"\ud800","enabled":true}"#.to_owned()),
        ("half a megabyte of white space", " ".repeat(500_000) + r#"{"enabled":true}"#),
        ("deep nesting beside it", format!(r#"{{"enabled":true,"a":{}}}"#, deep("[", "]", 100_000))),
        ("a long member beside it", format!(r#"{{"a":"{}","enabled":true}}"#, "x".repeat(500_000))),
    ];
    for (name, body) in settings {
        trials.push(case(name, body.as_bytes()).enabled(true).trial());
    }

    let none = [
        ("empty", String::new()),
        ("white space alone", "  \n".to_owned()),
        ("no member", "{}".to_owned()),
        ("null", "null".to_owned()),
        ("true", "true".to_owned()),
        ("an array", "[]".to_owned()),
        ("an array with the value", "[true]".to_owned()),
        ("an array with a setting", r#"[{"enabled":true}]"#.to_owned()),
        ("a string", r#""enabled""#.to_owned()),
        ("enabled is null", r#"{"enabled":null}"#.to_owned()),
        ("enabled is a string", r#"{"enabled":"true"}"#.to_owned()),
        ("enabled is a number", r#"{"enabled":1}"#.to_owned()),
        ("enabled is an array", r#"{"enabled":[true]}"#.to_owned()),
        ("enabled is an object", r#"{"enabled":{"enabled":true}}"#.to_owned()),
        ("enabled in capitals", r#"{"ENABLED":true}"#.to_owned()),
        ("enabled twice", r#"{"enabled":true,"enabled":true}"#.to_owned()),
        ("enabled twice, differing", r#"{"enabled":true,"enabled":false}"#.to_owned()),
        ("True as in Python", r#"{"enabled":True}"#.to_owned()),
        ("single quotes", "{'enabled':true}".to_owned()),
        ("no quotes", "{enabled:true}".to_owned()),
        ("a trailing comma", r#"{"enabled":true,}"#.to_owned()),
        ("a comment", r#"{"enabled":true/* yes */}"#.to_owned()),
        ("cut short", r#"{"enabled":tru"#.to_owned()),
        ("no end", r#"{"enabled":true"#.to_owned()),
        ("junk after", r#"{"enabled":true}x"#.to_owned()),
        ("a second setting after", r#"{"enabled":true}{"enabled":true}"#.to_owned()),
        ("a NUL after", "{\"enabled\":true}\0".to_owned()),
        ("a byte order mark", "\u{feff}{\"enabled\":true}".to_owned()),
        ("an HTML page", "<!DOCTYPE html><html><body>OK</body></html>".to_owned()),
        ("a form", "enabled=true".to_owned()),
        ("arrays nested 100000 deep", deep("[", "]", 100_000)),
        ("objects nested 50000 deep", format!(r#"{{"a":{}}}"#, deep(r#"{"a":"#, "}", 50_000))),
        ("10 MB of white space", " ".repeat(10_000_000) + r#"{"enabled":true}"#),
        ("10 MB of a string", format!(r#"{{"a":"{}","enabled":true}}"#, "x".repeat(10_000_000))),
        ("10 MB of nesting", deep("[", "]", 5_000_000)),
    ];
    for (name, body) in none {
        trials.push(case(name, body.as_bytes()).ends(Code::Protocol, 200, 1).trial());
    }
    let bytes: [(&str, &[u8]); 5] = [
        ("invalid UTF-8 in a string", b"{\"a\":\"\xff\xfe\",\"enabled\":}"),
        ("invalid UTF-8 in the name", b"{\"enabled\xff\":true}"),
        ("UTF-16", b"{\0\"\0e\0n\0a\0b\0l\0e\0d\0\"\0:\0t\0r\0u\0e\0}\0"),
        ("all byte values", &ALL_BYTES),
        ("an escape sequence", b"\x1b[2J\x1b]0;owned\x07"),
    ];
    for (name, body) in bytes {
        trials.push(case(name, body).ends(Code::Protocol, 200, 1).trial());
    }

    let answers = |name: &str, update: bool, body: &str| case(name, body.as_bytes()).call(Call::Update(update));
    trials.extend([
        answers("the update is confirmed", false, r#"{"enabled":false}"#).enabled(false).trial(),
        answers("the server says the other value, on", true, r#"{"enabled":false}"#)
            .ends(Code::NotApplied, 200, 1)
            .enabled(false)
            .says("off")
            .trial(),
        answers("the server says the other value, off", false, r#"{"enabled":true}"#)
            .ends(Code::NotApplied, 200, 1)
            .enabled(true)
            .says("on")
            .trial(),
        answers("an update's reply without the value", true, "{}").ends(Code::Protocol, 200, 1).trial(),
    ]);
    trials
}

const ALL_BYTES: [u8; 256] = {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = byte as u8;
        byte += 1;
    }
    all
};

fn case(name: &str, body: &[u8]) -> Case {
    replying(name, [send(reply("200 OK", "", body)), Step::Wait])
}
