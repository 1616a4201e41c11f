//! A desired state: its plan, its changes, and runs that were cut off.

#![cfg(unix)]

mod support;

use std::process::Stdio;
use std::time::Duration;

use sg_open_tracking_sandbox::{Rule, Side, Then};
use support::{Bench, Ran, journal};

#[test]
fn a_plan_and_what_comes_of_it() {
    let bench = Bench::with_subusers(5);
    bench.run(&["set", "off", "--on-behalf-of", "subuser-00002"]);
    bench.write("policy.csv", "username,open_tracking\nsubuser-00001,off\nsubuser-00002,on\nsubuser-00003,on\n");
    let before = bench.updates().len();
    let plan = "  ~ subuser-00001  on -> off\n  ~ subuser-00002  off -> on\n\
                Plan: 1 to switch off, 1 to switch on, 1 as wanted.\n";
    bench.run(&["apply", "policy.csv", "--dry-run"]).expect(3, plan);
    assert_eq!(bench.updates().len(), before);
    bench.run(&["apply", "policy.csv"]).expect(0, &format!("{plan}Applied: 2 changed.\n"));
    assert_eq!(bench.sandbox.setting(Side::Global, Some("subuser-00002")), Some(true));
    bench.run(&["apply", "policy.csv"]).expect(0, "Plan: 3 as wanted.\n");
    bench.run(&["apply", "policy.csv", "--dry-run"]).expect(0, "Plan: 3 as wanted.\n");
    // Each is changed once at most.
    assert!(bench.updates().values().all(|times| *times <= 2), "{:?}", bench.updates());
}

#[test]
fn what_becomes_of_the_others() {
    let bench = Bench::with_subusers(4);
    bench.write("policy.csv", "username;open_tracking\nsubuser-00001;on\n");
    let ran = bench.run(&["apply", "policy.csv", "--others", "report"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("  ? subuser-00002  on, not in the file\n"), "{ran:?}");
    assert!(ran.out.contains("The list of subusers of the region global is complete: 4 names, the same in the last two of 2 passes over 4 pages.\n"), "{ran:?}");
    assert!(ran.out.ends_with("Plan: 1 as wanted, 3 not in the file.\n"), "{ran:?}");
    let ran = bench.run(&["apply", "policy.csv", "--others", "off"]);
    assert!(ran.status == Some(0) && ran.out.ends_with("Plan: 3 to switch off, 1 as wanted.\nApplied: 3 changed.\n"));
    assert_eq!(bench.sandbox.setting(Side::Global, Some("subuser-00001")), Some(true));

    // A list that can't be had is no reason to do a part.
    let before = bench.updates();
    let mut command = bench.command(&["apply", "policy.csv", "--others", "on"]);
    let ran = Ran::of(command.env("SENDGRID_API_KEY", bench.sandbox.read_key()).output().unwrap());
    assert_eq!(ran.status, Some(4), "{ran:?}");
    assert_eq!(bench.updates(), before);
}

#[test]
fn a_file_with_mistakes_sends_nothing() {
    let bench = Bench::with_subusers(3);
    let cases = [
        (
            "username,open_tracking\nsubuser-00001,off\nsubuser-00002,off\nsubuser-00001,on\n",
            "lines 2 and 4 contradict",
        ),
        ("username,open_tracking\nsubuser-00001,off\nsubuser-00002,perhaps\n", "line 3: \"perhaps\""),
        ("{\"username\":\"subuser-00001\",\"open_tracking\":false}\n{\"username\":\"x\"\n", "line 2: "),
        ("username,open_tracking,region\nsubuser-00001,off,eu\n", "is of the region eu"),
        ("", "no column"),
    ];
    for (content, says) in cases {
        bench.write("policy", content);
        let ran = bench.run(&["apply", "policy", "--others", "off"]);
        assert!(matches!(ran.status, Some(2 | 9)) && ran.err.contains(says), "{content}: {ran:?}");
    }
    assert_eq!(bench.run(&["apply", "nowhere"]).status, Some(9));
    assert_eq!(bench.sandbox.stats().requests, 0);
}

#[test]
fn what_can_not_be_read_or_changed_is_told_at_the_end() {
    let bench = Bench::with_subusers(3);
    bench.write("policy.csv", "username,open_tracking\nsubuser-00001,off\nnobody,off\nfault-not-applied,off\n");
    let ran = bench.run(&["apply", "policy.csv"]);
    assert_eq!(ran.status, Some(8), "{ran:?}");
    assert!(ran.out.contains("  ! nobody  404 not found"), "{ran:?}");
    assert!(ran.out.ends_with("Plan: 2 to switch off, 1 unreadable.\nApplied: 1 changed, 1 failed.\n"), "{ran:?}");
    assert!(ran.err.contains("failed\tfault-not-applied"), "{ran:?}");
    assert_eq!(bench.run(&["apply", "policy.csv", "--dry-run"]).status, Some(5));
}

#[test]
fn for_programs() {
    let bench = Bench::with_subusers(3);
    let policy =
        "{\"username\":\"subuser-00001\",\"open_tracking\":\"off\"}\n{\"on_behalf_of\":null,\"enabled\":false}\n";
    bench.write("policy.json", policy);
    let outcomes = |ran: &Ran| -> Vec<String> {
        let mut outcomes: Vec<_> = ran
            .out
            .lines()
            .map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                format!("{} {}", record["on_behalf_of"], record["outcome"].as_str().unwrap())
            })
            .collect();
        outcomes.sort_unstable();
        outcomes
    };
    let ran = bench.run(&["apply", "policy.json", "--dry-run", "--json"]);
    assert_eq!(
        (ran.status, &outcomes(&ran)[..]),
        (Some(3), &["\"subuser-00001\" would-change".to_owned(), "null would-change".to_owned()][..])
    );
    let ran = bench.run(&["apply", "policy.json", "--json"]);
    assert_eq!(
        (ran.status, &outcomes(&ran)[..]),
        (Some(0), &["\"subuser-00001\" changed".to_owned(), "null changed".to_owned()][..])
    );
    assert_eq!(bench.sandbox.setting(Side::Global, None), Some(false));
    // What an audit printed is a desired state, too.
    let audit = bench.run(&["audit", "--all-subusers", "--csv"]);
    bench.write("audit.csv", &audit.out);
    bench.run(&["apply", "audit.csv", "--dry-run"]).expect(0, "Plan: 3 as wanted.\n");
}

