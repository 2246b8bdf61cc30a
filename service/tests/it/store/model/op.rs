//! The operations of a sequence, named so that a counterexample is readable.

use std::fmt;

use proptest::prelude::*;

/// One operation. Sessions, replicas, keys and notes are few, so that operations collide.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// Adds a unique note without a key.
    Add { replica: usize, session: usize, trouble: Trouble },
    /// Adds a note with a key. It is often a repeat and sometimes a misuse of the key.
    AddOnce { replica: usize, session: usize, note: u8, key: u8, trouble: Trouble },
    /// Adds the same keyed note at both replicas concurrently.
    AddOnceAtBoth { session: usize, note: u8, key: u8 },
    /// Resets the session without a key.
    Reset { replica: usize, session: usize, trouble: Trouble },
    /// Resets the session with a key.
    ResetOnce { replica: usize, session: usize, key: u8, trouble: Trouble },
    /// Repeats a keyed call, selected by the number of keyed calls after it.
    Again { replica: usize, back: usize },
    /// Reads the notes page by page.
    Pages { replica: usize, session: usize, limit: usize },
    /// Expires a stored note: its `expiresAt` has passed and DynamoDB has not deleted it.
    NoteExpires { session: usize, nth: usize },
    /// Expires a key.
    KeyExpires { session: usize, key: u8 },
    /// Expires the handle.
    HandleExpires,
}

/// An [`Op`] that prints on one line, at any depth of a list.
#[derive(Clone, Copy)]
pub(super) struct Step(pub(super) Op);

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{:?}", self.0))
    }
}

impl Op {
    /// The session of the operation. [`Op::Again`] has none, because the repeated call determines it.
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

    /// Returns the same keyed call at `replica` without a fault, or `None` if it has no key.
    pub(super) fn again(self, replica: usize) -> Option<Self> {
        let trouble = Trouble::None;
        match self {
            Self::AddOnce { session, note, key, .. } => Some(Self::AddOnce { replica, session, note, key, trouble }),
            Self::ResetOnce { session, key, .. } => Some(Self::ResetOnce { replica, session, key, trouble }),
            _ => None,
        }
    }
}

/// A fault in one kind of a call's requests. Each request is sent only a few times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    None,
    /// The request is executed. Its first response is lost and the second one arrives.
    FirstResponseLost(Request),
    /// The request is executed. All responses are lost, so the caller gets an error.
    AllResponsesLost(Request),
    /// Every attempt is rejected without being executed, so the caller gets an error.
    Rejected(Request),
}

/// A kind of request within a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Request {
    /// The write of a note, of a note with its record, or of a reset's record.
    Write,
    /// The deletion of notes by a reset.
    Delete,
}

/// The number of sessions: two principals' sessions of the same name, and one with a handle.
pub(super) const SESSIONS: usize = 3;
/// The index of the session with the handle.
pub(super) const HANDLE: usize = 2;
pub(super) const KEYS: u8 = 3;

/// Generates sequences short enough that one batch deletes all notes of a session.
///
/// With several batches, a fault would hit only one of them.
pub(super) fn sequence(trouble: BoxedStrategy<Trouble>) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(op(trouble).prop_map(Step), 1..=34)
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let request = || prop_oneof![Just(Request::Write), Just(Request::Delete)];
    prop_oneof![
        2 => Just(Trouble::None),
        1 => request().prop_map(Trouble::FirstResponseLost),
        1 => request().prop_map(Trouble::AllResponsesLost),
        1 => request().prop_map(Trouble::Rejected),
    ]
}

fn op(trouble: BoxedStrategy<Trouble>) -> impl Strategy<Value = Op> {
    let (replica, note, key) = (0..2_usize, 0..2_u8, 0..KEYS);
    // Most operations use one session, because only operations of one session collide.
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
