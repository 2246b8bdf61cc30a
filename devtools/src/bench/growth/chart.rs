//! The curves of one dimension: a panel for each figure, both scales logarithmic, with a legend that gives each
//! exponent.

use plotters::prelude::*;

use super::{
    figures::{Axis, Dimension, Figure, Growth},
    report::{exponent, format_position},
};
use crate::bench::chart::{ACCENT, Area, CAPTION, GRID, WIDTH, font, svg};

const PANEL: u32 = 230;
/// Width of the curves, left of the legend.
const CURVES: u32 = 540;
const LINE: i32 = 20;
const COLOURS: [RGBColor; 4] =
    [ACCENT, RGBColor(0x1f, 0x6f, 0x8b), RGBColor(0x5b, 0x7f, 0x2b), RGBColor(0x7a, 0x49, 0x88)];

impl Dimension {
    fn noun(self) -> &'static str {
        match self {
            Self::Notes => "notes in a session",
            Self::Sessions => "sessions in the table",
            Self::Replicas => "replicas",
        }
    }
}

/// Draws the dimension's file.
pub(crate) fn chart(growth: &Growth, axis: &Axis) -> anyhow::Result<String> {
    let caption = format!(
        "Cost of a call by {}, {}; logarithmic scales; the legend gives exponents",
        axis.dimension.noun(),
        growth.date
    );
    svg((WIDTH, CAPTION + PANEL * Figure::ALL.len() as u32), |area| {
        let (top, panels) = area.split_vertically(CAPTION);
        top.draw(&Text::new(caption, (10, 14), font(14)))?;
        for (panel, figure) in panels.split_evenly((Figure::ALL.len(), 1)).iter().zip(Figure::ALL) {
            draw_panel(panel, axis, figure)?;
        }
        Ok(())
    })
}

fn draw_panel(area: &Area<'_>, axis: &Axis, figure: Figure) -> anyhow::Result<()> {
    area.draw(&Text::new(figure.name(), (10, 4), font(14)))?;
    let positions: Vec<f64> = axis.positions().into_iter().map(|at| at as f64).collect();
    let measured: Vec<(f64, f64)> = axis.curves.iter().flat_map(|curve| curve.measured(figure)).collect();
    let (Some(x), Some(y)) = (range(positions.iter().copied()), range(measured.iter().map(|(_, y)| *y))) else {
        area.draw(&Text::new("no figures", (70, 60), font(13)))?;
        return Ok(());
    };
    let tens = powers_of_ten(y);
    let y = (tens[0], tens[tens.len() - 1]);
    let (curves, legend) = area.split_horizontally(CURVES);
    let mut chart = ChartBuilder::on(&curves)
        .margin_top(28)
        .margin_right(16)
        .x_label_area_size(28)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (x.0..x.1.max(x.0 * 10.0)).log_scale().with_key_points(positions),
            (y.0..y.1).log_scale().with_key_points(tens),
        )?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(GRID)
        .label_style(font(13))
        .x_label_formatter(&|at| format_position(*at as u64))
        .y_label_formatter(&ToString::to_string)
        .draw()?;
    for (number, (curve, colour)) in axis.curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let points = curve.measured(figure);
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        let y = 34 + LINE * i32::try_from(number)?;
        legend.draw(&Rectangle::new([(4, y), (20, y + 4)], colour.filled()))?;
        let text = format!("{}: {}", curve.call, exponent(curve, figure));
        legend.draw(&Text::new(text, (26, y - 5), font(13)))?;
    }
    Ok(())
}

/// The range of the positive values. A logarithmic scale has no other ones.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (from, to) = values
        .filter(|value| *value > 0.0)
        .fold((f64::INFINITY, 0.0_f64), |(from, to), value| (from.min(value), to.max(value)));
    (from <= to).then_some((from, to))
}

/// Lists the powers of ten around a range, at least two.
fn powers_of_ten((from, to): (f64, f64)) -> Vec<f64> {
    let (low, high) = (from.log10().floor() as i32, to.log10().ceil() as i32);
    // Parsed because computed powers are inexact: 0.001 would print as 0.0010000000000000002.
    (low..=high.max(low + 1)).filter_map(|power| format!("1e{power}").parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::figures::tests::axis_with_a_gap, *};
    use crate::bench::machine::Machine;

    #[test]
    fn missing_point_has_no_dot() {
        let growth = Growth {
            date: String::new(),
            revision: String::new(),
            machine: Machine::default(),
            axes: vec![axis_with_a_gap()],
        };
        let svg = chart(&growth, &growth.axes[0]).unwrap();
        // Two measured points in each of three panels.
        assert_eq!(svg.matches("<circle").count(), 6, "{svg}");
        assert!(svg.contains("reset_session: 1.00") && svg.contains("10⁴"), "{svg}");
    }

    #[test]
    fn scale_covers_whole_powers_of_ten() {
        assert_eq!(powers_of_ten((3.0, 700.0)), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(powers_of_ten((0.002, 0.002)), [0.001, 0.01]);
        assert_eq!(powers_of_ten((1.0, 1.0)), [1.0, 10.0]);
        assert_eq!(range([0.0, -1.0].into_iter()), None);
    }
}
