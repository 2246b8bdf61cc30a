//! The bearer token of a deployment: made once, kept in a file that only its owner can read, never put on a command line.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use anyhow::Context;
use uuid::Uuid;

use super::home::Home;
use crate::token::Token;

/// The deployment's token, made now if there is none.
pub(crate) fn load_or_make(home: &Home) -> anyhow::Result<Token> {
    if let Some(token) = load(home)? {
        return Ok(token);
    }
    let token = Token::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
    let path = home.token();
    write(&path, &token).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(token)
}

/// The deployment's token, if it has one. An empty file, left by a disk that was full, counts as none.
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

/// On Windows the user's data directory is closed to others already.
#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert_eq!(load(&home).unwrap(), None);
        let token = load_or_make(&home).unwrap();
        assert_eq!(token.reveal().len(), 64);
        assert_eq!(load_or_make(&home).unwrap(), token);
    }

    #[test]
    fn an_empty_file_is_no_token() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.token(), "\n").unwrap();
        assert_eq!(load_or_make(&home).unwrap().reveal().len(), 64);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        load_or_make(&home).unwrap();
        assert_eq!(home.token().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Token::new("secret")), "Token(…)");
    }
}
