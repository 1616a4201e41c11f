//! A reply, read to its end.

use ureq::http::header::HeaderMap;

use crate::fault::Fault;

/// What the server sent.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or why it could not be read to its end.
    pub(crate) body: Result<Vec<u8>, Fault>,
}
