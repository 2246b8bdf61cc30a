//! The prompts, and the completion of their arguments.

use rmcp::{
    ErrorData,
    model::{
        CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
        Prompt, PromptArgument, PromptMessage, ResourceContents, Role,
    },
};
use serde_json::Value;

use crate::{
    input_required::{ask, elicitation, responded},
    samples::{PNG, PNG_TYPE},
};

/// Returns the prompts for the list.
pub(crate) fn all() -> Vec<Prompt> {
    vec![
        prompt("test_simple_prompt", "A text.", &[]),
        prompt("test_prompt_with_arguments", "A text with its arguments.", &["arg1", "arg2"]),
        prompt("test_prompt_with_embedded_resource", "A resource and a text.", &["resourceUri"]),
        prompt("test_prompt_with_image", "An image and a text.", &[]),
        prompt("test_input_required_result_prompt", "A text, after the client was asked for its context.", &[]),
    ]
}

/// Returns the messages of a prompt, or a question to the client.
pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        request.arguments.as_ref().and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    let contents = match request.name.as_str() {
        "test_simple_prompt" => vec![ContentBlock::text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1"), argument("arg2"));
            vec![ContentBlock::text(format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = ResourceContents::text("Embedded resource content for testing.", argument("resourceUri"));
            vec![ContentBlock::resource(resource), ContentBlock::text("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => {
            vec![ContentBlock::image(PNG, PNG_TYPE), ContentBlock::text("Please analyze the image above.")]
        }
        "test_input_required_result_prompt" => match responded(request.input_responses.as_ref(), "user_context") {
            Some(response) => vec![ContentBlock::text(format!("Context: {}", response["content"]["context"]))],
            None => {
                let question = elicitation("What context should the prompt use?", "context", "string");
                return Ok(ask([("user_context", question)], None)?.into());
            }
        },
        unknown => return Err(ErrorData::invalid_params(format!("unknown prompt: {unknown}"), None)),
    };
    let messages = contents.into_iter().map(|content| PromptMessage::new(Role::User, content)).collect();
    Ok(GetPromptResult::new(messages).into())
}

/// Completes every argument with the same three words.
pub(crate) fn complete() -> Result<CompleteResult, ErrorData> {
    let values = ["paris", "park", "party"].map(str::to_owned).to_vec();
    let completion = CompletionInfo::with_all_values(values);
    Ok(CompleteResult::new(completion.map_err(|error| ErrorData::internal_error(error, None))?))
}

fn prompt(name: &str, description: &str, arguments: &[&str]) -> Prompt {
    let arguments = arguments.iter().map(|name| PromptArgument::new(*name).with_required(true)).collect();
    Prompt::new(name, Some(description), Some(arguments))
}
