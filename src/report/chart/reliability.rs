use crate::metrics::SLOPE;
use crate::result::{Number, ReliabilityBin};

use super::super::facts;
use super::super::text;
use super::ink::Ink;
use super::roster::Entry;
use super::scale::{Scale, Unit};
use super::sheet::{Frame, LABEL, NOTE, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, words};

const SIDE: f64 = 380.0;
const PLOT: Frame = Frame { x: 60.0, y: 30.0, width: SIDE, height: SIDE };
const COUNTS: Frame = Frame { x: 60.0, y: 30.0 + SIDE + 58.0, width: SIDE, height: 60.0 };

/// Predicted probability against what happened.
pub(super) fn draw(entry: &Entry) -> Chart {
    let calibration = &entry.model.calibration;
    let bins: Vec<&ReliabilityBin> = calibration
        .reliability
        .iter()
        .filter(|bin| bin.predicted.is_finite() && bin.observed.point.finite().is_some())
        .collect();
    let mean = match &calibration.mean_predicted {
        Number::Value(mean) => figures::percent(*mean),
        Number::Undefined(reason) => format!("undefined ({reason})"),
    };
    let observed = text::estimate(&calibration.observed, text::Unit::Share);
    let front = Frontispiece {
        id: format!("reliability-{}", entry.slug),
        title: format!("{}: predicted and observed conversion", entry.name),
        alt: format!(
            "Observed conversion against predicted probability of {} in {}. Mean prediction {mean}, observed {observed}.",
            words::short(&entry.name),
            figures::counted(bins.len() as u64, "group of leads", "groups of leads"),
        ),
        entry: Some(entry),
        height: COUNTS.bottom() + 50.0,
    };
    if bins.is_empty() {
        return front.refuse(&format!("Predictions cannot be checked: {}", facts::probability_map(&calibration.map)));
    }
    let panel = panel(&front.title, entry, &bins);
    let chart = front.draw(|sheet| {
        let ends =
            bins.iter().flat_map(|bin| [Some(bin.predicted), bin.observed.point.finite(), bin.observed.high.finite()]);
        let high = ends.flatten().fold(0.01, f64::max);
        points(sheet, entry, &bins, high);
        counts(sheet, &bins, high);
        aside(sheet, entry, &mean, &observed);
    });
    chart.of(vec![panel])
}

fn panel(title: &str, entry: &Entry, bins: &[&ReliabilityBin]) -> Panel {
    let mark = |bin: &&ReliabilityBin| Mark::of(Place::At(bin.predicted), bin.observed.point.finite(), &bin.observed);
    let most = bins.iter().map(|bin| bin.predicted).fold(0.01, f64::max);
    Panel {
        title: title.into(),
        shape: Shape::Scatter,
        across: Axis::new("predicted probability", text::Unit::Share),
        up: Axis::new("observed conversion", text::Unit::Share),
        series: vec![
            Series::new("observed", entry.pen, bins.iter().map(mark).collect()),
            Series::line("exactly as predicted", Ink::Axis.solid(), [(0.0, 0.0), (most, most)]),
        ],
    }
}

fn points(sheet: &Sheet, entry: &Entry, bins: &[&ReliabilityBin], high: f64) {
    let mut plot = sheet.plot(PLOT, Scale::share(high, 5, ""), Scale::share(high, 5, "observed conversion"));
    plot.reference((0.0, 0.0), (plot.x.high, plot.y.high));
    sheet.text((PLOT.x + 10.0, PLOT.y + 14.0), "converts more than predicted", NOTE.rim());
    sheet.text((PLOT.right() - 10.0, PLOT.bottom() - 14.0), "converts less than predicted", NOTE.rim().right());
    for bin in bins {
        if let Some(interval) = bin.observed.interval() {
            let ends = [interval.low, interval.high].map(|rate| plot.at((bin.predicted, rate)));
            sheet.line(&ends, entry.pen.ink.solid(), 1.8);
        }
    }
    for bin in bins {
        let observed = bin.observed.point.finite().unwrap_or_default();
        sheet.dot(plot.at((bin.predicted, observed)), entry.pen.ink.solid(), 4.5);
    }
}

fn counts(sheet: &Sheet, bins: &[&ReliabilityBin], high: f64) {
    let most = bins.iter().map(|bin| bin.leads).max().unwrap_or_default() as f64;
    let across = Scale::share(high, 5, "predicted probability");
    let plot = sheet.plot(COUNTS, across, Scale::upward(most.max(2.0), 2, Unit::Plain, "leads"));
    for bin in bins {
        let (x, top) = plot.at((bin.predicted, bin.leads as f64));
        sheet.bar((x - 4.0, top), (x + 4.0, COUNTS.bottom()), Ink::Axis, 1.0);
    }
}

fn aside(sheet: &Sheet, entry: &Entry, mean: &str, observed: &str) {
    let calibration = &entry.model.calibration;
    let x = PLOT.right() + 26.0;
    let mut y = PLOT.y + 12.0;
    let slope = text::estimate(&entry.model.metric(SLOPE.id), text::Unit::Ratio);
    let map = facts::probability_map(&calibration.map);
    let facts = [
        ("mean prediction", mean),
        ("observed", observed),
        ("slope (1: neither too bold nor too timid)", slope.as_str()),
        ("probabilities", map.as_str()),
    ];
    for (name, value) in facts {
        for line in words::wrap(name, NOTE.size, false, 700.0 - x, 2) {
            sheet.text((x, y), &line, NOTE);
            y += 16.0;
        }
        for line in words::wrap(value, LABEL.size, false, 700.0 - x, 3) {
            sheet.text((x, y + 1.0), &line, LABEL);
            y += 18.0;
        }
        y += 10.0;
    }
    sheet.dot((x + 5.0, y + 6.0), entry.pen.ink.solid(), 4.5);
    sheet.line(&[(x + 5.0, y - 4.0), (x + 5.0, y + 16.0)], entry.pen.ink.solid(), 1.8);
    sheet.text((x + 18.0, y + 6.0), "observed, 95 % interval", NOTE);
    sheet.line(&[(x - 1.0, y + 36.0), (x + 11.0, y + 24.0)], super::ink::REFERENCE, 1.3);
    sheet.text((x + 18.0, y + 30.0), "exactly as predicted", NOTE);
}
