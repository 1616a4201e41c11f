//! Calls for many subusers through one client, as fast as the account's rate limit allows.

mod line;
mod subusers;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use ureq::http::header::HeaderValue;

use self::line::{EndOnDrop, Line};
use crate::pace::Start;
use crate::panic::catch_panic;
use crate::{Client, Code, Error, Outcome, Report, process, request, response};

/// So many items in a row that are answered 401, with none that went well, end the call.
const UNAUTHORIZED_MAX: u32 = 3;

impl Client {
    /// Switches open tracking on or off for many subusers, up to `max_connections` at once and as
    /// fast as the account's rate limit and the cap of `requests_per_minute` allow.
    ///
    /// `on_result` is called on this thread, in the order in which the items end, with the number
    /// of the name and what became of it. When it answers [`ControlFlow::Break`], no further item
    /// is begun and it is not called again; those under way are finished first. To end them at
    /// once, [`cancel`](Client::cancel) the client.
    ///
    /// The timeout is each item's own and counts from its own start, without the waits for the
    /// limit. A 429 holds back all, and its item is tried again however few retries are allowed;
    /// when it is refused again while others are not, that is a failure like any other.
    /// One item's failure does not stop the others.
    ///
    /// ```no_run
    /// # use std::ops::ControlFlow;
    /// # use sg_open_tracking::{Client, Config, Region};
    /// let client = Client::new("SG.key", Region::Global, &Config::new())?;
    /// let names = ["first", "second"];
    /// client.update_many(false, names, |index, result| {
    ///     if let Err(error) = result {
    ///         eprintln!("{}: {error}", names[index]);
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// # Ok::<(), sg_open_tracking::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::Partial`] if at least one item failed; [`Code::Cancelled`] if the callback said
    /// stop, or the client was cancelled or drained before all was done; [`Code::Unauthorized`] if
    /// the first three to be answered were all answered 401, and no more was sent.
    pub fn update_many<N>(
        &self,
        enabled: bool,
        on_behalf_of: N,
        mut on_result: impl FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error>
    where
        N: IntoIterator<Item: AsRef<str> + Send, IntoIter: Send>,
    {
        run(self, Some(enabled), on_behalf_of.into_iter().map(Ok), &mut on_result)
    }

    /// Reads whether open tracking is on for many subusers; all else is as for
    /// [`update_many`](Client::update_many).
    ///
    /// # Errors
    /// As for [`update_many`](Client::update_many).
    pub fn get_many<N>(
        &self,
        on_behalf_of: N,
        mut on_result: impl FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error>
    where
        N: IntoIterator<Item: AsRef<str> + Send, IntoIter: Send>,
    {
        run(self, None, on_behalf_of.into_iter().map(Ok), &mut on_result)
    }

    /// Both for the border to C: reads if `update_to` is `None`. A name that could not be taken over
    /// is an error already, which becomes that item's result.
    ///
    /// # Errors
    /// As for [`update_many`](Client::update_many).
    #[doc(hidden)]
    pub fn try_many<S: AsRef<str> + Send>(
        &self,
        update_to: Option<bool>,
        on_behalf_of: impl Iterator<Item = Result<S, Error>> + Send,
        mut on_result: impl FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        run(self, update_to, on_behalf_of, &mut on_result)
    }
}

/// Runs a call for many. What is no name is an error already, and that its result.
fn run<S: AsRef<str> + Send>(
    client: &Client,
    update_to: Option<bool>,
    names: impl Iterator<Item = Result<S, Error>> + Send,
    on_result: &mut dyn FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let most = names.size_hint().1.unwrap_or(usize::MAX).clamp(1, client.shared.max_connections);
    let fleet = Fleet {
        line: Line::new(client),
        update_to,
        names: Mutex::new(Names { rest: names, begun: 0, are_exhausted: false }),
        tally: Mutex::default(),
    };
    thread::scope(|scope| {
        // Results are handed over one by one, so that a slow caller slows the threads down.
        let (tell, told) = mpsc::sync_channel(0);
        let spawn = || {
            let (fleet, tell) = (&fleet, tell.clone());
            let thread = thread::Builder::new().name("sg-fleet".to_owned());
            thread.spawn_scoped(scope, move || fleet.work(|finished| tell.send(finished).is_ok())).ok()
        };
        // Where no more threads can be had, fewer do, or this one.
        let threads: Vec<_> = process::without_signals(|| (0..most).map_while(|_| spawn()).collect());
        drop(tell);
        // Should the callback panic, the scope waits for the threads, which this ends.
        let _end = EndOnDrop(&fleet.line);
        let mut stopped = false;
        let mut hand_over = |(index, result)| {
            if !stopped && on_result(index, result).is_break() {
                stopped = true;
                fleet.tally().end(End::Callback);
                fleet.line.end();
            }
            true
        };
        if threads.is_empty() {
            fleet.work(&mut hand_over);
        }
        for finished in told {
            hand_over(finished);
        }
        // The scope waits for their work only, not for their end.
        for thread in threads {
            let _ = thread.join();
        }
    });
    fleet.verdict()
}

struct Fleet<'a, N> {
    line: Line<'a>,
    /// The value to set; `None` to read it.
    update_to: Option<bool>,
    /// Whoever holds them is first in the line.
    names: Mutex<Names<N>>,
    tally: Mutex<Tally>,
}

struct Names<N> {
    rest: N,
    begun: usize,
    are_exhausted: bool,
}

#[derive(Default)]
struct Tally {
    finished: usize,
    succeeded: usize,
    /// Answers of 401 in a row.
    unauthorized: u32,
    /// Whether a name was left without an answer because the call had to end.
    left: bool,
    ended_by: Option<End>,
}

/// What ended a call early. The later in this list, the more it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// Answers of 401 and no success.
    Key,
    Callback,
    /// A panic outside an item's own call.
    Panic,
}

