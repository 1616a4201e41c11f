//! ureq as it comes, with a timeout for the whole call if `UREQ_TIMEOUT` is set.

use std::ffi::c_void;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

#[unsafe(no_mangle)]
pub static peer_serves_threads: bool = true;

const KEY: &str = "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc";

struct Client {
    agent: Agent,
    url: String,
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_open(connections: usize) -> *mut c_void {
    let pem = std::fs::read(std::env::var("SSL_CERT_FILE").unwrap()).unwrap();
    let roots: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).map(|der| Certificate::from_der(&der.unwrap()).to_owned()).collect();
    let agent = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build())
        .timeout_global(std::env::var_os("UREQ_TIMEOUT").map(|_| Duration::from_secs(30)))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections)
        .build()
        .new_agent();
    let url = std::env::var("SG_OPEN_TRACKING_BASE_URL").unwrap() + "/v3/tracking_settings/open";
    Box::into_raw(Box::new(Client { agent, url })).cast()
}

/// # Safety
///
/// `client` comes from `peer_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_call(client: *mut c_void) -> bool {
    let client = unsafe { &*client.cast::<Client>() };
    let mut response = client
        .agent
        .patch(&client.url)
        .header("Authorization", format!("Bearer {KEY}"))
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .send("{\"enabled\":false}")
        .unwrap();
    response.status() == 200 && response.body_mut().read_to_string().unwrap() == "{\"enabled\":false}"
}
