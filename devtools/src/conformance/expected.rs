//! The checks that are expected to fail, each with its reason: the complete list of deviations from MCP.

use super::suite::Subject;

/// A check that is expected to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) subject: Subject,
    pub(crate) version: &'static str,
    pub(crate) scenario: &'static str,
    pub(crate) check: &'static str,
    pub(crate) reason: &'static str,
}

/// Every check that is expected to fail.
pub(crate) const EXPECTED: &[Expected] = &[
    unlisted_tool("sep-2575-server-rejects-undeclared-capability"),
    unlisted_tool("sep-2575-missing-capability-http-400"),
    unlisted_tool("sep-2575-http-server-no-independent-requests-on-stream"),
    unlisted_tool("sep-2575-server-no-log-without-loglevel"),
    only_tools("sep-2549-prompts-list-caching-hints"),
    only_tools("sep-2549-resources-list-caching-hints"),
    only_tools("sep-2549-resources-templates-list-caching-hints"),
    server_request("tools-call-sampling", "tools-call-sampling"),
    server_request("tools-call-elicitation", "tools-call-elicitation"),
    server_request("elicitation-sep1034-defaults", "elicitation-sep1034-general"),
    server_request("elicitation-sep1330-enums", "elicitation-sep1330-general"),
];

/// A check that calls one of the suite's own tools, which only the fixture has.
const fn unlisted_tool(check: &'static str) -> Expected {
    let reason = "calls a tool of the suite's fixtures, which the service does not have";
    Expected { subject: Subject::Service, version: "2026-07-28", scenario: "server-stateless", check, reason }
}

/// A check of prompts or resources, which only the fixture has.
const fn only_tools(check: &'static str) -> Expected {
    let reason = "requests prompts or resources; the service has only tools";
    Expected { subject: Subject::Service, version: "2026-07-28", scenario: "caching", check, reason }
}

/// A check in which the server sends the client a request, which 2025-11-25 permits within a protocol session only.
const fn server_request(scenario: &'static str, check: &'static str) -> Expected {
    let reason = "the server would have to send a request to the client, which needs a protocol session";
    Expected { subject: Subject::Fixture, version: "2025-11-25", scenario, check, reason }
}
