//! Checks the secrets of tools: that each exists in the deployment's account and region, has a value, and can be
//! decrypted with what the deploy will permit the execution role (`infra/iam_exec.tf`). No value is read.

use serde_json::Value;

use super::findings::Findings;
use crate::{
    aws::{
        Account, secrets_manager,
        ssm::{self, Description},
    },
    stack::Variables,
};

/// The keys that every principal of the account may use through their service.
const MANAGED_KEYS: [&str; 2] = ["alias/aws/ssm", "alias/aws/secretsmanager"];
/// The parts of a secret's ARN. ECS takes field, stage and version behind it.
const SECRET_PARTS: usize = 7;

/// A secret that the settings refer to.
#[derive(Debug, Clone, Copy)]
struct Reference<'a> {
    name: &'a str,
    arn: &'a str,
    /// The customer managed key that the execution role will be permitted to use.
    key: Option<&'a str>,
}

/// A problem of a secret, and the fix.
type Problem = (String, String);

pub(super) async fn check(account: &Account, variables: &Variables, findings: &mut Findings) {
    let Some(secrets) = variables.value("secrets").and_then(Value::as_object) else { return };
    for (name, entry) in secrets {
        // Terraform reports an entry without an ARN.
        let Some(arn) = entry["arn"].as_str() else { continue };
        let reference = Reference { name, arn, key: entry["kms_key_arn"].as_str() };
        if let Some((what, fix)) = elsewhere(reference, account.region(), account.id()) {
            findings.add(what, fix);
            continue;
        }
        let subject = format!("whether the secret {name} exists and is readable");
        let problem = if arn.contains(":ssm:") {
            findings.ask(&subject, ssm::describe(account, arn).await).map(|found| in_ssm(reference, found.as_ref()))
        } else {
            let parts: Vec<&str> = arn.split(':').collect();
            let secret = parts.get(..SECRET_PARTS).unwrap_or(&parts).join(":");
            let found = findings.ask(&subject, secrets_manager::describe(account, &secret).await);
            found.map(|found| in_secrets_manager(reference, &secret, &parts, found.as_ref()))
        };
        if let Some((what, fix)) = problem.flatten() {
            findings.add(what, fix);
        }
    }
}

