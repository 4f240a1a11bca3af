//! The simulated upstream: OpenAI chat completions, answered at once, in a process of its own.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use memchr::memmem;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::message::Message;
use crate::wire::{self, MARKER, Mode};

/// Between two chunks of one paced stream: fifty tokens a second, as providers have.
const PACE: Duration = Duration::from_millis(20);
/// Longest paced stream, in case that nobody hangs up.
const PACED_LIMIT: u32 = 6000;
/// Chunks that one write of a burst carries.
const BURST_WRITE: usize = 8;

/// Every answer, made once.
struct Answers {
    whole: Vec<u8>,
    models: Vec<u8>,
    /// The head of a stream with its role chunk.
    start: Vec<u8>,
    token: Vec<u8>,
    burst: Vec<u8>,
    finish: Vec<u8>,
    usage: Vec<u8>,
    done: Vec<u8>,
}

/// Serves until standard input ends; the port is the only line on standard output.
///
/// # Errors
/// No port to listen on.
pub fn serve(model: &str) -> Result<()> {
    let answers = Arc::new(Answers::new(model));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        std::thread::spawn(|| {
            // The parent holds the other end: however it dies, this process ends too.
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(0);
        });
        for number in 0.. {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answers = answers.clone();
            // An error here is a client that hung up, which is how endless streams end.
            tokio::spawn(async move { converse(stream, &answers, number).await });
        }
        Ok(())
    })
}

/// Answers the requests of one connection until it closes.
async fn converse(mut stream: TcpStream, answers: &Answers, number: u32) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut body = Vec::new();
    loop {
        let mut message = Message::default();
        body.clear();
        while !message.done() {
            let length = stream.read(&mut buffer).await?;
            if length == 0 {
                ensure!(message.untouched(), "request cut short");
                return Ok(());
            }
            message.push(&buffer[..length], |piece| body.extend_from_slice(piece))?;
        }
        match mode_of(&message, &body) {
            None => stream.write_all(&answers.models).await?,
            Some(Mode::Whole) => stream.write_all(&answers.whole).await?,
            Some(mode) => {
                stream.write_all(&answers.start).await?;
                match mode {
                    Mode::Paced => paced(&mut stream, answers, number).await?,
                    Mode::Hold => {
                        stream.write_all(&answers.token).await?;
                        // Returns when the client hangs up.
                        let _ = stream.read(&mut buffer).await?;
                        return Ok(());
                    }
                    Mode::Burst => burst(&mut stream, answers).await?,
                    Mode::Whole | Mode::Short => stream.write_all(&answers.token).await?,
                }
                stream.write_all(&answers.end(&body)).await?;
            }
        }
    }
}

/// What the request asks for; none if it is no chat.
fn mode_of(message: &Message, body: &[u8]) -> Option<Mode> {
    if !message.begins_with(b"POST") {
        return None;
    }
    let start = memmem::find(body, MARKER)? + MARKER.len();
    Mode::ALL.into_iter().find(|mode| body[start..].starts_with(mode.word().as_bytes()))
}

/// One token after another; each connection has its own place in the beat.
async fn paced(stream: &mut TcpStream, answers: &Answers, number: u32) -> Result<()> {
    let start = Instant::now() + PACE * (number % 16) / 16;
    for beat in 0..PACED_LIMIT {
        stream.write_all(&answers.token).await?;
        tokio::time::sleep_until(start + PACE * beat).await;
    }
    Ok(())
}

/// All tokens back to back, in several writes, other streams' writes between them.
async fn burst(stream: &mut TcpStream, answers: &Answers) -> Result<()> {
    for _ in 0..wire::BURST_CHUNKS / BURST_WRITE {
        stream.write_all(&answers.burst).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

impl Answers {
    fn new(model: &str) -> Self {
        let token = wire::chunk(&json!({"content": " token"}), None);
        let mut start = wire::answer_head("text/event-stream; charset=utf-8").into_bytes();
        start.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        let role = json!({"role": "assistant", "content": ""});
        start.extend_from_slice(&wire::chunk(&role, None));
        Self {
            whole: whole(&wire::whole()),
            models: whole(&wire::models(model)),
            start,
            burst: token.repeat(BURST_WRITE),
            token,
            finish: wire::chunk(&json!({}), Some("stop")),
            usage: wire::usage_chunk(),
            done: [wire::http_chunk("data: [DONE]\n\n"), b"0\r\n\r\n".to_vec()].concat(),
        }
    }

    /// The end of a stream, with its usage where the request wants it.
    fn end(&self, body: &[u8]) -> Vec<u8> {
        let wanted = memmem::find(body, b"\"include_usage\"").is_some_and(|at| {
            let mut after = body[at + 15..].iter().skip_while(|b| b" :".contains(b));
            after.next() == Some(&b't')
        });
        let usage: &[u8] = if wanted { &self.usage } else { &[] };
        [&self.finish, usage, &self.done].concat()
    }
}

/// A whole answer, head and body.
fn whole(body: &str) -> Vec<u8> {
    let head = wire::answer_head("application/json");
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
