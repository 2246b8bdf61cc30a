//! Checks that the image of `--image` is in its registry.

use super::findings::Findings;
use crate::{
    aws::{Account, ecr},
    image::remote,
};

pub(super) async fn check(account: &Account, image: &str, findings: &mut Findings) {
    let Some((repository, digest)) = image.split_once('@') else { return };
    let subject = format!("whether the image {image} exists");
    let found = match ecr::parse_uri(repository) {
        Some(place) if (place.account, place.region) == (account.id(), account.region()) => {
            ecr::has_image(account, place.repository, digest).await
        }
        Some(place) => {
            let (region, owner) = (place.region, place.account);
            findings.unknown.push(format!("{subject} (its registry is in region {region} of account {owner})"));
            return;
        }
        None if is_own(account, repository).await => {
            let name = repository.split_once('/').map_or(repository, |(_, name)| name);
            ecr::has_image(account, name, digest).await
        }
        // ECS pulls from any other registry without credentials, so that is how it is asked here.
        None => remote::is_public(image).await,
    };
    if findings.ask(&subject, found) == Some(false) {
        findings.add(
            format!("the image {image} is not in its registry, or cannot be pulled without credentials"),
            "push it, correct --image, or deploy without --image to build one",
        );
    }
}

/// Returns whether ECR names a repository of the account so. An emulator of AWS has another host than ECR.
async fn is_own(account: &Account, uri: &str) -> bool {
    let Some((_, name)) = uri.split_once('/') else { return false };
    ecr::repository(account, name).await.is_ok_and(|found| found.is_some_and(|repository| repository.uri == uri))
}
