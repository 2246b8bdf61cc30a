//! Secrets Manager: describes a secret. Must not read a value.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Account,
    http::{self, Service},
};

/// A secret without its value.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Description {
    /// The key that encrypts it. `None` stands for the AWS managed key.
    #[serde(rename = "KmsKeyId")]
    pub(crate) key: Option<String>,
    /// The time of its deletion, if one is scheduled. Until then no value can be read.
    deleted_date: Option<Value>,
    /// The stages of each version by its id.
    version_ids_to_stages: BTreeMap<String, Vec<String>>,
}

impl Description {
    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted_date.as_ref().is_some_and(|date| !date.is_null())
    }

    /// Returns true if there is a value at this stage of this version. An empty text stands for any version, and for
    /// the stage `AWSCURRENT`.
    pub(crate) fn has_version(&self, stage: &str, id: &str) -> bool {
        let stage = if stage.is_empty() && id.is_empty() { "AWSCURRENT" } else { stage };
        self.version_ids_to_stages.iter().any(|(version, stages)| {
            (id.is_empty() || version == id) && (stage.is_empty() || stages.iter().any(|found| found == stage))
        })
    }
}

/// Returns the description of a secret, if the secret exists.
pub(crate) async fn describe(account: &Account, arn: &str) -> anyhow::Result<Option<Description>> {
    match http::json(account, Service::SecretsManager, "DescribeSecret", &json!({"SecretId": arn})).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if http::error_code(&error) == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot describe the secret {arn}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_by_stage_and_id() {
        let text = r#"{"ARN": "arn", "VersionIdsToStages": {"one": ["AWSPREVIOUS"], "two": ["AWSCURRENT"]}}"#;
        let found: Description = serde_json::from_str(text).unwrap();
        assert!(!found.is_deleted() && found.key.is_none());
        for (stage, id, has) in [
            ("", "", true),
            ("AWSPREVIOUS", "", true),
            ("AWSPENDING", "", false),
            ("", "one", true),
            ("", "three", false),
            ("AWSCURRENT", "one", false),
        ] {
            assert_eq!(found.has_version(stage, id), has, "{stage} {id}");
        }
        assert!(!Description::default().has_version("", ""));
        let gone: Description = serde_json::from_str(r#"{"DeletedDate": 1.7e9}"#).unwrap();
        assert!(gone.is_deleted());
    }
}
