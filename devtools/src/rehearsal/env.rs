//! The environment of the scenarios: the emulator, its IAM users, and the `cargo xtask` binary that runs as them.

use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    changed_build,
    command::RunningCommand,
    daemon,
    deployers::{Deployer, REGION},
    emulator::{Emulator, State},
    emulator_admin::{EmulatorAdmin, Keys},
    leaks,
    outcome::Outcome,
    own_crate::OwnCrate,
    paths::Paths,
};
use crate::quick_build::with_quick_profile;
use xtask::{
    cargo::{self, build},
    process::CommandLine,
    project::Project,
    stack::Names,
};

/// The allowed CIDR of every deployment. The emulator has no firewall, so nothing enforces it.
pub(super) const CIDR: &str = "127.0.0.1/32";

/// The environment of one rehearsal.
#[derive(Debug)]
pub(crate) struct TestEnv {
    emulator: Emulator,
    pub(super) admin: EmulatorAdmin,
    paths: Paths,
    program: PathBuf,
    account: String,
    deployers: Mutex<Vec<Deployer>>,
    runs: Cell<usize>,
    pub(super) shared: SharedState,
}

/// Results that scenarios pass on to later ones.
#[derive(Debug, Default)]
pub(super) struct SharedState {
    /// The resources that existed before the first deploy.
    pub(super) before: RefCell<State>,
    /// The image that the scenario `deploy` built: `<repository>@<digest>`.
    pub(super) image: RefCell<String>,
    /// The image digest that the main project runs.
    pub(super) digest: RefCell<String>,
    /// Durations of deploys, a line for each.
    pub(super) deploys: RefCell<Vec<String>>,
}

