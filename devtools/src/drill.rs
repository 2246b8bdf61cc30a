//! The drill: clients that write, read, reset and repeat what got lost while the service is killed, replaced and scaled; and
//! the comparison of what they were told with what is stored.
//!
//! Knows the service by addresses and the MCP tools only. Who disturbs it, and how, is a `Stage`'s: this machine's replicas
//! (`local`) or tasks on ECS (`ecs`).

pub(crate) mod balancer;
mod client;
mod crew;
pub(crate) mod disturb;
mod door;
pub(crate) mod ecs;
mod figures;
mod journal;
mod judge;
pub(crate) mod local;
mod plan;
mod report;
mod wire;

pub(crate) use self::{crew::Crew, disturb::Stage, door::Door, report::Report};
