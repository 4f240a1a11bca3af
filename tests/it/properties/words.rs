//! Words, names, numbers and JSON of every kind.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

/// Any text: words with what breaks JSON, lines and UTF-8 among them, nothing, blanks.
pub fn text() -> BoxedStrategy<String> {
    let odd = select(vec![
        "",
        " ",
        "\n",
        "\u{3000}\t",
        "\u{feff}",
        "\u{2028}\r\u{85}\u{b}\u{0}",
        "data: [DONE]\n\n",
        "Error: ",
        "x-anthropic-billing-header: cch=1",
        "{\"a\":1}",
    ]);
    prop_oneof![4 => written(), 1 => odd.prop_map(str::to_owned)].boxed()
}

/// Text that is not blank.
pub fn written() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[ -~\n\u{e9}\u{1f44b}\"\\\\]{0,6}[!-~\u{1f44b}]",
        1 => "[a-z]{200,300}",
    ]
    .boxed()
}

/// A name that every protocol takes.
pub fn name() -> BoxedStrategy<String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,7}".boxed()
}

/// Base64 of something.
pub fn base64() -> BoxedStrategy<String> {
    "([A-Za-z0-9+/]{4}){1,4}".boxed()
}

/// An id as a provider makes it, and some that look alike once they are cleaned.
pub fn id() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "call_[a-z0-9]{1,4}",
        1 => select(vec!["call:1", "call_1", "call.1", "call_1_2", "\u{e9}", "a b"]).prop_map(str::to_owned),
    ]
    .boxed()
}

/// A JSON value, not deep.
pub fn json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        select(vec![u64::MAX, 0, 9_007_199_254_740_993]).prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 7.0)),
        text().prop_map(Value::from),
    ];
    let deeper = |inner: BoxedStrategy<Value>| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((prop_oneof![name(), text()], inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
        .boxed()
    };
    leaf.prop_recursive(3, 8, 3, move |inner| deeper(inner.boxed())).boxed()
}

/// A JSON object, not deep.
pub fn object() -> BoxedStrategy<Map<String, Value>> {
    vec((name(), json()), 0..4).prop_map(|fields| fields.into_iter().collect()).boxed()
}

/// Arguments as a model writes them: an object, nearly always.
pub fn arguments() -> BoxedStrategy<String> {
    let odd = select(vec![
        "",
        "{}",
        " {\n}",
        "null",
        "[1]",
        "\"text\"",
        "{\"a\":",
        "{\"n\":123456789012345678901234567890.00}",
        "{\"n\":1e999}",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":1,\"a\":2}",
        "{\"input\":\"free text\"}",
        "{\"raw_arguments\":\"{\"}",
    ]);
    prop_oneof![
        3 => object().prop_map(|object| Value::Object(object).to_string()),
        1 => object().prop_map(|object| format!("{:#}", Value::Object(object))),
        1 => (1..100_usize).prop_map(|depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth))),
        2 => odd.prop_map(str::to_owned),
        1 => text(),
    ]
    .boxed()
}
