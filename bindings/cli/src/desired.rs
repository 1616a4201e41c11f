//! A desired state: which accounts are to have which value, as a file says.

use std::path::Path;

use serde_json::{Map, Value};
use sg_open_tracking::check_on_behalf_of;

use crate::account_set::{AccountSet, Known, Number};
use crate::args::RegionName;
use crate::failure::Failure;
use crate::plural;
use crate::record::{Account, on_off};
use crate::table::{self, Table};

/// So many mistakes of a file are told.
const MISTAKES_MAX: usize = 20;

const NAME_COLUMNS: [&str; 2] = ["username", "on_behalf_of"];
const VALUE_COLUMNS: [&str; 3] = ["open_tracking", "enabled", "wanted"];
const REGION_COLUMN: &str = "region";

/// The accounts in the order of the file, each once, and what they are to have.
#[derive(Debug, Default)]
pub struct Desired {
    pub accounts: AccountSet,
    wanted: Known<Wanted>,
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    enabled: bool,
    line: u64,
}

impl Desired {
    /// Reads the file and checks all of it. `only` is the region of those that don't say.
    pub fn read(path: &Path, delimiter: Option<u8>, only: Option<RegionName>) -> Result<Desired, Failure> {
        let text = table::text(path)?;
        let mut reader = Reader { only, desired: Desired::default(), mistakes: Vec::new() };
        let read = if text.trim_start().starts_with(['{', '[']) {
            reader.json_lines(&text)
        } else {
            reader.table(&text, delimiter)
        };
        read.map_err(|failure| failure.in_file(path))?;
        reader.finish().map_err(|failure| failure.in_file(path))
    }

    pub fn wants(&self, number: Number) -> Option<bool> {
        self.wanted.get(number).map(|wanted| wanted.enabled)
    }
}

struct Reader {
    only: Option<RegionName>,
    desired: Desired,
    mistakes: Vec<String>,
}

impl Reader {
    fn json_lines(&mut self, text: &str) -> Result<(), Failure> {
        if text.trim_start().starts_with('[') {
            return Err(Failure::file("it is one JSON array: write one object a line, as jq -c '.[]' does"));
        }
        for (line, object) in table::lines(text) {
            let entry = serde_json::from_str::<Map<String, Value>>(object).map_err(|error| error.to_string());
            let entry = entry.and_then(|entry| self.of_json(&entry));
            self.add(line, entry);
        }
        Ok(())
    }

    fn of_json(&self, entry: &Map<String, Value>) -> Result<(Account, bool), String> {
        let find = |names: &[&str]| names.iter().find_map(|name| entry.get(*name));
        let name = match find(&NAME_COLUMNS) {
            Some(Value::String(name)) => Some(name.as_str()),
            Some(Value::Null) => None,
            Some(other) => return Err(format!("{other} is no username")),
            None => return Err("there is no \"username\"; null stands for the account itself".to_owned()),
        };
        let enabled = match find(&VALUE_COLUMNS) {
            Some(Value::Bool(enabled)) => *enabled,
            Some(Value::String(text)) => value(text)?,
            Some(other) => return Err(format!("{other} is no value: on or off")),
            None => return Err("there is no \"open_tracking\": on or off".to_owned()),
        };
        let region = match entry.get(REGION_COLUMN) {
            Some(Value::String(region)) => Some(RegionName::parse(region)?),
            Some(Value::Null) | None => None,
            Some(other) => return Err(format!("{other} is no region: global or eu")),
        };
        Ok((self.account(name, region)?, enabled))
    }

    fn table(&mut self, text: &str, delimiter: Option<u8>) -> Result<(), Failure> {
        let mut table = Table::new(text, delimiter, &NAME_COLUMNS)?;
        let first_of = |table: &Table, names: &[&str]| {
            names.iter().find_map(|name| table.column(name)).map_or_else(|| table.column_named(names[0]), Ok)
        };
        let name_at = first_of(&table, &NAME_COLUMNS)?;
        let value_at = first_of(&table, &VALUE_COLUMNS)?;
        let region_at = table.column(REGION_COLUMN);
        // As `audit --csv` writes it, an empty cell is the account itself; under "username" it is a
        // hole in somebody's table.
        let own_by_empty = table.column(NAME_COLUMNS[0]).is_none();
        for row in table.rows() {
            let (line, row) = row?;
            let region = region_at.and_then(|at| row.get(at)).filter(|region| !region.is_empty());
            let entry = region.map(RegionName::parse).transpose().and_then(|region| {
                let name = match &row[name_at] {
                    "" if own_by_empty => None,
                    "" => return Err("no username; for the account itself, name the column on_behalf_of".to_owned()),
                    name => Some(name),
                };
                Ok((self.account(name, region)?, value(&row[value_at])?))
            });
            self.add(line, entry);
        }
        Ok(())
    }

