//! The order of a report: the answer, one picture, the evidence, each model, the data, the definitions.

use std::cmp::Ordering;

use crate::metrics::{
    self, AUC, AVERAGE_PRECISION, BRIER, CAPTURE, Compute, Direction, GINI, KS, Metric, Place, Shown,
};
use crate::result::{
    Basis, Brackets, Capacity, Comparison, Decision, Estimate, Evaluation, Fact, FitSetting, Ledger, Level,
    ModelEvaluation, ModelKind, Number, Part, Scale, SwapSet, TimeToConvert,
};

use super::chart::{self, Chart};
use super::document::{Answer, Block, Cell, Column, Document, Section, Span, Table, Text, name, names, say};
use super::glossary::GLOSSARY;
use super::text::{self, Unit, slug};
use super::{facts, first, notices, words};

/// The report on an evaluation: what decides. What tells more of one model stands on its own page.
pub fn document(evaluation: &Evaluation) -> Document {
    let charts = chart::all(evaluation);
    let mut sections = vec![summary(evaluation, &charts)];
    // What is not to be done is no list of things to do.
    let proposal = evaluation.proposal.as_ref();
    let to_do = proposal.filter(|proposal| Some(&proposal.name) == evaluation.verdict.model.as_ref());
    sections.extend(to_do.map(super::audit::to_do));
    sections.push(models_table(evaluation, &charts));
    sections.extend(champion(evaluation));
    sections.extend(first::beside(evaluation));
    sections.extend(evaluation.criteria.as_ref().map(|audit| super::audit::of_run(audit, &charts)));
    sections.extend(super::evidence::section(evaluation));
    sections.extend([data(evaluation), definitions()]);
    of(evaluation, first::answer(evaluation), sections)
}

/// All that there is of an evaluation, in one: what a workbook holds.
pub fn whole(evaluation: &Evaluation) -> Document {
    let charts = chart::all(evaluation);
    let mut whole = document(evaluation);
    let last = whole.sections.split_off(whole.sections.len() - 2);
    for one in &evaluation.models {
        whole.sections.extend(comparison(evaluation, one));
        whole.sections.extend(super::evidence::of_model(evaluation, one));
        whole.sections.push(model(evaluation, one, &charts));
    }
    whole.sections.extend(last);
    whole
}

/// A page for every model, in the order of the experiment, each with a stem for its file: `models/NAME`.
pub fn models(evaluation: &Evaluation) -> Vec<(String, Document)> {
    let charts = chart::all(evaluation);
    let page = |one: &ModelEvaluation| {
        let mut sections: Vec<Section> = comparison(evaluation, one).into_iter().collect();
        let Section { blocks, sections: parts, .. } = model(evaluation, one, &charts);
        sections.push(Section::new("ranking", "How it ranks", blocks));
        sections.extend(parts);
        sections.extend(super::evidence::of_model(evaluation, one));
        sections.push(definitions());
        let page = of(evaluation, super::card::answer(evaluation, one), sections);
        let title = format!("{}: {}", text::clipped(&one.name, 60), page.title);
        (page_of(one), Document { title, charts: "../charts", ..page })
    };
    evaluation.models.iter().map(page).collect()
}

/// The stem of a model's page.
fn page_of(model: &ModelEvaluation) -> String {
    format!("models/{}", slug(&model.name))
}

fn of(evaluation: &Evaluation, answer: Answer, sections: Vec<Section>) -> Document {
    Document {
        title: text::clipped(&evaluation.experiment, 120),
        setting: words::setting(evaluation),
        answer,
        sections,
        footer: footer(evaluation),
        charts: "charts",
    }
    .with_evidence_that_exists()
}

/// A challenger against the champion; nothing for the champion itself.
fn comparison(evaluation: &Evaluation, model: &ModelEvaluation) -> Option<Section> {
    let found = evaluation.comparisons.iter().find(|comparison| comparison.challenger == model.name)?;
    Some(challenger(evaluation, found))
}

fn footer(evaluation: &Evaluation) -> Text {
    let (version, schema, seed) = (env!("CARGO_PKG_VERSION"), evaluation.schema, evaluation.setting.seed);
    format!("leadoff {version}, evaluation format {schema}, seed {seed}. Ranges in parentheses are 95 % intervals unless said otherwise.").into()
}

/// Of a change of points the criteria as they are and as they turn out to be; else all models.
fn summary(evaluation: &Evaluation, charts: &[Chart]) -> Section {
    let to = evaluation.verdict.model.as_ref();
    let is_edit = evaluation.proposal.as_ref().is_some_and(|proposal| Some(&proposal.name) == to);
    let points: Vec<Block> = charts
        .iter()
        .filter(|chart| is_edit && chart.id == "points")
        .map(|chart| Block::Figure(chart.clone()))
        .collect();
    let blocks = if points.is_empty() { figures(charts, None, &["summary"]) } else { points };
    Section::new("summary", "In one picture", blocks)
}

/// The charts of these kinds about one model, or about all.
pub(super) fn figures(charts: &[Chart], model: Option<&str>, kinds: &[&str]) -> Vec<Block> {
    let of = |kind: &&str| {
        let is_kind = |chart: &&Chart| {
            chart.id == *kind || chart.id.strip_prefix(*kind).is_some_and(|rest| rest.starts_with('-'))
        };
        charts.iter().find(|chart| chart.model.as_deref() == model && is_kind(chart))
    };
    kinds.iter().filter_map(of).map(|chart| Block::Figure(chart.clone())).collect()
}

fn models_table(evaluation: &Evaluation, charts: &[Chart]) -> Section {
    let mut blocks = vec![Block::Table(league(evaluation))];
    blocks.extend(standing(evaluation).map(Block::Paragraph));
    blocks.extend(barred(evaluation));
    blocks.extend(figures(charts, None, &["gain", "lift"]));
    Section::new("models", "The models side by side", blocks).brief()
}

