//! What stands behind a decision: gates, who was worked, thresholds, segments, all pairs.

use crate::metrics::WINS;
use crate::result::{
    Bottom, ChosenThreshold, Evaluation, Evidence, GateEvidence, GateOutcome, ModelEvaluation, Pair, Paradox,
    SegmentDifference, Silent, Thresholds, Trait, Worked,
};

use super::document::{Block, Cell, Column, Section, Table, Text, name, names, say};
use super::text::{self, Unit, slug};
use super::{facts, words};

/// The section; nothing where there is no evidence beyond the comparisons.
pub(super) fn section(evaluation: &Evaluation) -> Option<Section> {
    let evidence = &evaluation.evidence;
    let parts: Vec<Section> = [
        gates(evidence),
        worked(evidence),
        deals(evaluation),
        paradoxes(evidence),
        pairs(evaluation),
        silent(evidence),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| Section::new("evidence", "What the decision rests on", Vec::new()).with(parts))
}

/// What tells more of one model than its own figures.
pub(super) fn of_model(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<Section> {
    let (evidence, name) = (&evaluation.evidence, model.name.as_str());
    let parts =
        [traits(evidence, name), segments(evidence, name), thresholds(evaluation, name), bottom(evaluation, name)];
    parts.into_iter().flatten().collect()
}

fn outcome(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Open => "open: not enough evidence",
        settled => settled.in_words(),
    }
}

fn gates(evidence: &Evidence) -> Option<Section> {
    if evidence.gates.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Challenger"),
        Column::label("Gate"),
        Column::label("Outcome"),
        Column::number("Difference, with the gate's interval").term("Difference"),
        Column::label("Found"),
        Column::label("What it would take"),
    ];
    let row = |gate: &GateEvidence| {
        vec![
            Cell::name(&gate.challenger),
            Cell::text(text::clipped(&text::capitalised(&facts::gate(&gate.asked)), 160)),
            Cell::text(outcome(gate.outcome)),
            Cell::estimate(&gate.difference, words::difference_unit(gate.metric)),
            Cell::text(Text::sentence(&facts::found(&gate.found))),
            Cell::text(words::until_settled(gate)),
        ]
    };
    let caption = "The gates that the experiment states. A challenger is promoted when it passes all of them.";
    let table = Table::new(caption, columns, evidence.gates.iter().map(row).collect());
    let parts = evidence.gates.iter().filter(|gate| !gate.parts.is_empty()).map(|gate| Block::Table(gate_parts(gate)));
    Some(Section::new("gates", "Gates", std::iter::once(Block::Table(table)).chain(parts).collect()))
}

fn gate_parts(gate: &GateEvidence) -> Table {
    let columns = vec![
        Column::label("Part"),
        Column::number("Leads"),
        Column::number("Wins").term("Win"),
        Column::number("Difference").term("Difference"),
        Column::label("Outcome"),
    ];
    let quarterly = gate.metric == WINS.id;
    let row = |(i, part): (usize, &crate::result::GatePart)| {
        let word = match part.outcome {
            GateOutcome::Passed if quarterly => "better",
            _ if quarterly => "not better",
            other => outcome(other),
        };
        vec![
            Cell::label(&part.label).at(i),
            Cell::count(part.leads),
            Cell::count(part.wins),
            Cell::estimate(&part.difference, words::difference_unit(gate.metric)),
            Cell::text(word),
        ]
    };
    let caption = say![name(&gate.challenger), format!(": {}.", text::clean(&facts::gate(&gate.asked)))];
    Table::new(caption, columns, gate.parts.iter().enumerate().map(row).collect())
}

fn traits(evidence: &Evidence, model: &str) -> Option<Section> {
    let own: Vec<&Trait> = evidence.traits.iter().filter(|one| one.challenger == model).collect();
    if own.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("What"),
        Column::label("Of"),
        Column::number("Of those who swap in").term("Swap set"),
        Column::number("Of those who swap out").term("Swap set"),
        Column::number("Difference").term("Difference"),
    ];
    let row = |(i, one): (usize, &&Trait)| {
        vec![
            Cell::label(&one.what).at(i),
            Cell::text(Text::sentence(&facts::trait_of(&one.of))),
            Cell::estimate(&one.swapped_in, Unit::Share),
            Cell::estimate(&one.swapped_out, Unit::Share),
            Cell::estimate(&one.difference, Unit::Points),
        ]
    };
    let caption = "Criteria that fire and segments: what is more or less common among the leads that swap in, largest differences first.";
    let table = Table::new(caption, columns, own.iter().enumerate().map(row).collect());
    let id = format!("who-swaps-{}", slug(model));
    Some(Section::new(id, "Who swaps in, who swaps out", vec![Block::Table(table)]))
}

