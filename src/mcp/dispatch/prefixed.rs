//! The URIs in what a server answers, as `/mcp` shows them.

use rmcp::model::{CallToolResult, ContentBlock, GetPromptResult, ReadResourceResult, ResourceContents};

use crate::mcp::names;

/// A tool's result.
pub(super) fn tool(prefix: &str, result: &mut CallToolResult) {
    result.content.iter_mut().for_each(|block| content(prefix, block));
}

/// A prompt.
pub(super) fn prompt(prefix: &str, result: &mut GetPromptResult) {
    result.messages.iter_mut().for_each(|message| content(prefix, &mut message.content));
}

/// What a resource holds.
pub(super) fn resource(prefix: &str, result: &mut ReadResourceResult) {
    result.contents.iter_mut().for_each(|part| contents(prefix, part));
}

fn content(prefix: &str, block: &mut ContentBlock) {
    match block {
        ContentBlock::Resource(embedded) => contents(prefix, &mut embedded.resource),
        ContentBlock::ResourceLink(link) => link.uri = names::shown_uri(prefix, &link.uri),
        _ => {}
    }
}

fn contents(prefix: &str, part: &mut ResourceContents) {
    match part {
        ResourceContents::TextResourceContents { uri, .. } | ResourceContents::BlobResourceContents { uri, .. } => {
            *uri = names::shown_uri(prefix, uri);
        }
        _ => {}
    }
}
