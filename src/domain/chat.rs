//! The hub form: a conversation, an answer and a stream's events, in no vendor's dress.
//!
//! Each protocol is read into this form and written from it, once; the direct lane never touches it, so it may be as
//! rich as fidelity needs. Order is kept everywhere: the same history plus one turn reads as the same prefix plus one
//! turn, because providers bind caches and signatures to the prefix (docs: protocols/translation.md, section 0).

pub mod check;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::failure::Failure;

/// A conversation and what is wanted of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chat {
    /// The turns, in order.
    pub messages: Vec<Message>,
    /// The tools on offer, in order.
    pub tools: Vec<Tool>,
    /// How tools are to be used.
    pub tool_choice: Option<ToolChoice>,
    /// May the model call several tools at once?
    pub parallel_tools: Option<bool>,
    /// The longest answer, in tokens, thinking included.
    pub max_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// How hard the model thinks first.
    pub effort: Option<Effort>,
    /// The form of the answer.
    pub format: Format,
    /// An opaque id of the end user.
    pub user: Option<String>,
    /// Is a stream wanted?
    pub stream: bool,
    /// Does the caller want usage in the stream?
    pub include_usage: bool,
    /// Did the person's texts come as parts, so that one that stands alone is written as a part rather than a string?
    pub text_parts: bool,
    /// Every other field, by OpenAI's name, as it came: a writer maps it, drops it by name, or refuses it.
    pub rest: Map<String, Value>,
    /// Fields that only the caller's own protocol has, by its names: they are dropped, whoever is written to.
    pub foreign: Vec<String>,
}

/// One turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Instructions of the application (`system` and `developer` alike).
    System(Vec<Part>),
    /// The person.
    User(Vec<Part>),
    /// The model: thoughts, text, refusals and tool calls in the order they were made.
    Assistant(Vec<Part>),
    /// The answer to one tool call.
    Tool(ToolResult),
}

/// The answer to one tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// Id of the call that it answers.
    pub id: String,
    /// What the tool gave back.
    pub parts: Vec<Part>,
    /// Did the tool give back a plain string rather than a list of parts?
    pub plain: bool,
    /// Did the tool fail?
    pub is_error: bool,
}

/// A piece of a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(Text),
    /// A picture.
    Image(Image),
    /// A document.
    File(File),
    /// Sound: a format such as `wav`, and base64 data.
    Audio {
        /// `wav` or `mp3`.
        format: String,
        /// Base64.
        data: String,
    },
    /// What the model thought before it spoke.
    Thought(Thought),
    /// A call of a tool.
    Call(ToolCall),
    /// The model's words of refusal.
    Refusal(String),
}

/// Text, perhaps the end of a prefix that the provider should cache.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// The words.
    pub text: String,
    /// Is this block the end of a prefix to cache?
    pub cache: bool,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Where its bytes are.
    pub source: Source,
    /// OpenAI's `detail`.
    pub detail: Option<String>,
    /// Is this block the end of a prefix to cache?
    pub cache: bool,
}

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its name.
    pub name: Option<String>,
    /// Where its bytes are.
    pub source: Source,
    /// Is this block the end of a prefix to cache?
    pub cache: bool,
}

/// Where the bytes of a picture or document are.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In the request.
    Base64 {
        /// Such as `image/png`, as the caller wrote it.
        media_type: String,
        /// Base64, white space removed.
        data: String,
    },
    /// At an address.
    Url(String),
    /// At one provider, under an id that no other knows.
    Id(String),
}

/// What the model thought before it spoke.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thought {
    /// The readable part; may be empty where only the signature is given.
    pub text: String,
    /// The provider's proof that the thought is its own; must be given back unchanged.
    pub signature: Option<String>,
    /// A thought that is given only in sealed form; must be given back unchanged.
    pub sealed: Option<String>,
    /// Whose form the proof has, such as [`ANTHROPIC_THOUGHT`]; `None` for plain text of no provider.
    pub format: Option<String>,
}

/// The name of Anthropic's thoughts in `reasoning_details` (docs: protocols/openrouter.md).
pub const ANTHROPIC_THOUGHT: &str = "anthropic-claude-v1";
/// The name of OpenAI's, which are sealed, there.
pub const OPENAI_THOUGHT: &str = "openai-responses-v1";

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The id that the answer must name.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them: JSON text, perhaps empty, perhaps broken.
    pub arguments: String,
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    /// A function that the caller runs.
    Function(Function),
    /// A tool that only one provider knows: its `type`, and the whole of it.
    Other {
        /// The tool's `type`.
        kind: String,
        /// As it came.
        raw: Value,
    },
}

/// A function that the caller runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// JSON schema of its arguments.
    pub parameters: Option<Value>,
    /// Must the arguments keep to the schema?
    pub strict: Option<bool>,
    /// Is this tool the end of a prefix to cache?
    pub cache: bool,
}