fn worked(evidence: &Evidence) -> Option<Section> {
    let worked = evidence.worked.as_ref()?;
    let mut blocks = vec![Block::Paragraph(worked_words(worked))];
    blocks.push(Block::Table(by_score(worked)));
    blocks.push(Block::Table(corrected(worked)));
    if !worked.differences.is_empty() {
        let columns = vec![
            Column::label("Challenger"),
            Column::number("As history shows it"),
            Column::number("Had all been worked"),
        ];
        let row = |one: &crate::result::WorkedDifference| {
            vec![
                Cell::name(&one.challenger),
                Cell::number(&one.naive, Unit::Points),
                Cell::estimate(&one.doubly_robust, Unit::Points),
            ]
        };
        let caption = "Challenger minus champion in the share of wins captured; the interval of the first stands with the comparison.";
        blocks.push(Block::Table(Table::new(caption, columns, worked.differences.iter().map(row).collect())));
    }
    Some(Section::new("worked", "Which leads sales worked", blocks))
}

fn worked_words(worked: &Worked) -> Text {
    let share = if worked.leads > 0 { worked.worked as f64 / worked.leads as f64 } else { 0.0 };
    let start = format!(
        "Sales worked {} of {} leads ({}). A lead that nobody worked can hardly convert, so a score that sales followed looks good on this history. ",
        text::count(worked.worked),
        text::count(worked.leads),
        text::quantity(share, Unit::Share)
    );
    if worked.worked == worked.leads {
        return "Sales worked every lead here, so there is nothing to correct: no score was helped by who was worked."
            .into();
    }
    let more = match &worked.overlap.refused {
        Some(reason) => {
            format!("What the models would have captured had every lead been worked is {}.", text::clean(reason))
        }
        None => format!(
            "Estimated below: of the wins there would be if sales worked every lead, the share among those handed over {}. It holds if, among leads of like score and segment, it was chance who was worked. Propensities run from {} to {}; {} of the leads have one under 5 %; the worked leads weigh as much as {} evenly drawn ones.",
            text::clean(&facts::hand_over(&worked.hand_over)),
            text::number(&worked.overlap.lowest_propensity, Unit::Share),
            text::number(&worked.overlap.highest_propensity, Unit::Share),
            text::number(&worked.overlap.thin, Unit::Share),
            text::number(&worked.overlap.effective, Unit::Plain),
        ),
    };
    Text::from(start).then(Text::sentence(&more))
}

/// How far the money is that of a few deals.
fn deals(evaluation: &Evaluation) -> Option<Section> {
    let deals = evaluation.evidence.deals.as_ref()?;
    let cap = deals.cap.finite()?;
    let money = text::with_currency(&text::quantity(cap, Unit::Money), words::currency(evaluation));
    let share = text::number(&deals.largest, Unit::Share);
    let words = format!(
        "The ten largest deals make {share} of all that was won. Where models are compared in money, a deal counts {money} at most, the 95th percentile (which caps {}); sums of money stand as they were won.",
        text::plural(deals.capped, "deal")
    );
    Some(Section::new("deals", "How far the money is that of a few deals", vec![Block::Paragraph(words.into())]))
}

fn by_score(worked: &Worked) -> Table {
    let columns = vec![
        Column::label("Bracket").term("Bracket"),
        Column::number("Leads"),
        Column::number("Worked"),
        Column::number("Share worked").term("Share"),
        Column::number("Conversion, worked").term("Conversion rate"),
        Column::number("Conversion, not worked").term("Conversion rate"),
    ];
    let row = |(i, part): (usize, &crate::result::WorkedPart)| {
        vec![
            Cell::label(&part.label).at(i),
            Cell::count(part.leads),
            Cell::count(part.worked),
            Cell::estimate(&part.share, Unit::Share),
            Cell::estimate(&part.rate_worked, Unit::Share),
            Cell::estimate(&part.rate_not_worked, Unit::Share),
        ]
    };
    Table::new(
        "Who was worked, by bracket of the champion's score.",
        columns,
        worked.by_score.iter().enumerate().map(row).collect(),
    )
}

