//! A stand-in for the fronts of AWS: an HTTP API of API Gateway, an Application Load Balancer, and CloudFront with a
//! load balancer behind it.
//!
//! It changes headers as they do, keeps connections to the service, never repeats a request, and goes on sending
//! requests to a target that is deregistered. Tests choose the client's address with the header [`SOURCE`].

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;

/// The header of a request to the stand-in that sets the client's address. It is not forwarded.
pub(crate) const SOURCE: &str = "x-test-source";

/// The client's address of requests without [`SOURCE`].
pub(crate) const DEFAULT_SOURCE: &str = "203.0.113.1";

/// The address of CloudFront's side of its connection to the load balancer.
const CLOUDFRONT_ADDRESS: &str = "10.0.7.7";

/// API Gateway's limit of request line and header values
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const HTTP_API_HEAD_BYTES: usize = 10_240;

/// A value of `MCP_FRONT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    HttpApi,
    Alb,
    CloudFront,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::HttpApi, Self::Alb, Self::CloudFront];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HttpApi => "http-api",
            Self::Alb => "alb",
            Self::CloudFront => "cloudfront",
        }
    }
}

/// A running stand-in. It lives as long as the test's runtime.
pub(crate) struct Front {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    kind: Kind,
    targets: Mutex<Vec<Target>>,
    next: AtomicUsize,
    reused: AtomicUsize,
}

struct Target {
    address: SocketAddr,
    /// The requests that are still sent to a deregistered target, which the front has cached.
    cached_for: Option<usize>,
    attempts: usize,
    in_flight: usize,
    idle: Vec<SendRequest<Full<Bytes>>>,
}

impl Front {
    /// Starts a front without targets.
    pub(crate) async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (targets, next, reused) = Default::default();
        let shared = Arc::new(Shared { kind, targets, next, reused });
        let router = Router::new().fallback(forward).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Starts a front before one server.
    pub(crate) async fn before(kind: Kind, server: &Server) -> Self {
        let front = Self::start(kind).await;
        front.register(server);
        front
    }

    pub(crate) fn register(&self, server: &Server) {
        let (cached_for, attempts, in_flight, idle) = Default::default();
        let target = Target { address: address(server), cached_for, attempts, in_flight, idle };
        self.shared.targets().push(target);
    }

    /// Deregisters a server, to which the front sends `cached_for` more requests. Waits until it sends no more and has
    /// every response.
    pub(crate) async fn deregister(&self, server: &Server, cached_for: usize) {
        let address = address(server);
        self.shared.target(address, |target| target.cached_for = Some(cached_for));
        let started = Instant::now();
        while self.shared.target(address, |target| (target.cached_for, target.in_flight)) != (Some(0), 0) {
            assert!(started.elapsed() < Duration::from_secs(30), "no load reaches the deregistered server");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.shared.targets().retain(|target| target.address != address);
    }

    /// Returns the number of requests that were sent to a server.
    pub(crate) fn attempts(&self, server: &Server) -> usize {
        self.shared.target(address(server), |target| target.attempts)
    }

    /// Returns the number of requests that were sent on a kept connection.
    pub(crate) fn reused(&self) -> usize {
        self.shared.reused.load(Ordering::SeqCst)
    }
}

fn address(server: &Server) -> SocketAddr {
    server.url.strip_prefix("http://").unwrap().parse().unwrap()
}

impl Shared {
    fn targets(&self) -> MutexGuard<'_, Vec<Target>> {
        self.targets.lock().unwrap()
    }

    fn target<T>(&self, address: SocketAddr, work: impl FnOnce(&mut Target) -> T) -> T {
        work(self.targets().iter_mut().find(|target| target.address == address).unwrap())
    }

    /// Chooses the next target, with a kept connection if there is one.
    fn choose(&self) -> Option<(SocketAddr, Option<SendRequest<Full<Bytes>>>)> {
        let mut targets = self.targets();
        let mut usable: Vec<_> = targets.iter_mut().filter(|target| target.cached_for != Some(0)).collect();
        let number = usable.len().max(1);
        let target = usable.get_mut(self.next.fetch_add(1, Ordering::SeqCst) % number)?;
        target.cached_for = target.cached_for.map(|left| left - 1);
        target.attempts += 1;
        target.in_flight += 1;
        // A connection that the service has closed is known to be closed, if there was time to notice.
        let kept = std::iter::from_fn(|| target.idle.pop()).find(|kept| !kept.is_closed());
        Some((target.address, kept))
    }

