//! The tools of these tests, as an author writes them.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use mcp_stateful::{
    prelude::*,
    state::{AfterCrash, PageRequest, State},
    tools::Registration,
};

pub(super) const ALL: &[Registration] = &[
    Registration::of::<AddItem>(),
    Registration::of::<ShowCart>(),
    Registration::of::<Move>(),
    Registration::of::<Answer>(),
    Registration::of::<OtherAnswer>(),
    Registration::of::<Pay>(),
    Registration::of::<Reset>(),
];

/// The number of runs of what is to run once, by a name that no other test uses.
static RUNS: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

pub(super) fn runs(name: &str) -> usize {
    RUNS.lock().unwrap().get(name).copied().unwrap_or_default()
}

fn count_run(name: &str) -> usize {
    let mut runs = RUNS.lock().unwrap();
    let runs = runs.entry(name.to_owned()).or_default();
    *runs += 1;
    *runs
}

#[derive(Serialize, Deserialize, Default)]
pub(super) struct Cart {
    #[serde(default)]
    pub(super) items: Vec<Item>,
}

#[derive(Serialize, Deserialize, Default)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) quantity: u32,
}

impl State for Cart {
    const NAME: &'static str = "cart";
}

impl Cart {
    fn add(&mut self, sku: &str) -> u32 {
        if let Some(item) = self.items.iter_mut().find(|item| item.sku == sku) {
            item.quantity += 1;
            return item.quantity;
        }
        self.items.push(Item { sku: sku.to_owned(), quantity: 1 });
        1
    }
}

/// Adds an item to the cart, at most 40 of each.
#[derive(Deserialize, JsonSchema)]
struct AddItem {
    session_id: SessionId,
    sku: String,
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Serialize, JsonSchema)]
struct Added {
    quantity: u32,
    replayed: bool,
}

impl Tool for AddItem {
    const NAME: &'static str = "add_item";
    const EFFECT: Effect = Effect::Adds;
    type Output = Added;

    async fn call(self, cx: &Context) -> Result<Added, ToolError> {
        let Self { session_id, sku, idempotency_key } = &self;
        let added = cx
            .once(session_id, idempotency_key.as_ref(), async |tx| {
                let quantity = tx.state::<Cart>(session_id).update(|cart| cart.add(sku)).await?;
                if quantity > 40 {
                    return Err(ToolError::failed("the cart is full"));
                }
                tx.counter(session_id, "items").add(1)?;
                tx.log::<String>(session_id, "history").append(sku)?;
                Ok(quantity)
            })
            .await?;
        Ok(Added { quantity: added.value, replayed: added.replayed })
    }
}

/// Shows the cart.
#[derive(Deserialize, JsonSchema)]
struct ShowCart {
    session_id: SessionId,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    total: u32,
    counted: i64,
    history: Vec<String>,
}

impl Tool for ShowCart {
    const NAME: &'static str = "show_cart";
    const EFFECT: Effect = Effect::Reads;
    type Output = Shown;

    async fn call(self, cx: &Context) -> Result<Shown, ToolError> {
        let cart = cx.state::<Cart>(&self.session_id).read().await?;
        let counted = cx.counter(&self.session_id, "items").get().await?;
        let history = cx.log::<String>(&self.session_id, "history");
        let history = history.page(PageRequest::default().limit(10_000)).await?;
        let total = cart.items.iter().map(|item| item.quantity).sum();
        Ok(Shown { total, counted, history: history.entries })
    }
}

/// Moves all items from one session's cart to another's, and reads its own writes.
#[derive(Deserialize, JsonSchema)]
struct Move {
    from: SessionId,
    to: SessionId,
}

impl Tool for Move {
    const NAME: &'static str = "move_items";
    const EFFECT: Effect = Effect::Adds;
    type Output = Shown;

