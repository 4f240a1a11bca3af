//! What was used and what it cost: as the provider counted it, in each protocol's own way of counting; where nobody
//! counted, an estimate that is said to be one.

use super::*;
use crate::stream::of;

/// The same spending in three ways of counting: 100 tokens that were in no cache, 30,000 read from one, 2,000 written to
/// one, and an answer of 400, of which 300 were thoughts.
const ANTHROPIC: &str = r#"{"input_tokens":100,"cache_creation_input_tokens":2000,"cache_read_input_tokens":30000,"output_tokens":400,"output_tokens_details":{"thinking_tokens":300}}"#;
const SPLIT: &str = r#"{"input_tokens":100,"cache_creation_input_tokens":2000,"cache_read_input_tokens":30000,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1500},"output_tokens":400,"output_tokens_details":{"thinking_tokens":300}}"#;
const OPENAI: &str = r#"{"prompt_tokens":32100,"completion_tokens":400,"total_tokens":32500,"prompt_tokens_details":{"cached_tokens":30000,"cache_write_tokens":2000},"completion_tokens_details":{"reasoning_tokens":300}}"#;
const COSTED: &str = r#"{"prompt_tokens":32100,"completion_tokens":400,"total_tokens":32500,"cost":0.0123,"prompt_tokens_details":{"cached_tokens":30000,"cache_write_tokens":2000},"completion_tokens_details":{"reasoning_tokens":300}}"#;
const RESPONSES: &str = r#"{"input_tokens":32100,"input_tokens_details":{"cached_tokens":30000,"cache_write_tokens":2000},"output_tokens":400,"output_tokens_details":{"reasoning_tokens":300},"total_tokens":32500}"#;

