//! The place from which the SDK takes its credentials, determined in the SDK's own order before it resolves them.
//! Errors can then name the profile and the command that renews its credentials.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, anyhow};
use aws_config::profile::{self, Profile, ProfileSet};

use crate::{environment, error::ErrorExt, nearest};

/// The source of the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Environment,
    Profile(Selected),
    /// A web identity, a container or an instance, if there is one.
    Machine,
}

/// A selected profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selected {
    pub(super) name: String,
    /// The profile that has the credentials: the selected one, or the last of its `source_profile`s.
    pub(super) base: String,
    pub(super) kind: Kind,
    /// The role that the selected profile assumes.
    pub(super) role: Option<String>,
    /// A role of the chain demands a code, which the SDKs do not ask for.
    pub(super) mfa: bool,
}

/// The kind of credentials in a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Keys,
    Login,
    Sso,
    Process,
    WebIdentity,
    /// `credential_source`.
    OfMachine,
    /// The profile has none, so those of the machine are used.
    Nothing,
}

impl Source {
    /// Determines the source. Fails if the environment or a profile is incomplete.
    pub(crate) async fn find() -> anyhow::Result<Self> {
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        match keys.map(|name| environment::aws(name).is_some()) {
            [true, true] => return Ok(Self::Environment),
            [true, false] => return incomplete(keys[0], keys[1]),
            [false, true] => return incomplete(keys[1], keys[0]),
            [false, false] => {}
        }
        let selected = mcp_stateful::aws::selected_profile();
        let name = selected.clone().unwrap_or_else(|| "default".to_owned());
        let (fs, env, paths) = Default::default();
        let profiles = profile::load(&fs, &env, &paths, Some(name.clone().into())).await;
        let profiles = profiles.with_context(|| format!("cannot read the AWS profiles in {}", files()));
        let profiles = profiles.hint("correct the file; `aws configure list` shows what the AWS CLI reads in it")?;
        match (profiles.get_profile(&name), selected) {
            (Some(found), _) => select(&profiles, found).map(Self::Profile),
            (None, None) => web_identity().map(|()| Self::Machine),
            (None, Some(_)) => Err(anyhow!("the AWS profile {name:?} does not exist in {}", files()))
                .hint(near(&name, &profiles))
                .hint(format!("set AWS_PROFILE to another profile, or create it with `aws login --profile {name}`")),
        }
    }

    /// Returns whether the SDK starts a process to resolve the credentials.
    pub(super) fn starts_process(&self) -> bool {
        matches!(self, Self::Profile(Selected { kind: Kind::Process, .. }))
    }
}

fn incomplete<T>(set: &str, missing: &str) -> anyhow::Result<T> {
    Err(anyhow!("{set} is set, but {missing} is not")).hint(format!("set {missing}, or unset {set} to use a profile"))
}

/// Checks the variables of a web identity, which a pipeline sets.
fn web_identity() -> anyhow::Result<()> {
    const FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    let Some(file) = environment::aws(FILE) else { return Ok(()) };
    if environment::aws("AWS_ROLE_ARN").is_none() {
        return incomplete(FILE, "AWS_ROLE_ARN");
    }
    readable(&file).hint(format!("set {FILE} to the file that the pipeline writes the token to"))
}

fn readable(file: &str) -> anyhow::Result<()> {
    fs::File::open(file).map(drop).with_context(|| format!("cannot read the web identity's token in {file}"))
}

fn near(name: &str, profiles: &ProfileSet) -> String {
    let known: BTreeSet<&str> = profiles.profiles().collect();
    if known.is_empty() { "no profile exists".to_owned() } else { nearest::hint(name, known) }
}

