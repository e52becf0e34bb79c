//! Charts that the program draws from numbers on a sheet of their own.

use rust_xlsxwriter::{
    Chart, ChartAxis, ChartAxisCrossing, ChartErrorBars, ChartErrorBarsDirection, ChartErrorBarsType, ChartFont,
    ChartFormat, ChartLegendPosition, ChartLine, ChartMarker, ChartMarkerType, ChartRange, ChartSolidFill, ChartType,
    ColNum, Color, RowNum, Worksheet, XlsxError,
};

use super::super::chart::{Axis, Panel, Place, Series, Shape};
use super::super::text::Unit;
use super::number;
use super::plan::Plan;
use super::style::{self, Style};

/// In pixels; a row is 20 high and a column 64 wide.
const WIDTH: u32 = 620;
const HEIGHT: u32 = 350;
const ROWS: RowNum = 18;
const COLUMNS: ColNum = 10;
const A4: u8 = 9;
const WHISKER: u32 = 0x0059_636E;
const GRID: u32 = 0x00DF_E3E9;

/// The columns of one series: where, what, and how far its interval reaches up and down.
const BLOCK: ColNum = 4;

/// The charts of a document and the sheets they stand on.
pub(super) struct Drawn {
    /// For the first sheet.
    pub(super) first: Vec<Chart>,
    charts: Option<Worksheet>,
    data: Option<Worksheet>,
}

/// Where the numbers of a panel stand.
struct Placed {
    sheet: String,
    title: RowNum,
    /// First and last row of each series.
    series: Vec<(RowNum, RowNum)>,
}

impl Drawn {
    pub(super) fn new(plan: &Plan, style: &Style) -> Result<Self, XlsxError> {
        if plan.pictures.is_empty() {
            return Ok(Self { first: Vec::new(), charts: None, data: None });
        }
        let (mut charts, mut data) = (Worksheet::new(), Worksheet::new());
        charts.set_name(&plan.charts_name)?;
        data.set_name(&plan.data_name)?;
        style::put(&mut charts, (0, 0), "Charts", &style.title)?;
        style::link(&mut charts, (1, 0), &plan.summary, "Back to the summary", style)?;
        style::put(&mut data, (0, 0), "The numbers behind the charts", &style.title)?;
        style::link(&mut data, (1, 0), &plan.summary, "Back to the summary", style)?;
        let (mut at, mut row, mut breaks) = (3, 3, Vec::new());
        let mut first = Vec::new();
        for (place, group) in plan.pictures.iter().enumerate() {
            if place > 0 {
                breaks.push(at);
            }
            style::put(&mut charts, (at, 0), &group.title, &style.heading)?;
            at += 1;
            for why in &group.missing {
                style::put(&mut charts, (at, 0), why, &style.reason)?;
                at += 1;
            }
            for (number, panel) in group.panels.iter().enumerate() {
                let placed = numbers(&mut data, &plan.data_name, &mut row, panel, style)?;
                let chart = chart(panel, &placed);
                let (down, across) = ((number / 2) as RowNum * ROWS, (number % 2) as ColNum * COLUMNS);
                charts.insert_chart(at + down, across, &chart)?;
                if place == 0 && number < 2 {
                    first.push(chart);
                }
            }
            at += group.panels.len().div_ceil(2) as RowNum * ROWS + 1;
        }
        charts.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        charts.set_page_breaks(&breaks)?;
        charts.set_footer(format!("&L{}&RPage &P of &N", plan.footer()));
        charts.set_screen_gridlines(false);
        data.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        Ok(Self { first, charts: Some(charts), data: Some(data) })
    }

