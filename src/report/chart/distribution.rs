use crate::result::{Scale as ScoreScale, ScoreBin};

use super::ink::Ink;
use super::roster::Entry;
use super::scale::{Scale, Unit};
use super::sheet::{Frame, LABEL, Point, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};
use crate::report::text;

/// How dark the others are.
const REST: f64 = 0.3;

/// Where the scores of the converted lie, and where those of the others.
pub(super) fn draw(entry: &Entry) -> Chart {
    let model = entry.model;
    let bins: Vec<&ScoreBin> = model
        .distribution
        .iter()
        .filter(|bin| bin.from.is_finite() && bin.to.is_finite() && bin.from <= bin.to)
        .collect();
    let sum = |n: fn(&ScoreBin) -> u64| bins.iter().map(|bin| n(bin)).fold(0, u64::saturating_add);
    let (wins, others) = (sum(|bin| bin.wins), sum(|bin| bin.others));
    let (points, factor) = match model.scale {
        ScoreScale::Points => ("score, in points", 1.0),
        ScoreScale::Probability => ("score, as a probability in percent", 100.0),
    };
    let (converted, rest) =
        (figures::counted(wins, "converted lead", "converted leads"), figures::counted(others, "other", "others"));
    let front = Frontispiece {
        id: format!("distribution-{}", entry.slug),
        title: format!("{}: scores of converted leads and of others", entry.name),
        alt: format!(
            "Distribution of the scores of {} over {converted} and {rest}.{}",
            words::short(&entry.name),
            medians(&bins, wins, others, factor)
        ),
        entry: Some(entry),
        height: 380.0,
    };
    if wins == 0 && others == 0 {
        return front.refuse("No distribution: no evaluated lead has a score.");
    }
    let share = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
    let series = |name: &str, ink: Ink, of: u64, n: fn(&ScoreBin) -> u64| {
        let mark = |bin: &&ScoreBin| {
            let label = format!("{} to {}", figures::short(bin.from * factor), figures::short(bin.to * factor));
            Mark::new(Place::Label(label), Some(share(n(bin), of)))
        };
        Series::new(name, ink.solid(), bins.iter().map(mark).collect())
    };
    let panel = Panel {
        title: front.title.clone(),
        shape: Shape::Columns,
        across: Axis::new(points, text::Unit::Plain),
        up: Axis::new("share of the group in each bin", text::Unit::Share),
        series: vec![
            series(&converted, entry.pen.ink, wins, |bin| bin.wins),
            series(&rest, Ink::Axis, others, |bin| bin.others),
        ],
    };
    let chart = front.draw(|sheet| {
        let most = bins.iter().map(|bin| share(bin.wins, wins).max(share(bin.others, others))).fold(0.0, f64::max);
        let low = bins.iter().map(|bin| bin.from * factor).fold(f64::INFINITY, f64::min);
        let high = bins.iter().map(|bin| bin.to * factor).fold(f64::NEG_INFINITY, f64::max);
        let frame = Frame { x: 54.0, y: 44.0, width: 634.0, height: 250.0 };
        let across = Scale::spanning(low, high, 8, Unit::Plain, points);
        let mut plot = sheet.plot(frame, across, Scale::share(most, 4, "share of the group in each bin"));
        for cut in model.brackets.rows.iter().filter_map(|row| row.from).map(|cut| cut * factor) {
            if plot.x.holds(cut) {
                plot.reference((cut, 0.0), (cut, plot.y.high));
            }
        }
        let outline = |of: u64, n: fn(&ScoreBin) -> u64| -> Vec<Point> {
            bins.iter().flat_map(|bin| [bin.from, bin.to].map(|score| (score * factor, share(n(bin), of)))).collect()
        };
        let rest_steps = closed(outline(others, |bin| bin.others));
        let corners: Vec<Point> = rest_steps.iter().map(|point| plot.at(*point)).collect();
        sheet.area(&corners, Ink::Muted, REST);
        plot.line(closed(outline(wins, |bin| bin.wins)), entry.pen.ink.solid(), 2.2);
        key(sheet, entry, &converted, &rest);
        let dashes = if model.brackets.rows.iter().any(|row| row.from.is_some()) {
            " Dashed: where brackets begin."
        } else {
            ""
        };
        note(sheet, (0.0, frame.bottom() + 58.0), &format!("Each group adds to 100 %.{dashes}"));
    });
    chart.of(vec![panel])
}

/// The outline brought down to the axis at both ends.
fn closed(mut outline: Vec<Point>) -> Vec<Point> {
    let ends = outline.first().zip(outline.last()).map(|(first, last)| (first.0, last.0));
    if let Some((first, last)) = ends {
        outline.insert(0, (first, 0.0));
        outline.push((last, 0.0));
    }
    outline
}

fn key(sheet: &Sheet, entry: &Entry, converted: &str, rest: &str) {
    let mut right = 688.0;
    sheet.text((right, 14.0), rest, LABEL.right());
    right -= LABEL.width(rest) + 22.0;
    sheet.bar((right, 7.0), (right + 16.0, 21.0), Ink::Muted, REST);
    right -= 20.0;
    sheet.text((right, 14.0), converted, LABEL.right());
    right -= LABEL.width(converted) + 26.0;
    sheet.line(&[(right, 14.0), (right + 20.0, 14.0)], entry.pen.ink.solid(), 2.2);
}

/// The bins that hold the middle of each group, in words.
fn medians(bins: &[&ScoreBin], wins: u64, others: u64, factor: f64) -> String {
    let middle = |of: u64, n: fn(&ScoreBin) -> u64| {
        let mut seen = 0.0;
        let bin = bins.iter().find(|bin| {
            seen += n(bin) as f64;
            2.0 * seen >= of as f64
        })?;
        (of > 0).then(|| format!("{} to {}", figures::short(bin.from * factor), figures::short(bin.to * factor)))
    };
    match (middle(wins, |bin| bin.wins), middle(others, |bin| bin.others)) {
        (Some(converted), Some(rest)) => {
            format!(" The middle converted lead scores {converted}, the middle other lead {rest}.")
        }
        _ => String::new(),
    }
}
