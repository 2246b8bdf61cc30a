//! ECR: repositories, the images in them, and the login of their registry. Must not know how an image is built.

mod images;

use std::fmt;

use anyhow::{Context, anyhow};
use aws_sdk_ecr::{
    Client,
    types::{self, ImageIdentifier, ImageScanningConfiguration, ImageTagMutability, Tag},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Account, sdk, tags::Tags};

pub(crate) use self::images::{TaggedImage, add_tag, list, remove};

/// Untagged images are left over from interrupted pushes. No rule counts tagged images: `image/releases.rs` removes
/// them.
const LIFECYCLE: &str = r#"{
  "rules": [
    {
      "rulePriority": 1,
      "description": "untagged images go after a day",
      "selection": { "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1 },
      "action": { "type": "expire" }
    }
  ]
}"#;

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) name: String,
    /// The registry's host, a slash, and the name.
    pub(crate) uri: String,
    pub(crate) arn: String,
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredImage {
    /// `sha256:` and 64 hex digits.
    pub(crate) digest: String,
    pub(crate) size_bytes: u64,
}

/// The parts of a private repository's URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) repository: &'a str,
}

/// The user and password of a registry, valid for twelve hours. `Debug` hides the password.
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Parses the URI of a private repository, in either form of its host:
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>. `None` for other registries.
pub(crate) fn parse_uri(uri: &str) -> Option<Place<'_>> {
    let (host, repository) = uri.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr.").or_else(|| host.split_once(".dkr-ecr."))?;
    let region =
        [".amazonaws.com", ".amazonaws.com.cn", ".on.aws"].iter().find_map(|suffix| rest.strip_suffix(suffix))?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(Place {
        account,
        region,
        repository,
    })
}

/// Returns the repository of this name, if it exists.
pub(crate) async fn repository(account: &Account, name: &str) -> anyhow::Result<Option<Repository>> {
    let result = client(account).describe_repositories().repository_names(name).send().await;
    match result {
        Ok(response) => response.repositories().first().map(read).transpose(),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception()) => {
            Ok(None)
        }
        Err(error) => Err(sdk::failed("DescribeRepositories", error))
            .with_context(|| format!("cannot describe the repository {name}")),
    }
}

/// Creates a repository with immutable tags and scanned images. `None` if another process created it at the same time.
pub(crate) async fn create(account: &Account, name: &str, tags: &Tags) -> anyhow::Result<Option<Repository>> {
    let what = || format!("cannot create the repository {name}");
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
        Ok(response) => response.repository().map(read).transpose().with_context(what),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_repository_already_exists_exception()) => {
            Ok(None)
        }
        Err(error) => Err(sdk::failed("CreateRepository", error)).with_context(what),
    }
}

/// Sets the policy by which ECR expires untagged images.
pub(crate) async fn set_lifecycle_policy(account: &Account, name: &str) -> anyhow::Result<()> {
    let result =
        client(account).put_lifecycle_policy().repository_name(name).lifecycle_policy_text(LIFECYCLE).send().await;
    result
        .map_err(|error| sdk::failed("PutLifecyclePolicy", error))
        .with_context(|| format!("cannot set the lifecycle policy of the repository {name}"))?;
    Ok(())
}

