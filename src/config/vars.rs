//! The one reader of the environment. It notes every name that it is asked for, and every fault.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use super::{ConfigFault, dotenv};
use crate::secret::{Secret, mask};

/// A variable that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Its value where it is unset; empty for none.
    pub default: String,
}

/// Finds a variable's value by its name.
type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// The variables, and what was found wrong with them.
pub struct Vars {
    lookup: Lookup,
    known: RefCell<Vec<Known>>,
    faults: RefCell<Vec<ConfigFault>>,
    warnings: RefCell<Vec<String>>,
}

impl Vars {
    /// The process's own environment, then `.env` in `folder`.
    ///
    /// # Errors
    /// A fault, where there is a `.env` that cannot be read.
    pub fn from_process(folder: &Path) -> Result<Vars, ConfigFault> {
        let path = folder.join(".env");
        let file = if path.is_file() { read_file(&path)? } else { BTreeMap::new() };
        Ok(Vars::new(move |name| {
            let process = std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
            process.filter(|value| !value.is_empty()).or_else(|| file.get(name).cloned())
        }))
    }

    /// These variables alone.
    pub fn from_map(map: BTreeMap<String, String>) -> Vars {
        Vars::new(move |name| map.get(name).cloned())
    }

    fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Vars {
        Vars {
            lookup: Box::new(lookup),
            known: RefCell::default(),
            faults: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Every variable that was asked for, in order.
    pub fn known(&self) -> Vec<Known> {
        self.known.borrow().clone()
    }

    /// Everything that was found wrong.
    pub fn faults(&self) -> Vec<ConfigFault> {
        self.faults.borrow().clone()
    }

    /// Everything that the operator should hear although it stops nobody.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// A value; empty means unset.
    pub(super) fn text(&self, name: &str, default: &str) -> Option<String> {
        let mut known = self.known.borrow_mut();
        if !known.iter().any(|variable| variable.name == name) {
            known.push(Known { name: name.to_owned(), default: default.to_owned() });
        }
        let value = (self.lookup)(name).map(|value| value.trim().to_owned());
        let value = value.filter(|value| !value.is_empty() && !is_quoted_nothing(value));
        value.or_else(|| Some(default.to_owned()).filter(|default| !default.is_empty()))
    }

    /// Was the variable given as nothing between quotes? For the one that means something by it.
    pub(super) fn is_quoted_nothing(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| is_quoted_nothing(value.trim()))
    }

    /// The value of a variable that is not the gateway's own; empty means unset.
    pub(super) fn foreign(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A value of another type; `accepted` says which ones are.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        default: &str,
        accepted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.text(name, default)?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.fault(name, &value, accepted);
        }
        parsed
    }

    /// `true` or `false`.
    pub(super) fn switch(&self, name: &str, default: bool) -> bool {
        let parse = |value: &str| match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        };
        let text = if default { "true" } else { "false" };
        self.parse(name, text, "true or false", parse).unwrap_or(default)
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(&self, name: &str, default: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let accepted = format!("a whole number from {} to {}", range.start(), range.end());
        let parse = |value: &str| value.parse().ok().filter(|number| range.contains(number));
        self.parse(name, &default.to_string(), &accepted, parse).unwrap_or(default)
    }

    /// Milliseconds within `range`.
    pub(super) fn millis(&self, name: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(name, default, range))
    }

    /// A key. One that is a template's placeholder counts as unset, and the operator hears of it.
    pub(super) fn key(&self, name: &str) -> Option<Secret> {
        let value = self.text(name, "")?;
        if is_placeholder(&value) {
            self.warn(format!("{name} is a placeholder, not a key, and counts as unset"));
            return None;
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.fault(name, &mask(&value), "a key of printable ASCII characters without spaces");
            return None;
        }
        Some(Secret::new(value))
    }

    /// An address such as `https://host/path`; without a slash at its end.
    pub(super) fn url(&self, name: &str, default: &str) -> String {
        let Some(value) = self.text(name, default) else { return String::new() };
        let is_url = |url: http::Uri| {
            let web = matches!(url.scheme_str(), Some("http" | "https"));
            let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
            web && url.host().is_some_and(|host| !host.is_empty()) && !authority.contains('@') && url.query().is_none()
        };
        if value.contains('#') || !value.parse::<http::Uri>().is_ok_and(is_url) {
            let accepted = "an address such as https://host/path, without a query or a password";
            self.fault(name, &without_password(&value), accepted);
        }
        value.trim_end_matches('/').to_owned()
    }

    /// Words between commas.
    pub(super) fn list(&self, name: &str, default: &str) -> Vec<String> {
        let text = self.text(name, default).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn fault(&self, variable: &str, value: &str, accepted: impl Into<String>) {
        let fault = ConfigFault { variable: variable.to_owned(), value: value.to_owned(), accepted: accepted.into() };
        self.faults.borrow_mut().push(fault);
    }

    pub(super) fn warn(&self, warning: String) {
        self.warnings.borrow_mut().push(warning);
    }
}

fn is_quoted_nothing(value: &str) -> bool {
    matches!(value, dotenv::QUOTED_NOTHING | "''")
}

/// Is this a template's stand-in for a key, rather than a key?
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 7] = ["changeme", "change-me", "change_me", "replace_me", "replace-me", "replaceme", "todo"];
    let value = value.to_ascii_lowercase();
    let stars = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'x' | b'*' | b'.' | b'-'));
    // What a vendor puts before its keys says nothing about the rest.
    let start = ["sk-ant-", "sk-or-v1-", "sk-or-", "sk-proj-", "sk-"].iter().find(|start| value.starts_with(**start));
    let rest = &value[start.map_or(0, |start| start.len())..];
    let your = rest.starts_with("your-") || rest.starts_with("your_");
    stars(rest)
        || (value.starts_with('<') && value.ends_with('>'))
        || (your && (rest.contains("key") || rest.contains("token") || rest.ends_with("here")))
        || rest.contains("placeholder")
        || rest.ends_with('…')
        || WORDS.contains(&rest)
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, ConfigFault> {
    let fault = |value: String, accepted: &str| ConfigFault {
        variable: ".env".to_owned(),
        value,
        accepted: accepted.to_owned(),
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| fault(format!("({error})"), "a file of text that this process may read"))?;
    dotenv::read(&text).map_err(|lines| {
        let lines: Vec<String> = lines.iter().map(|line| format!("line {line}")).collect();
        fault(lines.join(", "), "lines of the form NAME=value; what begins with a quote ends with one")
    })
}

/// An address without a password that may stand in it.
pub(super) fn without_password(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) => format!("{}****{}", &url[..start], &url[start + at..]),
        None => url.to_owned(),
    }
}