/// The number of an item, and its name, header and turn; or why it needs none.
type Begun<'a, S> = (usize, Result<(S, HeaderValue, Start<'a>), Error>);

impl<'a, S, N> Fleet<'a, N>
where
    S: AsRef<str>,
    N: Iterator<Item = Result<S, Error>>,
{
    /// Does items until there are no more, or `hand_over` answers false.
    fn work(&self, mut hand_over: impl FnMut((usize, Result<Outcome, Error>)) -> bool) {
        let work = AssertUnwindSafe(|| {
            while let Some((index, begun)) = self.begin() {
                let result = begun.and_then(|(name, header, start)| catch_panic(|| self.call(&name, header, start)));
                self.count(&result);
                if !hand_over((index, result)) {
                    break;
                }
            }
        });
        if catch_unwind(work).is_err() {
            self.tally().end(End::Panic);
            self.line.end();
        }
    }

    /// Takes the next name and waits for its turn; `None` if there is no more, or to be no more.
    fn begin(&self) -> Option<Begun<'a, S>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.are_exhausted || self.line.is_over() {
            return None;
        }
        let Some(name) = names.rest.next() else {
            names.are_exhausted = true;
            return None;
        };
        let begun = match name.and_then(|name| Ok((request::on_behalf_of(name.as_ref())?, name))) {
            Ok((header, name)) => {
                let Some(start) = self.line.wait() else {
                    self.tally().left = true;
                    return None;
                };
                Ok((name, header, start))
            }
            Err(error) => Err(error),
        };
        let index = names.begun;
        names.begun += 1;
        Some((index, begun))
    }

    fn call(&self, name: &S, header: HeaderValue, start: Start<'a>) -> Result<Outcome, Error> {
        let client = self.line.client;
        let mut report = Report::default();
        let started = Instant::now();
        let next_turn = || {
            let _first_in_line = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            self.line.wait()
        };
        let request = client.request(self.update_to, Some(header));
        let reply = self.line.exchange(&request, start, next_turn, &mut report);
        let asked = client.asked(self.update_to, Some(name.as_ref()));
        let result = reply.and_then(|reply| response::setting(reply, asked, self.update_to));
        report.elapsed = started.elapsed();
        match result {
            Ok(enabled) => Ok(Outcome { enabled, report }),
            Err(error) => Err(error.with_report(report)),
        }
    }

    fn count(&self, result: &Result<Outcome, Error>) {
        let mut tally = self.tally();
        tally.finished += 1;
        match result.as_ref().map_err(Error::code) {
            Ok(_) => tally.succeeded += 1,
            Err(code) => {
                tally.left |= code == Code::Cancelled;
                tally.unauthorized = if code == Code::Unauthorized { tally.unauthorized + 1 } else { 0 };
            }
        }
        if tally.succeeded == 0 && tally.unauthorized >= UNAUTHORIZED_MAX {
            tally.end(End::Key);
            self.line.end();
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verdict(self) -> Result<(), Error> {
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner);
        let tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let left = tally.left || !names.are_exhausted;
        let early = |code, message: &str| Err(Error::new(code, message));
        match tally.ended_by {
            Some(End::Panic) => {
                return early(Code::Internal, "internal error: a panic in a call for many, please report it");
            }
            Some(End::Callback) => return early(Code::Cancelled, "the callback said stop"),
            Some(End::Key) => {
                let message = format!(
                    "the key was answered 401 {UNAUTHORIZED_MAX} times in a row, and no more was sent lest the account \
                     be blocked: check the key and its region"
                );
                return early(Code::Unauthorized, &message);
            }
            None => {}
        }
        if left {
            return early(Code::Cancelled, "the call was cancelled before all was done");
        }
        match tally.finished - tally.succeeded {
            0 => Ok(()),
            failed => {
                let message = format!("{failed} of {} failed: each one's own result says why", tally.finished);
                Err(Error::new(Code::Partial, message))
            }
        }
    }
}

impl Tally {
    fn end(&mut self, by: End) {
        self.ended_by = self.ended_by.max(Some(by));
    }
}
