//! What a run keeps in memory of each account.

#![cfg(unix)]

mod support;

use std::fmt::Write;
use std::fs;

use support::{Bench, Ran};

const FEW: u32 = 1_000;
const MANY: u32 = 10_000;

/// The peak of a run, in bytes. By a small program between: a child is charged with its parent's.
fn peak(bench: &Bench, arguments: &[&str]) -> usize {
    let time = ["time", "--format=%M", "--output=peak"];
    let output = bench.wrapped(&time, arguments).output();
    let ran = Ran::of(output.expect("the tests need GNU time: install your distribution's package time"));
    assert_eq!(ran.status, Some(0), "{arguments:?}: {}", ran.err);
    let peak = fs::read_to_string(bench.path("peak")).unwrap();
    peak.trim().parse::<usize>().unwrap() * 1024
}

#[test]
fn an_account_costs_little_more_than_its_name() {
    let [few, many] = [FEW, MANY].map(|subusers| {
        let bench = Bench::with_subusers(subusers);
        let mut policy = "username,open_tracking\n".to_owned();
        (1..=subusers).for_each(|number| writeln!(policy, "subuser-{number:05},on").unwrap());
        bench.write("policy.csv", &policy);
        // What a name of 13 bytes may cost: it is listed, is worked on, is kept with its reading.
        let commands = [
            (80, &["subusers"][..]),
            (120, &["get", "--all-subusers", "--json"]),
            (250, &["audit", "--all-subusers", "--html", "page", "--save", "before", "--metrics", "metrics"]),
            (250, &["apply", "policy.csv", "--others", "off", "--dry-run"]),
        ];
        commands.map(|(most, arguments)| (most, arguments, peak(&bench, arguments)))
    });
    for ((most, arguments, few), (_, _, many)) in few.into_iter().zip(many) {
        let each = many.saturating_sub(few) / (MANY - FEW) as usize;
        assert!(each <= most, "{arguments:?}: {each} bytes for each subuser");
    }
}
