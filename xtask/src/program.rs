//! The name that a user types to run this program: `cargo xtask` in this repository, `mcp-deploy` where it is
//! installed.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::environment;

/// The name of the installed program.
pub(crate) const INSTALLED: &str = "mcp-deploy";
/// The alias in this repository. All texts name commands by it.
pub(crate) const ALIAS: &str = "cargo xtask";

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Marks this process as the installed program, unless the alias has started it.
pub(crate) fn set_installed() {
    IS_INSTALLED.store(!environment::is_started_by_alias(), Ordering::Relaxed);
}

/// Returns true for the installed program.
pub(crate) fn is_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

/// Returns the name.
pub(crate) fn name() -> &'static str {
    if is_installed() { INSTALLED } else { ALIAS }
}

/// Puts the program's name into a text. Called where texts are printed, so that no message can name another program.
pub(crate) fn named(text: &str) -> Cow<'_, str> {
    if is_installed() && text.contains(ALIAS) { text.replace(ALIAS, INSTALLED).into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;

    #[test]
    fn cargo_install_installs_one_program() {
        let manifest: Table = include_str!("../Cargo.toml").parse().unwrap();
        let default = manifest["features"]["default"].as_array().unwrap();
        let binaries = manifest["bin"].as_array().unwrap();
        let is_installed = |binary: &&toml::Value| {
            let required = binary.get("required-features").and_then(toml::Value::as_array);
            required.is_none_or(|required| required.iter().all(|feature| default.contains(feature)))
        };
        let installed: Vec<&str> =
            binaries.iter().filter(is_installed).filter_map(|binary| binary["name"].as_str()).collect();
        assert_eq!(installed, [INSTALLED]);
    }
}
