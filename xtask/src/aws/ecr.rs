//! ECR: repositories, what lies in them, and the password of their registry. Knows nothing of how an image is made.

use std::fmt;

use anyhow::{Context, anyhow};
use aws_sdk_ecr::{
    Client,
    types::{self, ImageIdentifier, ImageScanningConfiguration, ImageTagMutability, Tag},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Account, sdk, tags::Tags};

/// A way back of 20 deployments; what no tag names is what an interrupted push left.
const LIFECYCLE: &str = r#"{
  "rules": [
    {
      "rulePriority": 1,
      "description": "untagged images go after a day",
      "selection": { "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1 },
      "action": { "type": "expire" }
    },
    {
      "rulePriority": 2,
      "description": "the newest 20 stay",
      "selection": { "tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": 20 },
      "action": { "type": "expire" }
    }
  ]
}"#;

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) name: String,
    /// The registry's host and the name.
    pub(crate) uri: String,
    pub(crate) arn: String,
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) digest: String,
    pub(crate) size_bytes: u64,
}

/// What a registry asks for; it is good for twelve hours.
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The repository of this name, if there is one.
pub(crate) async fn repository(account: &Account, name: &str) -> anyhow::Result<Option<Repository>> {
    let result = client(account).describe_repositories().repository_names(name).send().await;
    match result {
        Ok(answer) => answer.repositories().first().map(read).transpose(),
        Err(error) if error.as_service_error().is_some_and(|said| said.is_repository_not_found_exception()) => Ok(None),
        Err(error) => Err(sdk::failed("DescribeRepositories", error))
            .with_context(|| format!("cannot look for the repository {name}")),
    }
}

/// Makes a repository whose tags cannot be moved and whose images are scanned; nothing, if somebody else just made one.
pub(crate) async fn create(account: &Account, name: &str, tags: &Tags) -> anyhow::Result<Option<Repository>> {
    let what = || format!("cannot make the repository {name}");
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags = tags.iter().map(tag).collect::<Result<Vec<_>, _>>().with_context(what)?;
    let result = client(account)
        .create_repository()
        .repository_name(name)
        .image_tag_mutability(ImageTagMutability::Immutable)
        .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
        .set_tags(Some(tags))
        .send()
        .await;
    match result {
        Ok(answer) => answer.repository().map(read).transpose().with_context(what),
        Err(error) if error.as_service_error().is_some_and(|said| said.is_repository_already_exists_exception()) => {
            Ok(None)
        }
        Err(error) => Err(sdk::failed("CreateRepository", error)).with_context(what),
    }
}

/// Lets ECR throw away what nobody will deploy again.
pub(crate) async fn limit_what_is_kept(account: &Account, name: &str) -> anyhow::Result<()> {
    let result =
        client(account).put_lifecycle_policy().repository_name(name).lifecycle_policy_text(LIFECYCLE).send().await;
    result
        .map_err(|error| sdk::failed("PutLifecyclePolicy", error))
        .with_context(|| format!("cannot set what the repository {name} keeps"))?;
    Ok(())
}

/// The tags of a repository, which say who made it.
pub(crate) async fn tags(account: &Account, repository: &Repository) -> anyhow::Result<Tags> {
    let result = client(account).list_tags_for_resource().resource_arn(&repository.arn).send().await;
    let answer = result
        .map_err(|error| sdk::failed("ListTagsForResource", error))
        .with_context(|| format!("cannot read the tags of the repository {}", repository.name))?;
    Ok(answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// The image of a tag, if it is in the repository.
pub(crate) async fn image(account: &Account, repository: &str, tag: &str) -> anyhow::Result<Option<Stored>> {
    let id = ImageIdentifier::builder().image_tag(tag).build();
    let result = client(account).describe_images().repository_name(repository).image_ids(id).send().await;
    match result {
        Ok(answer) => Ok(answer.image_details().first().and_then(|detail| {
            let size_bytes = detail.image_size_in_bytes().and_then(|size| u64::try_from(size).ok());
            Some(Stored { digest: detail.image_digest()?.to_owned(), size_bytes: size_bytes.unwrap_or_default() })
        })),
        Err(error) if error.as_service_error().is_some_and(|said| said.is_image_not_found_exception()) => Ok(None),
        Err(error) => Err(sdk::failed("DescribeImages", error))
            .with_context(|| format!("cannot look into the repository {repository}")),
    }
}

/// How many images are in a repository.
pub(crate) async fn images(account: &Account, repository: &str) -> anyhow::Result<usize> {
    let mut pages = client(account).describe_images().repository_name(repository).into_paginator().items().send();
    let mut images = 0;
    while let Some(image) = pages.next().await {
        image
            .map_err(|error| sdk::failed("DescribeImages", error))
            .with_context(|| format!("cannot look into the repository {repository}"))?;
        images += 1;
    }
    Ok(images)
}

/// What the registry takes for a user and a password.
pub(crate) async fn login(account: &Account) -> anyhow::Result<Login> {
    let result = client(account).get_authorization_token().send().await;
    let answer = result
        .map_err(|error| sdk::failed("GetAuthorizationToken", error))
        .context("cannot get a password for the registry")?;
    let token = answer.authorization_data().first().and_then(|data| data.authorization_token());
    parse(token.context("ECR gave no password for the registry")?)
}

/// Deletes a repository with all that lies in it; false if it was gone.
pub(crate) async fn delete(account: &Account, name: &str) -> anyhow::Result<bool> {
    match client(account).delete_repository().repository_name(name).force(true).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|said| said.is_repository_not_found_exception()) => {
            Ok(false)
        }
        Err(error) => {
            Err(sdk::failed("DeleteRepository", error)).with_context(|| format!("cannot delete the repository {name}"))
        }
    }
}

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

fn read(described: &types::Repository) -> anyhow::Result<Repository> {
    let read = || {
        Some(Repository {
            name: described.repository_name()?.to_owned(),
            uri: described.repository_uri()?.to_owned(),
            arn: described.repository_arn()?.to_owned(),
        })
    };
    read().context("ECR described a repository without its name, address or ARN")
}

/// The error says nothing of what was there instead: that may be most of a password.
fn parse(token: &str) -> anyhow::Result<Login> {
    let unreadable = || anyhow!("the password that ECR gave cannot be read");
    let text =
        BASE64_STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unreadable)?;
    let (user, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_and_not_shown() {
        let login = parse(&BASE64_STANDARD.encode("AWS:pass:word")).unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("AWS", "pass:word"));
        assert!(!format!("{login:?}").contains("pass"));
        let error = parse(&BASE64_STANDARD.encode("secret")).unwrap_err();
        assert!(!format!("{error:#}").contains("secret"));
    }

    #[test]
    fn the_lifecycle_policy_is_json_and_its_last_rule_counts_every_tag() {
        let policy: serde_json::Value = serde_json::from_str(LIFECYCLE).unwrap();
        assert_eq!(policy["rules"].as_array().unwrap().len(), 2);
        assert_eq!(policy["rules"][1]["selection"]["tagPatternList"][0], "*");
        assert_eq!(policy["rules"][1]["selection"]["countNumber"], 20);
    }
}
