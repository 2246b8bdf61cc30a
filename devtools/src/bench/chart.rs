//! The figures as a picture, in SVG by hand: bars of CPU per request, on a scale of powers of ten, for they differ by hundreds.

use bench_load::{Surface, Work};

use super::{figures::Figures, peer::Contestant};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 250.0;
const BAR: f64 = 20.0;
const GAP: f64 = 8.0;
/// The scale, in microseconds per request.
const FROM: f64 = 10.0;
const TO: f64 = 20_000.0;

/// docs/bench/cpu.svg.
pub(crate) fn cpu(figures: &Figures) -> String {
    let mut y = 50.0;
    let mut body = String::new();
    for (work, title) in [(Work::EchoHot, "echo_cached, hot"), (Work::Mix, "mix of work on the store")] {
        body += &text(10.0, y, "bold", title);
        y += 14.0;
        for (contestant, surface) in shown() {
            if let Some(cpu) = figures.cpu(contestant, surface, work) {
                body += &bar(y, &format!("{}, {}", contestant.name(), surface.name()), cpu * 1000.0, contestant);
                y += BAR + GAP;
            }
        }
        y += 30.0;
    }
    let caption = format!(
        "CPU per request in µs, 32 connections, {}; shorter is better; the scale is in powers of ten",
        figures.date
    );
    let heading = text(10.0, 22.0, "normal", &caption);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{y}\" fill=\"#ffffff\"/>\n{heading}{body}</svg>\n"
    )
}

fn shown() -> impl Iterator<Item = (Contestant, Surface)> {
    Contestant::ALL
        .into_iter()
        .flat_map(|contestant| contestant.surfaces().iter().map(move |surface| (contestant, *surface)))
}

fn bar(y: f64, name: &str, microseconds: f64, contestant: Contestant) -> String {
    let share = (microseconds / FROM).max(1.0).ln() / (TO / FROM).ln();
    let width = share.min(1.0) * (WIDTH - LEFT - 80.0);
    let colour = if contestant == Contestant::Ours { "#b7410e" } else { "#8a9ba8" };
    let rectangle = format!("<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n");
    let (label, value) = (text(10.0, y + 15.0, "normal", name), format!("{microseconds:.0}"));
    rectangle + &label + &text(LEFT + width + 6.0, y + 15.0, "normal", &value)
}

fn text(x: f64, y: f64, weight: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" font-weight=\"{weight}\" fill=\"#222222\">{text}</text>\n")
}
