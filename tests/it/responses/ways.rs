//! Servers at OpenAI's address without this endpoint, and models that are to be had by it alone.

use super::*;

/// A gateway whose OpenAI is this server.
fn at(server: &Upstream) -> GatewayBuilder {
    gateway().env("OPENAI_API_KEY", "sk-test-openai-SECRET").env("OPENAI_BASE_URL", format!("{}/v1", server.url()))
}

#[tokio::test]
async fn a_server_without_responses_gets_chat_completions_and_is_not_asked_again() {
    for (what, reply) in [
        ("FastAPI's", json(r#"{"detail":"Not Found"}"#).status(404)),
        ("a web page", html().status(404)),
        ("nothing", empty().status(404)),
        ("plain text", body_of("text/plain", "404 page not found").status(404)),
        ("a method that is not taken", json(r#"{"detail":"Method Not Allowed"}"#).status(405)),
        ("not implemented", json(r#"{"error":"not implemented"}"#).status(501)),
        ("OpenAI's words", json(r#"{"error":{"message":"Invalid URL (POST /v1/responses)","type":"invalid_request_error","param":null,"code":null}}"#).status(404)),
        ("llama.cpp's", json(r#"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#).status(404)),
    ] {
        let server = upstream::openai_compatible().strays(reply).start().await;
        let gateway = at(&server).start().await;
        for stream in [false, true, false] {
            let mut body = responses("gpt-4o-mini", "hi");
            body["stream"] = json!(stream);
            let answer = send(&gateway, &body).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "hello from compatible"), "{what}: {}", answer.json);
            assert_eq!((answer.provider(), answer.attempts()), (Some("openai"), Some(1)), "{what}");
            assert_eq!(server.last_call().path, "/v1/chat/completions", "{what}");
            if stream {
                response_of(&answer.events).unwrap();
            }
        }
        assert_eq!(server.strays().len(), 1, "{what}: what is not there is asked for once");
        // Callers of other protocols never went there.
        for front in [Front::Chat, Front::Messages] {
            assert_eq!(front.whole(&gateway, "gpt-4o-mini").await.status, 200, "{what}");
        }
        assert_eq!(server.strays().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_model_or_a_response_that_is_not_there_is_no_missing_endpoint() {
    for (said, code) in [
        (
            r#"{"error":{"message":"The model `gpt-x` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            "model_not_found",
        ),
        (
            r#"{"error":{"message":"Conversation with id 'conv_1' not found.","type":"invalid_request_error","param":null,"code":null}}"#,
            "",
        ),
    ] {
        let openai = upstream::openai().always(json(said).status(404)).start().await;
        let gateway = gateway().with(&openai).start().await;
        let answer = gateway.responses("gpt-x", "hi").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, code), "{}", answer.json);
        assert_eq!((openai.calls().len(), openai.last_call().path.as_str()), (1, PATH));
    }
}

#[tokio::test]
async fn state_at_a_server_without_responses_is_refused_by_name() {
    let server = upstream::openai_compatible().strays(json(r#"{"detail":"Not Found"}"#).status(404)).start().await;
    let gateway = at(&server).start().await;
    for _ in 0..2 {
        let body = with(responses("gpt-4o-mini", "hi"), json!({"previous_response_id": "resp_1"}));
        let answer = send(&gateway, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "unsupported_parameter"), "{}", answer.json);
        assert_eq!(Front::Responses.param(&answer).as_deref(), Some("previous_response_id"));
    }
    check_not_called([&server]);
}

#[tokio::test]
async fn some_models_are_asked_by_responses_whoever_calls() {
    let openai = upstream::openai().start().await;
    let gateway = gateway().with(&openai).start().await;
    for front in Front::ALL {
        for stream in [false, true] {
            for model in ["gpt-5.5-pro", "openai/gpt-5.5-pro", "gpt-5.5-pro-2026-04-23"] {
                let mut body = front.body(model, "hi");
                body["stream"] = json!(stream);
                let answer = front.send(&gateway, &body).await;
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (200, "hello from openai"),
                    "{front:?}: {}",
                    answer.json
                );
                let call = openai.last_call();
                assert_eq!(
                    (call.path.as_str(), &call.json["model"]),
                    (PATH, &json!(model.trim_start_matches("openai/"))),
                    "{front:?}"
                );
                assert_eq!(call.json["stream"] == true, stream, "{front:?}");
                assert!(
                    front == Front::Responses || call.json["store"] == false,
                    "nothing is kept there unasked: {}",
                    call.json
                );
            }
        }
    }
    // Every other model by the caller's own endpoint.
    for (front, path) in
        [(Front::Chat, "/v1/chat/completions"), (Front::Messages, "/v1/chat/completions"), (Front::Responses, PATH)]
    {
        front.whole(&gateway, "gpt-5.5").await;
        assert_eq!(openai.last_call().path, path, "{front:?}");
    }
}

#[tokio::test]
async fn tools_thoughts_and_lengths_by_responses_for_the_other_callers() {
    let said = [
        Say::Reasoning("hm"),
        Say::Text("I look."),
        Say::Tool("call_1", "weather", r#"{"city":"Oslo"}"#),
        Say::Tool("call_2", "time", "{}"),
        Say::Usage(7, 3),
    ];
    let openai = upstream::openai().always(said).start().await;
    let gateway = gateway().with(&openai).start().await;
    for front in [Front::Chat, Front::Messages] {
        for stream in [false, true] {
            let mut body = front.body("gpt-5.5-pro", "hi");
            body["stream"] = json!(stream);
            body["max_tokens"] = json!(500);
            let answer = front.send(&gateway, &body).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "I look."), "{front:?}: {}", answer.json);
            assert_eq!(answer.reasoning(), "hm", "{front:?}, {stream}");
            let called: Vec<String> =
                answer.tools().iter().map(|call| format!("{} {} {}", call.id, call.name, call.arguments)).collect();
            assert_eq!(called, [r#"call_1 weather {"city":"Oslo"}"#, "call_2 time {}"], "{front:?}, {stream}");
            let finish = if front == Front::Chat { "tool_calls" } else { "tool_use" };
            assert_eq!(answer.finish(), [finish], "{front:?}, {stream}");
            assert_eq!(openai.last_call().json["max_output_tokens"], 500, "{front:?}");
            if front == Front::Messages && stream {
                message_of(&answer.events).unwrap();
            }
        }
    }
    openai.switch([Say::Text("and th"), Say::Finish("length")]);
    let cut = gateway.chat("gpt-5.5-pro", "hi").await;
    assert_eq!(cut.finish(), ["length"], "{}", cut.json);
    let cut = gateway.stream_messages("gpt-5.5-pro", "hi").await;
    assert_eq!(cut.finish(), ["max_tokens"], "{:?}", cut.events);
}