    pub(super) fn sheets(&mut self) -> Vec<Worksheet> {
        self.charts.take().into_iter().chain(self.data.take()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.charts.is_none()
    }
}

/// Writes the numbers of a panel under one another, and steps below them.
fn numbers(
    sheet: &mut Worksheet,
    name: &str,
    row: &mut RowNum,
    panel: &Panel,
    style: &Style,
) -> Result<Placed, XlsxError> {
    let title = *row;
    style::put(sheet, (title, 0), &panel.title, &style.heading)?;
    let values = |of: &dyn Fn(&Series) -> Vec<f64>| panel.series.iter().flat_map(of).collect::<Vec<f64>>();
    let up = values(&|series| series.marks.iter().filter_map(|mark| mark.value).collect());
    let across = values(&|series| {
        let at = |place: &Place| if let Place::At(at) = place { Some(*at) } else { None };
        series.marks.iter().filter_map(|mark| at(&mark.place)).collect()
    });
    let format = |unit: Unit, values: &[f64]| style.text.clone().set_num_format(number::format(unit, values, None));
    let (up, across) = (format(panel.up.unit, &up), format(panel.across.unit, &across));
    let mut placed = Placed { sheet: name.into(), title, series: Vec::new() };
    let mut last = title + 1;
    for (place, series) in panel.series.iter().enumerate() {
        let column = place as ColNum * BLOCK;
        style::put(sheet, (title + 1, column), &panel.across.title, &style.header)?;
        style::put(sheet, (title + 1, column + 1), &series.name, &style.header)?;
        if series.marks.iter().any(|mark| mark.ends.is_some()) {
            style::put(sheet, (title + 1, column + 2), "interval, above", &style.header)?;
            style::put(sheet, (title + 1, column + 3), "interval, below", &style.header)?;
        }
        for (at, mark) in (title + 2..).zip(&series.marks) {
            match &mark.place {
                Place::Label(label) => style::put(sheet, (at, column), label, &style.text)?,
                Place::At(value) => {
                    sheet.write_number_with_format(at, column, *value, &across)?;
                }
            }
            if let Some(value) = mark.value {
                sheet.write_number_with_format(at, column + 1, value, &up)?;
                if let Some((low, high)) = mark.ends {
                    sheet.write_number_with_format(at, column + 2, (high - value).max(0.0), &up)?;
                    sheet.write_number_with_format(at, column + 3, (value - low).max(0.0), &up)?;
                }
            }
            last = last.max(at);
        }
        placed.series.push((title + 2, title + 1 + series.marks.len().max(1) as RowNum));
    }
    *row = last + 2;
    Ok(placed)
}

fn chart(panel: &Panel, placed: &Placed) -> Chart {
    let mut chart = Chart::new(match panel.shape {
        Shape::Bars => ChartType::Bar,
        Shape::Columns => ChartType::Column,
        Shape::Lines => ChartType::Line,
        Shape::Scatter => ChartType::ScatterStraight,
    });
    let range = |first: (RowNum, ColNum), last: (RowNum, ColNum)| {
        ChartRange::new_from_range(&placed.sheet, first.0, first.1, last.0, last.1)
    };
    for (place, (series, rows)) in panel.series.iter().zip(&placed.series).enumerate() {
        let column = place as ColNum * BLOCK;
        let along = |column: ColNum| range((rows.0, column), (rows.1, column));
        let name = (placed.title + 1, column + 1);
        let drawn = chart
            .add_series()
            .set_name(&range(name, name))
            .set_categories(&along(column))
            .set_values(&along(column + 1));
        dress(drawn, panel.shape, series);
        if series.marks.iter().any(|mark| mark.ends.is_some()) {
            let bars = bars(along(column + 2), along(column + 3));
            match panel.shape {
                Shape::Bars => drawn.set_x_error_bars(&bars),
                Shape::Columns | Shape::Lines | Shape::Scatter => drawn.set_y_error_bars(&bars),
            };
        }
    }
    let top = (placed.title, 0);
    chart.title().set_name(&range(top, top)).set_font(ChartFont::new().set_size(12).set_bold());
    axes(&mut chart, panel);
    if panel.series.len() > 1 {
        chart.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        chart.legend().set_hidden();
    }
    chart.set_width(WIDTH).set_height(HEIGHT);
    chart
}

fn axes(chart: &mut Chart, panel: &Panel) {
    let marks = || panel.series.iter().flat_map(|series| &series.marks);
    let up: Vec<f64> = marks().filter_map(|mark| mark.value).collect();
    let at = |place: &Place| if let Place::At(at) = place { Some(*at) } else { None };
    let across: Vec<f64> = marks().filter_map(|mark| at(&mark.place)).collect();
    match panel.shape {
        // Labels stand on the vertical axis. They run from the bottom up: the first is to stand on top, and the scale
        // stays below.
        Shape::Bars => {
            // A bar that does not begin at zero is as long as nothing.
            scale(chart.x_axis(), &panel.up, &[up.as_slice(), &[0.0]].concat());
            if up.iter().all(|value| *value >= 0.0) {
                chart.x_axis().set_min(0);
            }
            reach(chart.x_axis(), panel);
            chart.y_axis().set_reverse().set_crossing(ChartAxisCrossing::Max);
            chart.y_axis().set_major_gridlines(false);
        }
        Shape::Columns => {
            scale(chart.y_axis(), &panel.up, &up);
            chart.x_axis().set_name(panel.across.title.as_str());
        }
        Shape::Lines => {
            scale(chart.y_axis(), &panel.up, &up);
            // From zero the lines would be flat; the lowest interval is to fit.
            let lowest = marks().flat_map(|mark| mark.value.into_iter().chain(mark.ends.map(|ends| ends.0)));
            let lowest = (lowest.fold(f64::INFINITY, f64::min) * 10.0).floor() / 10.0;
            if lowest.is_finite() {
                chart.y_axis().set_min(lowest);
            }
            reach(chart.y_axis(), panel);
            chart.x_axis().set_name(panel.across.title.as_str());
        }
        Shape::Scatter => {
            scale(chart.y_axis(), &panel.up, &up);
            scale(chart.x_axis(), &panel.across, &across);
        }
    }
}

/// What an axis is called, how its numbers are written, and where it begins and ends.
fn scale(axis: &mut ChartAxis, of: &Axis, values: &[f64]) {
    let (low, high) =
        values.iter().fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| (low.min(*value), high.max(*value)));
    axis.set_num_format(match of.unit {
        Unit::Share => "0%".to_owned(),
        Unit::Points => "+0%;-0%;0%".to_owned(),
        Unit::Days | Unit::Count => "#,##0".to_owned(),
        Unit::Ratio => "0.0".to_owned(),
        unit => number::format(unit, values, None),
    });
    if !of.title.is_empty() {
        axis.set_name(of.title.as_str());
    }
    if matches!(of.unit, Unit::Share | Unit::Ratio | Unit::Days) && low >= 0.0 {
        axis.set_min(0);
    }
    if of.unit == Unit::Share && (0.8..=1.0).contains(&high) {
        axis.set_max(1);
    }
    axis.set_major_gridlines_line(ChartLine::new().set_color(GRID).set_width(0.75));
}

