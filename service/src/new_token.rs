//! Makes a named token. Nothing is stored: the token goes to standard output, what is to be done with it to standard error.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::config::{is_token_name, token_entry};

/// A token that nobody had before, and whose it is.
pub struct NewToken {
    name: String,
    token: String,
}

impl NewToken {
    /// The token: for the one who is to have it, and for nobody else.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What to do with it.
    pub fn words(&self) -> String {
        format!(
            "this token of {} is shown once and stored nowhere; add its entry to MCP_AUTH_TOKENS:\n{}",
            self.name,
            token_entry(&self.name, &self.token)
        )
    }
}

/// A token of 256 random bits.
///
/// # Errors
/// A name that no entry may have; a system that gives no random numbers.
pub fn make(name: &str) -> Result<NewToken, String> {
    if !is_token_name(name) {
        return Err(format!("\"{name}\" is no name for a token; take 1 to 64 letters, digits and ._@-"));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(NewToken { name: name.to_owned(), token: URL_SAFE_NO_PAD.encode(bytes) })
}
