//! A minimal MCP server on rmcp with its state in memory: the cost of the SDK alone. One argument: the port.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use axum::{Router, serve::ListenerExt};
use bench_load::work::{NOTED_SESSION, NOTES, note};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{
        router::tool::{ToolRoute, ToolRouter},
        tool::ToolCallContext,
    },
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
        ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

static ROUTER: LazyLock<ToolRouter<Minimal>> = LazyLock::new(router);

#[derive(Debug, Clone, Default)]
struct Minimal(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    notes: HashMap<String, Vec<String>>,
    echoes: HashMap<String, String>,
}

impl ServerHandler for Minimal {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(ROUTER.list_all()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        ROUTER.call(ToolCallContext::new(self, request, context)).await
    }
}

impl State {
    fn call(&mut self, tool: &str, argument: impl Fn(&str) -> String) -> String {
        let session = argument("session_id");
        match tool {
            "add_note" => {
                let text = format!("Note added to {session}.");
                self.notes.entry(session).or_default().push(argument("note"));
                text
            }
            "get_notes" => json!(self.notes.get(&session).map_or(&[][..], Vec::as_slice)).to_string(),
            "reset_session" => {
                let deleted = self.notes.remove(&session).unwrap_or_default().len();
                format!("Deleted {deleted} notes from {session}.")
            }
            _ => {
                let text = argument("text");
                match self.echoes.get(&text) {
                    Some(upper) => format!("[cache] {upper}"),
                    None => self.echoes.entry(text.clone()).or_insert(text.to_uppercase()).clone(),
                }
            }
        }
    }
}

fn router() -> ToolRouter<Minimal> {
    ToolRouter::new()
        .with_route(route("add_note", &["session_id", "note"]))
        .with_route(route("get_notes", &["session_id"]))
        .with_route(route("echo_cached", &["text"]))
        .with_route(route("reset_session", &["session_id"]))
}

fn route(name: &'static str, arguments: &[&'static str]) -> ToolRoute<Minimal> {
    let properties: serde_json::Map<String, Value> =
        arguments.iter().map(|argument| ((*argument).to_owned(), json!({"type": "string"}))).collect();
    let mut schema = serde_json::Map::from_iter([("type".to_owned(), json!("object"))]);
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), json!(arguments));
    ToolRoute::new_dyn(Tool::new(name, name, schema), move |context: ToolCallContext<'_, Minimal>| {
        let given = context.arguments.unwrap_or_default();
        let argument = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let text = context.service.0.lock().unwrap_or_else(PoisonError::into_inner).call(name, argument);
        Box::pin(async { Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into()) })
    })
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let minimal = Minimal::default();
    let notes = (0..NOTES).map(note).collect();
    minimal.0.lock().unwrap_or_else(PoisonError::into_inner).notes.insert(NOTED_SESSION.to_owned(), notes);
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(minimal.clone()), sessions, config);
    axum::serve(listener, Router::new().route_service("/mcp", service)).await
}
