//! The program: the lines that it prints, and how it ends.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

fn start(arguments: &[&str]) -> (Child, HashMap<String, String>, BufReader<ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sg-open-tracking-sandbox"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = HashMap::new();
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        match line.trim_end().split_once('=') {
            Some((name, value)) => lines.insert(name.to_owned(), value.to_owned()),
            None => return (child, lines, stdout),
        };
    }
}

#[test]
fn it_tells_where_it_is_and_ends_with_its_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let ca = dir.path().join("ca's file.pem");
    let arguments = ["--exit-with-stdin", "--ready-file", ready.to_str().unwrap(), "--ca-file", ca.to_str().unwrap()];
    let (mut child, lines, mut stdout) = start(&arguments);
    assert!(lines["SANDBOX_URL"].starts_with("https://localhost:"));
    assert_ne!(lines["SANDBOX_URL"], lines["SANDBOX_EU_URL"]);
    for key in ["SANDBOX_KEY", "SANDBOX_EU_KEY", "SANDBOX_READ_KEY", "SANDBOX_UPDATE_KEY"] {
        assert_eq!(lines[key].len(), 69, "{key}");
    }
    let shell =
        Command::new("sh").args(["-c", ". \"$1\"; cat \"$SANDBOX_CA_FILE\"", "sh"]).arg(&ready).output().unwrap();
    assert!(shell.stdout.starts_with(b"-----BEGIN CERTIFICATE-----"));

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn it_ends_in_good_order_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, lines, _stdout) = start(&["--http"]);
        assert!(lines["SANDBOX_URL"].starts_with("http://127.0.0.1:"));
        let pid = child.id().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(killed.success());
        assert!(child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn it_says_what_is_wrong_with_its_arguments() {
    for arguments in [["--window", "0"], ["--limit", "-1"], ["--ca-file", "/nowhere/ca.pem"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_sg-open-tracking-sandbox")).args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
