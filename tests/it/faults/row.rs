//! One row: the first of two links fails; what the caller gets, what is remembered, and what comes of it alone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::upstream::{ollama, openrouter};
use crate::kit::*;

/// What the first link does, and what must come of it.
pub struct Row {
    first: fn() -> UpstreamBuilder,
    reply: Reply,
    class: &'static str,
    /// The provider's status, as the attempts tell it.
    status: Option<u16>,
    whole: bool,
    streamed: bool,
    /// Status and code for the caller, where the chain stops.
    back: Option<(u16, &'static str)>,
    /// The length of a rest that the provider asked for.
    asked: u64,
    /// How long the gateway waits in vain.
    after: Option<Duration>,
}

/// What follows from a class, as the contract's table has it (`LLM_RETRY=1`).
struct Follows {
    calls: usize,
    left: Left,
    /// Status and code where nobody else is left.
    alone: (u16, &'static str),
}

/// What is remembered.
#[derive(Clone, Copy)]
enum Left {
    Nothing,
    Unhealthy,
    /// The link rests for so many milliseconds.
    Rest(u64),
}

/// A row of both forms, whole and streamed.
pub fn row(first: fn() -> UpstreamBuilder, reply: Reply, class: &'static str) -> Row {
    Row { first, reply, class, status: None, whole: true, streamed: true, back: None, asked: 0, after: None }
}

impl Row {
    /// Only for whole answers.
    pub fn whole(self) -> Self {
        Self { streamed: false, ..self }
    }

    /// Only for streams.
    pub fn streamed(self) -> Self {
        Self { whole: false, ..self }
    }

    /// The provider's status, as the attempts tell it.
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The chain stops, and the caller gets this.
    pub fn back(self, status: u16, code: &'static str) -> Self {
        Self { back: Some((status, code)), ..self }
    }

    /// The link rests as long as the provider asked.
    pub fn rests(self, milliseconds: u64) -> Self {
        Self { asked: milliseconds, ..self }
    }

    /// It takes this many seconds of waiting in vain.
    pub fn after_s(self, seconds: u64) -> Self {
        Self { after: Some(Duration::from_secs(seconds)), ..self }
    }

    fn follows(&self) -> Follows {
        let failed = (502, "all_providers_failed");
        let waited = (if self.status.is_none() { 504 } else { 502 }, "all_providers_failed");
        let (calls, left, alone) = match self.class {
            "invalid_request" | "content_policy" => (1, Left::Nothing, self.back.expect("what the caller gets")),
            "context_length" => (1, Left::Nothing, (400, "context_length_exceeded")),
            "model_unavailable" => (1, Left::Rest(60_000), (404, "model_not_found")),
            "auth" | "quota" => (1, Left::Unhealthy, failed),
            "rate_limited" => (1, Left::Rest(self.asked), (429, "all_providers_rate_limited")),
            "server_error" => (2, Left::Rest(15_000), failed),
            "timeout" => (1, Left::Rest(15_000), waited),
            "network" => (2, Left::Unhealthy, failed),
            "malformed" => (1, Left::Rest(15_000), failed),
            other => panic!("no such class: {other}"),
        };
        Follows { calls, left, alone }
    }
}

/// The model that the first link is asked for, and its provider.
fn asked_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::OpenAi => ("gpt-4o", "openai"),
        Kind::Anthropic => ("claude-sonnet-4-5", "anthropic"),
        Kind::OpenRouter => ("x-ai/grok-beta", "openrouter"),
        Kind::Ollama | Kind::Compatible => ("llama3:8b", "oss-local"),
    }
}

/// Runs a row in each of its forms.
pub async fn run(row: Row) {
    for stream in [false, true] {
        let wanted = if stream { row.streamed } else { row.whole };
        if wanted {
            in_a_chain(&row, stream).await;
            alone(&row, stream).await;
        }
    }
}

fn body(kind: Kind, stream: bool, fallbacks: &[&str]) -> Value {
    let mut body = chat(asked_of(kind).0, "hello");
    body["fallbacks"] = json!(fallbacks);
    if stream { streamed(body) } else { body }
}

