//! The settings of a deployment, in `environments/<name>.toml`: one format for this machine and for AWS.
//!
//! `[settings]` are the service's settings, `[environment]` are variables of its tools, `[infra]` are variables of
//! `infra/`, `[image]` lists files for the image, `[secrets]` refers to secrets. The file may be committed and read by
//! anyone, so it holds no secret itself. All problems of a file are reported together. Process variables are read in
//! `environment.rs`.

mod assets;
mod infra;
mod name;
mod secrets;
mod settings;
mod tool_variables;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;
use toml::Table;

#[cfg(all(feature = "aws", test))]
pub(crate) use self::infra::declared as declared_variables;
#[cfg(feature = "aws")]
pub(crate) use self::infra::rejection as variable_rejection;
pub(crate) use self::{
    infra::Variable,
    name::Name,
    secrets::{TokenReference, ToolSecret},
    settings::declared as declared_settings,
    tool_variables::ASSETS_DIR,
};
use crate::{infra::Infra, nearest, problem::Problem, source::Workspace, token::Token};

const SECTIONS: [&str; 5] = ["settings", "environment", "infra", "image", "secrets"];

/// The place of a deployment, which decides the settings that make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Local,
    Aws,
}

/// The settings of a deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Environment {
    path: PathBuf,
    /// The project's root.
    root: PathBuf,
    exists: bool,
    /// The variables that the project's Terraform configuration declares.
    pub(crate) variables: Vec<Variable>,
    /// The service's settings as text, by their name in `docs/settings.md` in lower case and without `MCP_`.
    pub(crate) settings: BTreeMap<String, String>,
    /// Values of variables of `infra/`.
    pub(crate) infra: BTreeMap<String, Value>,
    /// The token, if it is not generated.
    pub(crate) auth_token: Option<TokenReference>,
    /// Variables of the tools.
    pub(crate) tool_variables: BTreeMap<String, String>,
    /// Secrets of the tools, by the names of their variables.
    pub(crate) tool_secrets: BTreeMap<String, ToolSecret>,
    /// Paths of files and directories for the image, relative to the project.
    pub(crate) assets: Vec<String>,
}

impl Environment {
    /// The name of the file that describes deployments on this machine.
    pub(crate) const LOCAL: &'static str = "local";

    /// Reads the file that `name` selects, or else the one of `default`, which need not exist. Adds the file's problems
    /// to the list and returns the rest.
    pub(crate) fn load(
        workspace: &Workspace,
        name: Option<&Name>,
        default: &str,
        place: Place,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let root = workspace.root().to_owned();
        let directory = root.join("environments");
        let path = name.map_or_else(|| directory.join(format!("{default}.toml")), |name| name.path(&directory));
        let variables = infra::declared(&Infra::of(workspace.root())).unwrap_or_else(|error| {
            problems.push(Problem::new(format!("{error:#}"), "make the files of infra/ readable"));
            Vec::new()
        });
        let environment = Self { path, root, variables, ..Self::default() };
        match fs::read_to_string(&environment.path) {
            Ok(text) => environment.parse(&text, place, problems),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                problems.extend(name.map(|name| name.not_found(&directory)));
                environment
            }
            Err(error) => {
                let what = format!("cannot read {}: {error}", environment.file());
                problems.push(Problem::new(what, "make the file readable, or pass another --environment"));
                environment
            }
        }
    }

    /// Describes where the settings come from, such as `environments/local.toml`.
    pub(crate) fn source(&self) -> String {
        if self.exists { self.file() } else { format!("defaults; {} does not exist", self.file()) }
    }

    /// Returns the file's path, relative to the project if it is in there.
    pub(crate) fn file(&self) -> String {
        self.path.strip_prefix(&self.root).unwrap_or(&self.path).display().to_string()
    }

    /// Reads the token if the file names a variable for it. Adds a problem if the variable is not set.
    pub(crate) fn token(&self, problems: &mut Vec<Problem>) -> Option<Token> {
        match self.auth_token.as_ref()?.read() {
            Ok(token) => token,
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }

    /// Reads the tools' secrets that the file names variables for. Adds a problem for each variable that is not set.
    pub(crate) fn read_tool_secrets(&self, problems: &mut Vec<Problem>) -> BTreeMap<String, Token> {
        secrets::read_tools(&self.tool_secrets, problems)
    }

    /// Returns the variables that tools have on this machine. The directory of their assets is the project, where the
    /// assets are.
    pub(crate) fn variables_of_process(&self) -> BTreeMap<String, String> {
        let mut variables = self.tool_variables.clone();
        if !self.assets.is_empty() {
            variables.insert(ASSETS_DIR.to_owned(), self.root.display().to_string());
        }
        variables
    }

    fn parse(mut self, text: &str, place: Place, problems: &mut Vec<Problem>) -> Self {
        self.exists = true;
        let file = self.file();
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                problems.push(syntax_problem(&file, text, &error));
                return self;
            }
        };
        let variables = std::mem::take(&mut self.variables);
        let root = self.root.clone();
        let mut found = Found { file: &file, root: &root, place, variables: &variables, problems };
        for (name, value) in &table {
            match (name.as_str(), value.as_table()) {
                ("settings", Some(table)) => self.settings = settings::parse(table, &mut found),
                ("infra", Some(table)) => self.infra = infra::parse(table, &mut found),
                ("secrets", Some(table)) => {
                    let references = secrets::parse(table, &mut found);
                    (self.auth_token, self.tool_secrets) = (references.auth_token, references.tools);
                }
                ("environment", Some(table)) => self.tool_variables = tool_variables::parse(table, &mut found),
                ("image", Some(table)) => self.assets = assets::parse(table, &mut found),
                (section, None) if SECTIONS.contains(&section) => {
                    found.add(format!("invalid {section}: expected a table"), format!("write it as [{section}]"));
                }
                (name, _) => found.unknown(name, &section_of(name, &variables)),
            }
        }
        if self.auth_token.is_some() && self.infra.contains_key("token_parameter_arn") {
            found.add("[infra] token_parameter_arn and [secrets] auth_token name two tokens", "remove one of them");
        }
        for name in self.tool_variables.keys().filter(|name| self.tool_secrets.contains_key(*name)) {
            found.add(format!("{name} is in [environment] and in [secrets]"), "remove one of them");
        }
        self.variables = variables;
        self
    }
}

