//! Proxies: scripted ones and real ones.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use libtest_mimic::Trial;
use sg_open_tracking::{Client, Code};

use crate::case::{Call, client, expect_end, grace, ms, reply, send, story};
use crate::certificates::Server;
use crate::keep_alive::long_reply;
use crate::peer::{BlackHole, ClosedPort, Peer, Script, Step};
use crate::secrets::holds_key;

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

pub fn service() -> Peer {
    Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]])
}

/// A proxy that does its work, perhaps after shaking hands.
pub fn proxy(before: &[Step], to: &Peer) -> Peer {
    Peer::new(vec![[before, &[Step::Request, send(ESTABLISHED), Step::RelayTo(to.address)]].concat()])
}

fn through(service: u16, proxy: &str) -> Client {
    client(&format!("https://127.0.0.1:{service}"), |config| {
        config.set_proxy(Some(proxy)).unwrap().set_max_retries(0);
    })
}

pub fn cases() -> Vec<Trial> {
    let mut trials = answers();
    trials.extend(working());
    trials.extend(stalling());
    trials.extend(real());
    trials
}

/// What the proxy says to CONNECT.
fn answers() -> Vec<Trial> {
    let rows: Vec<(&str, Script, Code, &'static str)> = vec![
        ("407", vec![send("HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic\r\n\r\n")], Code::Proxy, "password"),
        ("407 with a body", vec![send(reply("407 X", "", "<html>"))], Code::Proxy, "407"),
        ("403", vec![send(reply("403 X", "", ""))], Code::Proxy, "does not allow"),
        ("404", vec![send(reply("404 X", "", ""))], Code::Proxy, "404"),
        ("500", vec![send(reply("500 X", "", ""))], Code::Proxy, "500"),
        ("502", vec![send(reply("502 X", "", "no route"))], Code::Proxy, "502"),
        ("503", vec![send(reply("503 X", "", ""))], Code::Proxy, "503"),
        ("a redirect", vec![send(reply("302 X", "Location: http://127.0.0.1:1/\r\n", ""))], Code::Proxy, "302"),
        ("a status of no meaning", vec![send(reply("999 X", "", ""))], Code::Proxy, "999"),
        ("no HTTP", vec![send("SSH-2.0-OpenSSH\r\n\r\n")], Code::Proxy, "not HTTP"),
        ("noughts", vec![send([0; 100])], Code::Proxy, "not HTTP"),
        (
            "an endless header",
            vec![send("HTTP/1.1 200 OK\r\n"), Step::SendForever(b"X: yyyyyyyy\r\n".repeat(50))],
            Code::Proxy,
            "",
        ),
        (
            "an endless reason",
            vec![send("HTTP/1.1 200 "), Step::SendForever(b"yyyyyyyy".repeat(50))],
            Code::Proxy,
            "no end",
        ),
        (
            "data of its own behind the answer",
            vec![send(format!("{ESTABLISHED}hello"))],
            Code::Proxy,
            "data of its own",
        ),
        ("closed without an answer", vec![Step::Close], Code::Proxy, "closed"),
        ("closed amid the answer", vec![send("HTTP/1.1 20"), Step::Close], Code::Proxy, "closed"),
        ("reset without an answer", vec![Step::Reset], Code::Proxy, ""),
        ("closed after its consent", vec![send(ESTABLISHED), Step::Close], Code::Tls, "broke off"),
        ("reset after its consent", vec![send(ESTABLISHED), Step::Reset], Code::Tls, "broke off"),
        (
            "no TLS after its consent",
            vec![send(ESTABLISHED), Step::RawBytes, send("HTTP/1.1 200 OK\r\n\r\n"), Step::Wait],
            Code::Tls,
            "",
        ),
        ("a certificate of its own", vec![send(ESTABLISHED), Step::Tls(Server::WrongName), Step::Wait], Code::Tls, ""),
        (
            "an authority of its own",
            vec![send(ESTABLISHED), Step::Tls(Server::OfUnknownAuthority), Step::Wait],
            Code::Tls,
            "trust store",
        ),
    ];
    let mut trials = Vec::new();
    for (name, after, code, text) in rows {
        trials.push(story(name, move || {
            let mut script = vec![Step::Request];
            script.extend(after);
            script.push(Step::Wait);
            let peer = Peer::new(vec![script]);
            let client = through(1, &format!("http://127.0.0.1:{}", peer.port()));
            let end = Call::Update(true).make(&client, None);
            expect_end(&end, code, 0, 0);
            assert!(end.message.contains(text) && end.time < ms(2000), "{end:?}");
            let seen = peer.seen();
            assert_eq!(seen.connections, 1);
            assert!(!holds_key(&seen.wire));
        }));
    }
    trials
}

