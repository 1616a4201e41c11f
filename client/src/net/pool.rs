//! The connections that wait between calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Route;
use super::connection::Connection;
use super::reply::Reply;
use super::socket::clock;
use crate::call::Call;
use crate::fault::Fault;
use crate::process::PerProcess;
use crate::request::Request;

/// Load balancers commonly close, or silently forget, a connection after a minute without
/// traffic.
const IDLE_MAX: Duration = Duration::from_secs(55);

/// Connections by one route. The one used last serves next, so that those too many grow old.
pub(crate) struct Pool {
    route: Arc<Route>,
    max_idle: usize,
    idle: PerProcess<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: Connection,
    /// By a clock that goes on while the machine sleeps.
    since: Duration,
}

impl Pool {
    pub(crate) fn new(route: Route, max_idle: usize) -> Pool {
        let route = Arc::new(route);
        Connection::settle(&route);
        Pool { route, max_idle, idle: PerProcess::default() }
    }

    /// Sends the request and reads the reply; with it, how often the request was sent: twice if
    /// the kept connection turned out to be dead. Sending the same setting twice is harmless.
    pub(crate) fn exchange(&self, request: &Request, call: &Call) -> (Result<Reply, Fault>, u32) {
        let mut sent = 0;
        let mut connection = self.take();
        loop {
            call.log.begin_attempt();
            let current = connection.take().unwrap_or_else(|| Connection::new(&self.route));
            let exchange = current.exchange(request, call);
            sent += u32::from(exchange.sent);
            if exchange.is_open {
                self.keep(current);
            }
            match exchange.outcome {
                Err(fault) if exchange.was_stale => call.log.replaced(&fault.message),
                outcome => return (outcome, sent),
            }
        }
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.get().lock().unwrap_or_else(PoisonError::into_inner);
        let old = take_old(&mut idle, clock());
        let last = idle.pop();
        // They are closed with the lock released.
        drop(idle);
        drop(old);
        last.map(|last| last.connection)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.get().lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock();
        let old = take_old(&mut idle, now);
        if idle.len() < self.max_idle {
            idle.push(Idle { connection, since: now });
        }
        drop(idle);
        drop(old);
    }
}

/// Those that have rested too long, which are the first.
fn take_old(idle: &mut Vec<Idle>, now: Duration) -> Vec<Idle> {
    let old = idle.iter().take_while(|idle| now.saturating_sub(idle.since) >= IDLE_MAX).count();
    idle.drain(..old).collect()
}
