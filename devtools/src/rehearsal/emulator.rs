//! The AWS emulator process: ministack with the patches of `devtools/rehearsal/emulator`. It serves this machine and
//! the containers on it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    address::{ADDRESS, Address},
    daemon::Daemon,
    engine::Engine,
    paths::Paths,
    python,
};
use xtask::local::ports::free_port;
use xtask::{
    error::{ErrorExt, Exit},
    http,
    process::CommandLine,
    ui,
};

/// The default port of ministack. A free port is used if this one is taken.
const PORT: u16 = 4566;

/// The time limit of a call to the emulator's own endpoints.
const LIMIT: Duration = Duration::from_secs(30);

/// All resources of the emulator: for each of its stores the keys in it.
pub(crate) type State = BTreeMap<String, Vec<String>>;

/// A blob pushed to the emulator's registry.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Upload {
    pub(super) repository: String,
    pub(super) digest: String,
}

/// A running emulator. The fields are dropped in this order: tasks need the engine, and the engine needs the address.
#[derive(Debug)]
pub(super) struct Emulator {
    daemon: Daemon,
    engine: Engine,
    address: Address,
    url: String,
}

impl Emulator {
    pub(super) async fn start(paths: &Paths) -> anyhow::Result<Self> {
        let python = python::install(paths)?;
        let port = port()?;
        let address = Address::add()?;
        let engine = Engine::start(paths, port).await?;
        let url = format!("http://127.0.0.1:{port}");
        let binds = [format!("127.0.0.1:{port}"), format!("{ADDRESS}:{port}"), format!("{ADDRESS}:80")];
        let line = engine.with_engine(line(&python, port, &binds, paths).env("AUTH", "true"));
        let mut daemon = Daemon::start("emulator", &line, paths)?;
        wait_until_ready(&mut daemon, &url)
            .await
            .hint(format!("run the rehearsal as root, and free port 80 of {ADDRESS}"))
            .exit_code(Exit::Preflight)?;
        ui::step("emulator", &format!("listening at {url}, running tasks in {}", engine.describe()));
        Ok(Self { daemon, engine, address, url })
    }

    /// The endpoint of every AWS service.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Lists all resources.
    pub(super) async fn state(&self) -> anyhow::Result<State> {
        self.get("state").await
    }

    /// Lists the blobs pushed to the registry, in order.
    pub(super) async fn uploads(&self) -> anyhow::Result<Vec<Upload>> {
        self.get("uploads").await
    }

    /// Replaces the conditions under which AWS is less kind than the emulator, as `conditions.py` describes them.
    pub(super) async fn set_conditions(&self, conditions: &Value) -> anyhow::Result<()> {
        self.post("conditions", conditions).await
    }

    /// Returns how often each condition applied since it was set.
    pub(super) async fn applied_conditions(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let report: Value = self.get("conditions").await?;
        serde_json::from_value(report["applied"].clone()).context("cannot read the emulator's conditions")
    }

    /// Replaces the faults that calls meet, as `faults.py` describes them.
    pub(super) async fn set_faults(&self, faults: &Value) -> anyhow::Result<()> {
        self.post("faults", faults).await
    }

    /// Returns the container engine's description of each container that runs.
    pub(super) fn containers(&self) -> anyhow::Result<Vec<Value>> {
        self.engine.containers()
    }

    async fn post(&self, what: &str, body: &Value) -> anyhow::Result<()> {
        let request = http::client(&self.url)?.post(format!("{}/_emu/{what}", self.url)).body(body.to_string());
        let response = request.timeout(LIMIT).send().await.and_then(reqwest::Response::error_for_status);
        response.map(drop).with_context(|| format!("cannot set the emulator's {what}"))
    }

    async fn get<T: DeserializeOwned>(&self, what: &str) -> anyhow::Result<T> {
        let client = http::client(&self.url)?;
        let response = client.get(format!("{}/_emu/{what}", self.url)).timeout(LIMIT).send().await;
        let response = response.with_context(|| format!("cannot get the emulator's {what}"))?;
        response.json().await.with_context(|| format!("cannot read the emulator's {what}"))
    }

    /// Keeps everything running. Returns the shell lines that connect to the engine and stop everything.
    pub(super) fn keep_running(&mut self) -> String {
        let emulator = self.daemon.keep_running();
        let (engine, socket) = self.engine.keep_running();
        let pids: Vec<String> = [emulator, engine].into_iter().flatten().map(|pid| pid.to_string()).collect();
        let socket = socket.map(|socket| format!("export DOCKER_HOST={socket}\n")).unwrap_or_default();
        self.address.keep();
        format!("{socket}kill {}   # stops it", pids.join(" "))
    }
}

fn port() -> anyhow::Result<u16> {
    match std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, PORT)) {
        Ok(_) => Ok(PORT),
        Err(_) => free_port(),
    }
}

/// Waits until the emulator serves requests.
pub(super) async fn wait_until_ready(daemon: &mut Daemon, url: &str) -> anyhow::Result<()> {
    let (client, ready) = (http::client(url)?, format!("{url}/_ministack/ready"));
    let is_ready = async || client.get(&ready).send().await.is_ok_and(|response| response.status().is_success());
    daemon.wait_until_ready(is_ready).await
}

/// Returns the command line of an emulator that listens on `binds`.
pub(super) fn line(python: &Path, port: u16, binds: &[String], paths: &Paths) -> CommandLine {
    let binds = binds.iter().flat_map(|bind| ["--bind".to_owned(), bind.clone()]);
    CommandLine::new(python)
        .args(["-m", "hypercorn", "emulator.app:app", "--workers", "0", "--keep-alive", "75"])
        .args(binds)
        .directory(paths.scratch())
        .env("GATEWAY_PORT", port.to_string())
        .env("SFTP_ENABLED", "0")
        .env("IOT_MTLS_ENABLED", "0")
        .env("TMPDIR", paths.scratch())
        .env("PYTHONPATH", python::sources())
        .env("PYTHONDONTWRITEBYTECODE", "1")
}
