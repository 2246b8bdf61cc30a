//! From source to an image in the registry, known by its digest.
//!
//! Who builds and how is decided below; what is deployed is decided by who calls this.

mod architecture;
mod archive;
mod build;
mod certificates;
mod delivered;
mod digest;
mod elf;
mod engine;
mod labels;
mod layer;
mod native;
mod oci;
mod plan;
mod push;
mod quick;
pub(crate) mod registry;
mod rustflags;
mod scratch;
mod tag;
mod toolchain;

pub(crate) use self::{
    architecture::Architecture,
    delivered::Delivered,
    plan::{Plan, plan},
    quick::{Quick, quickly},
    registry::Registry,
};
use crate::{
    aws::{
        Account,
        ecr::{self, Named},
    },
    error::{Advice, Exit},
    ui,
};

/// What is to be in the registry.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// What builds it, as preflight found.
    pub(crate) plan: &'a Plan,
    pub(crate) architecture: Architecture,
    /// The revision of the source, as `revision::of_checkout` gives it.
    pub(crate) revision: String,
}

/// Sees to it that the image of a revision is in the registry. One that is there under its tag is not built again.
pub(crate) async fn deliver(
    account: &Account,
    registry: &Registry,
    request: &Request<'_>,
    step: &ui::Step,
) -> anyhow::Result<Delivered> {
    if let Some(there) = find(account, registry, request).await? {
        return Ok(there);
    }
    step.note(&format!("builds {} for {} with {}", request.revision, request.architecture.oci(), request.plan));
    let image = build::build(request, step).await.exits(Exit::Build)?;
    let tag = tag::of_image(&request.revision, request.architecture, &image.digest);
    let pushed = match ecr::image(account, &registry.name, Named::Digest(&image.digest)).await? {
        Some(_) => false,
        None => {
            let login = ecr::login(account).await?;
            let pushed = push::push(&image, &registry.uri, &tag, &login, step).await;
            if let Err(error) = pushed {
                // Somebody else may have pushed this revision while we built it; a tag keeps its first image.
                return find(account, registry, request).await?.map_or_else(|| Err(error).exits(Exit::Apply), Ok);
            }
            true
        }
    };
    Ok(Delivered {
        reference: format!("{}@{}", registry.uri, image.digest),
        tag,
        pushed,
        size_bytes: image.size_bytes(),
        builder: Some(request.plan.builder()),
        digest: image.digest,
    })
}

/// The image of a revision that names one source for good, if it was pushed before.
async fn find(account: &Account, registry: &Registry, request: &Request<'_>) -> anyhow::Result<Option<Delivered>> {
    if !tag::is_clean(&request.revision) {
        return Ok(None);
    }
    let tag = tag::of_revision(&request.revision, request.architecture);
    let found = ecr::image(account, &registry.name, Named::Tag(&tag)).await?;
    Ok(found.map(|stored| Delivered {
        reference: format!("{}@{}", registry.uri, stored.digest),
        digest: stored.digest,
        tag,
        pushed: false,
        size_bytes: stored.size_bytes,
        builder: None,
    }))
}
