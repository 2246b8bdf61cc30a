//! What the README promises of one session, as plain data: no table, no retries, no pages.

use std::collections::HashMap;

use super::op::{Request, Trouble};

/// A session as it should be.
#[derive(Debug, Default)]
pub(super) struct Promise {
    notes: Vec<Note>,
    records: HashMap<u8, Record>,
    written: usize,
}

#[derive(Debug)]
struct Note {
    /// How many were written before it.
    place: usize,
    text: String,
    expired: bool,
}

#[derive(Debug, Clone)]
enum Record {
    Note(String),
    /// A reset that was asked for when there were so many notes and so many had ever been written.
    Reset {
        deleted: usize,
        written: usize,
        done: bool,
    },
}

/// What the caller should be told.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// The note is stored, by this call or (`replayed`) an earlier one.
    Added { replayed: bool },
    /// Notes were deleted, by this call or (`replayed`) an earlier one.
    Deleted { notes: usize, replayed: bool },
    /// The key stands for something else.
    Reused,
    /// The store failed; what was asked may be done.
    Failed,
}

impl Promise {
    /// The notes that can be seen, oldest first.
    pub(super) fn visible(&self) -> Vec<&str> {
        self.notes.iter().filter(|note| !note.expired).map(|note| note.text.as_str()).collect()
    }

    /// A text that no note has yet.
    pub(super) fn fresh_text(&self) -> String {
        format!("note {}", self.written)
    }

    pub(super) fn add(&mut self, text: &str, trouble: Trouble) -> Told {
        if trouble == Trouble::Refused(Request::Write) {
            return Told::Failed;
        }
        self.push(text);
        self.told(trouble, Told::Added { replayed: false })
    }

    pub(super) fn add_once(&mut self, key: u8, text: &str, trouble: Trouble) -> Told {
        if trouble == Trouble::Refused(Request::Write) {
            return Told::Failed;
        }
        let told = match self.records.get(&key) {
            None => {
                self.push(text);
                self.records.insert(key, Record::Note(text.to_owned()));
                Told::Added { replayed: false }
            }
            Some(Record::Note(known)) if known == text => Told::Added { replayed: true },
            Some(_) => Told::Reused,
        };
        self.told(trouble, told)
    }

    pub(super) fn reset(&mut self, trouble: Trouble) -> Told {
        let deleted = self.visible().len();
        match self.delete(self.written, trouble) {
            Ok(()) => Told::Deleted { notes: deleted, replayed: false },
            Err(failed) => failed,
        }
    }

    pub(super) fn reset_once(&mut self, key: u8, trouble: Trouble) -> Told {
        // The first request that writes is the record's opening, or what notes that it is done.
        let mut trouble_of_writing = Some(trouble).filter(|trouble| request_of(*trouble) == Some(Request::Write));
        let mut write = || match trouble_of_writing.take() {
            Some(Trouble::Refused(_)) => (false, false),
            Some(Trouble::AnswersLost(_)) => (true, false),
            _ => (true, true),
        };
        let record = match self.records.get(&key).cloned() {
            Some(record) => record,
            None => {
                let record = Record::Reset { deleted: self.visible().len(), written: self.written, done: false };
                let (written, told) = write();
                if written {
                    self.records.insert(key, record.clone());
                }
                if !told {
                    return Told::Failed;
                }
                record
            }
        };
        let Record::Reset { deleted, written, done } = record else { return Told::Reused };
        if done {
            return Told::Deleted { notes: deleted, replayed: true };
        }
        if let Err(failed) = self.delete(written, trouble) {
            return failed;
        }
        let (noted, told) = write();
        if noted {
            self.records.insert(key, Record::Reset { deleted, written, done: true });
        }
        if told { Told::Deleted { notes: deleted, replayed: false } } else { Told::Failed }
    }

    /// One of the notes that are there expires; answers with how many of them come before it.
    pub(super) fn expire_note(&mut self, nth: usize) -> Option<usize> {
        let number = self.notes.len();
        let note = self.notes.get_mut(nth.checked_rem(number)?)?;
        note.expired = true;
        Some(nth % number)
    }

    pub(super) fn expire_key(&mut self, key: u8) {
        self.records.remove(&key);
    }

    /// The whole session is over.
    pub(super) fn expire(&mut self) {
        self.notes.iter_mut().for_each(|note| note.expired = true);
        self.records.clear();
    }

    fn push(&mut self, text: &str) {
        self.notes.push(Note { place: self.written, text: text.to_owned(), expired: false });
        self.written += 1;
    }

    /// Deletes all but what came after so many notes.
    fn delete(&mut self, written: usize, trouble: Trouble) -> Result<(), Told> {
        if self.notes.iter().all(|note| note.place >= written) {
            // No request is sent that could fail.
            return Ok(());
        }
        if trouble == Trouble::Refused(Request::Delete) {
            return Err(Told::Failed);
        }
        self.notes.retain(|note| note.place >= written);
        if trouble == Trouble::AnswersLost(Request::Delete) { Err(Told::Failed) } else { Ok(()) }
    }

    /// What is told of a write that was done.
    fn told(&self, trouble: Trouble, told: Told) -> Told {
        if trouble == Trouble::AnswersLost(Request::Write) { Told::Failed } else { told }
    }
}

fn request_of(trouble: Trouble) -> Option<Request> {
    match trouble {
        Trouble::None => None,
        Trouble::AnswerLost(request) | Trouble::AnswersLost(request) | Trouble::Refused(request) => Some(request),
    }
}
