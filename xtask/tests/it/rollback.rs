//! A version that does not come up. Cargo is replaced by a script that "builds" what the test laid ready.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::support::{Place, is_running, service_binary};

/// A build that is whatever the test says.
struct Build {
    directory: tempfile::TempDir,
}

impl Build {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::create_dir_all(target.join("debug")).unwrap();
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in metadata) echo '{}';; build) test ! -e {};; esac\n",
            json!({"target_directory": target}),
            directory.path().join("broken").display()
        );
        write_executable(&directory.path().join("cargo"), &script);
        Self { directory }
    }

    fn cargo(&self) -> PathBuf {
        self.directory.path().join("cargo")
    }

    fn result(&self) -> PathBuf {
        self.directory.path().join("target").join("debug").join("mcp-stateful")
    }

    fn is_the_service(&self) {
        fs::copy(service_binary(), self.result()).unwrap();
    }

    fn is_a_version_that_ends_at_once(&self) {
        drop(fs::remove_file(self.result()));
        write_executable(&self.result(), "#!/bin/sh\necho 'this version is broken' >&2\nexit 3\n");
    }

    fn does_not_compile(&self) {
        fs::write(self.directory.path().join("broken"), "").unwrap();
    }
}

fn write_executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_version_that_does_not_come_up_is_taken_back() {
    let build = Build::new();
    let place = Place::new().with_cargo(&build.cargo());
    build.is_the_service();
    place.deploy().exit_code(0);
    place.call("add_note", json!({"session_id": "it", "note": "kept"}));

    build.is_a_version_that_ends_at_once();
    let failed = place.deploy().exit_code(6);
    failed.says("with exit code 3");
    failed.says("| this version is broken");
    failed.says(&format!("the previous version serves again at http://127.0.0.1:{}", place.port));
    assert!(is_running(place.pid()));
    assert_eq!(place.call("get_notes", json!({"session_id": "it"})), json!(["kept"]));
    place.xtask(&["smoke", "--local"]).exit_code(0);

    build.does_not_compile();
    let running = place.pid();
    place.deploy().exit_code(4).says("what runs was left alone");
    assert!(is_running(running));
}

#[test]
fn a_first_version_that_does_not_come_up_leaves_nothing_running() {
    let build = Build::new();
    let place = Place::new().with_cargo(&build.cargo());
    build.is_a_version_that_ends_at_once();
    let failed = place.deploy().exit_code(7);
    failed.says("nothing runs: the first deployment failed");
    failed.says("| this version is broken");
    failed.says("service.log");
    assert!(!place.home().join("record.json").exists());
}
