//! The log: docs/logging.md tells its events and keys, and shows what a few faults look like in it.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;

use libtest_mimic::Trial;
use sg_open_tracking::{Client, Code, Config, LogLevel};

use crate::case::{Call, KEY, client, ms, ok_reply, reply, send, story};
use crate::certificates::Server;
use crate::peer::{BlackHole, Gate, Peer, Step};
use crate::proxy::service;
use crate::resolver::{Answer, addresses, answer};

const PAGE: &str = include_str!("../../docs/logging.md");

/// The keys of each event, as the page has them.
static KEYS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with("| event |")).skip(2).take_while(|l| !l.is_empty());
    rows.map(|row| {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        (words[0], [&["level", "call", "attempt"], &words[1..]].concat())
    })
    .collect()
});

/// The names and values of a line of the log.
pub fn fields(line: &str) -> Vec<(&str, String)> {
    let mut fields = Vec::new();
    let mut rest = line;
    while let Some((name, behind)) = rest.split_once('=') {
        let mut values = serde_json::Deserializer::from_str(behind).into_iter::<String>();
        let value = values.next().filter(|_| behind.starts_with('"')).map(|value| value.unwrap());
        let end = if value.is_some() { values.byte_offset() } else { behind.find(' ').unwrap_or(behind.len()) };
        fields.push((name, value.unwrap_or_else(|| behind[..end].to_owned())));
        rest = behind[end..].strip_prefix(' ').unwrap_or_default();
    }
    fields
}

/// Holds each line to what the page says of all.
pub fn check(level: LogLevel, line: &str) {
    assert!(!line.contains(char::is_control) && !line.contains(KEY) && line.len() < 4096, "{line}");
    let fields = fields(line);
    assert!(fields[0].0 == "event" && fields[1] == ("level", level.name().to_owned()), "{line}");
    if let Some((_, ms)) = fields.iter().find(|(name, _)| *name == "ms" && fields[0].1 != "end") {
        let slow = ms.parse::<u64>().unwrap() >= 1000;
        assert_eq!(level, if slow { LogLevel::Warn } else { LogLevel::Debug }, "{line}");
    }
    let known = KEYS.get(fields[0].1.as_str()).unwrap_or_else(|| panic!("docs/logging.md lacks the event of: {line}"));
    let mut order = known.iter();
    for (name, _) in &fields[1..] {
        assert!(order.any(|other| other == name), "docs/logging.md lacks {name} there, or has another order: {line}");
    }
}

/// The lines of calls by a client with these options.
fn lines_of(url: &str, options: impl FnOnce(&mut Config), calls: impl FnOnce(&Client)) -> Vec<String> {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (kept, caller) = (Arc::clone(&lines), thread::current().id());
    let client = client(url, |config| {
        config.set_max_connections(1).unwrap().set_log(LogLevel::Debug, move |level, line| {
            assert_eq!(thread::current().id(), caller, "{line}");
            check(level, line);
            kept.lock().unwrap().push(line.to_owned());
        });
        options(config);
    });
    calls(&client);
    lines.lock().unwrap().clone()
}

/// Compares with the page's block under that heading, but for what hangs on the time that things take.
fn expect_shown(heading: &str, lines: &[String]) {
    let section = PAGE.split("\n### ").find_map(|section| section.strip_prefix(heading)).unwrap();
    let shown = section.split("```text\n").nth(1).and_then(|block| block.split("```").next()).unwrap();
    let printed = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    assert!(timeless(shown) == timeless(&printed), "docs/logging.md should show\n{printed}");
}

/// Without numbers, levels and whether a session ticket came in time to be used.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let text = text.replace("level=warn", "level=debug").replace("resumed=true", "resumed=false");
    for character in text.chars() {
        match character {
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            other => out.push(other),
        }
    }
    out
}

fn is_well(client: &Client) {
    assert_eq!(Call::Get.make(client, None).code, Code::Ok);
}

