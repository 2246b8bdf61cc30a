//! Checks every kept input without the fuzzer: valid ones to start from, and those that once violated a property.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test panics to fail")]

use std::{fs, path::Path};

use mcp_stateful_fuzz::TARGETS;

fn package_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(package_dir().join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Runs `work` on a stack of 8 MiB, as the service and the fuzzer have. An unoptimised build needs more than
/// a test's 2 MiB.
fn with_service_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

#[test]
fn every_seed_passes() {
    for (target, check) in TARGETS {
        let folder = package_dir().join("seeds").join(target);
        let mut checked = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            with_service_stack(|| check(&fs::read(&path).unwrap()));
            checked += 1;
        }
        assert!(checked > 0, "no seed in {}", folder.display());
    }
}

#[test]
fn every_target_has_its_files() {
    let targets = TARGETS.map(|(name, _)| name);
    assert_eq!(names("seeds"), targets);
    assert_eq!(names("targets"), targets);
}
