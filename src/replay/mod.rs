//! A history becomes features as they were known at `as_of`, and outcomes.

mod attributes;
mod error;
mod fates;
mod feature;
mod features;
mod fold;
mod roles;
mod spec;
mod trail;

pub use error::ReplayError;
pub use fates::{Ending, Outcomes};
pub use feature::{After, Decay, EventFeature, FeatureId, Measure, Plan};
pub use features::Features;
pub use roles::Role;
pub use spec::{AsOf, ReplaySpec, Rows, Window};
pub use trail::{Step, Trail};

use crate::data::History;
use crate::result::Ledger;
use crate::time::{Instant, NEVER};

/// Leads as they were known when they were scored, and what became of them: aligned, ascending by id.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub features: Features,
    pub outcomes: Outcomes,
    pub roles: Vec<Role>,
    pub ledger: Ledger,
}

/// Which leads get features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that train or are evaluated, mature or not.
    Used,
    /// All that can be scored at all, decided ones and those outside the windows too.
    Everyone,
}

impl Scope {
    fn holds(self, history: &History, role: Role, as_of: Instant) -> bool {
        match self {
            Self::Used => role.is_used(),
            Self::Everyone => role != Role::NoAsOf && (as_of <= history.until || !history.outcomes.timed),
        }
    }
}

/// By lead the last instant whose events its features may depend on, [`NEVER`] where it gets none; nothing where that
/// depends on the events. The history needs none yet.
pub fn last_event(history: &History, spec: &ReplaySpec, scope: Scope) -> Option<Vec<Instant>> {
    if history.created.is_none() || matches!(spec.as_of, AsOf::Event(_)) {
        return None;
    }
    // What is wrong with the windows is said by the replay.
    let mut last = roles::as_of(history, &spec.as_of).ok()?;
    let roles = roles::roles(history, spec, &last, &fates::fates(history)).ok()?;
    for (last, role) in last.iter_mut().zip(roles) {
        if !scope.holds(history, role, *last) {
            *last = NEVER;
        }
    }
    Some(last)
}

/// Replays a history: each lead as it was known at its `as_of`.
pub fn replay(history: &History, plan: &Plan, spec: &ReplaySpec, scope: Scope) -> Result<Replayed, ReplayError> {
    let as_of = roles::as_of(history, &spec.as_of)?;
    let fates = fates::fates(history);
    let roles = roles::roles(history, spec, &as_of, &fates)?;
    let ledger = roles::ledger(history, &as_of, &fates, &roles);
    let scored = |lead: &usize| scope.holds(history, roles[*lead], as_of[*lead]);
    let leads: Vec<usize> = (0..history.ids.len()).filter(scored).collect();
    let mut row = vec![None; history.ids.len()];
    leads.iter().enumerate().for_each(|(place, &lead)| row[lead] = Some(place as u32));
    let moments: Vec<_> = leads.iter().map(|&lead| as_of[lead]).collect();
    let values = fold::fold(plan, history.events.as_ref(), &row, &moments)?;
    let ((attributes, ids), outcomes) = rayon::join(
        || (attributes::known(history, &leads, &moments), history.ids.take(&leads)),
        || fates::outcomes(history, spec.horizon, &as_of, &fates, &leads),
    );
    let as_exported = attributes::as_exported(history);
    Ok(Replayed {
        features: Features::new(ids, moments, attributes, as_exported, values),
        outcomes,
        roles: leads.iter().map(|&lead| roles[lead]).collect(),
        ledger,
    })
}

/// The known name most like a wrong one, if any is like it.
fn nearest(wrong: &str, known: &[String]) -> Option<String> {
    let best = known.iter().map(|name| (strsim::jaro_winkler(wrong, name), name));
    best.filter(|(likeness, _)| *likeness > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone())
}
