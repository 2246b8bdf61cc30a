//! The link-local address at which a Fargate task requests its credentials. AWS SDKs have it built in, so this machine
//! takes the address while the emulator runs. Containers reach it through their bridge.

use anyhow::anyhow;

use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// Link-local, so it conflicts with no other machine on the network.
pub(super) const ADDRESS: &str = "169.254.170.2";

/// The address on this machine's loopback interface. Dropping it removes the address unless it existed before.
#[derive(Debug)]
pub(super) struct Address {
    added: bool,
}

impl Address {
    pub(super) fn add() -> anyhow::Result<Self> {
        let existing = process::capture(&ip(["-o", "addr", "show", "to", ADDRESS]));
        match existing {
            Ok(output) if output.success && !output.stdout.trim().is_empty() => return Ok(Self { added: false }),
            Ok(output) if output.success => {}
            _ => return preflight_error("cannot run `ip`", "install the package iproute2"),
        }
        let host = format!("{ADDRESS}/32");
        let added = process::capture(&ip(["addr", "add", &host, "dev", "lo"]))?;
        if added.success {
            return Ok(Self { added: true });
        }
        let what = format!("cannot add the address {ADDRESS}: {}", added.stderr.trim());
        preflight_error(&what, "run the rehearsal as root: tasks request their credentials at that address, on port 80")
    }

    /// Keeps the address on drop.
    pub(super) fn keep(&mut self) {
        self.added = false;
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if self.added {
            let host = format!("{ADDRESS}/32");
            drop(process::capture(&ip(["addr", "del", &host, "dev", "lo"])));
        }
    }
}

fn ip<const N: usize>(args: [&str; N]) -> CommandLine {
    CommandLine::new("ip").args(args)
}

fn preflight_error<T>(what: &str, hint: &str) -> anyhow::Result<T> {
    Err(anyhow!(what.to_owned())).hint(hint).exit_code(Exit::Preflight)
}
