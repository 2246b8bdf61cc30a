//! A deployment on AWS as Terraform knows it: its names, where its state is kept, what goes in and what comes out.
//!
//! `infra/` decides what is made; this hands it variables and reads its outputs. The calls of AWS's services are `aws`'s.

pub(crate) mod adopt;
mod backend;
pub mod deployment;
mod home;
pub(crate) mod names;
mod outputs;
mod run;
mod settings;
mod variables;
pub(crate) mod workspace;

pub(crate) use backend::Backend;
pub use deployment::{Deployment, DeploymentTarget};
pub use names::Names;
pub use outputs::Outputs;
pub use run::Terraform;
pub use variables::Variables;
