//! Features that an engine made, in place of those made of events here.

use crate::data::{Folded, History};
use crate::time::{Instant, NEVER};

use super::{AsOf, Decay, EventFeature, Fold, Measure, Plan, ReplayError, roles};

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

/// That every lead was scored in the engine when it is scored here, and has no more events than can be added up there.
///
/// # Errors
/// When one was not; or where spans between dates are asked for, which count other days than an engine does.
pub fn agree(history: &History, spec: &AsOf, plan: &Plan) -> Result<(), ReplayError> {
    let Some((events, folded)) = history.events.as_ref().and_then(|events| Some((events, events.folded.as_ref()?)))
    else {
        return Ok(());
    };
    let spans = |feature: &EventFeature| feature.within.is_some() || feature.after.is_some();
    if events.are_dates && plan.features().iter().any(spans) {
        return Err(FoldedError::Dates { file: folded.shown.clone() }.into());
    }
    let as_of = roles::as_of(history, spec)?;
    for ((&place, &theirs), &seen) in folded.leads.iter().zip(&folded.as_of).zip(&folded.events) {
        let (file, lead) = (|| folded.shown.clone(), || history.ids.get(place as usize).to_string());
        let ours = as_of[place as usize];
        if theirs != ours {
            let text = |at: Instant| if at == NEVER { "no moment".into() } else { history.zone.text(at) };
            let (theirs, ours) = (text(theirs), text(ours));
            return Err(FoldedError::AsOf { file: file(), lead: lead(), theirs, ours }.into());
        }
        if seen > MOST_EVENTS {
            return Err(FoldedError::Overflow { file: file(), lead: lead(), what: format!("{seen} events") }.into());
        }
    }
    Ok(())
}

impl Fold {
    /// Takes what an engine made of the events of these leads, in place of events; `scored` is by lead.
    ///
    /// # Errors
    /// When it is not what the plan asks.
    pub(super) fn take_folded(
        &mut self,
        folded: &Folded,
        scored: &[bool],
        lead: &dyn Fn(usize) -> String,
    ) -> Result<(), FoldedError> {
        let file = || folded.shown.clone();
        let rows: Vec<usize> = (0..folded.leads.len()).filter(|&row| scored[folded.leads[row] as usize]).collect();
        for (place, task) in self.tasks.iter_mut().enumerate() {
            let names = columns(place, &task.feature);
            let find = |name: &String| {
                let missing = || FoldedError::Column { file: file(), column: name.clone(), plan: folded.plan.clone() };
                folded.columns.iter().find(|(known, _)| known == name).map(|(_, column)| column).ok_or_else(missing)
            };
            let parts = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            task.begin_folded(scored.len());
            let mut values = [0; 4];
            for &row in &rows {
                let of = folded.leads[row] as usize;
                parts.iter().zip(&mut values).for_each(|(part, value)| *value = part[row].unwrap_or(0));
                if !matches!(task.feature.measure, Measure::Sum { .. }) && values[0] < 0 {
                    let (column, found) = (names[0].clone(), values[0]);
                    return Err(FoldedError::Negative { file: file(), lead: lead(of), column, found });
                }
                let what = || format!("values in `sum{}` of 2^62 or more", place + 1);
                let value = put_together(&task.feature.measure, &values).ok_or_else(|| FoldedError::Overflow {
                    file: file(),
                    lead: lead(of),
                    what: what(),
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

    fn folded(plan: &Plan, rows: &[(u32, i64)]) -> Result<Vec<Vec<f64>>, FoldedError> {
        let folded = Folded {
            shown: "f.csv".into(),
            plan: "p".into(),
            leads: rows.iter().map(|row| row.0).collect(),
            as_of: vec![0; rows.len()],
            events: vec![1; rows.len()],
            columns: vec![
                ("count1".into(), rows.iter().map(|row| Some(row.1)).collect()),
                ("age2".into(), rows.iter().map(|row| (row.1 > 0).then_some(row.1 * 10)).collect()),
            ],
        };
        let mut fold = Fold::new(plan, 3);
        fold.take_folded(&folded, &[true, false, true], &|lead| format!("lead {lead}"))?;
        Ok(fold.finished(&[0, 2]))
    }

    #[test]
    fn what_an_engine_made_stands_where_events_would_or_is_refused() {
        let mut plan = Plan::default();
        plan.ask(EventFeature::of_kind(None, Measure::Count));
        plan.ask(EventFeature::of_kind(None, Measure::Age));
        let taken = folded(&plan, &[(2, 4), (1, -1)]).unwrap();
        assert_eq!(format!("{taken:?}"), "[[0.0, 4.0], [NaN, 40.0]]");
        let error = folded(&plan, &[(0, -1)]).unwrap_err();
        assert!(matches!(error, FoldedError::Negative { found: -1, lead, .. } if lead == "lead 0"));
        plan.ask(EventFeature::of_kind(Some("x".into()), Measure::Count));
        let error = folded(&plan, &[]).unwrap_err();
        assert!(matches!(error, FoldedError::Column { column, .. } if column == "count3"));
    }

    #[test]
    fn other_features_have_other_words() {
        let all = EventFeature::of_kind(None, Measure::Count);
        let one = EventFeature { within: Some(Span::from_days(3.0)), ..all.clone() };
        assert_eq!(in_words(&all, ""), "number of all events");
        assert_eq!(in_words(&one, "a = 1"), "number of all events where a = 1, in the last 3 days");
    }
}
