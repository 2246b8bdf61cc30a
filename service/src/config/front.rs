//! The front: the part of AWS that clients connect to in place of the service, and its limits.
//!
//! [`Front::facts`] is the one table of them. `docs/settings.md` repeats it, and a test compares both.

use std::time::Duration;

use super::{
    Limits,
    problems::{Problems, Setting},
};

/// The header in which an API Gateway HTTP API reports the client's address.
///
/// `infra/` maps it as `overwrite:header.x-mcp-client-ip = $context.identity.sourceIp`, which replaces every value that
/// a client sends. `X-Forwarded-For` does not serve: HTTP APIs turn it into `Forwarded`, and keep the client's part.
pub const CLIENT_IP_HEADER: &str = "x-mcp-client-ip";

/// The front between clients and the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// Clients connect to the service.
    None,
    /// An API Gateway HTTP API, over a VPC link.
    HttpApi,
    /// An Application Load Balancer.
    Alb,
    /// CloudFront, with an internal Application Load Balancer as its origin.
    CloudFront,
}

/// The source of the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientSource {
    /// The peer of the connection.
    Peer,
    /// A header with nothing but the address, which the front overwrites.
    Header(&'static str),
    /// An entry of `X-Forwarded-For`, counted from its end. Each proxy appends the address of its client, so entries
    /// before those of the front are the client's own text.
    ForwardedFor {
        /// 0 is the last entry.
        from_end: usize,
    },
}

/// The properties of a front. `None` is a limit that the front does not have, or that AWS does not document.
#[derive(Debug, Clone, Copy)]
pub struct FrontFacts {
    /// Responses reach the client while the service writes them. Otherwise the front sends complete ones.
    pub streams: bool,
    /// The time for which the front keeps an idle connection to the service, and waits for the next byte of a response.
    pub idle: Option<Duration>,
    /// The longest request line and headers.
    pub head_bytes: Option<usize>,
    /// The longest body of a request or a response.
    pub body_bytes: Option<usize>,
    /// The longest time until the response.
    pub response: Option<Duration>,
    /// The time for which the front may send requests to a replica that has received its stop signal.
    pub lame_duck: Duration,
    /// The source of the client's address.
    pub client: ClientSource,
    /// The Host header is the client's.
    pub keeps_host: bool,
}

impl Front {
    /// Every front.
    pub const ALL: [Self; 4] = [Self::None, Self::HttpApi, Self::Alb, Self::CloudFront];

    /// Returns the value of `MCP_FRONT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::HttpApi => "http-api",
            Self::Alb => "alb",
            Self::CloudFront => "cloudfront",
        }
    }

    /// Returns the properties.
    ///
    /// - HTTP API: [quotas][http-api]. It caches the addresses of replicas and has no delay between deregistration and
    ///   stop signal ([containers-roadmap #1639](https://github.com/aws/containers-roadmap/issues/1639)).
    /// - ALB: [quotas][alb], [idle time-out][idle].
    /// - CloudFront: [quotas][cloudfront]. Its load balancer keeps the connections to the service.
    ///   `CloudFront-Viewer-Address` is not used, because the managed policy that forwards all of the viewer's headers
    ///   does not set it, and so forwards a forged one.
    ///
    /// [http-api]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    /// [alb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    /// [idle]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    /// [cloudfront]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    pub const fn facts(self) -> FrontFacts {
        const MINUTE: Duration = Duration::from_secs(60);
        let unlimited = FrontFacts {
            streams: true,
            idle: None,
            head_bytes: None,
            body_bytes: None,
            response: None,
            lame_duck: Duration::ZERO,
            client: ClientSource::Peer,
            keeps_host: true,
        };
        match self {
            Self::None => unlimited,
            Self::HttpApi => FrontFacts {
                streams: false,
                head_bytes: Some(10_240),
                body_bytes: Some(10_000_000),
                response: Some(Duration::from_secs(30)),
                lame_duck: Duration::from_secs(45),
                client: ClientSource::Header(CLIENT_IP_HEADER),
                keeps_host: false,
                ..unlimited
            },
            Self::Alb => FrontFacts {
                idle: Some(MINUTE),
                head_bytes: Some(64 << 10),
                lame_duck: Duration::from_secs(15),
                client: ClientSource::ForwardedFor { from_end: 0 },
                ..unlimited
            },
            Self::CloudFront => FrontFacts {
                idle: Some(MINUTE),
                head_bytes: Some(20_480),
                lame_duck: Duration::from_secs(15),
                client: ClientSource::ForwardedFor { from_end: 1 },
                ..unlimited
            },
        }
    }

    /// Returns a text for each limit of the service that contradicts the front. The service runs with them, but the
    /// front rejects or breaks off some requests.
    pub fn contradictions(self, limits: &Limits) -> Vec<String> {
        let (facts, mut found) = (self.facts(), Vec::new());
        let mut check = |contradicts: bool, text: String| {
            if contradicts {
                found.push(text);
            }
        };
        let seconds = |time: Duration| time.as_secs();
        if let Some(idle) = facts.idle {
            let (own, its) = (seconds(limits.keep_alive), seconds(idle));
            check(
                limits.keep_alive <= idle,
                format!(
                    "MCP_KEEP_ALIVE is {own} s, and the front keeps idle connections for {its} s: a request may meet \
                     the close and fail with a 502; set more than {its}"
                ),
            );
        }
        if let Some(longest) = facts.response.or(facts.idle) {
            let (own, its) = (seconds(limits.request_timeout), seconds(longest));
            check(
                limits.request_timeout >= longest,
                format!(
                    "MCP_REQUEST_TIMEOUT is {own} s, and the front waits {its} s for a response; set less than {its}"
                ),
            );
        }
        if let Some(longest) = facts.body_bytes {
            for (name, own) in
                [("MCP_MAX_BODY_BYTES", limits.body_bytes), ("MCP_MAX_ANSWER_BYTES", limits.answer_bytes)]
            {
                check(
                    own > longest,
                    format!("{name} is {own}, and the front passes on at most {longest} bytes; set less"),
                );
            }
        }
        let (own, its) = (seconds(limits.lame_duck), seconds(facts.lame_duck));
        check(
            limits.lame_duck < facts.lame_duck,
            format!(
                "MCP_LAME_DUCK is {own} s, and the front may send requests for {its} s after the stop signal; set {its}"
            ),
        );
        found
    }
}

