//! Checks that the package can be built into an image that names its source.

use crate::{problem::Problem, source::Source};

pub(super) fn problems(source: &Source) -> Option<Problem> {
    let what =
        || format!("{} has no Cargo.lock, so another build could have other dependencies", source.root().display());
    (!source.is_locked()).then(|| Problem::new(what(), "run `cargo generate-lockfile` and commit the file"))
}