fn corrected(worked: &Worked) -> Table {
    let columns = vec![
        Column::label("Model"),
        Column::number("Of its leads, worked"),
        Column::number("Captured, as history shows it").term("Capture"),
        Column::number("Inverse propensity"),
        Column::number("Doubly robust"),
    ];
    let refused = worked.overlap.refused.is_some();
    let row = |one: &crate::result::WorkedModel| {
        let estimate =
            |of| if refused { Cell::text("– (not identifiable)") } else { Cell::estimate(of, Unit::Share) };
        vec![
            Cell::name(&one.model),
            Cell::estimate(&one.share_worked, Unit::Share),
            Cell::estimate(&one.naive, Unit::Share),
            estimate(&one.inverse_propensity),
            estimate(&one.doubly_robust),
        ]
    };
    Table::new(
        "Share of wins captured, corrected for who was worked.",
        columns,
        worked.models.iter().map(row).collect(),
    )
}

fn segments(evidence: &Evidence, model: &str) -> Option<Section> {
    let own = || evidence.segments.iter().filter(|one| one.challenger == model);
    let told: Vec<&SegmentDifference> = own().filter(|one| one.auc.interval().is_some()).collect();
    if told.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Segment"),
        Column::number("Leads"),
        Column::number("Wins").term("Win"),
        Column::number("AUC within").term("AUC"),
        Column::number("Share of its wins captured").term("Capture"),
        Column::number("q"),
        Column::label("Reading"),
    ];
    let row = |(i, one): (usize, &&SegmentDifference)| {
        vec![
            Cell::label(&format!("{}: {}", one.column, one.label)).at(i),
            Cell::count(one.leads),
            Cell::count(one.wins),
            Cell::estimate(&one.auc, Unit::Difference),
            Cell::estimate(&one.capture, Unit::Points),
            Cell::number(&one.q, Unit::P),
            Cell::text(one.reading.map_or("no clear difference", facts::reading)),
        ]
    };
    let small = own().count() - told.len();
    let beside = if small > 0 {
        format!(" {} with fewer than ten wins or ten others left out.", text::plural(small as u64, "comparison"))
    } else {
        String::new()
    };
    let caption = format!(
        "Challenger minus champion within each segment. Of the differences read as better or worse, at most one in twenty is expected to be chance (q: Benjamini and Hochberg).{beside}"
    );
    let table = Table::new(caption, columns, told.iter().enumerate().map(row).collect());
    let id = format!("segments-compared-{}", slug(model));
    Some(Section::new(id, "Against the champion, segment by segment", vec![Block::Table(table)]))
}

fn paradoxes(evidence: &Evidence) -> Option<Section> {
    if evidence.paradoxes.is_empty() {
        return None;
    }
    let sentence = |one: &Paradox| {
        let lowest = one.level_lowest.finite().filter(|share| *share >= 0.1);
        let lowest = lowest.map_or(String::new(), |share| {
            format!(", and {} of them have the lowest score of all", text::quantity(share, Unit::Share))
        });
        say![
            name(&one.model),
            format!(" is {} by ", text::clean(facts::paradox(&one.kind))),
            name(&one.column),
            format!(
                ": its AUC is {} over all leads together, and {} among leads of the same level. Most of it is ",
                text::estimate(&one.pooled, Unit::Plain),
                text::estimate(&one.within, Unit::Plain)
            ),
            name(&one.level),
            format!(
                ": {}, of which {} convert{lowest}. Leads over the median score convert {} more than the others; within levels {} (Mantel and Haenszel).",
                text::plural(one.level_leads, "lead"),
                text::estimate(&one.level_rate, Unit::Share),
                text::number(&one.crude_difference, Unit::Points),
                text::number(&one.standardised_difference, Unit::Points),
            ),
        ]
    };
    let list = evidence.paradoxes.iter().map(sentence).collect();
    Some(Section::new("paradoxes", "Where all leads together say something else", vec![Block::List(list)]))
}

fn thresholds(evaluation: &Evaluation, model: &str) -> Option<Section> {
    let own = evaluation.evidence.thresholds.iter().find(|one| one.model == model)?;
    (!own.rows.is_empty()).then(|| thresholds_of(evaluation, own))
}

