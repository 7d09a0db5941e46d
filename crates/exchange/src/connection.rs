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
use std::sync::Arc;
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

struct Ends {
    roots: Arc<RootCertStore>,
    list: CertificateRevocationListDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn ends(own: &Identity, circle: &Circle) -> Result<Ends> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from(circle.authority().der().to_vec());
    roots.add(authority).map_err(|why| fault("own", why))?;
    let key = own.key().to_sec1_der()?;
    Ok(Ends {
        roots: Arc::new(roots),
        list: CertificateRevocationListDer::from(circle.list().der().to_vec()),
        chain: vec![CertificateDer::from(own.certificate().der().to_vec())],
        key: PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(key.to_vec())),
    })
}

/// The client's side: where each node listens.
pub struct TlsTransport {
    config: Arc<ClientConfig>,
    addresses: BTreeMap<NodeId, String>,
}

impl TlsTransport {
    /// A way to those nodes.
    ///
    /// # Errors
    /// When the own certificate or key cannot be used.
    pub fn new(
        own: &Identity,
        circle: &Circle,
        addresses: BTreeMap<NodeId, String>,
    ) -> Result<Self> {
        let ends = ends(own, circle)?;
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(ends.roots, provider())
                .with_crls([ends.list])
                .only_check_end_entity_revocation()
                .enforce_revocation_expiration()
                .build()
                .map_err(|why| fault("own", why))?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|why| fault("own", why))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_auth_cert(ends.chain, ends.key)
            .map_err(|why| fault("own", why))?;
        Ok(Self {
            config: Arc::new(config),
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
        let connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|why| fault(peer, why))?;
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
    circle: &Circle,
    handler: Handler,
) -> Result<()> {
    let ends = ends(own, circle)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(ends.roots, provider())
        .with_crls([ends.list])
        .only_check_end_entity_revocation()
        .enforce_revocation_expiration()
        .build()
        .map_err(|why| fault("own", why))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|why| fault("own", why))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(ends.chain, ends.key)
        .map_err(|why| fault("own", why))?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
        tokio::spawn(async move {
            let serve = async {
                let mut stream = acceptor.accept(socket).await?;
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
            let _ = tokio::time::timeout(PATIENCE * 2, serve).await;
        });
    }
}
