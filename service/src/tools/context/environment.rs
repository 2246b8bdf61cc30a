//! The variables that an operator sets for tools: plain settings, and secrets.

#![expect(clippy::disallowed_methods, reason = "reads the variables of tools, whose names only they know")]

use super::Context;
use crate::{config::Secret, tools::ToolError};

/// The prefixes of variables that belong to the server and the AWS SDK.
const RESERVED: [&str; 2] = ["MCP_", "AWS_"];

/// Variables that tools see instead of those of the process, whose threads share one environment.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(std::collections::HashMap<String, String>);

#[cfg(feature = "testing")]
impl Variables {
    pub(crate) fn set(&mut self, name: String, value: String) {
        self.0.insert(name, value);
    }
}

impl Context {
    /// Returns a variable of the environment, if it is set and not empty. Variables that begin with `MCP_` or `AWS_`
    /// belong to the server and read as unset.
    pub fn env(&self, name: &str) -> Option<String> {
        if RESERVED.iter().any(|prefix| name.starts_with(prefix)) {
            return None;
        }
        #[cfg(feature = "testing")]
        if let Some(variables) = self.find_data::<Variables>() {
            return variables.0.get(name).filter(|value| !value.is_empty()).cloned();
        }
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// Returns a secret, which the deployer passes as a variable of the environment. `Debug` does not print it.
    ///
    /// # Errors
    /// [`ToolError::Internal`] if the variable is not set. The log names it.
    pub fn secret(&self, name: &str) -> Result<Secret, ToolError> {
        let missing = || ToolError::internal(format!("the secret {name} is not set"));
        self.env(name).map(Secret::new).ok_or_else(missing)
    }
}
