//! Presents a finished deployment on AWS: its address and what to do next, for people or as an event.

use serde_json::json;

use super::timing::Elapsed;
use crate::{
    connect,
    image::Published,
    preflight::PreflightResult,
    project::Project,
    smoke::Report,
    stack::Outputs,
    ui::{self, Reporter},
};

/// A finished deployment.
#[derive(Debug)]
pub(super) struct Deployed<'a> {
    project: &'a Project,
    region: &'a str,
    outputs: &'a Outputs,
    image: &'a Published,
    url: &'a str,
    allowed_cidr: &'a str,
    smoke: &'a Report,
}

impl<'a> Deployed<'a> {
    pub(super) fn new(
        project: &'a Project,
        checked: &'a PreflightResult,
        outputs: &'a Outputs,
        image: &'a Published,
        url: &'a str,
        smoke: &'a Report,
    ) -> Self {
        let (region, allowed_cidr) = (checked.place.account.region(), checked.exposure.cidr.as_str());
        Self { project, region, outputs, image, url, allowed_cidr, smoke }
    }
}

/// Prints the deployment and how long it took.
pub(super) fn present(deployed: &Deployed<'_>, elapsed: Elapsed, reporter: Reporter) {
    let Deployed { project, region, outputs, image, url, allowed_cidr, smoke } = deployed;
    let event = json!({
        "event": "deployed",
        "project": project,
        "region": region,
        "url": url,
        "mcp_url": format!("{url}/mcp"),
        "allowed_cidr": allowed_cidr,
        "image": image.reference,
        "digest": outputs.image_digest,
        "tag": image.tag,
        "pushed": image.pushed,
        "task_definition": outputs.task_definition_arn,
        "table": outputs.dynamodb_table,
        "log_group": outputs.log_group,
        "token_parameter": outputs.token_parameter,
        "smoke": smoke,
        "seconds": elapsed.seconds(),
        "terraform_seconds": elapsed.terraform_seconds(),
    });
    if reporter == Reporter::Human {
        ui::step("deployed", &format!("in {elapsed}"));
        ui::step("address", &format!("{allowed_cidr} may connect; a replaced task has another address"));
    }
    reporter.result(&event, || connect::next_steps(&format!("{url}/mcp"), &project.flag()));
}
