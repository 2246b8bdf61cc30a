//! Finds a toolchain on this host that builds a static Linux binary without an engine.

use std::path::Path;

use super::Architecture;
use crate::{
    problem::Problem,
    process::{self, CommandLine},
};

/// A toolchain that builds a static binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The target triple.
    pub target: String,
    /// The C compiler for that target, where it is not the host's.
    pub compiler: Option<Compiler>,
    /// Zig compiles C code and links.
    pub zig: bool,
    /// The linked C library can read packed relocations, which save a megabyte of a task's memory.
    pub packs_relocations: bool,
}

/// A C compiler that targets musl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    pub program: String,
    /// It links as well.
    pub links: bool,
}

/// The host's tools.
#[derive(Debug, Clone, Default)]
struct Found {
    /// The host's target triple, as rustc reports it.
    host: String,
    musl_target: bool,
    musl_compiler: Option<Compiler>,
    zig: bool,
    /// The host's C library can be linked statically.
    static_glibc: bool,
    /// The version of the host's C library.
    glibc: Option<(u32, u32)>,
}

/// The first glibc that reads packed relocations (`DT_RELR`). Its distributions have a linker that writes them: LLD
/// 15 or GNU ld 2.38.
const PACKED_RELOCATIONS: (u32, u32) = (2, 36);

/// Returns the best toolchain of this host for a workspace, or a problem that lists what to install.
pub fn find(architecture: Architecture, directory: &Path) -> Result<Toolchain, Problem> {
    choose(&probe(architecture, directory), architecture)
}

fn probe(architecture: Architecture, directory: &Path) -> Found {
    let host = host(directory).unwrap_or_default();
    let musl_target = is_installed(directory, &architecture.musl());
    Found {
        musl_target,
        musl_compiler: if musl_target { musl_compiler(&host, architecture) } else { None },
        zig: musl_target && runs(&CommandLine::new("cargo-zigbuild").args(["zig", "version"])),
        static_glibc: host == architecture.gnu() && is_installed(directory, &host) && has_static_glibc(),
        glibc: output(&CommandLine::new("getconf").arg("GNU_LIBC_VERSION")).and_then(|text| glibc_version(&text)),
        host,
    }
}

fn choose(found: &Found, architecture: Architecture) -> Result<Toolchain, Problem> {
    let musl = architecture.musl();
    let toolchain = |target| Toolchain { target, compiler: None, zig: false, packs_relocations: false };
    if found.musl_target && found.host == musl {
        return Ok(toolchain(musl));
    }
    if let (true, Some(compiler)) = (found.musl_target, &found.musl_compiler) {
        return Ok(Toolchain { compiler: Some(compiler.clone()), ..toolchain(musl) });
    }
    if found.musl_target && found.zig {
        return Ok(Toolchain { zig: true, ..toolchain(musl) });
    }
    if found.static_glibc {
        let packs_relocations = found.glibc.is_some_and(|version| version >= PACKED_RELOCATIONS);
        return Ok(Toolchain { packs_relocations, ..toolchain(architecture.gnu()) });
    }
    Err(missing(found, architecture))
}

fn missing(found: &Found, architecture: Architecture) -> Problem {
    let message = format!("this machine cannot build a static Linux binary for {}", architecture.oci());
    let musl = architecture.musl();
    if found.host.is_empty() {
        return Problem::new(message, "install Rust with rustup; `rustc -vV` failed");
    }
    let mut hints = Vec::new();
    if !found.musl_target {
        hints.push(format!("run `rustup target add {musl}`"));
    }
    hints.push(
        "run `cargo install cargo-zigbuild` and install zig (`pip install ziglang`, or from ziglang.org)".to_owned(),
    );
    let mut hint = hints.join(", then ");
    if found.host == architecture.gnu() {
        hint += "; or install the static C library (libc6-dev on Debian, glibc-static on Fedora)";
    }
    Problem::new(message, hint + "; or start docker, which needs none of this for its own architecture")
}

/// Returns the target triple of the host.
fn host(directory: &Path) -> Option<String> {
    verbose_version(directory)?.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
}

/// Returns the commit that rustc was built from. `None` for the rustc of a Linux distribution.
pub(super) fn compiler_commit(directory: &Path) -> Option<String> {
    verbose_version(directory)?.lines().find_map(|line| line.strip_prefix("commit-hash: ").map(str::to_owned))
}

/// Returns the directory of rustc and its libraries.
pub(super) fn sysroot(directory: &Path) -> Option<String> {
    output(&rustc(directory, ["--print", "sysroot"]))
}

