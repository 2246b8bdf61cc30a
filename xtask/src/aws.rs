//! The doors to AWS: a file for each service that we call, and nothing of what we call it for.
//!
//! ECR, ECS and DynamoDB are called through their SDKs, everything else through `signed`, because each further SDK costs every
//! newcomer's first `cargo xtask` minutes of compiling.

pub(crate) mod account;
pub(crate) mod ec2;
pub(crate) mod ecr;
pub mod ecs;
pub(crate) mod http;
pub(crate) mod iam;
pub(crate) mod logs;
mod sdk;
pub mod ssm;
pub(crate) mod table;
pub(crate) mod tagging;
pub(crate) mod tags;
pub(crate) mod vpc_endpoint;

pub use account::Account;
