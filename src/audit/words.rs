//! Verdicts in sentences that a marketer understands.

use crate::result::Belief;

use super::verdict::Case;
use super::weigh::LeftOut;

/// Points as a person writes them: whole from ten on, else one decimal.
pub(super) fn points(value: f64) -> String {
    let decimals = if value.abs() >= 9.95 { 1.0 } else { 10.0 };
    format!("{}", (value * decimals).round() / decimals + 0.0).replace('-', "−")
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
        Belief::Dead => format!("Almost never fires ({} leads of {}).", case.facts.fires, case.evidence.leads()),
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
            format!(
                "Too little data to tell its {configured} points from none: about {} leads would do.",
                (leads / round).ceil() * round
            )
        }
        Belief::Fine => format!("The data agree: {configured} points, worth {implied}."),
        Belief::Unknown => {
            "Its points cannot be weighed: the score as a whole does not clearly rise with conversion.".into()
        }
    }
}
