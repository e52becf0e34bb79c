use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Entries, Filler, Unseen};
use crate::predicate::Predicate;
use crate::time::Span;

/// The fields of a criterion, once: a criterion has them, and a change to one may name each of them.
macro_rules! criterion {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// What gives a lead points.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Criterion {
            /// How reports call it.
            pub name: String,
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        /// Some fields of a criterion; null takes one away.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct CriterionFields {
            $($(#[$doc])*
            #[serde(default, deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
            pub $field: Option<Option<$type>>,)*
        }

        /// A column, or an event feature in the grammar of criteria without points, as an input of a model made elsewhere.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct InputFields {
            /// A column of the leads.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub column: Option<String>,
            /// A column of times: the days from then to the instant of scoring.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub days_before: Option<String>,
            /// A kind of event: the days from the latest to the instant of scoring, missing where there is none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub days_since: Option<String>,
            /// The number that each text of the column was given when the model was trained: `{ free: 0, trial: 1 }`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub codes: Option<Entries<f64>>,
            /// What a text becomes that has no number: `missing`, `refuse`, or a number.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub unseen: Option<Unseen>,
            /// What a missing value becomes: a number, or for categories a text.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub missing: Option<Filler>,
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl InputFields {
            /// What of it is a criterion.
            pub fn criterion(&self) -> Criterion {
                Criterion { name: String::new(), $($field: self.$field.clone(),)* }
            }
        }

        impl CriterionFields {
            /// Puts these fields in the place of the criterion's.
            pub fn apply(&self, criterion: &mut Criterion) {
                $(if let Some(value) = &self.$field {
                    criterion.$field = value.clone();
                })*
            }
        }
    };
}

criterion! {
    /// How many points, per lead, event or unit; below zero for a bad sign.
    points: f64,
    /// A condition in SQL: over the lead's columns, or with `event` or `inactive_for` over the events' columns.
    when: Predicate,
    /// With `event` or `inactive_for`: a condition over the lead's columns that must hold too.
    lead_when: Predicate,
    /// A column of numbers: `points` for each unit of it.
    per_unit: String,
    /// Points by ranges of a column of numbers.
    bands: Bands,
    /// A kind of event.
    event: String,
    /// Gives its points when the latest event (of any kind, or of `event`) is at least this long ago, or absent.
    inactive_for: Span,
    /// Only events from so long before scoring on.
    within: Span,
    /// Only events soon after one of another kind.
    after: Soon,
    /// `lead`: the points once. `event`: the points for each event. Default: `lead`, but `event` with `sum` or `distinct`
    /// and no `at_least`.
    per: Per,
    /// With `per: lead`, how many events (or how large a sum) it takes; default 1.
    at_least: f64,
    /// Points halve every so often after the event (with `per: lead`, the latest one).
    half_life: Span,
    /// Points fall in a straight line to nothing over this time after the event (with `per: lead`, the latest one).
    expires: Span,
    /// Points fall in steps, as HubSpot's do: `{ percent: 25, every: 30d }` leaves three quarters from day 30 on, a half from
    /// day 60 on and nothing from day 120 on.
    loses: Loses,
    /// A column of the events whose values are added up instead of counting events.
    sum: String,
    /// A column of the events whose distinct values are counted instead of events.
    distinct: String,
    /// The criterion never gives more points than this, nor fewer than minus this.
    cap: f64,
    /// The group it counts in: `fit`, `engagement`, …
    group: String,
}

impl Criterion {
    /// The events' own columns that it reads.
    pub fn event_columns(&self) -> Vec<String> {
        if self.event.is_none() && self.inactive_for.is_none() {
            return Vec::new();
        }
        let condition = self.when.iter().flat_map(|when| when.columns());
        let measured = self.sum.iter().chain(&self.distinct).map(String::as_str);
        condition.chain(measured).map(String::from).collect()
    }

    /// Whether it reads this kind of events.
    pub fn reads_kind(&self, kind: &str) -> bool {
        self.event.as_deref() == Some(kind)
            || self.after.as_ref().is_some_and(|after| after.event == kind)
            || (self.inactive_for.is_some() && self.event.is_none())
    }
}

/// An absent field stays absent, a null one is stated.
fn stated<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Points by ranges of a column: `{ column: employees, points: { "<50": 0, "50..500": 15, ">500": 5 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// A column of numbers.
    pub column: String,
    /// Points for `<50`, `<=50`, `50..500` (both ends included), `50..<500`, `>500`, `>=500` or a single value.
    pub points: Entries<f64>,
}

/// At or after an event of kind `event`, and no more than `within` later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Soon {
    pub event: String,
    pub within: Span,
}

/// So many percent of an event's points each time that so long has passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loses {
    pub percent: f64,
    pub every: Span,
}

/// What gets the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The lead, once.
    Lead,
    /// Each event.
    Event,
}
