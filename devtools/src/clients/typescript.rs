//! Both major versions of the TypeScript client, each run by a small script.

use std::{fs, path::Path};

use anyhow::Context;

use super::{Results, Task, run_script};
use crate::node::Node;
use xtask::client::ProtocolVersion;

const CLIENT: (&str, &str) = ("@modelcontextprotocol/client", "2.4.0");
const SDK: (&str, &str) = ("@modelcontextprotocol/sdk", "1.32.2");

/// The scripts, which are copied beside the packages: Node.js searches for packages in the directories above a script.
const SCRIPTS: [(&str, &str); 3] = [
    ("typescript_client.mjs", include_str!("../../clients/typescript_client.mjs")),
    ("typescript_sdk.mjs", include_str!("../../clients/typescript_sdk.mjs")),
    ("typescript_report.mjs", include_str!("../../clients/typescript_report.mjs")),
];

/// The installed packages.
#[derive(Debug)]
pub(crate) struct TypeScript {
    node: Node,
}

impl TypeScript {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        let node = Node::with_packages(target, "client-typescript", &[CLIENT, SDK])?;
        for (name, text) in SCRIPTS {
            let path = node.directory().join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Self { node })
    }

    /// Runs version 2, which supports both protocol versions.
    pub(crate) fn run_client(&self, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        self.run("typescript_client.mjs", version, task)
    }

    /// Runs version 1, which supports only the handshake.
    pub(crate) fn run_sdk(&self, task: &Task) -> anyhow::Result<Results> {
        self.run("typescript_sdk.mjs", ProtocolVersion::V2025_11_25, task)
    }

    fn run(&self, script: &str, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        run_script(self.node.script(&self.node.directory().join(script))?, version, task)
    }
}
