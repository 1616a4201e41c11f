//! The sandbox's own authority and the certificate that it serves with.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// An authority made for one sandbox: its certificate lies in a file, its key was forgotten.
#[derive(Debug)]
pub(crate) struct Authority {
    pub ca_file: PathBuf,
    _dir: Option<TempDir>,
}

/// Makes an authority and a server that it vouches for.
pub(crate) fn prepare(ca_file: Option<&Path>) -> io::Result<(Authority, TlsAcceptor)> {
    let ca_key = KeyPair::generate().map_err(io::Error::other)?;
    let ca = authority_params();
    let ca_pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();
    let config = server_config(&Issuer::new(ca, ca_key))?;

    let (ca_file, dir) = match ca_file {
        Some(path) => (path.to_owned(), None),
        None => {
            let dir = tempfile::Builder::new().prefix("sg-open-tracking-sandbox-").tempdir()?;
            (dir.path().join("ca.pem"), Some(dir))
        }
    };
    std::fs::write(&ca_file, ca_pem)?;
    let authority = Authority { ca_file, _dir: dir };
    Ok((authority, TlsAcceptor::from(Arc::new(config))))
}

fn authority_params() -> CertificateParams {
    let mut params = params("sg-open-tracking sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server_config(issuer: &Issuer<'_, KeyPair>) -> io::Result<ServerConfig> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut params = params("localhost");
    params.subject_alt_names =
        ["localhost", "127.0.0.1", "::1"].map(subject_alt_name).into_iter().collect::<io::Result<_>>()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true; // strict verifiers insist on it
    let certificate = params.signed_by(&key, issuer).map_err(io::Error::other)?;

    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        })
        .map_err(io::Error::other)?;
    config.ticketer = ring::Ticketer::new().map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

fn subject_alt_name(name: &str) -> io::Result<rcgen::SanType> {
    match name.parse() {
        Ok(address) => Ok(rcgen::SanType::IpAddress(address)),
        Err(_) => name.try_into().map(rcgen::SanType::DnsName).map_err(io::Error::other),
    }
}
