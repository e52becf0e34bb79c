use crate::result::CriterionAudit;

use super::ink::Ink;
use super::scale::{Scale, Unit};
use super::sheet::{Frame, HEADING, LABEL, NOTE, Plot, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};
use crate::report::text;

const ROW: f64 = 30.0;
const TOP: f64 = 40.0;
const NAMES: f64 = 250.0;
const WIDTH: f64 = 330.0;

/// Points as they are set, and as the data imply them with their interval.
pub fn criteria(model: &str, rows: &[CriterionAudit]) -> Chart {
    let plots = TOP + ROW * rows.len() as f64;
    let title = format!("Points of {}: as set, and as the data imply", words::clean(model));
    let front = Frontispiece { id: "points".into(), title, alt: alt(rows), entry: None, height: plots + 76.0 };
    if rows.is_empty() {
        return front.refuse("No criteria, so no points to weigh.");
    }
    let panel = panel(&front.title, rows);
    let chart = front.draw(|sheet| {
        let frame = Frame { x: NAMES, y: TOP, width: WIDTH, height: ROW * rows.len() as f64 };
        sheet.text((0.0, 18.0), "Criterion, by what it costs", HEADING);
        sheet.text((NAMES, 18.0), "Points", HEADING);
        let mut plot = sheet.plot(frame, scale(rows), Scale::spanning(0.0, 1.0, 1, Unit::Plain, "").without_ticks());
        plot.reference((0.0, 0.0), (0.0, 1.0));
        rows.iter().enumerate().for_each(|(place, row)| criterion(sheet, &plot, row, middle(place)));
        note(
            sheet,
            (0.0, plots + 50.0),
            "Square: points as set. Dot and line: points that the data imply, with their 95 % interval.",
        );
    });
    chart.of(vec![panel])
}

fn panel(title: &str, rows: &[CriterionAudit]) -> Panel {
    let place = |row: &CriterionAudit| Place::label(&row.name);
    let set = rows.iter().map(|row| Mark::new(place(row), Some(row.configured))).collect();
    let implied = rows.iter().map(|row| Mark::of(place(row), row.implied.point.finite(), &row.implied)).collect();
    Panel {
        title: title.into(),
        shape: Shape::Bars,
        across: Axis::new("criterion", text::Unit::Plain),
        up: Axis::new("points", text::Unit::Plain),
        series: vec![
            Series::new("as set", Ink::Axis.solid(), set),
            Series::new("as the data imply", Ink::Model(0).solid(), implied),
        ],
    }
}

fn middle(place: usize) -> f64 {
    TOP + ROW * (place as f64 + 0.5)
}

/// Around what is set and implied; an interval far beyond both runs off the edge.
fn scale(rows: &[CriterionAudit]) -> Scale {
    let set = rows.iter().map(|row| row.configured);
    let implied = rows.iter().filter_map(|row| row.implied.point.finite());
    let all = set.chain(implied).filter(|value| value.is_finite());
    let (low, high) = all.fold((0.0, 1.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
    let room = 0.25 * (high - low);
    let ends = rows.iter().filter_map(|row| row.implied.interval());
    let (least, most) = ends.fold((low, high), |(least, most), ends| (least.min(ends.low), most.max(ends.high)));
    Scale::rounded((low - room).max(least), (high + room).min(most), 5, Unit::Plain, "")
}

fn criterion(sheet: &Sheet, plot: &Plot, row: &CriterionAudit, y: f64) {
    let pen = if row.verdict.is_quiet() { Ink::Model(0).solid() } else { Ink::Model(1).solid() };
    sheet.text((0.0, y), &LABEL.fit(&words::clean(&row.name), NAMES - 12.0), LABEL);
    let x = |value: f64| plot.at((value, 0.0)).0;
    if let Some(interval) = row.implied.interval() {
        sheet.line(&[(x(interval.low), y), (x(interval.high), y)], pen, 1.8);
    }
    let set = x(row.configured);
    sheet.bar((set - 4.0, y - 4.0), (set + 4.0, y + 4.0), Ink::Champion, 1.0);
    if let Some(implied) = row.implied.point.finite() {
        sheet.dot((x(implied), y), pen, 4.5);
    }
    sheet.text((plot.frame.right() + 10.0, y), row.verdict.in_words(), NOTE);
}

fn alt(rows: &[CriterionAudit]) -> String {
    let say = |row: &CriterionAudit| {
        let implied = row.implied.point.finite().map_or("unknown".into(), figures::digits);
        format!(
            "{}: set {}, implied {implied}, {}",
            words::short(&row.name),
            figures::short(row.configured),
            row.verdict.in_words()
        )
    };
    let rows: Vec<String> = rows.iter().map(say).collect();
    format!("Configured and implied points of each criterion. {}.", words::first(&rows, "; "))
}
