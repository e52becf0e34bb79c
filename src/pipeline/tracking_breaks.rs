//! Breaks in the log of events, and whom they touch: a lead whose log is cut scores low for want of a log.

use crate::audit::{self, Break};
use crate::data::{Events, History};
use crate::models::{Reader, Spec};
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
    let said = |reader| match reader {
        Reader::Criterion(name) => of_model(&name),
        Reader::Model => model.name.clone(),
    };
    model.kind.recipe().readers(kind).into_iter().map(said).collect()
}

/// Whether models that read the kind are compared, or weighed, on leads from both sides of the break.
pub(crate) fn bends(cliff: &Cliff) -> bool {
    !cliff.criteria.is_empty() && cliff.share.finite().is_some_and(|share| share >= FEW)
}
