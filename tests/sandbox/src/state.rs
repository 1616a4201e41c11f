//! The accounts: who may call, on whose behalf, and how their setting stands.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::named;
use crate::options::{ListHabits, Offsets};

/// One of the service's two regions, each with its own host, keys and accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// `https://api.sendgrid.com` in the real service.
    Global,
    /// `https://api.eu.sendgrid.com` in the real service.
    Eu,
}

impl Side {
    /// Both sides, the global one first.
    pub const BOTH: [Self; 2] = [Self::Global, Self::Eu];

    /// The side's name in JSON, in query strings and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Eu => "eu",
        }
    }
}

/// What a key may do.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub token: String,
    pub side: Side,
    pub may_read: bool,
    pub may_update: bool,
    pub may_list: bool,
}

/// The keys that the sandbox knows.
#[derive(Debug)]
pub(crate) struct Keys {
    pub global: Key,
    pub eu: Key,
    pub read: Key,
    pub update: Key,
}

impl Keys {
    pub fn new() -> Self {
        let full = |name, side| Key { token: token(name), side, may_read: true, may_update: true, may_list: true };
        let narrow = |name, may_read| Key {
            token: token(name),
            side: Side::Global,
            may_read,
            may_update: !may_read,
            may_list: false,
        };
        Self {
            global: full("sandbox-global-", Side::Global),
            eu: full("sandbox-eu-", Side::Eu),
            read: narrow("sandbox-read-only-", true),
            update: narrow("sandbox-update-only-", false),
        }
    }

    pub fn find(&self, token: &str) -> Option<&Key> {
        [&self.global, &self.eu, &self.read, &self.update].into_iter().find(|key| key.token == token)
    }
}

/// A key of the real shape. It is put together here, never written out, so that no scanner of
/// source code takes it for a leaked one.
fn token(name: &str) -> String {
    format!("SG.{name:0<22}.{:0<43}", "not-a-real-key-")
}

/// The customer accounts of each side, reached by `on-behalf-of: account-id ID`.
pub const CUSTOMER_ACCOUNTS: [&str; 3] = ["customer-1", "customer-2", "customer-3"];

/// A subuser whose username is an e-mail address. It answers like any other but is left out of
/// the list, so that the list holds exactly as many as were asked for.
pub const EMAIL_SUBUSER: &str = "news@example.com";

/// The username of the `n`-th subuser, counted from 1.
#[must_use]
pub fn subuser(n: u32) -> String {
    format!("subuser-{n:05}")
}

/// The open-tracking setting of every account, on by default. Only what was changed is held,
/// so a hundred thousand subusers cost nothing until they are touched.
#[derive(Debug)]
pub(crate) struct Settings {
    subusers: u32,
    habits: ListHabits,
    /// Pages of each side's list that were told.
    pages: [u32; 2],
    own: [Option<bool>; 2],
    changed: [HashMap<String, bool>; 2],
}

impl Settings {
    pub fn new(subusers: u32, habits: ListHabits) -> Self {
        Self { subusers, habits, pages: [0; 2], own: [None; 2], changed: [HashMap::new(), HashMap::new()] }
    }

    /// The setting of an account, the key's own if no other is named; `None` if there is no
    /// such account.
    pub fn get(&self, side: Side, on_behalf_of: Option<&str>) -> Option<bool> {
        let Some(name) = on_behalf_of else {
            return Some(self.own[side as usize].unwrap_or(true));
        };
        let known = self.exists(name);
        known.then(|| self.changed[side as usize].get(name).copied().unwrap_or(true))
    }

    /// Changes an account's setting; false if there is no such account.
    pub fn set(&mut self, side: Side, on_behalf_of: Option<&str>, enabled: bool) -> bool {
        match on_behalf_of {
            None => self.own[side as usize] = Some(enabled),
            Some(name) if self.exists(name) => {
                self.changed[side as usize].insert(name.to_owned(), enabled);
            }
            Some(_) => return false,
        }
        true
    }

    fn exists(&self, name: &str) -> bool {
        if let Some(id) = name.strip_prefix("account-id ") {
            return CUSTOMER_ACCOUNTS.contains(&id);
        }
        name == EMAIL_SUBUSER || self.number(name).is_some() || named::is_known(name)
    }

