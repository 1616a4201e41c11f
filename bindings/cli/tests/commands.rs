//! What the commands say and do, and how they end.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::Write;
use std::process::Stdio;

use sg_open_tracking_sandbox::{Options, Rule, Side, Then};
use support::{Bench, Ran, journal};

#[test]
fn one_account() {
    let bench = Bench::with_subusers(25);
    bench.run(&["get"]).expect(0, "on\n");
    bench.run(&["set", "off"]).expect(0, "1 account: 1 switched off\n");
    bench.run(&["set", "off"]).expect(0, "1 account: 1 already off\n");
    bench.run(&["get"]).expect(0, "off\n");
    bench.run(&["get", "--on-behalf-of", "subuser-00001"]).expect(0, "on\n");
    assert_eq!(bench.sandbox.setting(Side::Global, None), Some(false));
}

#[test]
fn what_the_calls_do() {
    let bench = Bench::with_subusers(25);
    let quiet = bench.run(&["get"]);
    quiet.expect(0, "on\n");
    assert_eq!(quiet.err, "");
    for (option, level, events) in
        [("-v", "info", &["end"][..]), ("-vv", "debug", &["connected", "sent", "reply", "end"])]
    {
        let ran = bench.run(&["get", "--all-subusers", option]);
        for event in events {
            assert!(ran.err.contains(&format!("event={event} ")), "{option}: {event}: {ran:?}");
        }
        assert!(
            ran.err.lines().all(|line| line.starts_with("event=")) && !ran.err.contains(bench.sandbox.key()),
            "{ran:?}"
        );
        assert_eq!(ran.err.contains("level=debug"), level == "debug", "{ran:?}");
        assert_eq!(
            ran.err.lines().filter(|line| line.contains("event=end ") && line.contains("on_behalf_of=")).count(),
            25
        );
    }
    let ran = bench.run(&["set", "off", "--on-behalf-of", "fault-status-404", "-v"]);
    assert!(ran.err.contains("event=end level=error"), "{ran:?}");
}

#[test]
fn many_accounts() {
    let bench = Bench::with_subusers(25);
    let names = bench.write("names", "\u{feff}# ours\nsubuser-00001\n\n  subuser-00002 \nsubuser-00001\n");
    let ran = bench.run(&["set", "off", "--from", names.to_str().unwrap(), "--on-behalf-of", "nobody"]);
    ran.expect(5, "3 accounts: 2 switched off, 1 failed\n");
    assert!(ran.err.contains("failed\tnobody\t404 not found"), "{ran:?}");
    assert!(ran.err.contains("1 name came more than once, and counts once"), "{ran:?}");

    let table = bench.write("table.csv", "id,username\n1,subuser-00003\n2,\"subuser-00001\"\n3,\n");
    let table = table.to_str().unwrap();
    let ran = bench.run(&["get", "--from", table, "--column", "username", "--account", "--csv"]);
    let mut rows: Vec<_> = ran.out.lines().map(|row| row.split(',').collect::<Vec<_>>()).collect();
    assert_eq!(rows.remove(0)[..5], ["time", "region", "on_behalf_of", "outcome", "enabled"]);
    let mut rows: Vec<_> = rows.iter().map(|row| (row[1], row[2], row[3], row[4], row[5])).collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            ("global", "", "read", "true", "SG_OK"),
            ("global", "subuser-00001", "read", "false", "SG_OK"),
            ("global", "subuser-00003", "read", "true", "SG_OK")
        ]
    );
    bench.run(&["set", "off", "--all-subusers"]).expect(0, "25 accounts: 2 already off, 23 switched off\n");
    bench.run(&["get", "--from", table, "--column", "user"]).expect(9, "");
}

