//! Brings accounts to the state that a file wants: read, show the plan, change what differs.

use std::fmt::Write as _;

use crate::accounts::{self, Listing};
use crate::args::{self, Others, RegionName};
use crate::connect::{self, Session};
use crate::desired::Desired;
use crate::failure::{Failure, Family};
use crate::interrupt::Interrupt;
use crate::journal::{Done, Journal};
use crate::ledger::{Counts, Ledger};
use crate::output::{self, BAD, DIM, Form, Output};
use crate::plural::grouped;
use crate::progress::Progress;
use crate::record::{Account, Ending, Record, on_off};
use crate::run::{all_tried, tell, tell_why};
use crate::work::{Job, Wanted, Work};

pub fn run(options: &args::Apply) -> Result<(), Failure> {
    let progress = Progress::new(options.output.quiet, output::watched());
    let sessions = connect::sessions(&options.connection, &progress)?;
    let regions: Vec<_> = sessions.iter().map(|session| session.region).collect();
    let desired = Desired::read(&options.file, options.delimiter, accounts::only_region(&sessions))?;
    if let Some(stranger) = desired.accounts.iter().find(|account| !regions.contains(&account.region)) {
        let (region, name) = (stranger.region.as_str(), stranger.name());
        return Err(Failure::usage(format!("{name} is of the region {region}: name it by --region, too")));
    }
    let interrupt = Interrupt::watch(&sessions, progress.clone())?;
    let path = options.journal.journal.as_ref();
    let (journal, mut done) = path.map(|path| Journal::open(path, "apply")).transpose()?.unzip();
    let others = Unnamed::list(options.others, &desired, &sessions)?;
    let wanted = |account: &Account| desired.wants(account).or(options.others.wants());
    // What an earlier run did counts if it is what is wanted now.
    let done = done.get_or_insert_default();
    done.retain(|account, record| record.enabled.is_some() && record.enabled == wanted(account));
    let in_region = |region| move |account: &&Account| account.region == region;
    let all: Vec<Vec<Account>> = regions
        .iter()
        .map(|region| {
            let named = desired.accounts.iter().filter(in_region(*region));
            named.chain(others.accounts.iter().filter(in_region(*region))).cloned().collect()
        })
        .collect();
    let total = all.iter().map(Vec::len).sum();

    let (form, with_region) = (Form::from(&options.output), regions.len() > 1);
    let ledger = Ledger::new(journal, None, true, interrupt.clone());
    let job = Job::Compare(&wanted);
    let worked = Work { job, ledger: &ledger, progress: progress.clone(), with_region }.run(&sessions, all, done);
    let mut book = ledger.into_book();
    all_tried(worked, book.failure.take(), &book.counts, total, path.is_some())?;
    let plan = Plan::of(book.records.take().unwrap_or_default());
    let mut output = Output::new(form, with_region, false);
    plan.show(form, &others.listings, &wanted, &mut output, options.dry_run)?;
    if options.dry_run {
        return plan.ending(&Counts::default());
    }

    let to_change = regions.iter().map(|region| plan.accounts_to_change(*region)).collect();
    let ledger = Ledger::new(book.journal.take(), Some(output), false, interrupt);
    let job = Job::Change(&wanted);
    let worked = Work { job, ledger: &ledger, progress, with_region }.run(&sessions, to_change, &Done::new());
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

/// The subusers that the file does not name, where it matters what becomes of them.
struct Unnamed {
    accounts: Vec<Account>,
    listings: Vec<Listing>,
}

impl Unnamed {
    /// From the complete list of each region, or not at all.
    fn list(others: Others, desired: &Desired, sessions: &[Session]) -> Result<Unnamed, Failure> {
        let lists = if others == Others::Ignore { Vec::new() } else { accounts::listed(sessions)? };
        let (lists, listings): (Vec<_>, Vec<_>) = lists.into_iter().unzip();
        let accounts = lists.into_iter().flatten().filter(|account| desired.wants(account).is_none()).collect();
        Ok(Unnamed { accounts, listings })
    }
}

/// What was read, by what has to become of it; each in the order of the names.
struct Plan {
    differing: Vec<Record>,
    /// Those that the file does not name, where they are only reported.
    reported: Vec<Record>,
    unreadable: Vec<Record>,
    as_wanted: usize,
}

impl Plan {
    fn of(mut records: Vec<Record>) -> Plan {
        records.sort_by(|a, b| a.account.cmp(&b.account));
        let mut plan = Plan { differing: Vec::new(), reported: Vec::new(), unreadable: Vec::new(), as_wanted: 0 };
        for record in records {
            match record.outcome {
                Ending::WouldChange => plan.differing.push(record),
                Ending::Read => plan.reported.push(record),
                Ending::Failed => plan.unreadable.push(record),
                Ending::AlreadyRight | Ending::Changed => plan.as_wanted += 1,
            }
        }
        plan
    }

    fn accounts_to_change(&self, region: RegionName) -> Vec<Account> {
        let records = self.differing.iter().filter(|record| record.account.region == region);
        records.map(|record| record.account.clone()).collect()
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
            return output::print(&self.text(listings, wanted, records));
        }
        let differing = self.differing.iter().filter(|_| dry_run);
        let mut all = differing.chain(&self.reported).chain(&self.unreadable);
        all.try_for_each(|record| records.write(record)).map_err(Failure::output)?;
        anstream::eprintln!("{}", self.summary(wanted));
        Ok(())
    }

    fn text(&self, listings: &[Listing], wanted: Wanted, output: &Output) -> String {
        let mut text = String::new();
        let _ = self.write_text(listings, wanted, output, &mut text);
        text
    }

    fn write_text(&self, listings: &[Listing], wanted: Wanted, output: &Output, out: &mut String) -> std::fmt::Result {
        let width = self.differing.iter().map(|record| record.account.name().chars().count()).max().unwrap_or(0);
        for record in &self.differing {
            let (region, name) = (output.region(&record.account), record.account.name());
            let value = wanted(&record.account).unwrap_or_default();
            let style = output::style(value);
            writeln!(out, "  ~ {region}{name:<width$}  {} -> {style}{}{style:#}", on_off(!value), on_off(value))?;
        }
        for record in &self.reported {
            let (region, name) = (output.region(&record.account), record.account.name());
            let value = on_off(record.enabled.unwrap_or_default());
            writeln!(out, "  ? {region}{name}  {DIM}{value}, not in the file{DIM:#}")?;
        }
        for record in &self.unreadable {
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
        let to = |value| self.differing.iter().filter(|record| wanted(&record.account) == Some(value)).count();
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
        let unreadable = self.unreadable.iter().map(|record| Family::from(record.code())).max();
        let undone = if counts.entered() < self.differing.len() { Some(Family::Unexpected) } else { None };
        let worst = unreadable.max(counts.worst()).max(undone);
        worst.map_or(Ok(()), |family| Err(Failure::silent(family)))
    }
}
