//! Breaks in the log of events, and whom they touch: a lead whose log is cut scores low for want of a log.

use crate::audit::{self, Break};
use crate::data::{Events, History};
use crate::models::spec::{Criterion, CriterionFields, FeatureSpec};
use crate::models::{KindSpec, Spec};
use crate::replay::{Replayed, Role};
use crate::result::{Cliff, CliffKind, Number};
use crate::stats::Undefined;

/// A break that touches a smaller share of the leads bends no comparison.
const FEW: f64 = 0.01;

/// Breaks in the log of every kind of events, with the criteria of some models that read the kind.
pub(crate) fn cliffs(history: &History, replayed: &Replayed, models: &[&Spec]) -> Vec<Cliff> {
    let Some(events) = &history.events else { return Vec::new() };
    let found = breaks(events);
    let several = models.len() > 1;
    let cliff = |(name, found): (String, Break)| {
        let readers: Vec<String> = models.iter().flat_map(|model| readers(model, &name, several)).collect();
        Cliff {
            what: found.what,
            at: history.zone.date(found.at).to_string(),
            before: found.before,
            after: found.after,
            criteria: readers,
            share: touched(replayed, &found),
            kind: name,
        }
    };
    found.into_iter().map(cliff).collect()
}

/// The clearest break of every kind, by the kinds' names.
fn breaks(events: &Events) -> Vec<(String, Break)> {
    let Some(weeks) = &events.weeks else { return Vec::new() };
    let found = events.kinds.iter().zip(&weeks.kinds);
    let found = found.filter_map(|(kind, log)| Some((kind.clone(), audit::cliff(&weeks.arrivals, log)?)));
    let mut found: Vec<(String, Break)> = found.collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The share of the scored leads whose log the break cuts.
fn touched(replayed: &Replayed, found: &Break) -> Number {
    let outcomes = &replayed.outcomes;
    let is_touched = |row: &usize| match found.what {
        CliffKind::Begins | CliffKind::Swells => outcomes.created[*row] < found.at,
        CliffKind::Ends | CliffKind::ThinsOut => outcomes.as_of[*row] >= found.at,
    };
    let rows = (0..outcomes.created.len()).filter(|&row| replayed.roles[row] != Role::Immature);
    let rows: Vec<usize> = rows.collect();
    match rows.len() {
        0 => Undefined::Empty.into(),
        all => (rows.iter().filter(|row| is_touched(row)).count() as f64 / all as f64).into(),
    }
}

/// What of a model reads a kind of events: its criteria, or the model itself.
fn readers(model: &Spec, kind: &str, several: bool) -> Vec<String> {
    let of_model = |what: &str| if several { format!("{}: {what}", model.name) } else { what.to_owned() };
    match &model.kind {
        KindSpec::Points(points) => {
            let criteria = points.criteria.iter().map(|placed| &placed.criterion);
            criteria.filter(|criterion| reads(criterion, kind)).map(|one| of_model(&one.name)).collect()
        }
        KindSpec::Logistic(logistic) => {
            let reads = match &logistic.features {
                // By default every kind has its features.
                None => true,
                Some(features) => features.iter().any(|feature| feature_reads(feature, kind)),
            };
            if reads { vec![model.name.clone()] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

pub(crate) fn reads(criterion: &Criterion, kind: &str) -> bool {
    criterion.event.as_deref() == Some(kind)
        || criterion.after.as_ref().is_some_and(|after| after.event == kind)
        || (criterion.inactive_for.is_some() && criterion.event.is_none())
}

fn feature_reads(feature: &FeatureSpec, kind: &str) -> bool {
    let FeatureSpec::Criterion(fields) = feature else { return false };
    let CriterionFields { event, inactive_for, after, .. } = fields.as_ref();
    let event = event.as_ref().and_then(Option::as_ref);
    event.is_some_and(|event| event == kind)
        || after.iter().flatten().any(|after| after.event == kind)
        || (inactive_for.is_some() && event.is_none())
}

/// Whether models that read the kind are compared, or weighed, on leads from both sides of the break.
pub(crate) fn bends(cliff: &Cliff) -> bool {
    !cliff.criteria.is_empty() && cliff.share.finite().is_some_and(|share| share >= FEW)
}
