//! What this host can make a static Linux binary with, without an engine.

use std::path::Path;

use super::Architecture;
use crate::{
    cargo::workspace_root,
    problem::Problem,
    process::{self, CommandLine},
};

/// A way to a static binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The target triple.
    pub target: String,
    /// The C compiler for that target, where it is not the host's.
    pub compiler: Option<Compiler>,
    /// Whether zig compiles C and links.
    pub zig: bool,
    /// Whether the C library that is linked can read packed relocations, which take a megabyte less of a task's memory.
    pub packs_relocations: bool,
}

/// A C compiler that makes programs for musl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    pub program: String,
    /// Whether it is to link as well.
    pub links: bool,
}

/// What was found on the host.
#[derive(Debug, Clone, Default)]
struct Found {
    /// The compiler's own target triple.
    host: String,
    musl_target: bool,
    musl_compiler: Option<Compiler>,
    zig: bool,
    /// Whether the C library of the host can be linked statically.
    static_glibc: bool,
    /// Its version.
    glibc: Option<(u32, u32)>,
}

/// The first glibc that reads packed relocations (`DT_RELR`). What has it has a linker that writes them, too: LLD 15, GNU ld 2.38.
const PACKED_RELOCATIONS: (u32, u32) = (2, 36);

/// The best way that this host has.
pub fn find(architecture: Architecture) -> Result<Toolchain, Problem> {
    choose(&look(architecture), architecture)
}

fn look(architecture: Architecture) -> Found {
    let host = host().unwrap_or_default();
    let musl_target = is_installed(&architecture.musl());
    Found {
        musl_target,
        musl_compiler: if musl_target { musl_compiler(&host, architecture) } else { None },
        zig: musl_target && answers(&CommandLine::new("cargo-zigbuild").args(["zig", "version"])),
        static_glibc: host == architecture.gnu() && is_installed(&host) && has_static_glibc(),
        glibc: said(&CommandLine::new("getconf").arg("GNU_LIBC_VERSION")).and_then(|said| glibc_version(&said)),
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
    Err(lacking(found, architecture))
}

fn lacking(found: &Found, architecture: Architecture) -> Problem {
    let what = format!("this machine cannot build a static Linux binary for {}", architecture.oci());
    let musl = architecture.musl();
    if found.host.is_empty() {
        return Problem::new(what, "install Rust with rustup: rustc does not answer");
    }
    let mut fixes = Vec::new();
    if !found.musl_target {
        fixes.push(format!("run `rustup target add {musl}`"));
    }
    fixes.push(
        "run `cargo install cargo-zigbuild` and install zig (`pip install ziglang`, or from ziglang.org)".to_owned(),
    );
    let mut fix = fixes.join(", then ");
    if found.host == architecture.gnu() {
        fix += "; or install the C library's static half (libc6-dev on Debian, glibc-static on Fedora)";
    }
    Problem::new(what, fix + "; or start docker, which needs nothing of this for its own architecture")
}

/// The triple that rustc runs on.
fn host() -> Option<String> {
    verbose_version()?.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
}

/// The commit that rustc was built from; nothing, where a distribution built it.
pub(super) fn compiler_commit() -> Option<String> {
    verbose_version()?.lines().find_map(|line| line.strip_prefix("commit-hash: ").map(str::to_owned))
}

/// Where rustc's libraries are.
pub(super) fn sysroot() -> Option<String> {
    said(&rustc(["--print", "sysroot"]))
}

fn verbose_version() -> Option<String> {
    said(&rustc(["-vV"]))
}

/// rustc says where a target's libraries would be, whether they are there or not.
fn is_installed(target: &str) -> bool {
    let directory = said(&rustc(["--print", "target-libdir", "--target", target]));
    directory.is_some_and(|directory| Path::new(&directory).is_dir())
}

/// On Linux of the same architecture either name is a wrapper around the host's own compiler, which must not link: it takes no
/// notice of being asked for a static program. Elsewhere it is a cross compiler, and the host's linker knows no Linux.
fn musl_compiler(host: &str, architecture: Architecture) -> Option<Compiler> {
    let native = host == architecture.gnu();
    let cross = format!("{}-linux-musl-gcc", architecture.rust());
    let candidates = [Some(cross), native.then(|| "musl-gcc".to_owned())];
    let program =
        candidates.into_iter().flatten().find(|program| answers(&CommandLine::new(program).arg("--version")))?;
    Some(Compiler { program, links: !native })
}

/// The host's compiler prints a path for what it has, and the bare name for what it has not.
fn has_static_glibc() -> bool {
    let path = said(&CommandLine::new("cc").arg("-print-file-name=libc.a"));
    path.is_some_and(|path| Path::new(&path).is_absolute())
}

/// In `glibc 2.36`.
fn glibc_version(said: &str) -> Option<(u32, u32)> {
    let (major, minor) = said.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// In the workspace, where `rust-toolchain.toml` chooses the toolchain.
fn rustc<const N: usize>(args: [&str; N]) -> CommandLine {
    CommandLine::new("rustc").args(args).directory(workspace_root())
}

fn answers(line: &CommandLine) -> bool {
    said(line).is_some()
}

fn said(line: &CommandLine) -> Option<String> {
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
    fn musl_comes_before_zig_and_zig_before_glibc() {
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
    fn relocations_are_packed_only_for_a_glibc_that_reads_them() {
        let packs = |said: &str| {
            let found = Found { static_glibc: true, glibc: glibc_version(said), ..found() };
            choose(&found, Architecture::X86_64).unwrap().packs_relocations
        };
        assert!(packs("glibc 2.36") && packs("glibc 3.0"));
        assert!(!packs("glibc 2.35") && !packs("glibc 2.9") && !packs("musl 1.2"));
    }

    #[test]
    fn a_musl_host_needs_nothing_but_itself() {
        let alpine = Found { host: Architecture::X86_64.musl(), musl_target: true, ..Found::default() };
        assert_eq!(choose(&alpine, Architecture::X86_64).unwrap().compiler, None);
        assert!(choose(&alpine, Architecture::Arm64).is_err());
    }

    #[test]
    fn who_can_do_nothing_learns_what_to_install_for_the_architecture() {
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
