//! A TCP socket whose every operation ends by the step's deadline, and that another thread may
//! shut down.
//!
//! What the systems do differently stands in `unix` and `windows`.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use self::system::{TimeLimit, read_now, write};
pub(super) use self::system::{clock, is_connecting, wait_for_any};
use crate::call::Step;
use crate::cancel::Blocking;
use crate::fault::Fault;

/// A connected socket, shared between its connection and whoever may cancel the call on it.
pub(crate) struct Socket(TcpStream);

impl Blocking for Socket {
    fn shutdown(&self) {
        // It fails only where there is nothing to shut down.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// The owner's side of a [`Socket`].
pub(crate) struct Wire {
    socket: Arc<Socket>,
    limit: TimeLimit,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        let limit = TimeLimit::new(&stream)?;
        Ok(Wire { socket: Arc::new(Socket(stream)), limit })
    }

    pub(crate) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Reads what there is, waiting for the first byte. 0 says that the peer closed.
    pub(crate) fn read(&mut self, buffer: &mut [u8], step: &Step) -> Result<usize, Fault> {
        loop {
            let left = step.time_left()?;
            match self.limit.read(&self.socket.0, buffer, left) {
                Ok(0) if step.call.cancel.is_cancelled() => return Err(Fault::cancelled()),
                Ok(count) => return Ok(count),
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(failure(error, step)),
            }
        }
    }

    /// Sends all of it.
    pub(crate) fn write_all(&mut self, mut data: &[u8], step: &Step) -> Result<(), Fault> {
        while !data.is_empty() {
            let left = step.time_left()?;
            match write(&self.socket.0, data, left) {
                Ok(count) => data = &data[count..],
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(failure(error, step)),
            }
        }
        Ok(())
    }

    /// Reads what has arrived already: `WouldBlock` if nothing has, 0 if the peer closed.
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read_now(&self.socket.0, buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Whether nothing is wrong but the time: a wait ended, or a signal came.
fn is_only_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn failure(error: io::Error, step: &Step) -> Fault {
    if step.call.cancel.is_cancelled() { Fault::cancelled() } else { Fault::broken(error) }
}
