//! The connections: accepting them, reading requests off them, and delivering replies or the
//! faults that take their place.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::server::TlsStream;

use crate::admin;
use crate::connections::How;
use crate::faults::Action;
use crate::http::{Reply, Request, RequestReader};
use crate::journal::{Opening, Record};
use crate::shared::{Delivery, Shared, lock};
use crate::state::Side;

/// Listens on a port of the loopback, over IPv4 and where there is one over IPv6 too: a client
/// may try either address of `localhost` first.
pub(crate) fn listen(port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    const TRIES: u32 = 20;
    for _ in 1..TRIES {
        let v4 = listen_on((Ipv4Addr::LOCALHOST, port).into())?;
        let bound = v4.local_addr()?.port();
        match listen_on((Ipv6Addr::LOCALHOST, bound).into()) {
            Ok(v6) => return Ok((bound, vec![v4, v6])),
            Err(why) if why.kind() != io::ErrorKind::AddrInUse => return Ok((bound, vec![v4])),
            Err(why) if port != 0 => return Err(why),
            Err(_) => {} // the free port is free for IPv4 alone: take another
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: u32 = 1024;
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections for as long as the sandbox lives.
pub(crate) async fn accept(shared: Arc<Shared>, side: Side, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                lock(&shared.journal).accepted();
                let client = Client { side, connection: shared.next_connection(), peer };
                tokio::spawn(open(shared.clone(), client, socket, tls.clone()));
            }
            // Out of file descriptors, say: leave the others a moment to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
struct Client {
    side: Side,
    connection: u64,
    peer: SocketAddr,
}

async fn open(shared: Arc<Shared>, client: Client, socket: TcpStream, tls: Option<TlsAcceptor>) {
    let _ = socket.set_nodelay(true);
    let Some(tls) = tls else {
        return Connection::new(&shared, client, Opening::Plain).run(socket).await;
    };
    let Ok(stream) = tls.accept(socket).await else {
        return lock(&shared.journal).handshake_failed();
    };
    let opening = match stream.get_ref().1.handshake_kind() {
        Some(HandshakeKind::Resumed) => Opening::ResumedHandshake,
        _ => Opening::FullHandshake,
    };
    lock(&shared.journal).opened(opening);
    Connection::new(&shared, client, opening).run(stream).await;
}

/// A stream that HTTP goes over, down to its socket.
trait Wire: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// How a connection goes on after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It waits for the next request.
    Stay,
    /// It closes in good order.
    Close,
    /// It closes where it stands, with no word of TLS.
    Abandon,
    /// It breaks.
    Reset,
}

/// Who uses a connection. One that has served a client stays a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Admin,
    Client,
}

struct Connection<'a> {
    shared: &'a Shared,
    client: Client,
    opening: Opening,
    user: Option<User>,
}

impl<'a> Connection<'a> {
    fn new(shared: &'a Shared, client: Client, opening: Opening) -> Self {
        Self { shared, client, opening, user: None }
    }

    async fn run<W: Wire>(mut self, mut wire: W) {
        let mut reader = RequestReader::default();
        let mut after = self.first(&mut reader, &mut wire).await;
        let mut closed = None;
        while let Ok(After::Stay) = after {
            let ordered = self.shared.idle.enter(self.client.connection);
            tokio::select! {
                biased;
                Ok((how, done)) = ordered => {
                    closed = Some(done);
                    after = Ok(match how {
                        How::Close => After::Close,
                        How::Reset => After::Reset,
                    });
                }
                came = reader.wait(&mut wire) => {
                    self.shared.idle.leave(self.client.connection);
                    after = match came {
                        Ok(true) => self.exchange(&mut reader, &mut wire).await,
                        Ok(false) => Ok(After::Close),
                        Err(why) => Err(why),
                    };
                }
            }
        }
        match after {
            Ok(After::Close) => drop(wire.shutdown().await),
            Ok(After::Reset) => drop(wire.socket().set_zero_linger()),
            _ => {}
        }
        drop(wire);
        drop(closed);
    }

    /// The first exchange. Until it is over the connection is new, not idle.
    async fn first<W: Wire>(&mut self, reader: &mut RequestReader, wire: &mut W) -> io::Result<After> {
        if reader.wait(wire).await? { self.exchange(reader, wire).await } else { Ok(After::Close) }
    }

