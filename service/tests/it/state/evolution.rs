//! Values of other versions and other binaries: read, refused, carried along.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use mcp_stateful::{
    prelude::*,
    state::{MigrationError, State},
    store::{Name, NewValue, Scope, StoredValue},
    tools::Registration,
};
use serde_json::{Value, json};

use super::{Replica, fresh_session, session};
use crate::support::dynamodb::{DynamoDb, TABLE, store};

/// Stores a state as another binary would.
async fn put(replica: &Replica, session_id: &str, state: &str, version: u32, json: &str) {
    let value = NewValue::Put(StoredValue { version, json: json.to_owned() });
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    let scope = Scope::from(&session(session_id));
    let mut edit = |_: &_| Ok(value.clone());
    replica.0.store().update_state(&scope, Name::new(state).unwrap(), deadline, &mut edit).await.unwrap();
}

async fn stored(replica: &Replica, session_id: &str, state: &str) -> (u32, Value) {
    let state = replica.0.store().state(&Scope::from(&session(session_id)), Name::new(state).unwrap()).await.unwrap();
    let value = state.value().unwrap();
    (value.version, serde_json::from_str(&value.json).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_survive_an_update_and_a_keyed_call() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, session) = (Replica::on(&dynamodb), fresh_session());
    let newer = r#"{"items": [{"sku": "tea", "quantity": 1, "gift": {"wrap": "red"}}], "coupons": ["x"]}"#;
    put(&replica, &session, "cart", 1, newer).await;
    replica.call("add_item", json!({"session_id": session, "sku": "milk"})).await.unwrap();
    replica.call("add_item", json!({"session_id": session, "sku": "tea"})).await.unwrap();
    let expected = json!({
        "items": [{"sku": "tea", "quantity": 2, "gift": {"wrap": "red"}}, {"sku": "milk", "quantity": 1}],
        "coupons": ["x"]
    });
    assert_eq!(stored(&replica, &session, "cart").await, (1, expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newer_version_is_refused_and_kept() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, session) = (Replica::on(&dynamodb), fresh_session());
    put(&replica, &session, "cart", 3, r#"{"items": []}"#).await;
    for (tool, arguments) in
        [("add_item", json!({"session_id": session, "sku": "tea"})), ("show_cart", json!({"session_id": session}))]
    {
        let error = replica.error(tool, arguments).await;
        let expected = format!(
            "in {tool}: it has version 3, and this server reads versions up to 1; nothing was changed: try again"
        );
        assert!(error.contains(&expected), "{error}");
    }
    assert_eq!(stored(&replica, &session, "cart").await, (3, json!({"items": []})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undecodable_value_is_named_and_kept() {
    let dynamodb = DynamoDb::with_table().await;
    let replica = Replica::on(&dynamodb);
    for (json, place) in [
        (r#"{"items": [{"sku": "tea", "quantity": "many"}]}"#, "field `items[0].quantity`: invalid type"),
        ("{", "EOF while parsing"),
    ] {
        let session_id = fresh_session();
        put(&replica, &session_id, "cart", 1, json).await;
        let error = replica.error("add_item", json!({"session_id": session_id, "sku": "tea"})).await;
        let fingerprint = session(&session_id).fingerprint();
        let start = format!("state `cart` of session {fingerprint} in add_item: the stored value does not decode");
        assert!(error.starts_with(&start) && error.contains(place), "{error}");
        let scope = Scope::from(&session(&session_id));
        let kept = replica.0.store().state(&scope, Name::new("cart").unwrap()).await.unwrap();
        assert_eq!(kept.value().unwrap().json, json);
    }
}

/// A profile as releases see it: `Old` knows version 1 only, `Bridge` writes version 1 and reads 2, `New` writes 2.
macro_rules! profile {
    ($name:ident, $tool:ident, $tool_name:literal, $version:literal, $reads:literal, { $($field:ident),* }, $change:expr) => {
        #[derive(Serialize, Deserialize, Default)]
        struct $name {
            $(#[serde(default)] $field: String,)*
            #[serde(default)]
            visits: u64,
        }

        impl State for $name {
            const NAME: &'static str = "profile";
            const VERSION: u32 = $version;
            const READS: u32 = $reads;

            fn migrate(version: u32, value: Value) -> Result<Value, MigrationError> {
                migrate(version, $version, value)
            }
        }

        /// Visits the profile.
        #[derive(Deserialize, JsonSchema)]
        struct $tool {
            session_id: SessionId,
        }

        impl Tool for $tool {
            const NAME: &'static str = $tool_name;
            const EFFECT: Effect = Effect::Adds;
            type Output = u64;

            async fn call(self, cx: &Context) -> Result<u64, ToolError> {
                let change: fn(&mut $name) = $change;
                let visit = |profile: &mut $name| {
                    change(profile);
                    profile.visits += 1;
                    profile.visits
                };
                Ok(cx.state::<$name>(&self.session_id).update(visit).await?)
            }
        }
    };
}

profile!(OldProfile, OldVisit, "old_visit", 1, 1, { name }, |_| ());
profile!(BridgeProfile, BridgeVisit, "bridge_visit", 1, 2, { name }, |_| ());
profile!(NewProfile, NewVisit, "new_visit", 2, 2, { first, last }, |profile| {
    assert_eq!((profile.first.as_str(), profile.last.as_str()), ("Ada", "Lovelace"));
});

/// Version 1 has a `name`, version 2 a `first` and a `last` name.
fn migrate(from: u32, to: u32, mut value: Value) -> Result<Value, MigrationError> {
    let fields = value.as_object_mut().ok_or("no object")?;
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("no {name}")),
    };
    match (from, to) {
        (1, 2) => {
            let name = take("name")?;
            let (first, last) = name.split_once(' ').ok_or("one name")?;
            fields.insert("first".into(), first.into());
            fields.insert("last".into(), last.into());
        }
        (2, 1) => {
            let name = format!("{} {}", take("first")?, take("last")?);
            fields.insert("name".into(), name.into());
        }
        _ => return Err("unknown version".into()),
    }
    Ok(value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_step_release_and_its_rollback_lose_no_field() {
    let dynamodb = DynamoDb::with_table().await;
    let replica = |registration| Replica::with(store(&dynamodb.endpoint, TABLE), &[registration]);
    let old = (replica(Registration::of::<OldVisit>()), "old_visit");
    let bridge = (replica(Registration::of::<BridgeVisit>()), "bridge_visit");
    let new = (replica(Registration::of::<NewVisit>()), "new_visit");
    let session = fresh_session();
    // A field that none of the releases knows.
    put(&old.0, &session, "profile", 1, r#"{"name": "Ada Lovelace", "visits": 0, "theme": {"dark": true}}"#).await;
    let mut visits = 0;
    // Each step runs two releases at the same time, as a roll-out does: forward, and back again.
    for releases in [[&old, &bridge], [&bridge, &new], [&new, &new], [&new, &bridge], [&bridge, &old]] {
        // Before the last step, the bridge alone has brought the value back to version 1.
        if releases[1].1 == "old_visit" {
            bridge.0.call("bridge_visit", json!({"session_id": session})).await.unwrap();
            visits += 1;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4_usize)
            .map(|client| {
                let ((replica, tool), session, stop) = (releases[client % 2].clone(), session.clone(), stop.clone());
                tokio::spawn(async move {
                    let mut acknowledged = 0;
                    while acknowledged < 5 || !stop.load(Ordering::Relaxed) && acknowledged < 20 {
                        replica.call(tool, json!({"session_id": session})).await.unwrap();
                        acknowledged += 1;
                    }
                    acknowledged
                })
            })
            .collect();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            visits += client.await.unwrap();
        }
        let (version, value) = stored(&old.0, &session, "profile").await;
        assert_eq!((&value["visits"], &value["theme"]), (&json!(visits), &json!({"dark": true})));
        let name = if version == 1 {
            value["name"].as_str().unwrap().to_owned()
        } else {
            format!("{} {}", value["first"].as_str().unwrap(), value["last"].as_str().unwrap())
        };
        assert_eq!(name, "Ada Lovelace", "version {version}");
    }
    // Without the bridge, an old release refuses what a new one wrote, and changes nothing.
    new.0.call("new_visit", json!({"session_id": session})).await.unwrap();
    let before = stored(&old.0, &session, "profile").await;
    let refused = old.0.error("old_visit", json!({"session_id": session})).await;
    assert!(refused.contains("it has version 2, and this server reads versions up to 1"), "{refused}");
    assert_eq!(stored(&old.0, &session, "profile").await, before);
}
