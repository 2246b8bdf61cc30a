//! The steps of `cargo xtask ci`, in an order that reports a failure early: cheap steps first.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::{
    commands, imports,
    rehearsal::DynamoDb,
    requirements::{self, Tool, Unmet},
    style,
};
use xtask::{
    cargo::{self, cargo},
    process::{self, CommandLine},
    runtime, terraform, ui,
};

/// A step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) work: Work,
    /// The tools that it needs beyond Rust and a C compiler.
    pub(super) tools: &'static [Tool],
    /// Belongs to `--quick`: formatting, lints, unit and integration tests.
    pub(super) quick: bool,
    /// Describes why this machine or user can never run the step.
    limit: fn() -> Option<Unmet>,
}

/// The work of a step.
#[derive(Debug)]
pub(super) enum Work {
    /// Runs command lines.
    Run(fn() -> Vec<CommandLine>),
    /// Calls a function.
    Call(fn() -> anyhow::Result<()>),
}

/// Every step, in order.
pub(super) static STEPS: [Step; 17] = [
    Step::quick("fmt", Work::Run(fmt)),
    Step::quick("style", Work::Call(style::check)),
    Step::quick("imports", Work::Call(imports::check)),
    Step::new("terraform", Work::Call(terraform::check), &[Tool::Terraform]),
    Step::quick("clippy", Work::Run(clippy)),
    Step::new("doc", Work::Run(doc), &[]),
    Step::quick("test", Work::Run(test)),
    Step::quick("test fast paths off", Work::Call(test_fast_paths_off)),
    Step::new("own crate", Work::Run(own_crate), &[]),
    Step::new("test store on emulator", Work::Call(test_store_on_emulator), &[Tool::Python]),
    Step::new("conformance", Work::Call(|| commands::conformance::run(None)), &[Tool::Npm]),
    Step::new("clients", Work::Call(commands::clients::run), &[Tool::Npm, Tool::Python]),
    Step::new("drill", Work::Call(commands::drill::in_ci), &[]),
    Step::new("docs", Work::Call(commands::docs::run), &[]).limited(no_shell),
    Step::new("fuzz", Work::Call(commands::fuzz::all), &[Tool::CppCompiler]).limited(no_libfuzzer),
    // Builds the binary that the rehearsal deploys.
    Step::new(
        "instructions",
        Work::Call(commands::instructions::compare_with_kept),
        &[Tool::StaticLibc, Tool::Valgrind],
    )
    .limited(commands::instructions::limit),
    Step::new("rehearse", Work::Call(commands::rehearse::all), REHEARSAL).limited(no_rehearsal),
];

const REHEARSAL: &[Tool] = &[Tool::Docker, Tool::Ip, Tool::Python, Tool::StaticLibc, Tool::Terraform];

impl Step {
    const fn new(name: &'static str, work: Work, tools: &'static [Tool]) -> Self {
        Self { name, work, tools, quick: false, limit: || None }
    }

    const fn quick(name: &'static str, work: Work) -> Self {
        Self { quick: true, ..Self::new(name, work, &[]) }
    }

    const fn limited(self, limit: fn() -> Option<Unmet>) -> Self {
        Self { limit, ..self }
    }

    /// Describes why this machine or this user can never run the step, if that is so.
    pub(super) fn limit(&self) -> Option<Unmet> {
        (self.limit)()
    }
}

/// The names of all steps.
pub(super) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

fn fmt() -> Vec<CommandLine> {
    vec![cargo(["fmt", "--all", "--check"])]
}

/// Lints every way in which the packages are built: together, the service of the container image without its embedded
/// store, and the deployer without AWS.
fn clippy() -> Vec<CommandLine> {
    let builds: [&[&str]; 3] = [
        &["--workspace", "--all-targets"],
        &["--package", "mcp-stateful", "--no-default-features"],
        &["--bin", "xtask", "--no-default-features", "--features", "mcp-stateful/embedded,xtask/alias"],
    ];
    builds.map(|build| cargo(["clippy", "--locked"]).args(build).args(["--", "-D", "warnings"])).into()
}

