//! The plan that deploy prints before it changes anything: resources, exposure and cost.

use serde_json::{Value, json};

use super::{PreflightResult, grants};
use crate::{
    columns,
    image::{self, Architecture},
    prices::{self, Size},
};

/// The plan's rows: label and value.
#[derive(Debug)]
pub(crate) struct Plan(Vec<(&'static str, String)>);

impl Plan {
    /// Builds the plan from preflight's result. `image` is the reference of an image that was built before.
    pub(crate) fn new(preflight: &PreflightResult, image: Option<&str>) -> Self {
        let (target, names) = (&preflight.place, &preflight.place.names);
        let size = size(preflight);
        let mut rows = vec![
            ("account", format!("{} as {}", target.account.id(), target.account.caller())),
            ("region", target.account.region().to_owned()),
            ("service", format!("{} in {}, {}", names.service(), names.cluster(), tasks(&size))),
            ("image", image_row(preflight, image)),
            ("table", table_row(preflight)),
            (
                "also",
                format!(
                    "{}, {}, {}, {}",
                    names.security_group(),
                    names.roles().join(", "),
                    names.log_group(),
                    token_row(preflight)
                ),
            ),
            ("reached by", exposure_row(preflight)),
            ("costs", prices::sentence(target.account.region(), &size)),
            ("state", target.settings.state.to_string()),
            ("directory", target.home.root().display().to_string()),
            ("infra", target.infra.describe()),
            ("settings", preflight.settings.clone()),
        ];
        rows.insert(3, ("source", source_row(preflight)));
        if let Some((source, plan)) = &preflight.build {
            let flags = if matches!(plan, image::Plan::Native(_)) { image::native::flags() } else { None };
            rows.extend(flags.map(|flags| ("flags", format!("the image is built {flags}"))));
            rows.extend(source.image_features().warning().map(|warning| ("features", warning)));
        }
        let grants = grants::sentences(&preflight.variables);
        if !grants.is_empty() {
            rows.push(("grants", grants.join("\n")));
        }
        let variables = preflight.variables.lines(|name| !grants::describes(name));
        if !variables.is_empty() {
            rows.push(("variables", variables.join(", ")));
        }
        if !preflight.unknown.is_empty() {
            rows.push(("unknown", preflight.unknown.join("; ")));
        }
        Self(rows)
    }

    /// Renders the rows as aligned text.
    pub(crate) fn text(&self) -> String {
        let rows: Vec<Vec<String>> =
            self.0.iter().map(|(name, value)| vec![format!("{name:>10}"), value.clone()]).collect();
        columns::render(&rows)
    }

    /// Renders the rows as an event. Labels are the field names.
    pub(crate) fn json(&self) -> Value {
        let rows = self.0.iter().map(|(name, value)| (name.replace(' ', "_"), Value::from(value.as_str())));
        json!({"event": "plan", "plan": rows.collect::<serde_json::Map<_, _>>()})
    }
}

/// Returns the size of the deployment, for its price.
pub(crate) fn size(preflight: &PreflightResult) -> Size {
    Size {
        tasks: preflight.variables.number_or("desired_count", 1),
        cpu_units: preflight.variables.number_or("fargate_cpu", 256),
        memory_mib: preflight.variables.number_or("fargate_memory", 512),
        arm64: preflight.architecture == Architecture::Arm64,
        public_address: preflight.variables.text_or("assign_public_ip", "true") == "true",
    }
}

fn tasks(size: &Size) -> String {
    let tasks = if size.tasks == 1 { "task".to_owned() } else { "tasks".to_owned() };
    let cpu = if size.arm64 { "ARM64" } else { "X86_64" };
    format!(
        "{} Fargate {tasks} of {} vCPU and {} MiB, {cpu}",
        size.tasks,
        f64::from(size.cpu_units) / 1024.0,
        size.memory_mib
    )
}

fn image_row(preflight: &PreflightResult, image: Option<&str>) -> String {
    match (image, &preflight.build) {
        (Some(image), _) => image.to_owned(),
        (None, Some((_, plan))) => {
            format!(
                "built with {plan}{}, pushed to {}",
                preflight.assets.describe(),
                preflight.place.names.repository()
            )
        }
        (None, None) => "none".to_owned(),
    }
}

fn source_row(preflight: &PreflightResult) -> String {
    match &preflight.build {
        Some((source, _)) => format!("{} in {}", source.identity().describe(), source.directory().display()),
        None => "none; an existing image is deployed".to_owned(),
    }
}

fn table_row(preflight: &PreflightResult) -> String {
    match &preflight.adoption {
        None => format!("{}, new", preflight.variables.text_or("table_name", &preflight.place.names.table())),
        Some(adoption) if adoption.owned => format!("{}, existing, keeps its notes", adoption.table),
        Some(adoption) => format!("{}, adopted from another owner, keeps its notes", adoption.table),
    }
}

fn token_row(preflight: &PreflightResult) -> String {
    match preflight.variables.text("token_parameter_arn") {
        Some(arn) => format!("the token in {arn}"),
        None => format!("a token in {}", preflight.place.names.token_parameter()),
    }
}

fn exposure_row(preflight: &PreflightResult) -> String {
    let port = preflight.variables.number_or("container_port", 3333);
    let cidr = &preflight.exposure.cidr;
    if preflight.exposure.public {
        return format!("ANYONE on the internet ({cidr}), port {port}, with the token, over plain HTTP");
    }
    format!("{cidr} only, port {port}, with the token")
}
