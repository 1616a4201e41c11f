//! Reading and changing the accounts of all regions at once.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use sg_open_tracking::{Code, Error, Outcome};

use crate::account_set::{AccountSet, Number};
use crate::connect::Session;
use crate::failure::Failure;
use crate::journal::Done;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::record::{Ending, Record};

/// What an account is to have; `None` where that does not matter.
pub type Wanted<'a> = &'a (dyn Fn(Number) -> Option<bool> + Sync);

/// What is to be done with each account.
#[derive(Clone, Copy)]
pub enum Job<'a> {
    Read,
    /// Read, and tell what differs.
    Compare(Wanted<'a>),
    /// Change without reading.
    Change(Wanted<'a>),
    /// Read, and change what has to be.
    Set(bool),
}

pub struct Work<'a> {
    pub job: Job<'a>,
    pub accounts: &'a AccountSet,
    pub ledger: &'a Ledger,
    pub progress: Progress,
    /// Whether there is more than one region to tell apart.
    pub with_region: bool,
}

impl Work<'_> {
    /// Does the job for all of these accounts that are not done already.
    pub fn run(&self, sessions: &[Session], numbers: &[Number], done: &Done) -> Result<(), Failure> {
        thread::scope(|scope| {
            let threads: Vec<_> =
                sessions.iter().map(|session| scope.spawn(|| self.run_region(session, numbers, done))).collect();
            // Each region's failure is its own; the first is told.
            let results: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect();
            results.into_iter().collect()
        })
    }

    fn run_region(&self, session: &Session, numbers: &[Number], done: &Done) -> Result<(), Failure> {
        let mut todo = Vec::new();
        for number in numbers.iter().copied().filter(|number| self.accounts.region(*number) == session.region) {
            let account = self.accounts.account(number);
            match done.get(&account) {
                Some(reading) => self.ledger.carry_over(number, reading.clone().of(account)),
                None => todo.push(number),
            }
        }
        match self.job {
            Job::Read => self.read(session, &todo, |_, _| Some(Ending::Read)),
            Job::Compare(wanted) => self.read(session, &todo, |number, enabled| match wanted(number) {
                None => Some(Ending::Read),
                Some(wanted) if wanted == enabled => Some(Ending::AlreadyRight),
                Some(_) => Some(Ending::WouldChange),
            }),
            Job::Change(wanted) => [false, true].into_iter().try_for_each(|value| {
                let todo: Vec<_> = todo.iter().copied().filter(|number| wanted(*number) == Some(value)).collect();
                self.change(session, &todo, value)
            }),
            Job::Set(wanted) => {
                let mut wrong = Vec::new();
                self.read(session, &todo, |number, enabled| {
                    if enabled == wanted {
                        return Some(Ending::AlreadyRight);
                    }
                    wrong.push(number);
                    None
                })?;
                self.change(session, &wrong, wanted)
            }
        }
    }

    fn read(
        &self,
        session: &Session,
        numbers: &[Number],
        ending: impl FnMut(Number, bool) -> Option<Ending>,
    ) -> Result<(), Failure> {
        self.each(session, "reading", None, numbers, ending)
    }

    fn change(&self, session: &Session, numbers: &[Number], wanted: bool) -> Result<(), Failure> {
        let doing = if wanted { "switching on" } else { "switching off" };
        self.each(session, doing, Some(wanted), numbers, |_, _| Some(Ending::Changed))
    }

    /// Calls for each account, and enters all that failed, and what went well if that is its ending.
    fn each(
        &self,
        session: &Session,
        doing: &str,
        update_to: Option<bool>,
        numbers: &[Number],
        mut ending: impl FnMut(Number, bool) -> Option<Ending>,
    ) -> Result<(), Failure> {
        if numbers.is_empty() {
            return Ok(());
        }
        let (client, accounts) = (&session.client, self.accounts);
        // As wide as the longest, so that the bars of both regions begin in one column.
        let region = if self.with_region { format!("{:<6} ", session.region.as_str()) } else { String::new() };
        let doing = format!("{region}{doing:<13}");
        let mut task = self.progress.task(&doing, numbers.len(), &Arc::clone(client));
        let mut enter = |number, result: Result<Outcome, Error>| {
            let account = accounts.account(number);
            let record = match &result {
                Ok(outcome) => ending(number, outcome.enabled)
                    .map(|ending| Record::ok(account, ending, outcome.enabled, &outcome.report)),
                Err(error) => Some(Record::failed(account, error)),
            };
            if let Some(record) = record {
                self.ledger.enter(number, record, |print| task.above(print));
            }
            task.advance(result.is_err());
        };
        // The account itself, and one alone, who is not to wait long for the limit.
        let single = |number: &Number| accounts.on_behalf_of(*number).is_none() || numbers.len() == 1;
        let (single, subusers): (Vec<_>, Vec<_>) = numbers.iter().copied().partition(single);
        for number in single {
            let name = accounts.on_behalf_of(number);
            let result = match update_to {
                Some(enabled) => client.update(enabled, name),
                None => client.get(name),
            };
            enter(number, result);
        }
        let names = subusers.iter().filter_map(|number| accounts.on_behalf_of(*number));
        let on_result = |index: usize, result| {
            enter(subusers[index], result);
            ControlFlow::Continue(())
        };
        let verdict = match update_to {
            Some(enabled) => client.update_many(enabled, names, on_result),
            None => client.get_many(names, on_result),
        };
        match verdict {
            // What failed is entered, and what was interrupted is told at the end.
            Err(error) if !matches!(error.code(), Code::Partial | Code::Cancelled) => Err(error.into()),
            _ => Ok(()),
        }
    }
}
