//! S3: the region of a bucket.

use anyhow::anyhow;
use reqwest::StatusCode;

use super::{
    Account,
    endpoint::{self, S3},
};
use crate::{error::ErrorExt, http};

const BUCKET_REGION: &str = "x-amz-bucket-region";

/// Returns the region of a bucket, or the account's region if S3 does not name one. Fails if the bucket does not exist.
///
/// The request is not signed: S3 names the region in rejections and redirects too
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>). If S3 cannot be reached, Terraform reports
/// it.
pub(crate) async fn bucket_region(account: &Account, bucket: &str) -> anyhow::Result<String> {
    let endpoint = endpoint::resolve(account.config(), S3, account.region())?;
    let client = http::client_without_redirects(&endpoint.url)?;
    let Ok(response) = client.head(format!("{}/{bucket}", endpoint.url)).send().await else {
        return Ok(account.region().to_owned());
    };
    if response.status() == StatusCode::NOT_FOUND {
        return Err(anyhow!("the bucket {bucket} of the state does not exist")).hint(format!(
            "create it with `aws s3 mb s3://{bucket} --region {}`, or correct --state",
            account.region()
        ));
    }
    let region = response.headers().get(BUCKET_REGION).and_then(|region| region.to_str().ok());
    Ok(region.unwrap_or(account.region()).to_owned())
}
