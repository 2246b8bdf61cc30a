//! Finds the installed Terraform and checks its version.

use serde::Deserialize;

use super::command;
use crate::problem::Problem;

/// The oldest version with write-only arguments, which keep the token out of the state. `infra/versions.tf`
/// requires it too.
const OLDEST: (u32, u32) = (1, 11);

/// Returns the version of the Terraform on the PATH. Fails if there is none or it is too old.
pub fn require() -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Version {
        terraform_version: String,
    }
    let hint = format!("install Terraform {}.{} or newer and add it to PATH", OLDEST.0, OLDEST.1);
    let output = match command::capture(&command::line().args(["version", "-json"])) {
        Ok(output) if output.success => output.stdout,
        Ok(output) => return Err(Problem::new(format!("terraform cannot be run: {}", output.stderr.trim()), hint)),
        Err(error) => return Err(Problem::new(format!("terraform cannot be run: {}", error.root_cause()), hint)),
    };
    match serde_json::from_str(&output) {
        Ok(Version { terraform_version: version }) if is_new_enough(&version) => Ok(version),
        Ok(Version { terraform_version: version }) => {
            Err(Problem::new(format!("terraform {version} is too old"), hint))
        }
        Err(_) => Err(Problem::new("`terraform version -json` reported no version", hint)),
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>());
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return false };
    (major, minor) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        for good in ["1.11.0", "1.12.0-beta1", "2.0.0", "1.100.3"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["1.9.8", "1.10.5", "0.15.0", "", "x"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }
}
