//! The lines that register a tool, and their places in a file.

use anyhow::{Context, anyhow};

use super::name::ToolName;

/// The end of the list in `service/src/tools.rs`.
const LIST: &str = "pub const BUILT_IN: &[Registration] = &[\n";
const END: &str = "\n];";

/// Registers a tool in this repository's `tools.rs`: its module, in the order of the alphabet, and the last entry of
/// the list.
pub(super) fn in_tools(text: &str, name: &ToolName) -> anyhow::Result<String> {
    let list = text.find(LIST).context("it has no list BUILT_IN")? + LIST.len();
    let end = list + text[list..].find(END).context("its list BUILT_IN does not end")?;
    let (before, after) = text.split_at(end);
    let entry = format!("\n    Registration::of::<{name}::{}>(),", name.type_name());
    with_module(&format!("{before}{entry}{after}"), name)
}

/// Registers a tool in a program: its module, and a call before the server runs.
pub(super) fn in_program(text: &str, name: &ToolName) -> anyhow::Result<String> {
    let calls: Vec<usize> =
        [".run()", ".run_blocking()"].iter().flat_map(|run| text.match_indices(run)).map(|(at, _)| at).collect();
    let [at] = calls.as_slice() else {
        return Err(anyhow!("it calls `.run()` {} times, and one call was expected", calls.len()));
    };
    let (before, after) = text.split_at(*at);
    let line = before.rsplit('\n').next().unwrap_or_default();
    // A call on a line of its own gets another such line.
    let separator = if line.trim().is_empty() { format!("\n{line}") } else { String::new() };
    let call = format!(".tool::<{name}::{}>()", name.type_name());
    with_module(&format!("{before}{call}{separator}{after}"), name)
}

/// Describes the lines, for a file that is written in another way.
pub(super) fn by_hand(name: &ToolName, in_tools: bool) -> String {
    let type_name = name.type_name();
    match in_tools {
        true => format!("add `mod {name};` and `Registration::of::<{name}::{type_name}>(),` by hand"),
        false => format!(
            "write the server as `Server::from_env()?.run().await`, or register a tool by hand with `mod {name};` and \
             `.tool::<{name}::{type_name}>()`"
        ),
    }
}

/// Adds `mod name;` to the modules of a file: before the first one that follows it in the alphabet. Without modules it
/// comes before the first item.
fn with_module(text: &str, name: &ToolName) -> anyhow::Result<String> {
    let line = format!("mod {name};\n");
    let mut last = None;
    let mut first_item = None;
    let mut at = 0;
    for existing in text.split_inclusive('\n') {
        let start = at;
        at += existing.len();
        let is_inner = existing.starts_with("//!") || existing.starts_with("#![") || existing.trim().is_empty();
        if !is_inner && first_item.is_none() {
            first_item = Some(start);
        }
        let module = existing.strip_prefix("mod ").or_else(|| existing.strip_prefix("pub(crate) mod "));
        if let Some(module) = module.and_then(|module| module.trim_end().strip_suffix(';')) {
            if module > name.as_str() {
                return Ok(format!("{}{line}{}", &text[..start], &text[start..]));
            }
            last = Some(at);
        }
    }
    match (last, first_item) {
        (Some(at), _) => Ok(format!("{}{line}{}", &text[..at], &text[at..])),
        (None, Some(at)) => Ok(format!("{}{line}\n{}", &text[..at], &text[at..])),
        (None, None) => Err(anyhow!("it has no items")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ToolName {
        "count_words".parse().unwrap()
    }

    #[test]
    fn tools_of_this_repository_get_a_module_and_an_entry() {
        let text = include_str!("../../../service/src/tools.rs");
        let registered = in_tools(text, &name()).unwrap();
        let added: Vec<&str> = registered.lines().filter(|line| !text.contains(line)).collect();
        assert_eq!(added, ["mod count_words;", "    Registration::of::<count_words::CountWords>(),"]);
        let modules: Vec<&str> = registered.lines().filter_map(|line| line.strip_prefix("mod ")).collect();
        assert!(modules.is_sorted(), "{modules:?}");
        assert!(registered.trim_end().ends_with("<count_words::CountWords>(),\n];"), "{registered}");
    }

    #[test]
    fn call_is_added_in_the_style_of_the_program() {
        let broken = "//! A server.\n\nmod a;\nmod d;\n\nasync fn main() {\n    Server::from_env()?\n        .tool::<a::A>()\n        \
                      .run()\n        .await\n}\n";
        let registered = in_program(broken, &name()).unwrap();
        assert!(registered.contains("mod a;\nmod count_words;\nmod d;\n"), "{registered}");
        let calls = "        .tool::<a::A>()\n        .tool::<count_words::CountWords>()\n        .run()\n";
        assert!(registered.contains(calls), "{registered}");

        let first = in_program("//! A server.\n\nuse x::y;\nfn main() { s.run_blocking() }\n", &name()).unwrap();
        assert!(first.starts_with("//! A server.\n\nmod count_words;\n\nuse x::y;\n"), "{first}");
        assert!(first.contains("s.tool::<count_words::CountWords>().run_blocking()"), "{first}");
    }

    #[test]
    fn program_with_two_servers_is_refused() {
        assert!(in_program("fn main() { a.run(); b.run() }", &name()).is_err());
    }
}
