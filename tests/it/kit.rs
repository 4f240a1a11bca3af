//! The kit that end-to-end tests are written with: `use crate::kit::*`.

mod answer;
mod bare;
mod caller;
mod check;
mod clock;
mod database;
mod front;
mod gateway;
mod log;
mod mcp;
mod process;
mod redis;
mod servers;
mod strict;
mod tests;
mod tools;
pub mod upstream;
mod wait;
mod wall;

pub use answer::{Answer, Event, ToolCall};
pub use caller::{Caller, Live, Request, chat, messages, responses, streamed};
pub use check::{check, check_called, check_error, check_not_called};
pub use database::{Database, databases, postgres, sqlite};
pub use front::Front;
pub use gateway::{Gateway, GatewayBuilder, gateway};
pub use mcp::{Era, Mcp, McpBuilder, Said, mcp, mcp_over_stdio, misfit};
pub use process::{Finished, Process};
pub use redis::{Redis, free_port, redis, redis_with};
pub use servers::{HttpServer, Journal, Servers, http_server, http_server_on, is_zombie, keepers_of, runs, servers};
pub use strict::{message_of, response_of};
pub use upstream::{Call, Kind, Odd, Reply, Say, Upstream, UpstreamBuilder};
pub use upstream::{
    base64_of, body_of, close_before_head, content_policy, context_length, credit_exhausted_400, empty, empty_stream,
    forbidden, html, insufficient_quota, invalid_key, invalid_request, json, model_not_found, ok, overloaded,
    rate_limited, rate_limited_unsaid, raw, reset_after_head, reset_before_head, stall_after_head, stall_before_head,
    status, vector, vectors,
};
pub use wait::{PATIENCE, eventually, in_time, settled};
pub use wall::{Wall, wall};
