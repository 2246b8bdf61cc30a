//! The disturbances of a drill: a fixed list, the same for every target.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use xtask::ui;

/// One disturbance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// One replica ends without warning, and another takes its place.
    Kill,
    /// New replicas replace all replicas, as in a deploy.
    Replace,
    ScaleOut,
    /// Back to the number of replicas before [`Disturbance::ScaleOut`].
    ScaleIn,
}

/// In this order: a kill happens once with one replica and once with several.
const DISTURBANCES: [Disturbance; 5] =
    [Disturbance::Kill, Disturbance::Replace, Disturbance::ScaleOut, Disturbance::Kill, Disturbance::ScaleIn];

/// A service that a drill can disturb.
pub(crate) trait Target {
    /// Describes the effect that a disturbance would have now.
    fn describe(&self, disturbance: Disturbance) -> String;

    /// Disturbs the service and returns once it is stable again.
    fn inject(&self, disturbance: Disturbance) -> impl Future<Output = anyhow::Result<()>>;
}

/// Injects all disturbances, spread over `duration` or as long as they take. Returns a line for each.
pub(crate) async fn disturb(target: &impl Target, duration: Duration) -> anyhow::Result<Vec<String>> {
    let began = Instant::now();
    let pause = duration / (u32::try_from(DISTURBANCES.len()).unwrap_or(u32::MAX) + 1);
    let mut injected = Vec::new();
    let mut due = pause;
    for disturbance in DISTURBANCES {
        sleep(due.saturating_sub(began.elapsed())).await;
        let (name, at) = (target.describe(disturbance), began.elapsed());
        ui::step("disturb", &format!("after {:.1} s: {name}", at.as_secs_f64()));
        target.inject(disturbance).await?;
        injected.push(format!(
            "{name}, after {:.1} s, in {:.1} s",
            at.as_secs_f64(),
            (began.elapsed() - at).as_secs_f64()
        ));
        due += pause;
    }
    Ok(injected)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use xtask::runtime::wait_for;

    /// Fails at the disturbance with this number, if any.
    struct FailingTarget(RefCell<Vec<Disturbance>>, Option<usize>);

    impl Target for FailingTarget {
        fn describe(&self, disturbance: Disturbance) -> String {
            format!("{disturbance:?}")
        }

        async fn inject(&self, disturbance: Disturbance) -> anyhow::Result<()> {
            self.0.borrow_mut().push(disturbance);
            anyhow::ensure!(self.1 != Some(self.0.borrow().len()), "failed");
            Ok(())
        }
    }

    #[test]
    fn failed_disturbance_ends_the_list() {
        let working = FailingTarget(RefCell::default(), None);
        assert_eq!(wait_for(disturb(&working, Duration::ZERO)).unwrap().unwrap().len(), DISTURBANCES.len());
        let failing = FailingTarget(RefCell::default(), Some(2));
        assert!(wait_for(disturb(&failing, Duration::ZERO)).unwrap().is_err());
        assert_eq!(failing.0.into_inner(), DISTURBANCES[..2]);
    }
}
