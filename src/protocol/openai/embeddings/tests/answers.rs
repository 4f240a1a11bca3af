//! Answers in OpenAI's form: passed on, turned into what was asked for, or refused.

use super::*;

const FLOAT: &str = include_str!("../../../../../tests/golden/20-embeddings/openai.response.float.json");
const BASE64: &str = include_str!("../../../../../tests/golden/20-embeddings/openai.response.base64.json");

/// What becomes of `body`, asked for `count` vectors in `encoding`.
fn become_of(body: &str, count: usize, encoding: Encoding) -> String {
    let (bytes, _) =
        as_asked(Bytes::from(body.to_owned()), &ask(count, encoding)).unwrap_or_else(|bad| panic!("{bad:?}"));
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json_of(body: &str, count: usize, encoding: Encoding) -> Value {
    serde_json::from_str(&become_of(body, count, encoding)).unwrap()
}

/// An answer whose `data` is this.
fn list(data: &str) -> String {
    format!(r#"{{"object":"list","data":{data},"model":"m","usage":{{"prompt_tokens":4,"total_tokens":4}}}}"#)
}

#[test]
fn what_is_as_asked_passes_byte_for_byte() {
    assert_eq!(become_of(FLOAT, 2, Encoding::Float), FLOAT);
    assert_eq!(become_of(BASE64, 2, Encoding::Base64), BASE64);
    let odd = " {\"odd\" : [1.50], \"data\":[ {\"extra\":1e0,\"embedding\":[1e0, 2.50],\"index\":0} ]}\n";
    assert_eq!(become_of(odd, 1, Encoding::Float), odd);
}

#[test]
fn the_other_encoding_is_turned_into_the_one_that_was_asked_for() {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json_of(FLOAT, 2, Encoding::Base64), value(BASE64));
    assert_eq!(json_of(BASE64, 2, Encoding::Float), value(FLOAT));
    // One vector in the wrong encoding is enough.
    let mixed = list(r#"[{"index":0,"embedding":[1.0]},{"index":1,"embedding":"AACAPw=="}]"#);
    let floats = json_of(&mixed, 2, Encoding::Float);
    assert_eq!((&floats["data"][0]["embedding"], &floats["data"][1]["embedding"]), (&json!([1.0]), &json!([1.0])));
    // Padding may be left out, and slashes may be escaped.
    let bare = list(r#"[{"index":0,"embedding":"AACAPwAAgL\/"}]"#);
    assert!(as_asked(Bytes::from(bare), &ask(1, Encoding::Float)).is_err(), "11 letters are no whole bytes");
    let bare = list(r#"[{"index":0,"embedding":"AACAPwAAgL8"}]"#);
    assert_eq!(json_of(&bare, 1, Encoding::Float)["data"][0]["embedding"], json!([1.0, -1.0]));
    let escaped = list(r#"[{"index":0,"embedding":"AACA\/w=="}]"#);
    assert!(as_asked(Bytes::from(escaped), &ask(1, Encoding::Float)).is_err(), "minus infinity is no number");
    let escaped = list(r#"[{"index":0,"embedding":"\/\/9\/Pw=="}]"#);
    assert_eq!(json_of(&escaped, 1, Encoding::Float)["data"][0]["embedding"], json!([0.999_999_94]));
}

#[test]
fn nothing_but_the_vectors_is_written_anew() {
    let body = "{ \"odd\":1.50,\"data\" : [{\"index\":0,\"embedding\":[1,0.5],\"object\":\"embedding\"}] ,\n\"usage\": {\"prompt_tokens\":3,\"cost\":1e-7} }";
    let expected = "{ \"odd\":1.50,\"data\" : [{\"object\":\"embedding\",\"index\":0,\"embedding\":\"AACAPwAAAD8=\"}] ,\n\"usage\": {\"prompt_tokens\":3,\"cost\":1e-7} }";
    assert_eq!(become_of(body, 1, Encoding::Base64), expected);
}

#[test]
fn vectors_are_put_in_the_inputs_order() {
    let order = |data: &str| json_of(&list(data), 3, Encoding::Float)["data"].clone();
    let expected = json!([
        {"object": "embedding", "index": 0, "embedding": [0.5]},
        {"object": "embedding", "index": 1, "embedding": [1.5]},
        {"object": "embedding", "index": 2, "embedding": [2.5]},
    ]);
    let backwards = r#"[{"index":2,"embedding":[2.5]},{"index":0,"embedding":[0.5]},{"index":1,"embedding":[1.5]}]"#;
    assert_eq!(order(backwards), expected);
    let unnumbered = r#"[{"embedding":[0.5]},{"embedding":[1.5]},{"index":null,"embedding":[2.5]}]"#;
    assert_eq!(order(unnumbered), expected);
}

#[test]
fn what_was_learned() {
    let body = r#"{"data":[{"index":0,"embedding":[1]}],"model":"text-embedding-3-small",
        "usage":{"prompt_tokens":7,"total_tokens":7,"cost":0.00000014}}"#;
    let (_, learned) = as_asked(Bytes::from(body), &ask(1, Encoding::Float)).unwrap();
    assert_eq!(learned.model.as_deref(), Some("text-embedding-3-small"));
    let usage = learned.usage.unwrap();
    assert_eq!((usage.input, usage.output, usage.cost), (7, 0, Some(0.000_000_14)));
    let (_, learned) =
        as_asked(Bytes::from(list(r#"[{"index":0,"embedding":[1]}]"#)), &ask(1, Encoding::Float)).unwrap();
    assert_eq!(learned.usage.unwrap().cost, None);
    let silent = r#"{"data":[{"index":0,"embedding":[1]}],"model":5,"usage":null}"#;
    let (_, learned) = as_asked(Bytes::from(silent), &ask(1, Encoding::Float)).unwrap();
    assert!(learned.model.is_none() && learned.usage.is_none());
}

#[test]
fn what_is_no_answer_is_malformed() {
    let one = |embedding: &str| list(&format!(r#"[{{"index":0,"embedding":{embedding}}}]"#));
    for body in [
        "".to_owned(),
        "<html>".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"[[{"index":0,"embedding":[1]}]]"#.to_owned(),
        r#"{"data":null}"#.to_owned(),
        r#"{"data":{}}"#.to_owned(),
        r#"{"data":[{"index":0,"embedding":[1]}],"data":[]}"#.to_owned(),
        list("[]"),
        list(r#"[{"index":0}]"#),
        list(r#"[{"index":1,"embedding":[1]}]"#),
        list(r#"[{"index":-1,"embedding":[1]}]"#),
        list(r#"[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]"#),
        one("null"),
        one("[]"),
        one(r#""""#),
        one("{}"),
        one("1"),
        one(r#""AACAP""#),
        one(r#""AACAPw""#)[..40].to_owned(),
        list(r#"[{"index":0,"embedding":[1]"#),
    ] {
        let failure = as_asked(Bytes::from(body.clone()), &ask(1, Encoding::Float)).expect_err(&body);
        assert_eq!((failure.class, failure.sent), (Class::Malformed, true), "{body}");
    }
    assert!(as_asked(Bytes::from_static(b"{\"data\":\xff}"), &ask(1, Encoding::Float)).is_err());
    // Where numbers must be turned, all of them must be numbers.
    for embedding in [r#"["1"]"#, "[1,null]", "[1e60]", "[[1]]", "[true]"] {
        assert!(as_asked(Bytes::from(one(embedding)), &ask(1, Encoding::Base64)).is_err(), "{embedding}");
    }
    for text in ["AACAfw==", "AADAfw==", "AACA", "!!!!", "AAAAAAA="] {
        let body = one(&format!("{text:?}"));
        assert!(as_asked(Bytes::from(body), &ask(1, Encoding::Float)).is_err(), "{text}");
    }
}

#[test]
fn too_many_and_too_few() {
    for (count, words) in [(1, "1 vectors were asked for, and 2 came"), (3, "3 vectors were asked for, and 2 came")] {
        let failure = as_asked(Bytes::from_static(FLOAT.as_bytes()), &ask(count, Encoding::Float)).unwrap_err();
        assert_eq!((failure.class, failure.message.as_str()), (Class::Malformed, words));
    }
    let twice = list(r#"[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]"#);
    let some = list(r#"[{"index":1,"embedding":[1]},{"embedding":[2]}]"#);
    for body in [twice, some] {
        assert!(as_asked(Bytes::from(body.clone()), &ask(2, Encoding::Float)).is_err(), "{body}");
    }
}

#[test]
fn an_answer_is_written_in_either_encoding() {
    let answer = Answer {
        model: "nomic-embed-text".into(),
        vectors: vec![vec![1.0, -2.0, 0.5], vec![0.0, 0.25, -1.0]],
        usage: Some(Usage { input: 4, ..Usage::default() }),
    };
    let written = |encoding| serde_json::from_slice::<Value>(&write(&answer, encoding)).unwrap();
    assert_eq!(written(Encoding::Float), serde_json::from_str::<Value>(FLOAT).unwrap());
    assert_eq!(written(Encoding::Base64), serde_json::from_str::<Value>(BASE64).unwrap());
    let silent = write(&Answer { usage: None, ..answer }, Encoding::Float);
    assert!(!String::from_utf8_lossy(&silent).contains("usage"));
}

/// Any number that a vector may hold.
fn number() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("a number", |number| number.is_finite())
}

proptest! {
    /// Whichever way it is written and asked for, each number comes back bit for bit.
    #[test]
    fn no_number_is_changed(vector in prop::collection::vec(number(), 1..50)) {
        let bits = |vector: &[f32]| vector.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let answer = Answer { model: "m".into(), vectors: vec![vector.clone()], usage: None };
        for written in [Encoding::Float, Encoding::Base64] {
            let (turned, _) = as_asked(write(&answer, written), &ask(1, Encoding::Base64)).unwrap();
            let (floats, _) = as_asked(turned, &ask(1, Encoding::Float)).unwrap();
            let floats: Value = serde_json::from_slice(&floats).unwrap();
            let read: Vec<f32> = serde_json::from_value(floats["data"][0]["embedding"].clone()).unwrap();
            prop_assert_eq!(bits(&read), bits(&vector));
        }
    }

    /// Providers write single precision with the digits of double.
    #[test]
    fn digits_of_double_precision_are_the_same_number(number in number()) {
        let body = list(&format!("[{{\"index\":0,\"embedding\":[{}]}}]", json!(f64::from(number))));
        let (turned, _) = as_asked(Bytes::from(body), &ask(1, Encoding::Base64)).unwrap();
        let (floats, _) = as_asked(turned, &ask(1, Encoding::Float)).unwrap();
        let floats: Value = serde_json::from_slice(&floats).unwrap();
        let read: f32 = serde_json::from_value(floats["data"][0]["embedding"][0].clone()).unwrap();
        prop_assert_eq!(read.to_bits(), number.to_bits());
    }

    #[test]
    fn no_bytes_are_too_odd(body in ".{0,60}") {
        let _ = as_asked(Bytes::from(list(&body)), &ask(1, Encoding::Base64));
    }
}
