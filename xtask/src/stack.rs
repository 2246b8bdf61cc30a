//! A deployment on AWS as Terraform knows it: its names, its state, its variables and its outputs.
//!
//! `infra/` decides what is created. The modules here pass variables to it and read its outputs. Must not call AWS
//! services beyond opening the account; `aws` does.

mod backend;
pub mod deployment;
mod home;
mod names;
mod outputs;

mod settings;
mod terraform;
mod variables;
pub(crate) mod workspace;

pub(crate) use backend::Backend;
pub use deployment::{Deployment, DeploymentTarget};
pub use names::Names;
pub use outputs::Outputs;
pub(crate) use terraform::StateLocked;
pub use terraform::Terraform;
pub use variables::Variables;
