//! An audit as people read it: the answer, one picture, each criterion, what to change, leaks, blind spots, decay.

use crate::result::{Audit, Belief, CliffKind, Decision, Level};

use super::chart;
use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, say};
use super::text::{self, Unit};

/// The report on an audit.
pub fn document(audit: &Audit) -> Document {
    let mut sections = vec![picture(audit), criteria(audit), change(audit)];
    sections.extend(quarters(audit));
    sections.push(leaks(audit));
    sections.extend(log(audit));
    sections.extend(decay(audit));
    sections.extend(missing(audit));
    sections.extend(simpler(audit));
    Document {
        title: format!("Audit of {}: {}", text::clipped(&audit.model, 60), text::clipped(&audit.experiment, 90)),
        setting: setting(audit),
        answer: answer(audit),
        sections,
        footer: format!(
            "leadoff {}, audit format {}, seed {}. Ranges in parentheses are 95 % intervals. Verdicts hold the rate of false discoveries at 5 %.",
            env!("CARGO_PKG_VERSION"),
            audit.schema,
            audit.seed
        )
        .into(),
    }
}

fn setting(audit: &Audit) -> Text {
    let horizon = audit.horizon_days.map_or("ever".into(), |days| format!("within {}", text::days(days)));
    let (leads, wins) = (text::plural(audit.leads, "training lead"), text::plural(audit.wins, "win"));
    say![
        "The criteria of ",
        name(&audit.model),
        format!(
            " on {leads} with {wins} ({}), scored {}, converted {horizon}.",
            text::clean(&audit.window),
            audit.as_of
        )
    ]
}

fn answer(audit: &Audit) -> Answer {
    let named: Vec<String> = tally(audit);
    let edits = audit.proposal.edits.len() as u64;
    let found = if named.is_empty() { "nothing is named".to_owned() } else { text::list(&named) };
    let (tone, act) = match (edits, audit.proposal.evidence.as_ref().map(|evidence| evidence.decision)) {
        (0, _) => (Tone::Keep, "no change is proposed".to_owned()),
        (edits, Some(Decision::Promote)) => {
            (Tone::Change, format!("{} proposed, and better on later leads", text::plural(edits, "edit")))
        }
        (edits, Some(Decision::Keep)) => {
            (Tone::Keep, format!("{} found, but not better on later leads", text::plural(edits, "edit")))
        }
        (edits, _) => {
            (Tone::Undecided, format!("{} proposed, not yet proven on later leads", text::plural(edits, "edit")))
        }
    };
    let line = text::clipped(&format!("Audit: {act} ({found})."), 100);
    let next = if edits > 0 {
        vec![say![
            "Write the variant with ",
            name("leadoff audit --write challenger.yaml"),
            " and judge it beside the others."
        ]]
    } else {
        Vec::new()
    };
    Answer {
        tone,
        headline: say![
            "Of ",
            text::plural(audit.criteria.len() as u64, "criterion").replace("criterions", "criteria"),
            ": ",
            found,
            "; ",
            act,
            "."
        ],
        line: line.into(),
        readiness: format!(
            "One point stands for {} in log-odds, by the criteria that agree on it.",
            text::estimate(&audit.weighing.scale, Unit::Plain)
        )
        .into(),
        banners: Vec::new(),
        reasons: vec![Text::whole(&audit.proposal.reason)],
        next,
    }
}

/// "3 over-weighted", …
fn tally(audit: &Audit) -> Vec<String> {
    let all = [
        Belief::WrongSign,
        Belief::OverWeighted,
        Belief::UnderWeighted,
        Belief::Redundant,
        Belief::Dead,
        Belief::Saturated,
        Belief::Unstable,
    ];
    let count = |belief: Belief| audit.criteria.iter().filter(|one| one.verdict == belief).count();
    let words = |belief: Belief| match belief {
        Belief::WrongSign => "with the wrong sign",
        belief => belief.in_words(),
    };
    all.into_iter().filter(|b| count(*b) > 0).map(|b| format!("{} {}", count(b), words(b))).collect()
}

fn picture(audit: &Audit) -> Section {
    let mut blocks: Vec<Block> =
        audit.notices.iter().map(|notice| Block::Notice(notice.level, Text::whole(&notice.text))).collect();
    blocks.push(Block::Figure(chart::criteria(audit)));
    Section::new("points", "In one picture", blocks)
}

