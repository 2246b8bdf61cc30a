//! SSM's parameter store: reads, checks and deletes one parameter.
//!
//! Must not print a value: it leaves this module as a [`Token`], whose `Debug` hides it.

use anyhow::Context;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

use super::{
    Account,
    http::{self, Service},
    tags::{self, Tag, Tags},
};
use crate::token::Token;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTags {
    #[serde(default)]
    tag_list: Vec<Tag>,
}

/// A parameter without its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Description {
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    /// The key that encrypts a `SecureString`: `alias/aws/ssm`, or one that the account manages.
    #[serde(rename = "KeyId")]
    pub(crate) key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Descriptions {
    #[serde(default)]
    parameters: Vec<Description>,
    next_token: Option<String>,
}

/// Returns the description of a parameter, if the parameter exists. Neither reads its value nor needs permission to.
pub(crate) async fn describe(account: &Account, name_or_arn: &str) -> anyhow::Result<Option<Description>> {
    let name = name_from(account, name_or_arn);
    let mut body = json!({"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": [name]}]});
    loop {
        let page: anyhow::Result<Descriptions> = http::json(account, Service::Ssm, "DescribeParameters", &body).await;
        let page = page.with_context(|| format!("cannot describe the parameter {name}"))?;
        // A page may be empty although another follows.
        match (page.parameters.into_iter().next(), page.next_token.filter(|token| !token.is_empty())) {
            (None, Some(token)) => body["NextToken"] = token.into(),
            (found, _) => return Ok(found),
        }
    }
}

/// Returns the decrypted value of a parameter, if the parameter exists.
pub async fn parameter(account: &Account, name_or_arn: &str) -> anyhow::Result<Option<Token>> {
    let name = name_from(account, name_or_arn);
    let value = get(account, &name, true).await.with_context(|| format!("cannot read the parameter {name}"))?;
    let Some(found) = value else { return Ok(None) };
    let value = found.value.with_context(|| format!("SSM returned no value for the parameter {name}"))?;
    Ok(Some(Token::new(&value)))
}

/// Returns the tags of a parameter, if the parameter exists.
pub(crate) async fn tags(account: &Account, name: &str) -> anyhow::Result<Option<Tags>> {
    let body = json!({"ResourceType": "Parameter", "ResourceId": name});
    match http::json::<ListTags>(account, Service::Ssm, "ListTagsForResource", &body).await {
        Ok(ListTags { tag_list }) if tag_list.is_empty() => {
            // Emulators of SSM answer with an empty list for a parameter that does not exist.
            let found = get(account, name, false).await;
            Ok(found.with_context(|| format!("cannot read the parameter {name}"))?.map(|_| Tags::new()))
        }
        Ok(ListTags { tag_list }) => Ok(Some(tags::from_list(tag_list))),
        Err(error) if http::error_code(&error) == Some("InvalidResourceId") => Ok(None),
        Err(error) => Err(error.context(format!("cannot read the tags of the parameter {name}"))),
    }
}

/// Deletes a parameter. Succeeds if it does not exist.
pub(crate) async fn delete(account: &Account, name: &str) -> anyhow::Result<()> {
    match http::json::<IgnoredAny>(account, Service::Ssm, "DeleteParameter", &json!({"Name": name})).await {
        Err(error) if http::error_code(&error) != Some("ParameterNotFound") => {
            Err(error.context(format!("cannot delete the parameter {name}")))
        }
        _ => Ok(()),
    }
}

async fn get(account: &Account, name: &str, decrypted: bool) -> anyhow::Result<Option<Parameter>> {
    let body = json!({"Name": name, "WithDecryption": decrypted});
    match http::json::<GetParameter>(account, Service::Ssm, "GetParameter", &body).await {
        Ok(response) => Ok(Some(response.parameter)),
        Err(error) if http::error_code(&error) == Some("ParameterNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Converts an ARN of this account and region into the parameter's name, because IAM policies grant access by name. Any
/// other text is returned unchanged.
fn name_from(account: &Account, name_or_arn: &str) -> String {
    let prefix = format!(":ssm:{}:{}:", account.region(), account.id());
    let own = name_or_arn.contains(&prefix).then(|| name_in(name_or_arn)).flatten();
    own.unwrap_or_else(|| name_or_arn.to_owned())
}

/// Returns the name of the parameter with this ARN. The name of a parameter in a hierarchy begins with a slash, which
/// its ARN lacks.
pub(crate) fn name_in(arn: &str) -> Option<String> {
    let (_, path) = arn.split_once(":parameter/")?;
    Some(if path.contains('/') { format!("/{path}") } else { path.to_owned() })
}