/// An answer of `hi` with this usage, whole and as a stream, in the form of one endpoint.
fn replies(form: Form, usage: &str) -> [Reply; 2] {
    let sse = |events: &[(&str, String)]| {
        let line = |(name, data): &(&str, String)| match *name {
            "" => format!("data: {data}\n\n"),
            name => format!("event: {name}\ndata: {data}\n\n"),
        };
        body_of("text/event-stream", events.iter().map(line).collect::<String>())
    };
    match form {
        Form::Anthropic => {
            let message = |content: &str, stop: &str| {
                format!(
                    r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":{content},"stop_reason":{stop},"stop_sequence":null,"usage":{usage}}}"#
                )
            };
            let start = message("[]", "null").replace(r#""output_tokens":400"#, r#""output_tokens":1"#);
            let events = [
                ("message_start", format!(r#"{{"type":"message_start","message":{start}}}"#)),
                ("content_block_start", r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.into()),
                ("content_block_delta", r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#.into()),
                ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#.into()),
                ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":400,"output_tokens_details":{"thinking_tokens":300}}}"#.into()),
                ("message_stop", r#"{"type":"message_stop"}"#.into()),
            ];
            [json(message(r#"[{"type":"text","text":"hi"}]"#, r#""end_turn""#)), sse(&events)]
        }
        Form::Chat => {
            let whole = format!(
                r#"{{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"hi"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
            );
            let chunk = |choices: &str, usage: &str| {
                (
                    "",
                    format!(
                        r#"{{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":{choices}{usage}}}"#
                    ),
                )
            };
            let events = [
                chunk(r#"[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}]"#, ""),
                chunk(r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#, ""),
                chunk("[]", &format!(r#","usage":{usage}"#)),
                ("", "[DONE]".to_owned()),
            ];
            [json(whole), sse(&events)]
        }
        Form::Responses => {
            let response = |status: &str, output: &str, usage: &str| {
                format!(
                    r#"{{"id":"resp_1","object":"response","created_at":1,"status":"{status}","error":null,"incomplete_details":null,"instructions":null,"model":"m","output":{output},"parallel_tool_calls":true,"store":true,"tool_choice":"auto","tools":[],"usage":{usage}}}"#
                )
            };
            let item = r#"{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[],"logprobs":[]}]}"#;
            let open = r#"{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}"#;
            let done = response("completed", &format!("[{item}]"), usage);
            let named = |name: &'static str, rest: String| (name, format!(r#"{{"type":"{name}",{rest}}}"#));
            let events = [
                named("response.created", format!(r#""response":{},"sequence_number":0"#, response("in_progress", "[]", "null"))),
                named("response.output_item.added", format!(r#""output_index":0,"item":{open},"sequence_number":1"#)),
                named("response.output_text.delta", r#""item_id":"msg_1","output_index":0,"content_index":0,"delta":"hi","logprobs":[],"sequence_number":2"#.into()),
                named("response.output_item.done", format!(r#""output_index":0,"item":{item},"sequence_number":3"#)),
                named("response.completed", format!(r#""response":{done},"sequence_number":4"#)),
            ];
            [json(done.clone()), sse(&events)]
        }
    }
}

/// The form of an endpoint.
#[derive(Clone, Copy)]
enum Form {
    Anthropic,
    Chat,
    Responses,
}

/// A path from a caller to a provider, and what one answer on it costs.
struct Row {
    front: Front,
    kind: Kind,
    model: &'static str,
    form: Form,
    usage: &'static str,
    cost: Option<&'static str>,
}

fn rows() -> Vec<Row> {
    const CLAUDE: &str = "claude-sonnet-4-5";
    const OVER: &str = "anthropic/claude-sonnet-4.5";
    let mut rows = Vec::new();
    for front in Front::ALL {
        let mut add = |kind, model, form, usage, cost| rows.push(Row { front, kind, model, form, usage, cost });
        // 3, 0.3, 3.75 (an hour: 6) and 15 dollars a million.
        add(Kind::Anthropic, CLAUDE, Form::Anthropic, ANTHROPIC, Some("0.0228"));
        add(Kind::Anthropic, CLAUDE, Form::Anthropic, SPLIT, Some("0.026175"));
        // 2, 0.2, 2.5 and 10 dollars a million.
        let (form, usage) = if front == Front::Responses { (Form::Responses, RESPONSES) } else { (Form::Chat, OPENAI) };
        add(Kind::OpenAi, "gpt-6-sol", form, usage, Some("0.0152"));
        add(Kind::OpenAi, "gpt-nobody-knows", form, usage, None);
        // OpenRouter tells what it charged, which is right whatever a table says.
        add(Kind::OpenRouter, "x-ai/grok-beta", Form::Chat, COSTED, Some("0.0123"));
        add(Kind::OpenRouter, "openai/gpt-6-sol", Form::Chat, OPENAI, Some("0.0152"));
        match front {
            Front::Messages => add(Kind::OpenRouter, OVER, Form::Anthropic, SPLIT, Some("0.026175")),
            _ => add(Kind::OpenRouter, OVER, Form::Chat, COSTED, Some("0.0123")),
        }
        add(Kind::Compatible, "llama3:8b", Form::Chat, OPENAI, None);
    }
    rows
}

/// The counts as the caller's protocol has them: uncached or all input, read, written, output, thoughts.
fn counts(front: Front, usage: &Value) -> [u64; 5] {
    let places = match front {
        Front::Chat => [
            "/prompt_tokens",
            "/prompt_tokens_details/cached_tokens",
            "/prompt_tokens_details/cache_write_tokens",
            "/completion_tokens",
            "/completion_tokens_details/reasoning_tokens",
        ],
        Front::Messages => [
            "/input_tokens",
            "/cache_read_input_tokens",
            "/cache_creation_input_tokens",
            "/output_tokens",
            "/output_tokens_details/thinking_tokens",
        ],
        Front::Responses => [
            "/input_tokens",
            "/input_tokens_details/cached_tokens",
            "/input_tokens_details/cache_write_tokens",
            "/output_tokens",
            "/output_tokens_details/reasoning_tokens",
        ],
    };
    places.map(|place| usage.pointer(place).and_then(Value::as_u64).unwrap_or_default())
}

#[tokio::test]
async fn exact_on_every_path_whole_and_streamed() {
    for (at, row) in rows().into_iter().enumerate() {
        let what = format!("{:?} by {:?}, {}", row.front, row.kind, row.model);
        let [whole, stream] = replies(row.form, row.usage);
        let upstream = of(row.kind).say(whole).then(stream).start().await;
        let gateway = gateway().with(&upstream).env("LOG_FORMAT", "json").start().await;
        let mut body = row.front.body(row.model, "hi");
        if row.front == Front::Chat {
            body["stream_options"] = json!({"include_usage": true});
        }
        for stream in [false, true] {
            body["stream"] = json!(stream);
            let id = format!("id-{at}-{stream}");
            let answer = row.front.request(&gateway, &body).header("x-request-id", &id).send().await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "hi"), "{what}: {}", answer.json);
            let mut usage = answer.usage();
            if row.front == Front::Messages && stream {
                // Input may be told at the start alone.
                usage = message_of(&answer.events).unwrap()["usage"].clone();
            }
            let input = if row.front == Front::Messages { 100 } else { 32_100 };
            assert_eq!(counts(row.front, &usage), [input, 30_000, 2000, 400, 300], "{what}, {stream}: {usage}");
            let told = if stream { None } else { row.cost };
            assert_eq!(answer.header("x-gateway-cost-usd"), told, "{what}");
            let line = gateway.line_of(&id).await;
            let logged =
                ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"];
            assert_eq!(logged.map(|name| line[name].as_u64()), [32_100, 30_000, 2000, 400, 300].map(Some), "{what}");
            let cost = row.cost.map(|cost| cost.parse::<f64>().unwrap());
            assert_eq!(line["cost_usd"].as_f64(), cost, "{what}, {stream}: {line}");
            assert_eq!(line["usage_estimated"], Value::Null, "{what}: {line}");
        }
    }
}

/// The paths whose streams are interrupted: the caller, the provider and a model with a price.
const PATHS: [(Front, Kind, &str); 7] = [
    (Front::Chat, Kind::OpenAi, "gpt-6-sol"),
    (Front::Messages, Kind::Anthropic, "claude-sonnet-4-5"),
    (Front::Messages, Kind::OpenAi, "gpt-6-sol"),
    (Front::Messages, Kind::Ollama, "llama3:8b"),
    (Front::Responses, Kind::OpenAi, "gpt-6-sol"),
    (Front::Responses, Kind::Anthropic, "claude-sonnet-4-5"),
    (Front::Responses, Kind::OpenRouter, "openai/gpt-6-sol"),
];

/// Long enough to be worth forty tokens.
const SAID: &str = "a hundred and sixty bytes of words, which are about forty tokens by the rule of thumb of four bytes for each, and so will this be: one two three four five six.";

/// The line of a request that did not end well: something was used, and it is said to be an estimate.
fn check_estimated(what: &str, line: &Value, outcome: &str, priced: bool) {
    assert_eq!((&line["outcome"], &line["usage_estimated"]), (&json!(outcome), &json!(true)), "{what}: {line}");
    let tokens = |name: &str| line[name].as_u64().unwrap_or_default();
    assert!(tokens("input_tokens") > 0 && tokens("output_tokens") >= 38, "{what}: {line}");
    assert_eq!(line["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), priced, "{what}: {line}");
}

#[tokio::test]
async fn a_client_that_hangs_up_has_used_something() {
    for (front, kind, model) in PATHS {
        let what = format!("{front:?} by {kind:?}");
        let upstream = of(kind).stream([Say::Role, Say::Text(SAID), Say::Stall]).start().await;
        let gateway = gateway().with(&upstream).env("LOG_FORMAT", "json").start().await;
        let body = streamed(front.body(model, "how many tokens may this be?"));
        let mut live = front.request(&gateway, &body).header("x-request-id", "gone").open().await;
        assert_eq!(live.text().await, SAID, "{what}");
        drop(live);
        upstream.wait_for_disconnects(1).await;
        check_estimated(&what, &gateway.line_of("gone").await, "client_gone", kind != Kind::Ollama);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_has_used_something() {
    for (front, kind, model) in PATHS {
        let what = format!("{front:?} by {kind:?}");
        let upstream = of(kind).stream([Say::Role, Say::Text(SAID), Say::Cut]).start().await;
        let gateway = gateway().with(&upstream).env("LOG_FORMAT", "json").start().await;
        let body = streamed(front.body(model, "how many tokens may this be?"));
        let answer = front.request(&gateway, &body).header("x-request-id", "broken").send().await;
        assert_eq!(answer.text(), SAID, "{what}");
        assert!(!answer.error().is_null(), "{what}: {answer:?}");
        check_estimated(&what, &gateway.line_of("broken").await, "malformed", kind != Kind::Ollama);
    }
}

#[tokio::test]
async fn an_answer_that_nobody_has_counted_is_estimated_for_the_caller_too() {
    let whole = json(format!(
        r#"{{"id":"x","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{SAID}"}},"finish_reason":"stop"}}]}}"#
    ));
    let stream = Reply::exactly([Say::Role, Say::Text(SAID), Say::Finish("stop"), Say::Event("[DONE]")]);
    for front in NEW {
        let upstream = of(Kind::Compatible).start().await;
        let gateway = gateway().with(&upstream).env("LOG_FORMAT", "json").start().await;
        for (id, reply) in [("whole", whole.clone()), ("stream", stream.clone())] {
            upstream.switch(reply);
            let mut body = front.body("llama3:8b", "how many tokens may this be?");
            body["stream"] = json!(id == "stream");
            let answer = front.request(&gateway, &body).header("x-request-id", id).send().await;
            assert_eq!((answer.status, answer.text().as_str()), (200, SAID), "{front:?}, {id}: {}", answer.json);
            let [input, _, _, output, _] = counts(front, &answer.usage());
            assert!(input > 0 && (38..=45).contains(&output), "{front:?}, {id}: {}", answer.usage());
            let line = gateway.line_of(id).await;
            check_estimated(&format!("{front:?}, {id}"), &line, "ok", false);
        }
    }
}
