//! What was replayed and scored, put into the columns of a cohort.

use std::ops::Range;

use crate::data::History;
use crate::evaluation::{
    Asked, BracketRule, CapacityRule, Cohort, CohortError, Contact, Design, Endings, Grouping, Leads, Mark, PartOfRun,
    Scored, Walked, Worthwhile,
};
use crate::experiment::ExperimentFile;
use crate::models::spec::BracketSpec;
use crate::replay::{AsOf, Replayed, Role};
use crate::result::Exclusion;
use crate::stats::quantile;
use crate::stats::random::Seed;
use crate::table::{Cell, Column, MISSING, Text};
use crate::time::{Calendar, DAY, Horizon, Instant, NEVER, Span, Zone};

/// Takes leads out of the run that a model with `missing: exclude` does not score: for every model, so that all are
/// judged on the same leads. Returns the rows that stay.
pub(super) fn exclude(replayed: &mut Replayed, scored: &mut [Scored], excluding: &[usize]) -> Vec<usize> {
    let missing = |row: usize| excluding.iter().any(|&model| scored[model].score[row].is_nan());
    let rows: Vec<usize> =
        (0..replayed.roles.len()).filter(|&row| replayed.roles[row].is_used() && !missing(row)).collect();
    let before = replayed.roles.iter().filter(|role| role.is_used()).count();
    let count = |roles: &[Role], role: Role| roles.iter().filter(|known| **known == role).count() as u64;
    let left: Vec<Role> = rows.iter().map(|&row| replayed.roles[row]).collect();
    let ledger = &mut replayed.ledger;
    ledger.training = count(&left, Role::Training);
    ledger.evaluated = count(&left, Role::Evaluated);
    ledger.immature = count(&left, Role::Immature);
    if before > rows.len() {
        ledger.exclusions.push(Exclusion { reason: "not scored".into(), leads: (before - rows.len()) as u64 });
    }
    if rows.len() == replayed.roles.len() {
        return rows;
    }
    replayed.features = replayed.features.take(&rows);
    replayed.outcomes = replayed.outcomes.take(&rows);
    replayed.accounts = replayed.accounts.take(&rows);
    replayed.walk = replayed.walk.take().map(|walk| walk.take(&rows));
    replayed.roles = left;
    for model in scored {
        let take = |score: &[f64]| rows.iter().map(|&row| score[row]).collect::<Vec<f64>>();
        model.score = take(&model.score);
        model.groups.iter_mut().for_each(|(_, score)| *score = take(score));
    }
    rows
}

/// The cohort of a run.
pub(crate) fn cohort(
    file: &ExperimentFile,
    history: &History,
    replayed: &Replayed,
    scored: Vec<Scored>,
    champion: Option<usize>,
    brackets: BracketRule,
) -> Result<Cohort, CohortError> {
    let outcomes = &replayed.outcomes;
    let part = |role: &Role| match role {
        Role::Training => PartOfRun::Training,
        Role::Immature => PartOfRun::Immature,
        _ => PartOfRun::Mature,
    };
    let leads = Leads {
        part: replayed.roles.iter().map(part).collect(),
        converted: outcomes.converted.clone(),
        value: (!outcomes.value.is_empty()).then(|| outcomes.value.clone()),
        endings: outcomes.timed.then(|| Endings { days: outcomes.ending_days.clone(), how: outcomes.ending.clone() }),
        created_to_win_days: (!outcomes.created_to_win_days.is_empty()).then(|| outcomes.created_to_win_days.clone()),
        as_of: outcomes.as_of.clone(),
        account: replayed.accounts.declared.clone(),
        walk: replayed.walk.as_ref().map(|walk| Walked { fit: walk.fit.clone(), trains: walk.trains.clone() }),
        segments: file
            .segments
            .iter()
            .filter_map(|name| Some(segment(name, replayed.features.attributes.get(name)?)))
            .collect(),
        periods: quarters(outcomes.created.iter().copied(), &history.zone),
    };
    let design = Design {
        champion,
        brackets,
        horizon_days: match file.replay.horizon {
            Horizon::Within(span) => Some(span.days()),
            Horizon::Ever => None,
        },
        timed: outcomes.timed,
        losses: history.outcomes.lost.iter().any(|lost| *lost != NEVER),
        capacity: capacity(file, history, replayed),
        seed: Seed(file.seed),
        replicates: file.replicates.get(),
        asked: Asked::default(),
    };
    Cohort::new(leads, scored, design)
}

