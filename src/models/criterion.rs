//! A criterion, ready to be computed: what it asks of the events, and how strong it is for each lead.

use super::context::Context;
use super::scorer::columns_seen;
use super::shape::{Amount, Band, Filter, Shape, Signal, shape};
use super::spec::Criterion;
use super::{ModelError, Strength, words};
use crate::replay::{ConditionId, Decay, EventFeature, FeatureId, Features, Measure, Plan};
use crate::table::Column;
use crate::time::{DAY, Span};

/// What a criterion gives its points for, times what: its strength is multiplied by its points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compiled {
    lead_when: Option<ConditionId>,
    source: Source,
    /// In words, without points.
    pub(super) what: String,
    /// The leads' columns it reads.
    pub(super) reads: Vec<String>,
    /// The kinds of events it names, with the criterion's path.
    pub(super) kinds: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Holds,
    Unit(String),
    Bands(String, Vec<Band>),
    Once {
        amount: FeatureId,
        at_least: f64,
        age: Option<FeatureId>,
        decay: Decay,
    },
    Each {
        sum: FeatureId,
        fades: bool,
    },
    Inactive {
        age: FeatureId,
        span: Span,
    },
    /// Gives nothing: a platform's criterion that does not fit the data.
    Nothing,
}

impl Compiled {
    pub(super) fn new(
        criterion: &Criterion,
        path: &str,
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Self, ModelError> {
        let shape = shape(criterion, path)?;
        let what = words::signal(&shape);
        let mut compiling = Compiling { path, context, plan, reads: Vec::new(), kinds: Vec::new() };
        let lead_when = compiling.lead_when(criterion, &shape)?;
        let source = compiling.source(&shape.signal)?;
        let Compiling { reads, kinds, .. } = compiling;
        Ok(Self { lead_when, source, what, reads, kinds })
    }

    /// A criterion that gives no lead a point.
    pub(super) fn nothing(what: String) -> Self {
        Self { lead_when: None, source: Source::Nothing, what, reads: Vec::new(), kinds: Vec::new() }
    }

    /// What the points are multiplied by, a lead: 0 where the criterion does not fire.
    pub(super) fn strength(&self, features: &Features) -> Strength {
        match (self.lead_when.map(|condition| features.whether(condition)), &self.source) {
            (Some(holds), Source::Holds) => Strength::Flags(holds.clone()),
            (Some(holds), source) => source.strength(features).only(holds),
            (None, source) => source.strength(features),
        }
    }

    /// Whether it is a plain yes or no.
    pub(super) fn is_flag(&self) -> bool {
        matches!(self.source, Source::Holds | Source::Inactive { .. } | Source::Once { decay: Decay::None, .. })
    }

    /// What it asks of the events, if anything.
    pub(super) fn events(&self) -> Option<FeatureId> {
        match self.source {
            Source::Holds | Source::Unit(_) | Source::Bands(..) | Source::Nothing => None,
            Source::Once { amount, .. } => Some(amount),
            Source::Each { sum, .. } => Some(sum),
            Source::Inactive { age, .. } => Some(age),
        }
    }

    /// What was seen of a lead, in words.
    pub(super) fn seen(&self, features: &Features, row: usize) -> String {
        let columns = columns_seen(self.reads.iter().map(String::as_str), features, row);
        let events = self.source.seen(features, row);
        [events, columns].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl Source {
    fn strength(&self, features: &Features) -> Strength {
        let numbers: Vec<f64> = match self {
            Self::Holds => return Strength::Flags(vec![true; features.rows()].into()),
            Self::Nothing => return Strength::Flags(vec![false; features.rows()].into()),
            Self::Once { amount, at_least, age: None, .. } => {
                return Strength::Flags(features.event(*amount).iter().map(|amount| amount >= at_least).collect());
            }
            // Absent is as long ago as can be.
            Self::Inactive { age, span } => {
                let long = |age: &f64| age.is_nan() || *age >= span.micros() as f64;
                return Strength::Flags(features.event(*age).iter().map(long).collect());
            }
            Self::Unit(column) => numbers(features, column, |value| value),
            Self::Bands(column, bands) => numbers(features, column, |value| {
                bands.iter().find(|band| band.range.holds(value)).map_or(0.0, |band| band.points)
            }),
            Self::Once { amount, at_least, age: Some(age), decay } => {
                let mut weights = features.event(*age).to_vec();
                decay.weigh(&mut weights);
                let found = features.event(*amount).iter().zip(features.event(*age));
                let once = |(weight, (amount, age)): (f64, (&f64, &f64))| {
                    if amount >= at_least && !age.is_nan() { weight } else { 0.0 }
                };
                weights.into_iter().zip(found).map(once).collect()
            }
            Self::Each { sum, .. } => {
                features.event(*sum).iter().map(|sum| if sum.is_finite() { *sum } else { 0.0 }).collect()
            }
        };
        Strength::Numbers(numbers)
    }

    fn seen(&self, features: &Features, row: usize) -> String {
        let latest = |age: FeatureId| match features.event(age)[row] {
            age if age.is_nan() => "no such event".into(),
            age => format!("the latest {} before", words::days(age / DAY as f64)),
        };
        match self {
            Self::Holds | Self::Unit(_) | Self::Bands(..) | Self::Nothing => String::new(),
            Self::Once { amount, age, .. } => {
                let found = format!("{} found", words::number(features.event(*amount)[row]));
                age.map_or(found.clone(), |age| format!("{found}, {}", latest(age)))
            }
            Self::Each { sum, fades } => {
                let left = if *fades { "left of those found" } else { "found" };
                format!("{} {left}", words::number(features.event(*sum)[row]))
            }
            Self::Inactive { age, .. } => latest(*age),
        }
    }
}

/// Something of each finite number of a column; 0 for the others.
fn numbers(features: &Features, column: &str, take: impl Fn(f64) -> f64) -> Vec<f64> {
    match features.attributes.get(column) {
        Some(Column::Number(values)) => {
            values.iter().map(|value| if value.is_finite() { take(*value) } else { 0.0 }).collect()
        }
        _ => vec![0.0; features.rows()],
    }
}

struct Compiling<'a, 'c> {
    path: &'a str,
    context: &'a Context<'c>,
    plan: &'a mut Plan,
    reads: Vec<String>,
    kinds: Vec<(String, String)>,
}

impl Compiling<'_, '_> {
    fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    fn read(&mut self, name: &str) {
        if !self.reads.iter().any(|known| known == name) {
            self.reads.push(name.into());
        }
    }

    fn lead_when(&mut self, criterion: &Criterion, shape: &Shape) -> Result<Option<ConditionId>, ModelError> {
        let Some(condition) = &shape.lead_when else { return Ok(None) };
        let field = if criterion.lead_when.is_some() { "lead_when" } else { "when" };
        let condition = self.context.lead_condition(&self.at(field), condition)?;
        condition.columns().map(String::from).collect::<Vec<_>>().iter().for_each(|name| self.read(name));
        Ok(Some(self.plan.ask_whether(condition)))
    }

    fn source(&mut self, signal: &Signal) -> Result<Source, ModelError> {
        Ok(match signal {
            Signal::Holds => Source::Holds,
            Signal::Unit(column) => Source::Unit(self.number_column("per_unit", column)?),
            Signal::Bands(column, bands) => Source::Bands(self.number_column("bands.column", column)?, bands.clone()),
            Signal::Once { filter, amount, at_least, decay } => {
                let filter = self.filter(filter)?;
                let measure = self.measure(amount, Decay::None)?;
                let amount = self.ask(&filter, measure);
                let age = (*decay != Decay::None).then(|| self.ask(&filter, Measure::Age));
                Source::Once { amount, at_least: *at_least, age, decay: *decay }
            }
            Signal::Each { filter, amount, decay } => {
                let filter = self.filter(filter)?;
                let measure = self.measure(amount, *decay)?;
                Source::Each { sum: self.ask(&filter, measure), fades: *decay != Decay::None }
            }
            Signal::Inactive { filter, span } => {
                let filter = self.filter(filter)?;
                Source::Inactive { age: self.ask(&filter, Measure::Age), span: *span }
            }
        })
    }

    fn number_column(&mut self, field: &str, name: &str) -> Result<String, ModelError> {
        let name = self.context.number_column(&self.at(field), name)?;
        self.read(&name);
        Ok(name)
    }

    /// The filter with its columns found in the log.
    fn filter(&mut self, filter: &Filter) -> Result<Filter, ModelError> {
        self.context.log(self.path)?;
        let kinds = [filter.kind.as_ref(), filter.after.as_ref().map(|after| &after.event)];
        self.kinds.extend(kinds.into_iter().flatten().map(|kind| (self.path.into(), kind.clone())));
        let when = filter.when.as_ref().map(|when| self.context.event_condition(&self.at("when"), when)).transpose()?;
        Ok(Filter { when, ..filter.clone() })
    }

    fn measure(&self, amount: &Amount, decay: Decay) -> Result<Measure, ModelError> {
        let log = self.context.log(self.path)?;
        Ok(match amount {
            Amount::Events if decay == Decay::None => Measure::Count,
            Amount::Events => Measure::Sum { column: None, decay },
            Amount::Sum(name) => Measure::Sum { column: Some(log.column(&self.at("sum"), name, true)?), decay },
            Amount::Distinct(name) => Measure::Distinct { column: log.column(&self.at("distinct"), name, false)? },
        })
    }

    fn ask(&mut self, filter: &Filter, measure: Measure) -> FeatureId {
        let Filter { kind, when, within, after } = filter.clone();
        self.plan.ask(EventFeature { kind, when, within, after, measure })
    }
}
