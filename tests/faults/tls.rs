//! Handshakes that must fail, and TLS in the middle of a reply.

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{BODY, Call, Case, case, client, expect_end, ms, ok_reply, reply, replying, send, story};
use crate::certificates::Server;
use crate::peer::{Peer, Step};
use crate::records::ticket;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

pub fn cases() -> Vec<Trial> {
    let mut cases = handshakes();
    cases.extend(speaks_no_tls());
    cases.extend(amid_a_reply());
    let mut trials: Vec<_> = cases.into_iter().map(Case::trial).collect();
    trials.push(story("hands are shaken anew where the server forgot the session", || {
        let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Request, send(ok_reply()), Step::Cut]]);
        let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
        for call in 1..=3 {
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            peer.wait(|seen| seen.shut == call);
        }
        assert_eq!(peer.seen().connections, 3);
    }));
    trials
}

fn handshakes() -> Vec<Case> {
    let fails = |name: &str, server: Server| {
        // Whoever the server is, it is not asked a second time, and sees no request.
        case(name, [Step::Tls(server), Step::Serve])
            .ends(Code::Tls, 0, 0)
            .connections(1)
            .check(|seen| assert!(seen.requests.is_empty()))
    };
    vec![
        case("good, TLS 1.3", [Step::Tls(Server::Good), Step::Serve]),
        case("good, TLS 1.2", [Step::Tls(Server::Tls12Only), Step::Serve]),
        case("a client certificate would be welcome", [Step::Tls(Server::WouldLikeClientCertificate), Step::Serve]),
        fails("expired", Server::Expired).says("expired").says("clock"),
        fails("not yet valid", Server::NotYetValid).says("not valid yet"),
        fails("wrong name", Server::WrongName).says("127.0.0.1"),
        fails("wrong address", Server::WrongAddress).says("127.0.0.1"),
        fails("wrong name, for a name", Server::WrongName)
            .url(|port| format!("https://localhost:{port}"))
            .says("localhost"),
        fails("a common name alone names nobody", Server::NoAlternativeName)
            .url(|port| format!("https://localhost:{port}")),
        fails("a certificate for clients", Server::ForClientsOnly),
        fails("self-signed", Server::SelfSigned),
        fails("of an unknown authority", Server::OfUnknownAuthority).says("trust store"),
        fails("a certificate that is an authority's", Server::TheAuthorityItself),
        fails("a client certificate is demanded, TLS 1.2", Server::WantsClientCertificateByTls12).says("ertificate"),
        fails("a client certificate is demanded, TLS 1.3", Server::WantsClientCertificate)
            // By TLS 1.3 the request leaves before the server's verdict comes.
            .ends(Code::Tls, 0, 1)
            .says("ertificate"),
        fails("HTTP/2 only", Server::Http2Only),
    ]
}

fn alert(description: u8) -> Step {
    Step::SendRaw(vec![ALERT, 3, 3, 0, 2, 2, description])
}

