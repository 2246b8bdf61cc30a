//! Clients that write while something happens to the service, and what has to be there afterwards.
//!
//! A writer never repeats a note. One that was acknowledged has to be stored; of one that was not, nobody knows.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use futures_util::future;

use super::service::Service;

/// Between two notes of one writer.
const PAUSE: Duration = Duration::from_millis(40);

/// What writers saw.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By session: the notes that were acknowledged, in their order.
    acknowledged: BTreeMap<String, Vec<String>>,
    /// How many were not answered, or with an error.
    unanswered: usize,
    /// The longest that a writer went without an acknowledgement.
    gap: Duration,
    /// How many wrote.
    writers: usize,
}

/// Writes numbered notes, one writer to a session, until a future has ended; returns what it returned.
pub(super) async fn write_while<T>(
    service: &Service<'_>,
    writers: usize,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, Written)> {
    let written = RefCell::new(Written { writers, ..Written::default() });
    let writing = future::join_all((1..=writers).map(|number| write(service, number, &written)));
    let result = tokio::select! {
        result = work => result?,
        _ = writing => return Err(anyhow!("the writers stopped by themselves")),
    };
    // A note that was under way when the writers were stopped is none of these: nobody waits for its answer.
    Ok((result, written.into_inner()))
}

async fn write(service: &Service<'_>, number: usize, written: &RefCell<Written>) {
    let session = format!("writer-{number}");
    let mut last = Instant::now();
    for count in 1_u64.. {
        let note = format!("{number}/{count}");
        let acknowledged = service.add(&session, &note).await.is_ok();
        written.borrow_mut().saw(&session, note, acknowledged, last.elapsed());
        if acknowledged {
            last = Instant::now();
        } else {
            service.look_again().await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Written {
    fn saw(&mut self, session: &str, note: String, acknowledged: bool, since_the_last: Duration) {
        self.gap = self.gap.max(since_the_last);
        if acknowledged {
            self.acknowledged.entry(session.to_owned()).or_default().push(note);
        } else {
            self.unanswered += 1;
        }
    }

    /// Compares with what is stored: every acknowledged note once and in order, any other at most once.
    pub(super) async fn judge(&self, service: &Service<'_>) -> anyhow::Result<String> {
        if self.acknowledged.len() < self.writers {
            return Err(anyhow!("of {} writers only {} got a note in", self.writers, self.acknowledged.len()));
        }
        let mut count = 0;
        for (session, acknowledged) in &self.acknowledged {
            compare(session, acknowledged, &service.notes(session).await?)?;
            count += acknowledged.len();
        }
        Ok(format!(
            "{count} notes by {} writers, none lost, none twice; {} unanswered, longest wait {:.1} s",
            self.writers,
            self.unanswered,
            self.gap.as_secs_f64()
        ))
    }
}

fn compare(session: &str, acknowledged: &[String], stored: &[String]) -> anyhow::Result<()> {
    let mut sorted = stored.to_vec();
    sorted.sort();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(anyhow!("in {session} the note {} is stored twice", twice[0]));
    }
    let kept: Vec<&String> = stored.iter().filter(|note| acknowledged.contains(note)).collect();
    if let Some(lost) = acknowledged.iter().find(|note| !kept.contains(note)) {
        return Err(anyhow!("in {session} the note {lost} was acknowledged and is lost"));
    }
    match kept.iter().zip(acknowledged).find(|(stored, written)| **stored != *written) {
        Some((stored, written)) => Err(anyhow!("in {session} the note {stored} comes before {written}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(acknowledged: &[&str], stored: &[&str]) -> anyhow::Result<()> {
        let owned = |notes: &[&str]| notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>();
        compare("s", &owned(acknowledged), &owned(stored))
    }

    #[test]
    fn an_unanswered_note_may_be_there_or_not() {
        assert!(compared(&["1", "3"], &["1", "2", "3", "4"]).is_ok());
        assert!(compared(&["1", "3"], &["1", "3"]).is_ok());
        assert!(compared(&[], &["1"]).is_ok());
    }

    #[test]
    fn a_note_that_is_lost_doubled_or_out_of_order_is_found() {
        for (stored, word) in [(vec!["1"], "lost"), (vec!["1", "3", "3"], "twice"), (vec!["3", "1"], "before")] {
            let error = compared(&["1", "3"], &stored).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(compared(&["1"], &["1", "2", "2"]).is_err());
    }
}
