//! Every input that is kept, without the fuzzer: good ones to begin with, and those that once broke something.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests: a panic is the report")]

use std::{fs, path::Path};

use mcp_stateful_fuzz::TARGETS;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(here().join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The service's own threads, and the fuzzer's, have 8 MiB; a test's has 2, which an unoptimised build takes more than.
fn with_the_service_s_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

#[test]
fn every_seed_holds() {
    for (target, hold) in TARGETS {
        let folder = here().join("seeds").join(target);
        let mut held = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            with_the_service_s_stack(|| hold(&fs::read(&path).unwrap()));
            held += 1;
        }
        assert!(held > 0, "no seed in {}", folder.display());
    }
}

#[test]
fn every_target_has_its_files() {
    let targets = TARGETS.map(|(name, _)| name);
    assert_eq!(names("seeds"), targets);
    assert_eq!(names("targets"), targets);
}
