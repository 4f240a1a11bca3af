//! What Redis is asked.

use std::sync::OnceLock;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::address::Wire;

/// A script that Redis runs as one step.
pub struct Script {
    source: &'static str,
    sha: OnceLock<String>,
}

impl Script {
    /// A script of this text, in Lua.
    pub const fn new(source: &'static str) -> Script {
        Script { source, sha: OnceLock::new() }
    }

    /// Its text.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The name under which Redis remembers it.
    fn sha(&self) -> &str {
        self.sha.get_or_init(|| redis::Script::new(self.source).get_hash().to_owned())
    }
}

/// One question.
pub(super) enum Ask<'a> {
    /// A command.
    Plain(Cmd),
    /// A script with its keys and arguments, numbers first.
    Script { script: &'static Script, keys: &'a [&'a str], numbers: &'a [i64], texts: &'a [&'a str] },
}

impl Ask<'_> {
    /// Asks by `wire`. A script goes by its name, and by its text only where Redis does not know it yet.
    pub(super) async fn by(&self, wire: &Wire) -> RedisResult<Value> {
        let mut connection = wire.connection();
        let Ask::Script { script, keys, numbers, texts } = self else {
            let Ask::Plain(command) = self else { return Ok(Value::Nil) };
            return command.query_async(&mut connection).await;
        };
        let evaluate = |word: &str, what: &str| {
            redis::cmd(word).arg(what).arg(keys.len()).arg(*keys).arg(*numbers).arg(*texts).take()
        };
        match evaluate("EVALSHA", script.sha()).query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                evaluate("EVAL", script.source()).query_async(&mut connection).await
            }
            came => came,
        }
    }
}