    fn account(&self, name: Option<&str>, region: Option<RegionName>) -> Result<Account, String> {
        let region = region.or(self.only).ok_or("which region? There are two: add a column \"region\"")?;
        if let Some(name) = name {
            check_on_behalf_of(name).map_err(|error| format!("{}: {error}", name.escape_debug()))?;
        }
        Ok(Account { region, on_behalf_of: name.map(str::to_owned) })
    }

    fn add(&mut self, line: u64, entry: Result<(Account, bool), String>) {
        let (account, enabled) = match entry {
            Ok(entry) => entry,
            Err(why) => return self.mistakes.push(format!("line {line}: {why}")),
        };
        let Desired { accounts, wanted } = &mut self.desired;
        let number = accounts.insert(account.region, account.on_behalf_of.as_deref());
        match wanted.get(number) {
            Some(before) if before.enabled != enabled => self.mistakes.push(format!(
                "lines {} and {line} contradict each other: {} is to be {} and {}",
                before.line,
                account.name(),
                on_off(before.enabled),
                on_off(enabled)
            )),
            Some(_) => {}
            None => wanted.set(number, Some(Wanted { enabled, line })),
        }
    }

    fn finish(self) -> Result<Desired, Failure> {
        if !self.mistakes.is_empty() {
            let more = self.mistakes.len().saturating_sub(MISTAKES_MAX);
            let more = (more > 0).then(|| format!("and {} more", plural::count(more, "mistake")));
            let told: Vec<_> = self.mistakes.into_iter().take(MISTAKES_MAX).chain(more).collect();
            return Err(Failure::file(format!("{}\nnothing was sent", told.join("\n  "))));
        }
        if self.desired.accounts.len() == 0 {
            return Err(Failure::file("it names no account"));
        }
        Ok(self.desired)
    }
}

fn value(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(format!("\"{}\" is no value: on or off", text.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, only: Option<RegionName>) -> Result<Vec<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("desired");
        std::fs::write(&path, text).unwrap();
        let desired = Desired::read(&path, None, only).map_err(|failure| failure.message.unwrap())?;
        let shown = desired.accounts.numbers().map(|number| {
            let (account, value) = (desired.accounts.account(number), on_off(desired.wants(number).unwrap()));
            format!("{} {} {value}", account.region.as_str(), account.on_behalf_of.as_deref().unwrap_or("-"))
        });
        Ok(shown.collect())
    }

    #[test]
    fn files_as_people_write_them() {
        let cases = [
            ("username,open_tracking\nshop,off\nnews,ON\n", &["global shop off", "global news on"][..]),
            ("\u{feff}Username;Open_Tracking;Region\nshop;off;EU\n", &["eu shop off"]),
            (
                "region,on_behalf_of,enabled\nglobal,,false\neu,account-id 7,true\n",
                &["global - off", "eu account-id 7 on"],
            ),
            ("username,wanted\nshop,off\nshop,off\n", &["global shop off"]),
            (r#"{"username":"shop","open_tracking":"off"}"#, &["global shop off"]),
            (r#"{"region":"eu","on_behalf_of":null,"enabled":true,"attempts":1}"#, &["eu - on"]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, Some(RegionName::Global)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        let cases = [
            ("username,open_tracking\nshop,off\nnews,off\nshop,on\n", "lines 2 and 4 contradict each other: shop"),
            (
                "username,open_tracking\nshop,maybe\n,off\n",
                "line 2: \"maybe\" is no value: on or off\n  line 3: no username",
            ),
            ("username,open_tracking\na\u{1}b,off\n", "line 2: a\\u{1}b: "),
            ("username,open_tracking,region\nshop,off,us\n", "line 2: \"us\" is no region"),
            ("name,open_tracking\nshop,off\n", "no column \"username\": the columns are \"name\", \"open_tracking\""),
            ("username,state\nshop,off\n", "no column \"open_tracking\""),
            ("username,open_tracking\n", "it names no account"),
            ("", "no column"),
            (
                "{\"username\":\"a\",\"enabled\":false}\n{\"username\":7}\n{\"enabled\":true}\n{\n",
                "line 2: 7 is no username",
            ),
            ("[{}]", "one object a line"),
        ];
        for (text, expected) in cases {
            let why = read(text, Some(RegionName::Global)).unwrap_err();
            assert!(why.contains(expected), "{text}: {why}");
        }
        let why = read("username,open_tracking\nshop,off\n", None).unwrap_err();
        assert!(why.contains("which region?") && why.ends_with("nothing was sent"), "{why}");
    }
}
