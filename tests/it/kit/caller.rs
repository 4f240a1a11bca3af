//! Clients: whole answers, streams, streams that are read step by step, and raw sockets.

use super::answer::{Answer, Event};
use super::wait::in_time;
use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once};
use tokio::net::TcpStream;

/// A client of one server.
#[derive(Clone)]
pub struct Caller {
    base: String,
    client: reqwest::Client,
    /// Heads and bodies of all answers so far.
    transcript: Arc<Mutex<Vec<u8>>>,
}

impl Caller {
    /// A client of the server at `http://host:port`.
    pub fn new(base: &str) -> Self {
        // reqwest wants a TLS provider even where no TLS is spoken.
        static TLS: Once = Once::new();
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");
        Self { base: base.to_owned(), client, transcript: Arc::default() }
    }

    /// The server's `http://host:port`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request, to be completed and sent.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let builder = self.client.request(method, format!("{}{path}", self.base));
        Request { builder, transcript: Arc::clone(&self.transcript) }
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// `POST path` with JSON; the answer may be a stream.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path).json(&body).send().await
    }

    /// `POST path` with any bytes and exactly these headers.
    pub async fn post_raw(&self, path: &str, body: impl Into<Vec<u8>>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request("POST", path).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await
    }

    /// A chat completion, whole.
    pub async fn chat(&self, model: &str, prompt: &str) -> Answer {
        self.post("/v1/chat/completions", chat(model, prompt)).await
    }

    /// A chat completion, streamed and read to its end.
    pub async fn stream(&self, model: &str, prompt: &str) -> Answer {
        self.post("/v1/chat/completions", streamed(chat(model, prompt))).await
    }

    /// A chat completion's stream, to be read step by step.
    pub async fn open(&self, model: &str, prompt: &str) -> Live {
        self.request("POST", "/v1/chat/completions").json(&streamed(chat(model, prompt))).open().await
    }

    /// Anthropic Messages, whole.
    pub async fn messages(&self, model: &str, prompt: &str) -> Answer {
        self.request("POST", "/v1/messages").anthropic().json(&messages(model, prompt)).send().await
    }

    /// Anthropic Messages, streamed and read to its end.
    pub async fn stream_messages(&self, model: &str, prompt: &str) -> Answer {
        self.request("POST", "/v1/messages").anthropic().json(&streamed(messages(model, prompt))).send().await
    }

    /// OpenAI Responses, whole.
    pub async fn responses(&self, model: &str, input: &str) -> Answer {
        self.post("/v1/responses", responses(model, input)).await
    }

    /// OpenAI Responses, streamed and read to its end.
    pub async fn stream_responses(&self, model: &str, input: &str) -> Answer {
        self.post("/v1/responses", streamed(responses(model, input))).await
    }

    /// A bare connection, for clients that misbehave.
    pub async fn connect(&self) -> TcpStream {
        let address = self.base.trim_start_matches("http://");
        in_time("a connection", TcpStream::connect(address)).await.expect("the server listens")
    }

    /// Everything that was answered so far.
    pub(super) fn transcript(&self) -> Vec<u8> {
        self.transcript.lock().expect("no panic in here").clone()
    }
}

/// The body of a chat completion request with one user message.
pub fn chat(model: &str, prompt: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": prompt}]})
}

/// The body of an Anthropic request with one user message.
pub fn messages(model: &str, prompt: &str) -> Value {
    json!({"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": prompt}]})
}

/// The body of a Responses request with one user message.
pub fn responses(model: &str, input: &str) -> Value {
    json!({"model": model, "input": input})
}

/// The same body with `stream: true`.
pub fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

/// A request under construction.
pub struct Request {
    builder: reqwest::RequestBuilder,
    transcript: Arc<Mutex<Vec<u8>>>,
}

impl Request {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.builder = self.builder.header(name, value.to_string());
        self
    }

    /// The headers of an Anthropic SDK, the key included.
    pub fn anthropic(self) -> Self {
        self.header("anthropic-version", "2023-06-01").header("x-api-key", "sk-client")
    }

    /// `Authorization: Bearer …`.
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", format!("Bearer {key}"))
    }

    /// A JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Any body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    /// Sends it and reads the answer, a stream too, to its end.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("the server answers")
    }

    /// The same where there may be no answer at all.
    pub async fn try_send(self) -> Result<Answer, String> {
        let transcript = Arc::clone(&self.transcript);
        let answer = in_time("an answer", async {
            let mut response = self.builder.send().await.map_err(|error| format!("{error:?}"))?;
            let (mut body, mut broken) = (Vec::new(), None);
            loop {
                match response.chunk().await {
                    Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                    Ok(None) => break,
                    Err(error) => {
                        broken = Some(format!("{error:?}"));
                        break;
                    }
                }
            }
            Ok::<_, String>(Answer::new(response.status().as_u16(), response.headers().clone(), body, broken).await)
        });
        let answer = answer.await?;
        let mut transcript = transcript.lock().expect("no panic in here");
        transcript.extend_from_slice(format!("{:?}", answer.headers).as_bytes());
        transcript.extend_from_slice(&answer.body);
        drop(transcript);
        Ok(answer)
    }

    /// Sends it; the answer with its body still to be read.
    pub(super) async fn respond(self) -> reqwest::Response {
        in_time("the head of an answer", self.builder.send()).await.expect("the server answers")
    }

    /// Sends it and stops after the head.
    pub async fn open(self) -> Live {
        let response = self.respond().await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let events = response.bytes_stream().eventsource().map(|event| match event {
            Ok(event) => Ok(Event::from(event)),
            Err(error) => Err(format!("{error:?}")),
        });
        Live { status, headers, events: Box::pin(events) }
    }
}

/// A stream that is read only when asked: to pause it, do not ask; to hang up, drop it.
pub struct Live {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    events: Pin<Box<dyn Stream<Item = Result<Event, String>> + Send>>,
}

impl Live {
    /// The next event; `None` at a clean end, an error where the connection broke.
    pub async fn next(&mut self) -> Option<Result<Event, String>> {
        in_time("an event", self.events.next()).await
    }

    /// The next event, which must come.
    pub async fn event(&mut self) -> Event {
        self.next().await.expect("the stream goes on").expect("the stream is whole")
    }

    /// Events up to and with the first one that has text; gives that text.
    pub async fn text(&mut self) -> String {
        loop {
            let event = self.event().await;
            if !event.text().is_empty() {
                return event.text();
            }
        }
    }

    /// Reads on to the end, clean or not.
    pub async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(Ok(event)) = self.next().await {
            events.push(event);
        }
        events
    }
}
