//! What the commands that go over accounts have in common: how they begin and how they end.

use crate::account_set::AccountSet;
use crate::accounts::{self, Listing, Selection};
use crate::args;
use crate::connect::{self, Session};
use crate::failure::{Failure, Family};
use crate::interrupt::Interrupt;
use crate::journal::{Done, Journal};
use crate::ledger::Counts;
use crate::output::{self, Form};
use crate::progress::Progress;

/// What a command that goes over accounts begins with.
pub struct Run {
    pub sessions: Vec<Session>,
    pub accounts: AccountSet,
    pub listings: Vec<Listing>,
    pub interrupt: Interrupt,
    pub journal: Option<Journal>,
    pub done: Done,
}

impl Run {
    pub fn begin(
        command: &str,
        accounts: &args::Accounts,
        journal: Option<&args::JournalFile>,
        connection: &args::Connection,
        progress: &Progress,
    ) -> Result<Run, Failure> {
        let sessions = connect::sessions(connection, progress)?;
        let interrupt = Interrupt::watch(&sessions, progress.clone())?;
        let path = journal.and_then(|file| file.journal.as_ref());
        let (journal, done) = match path.map(|path| Journal::open(path, command)).transpose()? {
            Some((journal, done)) => (Some(journal), done),
            None => (None, Done::default()),
        };
        let Selection { accounts, listings } = accounts::of_sessions(accounts, &sessions)?;
        Ok(Run { sessions, accounts, listings, interrupt, journal, done })
    }
}

/// How a command that went over accounts ends: by the worst that happened.
pub fn end(
    worked: Result<(), Failure>,
    failure: Option<Failure>,
    counts: &Counts,
    total: usize,
    has_journal: bool,
) -> Result<(), Failure> {
    all_tried(worked, failure, counts, total, has_journal)?;
    counts.worst().map_or(Ok(()), |family| Err(Failure::silent(family)))
}

/// Whether each account was tried, however that went; or why not.
pub fn all_tried(
    worked: Result<(), Failure>,
    failure: Option<Failure>,
    counts: &Counts,
    total: usize,
    has_journal: bool,
) -> Result<(), Failure> {
    if let Some(failure) = failure {
        return Err(failure);
    }
    worked?;
    if counts.entered() < total {
        let message = if has_journal {
            "interrupted: run again with the same journal to go on"
        } else {
            "interrupted: next time, --journal lets a run go on where it stopped"
        };
        return Err(Failure { family: Family::Interrupted, message: Some(message.to_owned()) });
    }
    Ok(())
}

/// For people, so that it does not get between what programs read.
pub fn tell(form: Form, summary: &str) -> Result<(), Failure> {
    if form == Form::Text {
        return output::print(|out| writeln!(out, "{summary}"));
    }
    anstream::eprintln!("{summary}");
    Ok(())
}

/// What failed, by reason, when there is more than one line would tell.
pub fn tell_why(counts: &Counts) {
    if counts.failed > 1 {
        for (code, number) in &counts.by_code {
            anstream::eprintln!("  {number} \u{d7} {}", code.sentence().to_string_lossy());
        }
    }
}
