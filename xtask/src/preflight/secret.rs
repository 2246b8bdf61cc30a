//! Checks the SSM parameter of `token_parameter_arn`: that it exists, and that the execution role will be able to read
//! it. The value itself is not read.
//!
//! The execution role may not exist yet. The policy that the deploy writes for it (`infra/iam_exec.tf`) allows
//! `ssm:GetParameters` on the parameter and no use of KMS. So it reads what is not encrypted, and what the AWS managed
//! key for SSM encrypts: <https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html>

use super::findings::Findings;
use crate::{
    aws::{
        Account,
        ssm::{self, Description},
    },
    stack::Variables,
};

/// The key that every principal of the account may use through SSM.
const MANAGED_KEY: &str = "alias/aws/ssm";

pub(super) async fn check(account: &Account, variables: &Variables, findings: &mut Findings) {
    let Some(arn) = variables.text("token_parameter_arn") else { return };
    let mut parts = arn.split(':').skip(3);
    let (region, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if (region, owner) != (account.region(), account.id()) {
        findings.add(
            format!(
                "the token in {arn} is in region {region} of account {owner}, and the deployment in {} of {}",
                account.region(),
                account.id()
            ),
            "store the token in a parameter of the deployment's own account and region",
        );
        return;
    }
    let subject = format!("whether the parameter {arn} exists and is readable");
    let Some(found) = findings.ask(&subject, ssm::describe(account, &arn).await) else { return };
    if let Some((what, fix)) = problem(&arn, found.as_ref()) {
        findings.add(what, fix);
    }
}

fn problem(arn: &str, found: Option<&Description>) -> Option<(String, String)> {
    let name = ssm::name_in(arn).unwrap_or_else(|| arn.to_owned());
    let Some(Description { kind, key }) = found else {
        let create = format!("aws ssm put-parameter --type SecureString --name {name} --value <token>");
        return Some((
            format!("the parameter {arn} does not exist"),
            format!(
                "create it with `{create}`, or remove the variable token_parameter_arn to let deploy generate a token"
            ),
        ));
    };
    match (kind.as_str(), key.as_deref()) {
        ("String", _) | ("SecureString", None | Some(MANAGED_KEY)) => None,
        ("SecureString", Some(key)) => Some((
            format!("the tasks cannot read {arn}: it is encrypted with {key}, which the execution role may not use"),
            format!(
                "store the token again with the key {MANAGED_KEY}, which is the default of `aws ssm put-parameter`"
            ),
        )),
        (kind, _) => Some((
            format!("the parameter {arn} is a {kind}: a token is a String or a SecureString"),
            "store the token with `aws ssm put-parameter --type SecureString --name <name> --value <token>`".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_parameter_is_a_problem() {
        let of = |kind: &str, key: Option<&str>| Description { kind: kind.to_owned(), key: key.map(str::to_owned) };
        for (found, expected) in [
            (None, "does not exist"),
            (Some(of("SecureString", Some("alias/team"))), "encrypted with alias/team"),
            (Some(of("SecureString", Some("arn:aws:kms:us-east-1:123456789012:key/1"))), "encrypted with arn:aws:kms"),
            (Some(of("StringList", None)), "is a StringList"),
            (Some(of("SecureString", Some(MANAGED_KEY))), ""),
            (Some(of("String", None)), ""),
        ] {
            let what = problem("arn:aws:ssm:us-east-1:123456789012:parameter/team/token", found.as_ref());
            let what = what.map(|(what, _)| what).unwrap_or_default();
            assert!(what.contains(expected) && what.is_empty() == expected.is_empty(), "{found:?}: {what}");
        }
    }
}
