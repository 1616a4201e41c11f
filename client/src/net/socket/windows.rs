//! Sockets on Windows: they never block, and `poll` waits in slices. A time limit of the system's
//! would end half a second late and leave the socket unusable, and shutting a socket down does not
//! wake whoever waits for it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

/// How often a wait looks at the clock, and whether the call was cancelled.
const SLICE: Duration = Duration::from_millis(20);

/// How long an operation on a socket waits.
pub(super) struct TimeLimit(());

impl TimeLimit {
    pub(super) fn new(stream: &TcpStream) -> io::Result<TimeLimit> {
        stream.set_nonblocking(true)?;
        Ok(TimeLimit(()))
    }

    /// Reads what there is, waiting for the first byte for a slice of what is `left`.
    #[allow(clippy::unused_self)] // on Unix it remembers what the kernel has been told
    pub(super) fn read(&mut self, mut stream: &TcpStream, buffer: &mut [u8], left: Duration) -> io::Result<usize> {
        wait(&mut [PollFd::new(stream, PollFlags::IN)], left.min(SLICE))?;
        stream.read(buffer)
    }
}

/// Sends some of it, waiting for room for a slice of what is `left`.
pub(super) fn write(mut stream: &TcpStream, data: &[u8], left: Duration) -> io::Result<usize> {
    match stream.write(data) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            wait(&mut [PollFd::new(stream, PollFlags::OUT)], left.min(SLICE))?;
            stream.write(data)
        }
        result => result,
    }
}

/// Reads what has arrived already.
pub(super) fn read_now(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read(buffer)
}

/// Whether this is how a socket that does not block says that it has begun to connect.
pub(in crate::net) fn is_connecting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Waits until one of them is connected. Before Windows 10 of 2020 one that has failed ends no
/// wait, so it should be short.
pub(in crate::net) fn wait_for_any<'a>(
    connecting: impl Iterator<Item = &'a socket2::Socket>,
    time: Duration,
) -> io::Result<()> {
    wait(&mut connecting.map(|socket| PollFd::new(socket, PollFlags::OUT)).collect::<Vec<_>>(), time)
}

fn wait(polled: &mut [PollFd], time: Duration) -> io::Result<()> {
    // Its milliseconds are whole ones, and none of them would be no wait.
    let time = Timespec::try_from(time.max(Duration::from_millis(1))).ok();
    rustix::event::poll(polled, time.as_ref())?;
    Ok(())
}

/// The time since some moment, while the machine sleeps as well.
pub(in crate::net) fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
