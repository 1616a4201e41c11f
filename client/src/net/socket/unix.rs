//! Sockets on Unix: they block, and the kernel keeps the time.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::RecvFlags;

/// How far past its deadline a read may sleep before it looks at the clock.
const SLACK: Duration = Duration::from_millis(20);

/// A send blocks only if the peer stopped reading; then the clock is looked at this often.
const SEND_SLICE: Duration = Duration::from_millis(50);

/// How long the kernel lets an operation on a socket wait.
pub(super) struct TimeLimit {
    /// The receive timeout that the kernel has. It is set anew only when it would overshoot the
    /// deadline, so a warm call makes no system call for it.
    armed: Option<Duration>,
}

impl TimeLimit {
    pub(super) fn new(stream: &TcpStream) -> io::Result<TimeLimit> {
        stream.set_write_timeout(Some(SEND_SLICE))?;
        Ok(TimeLimit { armed: None })
    }

    /// Reads what there is, waiting for the first byte for about as long as is `left`.
    pub(super) fn read(&mut self, mut stream: &TcpStream, buffer: &mut [u8], left: Duration) -> io::Result<usize> {
        if self.armed.is_none_or(|armed| armed > left + SLACK) {
            // The kernel takes no zero, which would mean "for ever".
            let timeout = left.max(Duration::from_millis(1));
            stream.set_read_timeout(Some(timeout))?;
            self.armed = Some(timeout);
        }
        let result = stream.read(buffer);
        if matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            // It slept for as long as it was armed: what is left now, if anything, is less.
            self.armed = None;
        }
        result
    }
}

/// Sends some of it, waiting for room for a moment.
pub(super) fn write(mut stream: &TcpStream, data: &[u8]) -> io::Result<usize> {
    // No SIGPIPE: the standard library sends with MSG_NOSIGNAL; where there is none, socket2
    // has set SO_NOSIGPIPE.
    stream.write(data)
}

/// Reads what has arrived already.
pub(super) fn read_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let (_, count) = rustix::net::recv(stream, buffer, RecvFlags::DONTWAIT)?;
    Ok(count)
}

/// Whether this is how a socket that does not block says that it has begun to connect.
pub(in crate::net) fn is_connecting(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INPROGRESS | Errno::INTR))
}

/// Waits until one of them is connected or has failed to.
pub(in crate::net) fn wait_for_any<'a>(
    connecting: impl Iterator<Item = &'a socket2::Socket>,
    time: Duration,
) -> io::Result<()> {
    let mut polled: Vec<_> = connecting.map(|socket| PollFd::new(socket, PollFlags::OUT)).collect();
    let time = Timespec::try_from(time).ok();
    match rustix::event::poll(&mut polled, time.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
