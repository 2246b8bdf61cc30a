//! Runs Terraform in a deployment's workspace. Its whole output goes to the deployment's log, its progress to the
//! terminal.

use std::{collections::BTreeMap, fmt, fs::File, time::Duration};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::Value;

use super::{deployment::DeploymentTarget, home::Home, outputs::Outputs};
use crate::{
    aws::Account,
    environment,
    error::{ErrorExt, Exit},
    json_file,
    lock::Lock,
    process::CommandLine,
    terraform::{Changes, JsonOutput, command},
    token::Token,
    ui::Step,
};

/// The wait for another operator who changes the same state.
const LOCK_TIMEOUT: &str = "-lock-timeout=120s";

/// The pause before the apply is repeated for a new role. IAM takes some seconds to make a role known:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const ROLE_PAUSE: Duration = Duration::from_secs(12);

/// Terraform on one deployment, whose workspace is prepared. It acts with the credentials of this process: each call
/// gets current ones.
#[derive(Debug)]
pub struct Terraform<'a> {
    account: &'a Account,
    home: &'a Home,
    lock: Option<&'a Lock>,
    token: Option<&'a Token>,
}

/// Another operator holds the lock of the state. The text is Terraform's.
#[derive(Debug)]
pub(crate) struct StateLocked(String);

impl fmt::Display for StateLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StateLocked {}

impl StateLocked {
    /// Returns whether an error of Terraform has this cause.
    pub(crate) fn caused(error: &anyhow::Error) -> bool {
        error.chain().any(|cause| cause.is::<Self>())
    }
}

impl<'a> Terraform<'a> {
    /// For commands that read the state.
    pub(crate) fn read_only(target: &'a DeploymentTarget) -> Self {
        Self { account: &target.account, home: &target.home, lock: None, token: None }
    }

    /// For commands that change the deployment. Terraform inherits the lock, so that it stays locked if Terraform
    /// outlives this process.
    pub(crate) fn locked(target: &'a DeploymentTarget, lock: &'a Lock) -> Self {
        Self { account: &target.account, home: &target.home, lock: Some(lock), token: None }
    }

    /// Stores this token if `own_token` is set, in place of the one in the caller's environment.
    pub(crate) fn with_token(self, token: Option<&'a Token>) -> Self {
        Self { token, ..self }
    }

    /// Downloads missing providers and configures the backend.
    pub(crate) async fn init(&self, step: &Step) -> anyhow::Result<()> {
        let line = self.line(&["init", "-input=false", "-no-color", "-reconfigure", "-lockfile=readonly"]).await?;
        let mut output = Vec::new();
        let log = self.home.log();
        let done = command::follow(&line, &log, self.share()?, |line| {
            if line.starts_with("- Installing") {
                step.note(line.trim_start_matches("- "));
            }
            output.push(line.to_owned());
        });
        if done.await? {
            return Ok(());
        }
        let tail = output.len().saturating_sub(10);
        let from = output.iter().rposition(|line| line.starts_with("Error")).unwrap_or(tail);
        Err(self.failed("init", &output[from..].join("\n  ")))
    }

    /// Applies the configuration and saves the outputs on this machine. Repeats the apply once if ECS did not know a
    /// new role yet. The provider repeats other calls in this case, but not RegisterTaskDefinition.
    pub(crate) async fn apply(&self, step: &Step) -> anyhow::Result<(Outputs, Changes)> {
        let (mut output, mut done) = self.change("apply", step).await?;
        if !done && is_unknown_role(&output.errors) {
            step.note(&format!("ECS does not know the new roles yet; trying again in {} s", ROLE_PAUSE.as_secs()));
            tokio::time::sleep(ROLE_PAUSE).await;
            let first = output.changes;
            (output, done) = self.change("apply", step).await?;
            // The second plan lacks what the first apply has done.
            output.changes = if done { first } else { output.changes };
        }
        if !done {
            let hint = hint_for(&output.errors);
            return Err(self.failed("apply", &output.errors.join("\n  ")).hint_if_some(hint));
        }
        let outputs = self.outputs().await?.context("Terraform returned no outputs after the apply")?;
        json_file::save(&self.home.outputs(), &outputs)?;
        Ok((outputs, output.changes))
    }

    /// Destroys every resource in the state.
    pub(crate) async fn destroy(&self, step: &Step) -> anyhow::Result<Changes> {
        match self.change("destroy", step).await? {
            (output, true) => Ok(output.changes),
            (output, false) => Err(self.failed("destroy", &output.errors.join("\n  "))),
        }
    }

