//! Connections that can't be made, and that break at each stage.

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{BODY, Call, Case, case, client, expect_end, ms, ok_reply, reply, replying, send, story};
use crate::certificates::Server;
use crate::peer::{ClosedPort, Step};

fn plain(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// How a connection can end.
const ENDS: [(&str, Step); 3] = [("reset", Step::Reset), ("cut", Step::Cut), ("closed", Step::Close)];

pub fn cases() -> Vec<Trial> {
    let mut cases = Vec::new();
    for (how, end) in ENDS {
        let name = |stage: &str| format!("{how} {stage}");
        let half = reply("200 OK", "", BODY);
        let (in_status, in_header, in_body) = (&half[..11], &half[..40], &half[..half.len() - 5]);
        // Before there is a connection to use, it is a failure to connect: tried again.
        cases.extend([
            case(&name("when accepted"), [end.clone()]).ends(Code::Tls, 0, 0).or(Code::Connect).connections(3),
            case(&name("after the client's hello"), [Step::RawBytes, end.clone()]).ends(Code::Tls, 0, 0).connections(3),
            case(
                &name("amid the server's hello"),
                [Step::RawBytes, Step::SendRaw(vec![22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3]), end.clone()],
            )
            .ends(Code::Tls, 0, 0)
            .connections(3),
        ]);
        // Then it is the call that breaks, which is tried again as well.
        let broken = |case: Case, status: u16| case.ends(Code::Io, status, 3).connections(3);
        for call in [Call::Get, Call::Update(true)] {
            let name = |stage: &str| format!("{how} {stage}, {call:?}");
            cases.extend([
                broken(replying(&name("after the request"), [end.clone()]), 0).call(call),
                broken(replying(&name("in the status line"), [send(in_status), end.clone()]), 0).call(call),
                broken(replying(&name("in the header"), [send(in_header), end.clone()]), 0).call(call),
                broken(replying(&name("in the body"), [send(in_body), end.clone()]), 200).call(call),
                broken(replying(&name("before the body"), [send(&half[..half.len() - 16]), end.clone()]), 200)
                    .call(call),
                replying(&name("after the reply"), [send(ok_reply()), end.clone()]).call(call).enabled(true),
                replying(&name("in the body, then a good server"), [send(in_body), end.clone()])
                    .then([Step::Tls(Server::Good), Step::Serve])
                    .call(call)
                    .ends(Code::Ok, 200, 2)
                    .connections(2),
                replying(&name("in the header, without retries"), [send(in_header), end.clone()])
                    .with(|config| {
                        config.set_max_retries(0);
                    })
                    .call(call)
                    .ends(Code::Io, 0, 1)
                    .connections(1),
            ]);
        }
        cases.extend([
            broken(case(&name("amid the request"), [Step::HalfTls(Server::Good), Step::RawBytes, end.clone()]), 0),
            broken(case(&name("after the request, plain"), [Step::Request, end.clone()]), 0).url(plain),
            broken(case(&name("in the header, plain"), [Step::Request, send(in_header), end.clone()]), 0).url(plain),
            broken(case(&name("in the body, plain"), [Step::Request, send(in_body), end.clone()]), 200).url(plain),
            // An error's status is worth more than its body.
            replying(&name("in the body of a 403"), [send(&reply("403 Forbidden", "", BODY)[..80]), end.clone()]).ends(
                Code::Forbidden,
                403,
                1,
            ),
        ]);
    }
    cases.extend([
        case("reset at once, then a good server", [Step::Reset])
            .then([Step::Tls(Server::Good), Step::Serve])
            .connections(2),
        case("cut amid the handshake, then a good server", [Step::RawBytes, Step::Cut])
            .then([Step::Tls(Server::Good), Step::Serve])
            .connections(2),
        case("no retries, reset at once", [Step::Reset])
            .with(|config| {
                config.set_max_retries(0);
            })
            .ends(Code::Tls, 0, 0)
            .or(Code::Connect)
            .connections(1),
    ]);

    let mut trials: Vec<_> = cases.into_iter().map(Case::trial).collect();
    trials.extend([
        story("refused", || {
            let port = ClosedPort::new();
            let client = client(&format!("https://127.0.0.1:{}", port.port()), |_| {});
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Connect, 0, 0);
            assert!(end.message.contains("refused") && end.message.contains("127.0.0.1"), "{end:?}");
            // Two retries after 125 ms to 250 ms, and 250 ms to 500 ms.
            assert!(end.time >= ms(375) && end.time < ms(1000), "{end:?}");
        }),
        story("refused, without retries", || {
            let port = ClosedPort::new();
            let client = client(&format!("https://127.0.0.1:{}", port.port()), |config| {
                config.set_max_retries(0);
            });
            let end = Call::Update(false).make(&client, None);
            expect_end(&end, Code::Connect, 0, 0);
            assert!(end.time < ms(200), "{end:?}");
        }),
        // The kernel has no way to a broadcast address by TCP, and says so before it sends anything.
        story("unreachable", || {
            let client = client("https://255.255.255.255:443", |config| {
                config.set_max_retries(0);
            });
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Connect, 0, 0);
            assert!(end.message.contains("unreachable"), "{end:?}");
        }),
    ]);
    trials
}
