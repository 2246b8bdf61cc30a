//! The results of a rehearsal, scenario by scenario.

use xtask::{
    columns,
    ui::{self, Tone},
};

/// Results, in the order in which scenarios ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    seconds: f64,
    /// A summary, or the whole error.
    result: Result<String, String>,
}

impl Report {
    /// Records and prints a result. It is printed at once because the next may take minutes.
    pub(crate) fn add(&mut self, name: &'static str, seconds: f64, result: anyhow::Result<String>) {
        let result = result.map_err(|error| format!("{error:#}"));
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let (Ok(detail) | Err(detail)) = &result;
        ui::step(word, &format!("{name}, {seconds:.1} s: {detail}"));
        self.rows.push(Row { name, seconds, result });
    }

    /// Records a scenario that was skipped because one that it needs failed.
    pub(crate) fn skip(&mut self, name: &'static str, need: &str) {
        let result = Err(format!("skipped: `{need}` failed"));
        ui::step("FAILED", &format!("{name}: skipped because `{need}` failed"));
        self.rows.push(Row { name, seconds: 0.0, result });
    }

    pub(crate) fn failed(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.name == name && row.result.is_err())
    }

    /// Names the scenarios that failed.
    pub(crate) fn failures(&self) -> Vec<&'static str> {
        self.rows.iter().filter(|row| row.result.is_err()).map(|row| row.name).collect()
    }

    /// Renders a row for each scenario.
    pub(crate) fn table(&self) -> String {
        let row = |row: &Row| {
            let (word, detail) = match &row.result {
                Ok(summary) => (ui::paint(Tone::Good, "ok"), summary.as_str()),
                Err(error) => (ui::paint(Tone::Bad, "FAILED"), error.lines().next().unwrap_or_default()),
            };
            vec![word, format!("{:>6.1} s", row.seconds), row.name.to_owned(), detail.to_owned()]
        };
        columns::render(&self.rows.iter().map(row).collect::<Vec<_>>())
    }
}
