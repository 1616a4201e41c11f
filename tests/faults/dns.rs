//! Names: not found, not answered, and with addresses of which some are dead.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use sg_open_tracking::{Code, Config};

use crate::case::{Call, End, client, expect_end, grace, ms, slack, story};
use crate::certificates::Server;
use crate::peer::{BlackHole, ClosedPort, Peer, Step};
use crate::resolver::{Answer, addresses, answer, await_question};

/// The connect timeout of the calls that have dead addresses to pass.
const CONNECT: u64 = 2000;

/// A peer at `live` and black holes at `dead`, all with one port; the name has `order`.
struct Row {
    name: &'static str,
    order: &'static [&'static str],
    dead: &'static [&'static str],
    live: Option<&'static str>,
    code: Code,
    least: u64,
    most: u64,
}

const UP: Row = Row { name: "", order: &[], dead: &[], live: Some("127.0.0.1"), code: Code::Ok, least: 0, most: 1000 };

const ROWS: &[Row] = &[
    Row { name: "one address", order: &["127.0.0.1"], ..UP },
    Row { name: "IPv6 only", order: &["::1"], live: Some("::1"), ..UP },
    Row { name: "first IPv4 address refuses", order: &["127.0.0.2", "127.0.0.1"], ..UP },
    Row { name: "first IPv6 address refuses", order: &["::1", "127.0.0.1"], ..UP },
    Row { name: "first IPv4 address refuses, IPv6 serves", order: &["127.0.0.1", "::1"], live: Some("::1"), ..UP },
    Row {
        name: "first IPv4 address is dead",
        order: &["127.0.0.2", "127.0.0.1"],
        dead: &["127.0.0.2"],
        least: 240,
        ..UP
    },
    Row { name: "first IPv6 address is dead", order: &["::1", "127.0.0.1"], dead: &["::1"], least: 240, ..UP },
    Row {
        name: "first IPv4 address is dead, IPv6 serves",
        order: &["127.0.0.1", "::1"],
        dead: &["127.0.0.1"],
        live: Some("::1"),
        least: 240,
        ..UP
    },
    Row {
        name: "the other family goes second, however many of the first there are",
        order: &["127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"],
        dead: &["127.0.0.2", "127.0.0.3", "127.0.0.4"],
        live: Some("::1"),
        least: 240,
        most: 600,
        ..UP
    },
    Row {
        name: "three dead addresses before the good one",
        order: &["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"],
        dead: &["127.0.0.2", "127.0.0.3", "127.0.0.4"],
        least: 740,
        most: 1500,
        ..UP
    },
    Row { name: "unreachable, then good", order: &["255.255.255.255", "127.0.0.1"], ..UP },
    Row {
        name: "dead, then refused",
        order: &["127.0.0.2", "127.0.0.1"],
        dead: &["127.0.0.2"],
        live: None,
        code: Code::Timeout,
        least: CONNECT,
        most: CONNECT + 100,
    },
    Row {
        name: "all dead",
        order: &["127.0.0.2", "::1"],
        dead: &["127.0.0.2", "::1"],
        live: None,
        code: Code::Timeout,
        least: CONNECT,
        most: CONNECT + 100,
    },
    Row {
        name: "all refuse",
        order: &["127.0.0.2", "127.0.0.3", "::1"],
        live: None,
        code: Code::Connect,
        most: 200,
        ..UP
    },
    Row { name: "no address", order: &[], live: None, code: Code::Dns, most: 200, ..UP },
    Row {
        name: "the same address many times",
        order: &["127.0.0.1"; 100],
        live: None,
        code: Code::Connect,
        most: 300,
        ..UP
    },
];