/// Follows `source_profile` to the profile with the credentials.
fn select(profiles: &ProfileSet, selected: &Profile) -> anyhow::Result<Selected> {
    let mut base = selected;
    let mut seen = BTreeSet::new();
    let mut mfa = false;
    loop {
        // A web identity is where a chain of roles begins.
        let role = base.get("role_arn").filter(|_| base.get("web_identity_token_file").is_none());
        mfa |= role.is_some() && base.get("mfa_serial").is_some();
        let next = role.and_then(|_| base.get("source_profile")).filter(|next| *next != base.name());
        let Some(next) = next else { break };
        if !seen.insert(base.name()) {
            return Err(anyhow!("the AWS profile {:?} is its own source_profile, by way of others", base.name()))
                .hint(format!("set source_profile in {} to a profile with credentials", files()));
        }
        base = match profiles.get_profile(next) {
            Some(found) => found,
            None => return Err(missing_source(base.name(), next, profiles)),
        };
    }
    Ok(Selected {
        name: selected.name().to_owned(),
        base: base.name().to_owned(),
        kind: kind(profiles, base)?,
        role: selected.get("role_arn").map(str::to_owned),
        mfa,
    })
}

fn missing_source(profile: &str, source: &str, profiles: &ProfileSet) -> anyhow::Error {
    anyhow!("the AWS profile {profile:?} has the source_profile {source:?}, which does not exist in {}", files())
        .hint(near(source, profiles))
        .hint(format!(
            "correct source_profile of {profile:?}, or create {source:?} with `aws configure --profile {source}`"
        ))
}

/// Returns the kind of credentials in a profile, by the SDK's precedence.
fn kind(profiles: &ProfileSet, profile: &Profile) -> anyhow::Result<Kind> {
    let (name, has) = (profile.name(), |key| profile.get(key).is_some());
    let incomplete = |missing: &str| {
        Err(anyhow!("the AWS profile {name:?} is incomplete: {missing}"))
            .hint(format!("complete it with `aws configure sso --profile {name}`"))
    };
    if has("credential_source") {
        return Ok(Kind::OfMachine);
    }
    if let Some(file) = profile.get("web_identity_token_file") {
        readable(file)
            .with_context(|| format!("the AWS profile {name:?} has no usable web_identity_token_file"))
            .hint(format!("set it in {} to the file that holds the token", files()))?;
        return Ok(Kind::WebIdentity);
    }
    if has("sso_session") || has("sso_start_url") {
        return match missing_of_sso(profiles, profile) {
            None => Ok(Kind::Sso),
            Some(missing) => incomplete(&missing),
        };
    }
    if has("login_session") {
        return Ok(Kind::Login);
    }
    if has("credential_process") {
        return Ok(Kind::Process);
    }
    match (has("aws_access_key_id"), has("aws_secret_access_key")) {
        (true, true) => Ok(Kind::Keys),
        (false, false) if has("role_arn") => {
            Err(anyhow!("the AWS profile {name:?} assumes a role, but names no credentials to assume it with"))
                .hint(format!("add source_profile, credential_source or web_identity_token_file to it in {}", files()))
        }
        (false, false) => Ok(Kind::Nothing),
        _ => Err(anyhow!("the AWS profile {name:?} has only one of aws_access_key_id and aws_secret_access_key"))
            .hint(format!("set both with `aws configure --profile {name}`")),
    }
}

/// Returns what a profile of IAM Identity Center lacks.
fn missing_of_sso(profiles: &ProfileSet, profile: &Profile) -> Option<String> {
    let lacks = |key: &&str| profile.get(key).is_none();
    if let Some(key) = ["sso_account_id", "sso_role_name"].into_iter().find(lacks) {
        return Some(format!("it has no {key}"));
    }
    let shared = ["sso_region", "sso_start_url"];
    let Some(name) = profile.get("sso_session") else {
        return shared.into_iter().find(lacks).map(|key| format!("it has no {key}"));
    };
    let Some(session) = profiles.sso_session(name) else {
        return Some(format!("its sso_session {name:?} does not exist in {}", files()));
    };
    let missing = shared.into_iter().find(|key| session.get(key).is_none());
    missing.map(|key| format!("its sso_session {name:?} has no {key}"))
}

/// Returns the names of the files in which profiles are looked for.
fn files() -> String {
    let config = environment::aws("AWS_CONFIG_FILE").unwrap_or_else(|| "~/.aws/config".to_owned());
    let credentials =
        environment::aws("AWS_SHARED_CREDENTIALS_FILE").unwrap_or_else(|| "~/.aws/credentials".to_owned());
    format!("{config} or {credentials}")
}
