//! The images that were deployed successfully, and the removal of old ones.
//!
//! A green deploy adds a tag with the time to its image: `released-20261126T034059Z`. The registry is the one place
//! that every deployer shares and Terraform does not manage, and one request lists all of it. Tags of task definitions
//! were rejected: Terraform would remove them with the next plan, and each revision needs a request of its own.
//!
//! ECR's lifecycle rules cannot do this. They count by push time, so after a rollback the image that serves is among
//! the first to expire: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>

use std::collections::BTreeSet;

use super::Published;
use crate::{
    aws::{
        Account,
        ecr::{self, TaggedImage},
        ecs, tags,
    },
    stack::Names,
    timestamp,
    ui::Step,
};

/// Releases that stay, to return to.
const KEPT: usize = 20;
const PREFIX: &str = "released-";

/// Records that an image serves, and removes old images. Does nothing for an image or repository of another owner.
/// Returns the number of images removed, or `None` if nothing was recorded.
pub(crate) async fn record(
    account: &Account,
    names: &Names,
    image: &Published,
    step: &Step,
) -> anyhow::Result<Option<usize>> {
    let Some(repository) = ecr::repository(account, &names.repository()).await? else { return Ok(None) };
    let is_in_repository = image.reference.strip_suffix(&format!("@{}", image.digest)) == Some(&repository.uri);
    if !is_in_repository || !tags::belong_to(&ecr::tags(account, &repository).await?, names.project()) {
        return Ok(None);
    }
    let mut images = ecr::list(account, &repository.name).await?;
    // A deploy without a change adds no tag.
    if newest(&images) != Some(image.digest.as_str()) {
        let tag = format!("{PREFIX}{}", compact(timestamp::now()));
        ecr::add_tag(account, &repository.name, &image.digest, &tag).await?;
        images.iter_mut().filter(|found| found.digest == image.digest).for_each(|found| found.tags.push(tag.clone()));
    }
    let mut old = expired(&images, &image.digest);
    if old.is_empty() {
        return Ok(Some(0));
    }
    step.status("looking for services that use old images");
    let used = ecs::images_in_use(account).await?;
    old.retain(|image| !is_used(image, &repository.uri, &used));
    let digests: Vec<String> = old.into_iter().map(|image| image.digest.clone()).collect();
    ecr::remove(account, &repository.name, &digests).await?;
    Ok(Some(digests.len()))
}

/// Returns the digest of the newest release.
fn newest(images: &[TaggedImage]) -> Option<&str> {
    let newest = images.iter().max_by_key(|image| released_at(image))?;
    released_at(newest).map(|_| newest.digest.as_str())
}

/// Returns the images that are neither serving nor worth keeping. Images without tags are left to the lifecycle rule.
///
/// Images that are older than the first recorded release may have been released by an earlier version, which recorded
/// nothing. They fill up the places that no recorded release takes. An image that was pushed after the one that serves
/// and never released may be one that another deployer is about to deploy.
fn expired<'a>(images: &'a [TaggedImage], serving: &str) -> Vec<&'a TaggedImage> {
    let mut released: Vec<&TaggedImage> = images.iter().filter(|image| released_at(image).is_some()).collect();
    released.sort_by_key(|image| std::cmp::Reverse(released_at(image)));
    let first = released.last().and_then(|image| released_at(image)).unwrap_or_default();
    let is_unrecorded = |image: &TaggedImage| released_at(image).is_none() && compact(image.pushed_at).as_str() < first;
    let mut unrecorded: Vec<&TaggedImage> =
        images.iter().filter(|image| !image.tags.is_empty() && is_unrecorded(image)).collect();
    unrecorded.sort_by_key(|image| std::cmp::Reverse(image.pushed_at));
    let kept: BTreeSet<&str> =
        released.into_iter().chain(unrecorded).take(KEPT).map(|image| image.digest.as_str()).collect();

    let serving = images.iter().find(|image| image.digest == serving);
    let may_be_next = |image: &TaggedImage| {
        released_at(image).is_none() && serving.is_none_or(|serving| image.pushed_at >= serving.pushed_at)
    };
    let is_expired = |image: &&TaggedImage| {
        !image.tags.is_empty()
            && !kept.contains(image.digest.as_str())
            && serving.is_some_and(|serving| serving.digest != image.digest)
            && !may_be_next(image)
    };
    images.iter().filter(is_expired).collect()
}

