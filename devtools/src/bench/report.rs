//! The figures as a page of Markdown: the goals first, then ratios, then what they were made of.

use bench_load::{Surface, Work};

use super::{
    figures::{Figures, Row, median},
    goals::{self, Goal},
    peer::Contestant,
    schedule::DELAY_MS,
};

/// docs/bench/README.md.
pub(crate) fn page(figures: &Figures) -> String {
    let machine = &figures.machine;
    let mut page = format!(
        "# Measured beside the others\n\n\
         Written by `cargo xtask bench{}` at {} from revision {}; the figures themselves are in [results.json](results.json).\n\
         On {} × {}, {:.0} GB, {}; the load average of the machine was {:.1} before and {:.1} after, our own load included.\n\n\
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
    page += "\n\nWhat holds back those that are not met, with the profile: [profile.md](profile.md). How cost grows with notes, sessions and \
        replicas: [growth.md](growth.md); on paper to a billion notes a day: [scale.md](scale.md). \
        What a deploy takes beyond Terraform, and what it pushes, is told by `cargo xtask rehearse`.\n\n";
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

/// The goals as a table.
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
    let mut text = "## Hot `echo_cached`, side by side\n\n\
        All three run at once and are asked in turn, 32 connections, round by round; the middle round counts.\n\n\
        | server | surface | CPU s per 1,000 | ÷ axum echo | rounds |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    let floor = figures.duel(Contestant::Axum, Surface::Echo).unwrap_or(f64::NAN);
    for duel in &figures.duels {
        let middle = median(&duel.rounds);
        let rounds: Vec<String> = duel.rounds.iter().map(|round| format!("{round:.4}")).collect();
        let (server, surface) = (duel.contestant.name(), duel.surface.name());
        line(
            &mut text,
            &format!("| {server} | {surface} | {middle:.4} | {:.2} | {} |", middle / floor, rounds.join(" ")),
        );
    }
    text + "\n"
}

fn cpu(figures: &Figures) -> String {
    let mut text = "## CPU seconds per 1,000 requests\n\n\
        At 32 connections, the store without delay. In brackets: how many times ours over the same surface's family \
        (MCP 2026-07-28, or REST).\n\n"
        .to_owned();
    line(&mut text, &head("server"));
    for (contestant, surface) in servers() {
        let cells = Work::ALL.map(|work| {
            let Some(cpu) = figures.cpu(contestant, surface, work) else { return "–".to_owned() };
            let ours = if surface == Surface::Rest { Surface::Rest } else { Surface::Mcp2026 };
            match figures.cpu(Contestant::Ours, ours, work) {
                Some(own) if contestant != Contestant::Ours => format!("{cpu:.3} ({:.2}×)", cpu / own),
                _ => format!("{cpu:.3}"),
            }
        });
        line(&mut text, &format!("| {}, {} | {} |", contestant.name(), surface.name(), cells.join(" | ")));
    }
    text + "\n"
}

fn speed(figures: &Figures, delay_ms: u64) -> String {
    let mut text = match delay_ms {
        0 => "## Requests a second, p50 and p99 in ms\n\n".to_owned(),
        _ => format!("## The same with the store {delay_ms} ms away\n\n"),
    };
    for connections in [1, 32, 256] {
        let of = |contestant, surface, work| figures.row(contestant, surface, work, connections, delay_ms);
        let lines: Vec<String> = servers()
            .filter(|(contestant, surface)| Work::ALL.iter().any(|work| of(*contestant, *surface, *work).is_some()))
            .map(|(contestant, surface)| {
                let cells = Work::ALL.map(|work| of(contestant, surface, work).map_or("–".to_owned(), speed_cell));
                format!("| {}, {} | {} |", contestant.name(), surface.name(), cells.join(" | "))
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
        | server | first answer, ms | idle, MB | at most under load, MB | binary, MB |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for process in &figures.processes {
        let size = process.size_mb.map_or("–".to_owned(), short);
        let (first, idle, peak) = (short(process.first_answer_ms), short(process.idle_mb), short(process.peak_mb));
        line(&mut text, &format!("| {} | {first} | {idle} | {peak} | {size} |", process.contestant.name()));
    }
    text + "\nThe bare SDK call's binary holds the stand-in, too.\n\n"
}

fn image(figures: &Figures) -> String {
    let Some(image) = &figures.image else {
        return "## The image\n\nNot built in this run. The whole run builds it, and so does `--quick --image`.\n\n"
            .to_owned();
    };
    let mut text = format!(
        "## The image\n\n\
         Built as `deploy --builder native` does, for {}; compressed, as it is pushed and pulled.\n\n\
         | part | bytes |\n| --- | --- |\n",
        image.weight.target
    );
    for part in &image.weight.parts {
        line(&mut text, &format!("| {} | {} |", part.what, part.bytes));
    }
    line(&mut text, &format!("| **sum** | {} |\n", image.weight.bytes()));
    text + &format!("Its binary has {} MB resident once `/readyz` answers.\n\n", short(image.ready_mb))
}

fn costs(figures: &Figures) -> String {
    let mut text = "## What one call takes of DynamoDB\n\n\
        Calls and capacity units, as the stand-in counts them, once the session is there and the hot text cached.\n\n\
        | server | call | operations | units |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for cost in &figures.costs {
        let operations: Vec<String> =
            cost.operations.iter().map(|(operation, (calls, _))| format!("{calls} {operation}")).collect();
        let operations = if operations.is_empty() { "none".to_owned() } else { operations.join(", ") };
        let units = cost.operations.values().fold(0.0, |sum, (_, units)| sum + units);
        line(&mut text, &format!("| {} | {} | {operations} | {units} |", cost.contestant.name(), cost.work.name()));
    }
    text + "\n"
}

fn meaning(figures: &Figures) -> String {
    let versions: Vec<String> = figures.versions.iter().map(|version| format!("- {version}")).collect();
    format!(
        "## What the figures mean\n\n\
         - CPU is user and system time of the server's process, which another load on the machine moves least; requests a second\n  \
           and latencies share the cores with the load and the store, and mean something only beside each other.\n\
         - Every contestant has the same work, the same store (one of its own, begun anew) and every answer checked: a wrong one ends the run.\n\
         - Ours runs as it is deployed: bearer token, a log line and metrics for every call. The others ask for no token and log nothing.\n\
         - FastMCP and the TypeScript SDK are in their cheapest mode (stateless, JSON) and have a dictionary in front of the cache in\n  \
           the table, as ours has, so that hot `echo_cached` compares the frameworks. The Python standard library server does as the\n  \
           original did: cache in the table alone, one request at a time, one connection for each.\n\
         - The mix is five `add_note`, three `get_notes` of 50 notes and two cold `echo_cached` of ten calls.\n\n\
         ## Again\n\n\
         `cargo xtask bench` (about a quarter of an hour), `cargo xtask bench --quick` (a few minutes); after the build, which they do first.\n\
         The whole run also builds the image, which is a release build of its own; a quick one does with `--image`.\n\
         They need Rust, Node with npm, and Python 3.10 or newer with venv. Built in release, as it is deployed. Versions:\n\n{}\n",
        versions.join("\n")
    )
}

fn servers() -> impl Iterator<Item = (Contestant, Surface)> {
    Contestant::ALL
        .into_iter()
        .flat_map(|contestant| contestant.surfaces().iter().map(move |surface| (contestant, *surface)))
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

/// Three figures that count.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::image_size::Weight;
    use super::*;
    use crate::bench::{figures::Image, machine::Machine};

    fn figures(image: Option<Image>) -> Figures {
        let machine = Machine {
            cpu: String::new(),
            cores: 1,
            memory_gb: 1.0,
            system: String::new(),
            load_before: 0.0,
            load_after: 0.0,
        };
        Figures {
            date: String::new(),
            revision: String::new(),
            quick: image.is_none(),
            machine,
            versions: Vec::new(),
            duels: Vec::new(),
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
    fn an_image_is_told_part_by_part_and_one_that_was_not_built_meets_nothing() {
        let of = |binary: u64| {
            let weight = Weight::new("t", [("layer", binary), ("configuration", 549)]);
            page(&figures(Some(Image { weight, ready_mb: 11.0 })))
        };
        let light = of(6_999_000);
        for line in
            ["| image, compressed | ≤ 7.00 MB | 7.00 MB | met |", "| layer | 6999000 |", "| **sum** | 6999549 |"]
        {
            assert!(light.contains(line), "{line} is not in\n{light}");
        }
        assert!(of(7_100_000).contains("| image, compressed | ≤ 7.00 MB | 7.10 MB | **not met** |"));
        let unknown = "| image, compressed | ≤ 7.00 MB | not in this run | **not measured** |";
        assert!(page(&figures(None)).contains(unknown));
    }

    #[test]
    fn small_ratios_read_as_parts() {
        let goal = |unit| Goal { figure: String::new(), bound: 0.0, measured: None, unit };
        assert_eq!(amount(0.02, &goal("×")), "1/50");
        assert_eq!(amount(1.049, &goal("×")), "1.05");
        assert_eq!(amount(0.3, &goal("ms")), "0.30 ms");
    }
}
