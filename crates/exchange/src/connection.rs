//! Messages between nodes over TCP: TLS 1.3, both sides with their certificate of the circuit, struck-off nodes refused.
//!
//! One connection carries one message: a frame with the sealed message, answered by a frame with the signed
//! acknowledgement (length in four bytes, the highest first). An empty answer means that the message was not opened.

use crate::envelope::{Circle, Identity};
use crate::message::MESSAGE_BYTES_MAX;
use crate::{Error, Result};
use rilascio_circuit::process::NodeId;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivateSec1KeyDer, ServerName,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How long the other side may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Sealing and base64 make a message larger.
const FRAME_BYTES_MAX: usize = MESSAGE_BYTES_MAX * 2;

pub(crate) fn fault(peer: &str, why: impl ToString) -> Error {
    Error::Connection {
        peer: peer.to_owned(),
        why: why.to_string(),
    }
}

pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Gives the circle of nodes as it is now: its revocation list is renewed while the program runs.
pub type Circles = Arc<dyn Fn() -> Arc<Circle> + Send + Sync>;

/// This end of every connection.
struct OwnEnd {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl OwnEnd {
    fn new(own: &Identity) -> Result<Self> {
        let key = own.key().to_sec1_der()?;
        Ok(Self {
            chain: vec![CertificateDer::from(own.certificate().der().to_vec())],
            key: PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(key.to_vec())),
        })
    }

    fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }
}

fn roots(circle: &Circle) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from(circle.authority().der().to_vec());
    roots.add(authority).map_err(|why| fault("own", why))?;
    Ok(Arc::new(roots))
}

fn list(circle: &Circle) -> CertificateRevocationListDer<'static> {
    CertificateRevocationListDer::from(circle.list().der().to_vec())
}

/// A configuration that is made anew when the circle has another revocation list: one that ended, or does not know who was
/// struck off since, would stay good for as long as the program runs.
struct Renewed<C> {
    own: OwnEnd,
    circles: Circles,
    make: fn(&OwnEnd, &Circle) -> Result<C>,
    made: Mutex<Option<(Vec<u8>, Arc<C>)>>,
}

impl<C> Renewed<C> {
    fn new(
        own: &Identity,
        circles: Circles,
        make: fn(&OwnEnd, &Circle) -> Result<C>,
    ) -> Result<Self> {
        let renewed = Self {
            own: OwnEnd::new(own)?,
            circles,
            make,
            made: Mutex::new(None),
        };
        renewed.now()?;
        Ok(renewed)
    }

    fn now(&self) -> Result<Arc<C>> {
        let circle = (self.circles)();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((list, config)) if list == circle.list().der() => Ok(Arc::clone(config)),
            _ => {
                let config = Arc::new((self.make)(&self.own, &circle)?);
                *made = Some((circle.list().der().to_vec(), Arc::clone(&config)));
                Ok(config)
            }
        }
    }
}

fn client(own: &OwnEnd, circle: &Circle) -> Result<ClientConfig> {
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(roots(circle)?, provider())
            .with_crls([list(circle)])
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration()
            .build()
            .map_err(|why| fault("own", why))?;
    let (chain, key) = own.parts();
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|why| fault("own", why))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(chain, key)
        .map_err(|why| fault("own", why))
}

fn server(own: &OwnEnd, circle: &Circle) -> Result<ServerConfig> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(circle)?, provider())
        .with_crls([list(circle)])
        .only_check_end_entity_revocation()
        .enforce_revocation_expiration()
        .build()
        .map_err(|why| fault("own", why))?;
    let (chain, key) = own.parts();
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|why| fault("own", why))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|why| fault("own", why))
}

/// The client's side: where each node listens.
pub struct TlsTransport {
    config: Renewed<ClientConfig>,
    addresses: BTreeMap<NodeId, String>,
}

