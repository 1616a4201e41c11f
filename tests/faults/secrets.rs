//! Where the key goes: into one header of one host, and nowhere else.

use libtest_mimic::Trial;
use sg_open_tracking::{Client, Code, Config, Region};

use crate::case::{Call, KEY, client, expect_end, ok_reply, reply, send, story};
use crate::certificates::Server;
use crate::peer::{Peer, Step};

pub fn cases() -> Vec<Trial> {
    vec![
        story("the key is in Authorization alone", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
            expect_end(&Call::Get.make(&client, Some("a-subuser")), Code::Ok, 200, 1);
            expect_end(&Call::Update(true).make(&client, None), Code::Ok, 200, 1);
            let seen = peer.seen();
            for (_, request) in &seen.requests {
                let lines: Vec<_> = request.split("\r\n").filter(|line| line.contains(KEY)).collect();
                let [line] = lines[..] else { panic!("{request}") };
                assert_eq!(line.to_ascii_lowercase(), format!("authorization: bearer {}", KEY.to_ascii_lowercase()));
            }
            assert!(!holds_key(&seen.wire), "the key went over the wire in the clear");
        }),
        story("a name arrives as it was given, whatever the bytes", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
            for byte in b' '..=b'~' {
                let name = format!("a{}{}z", char::from(byte), char::from(byte));
                expect_end(&Call::Get.make(&client, Some(&name)), Code::Ok, 200, 1);
                let (_, request) = peer.seen().requests.last().cloned().unwrap();
                assert!(request.contains(&format!("\r\non-behalf-of: {name}\r\n")), "{request}");
            }
        }),
        story("the headers of one call don't stick to the next", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
            for name in [Some("first-subuser"), None, Some("second-subuser"), None] {
                Call::Get.make(&client, name);
                let (_, request) = peer.seen().requests.last().cloned().unwrap();
                let sent = request.lines().find_map(|line| line.strip_prefix("on-behalf-of: "));
                assert_eq!(sent, name, "{request}");
            }
        }),
        story("the key is not sent to where a redirect leads", || {
            let elsewhere = Peer::new(vec![vec![Step::Serve]]);
            for scheme in ["http", "https"] {
                for status in [301, 302, 303, 307, 308] {
                    let place = format!("Location: {scheme}://127.0.0.1:{}/x\r\n", elsewhere.port());
                    let reply = reply(&format!("{status} X"), &place, "");
                    let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Request, send(reply), Step::Wait]]);
                    let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
                    expect_end(&Call::Update(true).make(&client, None), Code::Status, status, 1);
                }
            }
            assert_eq!(elsewhere.seen().connections, 0);
        }),
        story("nothing is sent before the server has proved who it is", || {
            for server in [Server::Expired, Server::WrongName, Server::SelfSigned, Server::OfUnknownAuthority] {
                let peer = Peer::new(vec![vec![Step::Tls(server), Step::Serve]]);
                let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
                expect_end(&Call::Update(true).make(&client, None), Code::Tls, 0, 0);
                let seen = peer.seen();
                assert!(seen.requests.is_empty() && !holds_key(&seen.wire), "{server:?}");
            }
        }),
        story("a failed handshake sends nothing in the clear", || {
            let peer = Peer::new(vec![vec![Step::RawBytes, send(ok_reply()), Step::Wait]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
            expect_end(&Call::Get.make(&client, None), Code::Tls, 0, 0);
            peer.wait(|seen| seen.ended == 1);
            assert!(!holds_key(&peer.seen().wire));
        }),
        story("no name of a host makes plain HTTP leave the loopback", || {
            let mut config = Config::new();
            for url in [
                "http://api.sendgrid.com",
                "http://127.0.0.1.example.com",
                "http://localhost.example.com",
                "http://localhost.",
                "http://0.0.0.0",
                "http://[::]",
                "http://[::ffff:8.8.8.8]",
                "http://2130706433",
                "http://0x7f.1",
                "http://127.1",
                "http://169.254.169.254",
                "http://10.0.0.1",
                "http://user@127.0.0.1",
                "http://127.0.0.1@example.com",
                "HTTP://EXAMPLE.COM",
            ] {
                assert_eq!(config.set_base_url(url).unwrap_err().code(), Code::Argument, "{url}");
            }
        }),
        story("plain HTTP goes past a proxy", || {
            let proxy = Peer::new(vec![vec![Step::Wait]]);
            let service = Peer::new(vec![vec![Step::Serve]]);
            let client = client(&format!("http://127.0.0.1:{}", service.port()), |config| {
                config.set_proxy(Some(&format!("http://127.0.0.1:{}", proxy.port()))).unwrap();
            });
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            assert_eq!(proxy.seen().connections, 0);
        }),
        story("no Debug output holds the key or a password", || {
            let peer = Peer::new(vec![vec![
                Step::Tls(Server::Good),
                Step::Request,
                send(reply("403 X", "", format!(r#"{{"errors":[{{"message":"no {KEY}"}}]}}"#))),
                Step::Wait,
            ]]);
            let mut config = Config::new();
            config.set_proxy(Some("http://user:hunter2@127.0.0.1:1")).unwrap();
            let proxied = Client::new(KEY, Region::Global, &config).unwrap();
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
            let texts = [
                format!("{config:?} {config:#?}"),
                format!("{proxied:?} {proxied:#?} {:?}", proxied.derive(None).unwrap()),
                format!("{:?}", client.get(None)),
                format!("{:?}", Client::new(&format!("{KEY}\n"), Region::Global, &config)),
                format!("{:?}", proxied.get(None)),
            ];
            for text in texts {
                assert!(!holds_key(text.as_bytes()) && !text.contains("hunter2"), "{text}");
                assert!(!text.contains("dXNlcjpodW50ZXIy"), "{text}");
            }
        }),
    ]
}

/// Whether the key, or a good part of it, is in there.
pub fn holds_key(bytes: &[u8]) -> bool {
    bytes.windows(12).any(|window| KEY.as_bytes().windows(12).any(|part| part == window))
}
