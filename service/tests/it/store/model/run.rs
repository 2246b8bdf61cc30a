//! The way of a sequence through the two replicas and the promise at once.

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
    promise::{Promise, Told},
    replicas::Replicas,
};
use crate::support::{
    dynamodb::{DynamoDb, Fault},
    fresh,
};

/// Does every step, in sessions of its own, and looks after each whether its session is as it should be for one of
/// the two, and in the end whether all are for both.
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
        let done = match run.step(op).await {
            Ok(()) => run.look(op.session().unwrap(), n % 2).await,
            wrong => wrong,
        };
        done.map_err(|error| TestCaseError::fail(format!("step {n}, {op:?}: {error}")))?;
        keyed.extend(op.again(0));
    }
    for session in 0..SESSIONS {
        run.look(session, 0).await?;
        run.look(session, 1).await?;
    }
    Ok(())
}

/// One sequence.
struct Run<'a> {
    replicas: &'a Replicas,
    dynamodb: Option<&'a DynamoDb>,
    sessions: [Session; SESSIONS],
    promises: [Promise; SESSIONS],
    handle_is_over: bool,
}

impl<'a> Run<'a> {
    fn new(replicas: &'a Replicas, dynamodb: Option<&'a DynamoDb>) -> Self {
        let (alice, name) = (Principal::named("model", "alice", Grant::FULL), fresh("model"));
        let handle = Session::create(&alice, epoch_seconds() + 3600).unwrap();
        let named = |principal: &Principal| Session::open(principal, name.clone(), 0).unwrap();
        let sessions = [named(&Principal::shared()), named(&alice), handle];
        Self { replicas, dynamodb, sessions, promises: Default::default(), handle_is_over: false }
    }

