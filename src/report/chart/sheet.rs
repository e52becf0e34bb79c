use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Text};
use plotters::prelude::{Color, FontStyle, LineSeries, Rectangle, TRANSPARENT, TextStyle};
use plotters_backend::FontFamily;
use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::ink::{Ink, Pen, REFERENCE};
use super::scale::Scale;
use super::svg::{Svg, UNITS};
use super::words;

/// Drawing into a string has no way to fail.
const MEMORY: &str = "a string takes all elements";

/// A place or size in pixels.
pub(super) type Point = (f64, f64);

fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

fn place((x, y): Point) -> (i32, i32) {
    (units(x), units(y))
}

/// How a text looks and which of its points stands at the place given.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    bold: bool,
    ink: Ink,
    rim: bool,
    h: HPos,
    v: VPos,
}

const fn plain(size: f64, ink: Ink) -> Type {
    Type { size, bold: false, ink, rim: false, h: HPos::Left, v: VPos::Center }
}

pub(super) const LABEL: Type = plain(13.0, Ink::Text);
pub(super) const NOTE: Type = plain(12.0, Ink::Muted);
pub(super) const HEADING: Type = Type { bold: true, ..LABEL };

impl Type {
    pub(super) fn bold(self, bold: bool) -> Self {
        Self { bold, ..self }
    }

    pub(super) fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) fn sized(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// With a rim of paper, for text on other marks.
    pub(super) fn rim(self) -> Self {
        Self { rim: true, ..self }
    }

    pub(super) fn right(self) -> Self {
        Self { h: HPos::Right, ..self }
    }

    pub(super) fn centred(self) -> Self {
        Self { h: HPos::Center, ..self }
    }

    pub(super) fn fit(self, text: &str, room: f64) -> String {
        words::fit(text, self.size, self.bold, room)
    }

    pub(super) fn width(self, text: &str) -> f64 {
        words::width(text, self.size, self.bold)
    }

    fn style(self) -> TextStyle<'static> {
        let pen = self.ink.solid();
        let face = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let colour = if self.rim { pen.rimmed() } else { pen.colour() };
        let style = TextStyle::from((FontFamily::SansSerif, self.size * UNITS, face));
        TextStyle { color: colour.to_backend_color(), pos: Pos::new(self.h, self.v), ..style }
    }
}

/// A rectangle of the sheet in pixels.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }
}

/// What a chart is drawn on, in pixels.
pub(super) struct Sheet<'a> {
    area: DrawingArea<Svg<'a>, Shift>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(elements: &'a mut String, size: (u32, u32)) -> Self {
        Self { area: Svg::new(elements, size).into_drawing_area() }
    }

    pub(super) fn text(&self, at: Point, text: &str, style: Type) {
        if !text.is_empty() {
            self.area.draw(&Text::new(text.to_string(), place(at), style.style())).expect(MEMORY);
        }
    }

    pub(super) fn line(&self, points: &[Point], pen: Pen, width: f64) {
        let points: Vec<_> = points.iter().copied().map(place).collect();
        self.area.draw(&PathElement::new(points, pen.stroke(units(width) as u32))).expect(MEMORY);
    }

    pub(super) fn area(&self, corners: &[Point], ink: Ink, opacity: f64) {
        let corners: Vec<_> = corners.iter().copied().map(place).collect();
        self.area.draw(&Polygon::new(corners, ink.solid().fill(opacity))).expect(MEMORY);
    }

    pub(super) fn bar(&self, from: Point, to: Point, ink: Ink, opacity: f64) {
        let corners = [place(from), place(to)];
        self.area.draw(&Rectangle::new(corners, ink.solid().fill(opacity))).expect(MEMORY);
    }

    /// A dot of a model: filled, hollow for models whose lines are dashed.
    pub(super) fn dot(&self, at: Point, pen: Pen, radius: f64) {
        let circle = |ink: Ink, radius: f64| Circle::new(place(at), units(radius), ink.solid().fill(1.0));
        self.area.draw(&circle(pen.ink, radius)).expect(MEMORY);
        if pen.dash != 0 {
            self.area.draw(&circle(Ink::Paper, radius - 1.6)).expect(MEMORY);
        }
    }

    /// Axes, grid and labels around a frame for data.
    pub(super) fn plot(&self, frame: Frame, x: Scale, y: Scale) -> Plot<'a> {
        let (left, below) = (60.0, 24.0);
        let outer = self.area.clone().shrink(
            (units(frame.x - left), units(frame.y)),
            (units(frame.width + left) as u32, units(frame.height + below) as u32),
        );
        // Plotters would draw a line beside the labels of the y axis; the grid is enough.
        let mut chart = ChartBuilder::on(&outer)
            .set_label_area_size(LabelAreaPosition::Left, units(left) as u32)
            .set_label_area_size(LabelAreaPosition::Bottom, units(below) as u32)
            .build_cartesian_2d(x.clone(), y.clone())
            .expect(MEMORY);
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Grid.solid().stroke(10))
            .axis_style(Ink::Axis.solid().stroke(10))
            .disable_y_axis()
            .set_all_tick_mark_size(40)
            .label_style(NOTE.style())
            .draw()
            .expect(MEMORY);
        for tick in &y.ticks {
            let (_, middle) = chart.backend_coord(&(x.low, *tick));
            self.text((frame.x - 8.0, f64::from(middle) / UNITS), &y.format_ext(tick), NOTE.right());
        }
        self.text((frame.x + frame.width / 2.0, frame.bottom() + 34.0), &x.title, NOTE.centred());
        self.text((frame.x - 44.0, frame.y - 16.0), &y.title, NOTE);
        Plot { chart, x, y, frame }
    }
}

/// A frame with its scales: what is drawn in the units of the data.
pub(super) struct Plot<'a> {
    chart: ChartContext<'a, Svg<'a>, Cartesian2d<Scale, Scale>>,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) frame: Frame,
}

impl Plot<'_> {
    /// The pixel of a value, on the frame's edge where the value lies outside.
    pub(super) fn at(&self, (x, y): Point) -> Point {
        let (x, y) = self.chart.backend_coord(&(x, y));
        (f64::from(x) / UNITS, f64::from(y) / UNITS)
    }

    pub(super) fn line(&mut self, points: impl IntoIterator<Item = Point>, pen: Pen, width: f64) {
        self.chart.draw_series(LineSeries::new(points, pen.stroke(units(width) as u32))).expect(MEMORY);
    }

    /// A thin dashed line from one value to another.
    pub(super) fn reference(&mut self, from: Point, to: Point) {
        self.line([from, to], REFERENCE, 1.3);
    }
}
