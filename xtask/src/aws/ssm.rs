//! SSM's parameter store: one parameter, read, looked at or deleted.
//!
//! Must not show a value; it leaves here as a `Token`, which hides itself.

use anyhow::Context;
use serde_json::json;

use super::{
    Account,
    http::{self, Service},
    tags::{self, Tags},
};
use crate::token::Token;

/// The value of a parameter, decrypted, if there is such a parameter.
pub async fn parameter(account: &Account, name_or_arn: &str) -> anyhow::Result<Option<Token>> {
    let name = &name_of(account, name_or_arn);
    let body = json!({"Name": name, "WithDecryption": true});
    match http::json(account, Service::Ssm, "GetParameter", &body).await {
        Ok(answer) => {
            let value = answer["Parameter"]["Value"].as_str();
            let value = value.with_context(|| format!("SSM gave no value for the parameter {name}"))?;
            Ok(Some(Token::new(value)))
        }
        Err(error) if http::code(&error) == Some("ParameterNotFound") => Ok(None),
        Err(error) => Err(error.context(format!("cannot read the parameter {name}"))),
    }
}

/// The tags of a parameter, if there is such a parameter.
pub(crate) async fn tags(account: &Account, name: &str) -> anyhow::Result<Option<Tags>> {
    let body = json!({"ResourceType": "Parameter", "ResourceId": name});
    match http::json(account, Service::Ssm, "ListTagsForResource", &body).await {
        Ok(answer) => match tags::from_json(&answer["TagList"]) {
            // Not every implementation of SSM refuses to list the tags of what is not there.
            none if none.is_empty() => Ok(exists(account, name).await?.then_some(none)),
            tags => Ok(Some(tags)),
        },
        Err(error) if http::code(&error) == Some("InvalidResourceId") => Ok(None),
        Err(error) => Err(error.context(format!("cannot read the tags of the parameter {name}"))),
    }
}

/// Deletes a parameter; one that is not there is as good as deleted.
pub(crate) async fn delete(account: &Account, name: &str) -> anyhow::Result<()> {
    match http::json(account, Service::Ssm, "DeleteParameter", &json!({"Name": name})).await {
        Err(error) if http::code(&error) != Some("ParameterNotFound") => {
            Err(error.context(format!("cannot delete the parameter {name}")))
        }
        _ => Ok(()),
    }
}

/// The name that an ARN of this account and region stands for: permissions are for names, and a name without a slash in it has
/// none before it. Anything else is left as it is.
fn name_of(account: &Account, name_or_arn: &str) -> String {
    let ours = format!(":ssm:{}:{}:parameter/", account.region(), account.id());
    match name_or_arn.split_once(&ours) {
        Some((_, path)) if path.contains('/') => format!("/{path}"),
        Some((_, name)) => name.to_owned(),
        None => name_or_arn.to_owned(),
    }
}

async fn exists(account: &Account, name: &str) -> anyhow::Result<bool> {
    match http::json(account, Service::Ssm, "GetParameter", &json!({"Name": name, "WithDecryption": false})).await {
        Ok(_) => Ok(true),
        Err(error) if http::code(&error) == Some("ParameterNotFound") => Ok(false),
        Err(error) => Err(error.context(format!("cannot look at the parameter {name}"))),
    }
}
