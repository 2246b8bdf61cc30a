//! Drives a plan: every connection asks, waits, checks, and asks again, until the count or the time is up.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::LocalSet;

use crate::{connection::Connection, plan::Plan, plan::Report};

/// The longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Drives a plan to its end.
///
/// # Errors
/// The first wrong answer, or none, in words.
pub async fn drive(plan: Plan) -> Result<Report, String> {
    let plan = Rc::new(plan);
    let next = Rc::new(Cell::new(0));
    let started = Instant::now();
    let tasks = LocalSet::new();
    let handles: Vec<_> =
        (0..plan.connections).map(|_| tasks.spawn_local(ask(plan.clone(), next.clone(), started))).collect();
    tasks.await;
    let mut took = Vec::new();
    for handle in handles {
        took.extend(handle.await.map_err(|error| error.to_string())??);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: f64| {
        let index = (took.len() as f64 * share) as usize;
        took.get(index.min(took.len().saturating_sub(1))).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    };
    Ok(Report { requests: took.len() as u64, seconds, p50_ms: at(0.5), p99_ms: at(0.99) })
}

/// Calls a tool once, on a connection of its own.
///
/// # Errors
/// As [`drive`].
pub async fn once(plan: &Plan, number: u64) -> Result<Duration, String> {
    call(plan, &mut Connection::new(plan.address), number).await
}

async fn ask(plan: Rc<Plan>, next: Rc<Cell<u64>>, started: Instant) -> Result<Vec<Duration>, String> {
    let mut connection = Connection::new(plan.address);
    let mut took = Vec::new();
    while next.get() < plan.requests && started.elapsed().as_secs_f64() < plan.seconds {
        let number = next.replace(next.get() + 1);
        match call(&plan, &mut connection, number).await {
            Ok(duration) => took.push(duration),
            Err(wrong) => {
                // The others need not go on.
                next.set(plan.requests);
                return Err(wrong);
            }
        }
    }
    Ok(took)
}

/// How long the answer took, from the first byte sent; making and checking are ours.
async fn call(plan: &Plan, connection: &mut Connection, number: u64) -> Result<Duration, String> {
    let call = plan.work.call(&plan.run, number);
    let request = plan.surface.request(call.tool, &call.arguments, plan.token.as_deref());
    let asked = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, connection.exchange(&request)).await;
    let answer = answer.map_err(|_| format!("no answer to {} within {} s", call.tool, PATIENCE.as_secs()))?;
    let (status, body) = answer.map_err(|error| format!("no answer to {}: {error}", call.tool))?;
    let took = asked.elapsed();
    if status == 200 && plan.surface.is_right(&call, &body) {
        return Ok(took);
    }
    let start: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    Err(format!("a wrong answer to {} {}: {status} {start}", call.tool, call.arguments))
}
