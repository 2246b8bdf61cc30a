//! The sources of AWS credentials, over real processes: each of them works for xtask and Terraform alike, and each
//! failure names the profile, the cause and the command to run.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    fake_aws::{Answer, Call, FakeAws, json, query_error},
    support::{Finished, Sandbox, is_running},
};

const ACCOUNT: &str = "111122223333";
const FUTURE: &str = "2099-01-01T00:00:00Z";
/// `~/.aws/login/cache/` and the SHA-256 of the session's ARN.
const LOGIN_CACHE: &str = ".aws/login/cache/c7665233d48affa0e6924307175f373dfabadcee4092cb01569b3f5f93d5260a.json";
/// `~/.aws/sso/cache/` and the SHA-1 of the session's name.
const SSO_CACHE: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
/// A key for tests that signs nothing of value.
const DPOP_KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIFDZHUzOG1Pzq+6F0mjMlOSp1syN9LRPBuHMoCFXTcXhoAoGCCqGSM49\nAwEHoUQDQgAE9qhj+KtcdHj1kVgwxWWWw++tqoh7H7UHs7oXh8jBbgF47rrYGC+t\ndjiIaHK3dBvvdE7MGj5HsepzLm3Kj91bqA==\n-----END EC PRIVATE KEY-----\n";
const SSO_PROFILE: &str = "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = admin\n\
                           [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n";
const LOGIN_PROFILE: &str = "[profile dev]\nlogin_session = arn:aws:iam::111122223333:user/x\n";

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Plays STS, the SSO portal, a container's credentials and an instance's metadata. Each gives a key of its own.
fn sources(call: &Call) -> Option<Answer> {
    let keys = |id: &str| json!({"AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": FUTURE, "Code": "Success"});
    let of_role = |operation: &str, id: &str| {
        let text = format!(
            "<{operation}Response><{operation}Result><Credentials><AccessKeyId>{id}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{FUTURE}</Expiration>\
             </Credentials></{operation}Result></{operation}Response>"
        );
        Some((200, text))
    };
    let path = call.operation.split_once(' ').map_or("", |(_, path)| path);
    match call.operation.as_str() {
        "AssumeRole" => of_role("AssumeRole", "ASIAROLE"),
        "AssumeRoleWithWebIdentity" => of_role("AssumeRoleWithWebIdentity", "ASIAWEB"),
        _ if path.starts_with("/federation/credentials") => Some(json(&json!({"roleCredentials": {
            "accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_000_000_000_000_u64,
        }}))),
        _ if path == "/container" => Some(json(&keys("ASIACONTAINER"))),
        "PUT /latest/api/token" => Some((200, "token".to_owned())),
        _ if path.starts_with("/latest/meta-data/iam/security-credentials") => {
            Some(if path.ends_with("/host") { json(&keys("ASIAINSTANCE")) } else { (200, "host".to_owned()) })
        }
        _ => None,
    }
}

