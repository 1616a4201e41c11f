//! Which accounts a command is for: named, from a file, or as the service lists them.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::account_set::AccountSet;
use crate::args::{Accounts, RegionName};
use crate::connect::Session;
use crate::failure::{Failure, Family};
use crate::plural;
use crate::table::{self, Table};

/// The accounts of all sessions, and how the service's lists of subusers were read, if they were.
pub struct Selection {
    pub accounts: AccountSet,
    pub listings: Vec<Listing>,
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

/// In each region the account itself, then those named, then those listed.
pub fn of_sessions(options: &Accounts, sessions: &[Session]) -> Result<Selection, Failure> {
    let mut accounts = AccountSet::default();
    let mut came = 0;
    let mut add = |region, on_behalf_of: Option<&str>| {
        came += 1;
        accounts.insert(region, on_behalf_of);
    };
    let none_named = options.on_behalf_of.is_empty() && options.from.is_none();
    if options.account || (none_named && !options.all_subusers) {
        for session in sessions {
            add(session.region, None);
        }
    }
    named(options, sessions, &mut |region, name| add(region, Some(name)))?;
    let listings = if options.all_subusers { listed(sessions, &mut accounts)? } else { Vec::new() };
    came += listings.iter().map(|listing| listing.names).sum::<usize>();
    let repeated = came - accounts.len();
    if repeated > 0 {
        let counts = if repeated == 1 { "counts" } else { "count" };
        anstream::eprintln!("{} came more than once, and {counts} once", plural::count(repeated, "name"));
    }
    Ok(Selection { accounts, listings })
}

/// Those on the command line and in the file, as far as they are of the sessions' regions.
fn named(options: &Accounts, sessions: &[Session], take: &mut dyn FnMut(RegionName, &str)) -> Result<(), Failure> {
    let mut add = |name: &str, region: Option<RegionName>| {
        let region = region.or(only_region(sessions)).ok_or_else(|| {
            Failure::usage(
                "a name belongs to one region: give one --region, or --all-subusers, or --from with --region-column",
            )
        })?;
        if sessions.iter().any(|session| session.region == region) {
            take(region, name);
        }
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
    Ok(())
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

/// Takes in all subusers of each session, as the service lists them, and tells how.
pub fn listed(sessions: &[Session], accounts: &mut AccountSet) -> Result<Vec<Listing>, Failure> {
    let accounts = &Mutex::new(accounts);
    thread::scope(|scope| {
        let threads: Vec<_> = sessions.iter().map(|session| scope.spawn(|| list(session, accounts))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Failure::silent(Family::Bug)))).collect()
    })
}

fn list(session: &Session, accounts: &Mutex<&mut AccountSet>) -> Result<Listing, Failure> {
    let region = session.region;
    let listed = session.client.list_subusers(|name| {
        accounts.lock().unwrap_or_else(PoisonError::into_inner).insert(region, Some(name));
        ControlFlow::Continue(())
    });
    let listing = listed.map_err(|error| {
        let message = format!("can't list the subusers of the region {}: {error}", region.as_str());
        Failure { family: error.code().into(), message: Some(message) }
    })?;
    Ok(Listing { region, names: listing.names, pages: listing.pages, passes: listing.passes })
}
