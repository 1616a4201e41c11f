//! All that a sandbox's connections and its handle have in common, and the way of a request
//! through it: rate limit, rules, key, named fault, service.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::api;
use crate::connections::IdleConnections;
use crate::faults::{Action, Faults, Then};
use crate::http::{self, Reply, Request};
use crate::journal::{Journal, Stats};
use crate::limits::{Limiter, Standing, micros, seconds_up};
use crate::named;
use crate::options::{Options, ResetForm};
use crate::state::{Key, Keys, Settings, Side};

/// Locks, whatever happened to another holder: a panic there is that test's own failure.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a reply is to be delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivery {
    pub delay: Duration,
    pub drip: Duration,
    pub action: Option<Action>,
}

impl Delivery {
    /// Whether the reply's status line reaches the wire.
    pub fn tells_status(&self) -> bool {
        !matches!(self.action, Some(Action::CloseBeforeReply | Action::Reset | Action::Silent | Action::Raw))
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub options: Options,
    pub keys: Keys,
    pub settings: Mutex<Settings>,
    pub faults: Mutex<Faults>,
    pub journal: Mutex<Journal>,
    pub recorded: Condvar,
    pub idle: IdleConnections,
    limiters: Option<Mutex<[Limiter; 2]>>,
    started: Instant,
    connections: AtomicU64,
}

impl Shared {
    pub fn new(options: Options) -> Self {
        let limiters =
            options.limit.map(|limit| Mutex::new(Side::BOTH.map(|side| Limiter::new(side, limit, options.window))));
        Self {
            keys: Keys::new(),
            settings: Mutex::new(Settings::new(options.subusers, options.list)),
            faults: Mutex::default(),
            journal: Mutex::default(),
            recorded: Condvar::new(),
            idle: IdleConnections::default(),
            limiters,
            started: Instant::now(),
            connections: AtomicU64::new(0),
            options,
        }
    }

    /// The time on the sandbox's own clock, which its start set to nought.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn now_us(&self) -> u64 {
        micros(self.now())
    }

    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What a request is answered, and how the answer travels.
    pub fn judge(&self, side: Side, request: &Request) -> (Reply, Delivery) {
        let known = request.bearer().and_then(|token| self.keys.find(token));
        let key = api::authorize(known, side, request);
        let standing = key.is_ok().then(|| self.admit(side)).flatten();
        let (mut reply, delivery) = match standing {
            Some(Standing { allowed: false, .. }) => (Reply::usual(429), Delivery::default()),
            _ => match self.fault(&key, request) {
                Some(then) => self.carry_out(&then, &key, request),
                None => (self.serve(&key, request), Delivery::default()),
            },
        };
        if let Some(standing) = standing.filter(|_| self.options.rate_headers) {
            self.tell(&standing, &mut reply);
        }
        reply.set_default("Date", &http::date(self.wall_clock()));
        (reply, delivery)
    }

    /// What goes wrong with a request: as a rule says, else as its account's name does.
    fn fault(&self, key: &Result<&Key, Reply>, request: &Request) -> Option<Then> {
        let rule = lock(&self.faults).take(request);
        rule.or_else(|| self.named_fault(key.as_ref().ok()?, request))
    }

    fn named_fault(&self, key: &Key, request: &Request) -> Option<Then> {
        let name = request.on_behalf_of()?;
        let (fault, once) = named::parse(name)?;
        if once && !lock(&self.faults).first(&format!("{} {name}", key.token)) {
            return None;
        }
        let enabled = lock(&self.settings).get(key.side, Some(name));
        fault.then(request, enabled, self.epoch_seconds())
    }

    fn carry_out(&self, then: &Then, key: &Result<&Key, Reply>, request: &Request) -> (Reply, Delivery) {
        let mut reply = then.replacement().unwrap_or_else(|| self.serve(key, request));
        for (name, value) in &then.headers {
            reply.set(name, value);
        }
        let delivery = Delivery {
            delay: Duration::from_millis(then.delay_ms),
            drip: Duration::from_millis(then.drip_ms),
            action: then.action,
        };
        (reply, delivery)
    }

    fn serve(&self, key: &Result<&Key, Reply>, request: &Request) -> Reply {
        match key {
            Ok(key) => api::answer(&mut lock(&self.settings), key, request),
            Err(refusal) => refusal.clone(),
        }
    }

    fn admit(&self, side: Side) -> Option<Standing> {
        let mut limiters = lock(self.limiters.as_ref()?);
        Some(limiters[side as usize].admit(self.now()))
    }

    /// Tells the client where it stands, unless a fault has told it something else.
    fn tell(&self, standing: &Standing, reply: &mut Reply) {
        let reset = match self.options.reset_form {
            ResetForm::Delta => seconds_up(standing.resets_in),
            ResetForm::Epoch => seconds_up(since_epoch(self.wall_clock() + standing.resets_in)),
        };
        reply.set_default("X-RateLimit-Limit", &standing.limit.to_string());
        reply.set_default("X-RateLimit-Remaining", &standing.remaining.to_string());
        reply.set_default("X-RateLimit-Reset", &reset.to_string());
    }

    /// The service's idea of the time of day.
    fn wall_clock(&self) -> SystemTime {
        let skew = Duration::from_secs(self.options.clock_skew.unsigned_abs());
        let now = SystemTime::now();
        if self.options.clock_skew < 0 { now - skew } else { now + skew }
    }

    fn epoch_seconds(&self) -> i64 {
        i64::try_from(since_epoch(self.wall_clock()).as_secs()).unwrap_or(i64::MAX)
    }

    pub fn stats(&self) -> Stats {
        let windows = match &self.limiters {
            None => Vec::new(),
            Some(limiters) => lock(limiters).iter().flat_map(|limiter| limiter.windows().to_vec()).collect(),
        };
        lock(&self.journal).stats(windows)
    }

    /// Sets settings, faults, rate limit, records and counts back to how they were at the start.
    pub fn reset(&self) {
        *lock(&self.settings) = Settings::new(self.options.subusers, self.options.list);
        lock(&self.faults).reset();
        if let Some(limiters) = &self.limiters {
            lock(limiters).iter_mut().for_each(Limiter::reset);
        }
        self.clear_records();
    }

    /// Forgets the records and sets the counts to nought.
    pub fn clear_records(&self) {
        *lock(&self.journal) = Journal::default();
    }
}

fn since_epoch(moment: SystemTime) -> Duration {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default()
}
