//! The two buffers of a connection: small, kept, and never cleared again, except that what was
//! sent is wiped, for it held the key.

use zeroize::Zeroize;

/// A request's header and body come to about 700 bytes with the longest key and name.
const OUTPUT_SIZE: usize = 4096;

/// A reply is under a kilobyte; the buffer grows for a longer header, up to its limit.
const INPUT_SIZE: usize = 4096;
const INPUT_MAX: usize = 64 * 1024;

pub(super) struct Buffers {
    output: Box<[u8]>,
    held: usize,
    input: Vec<u8>,
    filled: usize,
    consumed: usize,
    progress: bool,
}

impl Default for Buffers {
    fn default() -> Self {
        Buffers {
            output: vec![0; OUTPUT_SIZE].into_boxed_slice(),
            held: 0,
            input: vec![0; INPUT_SIZE],
            filled: 0,
            consumed: 0,
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

    pub(super) fn wipe_held(&mut self) {
        self.output[..self.held].zeroize();
        self.held = 0;
    }

    pub(super) fn is_nearly_full(&self) -> bool {
        self.output.len() - self.held < OUTPUT_SIZE / 4
    }

    /// Room for input, which is there unless the input has reached its limit.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.consumed > 0 {
            self.input.copy_within(self.consumed..self.filled, 0);
            self.filled -= self.consumed;
            self.consumed = 0;
        }
        if self.filled == self.input.len() && self.filled < INPUT_MAX {
            self.input.resize(self.filled * 2, 0);
        }
        &mut self.input[self.filled..]
    }

    pub(super) fn add(&mut self, amount: usize) {
        self.filled += amount;
    }

    /// Room for output behind what is held.
    pub(super) fn output(&mut self) -> &mut [u8] {
        &mut self.output[self.held..]
    }

    /// What came in and was not consumed.
    pub(super) fn input(&self) -> &[u8] {
        &self.input[self.consumed..self.filled]
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
    }

    /// Whether there is input, and the last look at it got somewhere: else more is needed first.
    pub(super) fn can_use_input(&self) -> bool {
        self.progress && self.consumed < self.filled
    }

    /// Room for scratch, and room for output.
    pub(super) fn scratch_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.input[self.filled..], &mut self.output[self.held..])
    }
}
