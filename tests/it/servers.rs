//! Other MCP servers: started, watched, listed and ended.

mod lists;
