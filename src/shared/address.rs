//! Where Redis is, and how a connection to it is opened.

use std::sync::Arc;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use crate::secret::Secret;

/// Where Redis is.
pub(super) struct Address {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    settings: RedisConnectionInfo,
    /// What must not be said: the address with its password, and the password.
    secrets: Vec<Secret>,
}

/// Bytes in both directions, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An open connection. Its clones are one; it is closed when the last of them is dropped, whatever is under way.
#[derive(Clone)]
pub(super) struct Wire {
    connection: MultiplexedConnection,
    driver: Arc<Driver>,
}

/// The task that moves a connection's bytes.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What an address says, if it is one of Redis that can be spoken to with no less care than it asks for.
pub(super) fn parse(url: &str) -> Option<ConnectionInfo> {
    let info = url.into_connection_info().ok()?;
    match info.addr() {
        ConnectionAddr::Tcp(..) | ConnectionAddr::TcpTls { insecure: false, .. } => Some(info),
        _ => None,
    }
}

impl Address {
    /// The place that `url` names.
    pub(super) fn of(url: &str) -> Option<Arc<Address>> {
        let info = parse(url)?;
        // Without the library's name, a connection with no password is open without a word of either side.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let mut secrets = vec![Secret::new(url)];
        secrets.extend(settings.password().map(Secret::new));
        let (host, port, tls) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (host.clone(), *port, None),
            ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), *port, Some(tls(host)?)),
            _ => return None,
        };
        Some(Arc::new(Address { host, port, tls, settings, secrets }))
    }

    /// Opens a connection.
    pub(super) async fn open(&self) -> Result<Wire, Fault> {
        let stream = self.stream().await?;
        let opened = MultiplexedConnection::new_with_config(&self.settings, stream, AsyncConnectionConfig::new()).await;
        let (connection, driver) = opened.map_err(|error| self.fault(&error).or_away())?;
        Ok(Wire { connection, driver: Arc::new(Driver(tokio::spawn(driver))) })
    }

    /// Opens a connection that only listens.
    pub(super) async fn listen(&self) -> Result<PubSub, Fault> {
        let stream = self.stream().await?;
        PubSub::new(&self.settings, stream).await.map_err(|error| self.fault(&error).or_away())
    }

    async fn stream(&self) -> Result<Box<dyn Stream>, Fault> {
        let away = |error: std::io::Error| Fault::Away(self.scrub(&error.to_string()));
        let stream = TcpStream::connect((&*self.host, self.port)).await.map_err(away)?;
        stream.set_nodelay(true).map_err(away)?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await.map_err(away)?),
        })
    }

    /// What `error` means, without the password.
    pub(super) fn fault(&self, error: &redis::RedisError) -> Fault {
        Fault::of(error, |words| self.scrub(words))
    }

    fn scrub(&self, words: &str) -> String {
        let scrubbed = self.secrets.iter().fold(words.to_owned(), |words, secret| secret.scrub(&words));
        crate::secret::scrub(&scrubbed)
    }
}

impl Wire {
    /// The connection, for one command.
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Are the two one connection?
    pub(super) fn is(&self, other: &Wire) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }
}

/// The system's certificates are trusted, or the built-in ones where the system has none.
fn tls(host: &str) -> Option<(TlsConnector, ServerName<'static>)> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some((TlsConnector::from(Arc::new(config)), ServerName::try_from(host.to_owned()).ok()?))
}
