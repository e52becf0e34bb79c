use crate::result::{Evaluation, GainPoint};

use super::ink::Ink;
use super::roster::{Entry, legend, legend_height, thickness};
use super::scale::Scale;
use super::sheet::{Frame, NOTE};
use super::summary::per_period;
use super::{Chart, Frontispiece, figures};

/// Share of all wins among the leads with the highest scores, for every share of leads.
pub(super) fn draw(evaluation: &Evaluation, entries: &[Entry]) -> Chart {
    let capacity = capacity(evaluation, entries);
    let share = capacity.as_ref().map_or(0.1, |capacity| capacity.0);
    let mut figured: Vec<(&Entry, Option<f64>)> =
        entries.iter().map(|entry| (entry, capture_at(&entry.model.gain, share))).collect();
    figured.sort_by(|a, b| b.1.unwrap_or(-1.0).total_cmp(&a.1.unwrap_or(-1.0)));
    let say = |capture: Option<f64>| capture.map_or_else(|| "no curve".into(), figures::percent);
    let captured: Vec<String> =
        figured.iter().map(|(entry, capture)| format!("{} {}", entry.name, say(*capture))).collect();
    let at = match &capacity {
        Some((share, rule)) => format!("{rule} (the top {})", figures::percent(*share)),
        None => "in the top 10 %".into(),
    };
    let height = (legend_height(entries.len()) + 30.0).max(440.0);
    let front = Frontispiece {
        id: "gain".into(),
        title: "Wins captured by working the best leads first".into(),
        alt: format!(
            "Share of all wins captured against the share of leads worked. Captured {at}: {}.",
            captured.join(", ")
        ),
        entry: None,
        height,
    };
    if entries.iter().all(|entry| finite(&entry.model.gain).count() < 2) {
        return front.refuse("No gain curve: there are no wins to capture.");
    }
    front.draw(|sheet| {
        let frame = Frame { x: 54.0, y: 30.0, width: 394.0, height: 360.0 };
        let y = Scale::share(1.0, 5, "wins captured");
        let mut plot = sheet.plot(frame, Scale::share(1.0, 5, "leads worked, highest scores first"), y);
        plot.reference((0.0, 0.0), (1.0, 1.0));
        sheet.text(plot.at((0.74, 0.66)), "random order", NOTE.rim());
        if let Some((share, _)) = &capacity {
            plot.line([(*share, 0.0), (*share, 1.0)], Ink::Muted.solid(), 1.3);
            sheet.text((plot.at((*share, 0.0)).0 + 5.0, frame.bottom() - 12.0), "capacity", NOTE.rim());
        }
        for entry in entries.iter().rev() {
            let points = finite(&entry.model.gain).map(|point| (point.share, point.capture));
            plot.line(points, entry.pen, thickness(entry));
        }
        let heading = if capacity.is_some() { "wins captured at capacity" } else { "wins captured in the top 10 %" };
        let lines: Vec<(&Entry, String)> = figured.iter().map(|(entry, capture)| (*entry, say(*capture))).collect();
        legend(sheet, (470.0, 30.0), 228.0, heading, &lines);
    })
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

/// The curve's height at a share of leads.
fn capture_at(gain: &[GainPoint], share: f64) -> Option<f64> {
    let points: Vec<&GainPoint> = finite(gain).collect();
    let segment = points.windows(2).find(|pair| pair[0].share <= share && share <= pair[1].share)?;
    let [from, to] = [segment[0], segment[1]];
    if to.share <= from.share {
        return Some(to.capture);
    }
    Some(from.capture + (to.capture - from.capture) * (share - from.share) / (to.share - from.share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_points_the_curve_is_straight() {
        let gain = [(0.0, 0.0), (0.2, 0.6), (1.0, 1.0)].map(|(share, capture)| GainPoint { share, capture });
        assert_eq!(capture_at(&gain, 0.1), Some(0.3));
        assert_eq!(capture_at(&gain, 0.2), Some(0.6));
        assert_eq!(capture_at(&[], 0.1), None);
    }
}
