//! Bad input: whatever is sent, the answer is an error of the caller's form that names the field, and nobody is called.

mod chat;
mod embeddings;
mod envelope;
mod messages;
mod responses;
mod route;
mod translated;

use crate::kit::{Answer, Front, Gateway, Upstream};
use serde_json::Value;

/// One request that must be refused. `MODEL` in its body stands for a model of the chain that is tested.
struct Bad {
    name: &'static str,
    body: Vec<u8>,
    /// `error.param`.
    param: Option<&'static str>,
    /// Words of `error.message`.
    words: &'static str,
}

/// A row of a table.
fn bad(
    name: &'static str,
    body: impl Into<Vec<u8>>,
    param: impl Into<Option<&'static str>>,
    words: &'static str,
) -> Bad {
    Bad { name, body: body.into(), param: param.into(), words }
}

/// Sends every row and checks every refusal; then checks that none of the upstreams was called.
async fn check_all(gateway: &Gateway, path: &str, model: &str, rows: Vec<Bad>, upstreams: &[&Upstream]) {
    let mut wrong = Vec::new();
    for Bad { name, body, param, words } in rows {
        let body = with_model(&body, model);
        let answer = gateway.post_raw(path, body, &[("content-type", "application/json")]).await;
        let refused = match path.starts_with("/v1/messages") {
            true => anthropic_refusal(&answer, param, words),
            false => refusal(&answer, 400, param, words),
        };
        if let Err(why) = refused {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{path}, {model}:\n{}", wrong.join("\n"));
    for upstream in upstreams {
        assert_eq!(upstream.calls().len(), 0, "calls to {}", upstream.kind().name());
    }
    let metrics = gateway.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(!metrics.contains("gateway_upstream_requests_total{"), "calls were counted that nobody made:\n{metrics}");
    let log = gateway.log();
    assert!(!log.contains("upstream failed") && !log.contains("is not healthy"), "{log}");
}

/// Is this the refusal that was expected?
fn refusal(answer: &Answer, status: u16, param: Option<&str>, words: &str) -> Result<(), String> {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let error = form(answer)?;
    if answer.status != status {
        return Err(format!("status {}, not {status}: {body}", answer.status));
    }
    if error["param"].as_str() != param {
        return Err(format!("param {}, not {param:?}: {body}", error["param"]));
    }
    if error["type"] != "invalid_request_error" {
        return Err(format!("type {}: {body}", error["type"]));
    }
    let message = error["message"].as_str().unwrap_or_default();
    if !message.contains(words) {
        return Err(format!("the message lacks `{words}`: {message}"));
    }
    if message.len() > 1000 {
        return Err(format!("the message repeats too much of the request: {} bytes", message.len()));
    }
    match answer.provider() {
        None => Ok(()),
        Some(provider) => Err(format!("{provider} is said to have answered, and was not asked")),
    }
}

/// The same in Anthropic's form.
fn anthropic_refusal(answer: &Answer, param: Option<&str>, words: &str) -> Result<(), String> {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    if let Some(fault) = Front::Messages.fault_of_error(answer) {
        return Err(fault);
    }
    if answer.status != 400 || answer.error()["type"] != "invalid_request_error" {
        return Err(format!("status {}: {body}", answer.status));
    }
    let named = Front::Messages.param(answer);
    if named.as_deref() != param {
        return Err(format!("param {named:?}, not {param:?}: {body}"));
    }
    let message = answer.error()["message"].as_str().unwrap_or_default().to_owned();
    if !message.contains(words) || message.len() > 1000 {
        return Err(format!("the message lacks `{words}`, or is too long: {message}"));
    }
    match answer.provider() {
        None => Ok(()),
        Some(provider) => Err(format!("{provider} is said to have answered, and was not asked")),
    }
}

/// OpenAI's form of an error, with all four of its keys, and the headers of every answer.
fn form(answer: &Answer) -> Result<Value, String> {
    let body = String::from_utf8_lossy(&answer.body);
    let error = answer.json["error"].clone();
    let keys: Vec<&str> = error.as_object().map(|error| error.keys().map(String::as_str).collect()).unwrap_or_default();
    if answer.json.as_object().map(serde_json::Map::len) != Some(1) || keys != ["message", "type", "param", "code"] {
        return Err(format!("not an error of OpenAI's form: {} {body}", answer.status));
    }
    if answer.header("content-type") != Some("application/json") {
        return Err(format!("content-type {:?}", answer.header("content-type")));
    }
    match answer.header("x-request-id") {
        Some(id) if !id.is_empty() => Ok(error),
        _ => Err("no x-request-id".to_owned()),
    }
}

fn with_model(body: &[u8], model: &str) -> Vec<u8> {
    match memchr::memmem::find(body, b"MODEL") {
        None => body.to_vec(),
        Some(at) => [&body[..at], model.as_bytes(), &with_model(&body[at + 5..], model)].concat(),
    }
}

/// A chat with one good message and this field in front of it.
fn with_field(field: &str) -> String {
    format!(r#"{{"model":"MODEL",{field},"messages":[{{"role":"user","content":"hi"}}]}}"#)
}

/// A chat with these messages.
fn with_messages(messages: &str) -> String {
    format!(r#"{{"model":"MODEL","messages":[{messages}]}}"#)
}
