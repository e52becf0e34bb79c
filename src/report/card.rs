//! A model's card: what sales and marketing are told of it, and trained from.

use crate::metrics::{AUC, LIFT_10, SLOPE};
use crate::result::{Bracket, Evaluation, Level, ModelEvaluation, Number, Scale};

use super::chart;
use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, say};
use super::glossary::GLOSSARY;
use super::sections;
use super::text::{self, Unit};
use super::{facts, notices, words};

/// Fewer wins than this carry no rate that one would plan with.
const FEW_WINS: u64 = 10;

/// The card of every model, in the order of the experiment, each with a stem for its file: `card-NAME`.
pub fn cards(evaluation: &Evaluation) -> Vec<(String, Document)> {
    let charts = chart::all(evaluation);
    let card =
        |model: &ModelEvaluation| (format!("card-{}", text::slug(&model.name)), card(evaluation, model, &charts));
    evaluation.models.iter().map(card).collect()
}

fn card(evaluation: &Evaluation, model: &ModelEvaluation, charts: &[chart::Chart]) -> Document {
    Document {
        title: format!("Model card: {}", text::clipped(&model.name, 60)),
        setting: identity(evaluation, model),
        answer: answer(evaluation, model),
        sections: vec![
            scoring(model),
            meaning(evaluation, model, charts),
            evaluated(evaluation, model),
            quality(evaluation, model),
            limits(evaluation, model),
            definitions(),
        ],
        charts: "charts",
        footer: format!(
            "leadoff {}, evaluation format {}, from the experiment “{}”. Ranges in parentheses are 95 % intervals.",
            env!("CARGO_PKG_VERSION"),
            evaluation.schema,
            text::clipped(&evaluation.experiment, 90)
        )
        .into(),
    }
}

fn is_champion(evaluation: &Evaluation, model: &ModelEvaluation) -> bool {
    evaluation.setting.champion.as_ref() == Some(&model.name)
}

/// What it is, in one line: role, kind, owner.
fn identity(evaluation: &Evaluation, model: &ModelEvaluation) -> Text {
    let role = match (is_champion(evaluation, model), evaluation.setting.champion.is_some()) {
        (true, _) => "The model in use",
        (false, true) => "A challenger of the model in use",
        (false, false) => "One of the models compared",
    };
    let owner = model.about.owner.as_ref().map_or_else(
        || "no owner is named (`owner:` in the experiment file)".to_owned(),
        |owner| format!("owned by {}", text::clipped(owner, 80)),
    );
    Text::sentence(&format!("{role}; {}; {owner}.", text::clipped(model.kind.definition(), 60)))
}

pub(super) fn answer(evaluation: &Evaluation, model: &ModelEvaluation) -> Answer {
    let what = model.about.description.as_ref().map(|words| Text::whole(words));
    let auc = &model.metric(AUC.id);
    let tone = match auc.interval() {
        _ if model.not_promotable.is_some() => Tone::Undecided,
        Some(interval) if interval.low > 0.5 => Tone::Keep,
        _ => Tone::Undecided,
    };
    let claim = match auc.interval() {
        Some(interval) if interval.low > 0.5 => "ranks leads better than chance",
        Some(interval) if interval.high < 0.5 => "ranks leads the wrong way round",
        Some(_) => "is not shown to rank leads better than chance",
        None => "cannot be judged on these leads",
    };
    let figures = match &auc.point {
        Number::Value(_) => format!(": AUC {}", text::estimate(auc, Unit::Plain)),
        Number::Undefined(reason) => format!(": {}", text::clean(reason)),
    };
    let headline = say![name(&model.name), format!(" {claim}{figures}.")];
    let found = words::captured(model).filter(|found| found.point.finite().is_some()).map(|found| {
        let at = match &evaluation.setting.capacity {
            Some(setting) if model.capacity.is_some() => format!("at {}", words::capacity(setting)),
            _ => "among the tenth of leads with the highest scores".to_owned(),
        };
        format!("It finds {} of all wins {at}.", text::estimate(&found, Unit::Share))
    });
    let banner = model.not_promotable.as_ref();
    Answer {
        tone,
        line: text::clipped(&headline.plain(), 100).into(),
        headline,
        readiness: match what {
            Some(what) => what.then(" ".into()).then(words::readiness(evaluation)),
            None => words::readiness(evaluation),
        },
        banners: banner
            .map(|reason| {
                Text::whole(&format!("this model cannot be promoted on this evidence: it {}", notices::barred(reason)))
            })
            .into_iter()
            .collect(),
        doubts: Vec::new(),
        reasons: found.map(Text::from).into_iter().collect(),
        next: Vec::new(),
    }
}

