//! The list of tools, and the tools with a constant result.

use std::sync::LazyLock;

use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject, ResourceContents, Tool,
    },
    object,
};

use crate::samples::{PNG, PNG_TYPE, WAV, WAV_TYPE};

/// The tools without arguments, with their descriptions.
const PLAIN: &[(&str, &str)] = &[
    ("test_simple_text", "Returns a text."),
    ("test_image_content", "Returns an image."),
    ("test_audio_content", "Returns a sound."),
    ("test_embedded_resource", "Returns a resource."),
    ("test_multiple_content_types", "Returns a text, an image and a resource."),
    ("test_error_handling", "Returns an error."),
    ("test_reconnection", "Returns a text."),
    ("test_tool_with_logging", "Sends log messages."),
    ("test_logging_tool", "Sends a log message if the request sets a level."),
    ("test_tool_with_progress", "Reports progress."),
    ("test_trigger_tool_change", "Notifies subscribers that the list of tools has changed."),
    ("test_trigger_prompt_change", "Notifies subscribers that the list of prompts has changed."),
    ("test_missing_capability", "Requires a client that has declared sampling."),
    ("test_streaming_elicitation", "Asks for a name."),
    ("test_input_required_result_elicitation", "Asks for a name, then greets."),
    ("test_input_required_result_sampling", "Asks for a completion."),
    ("test_input_required_result_list_roots", "Asks for the roots."),
    ("test_input_required_result_request_state", "Asks for a confirmation, with a state."),
    ("test_input_required_result_multiple_inputs", "Asks for a name, a completion and the roots at once."),
    ("test_input_required_result_multi_round", "Asks for a name, then for a colour."),
    ("test_input_required_result_tampered_state", "Asks for a confirmation, with a state."),
    ("test_input_required_result_capabilities", "Asks for what the client has declared."),
];

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let plain = PLAIN.iter().map(|(name, does)| Tool::new(*name, *does, object!({"type": "object", "properties": {}})));
    let with_arguments = [
        Tool::new("test_custom_headers", "Has an argument that is also sent as a header.", header_schema()),
        Tool::new("json_schema_2020_12_tool", "Has a schema with keywords of JSON Schema 2020-12.", schema_2020_12()),
    ];
    plain.chain(with_arguments).collect()
});

/// Returns the tools for the list.
pub(crate) fn all() -> &'static [Tool] {
    &TOOLS
}

/// Calls a tool of this module.
pub(crate) fn call(request: &CallToolRequestParams) -> Result<CallToolResponse, ErrorData> {
    let content = match request.name.as_ref() {
        "test_simple_text" => vec![ContentBlock::text("This is a simple text response for testing.")],
        "test_image_content" => vec![ContentBlock::image(PNG, PNG_TYPE)],
        "test_audio_content" => vec![ContentBlock::audio(WAV, WAV_TYPE)],
        "test_embedded_resource" => {
            vec![ContentBlock::embedded_text("test://embedded-resource", "This is an embedded resource content.")]
        }
        "test_multiple_content_types" => {
            let resource = ResourceContents::text(r#"{"test":"data","value":123}"#, "test://mixed-content-resource");
            vec![
                ContentBlock::text("Multiple content types test:"),
                ContentBlock::image(PNG, PNG_TYPE),
                ContentBlock::resource(resource.with_mime_type("application/json")),
            ]
        }
        "test_error_handling" => {
            let text = "This tool intentionally returns an error for testing";
            return Ok(CallToolResult::error(vec![ContentBlock::text(text)]).into());
        }
        "test_reconnection" | "test_custom_headers" | "json_schema_2020_12_tool" => vec![ContentBlock::text("done")],
        unknown => return Err(ErrorData::invalid_params(format!("unknown tool: {unknown}"), None)),
    };
    Ok(CallToolResult::success(content).into())
}

fn header_schema() -> JsonObject {
    object!({
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        "required": ["region"]
    })
}

/// Returns a schema with every keyword that the suite checks for.
fn schema_2020_12() -> JsonObject {
    object!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"}
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false
    })
}