fn doc() -> Vec<CommandLine> {
    vec![
        cargo(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    ]
}

fn test() -> Vec<CommandLine> {
    vec![cargo(["test", "--workspace", "--locked"])]
}

/// Runs the tests that the step `test` leaves out: they compile the library again, for a crate of its own and for a new
/// tool.
fn own_crate() -> Vec<CommandLine> {
    vec![cargo(["test", "--workspace", "--locked", "--test", "it", "--", "--ignored", "own_crate::"])]
}

/// Runs the service's integration tests once more, through the AWS SDK and rmcp instead of the fast paths.
fn test_fast_paths_off() -> anyhow::Result<()> {
    let line = integration_tests()?.env("MCP_TEST_FAST_PATHS", "off");
    ui::step("test", &format!("MCP_TEST_FAST_PATHS=off {line}"));
    process::run(&line)
}

/// Runs the store's suite against a DynamoDB that is not the embedded engine, which both sides would share.
fn test_store_on_emulator() -> anyhow::Result<()> {
    let line = integration_tests()?.arg("store::endpoint");
    runtime::until_interrupted(async {
        let dynamodb = DynamoDb::start().await?;
        let line = line.env("MCP_TEST_DYNAMODB_ENDPOINT", dynamodb.url());
        ui::step("test", &format!("MCP_TEST_DYNAMODB_ENDPOINT={} {line}", dynamodb.url()));
        process::run(&line)
    })
}

/// Returns the line that runs the service's integration tests: the binary that the step `test` built, because a line
/// for this package alone would choose other features and compile again.
fn integration_tests() -> anyhow::Result<CommandLine> {
    let build = cargo(["test", "--workspace", "--locked", "--test", "it", "--no-run", "--message-format=json"]);
    let messages = process::read(&build)?;
    let package = cargo::workspace_root().join("service");
    let binary = test_binary(&messages, &package).context("cargo reported no integration tests of the service")?;
    Ok(CommandLine::new(binary).directory(package))
}

/// Finds a package's integration tests among the messages of a cargo build.
fn test_binary(messages: &str, package: &Path) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        kind: Vec<String>,
    }
    // The build also reports the package's program, which its tests start.
    let is_test = |artifact: &Artifact| {
        artifact.manifest_path.parent() == Some(package) && artifact.target.kind.iter().any(|kind| kind == "test")
    };
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    artifacts.filter(is_test).find_map(|artifact| artifact.executable)
}

fn no_libfuzzer() -> Option<Unmet> {
    cfg!(windows).then(|| Unmet {
        problem: "libFuzzer does not work with Rust's counters on Windows (for fuzz)".to_owned(),
        remedy: "run `cargo xtask fuzz` on Linux or macOS".to_owned(),
    })
}

fn no_shell() -> Option<Unmet> {
    cfg!(windows).then(|| Unmet {
        problem: "the shell lines of the documentation need a Unix shell (for docs)".to_owned(),
        remedy: "run `cargo xtask ci --only docs` on Linux or macOS".to_owned(),
    })
}

/// The rehearsal takes an address of the machine, port 80 and a directory in `/run`.
fn no_rehearsal() -> Option<Unmet> {
    let unmet = |problem: &str, remedy: &str| Some(Unmet { problem: problem.to_owned(), remedy: remedy.to_owned() });
    if !cfg!(target_os = "linux") {
        return unmet(
            "the rehearsal needs Linux, where containers reach an address of this machine",
            "run `cargo xtask rehearse` in a virtual machine with Linux, or let CI run it",
        );
    }
    if !requirements::is_root() {
        return unmet(
            "the rehearsal needs root, for an address of this machine and port 80",
            "run it with `sudo -E env \"PATH=$PATH\" CARGO_TARGET_DIR=target/root cargo xtask rehearse`",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn cargo_steps_reject_warnings_and_keep_the_lock_file() {
        for line in [clippy(), doc(), test(), own_crate()].concat() {
            assert!(line.to_string().contains("--locked"), "{line}");
        }
        for line in clippy() {
            assert!(line.to_string().ends_with("-D warnings"), "{line}");
        }
    }

    #[test]
    fn test_binary_is_found_by_its_package() {
        let artifact = |package: &str, kind: &str, executable: Value| {
            let manifest = format!("/x/{package}/Cargo.toml");
            json!({"manifest_path": manifest, "target": {"kind": [kind]}, "executable": executable}).to_string()
        };
        let messages = [
            artifact("service", "lib", Value::Null),
            artifact("xtask", "test", "/t/deps/it-1".into()),
            artifact("service", "bin", "/t/mcp-stateful".into()),
            artifact("service", "test", "/t/deps/it-2".into()),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ]
        .join("\n");
        assert_eq!(test_binary(&messages, Path::new("/x/service")), Some("/t/deps/it-2".into()));
        assert_eq!(test_binary(&messages, Path::new("/x/other")), None);
    }
}
