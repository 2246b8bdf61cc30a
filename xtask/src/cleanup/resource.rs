//! The resources that belong to a project, and the order in which they can be removed.

use std::fmt;

use serde::Serialize;

/// The kinds of resources, in order of removal: users before what they use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Service,
    Cluster,
    TaskDefinitions,
    VpcEndpoint,
    SecurityGroup,
    LogGroup,
    /// Written by CloudWatch Container Insights. It can appear again while the cluster's last metrics arrive.
    InsightsLogGroup,
    Parameter,
    Role,
    Table,
    Repository,
    /// Has the project's tags, but is of a kind that this version does not create and cannot remove.
    Other,
}

/// One resource on AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Resource {
    pub(crate) kind: Kind,
    /// The name as the AWS console shows it. For a service `<cluster>/<service>`, for [`Kind::Other`] the ARN.
    pub(crate) name: String,
    /// The id by which AWS addresses it, where that is not the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

impl Kind {
    /// Returns the kind's name in output.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Cluster => "cluster",
            Self::TaskDefinitions => "task definitions",
            Self::VpcEndpoint => "VPC endpoint",
            Self::SecurityGroup => "security group",
            Self::LogGroup | Self::InsightsLogGroup => "log group",
            Self::Parameter => "parameter",
            Self::Role => "role",
            Self::Table => "table",
            Self::Repository => "image repository",
            Self::Other => "unknown resource",
        }
    }
}

impl Resource {
    pub(crate) fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), id: None }
    }

    pub(crate) fn with_id(kind: Kind, name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind, name: name.into(), id: Some(id.into()) }
    }

    /// Parses an ARN. `None` for resources that are found or removed together with others, such as a table's streams,
    /// indexes and backups, whose ARNs continue the table's.
    pub(super) fn from_arn(arn: &str) -> Option<Self> {
        let other = || Some(Self::new(Kind::Other, arn));
        let mut parts = arn.splitn(6, ':');
        let (Some("arn"), _, Some(service), _, _, Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return other();
        };
        let (kind, name) = resource.split_once(['/', ':']).unwrap_or((resource, ""));
        let kind = match (service, kind) {
            ("ecs", "service") => Kind::Service,
            ("ecs", "cluster") => Kind::Cluster,
            ("dynamodb", "table") if name.contains('/') => return None,
            ("dynamodb", "table") => Kind::Table,
            ("ecr", "repository") => Kind::Repository,
            ("iam", "role") => Kind::Role,
            // The ARN of a log group may end in `:*`, which names its streams.
            ("logs", "log-group") => {
                let group = name.trim_end_matches(":*");
                return (!group.contains(':')).then(|| Self::new(Kind::LogGroup, group));
            }
            ("ssm", "parameter") => return Some(Self::new(Kind::Parameter, format!("/{name}"))),
            // Tasks go with their service and rules with their group. The others are listed by ECS and EC2 themselves.
            (
                "ecs",
                "task" | "task-set" | "task-definition" | "container-instance" | "service-deployment"
                | "service-revision",
            )
            | ("ec2", "vpc-endpoint" | "security-group" | "security-group-rule" | "network-interface") => return None,
            _ => return other(),
        };
        // A role's ARN has the role's path before its name.
        let name = if kind == Kind::Role { name.rsplit('/').next().unwrap_or(name) } else { name };
        Some(Self::new(kind, name))
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.words(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_names_kind_and_resource() {
        for (arn, kind, name) in [
            ("arn:aws:ecs:us-east-1:123456789012:service/a-cluster/a-svc", Kind::Service, "a-cluster/a-svc"),
            ("arn:aws:ecs:us-east-1:123456789012:cluster/a-cluster", Kind::Cluster, "a-cluster"),
            ("arn:aws:dynamodb:us-east-1:123456789012:table/a-state", Kind::Table, "a-state"),
            ("arn:aws:ecr:us-east-1:123456789012:repository/mcp-dynamodb/a", Kind::Repository, "mcp-dynamodb/a"),
            ("arn:aws-cn:iam::123456789012:role/path/a-task-role", Kind::Role, "a-task-role"),
            ("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/a:*", Kind::LogGroup, "/ecs/a"),
            ("arn:aws:ssm:us-east-1:123456789012:parameter/a/auth-token", Kind::Parameter, "/a/auth-token"),
            ("arn:aws:sqs:us-east-1:123456789012:queue", Kind::Other, "arn:aws:sqs:us-east-1:123456789012:queue"),
            ("arn:aws:s3:::states", Kind::Other, "arn:aws:s3:::states"),
            ("nonsense", Kind::Other, "nonsense"),
        ] {
            assert_eq!(Resource::from_arn(arn), Some(Resource::new(kind, name)), "{arn}");
        }
        for part in [
            "ecs:us-east-1:123456789012:task-definition/a-task:1",
            "ecs:us-east-1:123456789012:service-deployment/a-cluster/a-svc/x",
            "dynamodb:us-east-1:123456789012:table/a-state/stream/2026-01-01T00:00:00.000",
            "dynamodb:us-east-1:123456789012:table/a-state/index/by-time",
            "dynamodb:us-east-1:123456789012:table/a-state/backup/0123-4567",
            "logs:us-east-1:123456789012:log-group:/ecs/a:log-stream:ecs/a/1",
        ] {
            assert_eq!(Resource::from_arn(&format!("arn:aws:{part}")), None, "{part}");
        }
    }

    #[test]
    fn users_are_removed_before_what_they_use() {
        assert!(Kind::Service < Kind::Cluster && Kind::Service < Kind::SecurityGroup);
        assert!(Kind::Service < Kind::Role && Kind::VpcEndpoint < Kind::Table);
    }
}
