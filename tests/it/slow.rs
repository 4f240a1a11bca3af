//! Slow clients, in both directions: they slow their own provider down and nobody else.

use crate::kit::*;
use crate::stream::{alone, model, of};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// What the buffers on the way may hold of one stream, in bytes.
const BUFFERS: u64 = 16_000_000;

/// One provider for each way that a stream takes through the gateway.
const LANES: [Kind; 3] = [Kind::OpenAi, Kind::Anthropic, Kind::Ollama];

/// A client on a bare connection, which takes in little by itself.
struct Reader(TcpStream);

impl Reader {
    /// Asks for a stream and reads its first piece.
    async fn open(gateway: &Gateway, model: &str) -> Self {
        let address = gateway.connect().await.peer_addr().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let mut connection = socket.connect(address).await.unwrap();
        let body = streamed(chat(model, "hi")).to_string();
        let length = body.len();
        let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        connection.write_all((head + &body).as_bytes()).await.unwrap();
        let mut reader = Self(connection);
        assert!(reader.some().await.starts_with("HTTP/1.1 200"));
        reader
    }

    /// What comes next.
    async fn some(&mut self) -> String {
        let mut bytes = vec![0; 64 << 10];
        let read = in_time("bytes", self.0.read(&mut bytes)).await.unwrap();
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    }
}

#[tokio::test]
async fn a_reader_that_stopped_for_good_is_let_go() {
    let (gateway, upstream) = alone(upstream::openai().stream([Say::Text("begun"), Say::Endless])).await;
    let gateway = gateway.checked().await;
    let reader = Reader::open(&gateway, model(upstream.kind())).await;
    settled(|| upstream.bytes_sent()).await;
    gateway.advance(Duration::from_secs(100)).await;
    assert_eq!(upstream.disconnects(), 0, "it may still come back");
    // Buffers on the way may take a last few bytes, and then the wait begins anew.
    let stalls = async {
        while upstream.disconnects() == 0 {
            gateway.advance(Duration::from_secs(121)).await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    in_time("the reader to be let go", stalls).await;
    gateway.wait_for_log("outcome=\"client_gone\"").await;
    drop(reader);
}

#[tokio::test]
async fn a_slow_reader_slows_the_upstream() {
    for builder in LANES.map(of) {
        let (gateway, upstream) = alone(builder.stream([Say::Text("begun"), Say::Endless])).await;
        let before = gateway.rss_kib();
        let mut reader = Reader::open(&gateway, model(upstream.kind())).await;
        let sent = settled(|| upstream.bytes_sent()).await;
        assert!(sent < BUFFERS, "{:?}: {sent} bytes were taken from the upstream", upstream.kind());
        assert!(gateway.rss_kib() < before + (16 << 10), "{before} KiB became {}", gateway.rss_kib());
        // It goes on where it stopped.
        let read = async {
            while upstream.bytes_sent() < sent + (1 << 20) {
                reader.some().await;
            }
        };
        in_time("the stream to go on", read).await;
        drop(reader);
        upstream.wait_for_disconnects(1).await;
    }
}

#[tokio::test]
async fn many_slow_readers_are_held_in_little_memory() {
    let (gateway, upstream) = alone(upstream::openai().stream([Say::Text("begun"), Say::Endless])).await;
    drop(Reader::open(&gateway, "gpt-4o").await);
    let before = gateway.rss_kib();
    let readers = join_all((0..30).map(|_| Reader::open(&gateway, "gpt-4o"))).await;
    settled(|| upstream.bytes_sent()).await;
    let each = gateway.rss_kib().saturating_sub(before) / 30;
    assert!(each < 1500, "{each} KiB for each stream");
    // Others are served meanwhile.
    upstream.switch(ok());
    check_served(&gateway).await;
    drop(readers);
    upstream.wait_for_disconnects(30).await;
}

#[tokio::test]
async fn a_reader_that_pauses_longer_than_a_provider_may_is_no_silence() {
    for builder in LANES.map(of) {
        let (gateway, upstream) = alone(builder.stream([Say::Text("begun"), Say::Endless])).await;
        let mut reader = Reader::open(&gateway, model(upstream.kind())).await;
        let sent = settled(|| upstream.bytes_sent()).await;
        gateway.advance(Duration::from_secs(45)).await;
        sleep(Duration::from_millis(100)).await;
        let read = async {
            while upstream.bytes_sent() < sent + (3 << 20) {
                let some = reader.some().await;
                assert!(!some.is_empty() && !some.contains("\"error\""), "{:?}: {some}", upstream.kind());
            }
        };
        in_time("the stream to go on", read).await;
        assert_eq!(upstream.disconnects(), 0, "{:?}", upstream.kind());
    }
}

async fn check_served(gateway: &Gateway) {
    let answer = gateway.stream("gpt-4o", "hi").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.done()), (200, "hello from openai", true));
}

#[tokio::test]
async fn a_slow_sender_is_waited_for_while_it_sends() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let body = chat("gpt-4o", "hi").to_string();
    let mut connection = gateway.connect().await;
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write_all(head.as_bytes()).await.unwrap();
    for (at, byte) in body.bytes().enumerate() {
        connection.write_all(&[byte]).await.unwrap();
        if at % 10 == 0 {
            sleep(Duration::from_millis(20)).await;
            gateway.advance(Duration::from_secs(20)).await;
        }
    }
    upstream.wait_for_calls(1).await;
    assert_eq!(upstream.last_call().json["messages"][0]["content"], "hi");
}

#[tokio::test]
async fn a_sender_that_stops_is_let_go() {
    let (gateway, upstream) = alone(upstream::openai()).await;
    let mut connection = gateway.connect().await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{\"model\"";
    connection.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    gateway.advance(Duration::from_secs(31)).await;
    let mut answer = String::new();
    let read = connection.read_to_string(&mut answer);
    in_time("an answer", read).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"error\""), "{answer}");
    check_not_called([&upstream]);
}

#[tokio::test]
async fn slow_senders_hold_nobody_up() {
    let (gateway, _upstream) = alone(upstream::openai()).await;
    let connect = (0..100).map(|_| async {
        let mut connection = gateway.connect().await;
        connection.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-le").await.unwrap();
        connection
    });
    let connections = join_all(connect).await;
    check_served(&gateway).await;
    drop(connections);
    check_served(&gateway).await;
}
