//! HTTP without the APIs: admission to the routes, the checks of client, Host and Origin, health, and the
//! connection loop.
//!
//! Of MCP and REST it knows only which tool a body calls, for scopes, and how many messages it has, for the rate
//! limit. [`crate::app`] connects this module with both.

mod accept;
mod admission;
mod arrival;
mod auth_failures;
mod authenticator;
mod challenge;
mod client_policy;
mod coding;
mod connection;
mod error_response;
pub(crate) mod health;
mod limits;
mod listener;
pub(crate) mod metrics;
mod origin_policy;
mod rate_limit;
pub(crate) mod resource_metadata;

pub(crate) use accept::accepts;
pub(crate) use admission::Admission;
pub use admission::AuthenticatedRequest;
pub(crate) use client_policy::ClientPolicy;
pub(crate) use coding::{UNSUPPORTED_CONTENT_CODING, has_content_coding, reject_transfer_coding, with_accepted_coding};
pub use error_response::error_response;
pub(crate) use error_response::{internal_error, not_found};
pub use listener::{ConnectionLimits, serve};
pub(crate) use origin_policy::{OriginPolicy, Verdict};
pub(crate) use rate_limit::{rate_limit_text, seconds, too_many_requests};
