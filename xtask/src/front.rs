//! The fronts of a deployment.

use clap::ValueEnum;

/// The part of AWS that clients connect to: the variable `front` of `infra/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Front {
    None,
    HttpApi,
    Alb,
    Cloudfront,
}
