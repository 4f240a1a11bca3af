//! One battery for every row of the table of providers that is reached over a network, and callers of every protocol.

use crate::kit::*;
use ai_mcp_gateway::provider::{ALL, Auth, Reach, Role, Spec};
use serde_json::json;

/// A key that nothing but its place tells to be one.
const KEY: &str = "Zq7pLain9WithoutPrefixSECRET";

/// What the battery must know of a row beside the row itself: a new one fails here until it is added.
struct Row {
    spec: &'static Spec,
    /// A model that goes to this provider alone.
    model: &'static str,
    /// The same for vectors, where it gives any.
    vectors: Option<&'static str>,
    simulated: fn() -> UpstreamBuilder,
}

fn rows() -> Vec<Row> {
    let networked = ALL.iter().filter(|spec| matches!(spec.reach, Reach::Network));
    let row = |spec: &&'static Spec| {
        let (model, vectors, simulated): (_, _, fn() -> _) = match spec.name {
            "openai" => ("gpt-4o-mini", Some("text-embedding-3-small"), upstream::openai),
            "anthropic" => ("claude-sonnet-4-5", None, upstream::anthropic),
            "openrouter" => ("x-ai/grok-beta", Some("qwen/qwen3-embedding-8b"), upstream::openrouter),
            "oss-local" => ("llama3:8b", Some("oss-local/nomic-embed-text"), upstream::ollama),
            other => panic!("{other} has no simulated server yet"),
        };
        assert_eq!(spec.embed.is_some(), vectors.is_some(), "{} and its vectors", spec.name);
        Row { spec, model, vectors, simulated }
    };
    networked.map(row).collect()
}

/// Callers of every protocol, whole and streamed.
fn asked() -> [(Front, bool); 6] {
    let [chat, messages, responses] = Front::ALL;
    [(chat, false), (chat, true), (messages, false), (messages, true), (responses, false), (responses, true)]
}

impl Row {
    fn key_variable(&self) -> Option<&'static str> {
        self.spec.vars.iter().find(|var| var.role == Role::Key).map(|var| var.name)
    }

    /// A gateway with this provider alone.
    fn gateway(&self, upstream: &Upstream) -> GatewayBuilder {
        let gateway = gateway().with(upstream).env("OPENROUTER_FALLBACK_MODELS", self.model);
        match self.key_variable() {
            Some(variable) => gateway.env(variable, KEY),
            None => gateway,
        }
    }

    /// The one header that carries the key, and its value.
    fn header(&self) -> Option<(String, String)> {
        match self.spec.auth {
            Auth::None => None,
            Auth::Bearer => Some(("authorization".into(), format!("Bearer {KEY}"))),
            Auth::Header(name) => Some((name.into(), KEY.into())),
        }
    }
}

/// The key stands in its own header and nowhere else, and nothing of the caller's stands anywhere.
fn check_key(row: &Row, call: &Call) {
    let name = row.spec.name;
    let holding: Vec<_> = call.headers.iter().filter(|(_, value)| value.contains(KEY)).cloned().collect();
    assert_eq!(holding, row.header().into_iter().collect::<Vec<_>>(), "{name}");
    let body = String::from_utf8_lossy(&call.body);
    assert!(!call.path.contains(KEY) && !call.query.contains(KEY) && !body.contains(KEY), "{name}");
    for (header, value) in &call.headers {
        assert!(!value.contains("CLIENT"), "{name}: the caller's own {header} was passed on: {value}");
    }
    let agent = call.header("user-agent").unwrap_or_default();
    assert!(agent.starts_with("ai-mcp-gateway/"), "{name}: {agent}");
}

#[tokio::test]
async fn each_sends_its_key_in_its_own_header_and_nowhere_else() {
    for row in rows() {
        let upstream = (row.simulated)().start().await;
        let gateway = row.gateway(&upstream).env("GATEWAY_API_KEYS", "CLIENT-key").start().await;
        upstream.wait_for_probes(1).await;
        for (front, stream) in asked() {
            let mut body = front.body(row.model, "hi");
            body["stream"] = json!(stream);
            let request = front.request(&gateway, &body).bearer("CLIENT-key");
            let request = request.header("x-api-key", "CLIENT-key").header("cookie", "CLIENT-cookie");
            let request = request.header("openai-organization", "CLIENT-org").header("x-custom", "CLIENT-custom");
            let request = request.header("proxy-authorization", "Basic CLIENT").header("referer", "https://CLIENT");
            let answer = request.header("user-agent", "CLIENT-sdk").send().await;
            assert_eq!(answer.status, 200, "{} for {front:?}: {}", row.spec.name, answer.json);
        }
        let calls = upstream.calls();
        assert_eq!(calls.len(), asked().len(), "{}", row.spec.name);
        calls.iter().chain(&upstream.probes()).for_each(|call| check_key(&row, call));
        assert!(upstream.strays().is_empty(), "{}: {:?}", row.spec.name, upstream.strays());
    }
}

