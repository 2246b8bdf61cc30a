//! The protocol versions of MCP that the server speaks.

use rmcp::{model, service::ClientLifecycleMode};

/// A protocol version of MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolVersion {
    /// 2025-11-25, the newest version that opens a connection with `initialize`.
    V2025_11_25,
    /// 2026-07-28, the first version without a handshake: each request names its version.
    V2026_07_28,
}

impl ProtocolVersion {
    /// Both versions, oldest first.
    pub const ALL: [Self; 2] = [Self::V2025_11_25, Self::V2026_07_28];

    /// The version as the protocol writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Returns true if requests stand alone, without a handshake before them.
    pub fn is_stateless(self) -> bool {
        self == Self::V2026_07_28
    }

    pub(super) fn model(self) -> model::ProtocolVersion {
        match self {
            Self::V2025_11_25 => model::ProtocolVersion::V_2025_11_25,
            Self::V2026_07_28 => model::ProtocolVersion::V_2026_07_28,
        }
    }

    pub(super) fn lifecycle(self) -> ClientLifecycleMode {
        if self.is_stateless() {
            ClientLifecycleMode::Discover { preferred_versions: vec![self.model()] }
        } else {
            ClientLifecycleMode::Initialize
        }
    }
}

impl std::fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