    async fn exchange<W: Wire>(&mut self, reader: &mut RequestReader, wire: &mut W) -> io::Result<After> {
        let request = match reader.read(wire).await {
            Ok(request) => request,
            Err(why) if why.kind() == io::ErrorKind::InvalidData => {
                let refusal = Reply::error(400, &why.to_string());
                return deliver(wire, refusal, Delivery::default(), false).await;
            }
            Err(why) => return Err(why),
        };
        let (mut reply, delivery) = if admin::is_admin(&request) {
            self.used_by(User::Admin);
            (admin::answer(self.shared, &request).await, Delivery::default())
        } else {
            self.used_by(User::Client);
            let at_us = self.shared.now_us();
            let (reply, delivery) = self.shared.judge(self.client.side, &request);
            let status = delivery.tells_status().then_some(reply.status);
            self.record(&request, status, at_us);
            (reply, delivery)
        };
        if request.method == "HEAD" {
            reply.body.clear();
        }
        deliver(wire, reply, delivery, request.keep_alive).await
    }

    /// Keeps a connection out of the counts for as long as only an admin uses it.
    fn used_by(&mut self, user: User) {
        match (self.user, user) {
            (None, User::Admin) => lock(&self.shared.journal).discount(self.opening),
            (Some(User::Admin), User::Client) => lock(&self.shared.journal).recount(self.opening),
            (None, User::Client) => {}
            (Some(_), _) => return,
        }
        self.user = Some(user);
    }

    fn record(&self, request: &Request, status: Option<u16>, at_us: u64) {
        let record = Record {
            side: self.client.side,
            connection: self.client.connection,
            peer_port: self.client.peer.port(),
            method: request.method.clone(),
            path: request.target.clone(),
            on_behalf_of: request.on_behalf_of().map(str::to_owned),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status,
            at_us,
        };
        if self.shared.options.log {
            eprintln!("{}", line(&record));
        }
        lock(&self.shared.journal).record(record);
        self.shared.recorded.notify_all();
    }
}

fn line(record: &Record) -> String {
    format!(
        "{:.6} {} #{} {} {} {} {}",
        Duration::from_micros(record.at_us).as_secs_f64(),
        record.side.name(),
        record.connection,
        record.method,
        record.path,
        record.on_behalf_of.as_deref().unwrap_or("-"),
        record.status.map_or("-".to_owned(), |status| status.to_string()),
    )
}

/// Puts a reply on the wire, or the fault that takes its place.
async fn deliver<W: Wire>(wire: &mut W, mut reply: Reply, delivery: Delivery, keep_alive: bool) -> io::Result<After> {
    if !delivery.delay.is_zero() {
        tokio::time::sleep(delivery.delay).await;
    }
    match delivery.action {
        Some(Action::CloseBeforeReply) => return Ok(After::Abandon),
        Some(Action::Reset) => return Ok(After::Reset),
        Some(Action::Silent) => return outwait(wire).await,
        Some(Action::Raw) => {
            send(wire, &reply.body).await?;
            return Ok(After::Close);
        }
        Some(Action::Chunked) => reply.set("Transfer-Encoding", "chunked"),
        Some(Action::UntilClose) => reply.set("Connection", "close"),
        _ if reply.may_have_body() => {
            let length = reply.body.len().to_string();
            reply.set_default("Content-Length", &length);
        }
        _ => {}
    }
    if !keep_alive {
        reply.set_default("Connection", "close");
    }
    let head = reply.head();
    let body = &reply.body;
    match delivery.action {
        Some(Action::CloseInHeader) => {
            send(wire, &head[..head.len() / 2]).await?;
            return Ok(After::Abandon);
        }
        Some(Action::CloseInBody) => {
            send(wire, &[&head, &body[..body.len() / 2]].concat()).await?;
            return Ok(After::Abandon);
        }
        Some(Action::Chunked) => {
            let mut chunks = head;
            for byte in body {
                chunks.extend([b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
            }
            chunks.extend(b"0\r\n\r\n");
            send(wire, &chunks).await?;
        }
        _ if delivery.drip.is_zero() => send(wire, &[&head, &body[..]].concat()).await?,
        _ => {
            send(wire, &head).await?;
            for byte in body {
                tokio::time::sleep(delivery.drip).await;
                send(wire, &[*byte]).await?;
            }
        }
    }
    Ok(match delivery.action {
        Some(Action::ResetAfterReply) => After::Reset,
        Some(Action::CloseAfterReply | Action::UntilClose) => After::Close,
        _ if keep_alive => After::Stay,
        _ => After::Close,
    })
}

async fn send<W: Wire>(wire: &mut W, bytes: &[u8]) -> io::Result<()> {
    wire.write_all(bytes).await?;
    wire.flush().await
}

/// Reads and says nothing until the client gives up.
async fn outwait<W: Wire>(wire: &mut W) -> io::Result<After> {
    let mut ignored = [0; 1024];
    while wire.read(&mut ignored).await? > 0 {}
    Ok(After::Close)
}
