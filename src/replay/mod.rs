//! A history becomes features as they were known at `as_of`, and outcomes.

mod attributes;
mod error;
mod fates;
mod feature;
mod features;
mod fold;
mod folded;
mod looks;
mod roles;
mod spec;
mod trail;
mod walk;

pub use attributes::Later;
pub use error::ReplayError;
pub use fates::Outcomes;
pub use feature::{After, ConditionId, Decay, EventFeature, FeatureId, Listed, ListedId, Measure, Plan, UNLISTED};
pub use features::Features;
pub use fold::Fold;
pub use folded::{FoldedError, LARGEST, agree, columns as folded_columns, in_words as feature_in_words};
pub use looks::seen_at;
pub use roles::Role;
pub use spec::{AsOf, ReplaySpec, Rows, Window};
pub use trail::{Step, Trail};
pub use walk::{Every, FitPeriod, LookBack, Walk, WalkSpec};

use rayon::prelude::*;

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
    /// Of the columns of times: for whom they hold one that was not known yet.
    pub later: Vec<Later>,
    pub accounts: Accounts,
    /// Where models are fitted anew for each period.
    pub walk: Option<Walk>,
}

/// Whose leads they are, a number a lead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accounts {
    /// As declared.
    pub declared: Option<Vec<u32>>,
    /// By columns that may tell, where none is declared.
    pub likely: Vec<(String, Vec<u32>)>,
}

impl Accounts {
    /// The rows named.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let of = |account: &Vec<u32>| rows.iter().map(|&row| account[row]).collect::<Vec<u32>>();
        Self {
            declared: self.declared.as_ref().map(of),
            likely: self.likely.iter().map(|(column, account)| (column.clone(), of(account))).collect(),
        }
    }
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

/// The leads that get features, with all but those.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Places among the history's leads, ascending.
    leads: Vec<usize>,
    /// Aligned with the leads.
    as_of: Vec<Instant>,
    roles: Vec<Role>,
    outcomes: Outcomes,
    ledger: Ledger,
    walk: Option<Walk>,
}

impl Cast {
    /// What of it depends on events is told by the history's. `learns`: whether there are models to fit, for a walk.
    pub fn of(history: &History, spec: &ReplaySpec, learns: bool, scope: Scope) -> Result<Self, ReplayError> {
        let ((as_of, fates), windows) = rayon::join(
            || rayon::join(|| roles::as_of(history, &spec.as_of), || fates::fates(history)),
            || roles::membership(history, spec),
        );
        let as_of = as_of?;
        let (roles, walk) = roles::roles(history, spec, learns, &windows?, &as_of, &fates)?;
        let scored = |lead: &usize| scope.holds(history, roles[*lead], as_of[*lead]);
        let leads: Vec<usize> = (0..history.ids.len()).into_par_iter().filter(scored).collect();
        let (ledger, outcomes) = rayon::join(
            || roles::ledger(history, &as_of, &fates, &roles),
            || fates::outcomes(history, spec.horizon, &as_of, &fates, &leads),
        );
        Ok(Self {
            as_of: leads.iter().map(|&lead| as_of[lead]).collect(),
            roles: leads.iter().map(|&lead| roles[lead]).collect(),
            walk: walk.map(|walk| walk.take(&leads)),
            leads,
            outcomes,
            ledger,
        })
    }

    /// The same, if it does not depend on events: the history needs none yet.
    pub fn before_events(history: &History, spec: &ReplaySpec, learns: bool, scope: Scope) -> Option<Self> {
        if history.created.is_none() || matches!(spec.as_of, AsOf::Event(_)) {
            return None;
        }
        // What is wrong with the windows is said by the replay.
        Self::of(history, spec, learns, scope).ok()
    }

    /// By lead the last instant whose events its features may depend on, [`NEVER`] where it gets none.
    pub fn last_events(&self, leads: usize) -> Vec<Instant> {
        let mut last = vec![NEVER; leads];
        self.leads.iter().zip(&self.as_of).for_each(|(&lead, &at)| last[lead] = at);
        last
    }

    /// Every lead as it was known at its `as_of`: what the plan asks, with the events that the history keeps and those
    /// that `fold` has taken.
    pub fn play(self, history: &History, plan: &Plan, mut fold: Fold) -> Result<Replayed, ReplayError> {
        if let Some(folded) = history.events.as_ref().and_then(|events| events.folded.as_ref()) {
            let mut scored = vec![false; history.ids.len()];
            self.leads.iter().for_each(|&lead| scored[lead] = true);
            fold.take_folded(folded, &scored, &|lead| history.ids.get(lead).into())?;
        }
        if history.events.as_ref().is_some_and(|events| events.are_dates) {
            fold.on_dates(&self.last_events(history.ids.len()), &history.zone);
        }
        let events = || fold.with(history.events.as_ref(), &self.leads, || self.last_events(history.ids.len()));
        let known = || (attributes::known(history, &self.leads, &self.as_of), history.ids.take(&self.leads));
        let (values, ((attributes, later), ids)) = rayon::join(events, known);
        let as_exported = attributes::as_exported(history);
        Ok(Replayed {
            features: Features::new(ids, self.as_of, attributes, as_exported, plan, values?),
            outcomes: self.outcomes,
            roles: self.roles,
            ledger: self.ledger,
            later,
            accounts: Accounts::default(),
            walk: self.walk,
        })
    }
}
