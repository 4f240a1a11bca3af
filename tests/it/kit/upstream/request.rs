//! Reads HTTP/1.1 requests off a connection, and keeps what came.

use serde_json::Value;
use std::time::Instant;

/// A request that reached an upstream.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it had been read whole; tells the order among several upstreams.
    pub at: Instant,
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// What follows `?`, empty if nothing does.
    pub query: String,
    /// In the order in which they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes as they came.
    pub body: Vec<u8>,
    /// The body as JSON, `null` if it is none.
    pub json: Value,
}

impl Call {
    /// The value of the header, its first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `model` of the body, empty if it has none.
    pub fn model(&self) -> &str {
        self.json["model"].as_str().unwrap_or_default()
    }

    /// The key that the request shows, from either header.
    pub fn key(&self) -> Option<&str> {
        let bearer = self.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        self.header("x-api-key").or(bearer).filter(|key| !key.is_empty())
    }
}

/// Takes one whole request from the front of what was read; `None` while it is incomplete.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<Call> {
    let head_end = find(buffer, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let (body, end) = if value("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        dechunk(buffer, head_end)?
    } else {
        let length: usize = value("content-length").map_or(0, |length| length.parse().expect("a length"));
        (buffer.get(head_end..head_end + length)?.to_vec(), head_end + length)
    };
    buffer.drain(..end);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Call { at: Instant::now(), method, path: path.into(), query: query.into(), headers, body, json })
}

/// The body of a chunked message and where it ends; `None` while it is incomplete.
fn dechunk(buffer: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    loop {
        let line_end = at + find(&buffer[at..], b"\r\n")?;
        let line = std::str::from_utf8(&buffer[at..line_end]).expect("a chunk's size");
        let size = usize::from_str_radix(line.split(';').next().unwrap_or(line).trim(), 16).expect("a chunk's size");
        let start = line_end + 2;
        body.extend_from_slice(buffer.get(start..start + size)?);
        buffer.get(start + size..start + size + 2)?;
        at = start + size + 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}
