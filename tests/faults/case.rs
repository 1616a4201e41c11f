//! A row of the table: what the peer does, the call, and what must come of it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use sg_open_tracking::{Client, Code, Config, Error, LogLevel, Outcome, Region, Report};

use crate::certificates::{self, Server};
pub use crate::late::{grace, slack};
use crate::peer::{Peer, Script, Seen, Step};
use crate::{late, log};

/// The key of every call. It must turn up in one header and nowhere else.
pub const KEY: &str = "SG.fault-matrix-key.0123456789abcdef";

/// When a call must be over whose peer doesn't stall, retries after backoff included.
const PROMPT: Duration = Duration::from_millis(2500);

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[derive(Debug, Clone, Copy)]
pub enum Call {
    Get,
    Update(bool),
}

/// What a call ended with, whether it went well or not.
#[derive(Debug)]
pub struct End {
    pub code: Code,
    pub enabled: Option<bool>,
    pub message: String,
    pub report: Report,
    pub time: Duration,
}

impl Call {
    pub fn make(self, client: &Client, on_behalf_of: Option<&str>) -> End {
        let started = Instant::now();
        let result = match self {
            Call::Get => client.get(on_behalf_of),
            Call::Update(enabled) => client.update(enabled, on_behalf_of),
        };
        End::new(result, started.elapsed())
    }
}

impl End {
    fn new(result: Result<Outcome, Error>, time: Duration) -> End {
        match result {
            Ok(Outcome { enabled, report, .. }) => {
                End { code: Code::Ok, enabled: Some(enabled), message: String::new(), report, time }
            }
            Err(error) => End {
                code: error.code(),
                enabled: error.enabled(),
                message: error.message().to_owned(),
                report: error.report().clone(),
                time,
            },
        }
    }
}

type Set = Box<dyn Fn(&mut Config) + Send>;

/// One row.
pub struct Case {
    name: String,
    scripts: Vec<Script>,
    call: Call,
    url: fn(u16) -> String,
    options: Vec<Set>,
    code: Code,
    or_code: Option<Code>,
    status: u16,
    attempts: u32,
    enabled: Option<bool>,
    connections: Option<usize>,
    says: Vec<&'static str>,
    never_says: Vec<&'static str>,
    retry_after: Option<Option<Duration>>,
    least: Duration,
    most: Duration,
    check: Box<dyn Fn(&Seen) + Send>,
}

/// A case whose peer plays `script` on every connection.
pub fn case(name: &str, script: impl Into<Script>) -> Case {
    Case {
        name: name.to_owned(),
        scripts: vec![script.into()],
        call: Call::Get,
        url: |port| format!("https://127.0.0.1:{port}"),
        options: Vec::new(),
        code: Code::Ok,
        or_code: None,
        status: 200,
        attempts: 1,
        enabled: None,
        connections: None,
        says: Vec::new(),
        never_says: Vec::new(),
        retry_after: None,
        least: Duration::ZERO,
        most: PROMPT,
        check: Box::new(|_| {}),
    }
}

/// A case whose peer shakes hands, reads the request and then plays `after`.
pub fn replying(name: &str, after: impl Into<Script>) -> Case {
    let mut script = vec![Step::Tls(Server::Good), Step::Request];
    script.extend(after.into());
    case(name, script)
}

impl Case {
    /// Another script for the connections after those that have one.
    pub fn then(mut self, script: impl Into<Script>) -> Case {
        self.scripts.push(script.into());
        self
    }

    pub fn call(mut self, call: Call) -> Case {
        self.call = call;
        self
    }

    /// The base URL, given the port.
    pub fn url(mut self, url: fn(u16) -> String) -> Case {
        self.url = url;
        self
    }

    pub fn with(mut self, option: impl Fn(&mut Config) + Send + 'static) -> Case {
        self.options.push(Box::new(option));
        self
    }

    /// The end to expect: code, HTTP status (0 for none), requests sent.
    pub fn ends(mut self, code: Code, status: u16, attempts: u32) -> Case {
        (self.code, self.status, self.attempts) = (code, status, attempts);
        self
    }

    /// Another code that is as right, where it depends on who is faster.
    pub fn or(mut self, code: Code) -> Case {
        self.or_code = Some(code);
        self
    }

    pub fn enabled(mut self, enabled: bool) -> Case {
        self.enabled = Some(enabled);
        self
    }

    /// How many connections the peer must see.
    pub fn connections(mut self, connections: usize) -> Case {
        self.connections = Some(connections);
        self
    }

    /// What the message must contain.
    pub fn says(mut self, text: &'static str) -> Case {
        self.says.push(text);
        self
    }

    pub fn never_says(mut self, text: &'static str) -> Case {
        self.never_says.push(text);
        self
    }

    pub fn retry_after(mut self, seconds: Option<u64>) -> Case {
        self.retry_after = Some(seconds.map(Duration::from_secs));
        self
    }

    /// The call ends at its deadline, which is this.
    pub fn at_deadline(mut self, deadline: u64) -> Case {
        self.options.push(Box::new(move |config| {
            config.set_timeout(ms(deadline)).unwrap();
        }));
        self.between(ms(deadline), ms(deadline) + late::GRACE)
    }

    pub fn between(mut self, least: Duration, most: Duration) -> Case {
        (self.least, self.most) = (least, most);
        self
    }

