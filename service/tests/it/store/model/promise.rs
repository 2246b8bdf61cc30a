//! A model of one session as the README promises it. It is plain data without table, retries or pages.

use std::collections::HashMap;

use super::op::{Request, Trouble};

/// The expected state of a session.
#[derive(Debug, Default)]
pub(super) struct Promise {
    notes: Vec<Note>,
    records: HashMap<u8, Record>,
    written: usize,
}

#[derive(Debug)]
struct Note {
    /// The number of notes written before it.
    position: usize,
    text: String,
    expired: bool,
}

#[derive(Debug, Clone)]
enum Record {
    Note(String),
    /// A reset, with the number of visible notes and of all notes ever written at its first request.
    Reset {
        deleted: usize,
        written: usize,
        done: bool,
    },
}

/// The result the caller should get.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The note was stored by this call, or by an earlier one if `replayed`.
    Added { replayed: bool },
    /// Notes were deleted by this call, or by an earlier one if `replayed`.
    Deleted { notes: usize, replayed: bool },
    /// The key is bound to another call.
    Reused,
    /// The store failed. The operation may have been executed.
    Failed,
}

impl Promise {
    /// Returns the visible notes, oldest first.
    pub(super) fn visible(&self) -> Vec<&str> {
        self.notes.iter().filter(|note| !note.expired).map(|note| note.text.as_str()).collect()
    }

    /// Returns a text that no note has yet.
    pub(super) fn fresh_text(&self) -> String {
        format!("note {}", self.written)
    }

    pub(super) fn add(&mut self, text: &str, trouble: Trouble) -> Outcome {
        if trouble == Trouble::Rejected(Request::Write) {
            return Outcome::Failed;
        }
        self.push(text);
        self.after_write(trouble, Outcome::Added { replayed: false })
    }

    pub(super) fn add_once(&mut self, key: u8, text: &str, trouble: Trouble) -> Outcome {
        if trouble == Trouble::Rejected(Request::Write) {
            return Outcome::Failed;
        }
        let outcome = match self.records.get(&key) {
            None => {
                self.push(text);
                self.records.insert(key, Record::Note(text.to_owned()));
                Outcome::Added { replayed: false }
            }
            Some(Record::Note(known)) if known == text => Outcome::Added { replayed: true },
            Some(_) => Outcome::Reused,
        };
        self.after_write(trouble, outcome)
    }

    pub(super) fn reset(&mut self, trouble: Trouble) -> Outcome {
        let deleted = self.visible().len();
        match self.delete(self.written, trouble) {
            Ok(()) => Outcome::Deleted { notes: deleted, replayed: false },
            Err(failed) => failed,
        }
    }

    pub(super) fn reset_once(&mut self, key: u8, trouble: Trouble) -> Outcome {
        // The first write either opens the record or marks it as done.
        let mut trouble_of_write = Some(trouble).filter(|trouble| request_of(*trouble) == Some(Request::Write));
        let mut write = || match trouble_of_write.take() {
            Some(Trouble::Rejected(_)) => (false, false),
            Some(Trouble::AllResponsesLost(_)) => (true, false),
            _ => (true, true),
        };
        let record = match self.records.get(&key).cloned() {
            Some(record) => record,
            None => {
                let record = Record::Reset { deleted: self.visible().len(), written: self.written, done: false };
                let (executed, acknowledged) = write();
                if executed {
                    self.records.insert(key, record.clone());
                }
                if !acknowledged {
                    return Outcome::Failed;
                }
                record
            }
        };
        let Record::Reset { deleted, written, done } = record else { return Outcome::Reused };
        if done {
            return Outcome::Deleted { notes: deleted, replayed: true };
        }
        if let Err(failed) = self.delete(written, trouble) {
            return failed;
        }
        let (executed, acknowledged) = write();
        if executed {
            self.records.insert(key, Record::Reset { deleted, written, done: true });
        }
        if acknowledged { Outcome::Deleted { notes: deleted, replayed: false } } else { Outcome::Failed }
    }

    /// Expires one of the stored notes and returns the number of stored notes before it.
    pub(super) fn expire_note(&mut self, nth: usize) -> Option<usize> {
        let number = self.notes.len();
        let note = self.notes.get_mut(nth.checked_rem(number)?)?;
        note.expired = true;
        Some(nth % number)
    }

    pub(super) fn expire_key(&mut self, key: u8) {
        self.records.remove(&key);
    }

    /// Expires the whole session.
    pub(super) fn expire(&mut self) {
        self.notes.iter_mut().for_each(|note| note.expired = true);
        self.records.clear();
    }

    fn push(&mut self, text: &str) {
        self.notes.push(Note { position: self.written, text: text.to_owned(), expired: false });
        self.written += 1;
    }

    /// Deletes the first `written` notes ever written and keeps later ones.
    fn delete(&mut self, written: usize, trouble: Trouble) -> Result<(), Outcome> {
        if self.notes.iter().all(|note| note.position >= written) {
            // No request is sent, so none can fail.
            return Ok(());
        }
        if trouble == Trouble::Rejected(Request::Delete) {
            return Err(Outcome::Failed);
        }
        self.notes.retain(|note| note.position >= written);
        if trouble == Trouble::AllResponsesLost(Request::Delete) { Err(Outcome::Failed) } else { Ok(()) }
    }

    /// Returns the outcome of an executed write, which is a failure if all responses are lost.
    fn after_write(&self, trouble: Trouble, outcome: Outcome) -> Outcome {
        if trouble == Trouble::AllResponsesLost(Request::Write) { Outcome::Failed } else { outcome }
    }
}

fn request_of(trouble: Trouble) -> Option<Request> {
    match trouble {
        Trouble::None => None,
        Trouble::FirstResponseLost(request) | Trouble::AllResponsesLost(request) | Trouble::Rejected(request) => {
            Some(request)
        }
    }
}
