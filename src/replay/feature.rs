use crate::predicate::Predicate;
use crate::stats::decay::halved;
use crate::time::Span;

/// What a model may ask of a lead's events, as seen at `as_of`. Equal asks of several models are one.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFeature {
    /// Nothing: events of any kind.
    pub kind: Option<String>,
    /// Over the events' own columns.
    pub when: Option<Predicate>,
    /// Only events after `as_of - within`.
    pub within: Option<Span>,
    /// Only events soon after one of another kind.
    pub after: Option<After>,
    pub measure: Measure,
}

impl EventFeature {
    /// A measure of all events of a kind.
    pub fn of_kind(kind: Option<String>, measure: Measure) -> Self {
        Self { kind, when: None, within: None, after: None, measure }
    }
}

/// At or after an event of kind `event`, and no more than `within` later.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    pub event: String,
    pub within: Span,
}

/// What is made of a lead's matching events.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// How many.
    Count,
    /// Microseconds from the latest to `as_of`; NaN without one.
    Age,
    /// Σ weight · decay, where a weight is 1 or the value of a column.
    Sum { column: Option<String>, decay: Decay },
    /// How many distinct values of a column.
    Distinct { column: String },
}

/// How an event's weight falls with its age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    None,
    /// `0.5^(age / half_life)`.
    HalfLife(Span),
    /// `max(0, 1 - age / span)`.
    Linear(Span),
    /// `max(0, 1 - share * n)`, where `n` is how often the span has passed.
    Steps {
        share: f64,
        every: Span,
    },
}

impl Decay {
    /// Ages in microseconds become weights; one that is missing (NaN) weighs nothing where weights decay.
    pub fn weigh(self, ages: &mut [f64]) {
        match self {
            Self::None => ages.fill(1.0),
            Self::HalfLife(span) => each(ages, span, halved),
            Self::Linear(span) => each(ages, span, |lives| (1.0 - lives).max(0.0)),
            Self::Steps { share, every } => each(ages, every, |lives| (1.0 - share * lives.floor()).max(0.0)),
        }
    }
}

/// Ages become weights by how often they hold a span.
fn each(ages: &mut [f64], span: Span, weight: impl Fn(f64) -> f64) {
    let span = span.micros() as f64;
    ages.iter_mut().for_each(|age| *age = weight(*age / span));
}

/// A feature's place in the plan and in [`Features`](super::Features).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureId(pub usize);

/// A condition's place in the plan and in [`Features`](super::Features).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionId(pub(super) usize);

/// A column of texts looked up in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub column: String,
    /// In order; of texts that stand twice the first counts.
    pub texts: Vec<String>,
}

/// A list's place in the plan and in [`Features`](super::Features).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedId(pub(super) usize);

/// In place of a text's place: it is not in the list. A missing one is [`MISSING`](crate::table::MISSING).
pub const UNLISTED: u32 = crate::table::MISSING - 1;

/// What all models ask for, each thing once.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    features: Vec<EventFeature>,
    /// Over the leads' columns.
    conditions: Vec<Predicate>,
    /// Of the leads' columns.
    lists: Vec<Listed>,
}

impl Plan {
    /// The feature's place, the same for equal features.
    pub fn ask(&mut self, feature: EventFeature) -> FeatureId {
        FeatureId(place_of(&mut self.features, feature))
    }

    /// The place of a condition over the leads' columns, the same for equal conditions.
    pub fn ask_whether(&mut self, condition: Predicate) -> ConditionId {
        ConditionId(place_of(&mut self.conditions, condition))
    }

    /// The place of a list for a column of the leads, the same for equal lists.
    pub fn ask_place(&mut self, listed: Listed) -> ListedId {
        ListedId(place_of(&mut self.lists, listed))
    }

    pub fn features(&self) -> &[EventFeature] {
        &self.features
    }

    /// Conditions on leads.
    pub fn conditions(&self) -> &[Predicate] {
        &self.conditions
    }

    pub(super) fn lists(&self) -> &[Listed] {
        &self.lists
    }

    /// Whether each event can be looked at by itself.
    pub fn is_of_single_events(&self) -> bool {
        self.features.iter().all(|feature| feature.after.is_none())
    }
}

/// The place of a thing, which is put at the end where it is new.
pub(super) fn place_of<T: PartialEq>(all: &mut Vec<T>, wanted: T) -> usize {
    all.iter().position(|known| *known == wanted).unwrap_or_else(|| {
        all.push(wanted);
        all.len() - 1
    })
}
