//! Which certificate authorities to believe, and the TLS settings made of them.
//!
//! The settings of a process outlive its clients, with their TLS sessions: a client for each call
//! costs no reading and no full handshake. They hold no key. A store that was read from files is read
//! again once one of these has changed, and not by the child of a fork for its being one.

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};

use super::background::Jobs;
use super::store::{self, CaFile, Files};
use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::process::{AtExit, PerProcess};

/// Where the trusted certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` where set; else the system's store; else Mozilla's
    /// roots, which are built in.
    System { file: Option<OsString>, directories: Option<OsString> },
    /// The certificates of one PEM file, which replace all others.
    File(CaFile),
}

/// So many stores are kept; of more, those used last.
const KEPT_MAX: usize = 8;

/// Files are looked at again when a connection is opened, but not more often than this.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// The certificates, and the files that they were read from.
type Store = (Arc<RootCertStore>, Arc<Files>);

/// A store that is in use or was, with its TLS sessions.
#[derive(Clone)]
struct Kept {
    trust: Trust,
    roots: Arc<RootCertStore>,
    config: Arc<ClientConfig>,
    /// What it was read from, and when that was looked at last.
    files: Arc<Files>,
    looked_at: Instant,
}

/// The one used last comes last.
static KEPT: PerProcess<Mutex<Vec<Kept>>> = PerProcess::from_start(Mutex::new(Vec::new()));

/// Their reading. Files can be on a slow mount, so it is waited for like a look-up.
static READINGS: PerProcess<Jobs<Trust, Result<Kept, String>>> = PerProcess::from_start(Jobs::new());

fn kept() -> MutexGuard<'static, Vec<Kept>> {
    KEPT.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The TLS settings for this trust: those that are kept, or new ones.
pub(super) fn tls_config(trust: &Trust, step: &Step) -> Result<Arc<ClientConfig>, Fault> {
    let before = kept().iter().find(|kept| kept.trust == *trust).cloned();
    if let Some(kept) = before.as_ref().filter(|kept| kept.looked_at.elapsed() < LOOKED_AT_EVERY) {
        return Ok(Arc::clone(&kept.config));
    }
    let read = match trust {
        // It was read when the option was set.
        Trust::File(_) => read(trust, before),
        Trust::System { .. } => {
            let wanted = trust.clone();
            READINGS.get().answer(trust, &step.named("reading the trust store"), move || read(&wanted, before))?
        }
    };
    let new = read.map_err(|why| Fault::new(Code::Tls, why))?;
    let config = Arc::clone(&new.config);
    keep(new);
    Ok(config)
}

static AT_EXIT: AtExit = AtExit::new(free_all);

extern "C" fn free_all() {
    kept().clear();
}

fn keep(new: Kept) {
    AT_EXIT.register();
    let mut all = kept();
    all.retain(|kept| kept.trust != new.trust);
    if all.len() == KEPT_MAX {
        all.remove(0);
    }
    all.push(new);
}

/// Reads the store, unless the files of the one `before`, or of the one that was there when this
/// process was forked, are as they were.
fn read(trust: &Trust, before: Option<Kept>) -> Result<Kept, String> {
    let looked_at = Instant::now();
    if let Some(kept) = before.filter(|kept| kept.files.are_as_they_were()) {
        return Ok(Kept { looked_at, ..kept });
    }
    let (roots, files) = match inherited(trust) {
        Some(inherited) => inherited,
        None => from_files(trust)?,
    };
    // In the child of a fork too: its parent's sessions are behind a lock of rustls's.
    let config = Arc::new(new_config(&roots).map_err(|error| format!("TLS settings: {error}"))?);
    Ok(Kept { trust: trust.clone(), roots, config, files, looked_at })
}

fn inherited(trust: &Trust) -> Option<Store> {
    let kept = KEPT.inherited()?.try_lock().ok()?;
    let Kept { roots, files, .. } = kept.iter().find(|kept| kept.trust == *trust && kept.files.are_as_they_were())?;
    Some((Arc::clone(roots), Arc::clone(files)))
}

fn from_files(trust: &Trust) -> Result<Store, String> {
    let (roots, files) = match trust {
        Trust::File(file) => (Arc::clone(&file.roots), Files::default()),
        Trust::System { file: None, directories: None } => store::of_the_system()?,
        Trust::System { file, directories } => {
            let directories: Vec<_> = directories.iter().flat_map(std::env::split_paths).collect();
            store::named(file.as_deref().map(Path::new), &directories)?
        }
    };
    Ok((roots, Arc::new(files)))
}

fn new_config(roots: &Arc<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    let provider = CryptoProvider { key_provider: &NoClientKeys, ..rustls::crypto::ring::default_provider() };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(Arc::clone(roots))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn a_store_is_read_again_once_its_file_has_changed_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let pem = include_str!("../../../tests/conformance/other_ca.pem");
        let trust = Trust::System { file: Some(path.clone().into()), directories: None };
        let config = || {
            for kept in kept().iter_mut() {
                kept.looked_at -= LOOKED_AT_EVERY;
            }
            let call = Call::start(Duration::from_secs(20), &Arc::default());
            tls_config(&trust, &call.step("testing"))
        };
        assert!(config().unwrap_err().message.contains("ca.pem"));
        std::fs::write(&path, pem).unwrap();
        let first = config().unwrap();
        assert!(Arc::ptr_eq(&first, &config().unwrap()));
        std::fs::write(&path, format!("# changed\n{pem}")).unwrap();
        let second = config().unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        std::fs::write(&path, "").unwrap();
        assert!(config().unwrap_err().message.contains("no certificate"));
    }

    /// A store that takes long to read, as on a slow mount, ends no call late.
    #[test]
    fn a_slow_store_is_waited_for_no_longer_than_the_call_may_last() {
        let directory = tempfile::tempdir().unwrap();
        let pem = directory.path().join("00000000.0");
        std::fs::write(&pem, include_str!("../../../tests/conformance/other_ca.pem")).unwrap();
        for number in 1..30_000 {
            std::fs::hard_link(&pem, directory.path().join(format!("{number:08x}.0"))).unwrap();
        }
        let trust = Trust::System { file: None, directories: Some(directory.path().into()) };
        std::thread::scope(|scope| {
            for number in 0..8 {
                let trust = &trust;
                scope.spawn(move || {
                    let cancel: Arc<crate::cancel::Cancel> = Arc::default();
                    let call = Call::start(Duration::from_millis(if number < 4 { 50 } else { 60_000 }), &cancel);
                    if number >= 4 {
                        scope.spawn(move || {
                            std::thread::sleep(Duration::from_millis(50));
                            cancel.cancel();
                        });
                    }
                    let fault = tls_config(trust, &call.step("testing")).unwrap_err();
                    assert_eq!(fault.code, if number < 4 { Code::Timeout } else { Code::Cancelled });
                    assert!(call.started.elapsed() < Duration::from_millis(300), "{:?}", call.started.elapsed());
                });
            }
        });
        // There was one reader, whose work is not lost.
        let call = Call::start(Duration::from_secs(60), &Arc::default());
        tls_config(&trust, &call.step("testing")).unwrap();
    }

    #[test]
    fn few_stores_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let pem = include_str!("../../../tests/conformance/other_ca.pem");
        for number in 0..20 {
            let path = directory.path().join(number.to_string());
            std::fs::write(&path, pem).unwrap();
            let call = Call::start(Duration::from_secs(20), &Arc::default());
            tls_config(&Trust::File(CaFile::read(&path).unwrap()), &call.step("testing")).unwrap();
            assert!(kept().len() <= KEPT_MAX);
        }
    }
}
