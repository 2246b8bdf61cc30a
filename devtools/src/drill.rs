//! The drill: clients that write, read, reset and repeat what got lost while the service is killed, replaced and scaled; and
//! the comparison of what they were told with what is stored.
//!
//! Knows the service by addresses and the MCP tools only. Who disturbs it, and how, is a `Stage`'s: this machine's replicas
//! (`local`) or tasks on ECS (`ecs`).

pub(crate) mod balancer;
mod check;
mod client;
mod clients;
pub(crate) mod disturb;
pub(crate) mod ecs;
mod endpoints;
mod figures;
mod journal;
pub(crate) mod local;
mod plan;
mod raw_client;
mod report;

pub(crate) use self::{clients::Crew, disturb::Stage, endpoints::Door, report::Report};
