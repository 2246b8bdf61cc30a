//! The metrics. Names follow Prometheus: base units, and `_total` on counters, which the encoder adds.

use std::{hash::Hash, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use tokio::runtime::Handle;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabels {
    tool: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tool {
    tool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    result: &'static str,
}

/// All metrics of the process. Shared by reference; all methods are cheap and never fail.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    tool_calls: Family<ToolLabels, Counter>,
    tool_seconds: Family<Tool, Histogram>,
    store_calls: Family<StoreLabels, Counter>,
    store_seconds: Family<Operation, Histogram>,
    store_attempts: Family<Operation, Counter>,
    cache: Family<CacheLabels, Counter>,
    requests: Family<Status, Counter>,
    rate_limited: Counter,
    auth_failures_limited: Counter,
    in_flight: Gauge,
    connections: Gauge,
    connection_limit: Gauge,
    connections_evicted: Counter,
    tasks: Gauge,
}

fn counted<L: Label>(all: &mut Registry, name: &str, help: &str) -> Family<L, Counter> {
    let family = Family::<L, Counter>::default();
    all.register(name, help, family.clone());
    family
}

fn counter(all: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    all.register(name, help, counter.clone());
    counter
}

fn gauge(all: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    all.register(name, help, gauge.clone());
    gauge
}

fn timed<L: Label>(all: &mut Registry, name: &str, help: &str) -> Family<L, Histogram> {
    let family = Family::<L, Histogram>::new_with_constructor(|| {
        Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
    });
    all.register_with_unit(name, help, Unit::Seconds, family.clone());
    family
}

/// The requirements for a metric's label set.
trait Label: Clone + Hash + Eq + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static {}
impl<T: Clone + Hash + Eq + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static> Label for T {}

impl Metrics {
    /// Creates the metrics of this crate's own build with the given revision.
    pub fn new(revision: &str) -> Self {
        Self::for_build(env!("CARGO_PKG_VERSION"), revision)
    }

    /// Creates the metrics of a build with the given version and revision.
    pub fn for_build(version: &str, revision: &str) -> Self {
        let build = vec![("version", version.to_owned()), ("revision", revision.to_owned())];
        let mut all = Registry::with_prefix("mcp");
        all.register("build", "Version and revision of the running build", Info::new(build));
        Self {
            tool_calls: counted(&mut all, "tool_calls", "Tool calls by outcome"),
            tool_seconds: timed(&mut all, "tool_call", "Duration of a tool call"),
            store_calls: counted(&mut all, "store_calls", "Calls to the table by outcome, retries included"),
            store_seconds: timed(&mut all, "store_call", "Duration of a call to the table, retries included"),
            store_attempts: counted(&mut all, "store_attempts", "Requests sent to the table, each retry counted"),
            cache: counted(&mut all, "cache", "Cache look-ups of echo_cached by result"),
            requests: counted(&mut all, "http_requests", "HTTP requests by status"),
            rate_limited: counter(&mut all, "rate_limited", "Requests rejected for the caller's rate limit"),
            auth_failures_limited: counter(
                &mut all,
                "auth_failures_limited",
                "Invalid tokens answered with 429 for the number of failures of their client",
            ),
            in_flight: gauge(&mut all, "http_requests_in_flight", "HTTP requests in flight"),
            connections: gauge(&mut all, "http_connections", "Open HTTP connections"),
            connection_limit: gauge(&mut all, "http_connections_limit", "Limit of open HTTP connections"),
            connections_evicted: counter(
                &mut all,
                "http_connections_evicted",
                "Idle HTTP connections closed at the limit for new ones",
            ),
            tasks: gauge(&mut all, "tasks", "Tasks alive in the async runtime"),
            registry: all,
        }
    }

    /// Records a finished tool call.
    pub fn tool_call(&self, tool: &'static str, outcome: &'static str, took: Duration) {
        self.tool_calls.get_or_create(&ToolLabels { tool, outcome }).inc();
        self.tool_seconds.get_or_create(&Tool { tool }).observe(took.as_secs_f64());
    }

    /// Records a finished call to the table, retries included.
    pub fn store_call(&self, operation: &'static str, ok: bool, took: Duration) {
        let outcome = if ok { "ok" } else { "error" };
        self.store_calls.get_or_create(&StoreLabels { operation, outcome }).inc();
        self.store_seconds.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
    }

    /// Counts a request sent to the table.
    pub fn store_attempt(&self, operation: &'static str) {
        self.store_attempts.get_or_create(&Operation { operation }).inc();
    }

    /// Counts a cache look-up of `echo_cached` by its result.
    pub fn cache(&self, result: &'static str) {
        self.cache.get_or_create(&CacheLabels { result }).inc();
    }

    /// Counts a request that is rejected for its caller's rate limit.
    pub fn rate_limited(&self) {
        self.rate_limited.inc();
    }

    /// Counts an invalid token that is answered with a 429 for the number of failures of its client.
    pub fn auth_failure_limited(&self) {
        self.auth_failures_limited.inc();
    }

    /// Counts an HTTP request as in flight until [`Metrics::request_ended`].
    pub fn request_started(&self) {
        self.in_flight.inc();
    }

    /// Counts an HTTP request by its status, or without one if the client disconnected before the response.
    pub fn request_ended(&self, status: Option<u16>) {
        self.in_flight.dec();
        if let Some(status) = status {
            self.requests.get_or_create(&Status { status }).inc();
        }
    }

    /// Sets the limit of open HTTP connections.
    pub fn connection_limit(&self, limit: u32) {
        self.connection_limit.set(i64::from(limit));
    }

    /// Counts an HTTP connection as open until [`Metrics::connection_closed`].
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// Counts an HTTP connection as closed.
    pub fn connection_closed(&self) {
        self.connections.dec();
    }

    /// Counts an idle HTTP connection that is closed at the limit for a new one.
    pub fn connection_evicted(&self) {
        self.connections_evicted.inc();
    }

    /// Renders all metrics as `application/openmetrics-text`.
    pub fn render(&self) -> String {
        if let Ok(runtime) = Handle::try_current() {
            self.tasks.set(i64::try_from(runtime.metrics().num_alive_tasks()).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        // Writing to a String does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}
