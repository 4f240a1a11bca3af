//! Every tool, held against the contract.

use super::*;

#[test]
fn every_tool_is_as_the_contract_wants_it() {
    for tool in TOOLS {
        let told = tool.told();
        let name = &*told.name;
        let sane = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.len() <= 40 && name.bytes().all(sane), "{name}");
        assert!(told.description.as_ref().is_some_and(|words| words.contains("Use it")), "{name} says when to use it");
        let annotations = told.annotations.as_ref().expect("annotations");
        let hints = [annotations.destructive_hint, annotations.idempotent_hint, annotations.open_world_hint];
        assert!(annotations.read_only_hint.is_some() && hints.iter().all(Option::is_some), "{name}: all four");
        assert_eq!(told.input_schema["additionalProperties"], Value::Bool(false), "{name}");
        let fields = &told.input_schema["properties"];
        for field in fields.as_object().expect("an object").values() {
            assert!(field["description"].is_string(), "{name}: {field}");
        }
        for required in tool.required {
            assert!(fields[required].is_object(), "{name}: {required}");
        }
        let output = told.output_schema.as_ref().expect("an output schema");
        assert_eq!(output["type"], "object", "{name}");
        described(name, &output["properties"]);
    }
}

/// Every field of every object says what it is.
fn described(tool: &str, properties: &Value) {
    for (name, schema) in properties.as_object().expect("an object") {
        assert!(schema["description"].is_string(), "{tool}: {name}");
        for inner in [schema, &schema["items"], &schema["additionalProperties"]] {
            if inner["properties"].is_object() {
                described(tool, &inner["properties"]);
            }
        }
    }
}
