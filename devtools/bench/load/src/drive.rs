//! Drives a plan: every connection sends a request, checks the response and repeats, until the requests or the time
//! run out.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::LocalSet;

use crate::{connection::Connection, plan::Plan, plan::Report};

/// Limit for one response.
const RESPONSE_LIMIT: Duration = Duration::from_secs(30);

/// Drives a plan to its end.
///
/// # Errors
/// Describes the first response that is wrong or missing.
pub async fn drive(plan: Plan) -> Result<Report, String> {
    let plan = Rc::new(plan);
    let next = Rc::new(Cell::new(0));
    let started = Instant::now();
    let tasks = LocalSet::new();
    let handles: Vec<_> =
        (0..plan.connections).map(|_| tasks.spawn_local(repeat(plan.clone(), next.clone(), started))).collect();
    tasks.await;
    let mut durations = Vec::new();
    for handle in handles {
        durations.extend(handle.await.map_err(|error| error.to_string())??);
    }
    let seconds = started.elapsed().as_secs_f64();
    durations.sort_unstable();
    let percentile = |share: f64| {
        let index = (durations.len() as f64 * share) as usize;
        let duration = durations.get(index.min(durations.len().saturating_sub(1)));
        duration.map_or(0.0, |duration| duration.as_secs_f64() * 1000.0)
    };
    Ok(Report { requests: durations.len() as u64, seconds, p50_ms: percentile(0.5), p99_ms: percentile(0.99) })
}

/// Calls a tool once, on a new connection.
///
/// # Errors
/// As [`drive`].
pub async fn once(plan: &Plan, number: u64) -> Result<Duration, String> {
    call(plan, &mut Connection::new(plan.address), number).await
}

async fn repeat(plan: Rc<Plan>, next: Rc<Cell<u64>>, started: Instant) -> Result<Vec<Duration>, String> {
    let mut connection = Connection::new(plan.address);
    let mut durations = Vec::new();
    while next.get() < plan.requests && started.elapsed().as_secs_f64() < plan.seconds {
        let number = next.replace(next.get() + 1);
        match call(&plan, &mut connection, number).await {
            Ok(duration) => durations.push(duration),
            Err(error) => {
                // Stops the other connections.
                next.set(plan.requests);
                return Err(error);
            }
        }
    }
    Ok(durations)
}

/// Returns the time from the first byte sent to the whole response. It excludes building the request and checking the
/// response, which are the load generator's work.
async fn call(plan: &Plan, connection: &mut Connection, number: u64) -> Result<Duration, String> {
    let call = plan.work.call(&plan.run, number);
    let request = plan.api.request(call.tool, &call.arguments, plan.token.as_deref());
    let sent = Instant::now();
    let response = tokio::time::timeout(RESPONSE_LIMIT, connection.exchange(&request)).await;
    let response =
        response.map_err(|_| format!("no response to {} within {} s", call.tool, RESPONSE_LIMIT.as_secs()))?;
    let (status, body) = response.map_err(|error| format!("no response to {}: {error}", call.tool))?;
    let duration = sent.elapsed();
    if status == 200 && plan.api.is_correct(&call, &body) {
        return Ok(duration);
    }
    let start: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    Err(format!("wrong response to {} {}: {status} {start}", call.tool, call.arguments))
}