fn working() -> Vec<Trial> {
    let row = |name: &str, answer: &'static str| {
        story(name, move || {
            let service = service();
            let script = vec![Step::Request, Step::Drip(answer.into(), 1), Step::RelayTo(service.address)];
            let proxy = Peer::new(vec![script]);
            let client = through(service.port(), &format!("http://127.0.0.1:{}", proxy.port()));
            for _ in 0..3 {
                expect_end(&Call::Update(true).make(&client, Some("a-subuser")), Code::Ok, 200, 1);
            }
            let seen = proxy.seen();
            assert_eq!((seen.connections, seen.requests.len()), (1, 1));
            let authority = format!("127.0.0.1:{}", service.port());
            let request = &seen.requests[0].1;
            assert!(
                request.starts_with(&format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n")),
                "{request}"
            );
            assert!(!holds_key(&seen.wire), "the proxy saw the key");
            assert!(!request.contains("subuser") && !request.to_lowercase().contains("authorization"), "{request}");
        })
    };
    vec![
        row("connects", ESTABLISHED),
        row("connects, HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n"),
        row("connects, with headers", "HTTP/1.1 200 OK\r\nVia: 1.1 x\r\nProxy-Agent: y\r\n\r\n"),
        row("connects, without a reason", "HTTP/1.1 200\r\n\r\n"),
        row("connects, with a length that means nothing", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        row("connects, by 204", "HTTP/1.1 204 No Content\r\n\r\n"),
        story("credentials", || {
            let service = service();
            let proxy = proxy(&[], &service);
            let client = through(service.port(), &format!("http://user:p%40ss:w@127.0.0.1:{}", proxy.port()));
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            let request = &proxy.seen().requests[0].1;
            // user:p@ss:w
            assert!(request.contains("\r\nProxy-Authorization: Basic dXNlcjpwQHNzOnc=\r\n"), "{request}");
            assert!(!service.seen().requests[0].1.contains("Proxy-Authorization"));
        }),
        story("by TLS", || {
            let service = service();
            let proxy = proxy(&[Step::Tls(Server::Good)], &service);
            let client = through(service.port(), &format!("https://127.0.0.1:{}", proxy.port()));
            for _ in 0..3 {
                expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            }
            let seen = proxy.seen();
            assert_eq!((seen.connections, seen.requests.len()), (1, 1));
            assert!(!String::from_utf8_lossy(&seen.wire).contains("CONNECT"));
        }),
        story("by TLS, another reply behind the first", || {
            let more = reply("200 OK", "", r#"{"enabled":false}"#);
            let both = send([long_reply(), more].concat());
            let first = vec![Step::Tls(Server::Good), Step::Request, both, Step::Mark, Step::Wait];
            let service = Peer::new(vec![first, vec![Step::Tls(Server::Good), Step::Serve]]);
            let proxy = proxy(&[Step::Tls(Server::Good)], &service);
            let client = through(service.port(), &format!("https://127.0.0.1:{}", proxy.port()));
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            service.wait(|seen| seen.marks == 1);
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Ok, 200, 1);
            assert_eq!(end.enabled, Some(true), "it took what was no reply to it");
            assert_eq!(service.seen().connections, 2);
        }),
        story("by TLS, with a bad certificate", || {
            for server in [Server::Expired, Server::WrongName, Server::OfUnknownAuthority] {
                let service = service();
                let proxy = proxy(&[Step::Tls(server)], &service);
                let client = through(service.port(), &format!("https://127.0.0.1:{}", proxy.port()));
                let end = Call::Get.make(&client, None);
                expect_end(&end, Code::Proxy, 0, 0);
                assert!(end.message.contains("proxy"), "{end:?}");
            }
        }),
        story("a bad certificate behind the proxy", || {
            let service = Peer::new(vec![vec![Step::Tls(Server::Expired), Step::Serve]]);
            let proxy = proxy(&[], &service);
            let client = through(service.port(), &format!("http://127.0.0.1:{}", proxy.port()));
            expect_end(&Call::Get.make(&client, None), Code::Tls, 0, 0);
        }),
        story("the service breaks behind the proxy", || {
            for end in [Step::Reset, Step::Cut, Step::Close] {
                let service = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Request, end]]);
                let proxy = proxy(&[], &service);
                let client = through(service.port(), &format!("http://127.0.0.1:{}", proxy.port()));
                expect_end(&Call::Get.make(&client, None), Code::Io, 0, 1);
            }
        }),
        story("refused", || {
            let port = ClosedPort::new();
            let end = Call::Get.make(&through(1, &format!("http://127.0.0.1:{}", port.port())), None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(end.message.contains("proxy") && end.message.contains("refused"), "{end:?}");
        }),
        story("refused, then tried again", || {
            let port = ClosedPort::new();
            let client = client("https://127.0.0.1:1", |config| {
                config.set_proxy(Some(&format!("127.0.0.1:{}", port.port()))).unwrap();
            });
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(end.time >= ms(375), "{end:?}");
        }),
        story("not found", || {
            let end = Call::Get.make(&through(1, "http://no-such-proxy.test:3128"), None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(end.message.contains("no-such-proxy.test"), "{end:?}");
        }),
        story("passwords are in no message", || {
            for url in ["http://u:hunter2@no-such-proxy.test:1", "http://u:hunter2@127.0.0.1:1"] {
                let end = Call::Get.make(&through(1, url), None);
                expect_end(&end, Code::Proxy, 0, 0);
                assert!(!end.message.contains("hunter2"), "{end:?}");
            }
        }),
    ]
}

