//! Which accounts a command is for: named, from a file, or as the service lists them.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::thread;

use crate::args::{Accounts, RegionName};
use crate::connect::Session;
use crate::failure::{Failure, Family};
use crate::plural;
use crate::record::Account;
use crate::table::{self, Table};

/// The accounts of one session, in order, each once.
pub struct Selection {
    pub accounts: Vec<Account>,
    /// How the service's list of subusers was read, if it was.
    pub listing: Option<Listing>,
}

/// How a list of subusers was read, which is why it may be taken for complete.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    pub region: RegionName,
    pub names: usize,
    pub pages: u32,
    pub passes: u32,
}

impl Listing {
    /// How it is known that the list is complete.
    pub fn sentence(&self) -> String {
        let names = plural::count(self.names, "name");
        let pages = plural::count(self.pages as usize, "page");
        // One pass is enough where there is nothing.
        let how = if self.passes > 1 {
            format!("{names}, the same in the last two of {} passes over {pages}", self.passes)
        } else {
            format!("{names} on {pages}")
        };
        format!("The list of subusers of the region {} is complete: {how}.", self.region.as_str())
    }
}

/// The accounts of each session, in the order of the sessions.
pub fn of_sessions(options: &Accounts, sessions: &[Session]) -> Result<Vec<Selection>, Failure> {
    let named = named(options, sessions)?;
    let own = options.account || (named.is_empty() && options.from.is_none() && !options.all_subusers);
    let lists = if options.all_subusers { listed(sessions)? } else { Vec::new() };
    let mut lists = lists.into_iter();
    let mut all = Vec::new();
    let mut repeated = 0;
    for session in sessions {
        let region = session.region;
        let own = own.then_some(Account { region, on_behalf_of: None });
        let named = named.iter().filter(|account| account.region == region).cloned();
        let (listed, listing) = lists.next().map_or((Vec::new(), None), |(names, listing)| (names, Some(listing)));
        let mut seen = HashSet::new();
        let mut accounts = Vec::new();
        for account in own.into_iter().chain(named).chain(listed) {
            if seen.insert(account.clone()) {
                accounts.push(account);
            } else {
                repeated += 1;
            }
        }
        all.push(Selection { accounts, listing });
    }
    if repeated > 0 {
        let counts = if repeated == 1 { "counts" } else { "count" };
        anstream::eprintln!("{} came more than once, and {counts} once", plural::count(repeated, "name"));
    }
    Ok(all)
}

/// Those on the command line and in the file.
fn named(options: &Accounts, sessions: &[Session]) -> Result<Vec<Account>, Failure> {
    let mut accounts = Vec::new();
    let mut add = |name: &str, region: Option<RegionName>| {
        let region = region.or(only_region(sessions)).ok_or_else(|| {
            Failure::usage(
                "a name belongs to one region: give one --region, or --all-subusers, or --from with --region-column",
            )
        })?;
        accounts.push(Account { region, on_behalf_of: Some(name.to_owned()) });
        Ok(())
    };
    for name in &options.on_behalf_of {
        add(name, None)?;
    }
    if let Some(path) = &options.from {
        let text = table::text(path)?;
        match &options.column {
            None => table::lines(&text).try_for_each(|(_, name)| add(name, None)),
            Some(column) => in_column(&text, column, options, &mut add),
        }
        .map_err(|error| error.in_file(path))?;
    }
    Ok(accounts)
}

/// The region that is meant where there is no other.
pub fn only_region(sessions: &[Session]) -> Option<RegionName> {
    match sessions {
        [session] => Some(session.region),
        _ => None,
    }
}

type Add<'a> = dyn FnMut(&str, Option<RegionName>) -> Result<(), Failure> + 'a;

fn in_column(text: &str, column: &str, options: &Accounts, add: &mut Add) -> Result<(), Failure> {
    let mut table = Table::new(text, options.delimiter, &[column])?;
    let name_at = table.column_named(column)?;
    let region_at = options.region_column.as_deref().map(|column| table.column_named(column)).transpose()?;
    for row in table.rows() {
        let (line, row) = row?;
        let region = region_at.and_then(|at| row.get(at)).map(RegionName::parse).transpose();
        let region = region.map_err(|why| Failure::file(format!("line {line}: {why}")))?;
        if let Some(name) = row.get(name_at).filter(|name| !name.is_empty()) {
            add(name, region)?;
        }
    }
    Ok(())
}

/// All subusers of each session, as the service lists them, and how.
pub fn listed(sessions: &[Session]) -> Result<Vec<(Vec<Account>, Listing)>, Failure> {
    thread::scope(|scope| {
        let threads: Vec<_> = sessions.iter().map(|session| scope.spawn(|| list(session))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Failure::silent(Family::Bug)))).collect()
    })
}

fn list(session: &Session) -> Result<(Vec<Account>, Listing), Failure> {
    let region = session.region;
    let mut accounts = Vec::new();
    let listed = session.client.list_subusers(|name| {
        accounts.push(Account { region, on_behalf_of: Some(name.to_owned()) });
        ControlFlow::Continue(())
    });
    let listing = listed.map_err(|error| {
        let message = format!("can't list the subusers of the region {}: {error}", region.as_str());
        Failure { family: error.code().into(), message: Some(message) }
    })?;
    Ok((accounts, Listing { region, names: listing.names, pages: listing.pages, passes: listing.passes }))
}
