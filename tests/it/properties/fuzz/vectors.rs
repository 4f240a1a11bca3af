//! Vectors: requests for them, and answers with them.

use ai_mcp_gateway::domain::failure::Class;
use ai_mcp_gateway::domain::vectors::{Encoding, Input, Request};
use ai_mcp_gateway::protocol::embed::EmbedBack;
use ai_mcp_gateway::protocol::ollama::Ollama;
use ai_mcp_gateway::protocol::openai::{OpenAi, embeddings};
use ai_mcp_gateway::protocol::scan::scan_for;
use bytes::Bytes;
use serde_json::Value;

use super::fronts::told;

/// A request: it is read or refused with words, and so it is by a provider that has another form.
pub fn request(body: &[u8]) {
    let call = scan_for(&OpenAi, Bytes::copy_from_slice(body), embeddings::facts);
    let request = call.and_then(|call| embeddings::read(&call));
    match request {
        Err(wrong) => told(wrong.param.as_deref(), &wrong.message),
        Ok(request) => match Ollama.write_request(&request, "m") {
            Err(unwritable) => told(Some(&unwritable.param), &unwritable.message),
            Ok(written) => {
                let written: Value = serde_json::from_slice(&written.body).expect("JSON");
                assert_eq!(written["model"], "m");
                assert!(request.input.count() > 0);
            }
        },
    }
}

/// An answer in either form, to a request for as many vectors as the first byte says: its vectors are those that were
/// asked for, in the encoding that was asked for.
pub fn answer(data: &[u8]) {
    let Some((lead, body)) = data.split_first() else { return };
    let encoding = if lead & 1 == 0 { Encoding::Float } else { Encoding::Base64 };
    let input = Input::Texts(vec!["x".into(); usize::from(lead / 2 % 4) + 1]);
    let asked = Request { input, dimensions: None, encoding, user: None, rest: Default::default() };
    match embeddings::as_asked(Bytes::copy_from_slice(body), &asked) {
        Err(failure) => assert!(failure.class == Class::Malformed && failure.message.len() < 4200),
        Ok((passed, _)) => is_answer(&passed, &asked),
    }
    match Ollama.read_answer(body, asked.input.count()) {
        Err(failure) => assert!(failure.message.len() < 4200),
        Ok(answer) => {
            assert!(answer.vectors.iter().flatten().all(|number| number.is_finite()));
            is_answer(&embeddings::write(&answer, encoding), &asked);
        }
    }
}

fn is_answer(body: &[u8], asked: &Request) {
    // Numbers that pass as they are may be larger than another reader takes.
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return };
    let vectors = answer["data"].as_array().expect("a list");
    assert_eq!(vectors.len(), asked.input.count());
    for (at, vector) in vectors.iter().enumerate() {
        assert_eq!(vector["index"], at);
        match asked.encoding {
            Encoding::Float => assert!(vector["embedding"].as_array().is_some_and(|numbers| !numbers.is_empty())),
            Encoding::Base64 => assert!(vector["embedding"].as_str().is_some_and(|text| !text.is_empty())),
        }
    }
}
