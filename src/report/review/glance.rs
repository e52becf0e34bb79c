//! The first screen, in the order in which a reader asks: wins and value, tiers, what to change, where good leads come
//! from, and whether to trust it.

use crate::result::Level;
use crate::result::review::{Advice, AdviceKind, AlarmKind, EarlyRead, Period, Review, Yield};

use super::super::chart;
use super::super::document::{Block, Cell, Column, Section, Table, Text, name, say};
use super::super::text::{self, Unit};
use super::summary::{self, named, regret_words, switching};
use super::{back, named_period, reviewed};

pub(super) fn section(review: &Review) -> Section {
    let mut blocks = vec![Block::Table(figures(review)), Block::Figure(chart::tiers(review)), changes(review)];
    blocks.extend(sources(review).map(Block::Table));
    let (level, trust) = trust(review);
    blocks.push(Block::Notice(level, trust));
    let title = format!("{} at a glance", text::clipped(&reviewed(review).label, 40));
    Section::new("glance", title, blocks).brief()
}

/// The reviewed period, the one before, and the same a year ago.
pub(super) fn compared(review: &Review) -> Vec<&Period> {
    let season = review.setting.season.filter(|season| *season > 1).and_then(|season| back(review, season as usize));
    [Some(reviewed(review)), back(review, 1), season].into_iter().flatten().collect()
}

fn figures(review: &Review) -> Table {
    let all = compared(review);
    let mut columns = vec![Column::label("").brief()];
    for (place, period) in all.iter().enumerate() {
        let label = named_period(period, 24);
        let title = if place == 2 { format!("{label}, a year ago") } else { label };
        columns.push(Column::number(title).brief());
    }
    let row = |title: &str, cell: &dyn Fn(&Period) -> Cell| {
        std::iter::once(Cell::text(title)).chain(all.iter().map(|period| cell(period))).collect::<Vec<Cell>>()
    };
    let read = |period: &Period| review.early.iter().find(|read| read.label == period.label);
    let mut rows = vec![
        row("Leads", &|period| Cell::count(period.leads)),
        row("Wins", &|period| wins(period, read(period))),
        row("Conversion", &|period| conversion(period, read(period))),
    ];
    if all.iter().any(|period| period.value.is_some()) {
        let currency = review.setting.currency.as_deref();
        let value = |period: &Period| match period.value {
            Some(value) => Cell::text(text::with_currency(&text::quantity(value, Unit::Money), currency)),
            None => Cell::text("–"),
        };
        let title = if reviewed(review).is_mature() { "Value won" } else { "Value won so far" };
        rows.push(row(title, &value));
    }
    let mut worth = vec![vec![Cell::text("Switching is worth"), switch(review)]];
    worth.extend(named(review).map(|_| {
        let leads = text::plural(review.decision.leads, "finished lead");
        vec![Cell::text("counted on"), Cell::text(leads)]
    }));
    worth.extend(switch_value(review).map(|value| vec![Cell::text("in value"), value]));
    for mut row in worth {
        row.extend(all.iter().skip(1).map(|_| Cell::empty()));
        rows.push(row);
    }
    Table::new("Wins and value, beside the last period and the same a year ago", columns, rows)
}

/// Wins; of an open period those so far, with the early read of the end.
fn wins(period: &Period, read: Option<&EarlyRead>) -> Cell {
    match read.filter(|read| !period.is_mature() && read.wins.point.finite().is_some()) {
        Some(read) if read.doubt.is_some() => {
            Cell::text(format!("{} so far; {UNTOLD}", text::count(period.wins_so_far)))
        }
        Some(read) => {
            let ends = text::parts(&read.wins, Unit::Count).1.unwrap_or_default();
            Cell::text(format!("{} so far; {ends} in the end", text::count(period.wins_so_far)))
        }
        None if period.is_mature() => Cell::count(period.wins),
        None => Cell::text(format!("{} so far", text::count(period.wins_so_far))),
    }
}

