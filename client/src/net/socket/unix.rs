//! Sockets on Unix: they block, and the kernel keeps the time.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

/// `poll` may return late by a fraction of its timeout, up to 0.1 s. A wait longer than this sleeps
/// for most of its time first, then for the rest, which ends on time.
const EXACT: Duration = Duration::from_millis(500);

/// How long the kernel lets an operation on a socket wait.
///
/// A receive timeout costs nothing once it is set, so a warm call makes no system call for it. But
/// it runs on the kernel's coarse timers, which end up to an eighth of their time late. So it gets
/// less than what is left, and when it has ended, `poll` waits for the rest.
pub(super) struct TimeLimit {
    /// The receive timeout that the kernel has. It is set anew only when it might overshoot.
    armed: Option<Duration>,
    /// Whether it has ended in the read that is under way.
    has_ended: bool,
}

impl TimeLimit {
    #[allow(clippy::unnecessary_wraps)] // elsewhere the socket is to be told that it must not block
    pub(super) fn new(stream: &TcpStream) -> io::Result<TimeLimit> {
        give_up_on_the_dead(stream);
        Ok(TimeLimit { armed: None, has_ended: false })
    }

    /// Reads what there is, waiting for the first byte for at most what is `left`. `WouldBlock` says
    /// that some of that has passed.
    pub(super) fn read(&mut self, mut stream: &TcpStream, buffer: &mut [u8], left: Duration) -> io::Result<usize> {
        let result = if self.has_ended {
            wait(&mut [PollFd::new(stream, PollFlags::IN)], left)?;
            read_now(stream, buffer)
        } else {
            if self.armed.is_none_or(|armed| armed + armed / 8 > left) {
                // The kernel takes no zero, which would mean "for ever".
                let timeout = (left / 4 * 3).max(Duration::from_micros(1));
                stream.set_read_timeout(Some(timeout))?;
                self.armed = Some(timeout);
            }
            stream.read(buffer)
        };
        self.has_ended = matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        result
    }
}

/// Has the kernel give up on a peer that acknowledges nothing: a kept connection that died without
/// a word, because a router forgot it or the machine slept, is found out within that time.
fn give_up_on_the_dead(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(2);
        // Without it, the deadline finds it out.
        let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX));
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = stream;
}

/// Sends some of it, waiting for room for at most what is `left`.
pub(super) fn write(stream: &TcpStream, data: &[u8], left: Duration) -> io::Result<usize> {
    // No SIGPIPE: where there is no such flag, socket2 has set SO_NOSIGPIPE.
    #[cfg(not(target_vendor = "apple"))]
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    let flags = SendFlags::DONTWAIT;
    match rustix::net::send(stream, data, flags) {
        Err(Errno::AGAIN) => {
            wait(&mut [PollFd::new(stream, PollFlags::OUT)], left)?;
            Err(Errno::AGAIN.into())
        }
        result => Ok(result?),
    }
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
    wait(&mut connecting.map(|socket| PollFd::new(socket, PollFlags::OUT)).collect::<Vec<_>>(), time)
}

/// Waits until something happens, or most of the time has passed.
fn wait(polled: &mut [PollFd], time: Duration) -> io::Result<()> {
    let part = if time > EXACT { time / 8 * 7 } else { time };
    match rustix::event::poll(polled, Timespec::try_from(part).ok().as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The time since some moment, while the machine sleeps as well.
pub(in crate::net) fn clock() -> Duration {
    use rustix::time::ClockId;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    rustix::time::clock_gettime(clock).try_into().unwrap_or_default()
}
