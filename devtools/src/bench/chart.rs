//! docs/bench/cpu.svg: bars of the CPU time per request. The scale is logarithmic because the servers differ by orders
//! of magnitude.

use bench_load::{Api, Work};
use plotters::{coord::Shift, prelude::*};

use super::{
    figures::Figures,
    peer::{self, Peer},
};

/// An area of an SVG picture.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) const WIDTH: u32 = 860;
/// Height of the line above all panels.
pub(crate) const CAPTION: u32 = 40;
pub(crate) const TEXT: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// The service's bars and the first curve.
pub(crate) const ACCENT: RGBColor = RGBColor(0xb7, 0x41, 0x0e);

const PEER: RGBColor = RGBColor(0x8a, 0x9b, 0xa8);
const BAR: u32 = 28;
const NAMES: u32 = 250;
const TITLE: u32 = 26;
const SCALE: u32 = 28;
const MARGIN: u32 = 30;
/// The scale, in microseconds per request.
const FROM: f64 = 10.0;
const TO: f64 = 20_000.0;

struct Bar {
    name: String,
    microseconds: f64,
    colour: RGBColor,
}

/// Draws docs/bench/cpu.svg.
pub(crate) fn cpu(figures: &Figures) -> anyhow::Result<String> {
    let panels = [(Work::EchoHot, "echo_cached, hot"), (Work::Mix, "mix of calls on the store")]
        .map(|(work, title)| (title, bars(figures, work)));
    let caption =
        format!("CPU time per request in µs at 32 connections, {}; shorter is better; logarithmic scale", figures.date);
    let height = CAPTION + panels.iter().map(|(_, bars)| panel_height(bars)).sum::<u32>();
    svg((WIDTH, height), |area| {
        let (top, mut rest) = area.split_vertically(CAPTION);
        top.draw(&Text::new(caption, (10, 14), font(14)))?;
        for (title, bars) in &panels {
            let (panel, below) = rest.split_vertically(panel_height(bars));
            draw_panel(&panel, title, bars)?;
            rest = below;
        }
        Ok(())
    })
}

/// Creates an SVG picture. Its background is white, so that its text reads on a light and on a dark page.
pub(crate) fn svg(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> anyhow::Result<()>) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg + "\n")
}

pub(crate) fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&TEXT)
}

fn bars(figures: &Figures, work: Work) -> Vec<Bar> {
    let bar = |(peer, api): (Peer, Api)| {
        let cpu = figures.cpu(peer, api, work)?;
        let colour = if peer == Peer::Service { ACCENT } else { PEER };
        Some(Bar { name: format!("{}, {}", peer.name(), api.name()), microseconds: cpu * 1000.0, colour })
    };
    peer::with_apis().filter_map(bar).collect()
}

fn panel_height(bars: &[Bar]) -> u32 {
    TITLE + BAR * bars.len() as u32 + SCALE + MARGIN
}

fn draw_panel(area: &Area<'_>, title: &str, bars: &[Bar]) -> anyhow::Result<()> {
    let Some(top) = bars.len().checked_sub(1) else { return Ok(()) };
    // The vertical axis counts from the bottom, and the first bar is at the top.
    let bar_at = |number: i32| usize::try_from(number).ok().and_then(|number| bars.get(top.checked_sub(number)?));
    area.draw(&Text::new(title.to_owned(), (10, 6), font(15)))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(TITLE)
        .margin_bottom(MARGIN)
        .margin_right(80)
        .x_label_area_size(SCALE)
        .y_label_area_size(NAMES)
        .build_cartesian_2d((FROM..TO).log_scale(), (0..top as i32).into_segmented())?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(GRID)
        .label_style(font(13))
        .y_labels(bars.len())
        .x_label_formatter(&|microseconds| format!("{microseconds:.0}"))
        .y_label_formatter(&|segment| match segment {
            SegmentValue::CenterOf(number) => bar_at(*number).map_or_else(String::new, |bar| bar.name.clone()),
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        })
        .draw()?;
    let numbered = || (0..=top as i32).filter_map(|number| Some((number, bar_at(number)?)));
    chart.draw_series(numbered().map(|(number, bar)| {
        let corners =
            [(FROM, SegmentValue::Exact(number)), (bar.microseconds.clamp(FROM, TO), SegmentValue::Exact(number + 1))];
        let mut rectangle = Rectangle::new(corners, bar.colour.filled());
        rectangle.set_margin(4, 4, 0, 0);
        rectangle
    }))?;
    chart.draw_series(numbered().map(|(number, bar)| {
        let end = (bar.microseconds.clamp(FROM, TO), SegmentValue::CenterOf(number));
        EmptyElement::at(end) + Text::new(format!("{:.0}", bar.microseconds), (6, -7), font(13))
    }))?;
    Ok(())
}
