//! The flags that make the service's binary static and free of this machine's paths, so that the same source built by the
//! same tools gives the same bytes from any directory.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// What cargo takes between two flags.
const SEPARATOR: &str = "\u{1f}";

/// Where on this machine is what leaves its path in a binary.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) workspace: PathBuf,
    pub(super) target_directory: PathBuf,
    pub(super) cargo_home: PathBuf,
    pub(super) sysroot: PathBuf,
    /// The commit that the compiler was built from: its own paths are named after that.
    pub(super) compiler: String,
}

/// The user's flags, then ours, as cargo takes them in `CARGO_ENCODED_RUSTFLAGS`. That variable replaces `RUSTFLAGS` and
/// the flags in cargo's configuration; of those only the configuration's are left out.
pub(super) fn encode(users: &[OsString], places: &Places, packs_relocations: bool) -> OsString {
    let packed = packs_relocations.then(|| ["-C".into(), "link-arg=-Wl,-z,pack-relative-relocs".into()]);
    let link = ["-C".into(), "target-feature=+crt-static".into()].into_iter().chain(packed.into_iter().flatten());
    let ours = link.chain(remap(places));
    let flags: Vec<OsString> = users.iter().cloned().chain(ours).collect();
    flags.join(SEPARATOR.as_ref())
}

/// The last one that fits is taken, so what lies within another comes after it.
fn remap(places: &Places) -> impl Iterator<Item = OsString> {
    let library = places.sysroot.join("lib").join("rustlib").join("src").join("rust");
    let pairs = [
        (places.workspace.clone(), "/src".to_owned()),
        (places.target_directory.clone(), "/src/target".to_owned()),
        (places.cargo_home.clone(), "/cargo".to_owned()),
        // The standard library's own paths, when its source is installed.
        (library, format!("/rustc/{}", places.compiler)),
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
    fn the_users_flags_come_first_and_are_kept_whole() {
        let places = Places {
            workspace: "/home/me/my work".into(),
            target_directory: "/fast/target".into(),
            cargo_home: "/home/me/.cargo".into(),
            sysroot: "/rust".into(),
            compiler: "123".to_owned(),
        };
        let flags = |packs| -> Vec<String> {
            let encoded = encode(&["-C".into(), "target-cpu=x86-64-v2".into()], &places, packs).into_string().unwrap();
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
