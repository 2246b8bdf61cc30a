//! The DynamoDB stand-in that every contestant uses: the embedded engine behind HTTP, in memory, with the table in it.
//!
//! `bench-store <port>` is the stand-in. `bench-store <port> <endpoint>` is no store but one bare SDK call for each request,
//! against the stand-in at that endpoint: what the SDK alone costs, and takes.

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
