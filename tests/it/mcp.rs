//! MCP: the gateway's own tools and resources, for clients of both eras, over HTTP and over stdio.

mod eras;

use crate::kit::*;

/// A gateway's environment for `mcp` over stdio.
fn over_stdio(gateway: GatewayBuilder) -> McpBuilder {
    mcp_over_stdio(gateway.command(["mcp"]))
}
