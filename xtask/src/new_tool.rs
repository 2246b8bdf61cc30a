//! Writes a tool: its file with a test, and its registration. Both changes are known to be possible before either is
//! made.
//!
//! In this repository a tool is a module of `service/src/tools.rs`, in another crate a module of its program.

mod name;
mod registration;
mod template;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

pub(crate) use self::{name::ToolName, template::Kind};
use crate::{
    error::{ErrorExt, Exit},
    source::Source,
};

/// A written tool.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) file: PathBuf,
    pub(crate) registration: PathBuf,
}

/// Writes a tool into a package. Nothing is written unless the tool and its registration both can be.
pub(crate) fn write(source: &Source, name: &ToolName, kind: Kind) -> anyhow::Result<Written> {
    let place = Place::of(source)?;
    let file = place.directory.join(format!("{name}.rs"));
    check_is_free(source, &place, name, &file).exit_code(Exit::Usage)?;
    check_dependencies(source).exit_code(Exit::Usage)?;
    let text = read(&place.registration)?;
    let registered = match source.is_service() {
        true => registration::in_tools(&text, name),
        false => registration::in_program(&text, name),
    };
    let registered = registered
        .with_context(|| format!("cannot register the tool in {}; nothing was written", place.registration.display()))
        .hint(registration::by_hand(name, source.is_service()))?;
    create(&file, &template::render(name, kind, source.is_service()))?;
    if let Err(error) = replace(&place.registration, &registered) {
        drop(fs::remove_file(&file));
        return Err(error);
    }
    Ok(Written { file, registration: place.registration })
}

/// The places of a package's tools.
struct Place {
    /// The directory of the tools' files.
    directory: PathBuf,
    /// The file that registers them.
    registration: PathBuf,
}

impl Place {
    fn of(source: &Source) -> anyhow::Result<Self> {
        if source.is_service() {
            let sources = source.directory().join("src");
            return Ok(Self { directory: sources.join("tools"), registration: sources.join("tools.rs") });
        }
        let program = source.program().context("the package has no program")?;
        let directory = program.parent().unwrap_or(program).to_owned();
        Ok(Self { directory, registration: program.to_owned() })
    }
}

fn check_is_free(source: &Source, place: &Place, name: &ToolName, file: &Path) -> anyhow::Result<()> {
    let taken = |by: &str| Err(anyhow!("the name {name} is taken by {by}")).hint("choose another name");
    let module = place.directory.join(name.as_str());
    if let Some(existing) = [file, &module].into_iter().find(|path| path.exists()) {
        return taken(&existing.display().to_string());
    }
    if crate::smoke::TOOLS.contains(&name.as_str()) {
        return taken("a built-in tool");
    }
    if source.dependency_names().any(|dependency| dependency == name.as_str()) {
        return taken("a crate that the package depends on");
    }
    match sources(&place.directory).into_iter().find(|path| names_a_tool(path, name)) {
        Some(path) => taken(&format!("a tool in {}", path.display())),
        None => Ok(()),
    }
}

/// The derived code of a tool names the crate serde, so re-exporting it is not enough.
fn check_dependencies(source: &Source) -> anyhow::Result<()> {
    if source.dependency_names().any(|name| name == "serde") {
        return Ok(());
    }
    Err(anyhow!("the package {} does not depend on serde, which a tool needs", source.name()))
        .hint("run `cargo add serde --features derive` in it")
}

/// Every source file below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn names_a_tool(path: &Path, name: &ToolName) -> bool {
    let quoted = format!("\"{name}\"");
    let declares = |line: &str| line.contains("const NAME:") && line.contains(&quoted);
    fs::read_to_string(path).is_ok_and(|text| text.lines().any(declares))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let created = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    created.with_context(|| format!("cannot write {}", path.display()))
}

fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let replaced = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    replaced.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::tests::{cart, example};

    const PROGRAM: &str = "use mcp_stateful::prelude::*;\n\n#[tokio::main]\nasync fn main() -> Result<(), ServerError> {\n    \
                           Server::from_env()?.run().await\n}\n";

    /// A crate with a program, and its source.
    fn written_crate() -> (tempfile::TempDir, Source) {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("src").join("main.rs");
        fs::create_dir(directory.path().join("src")).unwrap();
        fs::write(&program, PROGRAM).unwrap();
        let mut package = cart();
        package["manifest_path"] = json!(directory.path().join("Cargo.toml"));
        package["targets"][0]["src_path"] = json!(program);
        let serde = json!({"name": "serde", "kind": null, "optional": false, "uses_default_features": true});
        package["dependencies"].as_array_mut().unwrap().push(serde);
        (directory, example(&package))
    }

    fn write(source: &Source, name: &str) -> Result<Written, String> {
        super::write(source, &name.parse().unwrap(), Kind::default()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn tool_of_a_crate_is_one_file_and_its_registration() {
        let (directory, source) = written_crate();
        let written = write(&source, "count_words").unwrap();
        assert_eq!(written.file, directory.path().join("src").join("count_words.rs"));
        let program = fs::read_to_string(&written.registration).unwrap();
        assert!(program.starts_with("mod count_words;\n\nuse mcp_stateful"), "{program}");
        assert!(program.contains(".tool::<count_words::CountWords>().run().await"), "{program}");
        write(&source, "other").unwrap();
        assert_eq!(fs::read_dir(directory.path().join("src")).unwrap().count(), 3, "no draft is left");
    }

    #[test]
    fn taken_name_writes_nothing() {
        let (directory, source) = written_crate();
        let main = directory.path().join("src").join("main.rs");
        let tool = "const NAME: &'static str = \"words\";\n";
        fs::write(&main, format!("{PROGRAM}{tool}")).unwrap();
        fs::write(directory.path().join("src").join("there.rs"), "kept").unwrap();
        for (name, by) in
            [("there", "there.rs"), ("words", "main.rs"), ("add_note", "built-in"), ("serde", "depends on")]
        {
            let error = write(&source, name).unwrap_err();
            assert!(error.contains("is taken by") && error.contains(by), "{error}");
        }
        assert_eq!(fs::read_to_string(&main).unwrap(), format!("{PROGRAM}{tool}"));
        assert_eq!(fs::read_to_string(directory.path().join("src").join("there.rs")).unwrap(), "kept");
    }

    #[test]
    fn program_that_is_not_understood_is_left_alone() {
        let (directory, source) = written_crate();
        let main = directory.path().join("src").join("main.rs");
        fs::write(&main, "fn main() { serve() }\n").unwrap();
        let error = super::write(&source, &"count_words".parse().unwrap(), Kind::default()).unwrap_err();
        let hints = crate::error::hints_of(&error).join("\n");
        assert!(hints.contains("mod count_words;") && hints.contains(".tool::<count_words::CountWords>()"), "{hints}");
        assert_eq!(fs::read_dir(directory.path().join("src")).unwrap().count(), 1);
    }
}
