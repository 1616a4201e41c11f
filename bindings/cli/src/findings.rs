//! What an audit found.

use jiff::Timestamp;

use crate::account_set::Number;
use crate::accounts::Listing;
use crate::args::RegionName;
use crate::baseline::{Baseline, Change, Changed};
use crate::plural::{self, grouped};
use crate::readings::Readings;
use crate::record::{Record, on_off};

pub struct Findings<'a> {
    pub time: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    pub expect: Option<bool>,
    pub regions: Vec<Region>,
    /// How the lists of subusers were read, where they were.
    pub listings: Vec<Listing>,
    readings: Readings<'a>,
    /// All that were read or tried, in the order of their names.
    sorted: Vec<Number>,
    /// What is not as it was in the baseline; `None` without one.
    pub drift: Option<Vec<Changed>>,
}

pub struct Region {
    pub name: RegionName,
    pub on: usize,
    pub off: usize,
    pub unreadable: usize,
    pub unexpected: usize,
}

impl Region {
    pub fn total(&self) -> usize {
        self.on + self.off + self.unreadable
    }

    fn add(&mut self, enabled: Option<bool>, expect: Option<bool>) {
        let count = match enabled {
            Some(true) => &mut self.on,
            Some(false) => &mut self.off,
            None => &mut self.unreadable,
        };
        *count += 1;
        self.unexpected += usize::from(is_unexpected(enabled, expect));
    }
}

impl Findings<'_> {
    pub fn new<'a>(
        expect: Option<bool>,
        regions: &[RegionName],
        listings: Vec<Listing>,
        readings: Readings<'a>,
        baseline: Option<&Baseline>,
        seconds: f64,
    ) -> Findings<'a> {
        let mut regions: Vec<_> =
            regions.iter().map(|&name| Region { name, on: 0, off: 0, unreadable: 0, unexpected: 0 }).collect();
        for (number, reading) in readings.iter() {
            let name = readings.accounts.region(number);
            for region in regions.iter_mut().filter(|region| region.name == name) {
                region.add(reading.enabled, expect);
            }
        }
        let sorted = readings.sorted(|_| true);
        let drift = baseline.map(|baseline| baseline.drift(&readings, &listings));
        Findings { time: Timestamp::now(), seconds, expect, regions, listings, readings, sorted, drift }
    }

    pub fn total(&self) -> usize {
        self.sorted.len()
    }

    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.readings.records(&self.sorted)
    }

    pub fn unexpected(&self) -> impl Iterator<Item = Record> {
        self.records().filter(|record| is_unexpected(record.enabled, self.expect))
    }

    pub fn unreadable(&self) -> impl Iterator<Item = Record> {
        self.records().filter(|record| record.enabled.is_none())
    }

    pub fn has_unexpected(&self) -> bool {
        self.regions.iter().any(|region| region.unexpected > 0)
    }

    pub fn has_unreadable(&self) -> bool {
        self.regions.iter().any(|region| region.unreadable > 0)
    }

    pub fn has_drifted(&self) -> bool {
        self.drift.as_ref().is_some_and(|drift| !drift.is_empty())
    }

    /// What it comes to, in a sentence.
    pub fn verdict(&self) -> String {
        let total = plural::count(self.total(), "account");
        let unexpected = grouped(self.regions.iter().map(|region| region.unexpected).sum());
        let unreadable = grouped(self.regions.iter().map(|region| region.unreadable).sum());
        match (self.expect, !self.has_unexpected(), !self.has_unreadable()) {
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

    /// What changed since the baseline, in a sentence.
    pub fn drift_verdict(&self) -> Option<String> {
        let drift = self.drift.as_ref()?;
        let number = |change| drift.iter().filter(|changed| changed.change == change).count();
        let parts: Vec<_> = Change::ALL
            .iter()
            .map(|change| (number(*change), change.as_str()))
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", grouped(number)))
            .collect();
        Some(if parts.is_empty() {
            "Nothing changed since the baseline.".to_owned()
        } else {
            format!("Since the baseline: {}.", parts.join(", "))
        })
    }

    /// How it is known that the lists of subusers are complete, in a sentence each.
    pub fn completeness(&self) -> impl Iterator<Item = String> {
        self.listings.iter().map(Listing::sentence)
    }

    pub fn is_good(&self) -> bool {
        !self.has_unexpected() && !self.has_unreadable() && !self.has_drifted()
    }
}

fn is_unexpected(enabled: Option<bool>, expect: Option<bool>) -> bool {
    matches!((enabled, expect), (Some(enabled), Some(expect)) if enabled != expect)
}
