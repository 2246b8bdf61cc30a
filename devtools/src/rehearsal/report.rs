//! What came of a rehearsal, scenario by scenario. Judges nothing.

use xtask::{
    columns,
    ui::{self, Tone},
};

/// Results in the order in which scenarios ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    seconds: f64,
    /// What was seen, or all that went wrong.
    result: Result<String, String>,
}

impl Report {
    /// Notes a result, and says it at once: the next may take minutes.
    pub(crate) fn add(&mut self, name: &'static str, seconds: f64, result: anyhow::Result<String>) {
        let result = result.map_err(|error| format!("{error:#}"));
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let (Ok(detail) | Err(detail)) = &result;
        ui::step(word, &format!("{name}, {seconds:.1} s: {detail}"));
        self.rows.push(Row { name, seconds, result });
    }

    /// Notes a scenario that could not be tried because what it builds on failed.
    pub(crate) fn skip(&mut self, name: &'static str, because: &str) {
        let result = Err(format!("not tried: `{because}` failed"));
        ui::step("FAILED", &format!("{name}: not tried, because `{because}` failed"));
        self.rows.push(Row { name, seconds: 0.0, result });
    }

    pub(crate) fn failed(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.name == name && row.result.is_err())
    }

    /// The names of what failed.
    pub(crate) fn failures(&self) -> Vec<&'static str> {
        self.rows.iter().filter(|row| row.result.is_err()).map(|row| row.name).collect()
    }

    /// A row for each scenario.
    pub(crate) fn table(&self) -> String {
        let row = |row: &Row| {
            let (word, detail) = match &row.result {
                Ok(seen) => (ui::paint(Tone::Good, "ok"), seen.as_str()),
                Err(error) => (ui::paint(Tone::Bad, "FAILED"), error.lines().next().unwrap_or_default()),
            };
            vec![word, format!("{:>6.1} s", row.seconds), row.name.to_owned(), detail.to_owned()]
        };
        columns::render(&self.rows.iter().map(row).collect::<Vec<_>>())
    }
}
