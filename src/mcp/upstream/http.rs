//! The address of a server as a transport.

use http::{HeaderName, HeaderValue};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

/// A transport to `url` that sends `headers` with every request.
pub(super) fn transport(
    url: &str,
    headers: &[(HeaderName, HeaderValue)],
) -> StreamableHttpClientTransport<reqwest::Client> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = StreamableHttpClientTransportConfig::with_uri(url).custom_headers(headers.iter().cloned().collect());
    StreamableHttpClientTransport::with_client(reqwest::Client::new(), config)
}
