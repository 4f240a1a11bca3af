//! What an operator says of another server.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::secret::Secret;

/// One server of the file that `MCP_CONFIG` names.
#[derive(Clone)]
pub struct Spec {
    /// Its name in the file, and in `/mcp/{server}`.
    pub name: Arc<str>,
    /// The name before `__` in what `/mcp` shows, where it is another one.
    pub alias: Option<Arc<str>>,
    /// How it is reached.
    pub reach: Reach,
    /// Which of its tools are shown.
    pub tools: Choice,
    /// How long a call may take.
    pub timeout: Duration,
    /// Is a tool held back whose definition has changed?
    pub pin: bool,
}

/// How a server is reached.
#[derive(Clone)]
pub enum Reach {
    /// A child process, over its stdin and stdout.
    Child {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables beside the gateway's own environment. Values may be secrets.
        env: Vec<(String, Secret)>,
        /// The folder it runs in; the gateway's own where there is none.
        folder: Option<String>,
    },
    /// Streamable HTTP.
    Http {
        /// Its address.
        url: String,
        /// Headers of every request, sensitive ones marked so.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
}

/// Which tools are shown. Patterns may hold `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// These alone; all where there are none.
    pub allow: Option<Vec<String>>,
    /// None of these, whatever is allowed.
    pub deny: Vec<String>,
}

impl Choice {
    /// Is the tool of this name shown?
    pub fn shows(&self, tool: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, tool));
        self.allow.as_deref().is_none_or(any) && !any(&self.deny)
    }
}

/// Does `name` fit `pattern`, in which `*` stands for any letters?
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let Some(tail) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(tail)
}

impl Spec {
    /// Is this its name, or its alias?
    pub fn is_called(&self, name: &str) -> bool {
        *self.name == *name || self.prefix() == name
    }

    /// What stands before `__` in the names that `/mcp` shows.
    pub fn prefix(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fit_a_pattern() {
        let fit =
            [("a", "a"), ("*", ""), ("*", "abc"), ("a*", "a"), ("a*", "abc"), ("*c", "abc"), ("a*b*c", "axxbyyc")];
        for (pattern, name) in fit {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        let unfit = [("a", "ab"), ("a", ""), ("", "a"), ("a*", "ba"), ("*c", "cb"), ("a*b*c", "acb"), ("ab*ba", "aba")];
        for (pattern, name) in unfit {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_denied_is_not_shown_whatever_is_allowed() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let choice = Choice { allow: Some(list(&["read_*", "list"])), deny: list(&["*_secret"]) };
        assert!(choice.shows("read_file") && choice.shows("list"));
        assert!(!choice.shows("write_file") && !choice.shows("read_secret"));
        assert!(Choice::default().shows("anything"));
        assert!(!Choice { allow: Some(Vec::new()), deny: Vec::new() }.shows("anything"));
    }
}
