//! Which certificate authorities to believe, and the TLS settings made of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};

use crate::Code;
use crate::fault::Fault;
use crate::process::PerProcess;

/// Where the trusted certificates come from. Clients whose sources are equal share one parsed
/// store and its TLS sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` where set; else the system's store; else Mozilla's
    /// roots, which are built in.
    System { file: Option<OsString>, directories: Option<OsString> },
    /// The certificates of one PEM file, which replace all others.
    File(CaFile),
}

/// The certificates of a PEM file, read when the option was set.
#[derive(Debug, Clone)]
pub(crate) struct CaFile {
    path: PathBuf,
    roots: Arc<RootCertStore>,
}

impl PartialEq for CaFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.roots.roots == other.roots.roots
    }
}

impl Eq for CaFile {}

/// A trust store of every CA in the world is a quarter of a megabyte.
const CA_FILE_MAX: u64 = 16 * 1024 * 1024;

impl CaFile {
    pub(crate) fn read(path: &Path) -> Result<CaFile, String> {
        let shown = path.display();
        let metadata = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
        // Opening a FIFO or a terminal could wait for ever.
        if !metadata.is_file() {
            return Err(format!("{shown}: not a regular file"));
        }
        if metadata.len() > CA_FILE_MAX {
            return Err(format!("{shown}: too large for a certificate file"));
        }
        let pem = std::fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            certificates.push(certificate.map_err(|error| format!("{shown}: not PEM: {error}"))?);
        }
        let roots = usable(certificates).ok_or_else(|| format!("{shown}: no certificate in PEM form in it"))?;
        Ok(CaFile { path: path.to_owned(), roots: Arc::new(roots) })
    }
}

fn usable(certificates: Vec<CertificateDer<'_>>) -> Option<RootCertStore> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates);
    (added > 0).then_some(store)
}

/// What is in use now. Weak, so that a store is read again once all its clients are gone.
type InUse = Vec<(Trust, Weak<ClientConfig>)>;
static IN_USE: PerProcess<Mutex<InUse>> = PerProcess::from_start(Mutex::new(Vec::new()));

/// The TLS settings for this trust: those in use, or new ones. Reading the system's store takes a
/// few milliseconds, so this waits for the first handshake.
pub(super) fn tls_config(trust: &Trust) -> Result<Arc<ClientConfig>, Fault> {
    let mut in_use = IN_USE.get().lock().unwrap_or_else(PoisonError::into_inner);
    in_use.retain(|(_, config)| config.strong_count() > 0);
    if let Some(config) = in_use.iter().find_map(|(other, config)| (other == trust).then(|| config.upgrade())?) {
        return Ok(config);
    }
    let config = Arc::new(new_config(trust.roots()?)?);
    in_use.push((trust.clone(), Arc::downgrade(&config)));
    Ok(config)
}

fn new_config(roots: Arc<RootCertStore>) -> Result<ClientConfig, Fault> {
    let provider = CryptoProvider { key_provider: &NoClientKeys, ..rustls::crypto::ring::default_provider() };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new(Code::Internal, format!("TLS settings: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // One server a region, perhaps a proxy: room for a few.
    config.resumption = Resumption::in_memory_sessions(8);
    Ok(config)
}

/// The service knows its callers by their key, so no client certificate is ever shown, and the
/// code for signing with one need not be in the library.
#[derive(Debug)]
struct NoClientKeys;

impl KeyProvider for NoClientKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("client certificates are not supported".to_owned()))
    }
}

impl Trust {
    fn roots(&self) -> Result<Arc<RootCertStore>, Fault> {
        match self {
            Trust::File(file) => Ok(Arc::clone(&file.roots)),
            Trust::System { file: None, directories: None } => {
                Ok(Arc::new(system_roots()?.unwrap_or_else(bundled_roots)))
            }
            Trust::System { file, directories } => named_roots(file.as_ref(), directories.as_ref()).map(Arc::new),
        }
    }
}

