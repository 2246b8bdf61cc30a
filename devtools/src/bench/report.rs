//! The page docs/bench/README.md: the goals first, then ratios, then the figures behind them.

use bench_load::{Api, Work};

use super::{
    figures::{Figures, Row, median},
    goals::{self, Goal},
    peer::{self, Peer},
    schedule::DELAY_MS,
};

/// Writes docs/bench/README.md.
pub(crate) fn page(figures: &Figures) -> String {
    let machine = &figures.machine;
    let mut page = format!(
        "# Benchmark results\n\n\
         Measured by `cargo xtask bench{}` at {}, revision {}. The raw figures are in [results.json](results.json).\n\
         Machine: {} × {}, {:.0} GB, {}. Its load average was {:.1} before and {:.1} after, including the benchmark itself.\n\n\
         ![CPU per request](cpu.svg)\n\n",
        match (figures.quick, &figures.image) {
            (true, None) => " --quick",
            (true, Some(_)) => " --quick --image",
            (false, _) => "",
        },
        figures.date,
        figures.revision,
        machine.cores,
        machine.cpu,
        machine.memory_gb,
        machine.system,
        machine.load_before,
        machine.load_after,
    );
    page += "## Goals\n\n";
    page += &goals(figures);
    page += "\n\nThe profile behind the goals that are not met: [profile.md](profile.md). Cost with more notes, sessions and replicas: \
        [growth.md](growth.md). An estimate for a billion notes a day: [scale.md](scale.md). \
        `cargo xtask rehearse` reports how long a deploy takes besides Terraform and what it pushes.\n\n";
    page += &side_by_side(figures);
    page += &cpu(figures);
    for delay_ms in [0, DELAY_MS] {
        page += &speed(figures, delay_ms);
    }
    page += &processes(figures);
    page += &image(figures);
    page += &costs(figures);
    page += &meaning(figures);
    page
}

/// Renders the goals as a table.
pub(crate) fn goals(figures: &Figures) -> String {
    let mut rows = vec![row(["figure", "goal", "measured", ""]), row(["---", "---", "---", "---"])];
    for goal in goals::goals(figures) {
        let measured = goal.measured.map_or_else(|| "not in this run".to_owned(), |value| amount(value, &goal));
        let met = match goal.met() {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "**not measured**",
        };
        rows.push(row([&goal.figure, &format!("≤ {}", amount(goal.bound, &goal)), &measured, met]));
    }
    rows.join("\n")
}

fn amount(value: f64, goal: &Goal) -> String {
    match goal.unit {
        "×" if value < 0.2 && value > 0.0 => format!("1/{:.0}", 1.0 / value),
        "×" => format!("{value:.2}"),
        unit => format!("{} {unit}", short(value)),
    }
}

fn side_by_side(figures: &Figures) -> String {
    let mut text = "## Hot `echo_cached`, interleaved\n\n\
        All three servers run at the same time and are measured in alternation, with 32 connections. The median round counts.\n\n\
        | server | API | CPU s per 1,000 | ÷ axum echo | rounds |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    let floor = figures.interleaved(Peer::Axum, Api::Echo).unwrap_or(f64::NAN);
    for interleaved in &figures.interleaved {
        let middle = median(&interleaved.rounds);
        let rounds: Vec<String> = interleaved.rounds.iter().map(|round| format!("{round:.4}")).collect();
        let (server, api) = (interleaved.peer.name(), interleaved.api.name());
        line(&mut text, &format!("| {server} | {api} | {middle:.4} | {:.2} | {} |", middle / floor, rounds.join(" ")));
    }
    text + "\n"
}

