//! The addresses of the services that are called without their SDKs, for every setting that the SDKs and Terraform
//! follow: a configured endpoint, FIPS, dual-stack and the partition. The rules are those of botocore's endpoint rule
//! sets.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::partition::Partition;

/// The address of a service, and the region of signatures for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) url: String,
    pub(crate) region: String,
}

/// A service, as it is named in host names and in settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceName {
    /// The first label of the host.
    pub(crate) host: &'static str,
    /// The service's id, from which `AWS_ENDPOINT_URL_<SERVICE>` and the key in a profile's `services` are derived.
    pub(crate) id: &'static str,
}

pub(crate) const S3: ServiceName = ServiceName { host: "s3", id: "S3" };

/// Services whose plain hosts in AWS GovCloud are FIPS endpoints, so that none has `-fips` in its name.
const FIPS_IN_GOVERNMENT: [&str; 5] = ["ec2", "logs", "servicequotas", "ssm", "sts"];

/// Returns the endpoint that is configured for a service, or for all services, instead of AWS's own.
pub(crate) fn configured(config: &SdkConfig, service: ServiceName) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let url = config.service_config()?.load_config(key.build().ok()?);
    url.or_else(|| config.endpoint_url().map(str::to_owned)).map(|url| url.trim_end_matches('/').to_owned())
}

/// Returns the endpoint of a service in a region.
pub(crate) fn resolve(config: &SdkConfig, service: ServiceName, region: &str) -> anyhow::Result<Endpoint> {
    let partition = Partition::of_region(region)?;
    let (fips, dual_stack) = (config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false));
    let mut endpoint = default(service, region, partition, fips, dual_stack);
    if let Some(url) = configured(config, service) {
        endpoint.url = url;
    }
    Ok(endpoint)
}

fn default(service: ServiceName, region: &str, partition: Partition, fips: bool, dual_stack: bool) -> Endpoint {
    if service.host == "iam" {
        return iam(partition, fips, dual_stack);
    }
    let government = partition.id == "aws-us-gov";
    let plain = !fips || government && !dual_stack && FIPS_IN_GOVERNMENT.contains(&service.host);
    let host = format!("{}{}", service.host, if plain { "" } else { "-fips" });
    let Partition { suffix, dual_stack_suffix, .. } = partition;
    let host = match (service.host, dual_stack) {
        ("s3", true) => format!("{host}.dualstack.{region}.{suffix}"),
        (_, true) => format!("{host}.{region}.{dual_stack_suffix}"),
        (_, false) => format!("{host}.{region}.{suffix}"),
    };
    Endpoint { url: format!("https://{host}"), region: region.to_owned() }
}

/// IAM has one endpoint for a partition, and its signatures name the partition's first region.
fn iam(partition: Partition, fips: bool, dual_stack: bool) -> Endpoint {
    let Partition { id, suffix, dual_stack_suffix, home } = partition;
    let host = match (id, fips, dual_stack) {
        ("aws-us-gov", _, false) => format!("iam.us-gov.{suffix}"),
        ("aws-us-gov", _, true) => format!("iam.us-gov.{dual_stack_suffix}"),
        ("aws-cn", false, false) => format!("iam.{home}.{suffix}"),
        ("aws-cn", true, true) => format!("iam-fips.{dual_stack_suffix}"),
        (_, false, false) => format!("iam.{suffix}"),
        (_, true, false) => format!("iam-fips.{suffix}"),
        (_, false, true) => format!("iam.global.{dual_stack_suffix}"),
        (_, true, true) => format!("iam-fips.global.{dual_stack_suffix}"),
    };
    Endpoint { url: format!("https://{host}"), region: home.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected hosts are what botocore 1.44.8 resolves.
    #[test]
    fn hosts_are_those_of_botocore() {
        let (plain, fips, dual, both) = ((false, false), (true, false), (false, true), (true, true));
        for (host, region, (fips, dual_stack), expected, scope) in [
            ("ssm", "eu-west-1", plain, "ssm.eu-west-1.amazonaws.com", "eu-west-1"),
            ("logs", "cn-north-1", plain, "logs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("sts", "us-gov-east-1", plain, "sts.us-gov-east-1.amazonaws.com", "us-gov-east-1"),
            ("ec2", "us-east-1", fips, "ec2-fips.us-east-1.amazonaws.com", "us-east-1"),
            ("ec2", "us-gov-west-1", fips, "ec2.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("tagging", "us-gov-west-1", fips, "tagging-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("ssm", "us-gov-west-1", both, "ssm-fips.us-gov-west-1.api.aws", "us-gov-west-1"),
            ("logs", "eu-west-1", dual, "logs.eu-west-1.api.aws", "eu-west-1"),
            ("sts", "cn-north-1", both, "sts-fips.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
            ("iam", "eu-west-1", plain, "iam.amazonaws.com", "us-east-1"),
            ("iam", "eu-west-1", fips, "iam-fips.amazonaws.com", "us-east-1"),
            ("iam", "eu-west-1", dual, "iam.global.api.aws", "us-east-1"),
            ("iam", "us-east-1", both, "iam-fips.global.api.aws", "us-east-1"),
            ("iam", "us-gov-east-1", fips, "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            ("iam", "us-gov-east-1", both, "iam.us-gov.api.aws", "us-gov-west-1"),
            ("iam", "cn-northwest-1", plain, "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("iam", "cn-north-1", dual, "iam.global.api.amazonwebservices.com.cn", "cn-north-1"),
            ("iam", "cn-north-1", both, "iam-fips.api.amazonwebservices.com.cn", "cn-north-1"),
            ("s3", "eu-west-1", plain, "s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3", "eu-west-1", both, "s3-fips.dualstack.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3", "cn-north-1", dual, "s3.dualstack.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ] {
            let service = ServiceName { host, id: "" };
            let endpoint = default(service, region, Partition::of_region(region).unwrap(), fips, dual_stack);
            assert_eq!(endpoint, Endpoint { url: format!("https://{expected}"), region: scope.to_owned() });
        }
    }
}