/// What sales does with which score.
fn handling(model: &ModelEvaluation) -> Vec<Text> {
    let scale = model.scale;
    let threshold = model.about.threshold.map(|at| format!("Sales takes over from a score of {}.", score(at, scale)));
    let tier = |(place, tier): (usize, &crate::result::TierNote)| {
        let above = place.checked_sub(1).and_then(|place| model.about.tiers.get(place));
        let range = match above {
            Some(above) => format!("{} to below {}", score(tier.from, scale), score(above.from, scale)),
            None => format!("{} and over", score(tier.from, scale)),
        };
        let does = tier.does.as_ref().map_or(String::new(), |does| format!(": {}", text::clipped(does, 160)));
        Text::whole(&format!("{} ({range}){does}", text::clipped(&tier.name, 40)))
    };
    threshold.map(Text::from).into_iter().chain(model.about.tiers.iter().enumerate().map(tier)).collect()
}

fn score(value: f64, scale: Scale) -> String {
    text::quantity(if scale == Scale::Probability { value * 100.0 } else { value }, Unit::Count)
}

fn scoring(model: &ModelEvaluation) -> Section {
    let scale = match model.scale {
        Scale::Points => {
            "The score is in points. It puts leads in order; it is no chance of winning, and twice the points are not twice the chance."
        }
        Scale::Probability => "The score is a chance of winning within the horizon, shown as 0 to 100.",
    };
    let mut blocks = vec![Block::Paragraph(scale.into())];
    match model.card.is_empty() {
        true => blocks.push(Block::Paragraph("What goes into the score is not known here: only the score is.".into())),
        false => blocks.push(Block::Table(sections::card(model))),
    }
    Section::new("scoring", "What goes into the score", blocks)
}

/// What a score has meant: bracket by bracket.
fn meaning(evaluation: &Evaluation, model: &ModelEvaluation, charts: &[chart::Chart]) -> Section {
    let columns = vec![
        Column::label("Score").term("Bracket").brief(),
        Column::number("Leads").brief(),
        Column::number("Share").term("Share"),
        Column::number("Converted").term("Conversion rate").brief(),
        Column::number("Leads for one win").brief(),
        Column::number("Median days to win").term("Median of wins"),
    ];
    let row = |(place, row): (usize, &Bracket)| {
        vec![
            Cell::label(&row.label).at(place),
            Cell::count(row.leads),
            Cell::number(&row.share, Unit::Share),
            Cell::estimate(&row.rate, Unit::Share),
            Cell::number(&leads_for_a_win(row), Unit::Plain),
            Cell::number(&row.median_days, Unit::Days),
        ]
    };
    let rows: Vec<Vec<Cell>> = model.brackets.rows.iter().enumerate().rev().map(row).collect();
    let mut blocks = vec![Block::Table(Table::new(
        Text::whole(&format!("what became of leads by their score: {}", facts::cut_rule(&model.brackets.rule))),
        columns,
        rows,
    ))];
    let handling = handling(model);
    if !handling.is_empty() {
        blocks.insert(0, Block::List(handling));
    }
    blocks.extend(sections::figures(charts, Some(&model.name), &["brackets"]));
    if model.brackets.rows.len() > 1 {
        blocks.push(Block::Paragraph(words::trend(model)));
    }
    if let Some(days) = evaluation.setting.horizon_days {
        blocks.push(Block::Paragraph(
            format!("A lead counts as converted when it was won within {} of being scored.", text::days(days)).into(),
        ));
    }
    Section::new("meaning", "What a score has meant", blocks)
}

/// One over the rate; not from a handful of wins.
fn leads_for_a_win(row: &Bracket) -> Number {
    match row.rate.point.finite() {
        Some(rate) if rate > 0.0 && row.wins >= FEW_WINS => Number::from(1.0 / rate),
        Some(_) => Number::undefined(if row.wins == 0 { "no wins" } else { "fewer than 10 wins" }),
        None => row.rate.point.clone(),
    }
}

