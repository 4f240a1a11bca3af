//! What is noted while a request is written: what was left out, and what the gateway chose itself.

/// The notes of one request.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub dropped: Vec<String>,
    pub ours: Vec<&'static str>,
}

impl Notes {
    /// A parameter, by the caller's name, was left out.
    pub fn dropped(&mut self, name: &str) {
        if !self.dropped.iter().any(|known| known == name) {
            self.dropped.push(name.to_owned());
        }
    }

    /// A top-level field of the body was chosen or rewritten by the gateway.
    pub fn ours(&mut self, field: &'static str) {
        if !self.ours.contains(&field) {
            self.ours.push(field);
        }
    }
}