    /// What to look at in what the peer saw.
    pub fn check(mut self, check: impl Fn(&Seen) + Send + 'static) -> Case {
        self.check = Box::new(check);
        self
    }

    pub fn trial(mut self) -> Trial {
        let name = std::mem::take(&mut self.name);
        Trial::test(name, move || self.run())
    }

    fn run(self) -> Result<(), Failed> {
        let peer = Peer::new(self.scripts.clone());
        let client = client(&(self.url)(peer.port()), |config| self.options.iter().for_each(|set| set(config)));
        let end = self.call.make(&client, None);
        drop(client);
        let seen = peer.seen();

        let mut wrong = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(what.to_owned());
            }
        };
        expect(end.code == self.code || Some(end.code) == self.or_code, "code");
        expect(end.report.http_status.unwrap_or(0) == self.status, "status");
        expect(end.report.attempts == self.attempts, "attempts");
        expect(self.enabled.is_none() || end.enabled == self.enabled, "enabled");
        expect(end.time >= self.least && end.time < self.most + late::lateness() + slack(), "time");
        expect(self.connections.is_none_or(|expected| expected == seen.connections), "connections");
        expect(self.retry_after.is_none_or(|expected| expected == end.report.retry_after), "retry_after");
        for text in &self.says {
            expect(end.message.contains(text), &format!("the message lacks {text:?}"));
        }
        for text in &self.never_says {
            expect(!end.message.contains(text), &format!("the message holds {text:?}"));
        }
        wrong.extend(invariants(&end));
        if wrong.is_empty() {
            (self.check)(&seen);
            return Ok(());
        }
        Err(self.table(&end, &seen, &wrong).into())
    }

    fn table(&self, end: &End, seen: &Seen, wrong: &[String]) -> String {
        let mut text = format!("wrong: {}\n", wrong.join(", "));
        let mut row = |title: &str, cells: [String; 7]| {
            let [code, status, attempts, enabled, connections, retry, time] = cells;
            let _ = writeln!(
                text,
                "  {title:8} {code:20} {status:>6} {attempts:>8} {enabled:>8} {connections:>11} {retry:>11} {time}"
            );
        };
        let any = |value: Option<String>| value.unwrap_or_else(|| "any".to_owned());
        row("", ["code", "status", "attempts", "enabled", "connections", "retry_after", "time"].map(str::to_owned));
        row(
            "expected",
            [
                self.code.name().to_owned(),
                self.status.to_string(),
                self.attempts.to_string(),
                any(self.enabled.map(|enabled| enabled.to_string())),
                any(self.connections.map(|number| number.to_string())),
                any(self.retry_after.map(|wait| format!("{wait:?}"))),
                format!("{:?} to {:?}", self.least, self.most),
            ],
        );
        row(
            "was",
            [
                end.code.name().to_owned(),
                end.report.http_status.unwrap_or(0).to_string(),
                end.report.attempts.to_string(),
                any(end.enabled.map(|enabled| enabled.to_string())),
                seen.connections.to_string(),
                format!("{:?}", end.report.retry_after),
                format!("{:?}", end.time),
            ],
        );
        text + &format!("  message: {:?}\n", end.message)
    }
}

/// What holds for the end of every call.
pub fn invariants(end: &End) -> Vec<String> {
    let mut wrong = Vec::new();
    let message = &end.message;
    if message.len() > 479 {
        wrong.push(format!("the message has {} bytes", message.len()));
    }
    if message.contains(KEY) || message.contains(&KEY[3..12]) {
        wrong.push("the message holds the key".to_owned());
    }
    if message.chars().any(char::is_control) {
        wrong.push("the message has control characters".to_owned());
    }
    if (end.code == Code::Ok) != message.is_empty() {
        wrong.push("an error has a message, and success none".to_owned());
    }
    if end.code == Code::Internal {
        wrong.push("no peer may cause an internal error".to_owned());
    }
    if end.report.elapsed > end.time || end.time > end.report.elapsed + grace() {
        wrong.push(format!("it says that it took {:?}, and took {:?}", end.report.elapsed, end.time));
    }
    wrong
}

/// A client that trusts the peers, looks at no proxy and has 5 s.
pub fn client(url: &str, options: impl FnOnce(&mut Config)) -> Client {
    let mut config = Config::new();
    config.set_base_url(url).unwrap();
    config.set_ca_file(certificates::ca_file()).unwrap();
    config.set_proxy(Some("")).unwrap();
    config.set_timeout(ms(5000)).unwrap().set_log(LogLevel::Debug, log::check);
    options(&mut config);
    Client::new(KEY, Region::Global, &config).unwrap()
}

/// A test that no row can tell.
pub fn story(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

/// Checks an end by code, status and attempts, and what holds for every end.
#[track_caller]
pub fn expect_end(end: &End, code: Code, status: u16, attempts: u32) {
    let was = (end.code, end.report.http_status.unwrap_or(0), end.report.attempts);
    assert_eq!(was, (code, status, attempts), "{end:?}");
    assert_eq!(invariants(end), Vec::<String>::new(), "{end:?}");
}

pub const BODY: &str = r#"{"enabled":true}"#;

/// A reply of the service that says "enabled".
pub fn ok_reply() -> Vec<u8> {
    reply("200 OK", "", BODY)
}

/// A reply with the length of its body. `headers` are whole lines.
pub fn reply(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Bytes to send.
pub fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(bytes.as_ref().to_vec())
}