    async fn call(self, cx: &Context) -> Result<Shown, ToolError> {
        let moved = cx
            .once(cx.principal(), None, async |tx| {
                let items = tx.state::<Cart>(&self.from).update(|cart| std::mem::take(&mut cart.items)).await?;
                let total: u32 = items.iter().map(|item| item.quantity).sum();
                tx.state::<Cart>(&self.to).update(|cart| cart.items.extend(items)).await?;
                tx.counter(&self.to, "items").add(total.into())?;
                let before = tx.counter(&self.from, "items").get().await?;
                tx.counter(&self.from, "items").add(-before)?;
                tx.add_note(&self.to, format!("{total} items moved"))?;
                let left = tx.state::<Cart>(&self.from).read().await?.items.len();
                let counted = tx.counter(&self.from, "items").get().await?;
                Ok((left, counted, total))
            })
            .await?;
        let (left, counted, total) = moved.value;
        assert_eq!((left, counted), (0, 0), "the transaction reads its own writes");
        Ok(Shown { total, counted, history: Vec::new() })
    }
}

/// Answers a question slowly.
#[derive(Deserialize, JsonSchema)]
struct Answer {
    question: String,
    /// True if the first run fails.
    #[serde(default)]
    fails: bool,
}

#[derive(Serialize, JsonSchema)]
struct Answered {
    answer: String,
    hit: bool,
}

async fn answer(cx: &Context, question: &str, fails: bool) -> Result<Answered, ToolError> {
    let compute = async {
        let run = count_run(question);
        tokio::time::sleep(Duration::from_millis(50)).await;
        if fails && run == 1 {
            return Err(ToolError::failed("the oracle is silent"));
        }
        Ok(format!("{run} by {}", cx.tool()))
    };
    let answer = cx.cached(question, Duration::from_secs(600), compute).await?;
    Ok(Answered { answer: answer.to_string(), hit: answer.hit })
}

impl Tool for Answer {
    const NAME: &'static str = "answer";
    const EFFECT: Effect = Effect::Reads;
    type Output = Answered;

    async fn call(self, cx: &Context) -> Result<Answered, ToolError> {
        answer(cx, &self.question, self.fails).await
    }
}

/// Answers a question slowly, under another name.
#[derive(Deserialize, JsonSchema)]
struct OtherAnswer {
    question: String,
}

impl Tool for OtherAnswer {
    const NAME: &'static str = "other_answer";
    const EFFECT: Effect = Effect::Reads;
    type Output = Answered;

    async fn call(self, cx: &Context) -> Result<Answered, ToolError> {
        answer(cx, &self.question, false).await
    }
}

/// Pays an amount outside.
#[derive(Deserialize, JsonSchema)]
struct Pay {
    session_id: SessionId,
    /// The name under which the payments are counted.
    account: String,
    /// The number of runs that fail.
    failures: usize,
    /// True if the payment is safe to repeat.
    repeatable: bool,
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Serialize, JsonSchema)]
struct Paid {
    receipt: String,
    replayed: bool,
}

impl Tool for Pay {
    const NAME: &'static str = "pay";
    const EFFECT: Effect = Effect::Adds;
    type Output = Paid;

    async fn call(self, cx: &Context) -> Result<Paid, ToolError> {
        let after_crash = if self.repeatable { AfterCrash::RunAgain } else { AfterCrash::Report };
        let pay = async {
            let run = count_run(&self.account);
            tokio::time::sleep(Duration::from_millis(50)).await;
            if run <= self.failures {
                return Err(ToolError::failed("the bank does not respond"));
            }
            Ok(format!("receipt {run}"))
        };
        let paid = cx.once_outside(&self.session_id, self.idempotency_key.as_ref(), after_crash, pay).await?;
        Ok(Paid { receipt: paid.value, replayed: paid.replayed })
    }
}

/// Resets the cart only.
#[derive(Deserialize, JsonSchema)]
struct Reset {
    session_id: SessionId,
}

impl Tool for Reset {
    const NAME: &'static str = "reset_cart";
    const EFFECT: Effect = Effect::Deletes;
    type Output = ();

    async fn call(self, cx: &Context) -> Result<(), ToolError> {
        Ok(cx.state::<Cart>(&self.session_id).delete().await?)
    }
}
