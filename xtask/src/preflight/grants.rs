//! The part of the plan that describes in words what the tools get: variables, secrets, permissions, connections and a
//! scratch directory. A wildcard is in capitals, because it grants more than its author may have thought of.

use serde_json::Value;

use crate::stack::Variables;

/// The variables of `infra/` that the sentences describe.
const DESCRIBED: [&str; 5] = ["environment", "secrets", "task_policy_statements", "egress", "scratch_mib"];

/// Returns true for a variable that [`sentences`] describes.
pub(super) fn describes(variable: &str) -> bool {
    DESCRIBED.contains(&variable)
}

/// Returns a sentence for each thing that the tools get. A value that Terraform will reject is printed as it is.
pub(super) fn sentences(variables: &Variables) -> Vec<String> {
    let mut sentences = Vec::new();
    for name in DESCRIBED {
        let Some(value) = variables.value(name) else { continue };
        let found = match name {
            "environment" => entries(value, |name, value| Some(format!("the tools get {name}={}", value.as_str()?))),
            "secrets" => entries(value, secret),
            "task_policy_statements" => items(value, statement),
            "egress" => items(value, connection),
            _ => scratch(value),
        };
        sentences.extend(found.unwrap_or_else(|| vec![format!("{name} = {value}")]));
    }
    sentences
}

fn entries(value: &Value, sentence: impl Fn(&str, &Value) -> Option<String>) -> Option<Vec<String>> {
    value.as_object()?.iter().map(|(name, value)| sentence(name, value)).collect()
}

fn items(value: &Value, sentence: impl Fn(&Value) -> Option<String>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(sentence).collect()
}

fn secret(name: &str, value: &Value) -> Option<String> {
    let key = value["kms_key_arn"].as_str().map(|key| format!(", decrypted with {key}"));
    Some(format!("the tools get the secret {name} from {}{}", value["arn"].as_str()?, key.unwrap_or_default()))
}

fn statement(statement: &Value) -> Option<String> {
    let may = match statement["effect"].as_str().unwrap_or("Allow") {
        "Allow" => "may",
        "Deny" => "may not",
        _ => return None,
    };
    let list = |name: &str, describe: fn(&str) -> String| {
        let texts: Option<Vec<&str>> = statement[name].as_array()?.iter().map(Value::as_str).collect();
        Some(texts?.into_iter().map(describe).collect::<Vec<_>>().join(", "))
    };
    let condition = match &statement["condition"] {
        Value::Object(operators) if !operators.is_empty() => format!(", if {}", conditions(operators)),
        _ => String::new(),
    };
    Some(format!("the tools {may} {} on {}{condition}", list("actions", action)?, list("resources", resource)?))
}

fn action(action: &str) -> String {
    match action.split_once(':') {
        Some((service, "*")) => format!("do EVERYTHING IN {service}"),
        _ if is_pattern(action) => format!("{action} (EVERY ACTION LIKE IT)"),
        _ => action.to_owned(),
    }
}

fn resource(resource: &str) -> String {
    match resource.strip_suffix('*') {
        Some("") => "EVERYTHING".to_owned(),
        Some(prefix) if prefix.ends_with(['/', ':']) && !is_pattern(prefix) => format!("EVERYTHING BELOW {prefix}"),
        _ if is_pattern(resource) => format!("EVERYTHING LIKE {resource}"),
        _ => resource.to_owned(),
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn conditions(operators: &serde_json::Map<String, Value>) -> String {
    let conditions = operators.iter().flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| {
            let values: Vec<&str> = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{key} {operator} {}", values.join(" or "))
        })
    });
    conditions.collect::<Vec<_>>().join(" and ")
}

fn connection(rule: &Value) -> Option<String> {
    let ports = match &rule["ports"] {
        Value::String(ports) => ports.clone(),
        Value::Number(port) => port.to_string(),
        _ => return None,
    };
    let ports = match ports.split_once('-') {
        Some(("1", "65535")) => "EVERY port".to_owned(),
        Some((first, last)) => format!("ports {first} to {last}"),
        None => format!("port {ports}"),
    };
    let protocol = rule["protocol"].as_str().unwrap_or("tcp");
    let ranges: Option<Vec<String>> =
        rule["cidrs"].as_array()?.iter().map(|cidr| Some(range(cidr.as_str()?))).collect();
    Some(format!("the tasks may connect to {protocol} {ports} of {}", ranges?.join(", ")))
}

