//! The threads of a fleet. Each does one item at a time and waits for the next.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::queue::{Item, Queue};
use crate::log::HandOver;
use crate::panic::catch_panic;
use crate::{Error, LogLevel, Outcome, Report, attempts, process, response};

/// One item: its name, and the number of that.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) name: String,
}

/// An item's number, and what became of it.
pub(super) type Finished = (usize, Result<Outcome, Error>);

/// What a thread tells the caller's.
pub(super) enum Told {
    Finished(Finished),
    /// A line of its log.
    Line(LogLevel, String),
}

pub(super) struct Crew {
    queue: Arc<Queue>,
    /// The value to set; `None` to read it.
    update_to: Option<bool>,
    /// How many threads there may be.
    most: usize,
    workers: Vec<Worker>,
    /// The numbers of those that have nothing to do.
    idle: Vec<usize>,
    tell: Sender<(usize, Told)>,
    told: Receiver<(usize, Told)>,
}

struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Crew {
    pub(super) fn new(queue: &Arc<Queue>, update_to: Option<bool>, most: usize) -> Crew {
        let (tell, told) = channel();
        Crew { queue: Arc::clone(queue), update_to, most, workers: Vec::new(), idle: Vec::new(), tell, told }
    }

    /// Whether there is somebody for another job.
    pub(super) fn has_room(&self) -> bool {
        !self.idle.is_empty() || self.workers.len() < self.most
    }

    pub(super) fn is_busy(&self) -> bool {
        self.idle.len() < self.workers.len()
    }

    /// Has a thread do the job, a new one where none is idle. Where no more can be had, this thread
    /// does it, whose result comes back.
    pub(super) fn give(&mut self, job: Job) -> Option<Finished> {
        let Some(worker) = self.idle.pop().or_else(|| self.hire()) else {
            return Some(work(&self.queue, self.update_to, &job, || None));
        };
        // A thread lives as long as its sender does, which is here.
        let _ = self.workers[worker].jobs.send(job);
        None
    }

    fn hire(&mut self) -> Option<usize> {
        let number = self.workers.len();
        if number >= self.most {
            return None;
        }
        let (jobs, todo) = channel();
        let (queue, update_to, tell) = (Arc::clone(&self.queue), self.update_to, self.tell.clone());
        let work_on = move || {
            for job in todo {
                let finished = work(&queue, update_to, &job, || Some(hand_over(number, tell.clone())));
                if tell.send((number, Told::Finished(finished))).is_err() {
                    break;
                }
            }
        };
        let builder = thread::Builder::new().name("sg-fleet".to_owned());
        if let Ok(thread) = process::without_signals(|| builder.spawn(work_on)) {
            self.workers.push(Worker { jobs, thread });
            Some(number)
        } else {
            self.most = number;
            None
        }
    }

    /// Waits for what a thread tells next.
    pub(super) fn wait(&mut self) -> Option<Told> {
        let (worker, told) = self.told.recv().ok()?;
        if matches!(told, Told::Finished(_)) {
            self.idle.push(worker);
        }
        Some(told)
    }
}

impl Drop for Crew {
    /// Waits for those under way, and for the end of the threads.
    fn drop(&mut self) {
        self.queue.end();
        for Worker { jobs, thread } in self.workers.drain(..) {
            drop(jobs);
            let _ = thread.join();
        }
    }
}

fn hand_over(worker: usize, tell: Sender<(usize, Told)>) -> HandOver {
    Box::new(move |level, line| {
        // Nobody listens once the call is over.
        let _ = tell.send((worker, Told::Line(level, line)));
    })
}

fn work(queue: &Queue, update_to: Option<bool>, job: &Job, hand_over: impl FnOnce() -> Option<HandOver>) -> Finished {
    (job.index, catch_panic(|| call(queue, update_to, &job.name, hand_over)))
}

fn call(
    queue: &Queue,
    update_to: Option<bool>,
    name: &str,
    hand_over: impl FnOnce() -> Option<HandOver>,
) -> Result<Outcome, Error> {
    let shared = &*queue.client.shared;
    let mut call = queue.client.start(hand_over);
    let mut report = Report::default();
    let result = shared
        .request(update_to, Some(name))
        .and_then(|request| attempts::exchange(shared, &mut call, &request, &mut Item::new(queue), &mut report))
        .and_then(|reply| response::setting(reply, shared.asked(update_to, Some(name)), update_to));
    call.end(result, report)
}
