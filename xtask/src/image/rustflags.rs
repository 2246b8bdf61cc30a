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
    fn user_flags_come_first() {
        let paths = BuildPaths {
            workspace: "/home/me/my work".into(),
            target_directory: "/fast/target".into(),
            cargo_home: "/home/me/.cargo".into(),
            sysroot: "/rust".into(),
            compiler: "123".to_owned(),
        };
        let flags = |packs| -> Vec<String> {
            let encoded = encode(&["-C".into(), "target-cpu=x86-64-v2".into()], &paths, packs).into_string().unwrap();
            encoded.split('\u{1f}').map(str::to_owned).collect()
        };
        assert_eq!(flags(true)[4..6], ["-C", "link-arg=-Wl,-z,pack-relative-relocs"]);
        assert_eq!(
            flags(false),
            [
                "-C",
                "target-cpu=x86-64-v2",
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
