//! The configuration of other MCP servers: the file that `MCP_CONFIG` names, in the form of desktop clients.

mod entry;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Vars;
use crate::mcp::upstream::{Spec, Surroundings};
use crate::secret::Secret;
use entry::Entry;

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
