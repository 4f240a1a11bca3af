//! A caller's bytes with another model and without the gateway's own fields; everything else stays as it was written.

use std::borrow::Cow;

use bytes::Bytes;

use super::call::Call;

/// Changes to the top level of a body.
#[derive(Debug, Default)]
pub struct Edits {
    set: Vec<(&'static str, Cow<'static, str>)>,
    cut: Vec<&'static str>,
    /// Of the cut fields, those whose loss the caller should hear of.
    pub dropped: Vec<&'static str>,
}

impl Edits {
    /// Puts `json` in the place of field `name`, or adds the field.
    pub fn set(&mut self, name: &'static str, json: impl Into<Cow<'static, str>>) {
        self.set.push((name, json.into()));
    }

    /// The fields that are put in.
    pub fn names_set(&self) -> impl Iterator<Item = &'static str> {
        self.set.iter().map(|(name, _)| *name)
    }

    /// Takes field `name` out, where it is there.
    pub fn cut(&mut self, name: &'static str) {
        self.cut.push(name);
    }

    /// Takes field `name` out and says so to the caller, where it is there.
    pub fn drop(&mut self, name: &'static str) {
        self.cut.push(name);
        self.dropped.push(name);
    }
}

/// The body of `call` with `edits`, in pieces: the caller's bytes are not copied.
pub fn splice(call: &Call, edits: &Edits) -> Vec<Bytes> {
    let mut out = Pieces { body: &call.body, done: Vec::with_capacity(4), run: 0..0 };
    let (Some(first), Some(last)) = (call.fields.first(), call.fields.last()) else {
        return vec![call.body.clone()];
    };
    out.run = 0..first.whole.start;
    let mut kept_any = false;
    for field in &call.fields {
        let key = field.name(&call.body);
        if edits.cut.iter().any(|name| name.as_bytes() == key) {
            continue;
        }
        if kept_any && out.run.end != field.whole.start {
            out.separate(field.whole.start);
        }
        kept_any = true;
        out.take(field.whole.start..field.value.start);
        match edits.set.iter().find(|(name, _)| name.as_bytes() == key) {
            Some((_, json)) => out.insert(json, field.value.clone()),
            None => out.take(field.value.clone()),
        }
    }
    for (name, json) in edits.set.iter().filter(|(name, _)| call.place(name).is_none()) {
        let comma = if kept_any { "," } else { "" };
        kept_any = true;
        out.push(Bytes::from(format!("{comma}{}:{json}", serde_json::Value::from(*name))));
    }
    out.take(last.whole.end..call.body.len());
    out.finish()
}

/// Pieces of a body: runs of the caller's own bytes, and what is put between them.
struct Pieces<'a> {
    body: &'a Bytes,
    done: Vec<Bytes>,
    /// The run of the caller's bytes that is still growing.
    run: std::ops::Range<usize>,
}

impl Pieces<'_> {
    /// Adds a range of the caller's bytes, together with what stood between it and the range before.
    fn take(&mut self, range: std::ops::Range<usize>) {
        if self.run.end == range.start {
            self.run.end = range.end;
        } else {
            self.flush();
            self.run = range;
        }
    }

    /// The next field follows one that is not its neighbour's end: the bytes between them where nothing was cut, else
    /// a comma.
    fn separate(&mut self, next: usize) {
        let between = &self.body[self.run.end..next];
        if between.iter().all(|byte| *byte == b',' || byte.is_ascii_whitespace()) {
            self.take(self.run.end..next);
        } else {
            self.push(Bytes::from_static(b","));
        }
    }

    fn insert(&mut self, json: &str, instead_of: std::ops::Range<usize>) {
        if self.body[instead_of.clone()] == *json.as_bytes() {
            return self.take(instead_of);
        }
        self.push(Bytes::copy_from_slice(json.as_bytes()));
        self.run = instead_of.end..instead_of.end;
    }

    fn push(&mut self, bytes: Bytes) {
        self.flush();
        self.done.push(bytes);
    }

    fn flush(&mut self) {
        let run = std::mem::replace(&mut self.run, 0..0);
        if !run.is_empty() {
            self.done.push(self.body.slice(run));
        }
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.flush();
        self.done
    }
}

#[cfg(test)]
mod tests;
