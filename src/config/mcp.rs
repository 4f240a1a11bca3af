//! The configuration of other MCP servers: the file that `MCP_CONFIG` names, in the form of desktop clients.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Vars;
use crate::mcp::upstream::{Choice, Reach, Spec, Surroundings};
use crate::secret::Secret;

/// MCP's part.
pub struct Mcp {
    /// The other servers, in the order of the file.
    pub servers: Vec<Spec>,
    /// The client key that stdio acts for.
    pub key: Option<Secret>,
    /// What children are started with.
    pub surroundings: Surroundings,
}

/// Variables that children have of the gateway's own, those that programs need to run at all. All others, keys among
/// them, stay here; what else a server needs stands in its `env`.
const PASSED: [&str; 30] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TZ",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "DOCKER_HOST",
];

const NAME: &str = "MCP_CONFIG";
/// The file that is read where the variable is unset, and where there is one.
const USUAL: &str = "mcp.json";
/// How long a call of another server may take, where its entry does not say.
const TIMEOUT_MS: u64 = 60_000;
/// The longest that it may say: a day.
const LONGEST_MS: u64 = 86_400_000;
/// The longest name of a server, which stands before each of its tools.
const LONGEST_NAME: usize = 40;
/// The most servers.
const MOST: usize = 128;

pub(super) fn read(vars: &Vars) -> Mcp {
    Mcp { servers: servers(vars), key: vars.key("GATEWAY_API_KEY"), surroundings: surroundings() }
}

/// Not a setting, but what this process is: no `.env` has a say in it.
fn surroundings() -> Surroundings {
    let variables = PASSED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    Surroundings { program: std::env::current_exe().ok(), variables: variables.collect() }
}

fn servers(vars: &Vars) -> Vec<Spec> {
    // The usual file need not be there; one that is named must be.
    let named = vars.text(NAME, "");
    let path = named.as_deref().unwrap_or(USUAL);
    if named.is_none() && !Path::new(path).is_file() {
        return Vec::new();
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            vars.fault(NAME, path, format!("a file that can be read ({error})"));
            return Vec::new();
        }
    };
    let file = File { vars, path };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(mut root)) => match root.remove("mcpServers") {
            Some(Value::Object(entries)) => {
                file.twice(&text);
                file.entries(entries)
            }
            _ => file.fault("mcpServers", "an object from names to servers").unwrap_or_default(),
        },
        Ok(_) => file.fault("", "a JSON object with `mcpServers`").unwrap_or_default(),
        Err(error) => file.fault("", &format!("JSON ({error})")).unwrap_or_default(),
    }
}

/// The file, and where its faults go.
struct File<'a> {
    vars: &'a Vars,
    path: &'a str,
}

impl File<'_> {
    /// Notes a fault at `place`; always `None`, so that it can stand for the value that is missing.
    fn fault<T>(&self, place: &str, accepted: &str) -> Option<T> {
        let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
        self.vars.fault(NAME, self.path, format!("{at}{accepted}"));
        None
    }

    /// Notes names that stand in the file twice, of which JSON would forget the first.
    fn twice(&self, text: &str) {
        let Ok(Root { names: Names(names) }) = serde_json::from_str(text) else { return };
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(name.clone()) {
                self.fault::<()>(&format!("mcpServers.{name}"), "a name that stands there once");
            }
        }
    }

    fn entries(&self, entries: Map<String, Value>) -> Vec<Spec> {
        if entries.len() > MOST {
            return self.fault("mcpServers", &format!("at most {MOST} servers")).unwrap_or_default();
        }
        let mut specs: Vec<Spec> = Vec::new();
        for (name, entry) in entries {
            let place = format!("mcpServers.{name}");
            let Value::Object(fields) = entry else {
                self.fault::<()>(&place, "an object with `command` or `url`");
                continue;
            };
            match fields.get("disabled") {
                None | Some(Value::Bool(false)) => {}
                Some(Value::Bool(true)) => continue,
                Some(_) => {
                    self.fault::<()>(&format!("{place}.disabled"), "true or false");
                }
            }
            let Some(spec) = (Entry { file: self, place, fields }).read(&name) else { continue };
            let taken = |known: &Spec| {
                let both = [&*known.name, known.prefix()];
                both.contains(&&*spec.name) || both.contains(&spec.prefix())
            };
            if specs.iter().any(taken) {
                self.fault::<()>(&format!("mcpServers.{name}"), "a name and an alias that no other server has");
            } else {
                specs.push(spec);
            }
        }
        specs
    }
}

/// The file's names of servers, one that stands there twice twice.
#[derive(Deserialize)]
struct Root {
    #[serde(rename = "mcpServers")]
    names: Names,
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Names;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

/// One server's entry.
struct Entry<'a> {
    file: &'a File<'a>,
    place: String,
    fields: Map<String, Value>,
}

impl Entry<'_> {
    fn read(mut self, name: &str) -> Option<Spec> {
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
