//! What calls do, line by line, for those who ask: docs/logging.md lists the events and their keys.
//!
//! A [`Log`] belongs to a client and knows where lines go; a [`CallLog`] belongs to one call and gives
//! its lines the same number. With logging off there is neither, and an event costs one null check.

mod level;
mod record;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use self::level::LogLevel;
pub(crate) use self::record::Record;
use crate::key::Key;
use crate::request::Request;
use crate::{Code, Error, Report, process};

/// A step that takes so long is worth a warning.
const SLOW: Duration = Duration::from_secs(1);

/// The caller's function for lines of a level, and of those above it.
#[derive(Clone)]
pub(crate) struct Callback {
    level: LogLevel,
    run: Arc<OnLog>,
}

type OnLog = dyn Fn(LogLevel, &str) + Send + Sync;

impl Callback {
    pub(crate) fn new(level: LogLevel, run: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Callback {
        Callback { level, run: Arc::new(run) }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("level", &self.level).finish_non_exhaustive()
    }
}

/// Where the lines of a client's calls go.
pub(crate) struct Log {
    callback: Option<Callback>,
    /// What goes to standard error.
    stderr: Option<LogLevel>,
    key: Key,
    host: String,
}

impl Log {
    /// `None` where nobody asks for lines.
    pub(crate) fn new(
        callback: Option<&Callback>,
        stderr: Option<LogLevel>,
        key: &Key,
        host: String,
    ) -> Option<Arc<Log>> {
        let is_wanted = callback.is_some() || stderr.is_some() || cfg!(feature = "log");
        is_wanted.then(|| Arc::new(Log { callback: callback.cloned(), stderr, key: key.clone(), host }))
    }

    /// The most that anybody asks for.
    fn level(&self) -> Option<LogLevel> {
        let callback = self.callback.as_ref().map(|callback| callback.level);
        callback.max(self.stderr).max(facade::level())
    }

    /// Runs the caller's function.
    pub(crate) fn call_back(&self, level: LogLevel, line: &str) {
        if let Some(callback) = self.callback.as_ref().filter(|callback| level <= callback.level) {
            (callback.run)(level, line);
        }
    }
}

/// Brings a line to the thread that made the call, for the caller's function is run there.
pub(crate) type HandOver = Box<dyn Fn(LogLevel, String) + Send + Sync>;

/// The log of one call.
#[derive(Clone, Default)]
pub(crate) struct CallLog(Option<Arc<Tied>>);

struct Tied {
    log: Arc<Log>,
    level: LogLevel,
    hand_over: Option<HandOver>,
    /// What ties the lines together, among all calls of the process.
    call: u64,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    request: String,
    /// Which try this is, from 1; 0 before the first.
    attempt: u32,
    sent: Option<Instant>,
}

impl CallLog {
    /// The log of a call that begins. Without `hand_over`, it is this thread's.
    pub(crate) fn new(log: Option<&Arc<Log>>, hand_over: impl FnOnce() -> Option<HandOver>) -> CallLog {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        CallLog(log.and_then(|log| {
            let level = log.level()?;
            let call = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
            let (log, hand_over) = (Arc::clone(log), hand_over());
            Some(Arc::new(Tied { log, level, hand_over, call, progress: Mutex::default() }))
        }))
    }

    pub(crate) fn warn(&self, event: &str, write: impl FnOnce(&mut Record)) {
        self.write(LogLevel::Warn, event, write);
    }

    fn info(&self, event: &str, write: impl FnOnce(&mut Record)) {
        self.write(LogLevel::Info, event, write);
    }

    pub(crate) fn debug(&self, event: &str, write: impl FnOnce(&mut Record)) {
        self.write(LogLevel::Debug, event, write);
    }

    /// A step that began then, and is over.
    pub(crate) fn step(&self, event: &str, began: Instant, write: impl FnOnce(&mut Record)) {
        if self.0.is_some() {
            let took = began.elapsed();
            let level = if took < SLOW { LogLevel::Debug } else { LogLevel::Warn };
            self.write(level, event, |record| {
                write(record);
                record.ms("ms", took);
            });
        }
    }

    /// The wait for a turn.
    pub(crate) fn hold(&self, why: Hold, until: Instant) {
        if self.0.is_some() {
            let wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return;
            }
            let (level, why) = match why {
                Hold::Refused => (LogLevel::Warn, "429"),
                Hold::Limit => (long_or_short(wait), "limit"),
                Hold::Cap => (long_or_short(wait), "cap"),
            };
            self.write(level, "hold", |record| {
                record.word("why", why).ms("wait_ms", wait);
            });
        }
    }