/// Both regions, each with its own; killed at many moments, and run again.
#[test]
fn a_run_that_was_killed_goes_on() {
    const SUBUSERS: u32 = 60;
    for moment in [3_u64, 40, 125, 150, 200] {
        let bench = Bench::with_subusers(SUBUSERS);
        bench.sandbox.fault(Rule::always(Then { delay_ms: 5, ..Then::default() }).on_behalf_of("subuser-*"));
        let (global, eu) = (format!("global={}", bench.sandbox.url()), format!("eu={}", bench.sandbox.eu_url()));
        bench.write("policy.csv", "username,open_tracking,region\nsubuser-00001,on,global\nsubuser-00002,on,eu\n");
        let apply = [
            &["apply", "policy.csv", "--others", "off", "--journal", "journal", "--region", "global,eu"][..],
            &["--base-url", &global, "--base-url", &eu],
        ]
        .concat();
        let mut child = bench.command(&apply).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(bench.sandbox.wait_for_requests(moment, Duration::from_secs(30)));
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = bench.run(&apply);
        assert_eq!(ran.status, Some(0), "killed at {moment}: {ran:?}");
        for side in [Side::Global, Side::Eu] {
            for number in 1..=SUBUSERS {
                let wanted = (side, number) == (Side::Global, 1) || (side, number) == (Side::Eu, 2);
                let name = format!("subuser-{number:05}");
                assert_eq!(
                    bench.sandbox.setting(side, Some(&name)),
                    Some(wanted),
                    "{side:?} {name}, killed at {moment}"
                );
            }
        }
        let noted = journal(&bench.path("journal"));
        assert!(noted.len() >= 2 * SUBUSERS as usize, "{}", noted.len());
        // All is done: nothing is asked for again but the lists.
        let before = bench.sandbox.stats().requests;
        assert_eq!(bench.run(&apply).status, Some(0));
        assert!(bench.sandbox.stats().requests - before < 20);
        // What is wanted now counts, not what was.
        bench.write("policy.csv", "username,open_tracking,region\nsubuser-00003,on,global\n");
        let ran = bench.run(&apply);
        assert!(ran.out.contains("~ global\tsubuser-00003  off -> on\n"), "{ran:?}");
        assert_eq!(bench.sandbox.setting(Side::Eu, Some("subuser-00002")), Some(false));
    }
}
