//! IAM roles: their existence, their tags and their deletion.

use super::{
    Account,
    http::{self, Service},
    tags::Tags,
    xml::{Xml, child_text},
};

/// Returns whether a role exists.
pub(crate) async fn exists(account: &Account, role: &str) -> anyhow::Result<bool> {
    Ok(call(account, "GetRole", role, &[]).await?.is_some())
}

/// Returns the tags of a role, if the role exists.
pub(crate) async fn tags(account: &Account, role: &str) -> anyhow::Result<Option<Tags>> {
    // One page is enough: it holds 100 tags, and a role has at most 50.
    let Some(response) = call(account, "ListRoleTags", role, &[]).await? else { return Ok(None) };
    let tags = response.items("Tags", |tag| Some((child_text(tag, "Key")?, child_text(tag, "Value")?)))?;
    Ok(Some(tags.into_iter().collect()))
}

/// Deletes a role with its inline policies, after detaching its managed ones. Succeeds if the role does not exist,
/// so an interrupted deletion can be repeated.
pub(crate) async fn delete(account: &Account, role: &str) -> anyhow::Result<()> {
    for name in list(account, "ListRolePolicies", role, "member").await? {
        call(account, "DeleteRolePolicy", role, &[("PolicyName", &name)]).await?;
    }
    for arn in list(account, "ListAttachedRolePolicies", role, "PolicyArn").await? {
        call(account, "DetachRolePolicy", role, &[("PolicyArn", &arn)]).await?;
    }
    call(account, "DeleteRole", role, &[]).await?;
    Ok(())
}

/// Returns the texts of all elements named `element`, from all pages.
async fn list(account: &Account, operation: &str, role: &str, element: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let parameters: Vec<(&str, &str)> = marker.iter().map(|marker| ("Marker", marker.as_str())).collect();
        let Some(page) = call(account, operation, role, &parameters).await? else { return Ok(found) };
        found.extend(page.texts(element));
        marker = page.text("Marker");
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Calls an operation on a role. `None` if the role, or the policy that the call names, does not exist.
async fn call(
    account: &Account,
    operation: &str,
    role: &str,
    parameters: &[(&str, &str)],
) -> anyhow::Result<Option<Xml>> {
    let form: Vec<(&str, &str)> = [("RoleName", role)].into_iter().chain(parameters.iter().copied()).collect();
    match http::query(account, Service::Iam, operation, &form).await {
        Ok(response) => Ok(Some(response)),
        Err(error) if http::error_code(&error) == Some("NoSuchEntity") => Ok(None),
        Err(error) => Err(error.context(format!("{operation} failed for the role {role}"))),
    }
}
