//! The address of a server as a transport.

use http::{HeaderName, HeaderValue};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

/// Calls that one server is sent at once; the rest wait.
const AT_ONCE: usize = 512;

/// A transport to `url` that sends `headers` with every request. A session that the server has forgotten is opened
/// again once, unseen.
pub(super) fn transport(
    client: reqwest::Client,
    url: &str,
    headers: &[(HeaderName, HeaderValue)],
) -> StreamableHttpClientTransport<reqwest::Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .custom_headers(headers.iter().cloned().collect())
        .max_concurrent_requests(AT_ONCE)
        .reinit_on_expired_session(true);
    StreamableHttpClientTransport::with_client(client, config)
}
