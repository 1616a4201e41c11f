//! What happens to a connection between two calls, and to one that dies under a call.

use std::thread;

use libtest_mimic::Trial;
use sg_open_tracking::{Client, Code};

use crate::case::{BODY, Call, client, expect_end, ms, ok_reply, reply, send, story};
use crate::certificates::Server;
use crate::peer::{Gate, Peer, Script, Seen, Step};
use crate::records::ticket;

/// A call that goes well by `first`; then the rest of it, whose end is awaited; then another call.
struct TwoCalls {
    name: &'static str,
    first: Script,
    between: Script,
    /// When the second call may begin.
    done: fn(&Seen) -> bool,
    first_ends: (Code, u16),
    attempts: u32,
    connections: usize,
}

fn two(name: &'static str, first: impl Into<Script>, between: impl Into<Script>) -> TwoCalls {
    TwoCalls {
        name,
        first: first.into(),
        between: between.into(),
        done: |seen| seen.marks == 1,
        first_ends: (Code::Ok, 200),
        attempts: 1,
        connections: 2,
    }
}

impl TwoCalls {
    fn trial(self) -> Trial {
        story(self.name, move || {
            let gate = Gate::default();
            let mut script = vec![Step::Tls(Server::Good), Step::Request];
            script.extend(self.first);
            script.push(Step::Gate(gate.clone()));
            script.extend(self.between);
            let peer = Peer::new(vec![script, vec![Step::Tls(Server::Good), Step::Serve]]);
            let client = once(&peer);
            expect_end(&Call::Get.make(&client, None), self.first_ends.0, self.first_ends.1, 1);
            gate.open();
            peer.wait(self.done);
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Ok, 200, self.attempts);
            assert_eq!(end.enabled, Some(true), "it took what was no reply to it");
            assert_eq!(peer.seen().connections, self.connections);
        })
    }
}

/// A client that retries nothing: a dead connection is no reason to.
fn once(peer: &Peer) -> Client {
    client(&format!("https://127.0.0.1:{}", peer.port()), |config| {
        config.set_max_retries(0);
    })
}

