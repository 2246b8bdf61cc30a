//! Replicas on this machine as the target of a drill: they share one store file behind a load balancer. Must not touch
//! the deployment that `cargo xtask deploy --local` started.

mod launcher;
mod replica;
mod scratch;

use std::cell::Cell;

use anyhow::Context;
use tokio::sync::Mutex;

pub(crate) use self::launcher::Launcher;
use self::{replica::Replica, scratch::Scratch};
use super::{
    balancer::Balancer,
    client::Endpoints,
    disturb::{Disturbance, Target},
};

/// Number of replicas that scaling out adds.
const SCALED_OUT_BY: usize = 2;

/// The replicas with their balancer and directory.
#[derive(Debug)]
pub(crate) struct Local {
    launcher: Launcher,
    /// Number of replicas before scaling out, and after scaling in.
    original: usize,
    balancer: Balancer,
    /// Oldest first. Dropped before the directory that holds their store.
    replicas: Mutex<Vec<Replica>>,
    started: Cell<usize>,
    scratch: Scratch,
}

impl Local {
    /// Starts the replicas.
    pub(crate) async fn start(launcher: Launcher, original: usize) -> anyhow::Result<Self> {
        let (balancer, scratch) = (Balancer::start().await?, Scratch::create()?);
        let (replicas, started) = (Mutex::default(), Cell::default());
        let local = Self { launcher, original, balancer, replicas, started, scratch };
        for _ in 0..original {
            local.add().await?;
        }
        Ok(local)
    }

    /// Keeps the store and the logs for inspection. Returns their directory.
    pub(crate) fn keep(&mut self) -> String {
        self.scratch.keep()
    }

    /// Starts a replica and adds it to the balancer once it is ready.
    async fn add(&self) -> anyhow::Result<()> {
        self.started.set(self.started.get() + 1);
        let log = self.scratch.path().join(format!("replica-{}.log", self.started.get()));
        let replica = self.launcher.start(self.scratch.path(), &log).await?;
        self.balancer.add(replica.address());
        self.replicas.lock().await.push(replica);
        Ok(())
    }

    /// Kills the oldest replica as the kernel's OOM killer would: the balancer notices by failed connections only.
    async fn kill(&self) -> anyhow::Result<()> {
        let killed = self.take_oldest().await?.kill()?;
        self.add().await?;
        self.balancer.remove(killed);
        Ok(())
    }

    /// Takes the oldest replica out of rotation, then stops it gracefully.
    async fn retire(&self) -> anyhow::Result<()> {
        let oldest = self.take_oldest().await?;
        self.balancer.remove(oldest.address());
        oldest.stop().await
    }

    async fn take_oldest(&self) -> anyhow::Result<Replica> {
        let mut replicas = self.replicas.lock().await;
        let oldest = (!replicas.is_empty()).then(|| replicas.remove(0));
        oldest.context("no replica is running")
    }

    fn scaled_out(&self) -> usize {
        self.original + SCALED_OUT_BY
    }

    /// Counts the replicas. No disturbance is under way when this is called, so the lock is free.
    fn count(&self) -> usize {
        self.replicas.try_lock().map_or(0, |replicas| replicas.len())
    }
}

impl Target for Local {
    fn describe(&self, disturbance: Disturbance) -> String {
        let count = self.count();
        match disturbance {
            Disturbance::Kill if count == 1 => "kill -9 the only replica and start another".to_owned(),
            Disturbance::Kill => format!("kill -9 one of {count} replicas and start another"),
            Disturbance::Replace => "replace all replicas, one after the other".to_owned(),
            Disturbance::ScaleOut => format!("scale from {count} to {} replicas", self.scaled_out()),
            Disturbance::ScaleIn => format!("scale from {count} to {} replicas", self.original),
        }
    }

    async fn inject(&self, disturbance: Disturbance) -> anyhow::Result<()> {
        match disturbance {
            Disturbance::Kill => self.kill().await?,
            Disturbance::Replace => {
                for _ in 0..self.count() {
                    self.add().await?;
                    self.retire().await?;
                }
            }
            Disturbance::ScaleOut => {
                while self.count() < self.scaled_out() {
                    self.add().await?;
                }
            }
            Disturbance::ScaleIn => {
                while self.count() > self.original {
                    self.retire().await?;
                }
            }
        }
        Ok(())
    }
}

impl Endpoints for Local {
    fn is_limited(&self) -> bool {
        false
    }

    fn address(&self, _: usize) -> String {
        self.balancer.url()
    }

    /// Does nothing: the balancer's address never changes.
    async fn refresh(&self) {}
}
