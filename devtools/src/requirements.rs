//! The tools that the steps of `cargo xtask ci` need beyond Rust: how each is detected, and how it is installed here.
//!
//! Knows no step. Terraform is never installed, because users choose its version and source themselves.

mod package_manager;

use anyhow::anyhow;

use self::package_manager::PackageManager;
use crate::quick_build::Quick;
use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    terraform, ui,
};

/// A tool beyond Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// `c++`, which compiles libFuzzer.
    CppCompiler,
    /// A container engine: a Docker that responds, or a `dockerd` to start.
    Docker,
    /// `ip`, which assigns an address to this machine.
    Ip,
    /// npm, and a Node.js that can run it.
    Npm,
    /// Python 3.10 or newer with `venv`.
    Python,
    /// The C library in its static form, for the image's binary.
    StaticLibc,
    /// Terraform, as new as `infra/versions.tf` asks for.
    Terraform,
    /// Valgrind, which counts instructions.
    Valgrind,
}

/// A requirement that this machine does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmet {
    /// The problem, with the steps that it concerns.
    pub(crate) problem: String,
    /// The command or the setting that solves it.
    pub(crate) remedy: String,
}

impl Tool {
    /// Detects whether the tool works on this machine.
    fn is_present(self) -> bool {
        match self {
            Self::CppCompiler => works("c++", &["--version"]),
            Self::Docker => {
                works("docker", &["version", "--format", "{{.Server.Version}}"]) || works("dockerd", &["-v"])
            }
            Self::Ip => works("ip", &["-V"]),
            Self::Npm => works(if cfg!(windows) { "npm.cmd" } else { "npm" }, &["--version"]),
            Self::Python => {
                let check = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
                ["python3", "python"].iter().any(|program| works(program, &["-c", check]))
            }
            Self::StaticLibc => Quick::find().is_ok(),
            Self::Terraform => terraform::require().is_ok(),
            Self::Valgrind => works("valgrind", &["--version"]),
        }
    }

    /// The tool's name in a list.
    fn name(self) -> &'static str {
        match self {
            Self::CppCompiler => "a C++ compiler",
            Self::Docker => "a container engine (Docker)",
            Self::Ip => "the command `ip`",
            Self::Npm => "Node.js with npm",
            Self::Python => "Python 3.10 or newer with venv",
            Self::StaticLibc => "a static C library",
            Self::Terraform => "Terraform 1.11 or newer",
            Self::Valgrind => "valgrind",
        }
    }

    /// The packages that contain the tool; none where it has to be installed by hand.
    fn packages(self, manager: PackageManager) -> &'static [&'static str] {
        use PackageManager::{Apt, Brew, Dnf, Winget};
        match (self, manager) {
            (Self::CppCompiler, Apt) => &["g++"],
            (Self::CppCompiler, Dnf) => &["gcc-c++"],
            (Self::Docker, Apt) => &["docker.io", "iptables"],
            (Self::Docker, Dnf) => &["moby-engine", "iptables-nft"],
            (Self::Ip, Apt) => &["iproute2"],
            (Self::Ip, Dnf) => &["iproute"],
            (Self::Npm, Apt) => &["nodejs", "npm"],
            (Self::Npm, Dnf) => &["nodejs-npm"],
            (Self::Npm, Brew) => &["node"],
            (Self::Npm, Winget) => &["OpenJS.NodeJS.LTS"],
            (Self::Python, Apt) => &["python3", "python3-venv"],
            (Self::Python, Dnf | Brew) => &["python3"],
            (Self::Python, Winget) => &["Python.Python.3.13"],
            (Self::StaticLibc, Apt) => &["libc6-dev"],
            (Self::StaticLibc, Dnf) => &["glibc-static"],
            (Self::Valgrind, Apt | Dnf) => &["valgrind"],
            _ => &[],
        }
    }

    /// Instructions for a platform whose package manager does not have the tool.
    fn by_hand(self) -> &'static str {
        match self {
            Self::CppCompiler if cfg!(target_os = "macos") => "xcode-select --install",
            Self::Npm => "install Node.js 22 or newer from https://nodejs.org",
            Self::Python => "install Python from https://www.python.org/downloads",
            Self::Terraform => "follow https://developer.hashicorp.com/terraform/install",
            _ => "install it with the package manager of this system",
        }
    }

    fn remedy(self, manager: Option<PackageManager>) -> String {
        match manager.filter(|manager| !self.packages(*manager).is_empty()) {
            Some(manager) => {
                let lines = manager.install(self.packages(manager));
                lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            None => self.by_hand().to_owned(),
        }
    }
}

