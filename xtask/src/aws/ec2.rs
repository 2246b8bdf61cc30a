//! EC2: the addresses of a task, the default VPC, and security groups with their rules. Few calls, for which nobody links its SDK.

use roxmltree::Node;

use super::{
    Account,
    http::{self, Service, Xml},
    tags::Tags,
};

/// The addresses of a network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) public: Option<String>,
    pub(crate) private: Option<String>,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecurityGroup {
    pub(crate) id: String,
    pub(crate) tags: Tags,
}

/// The addresses of a network interface, if there is such an interface.
pub(crate) async fn addresses(account: &Account, interface: &str) -> anyhow::Result<Option<Addresses>> {
    let answer = match query(account, "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", interface)]).await {
        Ok(answer) => answer,
        Err(error) if http::code(&error) == Some("InvalidNetworkInterfaceID.NotFound") => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = Addresses { public: answer.text("publicIp"), private: answer.text("privateIpAddress") };
    Ok((found.public.is_some() || found.private.is_some()).then_some(found))
}

/// The VPC that every region has, unless somebody deleted it.
pub(crate) async fn default_vpc(account: &Account) -> anyhow::Result<Option<String>> {
    let answer =
        query(account, "DescribeVpcs", &[("Filter.1.Name", "is-default"), ("Filter.1.Value.1", "true")]).await?;
    Ok(answer.text("vpcId"))
}

/// The security groups of a name, one for each VPC at the most.
pub(crate) async fn security_groups(account: &Account, name: &str) -> anyhow::Result<Vec<SecurityGroup>> {
    let filter = [("Filter.1.Name", "group-name"), ("Filter.1.Value.1", name)];
    groups_in(&query(account, "DescribeSecurityGroups", &filter).await?)
}

/// A rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Whether it is for what goes out.
    pub(crate) egress: bool,
}

/// The rules of a security group.
pub(crate) async fn rules(account: &Account, group: &str) -> anyhow::Result<Vec<Rule>> {
    let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group)];
    let answer = query(account, "DescribeSecurityGroupRules", &filter).await?;
    let document = answer.parse()?;
    let set = document.descendants().find(|node| node.tag_name().name() == "securityGroupRuleSet");
    let rules = set.into_iter().flat_map(|set| set.children().filter(Node::is_element));
    let rule = |rule| {
        let egress = text(rule, "isEgress").is_some_and(|answer| answer == "true");
        Some(Rule { id: text(rule, "securityGroupRuleId")?, egress })
    };
    Ok(rules.filter_map(rule).collect())
}

/// Deletes a security group; says whether there was one. While a task's interface is in it, EC2 refuses with
/// `DependencyViolation`.
pub(crate) async fn delete_security_group(account: &Account, id: &str) -> anyhow::Result<bool> {
    match query(account, "DeleteSecurityGroup", &[("GroupId", id)]).await {
        Ok(_) => Ok(true),
        Err(error) if http::code(&error) == Some("InvalidGroup.NotFound") => Ok(false),
        Err(error) => Err(error),
    }
}

async fn query(account: &Account, operation: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Xml> {
    let form: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    http::query(account, Service::Ec2, operation, &form).await
}

/// Groups hold lists of rules, whose items look alike; so only the children of a group itself are read.
fn groups_in(answer: &Xml) -> anyhow::Result<Vec<SecurityGroup>> {
    let document = answer.parse()?;
    let set = document.descendants().find(|node| node.tag_name().name() == "securityGroupInfo");
    let groups = set.into_iter().flat_map(|set| set.children().filter(Node::is_element));
    Ok(groups.filter_map(|group| Some(SecurityGroup { id: text(group, "groupId")?, tags: tags_in(group) })).collect())
}

fn tags_in(group: Node<'_, '_>) -> Tags {
    let set = group.children().find(|child| child.tag_name().name() == "tagSet");
    let items = set.into_iter().flat_map(|set| set.children().filter(Node::is_element));
    items.filter_map(|item| Some((text(item, "key")?, text(item, "value")?))).collect()
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.tag_name().name() == name)?;
    Some(child.text().unwrap_or_default().to_owned())
}
