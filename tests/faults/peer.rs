//! A server that does what a script says, byte by byte: TLS over raw sockets, or the raw sockets
//! alone.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustls::ServerConnection;

use crate::certificates::{self, Server};
use crate::records::Sealer;

/// What to do on a connection, in this order. Where the client goes early the script ends.
#[derive(Debug, Clone)]
pub enum Step {
    /// Shakes hands.
    Tls(Server),
    /// Reads the client's first flight and answers it, and no more of the handshake.
    HalfTls(Server),
    /// Reads something, as it is on the wire.
    RawBytes,
    /// Reads a whole request.
    Request,
    /// Writes: by TLS once hands are shaken.
    Send(Vec<u8>),
    /// Writes on the wire, TLS or not.
    SendRaw(Vec<u8>),
    /// Writes a byte each so many milliseconds.
    Drip(Vec<u8>, u64),
    /// Writes it again and again until the client has gone.
    SendForever(Vec<u8>),
    /// Changes the TLS keys.
    KeyUpdate,
    /// Seals a TLS record with this type and content; reading by TLS ends here.
    Record(u8, Vec<u8>),
    /// Answers requests well until the client goes.
    Serve,
    /// Waits until the client has gone.
    Wait,
    /// Goes on when the gate is open.
    Gate(Gate),
    /// Says that it got so far.
    Mark,
    /// Ends TLS and its side of the connection, and waits until the client has gone.
    Close,
    /// Ends its side of the connection without a word of TLS, and waits until the client has gone.
    Cut,
    /// Breaks the connection.
    Reset,
    /// Passes what comes to this address, and back: a proxy's work.
    RelayTo(SocketAddr),
}

pub type Script = Vec<Step>;

/// Holds scripts until a test lets them go on.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        drop(self.0.1.wait_timeout_while(self.0.0.lock().unwrap(), PATIENCE, |open| !*open).unwrap());
    }
}

/// Nothing in here waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came in so far.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub connections: usize,
    /// Requests as they came, each with the number of its connection, from 0.
    pub requests: Vec<(usize, String)>,
    pub marks: usize,
    /// Connections whose side here was ended in good order.
    pub shut: usize,
    /// Scripts that have come to their end.
    pub ended: usize,
    /// Everything that came in on the wire, in any form.
    pub wire: Vec<u8>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
    stopped: AtomicBool,
}

/// The listening server.
pub struct Peer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Peer {
    /// Serves the connections by the scripts in turn; the last serves all further ones.
    pub fn new(scripts: Vec<Script>) -> Peer {
        Peer::at((Ipv4Addr::LOCALHOST, 0).into(), scripts)
    }

    pub fn at(address: SocketAddr, scripts: Vec<Script>) -> Peer {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if for_thread.stopped.load(Ordering::Acquire) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let script = scripts[number.min(scripts.len() - 1)].clone();
                let shared = Arc::clone(&for_thread);
                shared.note(|seen| seen.connections += 1);
                thread::spawn(move || {
                    if let Ok(mut connection) = Connection::new(stream, number, &shared) {
                        for step in script {
                            if connection.perform(step).is_err() {
                                break;
                            }
                        }
                    }
                    shared.note(|seen| seen.ended += 1);
                });
            }
        });
        Peer { address, shared }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn seen(&self) -> Seen {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Waits until what was seen is `enough`.
    pub fn wait(&self, enough: impl Fn(&Seen) -> bool) {
        let guard = self.shared.seen.lock().unwrap();
        let (guard, result) = self.shared.changed.wait_timeout_while(guard, PATIENCE, |seen| !enough(seen)).unwrap();
        assert!(!result.timed_out(), "the peer waited in vain; it saw {guard:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        // Wakes the thread that listens.
        let ip = if self.address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.address.ip() };
        let _ = TcpStream::connect((ip, self.address.port()));
    }
}

impl Shared {
    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }
}

/// An address at which connections are neither accepted nor refused, for as long as this lives:
/// the backlog is full.
pub struct BlackHole {
    pub address: SocketAddr,
    _listener: socket2::Socket,
    _fillers: Vec<socket2::Socket>,
}