/// Returns the tags of a repository, which show whether this project created it.
pub(crate) async fn tags(account: &Account, repository: &Repository) -> anyhow::Result<Tags> {
    let result = client(account).list_tags_for_resource().resource_arn(&repository.arn).send().await;
    let response = result
        .map_err(|error| sdk::failed("ListTagsForResource", error))
        .with_context(|| format!("cannot read the tags of the repository {}", repository.name))?;
    Ok(response.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Returns the image with this tag, if it is in the repository.
pub(crate) async fn image(account: &Account, repository: &str, tag: &str) -> anyhow::Result<Option<StoredImage>> {
    let id = ImageIdentifier::builder().image_tag(tag).build();
    let result = client(account).describe_images().repository_name(repository).image_ids(id).send().await;
    match result {
        Ok(response) => Ok(response.image_details().first().and_then(|detail| {
            let size_bytes = detail.image_size_in_bytes().and_then(|size| u64::try_from(size).ok());
            Some(StoredImage { digest: detail.image_digest()?.to_owned(), size_bytes: size_bytes.unwrap_or_default() })
        })),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_image_not_found_exception()) => Ok(None),
        Err(error) => Err(sdk::failed("DescribeImages", error))
            .with_context(|| format!("cannot list the images of the repository {repository}")),
    }
}

/// Returns whether an image with this digest is in the repository.
pub(crate) async fn has_image(account: &Account, repository: &str, digest: &str) -> anyhow::Result<bool> {
    let id = ImageIdentifier::builder().image_digest(digest).build();
    let result = client(account).describe_images().repository_name(repository).image_ids(id).send().await;
    match result {
        Ok(response) => Ok(!response.image_details().is_empty()),
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_image_not_found_exception() || error.is_repository_not_found_exception()
            }) =>
        {
            Ok(false)
        }
        Err(error) => Err(sdk::failed("DescribeImages", error))
            .with_context(|| format!("cannot look for an image in the repository {repository}")),
    }
}

/// Returns the number of images in a repository.
pub(crate) async fn images(account: &Account, repository: &str) -> anyhow::Result<usize> {
    Ok(list(account, repository).await?.len())
}

/// Returns the user and password for the account's registry.
pub(crate) async fn login(account: &Account) -> anyhow::Result<Login> {
    let result = client(account).get_authorization_token().send().await;
    let response = result
        .map_err(|error| sdk::failed("GetAuthorizationToken", error))
        .context("cannot get the registry's password")?;
    let token = response.authorization_data().first().and_then(|data| data.authorization_token());
    parse_login(token.context("ECR returned no password for the registry")?)
}

/// Deletes a repository with all of its images. Returns whether it existed.
pub(crate) async fn delete(account: &Account, name: &str) -> anyhow::Result<bool> {
    match client(account).delete_repository().repository_name(name).force(true).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception()) => {
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
    read().context("ECR returned a repository without name, address or ARN")
}

/// Splits a base64-encoded `user:password`. Errors do not quote the input, which may be most of a password.
fn parse_login(token: &str) -> anyhow::Result<Login> {
    let unreadable = || anyhow!("cannot read the password that ECR returned");
    let text =
        BASE64_STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unreadable)?;
    let (user, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_parsed_and_hidden() {
        let login = parse_login(&BASE64_STANDARD.encode("AWS:pass:word")).unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("AWS", "pass:word"));
        assert!(!format!("{login:?}").contains("pass"));
        let error = parse_login(&BASE64_STANDARD.encode("secret")).unwrap_err();
        assert!(!format!("{error:#}").contains("secret"));
    }

    #[test]
    fn private_repository_is_parsed() {
        let place = |region, repository| Some(Place { account: "123456789012", region, repository });
        for (uri, expected) in [
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb/a", place("us-east-1", "mcp-dynamodb/a")),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/mcp", place("cn-north-1", "mcp")),
            ("123456789012.dkr-ecr.eu-west-1.on.aws/mcp", place("eu-west-1", "mcp")),
            ("public.ecr.aws/team/mcp", None),
            ("127.0.0.1:4566/mcp", None),
            ("x.dkr.ecr.us-east-1.amazonaws.com/mcp", None),
        ] {
            assert_eq!(parse_uri(uri), expected, "{uri}");
        }
    }

    #[test]
    fn no_rule_counts_tagged_images() {
        let rules: serde_json::Value = serde_json::from_str(LIFECYCLE).unwrap();
        let rules = rules["rules"].as_array().unwrap();
        assert!(rules.len() == 1 && rules[0]["selection"]["tagStatus"] == "untagged", "{rules:?}");
    }
}
