//! What came in on a connection and is not read yet. The buffer is small, kept, and never cleared.

use super::framing::Framing;
use crate::fault::Fault;

/// A reply is under a kilobyte; the buffer grows for a longer header, up to its limit.
const SIZE: usize = 4096;
const MAX: usize = 64 * 1024;

pub(super) struct Input {
    bytes: Vec<u8>,
    consumed: usize,
    /// What ureq may see ends here.
    passed: usize,
    /// What came in ends here.
    arrived: usize,
    framing: Framing,
    progress: bool,
}

impl Default for Input {
    fn default() -> Self {
        Input { bytes: vec![0; SIZE], consumed: 0, passed: 0, arrived: 0, framing: Framing::default(), progress: false }
    }
}

impl Input {
    /// Has what comes in next be the beginning of a reply.
    pub(super) fn begin_reply(&mut self) {
        self.framing = Framing::default();
    }

    /// Room for more, which is there unless the limit is reached.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.consumed > 0 {
            self.bytes.copy_within(self.consumed..self.arrived, 0);
            self.passed -= self.consumed;
            self.arrived -= self.consumed;
            self.consumed = 0;
        }
        if self.arrived == self.bytes.len() && self.arrived < MAX {
            self.bytes.resize(self.arrived * 2, 0);
        }
        &mut self.bytes[self.arrived..]
    }

    /// Takes in so much of the room. Whether any of it is for ureq.
    pub(super) fn add(&mut self, amount: usize) -> Result<bool, Fault> {
        self.arrived += amount;
        let before = self.passed;
        let (passed, kept) = self.framing.sift(&mut self.bytes[self.consumed..self.arrived], before - self.consumed)?;
        self.passed = self.consumed + passed;
        self.arrived = self.passed + kept;
        Ok(self.passed > before)
    }

    /// What came in and was not consumed.
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.consumed..self.passed]
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
    }

    /// Whether there is input, and the last look at it got somewhere: else more is needed first.
    pub(super) fn can_use_input(&self) -> bool {
        self.progress && self.consumed < self.passed
    }
}
