//! The drill: clients add, read, reset and retry while the service is killed, replaced and scaled. Afterwards the
//! notes that are stored are compared with the responses that the clients received.
//!
//! The clients know the service by its addresses and its MCP tools only. A [`Target`] injects the disturbances:
//! replicas on this machine (`local`) or tasks on ECS (`ecs`).

pub(crate) mod balancer;
mod client;
mod clients;
pub(crate) mod disturb;
pub(crate) mod ecs;
mod figures;
mod journal;
pub(crate) mod local;
mod plan;
mod raw_client;
mod report;
pub(crate) mod tools;

pub(crate) use self::{client::Endpoints, clients::Clients, disturb::Target, report::Report};