/// Why models of the table cannot be promoted, whatever their figures.
fn barred(evaluation: &Evaluation) -> Vec<Block> {
    let because = evaluation.models.iter().filter_map(|model| {
        let because = model.not_promotable.as_ref()?;
        let fact = Fact::Barred { model: model.name.clone(), because: because.clone() };
        let words = notices::sentence(&fact);
        Some(Block::Notice(Level::Warning, Text::whole(&words)))
    });
    because.collect()
}

/// Whether it is a rival at all: no floor, and nothing bars it.
fn may_be_used(model: &ModelEvaluation) -> bool {
    model.not_promotable.is_none() && !model.kind.is_floor()
}

fn standing(evaluation: &Evaluation) -> Option<Text> {
    let at = text::clean(&facts::hand_over(&evaluation.verdict.hand_over));
    let tied = &evaluation.verdict.tied;
    match tied.as_slice() {
        [] => None,
        [one] if !evaluation.models.iter().any(|model| model.name != *one && may_be_used(model)) => None,
        [one] => Some(say![
            name(one),
            format!(" finds more winners {at} than every other model, by more than chance explains.")
        ]),
        _ => Some(
            names(tied)
                .then(format!(" are tied in the winners they find {at}: the order among them means nothing.").into()),
        ),
    }
    .filter(|_| evaluation.models.len() > 1)
}

/// Tied models first in the order of the experiment, the others by the wins they capture.
fn ranked(evaluation: &Evaluation) -> Vec<&ModelEvaluation> {
    let mut all: Vec<&ModelEvaluation> = evaluation.models.iter().collect();
    let is_tied = |model: &ModelEvaluation| evaluation.verdict.tied.contains(&model.name);
    let captured = |model: &ModelEvaluation| {
        words::captured(model).and_then(|captured| captured.point.finite()).unwrap_or(f64::NEG_INFINITY)
    };
    all.sort_by(|a, b| match (is_tied(a), is_tied(b)) {
        (true, true) => Ordering::Equal,
        (false, false) => captured(b).total_cmp(&captured(a)),
        (a, b) => b.cmp(&a),
    });
    all
}

/// Columns of the league table that stand in its short versions, beside model and standing.
const BRIEF: usize = 3;

fn league(evaluation: &Evaluation) -> Table {
    let handed_over = evaluation.models.iter().find_map(|model| model.capacity.as_ref());
    let measures = league_measures(evaluation);
    let mut ranks: Vec<u8> = measures.iter().filter_map(|(_, shown)| rank(shown)).collect();
    ranks.sort_unstable();
    let column = |&(metric, shown): &(&Metric, &Shown)| {
        let column = league_column(evaluation, metric, shown);
        let is_brief = rank(shown).is_some_and(|own| ranks.iter().take(BRIEF).any(|rank| *rank == own));
        if is_brief { column.brief() } else { column }
    };
    let row = |model: &&ModelEvaluation| {
        let cells = measures.iter().map(|(metric, _)| league_cell(metric, model));
        let standing = Cell::text(place(evaluation, model));
        std::iter::once(named(evaluation, model)).chain(cells).chain([standing]).collect()
    };
    let standing = Column::label("Standing").brief().term("Tied set");
    let columns = std::iter::once(Column::label("Model").brief()).chain(measures.iter().map(column)).chain([standing]);
    let periods = handed_over.map(|capacity| {
        format!(
            " Wins handed over are counted over {}, tied leads by their chance of being picked.",
            text::plural(capacity.periods, "period")
        )
    });
    let leads = text::plural(evaluation.readiness.leads, "mature lead");
    let caption = format!("Every model on the same {leads}.{}", periods.unwrap_or_default());
    Table::new(caption, columns.collect(), ranked(evaluation).iter().map(row).collect())
}

fn rank(shown: &Shown) -> Option<u8> {
    if let Place::League { rank } = shown.place { Some(rank) } else { None }
}

/// Sums of what is handed over are told where a capacity is replayed, money where wins carry it.
fn league_measures(evaluation: &Evaluation) -> Vec<(&'static Metric, &'static Shown)> {
    let has_capacity = evaluation.models.iter().any(|model| model.capacity.is_some());
    let is_told = |metric: &Metric| match metric.unit {
        metrics::Unit::Count => has_capacity,
        metrics::Unit::Money => {
            has_capacity && evaluation.models.iter().any(|model| model.metric(metric.id).point.finite().is_some())
        }
        _ => true,
    };
    let all = metrics::shown_in(|place| matches!(place, Place::League { .. }));
    all.into_iter().filter(|(metric, _)| is_told(metric)).collect()
}

fn league_column(evaluation: &Evaluation, metric: &Metric, shown: &Shown) -> Column {
    let column = match metric.unit {
        metrics::Unit::Money => Column::money(shown.heading, words::currency(evaluation)),
        _ if metric.id == CAPTURE.id => Column::number(format!("{} {}", shown.heading, handed_over_at(evaluation))),
        _ => Column::number(shown.heading),
    };
    Column { term: shown.term, ..column }
}

fn handed_over_at(evaluation: &Evaluation) -> String {
    if evaluation.models.iter().all(|model| model.capacity.is_none()) {
        return "in the top 10 %".to_owned();
    }
    let at = evaluation.setting.capacity.as_ref().map_or_else(|| "capacity".to_owned(), words::capacity);
    format!("at {at}")
}

/// With an interval, but for sums.
fn league_cell(metric: &Metric, model: &ModelEvaluation) -> Cell {
    let unit = words::metric_unit(metric.id);
    let own = if metric.id == CAPTURE.id { words::captured(model) } else { model.metrics.get(&metric.id).cloned() };
    match (own, metric.unit) {
        (None, _) => Cell::optional(None, unit),
        (Some(own), metrics::Unit::Count | metrics::Unit::Money) => Cell::number(&own.point, unit),
        (Some(own), _) => Cell::estimate(&own, unit),
    }
}

