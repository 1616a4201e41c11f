//! How a sandbox is to behave, settled when it starts.

use std::path::PathBuf;
use std::time::Duration;

/// How a sandbox is to behave. Every field has a default, so name only what matters:
///
/// ```
/// use sg_open_tracking_sandbox::Options;
/// let options = Options { limit: Some(600), subusers: 1_000, ..Options::default() };
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Requests allowed in a window, for each side; `None` is no limit and no rate-limit headers.
    pub limit: Option<u32>,
    /// How long a window lasts. It begins with its first request.
    pub window: Duration,
    /// How `X-RateLimit-Reset` is written.
    pub reset_form: ResetForm,
    /// Whether a limited sandbox tells its limit in `X-RateLimit-*` headers.
    pub rate_headers: bool,
    /// Seconds by which the service's clock (`Date`, epoch resets) is ahead of this machine's.
    pub clock_skew: i64,
    /// How many subusers each side lists.
    pub subusers: u32,
    /// How the list of subusers is told.
    pub list: ListHabits,
    /// Plain HTTP in place of HTTPS.
    pub http: bool,
    /// Where the certificate of the sandbox's own authority is written; by default into a
    /// temporary directory that goes away with the sandbox.
    pub ca_file: Option<PathBuf>,
    /// The global side's port; 0 is any free one.
    pub port: u16,
    /// The EU side's port; 0 is any free one.
    pub eu_port: u16,
    /// Whether each request is told in a line on standard error.
    pub log: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit: None,
            window: Duration::from_secs(60),
            reset_form: ResetForm::Delta,
            rate_headers: true,
            clock_skew: 0,
            subusers: 25,
            list: ListHabits::default(),
            http: false,
            ca_file: None,
            port: 0,
            eu_port: 0,
            log: false,
        }
    }
}

/// What the service's documents leave open about the list of subusers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHabits {
    /// The most that a page holds, whatever `limit` asks for.
    pub page_max: usize,
    /// What becomes of an offset that is no multiple of the page's size.
    pub offsets: Offsets,
    /// Before each of so many pages but the first, a name is added at the front.
    pub grows: u32,
    /// Before each of so many pages but the first, the name at the front goes away.
    pub shrinks: u32,
}

impl Default for ListHabits {
    fn default() -> Self {
        Self { page_max: 500, offsets: Offsets::AsAsked, grows: 0, shrinks: 0 }
    }
}

/// How an offset is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// As it is.
    AsAsked,
    /// Rounded down to a multiple of the page's size.
    RoundedDown,
    /// Rounded up to one.
    RoundedUp,
    /// Not at all: each page is the first.
    Ignored,
    /// No further than to the last page.
    UpToTheLastPage,
}

/// The two forms of `X-RateLimit-Reset` that the service's documents know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetForm {
    /// Whole seconds until the window ends, rounded up.
    Delta,
    /// The second since 1970 in which the window ends, rounded up, by the service's clock.
    Epoch,
}
