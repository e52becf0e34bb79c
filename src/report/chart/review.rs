//! Charts of a review: tiers this period beside the last, and every model through the periods.

use crate::result::review::{ModelPeriod, ModelTrend, Review};
use crate::result::{Bracket, Number};

use super::super::text;
use super::ink::{Ink, MODELS, Pen};
use super::scale::{Scale, Unit};
use super::sheet::{Frame, HEADING, LABEL, NOTE, Plot, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};

/// The charts of a review.
pub fn review(review: &Review) -> Vec<Chart> {
    vec![tiers(review), trend(review)]
}

const TOP: f64 = 54.0;
const ROW: f64 = 54.0;
const NAMES: f64 = 134.0;
const PLOT: f64 = 290.0;
const LEADS: f64 = 552.0;
const DAYS: f64 = 618.0;
const MATURE: f64 = 698.0;

/// One tier in the reviewed period and in the one before.
struct Tier<'a> {
    now: &'a Bracket,
    before: Option<&'a Bracket>,
}

/// Conversion, volume and time by tier, this period beside the last, with how much of each is mature.
pub fn tiers(review: &Review) -> Chart {
    tiers_from_the_top(review, usize::MAX)
}

/// The same of so many tiers at most, those of the highest scores.
pub fn tiers_from_the_top(review: &Review, most: usize) -> Chart {
    let champion = review.models.iter().find(|model| model.is_champion);
    let last = review.periods.len().saturating_sub(1);
    let of = |back: usize| champion.and_then(|model| model.periods.get(last.checked_sub(back)?));
    let mut rows: Vec<Tier> = of(0).map(|now| tiers_of(now, of(1))).unwrap_or_default();
    let (all, title) = (rows.len(), "Conversion, volume and time by tier");
    let title = if all > most { format!("{title}, the {most} highest of {all}") } else { title.into() };
    rows.truncate(most);
    let label = |back: usize| {
        last.checked_sub(back)
            .and_then(|place| review.periods.get(place))
            .map_or(String::new(), |one| one.label.clone())
    };
    let bottom = TOP + ROW * rows.len() as f64;
    let front =
        Frontispiece { id: "tiers".into(), title, alt: alt(&rows, &label(0)), entry: None, height: bottom + 64.0 };
    if rows.is_empty() {
        return front.refuse("No tiers yet: no horizon of this period's leads is over.");
    }
    let panels = panels(&rows, &[label(0), label(1)]);
    let chart = front.draw(|sheet| {
        let ends = rows.iter().flat_map(|tier| [Some(tier.now), tier.before]).flatten();
        let highest = ends.flat_map(|row| [&row.rate.point, &row.rate.high]).filter_map(Number::finite);
        let scale = Scale::share(highest.fold(0.01, f64::max), 4, "converted within the horizon");
        let frame = Frame { x: NAMES, y: TOP, width: PLOT, height: bottom - TOP };
        let plot = sheet.plot(frame, scale, Scale::spanning(0.0, 1.0, 1, Unit::Plain, "").without_ticks());
        key(sheet, &label(0), &label(1));
        for (x, name) in [(LEADS, "Leads"), (DAYS, "Days"), (MATURE, "Finished")] {
            sheet.text((x, TOP - 12.0), name, NOTE.sized(13.0).right());
        }
        for (place, tier) in rows.iter().enumerate() {
            row(sheet, &plot, tier, TOP + ROW * (place as f64 + 0.5));
        }
        sheet.line(&[plot.at((0.0, 0.0)), plot.at((0.0, 1.0))], Ink::Axis.solid(), 1.0);
        note(sheet, (0.0, bottom + 54.0), "Line: 95 % interval. Days: median from creation to win.");
    });
    chart.of(panels)
}

/// Conversion, leads, days and maturity, each with the reviewed period beside the last.
fn panels(rows: &[Tier], labels: &[String; 2]) -> Vec<Panel> {
    let panel = |title: &str, up: Axis, mark: &dyn Fn(&Bracket, Place) -> Mark| {
        let of = |tier: &Tier, row: Option<&Bracket>| {
            let place = Place::label(&tier.now.label);
            row.map_or_else(|| Mark::new(place.clone(), None), |row| mark(row, place.clone()))
        };
        let now = rows.iter().map(|tier| of(tier, Some(tier.now))).collect();
        let mut series = vec![Series::new(&labels[0], NOW.solid(), now)];
        if rows.iter().any(|tier| tier.before.is_some()) {
            let before = rows.iter().map(|tier| of(tier, tier.before)).collect();
            series.push(Series::new(&labels[1], BEFORE.solid(), before));
        }
        Panel { title: title.into(), shape: Shape::Bars, across: Axis::new("tier", text::Unit::Plain), up, series }
    };
    let all = |row: &Bracket| (row.leads + row.immature) as f64;
    vec![
        panel("Conversion by tier", Axis::new("converted within the horizon", text::Unit::Share), &|row, place| {
            Mark::of(place, row.rate.point.finite(), &row.rate)
        }),
        panel("Leads by tier", Axis::new("leads", text::Unit::Count), &|row, place| Mark::new(place, Some(all(row)))),
        panel("Median days to win by tier", Axis::new("days", text::Unit::Days), &|row, place| {
            Mark::new(place, row.median_days.finite())
        }),
        panel("How much of each tier is finished", Axis::new("share of leads", text::Unit::Share), &|row, place| {
            Mark::new(place, Some(row.leads as f64 / all(row)))
        }),
    ]
}