/// What the file asks beyond the comparison, and who was worked.
pub(crate) fn asked(file: &ExperimentFile, replayed: &Replayed, marks: Vec<Mark>) -> Asked {
    Asked {
        gates: file.gates.iter().map(|gate| gate.0.clone()).collect(),
        thresholds: file.thresholds.rule(),
        contact: worked(file, replayed).map(|worked| Contact { worked }),
        marks,
        calibration: file.calibration,
        worthwhile: Worthwhile(file.worthwhile.0),
        cost_of_switching: file.cost_of_switching.map_or(0.0, |cost| cost.0),
    }
}

/// Which leads sales worked; nothing where it is not recorded. What is worked after its horizon came too late to count.
fn worked(file: &ExperimentFile, replayed: &Replayed) -> Option<Vec<bool>> {
    let outcomes = &replayed.outcomes;
    let in_time = |(at, as_of): (&Instant, &Instant)| {
        *at != NEVER
            && match file.replay.horizon {
                Horizon::Within(span) => *at <= as_of.saturating_add(span.micros()),
                Horizon::Ever => true,
            }
    };
    (!outcomes.worked.is_empty()).then(|| outcomes.worked.iter().zip(&outcomes.as_of).map(in_time).collect())
}

/// Where sales worked more of the leads than this, how many they can work is not what they worked.
const NEARLY_ALL: f64 = 0.9;
/// The shortest time from which leads a week are estimated.
const FOUR_WEEKS: i64 = 28 * DAY;

/// How many of the evaluated leads sales worked a week, in whole leads; nothing where it is not recorded, where the leads
/// came in less than four weeks, and where sales worked none or nearly all: then it does not say how many they can.
pub(super) fn worked_a_week(file: &ExperimentFile, replayed: &Replayed) -> Option<f64> {
    let worked = worked(file, replayed)?;
    let as_of = &replayed.outcomes.as_of;
    let rows: Vec<usize> = (0..as_of.len()).filter(|&row| replayed.roles[row] == Role::Evaluated).collect();
    let count = rows.iter().filter(|&&row| worked[row]).count() as f64;
    let first = rows.iter().map(|&row| as_of[row]).min()?;
    let span = rows.iter().map(|&row| as_of[row]).max()?.checked_sub(first)?;
    let telling = span >= FOUR_WEEKS && count > 0.0 && count <= NEARLY_ALL * rows.len() as f64;
    telling.then(|| (count * (7 * DAY) as f64 / span as f64).round().max(1.0))
}

/// The stated capacity, else the estimated one, in calendar periods from the start of the evaluation window.
fn capacity(file: &ExperimentFile, history: &History, replayed: &Replayed) -> Option<CapacityRule> {
    if !replayed.outcomes.timed {
        return None;
    }
    let (leads, per) = match &file.capacity {
        Some(spec) => (spec.leads.0, spec.per),
        None => (worked_a_week(file, replayed)?, Span::from_days(7.0)),
    };
    let zone = &history.zone;
    let created = history.created.iter().flatten().copied().filter(|at| *at != NEVER);
    let window = file.replay.evaluate.as_ref();
    let first = || created.clone().min().map_or(0, |at| zone.period_start(at, Calendar::Day));
    let begins = window.and_then(|window| window.from.as_ref()).map_or_else(first, |from| from.start(zone));
    let ends = window.and_then(|window| window.to.as_ref()).map_or(Instant::MAX, |to| to.start(zone));
    let shift = match &file.replay.as_of {
        AsOf::AfterCreated(span) => span.micros(),
        AsOf::Created | AsOf::Event(_) => 0,
    };
    let stretches = match &replayed.walk {
        None => vec![(begins, ends)],
        Some(walk) => walk.stretches().into_iter().map(|(from, to)| (from.max(begins), to.min(ends))).collect(),
    };
    let covered =
        stretches.iter().map(|(from, to)| (from + shift, to.saturating_add(shift).min(history.until))).collect();
    // The first period that is covered in full begins at the first whole step from the window's start.
    Some(CapacityRule { leads, per, begins: stretches[0].0, covered })
}

