//! The program outside of this repository. Those that compile the library again are ignored: `ci --only 'own crate'`
//! runs them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::support::{Finished, Sandbox, own_crate_target};

const PROGRAM: &str = "use mcp_stateful::prelude::*;\n\n#[tokio::main]\nasync fn main() -> Result<(), ServerError> {\n    \
                       Server::from_env()?.name(\"my-server\").run().await\n}\n";

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Writes a server that depends on this repository's library by its path, with the versions that this machine has.
fn write_crate(directory: &Path) {
    let library = checkout().join("service");
    let manifest = format!(
        r#"[package]
name = "my-server"
version = "0.3.0"
edition = "2024"

[features]
default = ["embedded"]
embedded = ["mcp-stateful/embedded"]

[dependencies]
mcp-stateful = {{ path = {library:?}, default-features = false }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}

[profile.dev]
debug = false
"#
    );
    fs::create_dir(directory.join("src")).unwrap();
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::write(directory.join("src").join("main.rs"), PROGRAM).unwrap();
    fs::copy(checkout().join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
}

fn cargo(directory: &Path, args: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO"));
    // A nested cargo must not inherit the variables that cargo sets for a test.
    let is_cargos = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| is_cargos(name)) {
        command.env_remove(name);
    }
    Finished(command.args(args).current_dir(directory).env("CARGO_TARGET_DIR", own_crate_target()).output().unwrap())
}

/// Copies the files of this repository, those that are not committed included.
fn copy_checkout(to: &Path) {
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let files = Command::new("git").args(listed).current_dir(checkout()).output().unwrap();
    assert!(files.status.success());
    for file in String::from_utf8(files.stdout).unwrap().lines() {
        let (from, to) = (checkout().join(file), to.join(file));
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn directory_without_a_project_is_a_usage_error() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    for command in [&["deploy", "--local"][..], &["new-tool", "count_words"]] {
        let failed = sandbox.installed(directory.path(), command).exit_code(2);
        failed.prints("found no cargo project in");
        failed.prints("pass --manifest-path");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    // Commands on a deployment need no project, and name the program that runs.
    sandbox.installed(directory.path(), &["smoke", "--local"]).exit_code(8).prints("run `mcp-deploy deploy --local`");
    sandbox.installed(directory.path(), &["ci"]).exit_code(2).prints("works on the source of mcp-stateful only");
    let help = sandbox.installed(directory.path(), &["--help"]).exit_code(0).stdout();
    assert!(help.contains("Usage: mcp-deploy") && help.contains("new-tool") && !help.contains("rehearse"), "{help}");
}

#[test]
fn project_without_a_server_is_a_usage_error() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src").join("main.rs"), "fn main() {}\n").unwrap();
    fs::write(directory.path().join("Cargo.toml"), "[package]\nname = \"web\"\nversion = \"0.1.0\"\n").unwrap();
    let failed = sandbox.installed(directory.path(), &["deploy", "--local"]).exit_code(2);
    failed.prints("depends on mcp-stateful");
    sandbox
        .installed(directory.path(), &["deploy", "--local", "--package", "wbe"])
        .exit_code(2)
        .prints("unknown package wbe");
}

#[test]
fn carried_infra_is_written_once() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    let write = || sandbox.installed(directory.path(), &["infra", "--write", "infra"]);
    write().exit_code(0).prints("files written to infra");
    assert!(directory.path().join("infra").join("task.tf").exists());
    write().exit_code(2).prints("nothing was written");
}

#[test]
#[ignore = "compiles the library again; `ci --only 'own crate'` runs it"]
fn new_tool_of_a_crate_is_deployed() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    let directory = directory.path();
    write_crate(directory);
    sandbox.installed(directory, &["new-tool", "count_words"]).exit_code(0).prints("cargo test --package my-server");
    sandbox.installed(directory, &["new-tool", "count_words"]).exit_code(2).prints("is taken by");

    let (port, metrics) = (sandbox.port.to_string(), sandbox.metrics_port.to_string());
    let deploy = ["deploy", "--local", "--port", &port, "--metrics-port", &metrics];
    let deployed = sandbox.installed(directory, &deploy).exit_code(0);
    deployed.prints("my-server 0.3.0, revision unknown, mcp-stateful ");
    deployed.prints("mcp-deploy connect --local");
    assert_eq!(sandbox.call("count_words", json!({"text": "remember me"})), json!({"text": "REMEMBER ME"}));
    sandbox.installed(directory, &["smoke", "--local"]).exit_code(0).prints("all 45 checks passed");
    sandbox.installed(directory, &["status", "--local"]).exit_code(0).prints("my-server 0.3.0");
    cargo(directory, &["test", "--package", "my-server", "count_words"]).exit_code(0).prints("1 passed");
    sandbox.installed(directory, &["destroy", "--local", "--yes"]).exit_code(0);

    let mut left: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["Cargo.lock", "Cargo.toml", "src"]);
}

#[test]
#[ignore = "compiles the library again; `ci --only 'own crate'` runs it"]
fn new_tool_of_this_repository_passes_its_test() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    let directory = directory.path();
    copy_checkout(directory);
    sandbox.installed(directory, &["new-tool", "count_words"]).exit_code(0).prints("service/src/tools/count_words.rs");
    let test = ["test", "--locked", "--package", "mcp-stateful", "--lib", "tools::count_words"];
    cargo(directory, &test).exit_code(0).prints("1 passed");
}
