//! Asks a server on this host for its health, for container images that have no shell and no curl.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// ECS gives a health check 5 s by default; the answer has to come well within.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Whether `GET path` is answered 200. `listen` is what the server listens on; all interfaces are reached by loopback.
///
/// # Errors
/// A text that says what was answered instead, or why nothing was.
pub fn check(listen: SocketAddr, path: &str) -> Result<(), String> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let status = ask(address, path).map_err(|error| match error.kind() {
        // What a read time-out is called differs between systems.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("http://{address}{path}: no answer within {} s", TIMEOUT.as_secs())
        }
        _ => format!("http://{address}{path}: {error}"),
    })?;
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("http://{address}{path}: {status}")),
    }
}

fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(16 * 1024).read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
