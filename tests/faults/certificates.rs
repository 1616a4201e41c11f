//! The authority that the clients trust, and servers with good and with bad certificates.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};

/// What a server shows when it shakes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Server {
    Good,
    Tls12Only,
    Expired,
    NotYetValid,
    WrongName,
    WrongAddress,
    NoAlternativeName,
    ForClientsOnly,
    SelfSigned,
    OfUnknownAuthority,
    TheAuthorityItself,
    WantsClientCertificate,
    WantsClientCertificateByTls12,
    WouldLikeClientCertificate,
    Http2Only,
}

pub const EVERY_NAME: &[&str] =
    &["localhost", "*.matrix.test", "*.here.test", "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"];

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Authority { issuer: Issuer::new(params, key), certificate }
    }
}

static TRUSTED: LazyLock<Authority> = LazyLock::new(|| Authority::new("trusted authority"));

/// The PEM file of the trusted authority.
pub fn ca_file() -> PathBuf {
    static FILE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, TRUSTED.certificate.pem()).unwrap();
        (directory, path)
    });
    FILE.1.clone()
}

/// TLS settings of such a server; made once, since keys cost time.
pub fn server_config(server: Server) -> Arc<ServerConfig> {
    static MADE: LazyLock<Mutex<HashMap<Server, Arc<ServerConfig>>>> = LazyLock::new(Mutex::default);
    Arc::clone(MADE.lock().unwrap().entry(server).or_insert_with(|| Arc::new(make(server))))
}

fn make(server: Server) -> ServerConfig {
    let names = match server {
        Server::WrongName => &["elsewhere.example"],
        Server::WrongAddress => &["127.9.9.9"],
        Server::NoAlternativeName => &[][..],
        _ => EVERY_NAME,
    };
    let mut params = params("localhost", names);
    params.extended_key_usages = vec![match server {
        Server::ForClientsOnly => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    match server {
        Server::Expired => params.not_after = date_time_ymd(2021, 1, 1),
        Server::NotYetValid => params.not_before = date_time_ymd(2048, 1, 1),
        Server::TheAuthorityItself => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let certificate = match server {
        Server::SelfSigned => params.self_signed(&key),
        Server::OfUnknownAuthority => params.signed_by(&key, &Authority::new("unknown authority").issuer),
        _ => params.signed_by(&key, &TRUSTED.issuer),
    };

    let mut provider = default_provider();
    // One suite a version, so that a script can seal records by itself.
    provider.cipher_suites =
        vec![cipher_suite::TLS13_AES_128_GCM_SHA256, cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
    let versions = match server {
        Server::Tls12Only | Server::WantsClientCertificateByTls12 => &[&TLS12],
        _ => &[&TLS13],
    };
    let builder = ServerConfig::builder_with_provider(provider.into()).with_protocol_versions(versions).unwrap();
    let builder = match server {
        Server::WantsClientCertificate | Server::WantsClientCertificateByTls12 => {
            builder.with_client_cert_verifier(client_verifier().build().unwrap())
        }
        Server::WouldLikeClientCertificate => {
            builder.with_client_cert_verifier(client_verifier().allow_unauthenticated().build().unwrap())
        }
        _ => builder.with_no_client_auth(),
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let mut config = builder.with_single_cert(vec![certificate.unwrap().der().clone()], key).unwrap();
    config.enable_secret_extraction = true;
    config.alpn_protocols = match server {
        Server::Http2Only => vec![b"h2".to_vec()],
        _ => vec![b"http/1.1".to_vec()],
    };
    config
}

fn client_verifier() -> rustls::server::ClientCertVerifierBuilder {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(TRUSTED.certificate.der().clone()).unwrap();
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), default_provider().into())
}

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    let alternative = |name: &&str| match name.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName((*name).try_into().unwrap()),
    };
    params.subject_alt_names = names.iter().map(alternative).collect();
    params
}
