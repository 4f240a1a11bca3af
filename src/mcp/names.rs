//! The names under which `/mcp` shows what other servers have.
