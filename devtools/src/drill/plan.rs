//! What a client does next: the same each time, so that a drill that found something can be run again.
//!
//! The periods have no factor in common: in time, everything meets everything.

/// One call of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) what: What,
    /// The answer is lost on purpose.
    pub(super) cut: Option<Cut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Add {
        keyed: bool,
    },
    Read,
    Reset,
    /// The last reset once more, with its key, though it was answered and notes were written since: as it comes when the answer
    /// got lost behind the service's back.
    ResetAgain,
}

/// When the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// As soon as the request is sent: the service may have done its work, or never begin it.
    AtOnce,
    /// When the answer has come, and before it is read: the service has done its work.
    Unread,
}

const ROUND: usize = 23;
/// In each round, after a last look at what the reset will delete.
const RESET: usize = 13;
/// Later in the round: what is written between the two has to stay.
const RESET_AGAIN: usize = 18;
const READ_EVERY: usize = 5;
const UNKEYED_EVERY: usize = 7;
const CUT_EVERY: usize = 8;

/// What a client does as its call of this number.
pub(super) fn step(client: usize, count: usize) -> Step {
    let what = match count % ROUND {
        RESET => What::Reset,
        RESET_AGAIN => What::ResetAgain,
        at if at + 1 == RESET => What::Read,
        _ if count.is_multiple_of(READ_EVERY) => What::Read,
        _ => What::Add { keyed: !count.is_multiple_of(UNKEYED_EVERY) },
    };
    // Clients do not lose their calls at the same moment.
    let cut = match (count + client) % CUT_EVERY {
        0 => Some(Cut::AtOnce),
        4 => Some(Cut::Unread),
        _ => None,
    };
    Step { what, cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_does_everything_with_and_without_losing_the_answer() {
        let whats = [What::Add { keyed: true }, What::Add { keyed: false }, What::Read, What::Reset, What::ResetAgain];
        for client in 0..8 {
            let steps: Vec<Step> =
                (0..ROUND * READ_EVERY * UNKEYED_EVERY * CUT_EVERY).map(|n| step(client, n)).collect();
            for what in whats {
                for cut in [None, Some(Cut::AtOnce), Some(Cut::Unread)] {
                    assert!(steps.contains(&Step { what, cut }), "client {client}: {what:?} {cut:?}");
                }
            }
        }
    }

    #[test]
    fn most_notes_have_a_key_and_some_are_written_between_a_reset_and_its_repetition() {
        let keyed = What::Add { keyed: true };
        for round in 0..READ_EVERY * UNKEYED_EVERY {
            let between = (RESET + 1..RESET_AGAIN).filter(|n| step(0, round * ROUND + n).what == keyed);
            assert!(between.count() > 0, "round {round}");
        }
        let whats: Vec<What> = (0..1_000).map(|n| step(0, n).what).collect();
        let count = |what: What| whats.iter().filter(|other| **other == what).count();
        assert!(count(keyed) > 3 * count(What::Add { keyed: false }));
    }
}