pub fn cases() -> Vec<Trial> {
    let other = reply("200 OK", "", r#"{"enabled":false}"#);
    fn ok() -> Step {
        send(ok_reply())
    }
    let ended = |seen: &Seen| seen.ended == 1;
    let shut = |seen: &Seen| seen.shut == 1;
    let chunks = |headers: &str| {
        format!("HTTP/1.1 200 OK\r\n{headers}Transfer-Encoding: chunked\r\n\r\n10\r\n{BODY}\r\n0\r\n\r\n")
    };
    let mark = Step::Mark;
    let mut trials: Vec<_> = [
        TwoCalls { done: shut, ..two("closed between calls", [ok()], [Step::Close]) },
        TwoCalls { done: shut, ..two("cut between calls", [ok()], [Step::Cut]) },
        TwoCalls { done: ended, ..two("reset between calls", [ok()], [Step::Reset]) },
        TwoCalls {
            done: shut,
            ..two("half-closed between calls, and still listening", [ok()], [Step::Cut, Step::Serve])
        },
        two("nothing between calls", [ok()], [mark.clone(), Step::Serve]).on_one(),
        two("a key update between calls", [ok(), Step::KeyUpdate], [mark.clone(), Step::Serve]).on_one(),
        two("a fatal alert between calls", [ok()], [Step::Record(21, vec![2, 80]), mark.clone(), Step::Wait]),
        two(
            "close_notify between calls, and no more",
            [ok()],
            [Step::Record(21, vec![1, 0]), mark.clone(), Step::Wait],
        ),
        two(
            "a forged record between calls",
            [ok()],
            [Step::SendRaw(vec![23, 3, 3, 0, 20]), Step::SendRaw(vec![7; 20]), mark.clone(), Step::Wait],
        ),
        two("another reply between calls", [ok()], [send(&other), mark.clone(), Step::Wait]),
        two(
            "a part of a record between calls",
            [ok()],
            [Step::SendRaw(vec![23, 3, 3]), mark.clone(), Step::RawBytes, Step::Cut],
        )
        .stale(),
        two(
            "408 and close between calls",
            [ok()],
            [send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"), mark.clone(), Step::Close],
        ),
        two(
            "another reply right behind the first",
            [send([ok_reply(), other.clone()].concat())],
            [mark.clone(), Step::Wait],
        ),
        TwoCalls {
            done: ended,
            ..two("a megabyte of replies behind the first", [send([ok_reply(), other.repeat(20_000)].concat())], [])
        },
        two(
            "another reply where the buffer ends",
            [send([long_reply(), other.clone()].concat())],
            [mark.clone(), Step::Wait],
        ),
        two(
            "another reply behind the chunks",
            [send([chunks("").into_bytes(), other.clone()].concat())],
            [mark.clone(), Step::Wait],
        ),
        two("another reply in a record of its own", [ok(), send(&other)], [mark.clone(), Step::Wait]),
        two(
            "a blank line behind the reply",
            [send([ok_reply(), b"\r\n".to_vec()].concat())],
            [mark.clone(), Step::Wait],
        ),
        two("Connection: close", [send(reply("200 OK", "Connection: close\r\n", BODY))], [mark.clone(), Step::Wait]),
        two("connection: CLOSE", [send(reply("200 OK", "connection: CLOSE\r\n", BODY))], [mark.clone(), Step::Wait]),
        two(
            "Connection: keep-alive, close",
            [send(reply("200 OK", "Connection: keep-alive, close\r\n", BODY))],
            [mark.clone(), Step::Wait],
        ),
        two(
            "HTTP/1.0",
            [send(format!("HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n{BODY}"))],
            [mark.clone(), Step::Wait],
        ),
        two("chunks keep the connection", [send(chunks(""))], [mark.clone(), Step::Serve]).on_one(),
        two("an error keeps the connection", [send(reply("404 X", "", "{}"))], [mark.clone(), Step::Serve])
            .first(Code::NotFound, 404)
            .on_one(),
        two("204 keeps the connection", [send("HTTP/1.1 204 No Content\r\n\r\n")], [mark.clone(), Step::Serve])
            .first(Code::Status, 204)
            .on_one(),
        two("304 keeps the connection", [send("HTTP/1.1 304 Not Modified\r\n\r\n")], [mark.clone(), Step::Serve])
            .first(Code::Status, 304)
            .on_one(),
        two("JSON that is none keeps the connection", [send(reply("200 OK", "", "{"))], [mark.clone(), Step::Serve])
            .first(Code::Protocol, 200)
            .on_one(),
        two("101 ends it", [send("HTTP/1.1 101 Switching\r\n\r\n")], [mark.clone(), Step::Wait])
            .first(Code::Status, 101),
        two(
            "a body with a 204 ends it",
            [send([b"HTTP/1.1 204 No\r\n\r\n", &other[..]].concat())],
            [mark.clone(), Step::Wait],
        )
        .first(Code::Status, 204),
        two(
            "a length that is cut ends it",
            [send(format!("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{BODY}"))],
            [mark.clone(), Step::Wait],
        )
        .first(Code::Protocol, 200),
        two("no HTTP ends it", [send("hello\r\n\r\n")], [mark.clone(), Step::Wait]).first(Code::Protocol, 0),
        two("a large error ends it", [send(reply("403 X", "", " ".repeat(2_000_000)))], [mark.clone(), Step::Wait])
            .first(Code::Forbidden, 403),
        two("a length and chunks end it", [send(chunks("Content-Length: 16\r\n"))], [mark, Step::Wait])
            .first(Code::Protocol, 0),
    ]
    .into_iter()
    .map(TwoCalls::trial)
    .collect();

    for (how, end) in [("reset", Step::Reset), ("cut", Step::Cut), ("closed", Step::Close)] {
        let good = vec![Step::Tls(Server::Good), Step::Serve];
        let dies = vec![Step::Tls(Server::Good), Step::Request, ok(), Step::Request, end.clone()];
        let scripts = vec![dies.clone(), good.clone()];
        for call in [Call::Get, Call::Update(true)] {
            let scripts = scripts.clone();
            trials.push(story(&format!("{how} after the request was written, {call:?}"), move || {
                let peer = Peer::new(scripts);
                let client = once(&peer);
                expect_end(&call.make(&client, None), Code::Ok, 200, 1);
                expect_end(&call.make(&client, None), Code::Ok, 200, 2);
                let seen = peer.seen();
                assert_eq!((seen.connections, seen.requests.len()), (2, 3));
            }));
        }
        let scripts = vec![dies, vec![Step::Tls(Server::Good), Step::Request, end.clone()], good.clone()];
        trials.push(story(&format!("{how} after the request, and again on the fresh connection"), move || {
            let peer = Peer::new(scripts);
            let client = once(&peer);
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            expect_end(&Call::Get.make(&client, None), Code::Io, 0, 2);
            assert_eq!(peer.seen().connections, 2);
        }));
        let scripts = vec![
            vec![Step::Tls(Server::Good), Step::Request, ok(), Step::Request, send("HTTP/1.1 2"), end.clone()],
            good.clone(),
        ];
        trials.push(story(&format!("{how} once the reply has begun: that is a retry"), move || {
            let peer = Peer::new(scripts);
            let client = once(&peer);
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            expect_end(&Call::Get.make(&client, None), Code::Io, 0, 1);
        }));
        trials.push(story(&format!("a pool of 8, all {how} at once"), move || pool_of_8(end)));
    }
    // More of them than anybody needs: the connection is given up, and no time is lost to them.
    trials.push(story("a flood of session tickets between calls", || {
        let mut script = vec![Step::Tls(Server::Good), Step::Request, ok()];
        script.extend(vec![Step::Record(22, ticket()); 4000]);
        script.extend([Step::Mark, Step::Wait]);
        let peer = Peer::new(vec![script, vec![Step::Tls(Server::Good), Step::Serve]]);
        let client = once(&peer);
        expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
        peer.wait(|seen| seen.marks == 1);
        let end = Call::Get.make(&client, None);
        expect_end(&end, Code::Ok, 200, 1);
        assert!(end.time < ms(1000), "{end:?}");
        assert_eq!(peer.seen().connections, 2);
    }));
    // A sealed script can't read what it is asked, so the second call ends by its deadline.
    trials.push(story("session tickets between calls", || {
        let ticket = Step::Record(22, ticket());
        let script = vec![Step::Tls(Server::Good), Step::Request, ok(), ticket.clone(), ticket, Step::Mark, Step::Wait];
        let peer = Peer::new(vec![script]);
        let client = once(&peer);
        expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
        peer.wait(|seen| seen.marks == 1);
        expect_end(&Call::Get.make(&client.derive(Some(ms(200))).unwrap(), None), Code::Timeout, 0, 1);
        assert_eq!(peer.seen().connections, 1);
    }));
    trials.push(story("a call that timed out leaves no connection behind", || {
        let late = vec![Step::Tls(Server::Good), Step::Request, Step::Wait];
        let peer = Peer::new(vec![late, vec![Step::Tls(Server::Good), Step::Serve]]);
        let client = once(&peer);
        let hurried = client.derive(Some(ms(200))).unwrap();
        expect_end(&Call::Get.make(&hurried, None), Code::Timeout, 0, 1);
        peer.wait(|seen| seen.ended == 1);
        expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
        assert_eq!(peer.seen().connections, 2);
    }));
    trials
}

impl TwoCalls {
    fn first(mut self, code: Code, status: u16) -> TwoCalls {
        self.first_ends = (code, status);
        self
    }

    /// The second call goes by the same connection.
    fn on_one(mut self) -> TwoCalls {
        self.connections = 1;
        self
    }

    /// The second call notices only once its request is on the way.
    fn stale(mut self) -> TwoCalls {
        self.attempts = 2;
        self
    }
}

/// A reply of 4096 bytes: what is behind it is not in the buffer that it was read into.
pub fn long_reply() -> Vec<u8> {
    let fill = 4096 - reply("200 OK", "X: \r\n", BODY).len();
    reply("200 OK", &format!("X: {}\r\n", "x".repeat(fill)), BODY)
}

fn pool_of_8(end: Step) {
    let [first, second, between] = [(); 3].map(|()| Gate::default());
    let served = |gate: &Gate| vec![Step::Tls(Server::Good), Step::Request, Step::Gate(gate.clone()), send(ok_reply())];
    let mut dies = served(&first);
    dies.extend([Step::Gate(between.clone()), end]);
    let mut scripts = vec![dies; 8];
    scripts.push(served(&second));
    let peer = Peer::new(scripts);
    let client = once(&peer);
    // Nobody is answered before all have asked, so each needs a connection.
    let eight_calls = |answer: &Gate, requests: usize| {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1));
            }
            peer.wait(|seen| seen.requests.len() == requests);
            answer.open();
        });
    };
    eight_calls(&first, 8);
    assert_eq!(peer.seen().connections, 8);
    between.open();
    peer.wait(|seen| seen.ended + seen.shut >= 8);
    eight_calls(&second, 16);
    assert_eq!(peer.seen().connections, 16);
}
