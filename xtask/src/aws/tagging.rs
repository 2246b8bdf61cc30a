//! The Resource Groups Tagging API: finds resources of any service by their tags.
//!
//! Its index lags the services by seconds or more and leaves out IAM roles. So a resource it returns may be gone,
//! and one it leaves out may exist: callers confirm with the service itself.

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Account,
    http::{self, Service},
    tags::{MANAGED_BY, PROJECT},
};
use crate::project::Project;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    resource_tag_mapping_list: Vec<Resource>,
    #[serde(default)]
    pagination_token: Option<String>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "ResourceARN")]
    arn: String,
}

/// Returns the ARNs of all resources in the region that have both tags of the project.
pub(crate) async fn arns(account: &Account, project: &Project) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page: anyhow::Result<Page> =
            http::json(account, Service::Tagging, "GetResources", &request(project, &token)).await;
        let page = page.context("cannot list the resources with the project's tags")?;
        found.extend(page.resource_tag_mapping_list.into_iter().map(|resource| resource.arn));
        token = page.pagination_token.unwrap_or_default();
        if token.is_empty() {
            return Ok(found);
        }
    }
}

/// Builds the request. A resource has to match every filter.
fn request(project: &Project, token: &str) -> Value {
    json!({
        "TagFilters": [
            {"Key": PROJECT, "Values": [project.as_str()]},
            {"Key": MANAGED_BY.0, "Values": [MANAGED_BY.1]},
        ],
        "ResourcesPerPage": 100,
        "PaginationToken": token,
    })
}
