//! The compiler flags that make the service's binary static and free of this machine's paths, so that the same
//! source and tools give the same bytes in any directory.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Cargo's separator between flags.
const SEPARATOR: &str = "\u{1f}";

/// The directories whose paths the compiler would write into a binary.
#[derive(Debug, Clone)]
pub(super) struct BuildPaths {
    pub(super) workspace: PathBuf,
    pub(super) target_directory: PathBuf,
    pub(super) cargo_home: PathBuf,
    pub(super) sysroot: PathBuf,
    /// The commit that the compiler was built from, which is part of the standard library's own paths.
    pub(super) compiler: String,
}

/// Flags that choose instructions by CPU. The tasks have another CPU than this machine.
const CPU_FLAGS: [&str; 3] = ["target-cpu=", "target-feature=", "tune-cpu="];
/// The same for compilers of C.
const CPU_C_FLAGS: [&str; 3] = ["-march=", "-mcpu=", "-mtune="];

/// The user's flags: those that an image is built with, and those that are left out of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct UserFlags {
    pub(super) kept: Vec<OsString>,
    /// Each as it was written, such as `-C target-cpu=native`.
    pub(super) left_out: Vec<String>,
}

impl UserFlags {
    /// Separates the flags for rustc. `-C target-cpu=native` may be one argument or two.
    pub(super) fn new(flags: Vec<OsString>) -> Self {
        let mut separated = Self::default();
        let mut flags = flags.into_iter();
        while let Some(flag) = flags.next() {
            let takes_value = ["-C", "--codegen", "-Z"].iter().any(|name| flag == *name);
            let value = if takes_value { flags.next() } else { None };
            let option = value.as_ref().unwrap_or(&flag).to_string_lossy().into_owned();
            let option = option.trim_start_matches("--codegen=").trim_start_matches("-C").trim_start_matches("-Z");
            if CPU_FLAGS.iter().any(|cpu| option.starts_with(cpu)) {
                let words = [Some(flag), value].into_iter().flatten();
                let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
                separated.left_out.push(words.join(" "));
            } else {
                separated.kept.extend([Some(flag), value].into_iter().flatten());
            }
        }
        separated
    }
}

/// Returns true if a variable such as `CFLAGS` chooses a CPU.
pub(super) fn chooses_cpu(c_flags: &str) -> bool {
    c_flags.split_whitespace().any(|flag| CPU_C_FLAGS.iter().any(|cpu| flag.starts_with(cpu)))
}

/// Encodes the user's flags, then the deployer's, for `CARGO_ENCODED_RUSTFLAGS`.
///
/// The variable replaces `RUSTFLAGS`, which `users` contains, and the flags in cargo's configuration, which are
/// ignored.
pub(super) fn encode(users: &[OsString], paths: &BuildPaths, packs_relocations: bool) -> OsString {
    let packed = packs_relocations.then(|| ["-C".into(), "link-arg=-Wl,-z,pack-relative-relocs".into()]);
    let link = ["-C".into(), "target-feature=+crt-static".into()].into_iter().chain(packed.into_iter().flatten());
    let ours = link.chain(remap(paths));
    let flags: Vec<OsString> = users.iter().cloned().chain(ours).collect();
    flags.join(SEPARATOR.as_ref())
}

/// Maps the paths to neutral ones. The last matching pair wins, so nested directories come after the directories
/// around them.
fn remap(paths: &BuildPaths) -> impl Iterator<Item = OsString> {
    let library = paths.sysroot.join("lib").join("rustlib").join("src").join("rust");
    let pairs = [
        (paths.workspace.clone(), "/src".to_owned()),
        (paths.target_directory.clone(), "/src/target".to_owned()),
        (paths.cargo_home.clone(), "/cargo".to_owned()),
        // The standard library's sources, if they are installed.
        (library, format!("/rustc/{}", paths.compiler)),
    ];
    pairs.into_iter().map(|(from, to)| flag(&from, &to))
}

fn flag(from: &Path, to: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(from);
    flag.push("=");
    flag.push(to);
    flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_for_this_machines_cpu_are_left_out() {
        let separate = |flags: &str| UserFlags::new(flags.split(' ').map(Into::into).collect());
        for (flags, left_out) in [
            ("-C target-cpu=native", "-C target-cpu=native"),
            ("-Ctarget-cpu=native", "-Ctarget-cpu=native"),
            ("--codegen target-feature=+avx2", "--codegen target-feature=+avx2"),
            ("--codegen=target-cpu=native", "--codegen=target-cpu=native"),
            ("-Z tune-cpu=native", "-Z tune-cpu=native"),
        ] {
            let separated = separate(&format!("-C link-arg=-s {flags} --cfg x"));
            assert_eq!(separated.left_out, [left_out]);
            assert_eq!(separated.kept, ["-C", "link-arg=-s", "--cfg", "x"], "{flags}");
        }
        assert!(chooses_cpu("-O2 -march=native") && !chooses_cpu("-O2 -ffile-prefix-map=/a=/b"));
    }

    #[test]
    fn user_flags_come_first() {
        let paths = BuildPaths {
            workspace: "/home/me/my work".into(),
            target_directory: "/fast/target".into(),
            cargo_home: "/home/me/.cargo".into(),
            sysroot: "/rust".into(),
            compiler: "123".to_owned(),
        };
        let flags = |packs| -> Vec<String> {
            let encoded = encode(&["-C".into(), "link-arg=-s".into()], &paths, packs).into_string().unwrap();
            encoded.split('\u{1f}').map(str::to_owned).collect()
        };
        assert_eq!(flags(true)[4..6], ["-C", "link-arg=-Wl,-z,pack-relative-relocs"]);
        assert_eq!(
            flags(false),
            [
                "-C",
                "link-arg=-s",
                "-C",
                "target-feature=+crt-static",
                "--remap-path-prefix=/home/me/my work=/src",
                "--remap-path-prefix=/fast/target=/src/target",
                "--remap-path-prefix=/home/me/.cargo=/cargo",
                "--remap-path-prefix=/rust/lib/rustlib/src/rust=/rustc/123",
            ]
        );
    }
}