/// Records a deployment whose state is on this machine, so that `destroy` runs Terraform.
fn with_state(sandbox: &Sandbox) {
    let home = sandbox.aws_home().join(ACCOUNT).join("gone");
    write(&home.join("settings.json"), r#"{"region":"us-east-1","state":"local"}"#);
    write(&home.join("terraform.tfstate"), "{}");
    write(
        &sandbox.terraform().join("state.json"),
        r#"{"resources":[{"mode":"managed","type":"t","name":"n","instances":[{}]}]}"#,
    );
}

#[test]
fn every_source_serves_xtask_and_terraform() {
    type Set = fn(&mut Command, &str);
    let login = json!({
        "accessToken": {"accessKeyId": "ASIALOGIN", "secretAccessKey": "s", "sessionToken": "t", "accountId": ACCOUNT, "expiresAt": FUTURE},
        "tokenType": "aws_sigv4", "refreshToken": "r", "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": DPOP_KEY,
    });
    let process = r#"[profile dev]
credential_process = echo '{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"s","SessionToken":"t","Expiration":"2099-01-01T00:00:00Z"}'"#;
    let role = "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = keys\n\
                [profile keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = s\n";
    let profile: Set = |command, _| {
        command.env("AWS_PROFILE", "dev");
    };
    let cases: [(&str, &str, Set); 9] = [
        ("ASIALOGIN", LOGIN_PROFILE, profile),
        ("ASIASSO", SSO_PROFILE, profile),
        ("ASIAPROCESS", process, profile),
        ("ASIAROLE", role, profile),
        ("AKIAKEYS", role, |command, _| {
            command.env("AWS_PROFILE", "").env("AWS_DEFAULT_PROFILE", "keys");
        }),
        ("AKIAENV", "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = gone\n", |command, _| {
            command.env("AWS_ACCESS_KEY_ID", "AKIAENV").env("AWS_SECRET_ACCESS_KEY", "s").env("AWS_REGION", "");
        }),
        ("ASIAWEB", "", |command, home| {
            command.env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/web");
            command.env("AWS_WEB_IDENTITY_TOKEN_FILE", format!("{home}/token"));
        }),
        ("ASIACONTAINER", "", |command, _| {
            let url = endpoint(command);
            command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/container"));
        }),
        ("ASIAINSTANCE", "", |command, _| {
            let url = endpoint(command);
            command.env("AWS_EC2_METADATA_DISABLED", "false").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
        }),
    ];
    each(cases, |(key, config, set)| {
        let (sandbox, aws) = (Sandbox::new(), FakeAws::start(owning_role()));
        let home = sandbox.user_home();
        let mut command = sandbox.on_aws(&aws.url, &["destroy", "--yes", "--project", "gone"]);
        write(&home.join(".aws/config"), config);
        write(&home.join("token"), "jwt");
        write(&home.join(LOGIN_CACHE), &login.to_string());
        write(&home.join(SSO_CACHE), &json!({"accessToken": "a", "expiresAt": FUTURE}).to_string());
        with_state(&sandbox);
        set(&mut command, home.to_str().unwrap());
        Finished::of(&mut command).exit_code(0);
        let signed = aws.calls().into_iter().find(|call| call.operation == "GetCallerIdentity").unwrap();
        assert_eq!(signed.access_key, key);
        let environment = fs::read_to_string(sandbox.terraform().join("environment")).unwrap();
        assert!(environment.contains(&format!("AWS_ACCESS_KEY_ID={key}\n")), "{key}: {environment}");
        assert_eq!(environment.contains("AWS_SESSION_TOKEN=t\n"), key.starts_with("ASIA"), "{key}: {environment}");
        for other in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY", "AWS_CONTAINER"] {
            assert!(!environment.contains(other), "{key}: {environment}");
        }
    });
}

#[test]
fn terraform_gets_renewed_credentials() {
    let (sandbox, aws) = (Sandbox::new(), FakeAws::start(owning_role()));
    let home = sandbox.user_home();
    let mut command = sandbox.on_aws(&aws.url, &["destroy", "--yes", "--project", "gone"]);
    // Each call prints other keys, which are long enough for a call and too short for an apply.
    let expiration = xtask::timestamp::rfc3339(xtask::timestamp::now() + 300);
    let script = format!(
        r#"n=$(($(cat {0}/n 2>/dev/null || echo 0) + 1)); echo $n > {0}/n
echo '{{"Version":1,"AccessKeyId":"ASIA'$n'","SecretAccessKey":"s","SessionToken":"t","Expiration":"{expiration}"}}'"#,
        home.display()
    );
    write(&home.join("keys.sh"), &script);
    write(&home.join(".aws/config"), &format!("[profile dev]\ncredential_process = sh {}/keys.sh\n", home.display()));
    with_state(&sandbox);
    Finished::of(command.env("AWS_PROFILE", "dev")).exit_code(0);
    let calls = aws.calls();
    let inventory: Vec<&Call> = calls.iter().take_while(|call| call.operation != "DeleteRole").collect();
    assert!(inventory.iter().any(|call| call.access_key == "ASIA1"), "{inventory:?}");
    let environment = fs::read_to_string(sandbox.terraform().join("environment")).unwrap();
    let key = environment.lines().find_map(|line| line.strip_prefix("AWS_ACCESS_KEY_ID=ASIA")).unwrap();
    let terraform_calls = fs::read_to_string(sandbox.terraform().join("calls")).unwrap().lines().count();
    assert_eq!(key.parse::<usize>().unwrap(), terraform_calls + 1, "{calls:?}");
}