#[test]
fn tables_as_spreadsheets_write_them() {
    let bench = Bench::with_subusers(25);
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let tables: [(&str, Vec<u8>, &[&str]); 5] = [
        ("semicolons.csv", b"Id;UserName\n1;subuser-00003\n".to_vec(), &["--column", "username"]),
        ("tabs.tsv", b"id\tusername\n1\tsubuser-00003\n".to_vec(), &["--column", "username"]),
        ("bars", b"id|username\n1|subuser-00003\n".to_vec(), &["--column", "username", "--delimiter", "|"]),
        ("utf16.csv", utf16("id,username\r\n1,subuser-00003\r\n"), &["--column", "username"]),
        ("utf16", utf16("# ours\r\nsubuser-00003\r\n"), &[]),
    ];
    for (name, content, options) in tables {
        fs::write(bench.path(name), content).unwrap();
        let ran = bench.run(&[&["get", "--from", name], options].concat());
        ran.expect(0, "on\n");
    }
    fs::write(bench.path("latin"), b"subuser-00001\nm\xfcller\n").unwrap();
    let ran = bench.run(&["get", "--from", "latin"]);
    assert!(ran.status == Some(9) && ran.err.contains("latin: line 2 is not UTF-8"), "{ran:?}");
    let ran = bench.run(&["get", "--from", "semicolons.csv", "--column", "user"]);
    assert!(ran.status == Some(9) && ran.err.contains("the columns are \"Id\", \"UserName\""), "{ran:?}");
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let bench = Bench::with_subusers(2);
    for arguments in [&["get"][..], &["set", "off"], &["audit"], &["subusers"], &["completions", "bash"], &["man"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = Ran::of(bench.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap());
        assert!(ran.status == Some(9) && ran.err.contains("standard output: No space"), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn names_by_standard_input() {
    let bench = Bench::with_subusers(25);
    let mut child = bench
        .command(&["get", "--from", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"subuser-00001\r\nsubuser-00002").unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    let mut lines: Vec<_> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!((ran.status, &lines[..]), (Some(0), &["subuser-00001\ton", "subuser-00002\ton"][..]));
}

#[test]
fn a_dry_run_changes_nothing() {
    let bench = Bench::with_subusers(3);
    bench.run(&["set", "off", "--on-behalf-of", "subuser-00002"]).expect(0, "1 account: 1 switched off\n");
    let ran = bench.run(&["set", "off", "--all-subusers", "--dry-run", "--connections", "1"]);
    ran.expect(0, "subuser-00001\ton\nsubuser-00003\ton\n3 accounts: 1 already off, 2 would be switched off\n");
    assert_eq!(bench.updates().len(), 1);
}

#[test]
fn a_key_that_may_not_read() {
    let bench = Bench::with_subusers(3);
    let run = |arguments: &[&str]| {
        let output = bench.command(arguments).env("SENDGRID_API_KEY", bench.sandbox.update_key()).output().unwrap();
        Ran::of(output)
    };
    let ran = run(&["set", "off"]);
    ran.expect(4, "1 account: 1 failed\n");
    assert!(ran.err.contains("tracking_settings.open.read"), "{ran:?}");
    run(&["set", "off", "--no-read"]).expect(0, "1 account: 1 switched off\n");
}

#[test]
fn exit_statuses() {
    let bench = Bench::with_subusers(3);
    let cases = [
        ("fault-status-400", 5),
        ("fault-status-404", 5),
        ("fault-status-401", 4),
        ("fault-status-403", 4),
        ("fault-status-429", 6),
        ("fault-status-500", 8),
        ("fault-malformed-json", 8),
        ("fault-redirect", 8),
        ("fault-close", 7),
        ("fault-silent", 7),
        (" no name", 2),
    ];
    for (name, status) in cases {
        let arguments = ["get", "--timeout", "0.5", "--retries", "0", "--on-behalf-of", name];
        bench.run(&arguments).expect(status, "");
    }
    let ran = bench.run(&["set", "off", "--on-behalf-of", "fault-not-applied"]);
    ran.expect(8, "1 account: 1 failed\n");
    // The worst counts.
    let both = ["get", "--on-behalf-of", "fault-status-404", "--on-behalf-of", "fault-close", "--json"];
    assert_eq!(bench.run(&both).status, Some(7));

    for arguments in [&["set"][..], &["set", "maybe"], &["get", "--timeout", "-1"], &["get", "--connections", "0"], &[]]
    {
        assert_eq!(bench.run(arguments).status, Some(2), "{arguments:?}");
    }
    let unreachable = ["get", "--base-url", "https://127.0.0.1:1", "--retries", "0"];
    bench.run(&unreachable).expect(7, "");
}

#[test]
fn a_name_commands_no_terminal() {
    let bench = Bench::with_subusers(1);
    let ran = bench.run(&["get", "--on-behalf-of", "evil\u{1b}[2Jname"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains(r"evil\u{1b}[2Jname") && !ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn a_wrong_key_stops_early() {
    let bench = Bench::with_subusers(25);
    let names: String = (1..=25).map(|n| format!("subuser-{n:05}\n")).collect();
    let names = bench.write("names", &names);
    let arguments = ["get", "--from", names.to_str().unwrap()];
    let ran = Ran::of(bench.command(&arguments).env("SENDGRID_API_KEY", "SG.a-wrong-key").output().unwrap());
    ran.expect(4, "");
    assert!(ran.err.contains("so that the account is not blocked"), "{ran:?}");
    assert!(bench.sandbox.stats().requests <= 10);
}

#[test]
fn both_regions_at_once() {
    let bench = Bench::with_subusers(3);
    let (global, eu) = (format!("global={}", bench.sandbox.url()), format!("eu={}", bench.sandbox.eu_url()));
    let both = ["--region", "global,eu", "--base-url", &global, "--base-url", &eu];
    let run = |arguments: &[&str]| bench.run(&[arguments, &both].concat());
    run(&["set", "off", "--all-subusers"]).expect(0, "6 accounts: 6 switched off\n");
    assert_eq!(bench.sandbox.setting(Side::Eu, Some("subuser-00003")), Some(false));
    let ran = run(&["get", "--account"]);
    let mut lines: Vec<_> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["eu\t(the account itself)\ton", "global\t(the account itself)\ton"]);

    run(&["get", "--on-behalf-of", "subuser-00001"]).expect(2, "");
    let table = bench.write("table.csv", "name,where\nsubuser-00001,EU\nsubuser-00002,global\n");
    let table = table.to_str().unwrap();
    let ran = run(&["get", "--from", table, "--column", "name", "--region-column", "where"]);
    let mut lines: Vec<_> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["eu\tsubuser-00001\toff", "global\tsubuser-00002\toff"]);
    let ran = run(&["subusers"]);
    assert_eq!((ran.status, ran.out.lines().count()), (Some(0), 6));
}

#[test]
fn subusers_in_each_form() {
    let bench = Bench::with_subusers(2);
    bench.run(&["subusers"]).expect(0, "subuser-00001\nsubuser-00002\n");
    bench.run(&["subusers", "--csv"]).expect(0, "region,username\nglobal,subuser-00001\nglobal,subuser-00002\n");
    let ran = bench.run(&["subusers", "--json"]);
    assert_eq!(ran.out.lines().next(), Some(r#"{"region":"global","username":"subuser-00001"}"#));
    let output = bench.command(&["subusers"]).env("SENDGRID_API_KEY", bench.sandbox.read_key()).output().unwrap();
    let ran = Ran::of(output);
    ran.expect(4, "");
    assert!(ran.err.contains("subusers.read"), "{ran:?}");
}

#[test]
fn no_colour_and_no_bar_where_nobody_watches() {
    let bench = Bench::with_subusers(3);
    for arguments in
        [&["get", "--all-subusers"][..], &["audit", "--all-subusers"], &["get", "--on-behalf-of", "nobody"]]
    {
        let ran = bench.run(arguments);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran:?}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure_of_ours() {
    let bench = Bench::new(Options { subusers: 400, ..Options::default() });
    let mut child =
        bench.command(&["get", "--all-subusers"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap());
    // By SIGPIPE, which a shell tells as 141.
    assert_eq!((ran.status, ran.signal, ran.err.as_str()), (None, Some(13), ""));
    assert!(bench.sandbox.stats().requests < 100);
}

#[test]
fn help_completions_and_man_page() {
    let bench = Bench::with_subusers(1);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = bench.run(&["completions", shell]);
        assert!(ran.status == Some(0) && ran.out.contains("all-subusers"), "{shell}");
    }
    let ran = bench.run(&["man"]);
    assert!(ran.out.contains(".TH sg-open-tracking 1") && ran.out.contains(".SH SET"), "{}", ran.out);
    for command in [&["--help"][..], &["set", "--help"], &["audit", "--help"]] {
        let ran = bench.run(command);
        assert!(ran.status == Some(0) && ran.out.contains("Exit status"), "{command:?}");
    }
    assert_eq!(bench.sandbox.stats().connections, 0);
}

#[test]
fn the_journal_is_of_one_command() {
    let bench = Bench::with_subusers(3);
    let run = |value: &str| bench.run(&["set", value, "--all-subusers", "--journal", "journal"]);
    run("off").expect(0, "3 accounts: 3 switched off\n");
    let ran = run("on");
    ran.expect(9, "");
    assert!(ran.err.contains("it is of \"set off\", and this is \"set on\""), "{ran:?}");
    let requests = bench.sandbox.stats().requests;
    run("off").expect(0, "3 accounts: 3 switched off; 3 of them in earlier runs\n");
    assert_eq!(bench.sandbox.stats().requests, requests + 4, "the list alone");
    assert_eq!(journal(&bench.path("journal")).len(), 3);
    bench.run(&["set", "off", "--journal", "/dev/null"]).expect(9, "");
    bench.run(&["set", "off", "--journal", "no/such/directory/journal"]).expect(9, "");
}

#[test]
fn what_failed_is_tried_again_by_the_next_run() {
    let bench = Bench::with_subusers(3);
    bench.sandbox.fault(Rule::times(1, Then::status(400)).on_behalf_of("subuser-00002"));
    let run = || bench.run(&["set", "off", "--all-subusers", "--journal", "journal"]);
    run().expect(5, "3 accounts: 2 switched off, 1 failed\n");
    run().expect(0, "3 accounts: 3 switched off; 2 of them in earlier runs\n");
}
