//! Streams cut in every place.

use super::*;

/// The events' names and data, when the stream comes in chunks of `size` bytes.
fn read(stream: &[u8], size: usize) -> Vec<(Option<String>, Option<String>)> {
    let mut splitter = Splitter::default();
    let mut raws = Vec::new();
    for chunk in stream.chunks(size) {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(raw) = splitter.cut().unwrap() {
            raws.push(raw);
        }
    }
    raws.extend(splitter.finish());
    let text = |bytes: Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
    raws.iter().map(|raw| parse(raw)).map(|event| (event.name.map(String::from), event.data.map(text))).collect()
}

fn check(stream: &[u8], expected: &[(Option<&str>, Option<&str>)]) {
    for size in 1..=stream.len() {
        let events = read(stream, size);
        let events: Vec<_> = events.iter().map(|(name, data)| (name.as_deref(), data.as_deref())).collect();
        assert_eq!(events, expected, "in chunks of {size}");
    }
}

#[test]
fn every_line_end_at_every_split() {
    let expected = [(None, Some("{\"a\":\"é👋\"}")), (Some("x"), Some("1\n2")), (None, None), (None, Some("[DONE]"))];
    let stream = "data: {\"a\":\"é👋\"}\n\nevent: x\ndata:1\ndata: 2\n\n: comment\n\ndata: [DONE]\n\n";
    check(stream.as_bytes(), &expected);
    check(stream.replace('\n', "\r\n").as_bytes(), &expected);
    check(stream.replace('\n', "\r").as_bytes(), &expected);
    check(format!("\u{feff}{stream}").as_bytes(), &expected);
}

#[test]
fn a_name_before_the_data_or_behind_it() {
    let stream =
        "event: a\ndata: 1\n\nevent:  b\ndata: 2\n\ndata: 3\nevent: c\n\nevent: d\n\nevent: e\nid: 1\ndata: 4\n\n";
    let expected = [
        (Some("a"), Some("1")),
        (Some(" b"), Some("2")),
        (Some("c"), Some("3")),
        (Some("d"), None),
        (Some("e"), Some("4")),
    ];
    check(stream.as_bytes(), &expected);
    check(stream.replace('\n', "\r\n").as_bytes(), &expected);
    check(stream.replace('\n', "\r").as_bytes(), &expected);
    assert_eq!(parse(b"event: \xff\ndata: 1\n\n"), SseEvent { name: None, data: Some(Cow::Borrowed(b"1")) });
}

#[test]
fn a_missing_last_blank_line_is_forgiven() {
    check(b"data: 1\n\ndata: 2\n", &[(None, Some("1")), (None, Some("2"))]);
    check(b"data: 1\n\ndata: 2", &[(None, Some("1")), (None, Some("2"))]);
    check(b"data: 1\r\n\r\n\r\n", &[(None, Some("1"))]);
}

#[test]
fn an_event_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from_static(b"data: 1\n\ndata: 2\n\n");
    let mut splitter = Splitter::default();
    splitter.push(chunk.clone());
    let first = splitter.cut().unwrap().unwrap();
    assert_eq!(first.as_ptr(), chunk.as_ptr());
    assert_eq!(splitter.cut().unwrap().unwrap().as_ptr(), chunk[first.len()..].as_ptr());
}

#[test]
fn memory_is_bounded() {
    let mut splitter = Splitter::default();
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let result = (0..32).find_map(|_| {
        splitter.push(chunk.clone());
        splitter.cut().err()
    });
    assert_eq!(result, Some(TooLong));
}
