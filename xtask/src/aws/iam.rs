//! IAM's roles: whose one is, and its end.

use roxmltree::Node;

use super::{
    Account,
    http::{self, Service, Xml},
    tags::Tags,
};

/// The tags of a role, if there is such a role.
pub(crate) async fn tags(account: &Account, role: &str) -> anyhow::Result<Option<Tags>> {
    // A role has 50 tags at the most, and an answer has room for 100.
    let Some(answer) = of_role(account, "ListRoleTags", role, &[]).await? else { return Ok(None) };
    tags_in(&answer).map(Some)
}

/// A tag's value may be empty, so keys and values are not read apart.
fn tags_in(answer: &Xml) -> anyhow::Result<Tags> {
    let document = answer.parse()?;
    let members = document.descendants().filter(|node| node.tag_name().name() == "member");
    let text = |member: Node<'_, '_>, name: &str| {
        member
            .children()
            .find(|child| child.tag_name().name() == name)
            .map(|child| child.text().unwrap_or_default().to_owned())
    };
    Ok(members.filter_map(|member| Some((text(member, "Key")?, text(member, "Value")?))).collect())
}

/// Deletes a role with the policies in it. Managed policies are only detached. Running it again after an interruption
/// finishes; a role that is not there is as good as deleted.
pub(crate) async fn delete(account: &Account, role: &str) -> anyhow::Result<()> {
    for name in all(account, "ListRolePolicies", role, "member").await? {
        of_role(account, "DeleteRolePolicy", role, &[("PolicyName", &name)]).await?;
    }
    for arn in all(account, "ListAttachedRolePolicies", role, "PolicyArn").await? {
        of_role(account, "DetachRolePolicy", role, &[("PolicyArn", &arn)]).await?;
    }
    of_role(account, "DeleteRole", role, &[]).await?;
    Ok(())
}

/// Texts of all elements of a name, from all pages of a list.
async fn all(account: &Account, operation: &str, role: &str, element: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let parameters: Vec<(&str, &str)> = marker.iter().map(|marker| ("Marker", marker.as_str())).collect();
        let Some(page) = of_role(account, operation, role, &parameters).await? else { return Ok(found) };
        found.extend(page.texts(element));
        marker = page.text("Marker");
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Calls an operation on a role; nothing if the role, or the policy in it, is not there.
async fn of_role(
    account: &Account,
    operation: &str,
    role: &str,
    parameters: &[(&str, &str)],
) -> anyhow::Result<Option<Xml>> {
    let named = [("RoleName", role)].into_iter().chain(parameters.iter().copied());
    let form: Vec<(String, String)> = named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match http::query(account, Service::Iam, operation, &form).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if http::code(&error) == Some("NoSuchEntity") => Ok(None),
        Err(error) => Err(error.context(format!("cannot look after the role {role}"))),
    }
}