pub fn cases() -> Vec<Trial> {
    vec![
        story("a dead IPv6 route", || {
            let peer = service();
            let _dead = BlackHole::at(format!("[::1]:{}", peer.port()).parse().unwrap());
            answer("dead-route.matrix.test", addresses(&["::1", "127.0.0.1"]));
            let url = format!("https://dead-route.matrix.test:{}", peer.port());
            expect_shown("A dead IPv6 route", &lines_of(&url, |_| {}, is_well));
        }),
        story("a slow resolver", || {
            let peer = service();
            answer("slow-names.matrix.test", Answer::Late(ms(1200), vec![Ipv4Addr::LOCALHOST.into()]));
            let url = format!("https://slow-names.matrix.test:{}", peer.port());
            expect_shown("A slow resolver", &lines_of(&url, |_| {}, is_well));
        }),
        story("a proxy that refuses", || {
            let proxy = Peer::new(vec![vec![Step::Request, send(reply("403 Forbidden", "", "")), Step::Wait]]);
            let proxy = format!("http://user:a-password@127.0.0.1:{}", proxy.port());
            let lines = lines_of(
                "https://api.sendgrid.com",
                |config| drop(config.set_proxy(Some(&proxy))),
                |client| assert_eq!(Call::Update(false).make(client, None).code, Code::Proxy),
            );
            assert!(!lines.concat().contains("a-password"));
            expect_shown("A proxy that refuses", &lines);
        }),
        story("a fleet that is held by a 429", || {
            let refusal = reply("429 Too Many Requests", "Retry-After: 1\r\n", r#"{"errors":[]}"#);
            let mut script = vec![Step::Tls(Server::Good)];
            for reply in [ok_reply(), refusal, ok_reply()] {
                script.extend([Step::Request, send(reply)]);
            }
            let peer = Peer::new(vec![script]);
            answer("held.matrix.test", addresses(&["127.0.0.1"]));
            let lines = lines_of(
                &format!("https://held.matrix.test:{}", peer.port()),
                |_| {},
                |client| {
                    client.get_many(["shop", "news"], |_, _| ControlFlow::Continue(())).unwrap();
                },
            );
            expect_shown("A fleet that is held by a 429", &lines);
        }),
        story("a fleet that was refused nothing is held by no 429", || {
            let gate = Gate::default();
            let first = vec![Step::Tls(Server::Good), Step::Request, Step::Gate(gate.clone()), send(ok_reply())];
            let peer = Peer::new(vec![first, vec![Step::Tls(Server::Good), Step::Serve]]);
            let holds: Arc<Mutex<Vec<String>>> = Arc::default();
            let kept = Arc::clone(&holds);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |config| {
                config.set_log(LogLevel::Debug, move |_, line| {
                    if line.starts_with("event=hold ") {
                        kept.lock().unwrap().push(line.to_owned());
                        gate.open();
                    }
                });
            });
            client.get_many(["shop", "news"], |_, _| ControlFlow::Continue(())).unwrap();
            let holds = holds.lock().unwrap();
            assert!(
                holds.iter().all(|line| line.contains(" level=debug ") && line.contains(" why=limit ")),
                "{holds:?}"
            );
            assert!(!holds.is_empty());
        }),
        story("a stale connection, replaced", || {
            let once = vec![Step::Tls(Server::Good), Step::Request, send(ok_reply()), Step::Close];
            let peer = Peer::new(vec![once, vec![Step::Tls(Server::Good), Step::Serve]]);
            answer("stale.matrix.test", addresses(&["127.0.0.1"]));
            let lines = lines_of(
                &format!("https://stale.matrix.test:{}", peer.port()),
                |_| {},
                |client| {
                    is_well(client);
                    peer.wait(|seen| seen.shut == 1);
                    is_well(client);
                },
            );
            expect_shown("A stale connection, replaced", &lines);
        }),
        story("a certificate of another name", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::WrongName), Step::Serve]]);
            answer("another-name.matrix.test", addresses(&["127.0.0.1"]));
            let lines = lines_of(
                &format!("https://another-name.matrix.test:{}", peer.port()),
                |_| {},
                |client| {
                    assert_eq!(Call::Get.make(client, None).code, Code::Tls);
                },
            );
            expect_shown("A certificate of another name", &lines);
        }),
    ]
}
