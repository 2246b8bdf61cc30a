//! Docker and podman: checks whether one runs, and builds the command lines that build the Dockerfile and save the
//! image. The deployer pushes the image itself, so no engine gets the registry's password.

use std::path::Path;

use super::{Request, labels, tag};
use crate::process::{self, CommandLine};

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Podman,
}

impl Engine {
    /// Returns the program's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// Returns the architecture of the engine, as images name it, if the engine runs and runs Linux. The engine may
    /// be on another machine.
    pub(super) fn architecture(self) -> Option<String> {
        let output = process::capture(&self.version_query()).ok().filter(|output| output.success)?;
        parse(&output.stdout)
    }

    fn version_query(self) -> CommandLine {
        match self {
            Self::Docker => self.line().args(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]),
            Self::Podman => self.line().args(["info", "--format", "{{.Host.OS}}/{{.Host.Arch}}"]),
        }
    }

    /// Builds a Dockerfile and writes the image's id to the file `id`.
    pub(super) fn build(self, request: &Request<'_>, dockerfile: &Path, id: &Path) -> CommandLine {
        let Request { source, identity, architecture, .. } = request;
        let mut line = self
            .line()
            .args(["build", "--platform"])
            .arg(format!("linux/{}", architecture.oci()))
            .args(["--tag", &format!("mcp-stateful:{}", tag::for_identity(identity, *architecture))])
            .arg("--file")
            .arg(dockerfile)
            .args(["--build-arg", &format!("SELECT={}", source.image_args().join(" "))])
            .args(["--build-arg", &format!("BINARY={}", source.binary())])
            .arg("--iidfile")
            .arg(id);
        for (name, value) in labels::for_identity(identity) {
            line = line.arg("--label").arg(format!("{name}={value}"));
        }
        // With attestations the result would be an index of several manifests instead of an image.
        line.arg(".").directory(source.root()).env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
    }

    /// Saves an image to an archive in docker's format.
    pub(super) fn save(self, id: &str, archive: &Path) -> CommandLine {
        let line = self.line().arg("save");
        let line = if self == Self::Podman { line.args(["--format", "docker-archive"]) } else { line };
        line.arg("--output").arg(archive).arg(id)
    }

    fn line(self) -> CommandLine {
        CommandLine::new(self.name())
    }
}

fn parse(platform: &str) -> Option<String> {
    let architecture = platform.trim().strip_prefix("linux/")?;
    (!architecture.is_empty()).then(|| architecture.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        image::{Architecture, Assets, Plan},
        source::{Source, identity::tests::of_service},
    };

    #[test]
    fn dockerfile_is_built_with_platform_and_labels() {
        let source = Source::of_checkout().unwrap();
        let plan = Plan::Engine { engine: Engine::Docker, emulates: false };
        let request = Request {
            source: &source,
            identity: of_service("abc"),
            plan: &plan,
            architecture: Architecture::Arm64,
            assets: &Assets::default(),
        };
        let line = Engine::Docker.build(&request, Path::new("/projects/Dockerfile"), Path::new("id"));
        assert_eq!(
            line.to_string(),
            "docker build --platform linux/arm64 --tag mcp-stateful:abc-arm64 --file /projects/Dockerfile --build-arg \
             SELECT=--package mcp-stateful --no-default-features --build-arg BINARY=mcp-stateful --iidfile id --label \
             org.opencontainers.image.revision=abc --label org.opencontainers.image.title=mcp-stateful --label \
             org.opencontainers.image.version=0.1.0 ."
        );
        assert_eq!(line.value_of("BUILDX_NO_DEFAULT_ATTESTATIONS"), Some("1".as_ref()));
    }

    #[test]
    fn both_engines_save_docker_archives() {
        let saved = |engine: Engine| engine.save("sha256:1", Path::new("out.tar")).to_string();
        assert_eq!(saved(Engine::Docker), "docker save --output out.tar sha256:1");
        assert_eq!(saved(Engine::Podman), "podman save --format docker-archive --output out.tar sha256:1");
    }

    #[test]
    fn engine_is_queried_not_its_client() {
        assert_eq!(
            Engine::Docker.version_query().to_string(),
            "docker version --format {{.Server.Os}}/{{.Server.Arch}}"
        );
    }

    #[test]
    fn engine_without_linux_is_ignored() {
        assert_eq!(parse("linux/arm64\n"), Some("arm64".to_owned()));
        assert_eq!(parse("windows/amd64\n"), None);
        assert_eq!(parse("\n"), None);
    }
}
