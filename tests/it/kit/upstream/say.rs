//! The pieces an upstream's answer is made of, and what they add up to.

/// One piece of a scripted answer. Content pieces are rendered in the wire form of the endpoint that was called;
/// the last group is about the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// The opening frames without any content (OpenAI's role chunk, Anthropic's `message_start`).
    Role,
    /// A piece of text.
    Text(&'static str),
    /// A piece of text of so many bytes.
    Long(usize),
    /// A piece of reasoning (thinking).
    Reasoning(&'static str),
    /// A refusal's text (Anthropic: stop reason `refusal`).
    Refusal(&'static str),
    /// A complete tool call: id, name, arguments as JSON text.
    Tool(&'static str, &'static str, &'static str),
    /// The start of tool call `index`: id and name.
    ToolStart(usize, &'static str, &'static str),
    /// A fragment of the arguments of tool call `index`; fragments of several calls may interleave.
    ToolArgs(usize, &'static str),
    /// The pieces that follow belong to this choice (OpenAI's `n`).
    Choice(usize),
    /// The finish reason, in OpenAI's words; other wires say it in theirs.
    Finish(&'static str),
    /// Input and output tokens. In an OpenAI stream this writes the usage chunk.
    Usage(u64, u64),
    /// All that the protocol still wants at the end: finish reason, usage where asked, `[DONE]` or `message_stop`.
    Done,
    /// An error inside a 200, in the wire's own form: `overloaded`, `rate_limit`, or anything else for a server error.
    Error(&'static str),
    /// An SSE comment line (in NDJSON an empty line).
    Comment(&'static str),
    /// A ping event (Anthropic), elsewhere a comment.
    Ping,
    /// One event with this data, whatever it is (in NDJSON one line).
    Event(&'static str),
    /// One event that is not valid JSON.
    BrokenJson,
    /// One event whose text is not valid UTF-8.
    InvalidUtf8,
    /// These bytes of the body, untouched.
    Bytes(Vec<u8>),
    /// Waits for one `Upstream::release`.
    Wait,
    /// Says nothing more until the client goes away.
    Stall,
    /// Closes the connection here, the body unfinished.
    Cut,
    /// Resets the connection here (RST).
    Reset,
    /// Text without end, until the client goes away.
    Endless,
    /// The same of arguments of this tool call: a string that never closes.
    EndlessArgs(usize),
}

/// What the pieces of an answer add up to, for answers that are sent whole.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// One entry for each choice.
    pub choices: Vec<ChoiceContent>,
    /// Input and output tokens.
    pub usage: (u64, u64),
    /// The kind of an error inside the 200.
    pub error: Option<&'static str>,
}

/// One choice of an answer.
#[derive(Clone, Debug, Default)]
pub struct ChoiceContent {
    pub text: String,
    pub reasoning: String,
    pub refusal: String,
    /// Id, name, arguments, in the order in which they began.
    pub tools: Vec<(String, String, String)>,
    pub finish: Option<&'static str>,
}

/// Tokens said to be used where a script names none.
pub const USAGE: (u64, u64) = (9, 12);

impl Say {
    /// Whether the piece ends the script's say: nothing is completed after it.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Error(_) | Self::Stall | Self::Cut | Self::Reset | Self::Endless | Self::EndlessArgs(_)
        )
    }

    /// The text of a text piece.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some((*text).to_owned()),
            Self::Long(bytes) => Some("x".repeat(*bytes)),
            _ => None,
        }
    }
}

impl ChoiceContent {
    /// The finish reason in OpenAI's words, found from the content where the script names none.
    pub fn finish(&self) -> &'static str {
        match self.finish {
            Some(reason) => reason,
            None if self.tools.is_empty() => "stop",
            None => "tool_calls",
        }
    }
}

impl Content {
    /// Adds up the pieces.
    pub fn of(pieces: &[Say]) -> Self {
        let mut content = Self { choices: vec![ChoiceContent::default()], usage: USAGE, error: None };
        let mut at = 0;
        // A tool call's index in its choice, as the script numbers it, and its place in `tools`.
        let mut places: Vec<(usize, usize, usize)> = Vec::new();
        for piece in pieces {
            let choice = &mut content.choices[at];
            match piece {
                Say::Text(_) | Say::Long(_) => choice.text.push_str(&piece.as_text().unwrap_or_default()),
                Say::Reasoning(text) => choice.reasoning.push_str(text),
                Say::Refusal(text) => choice.refusal.push_str(text),
                Say::Tool(id, name, arguments) => {
                    choice.tools.push(((*id).into(), (*name).into(), (*arguments).into()));
                }
                Say::ToolStart(index, id, name) => {
                    places.push((at, *index, choice.tools.len()));
                    choice.tools.push(((*id).into(), (*name).into(), String::new()));
                }
                Say::ToolArgs(index, fragment) => {
                    let place = places.iter().rev().find(|(c, i, _)| (*c, *i) == (at, *index));
                    let place = place.expect("ToolArgs comes after its ToolStart").2;
                    choice.tools[place].2.push_str(fragment);
                }
                Say::Choice(index) => {
                    at = *index;
                    content.choices.resize(content.choices.len().max(at + 1), ChoiceContent::default());
                }
                Say::Finish(reason) => choice.finish = Some(reason),
                Say::Usage(input, output) => content.usage = (*input, *output),
                Say::Error(kind) => content.error = Some(kind),
                _ => {}
            }
        }
        content
    }
}

/// The text in two fragments.
pub(super) fn halves(text: &str) -> [&str; 2] {
    let middle = text.char_indices().map(|(at, _)| at).find(|at| at * 2 >= text.len()).unwrap_or_default();
    let (first, second) = text.split_at(middle);
    [first, second]
}
