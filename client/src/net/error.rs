//! Faults on their way through ureq, and ureq's own errors.

use ureq::Error;

use crate::Code;
use crate::fault::Fault;

/// The most that a reply's header may have.
pub(super) const HEADER_MAX: usize = 32 * 1024;

/// A fault travels through ureq in one piece.
pub(super) fn into_error(fault: Fault) -> Error {
    Error::Other(Box::new(fault))
}

/// What went wrong, in our words.
pub(super) fn into_fault(error: Error) -> Fault {
    match error {
        Error::Other(other) => match other.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(other) => Fault::new(Code::Internal, other.to_string()),
        },
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::broken("the server closed it before the reply was complete")
        }
        Error::Io(error) => Fault::broken(error),
        Error::Protocol(error) => Fault::new(Code::Protocol, format!("the reply is not proper HTTP: {error}")),
        Error::LargeResponseHeader(..) => {
            Fault::new(Code::Protocol, format!("the reply's header is larger than {HEADER_MAX} bytes"))
        }
        // A line that does not fit the buffer, in the sizes of the chunks or in the trailer.
        Error::BodyStalled => Fault::new(Code::Protocol, "the reply has a line without an end among its chunks"),
        error => Fault::new(Code::Internal, error.to_string()),
    }
}
