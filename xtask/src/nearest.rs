//! Suggests the known name that is nearest to one that was mistyped.

/// Names less alike than this are no help as a suggestion.
const SIMILAR: f64 = 0.8;

/// Returns the candidate that is most like `name`, if one is similar enough. A transposed or missing letter is.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 >= SIMILAR).then_some(best.1)
}

/// Returns the hint for an unknown name: the nearest one, or else the list of all.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, candidates.clone()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("use one of: {}", Vec::from_iter(candidates).join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["fargate_cpu", "fargate_memory", "desired_count"];

    #[test]
    fn mistyped_name_finds_its_neighbour() {
        assert_eq!(nearest("fargate_memroy", NAMES), Some("fargate_memory"));
        assert_eq!(nearest("desired", NAMES), Some("desired_count"));
        assert_eq!(nearest("zzz", NAMES), None);
    }

    #[test]
    fn hint_lists_names_when_none_is_near() {
        assert_eq!(hint("fargate_cpus", NAMES), "did you mean `fargate_cpu`?");
        assert_eq!(hint("zzz", NAMES), "use one of: fargate_cpu, fargate_memory, desired_count");
    }
}