/// How tools are to be used.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolChoice {
    /// Not at all.
    None,
    /// As the model likes.
    Auto,
    /// At least one.
    Required,
    /// This one.
    Named(String),
    /// Only these; at least one of them where `required`.
    Allowed {
        /// Must one be called?
        required: bool,
        /// Their names.
        names: Vec<String>,
    },
}

/// How tokens are drawn. `None` leaves it to the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampling {
    /// 0 to 2, as OpenAI has it.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// How many tokens are in the draw.
    pub top_k: Option<u64>,
    /// The least probability, relative to the likeliest, of a token in the draw.
    pub min_p: Option<f64>,
    /// For repeatable draws.
    pub seed: Option<i64>,
    /// Strings that end the answer.
    pub stop: Vec<String>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
}

/// How hard the model thinks first, by OpenAI's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as can be.
    Minimal,
    /// A little.
    Low,
    /// Somewhat.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// As much as it can.
    Max,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Format {
    /// Free text.
    #[default]
    Text,
    /// Some JSON object.
    Json,
    /// JSON that keeps to a schema.
    Schema(Schema),
}

/// A schema that an answer keeps to.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The schema's name.
    pub name: Option<String>,
    /// What it describes.
    pub description: Option<String>,
    /// JSON schema.
    pub schema: Value,
    /// Must the answer keep to it to the letter?
    pub strict: Option<bool>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The model that the provider says has answered.
    pub model: String,
    /// Thoughts, text and tool calls in the order they were made.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens, as the provider counted them; absent where it did not say.
    pub usage: Option<Usage>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// The model was done, or a stop string came.
    Stop,
    /// This stop string came.
    StopSequence(String),
    /// The answer reached its longest, or the context its end.
    Length,
    /// The model waits for tools.
    ToolCalls,
    /// A filter cut it off, or the model refused; with the words where there are any.
    Filtered(Option<String>),
    /// A reason that this gateway does not know, by its provider's name.
    Other(String),
}

/// Tokens of one call. `input` counts everything that was sent, cached or not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// All prompt tokens, the cached ones included.
    pub input: u64,
    /// Of those, read from the provider's cache; `None`-like zero where it has none.
    pub cache_read: u64,
    /// Of those, written to the provider's cache.
    pub cache_write: u64,
    /// Of the written ones, kept for an hour rather than five minutes.
    pub cache_write_1h: u64,
    /// Does the provider tell its cached tokens at all?
    pub tells_cache: bool,
    /// All answer tokens, thoughts included.
    pub output: u64,
    /// Of those, thoughts; `None` where the provider does not say.
    pub reasoning: Option<u64>,
    /// What the provider says it charged, in USD.
    pub cost: Option<f64>,
    /// Did nobody count, so that (some of) these are a rule of thumb?
    pub estimated: bool,
}

impl Usage {
    /// Prompt tokens that were neither read from nor written to a cache.
    pub fn uncached(&self) -> u64 {
        self.input.saturating_sub(self.cache_read).saturating_sub(self.cache_write)
    }
}

/// One event of a streamed answer.
#[derive(Debug, Clone)]
pub enum Event {
    /// The answer begins; `model` is what the provider says has answered.
    Start {
        /// As the provider names it.
        model: Arc<str>,
    },
    /// A piece of text.
    Text(String),
    /// A piece of a refusal in words.
    Refusal(String),
    /// A piece of thought number `index` (counted over thoughts, from 0).
    Thought {
        /// Which thought.
        index: u32,
        /// Text, signature or sealed data: what of it has come. All of one index are pieces of one thought.
        piece: Thought,
    },
    /// Tool call number `index` (counted over tool calls, from 0) begins, with as much of its arguments as came along.
    CallStart {
        /// Which call.
        index: u32,
        /// Its id, its name, and the first piece of its arguments, perhaps empty.
        call: ToolCall,
    },
    /// A piece of the arguments of tool call number `index`.
    CallDelta {
        /// Which call.
        index: u32,
        /// JSON text, never empty.
        arguments: String,
    },
    /// The model is done and says why.
    Finish(Finish),
    /// Tokens so far; a later one replaces it.
    Usage(Usage),
    /// The stream is complete by its own protocol's rules.
    End,
    /// The provider reports a failure inside the stream.
    Error(Box<Failure>),
}

impl Event {
    /// Is this something that the caller would see: text, thought or a tool call?
    pub fn is_content(&self) -> bool {
        match self {
            Event::Text(text) | Event::Refusal(text) => !text.is_empty(),
            Event::Thought { .. } | Event::CallStart { .. } | Event::CallDelta { .. } => true,
            Event::Start { .. } | Event::Finish(_) | Event::Usage(_) | Event::End | Event::Error(_) => false,
        }
    }
}