impl TestEnv {
    /// Builds the deployer, starts the emulator and waits until it is ready. A copy of the deployer is what runs,
    /// because cargo may replace the built file meanwhile.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let deployer = build::executable_of(&cargo::build_tested_deployer(), "mcp-deploy")?;
        let paths = Paths::create()?;
        daemon::stop_leftovers(&paths)?;
        paths.clean()?;
        let emulator = Emulator::start(&paths).await?;
        let admin = EmulatorAdmin::new(emulator.url())?;
        let account = admin.account().await?;
        admin.load_services().await?;
        let program = paths.scratch().join("xtask");
        std::fs::copy(&deployer, &program).with_context(|| format!("cannot copy {}", deployer.display()))?;
        Ok(Self {
            emulator,
            admin,
            paths,
            program,
            account,
            deployers: Mutex::default(),
            runs: Cell::default(),
            shared: SharedState::default(),
        })
    }

    /// Runs a command on a project and waits for its end.
    pub(super) async fn run(&self, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.launch(project, args).await?.end().await
    }

    /// Runs a command on a project with the permissions of another project's deployer.
    pub(super) async fn run_as(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.launch_as(user, project, args).await?.end().await
    }

    /// Runs a command on a project in a package of a user's workspace, as the installed program, and waits for its end.
    pub(super) async fn run_in(
        &self,
        workspace: &OwnCrate,
        package: &str,
        project: &Project,
        args: &[&str],
    ) -> anyhow::Result<Outcome> {
        let line = workspace.in_package(self.line(project, project, args).await?, package);
        // Not optimized at all: no other build shares what is compiled here. An empty value counts as none.
        let line = line
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_TARGET_DIR", self.paths.own_crate_target())
            .env("MCP_XTASK", "");
        self.start_line(&line, project, args.first().copied().unwrap_or_default())?.end().await
    }

    /// Returns the directory of a user's workspace.
    pub(super) fn own_crate_directory(&self) -> PathBuf {
        self.paths.scratch().join("own-crate")
    }

    /// Starts a command on a project with the permissions of its deployer.
    pub(super) async fn launch(&self, project: &Project, args: &[&str]) -> anyhow::Result<RunningCommand> {
        self.launch_as(project, project, args).await
    }

    async fn launch_as(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<RunningCommand> {
        let command = args.first().copied().unwrap_or_default();
        self.start_line(&self.line(user, project, args).await?, project, command)
    }

    fn start_line(&self, line: &CommandLine, project: &Project, command: &str) -> anyhow::Result<RunningCommand> {
        self.runs.set(self.runs.get() + 1);
        let log = format!("{:03}-{project}-{command}.log", self.runs.get());
        RunningCommand::start(line, &self.paths.logs().join(log))
    }

    /// Deploys a project. `args` follow the arguments that all deploys of a rehearsal have.
    pub(super) async fn deploy(&self, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.run(project, &deploy_args(args)).await
    }

    /// Builds and deploys a binary that differs, as after a change of the code. No other build may run meanwhile.
    pub(super) async fn deploy_changed(&self, project: &Project) -> anyhow::Result<Outcome> {
        let line = self.line(project, project, &deploy_args(&["--builder", "native"])).await?;
        let line = changed_build::with_changed_code(line);
        self.start_line(&line, project, "deploy-changed")?.end().await
    }

    /// Lists the digests of the blobs pushed to a project's repository, in order.
    pub(super) async fn uploads(&self, project: &Project) -> anyhow::Result<Vec<String>> {
        let repository = Names::new(project).repository();
        let uploads = self.emulator.uploads().await?.into_iter();
        Ok(uploads.filter(|upload| upload.repository == repository).map(|upload| upload.digest).collect())
    }

    /// Lists all resources of the emulator.
    pub(super) async fn state(&self) -> anyhow::Result<State> {
        self.emulator.state().await
    }

    /// Replaces the conditions under which AWS is less kind than the emulator.
    pub(super) async fn set_conditions(&self, conditions: &Value) -> anyhow::Result<()> {
        self.emulator.set_conditions(conditions).await
    }

    /// Fails unless every condition applied since it was set: a condition that never did proves nothing.
    pub(super) async fn expect_applied(&self, conditions: &[&str]) -> anyhow::Result<()> {
        let applied = self.emulator.applied_conditions().await?;
        match conditions.iter().find(|condition| !applied.contains_key(**condition)) {
            Some(missing) => Err(anyhow!("the condition {missing} never applied, only {applied:?}")),
            None => Ok(()),
        }
    }

    /// Replaces the faults that calls meet.
    pub(super) async fn set_faults(&self, faults: &Value) -> anyhow::Result<()> {
        self.emulator.set_faults(faults).await
    }

    /// Returns the container engine's description of each running container of the rehearsal.
    pub(super) fn containers(&self) -> anyhow::Result<Vec<Value>> {
        self.emulator.containers()
    }

    /// Returns the path of a project's Terraform state.
    pub(super) fn state_file(&self, project: &Project) -> PathBuf {
        self.paths.deployments().join(&self.account).join(project.as_str()).join("terraform.tfstate")
    }

    /// Returns the files that contain a secret: those that the deployer left, and the output of all commands but
    /// `token`, which prints it.
    pub(super) fn files_with(&self, secret: &str) -> anyhow::Result<Vec<String>> {
        let mut found = leaks::files_with(secret, &self.paths.deployments(), "-token.log")?;
        found.extend(leaks::files_with(secret, &self.paths.logs(), "-token.log")?);
        Ok(found.into_iter().map(|path| path.display().to_string()).collect())
    }

    /// Returns the path of a scenario's file.
    pub(super) fn file(&self, name: &str) -> String {
        self.paths.scratch().join(name).display().to_string()
    }

    /// Removes the users, so that only leftovers of deployments remain.
    pub(super) async fn remove_deployers(&self) -> anyhow::Result<()> {
        let deployers = std::mem::take(&mut *self.deployers.lock().await);
        for deployer in &deployers {
            deployer.remove(&self.admin).await?;
        }
        Ok(())
    }

    /// The durations of the deploys, a line for each.
    pub(crate) fn deploys(&self) -> Option<String> {
        let deploys = self.shared.deploys.borrow();
        (!deploys.is_empty()).then(|| deploys.join("\n"))
    }

    /// Keeps everything running. Returns the shell lines to inspect and to stop it.
    pub(crate) fn keep_running(mut self) -> String {
        let deployments = self.paths.deployments().display().to_string();
        format!(
            "export AWS_ENDPOINT_URL={} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n\
             export MCP_DEPLOY_DIR={deployments}\n{}",
            self.emulator.url().to_owned(),
            self.emulator.keep_running()
        )
    }

    async fn line(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<CommandLine> {
        let keys = self.keys(user).await?;
        // These would take precedence over the deployer's credentials, or mix with them.
        let others =
            ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "MCP_AUTH_TOKEN"];
        // The rehearsal tests the deployer, so the image is built for speed of compilation.
        Ok(with_quick_profile(CommandLine::new(&self.program))
            .args(args)
            .args(["--project", project.as_str()])
            .without_env(others.map(Into::into))
            .env("AWS_ENDPOINT_URL", self.emulator.url())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", &keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("MCP_DEPLOY_DIR", self.paths.deployments())
            .env("NO_COLOR", "1")
            .env("MCP_XTASK", "1"))
    }

    /// Returns the keys of a project's deployer, and creates the user on first use.
    async fn keys(&self, project: &Project) -> anyhow::Result<Keys> {
        let mut deployers = self.deployers.lock().await;
        if let Some(deployer) = deployers.iter().find(|deployer| deployer.project == *project) {
            return Ok(deployer.keys.clone());
        }
        let deployer = Deployer::create(&self.admin, &self.account, project).await?;
        let keys = deployer.keys.clone();
        deployers.push(deployer);
        Ok(keys)
    }
}

/// Returns the arguments of a deploy: those that all deploys of a rehearsal have, then `args`.
pub(super) fn deploy_args<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let common = ["deploy", "--allowed-cidr", CIDR, "--yes", "--json"];
    common.into_iter().chain(args.iter().copied()).collect()
}
