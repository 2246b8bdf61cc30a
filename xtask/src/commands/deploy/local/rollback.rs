//! Rolls a failed local deployment back: starts the previous version again, if there was one.

use std::process::ExitStatus;

use anyhow::bail;

use crate::{
    error::{ErrorExt, Exit},
    local::{home::Home, identity, launch, ready::Outcome, record::Record, secrets::Secrets},
    ui,
};

/// Starts the previous version again. Returns the error that ends the deployment: the failure, what serves now, and
/// the exit code.
pub(super) fn roll_back(
    home: &Home,
    previous: Option<&Record>,
    secrets: &Secrets,
    failure: anyhow::Error,
) -> anyhow::Error {
    let (context, exit) = match previous {
        None => ("nothing runs: the first deployment failed".to_owned(), Exit::FirstDeployFailed),
        Some(previous) if identity::is_running(&previous.identity).unwrap_or(false) => {
            (format!("the previous version was not replaced and still serves at {}", previous.url), Exit::RolledBack)
        }
        Some(previous) => match restart(home, previous, secrets) {
            Ok(()) => (
                format!("the new version was rolled back; the previous version serves again at {}", previous.url),
                Exit::RolledBack,
            ),
            Err(error) => (format!("nothing runs: the previous version did not start either ({error:#})"), Exit::Apply),
        },
    };
    failure.context(context).hint(format!("inspect the whole log in {}", home.log().display())).exit_code(exit)
}

/// Describes how a process ended.
pub(super) fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("with exit code {code}"),
        None => format!("by a signal ({status})"),
    }
}

fn restart(home: &Home, previous: &Record, secrets: &Secrets) -> anyhow::Result<()> {
    let step = ui::begin("roll back");
    step.status("starting the previous version");
    let missing = previous.launch.secrets.iter().filter(|name| !secrets.tools.contains_key(*name));
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        step.warning(&format!("the previous version starts without its secrets {}", missing.join(", ")));
    }
    let mut started = launch::start(home, &previous.identity.exe, &previous.launch, secrets)?;
    match started.ready()? {
        Outcome::Ready(_) => step.done(&format!("to revision {}", previous.launch.revision)),
        Outcome::Exited(status) => bail!("it ended {}", ended(status)),
        Outcome::TimedOut(last) => bail!("it was not ready in time; its last response: {last}"),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use anyhow::anyhow;

    use super::*;
    use crate::{error::exit_of, local::record::tests::example, token::Token};

    #[test]
    fn version_that_was_not_stopped_serves_on() {
        let mut previous = example();
        previous.identity = identity::identify(std::process::id()).unwrap();
        let home = Home::at(Path::new("/home"));
        let secrets = Secrets { token: Token::new("secret"), tools: BTreeMap::new() };
        let error = roll_back(&home, Some(&previous), &secrets, anyhow!("cannot stop it"));
        assert_eq!(exit_of(&error), Exit::RolledBack);
        assert!(error.to_string().contains("still serves at http://127.0.0.1:3333"), "{error}");
    }
}
