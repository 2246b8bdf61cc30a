//! The figures as a page of Markdown: a chart and a table for each axis, and what has no figure, with the reason.

use super::figures::{Axis, Curve, Figure, Grows, Growth, Outcome, Point};

impl Grows {
    /// The heading of its part of the page.
    fn title(self) -> &'static str {
        match self {
            Self::Notes => "Notes in a session",
            Self::Sessions => "Sessions in the table",
            Self::Replicas => "Replicas",
        }
    }

    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Notes => "growth-notes.svg",
            Self::Sessions => "growth-sessions.svg",
            Self::Replicas => "growth-replicas.svg",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Self::Notes => {
                "Sessions of so many notes, the small ones often enough to be 20,000 notes together, so that what is added meanwhile \
                 lengthens none by much. `reset_session` is told for each note that it deletes: 0 is in proportion to the notes."
            }
            Self::Sessions => {
                "Each has its own item and one note. The last row is three calls, a session from its handle to its first note read."
            }
            Self::Replicas => {
                "The same load in all, spread over the replicas: 12 connections, and the CPU of all processes together. Replicas know \
                 nothing of each other, which is what the calls and units show. CPU may rise all the same: each has fewer connections and \
                 wakes up for less. So `add_note` is asked of one replica alone, too, over as many connections as each has then. They share the cores with the load and the stand-in, so nothing here says how much more many of \
                 them can do."
            }
        }
    }
}

/// docs/bench/growth.md.
pub(crate) fn page(growth: &Growth) -> String {
    let machine = &growth.machine;
    let mut page = format!(
        "# How cost grows\n\n\
         Written by `cargo xtask bench --growth` at {} from revision {}; the figures themselves are in [growth.json](growth.json).\n\
         On {} × {}, {:.0} GB, {}; the load average of the machine was {:.1} before and {:.1} after, our own load included.\n\n\
         Ours only, over MCP 2026-07-28, as it is deployed: a token, a log line for each call. Each point has a stand-in for DynamoDB \
         and a service of its own. The exponent is the slope where both scales are powers of ten, by least squares: 0 does not \
         grow, 1 grows in proportion. CPU is the service's alone, calls and units are those that the stand-in counts.\n\
         **The stand-in is SQLite, which grows in its own way** (it walks to where a cursor points, say): how long it takes is not told here, and says \
         nothing of DynamoDB. \
         What DynamoDB does at a size that fits no laptop is on paper in [scale.md](scale.md).\n\n",
        growth.date,
        growth.revision,
        machine.cores,
        machine.cpu,
        machine.memory_gb,
        machine.system,
        machine.load_before,
        machine.load_after,
    );
    for axis in &growth.axes {
        page += &section(axis);
    }
    page + "## Again\n\n\
        `cargo xtask bench --growth`, after the release build that it does first: about ten minutes and a gigabyte of memory. It needs Rust \
        and a C compiler only.\n"
}

fn section(axis: &Axis) -> String {
    let title = axis.grows.title();
    let mut text = format!("## {title}\n\n![{title}]({})\n\n{}\n\n", axis.grows.file(), axis.grows.explained());
    let places: Vec<String> = axis.places().into_iter().map(place).collect();
    text +=
        &format!("| call | for each | {} | exponent |\n|{}\n", places.join(" | "), " --- |".repeat(places.len() + 3));
    for curve in &axis.curves {
        for figure in Figure::ALL {
            let cells: Vec<String> = axis.places().into_iter().map(|at| cell(curve, at, figure)).collect();
            text += &format!(
                "| {} | {} | {} | {} |\n",
                curve.call,
                figure.name(),
                cells.join(" | "),
                exponent(curve, figure)
            );
        }
    }
    text.push('\n');
    for (curve, point, why) in missing(axis) {
        text += &format!("- **No figure** for {} at {}: {why}\n", curve.call, place(point.at));
    }
    if let Some((notes, seconds)) = axis.filled.last() {
        text += &format!(
            "- The stand-in was filled in batches of 25; the last point, {}, took {seconds:.0} s.\n",
            place(*notes)
        );
    }
    if text.ends_with("\n\n") { text } else { text + "\n" }
}

fn cell(curve: &Curve, at: u64, figure: Figure) -> String {
    match curve.points.iter().find(|point| point.at == at).map(|point| &point.outcome) {
        Some(Outcome::Measured(measured)) => amount(measured.figure(figure)),
        Some(Outcome::Missing(_)) | None => "–".to_owned(),
    }
}

fn missing(axis: &Axis) -> impl Iterator<Item = (&Curve, &Point, &str)> {
    axis.curves.iter().flat_map(|curve| {
        curve.points.iter().filter_map(move |point| match &point.outcome {
            Outcome::Missing(why) => Some((curve, point, why.as_str())),
            Outcome::Measured(_) => None,
        })
    })
}

/// In two digits; without the sign that a zero may have.
pub(crate) fn exponent(curve: &Curve, figure: Figure) -> String {
    match curve.exponent(figure) {
        Some(exponent) if exponent.abs() < 0.005 => "0.00".to_owned(),
        Some(exponent) => format!("{exponent:.2}"),
        None => "–".to_owned(),
    }
}

/// Three figures that count.
fn amount(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A place on an axis: a power of ten as one.
pub(crate) fn place(at: u64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match at.checked_ilog10().map(|power| (power, 10_u64.pow(power))) {
        Some((power @ 2..=9, whole)) if whole == at => format!("10{}", DIGITS[power as usize]),
        _ => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::figures::tests::axis_with_a_gap, *};

    #[test]
    fn a_missing_point_is_told_as_such_with_its_reason() {
        let text = section(&axis_with_a_gap());
        assert!(text.contains("| call | for each | 10² | 10³ | 10⁴ | exponent |"), "{text}");
        assert!(text.contains("| reset_session | CPU of the service, µs | 10.0 | 100 | – | 1.00 |"), "{text}");
        assert!(text.contains("- **No figure** for reset_session at 10⁴: the deadline came first"), "{text}");
    }

    #[test]
    fn what_does_not_grow_has_an_exponent_of_zero() {
        let axis = axis_with_a_gap();
        assert_eq!(exponent(&axis.curves[0], Figure::Units), "0.00");
    }

    #[test]
    fn powers_of_ten_are_told_as_such() {
        assert_eq!([1, 4, 100, 250, 1_000_000].map(place), ["1", "4", "10²", "250", "10⁶"]);
    }
}
