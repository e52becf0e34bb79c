//! Verdicts in sentences that a marketer understands.

use serde_json::Value;

use crate::models::spec::Criterion;
use crate::result::Belief;

use super::alike::LeftOut;
use super::case::Case;
use super::profile::{Faded, Found, Profile};

/// Points as a person writes them: whole from ten on, else one decimal.
pub(super) fn points(value: f64) -> String {
    let decimals = if value.abs() >= 9.95 { 1.0 } else { 10.0 };
    format!("{}", (value * decimals).round() / decimals + 0.0).replace('-', "−")
}

/// A whole number with its thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let parts: Vec<&str> = (0..digits.len().div_ceil(3))
        .rev()
        .map(|group| &digits[digits.len().saturating_sub(3 * group + 3)..digits.len() - 3 * group])
        .collect();
    parts.join(",")
}

pub(super) fn sentence(case: &Case, verdict: Belief) -> String {
    let configured = points(case.points());
    let implied = case.tested.map_or(String::new(), |tested| {
        let (low, high) = (points(tested.interval.low), points(tested.interval.high));
        format!("{} ({low} to {high})", points(tested.implied))
    });
    let covers_nothing = case.tested.is_some_and(|tested| tested.interval.contains(0.0));
    match verdict {
        Belief::Dead if case.left_out == Some(&LeftOut::Constant) => {
            "Gives every lead the same points, so it ranks nobody.".into()
        }
        Belief::Dead if case.facts.fires == 0 => "Never fires: no lead gets these points.".into(),
        Belief::Dead => {
            let fires = case.facts.fires;
            format!(
                "Almost never fires ({fires} lead{} of {}).",
                if fires == 1 { "" } else { "s" },
                case.evidence.leads()
            )
        }
        Belief::Redundant => {
            let twin = case.twin().map_or(String::new(), |twin| case.evidence.criteria[twin].name.clone());
            format!("Says what `{twin}` says: leads get points twice for one fact.")
        }
        Belief::WrongSign if case.points() > 0.0 => {
            format!("Leads with it convert less, all else equal: it gives {configured} points and is worth {implied}.")
        }
        Belief::WrongSign => {
            format!("Leads with it convert more, all else equal: it takes {configured} points and is worth {implied}.")
        }
        Belief::OverWeighted if covers_nothing => {
            format!("Worth nothing that the data can see: {configured} points, worth {implied}.")
        }
        Belief::OverWeighted => format!("Counts for too much: {configured} points, worth {implied}."),
        Belief::UnderWeighted => format!("Counts for too little: {configured} points, worth {implied}."),
        Belief::Saturated => "Most leads that have it are at its cap, so it hardly tells them apart.".into(),
        Belief::Unstable => "Its worth changes from quarter to quarter by more than chance explains.".into(),
        Belief::TooLittleData => {
            let leads = case.leads_needed().unwrap_or(0.0);
            let round = 10f64.powf(leads.max(10.0).log10().floor() - 1.0);
            let about = grouped((leads / round).ceil() * round);
            format!("Too little data to tell its {configured} points from none: about {about} leads would do.")
        }
        Belief::Fine => format!("The data agree: {configured} points, worth {implied}."),
        Belief::Unknown if case.is_sole => {
            "It alone tells what a point is worth here: nothing stands beside it to weigh its points against.".into()
        }
        Belief::Unknown => {
            "Its points cannot be weighed: the score as a whole does not clearly rise with conversion.".into()
        }
    }
}

/// How a criterion's events fade. `clear`: faster than never, beyond what looking at all criteria explains.
pub(super) fn fading(faded: &Faded, found: Option<&Found>, clear: bool) -> String {
    let Some(found) = found else { return "The data cannot say how fast it fades.".into() };
    let (half_life, line) = (&found.half_life, found.straighter());
    if !clear || half_life.high.is_infinite() {
        return no_evidence(faded, half_life);
    }
    let (set, profile, what) = match (faded.configured_expiry, faded.configured_days) {
        (Some(set), _) => (Some(set), found.expiry.as_ref().unwrap_or(half_life), "linear expiry"),
        (None, set) => (set, half_life, "half-life"),
    };
    let (best, between) = (days(profile.best), range(profile));
    let better = match line {
        Some(line) if faded.configured_expiry.is_none() => {
            format!(" A straight line to nothing over about {} days ({}) fits better.", days(line.best), range(line))
        }
        _ => String::new(),
    };
    let Some(set) = set else {
        return format!("Fades with age, and is not set to: a half-life of about {best} days ({between}).{better}");
    };
    if profile.low <= set && set <= profile.high {
        return format!("The {what} of {} days agrees with the data ({between}).{better}", days(set));
    }
    let speed = if set > profile.high { "too slowly" } else { "too fast" };
    format!("Fades {speed}: a {what} of {} days is set, the data say about {best} ({between}).{better}", days(set))
}

fn no_evidence(faded: &Faded, half_life: &Profile) -> String {
    match faded.configured_days {
        Some(set) if half_life.low <= set => {
            format!("No evidence that decay helps; a half-life of {} days does no harm the data can see.", days(set))
        }
        Some(set) => format!(
            "No evidence that decay helps, and a half-life of {} days is too short: the data say at least {}.",
            days(set),
            days(half_life.low)
        ),
        None => "No evidence that decay helps.".into(),
    }
}

fn range(profile: &Profile) -> String {
    match (profile.low > 0.0, profile.high.is_finite()) {
        (true, true) => format!("{} to {} days", days(profile.low), days(profile.high)),
        (true, false) => format!("at least {} days", days(profile.low)),
        (false, true) => format!("at most {} days", days(profile.high)),
        (false, false) => "anything is possible".into(),
    }
}

fn days(days: f64) -> String {
    if days >= 10.0 { format!("{days:.0}") } else { format!("{days:.1}") }
}

/// A criterion on one line of YAML, ready for the experiment file.
pub(super) fn ready(criterion: &Criterion) -> String {
    serde_json::to_value(criterion).map_or_else(|_| String::new(), |value| flow(&value))
}

/// YAML's flow style: texts as JSON has them, keys bare.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let rank = |key: &str| match key {
                "name" => 0,
                "points" => 2,
                _ => 1,
            };
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| rank(key));
            let fields: Vec<String> =
                fields.into_iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Number(number) => number.as_f64().map_or(number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Predicate;
    use crate::time::Span;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(1_200_000.0), "1,200,000");
        assert_eq!((grouped(999.0).as_str(), grouped(24_000.0).as_str()), ("999", "24,000"));
    }

    #[test]
    fn a_criterion_is_one_line_of_yaml_with_its_name_first() {
        let criterion = Criterion {
            name: "Chat: lately".into(),
            event: Some("chat".into()),
            within: Some(Span::from_days(7.0)),
            when: Predicate::parse("page = 'a'").ok(),
            points: Some(-10.0),
            ..Criterion::default()
        };
        let text = ready(&criterion);
        assert_eq!(text, r#"{ name: "Chat: lately", event: "chat", when: "page = 'a'", within: "7d", points: -10 }"#);
    }
}
