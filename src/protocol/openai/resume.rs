//! Going on with a streamed chat completion that broke.

use bytes::BytesMut;
use serde::Deserialize;

use super::super::call::Call;
use super::super::resume::{Place, Resume, Seam, with_turn};
use super::super::{ReadStream, Stamp, WriteStream};
use super::{OpenAi, stream};

#[derive(Deserialize)]
struct Head {
    id: String,
    #[serde(default)]
    created: i64,
}

impl Resume for OpenAi {
    fn is_plain(&self, call: &Call) -> bool {
        let facts = &call.facts;
        let more = facts.tools || facts.structured || facts.logprobs || facts.choices != 1;
        facts.stream && !more && ["audio", "modalities"].iter().all(|name| call.field(name).is_none())
    }

    fn reader(&self) -> Box<dyn ReadStream> {
        Box::new(stream::Reader::new(&Stamp { id: String::new(), created: 0 }))
    }

    fn note(&self, _name: Option<&str>, data: &[u8], place: &mut Place) {
        if place.stamp.is_none() {
            let head = serde_json::from_slice(data).ok().filter(|head: &Head| !head.id.is_empty());
            place.stamp = head.map(|head| Stamp { id: head.id, created: head.created });
        }
    }

    fn with_answer(&self, call: &Call, text: &str) -> Option<Call> {
        with_turn(call, text, &["reasoning", "reasoning_effort"])
    }

    fn go_on(&self, seam: &Seam<'_>, include_usage: bool, out: &mut BytesMut) -> Box<dyn WriteStream> {
        Box::new(stream::Writer::go_on(seam, include_usage, out))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::scan::scan;
    use super::*;

    fn call(body: &str) -> Call {
        scan(&OpenAi, Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    #[test]
    fn the_answer_so_far_becomes_the_last_turn() {
        let call =
            call(r#"{"model":"m","messages":[{"role":"user","content":"hi"} ] ,"reasoning_effort":"low","x":1}"#);
        let begun = OpenAi.with_answer(&call, "so \"far\"").unwrap();
        let expected = r#"{"model":"m","messages":[{"role":"user","content":"hi"} ,{"role":"assistant","content":"so \"far\""}],"x":1}"#;
        assert_eq!(begun.body, expected);
        assert!(call.facts.reasoning && !begun.facts.reasoning);
    }

    #[test]
    fn a_turn_of_the_model_at_the_end_is_not_added_to() {
        let call =
            call(r#"{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Oh"}]}"#);
        assert!(OpenAi.with_answer(&call, "so far").is_none());
    }

    #[test]
    fn only_one_plain_text_is_gone_on_with() {
        let plain = |more: &str| {
            let body = format!(r#"{{"model":"m","stream":true,"messages":[{{"role":"user","content":"hi"}}]{more}}}"#);
            OpenAi.is_plain(&call(&body))
        };
        assert!(plain("") && plain(r#","n":1,"tools":[],"response_format":{"type":"text"},"reasoning_effort":"low""#));
        for more in [
            r#","n":2"#,
            r#","tools":[{"type":"function","function":{"name":"f"}}]"#,
            r#","response_format":{"type":"json_object"}"#,
            r#","logprobs":true"#,
            r#","modalities":["text","audio"]"#,
        ] {
            assert!(!plain(more), "{more}");
        }
        assert!(!OpenAi.is_plain(&call(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)));
    }

    #[test]
    fn a_stream_tells_its_id_and_time() {
        let stamp = |data: &str| {
            let mut place = Place::default();
            OpenAi.note(None, data.as_bytes(), &mut place);
            place.stamp.map(|stamp| (stamp.id, stamp.created))
        };
        assert_eq!(stamp(r#"{"id":"gen-1","created":7,"choices":[]}"#), Some(("gen-1".into(), 7)));
        assert_eq!(stamp(r#"{"id":"","created":0,"prompt_filter_results":[]}"#), None);
        assert_eq!(stamp("[DONE]"), None);
    }
}