fn stalling() -> Vec<Trial> {
    let rows: Vec<(&str, Script)> = vec![
        ("hangs when accepted", vec![]),
        ("hangs after CONNECT", vec![Step::Request]),
        ("hangs amid its answer", vec![Step::Request, send("HTTP/1.1 200 Conn")]),
        (
            "answers a byte now and then",
            vec![Step::Request, Step::Drip(format!("HTTP/1.1 200 {}", "x".repeat(200)).into(), 30)],
        ),
        ("hangs after its consent", vec![Step::Request, send(ESTABLISHED)]),
    ];
    let mut trials = Vec::new();
    for (name, mut script) in rows {
        script.push(Step::Wait);
        trials.push(story(name, move || {
            let peer = Peer::new(vec![script]);
            let proxy = format!("http://127.0.0.1:{}", peer.port());
            let by_deadline = client("https://127.0.0.1:1", |config| {
                config.set_proxy(Some(&proxy)).unwrap().set_timeout(ms(400)).unwrap();
            });
            let by_connect_timeout = client("https://127.0.0.1:1", |config| {
                config.set_proxy(Some(&proxy)).unwrap().set_connect_timeout(ms(400)).unwrap().set_max_retries(0);
            });
            for client in [by_deadline, by_connect_timeout] {
                let end = Call::Get.make(&client, None);
                expect_end(&end, Code::Timeout, 0, 0);
                assert!(end.time >= ms(400) && end.time < ms(400) + grace(), "{end:?}");
            }
        }));
    }
    trials.push(story("accepts nothing", || {
        let hole = BlackHole::at((Ipv4Addr::LOCALHOST, 0).into());
        let client = client("https://127.0.0.1:1", |config| {
            config.set_proxy(Some(&format!("http://{}", hole.address))).unwrap().set_timeout(ms(400)).unwrap();
        });
        let end = Call::Get.make(&client, None);
        expect_end(&end, Code::Timeout, 0, 0);
        assert!(end.time >= ms(400) && end.time < ms(400) + grace(), "{end:?}");
    }));
    trials.push(story("by TLS, hangs amid its handshake", || {
        let peer = Peer::new(vec![vec![Step::RawBytes, Step::Wait]]);
        let client = client("https://127.0.0.1:1", |config| {
            config
                .set_proxy(Some(&format!("https://127.0.0.1:{}", peer.port())))
                .unwrap()
                .set_timeout(ms(400))
                .unwrap();
        });
        let end = Call::Get.make(&client, None);
        expect_end(&end, Code::Timeout, 0, 0);
        assert!(end.time >= ms(400) && end.time < ms(400) + grace(), "{end:?}");
    }));
    trials
}