fn named(evaluation: &Evaluation, model: &ModelEvaluation) -> Cell {
    let is_champion = evaluation.setting.champion.as_ref() == Some(&model.name);
    let role = match (is_champion, &model.not_promotable) {
        (true, _) => " (champion)",
        (false, Some(_)) => " (not promotable)",
        (false, None) => "",
    };
    Cell::text(say![Span::Page(text::clipped(&model.name, 60), page_of(model)), role])
}

fn place(evaluation: &Evaluation, model: &ModelEvaluation) -> &'static str {
    let tied = &evaluation.verdict.tied;
    match (tied.contains(&model.name), tied.len()) {
        _ if !may_be_used(model) => "–",
        (_, 0) => "–",
        (true, 1) => "best",
        (true, _) => "tied for best",
        (false, _) => "behind",
    }
}

/// Each challenger against the champion.
fn champion(evaluation: &Evaluation) -> Option<Section> {
    let champion = evaluation.setting.champion.as_ref()?;
    if evaluation.comparisons.is_empty() {
        return None;
    }
    let title = say!["Against the champion ", name(champion)];
    Some(Section::new("champion", title, vec![Block::Table(overview(evaluation))]))
}

fn overview(evaluation: &Evaluation) -> Table {
    let rule = evaluation
        .comparisons
        .first()
        .map_or_else(String::new, |comparison| text::clean(&facts::hand_over(&comparison.swap.hand_over)));
    let valued = evaluation.comparisons.iter().any(|comparison| comparison.value_per_quarter.is_some());
    let gain = evaluation.comparisons.first().map(|comparison| &comparison.gain);
    let per = gain.map_or("a quarter", |gain| facts::per(gain.per));
    let is_corrected = gain.is_some_and(|gain| gain.basis == Basis::HadAllBeenWorked);
    let title = format!("Winners {per}{}", if is_corrected { ", had all been called" } else { "" });
    let mut columns = vec![Column::label("Challenger"), Column::number(title).term("Difference")];
    if is_corrected {
        columns.push(Column::number("As history shows it").term("Difference"));
    }
    if valued {
        columns.push(Column::money("Value a quarter", words::currency(evaluation)).term("Value"));
    }
    columns.extend([
        Column::number("Leads that change hands").term("Swap set"),
        Column::label("Decision").term("Promote, keep, not enough evidence"),
    ]);
    let row = |comparison: &Comparison| {
        let decides = &comparison.gain.winners;
        let is_known = decides.point.finite().is_some() || is_corrected;
        let decides = if is_known { decides } else { &comparison.wins_per_quarter };
        let mut cells = vec![Cell::name(&comparison.challenger), Cell::estimate(decides, Unit::CountDifference)];
        if is_corrected {
            cells.push(Cell::estimate(&comparison.wins_per_quarter, Unit::CountDifference));
        }
        if valued {
            let none = || Cell::optional(None, Unit::Money);
            cells.push(
                comparison.value_per_quarter.as_ref().map_or_else(none, |value| Cell::estimate(value, Unit::Money)),
            );
        }
        cells.extend([
            Cell::value(comparison.swap.challenger_only.leads, Unit::Count),
            Cell::text(match comparison.decision {
                Decision::Promote if evaluation.verdict.model.as_ref() != Some(&comparison.challenger) => {
                    "better too, not needed"
                }
                other => decision(other),
            }),
        ]);
        cells
    };
    let caption = text::clean(&rule);
    Table::new(
        format!(
            "Challenger minus champion, {caption}. The ranges hold for all challengers at once; what the answer claims is less than the figure here, by the luck of having been picked."
        ),
        columns,
        evaluation.comparisons.iter().map(row).collect(),
    )
}

fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Promote => "promote",
        Decision::Keep => "keep the champion",
        Decision::NotEnoughEvidence => "not enough evidence",
    }
}

fn challenger(evaluation: &Evaluation, comparison: &Comparison) -> Section {
    let columns = vec![
        Column::label("Metric"),
        Column::number("Champion"),
        Column::number("Challenger"),
        Column::number("Difference").term("Difference"),
        Column::number("Simultaneous interval").term("Simultaneous interval"),
        Column::number("p, adjusted").term("p"),
        Column::label("Reading"),
    ];
    let rows = words::told(comparison).map(|difference| {
        let (unit, own) = (words::difference_unit(difference.metric), words::compared_unit(difference.metric));
        let simultaneous = &difference.simultaneous;
        let better = if difference.metric.metric().is_higher_better() { "" } else { ", lower is better" };
        let label = facts::metric(difference.metric, &comparison.swap.hand_over);
        vec![
            Cell::text(format!("{}{better}", text::clipped(&text::capitalised(&label), 80))),
            Cell::number(&difference.champion, own),
            Cell::number(&difference.challenger, own),
            Cell::estimate(&difference.difference, unit),
            match simultaneous.low.value().zip(simultaneous.high.value()) {
                Some((low, high)) => Cell { text: interval_of(simultaneous, unit), ..Cell::range(low, high, unit) },
                None => Cell::text(interval_of(simultaneous, unit)),
            },
            Cell::number(&difference.p_adjusted, Unit::P),
            Cell::text(words::reading(difference)),
        ]
    });
    let mut blocks =
        vec![Block::Paragraph(words::swap(&comparison.swap)), Block::Table(swap(evaluation, &comparison.swap))];
    if !comparison.differences.is_empty() {
        let caption = "Challenger minus champion, on the same leads. The reading goes by the simultaneous interval.";
        blocks.insert(0, Block::Table(Table::new(caption, columns, rows.collect())));
    }
    let title = say![name(&comparison.challenger), " instead of ", name(&comparison.champion)];
    Section::new(format!("against-{}", slug(&comparison.challenger)), title, blocks)
}

