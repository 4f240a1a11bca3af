//! Simulated providers: real HTTP/1.1 servers on 127.0.0.1, port 0, each with a script of answers and a record.

mod anthropic;
mod body;
mod builder;
mod connection;
mod dialect;
mod kind;
mod ollama;
mod openai;
mod plan;
mod record;
mod replies;
mod reply;
mod request;
mod responses;
mod say;
mod trouble;
mod vectors;

pub use builder::UpstreamBuilder;
pub use kind::Kind;
pub use replies::*;
pub use reply::Reply;
pub use request::Call;
pub use say::Say;
pub use vectors::{Odd, base64_of, vector};

use super::wait::in_time;
use record::Shared;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{AbortHandle, JoinSet};

/// An OpenAI: `/v1/chat/completions`, `/v1/responses`, `/v1/embeddings`, `/v1/models`.
pub fn openai() -> UpstreamBuilder {
    UpstreamBuilder::new(Kind::OpenAi)
}

/// An Anthropic: `/v1/messages`, `/v1/messages/count_tokens`, `/v1/models`.
pub fn anthropic() -> UpstreamBuilder {
    UpstreamBuilder::new(Kind::Anthropic)
}

/// An OpenRouter, below `/api/v1`: chat, messages, responses, embeddings, `key`, `models`.
pub fn openrouter() -> UpstreamBuilder {
    UpstreamBuilder::new(Kind::OpenRouter)
}

/// An Ollama: `/api/chat`, `/api/embed`, `/api/tags`, `/api/show`, and OpenAI's forms below `/v1`.
pub fn ollama() -> UpstreamBuilder {
    UpstreamBuilder::new(Kind::Ollama)
}

/// A local server that has OpenAI's `/v1` and nothing of Ollama's own (404).
pub fn openai_compatible() -> UpstreamBuilder {
    UpstreamBuilder::new(Kind::Compatible)
}

/// A running upstream; dropping it closes everything.
pub struct Upstream {
    shared: Arc<Shared>,
    address: SocketAddr,
    _reserved: TcpSocket,
    accepting: Option<AbortHandle>,
}

impl Upstream {
    /// `http://127.0.0.1:<port>`, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Which provider this is.
    pub fn kind(&self) -> Kind {
        self.shared.kind
    }

    /// Every chat call (embeddings and token counts included), oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.with(|state| state.calls.clone())
    }

    /// The last call; there must be one.
    pub fn last_call(&self) -> Call {
        self.calls().pop().expect("the upstream was called")
    }

    /// Lists and key checks.
    pub fn probes(&self) -> Vec<Call> {
        self.shared.with(|state| state.probes.clone())
    }

    /// Requests to paths that this provider does not have; they got its 404.
    pub fn strays(&self) -> Vec<Call> {
        self.shared.with(|state| state.strays.clone())
    }

    /// Calls whose client hung up before the answer had been sent.
    pub fn disconnects(&self) -> usize {
        self.shared.with(|state| state.hung_up)
    }

    /// Calls that are being answered now.
    pub fn under_way(&self) -> usize {
        self.shared.with(|state| state.under_way)
    }

    /// The most calls that were ever being answered at once.
    pub fn most_under_way(&self) -> usize {
        self.shared.with(|state| state.most_under_way)
    }

    /// Connections that were ever accepted, or since `forget`.
    pub fn connections(&self) -> usize {
        self.shared.with(|state| state.connections)
    }

    /// Bytes that the sockets took, heads included.
    pub fn bytes_sent(&self) -> u64 {
        self.shared.with(|state| state.bytes_sent)
    }

    /// Waits until there were so many calls.
    pub async fn wait_for_calls(&self, calls: usize) {
        in_time("calls to the upstream", self.shared.until(|state| state.calls.len() >= calls)).await;
    }

    /// Waits until there were so many lists and key checks.
    pub async fn wait_for_probes(&self, probes: usize) {
        in_time("probes of the upstream", self.shared.until(|state| state.probes.len() >= probes)).await;
    }

    /// Waits until clients hung up on so many answers.
    pub async fn wait_for_disconnects(&self, calls: usize) {
        in_time("the client to hang up", self.shared.until(|state| state.hung_up >= calls)).await;
    }

    /// Forgets all that came so far, so that the next round can be checked by itself.
    pub fn forget(&self) {
        self.shared.with(|state| {
            state.calls.clear();
            state.probes.clear();
            state.strays.clear();
            (state.hung_up, state.bytes_sent, state.most_under_way) = (0, 0, state.under_way);
            state.connections = 0;
        });
    }

    /// Waits until the sockets have taken so many bytes.
    pub async fn wait_for_bytes(&self, bytes: u64) {
        in_time("bytes to be sent", self.shared.until(|state| state.bytes_sent >= bytes)).await;
    }

    /// Lets one `Say::Wait` or `Reply::held` go on, now or when it comes.
    pub fn release(&self) {
        self.release_many(1);
    }

    /// The same for several.
    pub fn release_many(&self, waits: usize) {
        self.shared.release(waits);
    }

    /// From now on this answer to everything.
    pub fn switch(&self, reply: impl Into<Reply>) {
        self.shared.with(|state| {
            state.script = VecDeque::from([reply.into()]);
            state.choose = None;
        });
    }

    /// From now on the answer that this finds by looking at the call, as a model would.
    pub fn switch_by(&self, choose: fn(&Call) -> Reply) {
        self.shared.with(|state| state.choose = Some(choose));
    }

    /// From now on this answer to lists and key checks; `ok()` is the usual one.
    pub fn switch_probe(&self, reply: impl Into<Reply>) {
        self.shared.with(|state| state.probe = reply.into());
    }

    /// Closes the port and every connection; new connections are refused.
    pub async fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        accepting.abort();
        let address = self.address;
        super::wait::eventually("the port to close", || std::net::TcpStream::connect(address).is_err()).await;
        self.shared.with(|state| state.under_way = 0);
    }

    /// Serves again on the same port.
    pub async fn restart(&mut self) {
        self.stop().await;
        let listener = socket(self.address).listen(1024).expect("a port of our own");
        self.accepting = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))).abort_handle());
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// A socket on the address, which other sockets of this upstream may share.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseport(true).expect("a shared port");
    socket.set_send_buffer_size(64 * 1024).expect("a small send buffer");
    socket.bind(address).expect("a free port");
    socket
}

/// Accepts until aborted; the connections end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        shared.with(|state| state.connections += 1);
        connections.spawn(connection::serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}
