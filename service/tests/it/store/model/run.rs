//! Execution of a sequence against both replicas and the model.

use std::{collections::HashMap, num::NonZeroUsize, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_stateful::{
    clock::epoch_seconds,
    principal::{Grant, Principal},
    session::{InvalidSession, Session},
    store::{Cursor, IdempotencyKey, KeyedError, KeyedReset, NotesPage, PageRequest, Store},
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    op::{HANDLE, Op, Request, SESSIONS, Step, Trouble},
    promise::{Outcome, Promise},
    replicas::Replicas,
};
use crate::support::{
    dynamodb::{DynamoDb, Fault},
    fresh,
};

/// Executes every step in fresh sessions.
///
/// After each step, its session is checked at one replica. At the end, every session is checked at both replicas.
pub(super) async fn follow(
    replicas: &Replicas,
    dynamodb: Option<&DynamoDb>,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut run = Run::new(replicas, dynamodb);
    let mut keyed = Vec::new();
    for (n, Step(op)) in steps.iter().enumerate() {
        let op = match *op {
            Op::Again { replica, back } => keyed.iter().rev().nth(back).and_then(|op: &Op| op.again(replica)),
            op => Some(op),
        };
        let Some(op) = op else { continue };
        let result = match run.step(op).await {
            Ok(()) => run.check_session(op.session().unwrap(), n % 2).await,
            failed => failed,
        };
        result.map_err(|error| TestCaseError::fail(format!("step {n}, {op:?}: {error}")))?;
        keyed.extend(op.again(0));
    }
    for session in 0..SESSIONS {
        run.check_session(session, 0).await?;
        run.check_session(session, 1).await?;
    }
    Ok(())
}

/// The execution of one sequence.
struct Run<'a> {
    replicas: &'a Replicas,
    dynamodb: Option<&'a DynamoDb>,
    sessions: [Session; SESSIONS],
    promises: [Promise; SESSIONS],
    handle_expired: bool,
}

impl<'a> Run<'a> {
    fn new(replicas: &'a Replicas, dynamodb: Option<&'a DynamoDb>) -> Self {
        let (alice, name) = (Principal::named("model", "alice", Grant::FULL), fresh("model"));
        let handle = Session::create(&alice, epoch_seconds() + 3600).unwrap();
        let named = |principal: &Principal| Session::open(principal, name.clone(), 0).unwrap();
        let sessions = [named(&Principal::shared()), named(&alice), handle];
        Self { replicas, dynamodb, sessions, promises: Default::default(), handle_expired: false }
    }

