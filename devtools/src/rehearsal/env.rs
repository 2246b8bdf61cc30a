//! What scenarios happen in: the emulator, its users, and our own binary to be run as them.

use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
};

use anyhow::Context;
use tokio::sync::Mutex;

use super::{
    changed,
    deployers::{Deployer, REGION},
    emulator::{Emulator, State},
    emulator_admin::{Cloud, Keys},
    outcome::Outcome,
    paths::Place,
    process::Running,
};
use crate::quick_build::with_quick_profile;
use xtask::{process::CommandLine, project::Project, stack::Names};

/// The only address that is let in; the emulator has no firewall, so this is what the task is told and no more.
pub(super) const CIDR: &str = "127.0.0.1/32";

/// This very program, also after cargo has put another in its place, as it does when tests are built.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A world to rehearse in.
#[derive(Debug)]
pub(crate) struct World {
    emulator: Emulator,
    pub(super) cloud: Cloud,
    place: Place,
    program: PathBuf,
    account: String,
    deployers: Mutex<Vec<Deployer>>,
    runs: Cell<usize>,
    pub(super) known: Known,
}

/// What scenarios leave for those after them.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What there was before anything was deployed.
    pub(super) before: RefCell<State>,
    /// The image that `deploy` built: `<repository>@<digest>`.
    pub(super) image: RefCell<String>,
    /// The digest that the first project runs.
    pub(super) digest: RefCell<String>,
    /// How long deploys took.
    pub(super) deploys: RefCell<Vec<String>>,
}

impl World {
    /// Starts the emulator, and waits until it answers.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let place = Place::make()?;
        let emulator = Emulator::start(&place).await?;
        let cloud = Cloud::at(emulator.url())?;
        let account = cloud.account().await?;
        cloud.load_services().await?;
        let program = place.scratch().join("xtask");
        std::fs::copy(THIS_PROGRAM, &program).with_context(|| format!("cannot copy {THIS_PROGRAM}"))?;
        Ok(Self {
            emulator,
            cloud,
            place,
            program,
            account,
            deployers: Mutex::default(),
            runs: Cell::default(),
            known: Known::default(),
        })
    }

    /// Runs a command on a project to its end.
    pub(super) async fn run(&self, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.launch(project, args).await?.end().await
    }

    /// Runs a command on a project, as the user who may deploy another.
    pub(super) async fn run_as(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.launch_as(user, project, args).await?.end().await
    }

    /// Starts a command on a project, as the user who may deploy it.
    pub(super) async fn launch(&self, project: &Project, args: &[&str]) -> anyhow::Result<Running> {
        self.launch_as(project, project, args).await
    }

    async fn launch_as(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<Running> {
        let command = args.first().copied().unwrap_or_default();
        self.start_line(&self.line(user, project, args).await?, project, command)
    }

    fn start_line(&self, line: &CommandLine, project: &Project, command: &str) -> anyhow::Result<Running> {
        self.runs.set(self.runs.get() + 1);
        let log = format!("{:03}-{project}-{command}.log", self.runs.get());
        Running::start(line, &self.place.logs().join(log))
    }

    /// Deploys: `args` come after what every deploy of a rehearsal is told.
    pub(super) async fn deploy(&self, project: &Project, args: &[&str]) -> anyhow::Result<Outcome> {
        self.run(project, &deploy(args)).await
    }

    /// Builds and deploys what a change of the code would make of it. Nothing else may build meanwhile.
    pub(super) async fn deploy_changed(&self, project: &Project) -> anyhow::Result<Outcome> {
        let line = self.line(project, project, &deploy(&["--builder", "native"])).await?;
        let line = changed::after_a_change(line, &self.place)?;
        self.start_line(&line, project, "deploy-changed")?.end().await
    }

    /// The digest of every blob that a project's repository took, in order.
    pub(super) async fn uploads(&self, project: &Project) -> anyhow::Result<Vec<String>> {
        let repository = Names::of(project).repository();
        let uploads = self.emulator.uploads().await?.into_iter();
        Ok(uploads.filter(|upload| upload.repository == repository).map(|upload| upload.digest).collect())
    }

    /// What there is on the emulator.
    pub(super) async fn state(&self) -> anyhow::Result<State> {
        self.emulator.state().await
    }

    /// A file of a scenario.
    pub(super) fn file(&self, name: &str) -> String {
        self.place.scratch().join(name).display().to_string()
    }

    /// Removes the users, so that what is left is what deployments left.
    pub(super) async fn dismiss(&self) -> anyhow::Result<()> {
        let deployers = std::mem::take(&mut *self.deployers.lock().await);
        for deployer in &deployers {
            deployer.remove(&self.cloud).await?;
        }
        Ok(())
    }

    /// How long the deploys took whose time is worth knowing, a line for each.
    pub(crate) fn deploys(&self) -> Option<String> {
        let deploys = self.known.deploys.borrow();
        (!deploys.is_empty()).then(|| deploys.join("\n"))
    }

    /// Lets everything run on; says how to look at it and how to end it.
    pub(crate) fn leave(mut self) -> String {
        let deployments = self.place.deployments().display().to_string();
        format!(
            "export AWS_ENDPOINT_URL={} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n\
             export MCP_DEPLOY_DIR={deployments}\n{}",
            self.emulator.url().to_owned(),
            self.emulator.leave()
        )
    }

    async fn line(&self, user: &Project, project: &Project, args: &[&str]) -> anyhow::Result<CommandLine> {
        let keys = self.keys(user).await?;
        // Whatever names other credentials would be found before or beside these.
        let others =
            ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "MCP_AUTH_TOKEN"];
        // What is rehearsed is the deployer: its image need not be the fastest.
        Ok(with_quick_profile(CommandLine::new(&self.program))
            .args(args)
            .args(["--project", project.as_str()])
            .without_env(others.map(Into::into))
            .env("AWS_ENDPOINT_URL", self.emulator.url())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", &keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("MCP_DEPLOY_DIR", self.place.deployments())
            .env("NO_COLOR", "1"))
    }

    /// The keys of who may deploy a project. The user is made when there is a first use for it.
    async fn keys(&self, project: &Project) -> anyhow::Result<Keys> {
        let mut deployers = self.deployers.lock().await;
        if let Some(deployer) = deployers.iter().find(|deployer| deployer.project == *project) {
            return Ok(deployer.keys.clone());
        }
        let deployer = Deployer::make(&self.cloud, &self.account, project).await?;
        let keys = deployer.keys.clone();
        deployers.push(deployer);
        Ok(keys)
    }
}

/// What every deploy of a rehearsal is told, and more.
pub(super) fn deploy<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let always = ["deploy", "--allowed-cidr", CIDR, "--yes", "--json"];
    always.into_iter().chain(args.iter().copied()).collect()
}
