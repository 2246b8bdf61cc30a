//! The outgoing rules of the tasks' security group. Those of tools have keys that `infra/network.tf` makes of their
//! content, so that an existing rule is found again without a state.

use serde_json::Value;

use crate::{aws::ec2::Rule, stack::Variables};

/// The rule that every deployment has.
const HTTPS: &str = "tcp 443 0.0.0.0/0";
pub(super) const HTTPS_ADDRESS: &str = "aws_vpc_security_group_egress_rule.https";
pub(super) const TOOLS_ADDRESS: &str = "aws_vpc_security_group_egress_rule.tools";

/// Returns the addresses of the rules that the variable `egress` asks for.
pub(super) fn wanted(variables: &Variables) -> Vec<String> {
    let rules = variables.value("egress").and_then(Value::as_array);
    rules.into_iter().flatten().flat_map(traffic).map(|traffic| tools(&traffic)).collect()
}

/// Returns the address of an existing rule, if the deployment has one for the same traffic.
pub(super) fn address(rule: &Rule, wanted: &[String]) -> Option<String> {
    if rule.traffic == HTTPS {
        return Some(HTTPS_ADDRESS.to_owned());
    }
    Some(tools(&rule.traffic)).filter(|address| wanted.contains(address))
}

fn tools(traffic: &str) -> String {
    format!("{TOOLS_ADDRESS}[\"{traffic}\"]")
}

fn traffic(rule: &Value) -> Vec<String> {
    let ports = match &rule["ports"] {
        Value::String(ports) => ports.clone(),
        ports => ports.to_string(),
    };
    let protocol = rule["protocol"].as_str().unwrap_or("tcp");
    let ranges = rule["cidrs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    ranges.map(|range| format!("{protocol} {ports} {range}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_found_by_their_traffic() {
        let mut variables = Variables::default();
        let rules = json!([
            {"ports": 5432, "cidrs": ["10.0.0.0/16", "2001:db8::/32"]},
            {"ports": "8000-8100", "cidrs": ["203.0.113.7/32"], "protocol": "udp"},
        ]);
        variables.set("egress", rules);
        let wanted = wanted(&variables);
        let address = |traffic: &str| {
            address(&Rule { id: "sgr-1".to_owned(), egress: true, traffic: traffic.to_owned() }, &wanted)
        };
        assert_eq!(address(HTTPS).as_deref(), Some(HTTPS_ADDRESS));
        for traffic in ["tcp 5432 10.0.0.0/16", "tcp 5432 2001:db8::/32", "udp 8000-8100 203.0.113.7/32"] {
            assert_eq!(address(traffic), Some(format!("{TOOLS_ADDRESS}[\"{traffic}\"]")));
        }
        assert_eq!(address("tcp 5433 10.0.0.0/16"), None);
        assert_eq!(wanted.len(), 3);
    }

    #[test]
    fn keys_are_those_of_infra() {
        let infra = include_str!("../../../infra/network.tf");
        assert!(infra.contains("\"${rule.protocol} ${rule.ports} ${cidr}\" =>"));
    }
}
