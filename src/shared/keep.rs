//! Redis is looked at again and again, so that everybody knows how it is without asking it.

use std::time::Duration;

use tokio::time::sleep;

use super::fault::Fault;
use super::script::{Ask, Script};
use super::{Board, CALL, Own};

/// The pause between two looks while all is well.
const LOOK: Duration = Duration::from_secs(1);
/// The first pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a look does is what calls do: it runs a script, and the script writes. A server that only answers to `PING`
/// may be another's read-only replica, or have no memory left.
static LOOK_SCRIPT: Script = Script::new("redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)\nreturn {1}\n");
const LOOK_KEY: &str = "amg:look";

impl Board {
    /// Looks at Redis for as long as it is polled: each second while it answers, and after a failure soon and then ever
    /// more seldom, until it answers again.
    pub async fn keep(&self) {
        let Some(own) = &self.0 else { return };
        let mut pause = FIRST_PAUSE;
        loop {
            let mut came = own.look().await;
            if came.is_err() && own.standing.is_up() {
                // Once is no proof: on a busy machine an answer may be late that nobody waits for.
                came = own.look().await;
            }
            match came {
                Ok(()) => {
                    own.standing.answers();
                    tokio::select! {
                        () = sleep(LOOK) => {
                            pause = FIRST_PAUSE;
                            continue;
                        }
                        () = own.standing.lost() => {}
                    }
                }
                Err(fault) => {
                    own.standing.failed(&fault.to_string());
                }
            }
            sleep(pause).await;
            // One that fails again as soon as it is used is tried more and more seldom, too.
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits until Redis answers, which it never does where none is configured.
    pub async fn up(&self) {
        match &self.0 {
            Some(own) => own.standing.up().await,
            None => std::future::pending().await,
        }
    }

    /// Looks at Redis once, for an operator.
    ///
    /// # Errors
    /// Why it cannot be worked with, in words without the password. `None` where none is configured.
    pub async fn look(&self) -> Option<Result<(), String>> {
        let own = self.0.as_ref()?;
        Some(own.look().await.map_err(|fault| fault.to_string()))
    }
}

impl Own {
    /// Opens the connection where it is not open, however long that takes, and looks.
    async fn look(&self) -> Result<(), Fault> {
        let epoch = self.standing.epoch();
        self.line.open(epoch).await?;
        let ask = Ask::Script { script: &LOOK_SCRIPT, keys: &[LOOK_KEY], numbers: &[1], texts: &[] };
        self.line.ask(&ask, epoch, CALL).await.map(drop)
    }
}
