//! Presents a finished deployment on AWS: its address, how to connect, and what to do next. Prints how to get the
//! token, but not the token.

use serde_json::json;

use super::timing::Elapsed;
use crate::{
    client_config,
    image::Delivered,
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
    image: &'a Delivered,
    url: &'a str,
    allowed_cidr: &'a str,
    smoke: &'a Report,
}

impl<'a> Deployed<'a> {
    pub(super) fn new(
        project: &'a Project,
        checked: &'a PreflightResult,
        outputs: &'a Outputs,
        image: &'a Delivered,
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
    }
    let flag = project.flag();
    let token = format!("cargo xtask token{flag}");
    reporter.result(&event, || {
        format!(
            "
MCP      {url}/mcp, for {allowed_cidr}
REST     {url}/mcp/list_tools
image    {image}
table    {table}
log      {log}
token    cargo xtask token{flag}   (from SSM, {parameter})

{instructions}

A replaced task has another address. `cargo xtask status{flag}` prints the current one.

next
  cargo xtask smoke{flag}
  cargo xtask status{flag}
  cargo xtask logs --follow{flag}
  cargo xtask destroy{flag}",
            image = image.reference,
            table = outputs.dynamodb_table,
            log = outputs.log_group,
            parameter = outputs.token_parameter,
            instructions = client_config::instructions(url, &client_config::From::Command(&token)),
        )
    });
}
