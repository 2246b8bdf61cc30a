//! The service on this machine: replicas of our own on one store file, behind a balancer. A deployment that the user has here
//! is never touched.

mod replica;
mod scratch;

use std::{cell::Cell, path::PathBuf};

use anyhow::Context;
use tokio::sync::Mutex;

use self::{replica::Replica, scratch::Scratch};
use super::{
    balancer::Balancer,
    disturb::{Disturbance, Stage},
    endpoints::Door,
};
use crate::server;
use xtask::token::Token;

/// How many replicas there are at the most.
const MANY: usize = 3;

/// The replicas, and what they need.
#[derive(Debug)]
pub(crate) struct Local {
    binary: PathBuf,
    token: Token,
    balancer: Balancer,
    /// Oldest first. They end before their directory goes.
    replicas: Mutex<Vec<Replica>>,
    started: Cell<usize>,
    scratch: Scratch,
}

impl Local {
    /// Starts one replica of a built service.
    pub(crate) async fn start(binary: PathBuf, token: Token) -> anyhow::Result<Self> {
        let (balancer, scratch) = (Balancer::start().await?, Scratch::make()?);
        let (replicas, started) = (Mutex::default(), Cell::default());
        let local = Self { binary, token, balancer, replicas, started, scratch };
        local.add().await?;
        Ok(local)
    }

    /// Leaves the store and the logs for who wants to know more; says where they are.
    pub(crate) fn keep(&mut self) -> String {
        self.scratch.keep()
    }

    /// Starts a replica; it gets connections when it is ready.
    async fn add(&self) -> anyhow::Result<()> {
        self.started.set(self.started.get() + 1);
        let log = self.scratch.path().join(format!("replica-{}.log", self.started.get()));
        let line = server::service(&self.binary, 0, self.scratch.path(), Some(self.token.reveal()));
        let replica = Replica::start(&line, &log).await?;
        self.balancer.admit(replica.address());
        self.replicas.lock().await.push(replica);
        Ok(())
    }

    /// Ends the oldest replica as a want of memory would: the balancer learns of it when it connects to it in vain.
    async fn kill(&self) -> anyhow::Result<()> {
        let killed = self.take_oldest().await?.kill()?;
        self.add().await?;
        self.balancer.remove(killed);
        Ok(())
    }

    /// Takes the oldest replica out of rotation, and lets it finish.
    async fn retire(&self) -> anyhow::Result<()> {
        let oldest = self.take_oldest().await?;
        self.balancer.remove(oldest.address());
        oldest.stop().await
    }

    async fn take_oldest(&self) -> anyhow::Result<Replica> {
        let mut replicas = self.replicas.lock().await;
        let oldest = (!replicas.is_empty()).then(|| replicas.remove(0));
        oldest.context("no replica runs")
    }

    /// How many run; nobody changes that while this is asked.
    fn count(&self) -> usize {
        self.replicas.try_lock().map_or(0, |replicas| replicas.len())
    }
}

impl Stage for Local {
    fn name(&self, disturbance: Disturbance) -> String {
        let count = self.count();
        match disturbance {
            Disturbance::Kill if count == 1 => "kill -9 of the only replica, and another is started".to_owned(),
            Disturbance::Kill => format!("kill -9 of one of {count} replicas, and another is started"),
            Disturbance::Replace => "rolling replacement: one comes, one goes".to_owned(),
            Disturbance::Widen => format!("{count} to {MANY} replicas"),
            Disturbance::Narrow => format!("{count} replicas to 1"),
        }
    }

    async fn play(&self, disturbance: Disturbance) -> anyhow::Result<()> {
        match disturbance {
            Disturbance::Kill => self.kill().await?,
            Disturbance::Replace => {
                for _ in 0..self.count() {
                    self.add().await?;
                    self.retire().await?;
                }
            }
            Disturbance::Widen => {
                while self.count() < MANY {
                    self.add().await?;
                }
            }
            Disturbance::Narrow => {
                while self.count() > 1 {
                    self.retire().await?;
                }
            }
        }
        Ok(())
    }
}

impl Door for Local {
    fn address(&self, _: usize) -> String {
        self.balancer.url()
    }

    /// The balancer's address stays.
    async fn look_again(&self) {}
}
