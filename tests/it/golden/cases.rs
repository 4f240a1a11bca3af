//! The golden cases: folders of `tests/golden`, and what to do with their files.

use ai_mcp_gateway::domain::Dialect;

/// What to do with two files of a case.
pub enum Case {
    /// A caller's request, and what is sent for it.
    Request {
        of: &'static str,
        /// What the caller speaks.
        from: Dialect,
        /// What the provider speaks.
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        /// The beta headers that must be sent with it.
        betas: &'static [&'static str],
        /// The parameters that are left out.
        dropped: &'static [&'static str],
    },
    /// The same without a loss, for a server that treats its model as OpenAI's does `like`.
    RequestLike {
        like: &'static str,
        of: &'static str,
        from: Dialect,
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
    },
    /// A provider's answer, and what the caller gets.
    Answer {
        of: &'static str,
        /// What the provider speaks.
        from: Dialect,
        /// What the caller speaks.
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        /// The file of the caller's request, where its answer tells of it; empty for any request.
        asked: &'static str,
    },
    /// A provider's stream, and what the caller gets.
    Stream {
        of: &'static str,
        from: Dialect,
        to: Dialect,
        from_file: &'static str,
        to_file: &'static str,
        asked: &'static str,
        include_usage: bool,
    },
}

use Case::{Answer, Request, RequestLike, Stream};
use Dialect::{Anthropic, Ollama, OpenAi, Responses};

/// A request to Anthropic that is translated without a loss.
const fn request(of: &'static str, from_file: &'static str, to_file: &'static str) -> Case {
    Request { of, from: OpenAi, to: Anthropic, from_file, to_file, betas: &[], dropped: &[] }
}

/// The same, without `dropped`.
const fn lossy(
    of: &'static str,
    from_file: &'static str,
    to_file: &'static str,
    dropped: &'static [&'static str],
) -> Case {
    Request { of, from: OpenAi, to: Anthropic, from_file, to_file, betas: &[], dropped }
}

/// A request of a caller who speaks Anthropic's Messages, without `dropped`.
const fn messages(
    of: &'static str,
    from_file: &'static str,
    to: Dialect,
    to_file: &'static str,
    dropped: &'static [&'static str],
) -> Case {
    Request { of, from: Anthropic, to, from_file, to_file, betas: &[], dropped }
}

/// A request of a caller who speaks Responses, without `dropped`.
const fn items(of: &'static str, to: Dialect, to_file: &'static str, dropped: &'static [&'static str]) -> Case {
    Request { of, from: Responses, to, from_file: RESPONSES, to_file, betas: &[], dropped }
}

const fn answer(of: &'static str) -> Case {
    let (from_file, to_file) = ("anthropic.response.json", "openai.response.json");
    Answer { of, from: Anthropic, to: OpenAi, from_file, to_file, asked: "" }
}

const fn stream(of: &'static str, to_file: &'static str, include_usage: bool) -> Case {
    let from_file = "anthropic.stream.sse";
    Stream { of, from: Anthropic, to: OpenAi, from_file, to_file, asked: "", include_usage }
}

/// A chat's stream as a caller of Responses gets it, whose answers tell of their request.
const fn to_responses(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Stream { of, from, to: Responses, from_file, to_file, asked: RESPONSES, include_usage: false }
}

/// A stream of Responses, for a caller who speaks something else.
const fn from_responses(
    of: &'static str,
    to: Dialect,
    from_file: &'static str,
    to_file: &'static str,
    include_usage: bool,
) -> Case {
    Stream { of, from: Responses, to, from_file, to_file, asked: "", include_usage }
}

/// An answer for a caller of Responses.
const fn response(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Answer { of, from, to: Responses, from_file, to_file, asked: RESPONSES }
}

/// An answer for a caller of Messages.
const fn message(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Answer { of, from, to: Anthropic, from_file, to_file, asked: "" }
}

/// A stream for a caller of Messages, who is always told the usage.
const fn blocks(of: &'static str, from: Dialect, from_file: &'static str, to_file: &'static str) -> Case {
    Stream { of, from, to: Anthropic, from_file, to_file, asked: "", include_usage: false }
}

