//! Charts that the program draws from numbers on a sheet of their own.

use rust_xlsxwriter::{
    Chart, ChartAxisCrossing, ChartErrorBars, ChartErrorBarsDirection, ChartErrorBarsType, ChartFont, ChartFormat,
    ChartLegendPosition, ChartLine, ChartMarker, ChartMarkerType, ChartRange, ChartSolidFill, ChartType, ColNum, Color,
    RowNum, Worksheet, XlsxError,
};

use super::super::chart::{Panel, Place, Series, Shape};
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
            drawn.set_y_error_bars(&bars(along(column + 2), along(column + 3)));
        }
    }
    let top = (placed.title, 0);
    chart.title().set_name(&range(top, top)).set_font(ChartFont::new().set_size(12).set_bold());
    let up_values: Vec<f64> =
        panel.series.iter().flat_map(|series| series.marks.iter().filter_map(|mark| mark.value)).collect();
    let coarse = |unit: Unit| match unit {
        Unit::Share => "0%".to_owned(),
        Unit::Points => "+0%;-0%;0%".to_owned(),
        Unit::Days | Unit::Count => "#,##0".to_owned(),
        Unit::Ratio => "0.0".to_owned(),
        unit => number::format(unit, &up_values, None),
    };
    chart.y_axis().set_num_format(coarse(panel.up.unit));
    if !panel.up.title.is_empty() {
        chart.y_axis().set_name(panel.up.title.as_str());
    }
    let lowest = up_values.iter().copied().fold(f64::INFINITY, f64::min);
    if matches!(panel.up.unit, Unit::Share | Unit::Ratio) && lowest >= 0.0 {
        chart.y_axis().set_min(0);
    }
    match panel.shape {
        // Bars run from the bottom up; the first is to stand on top, and the scale stays below.
        Shape::Bars => {
            chart.x_axis().set_reverse().set_crossing(ChartAxisCrossing::Automatic);
            chart.y_axis().set_crossing(ChartAxisCrossing::Max);
        }
        Shape::Columns => {
            chart.x_axis().set_name(panel.across.title.as_str());
        }
        Shape::Scatter => {
            chart.x_axis().set_name(panel.across.title.as_str()).set_num_format(coarse(panel.across.unit));
            let most = panel.series.iter().flat_map(|series| series.marks.iter().map(|mark| &mark.place));
            let most = most.filter_map(|place| if let Place::At(at) = place { Some(*at) } else { None });
            let (least, most) = most.fold((0.0, 0.0), |(low, high): (f64, f64), at| (low.min(at), high.max(at)));
            chart.x_axis().set_min(least);
            if panel.across.unit == Unit::Share && most <= 1.0 && most > 0.8 {
                chart.x_axis().set_max(1);
            }
        }
    }
    if panel.series.len() > 1 {
        chart.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        chart.legend().set_hidden();
    }
    chart.set_width(WIDTH).set_height(HEIGHT);
    chart
}

fn dress(drawn: &mut rust_xlsxwriter::ChartSeries, shape: Shape, series: &Series) {
    let colour = Color::RGB(series.colour);
    let fill = || ChartSolidFill::new().set_color(colour).to_owned();
    match (shape, series.joined) {
        (Shape::Scatter, true) => {
            drawn.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(colour).set_width(2)));
            drawn.set_marker(ChartMarker::new().set_none());
        }
        (Shape::Scatter, false) => {
            drawn.set_format(ChartFormat::new().set_no_line());
            let dot = ChartFormat::new().set_solid_fill(&fill()).to_owned();
            drawn.set_marker(ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(7).set_format(&mut dot.clone()));
        }
        _ => {
            drawn.set_format(ChartFormat::new().set_solid_fill(&fill()));
        }
    }
}

fn bars(above: ChartRange, below: ChartRange) -> ChartErrorBars {
    let mut bars = ChartErrorBars::new();
    bars.set_type(ChartErrorBarsType::Custom(above, below)).set_direction(ChartErrorBarsDirection::Both);
    bars
}
