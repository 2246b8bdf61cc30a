//! The partitions of AWS: groups of regions that share accounts, ARNs and the ends of host names. The data is
//! botocore's `partitions.json`.

use anyhow::anyhow;

use crate::error::ErrorExt;

/// A partition that the deployer supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    /// The name in ARNs.
    pub(crate) id: &'static str,
    pub(crate) suffix: &'static str,
    pub(crate) dual_stack_suffix: &'static str,
    /// The region of its global services.
    pub(crate) home: &'static str,
}

const AWS: Partition =
    Partition { id: "aws", suffix: "amazonaws.com", dual_stack_suffix: "api.aws", home: "us-east-1" };
const CHINA: Partition = Partition {
    id: "aws-cn",
    suffix: "amazonaws.com.cn",
    dual_stack_suffix: "api.amazonwebservices.com.cn",
    home: "cn-north-1",
};
const GOVERNMENT: Partition = Partition { id: "aws-us-gov", home: "us-gov-west-1", ..AWS };

/// Partitions without a rehearsed deployment: their hosts, services and prices differ. Longer prefixes come first.
const UNSUPPORTED: [(&str, &str); 5] = [
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
];

impl Partition {
    /// Returns the partition of a region. Like the SDKs, counts an unknown region as one of `aws`.
    ///
    /// Fails for an unsupported partition, and for text that cannot be a region.
    pub(crate) fn of_region(region: &str) -> anyhow::Result<Self> {
        if region.is_empty() || !region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            return Err(anyhow!("invalid region {region:?}: expected a name such as us-east-1"))
                .hint("set the region with --region or AWS_REGION");
        }
        if let Some((_, id)) = UNSUPPORTED.iter().find(|(prefix, _)| region.starts_with(prefix)) {
            return Err(anyhow!("the region {region} belongs to the AWS partition {id}, which is not supported"))
                .hint("choose a region of the partition aws, aws-cn or aws-us-gov with --region");
        }
        Ok(match region.split('-').collect::<Vec<_>>().as_slice() {
            ["cn", ..] => CHINA,
            ["us", "gov", ..] => GOVERNMENT,
            _ => AWS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_the_region() {
        for (region, id) in [
            ("us-east-1", "aws"),
            ("ca-central-1", "aws"),
            ("mx-central-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
        ] {
            assert_eq!(Partition::of_region(region).unwrap().id, id, "{region}");
        }
    }

    #[test]
    fn unsupported_partitions_are_rejected_by_name() {
        for (region, id) in [
            ("us-iso-east-1", "aws-iso,"),
            ("us-isob-east-1", "aws-iso-b,"),
            ("eu-isoe-west-1", "aws-iso-e,"),
            ("us-isof-south-1", "aws-iso-f,"),
            ("eusc-de-east-1", "aws-eusc,"),
        ] {
            let error = Partition::of_region(region).unwrap_err().to_string();
            assert!(error.contains(region) && error.contains(&format!("partition {id}")), "{error}");
        }
        for bad in ["", "us east 1", "US-EAST-1", "us-east-1/x", "us-east-1\n"] {
            assert!(Partition::of_region(bad).unwrap_err().to_string().starts_with("invalid region"), "{bad:?}");
        }
    }
}
