//! A TCP socket whose every operation ends by the step's deadline, and that another thread may
//! shut down.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::call::Step;
use crate::fault::Fault;

/// A connected socket, shared between its connection and whoever may cancel the call on it.
pub(crate) struct Socket(TcpStream);

impl Socket {
    pub(crate) fn shutdown(&self) {
        // It fails only where there is nothing to shut down.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// How far past its deadline a read may sleep before it looks at the clock.
const SLACK: Duration = Duration::from_millis(20);

/// A send blocks only if the peer stopped reading; then the clock is looked at this often.
const SEND_SLICE: Duration = Duration::from_millis(50);

/// The owner's side of a [`Socket`].
pub(crate) struct Wire {
    socket: Arc<Socket>,
    /// The receive timeout that the kernel has. It is set anew only when it would overshoot the
    /// deadline, so a warm call makes no system call for it.
    armed: Option<Duration>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SEND_SLICE))?;
        Ok(Wire { socket: Arc::new(Socket(stream)), armed: None })
    }

    pub(crate) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Reads what there is, waiting for the first byte. 0 says that the peer closed.
    pub(crate) fn read(&mut self, buffer: &mut [u8], step: &Step) -> Result<usize, Fault> {
        loop {
            let left = step.time_left()?;
            if self.armed.is_none_or(|armed| armed > left + SLACK) {
                // The kernel takes no zero, which would mean "for ever".
                let timeout = left.max(Duration::from_millis(1));
                self.socket.0.set_read_timeout(Some(timeout)).map_err(Fault::broken)?;
                self.armed = Some(timeout);
            }
            match rustix::net::recv(&self.socket.0, &mut *buffer, RecvFlags::empty()) {
                Ok((_, count)) => {
                    if count == 0 && step.call.cancel.is_cancelled() {
                        return Err(Fault::cancelled());
                    }
                    return Ok(count);
                }
                // It slept for as long as it was armed: what is left now, if anything, is less.
                Err(Errno::AGAIN) => self.armed = None,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Self::failure(error, step)),
            }
        }
    }

    /// Sends all of it.
    pub(crate) fn write_all(&mut self, mut data: &[u8], step: &Step) -> Result<(), Fault> {
        while !data.is_empty() {
            step.time_left()?;
            // Without NOSIGNAL, a peer that has gone would kill the program by SIGPIPE.
            match rustix::net::send(&self.socket.0, data, SendFlags::NOSIGNAL) {
                Ok(count) => data = &data[count..],
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(Self::failure(error, step)),
            }
        }
        Ok(())
    }

    /// Reads what has arrived already: `None` if nothing has, 0 if the peer closed.
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match rustix::net::recv(&self.socket.0, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((_, count)) => return Ok(Some(count)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn failure(error: Errno, step: &Step) -> Fault {
        if step.call.cancel.is_cancelled() {
            return Fault::cancelled();
        }
        Fault::broken(io::Error::from(error))
    }
}
