//! A TCP load balancer on this machine: each connection goes to the next replica in rotation. Must not know HTTP.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// A running balancer. Dropping it closes every connection.
#[derive(Debug)]
pub(crate) struct Balancer {
    address: SocketAddr,
    rotation: Rotation,
    serving: JoinHandle<()>,
}

/// The replicas that receive connections.
#[derive(Debug, Clone, Default)]
struct Rotation(Arc<Mutex<Turns>>);

#[derive(Debug, Default)]
struct Turns {
    replicas: Vec<SocketAddr>,
    next: usize,
}

impl Balancer {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("the balancer cannot listen")?;
        let address = listener.local_addr().context("the balancer has no address")?;
        let rotation = Rotation::default();
        let serving = tokio::spawn(serve(listener, rotation.clone()));
        Ok(Self { address, rotation, serving })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts to route connections to a replica.
    pub(crate) fn add(&self, replica: SocketAddr) {
        self.rotation.turns(|turns| turns.replicas.push(replica));
    }

    /// Stops routing connections to a replica. Established connections continue.
    pub(crate) fn remove(&self, replica: SocketAddr) {
        self.rotation.turns(|turns| turns.replicas.retain(|other| *other != replica));
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Rotation {
    fn turns<T>(&self, act: impl FnOnce(&mut Turns) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects to the next replica, or to one after it if that refuses.
    async fn connect(&self) -> Option<TcpStream> {
        let in_turn = self.turns(|turns| {
            let mut replicas = turns.replicas.clone();
            if !replicas.is_empty() {
                replicas.rotate_left(turns.next % turns.replicas.len());
            }
            turns.next = turns.next.wrapping_add(1);
            replicas
        });
        for replica in in_turn {
            if let Ok(stream) = TcpStream::connect(replica).await {
                return Some(stream);
            }
        }
        None
    }
}

async fn serve(listener: TcpListener, rotation: Rotation) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => drop(connections.spawn(forward(client, rotation.clone()))),
                // Out of file descriptors: connections that end free some.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards both ways. If no replica accepts, or either side closes, the other side is closed too.
async fn forward(mut client: TcpStream, rotation: Rotation) {
    let Some(mut replica) = rotation.connect().await else { return };
    // Without Nagle's algorithm: small packets must be as fast as without a balancer.
    drop(client.set_nodelay(true));
    drop(replica.set_nodelay(true));
    drop(copy_bidirectional(&mut client, &mut replica).await);
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use xtask::runtime::wait_for;

    /// Replies to each connection with the replica's name and the byte received.
    async fn replica(name: u8) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut received = [0];
                client.read_exact(&mut received).await.unwrap();
                client.write_all(&[name, received[0]]).await.unwrap();
            }
        });
        (address, serving)
    }

    async fn ask(balancer: &Balancer) -> Vec<u8> {
        let mut stream = TcpStream::connect(balancer.address).await.unwrap();
        stream.write_all(b"?").await.unwrap();
        let mut response = Vec::new();
        // Without a replica the connection may be reset.
        drop(stream.read_to_end(&mut response).await);
        response
    }

    #[test]
    fn connections_rotate_over_replicas() {
        wait_for(async {
            let balancer = Balancer::start().await.unwrap();
            assert_eq!(ask(&balancer).await, b"");
            let (a, serving) = replica(b'a').await;
            let (b, _) = replica(b'b').await;
            balancer.add(a);
            assert_eq!([ask(&balancer).await, ask(&balancer).await], [b"a?", b"a?"]);
            balancer.add(b);
            let mut both = [ask(&balancer).await, ask(&balancer).await];
            both.sort();
            assert_eq!(both, [b"a?", b"b?"]);

            // A dead replica is skipped, and a removed one receives nothing.
            serving.abort();
            drop(serving.await);
            assert_eq!([ask(&balancer).await, ask(&balancer).await], [b"b?", b"b?"]);
            balancer.remove(b);
            assert_eq!(ask(&balancer).await, b"");
        })
        .unwrap();
    }
}