    /// Removes a resource from the state without touching the resource. Returns whether it was in the state.
    pub(crate) async fn state_rm(&self, address: &str) -> anyhow::Result<bool> {
        if !self.resources().await?.iter().any(|known| known == address) {
            return Ok(false);
        }
        let output = command::capture(&self.line(&["state", "rm", LOCK_TIMEOUT, address]).await?)?;
        if output.success { Ok(true) } else { Err(self.failed("state rm", &output.stderr)) }
    }

    /// Returns the addresses of the managed resources in the state: each without an index, and those of `for_each` also
    /// with their keys.
    pub(crate) async fn resources(&self) -> anyhow::Result<Vec<String>> {
        let output = command::capture(&self.line(&["state", "pull"]).await?)?;
        if !output.success {
            return Err(self.failed("state pull", &output.stderr));
        }
        if output.stdout.trim().is_empty() {
            return Ok(Vec::new());
        }
        managed_resources(&output.stdout)
    }

    /// Returns the outputs of the last apply, if there was one.
    pub(crate) async fn outputs(&self) -> anyhow::Result<Option<Outputs>> {
        #[derive(Deserialize)]
        struct Output {
            value: Value,
        }
        let output = command::capture(&self.line(&["output", "-json", "-no-color"]).await?)?;
        if !output.success {
            return Err(self.failed("output", &output.stderr));
        }
        let values: BTreeMap<String, Output> =
            serde_json::from_str(&output.stdout).context("cannot read Terraform's outputs")?;
        if values.is_empty() {
            return Ok(None);
        }
        let flat: serde_json::Map<String, Value> =
            values.into_iter().map(|(name, output)| (name, output.value)).collect();
        serde_json::from_value(flat.into()).context("Terraform's outputs differ from those of infra/").map(Some)
    }

    /// Runs a command that changes resources. Returns its output, and whether it succeeded.
    async fn change(&self, verb: &'static str, step: &Step) -> anyhow::Result<(JsonOutput, bool)> {
        let line = self.line(&[verb, "-json", "-auto-approve", "-input=false", LOCK_TIMEOUT]).await?;
        let mut output = JsonOutput::default();
        let log = self.home.log();
        let done = command::follow(&line, &log, self.share()?, |line| {
            if let Some(progress) = output.read_line(line) {
                step.note(&progress);
            }
            if output.changes.total() > 0 {
                step.bar(output.complete as u64, output.changes.total() as u64);
            }
        });
        let done = done.await?;
        Ok((output, done))
    }

    fn share(&self) -> anyhow::Result<Option<File>> {
        self.lock.map(Lock::share).transpose()
    }

    async fn line(&self, args: &[&str]) -> anyhow::Result<CommandLine> {
        let (set, unset) = self.account.environment_of_terraform().await?;
        let token = self.token.map(|token| ("TF_VAR_auth_token".to_owned(), token.reveal().to_owned()));
        let line = line(self.home, args).without_env(unset);
        Ok(set.into_iter().chain(token).fold(line, |line, (name, value)| line.env(name, value)))
    }

    fn failed(&self, verb: &str, output: &str) -> anyhow::Error {
        let output = output.trim();
        // Terraform has no exit code for a lock that another process holds. It names the holder in that case only.
        let locked = output.contains("Error acquiring the state lock") && output.contains("Lock Info:");
        let unlock = locked.then(|| {
            let (data, workspace) = (self.home.terraform_data(), self.home.workspace());
            format!(
                "wait until the other command has ended; if none runs, run `TF_DATA_DIR={} terraform -chdir={} \
                 force-unlock <ID>`",
                data.display(),
                workspace.display()
            )
        });
        let cause = match output {
            _ if locked => anyhow::Error::new(StateLocked(output.to_owned())),
            "" => anyhow!("no output"),
            output => anyhow!("{output}"),
        };
        cause
            .context(format!("`terraform {verb}` failed"))
            .hint_if_some(unlock)
            .hint(format!("read Terraform's whole output in {}", self.home.log().display()))
            .hint("fix the cause and rerun the command; it resumes")
            .exit_code(Exit::Apply)
    }
}

fn line(home: &Home, args: &[&str]) -> CommandLine {
    let line = command::line()
        .arg(format!("-chdir={}", home.workspace().display()))
        .args(args)
        .env("TF_DATA_DIR", home.terraform_data())
        .env("TF_IN_AUTOMATION", "1");
    environment::all_proxy().into_iter().fold(line, |line, (name, proxy)| line.env(name, proxy))
}

