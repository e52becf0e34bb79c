use crate::result::{Audit, Comparison, Difference, Level, Proposal, Simpler, SimplerStep};

use super::super::document::{Block, Cell, Column, Section, Table, Text, name, say};
use super::super::text::{self, Unit};
use super::super::{facts, words};

/// What to change, and the evidence for it.
pub(super) fn section(audit: &Audit) -> Section {
    let proposal = &audit.proposal;
    let mut blocks = vec![Block::Paragraph(Text::whole(&proposal.reason))];
    if proposal.edits.is_empty() {
        return Section::new("change", "What to change: nothing", blocks).brief();
    }
    blocks.push(Block::Table(edits(proposal)));
    blocks.push(Block::Paragraph(
        format!(
            "On the {} kept aside the change gains {} in AUC.",
            text::plural(proposal.held_out_leads, "training lead"),
            text::estimate(&proposal.held_out, Unit::Difference)
        )
        .into(),
    ));
    match &proposal.evidence {
        Some(evidence) => blocks.push(Block::Table(evidence_table(evidence))),
        None => blocks.push(Block::Notice(
            Level::Note,
            "Nothing is known of it on later leads: none is mature, or the log breaks among them.".into(),
        )),
    }
    Section::new("change", "What to change", blocks).brief()
}

/// What to change in the champion, in the report of a run.
pub(in crate::report) fn to_do(proposal: &Proposal) -> Section {
    let held_out = format!(
        "{} On the {} kept aside the edits gain {} in AUC.",
        proposal.reason,
        text::plural(proposal.held_out_leads, "training lead"),
        text::estimate(&proposal.held_out, Unit::Difference)
    );
    let yaml = say![
        "As a model of the experiment file the edits stand in ",
        name("proposal.yaml"),
        " beside this report: ",
        name(&proposal.name),
        "."
    ];
    let blocks = vec![Block::Table(edits(proposal)), Block::Paragraph(Text::whole(&held_out)), Block::Paragraph(yaml)];
    Section::new("change", "What to change", blocks).brief()
}

fn edits(proposal: &Proposal) -> Table {
    let columns = vec![
        Column::label("Criterion").brief(),
        Column::number("From").brief(),
        Column::number("To").brief(),
        Column::label("Why"),
    ];
    let rows = proposal.edits.iter().map(|edit| {
        vec![
            Cell::label(&edit.criterion),
            Cell::value(edit.from, Unit::Plain),
            Cell::value(edit.to, Unit::Plain),
            Cell::text(Text::sentence(&edit.why)),
        ]
    });
    Table::new("The change list, for those who edit the CRM.", columns, rows.collect())
}

fn evidence_table(evidence: &Comparison) -> Table {
    let columns = vec![
        Column::label("On the evaluation window").brief(),
        Column::number("As it is").brief(),
        Column::number("Changed").brief(),
        Column::number("Difference").brief(),
    ];
    let row = |one: &Difference| {
        let (unit, metric) = (words::difference_unit(one.metric), words::compared_unit(one.metric));
        vec![
            Cell::label(&facts::metric(one.metric, &evidence.swap.hand_over)),
            Cell::number(&one.champion, metric),
            Cell::number(&one.challenger, metric),
            Cell::estimate(&one.simultaneous, unit),
        ]
    };
    let rows = words::told(evidence).map(row).collect();
    Table::new("The changed model against the model as it is, on leads that neither was taken from.", columns, rows)
}

/// The model with fewer criteria.
pub(super) fn simpler(simpler: &Simpler) -> Option<Section> {
    let columns = vec![
        Column::label("Without, one more each time").brief(),
        Column::number("AUC").brief().term("AUC"),
        Column::number("Wins captured").brief().term("Capture"),
    ];
    let row = |one: &SimplerStep| {
        vec![
            Cell::label(&one.criterion),
            Cell::estimate(&one.auc, Unit::Difference),
            Cell::estimate(&one.capture, Unit::Points),
        ]
    };
    let words = match simpler.without_loss {
        0 => "No criterion can be shown to be without use.".to_owned(),
        1 => "One criterion could go without a loss that matters.".to_owned(),
        n => format!("The first {n} criteria could go together without a loss that matters."),
    };
    let caption =
        "Differences to the whole model on the evaluation window, with intervals that hold for all rows at once.";
    let table = Table::new(caption, columns, simpler.steps.iter().map(row).collect());
    let words = format!("{words} {}", tied(simpler));
    let blocks = vec![Block::Paragraph(words.into()), Block::Table(table)];
    (!simpler.steps.is_empty()).then(|| Section::new("simpler", "A simpler model", blocks).brief())
}

/// How far the wins captured stay with those of the whole model.
fn tied(simpler: &Simpler) -> String {
    let is_tied = |step: &&SimplerStep| step.capture.high.finite().is_some_and(|high| high >= 0.0);
    match simpler.steps.iter().take_while(is_tied).count() {
        0 => String::new(),
        1 => "By the wins captured the model is tied with the whole one only until the first is gone.".into(),
        all if all == simpler.steps.len() => {
            "By the wins captured even the last row is tied with the whole model.".into()
        }
        n => format!("By the wins captured the model is tied with the whole one until {n} are gone."),
    }
}