impl BlackHole {
    pub fn at(address: SocketAddr) -> BlackHole {
        let socket =
            || socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None).unwrap();
        let listener = socket();
        listener.bind(&address.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let fillers = (0..4).map(|_| {
            let filler = socket();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address.into());
            filler
        });
        BlackHole { address, _fillers: fillers.collect(), _listener: listener }
    }
}

/// A port of the loopback at which nobody listens. It stays taken, so that nobody else gets it.
pub struct ClosedPort(socket2::Socket);

impl ClosedPort {
    pub fn new() -> ClosedPort {
        ClosedPort::at((Ipv4Addr::LOCALHOST, 0).into()).unwrap()
    }

    pub fn at(address: SocketAddr) -> io::Result<ClosedPort> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.bind(&address.into())?;
        Ok(ClosedPort(socket))
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().as_socket().unwrap().port()
    }
}

enum Channel {
    Plain,
    Tls(Box<ServerConnection>),
    Sealed(Box<Sealer>),
}

struct Connection<'a> {
    number: usize,
    stream: TcpStream,
    channel: Channel,
    shared: &'a Shared,
}

impl<'a> Connection<'a> {
    fn new(stream: TcpStream, number: usize, shared: &'a Shared) -> io::Result<Connection<'a>> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Connection { number, stream, channel: Channel::Plain, shared })
    }

    fn perform(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::Tls(server) => self.shake_hands(server, true),
            Step::HalfTls(server) => self.shake_hands(server, false),
            Step::RawBytes => self.read_wire(&mut [0; 65536]).map(drop),
            Step::Request => self.request(),
            Step::Send(bytes) => self.send(&bytes),
            Step::SendRaw(bytes) => self.stream.write_all(&bytes),
            Step::Drip(bytes, every) => bytes.iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(every));
                self.send(&[*byte])
            }),
            Step::SendForever(bytes) => loop {
                self.send(&bytes)?;
            },
            Step::KeyUpdate => {
                let Channel::Tls(session) = &mut self.channel else { panic!("no TLS to change the keys of") };
                session.refresh_traffic_keys().map_err(io::Error::other)?;
                self.flush()
            }
            Step::Record(kind, content) => {
                let channel = std::mem::replace(&mut self.channel, Channel::Plain);
                let mut sealer = match channel {
                    Channel::Tls(session) => Box::new(Sealer::new(*session)),
                    Channel::Sealed(sealer) => sealer,
                    Channel::Plain => panic!("no TLS to seal a record with"),
                };
                self.stream.write_all(&sealer.seal(kind, &content))?;
                self.channel = Channel::Sealed(sealer);
                Ok(())
            }
            Step::Serve => loop {
                self.request()?;
                self.send(&crate::case::ok_reply())?;
            },
            Step::Wait => self.wait(),
            Step::Gate(gate) => {
                gate.pass();
                Ok(())
            }
            Step::Mark => {
                self.shared.note(|seen| seen.marks += 1);
                Ok(())
            }
            Step::Close => {
                match &mut self.channel {
                    Channel::Tls(session) => session.send_close_notify(),
                    // An alert: warning, close_notify.
                    Channel::Sealed(_) => self.perform(Step::Record(21, vec![1, 0]))?,
                    Channel::Plain => {}
                }
                self.flush()?;
                self.perform(Step::Cut)
            }
            Step::Cut => {
                self.stream.shutdown(Shutdown::Write)?;
                self.shared.note(|seen| seen.shut += 1);
                self.wait()
            }
            Step::Reset => {
                socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
                Err(ErrorKind::ConnectionAborted.into())
            }
            Step::RelayTo(address) => self.relay(address),
        }
    }

    fn shake_hands(&mut self, server: Server, to_the_end: bool) -> io::Result<()> {
        let session = ServerConnection::new(certificates::server_config(server)).unwrap();
        self.channel = Channel::Tls(Box::new(session));
        while self.session().is_handshaking() {
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.flush()?;
            if !to_the_end {
                break;
            }
        }
        Ok(())
    }

    fn session(&mut self) -> &mut ServerConnection {
        match &mut self.channel {
            Channel::Tls(session) => session,
            _ => panic!("no TLS here"),
        }
    }

    /// Reads from the wire, and keeps a copy.
    fn read_wire(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.shared.note(|seen| seen.wire.extend_from_slice(&buffer[..count]));
        Ok(count)
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16384];
        let count = self.read_wire(&mut buffer)?;
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            self.session().read_tls(&mut rest)?;
            if let Err(error) = self.session().process_new_packets() {
                // To close with something left unread would reset it, and the alert be lost.
                self.flush()?;
                self.perform(Step::Cut)?;
                return Err(io::Error::other(error));
            }
        }
        Ok(count > 0)
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Channel::Tls(session) = &mut self.channel {
            while session.wants_write() {
                session.write_tls(&mut self.stream)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.channel {
                Channel::Tls(session) => match session.reader().read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    other => return other,
                },
                _ => return self.read_wire(buffer),
            }
            if !self.fill()? {
                return Ok(0);
            }
            self.flush()?;
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.channel {
            Channel::Plain => self.stream.write_all(bytes),
            Channel::Sealed(_) => {
                bytes.chunks(16384).try_for_each(|part| self.perform(Step::Record(23, part.to_vec())))
            }
            Channel::Tls(_) => {
                for part in bytes.chunks(16384) {
                    self.session().writer().write_all(part)?;
                    self.flush()?;
                }
                Ok(())
            }
        }
    }

    /// Reads a header and the body that its length announces.
    fn request(&mut self) -> io::Result<()> {
        let mut text = Vec::new();
        let mut wanted = None;
        while wanted.is_none_or(|wanted| text.len() < wanted) {
            let mut buffer = [0; 4096];
            let count = self.read(&mut buffer)?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            text.extend_from_slice(&buffer[..count]);
            wanted = whole_length(&text);
        }
        let request = (self.number, String::from_utf8_lossy(&text).into_owned());
        self.shared.note(|seen| seen.requests.push(request));
        Ok(())
    }

    fn wait(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16384];
        while self.read_wire(&mut buffer)? > 0 {}
        Ok(())
    }

    /// Both directions at once, through the TLS that was set up with the client, if any.
    fn relay(&mut self, address: SocketAddr) -> io::Result<()> {
        let onward = TcpStream::connect(address)?;
        let channel = Mutex::new(std::mem::replace(&mut self.channel, Channel::Plain));
        let stream = &self.stream;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut buffer = [0; 16384];
                while let Ok(count @ 1..) = (&onward).read(&mut buffer) {
                    let sent = match &mut *channel.lock().unwrap() {
                        Channel::Tls(session) => session
                            .writer()
                            .write_all(&buffer[..count])
                            .and_then(|()| session.write_tls(&mut &*stream).map(drop)),
                        _ => { stream }.write_all(&buffer[..count]),
                    };
                    if sent.is_err() {
                        break;
                    }
                }
                let _ = stream.shutdown(Shutdown::Write);
            });
            let mut buffer = [0; 16384];
            while let Ok(count @ 1..) = { stream }.read(&mut buffer) {
                self.shared.note(|seen| seen.wire.extend_from_slice(&buffer[..count]));
                let plain = match &mut *channel.lock().unwrap() {
                    Channel::Tls(session) => decrypt(session, &buffer[..count])?,
                    _ => buffer[..count].to_vec(),
                };
                (&onward).write_all(&plain)?;
            }
            let _ = onward.shutdown(Shutdown::Write);
            Ok(())
        })
    }
}

fn decrypt(session: &mut ServerConnection, mut wire: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    while !wire.is_empty() {
        session.read_tls(&mut wire)?;
        let count = session.process_new_packets().map_err(io::Error::other)?.plaintext_bytes_to_read();
        let begin = plain.len();
        plain.resize(begin + count, 0);
        session.reader().read_exact(&mut plain[begin..])?;
    }
    Ok(plain)
}

/// The length of the request that begins with `text`, once its header is complete.
fn whole_length(text: &[u8]) -> Option<usize> {
    let end = text.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let header = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
    let length = header.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    Some(end + length.unwrap_or(0))
}
