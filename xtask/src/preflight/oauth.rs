//! Checks that the tasks can reach the authorization server: their security group lets out port 443 only.

use reqwest::Url;

use super::findings::Findings;
use crate::stack::Variables;

const HTTPS: u16 = 443;

pub(super) fn check(variables: &Variables, findings: &mut Findings) {
    let Some(oauth) = variables.value("oauth") else { return };
    for name in ["issuer", "jwks_url"] {
        let url = oauth[name].as_str().and_then(|url| Some((url, Url::parse(url).ok()?.port_or_known_default()?)));
        // Terraform's validation reports what is not an HTTPS URL.
        if let Some((url, port)) = url.filter(|(url, port)| *port != HTTPS && url.starts_with("https://")) {
            findings.add(
                format!("invalid oauth.{name} {url}: the tasks may connect to port {HTTPS} only, not to {port}"),
                format!("serve the authorization server on port {HTTPS}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_port_443_is_reachable() {
        for (oauth, problems) in [
            (json!({"issuer": "https://id.example.com/realm", "resource": "https://mcp.example.com:8443/mcp"}), 0),
            (json!({"issuer": "https://id.example.com:443/realm"}), 0),
            (json!({"issuer": "https://id.example.com:8443/realm"}), 1),
            (json!({"issuer": "https://[2001:db8::1]:9443", "jwks_url": "https://id.example.com:4443/keys"}), 2),
            (json!(null), 0),
        ] {
            let mut variables = Variables::default();
            variables.set("oauth", oauth.clone());
            let mut findings = Findings::default();
            check(&variables, &mut findings);
            assert_eq!(findings.problems.len(), problems, "{oauth}: {findings:?}");
        }
    }
}
