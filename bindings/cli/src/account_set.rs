//! Many accounts in little memory: all names stand in one buffer, each once.

use string_interner::backend::StringBackend;
use string_interner::symbol::SymbolU32;
use string_interner::{StringInterner, Symbol};

use crate::args::RegionName;
use crate::record::Account;

/// Which account of a set, in the order in which they came.
pub type Number = SymbolU32;

/// Accounts in order, each once. One costs its name and about 20 bytes.
#[derive(Debug, Default)]
pub struct AccountSet(StringInterner<StringBackend<Number>>);

impl AccountSet {
    /// Takes it in, if it is not there already.
    pub fn insert(&mut self, region: RegionName, on_behalf_of: Option<&str>) -> Number {
        self.0.get_or_intern(key(region, on_behalf_of))
    }

    pub fn find(&self, account: &Account) -> Option<Number> {
        self.0.get(key(account.region, account.on_behalf_of.as_deref()))
    }

    pub fn region(&self, number: Number) -> RegionName {
        self.parts(number).0
    }

    pub fn on_behalf_of(&self, number: Number) -> Option<&str> {
        self.parts(number).1
    }

    pub fn account(&self, number: Number) -> Account {
        let (region, on_behalf_of) = self.parts(number);
        Account { region, on_behalf_of: on_behalf_of.map(str::to_owned) }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn numbers(&self) -> impl Iterator<Item = Number> {
        self.0.iter().map(|(number, _)| number)
    }

    /// Puts them in the order of the accounts.
    pub fn sort(&self, numbers: &mut [Number]) {
        numbers.sort_unstable_by_key(|number| self.0.resolve(*number));
    }

    fn parts(&self, number: Number) -> (RegionName, Option<&str>) {
        let key = self.0.resolve(number).expect("the number is of this set");
        let (kind, name) = key.split_at(1);
        match kind {
            "0" => (RegionName::Global, None),
            "1" => (RegionName::Global, Some(name)),
            "2" => (RegionName::Eu, None),
            _ => (RegionName::Eu, Some(name)),
        }
    }
}

/// What stands in the buffer: it has the order of the accounts.
fn key(region: RegionName, on_behalf_of: Option<&str>) -> String {
    let kind = match (region, on_behalf_of) {
        (RegionName::Global, None) => "0",
        (RegionName::Global, Some(_)) => "1",
        (RegionName::Eu, None) => "2",
        (RegionName::Eu, Some(_)) => "3",
    };
    [kind, on_behalf_of.unwrap_or_default()].concat()
}

/// What is known of the accounts of a set.
#[derive(Debug)]
pub struct Known<T>(Vec<Option<T>>);

impl<T> Known<T> {
    /// With room for all of the set, so that it never moves.
    pub fn of(accounts: &AccountSet) -> Known<T> {
        Known(Vec::with_capacity(accounts.len()))
    }

    pub fn get(&self, number: Number) -> Option<&T> {
        self.0.get(number.to_usize())?.as_ref()
    }

    pub fn set(&mut self, number: Number, value: Option<T>) {
        let at = number.to_usize();
        if at >= self.0.len() {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at] = value;
    }
}

impl<T> Default for Known<T> {
    fn default() -> Known<T> {
        Known(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_sorted_as_accounts_are() {
        let mut set = AccountSet::default();
        let accounts = [
            (RegionName::Eu, Some("b")),
            (RegionName::Global, Some("b")),
            (RegionName::Eu, None),
            (RegionName::Global, Some("")),
            (RegionName::Global, None),
            (RegionName::Global, Some("a")),
        ];
        let mut numbers = Vec::new();
        for (region, name) in accounts {
            let before = set.len();
            let number = set.insert(region, name);
            assert_eq!(set.len(), before + 1);
            assert_eq!((set.insert(region, name), set.len()), (number, before + 1));
            let account = Account { region, on_behalf_of: name.map(str::to_owned) };
            assert_eq!((set.account(number), set.find(&account)), (account, Some(number)));
            numbers.push(number);
        }
        assert_eq!(set.numbers().collect::<Vec<_>>(), numbers);
        set.sort(&mut numbers);
        assert!(numbers.is_sorted_by_key(|number| set.account(*number)));
        assert_eq!(numbers.len(), 6);
    }

    #[test]
    fn what_is_not_known_is_none() {
        let mut set = AccountSet::default();
        let [first, second] = ["a", "b"].map(|name| set.insert(RegionName::Global, Some(name)));
        let mut known = Known::default();
        known.set(second, Some(7));
        assert_eq!((known.get(first), known.get(second)), (None, Some(&7)));
        known.set(second, None);
        assert_eq!(known.get(second), None);
    }
}
