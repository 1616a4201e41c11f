//! The list of the parent account's subusers, page by page.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Instant;

use super::line::Line;
use crate::fault::Fault;
use crate::request::Request;
use crate::response::{self, Asked};
use crate::{Client, Code, Error, Report};

/// The most that the service puts on a page.
const PAGE: usize = 500;

/// How far to go back when a page shows that the list has become shorter meanwhile.
const STEP_BACK: usize = 20;

impl Client {
    /// Lists the usernames of the account's subusers, each once, in the service's order. They come
    /// page by page, and `on_subuser` is called on this thread as they come. When it answers
    /// [`ControlFlow::Break`], that is the end.
    ///
    /// Each page has the client's timeout of its own. Subusers that are added or removed meanwhile
    /// may or may not be among them; all others are.
    ///
    /// # Errors
    /// See [`Code`]; [`Code::Cancelled`] if the callback said stop. The key needs the scope
    /// `subusers.read`.
    pub fn list_subusers(&self, mut on_subuser: impl FnMut(&str) -> ControlFlow<()>) -> Result<Report, Error> {
        let started = Instant::now();
        let mut report = Report::default();
        let result = list(self, &mut on_subuser, &mut report);
        report.elapsed = started.elapsed();
        match result {
            Ok(()) => Ok(report),
            Err(error) => Err(error.with_report(report)),
        }
    }
}

/// Each page begins with the last name of the one before. When it does not, names have moved up
/// and some would be missed, so it goes back; when they have moved down, some come again.
fn list(
    client: &Client,
    on_subuser: &mut dyn FnMut(&str) -> ControlFlow<()>,
    report: &mut Report,
) -> Result<(), Error> {
    let mut offset = 0;
    let mut back = STEP_BACK;
    let mut seen = HashSet::new();
    loop {
        let page = page(client, offset, report)?;
        let is_adjacent = offset == 0 || page.iter().any(|name| seen.contains(name));
        if !is_adjacent {
            offset = offset.saturating_sub(back);
            back *= 2;
            continue;
        }
        let mut new = false;
        for name in &page {
            if !seen.contains(name) {
                new = true;
                if on_subuser(name).is_break() {
                    return Err(Error::new(Code::Cancelled, "the callback said stop"));
                }
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
        if !new {
            let message = "the list of subusers does not end: the service sends the same page again and again";
            return Err(Error::new(Code::Protocol, message));
        }
        offset += PAGE - 1;
        back = STEP_BACK;
        seen = page.into_iter().collect();
    }
}

fn page(client: &Client, offset: usize, report: &mut Report) -> Result<Vec<String>, Error> {
    let shared = &client.shared;
    let resource = shared.service.subusers(PAGE, offset)?;
    let line = Line::new(client);
    let cancelled = || Error::from(Fault::cancelled());
    let start = line.wait().ok_or_else(cancelled)?;
    let reply = line.exchange(&Request::read(&resource, &shared.key, None), start, || line.wait(), report)?;
    let asked = Asked { key: &shared.key, scope: "subusers.read", region: shared.service.region, on_behalf_of: None };
    response::usernames(reply, asked)
}