#[tokio::test]
async fn none_leaks_its_key_whatever_the_provider_says() {
    for row in rows() {
        let said = format!(r#"{{"error":{{"message":"you sent {KEY} to us","type":"t","code":"c-{KEY}"}}}}"#);
        for status in [400, 401, 403, 404, 429, 500] {
            let reply = crate::kit::json(&said).status(status);
            let upstream = (row.simulated)().probe(reply.clone()).always(reply).start().await;
            let gateway = row.gateway(&upstream).env("LOG_LEVEL", "trace").start().await;
            upstream.wait_for_probes(1).await;
            for front in Front::ALL {
                front.whole(&gateway, row.model).await;
                front.stream(&gateway, row.model).await;
            }
            gateway.post("/v1/messages/count_tokens", messages(row.model, "hi")).await;
            gateway.post("/v1/route", json!({"prompt": "hi", "model": row.model})).await;
            gateway.get("/health").await;
            gateway.get("/v1/models").await;
            gateway.get("/metrics").await;
            assert!(!upstream.calls().is_empty(), "{}", row.spec.name);
            gateway.assert_no_secrets();
        }
    }
}

#[tokio::test]
async fn those_that_give_vectors_are_shown_their_key_and_do_not_leak_it() {
    for (row, model) in rows().into_iter().filter_map(|row| row.vectors.map(|model| (row, model))) {
        let said = format!(r#"{{"error":{{"message":"you sent {KEY} to us","code":"c-{KEY}"}}}}"#);
        let upstream = (row.simulated)().say(ok()).then(json(&said)).then(json(&said).status(400)).start().await;
        let gateway = row.gateway(&upstream).env("LOG_LEVEL", "trace").start().await;
        let mut found = Vec::new();
        for _ in 0..3 {
            let body = serde_json::json!({"model": model, "input": ["hi"]});
            let request = gateway.request("POST", "/v1/embeddings").bearer("CLIENT-key").json(&body);
            found.push(request.header("x-api-key", "CLIENT-key").header("cookie", "CLIENT-cookie").send().await.status);
        }
        assert_eq!(found, [200, 502, 400], "{}", row.spec.name);
        upstream.calls().iter().for_each(|call| check_key(&row, call));
        gateway.assert_no_secrets();
    }
}

#[tokio::test]
async fn none_leaks_its_key_in_an_error_inside_an_answer_or_a_stream() {
    for row in rows() {
        let error = format!(r#"{{"error":{{"message":"you sent {KEY} to us","code":500}}}}"#);
        let stream = format!("event: error\ndata: {error}\n\n{error}\n");
        let kind = if row.spec.name == "oss-local" { "application/x-ndjson" } else { "text/event-stream" };
        for front in Front::ALL {
            let replies = body_of(kind, stream.clone());
            let upstream = (row.simulated)().say(crate::kit::json(&error)).then(replies).start().await;
            let gateway = row.gateway(&upstream).env("LOG_LEVEL", "trace").start().await;
            let whole = front.whole(&gateway, row.model).await;
            let streamed = front.stream(&gateway, row.model).await;
            assert_eq!((whole.status, streamed.status), (502, 502), "{} for {front:?}", row.spec.name);
            gateway.assert_no_secrets();
        }
    }
}

#[tokio::test]
async fn each_tells_failures_apart() {
    for row in rows() {
        for (reply, class, status, code) in [
            (status(401), "auth", 502, "all_providers_failed"),
            (status(403), if row.spec.name == "oss-local" { "quota" } else { "auth" }, 502, "all_providers_failed"),
            (insufficient_quota(), "quota", 502, "all_providers_failed"),
            (rate_limited(7), "rate_limited", 429, "all_providers_rate_limited"),
            (status(500), "server_error", 502, "all_providers_failed"),
            (overloaded(), "server_error", 502, "all_providers_failed"),
            (html(), "malformed", 502, "all_providers_failed"),
            (reset_before_head(), "network", 502, "all_providers_failed"),
        ] {
            for front in Front::ALL {
                let upstream = (row.simulated)().always(reply.clone()).start().await;
                let gateway = row.gateway(&upstream).start().await;
                let answer = front.whole(&gateway, row.model).await;
                let name = row.spec.name;
                let found = (answer.status, answer.code());
                assert_eq!(found, (status, code.to_owned()), "{name} {class} for {front:?}: {}", answer.json);
                let attempt = &answer.error()["attempts"][0];
                assert_eq!((attempt["provider"].as_str(), attempt["outcome"].as_str()), (Some(name), Some(class)));
                assert_eq!(front.fault_of_error(&answer), None, "{name} {class}");
                assert_eq!(answer.error()["type"], front.error_type(status), "{name} {class} for {front:?}");
            }
        }
    }
}

#[tokio::test]
async fn each_tells_the_callers_faults_from_its_own() {
    for row in rows() {
        for (reply, status) in [(model_not_found(), 404), (context_length(), 400), (invalid_request(), 400)] {
            for front in Front::ALL {
                let upstream = (row.simulated)().always(reply.clone()).start().await;
                let gateway = row.gateway(&upstream).start().await;
                let answer = front.whole(&gateway, row.model).await;
                let what = format!("{} for {front:?}: {}", row.spec.name, answer.json);
                assert_eq!(answer.status, status, "{what}");
                assert_eq!(answer.error()["type"], front.error_type(status), "{what}");
                let health = gateway.get("/health").await;
                assert_ne!(health.json["providers"][row.spec.name]["status"], "unhealthy", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn each_is_checked_without_cost() {
    for row in rows() {
        let name = row.spec.name;
        for (reply, expected) in
            [(ok(), "healthy"), (status(401), "unhealthy"), (status(500), "unhealthy"), (status(404), "unknown")]
        {
            let upstream = (row.simulated)().probe(reply).start().await;
            let gateway = row.gateway(&upstream).start().await;
            gateway.wait_for_log(&format!("{name}: ")).await;
            let health = gateway.get("/health").await.json;
            assert_eq!(health["providers"][name]["status"], expected, "{name}: {health}");
            assert_eq!(upstream.calls().len(), 0, "{name} was asked for tokens");
            for probe in upstream.probes() {
                assert_eq!(probe.method, "GET", "{name}");
            }
        }
    }
}

#[tokio::test]
async fn each_answers_whole_and_streamed() {
    for row in rows() {
        let upstream =
            (row.simulated)().always([Say::Text("Guten Tag, "), Say::Text("Welt"), Say::Usage(9, 12)]).start().await;
        let gateway = row.gateway(&upstream).start().await;
        let name = row.spec.name;
        for (front, stream) in asked() {
            let mut body = front.body(row.model, "hi");
            body["stream"] = json!(stream);
            let answer = front.send(&gateway, &body).await;
            let what = format!("{name} for {front:?}: {}", answer.json);
            assert_eq!((answer.status, answer.text().as_str()), (200, "Guten Tag, Welt"), "{what}");
            assert_eq!((answer.provider(), answer.model()), (Some(name), Some(row.model)), "{what}");
            assert_eq!((answer.attempts(), answer.fallback()), (Some(1), None), "{what}");
            let finish: &[&str] = match front {
                Front::Chat => &["stop"],
                Front::Messages => &["end_turn"],
                Front::Responses => &[],
            };
            assert_eq!(answer.finish(), finish, "{what}");
            assert!(answer.events.is_empty() || answer.done(), "{what}");
        }
        for call in upstream.calls() {
            assert_eq!(call.model(), row.model, "{name}");
        }
    }
}

#[tokio::test]
async fn each_has_a_name_a_title_and_words_for_its_variables() {
    for spec in ALL {
        assert!(spec.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", spec.name);
        assert!(!spec.title.is_empty() && !spec.summary.is_empty(), "{}", spec.name);
        for var in spec.vars {
            assert!(var.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{}", var.name);
            assert!(!var.help.is_empty(), "{}", var.name);
        }
    }
    let mut names: Vec<&str> = ALL.iter().flat_map(|spec| spec.aliases.iter().copied().chain([spec.name])).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
