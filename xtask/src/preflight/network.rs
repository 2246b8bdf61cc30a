//! Checks the default VPC: the subnets that tasks are placed in, their way to AWS, and the way of clients to them.

use serde_json::Value;

use super::{Exposure, findings::Findings};
use crate::{
    aws::{
        Account,
        ec2::{self, RouteTable, Subnet},
    },
    image::Architecture,
    stack::Variables,
};

/// The zones that Fargate serves, by region and architecture. `infra/network.tf` selects subnets by the same file. All
/// zones of other regions and architectures are served.
const ZONES: &str = include_str!("../../../infra/fargate-zones.json");

/// The settings that decide what the network has to provide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'a> {
    architecture: Architecture,
    public_address: bool,
    tasks: u32,
    clients: Option<&'a Exposure>,
}

impl<'a> Needs<'a> {
    pub(super) fn new(variables: &Variables, architecture: Architecture, clients: Option<&'a Exposure>) -> Self {
        Self {
            architecture,
            public_address: variables.text_or("assign_public_ip", "true") == "true",
            tasks: variables.number_or("desired_count", 1),
            clients,
        }
    }
}

pub(super) async fn check(account: &Account, needs: Needs<'_>, findings: &mut Findings) {
    let region = account.region();
    let Some(vpc) = findings.collect_aws(ec2::default_vpc(account).await) else { return };
    let Some(vpc) = vpc else {
        findings.add(
            format!("region {region} of account {} has no default VPC", account.id()),
            format!("create one with `aws ec2 create-default-vpc --region {region}`, or choose another --region"),
        );
        return;
    };
    let Some(subnets) = findings.collect_aws(ec2::default_subnets(account, &vpc).await) else { return };
    let served = check_subnets(region, &vpc, &subnets, needs, findings);
    if needs.public_address {
        let gateway = ec2::has_internet_gateway(account, &vpc).await;
        if findings.ask("whether the default VPC has an Internet gateway", gateway) == Some(false) {
            findings.add(
                format!("the default VPC {vpc} has no Internet gateway, so tasks reach neither AWS nor their clients"),
                format!(
                    "create one with `aws ec2 create-internet-gateway`, attach it with `aws ec2 attach-internet-gateway \
                     --vpc-id {vpc} --internet-gateway-id <id>`, and route 0.0.0.0/0 to it"
                ),
            );
        }
    }
    if let Some(tables) =
        findings.ask("whether the subnets have a route to AWS", ec2::route_tables(account, &vpc).await)
    {
        findings.unknown.extend(without_route(&served, &tables));
    }
}

/// Checks the subnets and returns those that tasks are placed in.
fn check_subnets(
    region: &str,
    vpc: &str,
    subnets: &[Subnet],
    needs: Needs<'_>,
    findings: &mut Findings,
) -> Vec<Subnet> {
    let create = format!("aws ec2 create-default-subnet --region {region} --availability-zone <zone>");
    if subnets.is_empty() {
        findings.add(format!("the default VPC {vpc} has no default subnets"), format!("create one with `{create}`"));
        return Vec::new();
    }
    let architecture = needs.architecture.terraform();
    let zones = served_zones(region, architecture);
    let is_served = |subnet: &&Subnet| zones.as_ref().is_none_or(|zones| zones.contains(&subnet.zone));
    let served: Vec<Subnet> = subnets.iter().filter(is_served).cloned().collect();
    if served.is_empty() {
        let zones = zones.unwrap_or_default().join(", ");
        findings.add(
            format!("Fargate serves {architecture} in no zone of {region} that has a default subnet"),
            format!("create a subnet in one of the zones {zones}: `{create}` (`aws ec2 describe-availability-zones` lists names)"),
        );
        return served;
    }
    let free = served.iter().map(|subnet| subnet.free_addresses).sum::<Option<u32>>();
    if needs.tasks > 0 && free == Some(0) {
        findings.add(
            format!("the default subnets of {vpc} have no free address for a task"),
            "delete network interfaces that are not used, or create a larger subnet",
        );
    }
    if needs.public_address && served.iter().all(|subnet| subnet.is_blocked) {
        findings.add(
            format!("VPC Block Public Access blocks the Internet gateway of {vpc}"),
            format!(
                "exclude the subnets with `aws ec2 create-vpc-block-public-access-exclusion --vpc-id {vpc} \
                 --internet-gateway-exclusion-mode allow-bidirectional`"
            ),
        );
    }
    if let Some(Exposure { cidr, .. }) = needs.clients.filter(|clients| clients.cidr.contains(':'))
        && !served.iter().any(|subnet| subnet.has_ipv6)
    {
        findings.add(
            format!("no client can connect from {cidr}: the default subnets of {vpc} have no IPv6 addresses"),
            "pass an IPv4 range, such as --allowed-cidr 203.0.113.7/32",
        );
    }
    served
}