const RESPONSES: &str = "responses.request.json";
const RESPONSE: &str = "responses.response.json";
const ITEMS: &str = "responses.stream.sse";
const OPENAI: &str = "openai.request.json";
const ANTHROPIC: &str = "anthropic.request.json";
const MESSAGE: &str = "anthropic.response.json";
const CHUNKS: &str = "openai.stream.sse";
const BLOCKS: &str = "anthropic.stream.sse";
/// The requests of case b04: how hard the model is to think, and how tokens are drawn.
const ADAPTIVE: &str = "anthropic.request.adaptive.json";
const BUDGET: &str = "anthropic.request.budget.json";
const EFFORT: &str = "anthropic.request.effort.json";
const OFF: &str = "anthropic.request.off.json";
const USAGE: &str = "openai.stream.include_usage.sse";

const UNSIGNED: &str = "b24-unsigned-thoughts-to-anthropic";
const CUT_OFF: &str = "b26-cut-off-to-anthropic";

/// Every case, in the order of the folders.
pub const CASES: &[Case] = &[
    request("01-basic-text", OPENAI, ANTHROPIC),
    answer("01-basic-text"),
    request("02-system-messages", OPENAI, "anthropic.request.mid-system-supported.json"),
    request("02-system-messages", OPENAI, "anthropic.request.mid-system-unsupported.json"),
    request("03-tools-parallel-history", OPENAI, ANTHROPIC),
    request("04-images-and-files", OPENAI, ANTHROPIC),
    request("05-json-schema", OPENAI, ANTHROPIC),
    lossy("06-sampling-and-reasoning", OPENAI, "anthropic.request.claude-haiku-4-5.json", &["temperature", "top_p"]),
    lossy("06-sampling-and-reasoning", OPENAI, "anthropic.request.claude-opus-5-5.json", &["temperature", "top_p"]),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.no-effort.json",
        "anthropic.request.no-effort.claude-sonnet-4-6.json",
        &["top_p"],
    ),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.no-effort.json",
        "anthropic.request.no-effort.claude-sonnet-5-5.json",
        &["temperature", "top_p"],
    ),
    lossy(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-opus-5-5.json",
        &["reasoning_effort"],
    ),
    request(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-opus-5.json",
    ),
    request(
        "06-sampling-and-reasoning",
        "openai.request.effort-none.json",
        "anthropic.request.effort-none.claude-sonnet-5-5.json",
    ),
    stream("07-stream-text", USAGE, true),
    stream("07-stream-text", "openai.stream.no_usage.sse", false),
    stream("08-stream-parallel-tools", "openai.stream.sse", false),
    stream("09-stream-thinking", USAGE, true),
    Request {
        of: "09-stream-thinking",
        from: OpenAi,
        to: Anthropic,
        from_file: "openai.followup.request.json",
        to_file: "anthropic.followup.request.json",
        betas: &["thinking-binding-controls-2026-08-01"],
        dropped: &[],
    },
    stream("10-stream-error-anthropic-to-openai", "openai.stream.sse", false),
    message("11-openai-response-to-anthropic", OpenAi, "openai.response.json", MESSAGE),
    blocks("12-openai-stream-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks("14-stream-error-openrouter-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    messages("13-anthropic-request-to-openai", ANTHROPIC, OpenAi, OPENAI, &[]),
    Stream {
        of: "15-ollama-native-stream",
        from: Ollama,
        to: OpenAi,
        from_file: "ollama.stream.ndjson",
        to_file: "openai.stream.include_usage.sse",
        asked: "",
        include_usage: true,
    },
    Stream {
        of: "15-ollama-native-stream",
        from: Ollama,
        to: OpenAi,
        from_file: "ollama.stream-error.ndjson",
        to_file: "openai.stream-error.sse",
        asked: "",
        include_usage: false,
    },
    Request {
        of: "16-ollama-native-request",
        from: OpenAi,
        to: Ollama,
        from_file: OPENAI,
        to_file: "ollama.request.json",
        betas: &[],
        dropped: &[],
    },
    RequestLike {
        like: "gpt-6-sol",
        of: "17-chat-stream-to-responses",
        from: Responses,
        to: OpenAi,
        from_file: RESPONSES,
        to_file: "openai-chat.request.json",
    },
    to_responses("17-chat-stream-to-responses", OpenAi, "openai-chat.stream.sse", "responses.stream.sse"),
    to_responses("17-chat-stream-to-responses", OpenAi, "openai-chat.stream.tool.sse", "responses.stream.tool.sse"),
    answer("19-refusal"),
    message("19-refusal", OpenAi, "openai-refusal.response.json", "anthropic-refusal.response.json"),
    lossy("a01-schema-references", OPENAI, ANTHROPIC, &["strict"]),
    request("a02-pictures-after-tool-results", OPENAI, ANTHROPIC),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-opus-5-5.json", &["seed"]),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-sonnet-5-5.json", &["seed"]),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-haiku-5-5.json", &["seed"]),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-opus-4-8.json", &["seed"]),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-sonnet-4-6.json", &["seed"]),
    lossy("a03-effort", "openai.request.xhigh.json", "anthropic.request.xhigh.claude-opus-4-5.json", &["seed"]),
    lossy(
        "a03-effort",
        "openai.request.minimal.json",
        "anthropic.request.minimal.claude-opus-4-7.json",
        &["temperature"],
    ),
    lossy(
        "a03-effort",
        "openai.request.minimal.json",
        "anthropic.request.minimal.claude-sonnet-4-5.json",
        &["temperature"],
    ),
    lossy(
        "a03-effort",
        "openai.request.forced.json",
        "anthropic.request.forced.claude-opus-5-5.json",
        &["tool_choice"],
    ),
    lossy(
        "a03-effort",
        "openai.request.forced.json",
        "anthropic.request.forced.claude-sonnet-4-6.json",
        &["reasoning_effort"],
    ),
    lossy(
        "a03-effort",
        "openai.request.forced.json",
        "anthropic.request.forced.claude-haiku-4-5.json",
        &["reasoning_effort"],
    ),
    stream("a04-refusal-in-a-stream", "openai.stream.sse", false),
    answer("a05-cached-usage"),
    stream("a05-cached-usage", USAGE, true),
    request("a06-instructions-in-awkward-places", OPENAI, "anthropic.request.claude-opus-4-8.json"),
    request("a06-instructions-in-awkward-places", OPENAI, "anthropic.request.claude-opus-4-7.json"),
    lossy("a07-json-object", OPENAI, ANTHROPIC, &["logit_bias", "house_option", "response_format", "stop"]),
    lossy("a08-legacy-functions", OPENAI, ANTHROPIC, &["reasoning_effort"]),
    request("a09-cached-prefixes", OPENAI, ANTHROPIC),
    Request {
        of: "a10-thoughts-with-tools",
        from: OpenAi,
        to: Anthropic,
        from_file: OPENAI,
        to_file: "anthropic.request.claude-haiku-5-5.json",
        betas: &["thinking-binding-controls-2026-08-01"],
        dropped: &[],
    },
    request("a10-thoughts-with-tools", OPENAI, "anthropic.request.claude-sonnet-4-5.json"),
    answer("a11-mixed-answer"),
    blocks("b20-late-tool-name-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks("b21-three-calls-interleaved-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks("b22-text-around-tools-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks("b23-signed-thoughts-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks(UNSIGNED, OpenAi, "openai.stream.plain.sse", "anthropic.stream.plain.sse"),
    blocks(UNSIGNED, OpenAi, "openai.stream.sealed.sse", "anthropic.stream.sealed.sse"),
    blocks("b25-refusal-in-a-stream-to-anthropic", OpenAi, CHUNKS, BLOCKS),
    blocks(CUT_OFF, OpenAi, "openai.stream.length.sse", "anthropic.stream.length.sse"),
    blocks(CUT_OFF, OpenAi, "openai.stream.length-in-a-call.sse", "anthropic.stream.length-in-a-call.sse"),
    blocks(CUT_OFF, OpenAi, "openai.stream.filter.sse", "anthropic.stream.filter.sse"),
    // Nobody has counted here: an estimate comes from the lane, which knows the request.
    blocks("b27-usage-to-anthropic", OpenAi, "openai.stream.none.sse", "anthropic.stream.none.sse"),
    blocks("b27-usage-to-anthropic", OpenAi, "openai.stream.on-finish.sse", "anthropic.stream.on-finish.sse"),
    blocks("b27-usage-to-anthropic", OpenAi, "openai.stream.running.sse", "anthropic.stream.running.sse"),
    blocks("b28-ollama-to-anthropic", Ollama, "ollama.stream.ndjson", BLOCKS),
    message("b28-ollama-to-anthropic", Ollama, "ollama.response.json", MESSAGE),
    message("b29-thoughts-and-broken-arguments-to-anthropic", OpenAi, "openai.response.json", MESSAGE),
    messages("b01-claude-code", ANTHROPIC, OpenAi, "openai.request.gpt-5.json", &["context_management"]),
    messages("b01-claude-code", ANTHROPIC, OpenAi, "openai.request.gpt-6-sol.json", &["context_management"]),
    messages(
        "b01-claude-code",
        ANTHROPIC,
        OpenAi,
        "openai.request.gpt-4o.json",
        &["context_management", "reasoning_effort"],
    ),
    messages("b01-claude-code", ANTHROPIC, Ollama, "ollama.request.qwen3.json", &["context_management", "user"]),
    messages("b02-documents", ANTHROPIC, OpenAi, "openai.request.gpt-4o.json", &[]),
    messages("b03-parallel-tools", ANTHROPIC, OpenAi, "openai.request.gpt-4o.json", &["strict"]),
    messages("b03-parallel-tools", ANTHROPIC, Ollama, "ollama.request.llama3.json", &["parallel_tool_calls", "strict"]),
    messages("b04-thinking", BUDGET, OpenAi, "openai.request.budget.gpt-4o.json", &["stop", "reasoning_effort"]),
    messages("b04-thinking", BUDGET, OpenAi, "openai.request.budget.gpt-5.json", &["stop"]),
    messages("b04-thinking", BUDGET, OpenAi, "openai.request.budget.gpt-6-sol.json", &["stop"]),
    messages("b04-thinking", BUDGET, OpenAi, "openai.request.budget.o4-mini.json", &["stop"]),
    messages("b04-thinking", BUDGET, OpenAi, "openai.request.budget.deepseek-chat.json", &["stop"]),
    messages("b04-thinking", EFFORT, OpenAi, "openai.request.effort.gpt-4o.json", &["reasoning_effort"]),
    messages("b04-thinking", EFFORT, OpenAi, "openai.request.effort.gpt-5.json", &["top_p", "top_k"]),
    messages("b04-thinking", EFFORT, OpenAi, "openai.request.effort.gpt-6-sol.json", &["top_p", "top_k"]),
    messages("b04-thinking", OFF, OpenAi, "openai.request.off.gpt-4o.json", &[]),
    messages("b04-thinking", OFF, OpenAi, "openai.request.off.gpt-5.json", &["temperature"]),
    messages("b04-thinking", OFF, OpenAi, "openai.request.off.gpt-6-sol.json", &[]),
    messages("b04-thinking", OFF, OpenAi, "openai.request.off.o4-mini.json", &["temperature"]),
    messages("b04-thinking", OFF, Ollama, "ollama.request.off.json", &[]),
    messages("b04-thinking", ADAPTIVE, OpenAi, "openai.request.adaptive.gpt-6-sol.json", &[]),
    messages("b05-output-format", "anthropic.request.strict.json", OpenAi, "openai.request.strict.gpt-6-sol.json", &[]),
    messages("b05-output-format", "anthropic.request.lax.json", OpenAi, "openai.request.lax.gpt-6-sol.json", &[]),
    messages("b05-output-format", "anthropic.request.lax.json", Ollama, "ollama.request.lax.json", &[]),
    messages("b06-thoughts-for-deepseek", ANTHROPIC, OpenAi, "openai.request.deepseek.json", &[]),
    messages("b06-thoughts-for-deepseek", ANTHROPIC, OpenAi, "openai.request.qwen.json", &[]),
    messages("b06-thoughts-for-deepseek", ANTHROPIC, Ollama, "ollama.request.deepseek.json", &[]),
    messages("b07-claude-by-openais-protocol", ANTHROPIC, OpenAi, OPENAI, &[]),
    messages(
        "b08-server-tools-in-history",
        ANTHROPIC,
        OpenAi,
        "openai.request.gpt-4o.json",
        &[
            "container_upload",
            "server_tool_use",
            "web_search_tool_result",
            "mcp_tool_use",
            "mcp_tool_result",
            "container",
            "mcp_servers",
            "fallbacks",
            "inference_speed",
        ],
    ),
    messages("b09-tool-choice-for-ollama", "anthropic.request.none.json", Ollama, "ollama.request.none.json", &[]),
    messages(
        "b09-tool-choice-for-ollama",
        "anthropic.request.any.json",
        Ollama,
        "ollama.request.any.json",
        &["tool_choice", "parallel_tool_calls"],
    ),
    Request {
        of: "b40-responses-history",
        from: Responses,
        to: Anthropic,
        from_file: RESPONSES,
        to_file: "anthropic.request.claude-sonnet-5-5.json",
        betas: &["thinking-binding-controls-2026-08-01"],
        dropped: &[],
    },
    items("b40-responses-history", Anthropic, "anthropic.request.claude-haiku-4-5.json", &[]),
    items("b40-responses-history", OpenAi, "openai.request.gpt-6-sol.json", &[]),
    items("b40-responses-history", OpenAi, "openai.request.openrouter.json", &[]),
    items("b40-responses-history", OpenAi, "openai.request.deepseek.json", &[]),
    items("b40-responses-history", Ollama, "ollama.request.qwen3.json", &["parallel_tool_calls", "strict"]),
    Request {
        of: "b41-chat-to-responses",
        from: OpenAi,
        to: Responses,
        from_file: OPENAI,
        to_file: "responses.request.gpt-5.5-pro.json",
        betas: &[],
        dropped: &["strict", "temperature", "seed", "stop", "house_option"],
    },
    messages(
        "b42-messages-to-responses",
        ANTHROPIC,
        Responses,
        "responses.request.gpt-5.5-pro.json",
        &["top_k", "stop"],
    ),
    items("b43-free-text-tools", OpenAi, "openai.request.gpt-6-sol.json", &[]),
    items("b44-responses-options", OpenAi, "openai.request.gpt-4o.json", &["truncation", "n"]),
    items("b44-responses-options", OpenAi, "openai.request.gpt-6-sol.json", &["truncation", "n"]),
    Request {
        of: "b44-responses-options",
        from: Responses,
        to: Ollama,
        from_file: "responses.request.object.json",
        to_file: "ollama.request.object.json",
        betas: &[],
        dropped: &["truncation", "include[1]", "reasoning.mode", "n", "user", "metadata"],
    },
    Request {
        of: "b44-responses-options",
        from: Responses,
        to: Anthropic,
        from_file: "responses.request.object.json",
        to_file: "anthropic.request.object.claude-sonnet-4-6.json",
        betas: &[],
        dropped: &["truncation", "include[1]", "reasoning.mode", "n", "temperature", "top_p", "response_format"],
    },
    response("b60-chat-answer-to-responses", OpenAi, "openai.response.json", RESPONSE),
    to_responses("b61-claude-stream-to-responses", Anthropic, BLOCKS, ITEMS),
    to_responses("b62-interleaved-chat-stream-to-responses", OpenAi, CHUNKS, ITEMS),
    to_responses("b63-ollama-stream-to-responses", Ollama, "ollama.stream.ndjson", ITEMS),
    from_responses("b64-responses-stream-to-others", OpenAi, ITEMS, CHUNKS, true),
    from_responses("b64-responses-stream-to-others", Anthropic, ITEMS, BLOCKS, false),
    Answer {
        of: "b64-responses-stream-to-others",
        from: Responses,
        to: OpenAi,
        from_file: RESPONSE,
        to_file: "openai.response.json",
        asked: "",
    },
    to_responses("b65-errors-in-streams-of-responses", Anthropic, BLOCKS, ITEMS),
    from_responses("b65-errors-in-streams-of-responses", OpenAi, "openai-responses.failed.sse", CHUNKS, false),
    from_responses("b65-errors-in-streams-of-responses", OpenAi, "openai-responses.error.sse", CHUNKS, false),
    response("b66-refusals-to-responses", Anthropic, MESSAGE, "responses.from-anthropic.json"),
    response("b66-refusals-to-responses", OpenAi, "openai.response.json", "responses.from-openai.json"),
    to_responses("b66-refusals-to-responses", Anthropic, BLOCKS, ITEMS),
    response("b67-free-text-tools", OpenAi, "openai.response.json", RESPONSE),
];