#[test]
fn endpoints_and_proxies_reach_terraform() {
    let (sandbox, aws) = (Sandbox::new(), FakeAws::start(owning_role()));
    let mut command = sandbox.on_aws(&aws.url, &["destroy", "--yes", "--project", "gone"]);
    let keys = "aws_access_key_id = AKIA\naws_secret_access_key = s";
    write(&sandbox.user_home().join(".aws/config"), &format!("[default]\nendpoint_url = {}\n{keys}\n", aws.url));
    with_state(&sandbox);
    command.env("ALL_PROXY", "http://127.0.0.1:9").env_remove("AWS_ENDPOINT_URL");
    Finished::of(&mut command).exit_code(0);
    let environment = fs::read_to_string(sandbox.terraform().join("environment")).unwrap();
    for service in ["S3", "STS", "DYNAMODB", "SECRETS_MANAGER"] {
        assert!(environment.contains(&format!("AWS_ENDPOINT_URL_{service}={}\n", aws.url)), "{environment}");
    }
    // Go's programs do not read ALL_PROXY.
    assert!(environment.contains("HTTPS_PROXY=http://127.0.0.1:9\n"), "{environment}");
}

/// Tests every case in a thread of its own: most of the time goes into waiting for processes.
fn each<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    let test = &test;
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || test(case));
        }
    });
}

/// Plays the sources, and an account in which the project has one role until it is deleted.
fn owning_role() -> impl Fn(&Call) -> Option<Answer> {
    let deleted = AtomicBool::new(false);
    let tags = "<r><Tags><member><Key>Project</Key><Value>gone</Value></member>\
                <member><Key>ManagedBy</Key><Value>mcp-stateful/infra</Value></member></Tags></r>";
    move |call| match call.operation.as_str() {
        "DeleteRole" => {
            deleted.store(true, Ordering::SeqCst);
            Some((200, "<r/>".to_owned()))
        }
        "ListRoleTags" if call.body.contains("gone-task-role") && !deleted.load(Ordering::SeqCst) => {
            Some((200, tags.to_owned()))
        }
        _ => sources(call),
    }
}

fn endpoint(command: &Command) -> String {
    let (_, url) = command.get_envs().find(|(name, _)| *name == "AWS_ENDPOINT_URL").unwrap();
    url.unwrap().to_str().unwrap().to_owned()
}

#[test]
fn failures_name_profile_cause_and_command() {
    let role = "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = gone\n";
    let keys = "[profile dev]\naws_access_key_id = AKIA\naws_secret_access_key = s\n";
    let denied = "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = dev\n\
                  aws_access_key_id = AKIA\naws_secret_access_key = s\n";
    let half_sso = SSO_PROFILE.replace("sso_role_name = admin\n", "");
    let no_session = SSO_PROFILE.replace("[sso-session corp]", "[sso-session other]");
    let no_region = SSO_PROFILE.replace("sso_region = us-east-1\n", "");
    let no_token = "[profile dev]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /no/file\n";
    let loop_of_two = "[profile dev]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = b\n\
                       [profile b]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = dev\n";
    let cases = [
        ("[profile devs]\nregion = x\n", "", "the AWS profile \"dev\" does not exist in ", "did you mean `devs`?"),
        ("", "", "the AWS profile \"dev\" does not exist in ", "aws login --profile dev"),
        (role, "", "the AWS profile \"dev\" has the source_profile \"gone\", which does not exist", "--profile gone"),
        (loop_of_two, "", "the AWS profile \"dev\" is its own source_profile", "source_profile"),
        (LOGIN_PROFILE, "", "the AWS profile \"dev\"", "hint: run `aws login --profile dev`"),
        (SSO_PROFILE, "", "the AWS profile \"dev\"", "hint: run `aws sso login --profile dev`"),
        (&half_sso, "", "the AWS profile \"dev\" is incomplete: it has no sso_role_name", "aws configure sso"),
        (&no_session, "", "its sso_session \"corp\" does not exist", "aws configure sso --profile dev"),
        (&no_region, "", "its sso_session \"corp\" has no sso_region", "aws configure sso --profile dev"),
        (no_token, "", "cannot read the web identity's token in /no/file", "set it in "),
        (
            "[profile dev]\ncredential_process = echo broken >&2; exit 3\n",
            "",
            "broken",
            "export-credentials --profile dev",
        ),
        (
            "[profile dev]\nregion = us-east-1\n",
            "",
            "the AWS profile \"dev\" has no credentials",
            "aws login --profile dev",
        ),
        (
            "[profile dev]\naws_access_key_id = A\n",
            "",
            "the AWS profile \"dev\" has only one of",
            "aws configure --profile dev",
        ),
        (
            keys,
            "ExpiredToken",
            "the credentials of the AWS profile \"dev\" have expired",
            "aws configure --profile dev",
        ),
        (keys, "InvalidClientTokenId", "AWS rejected the credentials of the AWS profile \"dev\"", "enabled us-east-1"),
        (denied, "AccessDenied", "the AWS profile \"dev\"", "to assume arn:aws:iam::111122223333:role/r"),
    ];
    each(cases, |(config, error, what, hint)| {
        let sandbox = Sandbox::new();
        let aws = FakeAws::start(move |call| {
            let failing = ["AssumeRole", "GetCallerIdentity"].contains(&call.operation.as_str()) && !error.is_empty();
            failing.then(|| query_error(error))
        });
        let mut command = sandbox.on_aws(&aws.url, &["status"]);
        write(&sandbox.user_home().join(".aws/config"), config);
        let failed = Finished::of(command.env("AWS_PROFILE", "dev")).exit_code(3);
        failed.prints(what);
        let stderr = failed.stderr();
        let hints = stderr.split_once("hint: ").map_or("", |(before, _)| &stderr[before.len()..]);
        assert!(hints.contains(hint), "{config}: {stderr}");
        assert!(!stderr.contains("feature"), "{stderr}");
    });
}

