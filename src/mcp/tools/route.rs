//! `route`: a prompt and a kind of task in, an answer out.

use serde_json::{Value, json};

use super::schema::field;
use super::{OwnTool, answer};

/// The tool.
pub(super) const TOOL: OwnTool = OwnTool {
    name: "route",
    title: "Ask by kind of task",
    description: "Asks a language model one prompt and returns its answer. Use it to hand a self-contained question or \
                  task to another model: name the kind of task, and the gateway chooses the model and goes on to the \
                  next provider where one fails. It costs money. For a conversation of several messages use `chat`.",
    input,
    required: &["prompt"],
    output: answer::output,
    read_only: false,
    is_there: |_| true,
    run: |arguments, desk| Box::pin(answer::ask(arguments, desk)),
};

fn input() -> Value {
    let mut properties = json!({
        "prompt": field("string", "What to ask, complete in itself: the model sees nothing else."),
        "taskType": answer::task_type(),
        "layer": answer::layer(),
        "model": field("string", "A model's own name, to ask it instead of the route's. Default: the route decides."),
        "system": field("string", "Instructions that stand before the prompt."),
        "maxTokens": field("integer", "The most tokens of the answer. Default: the model's own."),
        "temperature": field("number", "How freely the model chooses its words, usually from 0 to 2. Default: the \
                                        model's own."),
    });
    properties["prompt"]["minLength"] = json!(1);
    properties["maxTokens"]["minimum"] = json!(1);
    properties
}
