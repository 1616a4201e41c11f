//! The report on all accounts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::args::{self, RegionName};
use crate::failure::{Failure, Family};
use crate::ledger::Ledger;
use crate::output::{self, BAD, DIM, Form, Output};
use crate::progress::Progress;
use crate::record::{Record, on_off};
use crate::work::{Job, Work};
use crate::{Run, end, html};

/// What was found.
pub struct Findings {
    pub time: Timestamp,
    pub expect: Option<bool>,
    pub regions: Vec<Region>,
    /// All that were read or tried, in the order of their names.
    pub records: Vec<Record>,
}

pub struct Region {
    pub name: RegionName,
    pub on: usize,
    pub off: usize,
    pub unreadable: usize,
}

impl Region {
    pub fn total(&self) -> usize {
        self.on + self.off + self.unreadable
    }
}

impl Findings {
    fn new(expect: Option<bool>, regions: &[RegionName], mut records: Vec<Record>) -> Findings {
        records.sort_by(|a, b| {
            (a.account.region, &a.account.on_behalf_of).cmp(&(b.account.region, &b.account.on_behalf_of))
        });
        let count = |region, enabled| {
            records.iter().filter(|record| record.account.region == region && record.enabled == enabled).count()
        };
        let regions = regions
            .iter()
            .map(|&name| Region {
                name,
                on: count(name, Some(true)),
                off: count(name, Some(false)),
                unreadable: count(name, None),
            })
            .collect();
        Findings { time: Timestamp::now(), expect, regions, records }
    }

    pub fn unexpected(&self) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(|record| self.expect.is_some() && record.enabled == self.expect.map(|wanted| !wanted))
    }

    pub fn unreadable(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.enabled.is_none())
    }

    /// What it comes to, in a sentence.
    pub fn verdict(&self) -> String {
        let total = match self.records.len() {
            1 => "1 account".to_owned(),
            total => format!("{} accounts", html::grouped(total)),
        };
        let none = (self.unexpected().next().is_none(), self.unreadable().next().is_none());
        let unexpected = html::grouped(self.unexpected().count());
        let unreadable = html::grouped(self.unreadable().count());
        match (self.expect, none.0, none.1) {
            (Some(expect), true, true) => format!("Open tracking is {} for {total}, as expected.", on_off(expect)),
            (Some(expect), _, true) => {
                format!(
                    "Open tracking is {} for {unexpected} of {total}, though expected {}.",
                    on_off(!expect),
                    on_off(expect)
                )
            }
            (Some(expect), _, _) => format!(
                "Of {total}, open tracking is {} for {unexpected}, though expected {}, and could not be read for {unreadable}.",
                on_off(!expect),
                on_off(expect)
            ),
            (None, _, true) => format!("Open tracking was read for {total}."),
            (None, _, _) => format!("Of {total}, open tracking could not be read for {unreadable}."),
        }
    }

    pub fn is_good(&self) -> bool {
        self.unexpected().next().is_none() && self.unreadable().next().is_none()
    }
}

pub fn run(options: &args::Audit) -> Result<(), Failure> {
    let progress = Progress::new(options.output.quiet, output::watched());
    let mut run = Run::begin("audit", &options.accounts, Some(&options.journal), &options.connection, &progress)?;
    let (total, with_region) = (run.total(), run.sessions.len() > 1);
    let form = Form::from(&options.output);
    let output = (form != Form::Text).then(|| Output::new(form, with_region, false));
    let ledger = Ledger::new(run.journal.take(), output, true, run.interrupt.clone());
    let regions: Vec<_> = run.sessions.iter().map(|session| session.region).collect();
    let worked =
        Work { job: Job::Read, ledger: &ledger, progress, with_region }.run(&run.sessions, run.accounts, &run.done);
    let mut book = ledger.into_book();
    let findings =
        Findings::new(options.expect.map(args::Switch::is_on), &regions, book.records.take().unwrap_or_default());
    let ended = end(worked, book.failure, &book.counts, total, options.journal.journal.is_some());
    let is_whole = findings.records.len() == total;
    match form {
        Form::Text => anstream::print!("{}", text(&findings)),
        _ => anstream::eprintln!("{}", findings.verdict()),
    }
    match &options.html {
        Some(path) if is_whole => write(path, &html::page(&findings))?,
        Some(path) => anstream::eprintln!("{} is not written: not all accounts were tried", path.display()),
        None => {}
    }
    ended?;
    if findings.unexpected().next().is_some() {
        return Err(Failure::silent(Family::Unexpected));
    }
    Ok(())
}

/// Whole or not at all.
fn write(path: &Path, page: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, page).and_then(|()| fs::rename(&part, path)).map_err(|error| {
        let _ = fs::remove_file(&part);
        Failure::file(format!("{}: {error}", path.display()))
    })
}

fn text(findings: &Findings) -> String {
    let mut text = String::new();
    let _ = write_text(findings, &mut text);
    text
}

fn write_text(findings: &Findings, out: &mut String) -> std::fmt::Result {
    let (on, off) = (output::style(true), output::style(false));
    writeln!(out, "Open tracking, {}\n", html::date(findings.time))?;
    writeln!(out, "{DIM}region   accounts        on       off  unreadable{DIM:#}")?;
    for region in &findings.regions {
        let bad = if region.unreadable > 0 { BAD } else { anstyle::Style::new() };
        writeln!(
            out,
            "{:<7}  {:>8}  {on}{:>8}{on:#}  {off}{:>8}{off:#}  {bad}{:>10}{bad:#}",
            region.name.as_str(),
            region.total(),
            region.on,
            region.off,
            region.unreadable
        )?;
    }
    if let Some(expect) = findings.expect.filter(|_| findings.unexpected().next().is_some()) {
        writeln!(out, "\n{}, though expected {}:", capital(on_off(!expect)), on_off(expect))?;
        for record in findings.unexpected() {
            writeln!(out, "  {:<6}  {}", record.account.region.as_str(), record.account.name())?;
        }
    }
    if findings.unreadable().next().is_some() {
        writeln!(out, "\nUnreadable:")?;
        for record in findings.unreadable() {
            let why = record.message.as_deref().unwrap_or_default();
            writeln!(out, "  {:<6}  {}  {BAD}{why}{BAD:#}", record.account.region.as_str(), record.account.name())?;
        }
    }
    writeln!(out, "\n{}", findings.verdict())
}

pub fn capital(text: &str) -> String {
    text[..1].to_ascii_uppercase() + &text[1..]
}
