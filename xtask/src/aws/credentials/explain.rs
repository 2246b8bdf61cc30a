//! Turns the SDK's errors into the profile, the cause and the command to run.

use std::time::Duration;

use anyhow::anyhow;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::source::{Kind, Selected, Source};
use crate::error::ErrorExt;

/// The ways to credentials for a machine that has none.
const WAYS: &str =
    "run `aws login` or `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// Explains that no credentials were resolved.
pub(super) fn not_resolved(error: CredentialsError, source: &Source) -> anyhow::Error {
    let missing = matches!(error, CredentialsError::CredentialsNotLoaded(_));
    match source {
        Source::Profile(Selected { name, kind: Kind::Nothing, .. }) if missing => {
            let hint = match flag(name).as_str() {
                "" => WAYS.to_owned(),
                flag => format!("run `aws login{flag}`, or set AWS_PROFILE to another profile"),
            };
            anyhow!("the AWS profile {name:?} has no credentials, and this machine has no role").hint(hint)
        }
        Source::Machine if missing => anyhow!("no AWS credentials were found").hint(WAYS),
        _ => {
            let details = details(&error);
            if is_network(&error) {
                return anyhow!(details)
                    .context(format!("cannot reach AWS to get the credentials of {}", source.words()))
                    .hint("check the network connection, and HTTPS_PROXY and NO_PROXY if this network has a proxy");
            }
            // The crates that define these errors are not dependencies of xtask. Each error prints its code.
            let denied = details.contains("ForbiddenException") || details.contains("AccessDenied");
            let is_machine = matches!(source, Source::Machine);
            anyhow!(details)
                .context(format!("cannot load the credentials of {}", source.words()))
                .hint(source.repair(denied))
                .hint_if_some(is_machine.then(|| format!("without a role, {WAYS}")))
        }
    }
}

/// Explains that the source took too long.
pub(super) fn timed_out(limit: Duration, source: &Source) -> anyhow::Error {
    let seconds = limit.as_secs();
    match source {
        Source::Profile(Selected { name, base, kind: Kind::Process, .. }) => {
            anyhow!("the credential_process of the AWS profile {base:?} did not end within {seconds} s and was killed")
                .hint(format!("run `aws configure export-credentials{}` to see what it waits for", flag(name)))
                .hint("set MCP_CREDENTIALS_TIMEOUT to more seconds if it needs them")
        }
        _ => anyhow!("the credentials of {} were not available within {seconds} s", source.words())
            .hint(source.repair(false)),
    }
}

impl Source {
    /// Returns the source as an error names it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Environment => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
            Self::Machine | Self::Profile(Selected { kind: Kind::Nothing, .. }) => "this machine's role".to_owned(),
            Self::Profile(Selected { name, base, .. }) if name == base => format!("the AWS profile {name:?}"),
            Self::Profile(Selected { name, base, .. }) => {
                format!("the AWS profile {name:?} (source_profile {base:?})")
            }
        }
    }

    /// Returns the command that renews expired credentials.
    pub(crate) fn renewal(&self) -> String {
        match self {
            Self::Environment => {
                "export new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them to use a profile"
                    .to_owned()
            }
            Self::Machine | Self::Profile(Selected { kind: Kind::Nothing, .. }) => {
                "check the role of this machine, or AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE".to_owned()
            }
            Self::Profile(Selected { name, base, kind, .. }) => match kind {
                Kind::Login => format!("run `aws login{}`", flag(base)),
                Kind::Sso => format!("run `aws sso login{}`", flag(base)),
                Kind::Keys | Kind::Nothing => format!("run `aws configure{}` with new keys", flag(base)),
                Kind::Process => format!("run `aws configure export-credentials{}` to see its error", flag(name)),
                Kind::WebIdentity => format!("renew the web_identity_token_file of the profile {base:?}"),
                Kind::OfMachine => format!("check credential_source of the profile {base:?}"),
            },
        }
    }

    /// Returns what to do about credentials that could not be loaded. `denied` if AWS refused a role.
    fn repair(&self, denied: bool) -> String {
        match self {
            Self::Profile(Selected { name, mfa: true, .. }) if denied => format!(
                "the role demands an MFA code (mfa_serial): run `eval \"$(aws configure export-credentials{} --format env)\"` \
                 and rerun the command",
                flag(name)
            ),
            Self::Profile(Selected { base, kind: Kind::Sso, role: None, .. }) if denied => {
                format!("check sso_account_id and sso_role_name of the profile {base:?}, or set AWS_PROFILE to another")
            }
            Self::Profile(Selected { name, base, role: Some(role), .. }) if denied => {
                format!("allow the identity of the profile {base:?} to assume {role}, or correct role_arn of {name:?}")
            }
            _ => self.renewal(),
        }
    }
}

/// Returns ` --profile <name>`, or nothing for the default profile.
fn flag(profile: &str) -> String {
    if profile == "default" { String::new() } else { format!(" --profile {profile}") }
}

fn is_network(error: &CredentialsError) -> bool {
    causes(error).any(|cause| cause.is::<ConnectorError>())
}

/// Joins the causes in one line, without those that only say that something failed.
fn details(error: &CredentialsError) -> String {
    const EMPTY: [&str; 3] = ["an error occurred while loading credentials", "service error", "unhandled error"];
    let mut texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    texts.retain(|text| !EMPTY.iter().any(|empty| text.starts_with(empty)));
    texts.dedup();
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

fn causes(error: &CredentialsError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |cause| cause.source())
}