    async fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        if let Some(dynamodb) = self.dynamodb {
            // A trouble lasts for one step.
            dynamodb.heal();
        }
        match op {
            Op::Add { replica, session, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.cause(trouble, "PutItem");
                let text = self.promises[session].fresh_text();
                let told = match store.add_note(&opened, &text).await {
                    Ok(()) => Told::Added { replayed: false },
                    Err(_) => Told::Failed,
                };
                prop_assert_eq!(told, self.promises[session].add(&text, trouble));
            }
            Op::AddOnce { replica, session, note, key, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.cause(trouble, "TransactWriteItems");
                let told = added(store.add_note_once(&opened, &text(note), &name(key)).await);
                prop_assert_eq!(told, self.promises[session].add_once(key, &text(note), trouble));
            }
            Op::AddOnceAtBoth { session, note, key } => {
                let Some((one, opened)) = self.open(0, session)? else { return Ok(()) };
                let other = &self.replicas.0[1];
                let (text, name) = (text(note), name(key));
                let (one, other) =
                    tokio::join!(one.add_note_once(&opened, &text, &name), other.add_note_once(&opened, &text, &name));
                let promise = &mut self.promises[session];
                let promised =
                    [promise.add_once(key, &text, Trouble::None), promise.add_once(key, &text, Trouble::None)];
                let (one, other) = (added(one), added(other));
                // Nobody knows which comes first.
                let matches =
                    [&one, &other] == [&promised[0], &promised[1]] || [&other, &one] == [&promised[0], &promised[1]];
                prop_assert!(matches, "told {:?} and {:?}, promised {:?}", one, other, promised);
            }
            Op::Reset { replica, session, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.cause(trouble, "PutItem");
                let told = match store.reset(&opened, far()).await {
                    Ok(reset) if reset.complete => Told::Deleted { notes: reset.deleted, replayed: false },
                    Ok(reset) => return Err(TestCaseError::fail(format!("{reset:?} long before its deadline"))),
                    Err(_) => Told::Failed,
                };
                prop_assert_eq!(told, self.promises[session].reset(trouble));
            }
            Op::ResetOnce { replica, session, key, trouble } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                self.cause(trouble, "PutItem");
                let told = match store.reset_once(&opened, &name(key), far()).await {
                    Ok(KeyedReset::Done { deleted, replayed }) => Told::Deleted { notes: deleted, replayed },
                    Ok(cut) => return Err(TestCaseError::fail(format!("{cut:?} long before its deadline"))),
                    Err(KeyedError::Reused) => Told::Reused,
                    Err(KeyedError::Store(_)) => Told::Failed,
                };
                prop_assert_eq!(told, self.promises[session].reset_once(key, trouble));
            }
            Op::Pages { replica, session, limit } => {
                let Some((store, opened)) = self.open(replica, session)? else { return Ok(()) };
                let (notes, full) = pages(store, &opened, limit).await?;
                prop_assert!(full, "a page before the last has not {} notes", limit);
                prop_assert_eq!(notes, self.promises[session].visible());
            }
            Op::NoteExpires { session, nth } => {
                if let Some(place) = self.promises[session].expire_note(nth) {
                    let item = self.items(session, "NOTE#").await.swap_remove(place);
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
            Op::Again { .. } => unreachable!("what it repeats is here in its place"),
            Op::HandleExpires => {
                self.handle_is_over = true;
                self.promises[HANDLE].expire();
                // What carries the handle's end is over with it; what does not would stay to be seen.
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

    async fn look(&self, session: usize, replica: usize) -> Result<(), TestCaseError> {
        let page = read(&self.replicas.0[replica], &self.sessions[session], PageRequest::default()).await?;
        prop_assert_eq!(&page.notes, &self.promises[session].visible());
        prop_assert_eq!(page.next, None);
        Ok(())
    }

    /// The session as a request opens it; nothing once its handle is over, which has to be said.
    fn open(&self, replica: usize, session: usize) -> Result<Option<(&'a Store, Session)>, TestCaseError> {
        let known = &self.sessions[session];
        let over = session == HANDLE && self.handle_is_over;
        let now = if over { known.expires_at().unwrap() } else { epoch_seconds() };
        match Session::open(known.principal(), known.id().to_owned(), now) {
            Ok(opened) if !over => Ok(Some((&self.replicas.0[replica], opened))),
            Err(InvalidSession::Expired(_)) if over => Ok(None),
            other => Err(TestCaseError::fail(format!("opening it gave {other:?}"))),
        }
    }

    fn cause(&self, trouble: Trouble, write: &'static str) {
        let operation = |request| if request == Request::Write { write } else { "BatchWriteItem" };
        let Some(dynamodb) = self.dynamodb else { return };
        match trouble {
            Trouble::None => {}
            Trouble::AnswerLost(request) => dynamodb.inject(operation(request), Fault::DoneButCut.times(1)),
            Trouble::AnswersLost(request) => dynamodb.inject(operation(request), Fault::DoneButCut.always()),
            Trouble::Refused(request) => dynamodb.inject(operation(request), Fault::Throttle.always()),
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
    store.notes(session, request).await.map_err(|error| TestCaseError::fail(format!("reading: {error}")))
}

/// All notes, `limit` at a time, as a client reads them; and whether every page but the last was full.
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

fn added(result: Result<bool, KeyedError>) -> Told {
    match result {
        Ok(replayed) => Told::Added { replayed },
        Err(KeyedError::Reused) => Told::Reused,
        Err(KeyedError::Store(_)) => Told::Failed,
    }
}

fn text(note: u8) -> String {
    format!("keyed note {note}")
}

fn name(key: u8) -> IdempotencyKey {
    IdempotencyKey::try_from(format!("key {key}")).unwrap()
}

/// A session's partition, as the table has it.
fn partition(session: &Session) -> String {
    let space = session.principal().id().map(|id| format!("USER#{id}#")).unwrap_or_default();
    format!("{space}SESSION#{}", session.id())
}

/// The sort key of a key's record.
fn record_of(key: u8) -> String {
    let hash = Sha256::digest(format!("key {key}"));
    format!("ONCE#{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(60)
}
