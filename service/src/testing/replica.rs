//! A replica in this process, on a runtime of its own that can end at any moment.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{PoisonError, RwLock},
};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

use crate::{
    app::App,
    capacity,
    config::Config,
    http::{self, ConnectionLimits},
    process::{STACK_BYTES, Stop, StopSender},
    store::Store,
    tools::catalog::Catalog,
};

/// A running replica. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Replica {
    address: SocketAddr,
    runtime: Option<Runtime>,
    stop: StopSender,
    served: JoinHandle<()>,
}

impl Replica {
    /// Serves a catalog on a free port of loopback.
    pub(super) fn start(config: &Config, catalog: Catalog, store: impl FnOnce() -> Store) -> Self {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().thread_stack_size(STACK_BYTES).build();
        let runtime = runtime.expect("the system provides a thread");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        listener.set_nonblocking(true).expect("a listener can be nonblocking");
        let limits = ConnectionLimits {
            head_timeout: config.limits.body_timeout,
            keep_alive: config.limits.keep_alive,
            max_connections: capacity::connections(&config.limits),
        };
        let (stop, stopped) = Stop::on_demand();
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime accepts a listener");
        let app = App::on_store(config, catalog, store());
        drop(entered);
        let served = runtime.spawn(async move {
            let metrics = app.metrics().clone();
            let respond = move |request| app.clone().respond(request);
            http::serve(listener, respond, limits, Some(metrics), stopped).await;
        });
        Self { address, runtime: Some(runtime), stop, served }
    }

    /// Lets the calls in progress end, as SIGTERM does.
    async fn drain(mut self) {
        self.stop.drain();
        (&mut self.served).await.ok();
    }
}

impl Drop for Replica {
    /// Abandons all calls at their next `.await`, as `kill -9` does. Requests that the table has received are executed.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The running replicas, oldest first.
#[derive(Debug, Default)]
pub(super) struct Replicas(RwLock<Vec<Replica>>);

impl Replicas {
    pub(super) fn add(&self, replica: Replica) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(replica);
    }

    /// Returns the address of the replica whose turn it is.
    pub(super) fn address(&self, turn: usize) -> Option<SocketAddr> {
        let replicas = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let replica = replicas.get(turn.checked_rem(replicas.len())?)?;
        Some(replica.address)
    }

    pub(super) fn kill_oldest(&self) {
        drop(self.take_oldest());
    }

    pub(super) async fn drain_oldest(&self) {
        self.take_oldest().drain().await;
    }

    fn take_oldest(&self) -> Replica {
        let mut replicas = self.0.write().unwrap_or_else(PoisonError::into_inner);
        assert!(!replicas.is_empty(), "no replica is running");
        replicas.remove(0)
    }
}