/// The interval alone, with as many decimals as beside its point.
fn interval_of(estimate: &Estimate, unit: Unit) -> Text {
    let (point, interval) = text::parts(estimate, unit);
    interval.unwrap_or(point).into()
}

fn swap(evaluation: &Evaluation, swap: &SwapSet) -> Table {
    let cells = [
        ("Handed over by both", &swap.both),
        ("Swap in: challenger only", &swap.challenger_only),
        ("Swap out: champion only", &swap.champion_only),
        ("Handed over by neither", &swap.neither),
    ];
    let valued = cells.iter().any(|(_, cell)| cell.value.is_some());
    let mut columns = vec![
        Column::label("Who").term("Swap set"),
        Column::number("Leads"),
        Column::number("Wins").term("Win"),
        Column::number("Conversion").term("Conversion rate"),
    ];
    if valued {
        columns.push(Column::money("Value", words::currency(evaluation)).term("Value"));
    }
    let row = |(i, (who, cell)): (usize, &(&str, &crate::result::SwapCell))| {
        let mut row = vec![
            Cell::text(*who).at(i),
            Cell::value(cell.leads, Unit::Count),
            Cell::value(cell.wins, Unit::Count),
            Cell::estimate(&cell.rate, Unit::Share),
        ];
        if valued {
            row.push(Cell::optional(cell.value, Unit::Money));
        }
        row
    };
    Table::new(
        format!("Who is handed over {}.", text::clean(&facts::hand_over(&swap.hand_over))),
        columns,
        cells.iter().enumerate().map(row).collect(),
    )
}

fn model(evaluation: &Evaluation, model: &ModelEvaluation, charts: &[Chart]) -> Section {
    let id = slug(&model.name);
    let part = |what: &str, title: &str, blocks: Vec<Block>| Section::new(format!("{what}-of-{id}"), title, blocks);
    let of = |kind: &str| figures(charts, Some(&model.name), &[kind]);
    let mut parts = vec![
        part("brackets", "Brackets", [brackets(evaluation, model), of("brackets")].concat()),
        part("top", "The best leads", top(evaluation, model)),
        part("calibration", "Calibration", calibration(model, of("reliability"))),
        part("time", "Time to convert", time(&model.time_to_convert, of("time"))),
    ];
    let scores = of("distribution");
    if !scores.is_empty() {
        parts.push(part("scores", "Scores of winners and others", scores));
    }
    let groups = model.segments.iter().filter(|segmentation| !segmentation.parts.is_empty());
    let tables: Vec<Block> = groups
        .map(|group| {
            Block::Table(parts_table("Segment", &format!("by {}", text::clipped(&group.column, 60)), &group.parts))
        })
        .collect();
    if !tables.is_empty() {
        parts.push(part("segments", "Segments", tables));
    }
    if !model.periods.is_empty() {
        parts.push(part(
            "periods",
            "Periods",
            vec![Block::Table(parts_table("Period", "Period by period", &model.periods))],
        ));
    }
    if !model.groups.is_empty() {
        let caption = "Each group of criteria as a model of its own, on all leads";
        parts.push(part(
            "groups",
            "Groups of criteria",
            vec![Block::Table(parts_table("Group", caption, &model.groups))],
        ));
    }
    if !model.card.is_empty() {
        parts.push(part("card", "What the model is made of", vec![Block::Table(card(model))]));
    }
    Section::new(format!("model-{id}"), say!["Model ", name(&model.name)], introduction(evaluation, model)).with(parts)
}

