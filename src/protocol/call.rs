//! A request as it arrived: its bytes, and what is known of them.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::Front;
use crate::domain::facts::{Facts, Whom};

/// A request as it arrived.
#[derive(Clone)]
pub struct Call {
    /// What the caller speaks.
    pub front: &'static dyn Front,
    /// Every byte of it.
    pub body: Bytes,
    /// What a plan must know of it.
    pub facts: Facts,
    /// Where its top-level fields stand in `body`, in order.
    pub fields: Vec<Field>,
    /// Those of its headers that go along to a provider of the same language ([`Front::passes`]).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// For whom it is asked, where that is told beside it.
    pub whom: Whom,
}

/// Where one top-level field stands in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// From the key's opening quote to behind the value.
    pub whole: Range<usize>,
    /// The key as it is written, between its quotes.
    pub key: Range<usize>,
    /// The key's meaning, where it is written with escapes.
    pub decoded: Option<Box<str>>,
    /// The value.
    pub value: Range<usize>,
}

impl Field {
    /// The key's meaning.
    pub fn name<'a>(&'a self, body: &'a [u8]) -> &'a [u8] {
        self.decoded.as_ref().map_or(&body[self.key.clone()], |decoded| decoded.as_bytes())
    }
}

impl Call {
    /// The raw JSON of a top-level field; `None` where it is absent or `null`.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let field = self.place(name)?;
        Some(&self.body[field.value.clone()]).filter(|value| *value != b"null")
    }

    /// Where a top-level field stands.
    pub fn place(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name(&self.body) == name.as_bytes())
    }
}
