//! Steps the gateway's clock, so that no test waits for time to pass.

use super::gateway::Gateway;
use super::wait::in_time;
use serde_json::Value;
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

    /// Moves its clock on so far that everything believed of providers is out of date, and waits until each has been
    /// checked anew and found well. A check that is under way at a step fails by it, so that one step may not do.
    pub async fn recover(&self, by: Duration) {
        for _ in 0..5 {
            let before = self.checks().await;
            self.advance(by).await;
            let mut now = before.clone();
            in_time("every provider to be checked anew", async {
                while before.iter().zip(&now).any(|(before, now)| before.1 == now.1) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    now = self.checks().await;
                }
            })
            .await;
            if now.iter().all(|(status, _)| status != "unhealthy") {
                return;
            }
        }
        panic!("a provider stays unhealthy: {}", self.get("/health").await.json);
    }

    /// Status of each provider that was ever checked, and when that was. The mock has nothing that could be checked.
    async fn checks(&self) -> Vec<(Value, Value)> {
        let health = self.get("/health").await.json;
        let providers = health["providers"].as_object().expect("providers").iter();
        let checked = providers.filter(|(name, one)| *name != "mock" && !one["checked_at"].is_null());
        checked.map(|(_, one)| (one["status"].clone(), one["checked_at"].clone())).collect()
    }
}

fn steps(stdout: &str) -> usize {
    stdout.lines().filter(|line| line.trim() == "advanced").count()
}
