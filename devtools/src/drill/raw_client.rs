//! One MCP request of either era as bytes on a connection, and what became of it. Done by hand: a client library would
//! repeat, or not, as it likes, and would not let an answer go.

use std::{io, time::Duration};

use reqwest::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::plan::Cut;
use xtask::{client::ProtocolVersion, http, token::Token};

/// How long to wait for an answer: longer than the service may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// How long to wait for a connection, as the HTTP client does.
const CONNECT: Duration = Duration::from_secs(5);

/// What the wire of one client is made of.
#[derive(Debug)]
pub(super) struct Wire {
    http: reqwest::Client,
    token: Token,
    era: ProtocolVersion,
    /// Whether connections are kept for the next request. Some clients do, others come anew each time.
    keeps: bool,
}

/// What came in the place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missed {
    NoConnection,
    /// The connection ended before the answer did.
    Cut,
    TimedOut,
    /// The service says that it cannot now.
    Status(u16),
    /// The tool says that it cannot now; with its text.
    Tool(String),
    /// The service does not take the request as it is: sending it again would not help.
    Refused(String),
}

impl Missed {
    /// Its name in the report.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::NoConnection => "no connection".to_owned(),
            Self::Cut => "connection cut".to_owned(),
            Self::TimedOut => "timed out".to_owned(),
            Self::Status(status) => format!("status {status}"),
            Self::Tool(_) => "tool error".to_owned(),
            Self::Refused(_) => "refused".to_owned(),
        }
    }
}

impl std::fmt::Display for Missed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tool(text) | Self::Refused(text) => write!(f, "{}: {text}", self.kind()),
            _ => f.write_str(&self.kind()),
        }
    }
}

impl Wire {
    pub(super) fn new(address: &str, token: Token, era: ProtocolVersion, keeps: bool) -> anyhow::Result<Self> {
        Ok(Self { http: http::client(address)?, token, era, keeps })
    }

    pub(super) fn era(&self) -> ProtocolVersion {
        self.era
    }

    /// A request; `name` is the tool's, where one is called.
    pub(super) fn request(&self, address: &str, id: u64, method: &str, params: Value) -> anyhow::Result<Request> {
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let mut request = self
            .http
            .post(format!("{address}/mcp"))
            .bearer_auth(self.token.reveal())
            .timeout(PATIENCE)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", self.era.as_str())
            .header("connection", if self.keeps { "keep-alive" } else { "close" });
        if self.era == ProtocolVersion::V2026_07_28 {
            request = request.header("mcp-method", method);
            if !name.is_empty() {
                request = request.header("mcp-name", name);
            }
        }
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": self.framed(params)});
        Ok(request.json(&body).build()?)
    }

