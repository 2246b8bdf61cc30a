//! The tagging API: what has certain tags, whatever service it is of.
//!
//! It follows the services with a delay of seconds or more, and does not know IAM's roles: what it names is to be looked at
//! with the service itself, and what it leaves out may be there.

use anyhow::Context;
use serde_json::{Value, json};

use super::{
    Account,
    http::{self, Service},
};
use crate::{
    project::Project,
    stack::names::{MANAGED_BY, PROJECT},
};

/// The ARNs of all in the region that has both tags of a project.
pub(crate) async fn arns(account: &Account, project: &Project) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let answer = http::json(account, Service::Tagging, "GetResources", &request(project, &token)).await;
        let answer = answer.context("cannot ask for what has the project's tags")?;
        let resources = answer["ResourceTagMappingList"].as_array().into_iter().flatten();
        found.extend(resources.filter_map(|resource| resource["ResourceARN"].as_str()).map(str::to_owned));
        token = answer["PaginationToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(found);
        }
    }
}

/// Different filters have to hold together.
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
