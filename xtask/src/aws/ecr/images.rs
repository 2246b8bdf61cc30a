//! All images of a repository: their tags and push times, further tags, and their removal.

use anyhow::{Context, anyhow};
use aws_sdk_ecr::types::ImageIdentifier;

use super::{Account, client, sdk};

/// The media types of a manifest, which ECR would convert to another one if it were not named.
const MANIFESTS: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
/// The number of images that BatchDeleteImage takes.
const PAGE: usize = 100;

/// An image with its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaggedImage {
    pub(crate) digest: String,
    pub(crate) tags: Vec<String>,
    /// In seconds since 1970.
    pub(crate) pushed_at: u64,
}

/// Returns all images of a repository.
pub(crate) async fn list(account: &Account, repository: &str) -> anyhow::Result<Vec<TaggedImage>> {
    let mut pages = client(account).describe_images().repository_name(repository).into_paginator().items().send();
    let mut images = Vec::new();
    while let Some(image) = pages.next().await {
        let image = image
            .map_err(|error| sdk::failed("DescribeImages", error))
            .with_context(|| format!("cannot list the images of the repository {repository}"))?;
        images.push(TaggedImage {
            digest: image.image_digest().unwrap_or_default().to_owned(),
            tags: image.image_tags().to_vec(),
            pushed_at: image.image_pushed_at().and_then(|at| u64::try_from(at.secs()).ok()).unwrap_or_default(),
        });
    }
    Ok(images)
}

/// Adds a tag to an image of the repository.
pub(crate) async fn add_tag(account: &Account, repository: &str, digest: &str, tag: &str) -> anyhow::Result<()> {
    let what = || format!("cannot tag the image {digest} in the repository {repository}");
    let id = ImageIdentifier::builder().image_digest(digest).build();
    let request = client(account).batch_get_image().repository_name(repository).image_ids(id);
    let request = request.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
    let response = request.send().await.map_err(|error| sdk::failed("BatchGetImage", error)).with_context(what)?;
    let image = response.images().first().with_context(what)?;
    let request = client(account).put_image().repository_name(repository).image_digest(digest).image_tag(tag);
    let request = request
        .set_image_manifest(image.image_manifest().map(str::to_owned))
        .set_image_manifest_media_type(image.image_manifest_media_type().map(str::to_owned));
    request.send().await.map(drop).map_err(|error| sdk::failed("PutImage", error)).with_context(what)
}

/// Removes images with all of their tags.
pub(crate) async fn remove(account: &Account, repository: &str, digests: &[String]) -> anyhow::Result<()> {
    let what = || format!("cannot remove images from the repository {repository}");
    for page in digests.chunks(PAGE) {
        let ids = page.iter().map(|digest| ImageIdentifier::builder().image_digest(digest).build()).collect();
        let request = client(account).batch_delete_image().repository_name(repository).set_image_ids(Some(ids));
        let response =
            request.send().await.map_err(|error| sdk::failed("BatchDeleteImage", error)).with_context(what)?;
        if let Some(failure) = response.failures().first() {
            let reason = failure.failure_reason().unwrap_or("ECR gave no reason");
            return Err(anyhow!("{reason}")).with_context(what);
        }
    }
    Ok(())
}
