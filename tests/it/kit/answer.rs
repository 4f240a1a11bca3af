//! What a client got: head, body, and what they say in whichever protocol.

use eventsource_stream::Eventsource;
use futures_util::{StreamExt, stream};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body as JSON, `null` if it is none.
    pub json: Value,
    /// The events of a stream.
    pub events: Vec<Event>,
    /// How the connection broke in the middle of the body.
    pub broken: Option<String>,
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, `message` where it has none.
    pub name: String,
    pub data: String,
    /// The data as JSON, `null` if it is none.
    pub json: Value,
}

/// A tool call as it adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

impl Answer {
    pub(super) async fn new(status: u16, headers: HeaderMap, body: Vec<u8>, mut broken: Option<String>) -> Self {
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut events = Vec::new();
        if kind.contains("event-stream") {
            let mut source = stream::iter([Ok::<_, std::io::Error>(&body)]).eventsource();
            while let Some(event) = source.next().await {
                match event {
                    Ok(event) => events.push(Event::from(event)),
                    Err(error) => broken = broken.or(Some(format!("{error:?}"))),
                }
            }
        } else if kind.contains("ndjson") {
            let text = String::from_utf8_lossy(&body);
            let lines = text.lines().filter(|line| !line.is_empty());
            events = lines.map(|line| Event::new("message", line)).collect();
        }
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Self { status, headers, body, json, events, broken }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text"))
    }

    /// The text of the answer, its pieces joined.
    pub fn text(&self) -> String {
        let whole = text_of(&self.json);
        whole + &self.events.iter().map(Event::text).collect::<String>()
    }

    /// The reasoning, its pieces joined.
    pub fn reasoning(&self) -> String {
        self.documents().map(reasoning_of).collect()
    }

    /// Finish reasons in the order in which they came, in the protocol's words.
    pub fn finish(&self) -> Vec<String> {
        let one = |json: &Value| {
            let choices = json["choices"].as_array().cloned().unwrap_or_default();
            let mut reasons: Vec<Value> = choices.iter().map(|choice| choice["finish_reason"].clone()).collect();
            reasons.extend([
                json["stop_reason"].clone(),
                json["delta"]["stop_reason"].clone(),
                json["done_reason"].clone(),
            ]);
            reasons.into_iter().filter_map(|reason| reason.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        self.documents().flat_map(one).collect()
    }

    /// The last usage that was told, `null` if none was.
    pub fn usage(&self) -> Value {
        let places = |json: &Value| [json["usage"].clone(), json["response"]["usage"].clone()];
        self.documents().flat_map(places).filter(|usage| !usage.is_null()).last().unwrap_or_default()
    }

    /// The tool calls of the first choice, in the order in which they began.
    pub fn tools(&self) -> Vec<ToolCall> {
        super::tools::of(self.documents())
    }

    /// The error, whole or in the stream; `null` if there is none.
    pub fn error(&self) -> Value {
        let one = |json: &Value| match json["type"].as_str() {
            // Responses has it flat.
            Some("error") if json["error"].is_null() => json.clone(),
            Some("response.failed") => json["response"]["error"].clone(),
            _ => json["error"].clone(),
        };
        self.documents().map(one).find(|error| !error.is_null()).unwrap_or_default()
    }

    /// `error.code` as text, in Anthropic's form `error.details.error_code`; empty if there is none.
    pub fn code(&self) -> String {
        let error = self.error();
        let code = error["code"].as_str().or(error["details"]["error_code"].as_str());
        code.unwrap_or_default().to_owned()
    }

    /// Whether the stream ended as its protocol wants: `[DONE]`, `message_stop`, `response.completed` or
    /// `response.incomplete`, or Ollama's last line.
    pub fn done(&self) -> bool {
        let last = self.events.last();
        last.is_some_and(|last| {
            last.data == "[DONE]"
                || last.json["type"] == "message_stop"
                || last.json["done"] == true
                || last.json["type"] == "response.completed"
                || last.json["type"] == "response.incomplete"
        })
    }

    /// `x-gateway-provider`.
    pub fn provider(&self) -> Option<&str> {
        self.header("x-gateway-provider")
    }

    /// `x-gateway-model`.
    pub fn model(&self) -> Option<&str> {
        self.header("x-gateway-model")
    }

    /// `x-gateway-attempts`.
    pub fn attempts(&self) -> Option<u32> {
        self.header("x-gateway-attempts").map(|value| value.parse().expect("a number of attempts"))
    }

    /// `x-gateway-fallback`.
    pub fn fallback(&self) -> Option<&str> {
        self.header("x-gateway-fallback")
    }

    /// The body, or each event's data.
    fn documents(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.json).chain(self.events.iter().map(|event| &event.json))
    }
}

impl Event {
    fn new(name: &str, data: &str) -> Self {
        let json = serde_json::from_str(data).unwrap_or(Value::Null);
        Self { name: name.to_owned(), data: data.to_owned(), json }
    }

    /// The text that this event adds to the first choice.
    pub fn text(&self) -> String {
        match self.json["type"].as_str() {
            Some("response.output_text.delta") => first(&self.json, &["/delta"]),
            Some(kind) if kind.starts_with("response.") => String::new(),
            _ if self.name == "delta" => first(&self.json, &["/text"]),
            _ => text_of(&self.json),
        }
    }
}

impl From<eventsource_stream::Event> for Event {
    fn from(event: eventsource_stream::Event) -> Self {
        Self::new(&event.event, &event.data)
    }
}

/// The reasoning in a body or in an event's data.
fn reasoning_of(json: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut text = match json["type"].as_str() {
        Some("response.reasoning_summary_text.delta" | "response.reasoning_text.delta") => first(json, &["/delta"]),
        _ => first(
            json,
            &["/choices/0/message/reasoning", "/choices/0/delta/reasoning", "/delta/thinking", "/message/thinking"],
        ),
    };
    for block in list(&json["content"]) {
        text += block["thinking"].as_str().unwrap_or_default();
    }
    for item in list(&json["output"]).iter().filter(|item| item["type"] == "reasoning") {
        for part in list(&item["summary"]).iter().chain(&list(&item["content"])) {
            text += part["text"].as_str().unwrap_or_default();
        }
    }
    text
}

/// The text in a body or in an event's data.
fn text_of(json: &Value) -> String {
    let mut text = first(
        json,
        &[
            "/choices/0/message/content",
            "/choices/0/delta/content",
            "/delta/text",
            "/message/content",
            "/result/response",
        ],
    );
    for block in json["content"].as_array().into_iter().flatten() {
        text += block["text"].as_str().unwrap_or_default();
    }
    let items = json["output"].as_array().into_iter().flatten();
    for item in items.filter(|item| item["type"] != "reasoning") {
        for part in item["content"].as_array().into_iter().flatten() {
            text += part["text"].as_str().unwrap_or_default();
        }
    }
    text
}

/// The first of these places that holds a string.
fn first(json: &Value, places: &[&str]) -> String {
    let found = places.iter().find_map(|place| json.pointer(place).and_then(Value::as_str));
    found.unwrap_or_default().to_owned()
}
