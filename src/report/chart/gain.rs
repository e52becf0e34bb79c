use crate::result::{Evaluation, GainPoint};

use super::ink::Ink;
use super::roster::{Entry, legend, legend_height, thickness};
use super::scale::Scale;
use super::sheet::{Frame, NOTE};
use super::summary::per_period;
use super::{Axis, Chart, Frontispiece, Panel, Series, Shape, figures, words};
use crate::report::text::Unit;

/// Share of all wins among the leads with the highest scores, for every share of leads.
pub(super) fn draw(evaluation: &Evaluation, entries: &[Entry]) -> Chart {
    let mut figured: Vec<(&Entry, Option<f64>)> = entries.iter().map(|entry| (entry, captured(entry))).collect();
    figured.sort_by(|a, b| b.1.unwrap_or(-1.0).total_cmp(&a.1.unwrap_or(-1.0)));
    let say = |capture: Option<f64>| capture.map_or_else(|| "undefined".into(), figures::percent);
    let captures: Vec<String> =
        figured.iter().map(|(entry, capture)| format!("{} {}", words::short(&entry.name), say(*capture))).collect();
    let front = Frontispiece {
        id: "gain".into(),
        title: "Wins captured by working the best leads first".into(),
        alt: format!(
            "Share of all wins captured against the share of leads worked. Captured in the top 10 %: {}.",
            words::first(&captures, ", ")
        ),
        entry: None,
        height: (legend_height(entries.len()) + 30.0).max(440.0),
    };
    if entries.iter().all(|entry| finite(&entry.model.gain).count() < 2) {
        return front.refuse("No gain curve: there are no wins to capture.");
    }
    let panel = panel(&front.title, entries);
    let chart = front.draw(|sheet| {
        let frame = Frame { x: 54.0, y: 30.0, width: 394.0, height: 360.0 };
        let y = Scale::share(1.0, 5, "wins captured");
        let mut plot = sheet.plot(frame, Scale::share(1.0, 5, "leads worked, highest scores first"), y);
        plot.reference((0.0, 0.0), (1.0, 1.0));
        sheet.text(plot.at((0.74, 0.66)), "random order", NOTE.rim());
        if let Some((share, rule)) = capacity(evaluation, entries) {
            plot.line([(share, 0.0), (share, 1.0)], Ink::Muted.solid(), 1.3);
            let x = plot.at((share, 0.0)).0;
            let (x, style) = if share < 0.5 { (x + 5.0, NOTE.rim()) } else { (x - 5.0, NOTE.rim().right()) };
            sheet.text((x, frame.bottom() - 12.0), &NOTE.fit(&format!("capacity {rule}"), 190.0), style);
        }
        for entry in entries.iter().rev() {
            let points = finite(&entry.model.gain).map(|point| (point.share, point.capture));
            plot.line(points, entry.pen, thickness(entry));
        }
        let lines: Vec<(&Entry, String)> = figured.iter().map(|(entry, capture)| (*entry, say(*capture))).collect();
        legend(sheet, (470.0, 30.0), 228.0, "wins captured in the top 10 %", &lines);
    });
    chart.of(vec![panel])
}

fn panel(title: &str, entries: &[Entry]) -> Panel {
    let curve = |entry: &Entry| {
        Series::line(&entry.name, entry.pen, finite(&entry.model.gain).map(|point| (point.share, point.capture)))
    };
    let random = Series::line("random order", Ink::Axis.solid(), [(0.0, 0.0), (1.0, 1.0)]);
    Panel {
        title: title.into(),
        shape: Shape::Scatter,
        across: Axis::new("leads worked, highest scores first", Unit::Share),
        up: Axis::new("wins captured", Unit::Share),
        series: entries.iter().map(curve).chain([random]).collect(),
    }
}

/// The share of leads that capacity covers, and its rule.
fn capacity(evaluation: &Evaluation, entries: &[Entry]) -> Option<(f64, String)> {
    let setting = evaluation.setting.capacity.as_ref()?;
    let capacity =
        entries.iter().find_map(|entry| entry.model.capacity.as_ref().filter(|capacity| capacity.leads > 0))?;
    let share = capacity.handed_over / capacity.leads as f64;
    (share.is_finite() && share < 1.0).then(|| (share, per_period(setting.leads, setting.per_days)))
}

fn finite(gain: &[GainPoint]) -> impl Iterator<Item = &GainPoint> {
    gain.iter().filter(|point| point.share.is_finite() && point.capture.is_finite())
}

fn captured(entry: &Entry) -> Option<f64> {
    entry.top(0.1).and_then(|top| top.capture.expected.finite())
}
