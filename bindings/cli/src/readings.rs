//! What was read of the accounts of a set.

use crate::account_set::{AccountSet, Known, Number};
use crate::record::{Reading, Record};

pub struct Readings<'a> {
    pub accounts: &'a AccountSet,
    known: Known<Reading>,
}

impl<'a> Readings<'a> {
    pub fn new(accounts: &'a AccountSet, known: Option<Known<Reading>>) -> Readings<'a> {
        Readings { accounts, known: known.unwrap_or_default() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Number, &Reading)> {
        self.accounts.numbers().filter_map(|number| Some((number, self.known.get(number)?)))
    }

    /// Those whose readings are such, in the order of the accounts.
    pub fn sorted(&self, is: impl Fn(&Reading) -> bool) -> Vec<Number> {
        let mut numbers: Vec<_> = self.iter().filter(|(_, reading)| is(reading)).map(|(number, _)| number).collect();
        self.accounts.sort(&mut numbers);
        numbers
    }

    /// The records of these accounts, each made anew when its turn comes.
    pub fn records(&self, numbers: &[Number]) -> impl Iterator<Item = Record> {
        numbers.iter().filter_map(|number| Some(self.known.get(*number)?.clone().of(self.accounts.account(*number))))
    }
}
