//! Ports of this machine.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;

/// Returns a port on loopback that is free at the moment of the call.
pub fn free_port() -> anyhow::Result<u16> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(port.context("cannot find a free port")?.port())
}
