//! Builds the service's container image and publishes it to the registry, where its digest identifies it.
//!
//! The submodules choose the builder. The caller chooses the package to deploy.

mod architecture;
mod archive;
mod assets;
pub mod build;
mod certificates;
mod digest;
mod dockerfile;
mod elf;
mod engine;
mod labels;
mod layer;
pub mod native;
mod oci;
mod plan;
mod published;
mod push;
pub(crate) mod registry;
pub(crate) mod releases;
pub(crate) mod remote;
mod rustflags;
pub mod static_image;
mod tag;
pub mod toolchain;

pub use self::{
    architecture::Architecture,
    assets::Assets,
    plan::{Plan, plan},
    published::Published,
    registry::Registry,
};
use crate::{
    aws::{Account, ecr},
    error::{ErrorExt, Exit},
    source::{Identity, Source},
    ui,
};

/// An image to publish.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub source: &'a Source,
    /// The exact state of the source. An image of another identity is another image.
    pub identity: Identity,
    /// The builder that preflight chose.
    pub plan: &'a Plan,
    pub architecture: Architecture,
    pub assets: &'a Assets,
}

/// Publishes the image of a source, unless the registry has it.
///
/// An image under the tag of an exact identity is not built again. An image whose tag depends on its content is
/// built, but not compressed again. Fails with [`Exit::Build`] if it cannot be built, with [`Exit::Apply`] if it
/// cannot be pushed.
pub(crate) async fn publish(
    account: &Account,
    registry: &Registry,
    request: &Request<'_>,
    step: &ui::Step,
) -> anyhow::Result<Published> {
    let identity = &request.identity;
    let tag = request.assets.tag(tag::for_identity(identity, request.architecture))?;
    if identity.is_exact
        && let Some(existing) = find(account, registry, tag, None).await?
    {
        return Ok(existing);
    }
    let (what, architecture) = (identity.describe(), request.architecture.oci());
    step.note(&format!("building {what} for {architecture} with {}", request.plan));
    let built = build::build(request, step).await.exit_code(Exit::Build)?;
    let tag = request.assets.tag(tag::for_image(identity, request.architecture, &built.id))?;
    let built = request.assets.add_to(built)?;
    let builder = Some(request.plan.builder());
    if let Some(existing) = find(account, registry, tag.clone(), builder).await? {
        return Ok(existing);
    }
    let image = built.pack()?;
    let login = ecr::login(account).await?;
    match push::push(&image, &registry.uri, &tag, &login, step).await {
        Ok(pushed) => Ok(Published {
            reference: format!("{}@{}", registry.uri, image.digest),
            tag,
            pushed: Some(pushed),
            size_bytes: image.size_bytes(),
            builder,
            digest: image.digest,
        }),
        // Another deployer may have pushed the tag during the build. Tags are immutable, so its image is the one to
        // use.
        Err(error) => {
            find(account, registry, tag, builder).await?.map_or_else(|| Err(error).exit_code(Exit::Apply), Ok)
        }
    }
}

/// Returns the image that the registry has under a tag.
async fn find(
    account: &Account,
    registry: &Registry,
    tag: String,
    builder: Option<&'static str>,
) -> anyhow::Result<Option<Published>> {
    let found = ecr::image(account, &registry.name, &tag).await?;
    Ok(found.map(|stored| Published {
        reference: format!("{}@{}", registry.uri, stored.digest),
        digest: stored.digest,
        tag,
        pushed: None,
        size_bytes: stored.size_bytes,
        builder,
    }))
}
