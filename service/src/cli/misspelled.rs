//! Suggests the setting that a misspelled variable means. clap does the same for flags.

const PREFIX: &str = "MCP_";

/// Returns the variables that are no setting but resemble one, each with that setting.
///
/// Variables with the prefix that resemble no setting belong to other programs.
pub(super) fn find(variables: impl Iterator<Item = String>, settings: &[String]) -> Vec<(String, String)> {
    let unknown = variables.filter(|name| name.starts_with(PREFIX) && !settings.contains(name));
    unknown.filter_map(|name| nearest(&name, settings).map(|setting| (name, setting.to_owned()))).collect()
}

/// Returns the most similar setting. One typing error in three characters is the limit, the prefix not counted.
fn nearest<'a>(name: &str, settings: &'a [String]) -> Option<&'a str> {
    let distance = |setting: &&String| strsim::osa_distance(name, setting);
    let setting = settings.iter().min_by_key(distance)?;
    let limit = (setting.len() - PREFIX.len()) / 3;
    (distance(&setting) <= limit).then_some(setting.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_settings_get_suggestions() {
        let settings = ["MCP_PORT", "MCP_HOST", "MCP_AUTH_TOKEN", "MCP_AUTH_TOKENS"].map(str::to_owned);
        let found = |name: &str| find([name.to_owned()].into_iter(), &settings).pop().map(|(_, setting)| setting);
        for (name, setting) in [
            ("MCP_PROT", Some("MCP_PORT")),
            ("MCP_HOTS", Some("MCP_HOST")),
            ("MCP_AUTH_TOKN", Some("MCP_AUTH_TOKEN")),
            ("MCP_PORT", None),
            ("MCP_INSPECTOR_URL", None),
            ("PROT", None),
        ] {
            assert_eq!(found(name).as_deref(), setting, "{name}");
        }
    }
}
