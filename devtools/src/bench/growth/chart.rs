//! An axis as a picture, in SVG by hand: a panel for each figure, both scales in powers of ten, the exponent at each curve's end.

use super::{
    figures::{Axis, Curve, Figure, Grows, Growth},
    page::{exponent, place},
};

const WIDTH: f64 = 860.0;
const PANEL: f64 = 230.0;
const TOP: f64 = 40.0;
/// Where curves are, within a panel.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 520.0;
const UPPER: f64 = 26.0;
const LOWER: f64 = 190.0;
/// What a label takes in height.
const LABEL: f64 = 16.0;
const COLOURS: [&str; 4] = ["#b7410e", "#1f6f8b", "#5b7f2b", "#7a4988"];

impl Grows {
    fn noun(self) -> &'static str {
        match self {
            Self::Notes => "notes in a session",
            Self::Sessions => "sessions in the table",
            Self::Replicas => "replicas",
        }
    }
}

/// The axis' own file.
pub(crate) fn chart(growth: &Growth, axis: &Axis) -> String {
    let height = TOP + PANEL * Figure::ALL.len() as f64;
    let caption = format!(
        "What a call takes by {}, {}; both scales in powers of ten; beside each curve its exponent",
        axis.grows.noun(),
        growth.date
    );
    let mut body = text(10.0, 22.0, "start", "#222222", &caption);
    for (number, figure) in Figure::ALL.into_iter().enumerate() {
        body += &format!(
            "<g transform=\"translate(0 {:.0})\">\n{}</g>\n",
            TOP + PANEL * number as f64,
            panel(axis, figure)
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn panel(axis: &Axis, figure: Figure) -> String {
    let all: Vec<(f64, f64)> = axis.curves.iter().flat_map(|curve| curve.measured(figure)).collect();
    let mut body = text(10.0, 14.0, "start", "#222222", figure.name());
    let (Some(across), Some(up)) = (
        Scale::over(axis.places().into_iter().map(|at| at as f64), (LEFT, RIGHT)),
        Scale::by_tens(all.iter().map(|(_, y)| *y), (LOWER, UPPER)),
    ) else {
        return body + &text(LEFT, UPPER + 20.0, "start", "#222222", "nothing was measured");
    };
    for ten in up.tens() {
        let y = up.at(ten);
        body += &format!("<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#dddddd\"/>\n");
        body += &text(LEFT - 8.0, y + 4.0, "end", "#555555", &ten.to_string());
    }
    for at in axis.places() {
        body += &text(across.at(at as f64), LOWER + 18.0, "middle", "#555555", &place(at));
    }
    let mut labels = Vec::new();
    for (curve, colour) in axis.curves.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<(f64, f64)> =
            curve.measured(figure).into_iter().map(|(x, y)| (across.at(x), up.at(y))).collect();
        body += &line(&points, colour);
        if let Some((_, y)) = points.last() {
            labels.push((*y, *colour, label(curve, figure)));
        }
    }
    for (y, colour, label) in apart(labels) {
        body += &text(RIGHT + 14.0, y + 4.0, "start", colour, &label);
    }
    body
}

fn label(curve: &Curve, figure: Figure) -> String {
    format!("{}: {}", curve.call, exponent(curve, figure))
}

fn line(points: &[(f64, f64)], colour: &str) -> String {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let mut body =
        format!("<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n", path.join(" "));
    for (x, y) in points {
        body += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>\n");
    }
    body
}

/// The labels from top to bottom, none upon another.
fn apart<T>(mut labels: Vec<(f64, T, String)>) -> Vec<(f64, T, String)> {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    // What is pushed down has room below, if the first begins high enough.
    let mut least = UPPER;
    let room = LOWER - LABEL * labels.len() as f64;
    for (number, label) in labels.iter_mut().enumerate() {
        label.0 = label.0.min(room + LABEL * (number + 1) as f64).max(least);
        least = label.0 + LABEL;
    }
    labels
}

fn text(x: f64, y: f64, anchor: &str, colour: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>\n")
}

/// A scale in powers of ten between two places of the picture.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: f64,
    to: f64,
    place: (f64, f64),
}

impl Scale {
    /// From the least value to the greatest.
    fn over(values: impl Iterator<Item = f64>, place: (f64, f64)) -> Option<Self> {
        let (from, to) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(from, to), value| (from.min(value), to.max(value)));
        (from <= to).then_some(Self { from, to, place })
    }

    /// The same, widened to whole powers of ten, of which there are two or more.
    fn by_tens(values: impl Iterator<Item = f64>, place: (f64, f64)) -> Option<Self> {
        let Self { from, to, .. } = Self::over(values, place)?;
        let (low, high) = (from.log10().floor(), to.log10().ceil());
        Some(Self { from: 10_f64.powf(low), to: 10_f64.powf(high.max(low + 1.0)), place })
    }

    fn at(self, value: f64) -> f64 {
        let share = if self.to > self.from { (value / self.from).ln() / (self.to / self.from).ln() } else { 0.0 };
        self.place.0 + share * (self.place.1 - self.place.0)
    }

    fn tens(self) -> impl Iterator<Item = f64> {
        let (low, high) = (self.from.log10().round() as i32, self.to.log10().round() as i32);
        // As written, not as a power is computed: 0.001 and nothing beside it.
        (low..=high).filter_map(|power| format!("1e{power}").parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::figures::tests::axis_with_a_gap, *};

    #[test]
    fn a_missing_point_is_no_dot() {
        let panel = panel(&axis_with_a_gap(), Figure::Cpu);
        assert_eq!(panel.matches("<circle").count(), 2, "{panel}");
        assert!(panel.contains("reset_session: 1.00") && panel.contains(">10⁴<"), "{panel}");
    }

    #[test]
    fn equal_steps_are_equal_factors() {
        let scale = Scale::by_tens([3.0, 700.0].into_iter(), (0.0, 300.0)).unwrap();
        assert_eq!(scale.tens().collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1000.0]);
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9 && (scale.at(100.0) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn labels_of_curves_that_meet_are_apart_and_inside() {
        for y in [UPPER, 100.0, LOWER] {
            let placed = apart(vec![(y, "a", String::new()), (y, "b", String::new()), (y, "c", String::new())]);
            let ys: Vec<f64> = placed.iter().map(|label| label.0).collect();
            assert!(ys.windows(2).all(|pair| pair[1] - pair[0] >= LABEL - 1e-9), "{ys:?}");
            assert!(ys[0] >= UPPER && ys[2] <= LOWER, "{ys:?}");
        }
    }
}