fn evaluated(evaluation: &Evaluation, model: &ModelEvaluation) -> Section {
    let (setting, ledger) = (&evaluation.setting, &evaluation.ledger);
    let mut facts = vec![
        ("Evaluated on leads of", text::clean(&setting.evaluate)),
        ("Scored", text::clean(&setting.as_of)),
        (
            "A win counts",
            setting
                .horizon_days
                .map_or_else(|| "whenever it came".into(), |days| format!("within {}", text::days(days))),
        ),
        ("Leads evaluated, and their wins", format!("{}, {}", text::count(model.leads), text::count(model.wins))),
        ("Leads read", text::count(ledger.read)),
        ("Scored but not mature, and counted nowhere", text::count(ledger.immature)),
    ];
    match &setting.train {
        Some(_) if !setting.walk.is_empty() && !model.kind.may_learn() => {}
        Some(train) if !setting.walk.is_empty() => facts.insert(1, ("Fitted", text::clean(train))),
        Some(train) => facts.insert(
            1,
            ("Fitted on leads of", format!("{} ({})", text::clean(train), text::plural(ledger.training, "lead"))),
        ),
        None => facts.insert(1, ("Fitted on", "nothing: there is no training window".into())),
    }
    if let Some(until) = &setting.until {
        facts.push(("Outcomes as known on", format!("{} ({})", text::clean(until), text::clean(&setting.timezone))));
    }
    let rows = facts.into_iter().enumerate();
    let rows = rows.map(|(place, (what, value))| vec![Cell::text(what).at(place), Cell::text(value)]).collect();
    let table = Table::new("", vec![Column::label("What").brief(), Column::label("Value").brief()], rows);
    Section::new("evaluated", "What it was evaluated on", vec![Block::Table(table)])
}

fn quality(evaluation: &Evaluation, model: &ModelEvaluation) -> Section {
    let mut rows = vec![
        ("AUC: how often a win outranks another lead", Cell::estimate(&model.metric(AUC.id), Unit::Plain)),
        ("Calibration slope (1 is best)", Cell::estimate(&model.metric(SLOPE.id), Unit::Ratio)),
        ("Conversion it foretold, on average", Cell::number(&model.calibration.mean_predicted, Unit::Share)),
        ("Conversion that came", Cell::estimate(&model.calibration.observed, Unit::Share)),
    ];
    if let Some(captured) = words::captured(model) {
        rows.insert(1, ("Wins found, of all", Cell::estimate(&captured, Unit::Share)));
    }
    if let Some(lift) = model.metrics.get(&LIFT_10.id) {
        rows.insert(1, ("Lift in the top 10 %", Cell::estimate(lift, Unit::Ratio)));
    }
    let rows =
        rows.into_iter().enumerate().map(|(place, (what, cell))| vec![Cell::text(what).at(place), cell]).collect();
    let columns = vec![Column::label("Measure").brief(), Column::number("Value").brief()];
    let mut blocks = vec![Block::Table(Table::new("", columns, rows))];
    let own = evaluation.comparisons.iter().find(|comparison| comparison.challenger == model.name);
    let champion = evaluation.setting.champion.as_ref();
    if let (Some(comparison), Some(champion)) = (own, champion) {
        blocks.push(Block::Paragraph(say!["Instead of ", name(champion), ": "].then(words::swap(&comparison.swap))));
    }
    Section::new("quality", "How well it does", blocks)
}

/// What the model does not say, and for whom.
fn limits(evaluation: &Evaluation, model: &ModelEvaluation) -> Section {
    let mut blocks: Vec<Block> = Vec::new();
    let mut warn = |level: Level, words: Text| blocks.push(Block::Notice(level, words));
    if let Some(reason) = &model.not_promotable {
        warn(Level::Warning, Text::whole(&format!("its figures may be too good: it {}", notices::barred(reason))));
    }
    if model.unscored > 0 {
        warn(
            Level::Note,
            format!("{} had no score and rank last, all alike.", text::plural(model.unscored, "lead")).into(),
        );
    }
    for one in &model.brackets.inversions {
        if one.difference.interval().is_some_and(|interval| interval.high < 0.0) {
            warn(Level::Warning, words::inversion(one, &model.brackets.rows));
        }
    }
    words::calibration(model).into_iter().skip(1).for_each(|words| warn(Level::Note, words));
    if model.metric(SLOPE.id).interval().is_none() {
        let map = text::clean(&facts::probability_map(&model.calibration.map));
        warn(Level::Note, Text::whole(&format!("whether its chances are right is not known: {map}")));
    }
    let small = small_parts(model);
    if !small.is_empty() {
        let words = format!("Too few wins (under {FEW_WINS}) to say how it does for {}.", text::list(&small));
        warn(Level::Note, words.into());
    }
    for notice in &evaluation.notices {
        let of_another = evaluation.models.iter().any(|other| notice.fact.speaks_of(&other.name));
        if (notice.fact.speaks_of(&model.name) || !of_another) && notice.level != Level::Banner {
            warn(notice.level, Text::whole(&notices::sentence(&notice.fact)));
        }
    }
    let ledger = &evaluation.ledger;
    if ledger.wins_before_as_of > 0 {
        let (early, all) = (text::count(ledger.wins_before_as_of), text::plural(ledger.wins_in_window, "win"));
        warn(
            Level::Note,
            format!("{early} of {all} came before a lead is scored; it says nothing about those.").into(),
        );
    }
    warn(
        Level::Note,
        "All this comes from how sales worked past leads. A change of sources, prices or of the way leads are worked can change what a score means: look again each quarter.".into(),
    );
    Section::new("limits", "What it cannot do", blocks)
}

