//! The administrator of the emulated account: creates the users that deploy, and denies permissions for a scenario.
//! Must not deploy anything.
//!
//! The emulator accepts the root key without a signature, so requests are not signed here.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use xtask::http;

const LIMIT: Duration = Duration::from_secs(30);

/// A client with the permissions of the account's root user.
#[derive(Debug)]
pub(super) struct EmulatorAdmin {
    client: reqwest::Client,
    url: String,
}

/// An access key of an IAM user.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
}

/// A parameter of SSM. Storing the same value again would increase the version.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) value: String,
    pub(super) version: u64,
}

impl EmulatorAdmin {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(url)?, url: url.to_owned() })
    }

    /// Returns the account ID.
    pub(super) async fn account(&self) -> anyhow::Result<String> {
        let response = self.query("sts", "2011-06-15", &[("Action", "GetCallerIdentity")]).await?;
        text(&response, "Account")
    }

    /// Makes the emulator load every service with tags. It loads a service with its built-in resources on first use,
    /// which would otherwise count as leftovers of a deployment.
    pub(super) async fn load_services(&self) -> anyhow::Result<()> {
        self.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", &json!({})).await.map(drop)
    }

    /// Creates a user with one policy and no other permission.
    pub(super) async fn create_user(&self, name: &str, policy: &str) -> anyhow::Result<Keys> {
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]).await?;
        let made = [("Action", "CreatePolicy"), ("PolicyName", name), ("PolicyDocument", policy)];
        let arn = text(&self.iam(&made).await?, "Arn")?;
        self.iam(&[("Action", "AttachUserPolicy"), ("UserName", name), ("PolicyArn", &arn)]).await?;
        let keys = self.iam(&[("Action", "CreateAccessKey"), ("UserName", name)]).await?;
        Ok(Keys { id: text(&keys, "AccessKeyId")?, secret: text(&keys, "SecretAccessKey")? })
    }

    /// Removes a user created by [`EmulatorAdmin::create_user`].
    pub(super) async fn remove_user(&self, account: &str, name: &str, keys: &Keys) -> anyhow::Result<()> {
        let arn = format!("arn:aws:iam::{account}:policy/{name}");
        self.iam(&[("Action", "DeleteAccessKey"), ("UserName", name), ("AccessKeyId", &keys.id)]).await?;
        self.iam(&[("Action", "DetachUserPolicy"), ("UserName", name), ("PolicyArn", &arn)]).await?;
        self.iam(&[("Action", "DeletePolicy"), ("PolicyArn", &arn)]).await?;
        self.iam(&[("Action", "DeleteUser"), ("UserName", name)]).await.map(drop)
    }

    /// Denies an action to a role, even if another policy allows it.
    pub(super) async fn deny(&self, role: &str, action: &str) -> anyhow::Result<()> {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}],
        })
        .to_string();
        let put =
            [("Action", "PutRolePolicy"), ("RoleName", role), ("PolicyName", "forbidden"), ("PolicyDocument", &policy)];
        self.iam(&put).await.map(drop)
    }

    /// Removes the denial of [`EmulatorAdmin::deny`].
    pub(super) async fn undo_deny(&self, role: &str) -> anyhow::Result<()> {
        self.iam(&[("Action", "DeleteRolePolicy"), ("RoleName", role), ("PolicyName", "forbidden")]).await.map(drop)
    }

    /// Returns the desired count of a service.
    pub(super) async fn desired_count(&self, cluster: &str, service: &str) -> anyhow::Result<u64> {
        let body = json!({"cluster": cluster, "services": [service]});
        let response = self.json("ecs", "AmazonEC2ContainerServiceV20141113.DescribeServices", &body).await?;
        let count = response["services"][0]["desiredCount"].as_u64();
        count.with_context(|| format!("service {service} does not exist: {response}"))
    }

    /// Returns a decrypted parameter of SSM.
    pub(super) async fn parameter(&self, name: &str) -> anyhow::Result<Parameter> {
        let body = json!({"Name": name, "WithDecryption": true});
        let response = self.json("ssm", "AmazonSSM.GetParameter", &body).await?;
        let found = &response["Parameter"];
        let (value, version) = (found["Value"].as_str(), found["Version"].as_u64());
        let found = value.zip(version).map(|(value, version)| Parameter { value: value.to_owned(), version });
        found.with_context(|| format!("the emulator returned no value of {name}"))
    }

    /// Stores a parameter that no deployment owns. Returns its ARN.
    pub(super) async fn put_parameter(&self, name: &str, value: &str) -> anyhow::Result<String> {
        let body = json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": true});
        self.json("ssm", "AmazonSSM.PutParameter", &body).await?;
        let response = self.json("ssm", "AmazonSSM.GetParameter", &json!({"Name": name})).await?;
        response["Parameter"]["ARN"].as_str().map(str::to_owned).with_context(|| format!("{name} has no ARN"))
    }

    pub(super) async fn delete_parameter(&self, name: &str) -> anyhow::Result<()> {
        self.json("ssm", "AmazonSSM.DeleteParameter", &json!({"Name": name})).await.map(drop)
    }

    /// Creates a secret that no deployment owns. Returns its ARN.
    pub(super) async fn create_secret(&self, name: &str, value: &str) -> anyhow::Result<String> {
        let body = json!({"Name": name, "SecretString": value});
        let response = self.json("secretsmanager", "secretsmanager.CreateSecret", &body).await?;
        response["ARN"].as_str().map(str::to_owned).with_context(|| format!("{name} has no ARN"))
    }

    pub(super) async fn delete_secret(&self, arn: &str) -> anyhow::Result<()> {
        let body = json!({"SecretId": arn, "ForceDeleteWithoutRecovery": true});
        self.json("secretsmanager", "secretsmanager.DeleteSecret", &body).await.map(drop)
    }

    /// Returns the tags of each image in a repository.
    pub(super) async fn image_tags(&self, repository: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let target = "AmazonEC2ContainerRegistry_V20150921.DescribeImages";
        let response = self.json("ecr", target, &json!({"repositoryName": repository})).await?;
        let tags = |image: &Value| {
            let tags = image["imageTags"].as_array().into_iter().flatten();
            tags.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(response["imageDetails"].as_array().into_iter().flatten().map(tags).collect())
    }

    async fn json(&self, service: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(&self.url)
            .header("authorization", authorization(service))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body.to_string());
        let response = send(request, target).await?;
        serde_json::from_str(&response).with_context(|| format!("cannot read the response to {target}"))
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
    let response = request.timeout(LIMIT).send().await.context("the emulator does not respond")?;
    let status = response.status();
    let body = response.text().await.context("cannot read the emulator's response")?;
    if status.is_success() {
        return Ok(body);
    }
    Err(anyhow!("{operation} failed in the emulator: {status} {body}"))
}

fn authorization(service: &str) -> String {
    let scope = format!("20260101/us-east-1/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=none")
}

/// Returns the text of the first element with this name.
fn text(xml: &str, name: &str) -> anyhow::Result<String> {
    let document = roxmltree::Document::parse(xml).context("cannot read the emulator's response")?;
    let found = document.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text());
    found.map(str::to_owned).with_context(|| format!("the emulator's response has no {name}"))
}
