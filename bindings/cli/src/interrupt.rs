//! Ctrl-C, and the signal to terminate: the first finishes what is under way, the second ends all
//! at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sg_open_tracking::Client;

use crate::connect::Session;
use crate::failure::Failure;
use crate::progress::Progress;

#[derive(Clone)]
pub struct Interrupt {
    clients: Arc<Vec<Arc<Client>>>,
    count: Arc<AtomicUsize>,
    progress: Progress,
}

impl Interrupt {
    pub fn watch(sessions: &[Session], progress: Progress) -> Result<Interrupt, Failure> {
        let clients = sessions.iter().map(|session| Arc::clone(&session.client)).collect();
        let interrupt = Interrupt { clients: Arc::new(clients), count: Arc::default(), progress };
        let handler = interrupt.clone();
        ctrlc::set_handler(move || handler.interrupted())
            .map_err(|error| Failure::usage(format!("can't watch for Ctrl-C: {error}")))?;
        Ok(interrupt)
    }

    fn interrupted(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            self.finish();
            self.progress.say("finishing what is under way; Ctrl-C again to end at once");
        } else {
            for client in self.clients.iter() {
                client.cancel();
            }
        }
    }

    /// Begins no more.
    pub fn finish(&self) {
        for client in self.clients.iter() {
            client.drain();
        }
    }

    pub fn came(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }
}
