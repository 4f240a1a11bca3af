//! How another server is, in a line for operators.

use super::{Reach, Server, Standing};

impl Server {
    /// What `check` says of it: its name, whether it is up, and in which words.
    pub fn told(&self) -> (String, bool, String) {
        let way = match self.spec.reach {
            Reach::Child { .. } => "stdio",
            Reach::Http { .. } => "http",
        };
        let (up, words) = match self.standing() {
            Standing::Up(link) => {
                let offer = self.offer();
                let (tools, held) = (offer.tools.len(), offer.held.len());
                let held = if held == 0 { String::new() } else { format!(", {held} held back") };
                let tools = format!("{tools} tool{}", if tools == 1 { "" } else { "s" });
                (true, format!("{way}, {}, {tools}{held}", link.version))
            }
            Standing::Down { why, .. } => {
                let said = self.last_words();
                let said = if said.is_empty() { said } else { format!("; it said: {said}") };
                (false, format!("{way}: {why}{said}"))
            }
            Standing::Starting => (false, format!("{way}: it has not answered yet")),
        };
        (format!("mcp {}", self.spec.name), up, words)
    }
}