pub fn cases() -> Vec<Trial> {
    let mut trials: Vec<_> =
        ROWS.iter().enumerate().map(|(number, row)| story(row.name, move || row.run(number))).collect();
    trials.extend([
        // Each call that gave up left a thread, once.
        story("a resolver that hangs leaves few threads, and is asked again", || {
            answer("hangs.test", Answer::Never);
            let client = client("https://hangs.test:1", |config| {
                config.set_timeout(ms(20)).unwrap();
            });
            let waiting = || {
                let tasks = std::fs::read_dir("/proc/self/task").unwrap();
                let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
                names.filter(|name| name.starts_with("sg-background")).count()
            };
            for _ in 0..150 {
                assert_eq!(Call::Get.make(&client, None).code, Code::Timeout);
            }
            // All of those of other tests as well.
            assert!(waiting() <= 64, "{}", waiting());
            // A fork waits for those that hang once, and no more.
            let fork = || {
                let started = Instant::now();
                // SAFETY: the child does nothing but end.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    unsafe { libc::_exit(0) };
                }
                assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
                started.elapsed()
            };
            // Each would wait for 50 ms; on a machine that is busy, most take long anyway.
            assert!((0..100).any(|_| fork() < ms(40) + slack()), "no fork was quick");
            // The old look-ups still hang; a new one is made after a while, and answered.
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            answer("hangs.test", addresses(&["127.0.0.1"]));
            let url = format!("https://hangs.test:{}", peer.port());
            let client = crate::case::client(&url, |config| {
                config.set_timeout(ms(30_000)).unwrap().set_max_retries(0);
            });
            let started = Instant::now();
            while Call::Get.make(&client.derive(Some(ms(2500))).unwrap(), None).code == Code::Timeout {
                assert!(started.elapsed() < Duration::from_secs(25), "never asked again");
            }
        }),
        story("not found", || {
            let end = get("nowhere.matrix.test", Answer::Error(libc::EAI_NONAME), |_| {});
            expect_end(&end, Code::Dns, 0, 0);
            let prompt = ms(275) + grace(); // a retry takes 375 at least
            assert!(end.message.contains("nowhere.matrix.test") && end.time < prompt, "{end:?}");
        }),
        story("the resolver has no answer now, and again", || {
            let end = get("again.matrix.test", Answer::Error(libc::EAI_AGAIN), |_| {});
            expect_end(&end, Code::Dns, 0, 0);
            assert!(end.message.contains("again.matrix.test") && end.time >= ms(375), "it was not retried: {end:?}");
        }),
        story("the resolver has no answer now, but in a moment", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            for (retries, code) in [(0, Code::Dns), (1, Code::Ok)] {
                let host = format!("again-{retries}.matrix.test");
                answer(&host, Answer::ErrorOnce(libc::EAI_AGAIN, vec![Ipv4Addr::LOCALHOST.into()]));
                let client = client(&format!("https://{host}:{}", peer.port()), |config| {
                    config.set_max_retries(retries);
                });
                let end = Call::Get.make(&client, None);
                let ok = code == Code::Ok;
                expect_end(&end, code, if ok { 200 } else { 0 }, u32::from(ok));
            }
        }),
        story("a proxy's name has no answer now, but in a moment", || {
            let service = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            let proxy = crate::proxy::proxy(&[], &service);
            answer("again-proxy.matrix.test", Answer::ErrorOnce(libc::EAI_AGAIN, vec![Ipv4Addr::LOCALHOST.into()]));
            let client = client(&format!("https://127.0.0.1:{}", service.port()), |config| {
                config.set_proxy(Some(&format!("http://again-proxy.matrix.test:{}", proxy.port()))).unwrap();
            });
            expect_end(&Call::Get.make(&client, None), Code::Ok, 200, 1);
        }),
        story("the resolver fails", || {
            expect_end(&get("fails.matrix.test", Answer::Error(libc::EAI_FAIL), |_| {}), Code::Dns, 0, 0);
        }),
        story("the resolver never answers, to the deadline", || {
            let end = get("silent-1.matrix.test", Answer::Never, |config| {
                config.set_timeout(ms(300)).unwrap();
            });
            expect_end(&end, Code::Timeout, 0, 0);
            assert!(end.message.contains("looking up the host"), "{end:?}");
            assert!(end.time >= ms(300) && end.time < ms(300) + grace(), "{end:?}");
        }),
        story("the resolver never answers, to the connect timeout", || {
            let end = get("silent-2.matrix.test", Answer::Never, |config| {
                config.set_connect_timeout(ms(300)).unwrap().set_max_retries(0);
            });
            expect_end(&end, Code::Timeout, 0, 0);
            assert!(end.time >= ms(300) && end.time < ms(300) + grace(), "{end:?}");
        }),
        story("the resolver is late", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            answer("late.matrix.test", Answer::Late(ms(300), vec![Ipv4Addr::LOCALHOST.into()]));
            let client = client(&format!("https://late.matrix.test:{}", peer.port()), |_| {});
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Ok, 200, 1);
            assert!(end.time >= ms(300), "{end:?}");
            // A kept connection needs no look-up.
            assert!(Call::Get.make(&client, None).time < ms(200));
        }),
        story("the time of the look-up counts towards the connect timeout", || {
            let hole = BlackHole::at((Ipv4Addr::LOCALHOST, 0).into());
            answer("late-and-dead.matrix.test", Answer::Late(ms(300), vec![Ipv4Addr::LOCALHOST.into()]));
            let client = client(&format!("https://late-and-dead.matrix.test:{}", hole.address.port()), |config| {
                config.set_connect_timeout(ms(500)).unwrap().set_max_retries(0);
            });
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Timeout, 0, 0);
            assert!(end.time >= ms(500) && end.time < ms(500) + grace(), "{end:?}");
        }),
        story("a call is cancelled amid the look-up", || {
            answer("silent-3.matrix.test", Answer::Never);
            let client = client("https://silent-3.matrix.test", |_| {});
            std::thread::scope(|scope| {
                let call = scope.spawn(|| Call::Get.make(&client, None));
                await_question("silent-3.matrix.test");
                let cancelled = Instant::now();
                client.cancel();
                let end = call.join().unwrap();
                expect_end(&end, Code::Cancelled, 0, 0);
                assert!(cancelled.elapsed() < grace(), "{end:?}");
            });
        }),
        story("a name that no certificate can have", || {
            let peer = Peer::new(vec![vec![Step::Tls(Server::Good), Step::Serve]]);
            answer("-no-.matrix.test", addresses(&["127.0.0.1"]));
            let client = client(&format!("https://-no-.matrix.test:{}", peer.port()), |_| {});
            expect_end(&Call::Get.make(&client, None), Code::Tls, 0, 0);
        }),
        // A hosts file may say anything; in the clear the key stays on this machine all the same.
        story("localhost is elsewhere", || {
            answer("LOCALHOST", addresses(&["255.255.255.255", "192.0.2.1", "2001:db8::1"]));
            let client = client("http://LOCALHOST:80", |_| {});
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Connect, 0, 0);
            assert!(end.message.contains("loopback"), "{end:?}");
        }),
        story("localhost is elsewhere and here", || {
            let peer = Peer::new(vec![vec![Step::Serve]]);
            answer("Localhost", addresses(&["192.0.2.1", "127.0.0.1"]));
            let client = client(&format!("http://Localhost:{}", peer.port()), |_| {});
            let end = Call::Get.make(&client, None);
            expect_end(&end, Code::Ok, 200, 1);
            assert!(end.time < ms(240), "it tried the other address first: {end:?}");
        }),
    ]);
    trials
}