fn criteria(audit: &Audit) -> Section {
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
    let row = |one: &crate::result::CriterionAudit| {
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
    let table = Table::new(caption, columns, audit.criteria.iter().map(row).collect());
    let sentences = audit.criteria.iter().map(|one| {
        let also: Vec<String> = one.also.iter().map(|belief| belief.in_words().to_owned()).collect();
        let also = if also.is_empty() { String::new() } else { format!(" Also {}.", text::list(&also)) };
        say![name(&one.name), ": "].then(Text::sentence(&one.sentence)).then(also.into())
    });
    Section::new("criteria", "Each criterion", vec![Block::Table(table), Block::List(sentences.collect())]).brief()
}

fn change(audit: &Audit) -> Section {
    let proposal = &audit.proposal;
    let mut blocks = vec![Block::Paragraph(Text::whole(&proposal.reason))];
    if proposal.edits.is_empty() {
        return Section::new("change", "What to change: nothing", blocks).brief();
    }
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
    blocks.push(Block::Table(Table::new("The change list, for those who edit the CRM.", columns, rows.collect())));
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
            "There is no mature lead to evaluate, so nothing is known of it on later leads.".into(),
        )),
    }
    Section::new("change", "What to change", blocks).brief()
}

fn evidence_table(evidence: &crate::result::Comparison) -> Table {
    let columns = vec![
        Column::label("On the evaluation window").brief(),
        Column::number("As it is").brief(),
        Column::number("Changed").brief(),
        Column::number("Difference").brief(),
    ];
    let row = |one: &crate::result::Difference| {
        let (unit, metric) = (super::words::difference_unit(&one.metric), super::words::metric_unit(&one.metric));
        vec![
            Cell::label(&one.label),
            Cell::number(&one.champion, metric),
            Cell::number(&one.challenger, metric),
            Cell::estimate(&one.simultaneous, unit),
        ]
    };
    let rows = evidence.differences.iter().map(row).collect();
    Table::new("The changed model against the model as it is, on leads that neither was taken from.", columns, rows)
}

fn quarters(audit: &Audit) -> Option<Section> {
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

fn leaks(audit: &Audit) -> Section {
    let leaks = &audit.leaks;
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
    let row = |one: &crate::result::Leak| {
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

fn log(audit: &Audit) -> Option<Section> {
    let columns = vec![
        Column::label("Events").brief(),
        Column::label("What").brief(),
        Column::label("At").brief(),
        Column::number("Before"),
        Column::number("After"),
        Column::number("Leads touched").brief(),
        Column::label("Criteria"),
    ];
    let row = |one: &crate::result::Cliff| {
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
    let table = Table::new(caption, columns, audit.cliffs.iter().map(row).collect());
    (!audit.cliffs.is_empty()).then(|| Section::new("log", "Blind spots of the log", vec![Block::Table(table)]).brief())
}

fn decay(audit: &Audit) -> Option<Section> {
    let columns = vec![
        Column::label("Criterion").brief(),
        Column::number("Half-life set, days").brief(),
        Column::number("By the data, days").brief(),
        Column::number("p of no decay"),
        Column::label("What it means"),
    ];
    let row = |one: &crate::result::Decay| {
        vec![
            Cell::label(&one.criterion),
            Cell::optional(one.configured_days, Unit::Plain),
            Cell::estimate(&one.half_life, Unit::Plain),
            Cell::number(&one.p, Unit::P),
            Cell::text(Text::sentence(&one.sentence)),
        ]
    };
    let caption = "How fast events fade, by profile likelihood with the other criteria free. Infinite: no decay.";
    let table = Table::new(caption, columns, audit.decays.iter().map(row).collect());
    (!audit.decays.is_empty()).then(|| Section::new("decay", "Decay", vec![Block::Table(table)]).brief())
}

fn missing(audit: &Audit) -> Option<Section> {
    let columns = vec![
        Column::label("What").brief(),
        Column::number("Holds for"),
        Column::number("Converts").brief(),
        Column::number("Worth, points").brief(),
        Column::number("p, corrected").brief(),
        Column::label("As a criterion"),
    ];
    let row = |one: &crate::result::Missed| {
        vec![
            Cell::label(&one.name),
            Cell::estimate(&one.share, Unit::Share),
            Cell::estimate(&one.rate, Unit::Share),
            Cell::estimate(&one.points, Unit::Plain),
            Cell::number(&one.p_adjusted, Unit::P),
            Cell::text(text::clipped(&one.criterion, 200)),
        ]
    };
    let caption = "Beside the criteria there are, corrected for the number looked at; of each column the clearest. Leads with points above zero score too low, the others too high.";
    let table = Table::new(caption, columns, audit.missing.iter().map(row).collect());
    (!audit.missing.is_empty()).then(|| Section::new("missing", "What is missing", vec![Block::Table(table)]).brief())
}

fn simpler(audit: &Audit) -> Option<Section> {
    let simpler = &audit.simpler;
    let columns = vec![
        Column::label("Without, one more each time").brief(),
        Column::number("AUC").brief().term("AUC"),
        Column::number("Wins captured").brief().term("Capture"),
    ];
    let row = |one: &crate::result::SimplerStep| {
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
    let blocks = vec![Block::Paragraph(words.into()), Block::Table(table)];
    (!simpler.steps.is_empty()).then(|| Section::new("simpler", "A simpler model", blocks).brief())
}
