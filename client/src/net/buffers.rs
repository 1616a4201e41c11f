//! The two buffers of a connection: small, kept, and never cleared again, except that what was
//! sent is wiped, for it held the key.

use zeroize::Zeroize;

use super::framing::Framing;
use crate::fault::Fault;
use crate::key::Key;

/// A request's header and body come to about 700 bytes with the longest name.
const OUTPUT_SIZE: usize = 4096;

/// The key's line, which goes in beside them.
const KEY_LINE_MAX: usize = 600;
const KEY_NAME: &[u8] = b"authorization: ";

/// A reply is under a kilobyte; the buffer grows for a longer header, up to its limit.
const INPUT_SIZE: usize = 4096;
const INPUT_MAX: usize = 64 * 1024;

pub(super) struct Buffers {
    output: Box<[u8]>,
    held: usize,
    input: Vec<u8>,
    consumed: usize,
    /// What ureq may see ends here.
    passed: usize,
    /// What came in ends here.
    arrived: usize,
    framing: Framing,
    progress: bool,
}

impl Default for Buffers {
    fn default() -> Self {
        Buffers {
            output: vec![0; OUTPUT_SIZE + KEY_LINE_MAX].into_boxed_slice(),
            held: 0,
            input: vec![0; INPUT_SIZE],
            consumed: 0,
            passed: 0,
            arrived: 0,
            framing: Framing::default(),
            progress: false,
        }
    }
}

impl Buffers {
    /// Keeps the first `amount` bytes of the free output until it is sent.
    pub(super) fn hold(&mut self, amount: usize) {
        self.held += amount;
    }

    pub(super) fn held(&self) -> &[u8] {
        &self.output[..self.held]
    }

    /// Puts the key behind the request line, which is the first of what is held. So ureq never has
    /// it, nor does a log that is told what ureq writes.
    pub(super) fn insert_key(&mut self, key: &Key) {
        let line = self.held().iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let value = key.value();
        let length = KEY_NAME.len() + value.len() + 2;
        self.output.copy_within(line..self.held, line + length);
        let (name, rest) = self.output[line..].split_at_mut(KEY_NAME.len());
        name.copy_from_slice(KEY_NAME);
        rest[..value.len()].copy_from_slice(value);
        rest[value.len()..value.len() + 2].copy_from_slice(b"\r\n");
        self.held += length;
    }

    pub(super) fn wipe_held(&mut self) {
        self.output[..self.held].zeroize();
        self.held = 0;
    }

    pub(super) fn is_nearly_full(&self) -> bool {
        OUTPUT_SIZE - self.held.min(OUTPUT_SIZE) < OUTPUT_SIZE / 4
    }

    /// Has what comes in next be the beginning of a reply.
    pub(super) fn begin_reply(&mut self) {
        self.framing = Framing::default();
    }

    /// Room for input, which is there unless the input has reached its limit.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.consumed > 0 {
            self.input.copy_within(self.consumed..self.arrived, 0);
            self.passed -= self.consumed;
            self.arrived -= self.consumed;
            self.consumed = 0;
        }
        if self.arrived == self.input.len() && self.arrived < INPUT_MAX {
            self.input.resize(self.arrived * 2, 0);
        }
        &mut self.input[self.arrived..]
    }

    /// Takes in so much of the free input. Whether any of it is for ureq.
    pub(super) fn add(&mut self, amount: usize) -> Result<bool, Fault> {
        self.arrived += amount;
        let before = self.passed;
        let (passed, kept) = self.framing.sift(&mut self.input[self.consumed..self.arrived], before - self.consumed)?;
        self.passed = self.consumed + passed;
        self.arrived = self.passed + kept;
        Ok(self.passed > before)
    }

    /// Room for output behind what is held.
    pub(super) fn output(&mut self) -> &mut [u8] {
        &mut self.output[self.held..OUTPUT_SIZE]
    }

    /// What came in and was not consumed.
    pub(super) fn input(&self) -> &[u8] {
        &self.input[self.consumed..self.passed]
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
    }

    /// Whether there is input, and the last look at it got somewhere: else more is needed first.
    pub(super) fn can_use_input(&self) -> bool {
        self.progress && self.consumed < self.passed
    }

    /// Room for scratch, and room for output.
    pub(super) fn scratch_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.input[self.arrived..], &mut self.output[self.held..OUTPUT_SIZE])
    }
}
