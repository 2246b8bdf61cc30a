//! `mcp-stateful`: a stateful MCP server. It keeps session notes and a tool cache in one DynamoDB table.
//!
//! A request passes [`app`] (counting, Host and Origin, routes) → [`http`] (admission: authentication and
//! limits) → [`mcp`] or [`rest`] (the two APIs) → [`tools`] (the meaning of a call) → [`store`] (the only
//! access to the table).

pub mod app;
pub mod aws;
mod capacity;
pub mod cli;
pub mod clock;
pub mod config;
pub mod healthcheck;
mod host;
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
mod text;
pub mod tools;
