//! EC2: the addresses of a task, the default VPC, and security groups with their rules.

use super::{
    Account,
    http::{self, Service},
    tags::Tags,
    xml::{Xml, child_text, tag_set},
};

/// The IP addresses of a network interface.
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

/// A rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Applies to outgoing traffic.
    pub(crate) egress: bool,
}

/// Returns the addresses of a network interface, if the interface exists and has any.
pub(crate) async fn addresses(account: &Account, interface: &str) -> anyhow::Result<Option<Addresses>> {
    let response = match query(account, "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", interface)]).await {
        Ok(response) => response,
        Err(error) if http::error_code(&error) == Some("InvalidNetworkInterfaceID.NotFound") => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = Addresses { public: response.text("publicIp"), private: response.text("privateIpAddress") };
    Ok((found.public.is_some() || found.private.is_some()).then_some(found))
}

/// Returns the id of the region's default VPC. AWS creates one in every region, but it can be deleted.
pub(crate) async fn default_vpc(account: &Account) -> anyhow::Result<Option<String>> {
    let filter = [("Filter.1.Name", "is-default"), ("Filter.1.Value.1", "true")];
    Ok(query(account, "DescribeVpcs", &filter).await?.text("vpcId"))
}

/// Returns the security groups of this name, at most one for each VPC.
pub(crate) async fn security_groups(account: &Account, name: &str) -> anyhow::Result<Vec<SecurityGroup>> {
    let filter = [("Filter.1.Name", "group-name"), ("Filter.1.Value.1", name)];
    let response = query(account, "DescribeSecurityGroups", &filter).await?;
    response.items("securityGroupInfo", |group| {
        Some(SecurityGroup { id: child_text(group, "groupId")?, tags: tag_set(group) })
    })
}

/// Returns the rules of a security group.
pub(crate) async fn rules(account: &Account, group: &str) -> anyhow::Result<Vec<Rule>> {
    let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group)];
    let response = query(account, "DescribeSecurityGroupRules", &filter).await?;
    response.items("securityGroupRuleSet", |rule| {
        let egress = child_text(rule, "isEgress").is_some_and(|egress| egress == "true");
        Some(Rule { id: child_text(rule, "securityGroupRuleId")?, egress })
    })
}

/// Deletes a security group and returns whether it existed.
///
/// Fails with `DependencyViolation` while the network interface of a task is in the group.
pub(crate) async fn delete_security_group(account: &Account, id: &str) -> anyhow::Result<bool> {
    match query(account, "DeleteSecurityGroup", &[("GroupId", id)]).await {
        Ok(_) => Ok(true),
        Err(error) if http::error_code(&error) == Some("InvalidGroup.NotFound") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Calls an EC2 operation.
pub(super) async fn query(account: &Account, operation: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Xml> {
    http::query(account, Service::Ec2, operation, parameters).await
}
