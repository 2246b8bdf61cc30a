//! The subscriptions to changes of lists (`subscriptions/listen`, 2026-07-28).

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
    /// Keeps `subscription` until its client disconnects.
    pub(crate) async fn keep(&self, subscription: &SubscriptionContext) {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.sinks.lock().await.insert(key, subscription.sink().clone());
        subscription.cancelled().await;
        self.sinks.lock().await.remove(&key);
    }

    /// Notifies the subscribers to the list of tools.
    pub(crate) async fn notify_tools_changed(&self) -> CallToolResult {
        let mut notified = 0;
        for sink in self.sinks().await {
            notified += usize::from(sink.notify_tool_list_changed().await.is_ok());
        }
        result(notified)
    }

    /// Notifies the subscribers to the list of prompts.
    pub(crate) async fn notify_prompts_changed(&self) -> CallToolResult {
        let mut notified = 0;
        for sink in self.sinks().await {
            notified += usize::from(sink.notify_prompt_list_changed().await.is_ok());
        }
        result(notified)
    }

    /// Returns all sinks. A sink rejects notifications that its client has not subscribed to.
    async fn sinks(&self) -> Vec<SubscriptionSink> {
        self.sinks.lock().await.values().cloned().collect()
    }
}

fn result(notified: usize) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(format!("{notified} notified"))])
}