/// The quarter of every creation, in the order in which they are met; nothing where no time is known.
pub(crate) fn quarters(created: impl Iterator<Item = Instant>, zone: &Zone) -> Option<Grouping> {
    let (mut spans, mut levels): (Vec<Range<Instant>>, Vec<String>) = Default::default();
    let mut code = |at: Instant| {
        if at == NEVER {
            return MISSING;
        }
        // They are few, and the calendar is asked once for each.
        if let Some(code) = spans.iter().position(|span| span.contains(&at)) {
            return code as u32;
        }
        let name = zone.period_name(at, Calendar::Quarter);
        // A clock that is set back over midnight shows the last hour of a quarter after it is over.
        let code = levels.iter().position(|known| *known == name).unwrap_or_else(|| {
            spans.push(zone.period(at, Calendar::Quarter));
            levels.push(name);
            levels.len() - 1
        });
        code as u32
    };
    let codes = created.map(&mut code).collect();
    (!levels.is_empty()).then(|| Grouping { name: "quarter".into(), codes, levels })
}

/// Numbers with more distinct values than this are cut into quarters.
const DISTINCT: usize = 12;

/// A column to split by: levels as they are, numbers with many values in four parts of equal volume.
fn segment(name: &str, column: &Column) -> Grouping {
    let text: Text = match column {
        Column::Text(text) => text.clone(),
        Column::Number(values) => number_levels(values),
        _ => {
            let word = |row: usize| match column.cell(row) {
                Cell::Flag(flag) => Some(if flag { "yes" } else { "no" }),
                _ => None,
            };
            (0..column.len()).map(word).collect()
        }
    };
    by_name(name, text)
}

/// Levels in the order of their names: that in which they came to stand in the files changes no digit.
fn by_name(name: &str, text: Text) -> Grouping {
    let mut order: Vec<u32> = (0..text.levels.len() as u32).collect();
    order.sort_by(|&a, &b| text.levels[a as usize].cmp(&text.levels[b as usize]));
    let mut place = vec![MISSING; order.len()];
    order.iter().zip(0..).for_each(|(&code, sorted)| place[code as usize] = sorted);
    let recode = |code: u32| place.get(code as usize).copied().unwrap_or(MISSING);
    Grouping {
        name: name.into(),
        codes: text.codes.into_iter().map(recode).collect(),
        levels: order.into_iter().map(|code| text.levels[code as usize].clone()).collect(),
    }
}

fn number_levels(values: &[f64]) -> Text {
    let mut distinct: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    distinct.sort_unstable_by(f64::total_cmp);
    let all = distinct.clone();
    distinct.dedup();
    if distinct.len() <= DISTINCT {
        let names: Vec<Option<String>> =
            values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect();
        return names.iter().map(|name| name.as_deref()).collect();
    }
    let mut cuts: Vec<f64> = [0.25, 0.5, 0.75].iter().map(|q| quantile::sorted(&all, *q)).collect();
    cuts.dedup();
    let label = |place: usize| match place {
        0 => format!("below {}", cuts[0]),
        place if place == cuts.len() => format!("{} and over", cuts[place - 1]),
        place => format!("{} to below {}", cuts[place - 1], cuts[place]),
    };
    let levels: Vec<String> = (0..=cuts.len()).map(label).collect();
    let code = |value: &f64| if value.is_nan() { MISSING } else { cuts.partition_point(|cut| cut <= value) as u32 };
    Text { codes: values.iter().map(code).collect(), levels, ..Text::default() }
}

/// The rule that a bracket section states.
pub(super) fn bracket_rule(spec: &BracketSpec) -> BracketRule {
    match spec {
        BracketSpec::Edges(edges) => BracketRule::Edges { edges: edges.clone(), names: Vec::new() },
        BracketSpec::Quantiles(count) => BracketRule::Quantiles(*count as usize),
        BracketSpec::Named(_) => named(spec.bounds()),
    }
}

/// Brackets with names, each from its lowest score on; the first holds all below it too.
pub(super) fn named(bounds: Vec<(f64, &str)>) -> BracketRule {
    BracketRule::Edges {
        edges: bounds.iter().skip(1).map(|(from, _)| *from).collect(),
        names: bounds.into_iter().map(|(_, name)| name.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_have_codes_in_the_order_in_which_they_are_met() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let quarter = |at: Instant| zone.period(at, Calendar::Quarter);
        let this = quarter(1_770_000_000_000_000);
        let next = quarter(this.end);
        let met = [this.end - 1, NEVER, next.start, this.start, next.end - 1];
        let grouping = quarters(met.into_iter(), &zone).unwrap();
        assert_eq!(grouping.codes, [0, MISSING, 1, 0, 1]);
        assert_eq!(grouping.levels, ["2026Q1", "2026Q2"]);
        assert!(quarters([NEVER; 2].into_iter(), &zone).is_none());
    }
}
