//! Features that an engine made, in place of those made of events here.

use crate::data::Folded;
use crate::time::{Instant, NEVER, Zone};

use super::{Cast, Decay, EventFeature, Fold, Measure};

/// Events of one lead whose parts an engine can add up without leaving 64 bits.
pub const MOST_EVENTS: i64 = 1 << 20;
/// From here on a value times its weight is refused.
pub const LARGEST: f64 = (1u64 << 62) as f64;

/// Why what an engine made is no answer to what is asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FoldedError {
    #[error(
        "{file}: made of plan `{found}`, and these models ask for plan `{expected}`: they changed, or it is another experiment's"
    )]
    Plan { file: String, found: String, expected: String },
    #[error("{file}: has no column `{column}` of plan `{plan}`: its result was cut")]
    Column { file: String, column: String, plan: String },
    #[error(
        "{file}: lead `{lead}` was scored there at {theirs}, and here at {ours}: the engine read its time of creation in another zone, or has another one"
    )]
    AsOf { file: String, lead: String, theirs: String, ours: String },
    #[error(
        "{file}: lead `{lead}` has {what}, more than can be added up to the bit in an engine: leave the lead or the rows out, or read the log from its files"
    )]
    Overflow { file: String, lead: String, what: String },
    #[error("{file}: lead `{lead}` has {found} in column `{column}`, expected none or more")]
    Negative { file: String, lead: String, column: String, found: i64 },
    #[error(
        "{file}: all its times are midnights, so they are dates, and `within` and `after` between dates count calendar days, which the statement does not: read the log from its files, or keep the hours of its times"
    )]
    Dates { file: String },
}

/// The columns that hold a feature, by its place in the plan.
pub fn columns(place: usize, feature: &EventFeature) -> Vec<String> {
    let n = place + 1;
    let parts = |parts: &[&str]| parts.iter().map(|part| format!("sum{n}_{part}")).collect();
    match &feature.measure {
        Measure::Count => vec![format!("count{n}")],
        Measure::Age => vec![format!("age{n}")],
        Measure::Distinct { .. } => vec![format!("distinct{n}")],
        Measure::Sum { column: None, .. } => parts(&["hi", "lo"]),
        Measure::Sum { column: Some(_), .. } => parts(&["hi", "mid", "lo", "over"]),
    }
}

/// A sum in fixed point of 60 bits from its parts: of weights with 30 bits each, of values with 40.
fn put_together(measure: &Measure, parts: &[i64]) -> Option<i128> {
    let at = |part: usize, bits: u32| i128::from(parts[part]).checked_mul(1 << bits);
    match measure {
        Measure::Sum { column: None, .. } => at(0, 30)?.checked_add(parts[1].into()),
        Measure::Sum { column: Some(_), .. } if parts[3] == 0 => {
            at(0, 80)?.checked_add(at(1, 40)?)?.checked_add(parts[2].into())
        }
        Measure::Sum { .. } => None,
        _ => Some(parts[0].into()),
    }
}

impl Fold {
    /// Takes what an engine made of the events of these leads, in place of events; `last` is by lead, and so is `lead`.
    ///
    /// # Errors
    /// When it is of another moment, or not what the plan asks.
    pub(super) fn take_folded(
        &mut self,
        folded: &Folded,
        last: &[Instant],
        (lead, zone): (&dyn Fn(usize) -> String, &Zone),
    ) -> Result<(), FoldedError> {
        let file = || folded.shown.clone();
        let scored: Vec<usize> =
            (0..folded.leads.len()).filter(|&row| last[folded.leads[row] as usize] != NEVER).collect();
        for &row in &scored {
            let place = folded.leads[row] as usize;
            if folded.as_of[row] != last[place] {
                let (theirs, ours) = (zone.text(folded.as_of[row]), zone.text(last[place]));
                return Err(FoldedError::AsOf { file: file(), lead: lead(place), theirs, ours });
            }
            if folded.events[row] > MOST_EVENTS {
                let what = format!("{} events", folded.events[row]);
                return Err(FoldedError::Overflow { file: file(), lead: lead(place), what });
            }
        }
        for (place, task) in self.tasks.iter_mut().enumerate() {
            let names = columns(place, &task.feature);
            let find = |name: &String| {
                let missing = || FoldedError::Column { file: file(), column: name.clone(), plan: folded.plan.clone() };
                folded.columns.iter().find(|(known, _)| known == name).map(|(_, column)| column).ok_or_else(missing)
            };
            let parts = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            task.begin_folded(last.len());
            for &row in &scored {
                let of = folded.leads[row] as usize;
                let values: Vec<i64> = parts.iter().map(|part| part[row].unwrap_or(0)).collect();
                if !matches!(task.feature.measure, Measure::Sum { .. }) && values[0] < 0 {
                    let (column, found) = (names[0].clone(), values[0]);
                    return Err(FoldedError::Negative { file: file(), lead: lead(of), column, found });
                }
                let value = put_together(&task.feature.measure, &values).ok_or_else(|| FoldedError::Overflow {
                    file: file(),
                    lead: lead(of),
                    what: "values of 2^62 or more".into(),
                })?;
                if parts[0][row].is_some() {
                    task.set_folded(of, value);
                }
            }
        }
        Ok(())
    }
}

