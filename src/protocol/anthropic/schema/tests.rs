//! JSON schemas, cut down to what Anthropic takes.

use super::*;

fn written(schema: Value) -> Value {
    plain(&schema).unwrap().schema
}

#[test]
fn what_is_left_out_is_told_in_the_description() {
    let schema = json!({
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^a"}, "minItems": 1, "uniqueItems": true},
            "n": {"type": "number", "description": "A number.", "exclusiveMinimum": 0.5, "multipleOf": 2},
            "minimum": {"type": "integer", "not": {"const": 3}}
        },
        "required": ["tags"],
        "maxProperties": 3,
        "unevaluatedProperties": false
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^a"},
                "description": "Note: minimum number of items: 1, items are unique."},
            "n": {"type": "number", "description": "A number. Note: greater than: 0.5, multiple of: 2."},
            "minimum": {"type": "integer", "description": "Note: not: {\"const\":3}."}
        },
        "required": ["tags"],
        "description": "Note: maximum number of properties: 3.",
        "additionalProperties": false
    });
    assert_eq!(written(schema), expected);
}

#[test]
fn references_are_written_out() {
    let schema = json!({
        "type": "object",
        "properties": {
            "home": {"$ref": "#/$defs/address", "description": "Where one lives."},
            "work": {"$ref": "#/definitions/a~1b"}
        },
        "$defs": {"address": {"type": "object", "description": "An address.", "properties": {
            "city": {"$ref": "#/definitions/a~1b"}
        }}},
        "definitions": {"a/b": {"type": "string", "minLength": 1}}
    });
    let city = json!({"type": "string", "description": "Note: minimum length: 1."});
    let expected = json!({
        "type": "object",
        "properties": {
            "home": {"type": "object", "description": "Where one lives.", "properties": {"city": city},
                "additionalProperties": false},
            "work": city
        },
        "additionalProperties": false
    });
    assert_eq!(written(schema), expected);
}

#[test]
fn choices_become_any_of() {
    let one = json!({"type": "string"});
    let other = json!({"type": "null"});
    assert_eq!(written(json!({"oneOf": [one, other]})), json!({"anyOf": [one, other]}));
    assert_eq!(
        written(json!({"anyOf": [one], "oneOf": [other]})),
        json!({"anyOf": [one], "allOf": [{"anyOf": [other]}]})
    );
    assert_eq!(
        written(
            json!({"oneOf": [other], "allOf": [{"type": "object", "additionalProperties": false}], "anyOf": [one]})
        ),
        json!({"allOf": [{"type": "object", "additionalProperties": false}, {"anyOf": [other]}], "anyOf": [one]})
    );
}

#[test]
fn a_type_that_an_enum_contradicts_is_left_out() {
    assert_eq!(written(json!({"type": "string", "enum": ["a", null]})), json!({"enum": ["a", null]}));
    let fitting = json!({"type": ["string", "null"], "enum": ["a", null]});
    assert_eq!(written(fitting.clone()), fitting);
    let whole = json!({"type": "integer", "enum": [1, 2.0]});
    assert_eq!(written(whole.clone()), whole);
}

#[test]
fn an_open_object_is_closed_and_said_to_be() {
    let plain = plain(&json!({"type": ["object", "null"], "additionalProperties": {"type": "string"}})).unwrap();
    let schema = json!({"type": ["object", "null"], "additionalProperties": false});
    assert_eq!(plain, Plain { schema, closed: true });
}

#[test]
fn endless_and_huge_schemas_are_refused() {
    let recursive = json!({"$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"});
    assert_eq!(plain(&recursive), Err(Trouble::Recursive("#/$defs/n".into())));
    assert_eq!(plain(&json!({"items": {"$ref": "#"}})), Err(Trouble::Recursive("#".into())));
    for reference in ["#/$defs/none", "https://example.com/schema", "name"] {
        assert_eq!(plain(&json!({ "$ref": reference })), Err(Trouble::Unknown(reference.into())));
    }
    let mut defs = Map::new();
    for at in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
        defs.insert(format!("d{at}"), json!({"anyOf": [next, next]}));
    }
    defs.insert("d40".into(), json!({"type": "string"}));
    assert_eq!(plain(&json!({"$ref": "#/$defs/d0", "$defs": defs})), Err(Trouble::TooLarge));
}

#[test]
fn a_strict_schema_is_one_that_needs_no_change() {
    assert!(is_strict(&json!({"additionalProperties": false, "type": "object", "properties": {}})));
    assert!(!is_strict(&json!({"type": "object", "properties": {}})));
    assert!(!is_strict(&json!({"$ref": "#"})));
}
