//! A way through an HTTP proxy: the CONNECT request and its answer.

use std::time::Instant;

use super::tls::Stream;
use crate::Code;
use crate::call::Step;
use crate::fault::Fault;
use crate::url::{Origin, ProxyUrl};

/// A proxy says little; this is a limit for one that never ends.
const ANSWER_MAX: usize = 16 * 1024;

/// Asks the proxy at the other end of `stream` to connect it to `target`. The key is not in it.
pub(super) fn open(
    stream: &mut Stream,
    proxy: &ProxyUrl,
    target: &Origin,
    user_agent: &str,
    step: &Step,
) -> Result<(), Fault> {
    let authority = target.authority();
    let mut request = zeroize::Zeroizing::new(format!(
        "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {user_agent}\r\n"
    ));
    if let Some(credentials) = &proxy.credentials {
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(credentials);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let began = Instant::now();
    stream.write_all(request.as_bytes(), step).map_err(|fault| broke(proxy, fault))?;

    let mut answer = Vec::new();
    loop {
        let mut part = [0; 1024];
        let count = stream.read(&mut part, step).map_err(|fault| broke(proxy, fault))?;
        if count == 0 {
            return Err(refused(proxy, "it closed the connection without an answer to CONNECT"));
        }
        answer.extend_from_slice(&part[..count]);
        if let Some(status) = status_of(&answer).map_err(|why| refused(proxy, &why))? {
            step.call.log.step("tunnel", began, |record| {
                record.text("proxy", &proxy.origin.authority()).text("peer", &authority).word("status", status);
            });
            return accept(proxy, status);
        }
        if answer.len() > ANSWER_MAX {
            return Err(refused(proxy, "its answer to CONNECT has no end"));
        }
    }
}

/// The status of the answer once its header is complete and nothing follows: whoever speaks TLS
/// waits for the client, so bytes behind the header come from the proxy and not from the server.
fn status_of(answer: &[u8]) -> Result<Option<u16>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(answer) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => match response.code.unwrap_or_default() {
            200..300 if length < answer.len() => Err("it sent data of its own before the server's".to_owned()),
            status => Ok(Some(status)),
        },
        Err(error) => Err(format!("its answer to CONNECT is not HTTP: {error}")),
    }
}

fn accept(proxy: &ProxyUrl, status: u16) -> Result<(), Fault> {
    match status {
        200..300 => Ok(()),
        407 => Err(refused(proxy, "407 proxy authentication required: put user:password@ before its host name")),
        403 => Err(refused(proxy, "403: it does not allow a connection to this host and port")),
        _ => Err(refused(proxy, &format!("it answered CONNECT with status {status}"))),
    }
}

fn refused(proxy: &ProxyUrl, why: &str) -> Fault {
    Fault::new(Code::Proxy, format!("proxy {}: {why}", proxy.origin.authority()))
}

fn broke(proxy: &ProxyUrl, fault: Fault) -> Fault {
    match fault.code {
        Code::Io => Fault::transient(Code::Proxy, format!("proxy {}: {}", proxy.origin.authority(), fault.message)),
        _ => fault,
    }
}
