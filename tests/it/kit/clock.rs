//! Steps the gateway's clock, so that no test waits for time to pass.

use super::gateway::Gateway;
use super::wait::in_time;
use std::time::Duration;

impl Gateway {
    /// Waits until every provider has been checked once. A step of the clock while a check is under way would be a
    /// time-out of it, so tests that step wait for this first.
    pub async fn checked(self) -> Self {
        let unknown = async |gateway: &Gateway| {
            let health = gateway.get("/health").await.json;
            health["providers"]
                .as_object()
                .expect("providers")
                .values()
                .any(|one| one["status"] == "unknown" && one["checked_at"].is_null())
        };
        in_time("every provider to be checked", async {
            while unknown(&self).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        self
    }

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
