//! The report on all accounts: as text, as a page, as metrics, and beside an earlier one.

use std::io::{self, Write};
use std::time::Instant;

use crate::account_set::Known;
use crate::args::{self, Switch};
use crate::baseline::Baseline;
use crate::failure::{Failure, Family};
use crate::findings::Findings;
use crate::ledger::Ledger;
use crate::output::{self, BAD, DIM, Form, Output};
use crate::progress::Progress;
use crate::readings::Readings;
use crate::record::{capital, date, on_off};
use crate::run::{Run, end};
use crate::work::{Job, Work};
use crate::{html, metrics, whole_file};

pub fn run(options: &args::Audit) -> Result<(), Failure> {
    let started = Instant::now();
    let files = [&options.html, &options.save, &options.metrics];
    files.into_iter().flatten().try_for_each(|path| whole_file::can_be_written(path))?;
    let baseline = options.baseline.as_deref().map(Baseline::read).transpose()?;
    let progress = Progress::new(options.output.quiet, output::watched());
    let mut run = Run::begin("audit", &options.accounts, Some(&options.journal), &options.connection, &progress)?;
    let numbers: Vec<_> = run.accounts.numbers().collect();
    let (total, with_region) = (numbers.len(), run.sessions.len() > 1);
    let form = Form::from(&options.output);
    let output = (form != Form::Text).then(|| Output::new(form, with_region, false));
    let ledger = Ledger::new(run.journal.take(), output, Some(Known::of(&run.accounts)), run.interrupt.clone());
    let regions: Vec<_> = run.sessions.iter().map(|session| session.region).collect();
    let work = Work { job: Job::Read, accounts: &run.accounts, ledger: &ledger, progress, with_region };
    let worked = work.run(&run.sessions, &numbers, &run.done);
    let mut book = ledger.into_book();
    let readings = Readings::new(&run.accounts, book.readings.take());
    let expect = options.expect.map(Switch::is_on);
    let seconds = started.elapsed().as_secs_f64();
    let findings = Findings::new(expect, &regions, run.listings, readings, baseline.as_ref(), seconds);
    let ended = end(worked, book.failure, &book.counts, total, options.journal.journal.is_some());
    let is_whole = findings.total() == total;
    match form {
        Form::Text => output::print(|out| text(&findings, out))?,
        _ => sum_up(&findings, form).map_err(Failure::output)?,
    }
    if is_whole {
        if let Some(path) = &options.html {
            whole_file::write(path, |out| html::page(&findings, out))?;
        }
        if let Some(path) = &options.save {
            whole_file::write(path, |out| lines(&findings, out))?;
        }
        if let Some(path) = &options.metrics {
            whole_file::write(path, |out| metrics::text(&findings, out))?;
        }
    } else {
        for path in files.into_iter().flatten() {
            anstream::eprintln!("{} is not written: not all accounts were tried", path.display());
        }
    }
    ended?;
    if findings.has_unexpected() || findings.has_drifted() {
        return Err(Failure::silent(Family::Unexpected));
    }
    Ok(())
}

/// What follows the records for programs: the changes for them, the sentences for people.
fn sum_up(findings: &Findings, form: Form) -> io::Result<()> {
    if form == Form::Json {
        let mut out = io::stdout().lock();
        for changed in findings.drift.iter().flatten() {
            writeln!(out, "{}", serde_json::to_string(changed)?)?;
        }
        out.flush()?;
    }
    for sentence in sentences(findings) {
        anstream::eprintln!("{sentence}");
    }
    Ok(())
}

fn lines(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    findings.records().try_for_each(|record| writeln!(out, "{}", serde_json::to_string(&record)?))
}

fn sentences(findings: &Findings<'_>) -> impl Iterator<Item = String> {
    findings.completeness().chain(findings.drift_verdict()).chain([findings.verdict()])
}

fn text(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    let (on, off) = (output::style(true), output::style(false));
    writeln!(out, "Open tracking, {}\n", date(findings.time))?;
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
    if let Some(expect) = findings.expect.filter(|_| findings.has_unexpected()) {
        writeln!(out, "\n{}, though expected {}:", capital(on_off(!expect)), on_off(expect))?;
        for record in findings.unexpected() {
            writeln!(out, "  {:<6}  {}", record.account.region.as_str(), record.account.name())?;
        }
    }
    if findings.has_unreadable() {
        writeln!(out, "\nUnreadable:")?;
        for record in findings.unreadable() {
            let why = record.message.as_deref().unwrap_or_default();
            writeln!(out, "  {:<6}  {}  {BAD}{why}{BAD:#}", record.account.region.as_str(), record.account.name())?;
        }
    }
    if let Some(drift) = findings.drift.as_ref().filter(|drift| !drift.is_empty()) {
        writeln!(out, "\nChanged since the baseline:")?;
        for changed in drift {
            let region = changed.account.region.as_str();
            writeln!(out, "  {region:<6}  {:<15} {}", changed.change.as_str(), changed.account.name())?;
        }
    }
    writeln!(out)?;
    sentences(findings).try_for_each(|sentence| writeln!(out, "{sentence}"))
}