fn get(host: &str, answered: Answer, options: impl FnOnce(&mut Config)) -> End {
    answer(host, answered);
    Call::Get.make(&client(&format!("https://{host}"), options), None)
}

/// What stands behind the addresses.
struct Place {
    port: u16,
    _peer: Option<Peer>,
    _holes: Vec<BlackHole>,
    _refusing: Vec<ClosedPort>,
}

impl Row {
    fn run(&self, number: usize) {
        let host = format!("row-{number}.matrix.test");
        answer(&host, addresses(self.order));
        let place = self.open();
        let client = client(&format!("https://{host}:{}", place.port), |config| {
            config.set_connect_timeout(ms(CONNECT)).unwrap().set_max_retries(0);
        });
        let end = Call::Get.make(&client, None);
        let ok = self.code == Code::Ok;
        expect_end(&end, self.code, if ok { 200 } else { 0 }, u32::from(ok));
        let (least, most) = (Duration::from_millis(self.least), Duration::from_millis(self.most));
        assert!(end.time >= least && end.time < most + slack(), "{end:?}, not {least:?} to {most:?}");
    }

    /// Opens a port that all the addresses have free; those that must refuse keep it taken.
    fn open(&self) -> Place {
        let all = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"];
        let at = |address: &str, port| SocketAddr::new(address.parse().unwrap(), port);
        let (port, taken) = loop {
            let first = ClosedPort::at(at(all[0], 0)).unwrap();
            let port = first.port();
            let others = all[1..].iter().map(|address| ClosedPort::at(at(address, port)));
            if let Ok(others) = others.collect::<Result<Vec<_>, _>>() {
                break (port, std::iter::once(first).chain(others).collect::<Vec<_>>());
            }
        };
        let mut refusing = Vec::new();
        for (address, closed) in all.into_iter().zip(taken) {
            if !self.dead.contains(&address) && self.live != Some(address) {
                refusing.push(closed);
            }
        }
        let holes = self.dead.iter().map(|address| BlackHole::at(at(address, port))).collect();
        let serve = vec![vec![Step::Tls(Server::Good), Step::Serve]];
        let peer = self.live.map(|address| Peer::at(at(address, port), serve));
        Place { port, _peer: peer, _holes: holes, _refusing: refusing }
    }
}
