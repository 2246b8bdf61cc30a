//! `examples/own-tools` as a program: a server with tools of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    time::SystemTime,
};

/// Returns the program's path. Builds it unless cargo has, which builds no example for a single test target.
pub(crate) fn own_tools() -> &'static Path {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(build);
    &BUILT
}

fn build() -> PathBuf {
    // The test binary is target/<profile>/deps/it-….
    let profile = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let program = profile.join("examples").join(format!("own-tools{}", std::env::consts::EXE_SUFFIX));
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "examples/own-tools"].map(|folder| newest(&package.join(folder)));
    let built = fs::metadata(&program).and_then(|program| program.modified());
    if built.is_ok_and(|built| sources.into_iter().all(|source| source <= built)) {
        return program;
    }
    let name = profile.file_name().unwrap().to_string_lossy().replace("debug", "dev");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "mcp-stateful",
            "--example",
            "own-tools",
            "--profile",
            &name,
        ])
        .current_dir(package)
        .status();
    assert!(status.unwrap().success(), "the example own-tools does not build");
    program
}

/// Returns the time of the last change to a file below a folder.
fn newest(path: &Path) -> SystemTime {
    let metadata = fs::metadata(path).unwrap();
    if metadata.is_file() {
        return metadata.modified().unwrap();
    }
    let entries = fs::read_dir(path).unwrap();
    entries.map(|entry| newest(&entry.unwrap().path())).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