fn verbose_version(directory: &Path) -> Option<String> {
    output(&rustc(directory, ["-vV"]))
}

/// Checks that the target's libraries exist, because rustc prints their directory in either case.
fn is_installed(directory: &Path, target: &str) -> bool {
    let libraries = output(&rustc(directory, ["--print", "target-libdir", "--target", target]));
    libraries.is_some_and(|directory| Path::new(&directory).is_dir())
}

/// Finds a C compiler for musl.
///
/// On Linux of the same architecture it is a wrapper around the host's compiler, which must not link: it ignores
/// the request for a static binary. Elsewhere it is a cross compiler, which has to link, because the host's linker
/// does not know Linux.
fn musl_compiler(host: &str, architecture: Architecture) -> Option<Compiler> {
    let native = host == architecture.gnu();
    let cross = format!("{}-linux-musl-gcc", architecture.rust());
    let candidates = [Some(cross), native.then(|| "musl-gcc".to_owned())];
    let program = candidates.into_iter().flatten().find(|program| runs(&CommandLine::new(program).arg("--version")))?;
    Some(Compiler { program, links: !native })
}

/// Asks the host's compiler, which prints a path for a library that it has and the bare name for one that it lacks.
fn has_static_glibc() -> bool {
    let path = output(&CommandLine::new("cc").arg("-print-file-name=libc.a"));
    path.is_some_and(|path| Path::new(&path).is_absolute())
}

/// Parses a version as in `glibc 2.36`.
fn glibc_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Runs rustc in a workspace, where `rust-toolchain.toml` chooses the toolchain.
fn rustc<const N: usize>(directory: &Path, args: [&str; N]) -> CommandLine {
    CommandLine::new("rustc").args(args).directory(directory)
}

fn runs(line: &CommandLine) -> bool {
    output(line).is_some()
}

/// Returns the trimmed output of a command, if it succeeds.
fn output(line: &CommandLine) -> Option<String> {
    let output = process::capture(line).ok()?;
    output.success.then(|| output.stdout.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found { host: "x86_64-unknown-linux-gnu".to_owned(), ..Found::default() }
    }

    fn chosen(found: &Found) -> (String, bool) {
        let toolchain = choose(found, Architecture::X86_64).unwrap();
        (toolchain.target, toolchain.zig)
    }

    #[test]
    fn musl_precedes_zig_and_zig_precedes_glibc() {
        let all = Found {
            musl_target: true,
            musl_compiler: Some(Compiler { program: "musl-gcc".to_owned(), links: false }),
            zig: true,
            static_glibc: true,
            ..found()
        };
        assert_eq!(chosen(&all), ("x86_64-unknown-linux-musl".to_owned(), false));
        let no_compiler = Found { musl_compiler: None, ..all };
        assert_eq!(chosen(&no_compiler), ("x86_64-unknown-linux-musl".to_owned(), true));
        let no_zig = Found { zig: false, ..no_compiler };
        assert_eq!(chosen(&no_zig), ("x86_64-unknown-linux-gnu".to_owned(), false));
    }

    #[test]
    fn relocations_are_packed_from_glibc_2_36() {
        let packs = |version: &str| {
            let found = Found { static_glibc: true, glibc: glibc_version(version), ..found() };
            choose(&found, Architecture::X86_64).unwrap().packs_relocations
        };
        assert!(packs("glibc 2.36") && packs("glibc 3.0"));
        assert!(!packs("glibc 2.35") && !packs("glibc 2.9") && !packs("musl 1.2"));
    }

    #[test]
    fn musl_host_needs_no_compiler() {
        let alpine = Found { host: Architecture::X86_64.musl(), musl_target: true, ..Found::default() };
        assert_eq!(choose(&alpine, Architecture::X86_64).unwrap().compiler, None);
        assert!(choose(&alpine, Architecture::Arm64).is_err());
    }

    #[test]
    fn problem_lists_what_to_install() {
        let problem = choose(&found(), Architecture::Arm64).unwrap_err();
        assert!(problem.what.contains("arm64"), "{}", problem.what);
        assert!(problem.fix.contains("rustup target add aarch64-unknown-linux-musl"), "{}", problem.fix);
        assert!(!problem.fix.contains("libc6-dev"), "{}", problem.fix);
        let has_target = Found { musl_target: true, ..found() };
        let problem = choose(&has_target, Architecture::X86_64).unwrap_err();
        assert!(!problem.fix.contains("rustup target add"), "{}", problem.fix);
        assert!(problem.fix.contains("cargo-zigbuild") && problem.fix.contains("libc6-dev"), "{}", problem.fix);
    }
}
