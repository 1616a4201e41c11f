//! The README's commands run, and its table is the program's.

#![cfg(unix)]

mod support;

use support::{Bench, Ran};

const README: &str = include_str!("../README.md");

#[test]
fn its_commands_run() {
    let bench = Bench::with_subusers(25);
    let program = assert_cmd::cargo::cargo_bin("sg-open-tracking");
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut run = 0;
    for block in blocks.filter(|block| !block.starts_with("cargo install")) {
        let mut shell = bench.wrapped(&["bash", "-euo", "pipefail", "-c", block], &[]);
        let ran = Ran::of(shell.env("PATH", &path).output().unwrap());
        assert_eq!(ran.status, Some(0), "{block}{ran:?}");
        run += 1;
    }
    assert_eq!(run, 9);
    assert!(bench.path("audit.html").exists());
}

#[test]
fn its_table_is_that_of_the_help() {
    let help = Bench::with_subusers(1).run(&["--help"]).out;
    let (_, statuses) = help.split_once("Exit status").unwrap();
    let rows: Vec<_> = statuses.lines().skip(1).map(|line| line.trim().split_once(' ').unwrap()).collect();
    assert_eq!(rows.len(), 12);
    let readme = README.replace('`', "");
    for (status, meaning) in rows {
        assert!(readme.contains(&format!("| {status} | {} |", meaning.trim())), "{status} {meaning}");
    }
}