pub(super) fn parse(problems: &mut Problems, setting: Setting<'_>) -> Front {
    problems.choice(setting, &Front::ALL.map(|front| (front.name(), front))).unwrap_or(Front::None)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{cli::Cli, config::Config};

    fn limits(arguments: &[&str]) -> Limits {
        let cli = Cli::parse_from(["mcp-stateful"].iter().chain(arguments));
        Config::parse(&cli.flags).unwrap().0.limits
    }

    #[test]
    fn defaults_contradict_only_the_lame_duck() {
        assert_eq!(Front::None.contradictions(&limits(&[])), [""; 0]);
        for front in [Front::HttpApi, Front::Alb, Front::CloudFront] {
            let found = front.contradictions(&limits(&[]));
            assert!(found.len() == 1 && found[0].contains("MCP_LAME_DUCK is 0 s"), "{front:?} {found:?}");
            let set = limits(&["--lame-duck", &front.facts().lame_duck.as_secs().to_string()]);
            assert_eq!(front.contradictions(&set), [""; 0], "{front:?}");
        }
    }

    #[test]
    fn each_contradiction_names_its_setting() {
        let large = ["--max-body-bytes", "10000001", "--max-answer-bytes", "10000001", "--lame-duck", "45"];
        for (front, limits, names) in [
            (Front::Alb, limits(&["--keep-alive", "60", "--lame-duck", "15"]), &["MCP_KEEP_ALIVE"][..]),
            (Front::HttpApi, limits(&large), &["MCP_MAX_BODY_BYTES", "MCP_MAX_ANSWER_BYTES"]),
            (
                Front::HttpApi,
                Limits { request_timeout: Duration::from_secs(30), ..limits(&["--lame-duck", "45"]) },
                &["MCP_REQUEST_TIMEOUT"],
            ),
        ] {
            let found = front.contradictions(&limits);
            assert_eq!(found.len(), names.len(), "{found:?}");
            for (text, name) in found.iter().zip(names) {
                assert!(text.starts_with(name), "{text}");
            }
        }
    }

    #[test]
    fn documentation_repeats_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/settings.md");
        let text = std::fs::read_to_string(path).unwrap();
        for front in Front::ALL {
            let row = row(front);
            assert!(text.lines().any(|line| line == row), "docs/settings.md lacks\n{row}");
        }
    }

    fn row(front: Front) -> String {
        let facts = front.facts();
        let seconds = |time: Option<Duration>| time.map_or("–".to_owned(), |time| format!("{} s", time.as_secs()));
        let bytes = |bytes: Option<usize>| bytes.map_or("–".to_owned(), |bytes| bytes.to_string());
        let client = match facts.client {
            ClientSource::Peer => "the connection's peer".to_owned(),
            ClientSource::Header(name) => format!("`{name}`"),
            ClientSource::ForwardedFor { from_end: 0 } => "last of `X-Forwarded-For`".to_owned(),
            ClientSource::ForwardedFor { .. } => "last but one of `X-Forwarded-For`".to_owned(),
        };
        format!(
            "| `{}` | {} | {} | {} | {} | {} | {} s | {client} | {} |",
            front.name(),
            if facts.streams { "yes" } else { "no" },
            seconds(facts.idle),
            bytes(facts.head_bytes),
            bytes(facts.body_bytes),
            seconds(facts.response),
            facts.lame_duck.as_secs(),
            if facts.keeps_host { "the client's" } else { "another" },
        )
    }
}
