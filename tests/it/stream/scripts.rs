//! Scripts drawn at random: what the client adds up is what the upstream said, nothing lost, doubled or reordered.

use super::*;
use fastrand::Rng;

/// Scripts for each kind of provider.
const SCRIPTS: u64 = 150;

/// What text is made of; some of it looks like the protocols' own signs.
const WORDS: [&str; 14] =
    ["one ", "two\n", "é", "🙂", "\"", "\\", "\r\n", "data: ", "[DONE]", "{\"a\":1}", "\u{2028}", "\t", ": ", "\u{1}"];

/// A script and what it adds up to.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) pieces: Vec<Say>,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) tools: Vec<ToolCall>,
}

fn words(rng: &mut Rng) -> &'static str {
    let text: String = (0..rng.usize(1..6)).map(|_| WORDS[rng.usize(..WORDS.len())]).collect();
    text.leak()
}

/// The arguments of a call: an object without blanks, as every provider writes it.
fn arguments(rng: &mut Rng) -> String {
    let fields = (0..rng.usize(0..3)).map(|at| (format!("field_{at}"), json!(words(rng))));
    Value::Object(fields.collect()).to_string()
}

/// The text in fragments, cut at random.
fn fragments(rng: &mut Rng, text: &str) -> Vec<&'static str> {
    let text: &'static str = text.to_owned().leak();
    let mut fragments = Vec::new();
    let mut from = 0;
    for (at, _) in text.char_indices().skip(1) {
        if rng.u8(..4) == 0 {
            fragments.push(&text[from..at]);
            from = at;
        }
    }
    fragments.push(&text[from..]);
    fragments
}

impl Script {
    /// A script that a provider of this kind could follow.
    pub(crate) fn draw(rng: &mut Rng, kind: Kind) -> Self {
        let mut script = Self::default();
        if rng.bool() {
            script.pieces.push(Say::Role);
        }
        for _ in 0..rng.usize(1..12) {
            match rng.u8(..6) {
                0 | 1 => script.say(words(rng)),
                2 => {
                    let words = words(rng);
                    script.reasoning.push_str(words);
                    script.pieces.push(Say::Reasoning(words));
                }
                3 => script.pieces.push([Say::Comment("x"), Say::Ping][rng.usize(..2)].clone()),
                _ => script.call(rng, kind),
            }
        }
        // An answer of comments alone is another test's.
        script.say("end");
        script.pieces.push(Say::Usage(7, 3));
        script.pieces.push(Say::Done);
        script
    }

    fn say(&mut self, words: &'static str) {
        self.text.push_str(words);
        self.pieces.push(Say::Text(words));
    }

    /// One call, or several whose fragments are mixed where the protocol allows it.
    fn call(&mut self, rng: &mut Rng, kind: Kind) {
        let several = if kind == Kind::Anthropic { 1 } else { rng.usize(1..4) };
        let first = self.tools.len();
        let mut parts = Vec::new();
        for index in first..first + several {
            let (id, name) = (format!("call_{index}"), format!("tool_{}", rng.u8(..3)));
            let arguments = arguments(rng);
            self.pieces.push(Say::ToolStart(index, id.clone().leak(), name.clone().leak()));
            parts.push((index, fragments(rng, &arguments).into_iter()));
            self.tools.push(ToolCall { id, name, arguments });
        }
        while !parts.is_empty() {
            let at = rng.usize(..parts.len());
            match parts[at].1.next() {
                Some(fragment) => self.pieces.push(Say::ToolArgs(parts[at].0, fragment)),
                None => drop(parts.swap_remove(at)),
            }
        }
    }

    /// The script delivered in some way or other.
    pub(crate) fn reply(&self, rng: &mut Rng) -> Reply {
        let mut reply = Reply::exactly(self.pieces.clone());
        if rng.bool() {
            reply = reply.trickle(rng.usize(1..80));
        }
        if rng.bool() {
            reply = reply.crlf();
        }
        match rng.u8(..4) {
            0 => reply.comments("OPENROUTER PROCESSING"),
            1 => reply.close_delimited(),
            2 => reply.with_length(),
            _ => reply,
        }
    }
}

async fn check_scripts(kind: Kind) {
    let (gateway, upstream) = alone(of(kind)).await;
    for seed in 0..SCRIPTS {
        let mut rng = Rng::with_seed(seed);
        let script = Script::draw(&mut rng, kind);
        upstream.switch(script.reply(&mut rng));
        let asked = rng.bool();
        let body = if asked { with_usage(kind) } else { streamed(chat(model(kind), "hi")) };
        let answer = send(&gateway, &body).await;
        let seen = (answer.status, answer.done(), answer.error());
        assert_eq!(seen, (200, true, Value::Null), "{kind:?}, seed {seed}: {:?}", script.pieces);
        assert_eq!(answer.text(), script.text, "{kind:?}, seed {seed}");
        assert_eq!(answer.reasoning(), script.reasoning, "{kind:?}, seed {seed}");
        assert_eq!(answer.tools(), script.tools, "{kind:?}, seed {seed}");
        let tokens = if asked { json!(10) } else { Value::Null };
        assert_eq!(answer.usage()["total_tokens"], tokens, "{kind:?}, seed {seed}");
        assert_eq!(answer.finish().len(), 1, "{kind:?}, seed {seed}");
    }
}

#[tokio::test]
async fn from_openai() {
    check_scripts(Kind::OpenAi).await;
}

#[tokio::test]
async fn from_openrouter() {
    check_scripts(Kind::OpenRouter).await;
}

#[tokio::test]
async fn from_a_compatible_server() {
    check_scripts(Kind::Compatible).await;
}

#[tokio::test]
async fn from_anthropic() {
    check_scripts(Kind::Anthropic).await;
}

#[tokio::test]
async fn from_ollama() {
    check_scripts(Kind::Ollama).await;
}
