//! Wherever a peer can stall, the call ends at its deadline and no later.

use std::net::Ipv4Addr;

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{BODY, Call, case, client, expect_end, grace, ms, ok_reply, reply, send, story};
use crate::certificates::Server;
use crate::peer::{BlackHole, Peer, Script, Step};

/// What the peer plays before it stalls, and what is known by then: status and requests sent.
fn stalls() -> Vec<(&'static str, Script, u16, u32)> {
    let after_request = |steps: &[Step]| [&[Step::Tls(Server::Good), Step::Request], steps].concat();
    let reply = ok_reply();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let record = |bytes: &[u8]| Step::SendRaw(bytes.to_vec());
    let slow = |bytes: &[u8]| Step::Drip([bytes, &[b' '; 200]].concat(), 30);
    vec![
        ("when accepted", vec![], 0, 0),
        ("after the client's hello", vec![Step::RawBytes], 0, 0),
        ("amid a record of the handshake", vec![Step::RawBytes, record(&[22, 3, 3, 0, 90, 2, 0])], 0, 0),
        (
            "amid the handshake, a byte now and then",
            vec![Step::Drip([&[22, 3, 3, 16, 0, 2, 0, 15, 0][..], &[3; 200]].concat(), 30)],
            0,
            0,
        ),
        ("after its flight of the handshake", vec![Step::HalfTls(Server::Good)], 0, 1),
        ("after the handshake", vec![Step::Tls(Server::Good)], 0, 1),
        ("after the handshake, TLS 1.2", vec![Step::Tls(Server::Tls12Only)], 0, 1),
        ("after the request", after_request(&[]), 0, 1),
        ("amid the status line", after_request(&[send("HTTP/1.")]), 0, 1),
        ("amid the header", after_request(&[send(&reply[..40])]), 0, 1),
        ("at the end of the header", after_request(&[send(&reply[..reply.len() - 16])]), 200, 1),
        ("amid the body", after_request(&[send(&reply[..reply.len() - 4])]), 200, 1),
        (
            "at the end of a body without a length",
            after_request(&[send(format!("HTTP/1.1 200 OK\r\n\r\n{BODY}"))]),
            200,
            1,
        ),
        ("amid a chunk's size", after_request(&[send(format!("{chunked}1"))]), 200, 1),
        ("amid a chunk", after_request(&[send(format!("{chunked}10\r\n{{"))]), 200, 1),
        ("after a chunk", after_request(&[send(format!("{chunked}10\r\n{BODY}"))]), 200, 1),
        ("amid the trailer", after_request(&[send(format!("{chunked}10\r\n{BODY}\r\n0\r\nX-Sum"))]), 200, 1),
        ("amid a record's header", after_request(&[record(&[23, 3])]), 0, 1),
        ("amid a record", after_request(&[record(&[23, 3, 3, 0, 100, 1])]), 0, 1),
        ("after an early hint", after_request(&[send("HTTP/1.1 103 Early Hints\r\n\r\n")]), 0, 1),
        ("in the header, a byte now and then", after_request(&[slow(b"HTTP/1.1 200 OK\r\nX: ")]), 0, 1),
        ("in the body, a byte now and then", after_request(&[send("HTTP/1.1 200 OK\r\n\r\n"), slow(b"")]), 200, 1),
        ("in empty records", after_request(&[Step::Drip(vec![], 0), Step::Record(23, vec![])]), 0, 1),
    ]
}

