//! The `new-token` command: generates a named token. Nothing is stored. The token goes to standard output,
//! the instructions to standard error.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::config::{is_token_name, token_entry};

/// A generated token and the name of its owner.
pub struct NewToken {
    name: String,
    token: String,
}

impl NewToken {
    /// Returns the token, which only its owner may see.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the next step for the operator.
    pub fn instructions(&self) -> String {
        format!(
            "token of {}: shown once, stored nowhere; add its entry to MCP_AUTH_TOKENS:\n{}",
            self.name,
            token_entry(&self.name, &self.token)
        )
    }
}

/// Generates a token of 256 random bits.
///
/// # Errors
/// A text if the name is invalid or the system provides no random numbers.
pub fn generate(name: &str) -> Result<NewToken, String> {
    if !is_token_name(name) {
        return Err(format!("invalid token name \"{name}\": expected 1 to 64 letters, digits and ._@-"));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("cannot get random numbers from the system: {error}"))?;
    Ok(NewToken { name: name.to_owned(), token: URL_SAFE_NO_PAD.encode(bytes) })
}
