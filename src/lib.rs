//! ai-mcp-gateway: one binary between AI clients and every provider.
//!
//! Modules in reading order, from words to fronts; each imports only from floors below its own (ARCHITECTURE.md).

// floor 0: words, no input or output
pub mod clock;
pub mod domain;
pub mod secret;
pub mod telemetry;

// floor 1: protocols and models, functions of bytes
pub mod models;
pub mod protocol;

// floor 2: providers, functions of data
pub mod provider;

// floor 3: the outside, each a leaf that knows no sibling
pub mod cache;
pub mod health;
pub mod shared;
pub mod store;
pub mod upstream;

// floor 4: decisions
pub mod admit;
pub mod chain;
pub mod plan;
pub mod record;

// floor 5: the product as an interface
pub mod gateway;

// floor 6: fronts, which call the gateway and nothing below it
pub mod api;
pub mod mcp;

// floor 8: the environment
pub mod config;

// floor 9: the parts joined
pub mod app;
pub mod cli;
