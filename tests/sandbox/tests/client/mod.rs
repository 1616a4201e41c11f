//! A client so small that nothing is hidden: what it sends and gets is what the tests see.
#![allow(dead_code)] // each test program uses a part of it

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use sg_open_tracking_sandbox::{Options, Sandbox};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version,
};

pub const OPEN: &str = "/v3/tracking_settings/open";
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

pub fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

pub fn tls(sandbox: &Sandbox, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(sandbox.ca_file().unwrap()).unwrap();
    roots.add(ca).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// One connection, used for as many requests as it lives.
pub struct Connection(Box<dyn Stream>);

impl Connection {
    pub fn open(sandbox: &Sandbox, url: &str) -> Self {
        match url.split_once("://").unwrap() {
            ("http", address) => Self(Box::new(socket(address))),
            (_, address) => Self::open_tls(&tls(sandbox, &VERSIONS), address).unwrap(),
        }
    }

    pub fn open_tls(config: &Arc<ClientConfig>, address: &str) -> io::Result<Self> {
        let name = address.rsplit_once(':').unwrap().0.trim_matches(['[', ']']);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut tls = ClientConnection::new(config.clone(), name).unwrap();
        let mut socket = socket(address);
        tls.complete_io(&mut socket)?;
        Ok(Self(Box::new(StreamOwned::new(tls, socket))))
    }

    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        self.0.write_all(request.text().as_bytes())?;
        self.0.flush()?;
        self.answer()
    }

    pub fn send_only(&mut self, request: &Request) {
        self.0.write_all(request.text().as_bytes()).unwrap();
        self.0.flush().unwrap();
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more(&mut bytes)?;
        };
        let body = bytes.split_off(head);
        let text = String::from_utf8(bytes).unwrap();
        let mut answer = Answer { status: text[9..12].parse().unwrap(), head: text, body };
        if answer.header("transfer-encoding").is_some() {
            while !answer.body.ends_with(b"0\r\n\r\n") {
                self.more(&mut answer.body)?;
            }
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            while answer.body.len() < length {
                self.more(&mut answer.body)?;
            }
        } else if answer.status != 204 {
            while self.more(&mut answer.body).is_ok() {}
        }
        Ok(answer)
    }

    fn more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut some = [0; 16 * 1024];
        match self.0.read(&mut some)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                bytes.extend(&some[..n]);
                Ok(())
            }
        }
    }

    /// How the connection ended, once it has.
    pub fn end(&mut self) -> io::Result<()> {
        match self.more(&mut Vec::new()) {
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Err(why) => Err(why),
            Ok(()) => panic!("there is more to read"),
        }
    }
}

fn socket(address: &str) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

/// A request, as it is without further words: a GET that accepts JSON.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: String,
    body: String,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), headers: "Host: localhost\r\n".into(), body: String::new() }
    }

    pub fn get(key: &str) -> Self {
        Self::new("GET", OPEN).json().key(key)
    }

    pub fn patch(key: &str, body: &str) -> Self {
        Self::new("PATCH", OPEN).json().key(key).header("Content-Type", "application/json").body(body)
    }

    pub fn json(self) -> Self {
        self.header("Accept", "application/json")
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    pub fn on_behalf_of(self, name: &str) -> Self {
        self.header("on-behalf-of", name)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub fn body(self, body: &str) -> Self {
        Self { body: body.into(), ..self.header("Content-Length", &body.len().to_string()) }
    }

    /// The body in chunks of one byte.
    pub fn chunks(self, body: &str) -> Self {
        let chunks: String = body.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
        Self { body: chunks + "0\r\n\r\n", ..self.header("Transfer-Encoding", "chunked") }
    }

    fn text(&self) -> String {
        let Self { method, path, headers, body } = self;
        format!("{method} {path} HTTP/1.1\r\n{headers}\r\n{body}")
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn value(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn message(&self) -> String {
        self.value()["errors"][0]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("no message in {}", self.text()))
            .to_owned()
    }
}

/// One request over a connection of its own, to the global side.
pub fn ask(sandbox: &Sandbox, request: &Request) -> io::Result<Answer> {
    Connection::open(sandbox, sandbox.url()).send(request)
}
