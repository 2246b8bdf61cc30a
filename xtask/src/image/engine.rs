//! Docker and podman: whether one answers, and the lines that build the Dockerfile and hand out the result as an archive.
//! Nothing is pushed by an engine, so none has to be given a password.

use std::path::Path;

use super::{Architecture, labels::Labels};
use crate::{
    cargo::workspace_root,
    process::{self, CommandLine},
};

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Podman,
}

impl Engine {
    /// The program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// The architecture of the engine, in the words of images, if it answers and runs Linux. It may be on another machine.
    pub(super) fn architecture(self) -> Option<String> {
        let output = process::capture(&self.ask()).ok().filter(|output| output.success)?;
        parse(&output.stdout)
    }

    fn ask(self) -> CommandLine {
        match self {
            Self::Docker => self.line().args(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]),
            Self::Podman => self.line().args(["info", "--format", "{{.Host.OS}}/{{.Host.Arch}}"]),
        }
    }

    /// Builds the Dockerfile and writes the image's id to a file.
    pub(super) fn build(self, architecture: Architecture, revision: &str, labels: &Labels, id: &Path) -> CommandLine {
        let mut line = self
            .line()
            .args(["build", "--platform"])
            .arg(format!("linux/{}", architecture.oci()))
            .args(["--tag", &format!("mcp-stateful:{}", super::tag::of_revision(revision, architecture))])
            .arg("--iidfile")
            .arg(id);
        for (name, value) in labels {
            line = line.arg("--label").arg(format!("{name}={value}"));
        }
        // Attestations would make an index of the image, which is then no image of one architecture.
        line.arg(".").directory(workspace_root()).env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
    }

    /// Writes an image to an archive, in the form that docker gave it and podman can speak.
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

    #[test]
    fn the_dockerfile_is_built_for_the_architecture_with_the_labels() {
        let labels = Labels::from([("a", "1".to_owned()), ("b", "2".to_owned())]);
        let line = Engine::Docker.build(Architecture::Arm64, "abc", &labels, Path::new("id"));
        assert_eq!(
            line.to_string(),
            "docker build --platform linux/arm64 --tag mcp-stateful:abc-arm64 --iidfile id --label a=1 --label b=2 ."
        );
        assert_eq!(line.value_of("BUILDX_NO_DEFAULT_ATTESTATIONS"), Some("1".as_ref()));
    }

    #[test]
    fn an_image_is_saved_as_docker_does() {
        let saved = |engine: Engine| engine.save("sha256:1", Path::new("out.tar")).to_string();
        assert_eq!(saved(Engine::Docker), "docker save --output out.tar sha256:1");
        assert_eq!(saved(Engine::Podman), "podman save --format docker-archive --output out.tar sha256:1");
    }

    #[test]
    fn an_engine_is_asked_for_itself_and_not_for_its_client() {
        assert_eq!(Engine::Docker.ask().to_string(), "docker version --format {{.Server.Os}}/{{.Server.Arch}}");
    }

    #[test]
    fn an_engine_that_runs_no_linux_is_none() {
        assert_eq!(parse("linux/arm64\n"), Some("arm64".to_owned()));
        assert_eq!(parse("windows/amd64\n"), None);
        assert_eq!(parse("\n"), None);
    }
}