/// In the place of an early read that can not be trusted.
pub(super) const UNTOLD: &str = "how it ends can not be told yet";

fn conversion(period: &Period, read: Option<&EarlyRead>) -> Cell {
    match read.filter(|read| !period.is_mature() && read.rate.point.finite().is_some()) {
        Some(read) if read.doubt.is_some() => Cell::text(UNTOLD),
        Some(read) => Cell::text(format!("≈ {}", text::estimate(&read.rate, Unit::Share))),
        None => Cell::estimate(&period.rate, Unit::Share),
    }
}

/// What the named challenger is worth in wins.
fn switch(review: &Review) -> Cell {
    let Some(comparison) = named(review) else { return Cell::text("none is shown to be better") };
    let (wins, per) = switching(review, comparison);
    let (point, interval) = text::parts(&wins, Unit::CountDifference);
    let interval = interval.map_or(String::new(), |interval| format!(" ({interval})"));
    Cell::text(format!("{point} wins {per}{interval}"))
}

/// The same in money; nothing where wins carry no value.
fn switch_value(review: &Review) -> Option<Cell> {
    let value = named(review)?.value_per_quarter.as_ref().filter(|value| value.point.finite().is_some())?;
    let (point, interval) = text::parts(value, Unit::Money);
    let interval = interval.map_or(String::new(), |interval| format!(" ({interval})"));
    Some(Cell::text(text::with_currency(&point, review.setting.currency.as_deref()) + &interval))
}

/// What an advice asks for, in a few words.
pub(super) fn advice_words(advice: &Advice) -> Text {
    let subject = name(&advice.subject);
    match advice.what {
        AdviceKind::ReplaceModel => say!["Replace the live model by ", subject],
        AdviceKind::ChangePoints => say!["Change the points of ", subject],
        AdviceKind::RemoveCriterion => say!["Remove ", subject],
        AdviceKind::MendTracking => say!["Mend the log of ", subject],
        AdviceKind::LookAtSegment => say!["Look into leads of ", subject],
        AdviceKind::Recalibrate => say!["Fit the probabilities of ", subject, " anew"],
    }
}

/// What is said where nothing is to be changed.
pub(super) const NO_CHANGE: &str = "No change is proposed";
pub(super) const WHY_NONE: &str = "no criterion at odds with the data, no challenger past the gates, no log to mend";

/// How the changes are called.
pub(super) fn changes_title(review: &Review) -> &'static str {
    let number = ["", "The one change to make", "The two changes to make", "The three changes to make"];
    number.get(review.advice.len()).copied().unwrap_or("The changes to make")
}

fn changes(review: &Review) -> Block {
    if review.advice.is_empty() {
        return Block::Paragraph(format!("{NO_CHANGE}: {WHY_NONE}.").into());
    }
    let columns = vec![
        Column::label("Change to make").brief(),
        Column::number("From").brief(),
        Column::number("To").brief(),
        Column::number("Wins a quarter").brief(),
        Column::number("Counted on leads").brief(),
        Column::label("Who decides").brief(),
    ];
    let row = |(place, advice): (usize, &Advice)| {
        let gain = match advice.gain.point.finite() {
            Some(_) => Cell::estimate(&advice.gain, Unit::CountDifference),
            None => Cell::text("–"),
        };
        vec![
            Cell::text(say![format!("{}. ", place + 1)].then(advice_words(advice))).at(place),
            Cell::optional(advice.from, Unit::Plain),
            Cell::optional(advice.to, Unit::Plain),
            gain,
            advice.leads.filter(|_| advice.gain.point.finite().is_some()).map_or_else(|| Cell::text("–"), Cell::count),
            Cell::text(text::capitalised(&advice.who)),
        ]
    };
    let rows = review.advice.iter().enumerate().map(row).collect();
    Block::Table(Table::new(changes_title(review), columns, rows))
}

