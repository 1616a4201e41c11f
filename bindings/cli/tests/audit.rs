//! Audits: what they tell, what they write, and what changed since an earlier one.

#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use support::{Bench, Ran};

#[test]
fn audits() {
    let bench = Bench::with_subusers(12);
    bench.run(&["set", "off", "--all-subusers"]);
    let ran = bench.run(&["audit", "--all-subusers", "--expect", "off", "--html", "good.html"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("global         12         0        12           0"), "{}", ran.out);
    assert!(ran.out.ends_with("Open tracking is off for 12 accounts, as expected.\n"), "{}", ran.out);

    bench.run(&["set", "on", "--on-behalf-of", "subuser-00007"]);
    let odd = "fault-unicode-message";
    let arguments = ["audit", "--all-subusers", "--on-behalf-of", odd, "--expect", "off", "--html", "bad.html"];
    let ran = bench.run(&arguments);
    assert_eq!(ran.status, Some(4), "{ran:?}");
    assert!(ran.out.contains("On, though expected off:\n  global  subuser-00007\n"), "{}", ran.out);
    assert!(ran.out.contains("global  fault-unicode-message  403 accès refusé"), "{}", ran.out);
    assert_eq!(bench.run(&["audit", "--all-subusers", "--expect", "off"]).status, Some(3));
    assert_eq!(bench.run(&["audit", "--all-subusers"]).status, Some(0));

    let page = fs::read_to_string(bench.path("bad.html")).unwrap();
    assert!(page.contains("subuser-00007") && page.contains("権限がありません") && page.contains("<svg "));
    for outside in ["http:", "https:", "<script", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!bench.path("bad.html.part").exists());

    let ran = bench.run(&["audit", "--all-subusers", "--json"]);
    let states: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(states.len(), 12);
}

#[test]
fn a_place_that_can_not_be_written_is_told_before_anything_is_sent() {
    let bench = Bench::with_subusers(3);
    fs::create_dir(bench.path("folder")).unwrap();
    for option in ["--html", "--save", "--metrics"] {
        for place in ["no/such/folder/file", "folder", "/proc/file"] {
            let ran = bench.run(&["audit", option, place]);
            assert!(ran.status == Some(9) && ran.err.contains(place), "{option} {place}: {ran:?}");
        }
    }
    assert_eq!(bench.sandbox.stats().requests, 0);
}

#[test]
fn what_changed_since_the_baseline() {
    let bench = Bench::with_subusers(6);
    let audit = |arguments: &[&str]| bench.run(&[&["audit", "--all-subusers"], arguments].concat());
    bench.run(&["set", "off", "--all-subusers"]);
    let ran = audit(&["--save", "before.json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let ran = audit(&["--baseline", "before.json"]);
    assert!(ran.status == Some(0) && ran.out.contains("Nothing changed since the baseline.\n"), "{ran:?}");

    // One is switched, one was not there before, and one is there no more.
    bench.run(&["set", "on", "--on-behalf-of", "subuser-00002"]);
    let before = fs::read_to_string(bench.path("before.json")).unwrap();
    let before = before.replace("subuser-00005", "subuser-gone");
    fs::write(bench.path("before.json"), before).unwrap();
    let ran = audit(&["--baseline", "before.json", "--html", "drift.html", "--metrics", "drift.prom"]);
    assert_eq!(ran.status, Some(3), "{ran:?}");
    let expected = "Changed since the baseline:\n  global  switched on     subuser-00002\n  \
                    global  new             subuser-00005\n  global  gone            subuser-gone\n";
    assert!(ran.out.contains(expected), "{}", ran.out);
    assert!(ran.out.contains("Since the baseline: 1 switched on, 1 new, 1 gone.\n"), "{}", ran.out);
    let page = fs::read_to_string(bench.path("drift.html")).unwrap();
    assert!(page.contains("<td class=\"name\">subuser-gone</td><td>gone</td><td>off</td><td>&ndash;</td>"), "{page}");
    assert!(fs::read_to_string(bench.path("drift.prom")).unwrap().contains("_changed_accounts 3\n"));

    let ran = audit(&["--baseline", "before.json", "--json"]);
    let changes: Vec<_> = ran.out.lines().filter(|line| line.contains("\"change\"")).collect();
    assert_eq!(changes.len(), 3, "{ran:?}");
    assert!(changes[0].starts_with(r#"{"change":"switched-on","region":"global","on_behalf_of":"subuser-00002""#));
    // What that printed is a baseline, too.
    fs::write(bench.path("printed.json"), &ran.out).unwrap();
    assert_eq!(audit(&["--baseline", "printed.json"]).status, Some(0));

    // Who was not looked for is not gone.
    let ran = bench.run(&["audit", "--on-behalf-of", "subuser-00001", "--baseline", "before.json"]);
    assert!(ran.status == Some(0) && ran.out.contains("Nothing changed"), "{ran:?}");

    let torn = fs::read_to_string(bench.path("before.json")).unwrap();
    for content in [&torn[..torn.len() - 20], "", "{}\n", "no json\n"] {
        fs::write(bench.path("bad.json"), content).unwrap();
        let ran = audit(&["--baseline", "bad.json"]);
        assert!(ran.status == Some(9) && ran.err.contains("baseline bad.json: "), "{content}: {ran:?}");
    }
}

#[test]
fn metrics_are_those_of_prometheus() {
    let bench = Bench::with_subusers(4);
    bench.run(&["set", "off", "--on-behalf-of", "subuser-00001"]);
    let ran = bench.run(&["audit", "--all-subusers", "--expect", "off", "--metrics", "tracking.prom"]);
    assert_eq!(ran.status, Some(3), "{ran:?}");
    let text = fs::read_to_string(bench.path("tracking.prom")).unwrap();
    for line in [
        "sendgrid_open_tracking_accounts{region=\"global\",state=\"on\"} 3",
        "sendgrid_open_tracking_accounts{region=\"global\",state=\"off\"} 1",
        "sendgrid_open_tracking_accounts{region=\"global\",state=\"unreadable\"} 0",
        "sendgrid_open_tracking_unexpected_accounts{region=\"global\"} 3",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in {text}");
    }
    // The collector runs as another user.
    let mode = fs::metadata(bench.path("tracking.prom")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let check = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(bench.path("tracking.prom")).unwrap())
        .output()
        .expect("the tests need promtool: install your distribution's package prometheus");
    assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
}

/// One that was not whole leaves the files of the last one that was.
#[test]
fn an_audit_that_was_not_whole_writes_nothing() {
    let bench = Bench::with_subusers(40);
    let files = ["audit", "--html", "a.html", "--save", "a.json", "--metrics", "a.prom"];
    let whole = [&files[..], &["--on-behalf-of", "subuser-00001"]].concat();
    assert_eq!(bench.run(&whole).status, Some(0));
    let read = || ["a.html", "a.json", "a.prom"].map(|name| fs::read(bench.path(name)).unwrap());
    let before = read();
    let all = [&files[..], &["--all-subusers"]].concat();
    let wrong = Ran::of(bench.command(&all).env("SENDGRID_API_KEY", "SG.a-wrong-key").output().unwrap());
    assert_eq!(wrong.status, Some(4), "{wrong:?}");
    assert_eq!(read(), before);

    // Each of the three may have 4 KiB; a longer one can't be written to its end.
    let limited = ["bash", "-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "-"];
    let full = Ran::of(bench.wrapped(&limited, &all).output().unwrap());
    assert!(full.status == Some(9) && full.err.contains("File too large"), "{full:?}");
    let after = read();
    assert_eq!(after[0], before[0], "the page is whole");
    let left: Vec<_> = fs::read_dir(bench.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".sg-")), "{left:?}");
}