/// A file of certificates, or a directory of such files.
enum Place<'a> {
    File(&'a Path),
    Directory(&'a Path),
}

/// Loads what can be read there; or else says what is wrong there.
fn load(place: &Place, problem: &mut Option<String>) -> Vec<CertificateDer<'static>> {
    let loaded = match place {
        // Opening a FIFO or a terminal could wait for ever.
        Place::File(file) if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) => {
            problem.get_or_insert(format!("{}: not a regular file", file.display()));
            return Vec::new();
        }
        Place::File(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
        Place::Directory(directory) => rustls_native_certs::load_certs_from_paths(None, Some(directory)),
    };
    if let (None, Some(error)) = (&problem, loaded.errors.first()) {
        *problem = Some(error.to_string());
    }
    loaded.certs
}

/// What `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and nothing else.
fn named_roots(file: Option<&OsString>, directories: Option<&OsString>) -> Result<RootCertStore, Fault> {
    let mut problem = None;
    let mut certificates = Vec::new();
    if let Some(file) = file {
        certificates.extend(load(&Place::File(Path::new(file)), &mut problem));
    }
    for directory in directories.iter().flat_map(std::env::split_paths) {
        certificates.extend(load(&Place::Directory(&directory), &mut problem));
    }
    usable(certificates).ok_or_else(|| {
        let why = problem.unwrap_or_else(|| "no certificate in PEM form found".to_owned());
        Fault::new(Code::Tls, format!("SSL_CERT_FILE or SSL_CERT_DIR gives no trusted certificate: {why}"))
    })
}

/// Where systems keep all their authorities in one file: openssl-probe's list. Its own search
/// would heed the environment, even that of a set-user-ID program.
#[cfg(all(unix, not(target_os = "macos")))]
const BUNDLES: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/etc/ssl/certs/ca-certificates.crt",
    "/usr/local/etc/ssl/cert.pem",
    "/etc/openssl/certs/ca-certificates.crt",
];

/// The system's store, if it has one. The bundle alone where there is one: the directory beside it
/// repeats it in hundreds of files.
#[cfg(all(unix, not(target_os = "macos")))]
fn system_roots() -> Result<Option<RootCertStore>, Fault> {
    let bundles = BUNDLES.iter().map(Path::new).filter(|file| file.exists()).map(Place::File);
    first_store(bundles.chain(openssl_probe::candidate_cert_dirs().map(Place::Directory)))
}

/// The first place with certificates. One that can't be read is no reason to trust others in its
/// stead.
#[cfg(all(unix, not(target_os = "macos")))]
fn first_store<'a>(places: impl IntoIterator<Item = Place<'a>>) -> Result<Option<RootCertStore>, Fault> {
    let mut problem = None;
    for place in places {
        if let Some(store) = usable(load(&place, &mut problem)) {
            return Ok(Some(store));
        }
        if let Some(why) = problem {
            return Err(Fault::new(Code::Tls, format!("the system's trust store can't be read: {why}")));
        }
    }
    Ok(None)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn system_roots() -> Result<Option<RootCertStore>, Fault> {
    Ok(usable(rustls_native_certs::load_native_certs().certs))
}

fn bundled_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn ca_files_that_are_none_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            std::fs::File::create(&path).unwrap().write_all(content).unwrap();
            path
        };
        let cases = [
            (directory.path().join("absent"), "No such file"),
            (directory.path().to_owned(), "not a regular file"),
            (write("empty", b""), "no certificate"),
            (write("text", b"hello\n"), "no certificate"),
            (write("cut", b"-----BEGIN CERTIFICATE-----\nMIIB\n"), "PEM"),
            (write("junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "no certificate"),
        ];
        for (path, expected) in cases {
            let error = CaFile::read(&path).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn a_store_that_cannot_be_read_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let [unreadable, empty] = ["unreadable", "empty"].map(|name| directory.path().join(name));
        std::fs::create_dir(&unreadable).unwrap();
        std::fs::File::create(&empty).unwrap();
        let error = first_store([Place::File(&empty), Place::File(&unreadable)]).unwrap_err();
        assert!(error.code == Code::Tls && error.message.contains("unreadable"), "{error}");
        assert!(first_store([Place::File(&empty)]).unwrap().is_none());
        assert!(first_store([]).unwrap().is_none());
    }

    #[test]
    fn the_bundled_roots_can_serve() {
        assert!(bundled_roots().len() > 50);
    }
}