/// What is asked, in words that stay: the same words are the same numbers.
pub fn in_words(feature: &EventFeature, condition: &str) -> String {
    let decay = |decay: &Decay| match decay {
        Decay::None => String::new(),
        Decay::HalfLife(span) => format!(", half-life {}", span.in_words()),
        Decay::Linear(span) => format!(", down to nothing after {}", span.in_words()),
        Decay::Steps { share, every } => format!(", less by {share} of itself every {}", every.in_words()),
    };
    let mut words = match &feature.measure {
        Measure::Count => "number".to_string(),
        Measure::Age => "age of the latest (microseconds)".into(),
        Measure::Distinct { column } => format!("different values of `{column}`"),
        Measure::Sum { column: None, decay: falls } => format!("weights{}", decay(falls)),
        Measure::Sum { column: Some(column), decay: falls } => format!("sum of `{column}`{}", decay(falls)),
    };
    words += &match &feature.kind {
        Some(kind) => format!(" of `{kind}`"),
        None => " of all events".into(),
    };
    if !condition.is_empty() {
        words += &format!(" where {condition}");
    }
    if let Some(within) = feature.within {
        words += &format!(", in the last {}", within.in_words());
    }
    if let Some(after) = &feature.after {
        words += &format!(", up to {} after `{}`", after.within.in_words(), after.event);
    }
    words
}

impl Cast {
    /// Whether the spans of a plan mean the same between dates.
    pub(super) fn refuse_dates(folded: &Folded, features: &[EventFeature]) -> Result<(), FoldedError> {
        let spans = features.iter().any(|feature| feature.within.is_some() || feature.after.is_some());
        if spans { Err(FoldedError::Dates { file: folded.shown.clone() }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn parts_are_put_together_to_the_bit_or_not_at_all() {
        let weights = Measure::Sum { column: None, decay: Decay::None };
        let values = Measure::Sum { column: Some("v".into()), decay: Decay::None };
        assert_eq!(put_together(&weights, &[3, -1]), Some((3 << 30) - 1));
        assert_eq!(put_together(&values, &[-2, 5, 7, 0]), Some((-2 << 80) + (5 << 40) + 7));
        assert_eq!(put_together(&values, &[0, 0, 0, 1]), None, "a value was too large");
        assert_eq!(put_together(&values, &[1 << 50, 0, 0, 0]), None, "a sum is");
        assert_eq!(put_together(&Measure::Count, &[4]), Some(4));
    }

    fn folded(plan: &super::super::Plan, rows: &[(u32, Instant, i64, i64)]) -> Result<Vec<Vec<f64>>, FoldedError> {
        let folded = Folded {
            shown: "f.csv".into(),
            plan: "p".into(),
            leads: rows.iter().map(|row| row.0).collect(),
            as_of: rows.iter().map(|row| row.1).collect(),
            events: rows.iter().map(|row| row.2).collect(),
            columns: vec![
                ("count1".into(), rows.iter().map(|row| Some(row.3)).collect()),
                ("age2".into(), rows.iter().map(|row| (row.3 > 0).then_some(row.3 * 10)).collect()),
            ],
        };
        let mut fold = Fold::new(plan, 3);
        let name = |lead: usize| format!("lead {lead}");
        fold.take_folded(&folded, &[100, NEVER, 300], (&name, &Zone::utc()))?;
        Ok(fold.finished(&[0, 2]))
    }

    #[test]
    fn what_an_engine_made_stands_where_events_would_or_is_refused() {
        let mut plan = super::super::Plan::default();
        plan.ask(EventFeature::of_kind(None, Measure::Count));
        plan.ask(EventFeature::of_kind(None, Measure::Age));
        let taken = folded(&plan, &[(2, 300, 4, 4), (1, 7, 1, 1)]).unwrap();
        assert_eq!(format!("{taken:?}"), "[[0.0, 4.0], [NaN, 40.0]]");
        let error = |rows: &[(u32, Instant, i64, i64)]| folded(&plan, rows).unwrap_err();
        assert!(matches!(error(&[(0, 99, 1, 1)]), FoldedError::AsOf { lead, .. } if lead == "lead 0"));
        assert!(matches!(error(&[(0, 100, MOST_EVENTS + 1, 1)]), FoldedError::Overflow { .. }));
        assert!(matches!(error(&[(0, 100, 1, -1)]), FoldedError::Negative { found: -1, .. }));
        plan.ask(EventFeature::of_kind(Some("x".into()), Measure::Count));
        assert!(matches!(error(&[]), FoldedError::Column { column, .. } if column == "count3"));
    }

    #[test]
    fn other_features_have_other_words() {
        let all = EventFeature::of_kind(None, Measure::Count);
        let one = EventFeature { within: Some(Span::from_days(3.0)), ..all.clone() };
        assert_eq!(in_words(&all, ""), "number of all events");
        assert_eq!(in_words(&one, "a = 1"), "number of all events where a = 1, in the last 3 days");
    }
}
