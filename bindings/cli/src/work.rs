//! Reading and changing the accounts of all regions at once.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use sg_open_tracking::{Code, Error, Outcome};

use crate::connect::Session;
use crate::failure::Failure;
use crate::journal::Done;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::record::{Account, Ending, Record};

/// What an account is to have; `None` where that does not matter.
pub type Wanted<'a> = &'a (dyn Fn(&Account) -> Option<bool> + Sync);

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
    pub ledger: &'a Ledger,
    pub progress: Progress,
    /// Whether there is more than one region to tell apart.
    pub with_region: bool,
}

impl Work<'_> {
    /// Does the job for all accounts that are not done already.
    pub fn run(&self, sessions: &[Session], accounts: Vec<Vec<Account>>, done: &Done) -> Result<(), Failure> {
        thread::scope(|scope| {
            let threads: Vec<_> = sessions
                .iter()
                .zip(accounts)
                .map(|(session, accounts)| scope.spawn(|| self.run_region(session, accounts, done)))
                .collect();
            // Each region's failure is its own; the first is told.
            let results: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect();
            results.into_iter().collect()
        })
    }

    fn run_region(&self, session: &Session, accounts: Vec<Account>, done: &Done) -> Result<(), Failure> {
        let (earlier, accounts): (Vec<_>, Vec<_>) =
            accounts.into_iter().partition(|account| done.contains_key(account));
        for account in &earlier {
            self.ledger.carry_over(&done[account]);
        }
        match self.job {
            Job::Read => self.read(session, &accounts, |account, outcome| Some(record(account, Ending::Read, outcome))),
            Job::Compare(wanted) => self.read(session, &accounts, |account, outcome| {
                let ending = match wanted(account) {
                    None => Ending::Read,
                    Some(wanted) if wanted == outcome.enabled => Ending::AlreadyRight,
                    Some(_) => Ending::WouldChange,
                };
                Some(record(account, ending, outcome))
            }),
            Job::Change(wanted) => [false, true].into_iter().try_for_each(|value| {
                let accounts: Vec<_> =
                    accounts.iter().filter(|account| wanted(account) == Some(value)).cloned().collect();
                self.change(session, &accounts, value)
            }),
            Job::Set(wanted) => {
                let mut wrong = Vec::new();
                self.read(session, &accounts, |account, outcome| {
                    if outcome.enabled == wanted {
                        return Some(record(account, Ending::AlreadyRight, outcome));
                    }
                    wrong.push(account.clone());
                    None
                })?;
                self.change(session, &wrong, wanted)
            }
        }
    }

    fn read(
        &self,
        session: &Session,
        accounts: &[Account],
        entry: impl FnMut(&Account, &Outcome) -> Option<Record>,
    ) -> Result<(), Failure> {
        self.each(session, "reading", None, accounts, entry)
    }

    fn change(&self, session: &Session, accounts: &[Account], wanted: bool) -> Result<(), Failure> {
        let doing = if wanted { "switching on" } else { "switching off" };
        self.each(session, doing, Some(wanted), accounts, |account, outcome| {
            Some(record(account, Ending::Changed, outcome))
        })
    }

    /// Calls for each account, and enters what `entry` makes of what went well, and all that
    /// failed.
    fn each(
        &self,
        session: &Session,
        doing: &str,
        update_to: Option<bool>,
        accounts: &[Account],
        mut entry: impl FnMut(&Account, &Outcome) -> Option<Record>,
    ) -> Result<(), Failure> {
        if accounts.is_empty() {
            return Ok(());
        }
        let client = &session.client;
        // As wide as the longest, so that the bars of both regions begin in one column.
        let region = if self.with_region { format!("{:<6} ", session.region.as_str()) } else { String::new() };
        let doing = format!("{region}{doing:<13}");
        let mut task = self.progress.task(&doing, accounts.len(), &Arc::clone(client));
        let mut enter = |account: &Account, result: Result<Outcome, Error>| {
            let record = match &result {
                Ok(outcome) => entry(account, outcome),
                Err(error) => Some(Record::failed(account.clone(), error)),
            };
            if let Some(record) = record {
                self.ledger.enter(&record, |print| task.above(print));
            }
            task.advance(result.is_err());
        };
        // The account itself, and one alone, who is not to wait long for the limit.
        let single = |account: &&Account| account.on_behalf_of.is_none() || accounts.len() == 1;
        let (single, subusers): (Vec<_>, Vec<_>) = accounts.iter().partition(single);
        for account in single {
            let name = account.on_behalf_of.as_deref();
            let result = match update_to {
                Some(enabled) => client.update(enabled, name),
                None => client.get(name),
            };
            enter(account, result);
        }
        let names = subusers.iter().filter_map(|account| account.on_behalf_of.as_deref());
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

fn record(account: &Account, ending: Ending, outcome: &Outcome) -> Record {
    Record::ok(account.clone(), ending, outcome.enabled, &outcome.report)
}
