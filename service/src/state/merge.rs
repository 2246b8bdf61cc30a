//! Keeps the fields that a type does not know when its value is written back.
//!
//! A newer binary may have added them while a release rolls out, at any depth. A stored key that the type does not
//! encode is suspicious, but it may also be an alias of a known field, or a default that the type leaves out. It is
//! unknown only if the value decodes equally without it.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

/// A place in a value, from the outside in.
type Path = Vec<Step>;

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// Returns `new` with the unknown fields of `stored`.
///
/// `known` is the value that the type made of `stored` before the change, encoded. `decodes_to` decodes a value and
/// encodes it again, or returns `None` if it does not decode.
pub(super) fn merge(
    mut stored: Value,
    known: &Value,
    new: Value,
    decodes_to: impl Fn(&Value) -> Option<Value>,
) -> Value {
    let mut suspicious = Vec::new();
    find_suspicious(&stored, known, &mut Vec::new(), &mut suspicious);
    // The usual case: the binary knows all fields.
    if suspicious.is_empty() {
        return new;
    }
    let is_unknown = |paths: &[Path]| {
        let mut without = stored.clone();
        paths.iter().for_each(|path| remove(&mut without, path));
        decodes_to(&without).as_ref() == Some(known)
    };
    if !is_unknown(&suspicious) {
        let known_by_another_name: Vec<Path> =
            suspicious.into_iter().filter(|path| !is_unknown(std::slice::from_ref(path))).collect();
        known_by_another_name.iter().for_each(|path| remove(&mut stored, path));
    }
    carry(&stored, known, new)
}

