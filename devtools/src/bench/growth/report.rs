//! The page docs/bench/growth.md: a chart and a table for each dimension, and the reasons for missing figures.

use super::figures::{Axis, Curve, Dimension, Figure, Growth, Outcome, Point};

impl Dimension {
    /// The heading of its section.
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

    fn explanation(self) -> &'static str {
        match self {
            Self::Notes => {
                "Small sessions are filled several times, up to 20,000 notes in all, so that the notes added during the measurement \
                 lengthen none of them much. The figures of `reset_session` are per deleted note: an exponent of 0 is linear in the notes."
            }
            Self::Sessions => {
                "Each session has its own item and one note. The last call is a sequence of three: create a session, add its first \
                 note, read it."
            }
            Self::Replicas => {
                "The same load of 12 connections, spread over the replicas. CPU is the sum of all processes. Replicas do not communicate, \
                 so calls and units stay constant. CPU may still rise because each replica has fewer connections and does less work each \
                 time it wakes up. To show this, one replica is also measured alone with as many connections as each of several has. The \
                 replicas share the cores with the load and the stand-in, so these figures do not show how throughput scales."
            }
        }
    }
}

/// Writes docs/bench/growth.md.
pub(crate) fn page(growth: &Growth) -> String {
    let machine = &growth.machine;
    let mut page = format!(
        "# How cost grows\n\n\
         Measured by `cargo xtask bench --growth` at {}, revision {}. The raw figures are in [growth.json](growth.json).\n\
         Machine: {} × {}, {:.0} GB, {}. Its load average was {:.1} before and {:.1} after, including the benchmark itself.\n\n\
         The service runs alone, over MCP 2026-07-28 and with the settings of a deployment: a token and a log line for each call. Each \
         point has a new stand-in for DynamoDB and a new service. The exponent is the slope on logarithmic scales, by least squares: 0 \
         is constant, 1 is linear. CPU is the service's alone. Calls and units are counted by the stand-in.\n\
         **The stand-in is SQLite, whose cost grows differently** (for example, it scans to the position of a cursor). Its time is not \
         included and would not predict DynamoDB. [scale.md](scale.md) estimates DynamoDB at sizes that do not fit a laptop.\n\n",
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
    page + "## Run it again\n\n\
        `cargo xtask bench --growth` takes about ten minutes after its release build, and a gigabyte of memory. It needs Rust and a C \
        compiler only. `cargo xtask bench --redraw` writes the pages and charts again without measuring.\n"
}

fn section(axis: &Axis) -> String {
    let title = axis.dimension.title();
    let mut text =
        format!("## {title}\n\n![{title}]({})\n\n{}\n\n", axis.dimension.file(), axis.dimension.explanation());
    let positions: Vec<String> = axis.positions().into_iter().map(format_position).collect();
    text += &format!(
        "| call | figure | {} | exponent |\n|{}\n",
        positions.join(" | "),
        " --- |".repeat(positions.len() + 3)
    );
    for curve in &axis.curves {
        for figure in Figure::ALL {
            let cells: Vec<String> = axis.positions().into_iter().map(|at| cell(curve, at, figure)).collect();
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
        text += &format!("- **No figure** for {} at {}: {why}\n", curve.call, format_position(point.at));
    }
    if let Some((notes, seconds)) = axis.filled.last() {
        text += &format!(
            "- The stand-in was filled in batches of 25; the last point, {}, took {seconds:.0} s.\n",
            format_position(*notes)
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

/// Formats an exponent with two decimals, without the sign of a rounded zero.
pub(crate) fn exponent(curve: &Curve, figure: Figure) -> String {
    match curve.exponent(figure) {
        Some(exponent) if exponent.abs() < 0.005 => "0.00".to_owned(),
        Some(exponent) => format!("{exponent:.2}"),
        None => "–".to_owned(),
    }
}

/// Formats a value with three significant digits.
fn amount(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Formats a position on an axis, from 100 on as a power of ten if it is one.
pub(crate) fn format_position(at: u64) -> String {
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
    fn missing_figure_is_listed_with_its_reason() {
        let text = section(&axis_with_a_gap());
        assert!(text.contains("| call | figure | 10² | 10³ | 10⁴ | exponent |"), "{text}");
        assert!(text.contains("| reset_session | CPU of the service, µs | 10.0 | 100 | – | 1.00 |"), "{text}");
        assert!(text.contains("- **No figure** for reset_session at 10⁴: the deadline came first"), "{text}");
    }

    #[test]
    fn constant_cost_has_exponent_zero() {
        let axis = axis_with_a_gap();
        assert_eq!(exponent(&axis.curves[0], Figure::Units), "0.00");
    }

    #[test]
    fn powers_of_ten_have_exponents() {
        assert_eq!([1, 4, 100, 250, 1_000_000].map(format_position), ["1", "4", "10²", "250", "10⁶"]);
    }
}
