//! Service Quotas: the limits of the account in the region.

use anyhow::Context;
use serde::Deserialize;
use serde_json::json;

use super::{
    Account,
    http::{self, Service},
};

/// "Fargate On-Demand vCPU resource count". A new account may have as few as 6:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
const FARGATE_VCPUS: &str = "L-3032A538";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    quota: Quota,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Quota {
    value: f64,
}

/// Returns the number of vCPUs that all Fargate tasks of the account may have at the same time.
pub(crate) async fn fargate_vcpus(account: &Account) -> anyhow::Result<f64> {
    let body = json!({"ServiceCode": "fargate", "QuotaCode": FARGATE_VCPUS});
    let response: anyhow::Result<Response> = http::json(account, Service::Quotas, "GetServiceQuota", &body).await;
    Ok(response.context("cannot read the quota of Fargate vCPUs")?.quota.value)
}
