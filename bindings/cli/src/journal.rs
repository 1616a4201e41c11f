//! The journal: every outcome as a line of JSON, on the disk before the next one counts.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};

use crate::account_set::{AccountSet, Known};
use crate::failure::Failure;
use crate::record::{Account, Ending, Reading, Record};

#[derive(Serialize, Deserialize)]
struct Line<C, R> {
    /// What the run was to do, such as "set off".
    command: C,
    #[serde(flatten)]
    record: R,
}

pub struct Journal {
    path: PathBuf,
    file: File,
    command: String,
    /// Where the last whole line ends.
    end: u64,
}

/// What earlier runs have done.
#[derive(Default)]
pub struct Done {
    accounts: AccountSet,
    readings: Known<Reading>,
}

impl Done {
    fn enter(&mut self, record: Record) {
        let Account { region, on_behalf_of } = &record.account;
        let number = self.accounts.insert(*region, on_behalf_of.as_deref());
        self.readings.set(number, (record.outcome != Ending::Failed).then(|| record.of(())));
    }

    pub fn get(&self, account: &Account) -> Option<&Reading> {
        self.readings.get(self.accounts.find(account)?)
    }

    pub fn retain(&mut self, keep: impl Fn(&Account, &Reading) -> bool) {
        for number in self.accounts.numbers() {
            if self.readings.get(number).is_some_and(|reading| !keep(&self.accounts.account(number), reading)) {
                self.readings.set(number, None);
            }
        }
    }
}

impl Journal {
    /// Opens or makes the journal of `command`, heals its end, and tells what is done already.
    pub fn open(path: &Path, command: &str) -> Result<(Journal, Done), Failure> {
        let failed = |why: &dyn std::fmt::Display| Failure::file(format!("journal {}: {why}", path.display()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| failed(&error))?;
        if !file.metadata().map_err(|error| failed(&error))?.is_file() {
            return Err(failed(&"it is no ordinary file"));
        }
        FileExt::try_lock(&file).map_err(|error| match error {
            TryLockError::WouldBlock => failed(&"another run is using it"),
            TryLockError::Error(error) => failed(&error),
        })?;
        let mut journal = Journal { path: path.to_owned(), file, command: command.to_owned(), end: 0 };

        let mut done = Done::default();
        let mut unreadable = 0;
        let mut lines = BufReader::new(&journal.file);
        let mut line = Vec::new();
        let torn = loop {
            line.clear();
            lines.read_until(b'\n', &mut line).map_err(|error| failed(&error))?;
            if line.pop_if(|last| *last == b'\n').is_none() {
                break line.len();
            }
            journal.end += line.len() as u64 + 1;
            if line.is_empty() {
                continue;
            }
            let Ok(Line { command: other, record }) = serde_json::from_slice::<Line<String, Record>>(&line) else {
                unreadable += 1;
                continue;
            };
            if other != command {
                return Err(failed(&format!("it is of \"{other}\", and this is \"{command}\": name another file")));
            }
            done.enter(record);
        };
        journal.heal(torn).map_err(|error| failed(&error))?;
        if unreadable > 0 {
            let what = if unreadable == 1 {
                "1 damaged line is left out, and its account done again".to_owned()
            } else {
                format!("{unreadable} damaged lines are left out, and their accounts done again")
            };
            anstream::eprintln!("journal {}: {what}", path.display());
        }
        Ok((journal, done))
    }

    /// Cuts off what a crash left of a line, so that the next one begins anew.
    fn heal(&mut self, torn: usize) -> io::Result<()> {
        if torn > 0 {
            anstream::eprintln!("journal {}: its last line was torn, and is cut off", self.path.display());
            self.file.set_len(self.end)?;
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.sync_all()?;
        sync_directory(&self.path)
    }

    /// Appends a record, and returns once it is on the disk.
    pub fn append(&mut self, record: &Record) -> Result<(), Failure> {
        self.write(record).map_err(|error| {
            // What was written of the line would be in the way of the next run's.
            let _ = self.file.set_len(self.end);
            Failure::file(format!(
                "journal {}: {error}: nothing more is begun; run again with it to go on",
                self.path.display()
            ))
        })
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { command: &self.command, record })?;
        line.push(b'\n');
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.end += line.len() as u64;
        Ok(())
    }
}

/// A new file is there after a crash only once its directory is on the disk.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