/// From the highest scores down.
fn tiers_of<'a>(now: &'a ModelPeriod, before: Option<&'a ModelPeriod>) -> Vec<Tier<'a>> {
    let named = |label: &str| before.and_then(|before| before.brackets.iter().find(|row| row.label == label));
    now.brackets.iter().rev().map(|row| Tier { now: row, before: named(&row.label) }).collect()
}

const NOW: Ink = Ink::Model(0);
const BEFORE: Ink = Ink::Axis;

fn key(sheet: &Sheet, now: &str, before: &str) {
    let style = LABEL.sized(14.0);
    sheet.bar((NAMES, 8.0), (NAMES + 16.0, 20.0), NOW, 1.0);
    let first = style.bold(true).fit(now, 110.0);
    sheet.text((NAMES + 22.0, 14.0), &first, style.bold(true));
    if !before.is_empty() {
        let x = NAMES + 40.0 + style.bold(true).width(&first);
        sheet.bar((x, 8.0), (x + 16.0, 20.0), BEFORE, 0.55);
        sheet.text((x + 22.0, 14.0), &style.fit(before, 110.0), style);
    }
}

fn row(sheet: &Sheet, plot: &Plot, tier: &Tier, y: f64) {
    sheet.text((0.0, y), &HEADING.sized(15.0).fit(&tier.now.label, NAMES - 10.0), HEADING.sized(15.0));
    bar(sheet, plot, tier.now, (y - 19.0, y - 3.0), NOW, 1.0);
    figures_of(sheet, tier.now, y - 11.0, true);
    if let Some(before) = tier.before {
        bar(sheet, plot, before, (y + 1.0, y + 15.0), BEFORE, 0.55);
        figures_of(sheet, before, y + 8.0, false);
    }
}

fn bar(sheet: &Sheet, plot: &Plot, row: &Bracket, (top, bottom): (f64, f64), ink: Ink, opacity: f64) {
    let x = |rate: f64| plot.at((rate, 0.0)).0;
    let Some(rate) = row.rate.point.finite() else {
        return sheet.text((x(0.0) + 6.0, f64::midpoint(top, bottom)), "no finished lead", NOTE);
    };
    sheet.bar((x(0.0), top), (x(rate), bottom), ink, opacity);
    if let Some(interval) = row.rate.interval() {
        let middle = f64::midpoint(top, bottom);
        sheet.line(&[(x(interval.low), middle), (x(interval.high), middle)], Ink::Text.solid(), 1.6);
        let text = LABEL.sized(13.0).bold(opacity == 1.0).rim();
        sheet.text((x(interval.high) + 6.0, middle), &figures::percent(rate), text);
    }
}

fn figures_of(sheet: &Sheet, row: &Bracket, y: f64, is_now: bool) {
    let all = row.leads + row.immature;
    let style = if is_now { LABEL.sized(14.0).bold(true) } else { NOTE.sized(13.0) };
    sheet.text((LEADS, y), &text::count(all), style.right());
    let days = row.median_days.finite().map_or("–".into(), |days| format!("{days:.0}"));
    sheet.text((DAYS, y), &days, style.right());
    let mature = if all == 0 { "–".into() } else { format!("{:.0} %", 100.0 * row.leads as f64 / all as f64) };
    sheet.text((MATURE, y), &mature, style.right());
}

fn alt(rows: &[Tier], label: &str) -> String {
    let say = |tier: &Tier| {
        let before = tier
            .before
            .map_or(String::new(), |before| format!(", before {}", text::estimate(&before.rate, text::Unit::Share)));
        format!(
            "{}: {} of {} leads{before}",
            words::short(&tier.now.label),
            text::estimate(&tier.now.rate, text::Unit::Share),
            text::count(tier.now.leads + tier.now.immature)
        )
    };
    let rows: Vec<String> = rows.iter().map(say).collect();
    format!("Conversion by tier in {}. {}.", words::short(label), words::first(&rows, "; "))
}

const FRAME: Frame = Frame { x: 64.0, y: 30.0, width: 430.0, height: 240.0 };

