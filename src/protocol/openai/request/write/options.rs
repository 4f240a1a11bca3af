//! The answer's form, written.

use serde_json::{Value, json};

use super::super::super::draft::Draft;
use super::super::super::schema;
use crate::domain::chat::{Format, Schema};

impl Draft<'_> {
    /// Writes the answer's form.
    pub(super) fn format(&mut self, format: &Format) {
        match format {
            Format::Text => {}
            Format::Json => self.set("response_format", json!({"type": "json_object"})),
            Format::Schema(schema) if schema.name.is_some() => self.set("response_format", wrapped(schema)),
            Format::Schema(schema) => self.choose("response_format", wrapped(schema)),
        }
    }
}

fn wrapped(schema: &Schema) -> Value {
    json!({"type": "json_schema", "json_schema": schema::written(schema)})
}
