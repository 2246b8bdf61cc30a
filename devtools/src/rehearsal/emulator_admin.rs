//! The emulated account's owner: makes the users that deploy, and breaks what a scenario wants broken. Deploys nothing.
//!
//! The emulator takes its root key without a signature; on AWS none of this would be answered.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use xtask::http;

const PATIENCE: Duration = Duration::from_secs(30);

/// The owner's way in.
#[derive(Debug)]
pub(super) struct Cloud {
    client: reqwest::Client,
    url: String,
}

/// What a user proves with that it is who it says.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Cloud {
    pub(super) fn at(url: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(url)?, url: url.to_owned() })
    }

    /// The account's number.
    pub(super) async fn account(&self) -> anyhow::Result<String> {
        let answer = self.query("sts", "2011-06-15", &[("Action", "GetCallerIdentity")]).await?;
        text(&answer, "Account")
    }

    /// Makes the emulator load every service that has tags. It loads one when it is first asked for, with what there always is
    /// in it; and what is there from the beginning is nobody's leftover.
    pub(super) async fn load_services(&self) -> anyhow::Result<()> {
        self.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", &json!({})).await.map(drop)
    }

    /// Makes a user who may do what a policy says and nothing else.
    pub(super) async fn user(&self, name: &str, policy: &str) -> anyhow::Result<Keys> {
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]).await?;
        let made = [("Action", "CreatePolicy"), ("PolicyName", name), ("PolicyDocument", policy)];
        let arn = text(&self.iam(&made).await?, "Arn")?;
        self.iam(&[("Action", "AttachUserPolicy"), ("UserName", name), ("PolicyArn", &arn)]).await?;
        let keys = self.iam(&[("Action", "CreateAccessKey"), ("UserName", name)]).await?;
        Ok(Keys { id: text(&keys, "AccessKeyId")?, secret: text(&keys, "SecretAccessKey")? })
    }

    /// Removes a user that `user` made.
    pub(super) async fn remove_user(&self, account: &str, name: &str, keys: &Keys) -> anyhow::Result<()> {
        let arn = format!("arn:aws:iam::{account}:policy/{name}");
        self.iam(&[("Action", "DeleteAccessKey"), ("UserName", name), ("AccessKeyId", &keys.id)]).await?;
        self.iam(&[("Action", "DetachUserPolicy"), ("UserName", name), ("PolicyArn", &arn)]).await?;
        self.iam(&[("Action", "DeletePolicy"), ("PolicyArn", &arn)]).await?;
        self.iam(&[("Action", "DeleteUser"), ("UserName", name)]).await.map(drop)
    }

    /// Forbids a role an action, whatever else its policies allow.
    pub(super) async fn forbid(&self, role: &str, action: &str) -> anyhow::Result<()> {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}],
        })
        .to_string();
        let put =
            [("Action", "PutRolePolicy"), ("RoleName", role), ("PolicyName", "forbidden"), ("PolicyDocument", &policy)];
        self.iam(&put).await.map(drop)
    }

    /// Takes back what `forbid` did.
    pub(super) async fn allow_again(&self, role: &str) -> anyhow::Result<()> {
        self.iam(&[("Action", "DeleteRolePolicy"), ("RoleName", role), ("PolicyName", "forbidden")]).await.map(drop)
    }

    /// How many tasks of a service are to run.
    pub(super) async fn wanted(&self, cluster: &str, service: &str) -> anyhow::Result<u64> {
        let body = json!({"cluster": cluster, "services": [service]});
        let answer = self.json("ecs", "AmazonEC2ContainerServiceV20141113.DescribeServices", &body).await?;
        let wanted = answer["services"][0]["desiredCount"].as_u64();
        wanted.with_context(|| format!("there is no service {service}: {answer}"))
    }

    async fn json(&self, service: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(&self.url)
            .header("authorization", authorization(service))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body.to_string());
        let said = send(request, target).await?;
        serde_json::from_str(&said).with_context(|| format!("cannot read the answer to {target}"))
    }

    async fn iam(&self, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
        self.query("iam", "2010-05-08", parameters).await
    }

    async fn query(&self, service: &str, version: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
        let mut form = reqwest::Url::parse("http://form").context("cannot write a form")?;
        form.query_pairs_mut().append_pair("Version", version).extend_pairs(parameters);
        let request = self
            .client
            .post(&self.url)
            .header("authorization", authorization(service))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        send(request, parameters.first().map_or("", |(_, operation)| operation)).await
    }
}

async fn send(request: reqwest::RequestBuilder, operation: &str) -> anyhow::Result<String> {
    let answer = request.timeout(PATIENCE).send().await.context("the emulator does not answer")?;
    let status = answer.status();
    let said = answer.text().await.context("the emulator's answer cannot be read")?;
    if status.is_success() {
        return Ok(said);
    }
    Err(anyhow!("the emulator's owner may not even {operation}: {status} {said}"))
}

fn authorization(service: &str) -> String {
    let scope = format!("20260101/us-east-1/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=none")
}

/// The text of the first element of this name.
fn text(xml: &str, name: &str) -> anyhow::Result<String> {
    let document = roxmltree::Document::parse(xml).context("cannot read the emulator's answer")?;
    let found = document.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text());
    found.map(str::to_owned).with_context(|| format!("the emulator named no {name}"))
}
