mod errors;
mod fitted;
mod points;
mod whole;
mod yaml;

use super::spec::Entries;
use super::*;
use crate::data::Known;
use crate::predicate::Kind;
use crate::replay::{Decay, EventFeature, Measure};
use crate::stats::random::Seed;
use crate::table::{Column, Ids, Table};
use crate::time::{DAY, Zone};

/// When every lead here is scored.
pub(super) const AS_OF: i64 = 1_000 * DAY;

/// An event of a lead, so many days before `as_of`.
#[derive(Clone, Copy)]
pub(super) struct Event(pub usize, pub f64, pub &'static str, pub &'static str, pub f64);

/// A few leads with what they did.
pub(super) struct World {
    pub leads: Table,
    pub events: Vec<Event>,
    pub as_exported: Vec<String>,
}

impl World {
    pub fn new() -> Self {
        let mut leads = Table::new(4);
        let seniority = [Some("vp"), Some("intern"), None, Some("c-level")];
        leads.push("seniority", Column::Text(seniority.into_iter().collect()));
        leads.push("employees", Column::Number(vec![50.0, 500.0, f64::NAN, 501.0]));
        leads.push("visits", Column::Number(vec![0.0, 3.0, f64::NAN, 8.0]));
        leads.push("customer", Column::Flag(vec![Some(true), Some(false), None, None]));
        leads.push("crm_score", Column::Number(vec![10.0, 90.0, f64::NAN, 55.5]));
        let events = vec![
            Event(0, 30.0, "demo", "/demo", 5.0),
            Event(0, 90.0, "demo", "/demo", 2.0),
            Event(0, 1.0, "visit", "/pricing", 3.0),
            Event(0, 2.0, "visit", "/pricing", 4.0),
            Event(0, 40.0, "visit", "/careers", 1.0),
            Event(1, 10.0, "visit", "/careers", 0.5),
            Event(1, 10.5, "mail", "", 0.0),
            Event(3, 0.0, "demo", "/demo", 1.0),
        ];
        Self { leads, events, as_exported: Vec::new() }
    }

    pub fn columns(&self) -> Vec<KnownColumn> {
        let known = |name: &str| match self.as_exported.iter().any(|known| known == name) {
            true => Known::AsExported,
            false => Known::AtCreation,
        };
        let column = |(name, column): (&str, &Column)| KnownColumn {
            name: name.into(),
            kind: Kind::of(column),
            known: known(name),
        };
        self.leads.iter().map(column).collect()
    }

    pub fn compile(&self, yaml: &str) -> Result<(Vec<Model>, Plan), ModelError> {
        let (columns, zone) = (self.columns(), Zone::utc());
        let kinds = ["demo", "visit", "mail"].map(String::from);
        let event_columns = [("page".to_string(), Kind::Text), ("minutes".to_string(), Kind::Number)];
        let log = EventLog { kinds: &kinds, columns: &event_columns };
        let context = Context { columns: &columns, events: Some(log), zone: &zone, seed: Seed(1) };
        let mut plan = Plan::default();
        let models = compile(&resolve(&specs(yaml))?, &context, &mut plan)?;
        Ok((models, plan))
    }

    pub fn features(&self, plan: &Plan) -> Features {
        let rows = self.leads.rows();
        let names: Vec<String> = (0..rows).map(|row| format!("L{row:05}")).collect();
        let ids: Ids = names.iter().map(String::as_str).collect();
        let values = plan.features().iter().map(|feature| self.feature(feature)).collect();
        Features::new(ids, vec![AS_OF; rows], self.leads.clone(), self.as_exported.clone(), plan, values)
    }

    pub fn scores(&self, yaml: &str) -> Vec<Scores> {
        let (models, plan) = self.compile(yaml).unwrap_or_else(|error| panic!("{error}"));
        score(&models, &self.features(&plan), None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What replay will compute, straight from its definition.
    fn feature(&self, feature: &EventFeature) -> Vec<f64> {
        let mut of_lead = vec![Vec::new(); self.leads.rows()];
        for (event, holds) in self.events.iter().zip(self.when(feature)) {
            of_lead[event.0].push((*event, holds));
        }
        of_lead.iter().map(|events| measure(feature, events)).collect()
    }

    fn when(&self, feature: &EventFeature) -> Vec<bool> {
        let mut log = Table::new(self.events.len());
        log.push("page", Column::Text(self.events.iter().map(|event| Some(event.3)).collect()));
        log.push("minutes", Column::Number(self.events.iter().map(|event| event.4).collect()));
        feature.when.as_ref().map_or(vec![true; self.events.len()], |when| when.holds(&log))
    }
}

/// One lead's events beside whether each fulfils the feature's condition.
fn measure(feature: &EventFeature, events: &[(Event, bool)]) -> f64 {
    let soon = |event: &Event| {
        let Some(after) = &feature.after else { return true };
        events
            .iter()
            .any(|(first, _)| first.2 == after.event && first.1 >= event.1 && first.1 - event.1 <= after.within.days())
    };
    let matching = events.iter().filter(|(event, holds)| {
        *holds
            && feature.kind.as_ref().is_none_or(|kind| kind == event.2)
            && feature.within.is_none_or(|within| event.1 < within.days())
            && soon(event)
    });
    let matching: Vec<&Event> = matching.map(|(event, _)| event).collect();
    match &feature.measure {
        Measure::Count => matching.len() as f64,
        Measure::Age => matching.iter().map(|event| event.1 * DAY as f64).reduce(f64::min).unwrap_or(f64::NAN),
        Measure::Distinct { .. } => {
            matching.iter().map(|event| event.3).collect::<std::collections::BTreeSet<_>>().len() as f64
        }
        Measure::Sum { column, decay } => {
            let weight = |event: &&Event| if column.is_some() { event.4 } else { 1.0 };
            let left = |event: &&Event| match decay {
                Decay::None => 1.0,
                Decay::HalfLife(span) => 0.5f64.powf(event.1 / span.days()),
                Decay::Linear(span) => (1.0 - event.1 / span.days()).max(0.0),
                Decay::Steps { share, every } => (1.0 - share * (event.1 / every.days()).floor()).max(0.0),
            };
            matching.iter().map(|event| weight(event) * left(event)).sum()
        }
    }
}

pub(super) fn specs(yaml: &str) -> Entries<ModelSpec> {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// The scores of one points model with these criteria and settings.
pub(super) fn points(criteria: &str) -> Vec<f64> {
    World::new().scores(&format!("m: {{ points: {{ {criteria} }} }}")).remove(0).value
}

/// The scores of a points model with one criterion.
pub(super) fn one(criterion: &str) -> Vec<f64> {
    points(&format!("criteria: [{{ name: It, {criterion} }}]"))
}