    async fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        if let Some(dynamodb) = self.dynamodb {
            // A fault lasts for one step.
            dynamodb.heal();
        }
        match op {
            Op::Add { replica, session, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.inject_fault(trouble, "PutItem");
                let text = self.promises[session].fresh_text();
                let outcome = match store.add_note(&opened, &text).await {
                    Ok(()) => Outcome::Added { replayed: false },
                    Err(_) => Outcome::Failed,
                };
                prop_assert_eq!(outcome, self.promises[session].add(&text, trouble));
            }
            Op::AddOnce { replica, session, note, key, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.inject_fault(trouble, "TransactWriteItems");
                let outcome = add_outcome(store.add_note_once(&opened, &text(note), &name(key)).await);
                prop_assert_eq!(outcome, self.promises[session].add_once(key, &text(note), trouble));
            }
            Op::AddOnceAtBoth { session, note, key } => {
                let Some((one, opened)) = self.open(0, session)? else { return Ok(()) };
                let other = &self.replicas.0[1];
                let (text, name) = (text(note), name(key));
                let (one, other) =
                    tokio::join!(one.add_note_once(&opened, &text, &name), other.add_note_once(&opened, &text, &name));
                let promise = &mut self.promises[session];
                let expected =
                    [promise.add_once(key, &text, Trouble::None), promise.add_once(key, &text, Trouble::None)];
                let (one, other) = (add_outcome(one), add_outcome(other));
                // Either call may be executed first.
                let matches =
                    [&one, &other] == [&expected[0], &expected[1]] || [&other, &one] == [&expected[0], &expected[1]];
                prop_assert!(matches, "returned {:?} and {:?}, expected {:?}", one, other, expected);
            }
            Op::Reset { replica, session, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.inject_fault(trouble, "PutItem");
                let outcome = match store.reset(&opened, in_a_minute()).await {
                    Ok(reset) if reset.complete => Outcome::Deleted { notes: reset.deleted, replayed: false },
                    Ok(reset) => return Err(TestCaseError::fail(format!("unfinished in time: {reset:?}"))),
                    Err(_) => Outcome::Failed,
                };
                prop_assert_eq!(outcome, self.promises[session].reset(trouble));
            }
            Op::ResetOnce { replica, session, key, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.inject_fault(trouble, "PutItem");
                let outcome = match store.reset_once(&opened, &name(key), in_a_minute()).await {
                    Ok(KeyedReset::Done { deleted, replayed }) => Outcome::Deleted { notes: deleted, replayed },
                    Ok(reset) => return Err(TestCaseError::fail(format!("unfinished in time: {reset:?}"))),
                    Err(KeyedError::Reused) => Outcome::Reused,
                    Err(KeyedError::Store(_)) => Outcome::Failed,
                };
                prop_assert_eq!(outcome, self.promises[session].reset_once(key, trouble));
            }
            Op::Pages { replica, session, limit } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                let (notes, full) = pages(store, &opened, limit).await?;
                prop_assert!(full, "a page before the last has fewer than {} notes", limit);
                prop_assert_eq!(notes, self.promises[session].visible());
            }
            Op::NoteExpires { session, nth } => {
                if let Some(position) = self.promises[session].expire_note(nth) {
                    let item = self.items(session, "NOTE#").await.swap_remove(position);
                    self.expire(item).await;
                }
            }
            Op::KeyExpires { session, key } => {
                self.promises[session].expire_key(key);
                for item in self.items(session, "ONCE#").await {
                    if item["sk"] == AttributeValue::S(record_of(key)) {
                        self.expire(item).await;
                    }
                }
            }
            Op::Again { .. } => unreachable!("already replaced by the call it repeats"),
            Op::HandleExpires => {
                self.handle_expired = true;
                self.promises[HANDLE].expire();
                // Items with the handle's expiry expire with it. An item without one would stay visible.
                for item in self.items(HANDLE, "").await {
                    if item.contains_key("expiresAt") {
                        self.expire(item).await;
                    }
                }
            }
        }
        if let Some(dynamodb) = self.dynamodb {
            dynamodb.heal();
        }
        Ok(())
    }

    async fn check_session(&self, session: usize, replica: usize) -> Result<(), TestCaseError> {
        let page = read(&self.replicas.0[replica], &self.sessions[session], PageRequest::default()).await?;
        prop_assert_eq!(&page.notes, &self.promises[session].visible());
        prop_assert_eq!(page.next, None);
        Ok(())
    }

    /// Opens the session as a request does.
    ///
    /// Returns `None` for an expired handle. Fails if the expiry is not reported as such.
    fn open(&self, replica: usize, session: usize) -> Result<Option<(&'a Store, Session)>, TestCaseError> {
        let known = &self.sessions[session];
        let expired = session == HANDLE && self.handle_expired;
        let now = if expired { known.expires_at().unwrap() } else { epoch_seconds() };
        match Session::open(known.principal(), known.id().to_owned(), now) {
            Ok(opened) if !expired => Ok(Some((&self.replicas.0[replica], opened))),
            Err(InvalidSession::Expired(_)) if expired => Ok(None),
            other => Err(TestCaseError::fail(format!("opening the session returned {other:?}"))),
        }
    }

    fn inject_fault(&self, trouble: Trouble, write: &'static str) {
        let operation = |request| if request == Request::Write { write } else { "BatchWriteItem" };
        let Some(dynamodb) = self.dynamodb else { return };
        match trouble {
            Trouble::None => {}
            Trouble::FirstResponseLost(request) => dynamodb.inject(operation(request), Fault::DoneButCut.times(1)),
            Trouble::AllResponsesLost(request) => dynamodb.inject(operation(request), Fault::DoneButCut.always()),
            Trouble::Rejected(request) => dynamodb.inject(operation(request), Fault::Throttle.always()),
        }
    }

    async fn items(&self, session: usize, prefix: &str) -> Vec<HashMap<String, AttributeValue>> {
        let (store, session) = (&self.replicas.0[0], &self.sessions[session]);
        let query = store.client().query().table_name(store.table()).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(partition(session)));
        let items = query.send().await.unwrap().items.unwrap();
        items.into_iter().filter(|item| item["sk"].as_s().unwrap().starts_with(prefix)).collect()
    }

    async fn expire(&self, mut item: HashMap<String, AttributeValue>) {
        item.insert("expiresAt".to_owned(), AttributeValue::N((epoch_seconds() - 1).to_string()));
        let store = &self.replicas.0[0];
        store.client().put_item().table_name(store.table()).set_item(Some(item)).send().await.unwrap();
    }
}

async fn read(store: &Store, session: &Session, request: PageRequest) -> Result<NotesPage, TestCaseError> {
    store.notes(session, request).await.map_err(|error| TestCaseError::fail(format!("reading notes: {error}")))
}

/// Reads all notes `limit` at a time, as a client does. The flag is true if every page but the last was full.
async fn pages(store: &Store, session: &Session, limit: usize) -> Result<(Vec<String>, bool), TestCaseError> {
    let (mut notes, mut after, mut full) = (Vec::new(), None, true);
    loop {
        let request = PageRequest { after, limit: NonZeroUsize::new(limit), max_bytes: None };
        let page = read(store, session, request).await?;
        let (number, first) = (page.notes.len(), notes.is_empty());
        prop_assert!(number <= limit && (first || number > 0), "{} notes in a page of {}", number, limit);
        full &= number == limit || page.next.is_none();
        notes.extend(page.notes);
        match page.next {
            Some(cursor) => after = Some(Cursor::decode(session, &cursor.encode(session)).unwrap()),
            None => return Ok((notes, full)),
        }
    }
}

fn add_outcome(result: Result<bool, KeyedError>) -> Outcome {
    match result {
        Ok(replayed) => Outcome::Added { replayed },
        Err(KeyedError::Reused) => Outcome::Reused,
        Err(KeyedError::Store(_)) => Outcome::Failed,
    }
}

fn text(note: u8) -> String {
    format!("keyed note {note}")
}

fn name(key: u8) -> IdempotencyKey {
    IdempotencyKey::try_from(format!("key {key}")).unwrap()
}

/// Returns the partition key of a session in the table.
fn partition(session: &Session) -> String {
    let space = session.principal().id().map(|id| format!("USER#{id}#")).unwrap_or_default();
    format!("{space}SESSION#{}", session.id())
}

/// Returns the sort key of an idempotency key's record.
fn record_of(key: u8) -> String {
    let hash = Sha256::digest(format!("key {key}"));
    format!("ONCE#{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}
