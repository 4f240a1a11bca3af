//! Requests, good and bad.

use super::*;

fn with(input: &str) -> String {
    format!(r#"{{"model":"m","input":{input}}}"#)
}

fn texts(list: &[&str]) -> Input {
    Input::Texts(list.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn inputs_of_every_form() {
    for (input, expected) in [
        (r#""a""#, texts(&["a"])),
        (r#"["a"]"#, texts(&["a"])),
        (r#" [ "a" , "b\n\u00e9" ] "#, texts(&["a", "b\né"])),
        (r#"[" "]"#, texts(&[" "])),
        ("[1]", Input::Tokens(vec![vec![1]])),
        ("[0, 199999 ,4294967295]", Input::Tokens(vec![vec![0, 199_999, u32::MAX]])),
        ("[[1,2],[3]]", Input::Tokens(vec![vec![1, 2], vec![3]])),
        ("[ [ 1 ] ]", Input::Tokens(vec![vec![1]])),
    ] {
        assert_eq!(request(&with(input)).unwrap().input, expected, "{input}");
    }
    let many = vec![r#""x""#; 2048].join(",");
    assert_eq!(request(&with(&format!("[{many}]"))).unwrap().input.count(), 2048);
    let long = vec!["7"; 8192].join(",");
    assert_eq!(request(&with(&format!("[{long}]"))).unwrap().input.count(), 1, "one text of many tokens");
}

#[test]
fn the_other_fields() {
    let plain = request(&with(r#""a""#)).unwrap();
    assert_eq!((plain.dimensions, plain.encoding, plain.user), (None, Encoding::Float, None));
    assert!(plain.rest.is_empty());
    let full = r#"{"input":"a","model":"m","encoding_format":"base\u00364","dimensions":2.56e2,"user":"u","stream":false,
        "fallbacks":["n"],"models":["o"],"keep_alive":"5m","options":{"num_ctx": 512},"odd":null}"#;
    let full = request(full).unwrap();
    assert_eq!((full.dimensions, full.encoding, full.user.as_deref()), (Some(256), Encoding::Base64, Some("u")));
    let rest: Vec<(&str, &str)> = full.rest.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
    assert_eq!(rest, [("keep_alive", r#""5m""#), ("options", r#"{"num_ctx": 512}"#)]);
    let nulls = r#"{"input":"a","model":"m","encoding_format":null,"dimensions":null,"user":null,"stream":null}"#;
    assert_eq!(request(nulls).unwrap().encoding, Encoding::Float);
}

#[test]
fn the_facts() {
    let body = r#"{"input":["a"],"model":"m","fallbacks":["n","o"]}"#;
    let call = scan_for(&OpenAi, Bytes::from(body), facts).unwrap();
    assert_eq!((call.facts.model.as_str(), call.facts.stream), ("m", false));
    assert_eq!(call.facts.fallbacks, Some(vec!["n".to_owned(), "o".to_owned()]));
}

/// The refusal's param, and words of its message.
fn check(body: &str, param: &str, words: &str) {
    let bad = request(body).err().unwrap_or_else(|| panic!("{body} was read"));
    assert_eq!(bad.param.as_deref(), Some(param), "{body}: {bad}");
    assert!(bad.message.contains(words), "{body}: {bad}");
    assert!(bad.message.len() < 300, "{bad}");
}

#[test]
fn bad_inputs_are_named_by_their_place() {
    let many = format!("[{}]", vec![r#""x""#; 2049].join(","));
    let many_lists = format!("[{}]", vec!["[1]"; 2049].join(","));
    let long = format!("[1,\"{}\"]", "x".repeat(5000));
    for (input, param, words) in [
        ("null", "input", "missing"),
        (r#""""#, "input", "empty"),
        ("[]", "input", "empty"),
        ("[ \n ]", "input", "empty"),
        (r#"[""]"#, "input[0]", "empty"),
        (r#"["a","","c"]"#, "input[1]", "empty"),
        ("[[]]", "input[0]", "empty"),
        ("[[1],[]]", "input[1]", "empty"),
        ("5", "input", "a string or an array, not a number"),
        ("true", "input", "not a boolean"),
        ("{}", "input", "not an object"),
        ("[null]", "input[0]", "a text, a token's number"),
        ("[true]", "input[0]", "a text, a token's number"),
        ("[{}]", "input[0]", "a text, a token's number"),
        (r#"["a",1]"#, "input[1]", "must be a text"),
        (r#"["a",null]"#, "input[1]", "must be a text"),
        (r#"["a",["b"]]"#, "input[1]", "must be a text"),
        (r#"[1,"a"]"#, "input", "tokens alone"),
        ("[1.5]", "input", "tokens alone"),
        ("[-1]", "input", "tokens alone"),
        ("[4294967296]", "input", "tokens alone"),
        (&long, "input", "tokens alone"),
        (r#"[[1],"a"]"#, "input[1]", "tokens alone"),
        (r#"[["a"]]"#, "input[0]", "tokens alone"),
        ("[[1],[2,[3]]]", "input[1]", "tokens alone"),
        (r#""\ud800""#, "input", "cannot be read"),
        (r#"["a","\ud800"]"#, "input[1]", "cannot be read"),
        (&many, "input", "at most 2048"),
        (&many_lists, "input", "at most 2048"),
    ] {
        check(&with(input), param, words);
    }
    check(r#"{"model":"m"}"#, "input", "missing");
}

#[test]
fn bad_fields_are_named() {
    for (field, value, words) in [
        ("dimensions", "0", "at least 1"),
        ("dimensions", "-1", "at least 1"),
        ("dimensions", "1e300", "no more than"),
        ("dimensions", "1.5", "a whole number"),
        ("dimensions", r#""256""#, "a whole number, not a string"),
        ("encoding_format", r#""hex""#, "`float` or `base64`, not `hex`"),
        ("encoding_format", r#""""#, "`float` or `base64`"),
        ("encoding_format", r#""FLOAT""#, "`float` or `base64`"),
        ("encoding_format", "64", "a string, not a number"),
        ("encoding_format", r#"["float"]"#, "a string, not an array"),
        ("stream", "true", "not streamed"),
        ("stream", r#""true""#, "true or false"),
        ("user", "7", "a string, not a number"),
        ("user", r#""\ud800""#, "cannot be read"),
        ("model", r#""""#, "empty"),
        ("model", "null", "missing"),
        ("fallbacks", r#""n""#, "an array of model names"),
    ] {
        let model = if field == "model" { "" } else { r#""model":"m","# };
        check(&format!(r#"{{{model}"input":"a","{field}":{value}}}"#), field, words);
    }
    check(r#"{"input":"a"}"#, "model", "missing");
}

proptest! {
    #[test]
    fn texts_come_as_they_were_sent(list in prop::collection::vec(".{1,20}", 1..20)) {
        let body = json!({"model": "m", "input": list}).to_string();
        prop_assert_eq!(request(&body).unwrap().input, Input::Texts(list));
    }

    #[test]
    fn no_bytes_are_too_odd(input in ".{0,40}") {
        let _ = request(&with(&input));
    }
}
