use crate::metrics::{AUC, CAPTURE};
use crate::result::{Estimate, Evaluation, Number, Tied};

use super::super::text;
use super::ink::Ink;
use super::roster::Entry;
use super::scale::{Scale, Unit};
use super::sheet::{Frame, HEADING, LABEL, NOTE, Plot, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};

/// Share of all wins among the leads handed over.
struct Capture {
    tied: Tied,
    interval: Estimate,
    /// The share that a random order captures.
    random: Option<f64>,
}

const ROW: f64 = 38.0;
const TOP: f64 = 48.0;
const NAMES: f64 = 168.0;

pub(super) fn draw(evaluation: &Evaluation, entries: &[Entry]) -> Chart {
    let (rule, captures) = captures(evaluation, entries);
    let title = format!("All models: wins captured {rule}, and ranking");
    let plots = TOP + ROW * entries.len() as f64;
    let alt = alt(&rule, entries, &captures);
    let front = Frontispiece { id: "summary".into(), title, alt, entry: None, height: plots + 76.0 };
    if entries.is_empty() {
        return front.refuse("No models, so nothing to compare.");
    }
    let panels = panels(&rule, entries, &captures);
    let chart = front.draw(|sheet| {
        rows(sheet, entries);
        capture_panel(sheet, &rule, entries, &captures);
        auc_panel(sheet, entries);
        note(
            sheet,
            (0.0, plots + 50.0),
            "Thin line: 95 % interval. Wide bar: worst to best order of leads with equal scores. Dashed: random order.",
        );
    });
    chart.of(panels)
}

fn panels(rule: &str, entries: &[Entry], captures: &[Option<Capture>]) -> Vec<Panel> {
    let panel = |title: String, unit: text::Unit, mark: &dyn Fn(usize, Place) -> Mark| {
        let marks = entries.iter().enumerate().map(|(row, entry)| mark(row, Place::label(&entry.name))).collect();
        Panel {
            series: vec![Series::new(&title, Ink::Model(0).solid(), marks)],
            title,
            shape: Shape::Bars,
            across: Axis::new("model", text::Unit::Plain),
            up: Axis::new("", unit),
        }
    };
    let captured = |row: usize, place: Place| match &captures[row] {
        Some(capture) => Mark::of(place, capture.tied.expected.finite(), &capture.interval),
        None => Mark::new(place, None),
    };
    let auc = |row: usize, place: Place| {
        let auc = &entries[row].model.metric(AUC.id);
        Mark::of(place, auc.point.finite(), auc)
    };
    vec![
        panel(format!("Share of all wins captured {rule}"), text::Unit::Share, &captured),
        panel("Ranking (AUC)".into(), text::Unit::Plain, &auc),
    ]
}

/// The rule in words with each model's capture: at capacity where every model has one, else in the top 10 %.
fn captures(evaluation: &Evaluation, entries: &[Entry]) -> (String, Vec<Option<Capture>>) {
    let at_capacity = || entries.iter().map(|entry| entry.model.capacity.as_ref()).collect::<Option<Vec<_>>>();
    if let (Some(setting), Some(capacities)) = (&evaluation.setting.capacity, at_capacity()) {
        let captures = capacities.iter().zip(entries).map(|(capacity, entry)| {
            let random = (capacity.leads > 0).then(|| (capacity.handed_over / capacity.leads as f64).min(1.0));
            Some(Capture { tied: capacity.capture.clone(), interval: entry.model.metric(CAPTURE.id), random })
        });
        return (per_period(setting.leads, setting.per_days), captures.collect());
    }
    let captures = entries.iter().map(|entry| {
        let top = entry.top(0.1)?;
        let scaled = |number: &Number| match number {
            Number::Value(lift) => Number::from(lift * top.share),
            undefined => undefined.clone(),
        };
        let lift = &top.lift_interval;
        let interval = Estimate { point: scaled(&lift.point), low: scaled(&lift.low), high: scaled(&lift.high) };
        Some(Capture { tied: top.capture.clone(), interval, random: Some(top.share) })
    });
    ("in the top 10 %".into(), captures.collect())
}

pub(super) fn per_period(leads: f64, days: f64) -> String {
    let period = match days {
        1.0 => "a day".into(),
        7.0 => "a week".into(),
        days => format!("per {} days", figures::short(days)),
    };
    format!("at {} leads {period}", figures::short(leads))
}

fn rows(sheet: &Sheet, entries: &[Entry]) {
    for (row, entry) in entries.iter().enumerate() {
        let (top, middle) = (TOP + ROW * row as f64, middle(row));
        if entry.champion {
            sheet.bar((0.0, top), (700.0, top + ROW), Ink::Band, 1.0);
        }
        sheet.dot((9.0, middle), entry.pen, 4.5);
        if entry.champion {
            sheet.text((20.0, middle - 7.0), &HEADING.fit(&entry.name, NAMES - 20.0), HEADING);
            sheet.text((20.0, middle + 9.0), "champion", NOTE);
            continue;
        }
        let lines = words::wrap(&entry.name, LABEL.size, false, NAMES - 20.0, 2);
        let first = middle - 8.0 * (lines.len() - 1) as f64;
        for (line, text) in lines.iter().enumerate() {
            sheet.text((20.0, first + 16.0 * line as f64), text, LABEL);
        }
    }
}

