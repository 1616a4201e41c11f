//! Where every outcome is entered: journal, output, counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sg_open_tracking::Code;

use crate::account_set::{Known, Number};
use crate::failure::{Failure, Family};
use crate::interrupt::Interrupt;
use crate::journal::Journal;
use crate::output::{BAD, Output};
use crate::record::{Ending, Reading, Record};

/// Shared by the threads of all regions.
pub struct Ledger {
    book: Mutex<Book>,
    interrupt: Interrupt,
}

pub struct Book {
    pub journal: Option<Journal>,
    output: Option<Output>,
    pub counts: Counts,
    /// Where they are wanted afterwards.
    pub readings: Option<Known<Reading>>,
    pub failure: Option<Failure>,
}

#[derive(Debug, Default, Clone)]
pub struct Counts {
    pub already: usize,
    pub changed: usize,
    pub would_change: usize,
    pub read: usize,
    pub failed: usize,
    /// Of these, what earlier runs did.
    pub earlier: usize,
    pub by_code: BTreeMap<Code, usize>,
}

impl Counts {
    pub fn add(&mut self, record: &Record) {
        match record.outcome {
            Ending::Read => self.read += 1,
            Ending::AlreadyRight => self.already += 1,
            Ending::Changed => self.changed += 1,
            Ending::WouldChange => self.would_change += 1,
            Ending::Failed => {
                self.failed += 1;
                *self.by_code.entry(record.code).or_default() += 1;
            }
        }
    }

    pub fn entered(&self) -> usize {
        self.already + self.changed + self.would_change + self.read + self.failed
    }

    pub fn worst(&self) -> Option<Family> {
        self.by_code.keys().map(|code| Family::from(*code)).max()
    }
}

impl Ledger {
    pub fn new(
        journal: Option<Journal>,
        output: Option<Output>,
        readings: Option<Known<Reading>>,
        interrupt: Interrupt,
    ) -> Ledger {
        let book = Book { journal, output, counts: Counts::default(), readings, failure: None };
        Ledger { book: Mutex::new(book), interrupt }
    }

    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn into_book(self) -> Book {
        self.book.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters what an earlier run has done.
    pub fn carry_over(&self, number: Number, record: Record) {
        let mut book = self.book();
        book.counts.add(&record);
        book.counts.earlier += 1;
        book.tell(number, record, &self.interrupt);
    }

    /// Enters a new outcome: it is in the journal before it counts. What was interrupted is no
    /// outcome.
    pub fn enter(&self, number: Number, record: Record, above_the_bar: impl FnOnce(&dyn Fn())) {
        if record.code == Code::Cancelled {
            return;
        }
        let mut book = self.book();
        // What would change is not done.
        if record.outcome != Ending::WouldChange
            && let Some(journal) = &mut book.journal
            && let Err(failure) = journal.append(&record)
        {
            book.fail(failure, &self.interrupt);
            book.journal = None;
            return;
        }
        if book.journal.is_none() && book.failure.is_some() {
            return;
        }
        book.counts.add(&record);
        if let Some(output) = book.output.as_ref().filter(|_| record.outcome == Ending::Failed) {
            let region = output.region(&record.account);
            let message = record.message.as_deref().unwrap_or_default();
            above_the_bar(&|| {
                anstream::eprintln!("{BAD}failed{BAD:#}\t{region}{}\t{message}", record.account.name());
            });
        }
        let interrupt = &self.interrupt;
        let book = &mut *book;
        // One that is printed above a progress bar must not be drawn over.
        book.tell(number, record, interrupt);
    }
}

impl Book {
    fn tell(&mut self, number: Number, record: Record, interrupt: &Interrupt) {
        if let Some(output) = &mut self.output
            && let Err(error) = output.write(&record)
        {
            self.output = None;
            self.fail(Failure::output(error), interrupt);
        }
        if let Some(readings) = &mut self.readings {
            readings.set(number, Some(record.of(())));
        }
    }

    fn fail(&mut self, failure: Failure, interrupt: &Interrupt) {
        interrupt.finish();
        self.failure.get_or_insert(failure);
    }
}