/// Returns the ids of the zones that Fargate serves, or `None` if it serves all.
fn served_zones(region: &str, architecture: &str) -> Option<Vec<String>> {
    let zones: Value = serde_json::from_str(ZONES).unwrap_or_default();
    let zones = zones[region][architecture].as_array()?;
    Some(zones.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Reports subnets without a default route. They may still reach AWS through VPC endpoints, so this is not a problem.
fn without_route(subnets: &[Subnet], tables: &[RouteTable]) -> Option<String> {
    let table = |subnet: &Subnet| {
        let own = tables.iter().find(|table| table.subnets.contains(&subnet.id));
        own.or_else(|| tables.iter().find(|table| table.is_main))
    };
    let cut_off: Vec<String> = subnets
        .iter()
        .filter_map(|subnet| table(subnet).filter(|table| !table.has_default_route).map(|table| (subnet, table)))
        .map(|(subnet, table)| format!("{} (route table {})", subnet.id, table.id))
        .collect();
    (!cut_off.is_empty()).then(|| format!("whether tasks reach AWS: no route for 0.0.0.0/0 in {}", cut_off.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(zone: &str) -> Subnet {
        Subnet { id: format!("subnet-{zone}"), zone: zone.to_owned(), free_addresses: Some(9), ..Subnet::default() }
    }

    fn found(region: &str, subnets: &[Subnet], needs: Needs<'_>) -> (Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let served = check_subnets(region, "vpc-1", subnets, needs, &mut findings);
        let zones = served.into_iter().map(|subnet| subnet.zone).collect();
        (zones, findings.problems.into_iter().map(|problem| problem.what).collect())
    }

    fn needs(architecture: Architecture) -> Needs<'static> {
        Needs { architecture, public_address: true, tasks: 1, clients: None }
    }

    #[test]
    fn zones_without_fargate_are_left_out() {
        let (x86, arm) = (Architecture::X86_64, Architecture::Arm64);
        for (region, architecture, zones, served) in [
            ("us-west-1", x86, &["usw1-az1", "usw1-az2", "usw1-az3"][..], &["usw1-az1", "usw1-az3"][..]),
            ("ap-northeast-1", arm, &["apne1-az3", "apne1-az4"], &["apne1-az4"]),
            ("cn-north-1", x86, &["cnn1-az3", "cnn1-az1"], &["cnn1-az1"]),
            ("us-east-1", arm, &["use1-az3", "use1-az6"], &["use1-az6"]),
            ("us-east-1", x86, &["use1-az3"], &["use1-az3"]),
            ("eu-central-1", arm, &["euc1-az1"], &["euc1-az1"]),
        ] {
            let subnets: Vec<Subnet> = zones.iter().map(|zone| subnet(zone)).collect();
            let (zones, problems) = found(region, &subnets, needs(architecture));
            assert_eq!(zones, served, "{region}");
            assert!(problems.is_empty(), "{problems:?}");
        }
    }

    #[test]
    fn unusable_subnets_are_problems() {
        let full = Subnet { free_addresses: Some(0), ..subnet("use1-az1") };
        let blocked = Subnet { is_blocked: true, ..subnet("use1-az1") };
        let ipv6 = Exposure { cidr: "2001:db8::7/128".to_owned(), public: false };
        let from_ipv6 = Needs { clients: Some(&ipv6), ..needs(Architecture::X86_64) };
        let x86 = needs(Architecture::X86_64);
        for (region, subnets, needs, expected) in [
            ("us-east-1", vec![], x86, "no default subnets"),
            ("us-west-1", vec![subnet("usw1-az2")], x86, "serves X86_64 in no zone of us-west-1"),
            ("us-east-1", vec![full.clone()], x86, "no free address"),
            ("us-east-1", vec![blocked.clone()], x86, "Block Public Access"),
            ("us-east-1", vec![subnet("use1-az1")], from_ipv6, "no client can connect from 2001:db8::7/128"),
        ] {
            let (_, problems) = found(region, &subnets, needs);
            assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
        }
        let dual_stack = Subnet { has_ipv6: true, ..subnet("use1-az1") };
        assert!(found("us-east-1", &[dual_stack], from_ipv6).1.is_empty());
        assert!(found("us-east-1", &[full], Needs { tasks: 0, ..x86 }).1.is_empty());
        assert!(found("us-east-1", &[blocked], Needs { public_address: false, ..x86 }).1.is_empty());
    }

    #[test]
    fn subnet_without_default_route_is_named() {
        let table = |id: &str, is_main: bool, subnets: &[&str], has_default_route: bool| RouteTable {
            id: id.to_owned(),
            is_main,
            subnets: subnets.iter().map(|subnet| (*subnet).to_owned()).collect(),
            has_default_route,
        };
        let (main, own) = (table("rtb-main", true, &[], true), table("rtb-own", false, &["subnet-b"], false));
        let found = without_route(&[subnet("a"), subnet("b")], &[main.clone(), own]).unwrap();
        assert!(found.contains("subnet-b (route table rtb-own)") && !found.contains("subnet-a"), "{found}");
        assert_eq!(without_route(&[subnet("a")], &[main]), None);
        assert_eq!(without_route(&[subnet("a")], &[]), None);
    }
}