impl TlsTransport {
    /// A way to those nodes.
    ///
    /// # Errors
    /// When the own certificate or key cannot be used.
    pub fn new(
        own: &Identity,
        circles: Circles,
        addresses: BTreeMap<NodeId, String>,
    ) -> Result<Self> {
        Ok(Self {
            config: Renewed::new(own, circles, client)?,
            addresses,
        })
    }

    /// Hands a sealed message to a node; gives its signed acknowledgement.
    ///
    /// # Errors
    /// When the node cannot be reached, is not who it should be, or did not open the message.
    pub fn send(&self, receiver: &NodeId, sealed: &[u8]) -> Result<Vec<u8>> {
        let peer = receiver.as_str();
        let address = self.addresses.get(receiver).ok_or_else(|| Error::Unknown {
            node: receiver.to_string(),
        })?;
        let place = address
            .to_socket_addrs()
            .map_err(|why| fault(peer, why))?
            .next();
        let place = place.ok_or_else(|| fault(peer, "no such address"))?;
        let socket =
            TcpStream::connect_timeout(&place, PATIENCE).map_err(|why| fault(peer, why))?;
        socket
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| socket.set_write_timeout(Some(PATIENCE)))
            .map_err(|why| fault(peer, why))?;
        let name = ServerName::try_from(receiver.to_string()).map_err(|why| fault(peer, why))?;
        let connection =
            ClientConnection::new(self.config.now()?, name).map_err(|why| fault(peer, why))?;
        let mut stream = StreamOwned::new(connection, socket);
        let length = u32::try_from(sealed.len()).map_err(|_| Error::TooLarge {
            bytes: sealed.len(),
        })?;
        let mut exchange = || -> std::io::Result<Vec<u8>> {
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(sealed)?;
            stream.flush()?;
            let mut length = [0; 4];
            stream.read_exact(&mut length)?;
            let length = u32::from_be_bytes(length);
            let mut answer = Vec::new();
            (&mut stream)
                .take(u64::from(length.min(1 << 20)))
                .read_to_end(&mut answer)?;
            if answer.len() < length as usize {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            Ok(answer)
        };
        let answer = exchange().map_err(|why| fault(peer, why))?;
        if answer.is_empty() {
            return Err(fault(peer, "the message was not opened"));
        }
        Ok(answer)
    }
}

/// What takes a sealed message and gives the signed acknowledgement.
pub type Handler = Arc<dyn Fn(Vec<u8>) -> Option<Vec<u8>> + Send + Sync>;

/// The server's side: takes messages until the process ends.
///
/// # Errors
/// When the own certificate or key cannot be used.
pub async fn listen(
    listener: TcpListener,
    own: &Identity,
    circles: Circles,
    handler: Handler,
) -> Result<()> {
    let config = Renewed::new(own, circles, server)?;
    loop {
        let Ok((socket, address)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let acceptor = match config.now() {
            Ok(config) => TlsAcceptor::from(config),
            Err(why) => {
                tracing::error!(fault = %why, "no connection can be taken");
                continue;
            }
        };
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            let serve = async {
                let mut stream = acceptor.accept(socket).await.inspect_err(|why| {
                    tracing::warn!(%address, fault = %why, "a node was not let in");
                })?;
                let length = stream.read_u32().await? as usize;
                if length > FRAME_BYTES_MAX {
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
                // Room grows with what comes, not with what is announced.
                let mut sealed = Vec::new();
                (&mut stream)
                    .take(length as u64)
                    .read_to_end(&mut sealed)
                    .await?;
                if sealed.len() < length {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                let answer = tokio::task::spawn_blocking(move || handler(sealed))
                    .await
                    .ok()
                    .flatten();
                let answer = answer.unwrap_or_default();
                stream
                    .write_u32(u32::try_from(answer.len()).unwrap_or(0))
                    .await?;
                stream.write_all(&answer).await?;
                stream.shutdown().await
            };
            if tokio::time::timeout(PATIENCE * 2, serve).await.is_err() {
                tracing::warn!(%address, "a node was silent for too long");
            }
        });
    }
}
