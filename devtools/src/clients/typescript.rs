//! Both generations of the TypeScript client, each by a small script.

use std::{fs, path::Path};

use anyhow::Context;

use super::{Era, Seen, Task, run_script};
use crate::node::Node;

const CLIENT: (&str, &str) = ("@modelcontextprotocol/client", "2.4.0");
const SDK: (&str, &str) = ("@modelcontextprotocol/sdk", "1.32.2");

/// The scripts; they are copied to where the packages are, for Node looks for packages above a script.
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

    /// Version 2, which speaks both.
    pub(crate) fn run_client(&self, era: Era, task: &Task) -> anyhow::Result<Seen> {
        self.run("typescript_client.mjs", era, task)
    }

    /// Version 1, which knows only the handshake.
    pub(crate) fn run_sdk(&self, task: &Task) -> anyhow::Result<Seen> {
        self.run("typescript_sdk.mjs", Era::Legacy, task)
    }

    fn run(&self, script: &str, era: Era, task: &Task) -> anyhow::Result<Seen> {
        run_script(self.node.script(&self.node.directory().join(script))?, era, task)
    }
}
