//! `chat`: a conversation in, the next answer out.

use serde_json::{Value, json};

use super::schema::field;
use super::{OwnTool, answer};

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "chat",
    title: "Chat",
    description: "Sends a conversation to a language model and returns its next answer. Use it where earlier messages, \
                  pictures or several instructions matter, or where one certain model is wanted; the gateway goes on \
                  to the next provider where one fails. It costs money. For a single prompt `route` is simpler.",
    input,
    required: &["messages"],
    output: answer::output,
    read_only: false,
    is_there: |_| true,
    run: |arguments, desk| Box::pin(answer::ask(arguments, desk)),
};

fn input() -> Value {
    let message = json!({
        "type": "object",
        "description": "One message, as OpenAI's chat completions have it.",
        "properties": {
            "role": {
                "type": "string",
                "enum": ["system", "developer", "user", "assistant", "tool"],
                "description": "Who speaks.",
            },
            "content": {
                "description": "What is said: a text, or a list of parts such as {\"type\": \"text\", \"text\": \"…\"} \
                                and {\"type\": \"image_url\", \"image_url\": {\"url\": \"…\"}}.",
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}, {"type": "null"}],
            },
        },
        "required": ["role"],
    });
    let mut properties = json!({
        "messages": {
            "type": "array",
            "description": "The conversation, oldest message first, as OpenAI has it: [{\"role\": \"user\", \
                            \"content\": \"…\"}].",
            "items": message,
            "minItems": 1,
        },
        "model": field("string", "A model or a route by its name; `list_models` lists both. Default: `general`."),
        "maxTokens": field("integer", "The most tokens of the answer. Default: the model's own."),
        "temperature": field("number", "How freely the model chooses its words, usually from 0 to 2. Default: the \
                                        model's own."),
    });
    properties["maxTokens"]["minimum"] = json!(1);
    properties
}
