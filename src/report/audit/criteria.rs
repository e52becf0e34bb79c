use crate::result::{Audit, CriteriaAudit, CriterionAudit};

use super::super::chart::{self, Chart};
use super::super::document::{Block, Cell, Column, Section, Table, Text, name, say};
use super::super::notices;
use super::super::text::{self, Unit};
use super::tally;

/// What to keep in mind, and the picture.
pub(super) fn picture(audit: &Audit) -> Section {
    let mut blocks: Vec<Block> = audit
        .notices
        .iter()
        .map(|notice| Block::Notice(notice.level, Text::whole(&notices::sentence(&notice.fact))))
        .collect();
    blocks.push(Block::Figure(chart::criteria(&audit.model, &audit.criteria)));
    Section::new("points", "In one picture", blocks)
}

/// Each criterion in numbers and in a sentence.
pub(super) fn section(audit: &Audit) -> Section {
    let blocks = vec![Block::Table(table(&audit.criteria)), sentences(&audit.criteria)];
    Section::new("criteria", "Each criterion", blocks).brief()
}

/// The criteria of one model in the report of a run.
pub(in crate::report) fn of_run(audit: &CriteriaAudit, charts: &[Chart]) -> Section {
    let named = tally(&audit.criteria);
    let found = if named.is_empty() { "nothing is named".into() } else { text::list(&named) };
    let (leads, wins) = (text::plural(audit.leads, "training lead"), text::plural(audit.wins, "win"));
    let mut blocks = vec![Block::Paragraph(
        say![
            "What the criteria of ",
            name(&audit.model),
            format!(" turn out to be worth on {leads} with {wins} ({}): {found}. ", text::clean(&audit.window))
        ]
        .then(say![
            name("leadoff audit"),
            " says what to change, and looks for leaks, breaks of the log, decay and what is missing."
        ]),
    )];
    blocks.extend(charts.iter().filter(|chart| chart.id == "points").map(|chart| Block::Figure(chart.clone())));
    blocks.push(Block::Table(table(&audit.criteria)));
    blocks.push(sentences(&audit.criteria));
    Section::new("criteria", "The criteria against what happened", blocks)
}

fn table(criteria: &[CriterionAudit]) -> Table {
    let columns = vec![
        Column::label("Criterion").brief(),
        Column::label("Verdict").brief(),
        Column::number("Points").brief(),
        Column::number("Implied").brief(),
        Column::number("Fires on").brief(),
        Column::number("Points given"),
        Column::number("Converts with"),
        Column::number("without"),
        Column::number("Difference"),
        Column::number("Lift").term("Lift"),
        Column::number("Information value"),
        Column::number("Cost"),
    ];
    let row = |one: &CriterionAudit| {
        vec![
            Cell::label(&one.name),
            Cell::text(one.verdict.in_words()),
            Cell::value(one.configured, Unit::Plain),
            Cell::estimate(&one.implied, Unit::Plain),
            Cell::estimate(&one.share, Unit::Share),
            Cell::number(&one.contribution, Unit::Plain),
            Cell::estimate(&one.rate_with, Unit::Share),
            Cell::estimate(&one.rate_without, Unit::Share),
            Cell::estimate(&one.difference, Unit::Points),
            Cell::estimate(&one.lift, Unit::Ratio),
            Cell::number(&one.information_value, Unit::Plain),
            Cell::number(&one.cost, Unit::Plain),
        ]
    };
    let caption = "Implied points are adjusted for the other criteria and stand on the model's own scale. Cost: points by which the criterion misplaces a typical lead.";
    Table::new(caption, columns, criteria.iter().map(row).collect())
}

fn sentences(criteria: &[CriterionAudit]) -> Block {
    let sentence = |one: &CriterionAudit| {
        let also: Vec<String> = one.also.iter().map(|belief| belief.in_words().to_owned()).collect();
        let also = if also.is_empty() { String::new() } else { format!(" Also {}.", text::list(&also)) };
        say![name(&one.name), ": "].then(Text::sentence(&one.sentence)).then(also.into())
    };
    Block::List(criteria.iter().map(sentence).collect())
}

/// Each criterion quarter by quarter.
pub(super) fn quarters(audit: &Audit) -> Option<Section> {
    let columns = vec![
        Column::label("Criterion"),
        Column::label("Quarter"),
        Column::number("Leads"),
        Column::number("Fires on"),
        Column::number("Converts with"),
        Column::number("Implied"),
    ];
    let mut rows = Vec::new();
    for one in &audit.criteria {
        for period in &one.periods {
            rows.push(vec![
                Cell::label(&one.name),
                Cell::label(&period.label),
                Cell::count(period.leads),
                Cell::estimate(&period.share, Unit::Share),
                Cell::estimate(&period.rate_with, Unit::Share),
                Cell::estimate(&period.implied, Unit::Plain),
            ]);
        }
    }
    let table = Table::new("What each criterion did in each quarter of creation.", columns, rows);
    (!table.rows.is_empty()).then(|| Section::new("quarters", "Quarter by quarter", vec![Block::Table(table)]))
}
