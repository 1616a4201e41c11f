//! The caller's own cap on requests a minute: turns at even distances, first come, first served.

use std::time::{Duration, Instant};

#[derive(Default)]
pub(super) struct Cap {
    /// The turn after the last that was taken.
    next: Option<Instant>,
    /// Turns before that which were given back.
    free: Vec<Instant>,
}

impl Cap {
    /// The earliest turn that nobody has.
    pub(super) fn earliest(&mut self, now: Instant) -> Instant {
        // The time of those that passed is over.
        self.free.retain(|turn| *turn >= now);
        let next = self.next.map_or(now, |next| next.max(now));
        self.free.iter().copied().min().unwrap_or(next)
    }

    pub(super) fn take(&mut self, turn: Instant, interval: Duration) {
        match self.free.iter().position(|free| *free == turn) {
            Some(index) => drop(self.free.swap_remove(index)),
            None => self.next = Some(turn + interval),
        }
    }

    /// Takes a turn back that was not used.
    pub(super) fn give_back(&mut self, turn: Instant, interval: Duration) {
        self.free.push(turn);
        // Behind the last that is taken, all are free.
        while let Some(last) = self.free.iter().position(|free| self.next == Some(*free + interval)) {
            self.next = Some(self.free.swap_remove(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);

    /// Three that take a turn whenever they have used one: each has its part.
    #[test]
    fn turns_are_shared_fairly() {
        let mut cap = Cap::default();
        let mut used = [(Instant::now(), 0); 3];
        for _ in 0..150 {
            let (free_from, turns) = used.iter_mut().min().unwrap();
            let turn = cap.earliest(*free_from);
            cap.take(turn, INTERVAL);
            (*free_from, *turns) = (turn, *turns + 1);
        }
        assert!(used.iter().all(|(_, turns)| (49..=51).contains(turns)), "{used:?}");
    }

    #[test]
    fn turns_that_are_given_back_are_taken_again() {
        let zero = Instant::now();
        let at = |turn: u32| zero + INTERVAL * turn;
        let mut cap = Cap::default();
        let take = |cap: &mut Cap| {
            let turn = cap.earliest(zero);
            cap.take(turn, INTERVAL);
            turn
        };
        let turns: Vec<_> = (0..5).map(|_| take(&mut cap)).collect();
        assert_eq!(turns, [0, 1, 2, 3, 4].map(at));
        cap.give_back(at(2), INTERVAL);
        assert_eq!((take(&mut cap), take(&mut cap)), (at(2), at(5)));
        // All of the last ones: then none is waited for.
        for turn in [4, 2, 3, 5] {
            cap.give_back(at(turn), INTERVAL);
        }
        assert_eq!((cap.next, cap.free.len()), (Some(at(2)), 0));
    }

    proptest! {
        #[test]
        fn no_two_turns_are_closer_than_the_interval(backs in proptest::collection::vec(0..20_usize, 0..40)) {
            let zero = Instant::now();
            let mut cap = Cap::default();
            let mut taken: Vec<Instant> = Vec::new();
            for back in backs {
                if back < taken.len() && back % 2 == 0 {
                    cap.give_back(taken.swap_remove(back), INTERVAL);
                }
                let turn = cap.earliest(zero);
                cap.take(turn, INTERVAL);
                prop_assert!(taken.iter().all(|other| turn + INTERVAL <= *other || *other + INTERVAL <= turn));
                taken.push(turn);
            }
        }
    }
}
