//! Everything that a tool and its server need: `use mcp_stateful::prelude::*;`.

pub use schemars::{self, JsonSchema};
pub use serde::{self, Deserialize, Serialize};

pub use crate::{
    Server, ServerError,
    principal::Principal,
    session::Session,
    state::{AfterCrash, Page, PageRequest, State, StateError},
    store::IdempotencyKey,
    tools::{Context, Effect, SessionId, Tool, ToolError},
};