fn thresholds_of(evaluation: &Evaluation, model: &Thresholds) -> Section {
    let valued = model.rows.iter().any(|row| row.value_per_lead.is_some());
    let mut columns = vec![
        Column::number("From score"),
        Column::number("Leads"),
        Column::number("Leads a week"),
        Column::number("Convert (precision)").term("Conversion rate"),
        Column::number("Share of all wins (recall)").term("Capture"),
    ];
    if valued {
        columns.push(Column::money("Worth, 100 leads", words::currency(evaluation)));
        columns.push(Column::number("Net benefit, wins in 100 leads"));
    }
    let row = |row: &crate::result::Threshold| {
        let mut cells = vec![
            Cell::value(row.score, Unit::Plain),
            Cell::count(row.leads),
            Cell::number(&row.per_week, Unit::Plain),
            Cell::estimate(&row.precision, Unit::Share),
            Cell::estimate(&row.recall, Unit::Share),
        ];
        if valued {
            let worth = row.value_per_lead.as_ref().map(|worth| worth.scaled(100.0));
            cells.push(worth.map_or_else(Cell::empty, |worth| Cell::estimate(&worth, Unit::Money)));
            cells.push(row.net_benefit.as_ref().map_or_else(Cell::empty, |benefit| Cell::number(benefit, Unit::Plain)));
        }
        cells
    };
    let table = Table::new(
        say![name(&model.model), ": what is handed over at each score and above."],
        columns,
        model.rows.iter().map(row).collect(),
    );
    let mut blocks = vec![];
    if !model.chosen.is_empty() {
        blocks.push(Block::List(model.chosen.iter().map(chosen).collect()));
    }
    blocks.push(Block::Table(table));
    Section::new(format!("threshold-{}", slug(&model.model)), "At which score to hand a lead over", blocks)
}

/// "From 45 (40 to 50): at most 40 leads a week; 960 leads, of which 9 % convert. By quarter: …"
fn chosen(one: &ChosenThreshold) -> Text {
    let rule = text::capitalised(&text::clean(&facts::threshold_aim(&one.aim)));
    if one.score.point.finite().is_none() {
        return format!("{rule}: {}.", text::number(&one.score.point, Unit::Plain)).into();
    }
    let quarters: Vec<String> = one
        .quarters
        .iter()
        .map(|quarter| format!("{} {}", text::clean(&quarter.quarter), text::number(&quarter.score, Unit::Plain)))
        .collect();
    let quarters =
        if quarters.len() > 1 { format!(" Quarter by quarter: {}.", quarters.join(", ")) } else { String::new() };
    format!(
        "{rule}: from {}; {}, of which {} convert, and {} of all wins.{quarters}",
        text::estimate(&one.score, Unit::Plain),
        text::plural(one.leads, "lead"),
        text::estimate(&one.precision, Unit::Share),
        text::estimate(&one.recall, Unit::Share)
    )
    .into()
}

/// Who is told from whom: never a bare ranking.
fn league(evaluation: &Evaluation) -> Table {
    let columns = vec![
        Column::label("Model"),
        Column::label("Captures more than"),
        Column::label("Cannot be told from").term("Tied set"),
        Column::label("Captures less than"),
    ];
    // Each pair is `b` minus `a`.
    let stands = |model: &str, pair: &Pair| {
        let (other, sign) = match (pair.a == model, pair.b == model) {
            (true, false) => (&pair.b, -1.0),
            (false, true) => (&pair.a, 1.0),
            _ => return None,
        };
        let side = match pair.capture.interval() {
            Some(interval) if interval.low > 0.0 => sign,
            Some(interval) if interval.high < 0.0 => -sign,
            _ => 0.0,
        };
        Some((other.clone(), side))
    };
    let row = |(i, model): (usize, &crate::result::ModelEvaluation)| {
        let all: Vec<(String, f64)> =
            evaluation.evidence.pairs.iter().filter_map(|pair| stands(&model.name, pair)).collect();
        let cell = |side: f64| {
            let own: Vec<String> = all.iter().filter(|(_, own)| *own == side).map(|(name, _)| name.clone()).collect();
            if own.is_empty() { Cell::text("–") } else { Cell::text(names(&own)) }
        };
        vec![Cell::name(&model.name).at(i), cell(1.0), cell(0.0), cell(-1.0)]
    };
    Table::new(
        "Who captures more wins than whom beyond chance, over all pairs at once. Models that cannot be told apart have no order.",
        columns,
        evaluation.models.iter().enumerate().map(row).collect(),
    )
}