    /// What the call is about.
    pub(crate) fn describe(&self, request: &Request) {
        if let Some(tied) = &self.0 {
            let mut part = Record::new(&tied.log.key);
            part.text("host", &tied.log.host).word("method", request.method()).text("path", request.path());
            if let Some(name) = request.on_behalf_of() {
                part.text("on_behalf_of", name);
            }
            tied.progress().request = part.finish();
        }
    }

    /// Another try begins.
    pub(crate) fn begin_attempt(&self) {
        if let Some(tied) = &self.0 {
            let mut progress = tied.progress();
            progress.attempt = progress.attempt.saturating_add(1);
            progress.sent = None;
        }
    }

    /// The request has left, by a connection that was open before or not.
    pub(crate) fn sent(&self, reused: bool) {
        if let Some(tied) = &self.0 {
            tied.progress().sent = Some(Instant::now());
            self.debug("sent", |record| {
                record.part(&tied.request()).word("reused", reused);
            });
        }
    }

    /// A kept connection is of no use any more, and another is opened.
    pub(crate) fn replaced(&self, why: &str) {
        self.info("replaced", |record| {
            record.text("why", why);
        });
    }

    /// The reply is here.
    pub(crate) fn reply(&self, write: impl FnOnce(&mut Record)) {
        if let Some(tied) = &self.0 {
            let sent = tied.progress().sent;
            self.step("reply", sent.unwrap_or_else(Instant::now), write);
        }
    }

    /// The call is over.
    pub(crate) fn end(&self, report: &Report, enabled: Option<bool>, error: Option<&Error>) {
        let Some(tied) = &self.0 else {
            return;
        };
        let level = if error.is_some() { LogLevel::Error } else { LogLevel::Info };
        self.write(level, "end", |record| {
            record.part(&tied.request()).word("code", error.map_or(Code::Ok, Error::code).name());
            if let Some(status) = report.http_status {
                record.word("status", status);
            }
            record.word("attempts", report.attempts).ms("ms", report.elapsed);
            if let Some(enabled) = enabled {
                record.word("enabled", enabled);
            }
            if let Some(error) = error {
                record.text("why", error.message());
            }
        });
    }

    fn write(&self, level: LogLevel, event: &str, write: impl FnOnce(&mut Record)) {
        let Some(tied) = self.0.as_ref().filter(|tied| level <= tied.level) else {
            return;
        };
        let mut record = Record::new(&tied.log.key);
        record.word("event", event).word("level", level.name()).word("call", tied.call);
        let attempt = tied.progress().attempt;
        if attempt > 0 {
            record.word("attempt", attempt);
        }
        write(&mut record);
        tied.deliver(level, record.finish());
    }
}

/// Why a request waits for its turn.
#[derive(Clone, Copy)]
pub(crate) enum Hold {
    /// A 429.
    Refused,
    /// The limit that the service's headers tell.
    Limit,
    /// The caller's own `requests_per_minute`.
    Cap,
}

fn long_or_short(wait: Duration) -> LogLevel {
    if wait < SLOW { LogLevel::Debug } else { LogLevel::Info }
}

impl Tied {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self) -> String {
        self.progress().request.clone()
    }

    fn deliver(&self, level: LogLevel, line: String) {
        if self.log.stderr.is_some_and(|most| level <= most) {
            process::say(&line);
        }
        facade::log(level, &line);
        match &self.hand_over {
            Some(hand_over) => hand_over(level, line),
            None => self.log.call_back(level, &line),
        }
    }
}

/// The crate `log`, where a program is built with it.
mod facade {
    use super::LogLevel;

    #[cfg(feature = "log")]
    pub(super) fn level() -> Option<LogLevel> {
        match ::log::max_level() {
            ::log::LevelFilter::Off => None,
            ::log::LevelFilter::Error => Some(LogLevel::Error),
            ::log::LevelFilter::Warn => Some(LogLevel::Warn),
            ::log::LevelFilter::Info => Some(LogLevel::Info),
            ::log::LevelFilter::Debug | ::log::LevelFilter::Trace => Some(LogLevel::Debug),
        }
    }

    #[cfg(feature = "log")]
    pub(super) fn log(level: LogLevel, line: &str) {
        let level = match level {
            LogLevel::Error => ::log::Level::Error,
            LogLevel::Warn => ::log::Level::Warn,
            LogLevel::Info => ::log::Level::Info,
            LogLevel::Debug => ::log::Level::Debug,
        };
        ::log::log!(target: "sg_open_tracking", level, "{line}");
    }

    #[cfg(not(feature = "log"))]
    pub(super) fn level() -> Option<LogLevel> {
        None
    }

    #[cfg(not(feature = "log"))]
    pub(super) fn log(_: LogLevel, _: &str) {}
}
