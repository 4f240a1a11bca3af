//! What only Anthropic can do: refused for others, or left out by name.

use serde_json::{Value, json};

use super::super::read;
use super::{block, chat, field, made, messages};
use crate::domain::chat::{Message, Tool};
use crate::models::Card;
use crate::protocol::ollama::Ollama;
use crate::protocol::openai::OpenAi;
use crate::protocol::{Back, Unreadable};

#[test]
fn no_other_provider_can_serve_it() {
    let source = json!({"type": "file", "file_id": "file_1"});
    let result = json!({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "image", "source": source}]});
    for (body, param, words) in [
        (field("max_tokens", json!(0)), "max_tokens", "at least 1"),
        (field("compaction", json!({})), "compaction", "Anthropic alone"),
        (block(json!({"type": "image", "source": source})), "messages[0].content[0].source.file_id", "as base64 data"),
        (block(json!({"type": "document", "source": source})), "messages[0].content[0].source.file_id", "known to"),
        (block(result), "messages[0].content[0].content[0].source.file_id", "known to"),
    ] {
        match read(body.to_string().as_bytes()) {
            Err(Unreadable::Bound(bound)) => {
                assert_eq!(bound.param, param);
                assert!(bound.message.contains(words), "{}", bound.message);
            }
            other => panic!("{body}\n{other:?}"),
        }
    }
    // A thread is refused at once: Anthropic's SDKs know the refusal, and send the whole conversation then.
    let thread = field("thread", json!({"type": "create"}));
    let refused = read(thread.to_string().as_bytes());
    assert!(matches!(&refused, Err(Unreadable::Wrong(bad)) if bad.param.as_deref() == Some("thread")), "{refused:?}");
    // What is wrong for everybody is said first.
    let both = json!({"max_tokens": 0, "messages": [{"role": "user", "content": "hi"}], "top_k": "x"});
    assert!(matches!(read(both.to_string().as_bytes()), Err(Unreadable::Wrong(_))));
}

#[test]
fn a_tool_of_anthropics_own_is_refused_by_its_place() {
    let tools = json!([
        {"name": "f", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
    ]);
    let chat = chat(&field("tools", tools));
    assert!(
        matches!(&chat.tools[1], Tool::Other { kind, raw } if kind == "web_search_20250305" && raw["max_uses"] == 5)
    );
    for (back, param) in [(&OpenAi as &dyn Back, "tools[1]"), (&Ollama, "tools[1].type")] {
        let error = back.write_request(&chat, "m", &Card::PLAIN).unwrap_err();
        assert_eq!(error.param, param);
        assert!(error.message.contains("`web_search_20250305`"), "{}", error.message);
        assert!(error.message.contains("tools that you run yourself"), "{}", error.message);
    }
}

#[track_caller]
fn check_foreign(body: &Value, names: &[&str]) {
    assert_eq!(chat(body).foreign, names, "{body}");
}

#[test]
fn what_is_left_out_is_named_once() {
    let search = json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}});
    let body = messages(json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [search, {"type": "web_search_tool_result"}, search, {"type": "text", "text": "x"}]},
        {"role": "system", "content": [{"type": "tool_removal", "tool": {}}]},
        {"role": "user", "content": [{"type": "container_upload", "file_id": "f"}, {"type": "text", "text": "y"}]},
    ]));
    check_foreign(&body, &["server_tool_use", "web_search_tool_result", "tool_removal", "container_upload"]);
    let kinds: Vec<&str> = chat(&body)
        .messages
        .iter()
        .map(|message| match message {
            Message::System(_) => "system",
            Message::User(_) => "user",
            Message::Assistant(_) => "assistant",
            Message::Tool(_) => "tool",
        })
        .collect();
    assert_eq!(kinds, ["user", "assistant", "user"]);
    check_foreign(&made(json!({"type": "bash_code_execution_tool_result"})), &["bash_code_execution_tool_result"]);
    check_foreign(&made(json!({"type": "mcp_tool_listing"})), &[]);
}

#[test]
fn fields_are_left_out_with_a_word_or_without() {
    for (name, value, is_missed) in [
        ("context_management", json!({"edits": [{"type": "clear_tool_uses_20250919"}]}), true),
        ("mcp_servers", json!([{"type": "url"}]), true),
        ("container", json!("container_1"), true),
        ("fallbacks", json!([{"model": "claude-opus-5"}]), true),
        ("fallbacks", json!("default"), true),
        ("something_new", json!(1), true),
        ("context_management", json!({}), false),
        ("mcp_servers", json!([]), false),
        ("container", json!(null), false),
        ("fallbacks", json!(["gpt-4o"]), false),
        ("models", json!(["gpt-4o"]), false),
        ("cache_control", json!({"type": "ephemeral"}), false),
        ("speed", json!("fast"), false),
        ("inference_geo", json!("us"), false),
        ("diagnostics", json!({"previous_message_id": null}), false),
        ("user_profile_id", json!("up_1"), false),
    ] {
        let named: &[&str] = &[name];
        check_foreign(&field(name, value), if is_missed { named } else { &[] });
    }
}
