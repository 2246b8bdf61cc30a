//! From source to an image in the registry, known by its digest.
//!
//! Who builds and how is decided below; what is deployed is decided by who calls this.

mod architecture;
mod archive;
pub mod build;
mod certificates;
mod digest;
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
mod rustflags;
pub mod static_image;
mod tag;
pub mod toolchain;

pub use self::{
    architecture::Architecture,
    plan::{Plan, plan},
    published::Delivered,
    registry::Registry,
};
use crate::{
    aws::{Account, ecr},
    error::{ErrorExt, Exit},
    ui,
};

/// What is to be in the registry.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What builds it, as preflight found.
    pub plan: &'a Plan,
    pub architecture: Architecture,
    /// The revision of the source, as `revision::of_checkout` gives it.
    pub revision: String,
}

/// Sees to it that the image of a revision is in the registry. One that is there under its tag is not built again, and one
/// that has to be built to know its tag is not compressed again.
pub(crate) async fn deliver(
    account: &Account,
    registry: &Registry,
    request: &Request<'_>,
    step: &ui::Step,
) -> anyhow::Result<Delivered> {
    let tag = tag::of_revision(&request.revision, request.architecture);
    if tag::is_clean(&request.revision)
        && let Some(there) = find(account, registry, tag, None).await?
    {
        return Ok(there);
    }
    step.note(&format!("builds {} for {} with {}", request.revision, request.architecture.oci(), request.plan));
    let built = build::build(request, step).await.exit_code(Exit::Build)?;
    let tag = tag::of_image(&request.revision, request.architecture, &built.id);
    let builder = Some(request.plan.builder());
    if let Some(there) = find(account, registry, tag.clone(), builder).await? {
        return Ok(there);
    }
    let image = built.pack()?;
    let login = ecr::login(account).await?;
    match push::push(&image, &registry.uri, &tag, &login, step).await {
        Ok(pushed) => Ok(Delivered {
            reference: format!("{}@{}", registry.uri, image.digest),
            tag,
            pushed: Some(pushed),
            size_bytes: image.size_bytes(),
            builder,
            digest: image.digest,
        }),
        // Somebody else may have pushed it while we built it; a tag keeps its first image.
        Err(error) => {
            find(account, registry, tag, builder).await?.map_or_else(|| Err(error).exit_code(Exit::Apply), Ok)
        }
    }
}

/// The image that is in the registry under a tag.
async fn find(
    account: &Account,
    registry: &Registry,
    tag: String,
    builder: Option<&'static str>,
) -> anyhow::Result<Option<Delivered>> {
    let found = ecr::image(account, &registry.name, &tag).await?;
    Ok(found.map(|stored| Delivered {
        reference: format!("{}@{}", registry.uri, stored.digest),
        digest: stored.digest,
        tag,
        pushed: None,
        size_bytes: stored.size_bytes,
        builder,
    }))
}
