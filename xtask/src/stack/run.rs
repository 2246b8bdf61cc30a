//! Runs Terraform on a deployment's workspace. Its whole output is in the deployment's log; what matters of it is shown.

use std::{
    collections::BTreeMap,
    fs::{self, File},
};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::Value;

use super::{home::Home, outputs::Outputs};
use crate::{
    error::{ErrorExt, Exit},
    lock::Lock,
    process::CommandLine,
    terraform::{Changes, Said, command},
    ui::Step,
};

/// How long to wait for somebody else who changes the same state.
const LOCK_TIMEOUT: &str = "-lock-timeout=120s";

/// Terraform on one deployment, whose workspace is laid out.
#[derive(Debug)]
pub struct Terraform<'a> {
    home: &'a Home,
    lock: Option<&'a Lock>,
}

impl<'a> Terraform<'a> {
    /// To look only.
    pub(crate) fn on(home: &'a Home) -> Self {
        Self { home, lock: None }
    }

    /// To change things. A Terraform that outlives us keeps the lock, so nobody gets in its way.
    pub(crate) fn under(home: &'a Home, lock: &'a Lock) -> Self {
        Self { home, lock: Some(lock) }
    }

    /// Fetches the providers, if they are not here, and finds the state.
    pub(crate) async fn init(&self, step: &Step) -> anyhow::Result<()> {
        let line = self.line(&["init", "-input=false", "-no-color", "-reconfigure", "-lockfile=readonly"]);
        let mut tail = Vec::new();
        let log = self.home.log();
        let done = command::follow(&line, &log, self.share()?, |said| {
            if said.starts_with("- Installing") {
                step.note(said.trim_start_matches("- "));
            }
            tail.push(said.to_owned());
        });
        if done.await? {
            return Ok(());
        }
        let from = tail.iter().rposition(|line| line.starts_with("Error")).unwrap_or(tail.len().saturating_sub(10));
        self.failed("init", tail[from..].join("\n  "))
    }

    /// Makes what is there the same as what is configured.
    pub(crate) async fn apply(&self, step: &Step) -> anyhow::Result<(Outputs, Changes)> {
        let changes = self.change("apply", step).await?;
        let outputs = self.outputs()?.context("terraform applied, and has no outputs")?;
        outputs.save(self.home)?;
        Ok((outputs, changes))
    }

    /// Removes everything that is in the state.
    pub(crate) async fn destroy(&self, step: &Step) -> anyhow::Result<Changes> {
        self.change("destroy", step).await
    }

    /// Takes a resource out of the state, and leaves it alone; says whether it was in there.
    pub(crate) fn forget(&self, address: &str) -> anyhow::Result<bool> {
        if !self.resources()?.iter().any(|known| known == address) {
            return Ok(false);
        }
        let output = command::capture(&self.line(&["state", "rm", LOCK_TIMEOUT, address]))?;
        if output.success { Ok(true) } else { self.failed("state rm", output.stderr).map(|()| true) }
    }

    /// The addresses of what is in the state.
    pub(crate) fn resources(&self) -> anyhow::Result<Vec<String>> {
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
        }
        let output = command::capture(&self.line(&["state", "pull"]))?;
        if !output.success {
            return self.failed("state pull", output.stderr).map(|()| Vec::new());
        }
        if output.stdout.trim().is_empty() {
            return Ok(Vec::new());
        }
        let state: State = serde_json::from_str(&output.stdout).context("cannot read Terraform's state")?;
        let managed = state.resources.into_iter().filter(|resource| resource.mode == "managed");
        Ok(managed.map(|resource| format!("{}.{}", resource.kind, resource.name)).collect())
    }

    /// The outputs of the last apply, if there was one.
    pub(crate) fn outputs(&self) -> anyhow::Result<Option<Outputs>> {
        #[derive(Deserialize)]
        struct Output {
            value: Value,
        }
        let output = command::capture(&self.line(&["output", "-json", "-no-color"]))?;
        if !output.success {
            return self.failed("output", output.stderr).map(|()| None);
        }
        let values: BTreeMap<String, Output> =
            serde_json::from_str(&output.stdout).context("cannot read Terraform's outputs")?;
        if values.is_empty() {
            return Ok(None);
        }
        let flat: serde_json::Map<String, Value> =
            values.into_iter().map(|(name, output)| (name, output.value)).collect();
        serde_json::from_value(flat.into()).context("Terraform's outputs are not those of infra/").map(Some)
    }

    async fn change(&self, verb: &'static str, step: &Step) -> anyhow::Result<Changes> {
        let line = self.line(&[verb, "-json", "-auto-approve", "-input=false", LOCK_TIMEOUT]);
        let mut said = Said::default();
        let log = self.home.log();
        let done = command::follow(&line, &log, self.share()?, |text| {
            if let Some(worth_showing) = said.take(text) {
                step.note(&worth_showing);
            }
            if said.changes.total() > 0 {
                step.bar(said.complete as u64, said.changes.total() as u64);
            }
        });
        if done.await? {
            return Ok(said.changes);
        }
        self.failed(verb, said.errors.join("\n  ")).map(|()| said.changes)
    }

    fn share(&self) -> anyhow::Result<Option<File>> {
        self.lock.map(Lock::share).transpose()
    }

    fn line(&self, args: &[&str]) -> CommandLine {
        command::line()
            .arg(format!("-chdir={}", self.home.workspace().display()))
            .args(args)
            .env("TF_DATA_DIR", self.home.terraform_data())
            .env("TF_IN_AUTOMATION", "1")
    }

    fn failed(&self, verb: &str, said: String) -> anyhow::Result<()> {
        let said = said.trim().to_owned();
        Err(anyhow!("{}", if said.is_empty() { "it said nothing".to_owned() } else { said }))
            .context(format!("`terraform {verb}` failed"))
            .hint(format!("all that it said is in {}", self.home.log().display()))
            .hint("run the same command again once that is mended: it goes on from there")
            .exit_code(Exit::Apply)
    }
}

impl Outputs {
    /// The outputs that this machine remembers, if any.
    pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Self>> {
        let path = home.outputs();
        match fs::read(&path) {
            Ok(json) => {
                serde_json::from_slice(&json).with_context(|| format!("cannot read {}", path.display())).map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn save(&self, home: &Home) -> anyhow::Result<()> {
        let path = home.outputs();
        let json = serde_json::to_vec_pretty(self).context("cannot put the outputs in writing")?;
        fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_line_works_in_the_workspace_and_keeps_its_data_in_the_home() {
        let home = Home::at(Path::new("/home"));
        let line = Terraform::on(&home).line(&["apply"]);
        assert_eq!(line.to_string(), "terraform -chdir=/home/infra apply");
        assert_eq!(line.value_of("TF_DATA_DIR"), Some("/home/terraform".as_ref()));
    }
}