    /// Sends a request and reads its answer: a result, or what came instead.
    pub(super) async fn send(&self, request: Request, id: u64) -> Result<Value, Missed> {
        let answer = self.http.execute(request).await.map_err(|error| missed(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| missed(&error))?;
        result(status, &text, id)
    }

    /// Era by era, what each request says of its sender.
    fn framed(&self, mut params: Value) -> Value {
        if self.era == ProtocolVersion::V2026_07_28 {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.era.as_str(),
                "io.modelcontextprotocol/clientInfo": me(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        params
    }
}

/// Who asks.
pub(super) fn me() -> Value {
    json!({"name": "xtask drill", "version": env!("CARGO_PKG_VERSION")})
}

/// Sends a request and closes the connection without having read the answer.
pub(super) async fn lose(request: &Request, cut: Cut) -> Result<(), Missed> {
    let host = request.url().host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = request.url().port_or_known_default().unwrap_or_default();
    let connected = timeout(CONNECT, TcpStream::connect((host, port))).await;
    let stream = connected.ok().and_then(Result::ok).ok_or(Missed::NoConnection)?;
    match timeout(PATIENCE, send_only(stream, &raw(request), cut)).await {
        Ok(sent) => sent.map_err(|_| Missed::Cut),
        Err(_) => Err(Missed::TimedOut),
    }
}

async fn send_only(mut stream: TcpStream, request: &[u8], cut: Cut) -> io::Result<()> {
    stream.write_all(request).await?;
    match cut {
        Cut::AtOnce => Ok(()),
        Cut::Unread => stream.readable().await,
    }
}

/// The request as HTTP/1.1 has it.
fn raw(request: &Request) -> Vec<u8> {
    let url = request.url();
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}:{port}\r\n", request.method(), url.path()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    [&head, body].concat()
}

fn result(status: StatusCode, text: &str, id: u64) -> Result<Value, Missed> {
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Err(Missed::Status(status.as_u16()));
    }
    let refused = || Missed::Refused(format!("{status} {}", text.chars().take(300).collect::<String>().trim()));
    let mut answer: Value = serde_json::from_str(text).map_err(|_| refused())?;
    if !status.is_success() || answer["id"] != id || !answer["result"].is_object() {
        return Err(refused());
    }
    if answer["result"]["isError"] == true {
        let said = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        return Err(Missed::Tool(said.to_owned()));
    }
    Ok(answer["result"].take())
}

fn missed(error: &reqwest::Error) -> Missed {
    match error {
        error if error.is_connect() => Missed::NoConnection,
        error if error.is_timeout() => Missed::TimedOut,
        _ => Missed::Cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(era: ProtocolVersion) -> Wire {
        drop(http::install_cryptography());
        Wire::new("http://127.0.0.1:1", Token::new("secret"), era, false).unwrap()
    }

    #[test]
    fn each_era_says_what_it_has_to() {
        let params = json!({"name": "add_note", "arguments": {"note": "n"}});
        for (era, named, framed) in
            [(ProtocolVersion::V2025_11_25, false, false), (ProtocolVersion::V2026_07_28, true, true)]
        {
            let request = wire(era).request("http://h:1", 7, "tools/call", params.clone()).unwrap();
            assert_eq!(request.headers()["mcp-protocol-version"], era.as_str());
            assert_eq!(request.headers().contains_key("mcp-name"), named);
            let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
            assert_eq!((&body["id"], &body["params"]["arguments"]["note"]), (&json!(7), &json!("n")));
            assert_eq!(body["params"]["_meta"].is_object(), framed);
        }
    }

    #[test]
    fn a_request_by_hand_is_whole() {
        let request = wire(ProtocolVersion::V2025_11_25).request("http://127.0.0.1:81", 1, "ping", json!({})).unwrap();
        let text = String::from_utf8(raw(&request)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:81\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer secret"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
    }

    #[test]
    fn what_may_be_asked_again_is_told_from_what_is_refused() {
        let ok = StatusCode::OK;
        assert_eq!(
            result(ok, r#"{"id":1,"result":{"structuredContent":{}}}"#, 1),
            Ok(json!({"structuredContent": {}}))
        );
        assert_eq!(result(StatusCode::SERVICE_UNAVAILABLE, "", 1), Err(Missed::Status(503)));
        assert_eq!(result(StatusCode::REQUEST_TIMEOUT, "", 1), Err(Missed::Status(408)));
        let busy = r#"{"id":1,"result":{"isError":true,"content":[{"type":"text","text":"busy"}]}}"#;
        assert_eq!(result(ok, busy, 1), Err(Missed::Tool("busy".to_owned())));
        for (status, text) in [
            (ok, r#"{"id":1,"error":{"code":-32602,"message":"no"}}"#),
            (ok, r#"{"id":2,"result":{}}"#),
            (ok, "{"),
            (StatusCode::UNAUTHORIZED, r#"{"id":1,"result":{}}"#),
        ] {
            assert!(matches!(result(status, text, 1), Err(Missed::Refused(_))), "{text}");
        }
    }
}