/// Lets the axis reach to the end of every interval: programs choose it by the values alone, and would cut the rest off.
fn reach(axis: &mut ChartAxis, panel: &Panel) {
    let marks = || panel.series.iter().flat_map(|series| &series.marks);
    let highest = marks().filter_map(|mark| mark.value).fold(0.0, f64::max);
    let end = marks().filter_map(|mark| mark.ends.map(|ends| ends.1)).fold(0.0, f64::max);
    if end > highest && end.is_finite() {
        let step = 10.0_f64.powf(end.log10().floor()) / 2.0;
        let round = ((end / step).ceil() * step * 1e9).round() / 1e9;
        axis.set_max(if panel.up.unit == Unit::Share { round.min(1.0) } else { round });
    }
}

fn dress(drawn: &mut rust_xlsxwriter::ChartSeries, shape: Shape, series: &Series) {
    let colour = Color::RGB(series.colour);
    let fill = || ChartSolidFill::new().set_color(colour).to_owned();
    let dot = |size: u8| {
        let mut inside = ChartFormat::new();
        inside.set_solid_fill(&fill());
        ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(size).set_format(&mut inside).to_owned()
    };
    match (shape, series.joined) {
        (Shape::Lines, _) => {
            drawn.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(colour).set_width(2)));
            drawn.set_marker(&dot(6));
        }
        (Shape::Scatter, true) => {
            drawn.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(colour).set_width(2)));
            drawn.set_marker(ChartMarker::new().set_none());
        }
        (Shape::Scatter, false) => {
            drawn.set_format(ChartFormat::new().set_no_line());
            drawn.set_marker(&dot(7));
        }
        _ => {
            drawn.set_format(ChartFormat::new().set_solid_fill(&fill()));
        }
    }
}

fn bars(above: ChartRange, below: ChartRange) -> ChartErrorBars {
    let mut bars = ChartErrorBars::new();
    bars.set_type(ChartErrorBarsType::Custom(above, below)).set_direction(ChartErrorBarsDirection::Both);
    bars.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(WHISKER).set_width(1)));
    bars
}
