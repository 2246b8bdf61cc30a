//! Local deployments of versions that fail. A script replaces cargo and "builds" what the test provides.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::support::{Sandbox, is_running, service_binary};

/// A cargo whose result the test chooses. It knows the project as the real one does.
pub(crate) struct FakeCargo {
    directory: tempfile::TempDir,
}

impl FakeCargo {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::create_dir_all(target.join("elsewhere")).unwrap();
        let built = target.join("elsewhere").join("mcp-stateful");
        let message = json!({"reason": "compiler-artifact", "target": {"name": "mcp-stateful"}, "executable": built});
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in build) test ! -e {} && echo '{message}' ;; locate-project | metadata) exec '{}' \"$@\" \
             ;; esac\n",
            directory.path().join("broken").display(),
            env!("CARGO"),
        );
        write_executable(&directory.path().join("cargo"), &script);
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("cargo")
    }

    fn result(&self) -> PathBuf {
        self.directory.path().join("target").join("elsewhere").join("mcp-stateful")
    }

    pub(crate) fn builds_the_service(&self) {
        fs::copy(service_binary(), self.result()).unwrap();
    }

    pub(crate) fn builds_a_version_that_exits(&self) {
        drop(fs::remove_file(self.result()));
        write_executable(&self.result(), "#!/bin/sh\necho 'this version is broken' >&2\nexit 3\n");
    }

    fn fails(&self) {
        fs::write(self.directory.path().join("broken"), "").unwrap();
    }
}

pub(crate) fn write_executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn failed_version_is_rolled_back() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_the_service();
    sandbox.deploy().exit_code(0);
    sandbox.call("add_note", json!({"session_id": "it", "note": "kept"}));

    cargo.builds_a_version_that_exits();
    let failed = sandbox.deploy().exit_code(6);
    failed.prints("with exit code 3");
    failed.prints("| this version is broken");
    failed.prints(&format!("the previous version serves again at http://127.0.0.1:{}", sandbox.port));
    assert!(is_running(sandbox.pid()));
    assert_eq!(sandbox.call("get_notes", json!({"session_id": "it"})), json!(["kept"]));
    sandbox.xtask(&["smoke", "--local"]).exit_code(0);

    cargo.fails();
    let running = sandbox.pid();
    sandbox.deploy().exit_code(4).prints("the running deployment was not changed");
    assert!(is_running(running));
}

#[test]
fn failed_first_version_leaves_nothing_running() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_a_version_that_exits();
    let failed = sandbox.deploy().exit_code(7);
    failed.prints("nothing runs: the first deployment failed");
    failed.prints("| this version is broken");
    failed.prints("service.log");
    assert!(!sandbox.home().join("record.json").exists());
}
