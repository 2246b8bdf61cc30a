//! The bearer token of a deployment: created once, kept in a file that only its owner can read, never on a command
//! line.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use anyhow::Context;
use uuid::Uuid;

use super::home::Home;
use crate::token::Token;

/// Returns the deployment's token, after creating it if there is none.
pub(crate) fn load_or_make(home: &Home) -> anyhow::Result<Token> {
    if let Some(token) = load(home)? {
        return Ok(token);
    }
    let token = Token::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
    save(home, &token)?;
    Ok(token)
}

/// Keeps a token, in place of the one before.
pub(crate) fn save(home: &Home, token: &Token) -> anyhow::Result<()> {
    let path = home.token();
    write(&path, token).with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the deployment's token, if it has one. An empty file, which a full disk leaves behind, counts as none.
pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Token>> {
    let path = home.token();
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(Token::new(text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, token: &Token) -> io::Result<()> {
    let draft = path.with_extension("draft");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private_file(&draft)?;
    writeln!(file, "{}", token.reveal())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// On Windows, only the user can read the data directory.
#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_created_once() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert_eq!(load(&home).unwrap(), None);
        let token = load_or_make(&home).unwrap();
        assert_eq!(token.reveal().len(), 64);
        assert_eq!(load_or_make(&home).unwrap(), token);
    }

    #[test]
    fn empty_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.token(), "\n").unwrap();
        assert_eq!(load_or_make(&home).unwrap().reveal().len(), 64);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        load_or_make(&home).unwrap();
        assert_eq!(home.token().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn debug_hides_the_token() {
        assert_eq!(format!("{:?}", Token::new("secret")), "Token(…)");
    }
}
