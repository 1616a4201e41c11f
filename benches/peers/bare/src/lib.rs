//! The limit: rustls on a socket, with a request that was built beforehand and a reply that is
//! hardly looked at.

use std::ffi::c_void;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

#[unsafe(no_mangle)]
pub static peer_serves_threads: bool = false;

const KEY: &str = "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc";
const BODY: &[u8] = b"{\"enabled\":false}";

struct Client {
    socket: TcpStream,
    tls: ClientConnection,
    request: Vec<u8>,
}

/// All connections share it.
static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();

fn config() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(std::env::var("SSL_CERT_FILE").unwrap()).unwrap();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).map(Result::unwrap));
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_open(_: usize) -> *mut c_void {
    let base = std::env::var("SG_OPEN_TRACKING_BASE_URL").unwrap();
    let authority = base.strip_prefix("https://").unwrap();
    let (host, _) = authority.rsplit_once(':').unwrap();

    let socket = TcpStream::connect(authority).unwrap();
    socket.set_nodelay(true).unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let tls = ClientConnection::new(Arc::clone(CONFIG.get_or_init(config)), name).unwrap();
    let mut request = format!(
        "PATCH /v3/tracking_settings/open HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {KEY}\r\n\
         Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    )
    .into_bytes();
    request.extend_from_slice(BODY);
    Box::into_raw(Box::new(Client { socket, tls, request })).cast()
}

/// # Safety
///
/// `client` comes from `peer_open`, and is used by one thread at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_call(client: *mut c_void) -> bool {
    let Client { socket, tls, request } = unsafe { &mut *client.cast::<Client>() };
    if tls.is_handshaking() {
        tls.complete_io(socket).unwrap();
    }
    tls.writer().write_all(request).unwrap();
    while tls.wants_write() {
        tls.write_tls(socket).unwrap();
    }
    let mut reply = [0; 1024];
    let mut length = 0;
    while !reply[..length].ends_with(BODY) {
        if tls.read_tls(socket).unwrap() == 0 {
            return false;
        }
        if tls.process_new_packets().unwrap().plaintext_bytes_to_read() > 0 {
            length += tls.reader().read(&mut reply[length..]).unwrap();
        }
    }
    reply.starts_with(b"HTTP/1.1 200 ")
}
