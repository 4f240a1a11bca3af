//! ai-mcp-gateway: one binary between AI clients and every provider.
