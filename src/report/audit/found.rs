use crate::result::{Cliff, CliffKind, Decay, Leak, Leaks, Misjudged, Missed, MissedKind};

use super::super::document::{Block, Cell, Column, Section, Table, Text};
use super::super::text::{self, Unit};

/// Columns that know the outcome.
pub(super) fn leaks(leaks: &Leaks) -> Section {
    if leaks.columns.is_empty() {
        let words = "No column seems to know the outcome.";
        return Section::new("leaks", "Leaks: none found", vec![Block::Paragraph(words.into())]);
    }
    let columns = vec![
        Column::label("Column").brief(),
        Column::number("AUC alone").brief().term("AUC"),
        Column::number("Filled, winners"),
        Column::number("Filled, others"),
        Column::label("Why").brief(),
    ];
    let row = |one: &Leak| {
        vec![
            Cell::label(&one.column),
            Cell::estimate(&one.auc, Unit::Plain),
            Cell::estimate(&one.filled_won, Unit::Share),
            Cell::estimate(&one.filled_other, Unit::Share),
            Cell::text(Text::sentence(&one.why)),
        ]
    };
    let rows = leaks.columns.iter().map(row).collect();
    let (with, without) =
        (text::estimate(&leaks.auc_with, Unit::Plain), text::estimate(&leaks.auc_without, Unit::Plain));
    let blocks = vec![
        Block::Table(Table::new("Columns that seem to know the outcome.", columns, rows)),
        Block::Paragraph(format!("A regression on all columns has an AUC of {with} on the evaluated leads; without these columns {without}.").into()),
    ];
    Section::new("leaks", "Leaks", blocks).brief()
}

/// Dates at which the log breaks.
pub(super) fn log(cliffs: &[Cliff]) -> Option<Section> {
    let columns = vec![
        Column::label("Events").brief(),
        Column::label("What").brief(),
        Column::label("At").brief(),
        Column::number("Before"),
        Column::number("After"),
        Column::number("Leads touched").brief(),
        Column::label("Criteria"),
    ];
    let row = |one: &Cliff| {
        let what = match one.what {
            CliffKind::Begins => "begins",
            CliffKind::Ends => "ends",
            CliffKind::ThinsOut => "thins out",
            CliffKind::Swells => "swells",
        };
        vec![
            Cell::label(&one.kind),
            Cell::text(what),
            Cell::date(&one.at),
            Cell::value(one.before, Unit::Share),
            Cell::value(one.after, Unit::Share),
            Cell::number(&one.share, Unit::Share),
            Cell::label(&text::list(&one.criteria)),
        ]
    };
    let caption = "Dates at which the log of a kind of events breaks. Before and after: events for those that the leads would lead one to expect.";
    let table = Table::new(caption, columns, cliffs.iter().map(row).collect());
    (!cliffs.is_empty()).then(|| Section::new("log", "Blind spots of the log", vec![Block::Table(table)]).brief())
}

/// How fast events fade.
pub(super) fn decay(decays: &[Decay]) -> Option<Section> {
    let columns = vec![
        Column::label("Criterion").brief(),
        Column::number("Half-life set, days").brief(),
        Column::number("By the data, days").brief(),
        Column::number("Expiry set, days"),
        Column::number("By the data, days"),
        Column::number("p of no decay"),
        Column::label("What it means"),
    ];
    let row = |one: &Decay| {
        vec![
            Cell::label(&one.criterion),
            Cell::optional(one.configured_days, Unit::Plain),
            Cell::estimate(&one.half_life, Unit::Plain),
            Cell::optional(one.configured_expiry, Unit::Plain),
            Cell::estimate(&one.expiry, Unit::Plain),
            Cell::number(&one.p, Unit::P),
            Cell::text(Text::sentence(&one.sentence)),
        ]
    };
    let caption = "How fast events fade, by profile likelihood with the other criteria free: halving every so many days, or in a straight line to nothing after so many. Infinite: no decay.";
    let table = Table::new(caption, columns, decays.iter().map(row).collect());
    (!decays.is_empty()).then(|| Section::new("decay", "Decay", vec![Block::Table(table)]).brief())
}

/// What no criterion says.
pub(super) fn missing(missing: &[Missed]) -> Option<Section> {
    let columns = vec![
        Column::label("What").brief(),
        Column::label("Read from"),
        Column::number("Holds for"),
        Column::number("Converts").brief(),
        Column::number("Worth, points").brief(),
        Column::number("p, corrected").brief(),
        Column::label("As a criterion"),
    ];
    let row = |one: &Missed| {
        vec![
            Cell::label(&one.name),
            Cell::label(&source(one)),
            Cell::estimate(&one.share, Unit::Share),
            Cell::estimate(&one.rate, Unit::Share),
            Cell::estimate(&one.points, Unit::Plain),
            Cell::number(&one.p_adjusted, Unit::P),
            Cell::text(text::clipped(&one.criterion, 200)),
        ]
    };
    let caption = "What would add to the criteria there are, corrected for the number looked at; of each column and kind of events the clearest. Two criteria together are worth these points beside their own.";
    let table = Table::new(caption, columns, missing.iter().map(row).collect());
    (!missing.is_empty()).then(|| Section::new("missing", "What is missing", vec![Block::Table(table)]).brief())
}

fn source(one: &Missed) -> String {
    let reads = text::clipped(&one.reads, 60);
    match one.kind {
        MissedKind::Column => format!("column {reads}"),
        MissedKind::Event => format!("events {reads}"),
        MissedKind::Pair => format!("two criteria: {reads}"),
    }
}

/// Who converts more, or less, than the score promises.
pub(super) fn misjudged(misjudged: &[Misjudged]) -> Option<Section> {
    let columns = vec![
        Column::label("Leads").brief(),
        Column::label("The score").brief(),
        Column::number("Share of leads"),
        Column::number("Converts").brief(),
        Column::number("Others with the same score").brief(),
        Column::number("p, corrected"),
    ];
    let row = |one: &Misjudged| {
        vec![
            Cell::label(&one.name),
            Cell::text(if one.undervalued { "undervalues them" } else { "overvalues them" }),
            Cell::number(&one.share, Unit::Share),
            Cell::estimate(&one.rate, Unit::Share),
            Cell::number(&one.expected, Unit::Share),
            Cell::number(&one.p_adjusted, Unit::P),
        ]
    };
    let caption = "Leads that convert at least a fifth more, or less, than others with the same score; corrected for the number looked at.";
    let table = Table::new(caption, columns, misjudged.iter().map(row).collect());
    (!misjudged.is_empty()).then(|| Section::new("misjudged", "Who is judged wrong", vec![Block::Table(table)]).brief())
}