fn cpu(figures: &Figures) -> String {
    let mut text = "## CPU seconds per 1,000 requests\n\n\
        At 32 connections, with no delay of the store. In parentheses: the ratio to mcp-stateful over the same kind of API \
        (MCP 2026-07-28 or REST).\n\n"
        .to_owned();
    line(&mut text, &head("server"));
    for (peer, api) in peer::with_apis() {
        let cells = Work::ALL.map(|work| {
            let Some(cpu) = figures.cpu(peer, api, work) else { return "–".to_owned() };
            let same_kind = if api == Api::Rest { Api::Rest } else { Api::Mcp2026 };
            match figures.cpu(Peer::Service, same_kind, work) {
                Some(own) if peer != Peer::Service => format!("{cpu:.3} ({:.2}×)", cpu / own),
                _ => format!("{cpu:.3}"),
            }
        });
        line(&mut text, &format!("| {}, {} | {} |", peer.name(), api.name(), cells.join(" | ")));
    }
    text + "\n"
}

fn speed(figures: &Figures, delay_ms: u64) -> String {
    let mut text = match delay_ms {
        0 => "## Requests per second, p50 and p99 in ms\n\n".to_owned(),
        _ => format!("## The same with the store {delay_ms} ms away\n\n"),
    };
    for connections in [1, 32, 256] {
        let of = |peer, api, work| figures.row(peer, api, work, connections, delay_ms);
        let lines: Vec<String> = peer::with_apis()
            .filter(|(peer, api)| Work::ALL.iter().any(|work| of(*peer, *api, *work).is_some()))
            .map(|(peer, api)| {
                let cells = Work::ALL.map(|work| of(peer, api, work).map_or("–".to_owned(), speed_cell));
                format!("| {}, {} | {} |", peer.name(), api.name(), cells.join(" | "))
            })
            .collect();
        if !lines.is_empty() {
            let noun = if connections == 1 { "connection" } else { "connections" };
            line(&mut text, &format!("{}\n{}\n", head(&format!("{connections} {noun}")), lines.join("\n")));
        }
    }
    text
}

fn speed_cell(row: &Row) -> String {
    format!("{:.0}/s, {}, {}", row.per_second, short(row.p50_ms), short(row.p99_ms))
}

fn processes(figures: &Figures) -> String {
    let mut text = "## Processes\n\n\
        | server | first response, ms | idle, MB | peak under load, MB | binary, MB |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for process in &figures.processes {
        let size = process.size_mb.map_or("–".to_owned(), short);
        let (first, idle, peak) = (short(process.first_answer_ms), short(process.idle_mb), short(process.peak_mb));
        line(&mut text, &format!("| {} | {first} | {idle} | {peak} | {size} |", process.peer.name()));
    }
    text + "\nThe binary of the bare SDK call contains the stand-in too.\n\n"
}

fn image(figures: &Figures) -> String {
    let Some(image) = &figures.image else {
        return "## The image\n\nNot built in this run. A full run builds it, and so does `--quick --image`.\n\n"
            .to_owned();
    };
    let mut text = format!(
        "## The image\n\n\
         Built for {} as by `deploy --builder native`. Sizes are compressed, as the image is pushed and pulled.\n\n\
         | part | bytes |\n| --- | --- |\n",
        image.size.target
    );
    for part in &image.size.parts {
        line(&mut text, &format!("| {} | {} |", part.name, part.bytes));
    }
    line(&mut text, &format!("| **sum** | {} |\n", image.size.bytes()));
    text + &format!("The resident memory of its binary is {} MB once `/readyz` responds.\n\n", short(image.ready_mb))
}

fn costs(figures: &Figures) -> String {
    let mut text = "## DynamoDB operations per call\n\n\
        Counted by the stand-in, with the session created and the hot text cached before.\n\n\
        | server | call | operations | units |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for cost in &figures.costs {
        let operations: Vec<String> =
            cost.operations.iter().map(|(operation, (calls, _))| format!("{calls} {operation}")).collect();
        let operations = if operations.is_empty() { "none".to_owned() } else { operations.join(", ") };
        let units = cost.operations.values().fold(0.0, |sum, (_, units)| sum + units);
        line(&mut text, &format!("| {} | {} | {operations} | {units} |", cost.peer.name(), cost.work.name()));
    }
    text + "\n"
}

