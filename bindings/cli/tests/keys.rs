//! Keys: where platforms put them, and what people put around them.

#![cfg(unix)]

mod support;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Bench, Ran};

fn without_key(mut command: Command) -> Ran {
    Ran::of(command.env_remove("SENDGRID_API_KEY").output().unwrap())
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let bench = Bench::with_subusers(3);
    let ran = without_key(bench.command(&["get"]));
    ran.expect(2, "");
    assert!(ran.err.contains("SENDGRID_API_KEY") && ran.err.contains("--key-file"), "{ran:?}");

    let file = bench.write("key", &format!("{}\n", bench.sandbox.key()));
    let get = ["get", "--key-file", file.to_str().unwrap()];
    let cases = [
        (0o600, 0, ""),
        (0o400, 0, ""),
        (0o644, 0, "others may read it (mode 644): chmod 600"),
        (0o444, 0, "others may read it (mode 444)"),
        (0o440, 0, "others may read it (mode 440)"),
        (0o622, 9, "others may write it (mode 622): chmod 600"),
        (0o660, 9, "others may write it"),
        (0o602, 9, "others may write it"),
    ];
    for (mode, status, says) in cases {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let ran = without_key(bench.command(&get));
        assert_eq!(ran.status, Some(status), "{mode:o}: {ran:?}");
        assert!(
            if says.is_empty() { ran.err.is_empty() } else { ran.err.matches(says).count() == 1 },
            "{mode:o}: {ran:?}"
        );
    }
    assert_eq!(without_key(bench.command(&["get", "--key-file", "nowhere"])).status, Some(9));
    assert!(!bench.run(&["get", "--on-behalf-of", "fault-echo-key"]).err.contains(bench.sandbox.key()));
}

/// As Docker and Kubernetes mount them. They need root, as which the tests run where all must run.
#[test]
fn a_secret_mount_is_silent() {
    let bench = Bench::with_subusers(3);
    let file = bench.write("key", bench.sandbox.key());
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    if chown(&file, Some(12345), Some(12345)).is_err() {
        assert!(std::env::var_os("CI").is_none(), "the test needs root");
        return;
    }
    let ran = without_key(bench.command(&["get", "--key-file", "key"]));
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "owned by another");

    fs::create_dir(bench.path("secrets")).unwrap();
    let mount = "mount -t tmpfs secrets secrets && cat key > secrets/key && chmod 644 secrets/key && \
                 mount -o remount,ro secrets && exec \"$@\"";
    let ran =
        without_key(bench.wrapped(&["unshare", "-m", "bash", "-c", mount, "-"], &["get", "--key-file", "secrets/key"]));
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "on a read-only mount");
}

#[test]
fn other_places() {
    let bench = Bench::with_subusers(3);
    fs::create_dir(bench.path("credentials")).unwrap();
    let credential = bench.write("credentials/sendgrid", bench.sandbox.key());
    fs::set_permissions(credential, Permissions::from_mode(0o400)).unwrap();
    let mut command = bench.command(&["get", "--key-file", "sendgrid"]);
    command.env("CREDENTIALS_DIRECTORY", bench.path("credentials"));
    without_key(command).expect(0, "on\n");

    let mut child = bench
        .command(&["get", "--key-file", "-"])
        .env_remove("SENDGRID_API_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bench.sandbox.key().as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap()).expect(0, "on\n");
}

#[test]
fn commands() {
    let bench = Bench::with_subusers(3);
    bench.write("the key", bench.sandbox.key());
    let run = |line: &str, more: &[&str]| without_key(bench.command(&[&["get", "--key-command", line], more].concat()));
    run("cat 'the key'", &[]).expect(0, "on\n");
    let cases = [
        ("false", 9, "it failed: exit status: 1"),
        ("sh -c 'echo locked >&2; exit 3'", 9, "locked\n"),
        ("no-such-program", 9, "No such file"),
        ("cat 'the key", 2, "check its quotes"),
        ("", 2, "no command"),
        ("printf 'a\\nb'", 9, "it has 2 lines"),
        ("true", 9, "it is empty"),
    ];
    for (line, status, says) in cases {
        let ran = run(line, &[]);
        assert!(ran.status == Some(status) && ran.err.contains(says), "{line}: {ran:?}");
    }
    let started = Instant::now();
    let ran = run("sleep 60", &["--key-command-timeout", "0.3"]);
    assert!(ran.status == Some(9) && ran.err.contains("took longer than 0.3 s"), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(run("cat 'the key'", &["--key-file", "the key"]).status, Some(2));
    assert_eq!(bench.sandbox.stats().requests, 1);
}

#[test]
fn what_is_no_key_is_not_sent() {
    let bench = Bench::with_subusers(3);
    let key = bench.sandbox.key();
    let cases = [
        (format!("SENDGRID_API_KEY={key}"), "assignment"),
        (format!("export SENDGRID_API_KEY={key}"), "assignment"),
        (format!("\"{key}\""), "quotes"),
        (format!("{key}\nlogin: me"), "2 lines"),
        (String::from(" \n"), "empty"),
    ];
    for (content, says) in cases {
        let file = bench.write("key", &content);
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
        let ran = without_key(bench.command(&["get", "--key-file", "key"]));
        assert!(ran.status == Some(9) && ran.err.contains(says) && !ran.err.contains(key), "{content}: {ran:?}");
        let ran = Ran::of(bench.command(&["get"]).env("SENDGRID_API_KEY", &content).output().unwrap());
        assert!(ran.status == Some(2) && ran.err.contains(says) && !ran.err.contains(key), "{content}: {ran:?}");
    }
    assert_eq!(bench.sandbox.stats().requests, 0);
}
