//! Where browsers and programs come in: plain, behind somebody else's TLS, or with TLS of our own.

use crate::api::{Api, ApiFault};
use axum::extract::FromRequestParts;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::request::Parts;
use axum::serve::{IncomingStream, Listener};
use rilascio_circuit::process::{Digest, Reason};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long somebody may take to agree on TLS.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that agree on TLS at the same time; those that did wait here until they are served.
const AGREEING_MAX: usize = 1024;
const WAITING_MAX: usize = 64;
/// The pause after a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// From where.
    pub address: SocketAddr,
    /// The digest of the certificate of a card, if one proved to be there.
    pub card: Option<Digest>,
}

impl Peer {
    /// Who is at the other end of a request; nobody, where it was made in this process.
    pub(crate) fn of(parts: &Parts) -> Option<&Self> {
        let peer = parts.extensions.get::<ConnectInfo<Self>>();
        peer.map(|ConnectInfo(peer)| peer)
    }
}

/// The way in.
pub enum Front {
    /// Without TLS: on this machine, or behind a proxy.
    Plain(TcpListener),
    /// With TLS.
    Tls(TcpListener, Arc<ServerConfig>),
}

/// A listener behind which TLS was agreed on: whoever is slow holds up nobody else, as long as there are places.
pub(crate) struct TlsFront {
    local: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    taking: JoinHandle<()>,
}

impl TlsFront {
    /// Begins to take connections.
    pub(crate) fn new(listener: TcpListener, config: Arc<ServerConfig>) -> std::io::Result<Self> {
        let local = listener.local_addr()?;
        let (give, ready) = mpsc::channel(WAITING_MAX);
        let taking = tokio::spawn(take(listener, TlsAcceptor::from(config), give));
        Ok(Self {
            local,
            ready,
            taking,
        })
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.taking.abort();
    }
}

async fn take(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    give: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(AGREEING_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((socket, address)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (acceptor, give) = (acceptor.clone(), give.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(PATIENCE, acceptor.accept(socket)).await {
                Ok(Ok(stream)) => {
                    drop(place);
                    let _ = give.send((stream, address)).await;
                }
                Ok(Err(why)) => tracing::info!(%address, fault = %why, "TLS was not agreed on"),
                Err(_) => tracing::info!(%address, "TLS was not agreed on in time"),
            }
        });
    }
}

impl Listener for TlsFront {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that takes connections ends with this listener alone.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.local)
    }
}

impl Connected<IncomingStream<'_, TlsFront>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsFront>) -> Self {
        let (_, connection) = stream.io().get_ref();
        let chain = connection.peer_certificates().unwrap_or_default();
        Self {
            address: *stream.remote_addr(),
            card: chain.first().map(|own| Digest::of(own)),
        }
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self {
            address: *stream.remote_addr(),
            card: None,
        }
    }
}

/// The card that proved to be at the other end, if there is one.
pub(crate) struct ShownCard(pub(crate) Option<Digest>);

impl ShownCard {
    pub(crate) fn of(parts: &Parts) -> Self {
        Self(Peer::of(parts).and_then(|peer| peer.card.clone()))
    }
}

impl<S: Sync> FromRequestParts<S> for ShownCard {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// Somebody who watches the program: on this machine, or at an address that was named for it.
pub(crate) struct Watcher;

impl FromRequestParts<Api> for Watcher {
    type Rejection = ApiFault;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFault> {
        let Some(peer) = Peer::of(parts) else {
            return Ok(Self);
        };
        let address = peer.address.ip().to_canonical();
        if address.is_loopback() || api.watchers.contains(&address) {
            Ok(Self)
        } else {
            Err(Reason::Right.refusal().into())
        }
    }
}
