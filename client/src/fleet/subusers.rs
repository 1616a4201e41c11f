//! The list of the parent account's subusers, whole.
//!
//! The service's documents name no largest page and no order, and the list may change while it is
//! read. So no short page is taken for the end, and the list is read again until two passes in a
//! row have the same names.

use std::ops::ControlFlow;
use std::time::Instant;

use string_interner::backend::StringBackend;
use string_interner::{StringInterner, Symbol};

use super::queue::{Item, Queue};
use crate::request::Request;
use crate::response::{self, Asked};
use crate::{Client, Code, Error, Report, attempts};

/// The page size to ask for. If the service returns another size, that size is used from then on.
const PAGE: usize = 500;

/// So many passes are made before a list is given up that changes each time.
const PASSES_MAX: u32 = 20;

/// More names than anybody has: a service that makes them up does not fill the memory.
const NAMES_MAX: usize = 10_000_000;

/// How the list of subusers was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// Names that were handed over.
    pub names: usize,
    /// Pages that were asked for, in all passes.
    pub pages: u32,
    /// How often the list was read: the last two times with the same names, so it is complete.
    pub passes: u32,
    /// The status, attempts and time of all requests together.
    pub report: Report,
}

impl Client {
    /// Lists the usernames of the account's subusers in this client's region, each once. They come
    /// page by page, and `on_subuser` is called on this thread as they come. When it answers
    /// [`ControlFlow::Break`], that is the end.
    ///
    /// The list is read again until two passes in a row have the same names, so that none is passed
    /// over while subusers are added or removed. Each page has the client's timeout of its own,
    /// without the waits for the rate limit.
    ///
    /// # Errors
    /// See [`Code`]; [`Code::Cancelled`] if the callback said stop, and [`Code::Protocol`] for a
    /// list that has no end, or that changes with each of 20 passes. The key needs the scope
    /// `subusers.read`.
    pub fn list_subusers(&self, mut on_subuser: impl FnMut(&str) -> ControlFlow<()>) -> Result<Listing, Error> {
        let started = Instant::now();
        let mut list = List {
            queue: &Queue::new(self),
            on_subuser: &mut on_subuser,
            page_size: PAGE,
            known: StringInterner::new(),
            seen: Vec::new(),
            listing: Listing::default(),
        };
        let result = list.read();
        let mut listing = list.listing;
        listing.report.elapsed = started.elapsed();
        match result {
            Ok(()) => Ok(listing),
            Err(error) => Err(error.with_report(listing.report)),
        }
    }
}

struct List<'a> {
    queue: &'a Queue,
    on_subuser: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    /// What a page is asked to hold.
    page_size: usize,
    /// Each name once, all in one buffer.
    known: StringInterner<StringBackend>,
    /// The last pass that each was in.
    seen: Vec<u32>,
    listing: Listing,
}

/// What a pass found.
#[derive(Default)]
struct Pass {
    names: usize,
    /// Those that were not in the pass before.
    news: usize,
}

impl List<'_> {
    fn read(&mut self) -> Result<(), Error> {
        let mut before = 0;
        while self.listing.passes < PASSES_MAX {
            self.listing.passes += 1;
            let pass = self.pass()?;
            if pass.news == 0 && pass.names == before {
                return Ok(());
            }
            before = pass.names;
        }
        let message = format!(
            "the list of subusers was not the same twice in {PASSES_MAX} passes: read it again when no subusers are \
             being added or removed"
        );
        Err(Error::new(Code::Protocol, message))
    }

    /// Reads the list once, to an empty page. The offsets are multiples of the page's size, as the
    /// service's documents ask.
    fn pass(&mut self) -> Result<Pass, Error> {
        let mut pass = Pass::default();
        let mut offset = 0;
        loop {
            let page = self.page(self.page_size, offset)?;
            if page.is_empty() {
                return Ok(pass);
            }
            if offset == 0 {
                self.page_size = page.len();
            }
            let names_before = pass.names;
            for name in &page {
                self.note(name, &mut pass)?;
            }
            if pass.names == names_before {
                // The last page once more, since there is none behind it; if it is not the first,
                // which a service would send that knows no offsets.
                if offset == self.page_size && !self.heeds_offsets(&page)? {
                    let message = "the list of subusers does not end: the service sends the same page again and again";
                    return Err(Error::new(Code::Protocol, message));
                }
                return Ok(pass);
            }
            offset += self.page_size;
        }
    }

    /// Whether the service finds the last name of its first page by an offset.
    fn heeds_offsets(&mut self, page: &[String]) -> Result<bool, Error> {
        let [first, .., last] = page else {
            return Ok(true);
        };
        let found = self.page(1, page.len() - 1)?;
        Ok(found.contains(last) && !found.contains(first))
    }

    /// Takes a name of the pass in, and hands it over if it is new.
    fn note(&mut self, name: &str, pass: &mut Pass) -> Result<(), Error> {
        let now = self.listing.passes;
        let number = self.known.get_or_intern(name).to_usize();
        let before = self.seen.get_mut(number).map(|seen| std::mem::replace(seen, now));
        if before != Some(now) {
            pass.names += 1;
            pass.news += usize::from(before != Some(now - 1));
        }
        if before.is_none() { self.hand_over(name) } else { Ok(()) }
    }

    fn hand_over(&mut self, name: &str) -> Result<(), Error> {
        if self.seen.len() == NAMES_MAX {
            let message = format!("the list of subusers does not end: it has more than {NAMES_MAX} names");
            return Err(Error::new(Code::Protocol, message));
        }
        self.seen.push(self.listing.passes);
        self.listing.names += 1;
        if (self.on_subuser)(name).is_break() {
            return Err(Error::new(Code::Cancelled, "the callback said stop"));
        }
        Ok(())
    }

    fn page(&mut self, limit: usize, offset: usize) -> Result<Vec<String>, Error> {
        let client = &self.queue.client;
        let shared = &client.shared;
        let resource = shared.service.subusers(limit, offset)?;
        let request = Request::new(&resource, &shared.key, None, None)?;
        let asked =
            Asked { key: &shared.key, scope: "subusers.read", region: shared.service.region, on_behalf_of: None };
        let mut call = client.start(|| None);
        let mut report = Report::default();
        let names = attempts::exchange(shared, &mut call, &request, &mut Item::new(self.queue), &mut report)
            .and_then(|reply| response::usernames(reply, asked));
        report.elapsed = call.started.elapsed();
        call.log.end(&report, None, names.as_ref().err());
        self.listing.pages += 1;
        report.attempts = report.attempts.saturating_add(self.listing.report.attempts);
        self.listing.report = report;
        names
    }
}
