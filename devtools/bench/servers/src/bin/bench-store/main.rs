//! The DynamoDB stand-in of every measured server: the service's embedded engine behind HTTP, in memory, with the
//! table.
//!
//! `bench-store <port>` runs the stand-in. `bench-store <port> <endpoint>` runs a server instead that makes one AWS SDK
//! call for each request to the stand-in at that endpoint: the cost of the SDK alone.

mod bare;
mod counts;
mod fill;
mod seed;
mod stand_in;

use std::{error::Error, net::Ipv4Addr};

use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let router = match arguments.next() {
        None => stand_in::router()?,
        Some(endpoint) => bare::router(&endpoint),
    };
    serve(port, router).await
}

async fn serve(port: u16, router: Router) -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}
