//! What has one form, and what has not.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::form;

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(form(one.as_bytes()).unwrap(), form(other.as_bytes()).unwrap(), "{one} and {other}");
}

#[track_caller]
fn differ(one: &str, other: &str) {
    assert_ne!(form(one.as_bytes()).unwrap(), form(other.as_bytes()).unwrap(), "{one} and {other}");
}

#[test]
fn what_does_not_change_the_meaning() {
    same(r#"{"a":1,"b":[1,2]}"#, "{ \"b\" : [ 1 ,\n2 ] , \"a\":1 }\r\n");
    same(r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"y":2,"x":1}}"#);
    same(r#"{"a":"A\u00e9\n\/"}"#, "{\"\\u0061\":\"\\u0041é\\u000a/\"}");
    same(r#"{"t":1}"#, r#"{"t":1.0}"#);
    same(r#"{"t":1.5}"#, r#"{"t":15e-1}"#);
    same(r#"{"t":1000}"#, r#"{"t":1E+3}"#);
    same(r#"{"t":0.70}"#, r#"{"t":0.7}"#);
}

#[test]
fn what_does() {
    differ(r#"{"a":1}"#, r#"{"a":"1"}"#);
    differ(r#"{"a":1}"#, r#"{"a":10}"#);
    differ(r#"{"a":1}"#, r#"{"a":-1}"#);
    differ(r#"{"a":0}"#, r#"{"a":-0}"#);
    differ(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#);
    differ(r#"{"a":0.1}"#, r#"{"a":0.10000000000000001}"#);
    differ(r#"{"a":null}"#, r#"{}"#);
    differ(r#"{"a":true}"#, r#"{"a":false}"#);
    differ(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#);
    differ(r#"{"a":[[1],2]}"#, r#"{"a":[[1,2]]}"#);
    differ(r#"{"a":[]}"#, r#"{"a":{}}"#);
    differ(r#"{"a":"b","c":"d"}"#, r#"{"a":"d","c":"b"}"#);
    differ(r#"{"a":" b"}"#, r#"{"a":"b"}"#);
    differ(r#"{"a":"\ud800"}"#, r#"{"a":"\ud801"}"#);
    differ(r#"{"a":"\ud800"}"#, r#"{"a":"\\ud800"}"#);
    differ(r#"{"a":"é"}"#, "{\"a\":\"e\u{301}\"}");
    // Which of two fields of one name counts is for their reader to say.
    differ(r#"{"a":{"x":1,"x":2}}"#, r#"{"a":{"x":2,"x":1}}"#);
    // To a model, a tool's arguments are text.
    differ(r#"{"a":{"x":1}}"#, r#"{"a":{"x":1.0}}"#);
}

#[test]
fn a_long_string_counts_to_its_last_letter() {
    let long = |last: &str| format!(r#"{{"a":"{}{last}"}}"#, "x".repeat(5000));
    differ(&long("a"), &long("b"));
    differ(&long(""), &long("x"));
    same(&long("a"), &long("\\u0061"));
    assert!(form(long("a").as_bytes()).unwrap().len() < 100);
}

#[test]
fn what_is_nested_too_deeply_has_no_form() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(form(nested(100).as_bytes()).is_some());
    assert!(form(nested(100_000).as_bytes()).is_none());
}

/// Any JSON.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-e\"\\\\]{0,3}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same with every object's names the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

/// Another value in the place of the `at`-th one, counted from the root.
fn changed(value: &Value, at: &mut usize) -> Value {
    if *at == 0 {
        *at = usize::MAX;
        return json!({"changed": value});
    }
    *at -= 1;
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), changed(value, at))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| changed(item, at)).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn order_of_names_and_white_space_do_not_count(value in values()) {
        let value = json!({"body": value});
        let (plain, pretty) = (value.to_string(), serde_json::to_string_pretty(&reversed(&value)).unwrap());
        prop_assert_eq!(form(plain.as_bytes()), form(pretty.as_bytes()));
    }

    #[test]
    fn every_change_counts(value in values(), at in 0_usize..12) {
        let value = json!({"body": value});
        let mut place = at;
        let other = changed(&value, &mut place);
        prop_assume!(place > 12);
        prop_assert_ne!(form(value.to_string().as_bytes()), form(other.to_string().as_bytes()));
    }

    #[test]
    fn two_values_share_a_form_only_where_they_are_equal(one in values(), other in values()) {
        let (a, b) = (form(json!({"x": {"y": one}}).to_string().as_bytes()), form(json!({"x": {"y": other}}).to_string().as_bytes()));
        prop_assert_eq!(a == b, one == other);
    }
}