#[test]
fn half_of_a_pair_of_variables_is_rejected() {
    for (set, missing) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ] {
        let sandbox = Sandbox::new();
        let mut command = sandbox.on_aws("http://127.0.0.1:9", &["status"]);
        let failed = Finished::of(command.env(set, "x").env(missing, "")).exit_code(3);
        failed.prints(&format!("{set} is set, but {missing} is not"));
    }
}

#[test]
fn hanging_credential_process_is_killed() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.on_aws("http://127.0.0.1:9", &["status"]);
    let pid = sandbox.user_home().join("pid");
    let config = format!("[profile dev]\ncredential_process = echo $$ > {}; sleep 300; true\n", pid.display());
    write(&sandbox.user_home().join(".aws/config"), &config);
    let started = Instant::now();
    let failed = Finished::of(command.env("AWS_PROFILE", "dev").env("MCP_CREDENTIALS_TIMEOUT", "2")).exit_code(3);
    failed.prints("the credential_process of the AWS profile \"dev\" did not end within 2 s and was killed");
    failed.prints("hint: run `aws configure export-credentials --profile dev` to see what it waits for");
    assert!(started.elapsed() < Duration::from_secs(20));
    let pid = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    assert!(!is_running(pid));
}

#[test]
fn proxy_serves_every_call() {
    let (sandbox, proxy) = (Sandbox::new(), FakeAws::start(|_| None));
    let mut command = sandbox.on_aws("http://aws.test", &["doctor", "--allowed-cidr", "127.0.0.1/32"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s");
    let output = Finished::of(command.env("HTTP_PROXY", &proxy.url)).stderr();
    for operation in ["GetCallerIdentity", "DescribeVpcs", "DescribeTable"] {
        let calls = proxy.calls();
        let call = calls.iter().find(|call| call.operation == operation);
        assert!(call.is_some_and(|call| call.target == "http://aws.test/"), "{operation}: {calls:?}\n{output}");
    }
    let sandbox = Sandbox::new();
    let mut command = sandbox.on_aws("http://aws.test", &["status"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s").env("NO_PROXY", "aws.test");
    let before = proxy.calls().len();
    Finished::of(command.env("HTTP_PROXY", &proxy.url)).exit_code(3).prints("cannot reach AWS in region us-east-1");
    assert_eq!(proxy.calls().len(), before);
}

#[test]
fn unsupported_partition_is_rejected_by_name() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.on_aws("http://127.0.0.1:9", &["status", "--region", "us-iso-east-1"]);
    let failed = Finished::of(command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s")).exit_code(3);
    failed.prints("the region us-iso-east-1 belongs to the AWS partition aws-iso, which is not supported");
}

#[test]
fn endpoint_of_one_service_is_followed() {
    let (sandbox, aws, sts) = (Sandbox::new(), FakeAws::start(|_| None), FakeAws::start(|_| None));
    let mut command = sandbox.on_aws(&aws.url, &["doctor", "--allowed-cidr", "127.0.0.1/32"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s").env("AWS_ENDPOINT_URL_STS", &sts.url);
    drop(command.env("AWS_ENDPOINT_URL_DYNAMODB", "").output().unwrap());
    assert_eq!((sts.count("GetCallerIdentity"), aws.count("GetCallerIdentity")), (1, 0));
    assert!(aws.count("DescribeVpcs") > 0 && aws.count("DescribeTable") > 0);
}
