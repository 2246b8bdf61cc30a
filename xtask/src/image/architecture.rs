//! The processor architectures of tasks, and their names in Terraform, images and Rust.

use std::fmt;

use anyhow::{Context, anyhow};

use crate::error::{ErrorExt, Exit};

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    X86_64,
    Arm64,
}

impl Architecture {
    /// Parses Terraform's `cpu_architecture`. Fails with [`Exit::Usage`] on another name.
    pub(crate) fn from_terraform(name: &str) -> anyhow::Result<Self> {
        match name {
            "X86_64" => Ok(Self::X86_64),
            "ARM64" => Ok(Self::Arm64),
            _ => Err(anyhow!("invalid cpu_architecture {name}: expected X86_64 or ARM64"))
                .hint("pass --var cpu_architecture=ARM64, or leave it out for X86_64")
                .exit_code(Exit::Usage),
        }
    }

    /// Returns the value of Terraform's `cpu_architecture`.
    pub(crate) fn terraform(self) -> &'static str {
        match self {
            Self::X86_64 => "X86_64",
            Self::Arm64 => "ARM64",
        }
    }

    /// Returns the architecture of this machine. Fails with [`Exit::Preflight`] if no image is built for it.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        let name = std::env::consts::ARCH;
        let found = [Self::X86_64, Self::Arm64].into_iter().find(|architecture| architecture.rust() == name);
        found
            .with_context(|| format!("no image can be built for this machine's architecture, {name}"))
            .exit_code(Exit::Preflight)
    }

    /// Returns the name that images and engines use.
    pub(crate) fn oci(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// Returns the first part of the target triples.
    pub(crate) fn rust(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Returns the target that links musl, which is always static.
    pub(super) fn musl(self) -> String {
        format!("{}-unknown-linux-musl", self.rust())
    }

    /// Returns the target that links glibc, which is static only with `crt-static`.
    pub(super) fn gnu(self) -> String {
        format!("{}-unknown-linux-gnu", self.rust())
    }
}

/// Formats the name that Terraform and ECS use.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "X86_64",
            Self::Arm64 => "ARM64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terraform_names_round_trip() {
        for architecture in [Architecture::X86_64, Architecture::Arm64] {
            assert_eq!(Architecture::from_terraform(&architecture.to_string()).unwrap(), architecture);
        }
        assert!(Architecture::from_terraform("arm64").is_err());
        let variables = include_str!("../../../infra/variables_task.tf");
        assert!(
            variables.contains(r#"contains(["X86_64", "ARM64"], var.cpu_architecture)"#),
            "infra/variables_task.tf allows others"
        );
    }
}
