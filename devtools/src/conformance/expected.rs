//! The checks that are known not to hold, each with its reason. This list is the whole of what we do not conform to.

use super::suite::Subject;

/// A check that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) subject: Subject,
    pub(crate) revision: &'static str,
    pub(crate) scenario: &'static str,
    pub(crate) check: &'static str,
    pub(crate) reason: &'static str,
}

/// All of them.
pub(crate) const EXPECTED: &[Expected] = &[
    unlisted_tool("sep-2575-server-rejects-undeclared-capability"),
    unlisted_tool("sep-2575-missing-capability-http-400"),
    unlisted_tool("sep-2575-http-server-no-independent-requests-on-stream"),
    unlisted_tool("sep-2575-server-no-log-without-loglevel"),
    only_tools("sep-2549-prompts-list-caching-hints"),
    only_tools("sep-2549-resources-list-caching-hints"),
    only_tools("sep-2549-resources-templates-list-caching-hints"),
    asks_the_client("tools-call-sampling", "tools-call-sampling"),
    asks_the_client("tools-call-elicitation", "tools-call-elicitation"),
    asks_the_client("elicitation-sep1034-defaults", "elicitation-sep1034-general"),
    asks_the_client("elicitation-sep1330-enums", "elicitation-sep1330-general"),
];

/// A check that calls one of the suite's own tools, which the service does not have; the fixture answers it.
const fn unlisted_tool(check: &'static str) -> Expected {
    let reason = "calls a tool of the suite's fixtures, which the service does not have";
    Expected { subject: Subject::Service, revision: "2026-07-28", scenario: "server-stateless", check, reason }
}

/// A check of prompts or resources, of which the service has none; the fixture answers it.
const fn only_tools(check: &'static str) -> Expected {
    let reason = "asks for prompts or resources, and the service has only tools";
    Expected { subject: Subject::Service, revision: "2026-07-28", scenario: "caching", check, reason }
}

/// A check in which the server asks the client something, in the era when that took a session.
const fn asks_the_client(scenario: &'static str, check: &'static str) -> Expected {
    let reason =
        "the server would have to send the client a request, which takes a protocol session, and there are none";
    Expected { subject: Subject::Fixture, revision: "2025-11-25", scenario, check, reason }
}
