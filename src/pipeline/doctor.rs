//! What is wrong between models and data: conditions that nothing meets, fits that the wins do not bear.

use crate::data::{Attribute, Finding, FindingLevel, History, What, never_occurs};
use crate::experiment::Experiment;
use crate::models::{Gap, Model, Scores, Unlisted};
use crate::predicate::{Range, find_name};
use crate::replay::{Features, Plan, Replayed, Role};
use crate::result::Ledger;
use crate::table::Column;

use super::history::Played;

/// Fits on fewer wins tell hardly anything.
const ENOUGH_WINS: usize = 20;
/// Fewer wins a coefficient than this are too few for it (Peduzzi et al. 1996 ask for ten).
const A_COEFFICIENT: f64 = 5.0;
/// More of the training leads than this, and the window is laid wrong.
const STILL_OPEN: f64 = 0.5;

/// What is to be said before any result is read.
pub(super) fn findings(
    champion: Option<usize>,
    history: &History,
    models: &[Model],
    plan: &Plan,
    Replayed { ledger, features, .. }: &Replayed,
    scores: &[Scores],
) -> Vec<Finding> {
    let mut found = values(plan, history);
    let kinds = models.iter().enumerate().flat_map(|(place, model)| {
        let unknown = model.notices(history.event_kinds()).into_iter();
        unknown.map(move |unknown| (Some(place) == champion, unknown))
    });
    found.extend(kinds.map(|(is_champion, unknown)| {
        let text = format!("{}: no event of kind `{}` is in the log", unknown.path, unknown.kind);
        // A champion that a misspelling makes worse is easily beaten.
        let forbids = is_champion && unknown.meant.is_some();
        let level = if forbids { FindingLevel::Forbids } else { FindingLevel::Doubt };
        let advice = match unknown.meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let kinds: Vec<String> =
                    history.event_kinds().iter().take(12).map(|kind| format!("`{kind}`")).collect();
                format!("its kinds are {}", kinds.join(", "))
            }
        };
        Finding::new("events", What::KindNeverOccurs, level, 0, text).advice(advice)
    }));
    found.extend(still_open(ledger));
    for (place, (model, scores)) in models.iter().zip(scores).enumerate() {
        found.extend(unlisted(model, features));
        found.extend(fit(model, scores));
        found.extend(never_fires(model, scores, Some(place) == champion));
        found.extend(between_bands(model, history));
    }
    found
}

impl Played {
    /// Findings of the files and of how models and data fit.
    pub(crate) fn diagnose(&mut self, champion: Option<usize>) {
        let Self { history, models, plan, replayed, scores, .. } = self;
        let found = findings(champion, history, models, plan, replayed, scores);
        self.findings.list.extend(found);
    }
}

/// Texts that conditions ask for and that no row holds.
fn values(plan: &Plan, history: &History) -> Vec<Finding> {
    let attribute = |name: &str| history.attributes.iter().find(|attribute| attribute.name == name);
    let of_leads = plan.conditions().iter().flat_map(|condition| {
        condition.texts().into_iter().filter_map(|(column, value)| {
            let levels = levels_of(attribute(column)?)?;
            never_occurs(condition, (column, value), levels, "leads")
        })
    });
    let chunk = history.events.as_ref().and_then(|events| Some((events, events.chunks.first()?)));
    let of_events = plan.features().iter().filter_map(|feature| feature.when.as_ref()).flat_map(|condition| {
        condition.texts().into_iter().filter_map(|(column, value)| {
            let (events, chunk) = chunk?;
            let place = events.columns.iter().position(|name| name == column)?;
            let levels = texts_of(chunk.columns.get(place)?).filter(|levels| !levels.is_empty())?;
            never_occurs(condition, (column, value), levels, "events")
        })
    });
    let mut found: Vec<Finding> = of_leads.chain(of_events).collect();
    found.dedup();
    found
}

/// All values that it held at any time: levels are shared with its history.
fn levels_of(attribute: &Attribute) -> Option<&[String]> {
    texts_of(attribute.changed.as_ref().unwrap_or(&attribute.column))
}

fn texts_of(column: &Column) -> Option<&[String]> {
    match column {
        Column::Text(text) => Some(&text.levels),
        _ => None,
    }
}

/// Training leads whose horizons are still open when evaluation begins.
fn still_open(ledger: &Ledger) -> Option<Finding> {
    let open = ledger.exclusions.iter().find(|one| one.reason == Role::TrainingOpen.in_words())?.leads;
    let all = (open + ledger.training) as f64;
    let text = format!(
        "{open} of {all} leads of the training window are not used: their horizons were still open when evaluation began"
    );
    let finding = Finding::new("leads", What::TrainingStillOpen, FindingLevel::Doubt, open, text);
    let advice = "let `replay.train` end earlier, by the horizon, or take a shorter horizon";
    (open as f64 > STILL_OPEN * all).then(|| finding.advice(advice))
}

