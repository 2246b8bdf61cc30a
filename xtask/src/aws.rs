//! One module for each AWS service that the deployer calls. A module knows requests and responses, not why they are
//! made.
//!
//! ECR, ECS and DynamoDB are called through their SDKs. The other services are called through [`http`], because
//! each further SDK adds minutes of compiling to a newcomer's first deployment.

pub(crate) mod account;
mod credentials;
pub(crate) mod ec2;
pub(crate) mod ecr;
pub mod ecs;
pub(crate) mod endpoint;
pub(crate) mod http;
pub(crate) mod iam;
pub(crate) mod logs;
pub(crate) mod partition;
pub(crate) mod quotas;
pub(crate) mod s3;
mod sdk;
pub(crate) mod secrets_manager;
pub mod ssm;
pub(crate) mod table;
pub(crate) mod tagging;
pub(crate) mod tags;
pub(crate) mod vpc_endpoint;
mod xml;
pub use account::Account;
