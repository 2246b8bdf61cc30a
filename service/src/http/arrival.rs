//! The circumstances in which a request arrived, kept among its extensions.

use std::net::IpAddr;

use axum::extract::Request;

/// The circumstances of a request. A request without them was made inside the process, by a test or a benchmark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The client's address: the connection's peer, until [`super::ClientPolicy`] has asked the front.
    pub(super) client: Option<IpAddr>,
    /// The service has received its stop signal, so the response is the last one on its connection.
    pub(super) stopping: bool,
}

impl Arrival {
    /// Records a request on a connection from `peer`.
    pub(super) fn new(peer: IpAddr, stopping: bool) -> Self {
        // A socket that accepts both versions reports IPv4 addresses as ::ffff:203.0.113.7.
        Self { client: Some(peer.to_canonical()), stopping }
    }
}

/// Returns the client's address, or `None` for a request made inside the process.
pub(super) fn client(extensions: &http::Extensions) -> Option<IpAddr> {
    extensions.get::<Arrival>()?.client
}

/// Replaces the client's address by the one that the front reports.
pub(super) fn set_client(request: &mut Request, client: IpAddr) {
    let stopping = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.stopping);
    request.extensions_mut().insert(Arrival { client: Some(client.to_canonical()), stopping });
}
