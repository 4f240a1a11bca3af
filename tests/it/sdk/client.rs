//! The clients: what people's programs really are made with.

use super::stand::Who;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A client, by its package and language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    OpenAiPython,
    OpenAiNode,
    /// `anthropic` from 2.0, which sends version 2026-10-21 and its key as a bearer's.
    AnthropicPython,
    /// The last one before, which sends version 2023-06-01 and its key in `x-api-key`.
    AnthropicPythonBefore2,
    /// `@anthropic-ai/sdk` from 1.0: as `anthropic` from 2.0.
    AnthropicNode,
    /// The last one before.
    AnthropicNodeBefore1,
    /// Agents made with `pydantic-ai`.
    PydanticAi,
    /// Agents made with `ai`, the Vercel AI SDK.
    VercelAi,
}

/// What a client's cases are run by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Python,
    Node,
}

impl Client {
    fn language(self) -> Language {
        match self {
            Self::OpenAiPython | Self::AnthropicPython | Self::AnthropicPythonBefore2 | Self::PydanticAi => {
                Language::Python
            }
            Self::OpenAiNode | Self::AnthropicNode | Self::AnthropicNodeBefore1 | Self::VercelAi => Language::Node,
        }
    }

    /// The folder of its cases, below the language's.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::OpenAiPython | Self::OpenAiNode => "openai_sdk",
            Self::AnthropicPython | Self::AnthropicPythonBefore2 | Self::AnthropicNode | Self::AnthropicNodeBefore1 => {
                "anthropic_sdk"
            }
            Self::PydanticAi | Self::VercelAi => "agents",
        }
    }

    /// The version of Anthropic's API that it speaks, where it speaks that.
    fn version(self) -> &'static str {
        match self {
            Self::AnthropicPythonBefore2 | Self::AnthropicNodeBefore1 => "2023-06-01",
            _ => "2026-10-21",
        }
    }

    /// The process that runs its cases against this provider, but for where the gateway is.
    pub(super) fn command(self, who: Who) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
        let (program, script) = match self.language() {
            Language::Python => (variable("SDK_PYTHON", "python3"), folder.join("python/main.py")),
            Language::Node => (variable("SDK_NODE", "node"), folder.join("node/main.mjs")),
        };
        let mut command = Command::new(program);
        command.arg(script);
        for (name, _) in std::env::vars() {
            // Neither an account of the developer's nor a proxy may come between the client and the gateway.
            let account = name.starts_with("OPENAI_") || name.starts_with("ANTHROPIC_");
            if account || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        if self == Self::AnthropicPythonBefore2 {
            let older = PathBuf::from(variable("SDK_ANTHROPIC_BEFORE_2", ""));
            let others = variable("PYTHONPATH", "");
            let all = std::iter::once(older).chain(std::env::split_paths(&others));
            command.env("PYTHONPATH", std::env::join_paths(all).expect("folders without colons"));
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command.env("CLIENT", self.folder()).env("API_VERSION", self.version());
        command.env("STAND", who.name()).env("MODEL", who.model());
        command.env("EMBEDDING_MODEL", who.embedding_model());
        command.env("SERVES", who.serves()).env("FALLBACK", who.fallback());
        command
    }
}

pub(super) fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
