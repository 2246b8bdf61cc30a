//! A deployment on AWS as Terraform knows it: its names, where its state is kept, what goes in and what comes out.
//!
//! `infra/` decides what is made; this hands it variables and reads its outputs. The calls of AWS's services are `aws`'s.

pub(crate) mod adopt;
mod backend;
pub(crate) mod deployment;
mod home;
pub(crate) mod names;
mod outputs;
mod run;
mod settings;
mod variables;
pub(crate) mod workspace;

pub(crate) use backend::Backend;
pub(crate) use deployment::{Deployment, Place};
pub(crate) use names::Names;
pub(crate) use outputs::Outputs;
pub(crate) use run::Terraform;
pub(crate) use variables::Variables;
