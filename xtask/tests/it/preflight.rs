//! Deployments on AWS up to the first change: what preflight finds in an account, and what an apply repeats.

use std::fs;

use serde_json::json;

use crate::{
    fake_aws::{Answer, FakeAws, json_error, query_error},
    support::{Finished, Sandbox},
};

/// The operation of requests to the image registry, which runs at the same address.
const REGISTRY: &str = "registry";
/// The manifest `{}`.
const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const TOKEN: [&str; 2] = ["--var", "token_parameter_arn=arn:aws:ssm:us-east-1:111122223333:parameter/team/token"];
const ROUTES: &str = "<r><routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet><item>\
                      <destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><state>active</state></item></routeSet>\
                      <associationSet><item><main>true</main></item></associationSet></item></routeTableSet></r>";

/// Plays an account in which a deployment would succeed, except for these answers.
fn account(replaced: &[(&'static str, Answer)]) -> FakeAws {
    let replaced = replaced.to_vec();
    FakeAws::start(move |call| {
        let operation = if call.operation.contains(" /v2/") { REGISTRY } else { call.operation.as_str() };
        if let Some((_, answer)) = replaced.iter().find(|(name, _)| *name == operation) {
            return Some(answer.clone());
        }
        match operation {
            "DescribeRouteTables" => Some((200, ROUTES.to_owned())),
            "GetRole" => Some((200, "<r/>".to_owned())),
            "GetServiceQuota" => Some(quota(6.0)),
            "DescribeParameters" => Some(parameter("SecureString", "alias/aws/ssm")),
            REGISTRY => Some((200, "{}".to_owned())),
            _ => None,
        }
    })
}

fn quota(vcpus: f64) -> Answer {
    (200, json!({"Quota": {"Value": vcpus}}).to_string())
}

fn parameter(kind: &str, key: &str) -> Answer {
    (200, json!({"Parameters": [{"Type": kind, "KeyId": key}]}).to_string())
}

fn xml(text: &str) -> Answer {
    (200, text.to_owned())
}

fn deploy(sandbox: &Sandbox, aws: &FakeAws, more: &[&str]) -> Finished {
    let image = format!("{}/mcp-dynamodb@{DIGEST}", aws.url.trim_start_matches("http://"));
    let mut args = vec!["deploy", "--image", &image];
    if !more.contains(&"--allowed-cidr") {
        args.extend(["--allowed-cidr", "203.0.113.7/32"]);
    }
    args.extend(more);
    let mut command = sandbox.on_aws(&aws.url, &args);
    Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s"))
}

fn plan(aws: &FakeAws, more: &[&str]) -> Finished {
    deploy(&Sandbox::new(), aws, &[&["--dry-run"][..], more].concat())
}

#[test]
fn plan_names_what_stays_unknown() {
    let aws = account(&[]);
    let planned = plan(&aws, &TOKEN).exit_code(0);
    planned.prints("unknown  whether other tasks leave 0.5 of the 6 vCPUs");
    assert!(!planned.stderr().contains("whether the "), "{}", planned.stderr());
    assert_eq!(aws.count("GetParameter"), 0);
}

#[test]
fn each_problem_has_its_fix() {
    let zone = "<r><subnetSet><item><subnetId>s</subnetId><availabilityZoneId>usw1-az2</availabilityZoneId></item></subnetSet></r>";
    let issuer = r#"oauth={"issuer":"https://id.example.com:8443","resource":"https://mcp.example.com/mcp"}"#;
    let none = ("none", xml(""));
    for (answer, args, problem, fix) in [
        (("DescribeSubnets", xml("<r><subnetSet/></r>")), &[][..], "has no default subnets", "create-default-subnet"),
        (("DescribeSubnets", xml(zone)), &["--region", "us-west-1"], "in no zone of us-west-1", "usw1-az1, usw1-az3"),
        (("DescribeInternetGateways", xml("<r/>")), &[], "no Internet gateway", "attach-internet-gateway"),
        (("GetServiceQuota", quota(0.0)), &[], "may run 0 Fargate vCPUs", "L-3032A538"),
        (("DescribeParameters", xml("{}")), &TOKEN, "parameter/team/token does not exist", "--name /team/token"),
        (
            ("DescribeParameters", parameter("SecureString", "alias/team")),
            &TOKEN,
            "encrypted with alias/team",
            "alias/aws/ssm",
        ),
        ((REGISTRY, (404, String::new())), &[], "is not in its registry", "correct --image"),
        (none.clone(), &["--var", issuer], "may connect to port 443 only", "on port 443"),
        (none, &["--allowed-cidr", "2001:db8::7/128"], "no client can connect from 2001:db8::7/128", "IPv4 range"),
    ] {
        let refused = plan(&account(&[answer]), args).exit_code(3);
        refused.prints(problem);
        refused.prints(fix);
    }
}

#[test]
fn plan_describes_what_tools_get() {
    let aws = account(&[("DescribeSecret", xml(r#"{"VersionIdsToStages": {"v": ["AWSCURRENT"]}}"#))]);
    let sandbox = Sandbox::new();
    let file = sandbox.settings(
        r#"
        [environment]
        BUCKET = "team-notes"
        [secrets]
        API_KEY = { parameter_arn = "arn:aws:ssm:us-east-1:111122223333:parameter/team/key" }
        SMTP_USER = { secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:team/smtp-AbCdEf:user::" }
        [infra]
        egress = [{ ports = "5432", cidrs = ["0.0.0.0/0"] }]
        scratch_mib = 64
        [[infra.task_policy_statements]]
        actions = ["s3:Get*"]
        resources = ["arn:aws:s3:::team-notes/*"]
        "#,
    );
    let planned = deploy(&sandbox, &aws, &["--dry-run", "--environment", &file]).exit_code(0);
    for sentence in [
        "grants  the tools get BUCKET=team-notes\n",
        "  the tools get the secret API_KEY from arn:aws:ssm:us-east-1:111122223333:parameter/team/key\n",
        "  the tools get the secret SMTP_USER from arn:aws:secretsmanager:",
        "  the tools may s3:Get* (EVERY ACTION LIKE IT) on EVERYTHING BELOW arn:aws:s3:::team-notes/\n",
        "  the tasks may connect to tcp port 5432 of EVERY IPv4 ADDRESS\n",
        "  the tools may write 64 MiB to /tmp",
    ] {
        planned.prints(sentence);
    }
    let asked = aws.calls().into_iter().find(|call| call.operation == "DescribeSecret").unwrap();
    assert_eq!(asked.body, r#"{"SecretId":"arn:aws:secretsmanager:us-east-1:111122223333:secret:team/smtp-AbCdEf"}"#);
    assert_eq!(aws.count("GetSecretValue") + aws.count("GetParameter") + aws.count("GetParameters"), 0);
}

#[test]
fn missing_secrets_of_tools_are_problems() {
    let aws =
        account(&[("DescribeSecret", json_error("ResourceNotFoundException")), ("DescribeParameters", xml("{}"))]);
    let secrets = json!({
        "API_KEY": {"arn": "arn:aws:ssm:us-east-1:111122223333:parameter/team/key"},
        "ELSEWHERE": {"arn": "arn:aws:ssm:eu-west-1:111122223333:parameter/team/key"},
        "SMTP_USER": {"arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:team/smtp-AbCdEf:user::"},
    });
    let rejected = plan(&aws, &["--var", &format!("secrets={secrets}")]).exit_code(3);
    for problem in [
        "the secret API_KEY does not exist",
        "--name /team/key",
        "ELSEWHERE is in region eu-west-1",
        "the secret SMTP_USER does not exist: arn:aws:secretsmanager:us-east-1:111122223333:secret:team/smtp-AbCdEf\n",
    ] {
        rejected.prints(problem);
    }
    let denied = account(&[("DescribeSecret", json_error("AccessDeniedException"))]);
    let planned = plan(&denied, &["--var", &format!("secrets={}", json!({"SMTP_USER": secrets["SMTP_USER"]}))]);
    planned.exit_code(0).prints("whether the secret SMTP_USER exists and is readable");
}

#[test]
fn account_problems_are_reported_together() {
    let aws = account(&[
        ("DescribeInternetGateways", xml("<r/>")),
        ("GetServiceQuota", quota(0.0)),
        (REGISTRY, (404, String::new())),
    ]);
    plan(&aws, &[]).exit_code(3).prints("3 problems");
}

#[test]
fn denied_checks_stay_unknown() {
    let aws = account(&[
        ("DescribeInternetGateways", query_error("UnauthorizedOperation")),
        ("DescribeRouteTables", query_error("UnauthorizedOperation")),
        ("GetRole", query_error("AccessDenied")),
        ("GetServiceQuota", json_error("AccessDeniedException")),
        ("DescribeParameters", json_error("AccessDeniedException")),
        (REGISTRY, (500, String::new())),
    ]);
    let planned = plan(&aws, &TOKEN).exit_code(0);
    for subject in ["Internet gateway", "route", "quota", "ECS's role", "the parameter arn:", "the image 127.0.0.1"] {
        planned.prints(subject);
    }
}

#[test]
fn apply_is_repeated_for_an_unknown_role_only() {
    let unknown = "creating ECS Task Definition (x-task): operation error ECS: RegisterTaskDefinition, \
                   AccessDeniedException: User: x is not authorized to perform: iam:PassRole on resource: y";
    // A complete state, so that nothing is searched for.
    let addresses = [
        ("aws_ecs_cluster", "this"),
        ("aws_ecs_service", "this"),
        ("aws_security_group", "service"),
        ("aws_vpc_security_group_ingress_rule", "service"),
        ("aws_vpc_security_group_egress_rule", "https"),
        ("aws_cloudwatch_log_group", "service"),
        ("aws_ssm_parameter", "token"),
        ("aws_iam_role", "exec"),
        ("aws_iam_role", "task"),
        ("aws_dynamodb_table", "state"),
    ];
    let resources =
        addresses.map(|(kind, name)| json!({"mode": "managed", "type": kind, "name": name, "instances": [{}]}));
    for (errors, applies) in [(&[unknown, "the second error"][..], 2), (&["another error"], 1)] {
        let (sandbox, aws) = (Sandbox::new(), account(&[]));
        // Creates the directory of the stand-in for Terraform.
        drop(sandbox.on_aws(&aws.url, &[]));
        let tools = sandbox.terraform();
        fs::write(tools.join("state.json"), json!({"resources": resources}).to_string()).unwrap();
        for (number, error) in (1..).zip(errors) {
            let diagnostic = json!({"severity": "error", "summary": error});
            let line = json!({"@message": "Error", "type": "diagnostic", "diagnostic": diagnostic});
            fs::write(tools.join(format!("error{number}")), format!("{line}\n")).unwrap();
        }
        deploy(&sandbox, &aws, &["--yes"]).exit_code(5).prints(errors[errors.len() - 1]);
        let calls = fs::read_to_string(tools.join("calls")).unwrap();
        assert_eq!(calls.lines().filter(|line| line.contains(" apply ")).count(), applies, "{calls}");
    }
}
