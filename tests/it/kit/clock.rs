//! Steps the gateway's clock, so that no test waits for time to pass.

use super::gateway::Gateway;
use std::time::Duration;

impl Gateway {
    /// Moves its clock on: `advance <ms>` on stdin, answered by `advanced` on stdout.
    pub async fn advance(&self, by: Duration) {
        let before = steps(&self.process.stdout());
        self.process.write_line(&format!("advance {}", by.as_millis()));
        self.process.wait_for_stdout("`advanced` on stdout", |text| steps(text) > before).await;
    }
}

fn steps(stdout: &str) -> usize {
    stdout.lines().filter(|line| line.trim() == "advanced").count()
}
