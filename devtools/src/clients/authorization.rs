//! The authorization server for the OAuth clients: the certified `oidc-provider` in a process of its own.

use std::{fs, path::Path};

use anyhow::Context;

use crate::{node::Node, server::Server};

const PACKAGE: (&str, &str) = ("oidc-provider", "9.13.3");
const SCRIPT: (&str, &str) = ("authorization_server.mjs", include_str!("../../clients/authorization_server.mjs"));

/// The installed package.
#[derive(Debug)]
pub(crate) struct Authorization {
    node: Node,
}

/// A running authorization server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    _process: Server,
}

impl Authorization {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        let node = Node::with_packages(target, "authorization-server", &[PACKAGE])?;
        // Node.js searches for packages in the directories above a script.
        let path = node.directory().join(SCRIPT.0);
        fs::write(&path, SCRIPT.1).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { node })
    }

    /// Starts a server that issues tokens for `resource`.
    pub(crate) fn start(&self, resource: &str, log: &Path) -> anyhow::Result<Issuer> {
        let port = xtask::local::ports::free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let script = self.node.script(&self.node.directory().join(SCRIPT.0))?;
        let line = script.env("OIDC_ISSUER", &url).env("OIDC_RESOURCE", resource);
        Ok(Issuer { _process: Server::start(&line, port, log)?, url })
    }
}
