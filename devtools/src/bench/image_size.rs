//! What the image weighs that a deploy without an engine pushes: each of its parts, compressed as it lies in the registry.

use std::path::PathBuf;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use xtask::image::{
    Architecture, Plan, Request, build, native, static_image,
    toolchain::{self, Toolchain},
};
use xtask::{cargo, problem::Problem, revision, ui};

/// The weight of an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Weight {
    /// What the binary was built for.
    pub(crate) target: String,
    pub(crate) parts: Vec<Part>,
}

/// A layer, or the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) what: String,
    pub(crate) bytes: u64,
}

/// The scales, if this machine can build the image.
#[derive(Debug)]
pub(crate) struct Scales {
    toolchain: Toolchain,
    architecture: Architecture,
}

impl Weight {
    pub(crate) fn new<'a>(target: &str, parts: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        let parts = parts.into_iter().map(|(what, bytes)| Part { what: what.to_owned(), bytes });
        Self { target: target.to_owned(), parts: parts.collect() }
    }

    /// Of all parts.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

impl Scales {
    /// For an image that runs on this machine's kind of processor.
    pub(crate) fn find() -> Result<Self, Problem> {
        let architecture = Architecture::of_this_machine().map_err(|error| Problem::of(&error))?;
        Ok(Self { toolchain: toolchain::find(architecture)?, architecture })
    }

    /// Builds the image from this checkout exactly as a deploy does, and weighs it.
    pub(crate) async fn weigh(&self) -> anyhow::Result<Weight> {
        let step = ui::begin("image");
        let target = &self.toolchain.target;
        let plan = Plan::Native(self.toolchain.clone());
        let request = Request { plan: &plan, architecture: self.architecture, revision: revision::of_checkout() };
        let image = build::build(&request, &step).await?.pack()?;
        let sizes = image.blobs.iter().map(|(_, blob)| blob.len() as u64);
        let weight = Weight::new(target, static_image::PARTS.into_iter().zip(sizes));
        ensure!(weight.bytes() == image.size_bytes(), "the image has other parts than are known");
        step.done(&format!("{} bytes", weight.bytes()));
        Ok(weight)
    }

    /// The binary in the image that was weighed.
    pub(crate) fn binary(&self) -> anyhow::Result<PathBuf> {
        Ok(native::binary(&self.toolchain, &cargo::target_directory()?))
    }
}