/// The problems of one file.
struct Found<'a> {
    file: &'a str,
    root: &'a Path,
    place: Place,
    variables: &'a [Variable],
    problems: &'a mut Vec<Problem>,
}

impl Found<'_> {
    fn add(&mut self, what: impl AsRef<str>, fix: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}: {}", self.file, what.as_ref()), fix));
    }

    fn unknown(&mut self, name: &str, hint: &str) {
        self.add(format!("unknown key {name}"), hint);
    }
}

/// Returns the hint for a key at the top of a file: the section that has a key of this name, or the nearest section.
fn section_of(name: &str, variables: &[Variable]) -> String {
    if settings::declared().any(|known| known == name) {
        return format!("move {name} below [settings]");
    }
    if variables.iter().any(|variable| variable.name == name) {
        return format!("move {name} below [infra]");
    }
    if tool_variables::name_problem(name).is_none() {
        return format!("move {name} below [environment]");
    }
    nearest::hint(name, SECTIONS)
}

/// Names the line, and not its text, which may be a secret.
fn syntax_problem(file: &str, text: &str, error: &toml::de::Error) -> Problem {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Problem::new(
        format!("{file}, line {line}: {}", error.message().replace('\n', ", ")),
        "correct the line; the format is TOML (https://toml.io)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::workspace_root;

    fn parse(text: &str, place: Place) -> (Environment, Vec<Problem>) {
        let mut problems = Vec::new();
        let environment = Environment {
            path: workspace_root().join("environments/x.toml"),
            root: workspace_root().to_owned(),
            variables: infra::declared(&Infra::Carried).unwrap(),
            ..Environment::default()
        };
        (environment.parse(text, place, &mut problems), problems)
    }

    #[test]
    fn sections_are_read_with_their_types() {
        let (environment, problems) = parse(
            r#"
            [settings]
            allowed_hosts = ["a.example.com", "b.example.com"]
            max_concurrency = 8
            allow_unauthenticated = false
            [infra]
            fargate_memory = 1024
            deletion_protection = true
            tags = { team = "notes" }
            oauth = { issuer = "https://id.example.com", audience = ["a"] }
            [environment]
            BUCKET = "team-notes"
            RETRIES = 3
            [image]
            assets = ["infra/tests/", "docs"]
            [secrets]
            auth_token = { parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/token" }
            API_KEY = { secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:api-AbCdEf" }
            "#,
            Place::Aws,
        );
        assert_eq!(problems, []);
        assert_eq!(
            (environment.tool_variables["BUCKET"].as_str(), environment.tool_variables["RETRIES"].as_str()),
            ("team-notes", "3")
        );
        assert_eq!(environment.assets, ["docs", "infra/tests"]);
        assert!(matches!(environment.tool_secrets["API_KEY"], ToolSecret::Stored { .. }));
        assert_eq!(environment.settings["allowed_hosts"], "a.example.com,b.example.com");
        assert_eq!(environment.settings["max_concurrency"], "8");
        assert_eq!(environment.settings["allow_unauthenticated"], "false");
        assert_eq!(environment.infra["fargate_memory"], 1024);
        assert_eq!(environment.infra["oauth"]["audience"][0], "a");
        assert!(matches!(environment.auth_token, Some(TokenReference::Parameter(_))));
        assert_eq!(environment.source(), Path::new("environments").join("x.toml").display().to_string());
    }

    #[test]
    fn every_problem_is_reported_with_a_suggestion() {
        let (_, problems) = parse(
            r#"
            fargate_cpu = 512
            log = "debug"
            BUCKET = "team-notes"
            [setings]
            [settings]
            max_concurency = 8
            MCP_LOG = "debug"
            session_ttl = 60
            log_format = 1.5
            revision = "x"
            [infra]
            fargate_memroy = 1024
            fargate_memory = "1024"
            deletion_protection = "yes"
            tags = ["a"]
            region = "eu-west-1"
            auth_token = "hidden-hidden-hidden"
            [secrets]
            auth_token = "hidden-hidden-hidden"
            token = {}
            auth_tokn = {}
            MCP_KEY = { parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/key" }
            API_KEY = "hidden-hidden-hidden"
            LOCAL_KEY = { variable = "LOCAL_KEY" }
            BUCKET = { parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/key" }
            [environment]
            BUCKET = "team-notes"
            aws_region = "eu-west-1"
            AWS_REGION = "eu-west-1"
            EMPTY = ""
            LIST = ["a"]
            [image]
            asets = ["docs"]
            assets = ["../docs"]
            "#,
            Place::Aws,
        );
        let all = problems.iter().map(|problem| format!("{}: {}\n", problem.what, problem.fix)).collect::<String>();
        for expected in [
            "fargate_cpu: move fargate_cpu below [infra]",
            "log: move log below [settings]",
            "BUCKET: move BUCKET below [environment]",
            "setings: did you mean `settings`?",
            "max_concurency: did you mean `max_concurrency`?",
            "MCP_LOG: did you mean `log`?",
            "session_ttl has no effect on AWS: set session_ttl in [infra]",
            "log_format: expected text, a whole number, true or false, or a list of texts",
            "revision is set by deploy",
            "fargate_memroy: did you mean `fargate_memory`?",
            "fargate_memory: expected a number: write fargate_memory = 1024",
            "deletion_protection: expected true or false",
            "tags: expected a table",
            "region is set by deploy",
            "the token must not be in a file: ",
            "auth_token: expected a reference",
            "token: use auth_token, or a name of upper-case letters, digits and underscores for a tool's secret",
            "auth_tokn: did you mean `auth_token`?",
            "invalid MCP_KEY in [secrets]: names that begin with MCP_, AWS_, ECS_ or TOKIO_ are reserved",
            "invalid API_KEY: expected a reference: write API_KEY = { parameter_arn",
            "a deployment on AWS does not read LOCAL_KEY from this machine",
            "BUCKET is in [environment] and in [secrets]",
            "invalid aws_region in [environment]: expected names of upper-case letters",
            "invalid AWS_REGION in [environment]: names that begin with MCP_, AWS_, ECS_ or TOKIO_ are reserved",
            "invalid EMPTY: expected text that is not empty",
            "invalid LIST: expected text that is not empty",
            "asets: did you mean `assets`?",
            "invalid asset ../docs: expected a path inside of the project",
        ] {
            assert!(all.contains(expected), "{expected} is missing in\n{all}");
        }
        assert_eq!(problems.len(), 28, "{all}");
        assert!(!all.contains("hidden"), "{all}");
        assert!(all.starts_with("environments"), "{all}");
    }

    #[test]
    fn syntax_error_names_the_line_and_hides_its_text() {
        let (_, problems) = parse("[secrets]\nauth_token = hidden\n", Place::Local);
        assert!(problems[0].what.contains("x.toml, line 2: ") && !problems[0].what.contains("hidden"), "{problems:?}");
    }

    #[test]
    fn local_deployment_rejects_what_it_decides_itself() {
        let (_, problems) = parse(
            "[settings]\nhost = \"0.0.0.0\"\nstate_path = \"/x\"\nstate_table = \"t\"\nport = 1\n[infra]\nfargate_cpu = 512",
            Place::Local,
        );
        let all = problems.iter().map(|problem| format!("{}: {}\n", problem.what, problem.fix)).collect::<String>();
        assert_eq!(problems.len(), 4, "{all}");
        assert!(all.contains("MCP_LOCAL_DIR") && all.contains("[infra] has no effect on this machine"), "{all}");
    }
}