    async fn send(
        &self,
        address: SocketAddr,
        kept: Option<SendRequest<Full<Bytes>>>,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<Bytes>, String> {
        let mut connection = match kept {
            Some(kept) => {
                self.reused.fetch_add(1, Ordering::SeqCst);
                kept
            }
            None => {
                let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
                tokio::spawn(connection);
                sender
            }
        };
        connection.ready().await.map_err(|error| error.to_string())?;
        let (head, body) = connection.send_request(request).await.map_err(|error| error.to_string())?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        if head.headers.get(header::CONNECTION).is_none_or(|connection| connection != "close") {
            self.target(address, |target| target.idle.push(connection));
        }
        Ok(http::Response::from_parts(head, body))
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (mut head, body) = request.into_parts();
    let size: usize = head.headers.values().map(HeaderValue::len).sum();
    if shared.kind == Kind::HttpApi && head.uri.to_string().len() + size > HTTP_API_HEAD_BYTES {
        return failure(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long");
    }
    let Some((address, kept)) = shared.choose() else {
        return failure(StatusCode::SERVICE_UNAVAILABLE, "no target is registered");
    };
    change_request_headers(shared.kind, address, &mut head.headers);
    let body = body.collect().await.unwrap().to_bytes();
    let result = shared.send(address, kept, Request::from_parts(head, Full::new(body))).await;
    shared.target(address, |target| target.in_flight -= 1);
    match result {
        Ok(response) => {
            let (mut head, body) = response.into_parts();
            change_response_headers(shared.kind, &mut head.headers);
            Response::from_parts(head, Body::from(body))
        }
        // API Gateway answers 503 for an unreachable integration, and a load balancer 502.
        Err(reason) if shared.kind == Kind::HttpApi => failure(StatusCode::SERVICE_UNAVAILABLE, &reason),
        Err(reason) => failure(StatusCode::BAD_GATEWAY, &reason),
    }
}

fn failure(status: StatusCode, reason: &str) -> Response {
    Response::builder().status(status).body(format!("front: {reason}").into()).unwrap()
}

fn change_request_headers(kind: Kind, target: SocketAddr, headers: &mut HeaderMap) {
    let source = headers.remove(SOURCE).unwrap_or(HeaderValue::from_static(DEFAULT_SOURCE));
    let source = source.to_str().unwrap();
    headers.remove(header::CONNECTION);
    match kind {
        Kind::HttpApi => {
            for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"] {
                headers.remove(name);
            }
            set(headers, "forwarded", &format!("by=10.0.0.1;for={source};host=abc.execute-api.example;proto=https"));
            set(headers, "via", "HTTP/1.1 AmazonAPIGateway");
            set(headers, "host", &target.to_string());
            // The mapping of `infra/`. It replaces every value of the client's.
            set(headers, "x-mcp-client-ip", source);
        }
        Kind::Alb => append_forwarded_for(headers, source),
        Kind::CloudFront => {
            append_forwarded_for(headers, source);
            append_forwarded_for(headers, CLOUDFRONT_ADDRESS);
        }
    }
    if kind != Kind::HttpApi {
        set(headers, "x-forwarded-proto", "https");
        set(headers, "x-forwarded-port", "443");
    }
}

/// Appends an address to the last line, and leaves the others alone.
fn append_forwarded_for(headers: &mut HeaderMap, address: &str) {
    let name = HeaderName::from_static("x-forwarded-for");
    let mut lines: Vec<HeaderValue> = headers.get_all(&name).iter().cloned().collect();
    let last = lines.pop().map_or_else(Vec::new, |last| [last.as_bytes(), b", "].concat());
    lines.push(HeaderValue::from_bytes(&[&last, address.as_bytes()].concat()).unwrap());
    headers.remove(&name);
    for line in lines {
        headers.append(name.clone(), line);
    }
}

fn change_response_headers(kind: Kind, headers: &mut HeaderMap) {
    // They belong to the connection between front and service.
    headers.remove(header::CONNECTION);
    headers.remove("keep-alive");
    if kind == Kind::HttpApi
        && let Some(challenge) = headers.remove(header::WWW_AUTHENTICATE)
    {
        headers.insert("x-amzn-remapped-www-authenticate", challenge);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).unwrap());
}
