//! One server's entry in the file of other MCP servers.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};
use serde_json::{Map, Value};

use super::File;
use crate::mcp::upstream::{Choice, Reach, Spec};
use crate::secret::Secret;

/// How long a call of another server may take, where its entry does not say.
const TIMEOUT_MS: u64 = 60_000;
/// The longest that it may say: a day.
const LONGEST_MS: u64 = 86_400_000;
/// The longest name of a server, which stands before each of its tools.
const LONGEST_NAME: usize = 40;

/// One server's entry.
pub(super) struct Entry<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) place: String,
    pub(super) fields: Map<String, Value>,
}

impl Entry<'_> {
    pub(super) fn read(mut self, name: &str) -> Option<Spec> {
        // Each is read whatever is wrong with the others: all faults are told at once.
        let alias = self.text("alias");
        let names = std::iter::once(name).chain(alias.as_deref()).all(is_name);
        let named = if names {
            Some(())
        } else {
            self.fault("", &format!("a name and an alias of 1 to {LONGEST_NAME} letters, digits, `-` and single `_`"))
        };
        let (reach, tools, timeout, pin) = (self.reach(), self.choice(), self.timeout(), self.pin());
        named?;
        let alias = alias.filter(|alias| alias != name).map(Arc::from);
        Some(Spec { name: Arc::from(name), alias, reach: reach?, tools: tools?, timeout: timeout?, pin: pin? })
    }

    fn timeout(&mut self) -> Option<Duration> {
        let ms = match self.fields.remove("timeoutMs") {
            None => Some(TIMEOUT_MS),
            Some(given) => given.as_u64().filter(|ms| (1..=LONGEST_MS).contains(ms)),
        };
        match ms {
            Some(ms) => Some(Duration::from_millis(ms)),
            None => self.fault("timeoutMs", &format!("a whole number from 1 to {LONGEST_MS}")),
        }
    }

    fn pin(&mut self) -> Option<bool> {
        match self.fields.remove("pin") {
            None => Some(false),
            Some(Value::Bool(pin)) => Some(pin),
            Some(_) => self.fault("pin", "true or false"),
        }
    }

    fn fault<T>(&self, field: &str, accepted: &str) -> Option<T> {
        let place = if field.is_empty() { self.place.clone() } else { format!("{}.{field}", self.place) };
        self.file.fault(&place, accepted)
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.fields.remove(field)? {
            Value::String(text) if !text.is_empty() => self.expanded(field, &text),
            _ => self.fault(field, "a string"),
        }
    }

    fn reach(&mut self) -> Option<Reach> {
        // Written by some clients beside `command` or `url`, which say as much.
        if self.text("type").as_deref() == Some("sse") {
            self.fault::<()>("type", "http or stdio: the HTTP+SSE transport of 2024 is not spoken any more");
        }
        match (self.fields.contains_key("command"), self.fields.contains_key("url")) {
            (true, false) => self.child(),
            (false, true) => self.address(),
            _ => self.fault("", "either `command` or `url`"),
        }
    }

    fn child(&mut self) -> Option<Reach> {
        let (command, args, folder) = (self.text("command"), self.list("args"), self.text("cwd"));
        let mut env = Vec::new();
        for (name, value) in self.pairs("env") {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                self.fault::<()>(&format!("env.{name}"), "a variable's name and a value for it");
            }
            env.push((name, Secret::new(value)));
        }
        Some(Reach::Child { command: command?, args: args?.unwrap_or_default(), env, folder })
    }

    fn address(&mut self) -> Option<Reach> {
        let url = self.text("url");
        let is_http = |url: Uri| {
            matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
        };
        if let Some(url) = &url
            && !url.parse().is_ok_and(is_http)
        {
            self.fault::<()>("url", "an address such as https://mcp.example/mcp");
        }
        let mut headers = Vec::new();
        for (name, value) in self.pairs("headers") {
            match (HeaderName::try_from(&name), HeaderValue::try_from(value)) {
                (Ok(header), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.push((header, value));
                }
                _ => {
                    self.fault::<()>(&format!("headers.{name}"), "a header's name and a value for it");
                }
            }
        }
        Some(Reach::Http { url: url?, headers })
    }

    fn choice(&mut self) -> Option<Choice> {
        let mut fields = match self.fields.remove("tools") {
            None => return Some(Choice::default()),
            Some(Value::Object(fields)) => Entry { file: self.file, place: format!("{}.tools", self.place), fields },
            Some(_) => return self.fault("tools", "an object with `allow` and `deny`"),
        };
        let (allow, deny) = (fields.list("allow"), fields.list("deny"));
        // A word that is not understood here would show tools that nobody meant to show.
        for field in fields.fields.keys() {
            fields.fault::<()>(field, "`allow` and `deny` alone");
        }
        Some(Choice { allow: allow?, deny: deny?.unwrap_or_default() })
    }

    /// A list of strings; the outer `None` is a fault.
    fn list(&mut self, field: &str) -> Option<Option<Vec<String>>> {
        let Some(given) = self.fields.remove(field) else { return Some(None) };
        let Value::Array(items) = given else { return self.fault(field, "a list of strings") };
        let mut list = Vec::new();
        for item in items {
            let Value::String(text) = item else { return self.fault(field, "a list of strings") };
            list.push(self.expanded(field, &text)?);
        }
        Some(Some(list))
    }

    /// An object of strings; empty where there is none. What is no string is a fault each.
    fn pairs(&mut self, field: &str) -> Vec<(String, String)> {
        let items = match self.fields.remove(field) {
            None => return Vec::new(),
            Some(Value::Object(items)) => items,
            Some(_) => return self.fault(field, "an object of strings").unwrap_or_default(),
        };
        let read = |(name, value): (String, Value)| {
            let place = format!("{field}.{name}");
            let value = match value {
                Value::String(text) => self.expanded(&place, &text),
                _ => self.fault(&place, "a string"),
            };
            Some((name, value?))
        };
        items.into_iter().filter_map(read).collect()
    }

    /// `text` with `${VARIABLE}` and `${VARIABLE:-default}` replaced, so that the file need not hold keys.
    fn expanded(&self, field: &str, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((inside, behind)) = after.split_once('}') else { break };
            out.push_str(before);
            let (name, default) =
                inside.split_once(":-").map_or((inside, None), |(name, default)| (name, Some(default)));
            match self.file.vars.foreign(name).or_else(|| default.map(str::to_owned)) {
                Some(value) => out.push_str(&value),
                None => return self.fault(field, &format!("a value for ${{{name}}}, which is unset")),
            }
            rest = behind;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// Two `_` stand between a server's name and a tool's.
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let edges = name.starts_with('_') || name.ends_with('_');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(letter) && !name.contains("__") && !edges
}
