//! Waits that the server asks for, sensible and absurd.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{Case, ms, reply, replying, send};
use crate::peer::Step;

/// The time so many seconds from now, as headers have it.
fn date(seconds: i64) -> String {
    let now = SystemTime::now();
    let offset = Duration::from_secs(seconds.unsigned_abs());
    httpdate::fmt_http_date(if seconds < 0 { now - offset } else { now + offset })
}

fn epoch(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn limited(name: &str, status: u16, headers: &str) -> Case {
    replying(name, [send(reply(&format!("{status} X"), headers, "")), Step::Serve])
}

pub fn cases() -> Vec<Trial> {
    let mut cases = Vec::new();
    // Longer than the call may take: it returns at once, and says how long.
    let too_long = [
        ("Retry-After", "60".to_owned(), 60),
        ("Retry-After", "3600".to_owned(), 3600),
        ("Retry-After", "86400".to_owned(), 3600),
        ("Retry-After", "18446744073709551615".to_owned(), 3600),
        ("Retry-After", "99999999999999999999999999999999".to_owned(), 3600),
        ("retry-after", "60".to_owned(), 60),
        ("RETRY-AFTER", "60".to_owned(), 60),
        ("Retry-After", "  60  ".to_owned(), 60),
        ("Retry-After", date(1_000_000), 3600),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT".to_owned(), 3600),
    ];
    for (name, value, seconds) in &too_long {
        for (status, code) in [(429, Code::RateLimited), (503, Code::Server)] {
            cases.push(
                limited(&format!("{status} {name}: {value}"), status, &format!("{name}: {value}\r\n"))
                    .ends(code, status, 1)
                    .retry_after(Some(*seconds))
                    .between(ms(0), ms(1000)),
            );
        }
    }
    let resets = [
        ("X-RateLimit-Reset", "60".to_owned(), 60),
        ("x-ratelimit-reset", "60".to_owned(), 60),
        ("X-RATELIMIT-RESET", "60".to_owned(), 60),
        ("X-RateLimit-Reset", "999999999".to_owned(), 3600),
        ("X-RateLimit-Reset", epoch(1_000_000).to_string(), 3600),
        ("X-RateLimit-Reset", "9999999999".to_owned(), 3600),
        // Milliseconds, by mistake.
        ("X-RateLimit-Reset", format!("{}000", epoch(30)), 3600),
    ];
    for (name, value, seconds) in resets {
        cases.push(
            limited(&format!("429 {name}: {value}"), 429, &format!("{name}: {value}\r\n"))
                .ends(Code::RateLimited, 429, 1)
                .retry_after(Some(seconds))
                .between(ms(0), ms(1000)),
        );
    }
    cases.push(
        limited(
            "429 with a date by the server's clock",
            429,
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n",
        )
        .ends(Code::RateLimited, 429, 1)
        .retry_after(Some(120)),
    );
    cases.push(
        limited(
            "429 with a reset by the server's clock",
            429,
            "Date: Sun, 09 Sep 2001 01:46:40 GMT\r\nX-RateLimit-Reset: 1000000120\r\n",
        )
        .ends(Code::RateLimited, 429, 1)
        .retry_after(Some(120)),
    );

    // Nothing to heed, or a wait that is over: a retry after the usual backoff.
    let no_wait = [
        "Retry-After: 0",
        "Retry-After: -5",
        "Retry-After: soon",
        "Retry-After: 1.5",
        "Retry-After: 1e3",
        "Retry-After: 0x10",
        "Retry-After:",
        "Retry-After: 60, 60",
        "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT",
        "Retry-After: Sun, 66 Nov 2094 08:49:37 GMT",
        "Retry-After: Sunday",
        "Retry-After: 60 seconds",
        "X-RateLimit-Reset: 0",
        "X-RateLimit-Reset: -1",
        "X-RateLimit-Reset: soon",
        "X-RateLimit-Reset: 12.5",
        "X-RateLimit-Reset: 1000000000",
        "X-RateLimit-Reset: 99999999999999999999999",
        "X-RateLimit-Reset: 18446744073709551615",
    ];
    for line in no_wait {
        cases.push(
            limited(&format!("429 {line}"), 429, &format!("{line}\r\n"))
                .ends(Code::Ok, 200, 2)
                .between(ms(120), ms(1000)),
        );
    }
    cases.extend([
        limited("503 does not heed X-RateLimit-Reset", 503, "X-RateLimit-Reset: 60\r\n").ends(Code::Ok, 200, 2),
        limited("404 heeds nothing", 404, "Retry-After: 60\r\n").ends(Code::NotFound, 404, 1).retry_after(None),
        limited("200 heeds nothing", 200, "Retry-After: 60\r\n").ends(Code::Protocol, 200, 1).retry_after(None),
        limited("Retry-After before X-RateLimit-Reset", 429, "X-RateLimit-Reset: 60\r\nRetry-After: 1\r\n")
            .ends(Code::Ok, 200, 2)
            .between(ms(1000), ms(1500)),
        limited("nonsense before X-RateLimit-Reset", 429, "Retry-After: soon\r\nX-RateLimit-Reset: 1\r\n")
            .ends(Code::Ok, 200, 2)
            .between(ms(1000), ms(1500)),
        limited("a second is waited for, 429", 429, "Retry-After: 1\r\n")
            .ends(Code::Ok, 200, 2)
            .between(ms(1000), ms(1500)),
        limited("a second is waited for, 503", 503, "Retry-After: 1\r\n")
            .ends(Code::Ok, 200, 2)
            .between(ms(1000), ms(1500)),
        limited("two headers: the first counts", 429, "Retry-After: 1\r\nRetry-After: 60\r\n")
            .ends(Code::Ok, 200, 2)
            .between(ms(1000), ms(1500)),
        limited(
            "X-RateLimit-Remaining alone asks for nothing",
            429,
            "X-RateLimit-Remaining: 0\r\nX-RateLimit-Limit: 600\r\n",
        )
        .ends(Code::Ok, 200, 2),
        limited("a wait past the deadline", 429, "Retry-After: 2\r\n")
            .with(|config| {
                config.set_timeout(ms(1500)).unwrap();
            })
            .ends(Code::RateLimited, 429, 1)
            .retry_after(Some(2))
            .between(ms(0), ms(1000)),
        limited("no retries: the wait is told", 429, "Retry-After: 1\r\n")
            .with(|config| {
                config.set_max_retries(0);
            })
            .ends(Code::RateLimited, 429, 1)
            .retry_after(Some(1))
            .between(ms(0), ms(900)),
        replying(
            "429 each time",
            [
                send(reply("429 X", "Retry-After: 0\r\n", "")),
                Step::Request,
                send(reply("429 X", "Retry-After: 0\r\n", "")),
                Step::Request,
                send(reply("429 X", "Retry-After: 7\r\n", "")),
                Step::Wait,
            ],
        )
        .ends(Code::RateLimited, 429, 3)
        .retry_after(Some(7)),
    ]);
    cases.into_iter().map(Case::trial).collect()
}
