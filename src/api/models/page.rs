//! One page of a list, as Anthropic's API cuts it: at most `limit` entries behind `after_id`, or before `before_id`.

use serde_json::{Value, json};

use crate::gateway::listing::Listed;
use crate::protocol::BadRequest;

const MOST: usize = 1000;
const USUAL: usize = 20;

/// Which part of the list is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
}

impl Page {
    /// Reads a query; what it does not name passes.
    ///
    /// # Errors
    /// [`BadRequest`] where `limit` is out of bounds.
    pub(super) fn read(query: &str) -> Result<Page, BadRequest> {
        let mut page = Page { limit: USUAL, after: None, before: None };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    page.limit = limit.ok_or_else(|| {
                        BadRequest::field("limit", format!("`limit` must be a whole number from 1 to {MOST}."))
                    })?;
                }
                "after_id" => page.after = Some(decoded(value)),
                "before_id" => page.before = Some(decoded(value)),
                _ => {}
            }
        }
        Ok(page)
    }

    /// That part of `all`, each entry as `write` has it. An id that is not on the list bounds nothing.
    pub(super) fn of(&self, all: &[Listed], write: impl Fn(&Listed) -> Value) -> Value {
        let place = |id: &Option<String>| id.as_ref().and_then(|id| all.iter().position(|listed| listed.id == *id));
        let from = place(&self.after).map_or(0, |at| at + 1);
        let to = place(&self.before).unwrap_or(all.len()).max(from);
        let within = &all[from..to];
        // Before an id means: those right before it.
        let backwards = self.before.is_some() && self.after.is_none();
        let start = if backwards { within.len().saturating_sub(self.limit) } else { 0 };
        let page = &within[start..within.len().min(start + self.limit)];
        json!({
            "data": page.iter().map(write).collect::<Vec<_>>(),
            "has_more": page.len() < within.len(),
            "first_id": page.first().map(|listed| &listed.id),
            "last_id": page.last().map(|listed| &listed.id),
        })
    }
}

/// A query's value: ids hold slashes and colons, which SDKs encode.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, more @ ..] = rest {
        let encoded = (*first == b'%').then(|| more.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match encoded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> (Vec<String>, bool) {
        let listed = |id: &str| Listed { id: id.to_owned(), owner: "openai" };
        let all = ["a", "b/1", "c:x", "d", "e"].map(listed);
        let page = Page::read(query).unwrap().of(&all, |listed| listed.id.clone().into());
        let ids = page["data"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        (ids, page["has_more"] == true)
    }

    #[test]
    fn pages_forwards_and_backwards() {
        let all: Vec<String> = ["a", "b/1", "c:x", "d", "e"].map(str::to_owned).into();
        assert_eq!(page(""), (all.clone(), false));
        assert_eq!(page("limit=2"), (all[..2].to_vec(), true));
        assert_eq!(page("limit=2&after_id=b%2F1"), (all[2..4].to_vec(), true));
        assert_eq!(page("limit=9&after_id=d"), (all[4..].to_vec(), false));
        assert_eq!(page("limit=1&before_id=c%3ax"), (all[1..2].to_vec(), true));
        assert_eq!(page("after_id=nobody&x=1"), (all, false));
    }

    #[test]
    fn a_limit_has_bounds() {
        for query in ["limit=0", "limit=1001", "limit=x", "limit=-1"] {
            assert_eq!(Page::read(query).unwrap_err().param.as_deref(), Some("limit"), "{query}");
        }
    }
}
