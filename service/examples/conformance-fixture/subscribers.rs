//! Who listens for changed lists (`subscriptions/listen`, 2026-07-28), and how they are told.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use rmcp::{
    model::{CallToolResult, ContentBlock},
    service::{SubscriptionContext, SubscriptionSink},
};
use tokio::sync::Mutex;

/// The open subscriptions of this process.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    sinks: Mutex<HashMap<u64, SubscriptionSink>>,
    next: AtomicU64,
}

impl Subscribers {
    /// Tells `subscription` of every change until its client has gone.
    pub(crate) async fn keep(&self, subscription: &SubscriptionContext) {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.sinks.lock().await.insert(key, subscription.sink().clone());
        subscription.cancelled().await;
        self.sinks.lock().await.remove(&key);
    }

    /// Tells those who asked about tools.
    pub(crate) async fn tell_tools_changed(&self) -> CallToolResult {
        let mut told = 0;
        for sink in self.sinks().await {
            told += usize::from(sink.notify_tool_list_changed().await.is_ok());
        }
        counted(told)
    }

    /// Tells those who asked about prompts.
    pub(crate) async fn tell_prompts_changed(&self) -> CallToolResult {
        let mut told = 0;
        for sink in self.sinks().await {
            told += usize::from(sink.notify_prompt_list_changed().await.is_ok());
        }
        counted(told)
    }

    /// All of them: a sink refuses by itself what its client did not ask for.
    async fn sinks(&self) -> Vec<SubscriptionSink> {
        self.sinks.lock().await.values().cloned().collect()
    }
}

fn counted(told: usize) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(format!("{told} told"))])
}
