//! Counts sessions and notes by their keys.

use std::{collections::HashSet, fmt};

use aws_sdk_dynamodb::types::AttributeValue;

use super::{PK, SK};
use crate::aws::table::Item;

/// What an item is, by its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The item of a session itself, by its partition.
    Session(&'a str),
    /// A note of a session.
    Note(&'a str),
    /// What remembers that a call under an idempotency key was done.
    Record,
    /// What a tool remembers to answer faster. It is worth nothing, and expires.
    Cache,
    /// None that the service writes.
    Other,
}

pub(super) fn kind(item: &Item) -> Kind<'_> {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "",
    };
    let (pk, sk) = (text(PK), text(SK));
    let own = of_its_principal(pk);
    match own.starts_with("SESSION#") {
        true if sk == "META" => Kind::Session(pk),
        true if sk.starts_with("NOTE#") => Kind::Note(pk),
        true if sk.starts_with("ONCE#") => Kind::Record,
        false if own.starts_with("TOOL#") => Kind::Cache,
        _ => Kind::Other,
    }
}

/// A partition without the principal whose it is; the shared one's have none.
fn of_its_principal(pk: &str) -> &str {
    let named = pk.strip_prefix("USER#").and_then(|rest| rest.split_once('#'));
    named.map_or(pk, |(_, own)| own)
}

/// How many sessions and notes there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// A session whose own item is missing is one all the same: that item is best effort.
    sessions: HashSet<String>,
    notes: u64,
    others: u64,
    /// Not everything was counted.
    more: bool,
}

impl Tally {
    pub(super) fn add(&mut self, item: &Item) {
        let session = match kind(item) {
            Kind::Session(session) => session,
            Kind::Note(session) => {
                self.notes += 1;
                session
            }
            Kind::Cache | Kind::Record => return,
            Kind::Other => {
                self.others += 1;
                return;
            }
        };
        if !self.sessions.contains(session) {
            self.sessions.insert(session.to_owned());
        }
    }

    pub(super) fn stop_short(&mut self) {
        self.more = true;
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn notes(&self) -> u64 {
        self.notes
    }

    /// Whether there is more than was counted.
    pub(crate) fn is_short(&self) -> bool {
        self.more
    }
}

/// `more than 3 sessions with 1 note`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sessions, notes) = (self.sessions.len(), self.notes);
        let plural = |one: bool| if one { "" } else { "s" };
        let more = if self.more { "more than " } else { "" };
        write!(f, "{more}{sessions} session{} with {notes} note{}", plural(sessions == 1), plural(notes == 1))?;
        match self.others {
            0 => Ok(()),
            others => write!(f, ", and {others} item{} of another kind", plural(others == 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pk: &str, sk: &str) -> Item {
        [(PK, pk), (SK, sk)].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
    }

    #[test]
    fn sessions_are_counted_once_with_or_without_their_own_item() {
        let mut tally = Tally::default();
        for (pk, sk) in [
            ("SESSION#a", "META"),
            ("SESSION#a", "NOTE#1755360000"),
            ("SESSION#a", "NOTE#v2#0198"),
            ("SESSION#b", "NOTE#v2#0199"),
            ("SESSION#b", "ONCE#0123456789abcdef"),
            ("USER#0123#SESSION#b", "NOTE#v2#0200"),
            ("USER#0123#TOOL#echo", "KEY#0123456789abcdef"),
            ("TOOL#echo", "KEY#0123456789abcdef"),
        ] {
            tally.add(&item(pk, sk));
        }
        assert_eq!(tally.to_string(), "3 sessions with 4 notes");
        tally.add(&item("SOMETHING", "ELSE"));
        tally.stop_short();
        assert_eq!(tally.to_string(), "more than 3 sessions with 4 notes, and 1 item of another kind");
    }

    #[test]
    fn keys_that_are_no_text_are_of_no_kind_of_ours() {
        assert_eq!(kind(&[(PK.to_owned(), AttributeValue::N("1".to_owned()))].into()), Kind::Other);
        assert_eq!(kind(&item("SESSION#a", "")), Kind::Other);
        assert_eq!(kind(&item("TOOLS", "KEY#1")), Kind::Other);
    }
}
