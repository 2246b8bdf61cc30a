//! The command that starts a replica, and how its address is found.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::replica::Replica;
use crate::server;
use xtask::{process::CommandLine, token::Token};

/// Returns the command for a replica with its files in a directory, on a port.
type Line = Box<dyn Fn(&Path, u16) -> CommandLine>;

/// Starts the replicas of a drill.
pub(crate) struct Launcher {
    line: Line,
    /// The server chooses its port and logs it, as the service does. Otherwise the drill chooses a free one.
    logs_address: bool,
}

impl Launcher {
    /// Starts the service, or a server of its library, on an embedded store that all replicas share.
    pub(crate) fn service(binary: PathBuf, token: Token) -> Self {
        Self::with_line(move |directory| server::service(&binary, 0, directory, Some(token.reveal())))
    }

    /// Starts a server of the service's library.
    pub(crate) fn with_line(line: impl Fn(&Path) -> CommandLine + 'static) -> Self {
        Self { line: Box::new(move |directory, _| line(directory)), logs_address: true }
    }

    /// Starts a server of another library on a port that is its argument.
    pub(crate) fn foreign(line: impl Fn(u16) -> CommandLine + 'static) -> Self {
        Self { line: Box::new(move |_, port| line(port)), logs_address: false }
    }

    pub(super) async fn start(&self, directory: &Path, log: &Path) -> anyhow::Result<Replica> {
        if self.logs_address {
            return Replica::start(&(self.line)(directory, 0), log).await;
        }
        let address = free_address()?;
        Replica::start_at(&(self.line)(directory, address.port()), address, log).await
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launcher").field("logs_address", &self.logs_address).finish_non_exhaustive()
    }
}

/// Returns an address that was free a moment ago.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("loopback has no free port")?;
    listener.local_addr().context("a bound listener has no address")
}
