//! The address at which a task on Fargate finds its credentials. Every SDK has it built in, so this machine takes it on while
//! the emulator runs; containers reach it through their bridge.

use anyhow::anyhow;

use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// The address, which is link-local: nobody else on the network can be meant.
pub(super) const ADDRESS: &str = "169.254.170.2";

/// The address on this machine's loopback; dropping it gives it up, if it was not there before.
#[derive(Debug)]
pub(super) struct Address {
    taken: bool,
}

impl Address {
    pub(super) fn take() -> anyhow::Result<Self> {
        let there = process::capture(&ip(["-o", "addr", "show", "to", ADDRESS]));
        match there {
            Ok(output) if output.success && !output.stdout.trim().is_empty() => return Ok(Self { taken: false }),
            Ok(output) if output.success => {}
            _ => return missing("`ip` cannot be run", "install the package iproute2"),
        }
        let host = format!("{ADDRESS}/32");
        let added = process::capture(&ip(["addr", "add", &host, "dev", "lo"]))?;
        if added.success {
            return Ok(Self { taken: true });
        }
        let what = format!("this machine cannot take the address {ADDRESS}: {}", added.stderr.trim());
        missing(&what, "run the rehearsal as root: tasks ask for their credentials at that address, on port 80")
    }

    /// Keeps it when this is dropped.
    pub(super) fn leave(&mut self) {
        self.taken = false;
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if self.taken {
            let host = format!("{ADDRESS}/32");
            drop(process::capture(&ip(["addr", "del", &host, "dev", "lo"])));
        }
    }
}

fn ip<const N: usize>(args: [&str; N]) -> CommandLine {
    CommandLine::new("ip").args(args)
}

fn missing<T>(what: &str, hint: &str) -> anyhow::Result<T> {
    Err(anyhow!(what.to_owned())).hint(hint).exit_code(Exit::Preflight)
}
