//! A bare axum echo server: the cost of HTTP alone. One argument: the port.

use std::{io, net::Ipv4Addr};

use axum::{Router, http::header::CONTENT_TYPE, routing::post, serve::ListenerExt};
use bytes::Bytes;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let echo = |body: Bytes| async { ([(CONTENT_TYPE, "application/json")], body) };
    axum::serve(listener, Router::new().route("/echo", post(echo))).await
}
