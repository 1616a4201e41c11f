//! What a fleet gets of the rate that its account is allowed, at whole minutes on the sandbox's
//! clock, and how much faster connections side by side are. It takes three minutes, nearly all
//! of them waiting.
//!
//! ```sh
//! cargo bench --bench fleet
//! ```

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sg_open_tracking::{Client, Config, Region};
use sg_open_tracking_sandbox::{Options, ResetForm, Rule, Sandbox, Then, subuser};

const LIMIT: u32 = 600;
const ITEMS: u32 = 1500;

/// What it is, a sandbox for it, and how many requests a minute another client sends.
struct Case(&'static str, Options, u32);

fn main() {
    let base = Options { limit: Some(LIMIT), subusers: ITEMS, ..Options::default() };
    let epoch = Options { reset_form: ResetForm::Epoch, ..base.clone() };
    let cases = [
        Case("reset in seconds", base.clone(), 0),
        Case("reset as a time", epoch.clone(), 0),
        Case("its clock an hour ahead", Options { clock_skew: 3600, ..epoch.clone() }, 0),
        Case("its clock an hour behind", Options { clock_skew: -3600, ..epoch }, 0),
        Case("no headers", Options { rate_headers: false, ..base.clone() }, 0),
        Case("another uses half", base, LIMIT / 2),
    ];
    println!("{ITEMS} updates at {LIMIT} a minute");
    println!("{:26}{:>10}{:>14}{:>12}{:>10}", "", "seconds", "of the rate", "refused", "later");
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| paced(case));
        }
    });
    side_by_side();
}

fn client(sandbox: &Sandbox, requests_per_minute: u32) -> Client {
    let mut config = Config::new();
    config.set_base_url(sandbox.url()).unwrap();
    config.set_ca_file(sandbox.ca_file().unwrap()).unwrap();
    config.set_proxy(Some("")).unwrap();
    config.set_requests_per_minute(requests_per_minute).set_max_retries(0);
    Client::new(sandbox.key(), Region::Global, &config).unwrap()
}

fn paced(Case(name, options, other): Case) {
    let sandbox = Sandbox::start(options).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        if other > 0 {
            scope.spawn(|| {
                let other = client(&sandbox, other);
                while !is_done.load(Ordering::Relaxed) {
                    let _ = other.get(Some("news@example.com"));
                }
            });
        }
        client(&sandbox, 0)
            .update_many(false, (1..=ITEMS).map(subuser), |_, result| {
                result.unwrap();
                ControlFlow::Continue(())
            })
            .unwrap();
        let end = sandbox.now();
        is_done.store(true, Ordering::Relaxed);
        let windows = sandbox.stats().windows;
        let time = end - Duration::from_micros(windows[0].started_us);
        let allowed = f64::from(LIMIT - other) * time.as_secs_f64() / 60.0;
        let ours = sandbox.requests().into_iter().filter(|request| {
            request.status == Some(429) && request.on_behalf_of.as_deref() != Some("news@example.com")
        });
        let (early, late): (Vec<_>, Vec<_>) = ours.partition(|request| request.at_us < windows[0].ends_us);
        println!(
            "{name:26}{:>10.1}{:>13.1}%{:>12}{:>10}",
            time.as_secs_f64(),
            100.0 * f64::from(ITEMS) / allowed,
            early.len(),
            late.len()
        );
    });
}

fn side_by_side() {
    const ITEMS: u32 = 10_000;
    const ONE_BY_ONE: u32 = 200;
    let sandbox = Sandbox::start(Options::default()).unwrap();
    sandbox.fault(Rule::always(Then { delay_ms: 20, ..Then::default() }));
    let client = client(&sandbox, 0);
    let started = Instant::now();
    for _ in 0..ONE_BY_ONE {
        client.update(false, Some("subuser-00001")).unwrap();
    }
    let single = started.elapsed() / ONE_BY_ONE;
    let started = Instant::now();
    let names = std::iter::repeat_n("subuser-00001", ITEMS as usize);
    client.update_many(false, names, |_, _| ControlFlow::Continue(())).unwrap();
    let many = started.elapsed() / ITEMS;
    println!(
        "\n{ITEMS} updates at 20 ms of server delay and 8 connections: {many:.2?} each, {single:.2?} one after another, \
         {:.1} times as fast",
        single.as_secs_f64() / many.as_secs_f64()
    );
}
