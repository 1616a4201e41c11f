//! Sockets on Windows: they never block, and `WSAPoll` waits in slices. A time limit of the
//! system's would end half a second late and leave the socket unusable, and shutting a socket down
//! does not wake whoever waits for it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::windows::io::AsRawSocket;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{POLLRDNORM, POLLWRNORM, SOCKET, SOCKET_ERROR, WSAPOLLFD, WSAPoll};

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
        wait(&mut [awaited(stream, POLLRDNORM)], left.min(SLICE))?;
        stream.read(buffer)
    }
}

/// Sends some of it, waiting for room for a moment.
pub(super) fn write(mut stream: &TcpStream, data: &[u8]) -> io::Result<usize> {
    match stream.write(data) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            wait(&mut [awaited(stream, POLLWRNORM)], SLICE)?;
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
    wait(&mut connecting.map(|socket| awaited(socket, POLLWRNORM)).collect::<Vec<_>>(), time)
}

fn awaited(socket: &impl AsRawSocket, events: i16) -> WSAPOLLFD {
    // The handle has the size of a pointer in either type.
    WSAPOLLFD { fd: socket.as_raw_socket() as SOCKET, events, revents: 0 }
}

#[allow(unsafe_code)]
fn wait(polled: &mut [WSAPOLLFD], time: Duration) -> io::Result<()> {
    let count = u32::try_from(polled.len()).unwrap_or(u32::MAX);
    let milliseconds = i32::try_from(time.as_millis().max(1)).unwrap_or(i32::MAX);
    // SAFETY: the array has `count` entries, of sockets that are open as long as they are borrowed.
    if unsafe { WSAPoll(polled.as_mut_ptr(), count, milliseconds) } == SOCKET_ERROR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
