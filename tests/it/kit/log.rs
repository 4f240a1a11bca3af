//! What the gateway's log says of one request, where it is written as JSON (`LOG_FORMAT=json`).

use super::gateway::Gateway;
use serde_json::Value;

impl Gateway {
    /// The one line that tells how the request with this id ended.
    pub async fn line_of(&self, id: &str) -> Value {
        self.wait_for_log(&format!("\"message\":\"request\",\"request_id\":\"{id}\"")).await;
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<Value> = lines.filter(|line| line["message"] == "request" && line["request_id"] == id).collect();
        assert_eq!(lines.len(), 1, "lines of {id}: {lines:?}");
        lines.into_iter().next().expect("one line")
    }
}