fn middle(row: usize) -> f64 {
    TOP + ROW * (row as f64 + 0.5)
}

fn panel<'a>(sheet: &Sheet<'a>, x: f64, width: f64, rows: usize, scale: Scale, heads: [&str; 2]) -> Plot<'a> {
    sheet.text((x, 10.0), heads[0], HEADING);
    sheet.text((x, 28.0), heads[1], NOTE);
    let frame = Frame { x, y: TOP, width, height: ROW * rows as f64 };
    sheet.plot(frame, scale, Scale::spanning(0.0, 1.0, 1, Unit::Plain, "").without_ticks())
}

fn capture_panel(sheet: &Sheet, rule: &str, entries: &[Entry], captures: &[Option<Capture>]) {
    let ends = captures.iter().flatten().flat_map(|capture| [&capture.tied.best, &capture.interval.high]);
    let high = ends.filter_map(Number::finite).fold(0.05, f64::max);
    let heads = ["Wins captured", &format!("share of all wins, {rule}")];
    let plot = &mut panel(sheet, 184.0, 190.0, entries.len(), Scale::share(high, 4, ""), heads);
    if let Some(random) = captures.iter().flatten().find_map(|capture| capture.random) {
        plot.reference((random, 0.0), (random, 1.0));
    }
    for (row, (entry, capture)) in entries.iter().zip(captures).enumerate() {
        match capture {
            Some(Capture { tied, interval, .. }) => {
                tie(sheet, plot, entry, row, tied);
                mark(sheet, plot, entry, row, &tied.expected, interval, figures::percent);
            }
            None => reason(sheet, plot, row, "no such share"),
        }
    }
}

fn auc_panel(sheet: &Sheet, entries: &[Entry]) {
    let values = entries.iter().flat_map(|entry| {
        let auc = entry.model.metric(AUC.id);
        [auc.point, auc.low, auc.high].into_iter().filter_map(|number| number.finite())
    });
    let (low, high) = values.fold((0.5, 0.6), |(low, high), value: f64| (value.min(low), value.max(high)));
    let scale = Scale::rounded((low - 0.02_f64).max(0.0), high.min(1.0), 3, Unit::Plain, "");
    let heads = ["Ranking (AUC)", "how often a win outranks another lead"];
    let plot = &mut panel(sheet, 450.0, 190.0, entries.len(), scale, heads);
    plot.reference((0.5, 0.0), (0.5, 1.0));
    for (row, entry) in entries.iter().enumerate() {
        let auc = &entry.model.metric(AUC.id);
        mark(sheet, plot, entry, row, &auc.point, auc, figures::digits);
    }
}

/// From the worst order of leads with equal scores to the best.
fn tie(sheet: &Sheet, plot: &Plot, entry: &Entry, row: usize, tied: &Tied) {
    let ends = (tied.expected.finite(), tied.worst.finite(), tied.best.finite());
    if let (Some(_), Some(worst), Some(best)) = ends {
        let (x, y) = (|value: f64| plot.at((value, 0.0)).0, middle(row));
        sheet.bar((x(worst), y - 5.0), (x(best), y + 5.0), entry.pen.ink, 0.3);
    }
}

fn mark(
    sheet: &Sheet,
    plot: &Plot,
    entry: &Entry,
    row: usize,
    point: &Number,
    interval: &Estimate,
    figure: fn(f64) -> String,
) {
    let point = match point {
        Number::Value(value) => *value,
        Number::Undefined(why) => return reason(sheet, plot, row, why),
    };
    let (x, y) = (|value: f64| plot.at((value, 0.0)).0, middle(row));
    if let Some(interval) = interval.interval() {
        sheet.line(&[(x(interval.low), y), (x(interval.high), y)], entry.pen.ink.solid(), 1.8);
    }
    sheet.dot((x(point), y), entry.pen, 4.5);
    sheet.text((plot.frame.right() + 10.0, y), &figure(point), LABEL.bold(entry.champion));
}

fn reason(sheet: &Sheet, plot: &Plot, row: usize, reason: &str) {
    let text = NOTE.fit(&format!("undefined: {reason}"), plot.frame.width + 40.0);
    sheet.text((plot.frame.x + 6.0, middle(row)), &text, NOTE.rim());
}

fn alt(rule: &str, entries: &[Entry], captures: &[Option<Capture>]) -> String {
    let say = |(entry, capture): (&Entry, &Option<Capture>)| {
        let captured = match capture.as_ref().map(|capture| &capture.tied.expected) {
            Some(Number::Value(share)) => figures::percent(*share),
            Some(Number::Undefined(reason)) => format!("undefined ({reason})"),
            None => "undefined".into(),
        };
        let tag = if entry.champion { " (champion)" } else { "" };
        let auc = text::estimate(&entry.model.metric(AUC.id), text::Unit::Plain);
        format!("{}{tag}: {captured} of wins, AUC {auc}", words::short(&entry.name))
    };
    let models: Vec<String> = entries.iter().zip(captures).map(say).collect();
    format!("Share of all wins captured {rule}, and AUC with its 95 % interval. {}.", words::first(&models, "; "))
}
