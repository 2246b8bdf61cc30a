//! `destroy` where Terraform or AWS fails: it removes what it can and reports what is really left.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::json;

use crate::{
    fake_aws::{Answer, Call, FakeAws, json, json_error, query_error},
    support::{Finished, Sandbox},
};

const INSIGHTS: &str = "/aws/ecs/containerinsights/gone-cluster/performance";
const CONFLICT: &str = r#"{"@message":"Error","type":"diagnostic","diagnostic":{"severity":"error","summary":"deleting IAM Role (gone-task-role)","detail":"DeleteConflict: Cannot delete entity, must detach all policies first."}}"#;
const LOCKED: &str = r#"{"@message":"Error","type":"diagnostic","diagnostic":{"severity":"error","summary":"Error acquiring the state lock","detail":"PreconditionFailed\nLock Info:\n  ID: 1234\n  Who: other@host"}}"#;

/// Plays an account with a role to which another tool attached a policy, and the log group of Container Insights. AWS
/// throttles the first calls, and lists a stream of a table.
fn account(role_stays: bool) -> impl Fn(&Call) -> Option<Answer> {
    let [listed, described, role, group] = [(); 4].map(|()| AtomicBool::new(false));
    let first = |flag: &AtomicBool| !flag.swap(true, Ordering::SeqCst);
    move |call| match call.operation.as_str() {
        "GetResources" if first(&listed) => Some(json_error("ThrottledException")),
        "GetResources" => Some(json(&json!({"ResourceTagMappingList": [
            {"ResourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/gone-state/stream/2026-01-01T00:00:00.000"},
        ]}))),
        "DescribeLogGroups" if first(&described) => Some(json_error("ThrottlingException")),
        "DescribeLogGroups" if call.body.contains(INSIGHTS) && !group.load(Ordering::SeqCst) => {
            Some(json(&json!({"logGroups": [{"logGroupName": INSIGHTS, "arn": "arn:aws:logs:x", "storedBytes": 7}]})))
        }
        "DeleteLogGroup" => {
            group.store(true, Ordering::SeqCst);
            Some((200, String::new()))
        }
        "ListRoleTags" if call.body.contains("gone-task-role") && !role.load(Ordering::SeqCst) => {
            let tags = "<r><Tags><member><Key>Project</Key><Value>gone</Value></member>\
                        <member><Key>ManagedBy</Key><Value>mcp-stateful/infra</Value></member></Tags></r>";
            Some((200, tags.to_owned()))
        }
        "ListAttachedRolePolicies" => Some((200, "<r><PolicyArn>arn:aws:iam::aws:policy/x</PolicyArn></r>".to_owned())),
        "DetachRolePolicy" => Some((200, "<r/>".to_owned())),
        "DeleteRole" if role_stays => Some(query_error("AccessDenied")),
        "DeleteRole" => {
            role.store(true, Ordering::SeqCst);
            Some((200, "<r/>".to_owned()))
        }
        _ => None,
    }
}

/// Destroys a project whose state has one resource. `terraform destroy` fails with this message, once or always.
fn destroy(sandbox: &Sandbox, aws: &FakeAws, message: &str, always: bool) -> Finished {
    let mut command = sandbox.on_aws(&aws.url, &["destroy", "--yes", "--project", "gone"]);
    let home = sandbox.aws_home().join("111122223333/gone");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("settings.json"), r#"{"region":"us-east-1","state":"local"}"#).unwrap();
    fs::write(home.join("terraform.tfstate"), "{}").unwrap();
    let tools = sandbox.terraform();
    let state = r#"{"resources":[{"mode":"managed","type":"aws_iam_role","name":"task","instances":[{}]}]}"#;
    fs::write(tools.join("state.json"), state).unwrap();
    fs::write(tools.join("destroy.json"), format!("{message}\n")).unwrap();
    if always {
        fs::write(tools.join("always"), "").unwrap();
    }
    Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s"))
}

fn terraform_destroys(sandbox: &Sandbox) -> usize {
    fs::read_to_string(sandbox.terraform().join("calls")).unwrap().matches(" destroy ").count()
}

#[test]
fn destroy_goes_on_after_terraform_failed() {
    for always in [false, true] {
        let (sandbox, aws) = (Sandbox::new(), FakeAws::start(account(false)));
        let destroyed = destroy(&sandbox, &aws, CONFLICT, always).exit_code(0);
        destroyed.prints("DeleteConflict");
        assert!(destroyed.stdout().contains("gone-task-role") && destroyed.stdout().contains(INSIGHTS));
        assert!(!destroyed.stdout().contains("left"), "{}", destroyed.stdout());
        assert_eq!((aws.count("DetachRolePolicy"), terraform_destroys(&sandbox)), (1, 2));
        assert!(!sandbox.aws_home().join("111122223333/gone").exists());
    }
}

#[test]
fn only_what_is_left_fails_a_destroy() {
    let (sandbox, aws) = (Sandbox::new(), FakeAws::start(account(true)));
    let failed = destroy(&sandbox, &aws, CONFLICT, true).exit_code(5);
    failed.prints("1 resource of gone could not be removed");
    let stderr = failed.stderr();
    let error = stderr.split_once("could not be removed").unwrap().1;
    assert!(error.contains("DeleteConflict"), "{stderr}");
    assert!(failed.stdout().contains("gone-task-role") && failed.stdout().contains("AccessDenied"));
    assert!(sandbox.aws_home().join("111122223333/gone").exists());
}

#[test]
fn locked_state_ends_a_destroy() {
    let (sandbox, aws) = (Sandbox::new(), FakeAws::start(account(false)));
    destroy(&sandbox, &aws, LOCKED, true).exit_code(5).prints("force-unlock");
    assert_eq!((aws.count("DeleteRole"), aws.count("DeleteLogGroup"), terraform_destroys(&sandbox)), (0, 0, 1));
}

#[test]
fn state_bucket_may_be_in_another_region() {
    for (status, region, expected) in
        [(403, "eu-west-1", "eu-west-1"), (301, "eu-west-1", "eu-west-1"), (200, "", "us-east-1")]
    {
        let sandbox = Sandbox::new();
        let aws = FakeAws::start(move |call| (call.operation == "HEAD /states").then(|| (status, region.to_owned())));
        let args = ["status", "--project", "gone", "--state", "s3://states/key"];
        let mut command = sandbox.on_aws(&aws.url, &args);
        Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s")).exit_code(8);
        let backend = sandbox.aws_home().join("111122223333/gone/infra/backend.tf.json");
        let backend: serde_json::Value = serde_json::from_str(&fs::read_to_string(backend).unwrap()).unwrap();
        assert_eq!(backend["terraform"]["backend"]["s3"]["region"], expected, "{status}");
    }
    let sandbox = Sandbox::new();
    let aws = FakeAws::start(|call| (call.operation == "HEAD /states").then(|| (404, String::new())));
    let mut command = sandbox.on_aws(&aws.url, &["status", "--project", "gone", "--state", "s3://states/key"]);
    let failed = Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s"));
    failed.prints("aws s3 mb s3://states --region us-east-1");
    let args = ["doctor", "--allowed-cidr", "203.0.113.7/32", "--state", "s3://states/key", "--project", "gone"];
    let mut command = sandbox.on_aws(&aws.url, &args);
    let checked = Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s")).exit_code(3);
    checked.prints("the bucket states of the state does not exist");
}
