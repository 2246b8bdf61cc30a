//! Measures the image that a deploy without a container engine pushes: the compressed size of each part.

use std::path::PathBuf;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use xtask::image::{
    Architecture, Assets, Plan, Request, build, native, static_image,
    toolchain::{self, Toolchain},
};
use xtask::{cargo, problem::Problem, source::Source, ui};

/// The size of an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImageSize {
    /// The target triple of the binary.
    pub(crate) target: String,
    pub(crate) parts: Vec<Part>,
}

/// A layer or the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    #[serde(rename = "what")]
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// Builds the image on a machine that has the toolchain.
#[derive(Debug)]
pub(crate) struct ImageBuilder {
    source: Source,
    toolchain: Toolchain,
    architecture: Architecture,
}

impl ImageSize {
    pub(crate) fn new<'a>(target: &str, parts: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        let parts = parts.into_iter().map(|(name, bytes)| Part { name: name.to_owned(), bytes });
        Self { target: target.to_owned(), parts: parts.collect() }
    }

    /// The sum of all parts.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

impl ImageBuilder {
    /// Finds the toolchain for an image of this machine's architecture.
    pub(crate) fn find() -> Result<Self, Problem> {
        let architecture = Architecture::of_this_machine().map_err(|error| Problem::from_error(&error))?;
        let source = Source::of_checkout().map_err(|error| Problem::from_error(&error))?;
        Ok(Self { source, toolchain: toolchain::find(architecture, cargo::workspace_root())?, architecture })
    }

    /// Builds the image from this checkout exactly as a deploy does, and measures it.
    pub(crate) async fn measure(&self) -> anyhow::Result<ImageSize> {
        let step = ui::begin("image");
        let target = &self.toolchain.target;
        let plan = Plan::Native(self.toolchain.clone());
        let request = Request {
            source: &self.source,
            identity: self.source.identity(),
            plan: &plan,
            architecture: self.architecture,
            assets: &Assets::default(),
        };
        let image = build::build(&request, &step).await?.pack()?;
        let sizes = image.blobs.iter().map(|(_, blob)| blob.len() as u64);
        let size = ImageSize::new(target, static_image::PARTS.into_iter().zip(sizes));
        ensure!(size.bytes() == image.size_bytes(), "the image has parts that this command does not know");
        step.done(&format!("{} bytes", size.bytes()));
        Ok(size)
    }

    /// Returns the binary in the measured image. It is built already, so cargo only reports where it is.
    pub(crate) fn binary(&self) -> anyhow::Result<PathBuf> {
        cargo::build::executable_of(&native::build(&self.source, &self.toolchain), cargo::SERVICE)
    }
}
