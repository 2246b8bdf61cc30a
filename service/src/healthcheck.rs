//! The `healthcheck` command: checks a server on this host, for container images without a shell or curl.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// The longest wait for the response. ECS allows a health check 5 s by default.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Sends `GET path` to the server that listens on `listen`. Uses loopback if the server listens on all interfaces.
///
/// # Errors
/// A text with the status if it is not 200, or with the reason for which there is no response.
pub fn check(listen: SocketAddr, path: &str) -> Result<(), String> {
    let address = SocketAddr::new(connectable(listen.ip()), listen.port());
    let status_line = get(address, path).map_err(|error| match error.kind() {
        // The error of a read time-out differs between systems.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("http://{address}{path}: no response within {} s", TIMEOUT.as_secs())
        }
        _ => format!("http://{address}{path}: {error}"),
    })?;
    match status_line.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("http://{address}{path}: {status_line}")),
    }
}

fn connectable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.take(16 * 1024).read_to_string(&mut response)?;
    Ok(response.lines().next().unwrap_or_default().to_owned())
}
