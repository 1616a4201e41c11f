//! What an earlier audit read, and what changed since.

use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::account_set::{AccountSet, Known};
use crate::accounts::Listing;
use crate::failure::Failure;
use crate::readings::Readings;
use crate::record::{Account, Record};
use crate::table;

/// The records of an earlier audit: what `--save` wrote, or what `--json` printed.
#[derive(Default)]
pub struct Baseline {
    accounts: AccountSet,
    enabled: Known<Option<bool>>,
}

/// How an account differs from the baseline, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    SwitchedOn,
    SwitchedOff,
    New,
    Gone,
    NowUnreadable,
    ReadableAgain,
}

/// What `audit --json` prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Record(Box<Record>),
    Changed {
        #[serde(rename = "change")]
        _change: String,
    },
}

impl Change {
    pub const ALL: [Change; 6] = [
        Change::SwitchedOn,
        Change::SwitchedOff,
        Change::New,
        Change::Gone,
        Change::NowUnreadable,
        Change::ReadableAgain,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Change::SwitchedOn => "switched on",
            Change::SwitchedOff => "switched off",
            Change::New => "new",
            Change::Gone => "gone",
            Change::NowUnreadable => "now unreadable",
            Change::ReadableAgain => "readable again",
        }
    }
}

/// One account that differs. What could not be read has no value; nor has what was not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub change: Change,
    #[serde(flatten)]
    pub account: Account,
    pub was: Option<bool>,
    pub enabled: Option<bool>,
}

impl Baseline {
    /// Reads it whole; a line that is none of an audit's is an error, since a baseline with a hole
    /// would hide what changed there.
    pub fn read(path: &Path) -> Result<Baseline, Failure> {
        let failed = |why: String| Failure::file(format!("baseline {}: {why}", path.display()));
        let mut baseline = Baseline::default();
        for (line, record) in (1..).zip(table::open(path)?.lines()) {
            let record = record.map_err(|error| failed(format!("line {line}: {error}")))?;
            if record.is_empty() {
                continue;
            }
            match serde_json::from_str(&record) {
                Ok(Line::Record(record)) => baseline.enter(&record.account, record.enabled),
                Ok(Line::Changed { .. }) => {}
                Err(_) => return Err(failed(format!("line {line} is none of an audit: use what audit --save wrote"))),
            }
        }
        if baseline.accounts.len() == 0 {
            return Err(failed("it is empty".to_owned()));
        }
        Ok(baseline)
    }

    fn enter(&mut self, account: &Account, enabled: Option<bool>) {
        let number = self.accounts.insert(account.region, account.on_behalf_of.as_deref());
        self.enabled.set(number, Some(enabled));
    }

    /// What differs. An account that is in the baseline alone is gone if it was looked for: in the
    /// complete list of its region.
    pub fn drift(&self, readings: &Readings, listings: &[Listing]) -> Vec<Changed> {
        let mut drift = Vec::new();
        for (number, reading) in readings.iter() {
            let account = readings.accounts.account(number);
            let was = self.accounts.find(&account).and_then(|before| self.enabled.get(before)).copied();
            let change = match (was, reading.enabled) {
                (None, _) => Change::New,
                (Some(was), now) if was == now => continue,
                (_, None) => Change::NowUnreadable,
                (Some(None), _) => Change::ReadableAgain,
                (_, Some(true)) => Change::SwitchedOn,
                (_, Some(false)) => Change::SwitchedOff,
            };
            drift.push(Changed { change, account, was: was.flatten(), enabled: reading.enabled });
        }
        for number in self.accounts.numbers() {
            let account = self.accounts.account(number);
            if account.on_behalf_of.is_some()
                && readings.accounts.find(&account).is_none()
                && listings.iter().any(|listing| listing.region == account.region)
            {
                let was = self.enabled.get(number).copied().flatten();
                drift.push(Changed { change: Change::Gone, account, was, enabled: None });
            }
        }
        drift.sort_by(|a, b| (a.change, &a.account).cmp(&(b.change, &b.account)));
        drift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::RegionName;
    use crate::record::Reading;

    fn reading(enabled: Option<bool>) -> Reading {
        let enabled = enabled.map_or("null".to_owned(), |enabled| enabled.to_string());
        let record: Record = serde_json::from_str(&format!(
            r#"{{"time":"2026-11-24T00:00:00Z","region":"global","on_behalf_of":null,"outcome":"read",
                "enabled":{enabled},"code":"SG_OK","http_status":200,"attempts":1,"elapsed_ms":1,"message":null}}"#
        ))
        .unwrap();
        record.of(())
    }

    #[test]
    fn what_differs_is_told() {
        let before =
            [("a", Some(true)), ("b", Some(false)), ("c", Some(true)), ("d", None), ("e", Some(true)), ("f", None)];
        let now =
            [("a", Some(false)), ("b", Some(true)), ("c", None), ("d", Some(true)), ("g", Some(true)), ("f", None)];
        let mut baseline = Baseline::default();
        for (name, enabled) in before {
            baseline.enter(&Account { region: RegionName::Global, on_behalf_of: Some(name.to_owned()) }, enabled);
        }
        let (mut accounts, mut known) = (AccountSet::default(), Known::default());
        for (name, enabled) in now {
            known.set(accounts.insert(RegionName::Global, Some(name)), Some(reading(enabled)));
        }
        let readings = Readings::new(&accounts, Some(known));
        let listing = Listing { region: RegionName::Global, names: 6, pages: 1, passes: 2 };
        let found = |listings: &[Listing]| -> Vec<_> {
            let drift = baseline.drift(&readings, listings);
            drift.into_iter().map(|changed| (changed.account.on_behalf_of.unwrap(), changed.change)).collect()
        };
        let expected = [
            ("b", Change::SwitchedOn),
            ("a", Change::SwitchedOff),
            ("g", Change::New),
            ("e", Change::Gone),
            ("c", Change::NowUnreadable),
            ("d", Change::ReadableAgain),
        ]
        .map(|(name, change)| (name.to_owned(), change));
        assert_eq!(found(&[listing]), expected);
        // Who was not looked for is not gone.
        assert!(found(&[]).iter().all(|(_, change)| *change != Change::Gone));
    }
}
