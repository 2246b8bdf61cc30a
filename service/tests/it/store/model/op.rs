//! What can happen, in words that read well in a counterexample.

use std::fmt;

use proptest::prelude::*;

/// One step. Sessions, replicas, keys and notes are few, so that they meet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// A note without a key, unlike any other.
    Add { replica: usize, session: usize, trouble: Trouble },
    /// A note with a key; often a repeat, sometimes a misuse.
    AddOnce { replica: usize, session: usize, note: u8, key: u8, trouble: Trouble },
    /// The same keyed note at both replicas at the same time.
    AddOnceAtBoth { session: usize, note: u8, key: u8 },
    /// A reset without a key.
    Reset { replica: usize, session: usize, trouble: Trouble },
    /// A reset with a key.
    ResetOnce { replica: usize, session: usize, key: u8, trouble: Trouble },
    /// A keyed call of before, the last or one of those before it, is sent again.
    Again { replica: usize, back: usize },
    /// Reading page by page.
    Pages { replica: usize, session: usize, limit: usize },
    /// A note's time is over, whichever of those there: its `expiresAt` goes by, and DynamoDB has not removed it.
    NoteExpires { session: usize, nth: usize },
    /// A key's time is over.
    KeyExpires { session: usize, key: u8 },
    /// The handle's time is over.
    HandleExpires,
}

/// An [`Op`] that prints on one line, however deep in a list.
#[derive(Clone, Copy)]
pub(super) struct Step(pub(super) Op);

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{:?}", self.0))
    }
}

impl Op {
    /// The session it is about; [`Op::Again`] has that of the call it repeats.
    pub(super) fn session(self) -> Option<usize> {
        match self {
            Self::Add { session, .. }
            | Self::AddOnce { session, .. }
            | Self::AddOnceAtBoth { session, .. }
            | Self::Reset { session, .. }
            | Self::ResetOnce { session, .. }
            | Self::Pages { session, .. }
            | Self::NoteExpires { session, .. }
            | Self::KeyExpires { session, .. } => Some(session),
            Self::HandleExpires => Some(HANDLE),
            Self::Again { .. } => None,
        }
    }

    /// The same keyed call at a replica, with nothing going wrong; nothing if it has no key.
    pub(super) fn again(self, replica: usize) -> Option<Self> {
        let trouble = Trouble::None;
        match self {
            Self::AddOnce { session, note, key, .. } => Some(Self::AddOnce { replica, session, note, key, trouble }),
            Self::ResetOnce { session, key, .. } => Some(Self::ResetOnce { replica, session, key, trouble }),
            _ => None,
        }
    }
}

/// What goes wrong with the requests of a kind in a call; each is sent a few times at the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    None,
    /// It is done, and its answer gets lost; the second gets through.
    AnswerLost(Request),
    /// It is done, and all answers get lost: the caller is told of a failure.
    AnswersLost(Request),
    /// It is not done, however often it is sent: the caller is told of a failure.
    Refused(Request),
}

/// Which request of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Request {
    /// The one that writes: note, note and record, or a reset's record.
    Write,
    /// A reset's deletion.
    Delete,
}

/// Sessions by name (of one principal, and of another under the same name), and by handle.
pub(super) const SESSIONS: usize = 3;
/// The one with the handle.
pub(super) const HANDLE: usize = 2;
pub(super) const KEYS: u8 = 3;

/// So short that a session never has more notes than one batch deletes: with more, trouble would strike one of several.
pub(super) fn sequence(trouble: BoxedStrategy<Trouble>) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(op(trouble).prop_map(Step), 1..=34)
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let request = || prop_oneof![Just(Request::Write), Just(Request::Delete)];
    prop_oneof![
        2 => Just(Trouble::None),
        1 => request().prop_map(Trouble::AnswerLost),
        1 => request().prop_map(Trouble::AnswersLost),
        1 => request().prop_map(Trouble::Refused),
    ]
}

fn op(trouble: BoxedStrategy<Trouble>) -> impl Strategy<Value = Op> {
    let (replica, note, key) = (0..2_usize, 0..2_u8, 0..KEYS);
    // Most of it happens in one session: only there things meet.
    let session = prop_oneof![6 => Just(0), 1 => Just(1), 2 => Just(HANDLE)];
    let at = || (replica.clone(), session.clone());
    prop_oneof![
        6 => (at(), trouble.clone()).prop_map(|((replica, session), trouble)| Op::Add { replica, session, trouble }),
        8 => (at(), note.clone(), key.clone(), trouble.clone())
            .prop_map(|((replica, session), note, key, trouble)| Op::AddOnce { replica, session, note, key, trouble }),
        1 => (session.clone(), note, key.clone()).prop_map(|(session, note, key)| Op::AddOnceAtBoth { session, note, key }),
        1 => (at(), trouble.clone()).prop_map(|((replica, session), trouble)| Op::Reset { replica, session, trouble }),
        6 => (at(), key.clone(), trouble)
            .prop_map(|((replica, session), key, trouble)| Op::ResetOnce { replica, session, key, trouble }),
        8 => (0..2_usize, 0..3_usize).prop_map(|(replica, back)| Op::Again { replica, back }),
        3 => (at(), 1..4_usize).prop_map(|((replica, session), limit)| Op::Pages { replica, session, limit }),
        3 => (session.clone(), 0..8_usize).prop_map(|(session, nth)| Op::NoteExpires { session, nth }),
        1 => (session, key).prop_map(|(session, key)| Op::KeyExpires { session, key }),
        1 => Just(Op::HandleExpires),
    ]
}