fn elsewhere(reference: Reference<'_>, region: &str, account: &str) -> Option<Problem> {
    let mut parts = reference.arn.split(':').skip(3);
    let (found_region, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    ((found_region, owner) != (region, account)).then(|| {
        let what = format!(
            "the secret {} is in region {found_region} of account {owner}, and the deployment in {region} of {account}",
            reference.name
        );
        (what, "store the secret in the deployment's own account and region".to_owned())
    })
}

fn in_ssm(reference: Reference<'_>, found: Option<&Description>) -> Option<Problem> {
    let Some(found) = found else {
        let name = ssm::name_in(reference.arn).unwrap_or_else(|| reference.arn.to_owned());
        return Some((
            format!("the secret {} does not exist: {}", reference.name, reference.arn),
            format!(
                "create it with `aws ssm put-parameter --type SecureString --name {name} --value <value>`, or correct \
                 [secrets]"
            ),
        ));
    };
    if found.kind == "SecureString" { undecryptable(reference, found.key.as_deref()) } else { None }
}

fn in_secrets_manager(
    reference: Reference<'_>,
    secret: &str,
    parts: &[&str],
    found: Option<&secrets_manager::Description>,
) -> Option<Problem> {
    let name = reference.name;
    let Some(found) = found else {
        return Some((
            format!("the secret {name} does not exist: {secret}"),
            "copy the ARN from `aws secretsmanager list-secrets`, with the six characters at its end".to_owned(),
        ));
    };
    if found.is_deleted() {
        return Some((
            format!("the secret {name} is scheduled for deletion"),
            format!("restore it with `aws secretsmanager restore-secret --secret-id {secret}`"),
        ));
    }
    let part = |number: usize| parts.get(SECRET_PARTS + number).copied().unwrap_or_default();
    if !found.has_version(part(1), part(2)) {
        return Some((
            format!("the secret {name} has no value of that version: {}", reference.arn),
            format!(
                "store one with `aws secretsmanager put-secret-value --secret-id {secret} --secret-string <value>`, or \
                 correct [secrets]"
            ),
        ));
    }
    undecryptable(reference, found.key.as_deref())
}

/// Returns the problem of a secret whose key the execution role will not be permitted to use. An alias of a customer
/// managed key cannot be compared, so a reference that names a key is believed.
fn undecryptable(reference: Reference<'_>, key: Option<&str>) -> Option<Problem> {
    let key = key.filter(|key| !MANAGED_KEYS.iter().any(|managed| key.ends_with(managed)))?;
    let id = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    let is_permitted = reference.key.is_some_and(|permitted| key.contains("alias/") || id(permitted) == id(key));
    (!is_permitted).then(|| {
        let name = reference.name;
        let what = format!(
            "the tasks cannot read the secret {name}: it is encrypted with {key}, which the execution role may not use"
        );
        (what, format!("write the ARN of that key as kms_key_arn beside the ARN of {name} in [secrets]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETER: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/team/key";
    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team-AbCdEf";
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1";

    fn reference<'a>(arn: &'a str, key: Option<&'a str>) -> Reference<'a> {
        Reference { name: "API_KEY", arn, key }
    }

    fn what(problem: Option<Problem>) -> String {
        problem.map(|(what, _)| what).unwrap_or_default()
    }

    #[test]
    fn unreadable_parameter_is_a_problem() {
        let of = |kind: &str, key: &str| Description { kind: kind.to_owned(), key: Some(key.to_owned()) };
        for (found, key, expected) in [
            (None, None, "does not exist"),
            (Some(of("SecureString", "alias/aws/ssm")), None, ""),
            (Some(Description { kind: "String".to_owned(), key: None }), None, ""),
            (Some(of("SecureString", KEY)), None, "encrypted with arn:aws:kms"),
            (Some(of("SecureString", KEY)), Some(KEY), ""),
            (Some(of("SecureString", "1")), Some(KEY), ""),
            (Some(of("SecureString", "2")), Some(KEY), "encrypted with 2"),
            (Some(of("SecureString", "alias/team")), None, "encrypted with alias/team"),
            (Some(of("SecureString", "alias/team")), Some(KEY), ""),
        ] {
            let what = what(in_ssm(reference(PARAMETER, key), found.as_ref()));
            assert!(what.contains(expected) && what.is_empty() == expected.is_empty(), "{found:?}: {what}");
        }
    }

    #[test]
    fn unreadable_secret_is_a_problem() {
        let found = |json: &str| Some(serde_json::from_str::<secrets_manager::Description>(json).unwrap());
        let current = r#"{"VersionIdsToStages": {"v": ["AWSCURRENT"]}}"#;
        let encrypted = format!(r#"{{"KmsKeyId": "{KEY}", "VersionIdsToStages": {{"v": ["AWSCURRENT"]}}}}"#);
        for (suffix, found, key, expected) in [
            ("", None, None, "does not exist"),
            ("", found(current), None, ""),
            (":user::", found(current), None, ""),
            ("::AWSPREVIOUS:", found(current), None, "has no value"),
            ("", found("{}"), None, "has no value"),
            ("", found(r#"{"DeletedDate": 1}"#), None, "scheduled for deletion"),
            ("", found(&encrypted), None, "encrypted with arn:aws:kms"),
            ("", found(&encrypted), Some(KEY), ""),
        ] {
            let arn = format!("{SECRET}{suffix}");
            let parts: Vec<&str> = arn.split(':').collect();
            let what = what(in_secrets_manager(reference(&arn, key), SECRET, &parts, found.as_ref()));
            assert!(what.contains(expected) && what.is_empty() == expected.is_empty(), "{arn} {found:?}: {what}");
        }
    }

    #[test]
    fn secret_of_another_account_is_a_problem() {
        assert!(elsewhere(reference(PARAMETER, None), "us-east-1", "123456789012").is_none());
        for (region, account) in [("eu-west-1", "123456789012"), ("us-east-1", "999999999999")] {
            assert!(what(elsewhere(reference(SECRET, None), region, account)).contains("the deployment in"));
        }
    }
}
