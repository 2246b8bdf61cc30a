//! What every request meets first, whatever it asks for: it is counted, its Host and Origin are looked at, and it is sent to its
//! route. A layer of axum's for each would clone all that lies below it, and box a future, for every request.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use futures_util::FutureExt;
use rmcp::ServerHandler;
use tower::Service;

use super::{Edge, answers, count::InFlight, health, origin::Origins, router::router};
use crate::{mcp::Endpoint, telemetry::Metrics, tools::Tools};

/// The whole edge, with the surfaces behind it. Clones share it.
#[derive(Debug, Clone)]
pub struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metrics: Arc<Metrics>,
    origins: Origins,
    router: Router,
}

impl Front {
    /// `mcp` at `/mcp`, `tools` on the REST routes beside it.
    pub fn new<H: ServerHandler + Clone>(edge: &Edge, tools: Arc<Tools>, mcp: Endpoint<H>) -> Self {
        let (metrics, origins) = (edge.metrics.clone(), Origins::new(edge.access.clone()));
        Self(Arc::new(Inner { metrics, origins, router: router(edge, tools, mcp) }))
    }

    /// The answer to a request, also to one that makes its handler panic.
    pub async fn answer(self, request: Request) -> Response {
        let Inner { metrics, origins, router } = &*self.0;
        let in_flight = InFlight::begin(metrics);
        let routed = async {
            match health::is_asked(&request) {
                // Whoever looks after a container knows its address at the most.
                true => {
                    let Ok(answer) = router.clone().call(request).await;
                    answer
                }
                false => origins.check(router, request).await,
            }
        };
        let answer = AssertUnwindSafe(routed).catch_unwind().await.unwrap_or_else(|_| answers::panicked());
        in_flight.end(&answer);
        answer
    }
}