/// The tools among these that this machine lacks.
pub(crate) fn missing(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !tool.is_present()).collect()
}

/// Installs tools with the system's package manager, as far as it has them.
pub(crate) fn install(tools: &[Tool]) -> anyhow::Result<()> {
    let Some(manager) = PackageManager::find() else { return Ok(()) };
    let packages: Vec<&str> = tools.iter().flat_map(|tool| tool.packages(manager)).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    for line in manager.refresh().into_iter().chain(manager.install(&packages)) {
        ui::step("install", &line.to_string());
        process::run(&line)
            .hint("install the packages yourself, or run `cargo xtask ci --quick`, which needs Rust alone")
            .exit_code(Exit::Preflight)?;
    }
    Ok(())
}

/// Describes missing tools, each with the steps that need it and the command that installs it.
pub(crate) fn describe(tools: &[Tool], steps_of: impl Fn(Tool) -> Vec<&'static str>) -> Vec<Unmet> {
    let manager = PackageManager::find();
    let unmet = |tool: &Tool| Unmet {
        problem: format!("{} is missing (for {})", tool.name(), steps_of(*tool).join(", ")),
        remedy: tool.remedy(manager),
    };
    tools.iter().map(unmet).collect()
}

/// Returns everything that is unmet as one error.
pub(crate) fn report(unmet: &[Unmet], hints: &[&str]) -> anyhow::Result<()> {
    if unmet.is_empty() {
        return Ok(());
    }
    let list: String =
        unmet.iter().map(|Unmet { problem, remedy }| format!("\n  - {problem}\n      {remedy}")).collect();
    let error = Err(anyhow!("this machine does not meet every requirement{list}")).exit_code(Exit::Preflight);
    hints.iter().fold(error, |error, hint| error.hint(*hint))
}

/// Detects whether this process runs with root's rights, as far as Linux reports it.
pub(crate) fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| effective_user(&status) == Some(0))
}

/// The effective user's number, the second of `Uid:`.
fn effective_user(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

fn works(program: &str, args: &[&str]) -> bool {
    process::capture(&CommandLine::new(program).args(args)).is_ok_and(|output| output.success)
}

#[cfg(test)]
mod tests {
    use xtask::error::{exit_of, hints_of};

    use super::*;

    #[test]
    fn report_lists_everything_at_once() {
        let unmet = |n: u8| Unmet { problem: format!("problem {n}"), remedy: format!("remedy {n}") };
        let error = report(&[unmet(1), unmet(2)], &["do this"]).unwrap_err();
        let text = error.to_string();
        assert!(text.ends_with("\n  - problem 1\n      remedy 1\n  - problem 2\n      remedy 2"), "{text}");
        assert_eq!(hints_of(&error), ["do this"]);
        assert_eq!(exit_of(&error), Exit::Preflight);
        assert!(report(&[], &[]).is_ok());
    }

    #[test]
    fn remedy_is_a_command_or_a_link() {
        let remedy = Tool::Npm.remedy(Some(PackageManager::Dnf));
        assert!(remedy.ends_with("dnf install -y nodejs-npm"), "{remedy}");
        assert!(Tool::Terraform.remedy(Some(PackageManager::Apt)).contains("https://"));
        assert!(Tool::Python.remedy(None).contains("https://"));
    }

    #[test]
    fn effective_user_is_the_second_number() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t0\t1000\t1000\nGid:\t1\t2\t3\t4\n"), Some(0));
        assert_eq!(effective_user("Name:\tx\n"), None);
    }
}
