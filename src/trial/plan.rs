//! Before a test: how many leads, conversions and weeks it takes, and what a given time can show.

use crate::stats::Undefined;
use crate::stats::power::{Rates, detectable_rate};
use crate::stats::sequential::{Classic, Shape, Sides};

/// What is asked of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Conversion within the horizon today.
    pub rate: f64,
    /// The difference of rates to be seen.
    pub effect: f64,
    pub per_week: f64,
    pub horizon_days: f64,
    pub power: f64,
    pub alpha: f64,
    pub arms: usize,
    /// One look reads the test once.
    pub looks: usize,
    /// Leads of a cluster, and their intra-class correlation.
    pub cluster: Option<(f64, f64)>,
    /// The share of leads on which the models differ.
    pub discordant: f64,
}

/// What a test takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Leads of all arms that are assigned, concordant ones included.
    pub leads: f64,
    /// Leads among them on which the models differ: those that are compared.
    pub compared: f64,
    /// Conversions among the compared leads.
    pub conversions: f64,
    /// Weeks of assignment, and with the wait for the last lead's outcome.
    pub accrual_weeks: f64,
    pub weeks: Option<f64>,
    /// Whole clusters an arm, where clusters are assigned.
    pub clusters: Option<f64>,
    pub design_effect: f64,
    /// How much larger the largest sample is than of one look, and the mean sample when the effect is there.
    pub inflation: f64,
    pub expected_share: f64,
    /// The error of one comparison: shared out over the arms.
    pub alpha: f64,
    /// Power by calendar week.
    pub curve: Vec<(f64, f64)>,
    /// The smallest gain in rate that 4, 8, 13, 26 and 52 weeks can show with this power.
    pub detectable: Vec<(f64, Option<f64>)>,
}

const WEEKS: [f64; 5] = [4.0, 8.0, 13.0, 26.0, 52.0];
/// Weeks that a picture shows.
const LONGEST: f64 = 520.0;

/// Plans a test of rates at the horizon.
///
/// Arms share the error by Bonferroni, which Holm never exceeds; looks inflate the sample by O'Brien and Fleming's
/// bounds; clusters by Kish's design effect. Only leads on which the models differ count: rate and effect are theirs.
///
/// # Errors
/// When a figure is not possible; says which.
pub fn plan(question: &Question) -> Result<Plan, String> {
    check(question)?;
    let alpha = question.alpha / (question.arms - 1) as f64;
    let design_effect = question.cluster.map_or(1.0, |(size, icc)| 1.0 + (size - 1.0) * icc);
    let (inflation, expected_share) =
        sequential(question.looks, alpha, question.power).map_err(|why| why.to_string())?;
    let rates = Rates::new(question.rate, question.rate + question.effect, alpha).map_err(|why| why.to_string())?;
    let arm = rates.leads(question.power).map_err(|why| why.to_string())? * design_effect * inflation;
    let arm = arm.ceil();
    let compared = arm * question.arms as f64;
    let leads = (compared / question.discordant).ceil();
    let accrual_weeks = leads / question.per_week;
    let wait = question.horizon_days / 7.0;
    let power_at = |weeks: f64| power_after(question, &rates, (weeks - wait).max(0.0), design_effect * inflation);
    let total = accrual_weeks + wait;
    let last = (1.4 * total).clamp(wait + 4.0, LONGEST);
    Ok(Plan {
        leads,
        compared,
        conversions: arm * (question.rate + question.effect) + arm * (question.arms - 1) as f64 * question.rate,
        accrual_weeks,
        weeks: (total <= LONGEST).then_some(total),
        clusters: question.cluster.map(|(size, _)| (arm / size).ceil()),
        design_effect,
        inflation,
        expected_share,
        alpha,
        curve: (0..=60).map(|step| last * f64::from(step) / 60.0).map(|weeks| (weeks, power_at(weeks))).collect(),
        detectable: WEEKS
            .iter()
            .map(|&weeks| (weeks, detectable(question, alpha, weeks - wait, design_effect * inflation)))
            .collect(),
    })
}

fn check(question: &Question) -> Result<(), String> {
    let inside = |value: f64| value > 0.0 && value < 1.0;
    let wrong = |text: &str| Err(text.to_string());
    match question {
        q if !inside(q.rate) => wrong("the rate is a share between 0 and 1, such as 0.08"),
        q if !inside(q.rate + q.effect) || q.effect == 0.0 => wrong(
            "the effect is a difference of shares, not 0, that leaves the rate between 0 and 1: 0.02 is two points",
        ),
        q if !inside(q.alpha) || !inside(q.power) || q.power <= q.alpha => {
            wrong("power and alpha are shares between 0 and 1, such as 0.8 and 0.05")
        }
        q if !(q.per_week > 0.0 && q.per_week.is_finite()) => wrong("leads a week are a number above 0"),
        q if !(q.horizon_days >= 0.0 && q.horizon_days.is_finite()) => wrong("the horizon is a number of days"),
        q if q.arms < 2 || q.arms > 20 => wrong("a test has 2 to 20 arms"),
        q if q.looks == 0 || q.looks > 50 => wrong("a test has 1 to 50 looks"),
        q if !(q.discordant > 0.0 && q.discordant <= 1.0) => wrong("the discordant share is above 0 and at most 1"),
        q if q.cluster.is_some_and(|(size, icc)| !(size >= 1.0 && (0.0..=1.0).contains(&icc))) => {
            wrong("a representative has at least one lead, and an intra-class correlation from 0 to 1")
        }
        _ => Ok(()),
    }
}

/// How much larger the largest sample is, and the share of the fixed sample that is used on average.
fn sequential(looks: usize, alpha: f64, power: f64) -> Result<(f64, f64), Undefined> {
    if looks == 1 {
        return Ok((1.0, 1.0));
    }
    let design = Classic::new(Shape::OBrienFleming, looks, Sides::Two, alpha)?;
    Ok((design.inflation(power)?, design.expected_sample(power)?))
}

/// Leads an arm that are compared after this many weeks of assignment.
fn arm_after(question: &Question, weeks: f64) -> f64 {
    weeks * question.per_week * question.discordant / question.arms as f64
}

fn power_after(question: &Question, rates: &Rates, weeks: f64, cost: f64) -> f64 {
    let leads = arm_after(question, weeks) / cost;
    if leads > 0.0 { rates.power(leads).map_or(0.0, |power| power.one_tail) } else { 0.0 }
}

fn detectable(question: &Question, alpha: f64, weeks: f64, cost: f64) -> Option<f64> {
    let leads = arm_after(question, weeks.max(0.0)) / cost;
    let rate = detectable_rate(question.rate, leads, alpha, question.power).ok()?;
    Some(rate - question.rate)
}
