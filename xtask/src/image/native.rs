//! Builds the service as a static binary with cargo alone.

use std::ffi::OsString;

use super::{
    rustflags::{self, BuildPaths, UserFlags},
    toolchain::{self, Toolchain},
};
use crate::{environment, process::CommandLine, source::Source};

/// Returns the command line that builds a server for a toolchain.
pub fn build(source: &Source, toolchain: &Toolchain) -> CommandLine {
    let paths = BuildPaths {
        workspace: source.root().to_owned(),
        target_directory: source.target_directory().to_owned(),
        cargo_home: environment::cargo_home(),
        sysroot: toolchain::sysroot(source.root()).unwrap_or_default().into(),
        compiler: toolchain::compiler_commit(source.root()).unwrap_or_default(),
    };
    let flags = UserFlags::new(environment::rustflags());
    line(source, toolchain, rustflags::encode(&flags.kept, &paths, toolchain.packs_relocations))
        .without_env(c_flags_for_a_cpu().map(|(name, _)| name))
}

/// Describes how the variables of the caller change what [`build`] makes. `None` if they do not.
///
/// Flags that choose instructions are left out, because a task's CPU may lack them.
pub(crate) fn flags() -> Option<String> {
    let rust = UserFlags::new(environment::rustflags());
    let c = c_flags_for_a_cpu().map(|(name, value)| format!("{}={value}", name.to_string_lossy()));
    let left_out: Vec<String> = rust.left_out.into_iter().chain(c).collect();
    let kept: Vec<_> = rust.kept.iter().map(|flag| flag.to_string_lossy()).collect();
    let kept = (!kept.is_empty()).then(|| kept.join(" "));
    let profile = environment::names_with_prefix("CARGO_PROFILE_RELEASE_");
    let profile = profile.iter().map(|name| name.to_string_lossy().into_owned());
    describe(&left_out, &kept.into_iter().chain(profile).collect::<Vec<_>>())
}

fn describe(left_out: &[String], applied: &[String]) -> Option<String> {
    let left_out = (!left_out.is_empty())
        .then(|| format!("without {}, because a task has another CPU than this machine", left_out.join(", ")));
    let applied = (!applied.is_empty()).then(|| format!("with {} of the environment", applied.join(", ")));
    let parts: Vec<String> = left_out.into_iter().chain(applied).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn c_flags_for_a_cpu() -> impl Iterator<Item = (OsString, String)> {
    environment::c_flags().into_iter().filter(|(_, value)| rustflags::chooses_cpu(value))
}

fn line(source: &Source, toolchain: &Toolchain, flags: OsString) -> CommandLine {
    let command = if toolchain.zig { "zigbuild" } else { "build" };
    // Without the embedded store, because a task's disk is deleted with the task. With `--target`, because only
    // then does cargo keep crt-static away from build scripts.
    let line = source.cargo([command, "--release", "--locked"]).args(source.image_args()).arg("--target");
    let mut line = line.arg(&toolchain.target).env("CARGO_ENCODED_RUSTFLAGS", flags);
    if let Some(compiler) = &toolchain.compiler {
        let target = toolchain.target.replace('-', "_");
        if compiler.links {
            line = line.env(format!("CARGO_TARGET_{}_LINKER", target.to_uppercase()), &compiler.program);
        }
        line = line.env(format!("CC_{target}"), &compiler.program);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::toolchain::Compiler;

    fn toolchain(target: &str) -> Toolchain {
        Toolchain { target: target.to_owned(), compiler: None, zig: false, packs_relocations: false }
    }

    #[test]
    fn arguments_follow_the_toolchain() {
        let source = Source::of_checkout().unwrap();
        let line = |toolchain: &Toolchain| line(&source, toolchain, "x".into());
        let gnu = toolchain("x86_64-unknown-linux-gnu");
        let expected =
            " build --release --locked --package mcp-stateful --no-default-features --target x86_64-unknown-linux-gnu";
        assert!(line(&gnu).to_string().ends_with(expected));
        assert_eq!(line(&gnu).value_of("CARGO_ENCODED_RUSTFLAGS"), Some("x".as_ref()));
        let zig = Toolchain { zig: true, ..toolchain("aarch64-unknown-linux-musl") };
        assert!(line(&zig).to_string().contains(" zigbuild --release "));
    }

    #[test]
    fn cross_compiler_links_and_musl_gcc_does_not() {
        let musl = |links| Toolchain {
            compiler: Some(Compiler { program: "some-gcc".to_owned(), links }),
            ..toolchain("aarch64-unknown-linux-musl")
        };
        let source = Source::of_checkout().unwrap();
        let line = |toolchain: &Toolchain| line(&source, toolchain, "x".into());
        let linker = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER";
        let cross = line(&musl(true));
        assert_eq!(cross.value_of(linker), Some("some-gcc".as_ref()));
        assert_eq!(cross.value_of("CC_aarch64_unknown_linux_musl"), Some("some-gcc".as_ref()));
        assert_eq!(line(&musl(false)).value_of(linker), None);
    }

    #[test]
    fn flags_of_the_environment_are_described() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let both = describe(&words(&["-C target-cpu=native"]), &words(&["-C link-arg=-s"])).unwrap();
        assert!(
            both.starts_with("without -C target-cpu=native, ") && both.contains("; with -C link-arg=-s of"),
            "{both}"
        );
        assert_eq!(describe(&[], &[]), None);
    }
}
