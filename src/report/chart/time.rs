use crate::result::{Curve, CurvePoint, Evaluation, Number};

use super::super::facts;
use super::super::text;
use super::ink::Ink;
use super::roster::Entry;
use super::scale::Scale;
use super::sheet::{Frame, LABEL, NOTE, Plot, Point, Sheet};
use super::{Axis, Chart, Frontispiece, Panel, Series, Shape, figures, note, words};

const LABEL_LINE: f64 = 18.0;

/// Share converted by the days since scoring, a curve a bracket.
pub(super) fn draw(evaluation: &Evaluation, entry: &Entry) -> Chart {
    let times = &entry.model.time_to_convert;
    let curves: Vec<(usize, &Curve)> =
        times.curves.iter().enumerate().filter(|(_, curve)| steps(curve).next().is_some()).collect();
    let height = (curves.len() as f64 * LABEL_LINE + 40.0).max(300.0);
    let front = Frontispiece {
        id: format!("time-{}", entry.slug),
        title: format!("{}: time to convert by bracket", entry.name),
        alt: alt(entry, &curves),
        entry: Some(entry),
        height: height + 116.0,
    };
    if let Some(reason) = &times.refused {
        return front.refuse(&format!("No curve: {}", facts::no_curves(reason)));
    }
    if curves.is_empty() {
        return front.refuse("No curve: no bracket holds leads that could be followed.");
    }
    let horizon = evaluation.setting.horizon_days.filter(|days| days.is_finite() && *days > 0.0);
    let panel = panel(&front.title, &curves, times.curves.len());
    let chart = front.draw(|sheet| {
        let days = last_day(&curves, horizon);
        let shown = || curves.iter().flat_map(|(_, curve)| steps(curve)).filter(|point| point.days <= days);
        let highest = shown().map(|point| point.incidence).fold(0.01, f64::max);
        let bands = shown().map(|point| point.high).fold(highest, f64::max).min(1.5 * highest);
        let frame = Frame { x: 54.0, y: 30.0, width: 394.0, height };
        let across = Scale::days(days, "days since the lead was scored");
        let mut plot = sheet.plot(frame, across, Scale::share(bands, 5, "converted by then"));
        if let Some(horizon) = horizon.filter(|horizon| *horizon < days * 0.999) {
            plot.line([(horizon, 0.0), (horizon, 1.0)], Ink::Muted.solid(), 1.3);
            sheet.text((plot.at((horizon, 0.0)).0 - 5.0, frame.y + 10.0), "horizon", NOTE.rim().right());
        }
        draw_curves(sheet, &mut plot, &curves, times.curves.len());
        let ends = if horizon.is_some_and(|horizon| (horizon - days).abs() < days * 1e-3) {
            " The right edge is the horizon."
        } else {
            ""
        };
        note(
            sheet,
            (0.0, frame.bottom() + 58.0),
            &format!("{}. Shaded: 95 % band.{ends}", capital(times.method.as_ref().map_or("", facts::curve_method))),
        );
    });
    chart.of(vec![panel])
}

fn panel(title: &str, curves: &[(usize, &Curve)], of: usize) -> Panel {
    let series = |(bracket, curve): &(usize, &Curve)| {
        let mut level = 0.0;
        let corners = steps(curve).flat_map(|point| {
            let before = std::mem::replace(&mut level, point.incidence);
            [(point.days, before), (point.days, point.incidence)]
        });
        Series::line(&curve.label, Ink::step(*bracket, of).solid(), std::iter::once((0.0, 0.0)).chain(corners))
    };
    Panel {
        title: title.into(),
        shape: Shape::Scatter,
        across: Axis::new("days since the lead was scored", text::Unit::Days),
        up: Axis::new("converted by then", text::Unit::Share),
        series: curves.iter().rev().map(series).collect(),
    }
}