/// Texts that a model made elsewhere has no number for.
fn unlisted(model: &Model, features: &Features) -> Vec<Finding> {
    let unlisted = model.imported().map_or_else(Vec::new, |imported| imported.unlisted(features));
    let finding = |Unlisted { input, column, leads }: Unlisted| {
        let text = format!(
            "{leads} leads have a value in `{column}` that the file of `{}` does not know for `{input}`",
            model.name()
        );
        let finding = Finding::new("leads", What::UnknownToModel, FindingLevel::Doubt, leads as u64, text);
        finding.advice("they are scored as `unseen:` says, by default as if it were missing: look whether values are spelt as in training")
    };
    unlisted.into_iter().map(finding).collect()
}

fn fit(model: &Model, scores: &Scores) -> Option<Finding> {
    let fitted = scores.fitted.as_ref()?;
    let (name, wins, coefficients) = (model.name(), fitted.wins, fitted.coefficients.len());
    if wins < ENOUGH_WINS {
        let text = format!("`{name}` is fitted on {wins} wins: too few to learn from");
        let finding = Finding::new("leads", What::FewWinsForFit, FindingLevel::Doubt, wins as u64, text);
        return Some(finding.advice("widen `replay.train`, or take a longer horizon"));
    }
    let text = format!("`{name}` weighs {coefficients} things on {wins} wins, fewer than {A_COEFFICIENT} a thing");
    let finding = Finding::new("leads", What::ReadsTooMuch, FindingLevel::Note, coefficients as u64, text);
    let advice = "name the `features:` that matter, or raise `ridge`";
    ((wins as f64) < A_COEFFICIENT * coefficients as f64).then(|| finding.advice(advice))
}

/// Leads whose values lie between the ranges that a model gives points for.
fn between_bands(model: &Model, history: &History) -> Option<Finding> {
    let column = |name: &str| {
        let names = history.attributes.iter().map(|attribute| attribute.name.as_str());
        find_name(names, name).map(|place| &history.attributes[place].column)
    };
    let leads = |gap: &Gap| match column(&gap.column) {
        Some(Column::Number(values)) => values.iter().filter(|value| gap.range.holds(**value)).count() as u64,
        _ => 0,
    };
    let counted = model.gaps().into_iter().map(|gap| (leads(&gap), gap));
    let gaps: Vec<(u64, Gap)> = counted.filter(|(leads, _)| *leads > 0).collect();
    let say = |(leads, gap): &(u64, Gap)| {
        let Range { low, high, .. } = gap.range;
        let ends = if low == high { format!("is {low}") } else { format!("lies between {low} and {high}") };
        format!("{leads} leads whose `{}` {ends} (`{}`)", gap.column, gap.criteria.join("`, `"))
    };
    let said: Vec<String> = gaps.iter().map(say).collect();
    let text = format!("`{}` gives no points to {}: no range holds them", model.name(), said.join(" and to "));
    let is_slip = gaps.iter().any(|(_, gap)| gap.is_slip);
    let level = if is_slip { FindingLevel::Doubt } else { FindingLevel::Note };
    let Range { high, with_high, .. } = gaps.first()?.1.range;
    let (band, sign) = if with_high { ("..", "<=") } else { ("..<", "<") };
    let advice =
        format!("let each range end where the next begins: `{band}{high}` in `bands`, `{sign} {high}` in a condition");
    let all = gaps.iter().map(|(leads, _)| leads).sum();
    Some(Finding::new("leads", What::BetweenBands, level, all, text).advice(advice))
}

/// Criteria of a platform's rules that do not fit the data.
pub(super) fn left_out(experiment: &Experiment, model: &Model) -> Option<Finding> {
    let points = model.points()?;
    let (left_out, all) = (points.left_out(), points.spec().criteria.len());
    // Each says where it stands.
    let said: Vec<String> = left_out.iter().map(|(_, error)| error.to_string()).collect();
    let is_to_be_whole = experiment.is_to_be_whole(model.name());
    let text = format!(
        "`{}`{}: {} of {all} criteria give no points, as they do not fit the data: {}",
        model.name(),
        if is_to_be_whole { " is not your score yet" } else { "" },
        left_out.len(),
        said.join("; ")
    );
    let forbids = is_to_be_whole || left_out.len() == all;
    let level = if forbids { FindingLevel::Forbids } else { FindingLevel::Doubt };
    let finding = Finding::new("rules", What::RulesNotExpressed, level, left_out.len() as u64, text);
    let advice = "name the data's column of a property: `rules: { file: FILE, columns: { jobtitle: Job Title } }`; if these give nobody points, say so: `complete: true`";
    (!left_out.is_empty()).then(|| finding.advice(advice))
}

/// Criteria that give no lead a point.
fn never_fires(model: &Model, scores: &Scores, is_champion: bool) -> Option<Finding> {
    let silent = scores.contributions.iter().filter(|part| part.strength.iter().all(|strength| strength == 0.0));
    let silent: Vec<String> = silent.map(|part| format!("`{}`", part.name)).collect();
    let text = format!("criteria of `{}` that fire for no lead: {}", model.name(), silent.join(", "));
    let level = if is_champion { FindingLevel::Doubt } else { FindingLevel::Note };
    let finding = Finding::new("leads", What::NeverFires, level, silent.len() as u64, text);
    let finding = finding.advice("if they should, a model without them is no fair measure of the others");
    (model.points().is_some() && !silent.is_empty() && !scores.value.is_empty()).then_some(finding)
}