    fn number(&self, name: &str) -> Option<u32> {
        let n = name.strip_prefix("subuser-")?.parse().ok()?;
        ((1..=self.subusers).contains(&n) && subuser(n) == name).then_some(n)
    }

    /// A page of the subusers, as the service lists them.
    pub fn list(&mut self, side: Side, query: &ListQuery) -> Value {
        if query.region != side {
            return json!([]);
        }
        if let Some(name) = query.username.as_deref() {
            let found = self.number(name).map(|n| entry(n.into(), subuser(n), side, query));
            return found.into_iter().collect();
        }
        let changes = self.pages[side as usize];
        self.pages[side as usize] += 1;
        let (grown, shrunk) = (changes.min(self.habits.grows), changes.min(self.habits.shrinks));
        let added = (1..=grown).rev().map(|n| (2_000_000 + u64::from(n), format!("added-{n:05}")));
        let own = (1 + shrunk..=self.subusers).map(|n| (n.into(), subuser(n)));
        let total = (grown + self.subusers.saturating_sub(shrunk)) as usize;
        let size = query.limit.min(self.habits.page_max);
        let offset = match self.habits.offsets {
            Offsets::AsAsked => query.offset,
            Offsets::RoundedDown => query.offset / size * size,
            Offsets::RoundedUp => query.offset.div_ceil(size) * size,
            Offsets::Ignored => 0,
            Offsets::UpToTheLastPage => query.offset.min(total.saturating_sub(1) / size * size),
        };
        added.chain(own).skip(offset).take(size).map(|(id, name)| entry(id, name, side, query)).collect()
    }

    /// Every account of both sides and its setting.
    pub fn report(&self) -> Value {
        let report = |side| {
            let mut names: Vec<String> = (1..=self.subusers).map(subuser).collect();
            names.push(EMAIL_SUBUSER.to_owned());
            names.extend(CUSTOMER_ACCOUNTS.map(|id| format!("account-id {id}")));
            names.extend(self.changed[side as usize].keys().cloned());
            let others: BTreeMap<String, bool> = names
                .into_iter()
                .filter_map(|name| self.get(side, Some(&name)).map(|enabled| (name, enabled)))
                .collect();
            json!({ "own": self.get(side, None), "on_behalf_of": others })
        };
        json!({ "global": report(Side::Global), "eu": report(Side::Eu) })
    }
}

fn entry(id: u64, username: String, side: Side, query: &ListQuery) -> Value {
    let mut entry = json!({
        "disabled": id.is_multiple_of(10),
        "id": 1_000_000 + id,
        "email": format!("{username}@example.com"),
        "username": username,
    });
    if query.include_region {
        entry["region"] = json!(side.name());
    }
    entry
}

/// What a caller asked of the list of subusers.
#[derive(Debug)]
pub(crate) struct ListQuery {
    pub limit: usize,
    pub offset: usize,
    pub username: Option<String>,
    pub region: Side,
    pub include_region: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_real_shape_and_differ() {
        let keys = Keys::new();
        let all = [&keys.global, &keys.eu, &keys.read, &keys.update];
        for key in all {
            let parts: Vec<usize> = key.token.split('.').map(str::len).collect();
            assert_eq!(parts, [2, 22, 43], "{}", key.token);
            assert_eq!(keys.find(&key.token).unwrap().side, key.side);
        }
    }

    #[test]
    fn only_existing_accounts_have_a_setting() {
        let settings = Settings::new(3, ListHabits::default());
        let known = ["subuser-00003", "news@example.com", "account-id customer-1"];
        let unknown = ["subuser-00004", "subuser-0003", "account-id x", "nobody", ""];
        for name in known {
            assert_eq!(settings.get(Side::Eu, Some(name)), Some(true), "{name}");
        }
        for name in unknown {
            assert_eq!(settings.get(Side::Eu, Some(name)), None, "{name}");
        }
    }

    #[test]
    fn the_sides_do_not_share_a_setting() {
        let mut settings = Settings::new(1, ListHabits::default());
        assert!(settings.set(Side::Global, None, false));
        assert!(settings.set(Side::Eu, Some("subuser-00001"), false));
        assert_eq!(settings.get(Side::Eu, None), Some(true));
        assert_eq!(settings.get(Side::Global, Some("subuser-00001")), Some(true));
    }
}
