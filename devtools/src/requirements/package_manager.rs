//! The package managers that can install tools, and their command lines. Runs nothing but the search for one.

use xtask::process::CommandLine;

use super::{is_root, works};

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackageManager {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL.
    Dnf,
    /// macOS.
    Brew,
    /// Windows.
    Winget,
}

impl PackageManager {
    /// The one that this machine has.
    pub(super) fn find() -> Option<Self> {
        let candidates: &[(Self, &str)] = match std::env::consts::OS {
            "linux" => &[(Self::Apt, "apt-get"), (Self::Dnf, "dnf")],
            "macos" => &[(Self::Brew, "brew")],
            "windows" => &[(Self::Winget, "winget")],
            _ => &[],
        };
        candidates.iter().find(|(_, program)| works(program, &["--version"])).map(|(manager, _)| *manager)
    }

    /// The line that updates the package lists, where installing needs that first.
    pub(super) fn refresh(self) -> Option<CommandLine> {
        (self == Self::Apt).then(|| as_root(CommandLine::new("apt-get").args(["update", "-q"])))
    }

    /// The lines that install packages without a question.
    pub(super) fn install(self, packages: &[&str]) -> Vec<CommandLine> {
        match self {
            Self::Apt => {
                let args =
                    ["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends"];
                vec![as_root(CommandLine::new("env").args(args).args(packages))]
            }
            Self::Dnf => vec![as_root(CommandLine::new("dnf").args(["install", "-y"]).args(packages))],
            Self::Brew => vec![CommandLine::new("brew").arg("install").args(packages)],
            Self::Winget => {
                let install = |package: &&str| {
                    CommandLine::new("winget").args(["install", "--exact", "--id", package]).args([
                        "--accept-source-agreements",
                        "--accept-package-agreements",
                        "--disable-interactivity",
                    ])
                };
                packages.iter().map(install).collect()
            }
        }
    }
}

/// Prefixes `sudo` for an ordinary user.
fn as_root(line: CommandLine) -> CommandLine {
    if is_root() { line } else { line.under("sudo", [""; 0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winget_installs_one_package_a_line() {
        let lines = PackageManager::Winget.install(&["A.B", "C.D"]);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].to_string().starts_with("winget install --exact --id C.D "), "{}", lines[1]);
    }

    #[test]
    fn others_install_all_packages_in_one_line() {
        for manager in [PackageManager::Apt, PackageManager::Dnf, PackageManager::Brew] {
            let lines = manager.install(&["a", "b"]);
            assert_eq!(lines.len(), 1);
            assert!(lines[0].to_string().ends_with(" a b"), "{}", lines[0]);
        }
    }
}
