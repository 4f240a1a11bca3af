//! Which definition of each tool was seen first: one that changes afterwards may have been changed to deceive.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rmcp::model::Tool;
use sha2::{Digest, Sha256};

/// The file's name.
const FILE: &str = "mcp-tools.json";
/// The most tools of one server that are remembered.
const MOST: usize = 5000;

/// By server and tool, the digest of the definition that counts.
type Known = BTreeMap<String, BTreeMap<String, String>>;

/// The definitions that were seen first, kept in a file beside the database, or in memory alone.
pub(super) struct Pins {
    file: Option<PathBuf>,
    known: Mutex<Known>,
}

impl Pins {
    /// Those that earlier processes have seen too, where there is a folder to keep them in.
    pub(super) fn load(folder: Option<PathBuf>) -> Pins {
        let file = folder.map(|folder| folder.join(FILE));
        let known = file.as_deref().map(read).unwrap_or_else(|| Ok(Known::new()));
        let known = known.unwrap_or_else(|error| {
            tracing::error!(%error, "{FILE} cannot be read: changes of tools since the last start go unnoticed");
            Known::new()
        });
        Pins { file, known: Mutex::new(known) }
    }

    /// The tools among `tools` whose definition has changed since it was first seen. Where changes are not `held`, the
    /// new definition counts from now on.
    pub(super) fn changed(&self, server: &str, tools: &[Tool], held: bool) -> Vec<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_server = known.entry(server.to_owned()).or_default();
        let (mut changed, mut new) = (Vec::new(), false);
        for tool in tools {
            let digest = digest(tool);
            match of_server.get(&*tool.name) {
                Some(first) if *first == digest => continue,
                Some(_) => {
                    changed.push(tool.name.to_string());
                    if held {
                        continue;
                    }
                }
                None if of_server.len() >= MOST => continue,
                None => {}
            }
            new = true;
            of_server.insert(tool.name.to_string(), digest);
        }
        if new && let Err(error) = self.save(&mut known) {
            tracing::error!(%error, "{FILE} cannot be written: changes of tools may go unnoticed after a restart");
        }
        changed
    }

    /// Writes the file anew, whole or not at all. What another process of this folder has seen since is kept.
    fn save(&self, known: &mut Known) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        for (server, tools) in read(file).unwrap_or_default() {
            let of_server = known.entry(server).or_default();
            for (tool, digest) in tools {
                if of_server.len() < MOST {
                    of_server.entry(tool).or_insert(digest);
                }
            }
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = file.with_extension(format!("json.{:08x}", fastrand::u32(..)));
        std::fs::write(&beside, serde_json::to_vec_pretty(&*known)?)?;
        std::fs::rename(&beside, file)
    }
}

fn read(file: &Path) -> io::Result<Known> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Known::new()),
        Err(error) => Err(error),
    }
}

/// SHA-256 of what a model and its user are told of a tool, whatever the order of fields.
fn digest(tool: &Tool) -> String {
    let told =
        serde_json::json!([tool.title, tool.description, tool.input_schema, tool.output_schema, tool.annotations,]);
    let digest = Sha256::digest(sorted(told).to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &'static str, description: &'static str) -> Tool {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        Tool::new(name, description, schema.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_change_is_noticed_once_or_for_as_long_as_it_is_held() {
        let pins = Pins::load(None);
        assert_eq!(pins.changed("s", &[tool("a", "one"), tool("b", "one")], false), [""; 0]);
        assert_eq!(pins.changed("s", &[tool("a", "two"), tool("b", "one")], true), ["a"]);
        assert_eq!(pins.changed("s", &[tool("a", "two")], true), ["a"]);
        assert_eq!(pins.changed("s", &[tool("a", "one")], true), [""; 0]);
        assert_eq!(pins.changed("s", &[tool("a", "two")], false), ["a"]);
        assert_eq!(pins.changed("s", &[tool("a", "two")], false), [""; 0]);
        assert_eq!(pins.changed("t", &[tool("a", "three")], true), [""; 0]);
    }

    #[test]
    fn what_was_seen_first_outlives_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let load = || Pins::load(Some(folder.path().join("data")));
        load().changed("s", &[tool("a", "one")], true);
        assert_eq!(load().changed("s", &[tool("a", "two")], true), ["a"]);
        std::fs::write(folder.path().join("data").join(FILE), "nonsense").expect("a file");
        assert_eq!(load().changed("s", &[tool("a", "two")], true), [""; 0]);
    }

    #[test]
    fn two_processes_of_one_folder_remember_for_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let load = || Pins::load(Some(folder.path().to_owned()));
        let (one, other) = (load(), load());
        one.changed("s", &[tool("a", "one")], true);
        other.changed("t", &[tool("b", "one")], true);
        assert_eq!(load().changed("s", &[tool("a", "two")], true), ["a"]);
        assert_eq!(load().changed("t", &[tool("b", "two")], true), ["b"]);
    }

    #[test]
    fn the_order_of_fields_is_no_change() {
        let schema = |text: &str| serde_json::from_str::<serde_json::Map<_, _>>(text).expect("an object");
        let one = Tool::new("a", "d", schema(r#"{"type":"object","properties":{}}"#));
        let other = Tool::new("a", "d", schema(r#"{"properties":{},"type":"object"}"#));
        assert_eq!(digest(&one), digest(&other));
    }
}