/// AUC of every model through the periods.
pub fn trend(review: &Review) -> Chart {
    let periods = review.periods.len();
    let front = Frontispiece {
        id: "trend".into(),
        title: "How well each model orders leads, period by period".into(),
        alt: trend_alt(review),
        entry: None,
        height: FRAME.bottom() + 64.0,
    };
    let defined =
        |model: &ModelTrend| model.periods.iter().filter_map(|one| one.auc.point.finite()).collect::<Vec<_>>();
    let values: Vec<f64> = review.models.iter().flat_map(defined).collect();
    if values.is_empty() {
        return front.refuse("No trend: in no period is the AUC of a model defined.");
    }
    let ends = review.models.iter().filter(|model| model.is_champion).flat_map(|model| {
        model.periods.iter().filter_map(|one| one.auc.interval()).flat_map(|interval| [interval.low, interval.high])
    });
    let (low, high) = values
        .iter()
        .copied()
        .chain(ends)
        .fold((0.5_f64, 0.6_f64), |(low, high), value| (low.min(value), high.max(value)));
    let panel = trend_panel(review, front.title.clone());
    let chart = front.draw(|sheet| {
        let x = Scale::spanning(-0.3, periods as f64 - 0.7, 1, Unit::Plain, "").without_ticks();
        let mut plot = sheet.plot(FRAME, x, Scale::rounded(low, high, 4, Unit::Plain, "AUC"));
        plot.reference((-0.3, 0.5), (periods as f64 - 0.7, 0.5));
        let room = FRAME.width / periods as f64 - 4.0;
        for (place, period) in review.periods.iter().enumerate() {
            let (at, _) = plot.at((place as f64, low));
            sheet.text((at, FRAME.bottom() + 14.0), &NOTE.fit(&period.label, room), NOTE.centred());
        }
        let mut others = 0;
        for (line, model) in review.models.iter().enumerate() {
            let pen = pen(model, &mut others);
            curve(sheet, &mut plot, model, pen);
            let y = FRAME.y + 8.0 + 20.0 * line as f64;
            if y < FRAME.bottom() {
                sheet.line(&[(FRAME.right() + 14.0, y), (FRAME.right() + 34.0, y)], pen, 2.2);
                let style = LABEL.bold(model.is_champion);
                sheet.text((FRAME.right() + 40.0, y), &style.fit(&model.name, 160.0), style);
            }
        }
        note(
            sheet,
            (0.0, FRAME.bottom() + 44.0),
            "Upright lines: 95 % interval of the live model. 0.5 is chance. Where a model learned from a period's leads there is no dot.",
        );
    });
    chart.of(vec![panel])
}

fn trend_panel(review: &Review, title: String) -> Panel {
    let mut others = 0;
    let mut series = |model: &ModelTrend| {
        let mark = |one: &ModelPeriod| match model.is_champion {
            true => Mark::of(Place::label(&one.label), one.auc.point.finite(), &one.auc),
            false => Mark::new(Place::label(&one.label), one.auc.point.finite()),
        };
        let marks = model.periods.iter().map(mark).collect();
        Series { joined: true, ..Series::new(&model.name, pen(model, &mut others), marks) }
    };
    Panel {
        title,
        shape: Shape::Lines,
        across: Axis::new(words::clean(&review.setting.unit), text::Unit::Plain),
        up: Axis::new("AUC", text::Unit::Plain),
        series: review.models.iter().map(&mut series).collect(),
    }
}

fn pen(model: &ModelTrend, others: &mut usize) -> Pen {
    if model.is_champion {
        return Ink::Champion.solid();
    }
    let (place, colours) = (*others, usize::from(MODELS));
    *others += 1;
    Pen { ink: Ink::Model((place % colours) as u8), dash: (place / colours % 4) as u8 }
}

fn curve(sheet: &Sheet, plot: &mut Plot, model: &ModelTrend, pen: Pen) {
    let points: Vec<(f64, f64)> = model
        .periods
        .iter()
        .enumerate()
        .filter_map(|(place, one)| Some((place as f64, one.auc.point.finite()?)))
        .collect();
    plot.line(points.clone(), pen, if model.is_champion { 2.8 } else { 1.8 });
    for (place, one) in model.periods.iter().enumerate().filter(|_| model.is_champion) {
        if let Some(interval) = one.auc.interval() {
            let (from, to) = (plot.at((place as f64, interval.low)), plot.at((place as f64, interval.high)));
            sheet.line(&[from, to], pen, 1.4);
        }
    }
    points.iter().for_each(|point| sheet.dot(plot.at(*point), pen, if model.is_champion { 4.5 } else { 3.5 }));
}

fn trend_alt(review: &Review) -> String {
    let say = |model: &ModelTrend| {
        let last = model.periods.last().map(|one| text::estimate(&one.auc, text::Unit::Plain));
        format!("{}: {}", words::short(&model.name), last.unwrap_or_default())
    };
    let all: Vec<String> = review.models.iter().map(say).collect();
    format!("AUC of every model period by period. In the reviewed period {}.", words::first(&all, "; "))
}
