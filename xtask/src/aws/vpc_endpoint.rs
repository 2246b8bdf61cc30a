//! EC2's VPC endpoints. A deployment has one for DynamoDB if the variable `dynamodb_endpoint` is set.

use anyhow::anyhow;

use super::{
    Account, ec2,
    tags::Tags,
    xml::{child_text, tag_set},
};

/// Returns the ids of the endpoints that have a tag, each with all of its tags. Endpoints have no names.
pub(crate) async fn tagged(account: &Account, key: &str, value: &str) -> anyhow::Result<Vec<(String, Tags)>> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let filter = format!("tag:{key}");
        let mut form = vec![("Filter.1.Name", filter.as_str()), ("Filter.1.Value.1", value)];
        form.extend(token.iter().map(|token| ("NextToken", token.as_str())));
        let response = ec2::query(account, "DescribeVpcEndpoints", &form).await?;
        found.extend(response.items("vpcEndpointSet", |endpoint| {
            // EC2 lists an endpoint for a while after its deletion has begun.
            let deleted = child_text(endpoint, "state").is_some_and(|state| state.to_lowercase().starts_with("delet"));
            let id = child_text(endpoint, "vpcEndpointId").filter(|_| !deleted)?;
            Some((id, tag_set(endpoint)))
        })?);
        token = response.text("nextToken").filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Deletes an endpoint. Succeeds if it does not exist.
pub(crate) async fn delete(account: &Account, id: &str) -> anyhow::Result<()> {
    let response = ec2::query(account, "DeleteVpcEndpoints", &[("VpcEndpointId.1", id)]).await?;
    // EC2 reports a failed deletion in the body of a successful response.
    match response.text("code") {
        Some(code) if !code.starts_with("InvalidVpcEndpoint") => {
            let message = response.text("message").unwrap_or_default();
            Err(anyhow!("cannot delete the VPC endpoint {id}: {code}: {message}"))
        }
        _ => Ok(()),
    }
}