pub fn cases() -> Vec<Trial> {
    let mut trials = Vec::new();
    for deadline in [150, 700] {
        for (number, (stage, mut script, status, attempts)) in stalls().into_iter().enumerate() {
            script.push(Step::Wait);
            let call = if number % 2 == 0 { Call::Get } else { Call::Update(true) };
            let row = case(&format!("{stage}, {deadline} ms"), script)
                .call(call)
                .ends(Code::Timeout, status, attempts)
                .at_deadline(deadline)
                .connections(1);
            trials.push(row.trial());
        }
    }

    // The connect timeout is shorter: three tries, each as long as that, and two pauses.
    for (stage, script) in
        [("when accepted", vec![Step::Wait]), ("amid the handshake", vec![Step::RawBytes, Step::Wait])]
    {
        let row = case(&format!("{stage}, to the connect timeout"), script)
            .with(|config| {
                config.set_connect_timeout(ms(200)).unwrap();
            })
            .ends(Code::Timeout, 0, 0)
            .connections(3)
            .between(ms(600 + 375), ms(600 + 750 + 100));
        trials.push(row.trial());
    }
    let busy = send(reply("503 X", "", ""));
    let row = case(
        "after two retries",
        [Step::Tls(Server::Good), Step::Request, busy.clone(), Step::Request, busy.clone(), Step::Request, Step::Wait],
    )
    .ends(Code::Timeout, 503, 3)
    .at_deadline(1500);
    trials.push(row.trial());
    let row = case(
        "503 for ever, a thousand retries",
        vec![Step::Tls(Server::Good)]
            .into_iter()
            .chain((0..100).flat_map(|_| [Step::Request, busy.clone()]))
            .collect::<Vec<_>>(),
    )
    .with(|config| {
        // Two pauses come to 375 to 750 ms, three to 875 ms at the least.
        config.set_timeout(ms(830)).unwrap().set_max_retries(1000);
    })
    .ends(Code::Server, 503, 3)
    .between(ms(300), ms(830) + grace());
    trials.push(row.trial());
    // The status is known, and worth more than that its body never ends.
    for (status, code) in [(400, Code::BadRequest), (403, Code::Forbidden), (503, Code::Server), (302, Code::Status)] {
        let header = format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{");
        let row = case(
            &format!("amid the body of a {status}"),
            [Step::Tls(Server::Good), Step::Request, send(header), Step::Wait],
        )
        .ends(code, status, 1)
        .at_deadline(300);
        trials.push(row.trial());
    }

    trials.extend([
        story("before it accepts", || {
            let hole = BlackHole::at((Ipv4Addr::LOCALHOST, 0).into());
            let client = client(&format!("https://{}", hole.address), |config| {
                config.set_timeout(ms(300)).unwrap();
            });
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Timeout, 0, 0);
            assert!(end.time >= ms(300) && end.time < ms(300) + grace(), "{end:?}");
        }),
        story("on a kept connection", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Request, send(ok_reply()), Step::Wait]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |config| {
                config.set_timeout(ms(300)).unwrap();
            });
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Timeout, 0, 1);
            assert!(end.time >= ms(300) && end.time < ms(300) + grace(), "{end:?}");
        }),
        story("a millisecond is a deadline, too", || {
            let peer = Peer::new(vec![vec![Step::Wait]]);
            let client = client(&format!("https://127.0.0.1:{}", peer.port()), |config| {
                config.set_timeout(ms(1)).unwrap();
            });
            for _ in 0..20 {
                let end = Call::Get.make(&client, None);
                expect_end(&end, Code::Timeout, 0, 0);
                assert!(end.time < ms(1) + grace(), "{end:?}");
            }
        }),
        story("each stage is cut off by a cancel", || {
            for (stage, mut script, _, _) in stalls() {
                script.push(Step::Mark);
                script.push(Step::Wait);
                cancelled(stage, script);
            }
        }),
        story("the body of an error is cut off by a cancel", || {
            for status in [403, 503] {
                let header = format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{");
                cancelled(
                    "an error's body",
                    vec![Step::Tls(Server::Good), Step::Request, send(header), Step::Mark, Step::Wait],
                );
            }
        }),
    ]);
    trials
}

fn cancelled(stage: &str, script: Script) {
    let drips = script.iter().any(|step| matches!(step, Step::Drip(bytes, _) if !bytes.is_empty()));
    let peer = Peer::new(vec![script]);
    let client = client(&format!("https://127.0.0.1:{}", peer.port()), |_| {});
    std::thread::scope(|scope| {
        let call = scope.spawn(|| Call::Get.make(&client, None));
        // A drip takes seconds; it is enough that it has begun.
        peer.wait(|seen| if drips { seen.connections > 0 } else { seen.marks > 0 });
        let before = std::time::Instant::now();
        client.cancel();
        let end = call.join().unwrap();
        let time = before.elapsed();
        assert_eq!(end.code, Code::Cancelled, "{stage}: {end:?}");
        assert!(time < grace(), "{stage}: {time:?}");
    });
}