/// Returns true if ECS's missing knowledge of a role is all that failed. Its two forms:
/// <https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/414>
fn is_unknown_role(errors: &[String]) -> bool {
    let is_about_role = |error: &String| {
        error.contains("RegisterTaskDefinition")
            && (error.contains("iam:PassRole") || error.contains("Role is not valid"))
    };
    !errors.is_empty() && errors.iter().all(is_about_role)
}

/// Returns what to do about errors that Terraform's text does not explain.
fn hint_for(errors: &[String]) -> Option<String> {
    let any = |words: &str| errors.iter().any(|error| error.contains(words));
    if any("service linked role") {
        return Some("run `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`".to_owned());
    }
    any("iam:PassRole").then(|| "attach the policy printed by `cargo xtask policy` to these credentials".to_owned())
}

/// Reads the addresses of the managed resources from a state. An apply that fails leaves entries without instances for
/// resources whose `count` is 0, which do not exist.
fn managed_resources(state: &str) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct State {
        #[serde(default)]
        resources: Vec<Resource>,
    }
    #[derive(Deserialize)]
    struct Resource {
        mode: String,
        #[serde(rename = "type")]
        kind: String,
        name: String,
        instances: Vec<Instance>,
    }
    #[derive(Deserialize)]
    struct Instance {
        /// A number for `count`, a text for `for_each`.
        index_key: Option<Value>,
    }
    let state: State = serde_json::from_str(state).context("cannot read Terraform's state")?;
    let exist = |resource: &Resource| resource.mode == "managed" && !resource.instances.is_empty();
    let managed = state.resources.into_iter().filter(exist);
    Ok(managed
        .flat_map(|resource| {
            let address = format!("{}.{}", resource.kind, resource.name);
            let keys =
                resource.instances.into_iter().filter_map(|instance| instance.index_key?.as_str().map(str::to_owned));
            let keyed: Vec<String> = keys.map(|key| format!("{address}[\"{key}\"]")).collect();
            std::iter::once(address).chain(keyed)
        })
        .collect())
}

impl Outputs {
    /// Loads the copy of the outputs that the last apply saved on this machine, if there is one.
    pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Self>> {
        json_file::load(&home.outputs())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn entries_without_instances_do_not_exist() {
        let state = r#"{"version": 4, "resources": [
            {"mode": "managed", "type": "aws_ecs_cluster", "name": "this", "instances": [{"attributes": {}}]},
            {"mode": "managed", "type": "aws_ssm_parameter", "name": "token", "instances": []},
            {"mode": "managed", "type": "r", "name": "counted", "instances": [{"index_key": 0}]},
            {"mode": "managed", "type": "r", "name": "each", "instances": [{"index_key": "a b"}, {"index_key": "c"}]},
            {"mode": "data", "type": "aws_vpc", "name": "default", "instances": [{}]}
        ]}"#;
        let expected = ["aws_ecs_cluster.this", "r.counted", "r.each", "r.each[\"a b\"]", "r.each[\"c\"]"];
        assert_eq!(managed_resources(state).unwrap(), expected);
        assert_eq!(managed_resources(r#"{"version": 4}"#).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn line_runs_in_the_workspace() {
        let home = Home::at(Path::new("/home"));
        let line = line(&home, &["apply"]);
        assert_eq!(line.to_string(), "terraform -chdir=/home/infra apply");
        assert_eq!(line.value_of("TF_DATA_DIR"), Some("/home/terraform".as_ref()));
    }

    #[test]
    fn only_an_unknown_role_repeats_the_apply() {
        let errors = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let pass = "aws_ecs_task_definition.service: creating ECS Task Definition (a-task): operation error ECS: \
                    RegisterTaskDefinition, https response error StatusCode: 400, AccessDeniedException: User: x is not \
                    authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/a-exec-role";
        let invalid = "creating ECS Task Definition (a-task): operation error ECS: RegisterTaskDefinition, \
                       ClientException: Role is not valid";
        assert!(is_unknown_role(&errors(&[pass])) && is_unknown_role(&errors(&[invalid])));
        for others in [&[][..], &["creating SSM Parameter: AccessDenied"], &[pass, "creating SSM Parameter: x"]] {
            assert!(!is_unknown_role(&errors(others)), "{others:?}");
        }
        assert!(hint_for(&errors(&[pass])).unwrap().contains("cargo xtask policy"));
        let linked =
            "operation error ECS: CreateService, InvalidParameterException: Unable to assume the service linked role.";
        assert!(hint_for(&errors(&[linked])).unwrap().contains("create-service-linked-role"));
    }
}
