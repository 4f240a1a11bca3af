//! A bare connection to a server, for clients that do what no HTTP library would.

use super::caller::Caller;
use super::wait::in_time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection on which bytes are written, and answers are read one by one.
pub struct Bare {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer off a bare connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareAnswer {
    pub status: u16,
    /// The head's lines in lower case, the status line included.
    pub head: String,
    pub body: String,
}

impl Caller {
    /// A bare connection.
    pub async fn bare(&self) -> Bare {
        Bare { stream: self.connect().await, buffer: Vec::new() }
    }
}

impl Bare {
    /// Writes these bytes; an error where the server has closed.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        in_time("the server to read", self.stream.write_all(bytes.as_ref())).await
    }

    /// Writes these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("an open connection");
    }

    /// Sends a GET of this path.
    pub async fn get(&mut self, path: &str) -> BareAnswer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        self.answer().await
    }

    /// Sends a POST of this path and body.
    pub async fn post(&mut self, path: &str, body: impl ToString) -> BareAnswer {
        let body = body.to_string();
        self.send(format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
        self.answer().await
    }

    /// The next answer; one without a length is read to the connection's end.
    pub async fn answer(&mut self) -> BareAnswer {
        self.try_answer().await.expect("an answer")
    }

    /// The same; `None` where the connection ends before an answer has come.
    pub async fn try_answer(&mut self) -> Option<BareAnswer> {
        let end = loop {
            match memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if self.fill().await => {}
                None => return None,
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
        self.buffer.drain(..end);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
        while self.buffer.len() < length.unwrap_or(usize::MAX) && self.fill().await {}
        let length = length.unwrap_or(self.buffer.len());
        let body: Vec<u8> = self.buffer.drain(..length).collect();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        Some(BareAnswer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// What comes next, whatever it is.
    pub async fn read_some(&mut self) -> Vec<u8> {
        self.fill().await;
        std::mem::take(&mut self.buffer)
    }

    /// Waits until the server closes the connection; what came before that and was not read yet.
    pub async fn closed(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.buffer)
    }

    /// Reads more; false where the server has closed.
    async fn fill(&mut self) -> bool {
        matches!(in_time("the server", self.stream.read_buf(&mut self.buffer)).await, Ok(read) if read > 0)
    }
}