/// The most parts of a segment on the first screen.
const SOURCES: usize = 4;

fn sources(review: &Review) -> Option<Table> {
    let segment = review.benchmarks.by_segment.first()?;
    let mut parts: Vec<&Yield> = segment.parts.iter().filter(|part| part.rate.point.finite().is_some()).collect();
    parts.sort_by(|a, b| {
        let rate = |part: &Yield| part.rate.point.finite().unwrap_or(0.0);
        rate(b).total_cmp(&rate(a))
    });
    let columns = vec![
        Column::label(text::capitalised(&text::clipped(&segment.column, 24))).brief(),
        Column::number("Converts").brief(),
        Column::number("Leads for a win").brief(),
        Column::number("This period").brief(),
    ];
    let row = |part: &Yield| {
        let leads = part.leads_per_win.point.finite();
        vec![
            Cell::label(&part.label),
            Cell::estimate(&part.rate, Unit::Share),
            leads.map_or_else(|| Cell::text("–"), |leads| Cell::value((leads * 10.0).round() / 10.0, Unit::Count)),
            match part.now_rate.point.finite() {
                Some(rate) => Cell::value(rate, Unit::Share),
                None => Cell::text("too early"),
            },
        ]
    };
    let rows: Vec<Vec<Cell>> = parts.iter().take(SOURCES).map(|part| row(part)).collect();
    let caption = match parts.len() > SOURCES {
        true => format!("Where good leads come from (the best {SOURCES} of {})", parts.len()),
        false => "Where good leads come from".into(),
    };
    (!rows.is_empty()).then(|| Table::new(caption, columns, rows))
}

/// Maturity, breaks in the tracking, and what became of the last advice, in one line.
pub(super) fn trust(review: &Review) -> (Level, Text) {
    let period = reviewed(review);
    let mature =
        format!("{} of this period's leads are finished. ", text::quantity(period.share_mature(), Unit::Share));
    let broken: Vec<String> = review
        .alarms
        .rung
        .iter()
        .filter(|alarm| alarm.kind == AlarmKind::Tracking && alarm.period == period.label)
        .map(|alarm| alarm.what.clone())
        .collect();
    let tracking = match broken.is_empty() {
        true => say!["No break in the tracking. "],
        false => say!["Tracking broke: "].then(super::super::document::names(&broken)).then(". ".into()),
    };
    let volume =
        review.alarms.rung.iter().find(|alarm| alarm.kind == AlarmKind::Volume && alarm.period == period.label);
    let volume_words = volume.map_or(Text::default(), |alarm| {
        Text::from(text::capitalised(&summary::alarm_words(alarm).plain())).then(". ".into())
    });
    let rewritten = review.memory.rewritten.len() as u64;
    let history = match rewritten {
        0 => Text::default(),
        n => format!("The history of {} was changed since. ", text::plural(n, "period")).into(),
    };
    let level = if !broken.is_empty() || volume.is_some() || rewritten > 0 || period.share_mature() < 0.5 {
        Level::Warning
    } else {
        Level::Note
    };
    (level, volume_words.then(mature.into()).then(tracking).then(history).then(last_advice(review)))
}

fn last_advice(review: &Review) -> Text {
    let Some(last) = &review.memory.last else {
        return "This is the first review: there is no advice to look back on.".into();
    };
    let mut words = say![format!("Advice of {}: use ", text::clipped(&last.period, 40)), name(&last.advised)];
    let follows =
        if last.advised == last.in_use { ", which is in use".to_owned() } else { ", which is not in use".into() };
    words = words.then(follows.into());
    if last.advised_changes > 0 {
        words = words.then(format!("; {} of {} changes made", last.followed, last.advised_changes).into());
    }
    match &last.regret {
        Some(regret) => words.then("; since then ".into()).then(regret_words(regret)),
        None => words.then("; no finished lead since to judge it on.".into()),
    }
}