fn range(cidr: &str) -> String {
    match cidr {
        "0.0.0.0/0" => "EVERY IPv4 ADDRESS".to_owned(),
        "::/0" => "EVERY IPv6 ADDRESS".to_owned(),
        cidr => cidr.to_owned(),
    }
}

fn scratch(value: &Value) -> Option<Vec<String>> {
    match value.as_u64()? {
        0 => Some(Vec::new()),
        size => Some(vec![format!("the tools may write {size} MiB to /tmp, taken from the task's memory")]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(name: &str, value: Value) -> Vec<String> {
        let mut variables = Variables::default();
        variables.set(name, value);
        sentences(&variables)
    }

    #[test]
    fn statements_are_sentences_with_wildcards_in_capitals() {
        let one = |actions: Value, resources: Value| {
            described("task_policy_statements", json!([{"actions": actions, "resources": resources}])).remove(0)
        };
        for (actions, resources, expected) in [
            (json!(["s3:GetObject"]), json!(["arn:aws:s3:::a/b"]), "the tools may s3:GetObject on arn:aws:s3:::a/b"),
            (
                json!(["s3:Get*", "s3:ListBucket"]),
                json!(["arn:aws:s3:::a/*", "*"]),
                "the tools may s3:Get* (EVERY ACTION LIKE IT), s3:ListBucket on EVERYTHING BELOW arn:aws:s3:::a/, EVERYTHING",
            ),
            (
                json!(["sqs:*"]),
                json!(["arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q-?"]),
                "the tools may do EVERYTHING IN sqs on EVERYTHING LIKE arn:aws:sqs:*:1:q, EVERYTHING LIKE \
                 arn:aws:sqs:eu-west-1:1:q-?",
            ),
        ] {
            assert_eq!(one(actions, resources), expected);
        }
        let denied = json!([{
            "effect": "Deny",
            "actions": ["s3:GetObject"],
            "resources": ["arn:aws:s3:::a/b"],
            "condition": {"StringNotEquals": {"aws:ResourceAccount": ["1", "2"]}},
        }]);
        assert_eq!(
            described("task_policy_statements", denied),
            ["the tools may not s3:GetObject on arn:aws:s3:::a/b, if aws:ResourceAccount StringNotEquals 1 or 2"]
        );
    }

    #[test]
    fn openings_are_sentences() {
        let rules = json!([
            {"ports": "5432", "cidrs": ["10.0.0.0/16", "2001:db8::/32"]},
            {"ports": 53, "cidrs": ["0.0.0.0/0"], "protocol": "udp"},
            {"ports": "8000-8100", "cidrs": ["::/0"]},
            {"ports": "1-65535", "cidrs": ["10.0.0.0/8"]},
        ]);
        let expected = [
            "the tasks may connect to tcp port 5432 of 10.0.0.0/16, 2001:db8::/32",
            "the tasks may connect to udp port 53 of EVERY IPv4 ADDRESS",
            "the tasks may connect to tcp ports 8000 to 8100 of EVERY IPv6 ADDRESS",
            "the tasks may connect to tcp EVERY port of 10.0.0.0/8",
        ];
        assert_eq!(described("egress", rules), expected);
    }

    #[test]
    fn variables_secrets_and_scratch_are_sentences() {
        assert_eq!(described("environment", json!({"BUCKET": "a"})), ["the tools get BUCKET=a"]);
        let secrets = json!({"KEY": {"arn": "arn:one"}, "PIN": {"arn": "arn:two", "kms_key_arn": "arn:key"}});
        let expected = [
            "the tools get the secret KEY from arn:one",
            "the tools get the secret PIN from arn:two, decrypted with arn:key",
        ];
        assert_eq!(described("secrets", secrets), expected);
        assert_eq!(
            described("scratch_mib", json!(64)),
            ["the tools may write 64 MiB to /tmp, taken from the task's memory"]
        );
        assert!(described("scratch_mib", json!(0)).is_empty());
    }

    #[test]
    fn value_of_another_shape_is_printed_as_it_is() {
        assert_eq!(described("egress", json!([{"ports": true}])), ["egress = [{\"ports\":true}]"]);
        assert_eq!(described("task_policy_statements", json!("x")), ["task_policy_statements = \"x\""]);
        assert!(!describes("tags") && describes("egress"));
    }
}
