//! The sequence of a client's calls. It is the same in every drill, so that a drill that found a violation can be
//! repeated.
//!
//! The periods are coprime, so every combination of call and disconnect occurs in the end.

/// One call of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) action: Action,
    /// Set if the response is lost on purpose.
    pub(super) disconnect: Option<Disconnect>,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Add {
        keyed: bool,
    },
    Read,
    Reset,
    /// Repeats the last reset with its key, although it was acknowledged and notes were written since. A proxy that
    /// lost the response does the same.
    RepeatReset,
}

/// The moment at which a client closes its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disconnect {
    /// Right after sending: the service may have handled the request or not.
    AfterSending,
    /// Once the response has arrived, before it is read: the service has handled the request.
    BeforeReading,
}

const ROUND: usize = 23;
/// Position of the reset in a round. A read comes right before it.
const RESET: usize = 13;
/// Position of the repeated reset. Notes written between the two must stay.
const REPEAT_RESET: usize = 18;
const READ_EVERY: usize = 5;
const UNKEYED_EVERY: usize = 7;
const DISCONNECT_EVERY: usize = 8;

/// Returns a client's call number `count`.
pub(super) fn step(client: usize, count: usize) -> Step {
    let action = match count % ROUND {
        RESET => Action::Reset,
        REPEAT_RESET => Action::RepeatReset,
        position if position + 1 == RESET => Action::Read,
        _ if count.is_multiple_of(READ_EVERY) => Action::Read,
        _ => Action::Add { keyed: !count.is_multiple_of(UNKEYED_EVERY) },
    };
    // Each client disconnects at another moment.
    let disconnect = match (count + client) % DISCONNECT_EVERY {
        0 => Some(Disconnect::AfterSending),
        4 => Some(Disconnect::BeforeReading),
        _ => None,
    };
    Step { action, disconnect }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_meets_every_disconnect() {
        let actions = [
            Action::Add { keyed: true },
            Action::Add { keyed: false },
            Action::Read,
            Action::Reset,
            Action::RepeatReset,
        ];
        for client in 0..8 {
            let steps: Vec<Step> =
                (0..ROUND * READ_EVERY * UNKEYED_EVERY * DISCONNECT_EVERY).map(|n| step(client, n)).collect();
            for action in actions {
                for disconnect in [None, Some(Disconnect::AfterSending), Some(Disconnect::BeforeReading)] {
                    assert!(steps.contains(&Step { action, disconnect }), "client {client}: {action:?} {disconnect:?}");
                }
            }
        }
    }

    #[test]
    fn keyed_notes_separate_reset_and_repetition() {
        let keyed = Action::Add { keyed: true };
        for round in 0..READ_EVERY * UNKEYED_EVERY {
            let between = (RESET + 1..REPEAT_RESET).filter(|n| step(0, round * ROUND + n).action == keyed);
            assert!(between.count() > 0, "round {round}");
        }
        let actions: Vec<Action> = (0..1_000).map(|n| step(0, n).action).collect();
        let count = |action: Action| actions.iter().filter(|other| **other == action).count();
        assert!(count(keyed) > 3 * count(Action::Add { keyed: false }));
    }
}
