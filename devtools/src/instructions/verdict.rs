//! The change of each path since its count was kept, and the tolerance for it.

use super::figures::Figures;
use xtask::{
    columns,
    ui::{self, Tone},
};

/// The permitted change. The same binary varies by up to 2 % from run to run (docs/bench/instructions.md). The rest is
/// for other machines, whose C library may copy memory in other ways.
pub(crate) const TOLERANCE_PERCENT: f64 = 8.0;

/// A path with its kept count and its new one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) path: String,
    kept: Option<u64>,
    now: Option<u64>,
}

/// The change of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    Regressed,
    /// Fewer instructions, which a regression may use up again until the new count is kept.
    Improved,
    /// Counted without a kept count.
    New,
    /// Kept without a new count.
    Gone,
}

/// Compares every path that was kept or counted.
pub(crate) fn compare(kept: &Figures, now: &Figures) -> Vec<Verdict> {
    let gone = kept.paths.iter().filter(|figure| now.get(&figure.path).is_none());
    let paths = now.paths.iter().chain(gone).map(|figure| figure.path.clone());
    paths.map(|path| Verdict { kept: kept.get(&path), now: now.get(&path), path }).collect()
}

impl Verdict {
    pub(crate) fn change(&self) -> Change {
        match (self.kept, self.percent()) {
            (None, _) => Change::New,
            (_, None) => Change::Gone,
            (_, Some(percent)) if percent > TOLERANCE_PERCENT => Change::Regressed,
            (_, Some(percent)) if percent < -TOLERANCE_PERCENT => Change::Improved,
            _ => Change::None,
        }
    }

    /// The increase in percent.
    fn percent(&self) -> Option<f64> {
        Some((self.now? as f64 / self.kept? as f64 - 1.0) * 100.0)
    }

    fn row(&self) -> Vec<String> {
        let word = match self.change() {
            Change::None => ui::paint(Tone::Good, "ok"),
            Change::Regressed => ui::paint(Tone::Bad, "REGRESSED"),
            Change::Improved => ui::paint(Tone::Note, "improved"),
            Change::New => ui::paint(Tone::Bad, "NOT KEPT"),
            Change::Gone => ui::paint(Tone::Bad, "NOT COUNTED"),
        };
        let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
        let percent = self.percent().map_or_else(String::new, |percent| format!("{percent:+.2} %"));
        vec![word, self.path.clone(), count(self.kept), count(self.now), percent]
    }
}

impl Change {
    /// Decides whether the command fails.
    pub(crate) fn fails(self) -> bool {
        matches!(self, Self::Regressed | Self::New | Self::Gone)
    }
}

/// Renders a table.
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

    /// The change of each path, and whether it fails.
    fn changes(kept: &Figures, now: &Figures) -> Vec<(Change, bool)> {
        compare(kept, now).iter().map(Verdict::change).map(|change| (change, change.fails())).collect()
    }

    #[test]
    fn increase_above_tolerance_fails() {
        let kept = figures(&[("a", 100_000), ("b", 100_000), ("c", 100_000), ("d", 100_000)]);
        let now = figures(&[("a", 107_900), ("b", 108_100), ("c", 91_900), ("d", 92_100)]);
        assert_eq!(
            changes(&kept, &now),
            [(Change::None, false), (Change::Regressed, true), (Change::Improved, false), (Change::None, false)]
        );
    }

    #[test]
    fn path_without_kept_or_new_count_fails() {
        let changes = changes(&figures(&[("old", 1)]), &figures(&[("new", 1)]));
        assert_eq!(changes, [(Change::New, true), (Change::Gone, true)]);
    }
}
