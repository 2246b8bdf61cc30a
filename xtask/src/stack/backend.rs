//! The place of Terraform's state: this machine, or S3, where every operator of the deployment can read it.

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::{Account, s3};

/// A backend of Terraform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    /// A file in the deployment's directory.
    #[default]
    Local,
    /// An object in a bucket, locked by another object beside it.
    S3 { bucket: String, key: String },
}

impl Backend {
    /// Returns the region of the state, which may differ from that of the deployment.
    pub(crate) async fn region(&self, account: &Account) -> anyhow::Result<String> {
        match self {
            Self::Local => Ok(account.region().to_owned()),
            Self::S3 { bucket, .. } => s3::bucket_region(account, bucket).await,
        }
    }

    /// Returns Terraform's `backend` block. `path_style` is for endpoints other than AWS, which lack virtual hosts.
    pub(crate) fn block(&self, local_state: &Path, region: &str, path_style: bool) -> Value {
        let backend = match self {
            Self::Local => json!({"local": {"path": local_state}}),
            Self::S3 { bucket, key } => json!({"s3": {
                "bucket": bucket,
                "key": key,
                "region": region,
                "encrypt": true,
                "use_lockfile": true,
                "use_path_style": path_style,
            }}),
        };
        json!({"terraform": {"backend": backend}})
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("on this machine"),
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("invalid --state {url}: expected s3://bucket/key");
        let (bucket, key) = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if bucket.len() < 3 || !bucket.chars().all(fits) || key.is_empty() || key.ends_with('/') {
            return Err(wrong());
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_url_needs_bucket_and_key() {
        let backend = Backend::S3 { bucket: "states".to_owned(), key: "mcp/a.tfstate".to_owned() };
        assert_eq!("s3://states/mcp/a.tfstate".parse(), Ok(backend.clone()));
        assert_eq!(backend.to_string(), "s3://states/mcp/a.tfstate");
        for bad in ["states/a", "s3://states", "s3://states/", "s3:///a", "s3://States/a", "s3://states/a/"] {
            assert!(bad.parse::<Backend>().is_err(), "{bad}");
        }
    }

    #[test]
    fn s3_state_is_locked_and_encrypted() {
        let block = "s3://states/a".parse::<Backend>().unwrap().block(Path::new("x"), "us-east-1", false);
        assert_eq!(block["terraform"]["backend"]["s3"]["use_lockfile"], true);
        assert_eq!(block["terraform"]["backend"]["s3"]["encrypt"], true);
    }
}
