//! Bytes to and from the peer: in the clear, or by TLS over another such stream.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion};

use super::socket::{Socket, Wire};
use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::log::Record;

/// The most reads, of a few kilobytes each, that an idle connection is worth before it is given up.
const QUIET_READS: usize = 16;

pub(super) enum Stream {
    Plain(Wire),
    Tls(Box<TlsStream>),
}

/// TLS over a stream; over another TLS stream when the proxy is itself reached by TLS.
pub(super) struct TlsStream {
    session: ClientConnection,
    under: Stream,
    /// An error in a TLS record, kept until the data of the records before it has been read.
    failure: Option<Fault>,
}

impl Stream {
    /// Shakes hands over `under` with the server that must prove to be `name`.
    pub(super) fn secure(
        under: Stream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        step: &Step,
    ) -> Result<Stream, Fault> {
        let peer = name.to_str().into_owned();
        let session = ClientConnection::new(config, name).map_err(|error| handshake_failed(&peer, &error))?;
        let mut tls = TlsStream { session, under, failure: None };
        let began = Instant::now();
        while tls.session.is_handshaking() {
            match tls.flush(step).and_then(|()| tls.fill(step)) {
                // It ends as the first read would, with the client's last flight still to send:
                // that leaves together with the request.
                Ok(true) => {}
                Ok(false) => return Err(handshake_broken(&peer, "the server closed the connection")),
                Err(fault) if fault.code == Code::Io => return Err(handshake_broken(&peer, &fault.message)),
                Err(fault) => return Err(fault),
            }
        }
        step.call.log.step("tls", began, |record| describe(&peer, &tls.session, record));
        Ok(Stream::Tls(Box::new(tls)))
    }

    pub(super) fn socket(&self) -> &Arc<Socket> {
        match self {
            Stream::Plain(wire) => wire.socket(),
            Stream::Tls(tls) => tls.under.socket(),
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Stream::Tls(_))
    }

    /// Sends all of it, as one TLS record if it fits one.
    pub(super) fn write_all(&mut self, data: &[u8], step: &Step) -> Result<(), Fault> {
        match self {
            Stream::Plain(wire) => wire.write_all(data, step),
            Stream::Tls(tls) => {
                // It can't fail before the peer's close, which the flush or the next read meets.
                tls.session.writer().write_all(data).map_err(Fault::broken)?;
                tls.flush(step)
            }
        }
    }

    /// Reads what there is, waiting for the first byte. 0 says that the peer closed as it should:
    /// by close_notify under TLS, since anybody on the way can cut a connection.
    pub(super) fn read(&mut self, buffer: &mut [u8], step: &Step) -> Result<usize, Fault> {
        match self {
            Stream::Plain(wire) => wire.read(buffer, step),
            Stream::Tls(tls) => tls.read(buffer, step),
        }
    }

    /// Whether the connection is open and nothing that the peer sent is left unread. Never waits.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Stream::Plain(wire) => {
                wire.read_now(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            }
            Stream::Tls(tls) => tls.is_quiet(),
        }
    }
}

impl TlsStream {
    fn read(&mut self, buffer: &mut [u8], step: &Step) -> Result<usize, Fault> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Fault::broken("the server closed it without ending TLS first")),
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            // A key update wants an answer before the wait.
            self.flush(step)?;
            self.failure = self.fill(step).err();
        }
    }

    /// Sends what TLS has to say.
    fn flush(&mut self, step: &Step) -> Result<(), Fault> {
        while self.session.wants_write() {
            let mut io = Blocking { stream: &mut self.under, step };
            self.session.write_tls(&mut io).map_err(fault_inside)?;
        }
        Ok(())
    }

    /// Waits for TLS records and takes them in. `false` says that the peer closed the connection.
    fn fill(&mut self, step: &Step) -> Result<bool, Fault> {
        let mut io = Blocking { stream: &mut self.under, step };
        let count = self.session.read_tls(&mut io).map_err(fault_inside)?;
        self.take_in(step)?;
        Ok(count > 0)
    }

    fn take_in(&mut self, step: &Step) -> Result<(), Fault> {
        if let Err(error) = self.session.process_new_packets() {
            // Tell the peer why, if it can be told.
            let _ = self.flush(step);
            return Err(Fault::new(Code::Tls, explain(&error)));
        }
        Ok(())
    }

    /// Session tickets and key updates may arrive on an idle connection; data may not, nor more of
    /// them than anybody needs.
    fn is_quiet(&mut self) -> bool {
        for _ in 0..QUIET_READS {
            match self.session.process_new_packets() {
                Ok(state) if state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() => {}
                _ => return false,
            }
            let wire = match &mut self.under {
                Stream::Plain(wire) => wire,
                // What the proxy's own TLS has to say, ours can wait for.
                Stream::Tls(under) => return under.is_quiet(),
            };
            match self.session.read_tls(&mut Arrived(wire)) {
                Ok(count) if count > 0 => {}
                Ok(_) => return false,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        false
    }
}

/// Lends a stream to rustls. A fault travels inside the `io::Error`.
struct Blocking<'a, 'b> {
    stream: &'a mut Stream,
    step: &'a Step<'b>,
}

impl Read for Blocking<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer, self.step).map_err(io::Error::other)
    }
}

impl Write for Blocking<'_, '_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.write_all(data, self.step).map_err(io::Error::other)?;
        Ok(data.len())
    }

    /// The end of the handshake and the first request come as several pieces, which are worth one
    /// packet; later requests, as one.
    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => self.write(piece),
            _ => self.write(&pieces.iter().flat_map(|piece| piece.iter().copied()).collect::<Vec<u8>>()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads only what has arrived already.
struct Arrived<'a>(&'a mut Wire);

impl Read for Arrived<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_now(buffer)
    }
}

/// The fault that a `Blocking` sent through rustls, or what the system said.
fn fault_inside(error: io::Error) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::broken(error),
    }
}

fn describe(peer: &str, session: &ClientConnection, record: &mut Record) {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    };
    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    record.text("peer", peer).word("tls", version).word("resumed", resumed);
}

fn handshake_failed(peer: &str, error: &rustls::Error) -> Fault {
    Fault::new(Code::Tls, format!("the TLS handshake with {peer} failed: {}", explain(error)))
}

/// A connection that breaks amid the handshake is a failure to connect: worth another attempt.
fn handshake_broken(peer: &str, what: &str) -> Fault {
    Fault::transient(Code::Tls, format!("the TLS handshake with {peer} broke off: {what}"))
}

fn explain(error: &rustls::Error) -> String {
    use rustls::{CertificateError, Error};
    let hint = match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            ": its issuer is not in the trust store: set a CA file, or SSL_CERT_FILE"
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            ": check this machine's clock, too"
        }
        Error::InvalidMessage(_) => ": does the port speak TLS?",
        _ => "",
    };
    format!("TLS: {error}{hint}")
}
