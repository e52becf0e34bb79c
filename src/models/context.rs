use super::ModelError;
use super::spec::Criterion;
use crate::data::Known;
use crate::predicate::{Kind, Predicate, PredicateError, find_alike, find_name};
use crate::stats::random::Seed;
use crate::time::Zone;

/// What there is for models to read.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The leads' columns, in the order of [`Features::attributes`](crate::replay::Features).
    pub columns: &'a [KnownColumn],
    /// Nothing without an event log.
    pub events: Option<EventLog<'a>>,
    /// In which conditions read naive times.
    pub zone: &'a Zone,
    pub seed: Seed,
}

/// A column of the leads.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownColumn {
    pub name: String,
    pub kind: Kind,
    pub known: Known,
}

#[derive(Clone, Copy, Debug)]
pub struct EventLog<'a> {
    /// Distinct kinds of events.
    pub kinds: &'a [String],
    /// The events' own columns.
    pub columns: &'a [(String, Kind)],
}

impl<'a> Context<'a> {
    /// A platform's criterion with the data's own names of columns, where these differ in case, blanks and marks.
    pub(super) fn in_own_names(&self, criterion: &Criterion) -> Criterion {
        let of_leads = |name: &str| {
            let names = self.columns.iter().map(|column| column.name.as_str());
            find_alike(names, name).map(|place| self.columns[place].name.clone())
        };
        let of_events = |name: &str| {
            let columns = self.events.map_or(&[][..], |log| log.columns);
            find_alike(columns.iter().map(|(known, _)| known.as_str()), name).map(|place| columns[place].0.clone())
        };
        let about_events = criterion.event.is_some() || criterion.inactive_for.is_some();
        let when = criterion.when.as_ref();
        Criterion {
            when: when.map(|when| if about_events { when.renamed(of_events) } else { when.renamed(of_leads) }),
            lead_when: criterion.lead_when.as_ref().map(|when| when.renamed(of_leads)),
            ..criterion.clone()
        }
    }

    pub(super) fn lead_columns(&self) -> Vec<(String, Kind)> {
        self.columns.iter().map(|column| (column.name.clone(), column.kind)).collect()
    }

    /// A column of the leads by name.
    pub(super) fn column(&self, path: &str, name: &str) -> Result<&'a KnownColumn, ModelError> {
        let names = self.columns.iter().map(|column| column.name.as_str());
        match find_name(names.clone(), name) {
            Some(place) => Ok(&self.columns[place]),
            None => Err(ModelError::unknown(path, "column", name, names)),
        }
    }

    /// The name of a column of numbers.
    pub(super) fn number_column(&self, path: &str, name: &str) -> Result<String, ModelError> {
        let column = self.column(path, name)?;
        expect_number(path, &column.name, column.kind)?;
        Ok(column.name.clone())
    }

    pub(super) fn log(&self, path: &str) -> Result<EventLog<'a>, ModelError> {
        self.events.ok_or_else(|| ModelError::invalid(path, "speaks of events, and `data.events` is not given"))
    }

    pub(super) fn lead_condition(&self, path: &str, condition: &Predicate) -> Result<Predicate, ModelError> {
        let resolved = condition.resolve(&self.lead_columns(), self.zone);
        let other = self.events.map_or(&[][..], |log| log.columns);
        resolved.map_err(|error| {
            elsewhere(path, error, other, "is a column of the events: it goes into `when` beside `event`")
        })
    }

    pub(super) fn event_condition(&self, path: &str, condition: &Predicate) -> Result<Predicate, ModelError> {
        let resolved = condition.resolve(self.log(path)?.columns, self.zone);
        let other = self.lead_columns();
        resolved.map_err(|error| elsewhere(path, error, &other, "is a column of the leads: it goes into `lead_when`"))
    }
}

impl EventLog<'_> {
    /// The column's exact name.
    pub(super) fn column(&self, path: &str, name: &str, number: bool) -> Result<String, ModelError> {
        let names = self.columns.iter().map(|(known, _)| known.as_str());
        let Some(place) = find_name(names.clone(), name) else {
            return Err(ModelError::unknown(path, "column of the events", name, names));
        };
        let (name, kind) = &self.columns[place];
        if number {
            expect_number(path, name, *kind)?;
        }
        Ok(name.clone())
    }
}

/// An error that says where an unknown column does exist.
fn elsewhere(path: &str, error: PredicateError, other: &[(String, Kind)], advice: &str) -> ModelError {
    let error = match error {
        PredicateError::UnknownColumn { at, name, .. } if other.iter().any(|(known, _)| *known == name) => {
            let hint = format!(" here; it {advice}");
            PredicateError::UnknownColumn { at, name, hint }
        }
        error => error,
    };
    ModelError::Predicate { path: path.into(), error }
}

fn expect_number(path: &str, name: &str, kind: Kind) -> Result<(), ModelError> {
    if kind == Kind::Number {
        return Ok(());
    }
    let advice = "if that is wrong, declare its type under `types:` as number";
    Err(ModelError::invalid(path, format!("`{name}` holds {kind}, expected numbers; {advice}")))
}
