//! The way to the service: look up, connect, through the proxy if there is one, TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;

use super::socket::Wire;
use super::tls::Stream;
use super::trust::{self, Trust};
use super::{connect, resolve, tunnel};
use crate::Code;
use crate::call::{Call, Step};
use crate::cancel::Watch;
use crate::fault::Fault;
use crate::url::{Origin, ProxyUrl};

/// All that is needed to open a connection. Immutable, and shared by the clients of one kin.
pub(crate) struct Route {
    origin: Origin,
    proxy: Result<Option<ProxyUrl>, String>,
    trust: Trust,
    connect_timeout: Duration,
    user_agent: String,
}

impl Route {
    /// `proxy` is the one to go through, or why what the environment names can't be one.
    pub(crate) fn new(
        origin: Origin,
        proxy: Result<Option<ProxyUrl>, String>,
        trust: Trust,
        connect_timeout: Duration,
        user_agent: String,
    ) -> Route {
        Route { origin, proxy, trust, connect_timeout, user_agent }
    }

    /// Opens a connection to the service, ready for a request; the call's cancel watches it.
    pub(super) fn open(&self, call: &Call) -> Result<(Stream, Watch), Fault> {
        let step = call.step_within(self.connect_timeout, "looking up the host");
        let proxy = self.proxy.as_ref().map_err(|why| Fault::new(Code::Proxy, why.clone()))?;
        let (mut stream, watch) = match proxy {
            Some(proxy) => self.through(proxy, step)?,
            None => self.dial(&self.origin, step)?,
        };
        if self.origin.tls {
            stream = self.secure(stream, &self.origin, step.named("shaking hands by TLS"))?;
        }
        Ok((stream, watch))
    }

    fn through(&self, proxy: &ProxyUrl, step: Step) -> Result<(Stream, Watch), Fault> {
        let as_proxy = |fault: Fault| match fault.code {
            Code::Dns | Code::Connect | Code::Tls => {
                Fault { code: Code::Proxy, message: format!("proxy: {}", fault.message), ..fault }
            }
            _ => fault,
        };
        let (mut stream, watch) = self.dial(&proxy.origin, step).map_err(as_proxy)?;
        if proxy.origin.tls {
            stream =
                self.secure(stream, &proxy.origin, step.named("shaking hands with the proxy")).map_err(as_proxy)?;
        }
        let asking = step.named("waiting for the proxy");
        tunnel::open(&mut stream, proxy, &self.origin, &self.user_agent, &asking)?;
        Ok((stream, watch))
    }

    fn dial(&self, to: &Origin, step: Step) -> Result<(Stream, Watch), Fault> {
        let mut addresses = resolve::resolve(&to.host, to.port, &step)?;
        if !self.origin.tls {
            only_loopback(&to.host, &mut addresses)?;
        }
        let stream = connect::connect(&to.authority(), &addresses, &step.named("connecting"))?;
        let wire = Wire::new(stream).map_err(|error| {
            Fault::transient(Code::Connect, format!("the connection to {} broke at once: {error}", to.authority()))
        })?;
        let watch = step.call.cancel.watch(Arc::clone(wire.socket()) as _);
        Ok((Stream::Plain(wire), watch))
    }

    fn secure(&self, under: Stream, peer: &Origin, step: Step) -> Result<Stream, Fault> {
        let name = ServerName::try_from(peer.host.clone())
            .map_err(|_| Fault::new(Code::Tls, format!("{} can't be the name of a TLS server", peer.host)))?;
        Stream::secure(under, trust::tls_config(&self.trust, &step)?, name, &step)
    }
}

/// The key goes out in the clear only where it can't leave the machine, whatever a hosts file
/// says of "localhost".
fn only_loopback(host: &str, addresses: &mut Vec<SocketAddr>) -> Result<(), Fault> {
    addresses.retain(|address| address.ip().is_loopback());
    if addresses.is_empty() {
        return Err(Fault::new(
            Code::Connect,
            format!("{host} is not on this machine: plain http goes to a loopback address only"),
        ));
    }
    Ok(())
}
