//! The processors that a task can run on, and what Terraform, images and Rust call each.

use std::fmt;

use anyhow::{Context, anyhow};

use crate::error::{ErrorExt, Exit};

/// A processor's architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    X86_64,
    Arm64,
}

impl Architecture {
    /// Reads Terraform's `cpu_architecture`.
    pub(crate) fn of(name: &str) -> anyhow::Result<Self> {
        match name {
            "X86_64" => Ok(Self::X86_64),
            "ARM64" => Ok(Self::Arm64),
            _ => Err(anyhow!("{name} is no architecture that ECS has"))
                .hint("cpu_architecture is X86_64 or ARM64")
                .exit_code(Exit::Usage),
        }
    }

    /// The architecture of the machine that this runs on.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        let name = std::env::consts::ARCH;
        let found = [Self::X86_64, Self::Arm64].into_iter().find(|architecture| architecture.rust() == name);
        found
            .with_context(|| format!("no image is built for processors of this machine's kind, {name}"))
            .exit_code(Exit::Preflight)
    }

    /// What images and engines call it.
    pub(crate) fn oci(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The first part of its target triples.
    pub(crate) fn rust(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// The target that is linked with musl, which is static by nature.
    pub(super) fn musl(self) -> String {
        format!("{}-unknown-linux-musl", self.rust())
    }

    /// The target that is linked with glibc, which has to be asked to be static.
    pub(super) fn gnu(self) -> String {
        format!("{}-unknown-linux-gnu", self.rust())
    }
}

/// As Terraform and ECS write it.
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
    fn terraforms_names_are_read_as_they_are_written() {
        for architecture in [Architecture::X86_64, Architecture::Arm64] {
            assert_eq!(Architecture::of(&architecture.to_string()).unwrap(), architecture);
        }
        assert!(Architecture::of("arm64").is_err());
        let variables = include_str!("../../../infra/variables_task.tf");
        assert!(
            variables.contains(r#"contains(["X86_64", "ARM64"], var.cpu_architecture)"#),
            "infra/variables_task.tf allows others"
        );
    }
}
