//! EC2's VPC endpoints: one is made for DynamoDB with the variable `dynamodb_endpoint`.

use anyhow::anyhow;
use roxmltree::Node;

use super::{
    Account,
    http::{self, Service, Xml},
    tags::Tags,
};

/// The endpoints that have a tag, by their ids, with all of their tags. They have no names.
pub(crate) async fn tagged(account: &Account, key: &str, value: &str) -> anyhow::Result<Vec<(String, Tags)>> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let filter = format!("tag:{key}");
        let mut form = vec![("Filter.1.Name", filter.as_str()), ("Filter.1.Value.1", value)];
        form.extend(token.iter().map(|token| ("NextToken", token.as_str())));
        let answer = query(account, "DescribeVpcEndpoints", &form).await?;
        found.extend(endpoints_in(&answer)?);
        token = answer.text("nextToken").filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Deletes an endpoint; one that is not there is as good as deleted.
pub(crate) async fn delete(account: &Account, id: &str) -> anyhow::Result<()> {
    let answer = query(account, "DeleteVpcEndpoints", &[("VpcEndpointId.1", id)]).await?;
    // That one was not deleted is said in the answer, not with its status.
    match answer.text("code") {
        Some(code) if !code.starts_with("InvalidVpcEndpoint") => {
            let message = answer.text("message").unwrap_or_default();
            Err(anyhow!("the VPC endpoint {id} was not deleted: {code}: {message}"))
        }
        _ => Ok(()),
    }
}

async fn query(account: &Account, operation: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Xml> {
    let form: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    http::query(account, Service::Ec2, operation, &form).await
}

/// Endpoints hold lists whose items look alike, so only the children of an endpoint itself are read. Those that are being
/// deleted are listed for a while.
fn endpoints_in(answer: &Xml) -> anyhow::Result<Vec<(String, Tags)>> {
    let document = answer.parse()?;
    let set = document.descendants().find(|node| node.tag_name().name() == "vpcEndpointSet");
    let endpoints = set.into_iter().flat_map(|set| set.children().filter(Node::is_element));
    let stays = |endpoint: &Node<'_, '_>| {
        !text(*endpoint, "state").is_some_and(|state| state.to_lowercase().starts_with("delet"))
    };
    Ok(endpoints.filter(stays).filter_map(|item| Some((text(item, "vpcEndpointId")?, tags_in(item)))).collect())
}

fn tags_in(endpoint: Node<'_, '_>) -> Tags {
    let set = endpoint.children().find(|child| child.tag_name().name() == "tagSet");
    let items = set.into_iter().flat_map(|set| set.children().filter(Node::is_element));
    items.filter_map(|item| Some((text(item, "key")?, text(item, "value")?))).collect()
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.tag_name().name() == name)?;
    Some(child.text().unwrap_or_default().to_owned())
}
