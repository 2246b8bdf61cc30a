//! The emulator for its DynamoDB alone, which the store's tests use. It needs no container engine and no root.

use super::{
    daemon::{self, Daemon},
    emulator,
    paths::Paths,
    python,
};
use xtask::local::ports::free_port;

/// A running DynamoDB. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct DynamoDb {
    _daemon: Daemon,
    url: String,
}

impl DynamoDb {
    /// Starts the emulator on a free port of loopback and waits until it is ready. It checks no signatures.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let paths = Paths::for_dynamodb()?;
        daemon::stop_leftovers(&paths)?;
        let python = python::install(&paths)?;
        let port = free_port()?;
        let bind = format!("127.0.0.1:{port}");
        let line = emulator::line(&python, port, std::slice::from_ref(&bind), &paths);
        let mut daemon = Daemon::start("dynamodb", &line, &paths)?;
        let url = format!("http://{bind}");
        emulator::wait_until_ready(&mut daemon, &url).await?;
        Ok(Self { _daemon: daemon, url })
    }

    /// The endpoint.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
