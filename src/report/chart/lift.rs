use crate::result::{Number, TopShare};

use super::super::text;
use super::roster::{Entry, legend, legend_height};
use super::scale::{Scale, Unit};
use super::sheet::{Frame, LABEL, Plot, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};

/// How many times the overall rate the leads with the highest scores convert at.
pub(super) fn draw(entries: &[Entry]) -> Chart {
    let shares = shares(entries);
    let front = Frontispiece {
        id: "lift".into(),
        title: "Lift among the highest scores".into(),
        alt: alt(entries),
        entry: None,
        height: (legend_height(entries.len()) + 30.0).max(420.0),
    };
    if shares.is_empty() {
        return front.refuse("No lift: no model has a top share with wins.");
    }
    let panel = panel(&front.title, entries, &shares);
    let chart = front.draw(|sheet| {
        let frame = Frame { x: 54.0, y: 30.0, width: 414.0, height: 310.0 };
        let across = Scale::spanning(0.0, shares.len() as f64, 1, Unit::Plain, "top share of leads by score");
        let up = Scale::upward(highest(entries), 5, Unit::Times, "times the rate of all leads");
        let mut plot = sheet.plot(frame, across.without_ticks(), up);
        for (place, share) in shares.iter().enumerate() {
            let (left, bottom) = plot.at((place as f64, 0.0));
            let (right, top) = plot.at((place as f64 + 1.0, f64::INFINITY));
            if place % 2 == 1 {
                sheet.bar((left, top), (right, bottom), super::Ink::Band, 0.6);
            }
            let label = format!("{} %", figures::short(share * 100.0));
            sheet.text(((left + right) / 2.0, bottom + 14.0), &label, LABEL.centred());
        }
        plot.reference((0.0, 1.0), (shares.len() as f64, 1.0));
        for (order, entry) in entries.iter().enumerate() {
            for (place, share) in shares.iter().enumerate() {
                let top = entry.top(*share);
                let slot = (order as f64 + 0.5) / entries.len() as f64;
                if let Some(top) = top {
                    mark(sheet, &plot, entry, top, place as f64 + 0.08 + 0.84 * slot);
                }
            }
        }
        let lines: Vec<(&Entry, String)> = entries.iter().map(|entry| (entry, String::new())).collect();
        legend(sheet, (490.0, 30.0), 208.0, "left to right in each share", &lines);
        note(sheet, (0.0, frame.bottom() + 58.0), "Line: 95 % interval. Dashed at 1×: a random order.");
    });
    chart.of(vec![panel])
}

fn panel(title: &str, entries: &[Entry], shares: &[f64]) -> Panel {
    let at = |entry: &Entry, share: f64| {
        let place = Place::Label(text::round_share(share));
        match entry.top(share) {
            Some(top) => Mark::of(place, top.lift.expected.finite(), &top.lift_interval),
            None => Mark::new(place, None),
        }
    };
    let series =
        |entry: &Entry| Series::new(&entry.name, entry.pen, shares.iter().map(|share| at(entry, *share)).collect());
    Panel {
        title: title.into(),
        shape: Shape::Columns,
        across: Axis::new("top share of leads by score", text::Unit::Share),
        up: Axis::new("times the rate of all leads", text::Unit::Ratio),
        series: entries.iter().map(series).collect(),
    }
}

/// Shares at which a model has a lift, ascending.
fn shares(entries: &[Entry]) -> Vec<f64> {
    let tops = entries.iter().flat_map(|entry| &entry.model.top);
    let mut shares: Vec<f64> =
        tops.filter(|top| top.share.is_finite() && top.lift.expected.finite().is_some()).map(|top| top.share).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    shares
}

/// The top of the axis: every point, and intervals up to twice the highest point.
fn highest(entries: &[Entry]) -> f64 {
    let all = |number: fn(&TopShare) -> &Number| {
        let tops = entries.iter().flat_map(|entry| &entry.model.top);
        tops.filter_map(|top| number(top).finite()).fold(1.2, f64::max)
    };
    let points = all(|top| &top.lift.expected);
    all(|top| &top.lift_interval.high).clamp(points, 2.0 * points)
}

fn mark(sheet: &Sheet, plot: &Plot, entry: &Entry, top: &TopShare, x: f64) {
    let Some(lift) = top.lift.expected.finite() else { return };
    let at = |lift: f64| plot.at((x, lift));
    if let Some(interval) = top.lift_interval.interval() {
        let (low, high) = (at(interval.low), at(interval.high));
        sheet.line(&[low, high], entry.pen.ink.solid(), 1.8);
        if interval.high > plot.y.high {
            sheet.area(&[(high.0 - 4.0, high.1 + 6.0), (high.0 + 4.0, high.1 + 6.0), high], entry.pen.ink, 1.0);
        }
    }
    sheet.dot(at(lift), entry.pen, 3.8);
}

fn alt(entries: &[Entry]) -> String {
    let say = |entry: &Entry| {
        let top = entry.top(0.1)?;
        Some(format!("{} {}", words::short(&entry.name), text::estimate(&top.lift_interval, text::Unit::Ratio)))
    };
    let lifts: Vec<String> = entries.iter().filter_map(say).collect();
    format!(
        "Conversion among the highest scores as a multiple of the overall rate. In the top 10 %: {}.",
        words::first(&lifts, ", ")
    )
}
