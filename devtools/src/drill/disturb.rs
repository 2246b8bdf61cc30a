//! What happens to the service while clients work: a list of named steps, the same wherever it runs.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use xtask::ui;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// One replica ends without warning, and another takes its place.
    Kill,
    /// Every replica is replaced by a new one, as by a deploy.
    Replace,
    /// More replicas.
    Widen,
    /// As many as before.
    Narrow,
}

/// In this order: once with one replica, once with several.
const DISTURBANCES: [Disturbance; 5] =
    [Disturbance::Kill, Disturbance::Replace, Disturbance::Widen, Disturbance::Kill, Disturbance::Narrow];

/// A service that can be disturbed.
pub(crate) trait Stage {
    /// What a disturbance does now, in words.
    fn name(&self, disturbance: Disturbance) -> String;

    /// Does it, and returns when the service has come to rest.
    fn play(&self, disturbance: Disturbance) -> impl Future<Output = anyhow::Result<()>>;
}

/// Plays all of them, spread over a time, or as long as they take; returns what was done when.
pub(crate) async fn disturb(stage: &impl Stage, over: Duration) -> anyhow::Result<Vec<String>> {
    let began = Instant::now();
    let pause = over / (u32::try_from(DISTURBANCES.len()).unwrap_or(u32::MAX) + 1);
    let mut played = Vec::new();
    let mut due = pause;
    for disturbance in DISTURBANCES {
        sleep(due.saturating_sub(began.elapsed())).await;
        let (name, at) = (stage.name(disturbance), began.elapsed());
        ui::step("disturb", &format!("after {:.1} s: {name}", at.as_secs_f64()));
        stage.play(disturbance).await?;
        played.push(format!(
            "{name}, after {:.1} s, in {:.1} s",
            at.as_secs_f64(),
            (began.elapsed() - at).as_secs_f64()
        ));
        due += pause;
    }
    Ok(played)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use xtask::runtime::wait_for;

    /// Breaks at one of its disturbances, or at none.
    struct Broken(RefCell<Vec<Disturbance>>, Option<usize>);

    impl Stage for Broken {
        fn name(&self, disturbance: Disturbance) -> String {
            format!("{disturbance:?}")
        }

        async fn play(&self, disturbance: Disturbance) -> anyhow::Result<()> {
            self.0.borrow_mut().push(disturbance);
            anyhow::ensure!(self.1 != Some(self.0.borrow().len()), "broken");
            Ok(())
        }
    }

    #[test]
    fn one_that_cannot_be_played_ends_them() {
        let whole = Broken(RefCell::default(), None);
        assert_eq!(wait_for(disturb(&whole, Duration::ZERO)).unwrap().unwrap().len(), DISTURBANCES.len());
        let broken = Broken(RefCell::default(), Some(2));
        assert!(wait_for(disturb(&broken, Duration::ZERO)).unwrap().is_err());
        assert_eq!(broken.0.into_inner(), DISTURBANCES[..2]);
    }
}
