//! One connection of an upstream: reads requests, carries out the steps of their answers.

use super::plan::{Asked, Step};
use super::record::Shared;
use super::request;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection, with what was read ahead of its use.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All is sent; the connection may carry the next request.
    Sent,
    /// The script closed the connection.
    Closed,
    /// The client went away first.
    HungUp,
}

/// Serves requests until either side closes.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut connection = Connection { stream, buffer: Vec::new() };
    loop {
        let Some(call) = request::take(&mut connection.buffer) else {
            if !connection.fill().await {
                return;
            }
            continue;
        };
        let (endpoint, reply, number) = shared.receive(&call);
        let models = shared.models();
        let steps = Asked { kind: shared.kind, endpoint, call: &call, number, models: &models }.steps(&reply);
        let end = connection.answer(steps, &shared).await;
        shared.finished(endpoint, end == End::HungUp);
        if end != End::Sent {
            return;
        }
    }
}

impl Connection {
    /// Reads more; false when the client has gone.
    async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }

    async fn answer(&mut self, steps: Vec<Step>, shared: &Shared) -> End {
        for step in steps {
            let here = match step {
                Step::Send(bytes) => self.send(&bytes, shared).await,
                Step::Endless(bytes) => {
                    while self.send(&bytes, shared).await {}
                    false
                }
                Step::Wait => self.wait(shared).await,
                Step::Stall => {
                    self.gone().await;
                    false
                }
                Step::Cut => return End::Closed,
                Step::Reset => {
                    self.stream.set_zero_linger().expect("a socket that can be reset");
                    return End::Closed;
                }
            };
            if !here {
                return End::HungUp;
            }
        }
        End::Sent
    }

    /// Writes all of it; false when the client goes away meanwhile.
    async fn send(&mut self, mut bytes: &[u8], shared: &Shared) -> bool {
        let (mut reader, mut writer) = self.stream.split();
        while !bytes.is_empty() {
            tokio::select! {
                biased;
                read = reader.read_buf(&mut self.buffer) => if !matches!(read, Ok(read) if read > 0) { return false },
                written = writer.write(bytes) => match written {
                    Ok(written) => {
                        shared.sent(written);
                        bytes = &bytes[written..];
                    }
                    Err(_) => return false,
                },
            }
        }
        true
    }

    /// Until the test releases it; false when the client goes away first.
    async fn wait(&mut self, shared: &Shared) -> bool {
        tokio::select! {
            () = shared.permit() => true,
            () = self.gone() => false,
        }
    }

    /// Until the client goes away.
    async fn gone(&mut self) {
        while self.fill().await {}
    }
}