/// Returns the time of an image's newest release. It sorts as text.
fn released_at(image: &TaggedImage) -> Option<&str> {
    image.tags.iter().filter_map(|tag| tag.strip_prefix(PREFIX)).max()
}

fn is_used(image: &TaggedImage, uri: &str, used: &BTreeSet<String>) -> bool {
    used.contains(&format!("{uri}@{}", image.digest))
        || image.tags.iter().any(|tag| {
            used.contains(&format!("{uri}:{tag}")) || used.contains(&format!("{uri}:{tag}@{}", image.digest))
        })
}

/// Formats a time as `20261126T034059Z`, because a tag may not contain colons.
fn compact(seconds: u64) -> String {
    timestamp::rfc3339(seconds).replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970 of 2026-11-26.
    const DAY: u64 = 1_795_651_200;

    fn image(name: &str, pushed: u64, released: &[u64]) -> TaggedImage {
        let release = |at: &u64| format!("{PREFIX}{}", compact(DAY + at));
        let tags = [name.to_owned()].into_iter().chain(released.iter().map(release)).collect();
        TaggedImage { digest: format!("sha256:{name}"), tags, pushed_at: DAY + pushed }
    }

    fn expired_names(images: &[TaggedImage], serving: &str) -> Vec<String> {
        let digest = format!("sha256:{serving}");
        expired(images, &digest).into_iter().map(|image| image.digest.replace("sha256:", "")).collect()
    }

    /// Releases r1 to r25, each pushed at its number times ten and released five seconds later.
    fn releases() -> Vec<TaggedImage> {
        (1..=25).map(|number| image(&format!("r{number}"), number * 10, &[number * 10 + 5])).collect()
    }

    #[test]
    fn newest_twenty_releases_stay() {
        assert_eq!(expired_names(&releases(), "r25"), ["r1", "r2", "r3", "r4", "r5"]);
        assert!(expired_names(&releases()[..20], "r20").is_empty());
    }

    #[test]
    fn image_of_a_rollback_is_the_newest_release() {
        let mut images = releases();
        images[0] = image("r1", 10, &[15, 1_000]);
        assert_eq!(newest(&images), Some("sha256:r1"));
        assert_eq!(expired_names(&images, "r1"), ["r2", "r3", "r4", "r5", "r6"]);
    }

    #[test]
    fn failed_pushes_take_no_place() {
        let mut images = vec![image("first", 1, &[2])];
        images.extend((0..30).map(|number| image(&format!("failed{number}"), 10 + number, &[])));
        images.push(image("serving", 100, &[101]));
        images.push(image("next", 102, &[]));
        let expired = expired_names(&images, "serving");
        assert_eq!(expired.len(), 30);
        assert!(expired.iter().all(|name| name.starts_with("failed")), "{expired:?}");
    }

    #[test]
    fn unrecorded_releases_fill_up() {
        let mut images: Vec<TaggedImage> = (1..=25).map(|number| image(&format!("old{number}"), number, &[])).collect();
        images.push(image("serving", 100, &[101]));
        let expected: Vec<String> = (1..=6).map(|number| format!("old{number}")).collect();
        assert_eq!(expired_names(&images, "serving"), expected);
    }

    #[test]
    fn untagged_images_are_left_to_the_rule() {
        let mut images = releases();
        images[0].tags.clear();
        assert_eq!(expired_names(&images, "r25"), ["r2", "r3", "r4", "r5"]);
        assert_eq!(newest(&[TaggedImage::default()]), None);
    }

    #[test]
    fn image_of_a_service_is_in_use() {
        let used = |image: &str| BTreeSet::from([image.to_owned()]);
        let found = image("r1", 1, &[]);
        for reference in ["host/name@sha256:r1", "host/name:r1", "host/name:r1@sha256:r1"] {
            assert!(is_used(&found, "host/name", &used(reference)), "{reference}");
        }
        for other in ["host/other@sha256:r1", "host/name@sha256:r2", "host/name:r2"] {
            assert!(!is_used(&found, "host/name", &used(other)), "{other}");
        }
    }
}
