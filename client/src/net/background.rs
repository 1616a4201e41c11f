//! Work of the system's that nobody can interrupt, such as a look-up or the reading of a file: it
//! runs on a thread of its own, and those who want its answer wait for it within their own limits.
//!
//! Requests for the same key share one job. A hanging job is shared for one second, and for twice as
//! long with each further job that hangs; after that, a new job is tried. A thread that is left ends
//! when the system lets it; there are [`MOST`] at most.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, mem};

use crate::call::Step;
use crate::fault::Fault;
use crate::process::{self, ForksHeldOff};

/// How often a wait that no socket can wake looks whether the call was cancelled.
pub(super) const CANCEL_CHECK: Duration = Duration::from_millis(20);

/// The jobs that may be under way in a process, hanging ones included.
const MOST: usize = 32;

/// How long the first job for a key is joined.
const JOINED_FOR: Duration = Duration::from_secs(1);

/// Jobs of one kind, by what they are for.
pub(super) struct Jobs<K, V> {
    under_way: Mutex<Vec<UnderWay<K, V>>>,
    /// One has ended.
    ended: Condvar,
}

struct UnderWay<K, V> {
    key: K,
    began: Instant,
    job: Arc<Job<V>>,
}

struct Job<V> {
    state: Mutex<State<V>>,
    answered: Condvar,
}

struct State<V> {
    answer: Option<V>,
    /// The job's own, from before the answer to the end of its thread, which takes locks of the C
    /// library once more as it ends.
    held_off: Option<ForksHeldOff>,
    thread: Option<JoinHandle<()>>,
}

impl<K, V> Default for Jobs<K, V> {
    fn default() -> Self {
        Jobs::new()
    }
}

impl<K, V> Jobs<K, V> {
    pub(super) const fn new() -> Self {
        Jobs { under_way: Mutex::new(Vec::new()), ended: Condvar::new() }
    }
}

impl<K, V> Jobs<K, V>
where
    K: Clone + PartialEq + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The answer of the job for `key`, one that is under way or a new one that does `work`.
    pub(super) fn answer(
        &'static self,
        key: &K,
        step: &Step,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<V, Fault> {
        let job = self.join(key, step, work)?;
        job.wait(step)
    }

    fn join(
        &'static self,
        key: &K,
        step: &Step,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<Arc<Job<V>>, Fault> {
        let mut under_way = self.under_way();
        loop {
            let mut same = under_way.iter().filter(|other| other.key == *key);
            let (youngest, hanging) = (same.next_back(), same.count());
            let joined_for = JOINED_FOR.saturating_mul(1 << hanging.min(31));
            let is_full = under_way.len() >= MOST;
            match youngest {
                Some(youngest) if is_full || youngest.began.elapsed() < joined_for => {
                    return Ok(Arc::clone(&youngest.job));
                }
                _ if !is_full => return self.start(&mut under_way, key, work),
                _ => {}
            }
            let slice = step.time_left()?.min(CANCEL_CHECK);
            under_way = match self.ended.wait_timeout(under_way, slice) {
                Ok((under_way, _)) => under_way,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn start(
        &'static self,
        under_way: &mut Vec<UnderWay<K, V>>,
        key: &K,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<Arc<Job<V>>, Fault> {
        let state = State { answer: None, held_off: None, thread: None };
        let job = Arc::new(Job { state: Mutex::new(state), answered: Condvar::new() });
        let own = Arc::clone(&job);
        let thread = process::spawn_without_signals("sg-background", move || {
            let held_off = ForksHeldOff::new();
            let answer = work();
            own.finish(answer, held_off);
            self.under_way().retain(|other| !Arc::ptr_eq(&other.job, &own));
            self.ended.notify_all();
        })
        .map_err(|error| no_thread(&error))?;
        job.state().thread = Some(thread);
        under_way.push(UnderWay { key: key.clone(), began: Instant::now(), job: Arc::clone(&job) });
        Ok(job)
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<UnderWay<K, V>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_thread(error: &io::Error) -> Fault {
    Fault::transient(
        crate::Code::Internal,
        format!("could not start a thread for the DNS look-up or the trust store: {error}"),
    )
}

impl<V: Clone> Job<V> {
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, answer: V, held_off: ForksHeldOff) {
        let mut state = self.state();
        (state.answer, state.held_off) = (Some(answer), Some(held_off));
        drop(state);
        self.answered.notify_all();
    }

    fn wait(&self, step: &Step) -> Result<V, Fault> {
        let mut state = self.state();
        loop {
            if let Some(answer) = state.answer.clone() {
                let (thread, held_off) = (mem::take(&mut state.thread), mem::take(&mut state.held_off));
                drop(state);
                // It is done but for what the C library frees with it.
                let _ = thread.map(JoinHandle::join);
                drop(held_off);
                return Ok(answer);
            }
            let slice = step.time_left()?.min(CANCEL_CHECK);
            state = match self.answered.wait_timeout(state, slice) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::call::Call;

    #[test]
    fn those_who_want_the_same_wait_for_one_job() {
        static JOBS: Jobs<u32, u32> = Jobs::new();
        static DONE: AtomicUsize = AtomicUsize::new(0);
        let all = Barrier::new(16);
        std::thread::scope(|scope| {
            for number in 0..16 {
                let all = &all;
                scope.spawn(move || {
                    let call = Call::start(Duration::from_secs(20), &Arc::default());
                    all.wait();
                    let answer = JOBS.answer(&(number % 2), &call.step("testing"), move || {
                        std::thread::sleep(Duration::from_millis(300));
                        DONE.fetch_add(1, Ordering::Relaxed);
                        number % 2 + 7
                    });
                    assert_eq!(answer.unwrap(), number % 2 + 7);
                });
            }
        });
        assert_eq!(DONE.load(Ordering::Relaxed), 2);
        assert_eq!(JOBS.under_way().len(), 0);
    }

    #[test]
    fn jobs_that_hang_are_few_and_end_no_call_late() {
        static JOBS: Jobs<usize, ()> = Jobs::new();
        let hang = || loop {
            std::thread::park();
        };
        // As fast as they come, and then for many keys.
        for number in 0..500 {
            let call = Call::start(Duration::from_millis(2), &Arc::default());
            assert!(JOBS.answer(&(number / 10), &call.step("testing"), hang).is_err());
        }
        assert_eq!(JOBS.under_way().len(), MOST);
        // One that is full has no room for others, who wait no longer than they may.
        let call = Call::start(Duration::from_millis(50), &Arc::default());
        assert!(JOBS.answer(&1000, &call.step("testing"), || ()).is_err());
        assert!(call.started.elapsed() < Duration::from_millis(500));
    }

    #[test]
    fn after_one_that_hangs_another_succeeds() {
        static JOBS: Jobs<(), u32> = Jobs::new();
        let call = Call::start(Duration::from_millis(10), &Arc::default());
        let hang = || loop {
            std::thread::park();
        };
        assert!(JOBS.answer(&(), &call.step("testing"), hang).is_err());
        std::thread::sleep(JOINED_FOR);
        let call = Call::start(Duration::from_secs(10), &Arc::default());
        assert_eq!(JOBS.answer(&(), &call.step("testing"), || 7).unwrap(), 7);
    }
}
