//! What an audit found.

use jiff::Timestamp;

use crate::accounts::Listing;
use crate::args::RegionName;
use crate::baseline::{Baseline, Change, Changed};
use crate::plural::{self, grouped};
use crate::record::{Record, on_off};

pub struct Findings {
    pub time: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    pub expect: Option<bool>,
    pub regions: Vec<Region>,
    /// How the lists of subusers were read, where they were.
    pub listings: Vec<Listing>,
    /// All that were read or tried, in the order of their names.
    pub records: Vec<Record>,
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
}

impl Findings {
    pub fn new(
        expect: Option<bool>,
        regions: &[RegionName],
        listings: Vec<Listing>,
        mut records: Vec<Record>,
        baseline: Option<&Baseline>,
        seconds: f64,
    ) -> Findings {
        records.sort_by(|a, b| a.account.cmp(&b.account));
        let count = |region, is: &dyn Fn(Option<bool>) -> bool| {
            records.iter().filter(|record| record.account.region == region && is(record.enabled)).count()
        };
        let regions: Vec<_> = regions
            .iter()
            .map(|&name| Region {
                name,
                on: count(name, &|enabled| enabled == Some(true)),
                off: count(name, &|enabled| enabled == Some(false)),
                unreadable: count(name, &|enabled| enabled.is_none()),
                unexpected: count(name, &|enabled| is_unexpected(expect, enabled)),
            })
            .collect();
        let drift = baseline.map(|baseline| baseline.drift(&records, &listings));
        Findings { time: Timestamp::now(), seconds, expect, regions, listings, records, drift }
    }

    pub fn unexpected(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| is_unexpected(self.expect, record.enabled))
    }

    pub fn unreadable(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.enabled.is_none())
    }

    pub fn has_drifted(&self) -> bool {
        self.drift.as_ref().is_some_and(|drift| !drift.is_empty())
    }

    /// What it comes to, in a sentence.
    pub fn verdict(&self) -> String {
        let total = plural::count(self.records.len(), "account");
        let none = (self.unexpected().next().is_none(), self.unreadable().next().is_none());
        let unexpected = grouped(self.unexpected().count());
        let unreadable = grouped(self.unreadable().count());
        match (self.expect, none.0, none.1) {
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
        self.unexpected().next().is_none() && self.unreadable().next().is_none() && !self.has_drifted()
    }
}

fn is_unexpected(expect: Option<bool>, enabled: Option<bool>) -> bool {
    expect.is_some() && enabled == expect.map(|wanted| !wanted)
}
