//! The handle on a running sandbox.

use std::io;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::connections::How;
use crate::faults::Rule;
use crate::journal::{Record, Stats};
use crate::options::Options;
use crate::server;
use crate::shared::{Shared, lock};
use crate::state::Side;
use crate::tls::{self, Authority};

/// A running sandbox; dropping it closes its connections and ports, and ends its thread.
///
/// Its methods block, and may be called from any thread.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    urls: [String; 2],
    authority: Option<Authority>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox and returns once both its sides accept connections.
    ///
    /// # Errors
    ///
    /// If a port is taken, or the authority's certificate cannot be written.
    pub fn start(options: Options) -> io::Result<Self> {
        let (authority, acceptor) = if options.http {
            (None, None)
        } else {
            let (authority, acceptor) = tls::prepare(options.ca_file.as_deref())?;
            (Some(authority), Some(acceptor))
        };
        let ports = [options.port, options.eu_port];
        let base = if options.http { "http://127.0.0.1" } else { "https://localhost" };
        let shared = Arc::new(Shared::new(options));

        // One thread, so that what a reply makes a client do next finds the state that the reply
        // left: a connection is idle before its client can have read the reply.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let listening = {
            let _in_the_runtime = handle.enter();
            [server::listen(ports[0])?, server::listen(ports[1])?]
        };
        let urls = [0, 1].map(|side| format!("{base}:{}", listening[side].0));
        let (stop, stopped) = oneshot::channel();
        let serving = shared.clone();
        let thread = thread::Builder::new().name("sandbox".into()).spawn(move || {
            runtime.block_on(async {
                for (side, (_, listeners)) in Side::BOTH.into_iter().zip(listening) {
                    for listener in listeners {
                        serve(&serving, side, listener, acceptor.as_ref());
                    }
                }
                let _ = stopped.await; // an error is the handle's end, which stops it as well
            });
        })?;
        Ok(Self { shared, urls, authority, runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// The global side's base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.urls[0]
    }

    /// The EU side's base URL.
    #[must_use]
    pub fn eu_url(&self) -> &str {
        &self.urls[1]
    }

    /// The certificate of the sandbox's own authority, in PEM; none over plain HTTP.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        Some(&self.authority.as_ref()?.ca_file)
    }

    /// A key of the global side that may do everything.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.shared.keys.global.token
    }

    /// A key of the EU side that may do everything.
    #[must_use]
    pub fn eu_key(&self) -> &str {
        &self.shared.keys.eu.token
    }

    /// A key of the global side with the scope `tracking_settings.open.read` alone.
    #[must_use]
    pub fn read_key(&self) -> &str {
        &self.shared.keys.read.token
    }

    /// A key of the global side with the scope `tracking_settings.open.update` alone.
    #[must_use]
    pub fn update_key(&self) -> &str {
        &self.shared.keys.update.token
    }

    /// Adds a rule behind those in force.
    ///
    /// # Panics
    ///
    /// If the rule's status is none that ends a request, or its body is not base64.
    pub fn fault(&self, rule: Rule) {
        if let Err(why) = rule.then.check() {
            panic!("a rule that cannot be followed: {why}");
        }
        lock(&self.shared.faults).add(rule);
    }

    /// Takes all rules back.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// The requests received, the oldest first. A request is here before its reply is sent.
    #[must_use]
    pub fn requests(&self) -> Vec<Record> {
        lock(&self.shared.journal).records().cloned().collect()
    }

    /// Waits until `count` requests have been received in all; false if they were not in time.
    #[must_use]
    pub fn wait_for_requests(&self, count: u64, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut journal = lock(&self.shared.journal);
        while journal.requests() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            journal = match self.shared.recorded.wait_timeout(journal, left) {
                Ok((journal, _)) => journal,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }

    /// Forgets the requests received, and sets the counts to nought.
    pub fn clear_requests(&self) {
        self.shared.clear_records();
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Closes the connections that wait for their next request, and returns their number once
    /// they are closed. One that has not had its first request yet is not among them.
    pub fn close_idle(&self, how: How) -> usize {
        let (tell, told) = mpsc::channel();
        let shared = self.shared.clone();
        self.runtime.spawn(async move {
            let _ = tell.send(shared.idle.close(how).await);
        });
        told.recv().unwrap_or(0)
    }

    /// The open-tracking setting of the side's own account or of the one named; `None` if there
    /// is no such account.
    #[must_use]
    pub fn setting(&self, side: Side, on_behalf_of: Option<&str>) -> Option<bool> {
        lock(&self.shared.settings).get(side, on_behalf_of)
    }

    /// Sets settings, faults, rate limit, requests and counts back to how they were at the
    /// start. Connections stay open.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// What the sandbox's clock says: the time since its start, which `at_us` of a [`Record`]
    /// and the bounds of a [`Window`](crate::Window) are told on.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.now()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(shared: &Arc<Shared>, side: Side, listener: TcpListener, acceptor: Option<&tokio_rustls::TlsAcceptor>) {
    tokio::spawn(server::accept(shared.clone(), side, listener, acceptor.cloned()));
}