/// Finds the keys of `stored` that `known` does not have.
fn find_suspicious(stored: &Value, known: &Value, path: &mut Path, found: &mut Vec<Path>) {
    match (stored, known) {
        (Value::Object(stored), Value::Object(known)) => {
            for (key, value) in stored {
                path.push(Step::Key(key.clone()));
                match known.get(key) {
                    Some(known) => find_suspicious(value, known, path, found),
                    None => found.push(path.clone()),
                }
                path.pop();
            }
        }
        (Value::Array(stored), Value::Array(known)) if stored.len() == known.len() => {
            for (index, (stored, known)) in stored.iter().zip(known).enumerate() {
                path.push(Step::Index(index));
                find_suspicious(stored, known, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn remove(value: &mut Value, path: &[Step]) {
    let Some((last, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    if let (Some(Value::Object(parent)), Step::Key(key)) = (parent, last) {
        parent.remove(key);
    }
}

/// Copies the keys of `stored` that `known` does not have into `new`.
fn carry(stored: &Value, known: &Value, new: Value) -> Value {
    match (stored, known, new) {
        (Value::Object(stored), Value::Object(known), Value::Object(new)) => {
            let mut merged: Map<String, Value> = new
                .into_iter()
                .map(|(key, new)| match (stored.get(&key), known.get(&key)) {
                    (Some(stored), Some(known)) => {
                        let carried = carry(stored, known, new);
                        (key, carried)
                    }
                    _ => (key, new),
                })
                .collect();
            for (key, value) in stored.iter().filter(|(key, _)| !known.contains_key(*key)) {
                merged.entry(key.clone()).or_insert_with(|| value.clone());
            }
            Value::Object(merged)
        }
        (Value::Array(stored), Value::Array(known), Value::Array(new)) if stored.len() == known.len() => {
            let origins = origins(known, &new);
            let carried = new.into_iter().zip(origins).map(|(new, origin)| match origin {
                Some(origin) => carry(&stored[origin], &known[origin], new),
                None => new,
            });
            Value::Array(carried.collect())
        }
        (_, _, new) => new,
    }
}

/// Finds the element of `known` that each element of `new` was made from: an equal one, else a similar one at the same
/// distance from the beginning or from the end, as after an insertion or a removal.
fn origins(known: &[Value], new: &[Value]) -> Vec<Option<usize>> {
    let mut equal: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, value) in known.iter().enumerate() {
        equal.entry(value.to_string()).or_default().push_back(index);
    }
    let mut is_free = vec![true; known.len()];
    let mut origins: Vec<Option<usize>> = new
        .iter()
        .map(|value| {
            let origin = equal.get_mut(&value.to_string())?.pop_front()?;
            is_free[origin] = false;
            Some(origin)
        })
        .collect();
    for (index, value) in new.iter().enumerate() {
        if origins[index].is_some() {
            continue;
        }
        let from_end = (index + known.len()).checked_sub(new.len());
        let candidates = [Some(index), from_end].into_iter().flatten();
        let origin = candidates.into_iter().find(|candidate| {
            is_free.get(*candidate).copied().unwrap_or_default() && are_similar(&known[*candidate], value)
        });
        if let Some(origin) = origin {
            is_free[origin] = false;
            origins[index] = Some(origin);
        }
    }
    origins
}

/// Returns true if two objects have a text or a number in common, such as an id, or are no objects.
fn are_similar(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().any(|(key, value)| (value.is_string() || value.is_number()) && other.get(key) == Some(value))
        }
        (one, other) => !one.is_object() && !other.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize, Default)]
    struct Cart {
        #[serde(default)]
        items: Vec<Item>,
        #[serde(default, alias = "colour")]
        color: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        #[serde(default)]
        address: Address,
    }

    #[derive(Serialize, Deserialize, Default)]
    struct Item {
        sku: String,
        quantity: u32,
    }

    #[derive(Serialize, Deserialize, Default)]
    struct Address {
        #[serde(default)]
        city: String,
    }

    /// Writes `stored` back after `change`, as a binary does that knows [`Cart`].
    fn written(stored: &Value, change: impl FnOnce(&mut Cart)) -> Value {
        let decode = |value: &Value| Cart::deserialize(value).ok();
        let mut cart = decode(stored).unwrap();
        let known = serde_json::to_value(&cart).unwrap();
        change(&mut cart);
        let new = serde_json::to_value(&cart).unwrap();
        merge(stored.clone(), &known, new, |value| serde_json::to_value(decode(value)?).ok())
    }

    #[test]
    fn unknown_fields_survive_at_any_depth() {
        let stored = json!({
            "items": [{"sku": "a", "quantity": 1, "gift": true}, {"sku": "b", "quantity": 2, "gift": false}],
            "color": "red", "address": {"city": "Bonn", "zip": "53111"}, "coupons": ["x"]
        });
        let cart = written(&stored, |cart| {
            cart.address.city = "Köln".into();
            cart.items[1].quantity = 5;
        });
        let mut expected = stored;
        expected["address"]["city"] = json!("Köln");
        expected["items"][1]["quantity"] = json!(5);
        assert_eq!(cart, expected);
    }

    #[test]
    fn list_elements_keep_their_fields_when_others_come_and_go() {
        let element = |sku: &str, quantity: u32| json!({"sku": sku, "quantity": quantity, "extra": sku});
        let stored =
            json!({"items": [element("a", 1), element("b", 2), element("c", 3)], "color": "", "address": {"city": ""}});
        let items = |change: fn(&mut Vec<Item>)| written(&stored, |cart| change(&mut cart.items))["items"].clone();
        assert_eq!(items(|items| drop(items.remove(0))), json!([element("b", 2), element("c", 3)]));
        let new = json!({"sku": "n", "quantity": 9});
        assert_eq!(
            items(|items| items.insert(1, Item { sku: "n".into(), quantity: 9 })),
            json!([element("a", 1), new, element("b", 2), element("c", 3)])
        );
        assert_eq!(items(|items| items.reverse()), json!([element("c", 3), element("b", 2), element("a", 1)]));
        let changed = items(|items| {
            items.remove(0);
            items[1].quantity = 7;
        });
        assert_eq!(changed, json!([element("b", 2), element("c", 7)]));
        // A replaced element has nothing in common with the one before.
        assert_eq!(items(|items| items[0] = Item { sku: "n".into(), quantity: 9 })[0], new);
    }

    #[test]
    fn alias_is_not_an_unknown_field() {
        let stored = json!({"colour": "red", "address": {"city": ""}, "items": [], "future": 1});
        let cart = written(&stored, |cart| cart.color = "blue".into());
        assert_eq!(cart, json!({"color": "blue", "address": {"city": ""}, "items": [], "future": 1}));
        let unchanged = written(&stored, |cart| cart.items.push(Item { sku: "a".into(), quantity: 1 }));
        assert_eq!(unchanged["color"], "red");
        assert_eq!(unchanged.get("colour"), None);
    }

    #[test]
    fn field_that_was_cleared_does_not_return() {
        let stored = json!({"note": "call first", "color": "", "address": {"city": ""}, "items": [], "future": 1});
        assert_eq!(written(&stored, |cart| cart.note = None).get("note"), None);
        let empty = json!({"note": null, "color": "", "address": {"city": ""}, "items": [], "future": 1});
        assert_eq!(written(&empty, |cart| cart.note = Some("new".into()))["note"], "new");
    }
}
