//! Chooses the builder: the one that `--builder` names, else the best one that this machine has. Builds nothing.

use std::fmt;

use super::{
    Architecture,
    engine::Engine,
    toolchain::{self, Toolchain},
};
use crate::{cli, problem::Problem, source::Source};

/// A builder that is available on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// An engine builds the Dockerfile.
    Engine {
        engine: Engine,
        /// The engine has another architecture, so it runs the whole build in emulation.
        emulates: bool,
    },
    /// Cargo builds a static binary.
    Native(Toolchain),
}

impl Plan {
    /// Returns the name that `--builder` takes.
    pub(crate) fn builder(&self) -> &'static str {
        match self {
            Self::Engine { engine, .. } => engine.name(),
            Self::Native(_) => "native",
        }
    }
}

/// Formats the builder for the end of "built with …".
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { engine, emulates: false } => f.write_str(engine.name()),
            Self::Engine { engine, emulates: true } => write!(f, "{} in emulation", engine.name()),
            Self::Native(toolchain) => {
                let zig = if toolchain.zig { " and zig" } else { "" };
                write!(f, "cargo{zig}, for {}", toolchain.target)
            }
        }
    }
}

/// Chooses the builder. Without a request it is docker if that runs, else native. An engine that has to emulate the
/// architecture is the last resort, because it takes many times as long.
///
/// An engine sees the workspace only, so a package that needs directories outside of it is built natively.
pub fn plan(builder: Option<cli::Builder>, architecture: Architecture, source: &Source) -> Result<Plan, Problem> {
    let outside = source.path_outside();
    if let (Some(path), Some(cli::Builder::Docker | cli::Builder::Podman)) = (&outside, builder) {
        let what = format!("a container engine cannot build {}, which depends on {}", source.name(), path.display());
        return Err(Problem::new(what, "pass --builder native, or depend on a version or a git repository"));
    }
    let engines = |engine: Engine| if outside.is_some() { None } else { engine.architecture() };
    choose(builder, architecture, engines, || toolchain::find(architecture, source.root()))
}

fn choose(
    builder: Option<cli::Builder>,
    architecture: Architecture,
    engines: impl Fn(Engine) -> Option<String>,
    native: impl Fn() -> Result<Toolchain, Problem>,
) -> Result<Plan, Problem> {
    let engine = |engine: Engine| {
        let found = engines(engine)?;
        Some(Plan::Engine { engine, emulates: found != architecture.oci() })
    };
    match builder {
        Some(cli::Builder::Docker) => engine(Engine::Docker).ok_or_else(|| not_running(Engine::Docker)),
        Some(cli::Builder::Podman) => engine(Engine::Podman).ok_or_else(|| not_running(Engine::Podman)),
        Some(cli::Builder::Native) => native().map(Plan::Native),
        None => match engine(Engine::Docker) {
            Some(plan @ Plan::Engine { emulates: false, .. }) => Ok(plan),
            emulating => native().map(Plan::Native).or_else(|problem| emulating.ok_or(problem)),
        },
    }
}

fn not_running(engine: Engine) -> Problem {
    let hint = match engine {
        Engine::Docker => "start Docker so that `docker version` lists a server, or pass --builder native",
        Engine::Podman => "make `podman info` work, such as with `podman machine start`, or pass --builder native",
    };
    Problem::new(format!("{} does not run, and --builder requires it", engine.name()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain() -> Toolchain {
        Toolchain { target: "t".to_owned(), compiler: None, zig: false, packs_relocations: false }
    }

    fn planned(builder: Option<cli::Builder>, engine: Option<&str>, native: bool) -> Result<&'static str, String> {
        let native = || if native { Ok(toolchain()) } else { Err(Problem::new("no toolchain", "")) };
        let engines = |_| engine.map(str::to_owned);
        choose(builder, Architecture::X86_64, engines, native)
            .map(|plan| plan.builder())
            .map_err(|problem| problem.what)
    }

    #[test]
    fn running_engine_precedes_the_toolchain() {
        assert_eq!(planned(None, Some("amd64"), true), Ok("docker"));
        assert_eq!(planned(None, None, true), Ok("native"));
        assert_eq!(planned(None, None, false), Err("no toolchain".to_owned()));
    }

    #[test]
    fn emulating_engine_is_the_last_resort() {
        assert_eq!(planned(None, Some("arm64"), true), Ok("native"));
        assert_eq!(planned(None, Some("arm64"), false), Ok("docker"));
        assert_eq!(planned(Some(cli::Builder::Docker), Some("arm64"), true), Ok("docker"));
    }

    #[test]
    fn requested_builder_is_not_replaced() {
        assert!(planned(Some(cli::Builder::Docker), None, true).is_err_and(|what| what.starts_with("docker ")));
        assert!(planned(Some(cli::Builder::Podman), None, true).is_err_and(|what| what.starts_with("podman ")));
        assert!(planned(Some(cli::Builder::Native), Some("amd64"), false).is_err());
    }
}
