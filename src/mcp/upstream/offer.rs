//! What a server offered when it was last asked.

use rmcp::model::{Prompt, Resource, ResourceTemplate, ServerCapabilities, Tool};

/// The lists of a server as they came last, without what is denied or held back.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// Its tools.
    pub tools: Vec<Tool>,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Its resource templates.
    pub templates: Vec<ResourceTemplate>,
    /// What it says that it can do.
    pub capabilities: ServerCapabilities,
    /// How it wants to be used.
    pub instructions: Option<String>,
    /// Tools that are held back because their definition has changed.
    pub held: Vec<String>,
    /// Tools that are left out because something is wrong with them, and what that is.
    pub left_out: Vec<String>,
}
