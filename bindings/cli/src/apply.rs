//! Brings accounts to the state that a file wants: read, show the plan, change what differs.

use std::io::{self, Write};

use crate::account_set::{Known, Number};
use crate::accounts::{self, Listing};
use crate::args::{self, Others};
use crate::connect;
use crate::desired::Desired;
use crate::failure::{Failure, Family};
use crate::interrupt::Interrupt;
use crate::journal::{Done, Journal};
use crate::ledger::{Counts, Ledger};
use crate::output::{self, BAD, DIM, Form, Output};
use crate::plural::grouped;
use crate::progress::Progress;
use crate::readings::Readings;
use crate::record::{Ending, on_off};
use crate::run::{all_tried, tell, tell_why};
use crate::work::{Job, Wanted, Work};

pub fn run(options: &args::Apply) -> Result<(), Failure> {
    let progress = Progress::new(options.output.quiet, output::watched());
    let sessions = connect::sessions(&options.connection, &progress)?;
    let regions: Vec<_> = sessions.iter().map(|session| session.region).collect();
    let mut desired = Desired::read(&options.file, options.delimiter, accounts::only_region(&sessions))?;
    let is_strange = |number: &Number| !regions.contains(&desired.accounts.region(*number));
    if let Some(stranger) = desired.accounts.numbers().find(is_strange) {
        let account = desired.accounts.account(stranger);
        let (region, name) = (account.region.as_str(), account.name());
        return Err(Failure::usage(format!("{name} is of the region {region}: name it by --region, too")));
    }
    let interrupt = Interrupt::watch(&sessions, progress.clone())?;
    let path = options.journal.journal.as_ref();
    let (journal, mut done) = path.map(|path| Journal::open(path, "apply")).transpose()?.unzip();
    // What the file does not name comes from the complete list of each region, or not at all.
    let listings = match options.others {
        Others::Ignore => Vec::new(),
        _ => accounts::listed(&sessions, &mut desired.accounts)?,
    };
    let desired = &desired;
    let accounts = &desired.accounts;
    let wanted = |number| desired.wants(number).or(options.others.wants());
    // What an earlier run did counts if it is what is wanted now.
    let done = done.get_or_insert_default();
    done.retain(|account, reading| {
        reading.enabled.is_some() && reading.enabled == accounts.find(account).and_then(wanted)
    });
    let all: Vec<_> = accounts.numbers().collect();

    let (form, with_region) = (Form::from(&options.output), regions.len() > 1);
    let ledger = Ledger::new(journal, None, Some(Known::of(accounts)), interrupt.clone());
    let job = Job::Compare(&wanted);
    let work = Work { job, accounts, ledger: &ledger, progress: progress.clone(), with_region };
    let worked = work.run(&sessions, &all, done);
    let mut book = ledger.into_book();
    all_tried(worked, book.failure.take(), &book.counts, all.len(), path.is_some())?;
    let plan = Plan::of(Readings::new(accounts, book.readings.take()));
    let mut output = Output::new(form, with_region, false);
    plan.show(form, &listings, &wanted, &mut output, options.dry_run)?;
    if options.dry_run {
        return plan.ending(&Counts::default());
    }

    let ledger = Ledger::new(book.journal.take(), Some(output), None, interrupt);
    let job = Job::Change(&wanted);
    let work = Work { job, accounts, ledger: &ledger, progress, with_region };
    let worked = work.run(&sessions, &plan.differing, &Done::default());
    let book = ledger.into_book();
    let counts = &book.counts;
    if !plan.differing.is_empty() {
        let left = plan.differing.len().saturating_sub(counts.entered());
        let parts = [(counts.changed, "changed"), (counts.failed, "failed"), (left, "left undone")];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<_> = parts.map(|(number, what)| format!("{} {what}", grouped(*number))).collect();
        tell(form, &format!("Applied: {}.", parts.join(", ")))?;
        tell_why(counts);
    }
    all_tried(worked, book.failure, counts, plan.differing.len(), path.is_some())?;
    plan.ending(counts)
}

