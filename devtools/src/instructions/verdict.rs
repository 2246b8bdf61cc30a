//! What has become of each path since its figure was kept, and whether that may be.

use super::figures::Figures;
use xtask::{
    columns,
    ui::{self, Tone},
};

/// What a path may differ. The same binary differs by up to 2 % from run to run (docs/bench/instructions.md); the rest is for
/// other machines, whose C library may copy memory in other ways.
pub(crate) const TOLERANCE_PERCENT: f64 = 8.0;

/// A path, then and now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) path: String,
    kept: Option<u64>,
    now: Option<u64>,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    Dearer,
    /// Nothing is wrong with it, but what is gained is not guarded until it is kept.
    Cheaper,
    /// Counted, and not kept.
    New,
    /// Kept, and not counted any more.
    Gone,
}

/// Every path that is kept or was counted now.
pub(crate) fn judge(kept: &Figures, now: &Figures) -> Vec<Verdict> {
    let gone = kept.paths.iter().filter(|figure| now.of(&figure.path).is_none());
    let paths = now.paths.iter().chain(gone).map(|figure| figure.path.clone());
    paths.map(|path| Verdict { kept: kept.of(&path), now: now.of(&path), path }).collect()
}

impl Verdict {
    pub(crate) fn change(&self) -> Change {
        match (self.kept, self.percent()) {
            (None, _) => Change::New,
            (_, None) => Change::Gone,
            (_, Some(percent)) if percent > TOLERANCE_PERCENT => Change::Dearer,
            (_, Some(percent)) if percent < -TOLERANCE_PERCENT => Change::Cheaper,
            _ => Change::None,
        }
    }

    /// More than before, in percent.
    fn percent(&self) -> Option<f64> {
        Some((self.now? as f64 / self.kept? as f64 - 1.0) * 100.0)
    }

    fn row(&self) -> Vec<String> {
        let word = match self.change() {
            Change::None => ui::paint(Tone::Good, "ok"),
            Change::Dearer => ui::paint(Tone::Bad, "DEARER"),
            Change::Cheaper => ui::paint(Tone::Note, "cheaper"),
            Change::New => ui::paint(Tone::Bad, "NOT KEPT"),
            Change::Gone => ui::paint(Tone::Bad, "NOT COUNTED"),
        };
        let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
        let percent = self.percent().map_or_else(String::new, |percent| format!("{percent:+.2} %"));
        vec![word, self.path.clone(), count(self.kept), count(self.now), percent]
    }
}

impl Change {
    /// Whether it fails the guard.
    pub(crate) fn fails(self) -> bool {
        matches!(self, Self::Dearer | Self::New | Self::Gone)
    }
}

/// For people.
pub(crate) fn render(verdicts: &[Verdict]) -> String {
    let head = ["", "instructions per request", "kept", "now", "change"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = [head].into_iter().chain(verdicts.iter().map(Verdict::row)).collect();
    columns::render(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instructions::figures::Figure;

    fn figures(paths: &[(&str, u64)]) -> Figures {
        let figure =
            |(path, count): &(&str, u64)| Figure { path: (*path).to_owned(), instructions_per_request: *count };
        Figures { build: String::new(), tools: Vec::new(), paths: paths.iter().map(figure).collect() }
    }

    /// What became of each path, and whether that fails.
    fn changes(kept: &Figures, now: &Figures) -> Vec<(Change, bool)> {
        judge(kept, now).iter().map(Verdict::change).map(|change| (change, change.fails())).collect()
    }

    #[test]
    fn more_than_the_tolerance_above_fails_and_below_is_told() {
        let kept = figures(&[("a", 100_000), ("b", 100_000), ("c", 100_000), ("d", 100_000)]);
        let now = figures(&[("a", 107_900), ("b", 108_100), ("c", 91_900), ("d", 92_100)]);
        assert_eq!(
            changes(&kept, &now),
            [(Change::None, false), (Change::Dearer, true), (Change::Cheaper, false), (Change::None, false)]
        );
    }

    #[test]
    fn a_path_that_is_not_kept_or_not_counted_does_not_pass_for_one_that_is() {
        let changes = changes(&figures(&[("old", 1)]), &figures(&[("new", 1)]));
        assert_eq!(changes, [(Change::New, true), (Change::Gone, true)]);
    }
}