fn meaning(figures: &Figures) -> String {
    let versions: Vec<String> = figures.versions.iter().map(|version| format!("- {version}")).collect();
    format!(
        "## How to read the figures\n\n\
         - CPU is the user and system time of the server's process. Other load on the machine hardly affects it. Throughput and\n  \
           latency do depend on it, and on the load generator and the store, which share the cores. Compare them within one run only.\n\
         - Every server gets the same work and a new store of the same kind. Every response is checked, and a wrong one ends the run.\n\
         - mcp-stateful runs with the settings of a deployment: a bearer token, and a log line and metrics for every call. The other\n  \
           servers have no authentication and no log.\n\
         - FastMCP and the TypeScript SDK run in their cheapest mode (stateless, JSON). They have a dictionary in front of the cached\n  \
           results in the table, as mcp-stateful has, so that hot `echo_cached` compares the frameworks. The server on Python's standard\n  \
           library works like the v1 (Python) server: results are cached in the table only, one request at a time, one connection each.\n\
         - Of ten calls in the mix, five are `add_note`, three are `get_notes` of 50 notes and two are cold `echo_cached`.\n\n\
         ## Run it again\n\n\
         `cargo xtask bench` takes about a quarter of an hour after its build, `cargo xtask bench --quick` a few minutes.\n\
         A full run also builds the image, which is another release build. A quick run does so with `--image`.\n\
         `cargo xtask bench --redraw` writes the pages and charts again without measuring.\n\
         They need Rust, Node with npm, and Python 3.10 or newer with venv. All binaries are release builds. Versions:\n\n{}\n",
        versions.join("\n")
    )
}

fn head(first: &str) -> String {
    format!("| {first} | {} |\n|{}", Work::ALL.map(Work::name).join(" | "), " --- |".repeat(Work::ALL.len() + 1))
}

fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn line(text: &mut String, line: &str) {
    *text += line;
    text.push('\n');
}

/// Formats a value with three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::image_size::ImageSize;
    use super::*;
    use crate::bench::{figures::Image, machine::Machine};

    fn figures(image: Option<Image>) -> Figures {
        Figures {
            date: String::new(),
            revision: String::new(),
            quick: image.is_none(),
            machine: Machine::default(),
            versions: Vec::new(),
            interleaved: Vec::new(),
            rows: Vec::new(),
            processes: Vec::new(),
            costs: Vec::new(),
            embedded_start_ms: 0.0,
            dynamodb_start_ms: 0.0,
            thousand_connections_mb: 0.0,
            image,
        }
    }

    #[test]
    fn image_size_is_listed_by_part_and_judged() {
        let page_with = |binary: u64| {
            let size = ImageSize::new("t", [("layer", binary), ("configuration", 549)]);
            page(&figures(Some(Image { size, ready_mb: 11.0 })))
        };
        let small = page_with(6_999_000);
        for line in
            ["| image, compressed | ≤ 7.00 MB | 7.00 MB | met |", "| layer | 6999000 |", "| **sum** | 6999549 |"]
        {
            assert!(small.contains(line), "{line} is not in\n{small}");
        }
        assert!(page_with(7_100_000).contains("| image, compressed | ≤ 7.00 MB | 7.10 MB | **not met** |"));
        let unknown = "| image, compressed | ≤ 7.00 MB | not in this run | **not measured** |";
        assert!(page(&figures(None)).contains(unknown));
    }

    #[test]
    fn small_ratios_are_fractions() {
        let goal = |unit| Goal { figure: String::new(), bound: 0.0, measured: None, unit };
        assert_eq!(amount(0.02, &goal("×")), "1/50");
        assert_eq!(amount(1.049, &goal("×")), "1.05");
        assert_eq!(amount(0.3, &goal("ms")), "0.30 ms");
    }
}
