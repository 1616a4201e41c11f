//! Calls for many subusers through one client, as fast as the account's rate limit allows.
//!
//! The caller's thread takes the names, hands them to the threads of a [`Crew`](crew::Crew), and
//! hands over their results. A request waits for its turn in the [`Queue`].

mod crew;
mod queue;
mod subusers;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::crew::{Crew, Finished, Job, Told};
use self::queue::Queue;
pub use self::subusers::Listing;
use crate::call::FORKED;
use crate::process::OfThisProcess;
use crate::{Client, Code, Error, Outcome, check_on_behalf_of};

/// So many items in a row that are answered 401, with none that went well, end the call.
const UNAUTHORIZED_MAX: u32 = 3;

impl Client {
    /// Switches open tracking on or off for many subusers, up to `max_connections` at once and as
    /// fast as the account's rate limit and the cap of `requests_per_minute` allow.
    ///
    /// `on_result` is called on this thread, in the order in which the items end, with the number
    /// of the name and what became of it. When it answers [`ControlFlow::Break`], no further item
    /// is begun; those under way are finished first, and their results handed over as well. To end
    /// them at once, [`cancel`](Client::cancel) the client. Names are taken as they are needed, on
    /// this thread too.
    ///
    /// The timeout is each item's own and counts from its own start, without the waits for the
    /// limit. After a 429, all items wait as long as the service asks, and that item is sent again
    /// without using up a retry; if it is refused again while others succeed, that counts as an
    /// ordinary failure. One item's failure does not stop the others.
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
    /// three replies in a row were 401 before any went well, and no more was sent.
    pub fn update_many<N>(
        &self,
        enabled: bool,
        on_behalf_of: N,
        mut on_result: impl FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error>
    where
        N: IntoIterator<Item: AsRef<str>>,
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
        N: IntoIterator<Item: AsRef<str>>,
    {
        run(self, None, on_behalf_of.into_iter().map(Ok), &mut on_result)
    }

    /// Both for the border to C: reads if `update_to` is `None`. A name that could not be taken over
    /// is an error already, which becomes that item's result.
    ///
    /// # Errors
    /// As for [`update_many`](Client::update_many).
    #[doc(hidden)]
    pub fn try_many<S: AsRef<str>>(
        &self,
        update_to: Option<bool>,
        on_behalf_of: impl Iterator<Item = Result<S, Error>>,
        mut on_result: impl FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        run(self, update_to, on_behalf_of, &mut on_result)
    }
}

/// Runs a call for many. What is no name is an error already, and that its result.
fn run<S: AsRef<str>>(
    client: &Client,
    update_to: Option<bool>,
    names: impl Iterator<Item = Result<S, Error>>,
    on_result: &mut dyn FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let most = names.size_hint().1.unwrap_or(usize::MAX).clamp(1, client.shared.max_connections);
    let queue = Arc::new(Queue::new(client));
    let crew = Crew::new(&queue, update_to, most);
    let mut fleet = OfThisProcess::new(Fleet {
        crew,
        queue,
        names,
        begun: 0,
        are_exhausted: false,
        tally: Tally::default(),
        on_result,
    });
    // The names and the callback are the caller's code, which may fork. The child has none of the
    // crew's threads: to wait for them would be for ever.
    let forked = || Error::new(Code::Cancelled, FORKED);
    loop {
        let taken = fleet.get_mut().ok_or_else(forked)?.take();
        let fleet = fleet.get_mut().ok_or_else(forked)?;
        let told = match taken {
            Some(Ok(job)) => fleet.crew.give(job).map(Told::Finished),
            Some(Err(unnamed)) => Some(Told::Finished(unnamed)),
            None if fleet.crew.is_busy() => fleet.crew.wait(),
            None => return fleet.verdict(),
        };
        match told {
            Some(Told::Finished((index, result))) => fleet.enter(index, result),
            Some(Told::Line(level, line)) => client.call_back(level, &line),
            None => {}
        }
    }
}

/// The caller's side of a call for many.
struct Fleet<'a, N> {
    crew: Crew,
    queue: Arc<Queue>,
    names: N,
    begun: usize,
    are_exhausted: bool,
    tally: Tally,
    on_result: &'a mut dyn FnMut(usize, Result<Outcome, Error>) -> ControlFlow<()>,
}

#[derive(Default)]
struct Tally {
    finished: usize,
    succeeded: usize,
    /// Replies of 401 in a row.
    unauthorized: u32,
    /// Whether an item was left without an answer because the call had to end.
    left: bool,
    ended_by: Option<End>,
}

/// What ended a call early. A later variant overrides an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// Answers of 401 and no success.
    Key,
    Callback,
}

impl<S, N> Fleet<'_, N>
where
    S: AsRef<str>,
    N: Iterator<Item = Result<S, Error>>,
{
    /// Takes the next name, if a thread is free. `Ok` is its job; `Err` is the result of an invalid
    /// name.
    fn take(&mut self) -> Option<Result<Job, Finished>> {
        if !self.crew.has_room() || self.are_exhausted || self.queue.is_over() {
            return None;
        }
        let Some(name) = self.names.next() else {
            self.are_exhausted = true;
            return None;
        };
        let index = self.begun;
        self.begun += 1;
        let job = name.and_then(|name| {
            check_on_behalf_of(name.as_ref())?;
            Ok(Job { index, name: name.as_ref().to_owned() })
        });
        Some(job.map_err(|error| (index, Err(error))))
    }

    /// Counts a result and hands it over. An item that was not sent because the call ended is none.
    fn enter(&mut self, index: usize, result: Result<Outcome, Error>) {
        let tally = &mut self.tally;
        let report = result.as_ref().map_or_else(Error::report, |outcome| &outcome.report);
        let cancelled = matches!(&result, Err(error) if error.code() == Code::Cancelled);
        tally.left |= cancelled;
        if cancelled && report.attempts == 0 {
            return;
        }
        tally.finished += 1;
        tally.succeeded += usize::from(result.is_ok());
        // Only replies say something of the key.
        match report.http_status {
            Some(401) => tally.unauthorized += 1,
            Some(_) => tally.unauthorized = 0,
            None => {}
        }
        if tally.succeeded == 0 && tally.unauthorized >= UNAUTHORIZED_MAX {
            self.end(End::Key);
        }
        if (self.on_result)(index, result).is_break() {
            self.end(End::Callback);
        }
    }

    fn end(&mut self, by: End) {
        self.tally.ended_by = self.tally.ended_by.max(Some(by));
        self.queue.end();
    }

    fn verdict(&self) -> Result<(), Error> {
        let tally = &self.tally;
        let left = tally.left || !self.are_exhausted;
        let early = |code, message: &str| Err(Error::new(code, message));
        match tally.ended_by {
            Some(End::Callback) => return early(Code::Cancelled, "the callback said stop"),
            Some(End::Key) => {
                let message = format!(
                    "the server answered 401 {UNAUTHORIZED_MAX} times in a row; nothing more was sent, so that the account \
                     is not blocked: check the key and its region"
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
