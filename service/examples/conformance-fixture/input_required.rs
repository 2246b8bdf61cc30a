//! The tools that request input from the client in their result (MRTR, 2026-07-28): the first call returns
//! questions, and the client calls again with the responses.
//!
//! Questions are plain JSON, because rmcp's types for two of the three kinds are deprecated.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, InputRequests,
        InputRequiredResult, InputResponses,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::rounds::{Round, Rounds};

/// Returns whether this module has the tool `name`.
pub(crate) fn has_tool(name: &str) -> bool {
    name == "test_streaming_elicitation" || name.starts_with("test_input_required_result_")
}

/// Calls a tool of this module.
pub(crate) fn call(
    rounds: &Rounds,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let has = |keys: &[&str]| keys.iter().all(|key| responded(request.input_responses.as_ref(), key).is_some());
    let round = rounds.find(request.request_state.as_deref())?;
    let asked = match request.name.as_ref() {
        "test_input_required_result_elicitation" if !has(&["user_name"]) => ask([("user_name", name())], None),
        "test_input_required_result_sampling" if !has(&["capital_question"]) => {
            ask([("capital_question", sampling("What is the capital of France?"))], None)
        }
        "test_input_required_result_list_roots" if !has(&["client_roots"]) => ask([("client_roots", roots())], None),
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state"
            if round == Round::First || !has(&["confirm"]) =>
        {
            ask([("confirm", elicitation("Please confirm", "ok", "boolean"))], rounds.second())
        }
        "test_input_required_result_multiple_inputs"
            if round == Round::First || !has(&["user_name", "greeting", "client_roots"]) =>
        {
            ask(all_three(), rounds.second())
        }
        "test_input_required_result_multi_round" if round == Round::First => {
            ask([("step1", elicitation("Step 1: What is your name?", "name", "string"))], rounds.second())
        }
        "test_input_required_result_multi_round" if round == Round::Second => {
            let question = elicitation("Step 2: What is your favorite color?", "color", "string");
            ask([("step2", question)], rounds.third())
        }
        "test_input_required_result_capabilities" if request.input_responses.is_none() => {
            let declared = context.client_capabilities().unwrap_or_default();
            ask(all_three().into_iter().filter(|(_, question)| supports(&declared, question)), None)
        }
        "test_streaming_elicitation" => ask([("user_name", name())], None),
        // The client has responded to every question. The suite checks for this word.
        _ => return Ok(CallToolResult::success(vec![ContentBlock::text("state-ok")]).into()),
    };
    Ok(asked?.into())
}

/// Rejects a client that has not declared sampling.
pub(crate) fn demand_sampling(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    if context.client_capabilities().is_some_and(|declared| declared.sampling.is_some()) {
        return Ok(CallToolResult::success(vec![ContentBlock::text("declared")]).into());
    }
    let mut required = ClientCapabilities::default();
    required.sampling = Some(Default::default());
    Err(ErrorData::missing_required_client_capability(required))
}

/// Builds the result with `questions` and the `state` that the client sends back.
pub(crate) fn ask(
    questions: impl IntoIterator<Item = (&'static str, Value)>,
    state: Option<String>,
) -> Result<InputRequiredResult, ErrorData> {
    let questions =
        questions.into_iter().map(|(key, question)| Ok((key.to_owned(), serde_json::from_value(question)?)));
    let questions: Result<InputRequests, serde_json::Error> = questions.collect();
    let questions = questions.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(InputRequiredResult::new(Some(questions), state))
}

/// Returns the response to the question `key`. A response that is not an object is ignored, and the question
/// is repeated.
pub(crate) fn responded<'a>(responses: Option<&'a InputResponses>, key: &str) -> Option<&'a Value> {
    responses?.get(key).filter(|response| response.is_object())
}

/// Builds a question for one value from the user.
pub(crate) fn elicitation(message: &str, field: &str, kind: &str) -> Value {
    let schema = json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]});
    let params = json!({"mode": "form", "message": message, "requestedSchema": schema});
    json!({"method": "elicitation/create", "params": params})
}

fn name() -> Value {
    elicitation("What is your name?", "name", "string")
}

fn sampling(text: &str) -> Value {
    let messages = json!([{"role": "user", "content": {"type": "text", "text": text}}]);
    json!({"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": 100}})
}

fn roots() -> Value {
    json!({"method": "roots/list"})
}

fn all_three() -> [(&'static str, Value); 3] {
    [("user_name", name()), ("greeting", sampling("Generate a greeting")), ("client_roots", roots())]
}

/// Returns whether a client with these capabilities supports the question.
fn supports(declared: &ClientCapabilities, question: &Value) -> bool {
    match question["method"].as_str() {
        Some("elicitation/create") => declared.elicitation.is_some(),
        Some("sampling/createMessage") => declared.sampling.is_some(),
        _ => declared.roots.is_some(),
    }
}
