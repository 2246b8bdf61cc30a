//! EC2: the addresses of a task, the default VPC, and security groups with their rules.

use super::{
    Account,
    http::{self, Service},
    tags::{self, Tags},
    xml::{Xml, child, child_text, children, tag_set},
};
use crate::project::Project;

/// The IP addresses of a network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) public: Option<String>,
    pub(crate) private: Option<String>,
}

/// A default subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    /// Id of its zone, such as `use1-az1`. Unlike the zone's name it means the same in every account.
    pub(crate) zone: String,
    pub(crate) has_ipv6: bool,
    /// `None` if EC2 does not report it.
    pub(crate) free_addresses: Option<u32>,
    /// An administrator has blocked the traffic of Internet gateways (VPC Block Public Access).
    pub(crate) is_blocked: bool,
}

/// A route table, reduced to the default route for IPv4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RouteTable {
    pub(crate) id: String,
    /// Serves the subnets that have no table of their own.
    pub(crate) is_main: bool,
    pub(crate) subnets: Vec<String>,
    /// It has an active route for 0.0.0.0/0.
    pub(crate) has_default_route: bool,
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
    /// The protocol, the ports and the range, as in `tcp 8000-8100 10.0.0.0/16`.
    pub(crate) traffic: String,
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

/// Returns the default subnets of a VPC, one in each zone.
pub(crate) async fn default_subnets(account: &Account, vpc: &str) -> anyhow::Result<Vec<Subnet>> {
    let filter = [
        ("Filter.1.Name", "vpc-id"),
        ("Filter.1.Value.1", vpc),
        ("Filter.2.Name", "default-for-az"),
        ("Filter.2.Value.1", "true"),
    ];
    let response = query(account, "DescribeSubnets", &filter).await?;
    response.items("subnetSet", |subnet| {
        let block =
            child(subnet, "blockPublicAccessStates").and_then(|states| child_text(states, "internetGatewayBlockMode"));
        Some(Subnet {
            id: child_text(subnet, "subnetId")?,
            zone: child_text(subnet, "availabilityZoneId").unwrap_or_default(),
            has_ipv6: children(subnet, "ipv6CidrBlockAssociationSet").next().is_some(),
            free_addresses: child_text(subnet, "availableIpAddressCount").and_then(|count| count.parse().ok()),
            is_blocked: block.is_some_and(|mode| mode.starts_with("block")),
        })
    })
}

/// Returns whether an Internet gateway is attached to a VPC. That of a default VPC can be detached and deleted.
pub(crate) async fn has_internet_gateway(account: &Account, vpc: &str) -> anyhow::Result<bool> {
    let filter = [("Filter.1.Name", "attachment.vpc-id"), ("Filter.1.Value.1", vpc)];
    let response = query(account, "DescribeInternetGateways", &filter).await?;
    let gateways = response.items("internetGatewaySet", |gateway| {
        children(gateway, "attachmentSet").find(|vpc_of| child_text(*vpc_of, "vpcId").as_deref() == Some(vpc)).map(drop)
    })?;
    Ok(!gateways.is_empty())
}

/// Returns the route tables of a VPC.
pub(crate) async fn route_tables(account: &Account, vpc: &str) -> anyhow::Result<Vec<RouteTable>> {
    let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
    query(account, "DescribeRouteTables", &filter).await?.items("routeTableSet", |table| {
        let is = |node, name: &str, value: &str| child_text(node, name).as_deref() == Some(value);
        let of = || children(table, "associationSet");
        // A route whose gateway was deleted stays as a blackhole.
        let leads_out = |route| is(route, "destinationCidrBlock", "0.0.0.0/0") && !is(route, "state", "blackhole");
        Some(RouteTable {
            id: child_text(table, "routeTableId")?,
            is_main: of().any(|association| is(association, "main", "true")),
            subnets: of().filter_map(|association| child_text(association, "subnetId")).collect(),
            has_default_route: children(table, "routeSet").any(leads_out),
        })
    })
}

/// Returns the security groups of this name, at most one for each VPC.
pub(crate) async fn security_groups(account: &Account, name: &str) -> anyhow::Result<Vec<SecurityGroup>> {
    let filter = [("Filter.1.Name", "group-name"), ("Filter.1.Value.1", name)];
    let response = query(account, "DescribeSecurityGroups", &filter).await?;
    response.items("securityGroupInfo", |group| {
        Some(SecurityGroup { id: child_text(group, "groupId")?, tags: tag_set(group) })
    })
}

/// Returns the rules of a security group that have the project's tags. Others may have added rules of their own.
pub(crate) async fn rules(account: &Account, group: &str, project: &Project) -> anyhow::Result<Vec<Rule>> {
    let filter = [
        ("Filter.1.Name", "group-id"),
        ("Filter.1.Value.1", group),
        ("Filter.2.Name", "tag:Project"),
        ("Filter.2.Value.1", project.as_str()),
        ("Filter.3.Name", "tag:ManagedBy"),
        ("Filter.3.Value.1", tags::MANAGED_BY.1),
    ];
    let response = query(account, "DescribeSecurityGroupRules", &filter).await?;
    response.items("securityGroupRuleSet", |rule| {
        let egress = child_text(rule, "isEgress").is_some_and(|egress| egress == "true");
        let text = |name| child_text(rule, name).unwrap_or_default();
        let (first, last) = (text("fromPort"), text("toPort"));
        let ports = if first == last { first } else { format!("{first}-{last}") };
        let range = format!("{}{}", text("cidrIpv4"), text("cidrIpv6"));
        let traffic = format!("{} {ports} {range}", text("ipProtocol"));
        Some(Rule { id: child_text(rule, "securityGroupRuleId")?, egress, traffic })
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
