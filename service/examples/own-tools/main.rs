//! A server with tools of its own, as a crate outside of this repository would write it. `tests/it/own_tools.rs`
//! runs it. For tests only; no image contains it.
//!
//! `OWN_TOOLS` selects what is registered.

mod fail;
mod fetch;
mod inspect;
mod lookup;
mod order;

use mcp_stateful::{
    model::{
        GetPromptResult, Prompt, PromptArgument, PromptMessage, Resource, ResourceContents, ResourceTemplate, Role,
    },
    prelude::*,
};

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    let server = Server::from_env()?.name("shop").version("9.8.7").title("Shop").description("Sells things.");
    let server = match selected().as_str() {
        "alone" => server.without_builtin_tools().tool::<order::Order>(),
        "duplicate" => server.tool::<order::Order>().tool::<fail::AlsoOrder>(),
        "undescribed" => server.tool::<fail::Undescribed>(),
        "unit" => server.tool::<fail::Unit>(),
        "invalid_name" => server.tool::<fail::InvalidName>(),
        "private" => server.tool::<fetch::Fetch>().allow_private_addresses(),
        "fetch" => server.tool::<fetch::Fetch>(),
        "template" => server.resource_template(ResourceTemplate::new("shop://{?q}", "q"), |_, request| async move {
            Ok(request.text("never"))
        }),
        _ => complete(server),
    };
    server.run().await
}

fn complete(server: Server) -> Server {
    let terms = Resource::new("shop://terms", "terms").with_mime_type("text/markdown");
    let cart = ResourceTemplate::new("shop://carts/{session_id}", "cart").with_mime_type("application/json");
    let topic = PromptArgument::new("topic").with_required(true);
    let explain = Prompt::new("explain", Some("Explains a topic."), Some(vec![topic]));
    server
        .instructions("Order before noon.")
        .data(lookup::Stock(vec!["apple".to_owned(), "pear".to_owned()]))
        .tool::<order::Order>()
        .tool::<lookup::Lookup>()
        .tool::<inspect::Inspect>()
        .tool::<fail::Fail>()
        .resource(terms, |_, request| async move { Ok(request.text("# No returns")) })
        .resource_template(cart, |cx, request| async move {
            let session = cx.session(request.variable("session_id"))?;
            let cart = serde_json::json!({"session": session.id(), "principal": cx.principal().name()});
            Ok(vec![ResourceContents::text(cart.to_string(), request.uri)])
        })
        .prompt(explain, |_, arguments| async move {
            let text = format!("Explain {} in one sentence.", arguments["topic"]);
            Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]))
        })
}

#[expect(clippy::disallowed_methods, reason = "selects the tools of a test")]
fn selected() -> String {
    std::env::var("OWN_TOOLS").unwrap_or_default()
}
