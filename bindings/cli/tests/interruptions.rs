//! Runs that end before their time, and the runs that go on from them.

#![cfg(unix)]

mod support;

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sg_open_tracking_sandbox::{Options, Rule, Then};
use support::{Bench, Ran, journal};

const SET: [&str; 5] = ["set", "off", "--all-subusers", "--journal", "journal"];

fn spawn(bench: &Bench, arguments: &[&str]) -> Child {
    bench.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: i32) {
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: it is our child, and not yet waited for.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

/// That all were done, each at most once more than needed, and the journal tells each once.
fn assert_all_done(bench: &Bench, subusers: usize, case: &str) {
    let updates = bench.updates();
    assert_eq!(updates.len(), subusers, "{case}");
    assert!(updates.values().all(|times| *times <= 2), "{case}: {updates:?}");
    let mut names: Vec<_> =
        journal(&bench.path("journal")).iter().map(|line| line["on_behalf_of"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), subusers, "{case}");
    assert_eq!(journal(&bench.path("journal")).len(), subusers, "{case}");
}

#[test]
fn killed_at_random_moments() {
    const SUBUSERS: u32 = 150;
    let bench = Bench::with_subusers(SUBUSERS);
    let slow = Rule::always(Then { delay_ms: 4, ..Then::default() });
    let mut in_the_middle = 0;
    for round in 0..20 {
        bench.sandbox.reset();
        bench.sandbox.fault(slow.clone());
        let _ = fs::remove_file(bench.path("journal"));
        let mut child = spawn(&bench, &SET);
        // By the requests, not by the clock, so that it is within the run on any machine.
        let moment = 5 + RandomState::new().hash_one(round) % u64::from(2 * SUBUSERS - 10);
        assert!(bench.sandbox.wait_for_requests(moment, Duration::from_secs(30)));
        child.kill().unwrap();
        child.wait().unwrap();
        let before = fs::read(bench.path("journal")).unwrap_or_default();
        in_the_middle += u32::from(!before.is_empty());
        let ran = bench.run(&SET);
        assert_eq!(ran.status, Some(0), "killed at {moment}: {ran:?}");
        assert_all_done(&bench, SUBUSERS as usize, &format!("killed at {moment}"));
    }
    assert!(in_the_middle >= 5, "{in_the_middle}");
}

#[test]
fn a_torn_last_line_is_healed() {
    let bench = Bench::with_subusers(10);
    assert_eq!(bench.run(&SET).status, Some(0));
    let whole = fs::read_to_string(bench.path("journal")).unwrap();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for cut in [last + 1, last + 40, whole.len() - 1] {
        fs::write(bench.path("journal"), &whole[..cut]).unwrap();
        let ran = bench.run(&SET);
        ran.expect(0, "10 accounts: 1 already off, 9 switched off; 9 of them in earlier runs\n");
        assert!(ran.err.contains("torn"), "{ran:?}");
        assert_eq!(journal(&bench.path("journal")).len(), 10);
    }
    // What a power cut can leave of a block.
    fs::write(bench.path("journal"), &whole).unwrap();
    let mut file = OpenOptions::new().append(true).open(bench.path("journal")).unwrap();
    file.write_all(&[0; 512]).unwrap();
    assert_eq!(bench.run(&SET).status, Some(0));
    assert_eq!(journal(&bench.path("journal")).len(), 10);
}

#[test]
fn a_full_disk_stops_the_run_and_the_next_goes_on() {
    let bench = Bench::with_subusers(60);
    // The journal may have 4 KiB; a longer write fails, having written a part.
    let limited = ["bash", "-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "-"];
    let ran = Ran::of(bench.wrapped(&limited, &SET).output().unwrap());
    assert_eq!(ran.status, Some(9), "{ran:?}");
    assert!(ran.err.contains("journal journal: File too large") && ran.err.contains("to go on"), "{ran:?}");
    let noted = journal(&bench.path("journal")).len();
    assert!(noted > 5 && noted < 60, "{noted}");
    let ran = bench.run(&SET);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(journal(&bench.path("journal")).len(), 60);
}

#[test]
fn two_runs_do_not_share_a_journal() {
    let bench = Bench::with_subusers(3);
    bench.sandbox.fault(Rule::always(Then { delay_ms: 2000, ..Then::default() }).on_behalf_of("subuser-*"));
    let mut first = spawn(&bench, &SET);
    assert!(bench.sandbox.wait_for_requests(2, Duration::from_secs(30)));
    let ran = bench.run(&SET);
    ran.expect(9, "");
    assert!(ran.err.contains("another run is using it"), "{ran:?}");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn the_first_interrupt_finishes_what_is_under_way() {
    for interrupt in [libc::SIGINT, libc::SIGTERM] {
        let bench = Bench::with_subusers(100);
        bench.sandbox.fault(Rule::always(Then { delay_ms: 150, ..Then::default() }).on_behalf_of("subuser-*"));
        let mut no_read = SET.to_vec();
        no_read.push("--no-read");
        let child = spawn(&bench, &no_read);
        assert!(bench.sandbox.wait_for_requests(16, Duration::from_secs(30)));
        signal(&child, interrupt);
        let started = Instant::now();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.status, Some(130), "{ran:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert!(ran.out.contains("left undone") && ran.err.contains("run again with the same journal"), "{ran:?}");
        // All that was sent is noted.
        let noted = journal(&bench.path("journal")).len();
        assert!((11..50).contains(&noted), "{noted}");
        assert_eq!(bench.updates().len(), noted);

        bench.sandbox.clear_faults();
        assert_eq!(bench.run(&no_read).status, Some(0));
        assert_all_done(&bench, 100, "afterwards");
        assert!(bench.updates().values().all(|times| *times == 1));
    }
}

#[test]
fn the_second_interrupt_ends_at_once() {
    let bench = Bench::with_subusers(3);
    let child = spawn(&bench, &["get", "--on-behalf-of", "fault-silent", "--on-behalf-of", "subuser-00001"]);
    assert!(bench.sandbox.wait_for_requests(1, Duration::from_secs(30)));
    signal(&child, libc::SIGINT);
    // Two signals that are not yet handled are one.
    thread::sleep(Duration::from_millis(200));
    signal(&child, libc::SIGINT);
    let started = Instant::now();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.status, Some(130), "{ran:?}");
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    assert!(ran.err.contains("Ctrl-C again"), "{ran:?}");
}

#[test]
fn an_interrupt_ends_the_wait_for_the_limit() {
    let bench = Bench::new(Options { subusers: 20, limit: Some(5), ..Options::default() });
    let child = spawn(&bench, &["get", "--all-subusers"]);
    assert!(bench.sandbox.wait_for_requests(2, Duration::from_secs(30)));
    signal(&child, libc::SIGINT);
    let started = Instant::now();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
}
