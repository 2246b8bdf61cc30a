//! Rejects the variables of `infra/` that the deployer does not support yet.
//!
//! Terraform creates their resources, but the deployment would neither be judged nor reached through the front, the
//! network's checks look at the default VPC only, and the cleanup after a lost state knows none of the resources.

use super::findings::Findings;
use crate::stack::Variables;

/// The variables, and the values that create nothing.
const UNSUPPORTED: [(&str, &[&str]); 7] = [
    ("front", &["none"]),
    ("allowed_cidrs", &["[]"]),
    ("vpc_id", &[]),
    ("task_subnet_ids", &["[]"]),
    ("tasks_max", &[]),
    ("alarm_email", &[]),
    ("dashboard", &["false"]),
];

pub(super) fn check(variables: &Variables, findings: &mut Findings) {
    for (name, harmless) in UNSUPPORTED {
        let value = variables.text(name).filter(|value| !harmless.contains(&value.as_str()));
        if let Some(value) = value {
            findings.add(
                format!("unsupported {name} = {value}: `cargo xtask deploy` does not support fronts yet"),
                format!("remove {name}; docs/fronts.md describes what is missing"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_front_but_none_is_rejected() {
        for (name, value, problems) in [
            ("front", json!("none"), 0),
            ("front", json!("alb"), 1),
            ("allowed_cidrs", json!([]), 0),
            ("allowed_cidrs", json!(["anthropic"]), 1),
            ("tasks_max", json!(null), 0),
            ("tasks_max", json!(4), 1),
            ("dashboard", json!(false), 0),
            ("permissions_boundary", json!("arn:aws:iam::123456789012:policy/boundary"), 0),
        ] {
            let mut variables = Variables::default();
            variables.set(name, value.clone());
            let mut findings = Findings::default();
            check(&variables, &mut findings);
            assert_eq!(findings.problems.len(), problems, "{name} = {value}: {findings:?}");
        }
    }
}