/// Posts it, and lets the time pass that the row takes.
async fn post(row: &Row, gateway: &Gateway, first: &Upstream, body: Value) -> Answer {
    let caller = gateway.caller();
    let answer = tokio::spawn(async move { caller.post("/v1/chat/completions", body).await });
    if let Some(after) = row.after {
        first.wait_for_calls(1).await;
        // The head may still be on its way, and a wait that begins with it then begins late.
        while !answer.is_finished() {
            gateway.advance(after).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    answer.await.expect("an answer")
}

/// The first link fails, and a second one is there.
async fn in_a_chain(row: &Row, stream: bool) {
    let first = (row.first)().always(row.reply.clone()).start().await;
    let (model, name) = asked_of(first.kind());
    let (second, fallback) = match first.kind() {
        Kind::OpenRouter => (ollama().start().await, "oss-local/llama3:8b"),
        _ => (openrouter().start().await, "x-ai/grok-beta"),
    };
    let gateway = gateway()
        .with(&first)
        .with(&second)
        .env("LLM_RETRY", 1)
        .env("HEALTH_PROBE_TIMEOUT_MS", 3_600_000)
        .start()
        .await
        .checked()
        .await;
    let follows = row.follows();
    let body = body(first.kind(), stream, &[fallback]);
    let answer = post(row, &gateway, &first, body.clone()).await;
    let said = String::from_utf8_lossy(&answer.body).into_owned();

    assert_eq!(first.calls().len(), follows.calls, "calls of {name}: {said}");
    assert!(first.calls().iter().all(|call| call.model() == model && call.json["fallbacks"].is_null()));
    match row.back {
        None => {
            assert_eq!((answer.status, answer.text().as_str()), (200, second.kind().greeting()), "{said}");
            assert_eq!(answer.fallback(), Some(format!("{name}:{}", row.class).as_str()));
            assert_eq!((answer.attempts(), second.calls().len()), (Some(2), 1));
            assert!(!stream || answer.done(), "{said}");
        }
        Some((status, code)) => {
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{said}");
            assert_eq!((answer.provider(), answer.model()), (Some(name), Some(model)));
            check_not_called([&second]);
            if first.kind() == Kind::OpenAi {
                let direct = Caller::new(&first.url()).request("POST", "/v1/chat/completions").bearer("sk-x");
                assert_eq!(answer.body, direct.json(&body).send().await.body, "as the provider said it");
            }
        }
    }
    remembered(&gateway, &first, body, follows.left).await;
    gateway.assert_no_secrets();
}

/// The next request finds the first link as it should be, and finds it well again when that is over.
async fn remembered(gateway: &Gateway, first: &Upstream, body: Value, left: Left) {
    let name = asked_of(first.kind()).1;
    first.switch(ok());
    first.forget();
    let again = || gateway.post("/v1/chat/completions", body.clone());
    let passed = match left {
        Left::Nothing => None,
        Left::Unhealthy => Some(("unhealthy", 60_000)),
        Left::Rest(length) => {
            gateway.wait_for_log(&format!("rest_ms={length}")).await;
            Some(("resting", length))
        }
    };
    if let Some((word, length)) = passed {
        // A rest of a second may be over by now.
        if length > 1000 {
            let answer = again().await;
            assert_eq!(answer.fallback(), Some(format!("{name}:{word}").as_str()));
            assert_eq!((answer.attempts(), first.calls().len()), (Some(1), 0));
            let health = gateway.get("/health").await.json;
            let status = if word == "resting" { "degraded" } else { "unhealthy" };
            assert_eq!(health["providers"][name]["status"], status, "{health}");
        }
        gateway.advance(Duration::from_millis(length)).await;
        if word == "unhealthy" {
            healthy(gateway, name).await;
        }
    }
    let answer = again().await;
    assert_eq!((answer.status, answer.fallback()), (200, None), "{:?}", answer.json);
    assert_eq!(first.calls().len(), 1);
    healthy(gateway, name).await;
}

/// Waits until a provider is shown as healthy.
async fn healthy(gateway: &Gateway, name: &str) {
    in_time("the provider to be healthy", async {
        while gateway.get("/health").await.json["providers"][name]["status"] != "healthy" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// The first link fails, and it is the only one.
async fn alone(row: &Row, stream: bool) {
    let only = (row.first)().always(row.reply.clone()).start().await;
    let (model, name) = asked_of(only.kind());
    let gateway = gateway().with(&only).start().await.checked().await;
    // The last link has more patience.
    let patience = |after: Duration| if row.whole { after } else { Duration::from_secs(120) };
    let patient = Row { reply: row.reply.clone(), after: row.after.map(patience), ..*row };
    let answer = post(&patient, &gateway, &only, body(only.kind(), stream, &[])).await;
    let (status, code) = row.follows().alone;
    check_error(&answer, status, code);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.attempts(), Some(1));
    let final_word = status == 429 || status >= 500;
    assert_eq!(answer.header("x-should-retry"), final_word.then_some("false"));
    let wait = (row.class == "rate_limited").then(|| (row.asked / 1000).to_string());
    assert_eq!(answer.header("retry-after"), wait.as_deref());
    if final_word {
        let told = &answer.error()["attempts"];
        let expected = [json!(name), json!(model), json!(row.class), json!(row.status)];
        assert_eq!(["provider", "model", "outcome", "status"].map(|field| told[0][field].clone()), expected, "{told}");
        assert!(told[0]["durationMs"].is_u64() && told[0]["message"].is_string(), "{told}");
        assert_eq!(told.as_array().map(Vec::len), Some(1));
    }
    gateway.assert_no_secrets();
}
