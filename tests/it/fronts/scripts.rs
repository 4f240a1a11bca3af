//! Streams drawn at random, from every kind of provider to callers of Messages and Responses: nothing is lost, doubled or
//! reordered, and every event stands where its protocol wants it.

use super::*;
use crate::stream::scripts::Script;
use crate::stream::{KINDS, model, of};
use fastrand::Rng;

/// Scripts for each pair of caller and provider.
const SCRIPTS: u64 = 40;

async fn check_scripts(front: Front, kind: Kind) {
    let upstream = of(kind).start().await;
    let gateway = gateway().with(&upstream).start().await;
    for seed in 0..SCRIPTS {
        let mut rng = Rng::with_seed(seed);
        let script = Script::draw(&mut rng, kind);
        upstream.switch(script.reply(&mut rng));
        let answer = front.stream(&gateway, model(kind)).await;
        let what = format!("{front:?} by {kind:?}, seed {seed}: {:?}", script.pieces);
        assert_eq!((answer.status, answer.done(), answer.error()), (200, true, Value::Null), "{what}");
        assert_eq!(answer.text(), script.text, "{what}");
        assert_eq!(answer.reasoning(), script.reasoning, "{what}");
        assert_eq!(answer.tools(), script.tools, "{what}");
        let whole = match (front, kind) {
            // The kit's own last event has the output in another order, and passes as bytes.
            (Front::Responses, Kind::OpenAi) => Ok(answer.events.last().unwrap().json["response"].clone()),
            (Front::Responses, _) => response_of(&answer.events),
            _ => message_of(&answer.events),
        };
        let whole = whole.unwrap_or_else(|fault| panic!("{what}\n{fault}"));
        let usage = [&whole["usage"]["input_tokens"], &whole["usage"]["output_tokens"]];
        assert_eq!(usage, [&json!(7), &json!(3)], "{what}");
    }
}

#[tokio::test]
async fn to_callers_of_messages() {
    for kind in KINDS {
        check_scripts(Front::Messages, kind).await;
    }
}

#[tokio::test]
async fn to_callers_of_responses() {
    for kind in KINDS {
        check_scripts(Front::Responses, kind).await;
    }
}