/// What was read, by what has to become of it; each in the order of the names.
struct Plan<'a> {
    readings: Readings<'a>,
    differing: Vec<Number>,
    /// Those that the file does not name, where they are only reported.
    reported: Vec<Number>,
    unreadable: Vec<Number>,
    as_wanted: usize,
}

impl Plan<'_> {
    fn of(readings: Readings<'_>) -> Plan<'_> {
        let with = |ending| readings.sorted(|reading| reading.outcome == ending);
        let (differing, reported, unreadable) = (with(Ending::WouldChange), with(Ending::Read), with(Ending::Failed));
        let as_wanted = readings.iter().count() - differing.len() - reported.len() - unreadable.len();
        Plan { readings, differing, reported, unreadable, as_wanted }
    }

    /// For people, all of it. For programs, a record each of what would change (if nothing will be)
    /// and of what was only read; the rest follows as it is done.
    fn show(
        &self,
        form: Form,
        listings: &[Listing],
        wanted: Wanted,
        records: &mut Output,
        dry_run: bool,
    ) -> Result<(), Failure> {
        if form == Form::Text {
            return output::print(|out| self.text(listings, wanted, records, out));
        }
        let differing = if dry_run { &self.differing[..] } else { &[] };
        let all = [differing, &self.reported, &self.unreadable];
        let mut all = all.into_iter().flat_map(|numbers| self.readings.records(numbers));
        all.try_for_each(|record| records.write(&record)).map_err(Failure::output)?;
        anstream::eprintln!("{}", self.summary(wanted));
        Ok(())
    }

    fn text(&self, listings: &[Listing], wanted: Wanted, output: &Output, out: &mut dyn Write) -> io::Result<()> {
        let accounts = self.readings.accounts;
        let width = |number: &Number| accounts.account(*number).name().chars().count();
        let width = self.differing.iter().map(width).max().unwrap_or(0);
        for number in &self.differing {
            let account = accounts.account(*number);
            let (region, name) = (output.region(&account), account.name());
            let value = wanted(*number).unwrap_or_default();
            let style = output::style(value);
            writeln!(out, "  ~ {region}{name:<width$}  {} -> {style}{}{style:#}", on_off(!value), on_off(value))?;
        }
        for record in self.readings.records(&self.reported) {
            let (region, name) = (output.region(&record.account), record.account.name());
            let value = on_off(record.enabled.unwrap_or_default());
            writeln!(out, "  ? {region}{name}  {DIM}{value}, not in the file{DIM:#}")?;
        }
        for record in self.readings.records(&self.unreadable) {
            let (region, name) = (output.region(&record.account), record.account.name());
            let why = record.message.as_deref().unwrap_or_default();
            writeln!(out, "  ! {region}{name}  {BAD}{why}{BAD:#}")?;
        }
        for listing in listings {
            writeln!(out, "{}", listing.sentence())?;
        }
        writeln!(out, "{}", self.summary(wanted))
    }

    fn summary(&self, wanted: Wanted) -> String {
        let to = |value| self.differing.iter().filter(|number| wanted(**number) == Some(value)).count();
        let parts = [
            (to(false), "to switch off"),
            (to(true), "to switch on"),
            (self.as_wanted, "as wanted"),
            (self.reported.len(), "not in the file"),
            (self.unreadable.len(), "unreadable"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<_> = parts.map(|(number, what)| format!("{} {what}", grouped(*number))).collect();
        format!("Plan: {}.", parts.join(", "))
    }

    /// By the worst of what could not be read and, but for a dry run, of what could not be changed.
    /// Of a dry run, whether anything would change.
    fn ending(&self, counts: &Counts) -> Result<(), Failure> {
        let unreadable = self.readings.records(&self.unreadable).map(|record| Family::from(record.code)).max();
        let undone = if counts.entered() < self.differing.len() { Some(Family::Unexpected) } else { None };
        let worst = unreadable.max(counts.worst()).max(undone);
        worst.map_or(Ok(()), |family| Err(Failure::silent(family)))
    }
}
