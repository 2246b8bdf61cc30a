//! An AWS on loopback that answers what a test defines, and records every call. It also serves as an HTTP proxy.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// A running fake. Its thread ends with the test process.
pub(crate) struct FakeAws {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    /// The operation of an AWS protocol, or the method and path of any other request.
    pub(crate) operation: String,
    /// The request's target, which is a whole URL if the client takes this for a proxy.
    pub(crate) target: String,
    /// The access key that signed the request.
    pub(crate) access_key: String,
    pub(crate) body: String,
}

/// A header of the instance's metadata. Others ignore it.
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";

/// A response: status and body.
pub(crate) type Answer = (u16, String);

impl FakeAws {
    /// Starts a fake. Calls for which `answer` returns `None` are answered as by an account without resources.
    pub(crate) fn start(answer: impl Fn(&Call) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), calls.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, kept) = (answer.clone(), kept.clone());
                thread::spawn(move || serve(stream, &*answer, &kept));
            }
        });
        Self { url, calls }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|call| call.operation == operation).count()
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Call) -> Option<Answer>, calls: &Mutex<Vec<Call>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(call) = read(&mut reader) {
        calls.lock().unwrap().push(call.clone());
        let (status, body) = answer(&call).unwrap_or_else(|| empty_account(&call));
        let body_on_wire = if call.operation.starts_with("HEAD ") { "" } else { body.as_str() };
        // S3 names the region of a bucket in every response.
        let is_region = call.operation.starts_with("HEAD ") && !body.is_empty();
        let region = if is_region { format!("x-amz-bucket-region: {body}\r\n") } else { String::new() };
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{TTL}{region}\r\n", body_on_wire.len());
        if stream.write_all(format!("{head}{body_on_wire}").as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Call> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut parts = line.split_whitespace().map(str::to_owned);
    let (method, target) = (parts.next()?, parts.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
    let amz_target = headers.get("x-amz-target").and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let operation = amz_target.or(action).unwrap_or_else(|| format!("{method} {target}"));
    let credential = headers.get("authorization").and_then(|header| header.split_once("Credential="));
    let access_key = credential.and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default().to_owned();
    Some(Call { operation, target, access_key, body })
}

/// Answers as AWS does for an account in which nothing exists but a caller and a default VPC.
fn empty_account(call: &Call) -> Answer {
    let not_found = |code: &str| (400, json!({"__type": code, "message": "it does not exist"}).to_string());
    match call.operation.as_str() {
        "GetCallerIdentity" => (
            200,
            "<r><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/x</Arn>\
             <Account>111122223333</Account></GetCallerIdentityResult></r>"
                .to_owned(),
        ),
        "DescribeSubnets" => (
            200,
            "<r><subnetSet><item><subnetId>subnet-1</subnetId><availabilityZoneId>use1-az1</availabilityZoneId>\
             <availableIpAddressCount>4091</availableIpAddressCount></item></subnetSet></r>"
                .to_owned(),
        ),
        "DescribeInternetGateways" => (
            200,
            "<r><internetGatewaySet><item><attachmentSet><item><vpcId>vpc-1</vpcId></item></attachmentSet></item>\
             </internetGatewaySet></r>"
                .to_owned(),
        ),
        "DescribeVpcs" => (200, "<r><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></r>".to_owned()),
        "GetResources" => (200, json!({"ResourceTagMappingList": []}).to_string()),
        "DescribeLogGroups" => (200, json!({"logGroups": []}).to_string()),
        "DescribeClusters" => (200, json!({"clusters": []}).to_string()),
        "ListTaskDefinitions" => (200, json!({"taskDefinitionArns": []}).to_string()),
        "DescribeServices" => not_found("ClusterNotFoundException"),
        "DescribeRepositories" => not_found("RepositoryNotFoundException"),
        "DescribeTable" | "GetLogEvents" => not_found("ResourceNotFoundException"),
        "ListTagsForResource" => not_found("InvalidResourceId"),
        "GetParameter" => not_found("ParameterNotFound"),
        operation if operation.starts_with("Describe") => (200, format!("<{operation}Response/>")),
        _ => (404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".to_owned()),
    }
}

/// Returns an error of a Query protocol.
pub(crate) fn query_error(code: &str) -> Answer {
    (403, format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"))
}

/// Returns an error of a JSON protocol.
pub(crate) fn json_error(code: &str) -> Answer {
    (400, json!({"__type": format!("com.amazonaws#{code}"), "message": "no"}).to_string())
}

/// Returns a successful response.
pub(crate) fn json(value: &Value) -> Answer {
    (200, value.to_string())
}