/// tinyproxy, as distributions have it.
struct Tinyproxy {
    port: u16,
    child: Child,
    _directory: tempfile::TempDir,
}

impl Tinyproxy {
    fn start(lines: &str) -> Tinyproxy {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let file = directory.path().join("tinyproxy.conf");
        let text = format!("Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 20\nLogLevel Info\n{lines}\n");
        std::fs::write(&file, text).unwrap();
        let mut child = Command::new("tinyproxy")
            .args(["-d", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests need tinyproxy: install your distribution's");
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("Accepting connections") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "tinyproxy ended before it listened");
        }
        // Its log must flow, or it stops.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Tinyproxy { port, child, _directory: directory }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn real() -> Vec<Trial> {
    vec![
        story("tinyproxy connects", || {
            let (service, proxy) = (service(), Tinyproxy::start(""));
            let client = through(service.port(), &format!("http://127.0.0.1:{}", proxy.port));
            for _ in 0..3 {
                expect_end(&Call::Update(true).make(&client, None), Code::Ok, 200, 1);
            }
            assert_eq!(service.seen().connections, 1);
        }),
        story("tinyproxy wants a password", || {
            let (service, proxy) = (service(), Tinyproxy::start("BasicAuth user s3cret"));
            let end = Call::Get.make(&through(service.port(), &format!("http://127.0.0.1:{}", proxy.port)), None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(end.message.contains("407"), "{end:?}");
            let wrong = through(service.port(), &format!("http://user:wrong@127.0.0.1:{}", proxy.port));
            let end = Call::Get.make(&wrong, None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(!end.message.contains("wrong"), "{end:?}");
            let right = through(service.port(), &format!("http://user:s3cret@127.0.0.1:{}", proxy.port));
            expect_end(&Call::Get.make(&right, None), Code::Ok, 200, 1);
        }),
        story("tinyproxy allows no such port", || {
            let (service, proxy) = (service(), Tinyproxy::start("ConnectPort 1"));
            let end = Call::Get.make(&through(service.port(), &format!("http://127.0.0.1:{}", proxy.port)), None);
            expect_end(&end, Code::Proxy, 0, 0);
            assert!(end.message.contains("403"), "{end:?}");
        }),
        story("tinyproxy reaches nobody", || {
            let (port, proxy) = (ClosedPort::new(), Tinyproxy::start(""));
            let end = Call::Get.make(&through(port.port(), &format!("http://127.0.0.1:{}", proxy.port)), None);
            expect_end(&end, Code::Proxy, 0, 0);
        }),
        story("tinyproxy ends between two calls", || {
            let (service, proxy) = (service(), Tinyproxy::start(""));
            let client = through(service.port(), &format!("http://127.0.0.1:{}", proxy.port));
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            drop(proxy);
            let end = Call::Get.make(&client, None);
            assert_eq!(end.code, Code::Proxy, "{end:?}");
        }),
    ]
}