fn capital(text: &str) -> String {
    let text = words::clean(text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn steps(curve: &Curve) -> impl Iterator<Item = &CurvePoint> {
    let finite = |point: &&CurvePoint| {
        [point.days, point.incidence, point.low, point.high].iter().all(|value| value.is_finite()) && point.days >= 0.0
    };
    curve.points.iter().filter(finite)
}

/// Where the axis ends: at the end of the curves, but not long after the horizon.
fn last_day(curves: &[(usize, &Curve)], horizon: Option<f64>) -> f64 {
    let followed = curves.iter().flat_map(|(_, curve)| steps(curve)).map(|point| point.days).fold(0.0, f64::max);
    match horizon {
        Some(horizon) => followed.clamp(horizon, 1.25 * horizon),
        None => followed.max(1.0),
    }
}

fn draw_curves(sheet: &Sheet, plot: &mut Plot, curves: &[(usize, &Curve)], of: usize) {
    let ink = |bracket: usize| Ink::step(bracket, of);
    let opacity = if curves.len() > 6 { 0.06 } else { 0.14 };
    for (bracket, curve) in curves {
        let high = stairs(plot, curve, |point| point.high);
        let low = stairs(plot, curve, |point| point.low);
        let corners: Vec<Point> = high.into_iter().chain(low.into_iter().rev()).map(|point| plot.at(point)).collect();
        sheet.area(&corners, ink(*bracket), opacity);
    }
    let mut labels = Vec::new();
    for (bracket, curve) in curves {
        let stairs = stairs(plot, curve, |point| point.incidence);
        let end = *stairs.last().unwrap_or(&(0.0, 0.0));
        plot.line(stairs, ink(*bracket).solid(), 2.2);
        labels.push((plot.at(end), *bracket, format!("{} %", figures::digits(end.1 * 100.0)), *curve));
    }
    labels.sort_by(|a, b| a.0.1.total_cmp(&b.0.1).then(b.1.cmp(&a.1)));
    let wanted: Vec<f64> = labels.iter().map(|label| label.0.1).collect();
    let places = spread(&wanted, LABEL_LINE, plot.frame.y, plot.frame.bottom());
    let x = plot.frame.right();
    for ((end, bracket, figure, curve), y) in labels.iter().zip(places) {
        sheet.line(&[*end, (end.0.max(x) + 2.0, end.1), (x + 16.0, y), (x + 20.0, y)], ink(*bracket).solid(), 1.2);
        sheet.text((700.0, y), figure, LABEL.right());
        sheet.text((x + 24.0, y), &LABEL.fit(&curve.label, 700.0 - x - 24.0 - 58.0), LABEL);
    }
}

/// The corners of a step curve within the plot, from its origin.
fn stairs(plot: &Plot, curve: &Curve, height: impl Fn(&CurvePoint) -> f64) -> Vec<Point> {
    let mut corners = vec![(0.0, 0.0)];
    let mut level = 0.0;
    let mut followed: f64 = 0.0;
    for point in steps(curve).filter(|point| plot.x.holds(point.days)) {
        corners.push((point.days, level));
        level = height(point).clamp(0.0, 1.0);
        corners.push((point.days, level));
        followed = followed.max(point.days);
    }
    if curve.to_days.is_finite() {
        followed = followed.max(curve.to_days.min(plot.x.high));
    }
    if steps(curve).any(|point| point.days > plot.x.high) {
        followed = plot.x.high;
    }
    corners.push((followed, level));
    corners
}

/// Places for labels at least `gap` apart and as near as may be to where they are wanted (ascending), within bounds.
fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::new();
    for want in wanted {
        let least = places.last().map_or(low, |last| last + gap);
        places.push(want.max(least));
    }
    let mut most = high;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

fn alt(entry: &Entry, curves: &[(usize, &Curve)]) -> String {
    let say = |(_, curve): &(usize, &Curve)| {
        let days = Number::from(curve.to_days).finite().map_or_else(|| "the end".into(), figures::short);
        let incidence = text::estimate(&curve.incidence, text::Unit::Share);
        format!("{}: {incidence} by day {days}", words::short(&curve.label))
    };
    let curves: Vec<String> = curves.iter().rev().map(say).collect();
    format!(
        "Share converted by days since scoring for the brackets of {}. {}.",
        words::short(&entry.name),
        words::first(&curves, "; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_overlap_stand_apart_and_within_bounds() {
        assert_eq!(spread(&[10.0, 11.0, 50.0], 10.0, 0.0, 100.0), [10.0, 20.0, 50.0]);
        assert_eq!(spread(&[95.0, 96.0, 97.0], 10.0, 0.0, 100.0), [80.0, 90.0, 100.0]);
        assert_eq!(spread(&[], 10.0, 0.0, 100.0), [0.0; 0]);
    }
}
