//! A client's first words. The SDK ends a session that begins with anything but a request; such words say nothing yet,
//! and are passed over.

use std::borrow::Cow;

use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetMeta, JsonRpcMessage, ProtocolVersion, ServerJsonRpcMessage,
};
use rmcp::service::RoleServer;
use rmcp::transport::Transport;

/// A transport that passes over what comes before a session can begin.
pub(super) struct First<T> {
    inner: T,
    versions: Cow<'static, [ProtocolVersion]>,
    begun: bool,
}

impl<T> First<T> {
    /// For a server that speaks `versions`.
    pub(super) fn new(inner: T, versions: Cow<'static, [ProtocolVersion]>) -> First<T> {
        First { inner, versions, begun: false }
    }

    /// Does the session begin with this request? `initialize` begins one, and so does every modern request but the
    /// question what there is.
    fn begins(&self, request: &ClientRequest) -> bool {
        match request {
            ClientRequest::InitializeRequest(_) => true,
            ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
            other => {
                let meta = other.get_meta();
                let is_whole = meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty();
                is_whole && meta.protocol_version().is_some_and(|version| self.versions.contains(&version))
            }
        }
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for First<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let message = self.inner.receive().await?;
            match &message {
                JsonRpcMessage::Request(request) => self.begun |= self.begins(&request.request),
                _ if self.begun => {}
                _ => {
                    tracing::debug!("a client of MCP has not begun with a request");
                    continue;
                }
            }
            return Some(message);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