fn introduction(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<Block> {
    let is_champion = evaluation.setting.champion.as_ref() == Some(&model.name);
    let role = if is_champion { "The champion: the model in use. " } else { "" };
    let scale = match model.scale {
        Scale::Points => "points",
        Scale::Probability => "a probability, shown as 0 to 100",
    };
    let ranking = &model.ranking;
    let mut words = format!(
        "{role}Kind: {}; its score is {scale}. AUC {}, Gini {}, average precision {} (a random order: {}), KS {}",
        text::clipped(model.kind.as_str(), 40),
        text::estimate(&model.metric(AUC.id), Unit::Plain),
        text::number(&model.metric(GINI.id).point, Unit::Plain),
        text::number(&model.metric(AVERAGE_PRECISION.id).point, Unit::Plain),
        text::number(&ranking.prevalence, Unit::Plain),
        text::number(&model.metric(KS.id).point, Unit::Plain),
    );
    if let Number::Value(threshold) = ranking.ks_threshold {
        words += &format!(" at a score of {}", score(threshold, model.scale));
    }
    words += ".";
    if model.unscored > 0 {
        words += &format!(" {} without a score rank last, in one tied block.", text::plural(model.unscored, "lead"));
    }
    let mut blocks = vec![Block::Paragraph(words.into())];
    if let Some(reason) = &model.not_promotable {
        let words = format!("this model cannot be promoted on this evidence: {}", notices::barred(reason));
        blocks.push(Block::Notice(Level::Warning, Text::whole(&words)));
    }
    blocks
}

fn score(value: f64, scale: Scale) -> String {
    text::quantity(if scale == Scale::Probability { value * 100.0 } else { value }, Unit::Plain)
}

fn brackets(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<Block> {
    let brackets = &model.brackets;
    let mut blocks = vec![Block::Table(bracket_table(evaluation, model, brackets))];
    if brackets.rows.len() > 1 {
        blocks.push(Block::Paragraph(words::trend(model)));
    }
    let inversions: Vec<Text> = brackets.inversions.iter().map(|one| words::inversion(one, &brackets.rows)).collect();
    if !inversions.is_empty() {
        blocks.push(Block::List(inversions));
    }
    blocks
}

fn bracket_table(evaluation: &Evaluation, model: &ModelEvaluation, brackets: &Brackets) -> Table {
    let valued = brackets.rows.iter().any(|row| row.value.is_some());
    let open = brackets.rows.iter().any(|row| row.immature > 0);
    let mut columns = vec![
        Column::label("Bracket").term("Bracket"),
        Column::number("Leads"),
        Column::number("Share").term("Share"),
        Column::number("Wins").term("Win"),
        Column::number("Conversion").term("Conversion rate"),
        Column::number("Lift").term("Lift"),
        Column::number("Captured from here up").term("Capture"),
    ];
    if valued {
        columns.push(Column::money("Value", words::currency(evaluation)).term("Value"));
    }
    columns.push(Column::number("Median days to win").term("Median of wins"));
    if open {
        columns.push(Column::number("Not mature").term("Mature"));
    }
    let rows = brackets.rows.iter().enumerate().rev().map(|(i, row)| {
        let mut cells = vec![
            Cell::label(&row.label).at(i),
            Cell::count(row.leads),
            Cell::number(&row.share, Unit::Share),
            Cell::count(row.wins),
            Cell::estimate(&row.rate, Unit::Share),
            Cell::estimate(&row.lift, Unit::Ratio),
            Cell::number(&row.capture, Unit::Share),
        ];
        if valued {
            cells.push(Cell::optional(row.value, Unit::Money));
        }
        cells.push(Cell::number(&row.median_days, Unit::Days));
        if open {
            cells.push(Cell::count(row.immature));
        }
        cells
    });
    let mut total =
        vec![Cell::text("All"), Cell::count(model.leads), Cell::value(1.0, Unit::Share), Cell::count(model.wins)];
    let same = (model.leads, model.wins) == (evaluation.readiness.leads, evaluation.readiness.wins);
    total.push(if same { Cell::estimate(&evaluation.readiness.rate, Unit::Share) } else { Cell::empty() });
    total.extend([Cell::empty(), Cell::empty()]);
    if valued {
        total.push(Cell::optional(brackets.rows.iter().map(|row| row.value).sum(), Unit::Money));
    }
    total.push(Cell::empty());
    if open {
        total.push(Cell::count(brackets.rows.iter().map(|row| row.immature).sum()));
    }
    Table::new(Text::whole(&format!("how they are cut: {}", facts::cut_rule(&brackets.rule))), columns, rows.collect())
        .total(total)
}

fn top(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !model.top.is_empty() {
        blocks.push(Block::Table(top_table(model)));
    }
    if let Some(capacity) = &model.capacity {
        blocks.push(Block::Paragraph(at_capacity(evaluation, capacity)));
    }
    if blocks.is_empty() {
        blocks.push(Block::Paragraph("No shares of the best leads were asked for.".into()));
    }
    blocks
}

fn top_table(model: &ModelEvaluation) -> Table {
    let columns = vec![
        Column::label("Top"),
        Column::number("Leads"),
        Column::number("Wins, expected").term("Win"),
        Column::number("worst to best").term("Worst to best order of ties"),
        Column::number("Lift").term("Lift"),
        Column::number("worst to best").term("Worst to best order of ties"),
        Column::number("Captured, expected").term("Capture"),
        Column::number("worst to best").term("Worst to best order of ties"),
    ];
    let rows = model.top.iter().enumerate().map(|(i, top)| {
        vec![
            Cell::text(text::round_share(top.share)).at(i),
            Cell::value(top.leads, Unit::Count),
            Cell::number(&top.wins.expected, Unit::Count),
            span(&top.wins, Unit::Count),
            Cell::estimate(&top.lift_interval, Unit::Ratio),
            span(&top.lift, Unit::Ratio),
            Cell::number(&top.capture.expected, Unit::Share),
            span(&top.capture, Unit::Share),
        ]
    });
    let caption = "The leads with the highest scores. “Worst to best” is the luck of the order among leads with the same score, not a 95 % interval.";
    Table::new(caption, columns, rows.collect())
}

/// From the worst to the best order of tied leads.
fn span(tied: &crate::result::Tied, unit: Unit) -> Cell {
    match (tied.worst.value(), tied.best.value()) {
        (Some(worst), Some(best)) if worst == best => Cell { text: "no ties".into(), ..Cell::range(worst, best, unit) },
        (Some(worst), Some(best)) => Cell::range(worst, best, unit),
        _ => Cell::number(&tied.worst, unit),
    }
}

fn at_capacity(evaluation: &Evaluation, capacity: &Capacity) -> Text {
    let rate = evaluation.setting.capacity.as_ref().map_or_else(|| "capacity".to_owned(), words::capacity);
    let mut words = format!(
        "At {rate}, over {}: {} of {} handed over, with {} of the {}",
        text::plural(capacity.periods, "period"),
        text::quantity(capacity.handed_over, Unit::Count),
        text::plural(capacity.leads, "lead"),
        text::number(&capacity.wins.expected, Unit::Count),
        text::plural(capacity.wins_in_all, "win"),
    );
    let mut details = vec![format!("{} captured", text::number(&capacity.capture.expected, Unit::Share))];
    if let (Some(worst), Some(best)) = (capacity.wins.worst.value(), capacity.wins.best.value())
        && worst != best
    {
        let written = text::aligned(&[worst, best], Unit::Count);
        details.push(format!("{} to {} wins by the order of ties", written[0], written[1]));
    }
    if let Some(value) = capacity.value {
        details.push(format!(
            "worth {}",
            text::with_currency(&text::quantity(value, Unit::Money), words::currency(evaluation))
        ));
    }
    if let Number::Value(days) = capacity.median_days {
        details.push(format!("won after a median of {}", text::days(days)));
    }
    words += &format!(" ({}).", details.join("; "));
    if capacity.left_out > 0 {
        words += &format!(
            " {} left out: cut short, or with leads that are not mature.",
            text::plural(capacity.left_out, "period")
        );
    }
    words.into()
}

fn calibration(model: &ModelEvaluation, figures: Vec<Block>) -> Vec<Block> {
    let calibration = &model.calibration;
    let mut blocks = vec![Block::Paragraph(Text::whole(&format!(
        "From score to chance: {}",
        facts::probability_map(&calibration.map)
    )))];
    blocks.extend(words::calibration(model).into_iter().map(Block::Paragraph));
    blocks.extend(figures);
    let rows: Vec<Vec<Cell>> =
        metrics::shown_in(|place| place == Place::Calibration).into_iter().map(|one| in_numbers(model, one)).collect();
    if rows.iter().all(|row| row[1].number.is_none()) {
        let why = text::number(&model.metric(BRIER.id).point, Unit::Plain);
        blocks.push(Block::Paragraph(
            format!("Slope, intercept, Brier score and log loss do not exist: {}.", why.trim_start_matches("– "))
                .into(),
        ));
        return blocks;
    }
    let columns = vec![Column::label("Measure"), Column::number("Value"), Column::label("Read as")];
    let rows = rows.into_iter().enumerate().map(|(i, mut row)| {
        row[0] = row[0].clone().at(i);
        row
    });
    blocks.push(Block::Table(Table::new("Calibration in numbers.", columns, rows.collect())));
    if !calibration.reliability.is_empty() {
        let columns = vec![
            Column::number("Predicted").term("Calibration"),
            Column::number("Happened").term("Conversion rate"),
            Column::number("Leads"),
        ];
        let row = |bin: &crate::result::ReliabilityBin| {
            vec![
                Cell::value(bin.predicted, Unit::Share),
                Cell::estimate(&bin.observed, Unit::Share),
                Cell::count(bin.leads),
            ]
        };
        let rows = calibration.reliability.iter().map(row).collect();
        blocks.push(Block::Table(Table::new(
            "Predicted chance against what happened, from the lowest chances to the highest.",
            columns,
            rows,
        )));
    }
    blocks
}

/// A line of a model's calibration: what it is, its value, how to read it.
fn in_numbers(model: &ModelEvaluation, (metric, shown): (&Metric, &Shown)) -> Vec<Cell> {
    let (value, unit) = (model.metric(metric.id), words::metric_unit(metric.id));
    let read = match metric.direction {
        Direction::Maximize => "higher is better".to_owned(),
        Direction::Minimize => "lower is better".to_owned(),
        Direction::Target(best) => format!("{best} is best"),
        Direction::Neither => "the same for all models".to_owned(),
    };
    let value = match metric.compute {
        Some(Compute::Estimate(_)) => Cell::estimate(&value, unit),
        _ => Cell::number(&value.point, unit),
    };
    vec![Cell::text(shown.heading), value, Cell::text(read)]
}

fn time(time: &TimeToConvert, figures: Vec<Block>) -> Vec<Block> {
    if let Some(reason) = &time.refused {
        return vec![Block::Paragraph(Text::whole(&format!("Not shown: {}", facts::no_curves(reason))))];
    }
    if time.curves.is_empty() {
        return vec![Block::Paragraph("Not shown: there are no curves.".into())];
    }
    let columns = vec![
        Column::label("Bracket").term("Bracket"),
        Column::number("Leads"),
        Column::number("Wins").term("Win"),
        Column::number("Losses"),
        Column::number("Incidence").term("Incidence"),
        Column::number("by day"),
        Column::number("Mean days without a win").term("Restricted mean time"),
        Column::number("Days until half have won"),
        Column::number("Median days of wins").term("Median of wins"),
    ];
    let rows = time.curves.iter().enumerate().rev().map(|(i, curve)| {
        vec![
            Cell::label(&curve.label).at(i),
            Cell::count(curve.leads),
            Cell::count(curve.wins),
            Cell::count(curve.losses),
            Cell::estimate(&curve.incidence, Unit::Share),
            Cell::value(curve.to_days, Unit::Count),
            Cell::estimate(&curve.restricted_mean, Unit::Days),
            Cell::number(&curve.median, Unit::Days),
            Cell::number(&curve.median_of_wins, Unit::Days),
        ]
    });
    let caption = format!(
        "Days run from the moment of scoring. Method: {}.",
        text::clean(time.method.as_ref().map_or("", facts::curve_method))
    );
    let mut blocks = figures;
    blocks.push(Block::Table(Table::new(caption, columns, rows.collect())));
    if time.curves.len() > 1 {
        blocks.push(Block::Paragraph(log_rank(time)));
    }
    blocks
}

fn log_rank(time: &TimeToConvert) -> Text {
    let Some(p) = time.logrank_p.value() else {
        return format!(
            "Whether the brackets differ in speed is not known: {}.",
            text::number(&time.logrank_p, Unit::P).trim_start_matches("– ")
        )
        .into();
    };
    let claim = if p < 0.05 {
        "The brackets differ in how soon their leads convert"
    } else {
        "No difference between the brackets in how soon their leads convert is shown"
    };
    let (chi2, df) = (text::number(&time.logrank_chi2, Unit::Plain), text::number(&time.logrank_df, Unit::Count));
    format!("{claim} (log-rank, χ² = {chi2}, {df} degrees of freedom, {}).", words::p_words(&time.logrank_p)).into()
}

fn parts_table(what: &str, caption: &str, parts: &[Part]) -> Table {
    let open = parts.iter().any(|part| part.immature > 0);
    let mut columns = vec![
        Column::label(what),
        Column::number("Leads"),
        Column::number("Wins").term("Win"),
        Column::number("Conversion").term("Conversion rate"),
        Column::number("AUC").term("AUC"),
        Column::number("Lift, top 10 % of it").term("Lift"),
    ];
    if open {
        columns.push(Column::number("Not mature").term("Mature"));
    }
    let rows = parts.iter().enumerate().map(|(i, part)| {
        let mut cells = vec![
            Cell::label(&part.label).at(i),
            Cell::count(part.leads),
            Cell::count(part.wins),
            Cell::estimate(&part.rate, Unit::Share),
            Cell::estimate(&part.auc, Unit::Plain),
            Cell::number(&part.lift, Unit::Ratio),
        ];
        if open {
            cells.push(Cell::count(part.immature));
        }
        cells
    });
    Table::new(format!("{}.", text::capitalised(caption)), columns, rows.collect())
}

pub(super) fn card(model: &ModelEvaluation) -> Table {
    let weight = if matches!(model.kind, ModelKind::Logistic | ModelKind::Linear) {
        "Coefficient"
    } else if model.scale == Scale::Points {
        "Points"
    } else {
        "Weight"
    };
    let columns =
        vec![Column::label("Part"), Column::label("What it is"), Column::number(weight), Column::number("Fires for")];
    let rows = model.card.iter().enumerate().map(|(i, line)| {
        let has_interval = line.weight.interval().is_some_and(|interval| interval.low < interval.high);
        let weight = if has_interval {
            Cell::estimate(&line.weight, Unit::Difference)
        } else {
            Cell::number(&line.weight.point, Unit::CountDifference)
        };
        vec![
            Cell::label(&line.name).at(i),
            Cell::text(Text::from(text::clipped(&line.what, 160))),
            weight,
            Cell::number(&line.fires, Unit::Share),
        ]
    });
    Table::new("“Fires for” is the share of evaluated leads for which the part is not zero.", columns, rows.collect())
}

/// What the numbers rest on.
fn data(evaluation: &Evaluation) -> Section {
    let mut notices: Vec<Block> = Vec::new();
    for level in [Level::Banner, Level::Warning, Level::Note] {
        let of_level = evaluation.notices.iter().filter(|notice| notice.level == level);
        notices.extend(of_level.map(|notice| Block::Notice(level, Text::whole(&notices::sentence(&notice.fact)))));
    }
    if notices.is_empty() {
        notices.push(Block::Paragraph("Nothing to watch out for.".into()));
    }
    let findings = match evaluation.findings.as_slice() {
        [] => vec![Block::Paragraph("No trouble was found in the files.".into())],
        _ => vec![
            Block::Table(findings(evaluation)),
            Block::Paragraph(Text::sentence("The rows stand in `findings.csv`, which stays on the machine.")),
        ],
    };
    let mut became = vec![Block::Paragraph(words::readiness(evaluation))];
    became.extend(ledger(&evaluation.ledger));
    became.extend(fits(&evaluation.setting.walk));
    let parts = vec![
        Section::new("ledger", "The ledger: what became of every lead", became).brief(),
        Section::new("notices", "What to keep in mind", notices).brief(),
        Section::new("findings", "Trouble in the files", findings),
    ];
    Section::new("data", "The data behind it", Vec::new()).brief().with(parts)
}

fn findings(evaluation: &Evaluation) -> Table {
    let columns = vec![
        Column::label("File"),
        Column::label("What"),
        Column::number("Rows"),
        Column::label("Weight"),
        Column::label("What to do"),
    ];
    let rows = evaluation.findings.iter().map(|finding| {
        let (level, position) = match finding.level {
            Level::Banner => ("forbids a conclusion", 0),
            Level::Warning => ("changes the reading", 1),
            Level::Note => ("good to know", 2),
        };
        let advice = Text::whole(&finding.advice);
        vec![
            Cell::label(&finding.input),
            Cell::text(Text::sentence(&finding.what)),
            Cell::count(finding.count),
            Cell::text(level).at(position),
            Cell::text(advice),
        ]
    });
    Table::new("Counted by kind.", columns, rows.collect())
}

fn ledger(ledger: &Ledger) -> Vec<Block> {
    let mut lines = vec![
        ("Evaluated (mature)".to_owned(), ledger.evaluated),
        ("Scored, not mature yet".to_owned(), ledger.immature),
        ("Used for training".to_owned(), ledger.training),
    ];
    lines.extend(
        ledger
            .exclusions
            .iter()
            .map(|exclusion| (format!("Left out: {}", text::clean(&exclusion.reason)), exclusion.leads)),
    );
    let sum: u64 = lines.iter().fold(0, |sum, (_, leads)| sum.saturating_add(*leads));
    let columns = vec![Column::label("What became of them").brief().term("Ledger"), Column::number("Leads").brief()];
    let rows =
        lines.into_iter().enumerate().map(|(i, (line, leads))| vec![Cell::label(&line).at(i), Cell::count(leads)]);
    let table = Table::new("", columns, rows.collect()).total(vec![Cell::text("Read"), Cell::count(ledger.read)]);
    let mut blocks = vec![Block::Table(table)];
    if sum != ledger.read {
        let (sum, read) = (text::count(sum), text::count(ledger.read));
        blocks.push(Block::Notice(
            Level::Warning,
            format!("The lines add up to {sum}, not to the {read} leads read.").into(),
        ));
    }
    blocks.extend(before_as_of(ledger));
    blocks
}

/// What the models that score each period's leads were fitted on.
fn fits(walk: &[FitSetting]) -> Option<Block> {
    let columns = vec![
        Column::label("Period").brief(),
        Column::label("Fitted at its start").brief(),
        Column::number("Leads learned from").brief(),
        Column::number("Their wins").brief(),
    ];
    let row = |fit: &FitSetting| {
        vec![Cell::label(&fit.period), Cell::label(&fit.begins), Cell::count(fit.leads), Cell::count(fit.wins)]
    };
    let rows: Vec<Vec<Cell>> = walk.iter().map(row).collect();
    (!rows.is_empty())
        .then(|| Block::Table(Table::new("The leads that each period's fit learned from.", columns, rows)))
}

/// The wins that no model could have predicted, because they came first.
fn before_as_of(ledger: &Ledger) -> Vec<Block> {
    if ledger.wins_in_window == 0 || ledger.wins_before_as_of == 0 {
        return Vec::new();
    }
    if ledger.wins_before.is_empty() {
        let share = text::quantity(ledger.wins_before_as_of as f64 / ledger.wins_in_window as f64, Unit::Share);
        let words = format!(
            "{} of {} ({share}) came before the lead was scored: no model can have predicted them, and they count nowhere.",
            text::count(ledger.wins_before_as_of),
            text::plural(ledger.wins_in_window, "win"),
        );
        return vec![Block::Paragraph(words.into())];
    }
    let columns = vec![
        Column::label("Scored after creation").term("as_of"),
        Column::number("Wins before"),
        Column::number("of"),
        Column::number("Share"),
    ];
    let rows = ledger.wins_before.iter().enumerate().map(|(i, row)| {
        let share =
            if row.of == 0 { Number::undefined("no wins") } else { Number::from(row.wins as f64 / row.of as f64) };
        vec![
            Cell::text(text::days(row.days)).at(i),
            Cell::count(row.wins),
            Cell::count(row.of),
            Cell::number(&share, Unit::Share),
        ]
    });
    // The words stand among the notices, once.
    let caption = "Wins that come before the lead is scored, at other moments of scoring: no model can predict them.";
    vec![Block::Table(Table::new(caption, columns, rows.collect()))]
}

fn definitions() -> Section {
    Section::new("definitions", "How each number is defined", vec![Block::Definitions(&GLOSSARY)])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{fixture, glossary};
    use super::*;

    fn walk<'a>(sections: &'a [Section], out: &mut Vec<&'a Section>) {
        for section in sections {
            out.push(section);
            walk(&section.sections, out);
        }
    }

    fn all_sections(document: &Document) -> Vec<&Section> {
        let mut out = Vec::new();
        walk(&document.sections, &mut out);
        out
    }

    fn tables(document: &Document) -> Vec<&Table> {
        let blocks = all_sections(document).into_iter().flat_map(|section| &section.blocks);
        blocks.filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None }).collect()
    }

    #[test]
    fn every_row_fills_its_columns() {
        for evaluation in fixture::all() {
            for table in tables(&whole(&evaluation)) {
                for row in table.rows.iter().chain(&table.total) {
                    assert_eq!(row.len(), table.columns.len(), "{}", table.caption.plain());
                }
            }
        }
    }

    #[test]
    fn every_anchor_is_its_own() {
        for evaluation in fixture::all() {
            let pages = models(&evaluation).into_iter().map(|(_, page)| page);
            for document in pages.chain([document(&evaluation), whole(&evaluation)]) {
                let ids: Vec<&str> = all_sections(&document).iter().map(|section| section.id.as_str()).collect();
                assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
            }
        }
    }

    #[test]
    fn every_sentence_of_the_answer_leads_to_its_evidence() {
        for evaluation in fixture::all() {
            let document = document(&evaluation);
            let ids: Vec<&str> = all_sections(&document).iter().map(|section| section.id.as_str()).collect();
            let answer = &document.answer;
            let claims = answer
                .reasons
                .iter()
                .chain(&answer.banners)
                .chain(&answer.doubts)
                .chain([&answer.headline, &answer.readiness]);
            for claim in claims.filter(|claim| !claim.is_empty()) {
                let marks: Vec<&str> = claim.0.iter().filter_map(evidence_of).collect();
                assert!(marks.len() == 1 && ids.contains(&marks[0]), "{}: {marks:?}", claim.plain());
            }
        }
    }

    fn evidence_of(span: &super::super::document::Span) -> Option<&str> {
        if let super::super::document::Span::Evidence(id) = span { Some(id) } else { None }
    }

    #[test]
    fn every_term_of_a_column_is_defined() {
        for table in tables(&whole(&fixture::promoted())) {
            for term in table.columns.iter().filter_map(|column| column.term) {
                assert!(glossary::meaning(term).is_some(), "{term}");
            }
        }
    }

    #[test]
    fn every_chart_finds_its_place() {
        let evaluation = fixture::promoted();
        let whole = whole(&evaluation);
        let blocks = all_sections(&whole).into_iter().flat_map(|section| &section.blocks);
        let placed = blocks.filter(|block| matches!(block, Block::Figure(_))).count();
        assert_eq!(placed, chart::all(&evaluation).len());
    }

    #[test]
    fn tied_models_stand_first_and_unranked() {
        let mut evaluation = fixture::promoted();
        evaluation.verdict.tied = vec!["current".into(), "crm".into()];
        let order: Vec<&str> = ranked(&evaluation).iter().map(|model| model.name.as_str()).collect();
        assert_eq!(order, ["current", "crm", "regression", "reweighted", "no_email_points"]);
    }

    #[test]
    fn a_ledger_that_does_not_add_up_says_so() {
        let mut ledger_ = fixture::promoted().ledger;
        assert!(!ledger(&ledger_).iter().any(|block| matches!(block, Block::Notice(..))));
        ledger_.evaluated += 1;
        let notices: Vec<String> = ledger(&ledger_)
            .iter()
            .filter_map(|block| if let Block::Notice(_, text) = block { Some(text.plain()) } else { None })
            .collect();
        assert_eq!(notices, ["The lines add up to 7,215, not to the 7,214 leads read."]);
    }

    #[test]
    fn calibration_that_does_not_exist_says_why() {
        let model = fixture::without_times().models[0].clone();
        let blocks = calibration(&model, Vec::new());
        let [Block::Paragraph(map), Block::Paragraph(none)] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!(map.plain(), "From score to chance: not possible: no training leads to fit it on.");
        assert!(none.plain().contains("do not exist: (no training leads to fit it on)"), "{}", none.plain());
    }
}
