//! The AWS emulator as a process: ministack with our changes, serving on this machine and to its containers.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    address::{ADDRESS, Address},
    daemon::Daemon,
    engine::Engine,
    paths::Place,
    python,
};
use xtask::local::ports::free_port;
use xtask::{
    error::{ErrorExt, Exit},
    http,
    process::CommandLine,
    ui,
};

/// The port that ministack has by default; another if somebody has it.
const PORT: u16 = 4566;

/// Everything there is, as lists of keys by store.
pub(crate) type State = BTreeMap<String, Vec<String>>;

/// A blob that the registry took.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Upload {
    pub(super) repository: String,
    pub(super) digest: String,
}

/// A running emulator. Its parts end in this order when it is dropped: tasks need the engine, and the engine the address.
#[derive(Debug)]
pub(super) struct Emulator {
    daemon: Daemon,
    engine: Engine,
    address: Address,
    url: String,
}

impl Emulator {
    pub(super) async fn start(place: &Place) -> anyhow::Result<Self> {
        let python = python::install(place)?;
        let port = port()?;
        let address = Address::take()?;
        let engine = Engine::start(place, port).await?;
        let url = format!("http://127.0.0.1:{port}");
        let line = engine.given_to(line(&python, port, place));
        let mut daemon = Daemon::start("emulator", &line, place)?;
        let (client, ready) = (http::client(&url)?, format!("{url}/_ministack/ready"));
        let answers = async || client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success());
        daemon
            .ready(answers)
            .await
            .hint(format!("port 80 of {ADDRESS} has to be free, and root has to ask for it"))
            .exit_code(Exit::Preflight)?;
        ui::step("emulator", &format!("answers at {url}, and runs tasks in {}", engine.describe()));
        Ok(Self { daemon, engine, address, url })
    }

    /// Where its AWS is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Everything that there is on it.
    pub(super) async fn state(&self) -> anyhow::Result<State> {
        self.told("state").await
    }

    /// Every blob that its registry took, in order.
    pub(super) async fn uploads(&self) -> anyhow::Result<Vec<Upload>> {
        self.told("uploads").await
    }

    async fn told<T: DeserializeOwned>(&self, what: &str) -> anyhow::Result<T> {
        let client = http::client(&self.url)?;
        let answer = client.get(format!("{}/_emu/{what}", self.url)).timeout(Duration::from_secs(30)).send().await;
        let answer = answer.with_context(|| format!("the emulator does not tell its {what}"))?;
        answer.json().await.with_context(|| format!("cannot read the emulator's {what}"))
    }

    /// Lets everything run on; says how to end it.
    pub(super) fn leave(&mut self) -> String {
        let emulator = self.daemon.leave();
        let (engine, socket) = self.engine.leave();
        let pids: Vec<String> = [emulator, engine].into_iter().flatten().map(|pid| pid.to_string()).collect();
        let socket = socket.map(|socket| format!("export DOCKER_HOST={socket}\n")).unwrap_or_default();
        self.address.leave();
        format!("{socket}kill {}   # ends it", pids.join(" "))
    }
}

fn port() -> anyhow::Result<u16> {
    match std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, PORT)) {
        Ok(_) => Ok(PORT),
        Err(_) => free_port(),
    }
}

fn line(python: &Path, port: u16, place: &Place) -> CommandLine {
    let bind = |address: &str, port: u16| ["--bind".to_owned(), format!("{address}:{port}")];
    CommandLine::new(python)
        .args(["-m", "hypercorn", "emulator.app:app", "--workers", "0", "--keep-alive", "75"])
        .args(bind("127.0.0.1", port))
        .args(bind(ADDRESS, port))
        .args(bind(ADDRESS, 80))
        .directory(place.scratch())
        .env("AUTH", "true")
        .env("GATEWAY_PORT", port.to_string())
        .env("SFTP_ENABLED", "0")
        .env("IOT_MTLS_ENABLED", "0")
        .env("TMPDIR", place.scratch())
        .env("PYTHONPATH", python::sources())
        .env("PYTHONDONTWRITEBYTECODE", "1")
}