/// A server's hello of an old version: that is where a modern client must stop.
fn hello_of_version(minor: u8) -> Step {
    let mut body = vec![3, minor];
    body.extend([7; 32]); // random
    body.extend([0, 0xC0, 0x13, 0]); // no session, ECDHE-RSA-AES128-SHA, no compression
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    let mut record = vec![HANDSHAKE, 3, minor, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    Step::SendRaw(record)
}

fn speaks_no_tls() -> Vec<Case> {
    let fails =
        |name: &str, say: Step| case(name, [Step::RawBytes, say, Step::Wait]).ends(Code::Tls, 0, 0).connections(1);
    let raw = |bytes: &[u8]| Step::SendRaw(bytes.to_vec());
    vec![
        fails("TLS 1.1 only, by an alert", alert(70)),
        fails("TLS 1.1 only, by its hello", hello_of_version(2)),
        fails("TLS 1.0 only, by its hello", hello_of_version(1)),
        fails("SSL 3.0 only, by its hello", hello_of_version(0)),
        fails("an alert: handshake failure", alert(40)),
        fails("an alert: internal error", alert(80)),
        fails("an alert: unrecognized name", alert(112)),
        fails("an alert of no known number", alert(222)),
        // Before there is a version no warning counts; then nothing more comes.
        fails("close_notify for a hello", Step::SendRaw(vec![ALERT, 3, 3, 0, 2, 1, 0]))
            .ends(Code::Timeout, 0, 0)
            .at_deadline(400),
        fails("plain HTTP on the port", raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
            .says("does the port speak TLS?"),
        fails("a mail server's banner", raw(b"220 mail.example ESMTP\r\n")),
        fails("an SSH server's banner", raw(b"SSH-2.0-OpenSSH_9.2\r\n")),
        fails("noughts", raw(&[0; 64])),
        fails("ones", raw(&[255; 64])),
        fails("a record longer than may be", raw(&[[HANDSHAKE, 3, 3, 255, 255].as_slice(), &[0; 65535]].concat())),
        fails("data before the hello", raw(&[DATA, 3, 3, 0, 5, 1, 2, 3, 4, 5])),
        fails("an empty handshake record", raw(&[HANDSHAKE, 3, 3, 0, 0])),
        fails("change_cipher_spec alone, many times", raw(&[20, 3, 3, 0, 1, 1].repeat(100))),
        fails("a hello that ends early", raw(&[HANDSHAKE, 3, 3, 0, 4, 2, 0, 0, 0])),
    ]
}

fn amid_a_reply() -> Vec<Case> {
    let whole = ok_reply();
    let (header, rest) = (&whole[..whole.len() - 10], &whole[whole.len() - 10..]);
    let until_close = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{BODY}");
    let chunks = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{BODY}\r\n");
    let amid = |name: &str, between: Vec<Step>| {
        let mut steps = vec![send(header)];
        steps.extend(between);
        steps.extend([send(rest), Step::Wait]);
        replying(name, steps)
    };
    let broken = |name: &str, record: Step| {
        replying(name, [send(header), record, Step::Wait]).ends(Code::Tls, 200, 1).connections(1)
    };
    vec![
        amid("a key update amid the reply", vec![Step::KeyUpdate]),
        amid("three key updates amid the reply", vec![Step::KeyUpdate; 3]),
        replying("a key update before the reply", [Step::KeyUpdate, send(&whole), Step::Wait]),
        amid("a session ticket amid the reply", vec![Step::Record(HANDSHAKE, ticket())]),
        amid("a hundred session tickets amid the reply", vec![Step::Record(HANDSHAKE, ticket()); 100]),
        amid("records without content amid the reply", vec![Step::Record(DATA, vec![]); 20]),
        replying("a byte a record", [Step::Drip(whole.clone(), 0), Step::Wait]),
        replying("a complete reply, no close_notify", [send(&whole), Step::Cut]),
        replying("a reply until close, close_notify", [send(&until_close), Step::Close]).enabled(true),
        replying("a reply until close, no close_notify", [send(&until_close), Step::Cut]).ends(Code::Io, 200, 3),
        replying("a reply until close, reset", [send(&until_close), Step::Reset]).ends(Code::Io, 200, 3),
        replying("chunks without an end, close_notify", [send(&chunks), Step::Close]).ends(Code::Io, 200, 3),
        replying("chunks without an end, no close_notify", [send(&chunks), Step::Cut]).ends(Code::Io, 200, 3),
        broken("a forged record amid the reply", Step::SendRaw([&[DATA, 3, 3, 0, 40][..], &[7; 40]].concat())),
        broken("plain bytes amid the reply", Step::SendRaw(rest.to_vec())),
        broken("a record too long amid the reply", Step::SendRaw([&[DATA, 3, 3, 80, 0][..], &[7; 20480]].concat())),
        broken("a fatal alert amid the reply", Step::Record(ALERT, vec![2, 80])),
        broken("an alert of three bytes amid the reply", Step::Record(ALERT, vec![2, 80, 0])),
        broken("a handshake message that has no place there", Step::Record(HANDSHAKE, vec![20, 0, 0, 1, 0])),
        broken("a record of an unknown type amid the reply", Step::Record(99, vec![1])),
        replying(
            "a forged record behind the reply",
            [send(&whole), Step::SendRaw([&[DATA, 3, 3, 0, 40][..], &[7; 40]].concat()), Step::Wait],
        ),
        replying("a fatal alert behind the reply", [send(&whole), Step::Record(ALERT, vec![2, 80]), Step::Wait]),
        replying("a fatal alert for a reply", [Step::Record(ALERT, vec![2, 40]), Step::Wait]).ends(Code::Tls, 0, 1),
        replying("close_notify and then a reply", [Step::Record(ALERT, vec![1, 0]), send(&whole), Step::Wait]).ends(
            Code::Io,
            0,
            3,
        ),
        replying("a bad status by good TLS", [send(reply("500 No", "", "")), Step::Wait])
            .with(|config| {
                config.set_max_retries(0);
            })
            .ends(Code::Server, 500, 1)
            .between(ms(0), ms(1000)),
    ]
}
