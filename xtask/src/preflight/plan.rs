//! What a deployment will make, who will reach it and what it costs, told before anything is made.

use serde_json::{Value, json};

use super::PreflightResult;
use crate::{
    columns,
    image::Architecture,
    prices::{self, Size},
};

/// The plan, a row for each thing to know.
#[derive(Debug)]
pub(crate) struct Plan(Vec<(&'static str, String)>);

impl Plan {
    pub(crate) fn of(ground: &PreflightResult, image: Option<&str>) -> Self {
        let (place, names) = (&ground.place, &ground.place.names);
        let size = size(ground);
        let mut rows = vec![
            ("account", format!("{} as {}", place.account.id(), place.account.caller())),
            ("region", place.account.region().to_owned()),
            ("service", format!("{} in {}, {}", names.service(), names.cluster(), tasks(&size))),
            ("image", built(ground, image)),
            ("table", stored(ground)),
            (
                "also",
                format!(
                    "{}, {}, {}, {}",
                    names.security_group(),
                    names.roles().join(", "),
                    names.log_group(),
                    token(ground)
                ),
            ),
            ("reached by", reached(ground)),
            ("costs", prices::sentence(place.account.region(), &size)),
            ("state", place.settings.state.to_string()),
        ];
        if !ground.variables.is_empty() {
            rows.push(("variables", ground.variables.lines().join(", ")));
        }
        Self(rows)
    }

    pub(crate) fn text(&self) -> String {
        let rows: Vec<Vec<String>> =
            self.0.iter().map(|(name, value)| vec![format!("{name:>10}"), value.clone()]).collect();
        columns::render(&rows)
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.0.iter().map(|(name, value)| (name.replace(' ', "_"), Value::from(value.as_str())));
        json!({"event": "plan", "plan": rows.collect::<serde_json::Map<_, _>>()})
    }
}

/// How much is going to run.
pub(crate) fn size(ground: &PreflightResult) -> Size {
    Size {
        tasks: ground.variables.number_or("desired_count", 1),
        cpu_units: ground.variables.number_or("fargate_cpu", 256),
        memory_mib: ground.variables.number_or("fargate_memory", 512),
        arm64: ground.architecture == Architecture::Arm64,
        public_address: ground.variables.text_or("assign_public_ip", "true") == "true",
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

fn built(ground: &PreflightResult, image: Option<&str>) -> String {
    match (image, &ground.builder) {
        (Some(image), _) => image.to_owned(),
        (None, Some(plan)) => format!("{plan}, pushed to {}", ground.place.names.repository()),
        (None, None) => "none".to_owned(),
    }
}

fn stored(ground: &PreflightResult) -> String {
    match &ground.adoption {
        None => format!("{}, new", ground.variables.text_or("table_name", &ground.place.names.table())),
        Some(adoption) if adoption.ours => format!("{}, which is there and keeps its notes", adoption.table),
        Some(adoption) => format!("{}, taken over from somebody else with its notes", adoption.table),
    }
}

fn token(ground: &PreflightResult) -> String {
    match ground.variables.text("token_parameter_arn") {
        Some(arn) => format!("the token in {arn}"),
        None => format!("a token in {}", ground.place.names.token_parameter()),
    }
}

fn reached(ground: &PreflightResult) -> String {
    let port = ground.variables.number_or("container_port", 3333);
    if ground.exposure.public {
        return format!(
            "EVERYBODY on the internet ({}), port {port}, with the token, over plain HTTP",
            ground.exposure.cidr
        );
    }
    format!("{} only, port {port}, with the token", ground.exposure.cidr)
}
