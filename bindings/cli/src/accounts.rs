//! Which accounts a command is for: named, from a file, or as the service lists them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;

use crate::args::{Accounts, RegionName};
use crate::connect::Session;
use crate::failure::{Failure, Family};
use crate::record::Account;

/// The accounts of each session, in the order of the sessions, each once.
pub fn of_sessions(options: &Accounts, sessions: &[Session]) -> Result<Vec<Vec<Account>>, Failure> {
    let named = named(options, sessions)?;
    let own = options.account || (named.is_empty() && options.from.is_none() && !options.all_subusers);
    let listed: Vec<Result<Vec<Account>, Failure>> = thread::scope(|scope| {
        let listing = |session| move || if options.all_subusers { listed(session) } else { Ok(Vec::new()) };
        let threads: Vec<_> = sessions.iter().map(|session| scope.spawn(listing(session))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Failure::silent(Family::Bug)))).collect()
    });
    let mut all = Vec::new();
    let mut repeated = 0;
    for (session, listed) in sessions.iter().zip(listed) {
        let region = session.region;
        let own = own.then_some(Account { region, on_behalf_of: None });
        let named = named.iter().filter(|account| account.region == region).cloned();
        let mut seen = HashSet::new();
        let mut accounts = Vec::new();
        for account in own.into_iter().chain(named).chain(listed?) {
            if seen.insert(account.clone()) {
                accounts.push(account);
            } else {
                repeated += 1;
            }
        }
        all.push(accounts);
    }
    if repeated > 0 {
        anstream::eprintln!("{repeated} names came more than once, and count once");
    }
    Ok(all)
}

/// Those on the command line and in the file.
fn named(options: &Accounts, sessions: &[Session]) -> Result<Vec<Account>, Failure> {
    let only = match sessions {
        [session] => Some(session.region),
        _ => None,
    };
    let mut accounts = Vec::new();
    let mut add = |name: &str, region: Option<RegionName>| {
        let region = region.or(only).ok_or_else(|| {
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
        let failed = |why: &dyn std::fmt::Display| Failure::file(format!("{}: {why}", path.display()));
        let input = open(path).map_err(|error| failed(&error))?;
        match &options.column {
            None => lines(input, &mut add).map_err(|error| error.in_file(path))?,
            Some(column) => {
                columns(input, column, options.region_column.as_deref(), &mut add)
                    .map_err(|error| error.in_file(path))?;
            }
        }
    }
    Ok(accounts)
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") { Ok(Box::new(io::stdin())) } else { Ok(Box::new(File::open(path)?)) }
}

type Add<'a> = dyn FnMut(&str, Option<RegionName>) -> Result<(), Failure> + 'a;

fn lines(input: Box<dyn Read>, add: &mut Add) -> Result<(), Failure> {
    for line in BufReader::new(input).lines() {
        let line = line.map_err(Failure::file)?;
        let name = line.trim_start_matches('\u{feff}').trim();
        if !name.is_empty() && !name.starts_with('#') {
            add(name, None)?;
        }
    }
    Ok(())
}

fn columns(input: Box<dyn Read>, column: &str, region_column: Option<&str>, add: &mut Add) -> Result<(), Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let headers = reader.headers().map_err(Failure::file)?.clone();
    let position = |column: &str| {
        headers.iter().position(|header| header.trim_start_matches('\u{feff}') == column).ok_or_else(|| {
            let headers: Vec<_> = headers.iter().collect();
            Failure::file(format!("there is no column \"{column}\" among: {}", headers.join(", ")))
        })
    };
    let name_at = position(column)?;
    let region_at = region_column.map(position).transpose()?;
    for row in reader.records() {
        let row = row.map_err(Failure::file)?;
        let region = match region_at.and_then(|at| row.get(at)) {
            None => None,
            Some(text) => Some(region(text).ok_or_else(|| {
                let line = row.position().map_or(0, csv::Position::line);
                Failure::file(format!("line {line}: \"{text}\" is no region: global or eu"))
            })?),
        };
        if let Some(name) = row.get(name_at).filter(|name| !name.is_empty()) {
            add(name, region)?;
        }
    }
    Ok(())
}

fn region(text: &str) -> Option<RegionName> {
    [RegionName::Global, RegionName::Eu].into_iter().find(|region| region.as_str().eq_ignore_ascii_case(text))
}

fn listed(session: &Session) -> Result<Vec<Account>, Failure> {
    let mut accounts = Vec::new();
    let region = session.region;
    session
        .client
        .list_subusers(|name| {
            accounts.push(Account { region, on_behalf_of: Some(name.to_owned()) });
            ControlFlow::Continue(())
        })
        .map_err(|error| {
            let message = format!("can't list the subusers of the region {}: {error}", region.as_str());
            Failure { family: error.code().into(), message: Some(message) }
        })?;
    Ok(accounts)
}
