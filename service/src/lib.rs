//! `mcp-stateful`: a stateful MCP server. Session notes and a tool cache, kept in one DynamoDB table.
//!
//! The way of a request: [`http`] (the edge: who may call, how much, how long) → [`mcp`] or [`rest`] (the two surfaces)
//! → [`tools`] (what a call means) → [`store`] (the one door to the table).

pub mod cli;
pub mod clock;
pub mod config;
pub mod healthcheck;
pub mod http;
mod json;
pub mod mcp;
pub mod new_token;
pub mod oauth;
pub mod principal;
pub mod process;
pub mod rest;
pub mod serve;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod tools;