fn pairs(evaluation: &Evaluation) -> Option<Section> {
    let evidence = &evaluation.evidence;
    if evidence.pairs.len() < 2 {
        return None;
    }
    let columns = vec![
        Column::label("Model"),
        Column::label("Instead of"),
        Column::number("Share of wins captured").term("Capture"),
        Column::number("p, adjusted").term("p"),
        Column::number("AUC").term("AUC"),
        Column::number("p, adjusted").term("p"),
    ];
    let row = |(i, pair): (usize, &crate::result::Pair)| {
        vec![
            Cell::name(&pair.b).at(i),
            Cell::name(&pair.a),
            Cell::estimate(&pair.capture, Unit::Points),
            Cell::number(&pair.capture_p, Unit::P),
            Cell::estimate(&pair.auc, Unit::Difference),
            Cell::number(&pair.auc_p, Unit::P),
        ]
    };
    let caption =
        "Every pair of models: intervals that hold for all pairs at once, and p-values adjusted for all pairs (Holm).";
    let table = Table::new(caption, columns, evidence.pairs.iter().enumerate().map(row).collect());
    Some(Section::new("pairs", "Every pair of models", vec![Block::Table(league(evaluation)), Block::Table(table)]))
}

/// What the lowest scores hold.
fn bottom(evaluation: &Evaluation, model: &str) -> Option<Section> {
    let all: Vec<&Bottom> = evaluation.evidence.bottom.iter().filter(|one| one.model == model).collect();
    if all.is_empty() || evaluation.readiness.wins == 0 {
        return None;
    }
    let valued = all.iter().any(|one| one.value.is_some());
    let costed = all.iter().any(|one| one.cost.is_some());
    let contacted = all.iter().any(|one| one.worked.is_some());
    let money = |title: &str| {
        let currency = words::currency(evaluation);
        Column::number(currency.map_or(title.into(), |currency| format!("{title}, {}", text::clipped(currency, 12))))
    };
    let mut columns = vec![
        Column::label("Lowest"),
        Column::number("Leads"),
        Column::number("Wins, expected").term("Win"),
        Column::number("Share of all wins").term("Capture"),
        Column::number("Wins a quarter"),
    ];
    columns.extend(valued.then(|| money("Their value")));
    columns.extend(costed.then(|| money("Cost of working them")));
    columns.extend(contacted.then(|| Column::number("Of them, worked")));
    let row = |(i, one): (usize, &&Bottom)| {
        let mut cells = vec![
            Cell::text(text::round_share(one.share)).at(i),
            Cell::value(one.leads, Unit::Count),
            Cell::number(&one.wins.expected, Unit::Count),
            Cell::estimate(&one.share_of_wins, Unit::Share),
            Cell::number(&one.wins_per_quarter, Unit::Count),
        ];
        cells.extend(valued.then(|| Cell::optional(one.value, Unit::Money)));
        cells.extend(costed.then(|| Cell::optional(one.cost, Unit::Money)));
        let worked = || one.worked.as_ref().map_or_else(Cell::empty, |worked| Cell::number(worked, Unit::Share));
        cells.extend(contacted.then(worked));
        cells
    };
    let told = all.iter().filter(|one| one.share == 0.2).map(|one| words::lost(evaluation, one)).collect();
    let caption = "What would be lost by not working the leads with the lowest scores.";
    let table = Table::new(caption, columns, all.iter().enumerate().map(row).collect());
    let blocks = vec![Block::List(told), Block::Table(table)];
    Some(Section::new(format!("bottom-{}", slug(model)), "What the lowest scores hold", blocks))
}

fn silent(evidence: &Evidence) -> Option<Section> {
    if evidence.silent.is_empty() {
        return None;
    }
    let sentence = |one: &Silent| {
        let chance = text::quantity(one.chance, Unit::Share);
        let reading = if one.chance > 0.05 {
            let enough = text::number(&one.enough, Unit::Count);
            format!(
                "that is no evidence of anything: by chance it happens in {chance} of such brackets. {enough} leads without a win would be evidence."
            )
        } else {
            format!("by chance that happens in {chance} of such brackets only.")
        };
        say![
            name(&one.model),
            format!(
                ", bracket {}: no win of {}, where all leads convert at {}; {reading}",
                text::clipped(&one.bracket, 60),
                text::plural(one.leads, "lead"),
                text::quantity(one.rate, Unit::Share)
            ),
        ]
    };
    let list = evidence.silent.iter().map(sentence).collect();
    Some(Section::new("no-wins", "Brackets without a win", vec![Block::List(list)]))
}