/// Segments in which the model has too few wins to be judged.
fn small_parts(model: &ModelEvaluation) -> Vec<String> {
    let part = |column: &str, part: &crate::result::Part| {
        (part.wins < FEW_WINS).then(|| format!("{}: {}", text::clipped(column, 30), text::clipped(&part.label, 30)))
    };
    let all = model.segments.iter().flat_map(|one| one.parts.iter().filter_map(move |p| part(&one.column, p)));
    let all: Vec<String> = all.collect();
    match all.len() {
        0..=8 => all,
        n => all.into_iter().take(7).chain([format!("{} more", n - 7)]).collect(),
    }
}

fn definitions() -> Section {
    Section::new("definitions", "How each number is defined", vec![Block::Definitions(&GLOSSARY)])
}

#[cfg(test)]
mod tests {
    use super::super::{Format, fixture};
    use super::*;

    fn of(evaluation: &Evaluation, model: &str) -> Document {
        cards(evaluation).into_iter().find(|(stem, _)| stem == &format!("card-{model}")).unwrap().1
    }

    #[test]
    fn a_card_says_what_it_is_whose_it_is_and_what_it_cannot_do() {
        let mut evaluation = fixture::promoted();
        evaluation.models[0].about.owner = Some("Revenue operations".into());
        evaluation.models[0].about.description = Some("fit and interest of a lead".into());
        let page = Format::Markdown.render(&of(&evaluation, "current"));
        for words in [
            "# Model card: current",
            "The model in use; points for what is known of a lead, set by hand; owned by Revenue operations.",
            "Fit and interest of a lead.",
            "What goes into the score",
            "What it was evaluated on",
            "Warm converts better than Hot",
            "](charts/brackets-current.svg)",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        let page = Format::Markdown.render(&of(&evaluation, "crm"));
        assert!(page.contains("A challenger of the model in use; a score that came with the leads; no owner is named"));
        assert!(page.contains("cannot be promoted on this evidence"));
    }

    #[test]
    fn a_card_claims_no_more_than_its_interval() {
        let mut evaluation = fixture::promoted();
        let auc = |low: f64, high: f64| {
            crate::result::Estimate::new(0.5 * (low + high), crate::stats::Interval::new(low, high))
        };
        let mut said = |low, high| {
            evaluation.models[0].metrics.insert(AUC.id, auc(low, high));
            of(&evaluation, "current").answer.headline.plain()
        };
        assert!(said(0.51, 0.6).starts_with("current ranks leads better than chance: AUC"));
        assert!(said(0.49, 0.6).starts_with("current is not shown to rank leads better than chance"));
        assert!(said(0.4, 0.49).starts_with("current ranks leads the wrong way round"));
    }

    #[test]
    fn a_rate_from_a_handful_of_wins_is_not_planned_with() {
        let mut evaluation = fixture::promoted();
        let row = &mut evaluation.models[0].brackets.rows[0];
        row.wins = 9;
        assert_eq!(leads_for_a_win(row), Number::undefined("fewer than 10 wins"));
        row.wins = 10;
        row.rate.point = 0.05.into();
        assert_eq!(leads_for_a_win(row), Number::Value(20.0));
    }

    #[test]
    fn there_is_a_card_for_every_model_whatever_the_data() {
        for evaluation in fixture::all() {
            let all = cards(&evaluation);
            assert_eq!(all.len(), evaluation.models.len());
            for (_, card) in all {
                for format in Format::ALL {
                    assert!(!format.render(&card).contains("NaN"));
                }
            }
        }
    }

    #[test]
    fn tiers_say_what_sales_does() {
        let mut model = fixture::promoted().models[0].clone();
        let tier = |name: &str, from, does: Option<&str>| crate::result::TierNote {
            name: name.into(),
            from,
            does: does.map(Into::into),
        };
        model.about.threshold = Some(50.0);
        model.about.tiers = vec![tier("hot", 75.0, Some("call within a day")), tier("warm", 50.0, None)];
        let words: Vec<String> = handling(&model).iter().map(Text::plain).collect();
        assert_eq!(
            words,
            ["Sales takes over from a score of 50.", "Hot (75 and over): call within a day.", "Warm (50 to below 75)."]
        );
    }
}
