//! The measurable part of `docs/STYLE.md`, held by the step `style`: the violations of each rule are counted, and the
//! counts in `devtools/style.json` may only fall. Reads lines of text, and so misses a violation rather than parse
//! Rust.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, anyhow};

use crate::sources::{self, Source};
use xtask::{cargo, environment, error::ErrorExt, ui};

/// Words that a doc comment must not begin with: they make a clause, where a verb or a noun is expected.
const HEADLESS: [&str; 9] = ["What", "Whether", "How", "Who", "Whose", "Where", "Which", "Whom", "That"];
/// Words that hide an actor, or stand for a verb of the field.
const VAGUE: [&str; 7] = ["told", "tells", "nobody", "somebody", "everybody", "whoever", "whom"];
/// The file that lists the words themselves.
const THIS_FILE: &str = "devtools/src/style.rs";

const RULES: [(&str, &str); 4] = [
    ("headless", "a doc comment begins with a verb or a noun"),
    ("is no", "a message reads `invalid X: expected …`"),
    ("vague", "name the actor, and report instead of telling"),
    ("wide", "a comment is as wide as rustfmt.toml permits"),
];

/// A line that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    rule: &'static str,
    place: String,
    line: String,
}

/// Fails if a rule has more violations than are kept. A lower count replaces the kept one, except in CI.
pub(crate) fn check() -> anyhow::Result<()> {
    let file = cargo::workspace_root().join("devtools").join("style.json");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let kept: BTreeMap<String, usize> =
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", file.display()))?;
    let width = max_width()?;
    let found: Vec<Violation> = sources::read_all()?.iter().flat_map(|source| violations(source, width)).collect();
    let counts: BTreeMap<String, usize> =
        RULES.map(|(rule, _)| (rule.to_owned(), found.iter().filter(|one| one.rule == rule).count())).into();
    let limit = |rule: &str| kept.get(rule).copied().unwrap_or(0);
    let exceeded: Vec<(&str, &str)> = RULES.into_iter().filter(|(rule, _)| counts[*rule] > limit(rule)).collect();
    for (rule, meaning) in &exceeded {
        ui::result(&format!("{rule}: {meaning}; {} lines, of which {} are kept", counts[*rule], limit(rule)));
        for Violation { place, line, .. } in found.iter().filter(|one| one.rule == *rule) {
            ui::result(&format!("  {place}  {line}"));
        }
    }
    if !exceeded.is_empty() {
        let names: Vec<&str> = exceeded.iter().map(|(rule, _)| *rule).collect();
        return Err(anyhow!("new lines break docs/STYLE.md: {}", names.join(", ")))
            .hint("rewrite the lines listed above that this change adds");
    }
    if counts != kept && !environment::is_ci() {
        let text = serde_json::to_string_pretty(&counts).context("cannot serialize the counts")? + "\n";
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        ui::warning("devtools/style.json now has lower counts; commit it");
    }
    Ok(())
}

fn violations(source: &Source, width: usize) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut in_doc = false;
    for (number, line) in source.text.lines().enumerate() {
        let text = line.trim();
        let mut add = |rule| {
            let place = format!("{}:{}", source.path, number + 1);
            found.push(Violation { rule, place, line: text.to_owned() });
        };
        let doc = text.strip_prefix("///").or_else(|| text.strip_prefix("//!")).map(str::trim);
        if doc.is_some_and(|doc| !in_doc && HEADLESS.contains(&doc.split([' ', ',']).next().unwrap_or_default())) {
            add("headless");
        }
        in_doc = doc.is_some_and(|doc| !doc.is_empty());
        let is_comment = text.starts_with("//");
        if is_comment && line.chars().count() > width {
            add("wide");
        }
        if !is_comment && is_no_message(text) {
            add("is no");
        }
        let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
        if source.path != THIS_FILE && words.into_iter().any(|word| VAGUE.contains(&word.to_lowercase().as_str())) {
            add("vague");
        }
    }
    found
}

/// Finds `is no` inside the quotes of a line, but not `is no longer`.
fn is_no_message(text: &str) -> bool {
    let literals = text.split('"').skip(1).step_by(2);
    literals.into_iter().any(|literal| literal.contains(" is no ") && !literal.contains(" is no longer "))
}

fn max_width() -> anyhow::Result<usize> {
    let file: PathBuf = cargo::workspace_root().join("rustfmt.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let value = text.lines().find_map(|line| line.strip_prefix("max_width = "));
    value.and_then(|value| value.parse().ok()).with_context(|| format!("{} has no max_width", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let source = Source { path: "x.rs".to_owned(), text: text.to_owned() };
        violations(&source, 60).iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn headless_paragraphs_are_found_at_their_start() {
        assert_eq!(rules("/// Whether it works.\n/// What follows is a clause.\nfn f() {}"), ["headless"]);
        assert_eq!(rules("//! A module.\n//!\n//! Who may use it."), ["headless"]);
        assert!(rules("/// Returns a value.\n// What a plain comment says is not measured.").is_empty());
    }

    #[test]
    fn messages_are_strings_only() {
        assert_eq!(rules(r#"bail!("{x} is no number");"#), ["is no"]);
        assert!(rules("// there is no number\nlet x = \"it is no longer here\";").is_empty());
    }

    #[test]
    fn words_match_whole_and_in_any_case() {
        assert_eq!(rules("// Nobody listens."), ["vague"]);
        assert!(rules("fn untold() {}").is_empty());
    }

    #[test]
    fn comments_are_measured_in_characters() {
        assert_eq!(rules(&format!("// {}", "ä".repeat(58))), ["wide"]);
        assert!(rules(&format!("// {}", "ä".repeat(57))).is_empty());
    }
}
