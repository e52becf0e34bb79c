//! Before a test: how many leads, conversions and weeks it takes, and what a given time can show.

use crate::stats::Undefined;
use crate::stats::dist::{normal_cdf, normal_critical, normal_p, t_critical};
use crate::stats::power::{Rates, detectable_rate, events};
use crate::stats::root::turning;
use crate::stats::sequential::{Classic, Shape, Sides};

/// What is asked of a plan. Rates and effect are those of the leads that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Conversion within the horizon today.
    pub rate: f64,
    /// The difference of rates to be seen.
    pub effect: f64,
    /// All leads that come in a week.
    pub per_week: f64,
    pub horizon_days: f64,
    pub power: f64,
    /// The error of all comparisons together.
    pub alpha: f64,
    pub arms: usize,
    /// One look reads the test once; more monitor it by the log-rank test.
    pub looks: usize,
    /// The part of the error that planned looks keep for conversion by the horizon.
    pub plateau: f64,
    /// Whole clusters (representatives) that are assigned.
    pub clusters: Option<Clusters>,
    /// The share of leads on which the models differ.
    pub discordant: f64,
    /// How conversions come in.
    pub delay: Delay,
}

/// Leads that come in clusters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clusters {
    /// Intra-class correlation of conversion.
    pub icc: f64,
    pub size: ClusterSize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClusterSize {
    /// Each has so many leads in the test; more leads come with more clusters.
    Leads(f64),
    /// There are so many in all arms together; a longer test gives each more leads.
    Count(f64),
}

/// The share of a horizon's conversions that have come by each day.
#[derive(Clone, Debug, PartialEq)]
pub struct Delay(Vec<(f64, f64)>);

impl Delay {
    /// Exponential delays of this mean, cut at the horizon.
    pub fn exponential(mean: f64, horizon: f64) -> Self {
        let come = |days: f64| 1.0 - (-days / mean.max(1e-6)).exp();
        let day = |step: u32| horizon * f64::from(step) / 100.0;
        Self((1..=100).map(|step| (day(step), come(day(step)) / come(horizon).max(1e-12))).collect())
    }

    /// From a curve's ascending (days, incidence), up to the horizon. All at the horizon where nothing converts.
    pub fn of_curve(points: impl IntoIterator<Item = (f64, f64)>, horizon: f64) -> Self {
        let mut kept: Vec<(f64, f64)> = points.into_iter().filter(|(days, _)| *days <= horizon).collect();
        let whole = kept.last().map_or(0.0, |last| last.1);
        kept.iter_mut().for_each(|point| point.1 /= whole);
        kept.retain(|point| point.1.is_finite());
        kept.push((horizon, 1.0));
        Self(kept)
    }

    /// Between the known days it grows evenly.
    fn come_by(&self, days: f64) -> f64 {
        let after = self.0.partition_point(|point| point.0 <= days);
        let (from, to) = (after.checked_sub(1).map_or((0.0, 0.0), |i| self.0[i]), self.0.get(after));
        to.map_or(1.0, |to| from.1 + (to.1 - from.1) * (days - from.0) / (to.0 - from.0).max(1e-12))
    }

    /// The first day by which a share `q` has come.
    pub fn quantile(&self, q: f64) -> f64 {
        self.0.iter().find(|point| point.1 >= q).or(self.0.last()).map_or(0.0, |point| point.0)
    }
}

/// What a test takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Leads of all arms that are assigned, concordant ones included; infinite where the clusters there are never show
    /// the effect.
    pub leads: f64,
    /// Leads among them on which the models differ: those that are compared.
    pub compared: f64,
    /// Conversions among the compared leads by their horizons.
    pub conversions: f64,
    /// Weeks of assignment, and with the wait for the last lead's outcome; nothing beyond ten years.
    pub accrual_weeks: f64,
    pub weeks: Option<f64>,
    /// Whole clusters an arm, where clusters are assigned.
    pub clusters: Option<f64>,
    pub design_effect: f64,
    /// The error of one comparison of conversion by the horizon: shared out over the arms, and the part kept for it.
    pub alpha: f64,
    /// Where looks are planned: the test that may say *different* before the end.
    pub log_rank: Option<LogRank>,
    /// By calendar week, if leads are assigned as long as their outcomes can still count by then.
    pub curve: Vec<PowerAt>,
    /// The smallest gain that the clusters there are show in ten years, where their number is given.
    pub limit: Option<f64>,
    /// What 4, 8, 13, 26 and 52 weeks can show.
    pub detectable: Vec<Detectable>,
}

/// The group-sequential log-rank test of a plan. Its effect is the hazard ratio that gives the planned rates.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRank {
    pub alpha: f64,
    pub hazard_ratio: f64,
    /// Conversions of all arms that it takes at the most.
    pub conversions: f64,
    /// When they have come; nothing if never in this test.
    pub weeks: Option<f64>,
    /// The power that it has in the end.
    pub power: f64,
    /// How much larger that is than for one look, and the share of one look's that is used on average.
    pub inflation: f64,
    pub expected_share: f64,
    /// Weeks of the looks: equal steps of the conversions that the test will have.
    pub looks: Vec<f64>,
}

/// Power at a calendar week since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerAt {
    pub weeks: f64,
    /// To say *more*: the leads that are mature by then.
    pub more: f64,
    /// To say *different*, of the log-rank test.
    pub different: Option<f64>,
}

/// The smallest gain in rate that a time can show with the power asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detectable {
    pub weeks: f64,
    pub more: Option<f64>,
    pub different: Option<f64>,
}

const WEEKS: [f64; 5] = [4.0, 8.0, 13.0, 26.0, 52.0];
/// Weeks that are looked ahead.
const LONGEST: f64 = 520.0;
/// Days: a test has four weeks before the last lead's horizon passes.
const LONGEST_HORIZON: f64 = (LONGEST - 4.0) * 7.0;
/// Leads, and representatives: more than there are.
const MOST: f64 = 1e9;
/// Steps of a picture and of integrals over the assignment.
const STEPS: u32 = 120;
/// Fewest clusters an arm: below that nothing can be said.
const FEWEST: f64 = 3.0;

/// Plans a test of conversion by the horizon, and where looks are planned its log-rank test.
///
/// Arms share the error by Bonferroni, which Holm never exceeds; clusters enlarge the variance by Kish's design effect and
/// are tested with Student's t; the log-rank test needs Schoenfeld's conversions, enlarged by O'Brien and Fleming's bounds.
///
/// # Errors
/// When a figure is not possible; says which.
pub fn plan(question: &Question) -> Result<Plan, String> {
    check(question)?;
    let said = |why: Undefined| why.to_string();
    let own = Own::of(question);
    let accrual = own.accrual().map_err(said)?;
    // Whole leads became weeks, and become leads again.
    let leads = (accrual * question.per_week - 1e-6).ceil();
    let compared = (leads * question.discordant).round();
    let wait = question.horizon_days / 7.0;
    let arm = compared / question.arms as f64;
    let end = (accrual + wait).min(LONGEST);
    let log_rank = own.log_rank(accrual.min(LONGEST)).map_err(said)?;
    let last = (1.4 * end).clamp(wait + 4.0, LONGEST);
    let at = |weeks: f64| PowerAt {
        weeks,
        more: own.power((weeks - wait).max(0.0)),
        different: log_rank.as_ref().map(|test| own.log_rank_power(test, weeks, weeks)),
    };
    let is_counted = question.clusters.is_some_and(|clusters| matches!(clusters.size, ClusterSize::Count(_)));
    Ok(Plan {
        leads,
        compared,
        conversions: arm * (question.rate + question.effect) + arm * (question.arms - 1) as f64 * question.rate,
        accrual_weeks: accrual,
        weeks: (accrual + wait <= LONGEST).then_some(accrual + wait),
        clusters: own.clusters(arm),
        design_effect: own.design_effect(accrual.min(LONGEST)),
        alpha: own.alpha,
        limit: own.detectable(LONGEST).filter(|_| is_counted),
        curve: (0..=STEPS).map(|step| at(last * f64::from(step) / f64::from(STEPS))).collect(),
        detectable: (WEEKS.iter())
            .map(|&weeks| Detectable {
                weeks,
                more: own.detectable(weeks - wait),
                different: log_rank.as_ref().and_then(|test| own.detectable_by_log_rank(test, weeks)),
            })
            .collect(),
        log_rank,
    })
}

/// The power of a test of conversion by the horizon after so many weeks of assignment.
///
/// # Errors
/// When a figure is not possible; says which.
pub fn power_after(question: &Question, weeks: f64) -> Result<f64, String> {
    check(question)?;
    Ok(Own::of(question).power(weeks))
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
        q if !(q.per_week > 0.0 && q.per_week <= MOST) => wrong("leads a week are a number above 0, at most a billion"),
        q if !(0.0..=LONGEST_HORIZON).contains(&q.horizon_days) => {
            Err(format!("the horizon is a number of days from 0 to {LONGEST_HORIZON}: plans look ten years ahead"))
        }
        q if q.arms < 2 || q.arms > 20 => wrong("a test has 2 to 20 arms"),
        q if q.looks == 0 || q.looks > 50 => wrong("a test has 1 to 50 looks"),
        q if !inside(q.plateau) => wrong("the part of the error kept for the plateau is between 0 and 1"),
        q if !(q.discordant > 0.0 && q.discordant <= 1.0) => wrong("the discordant share is above 0 and at most 1"),
        q if q.looks > 1 && q.clusters.is_some() => {
            wrong("a test by representative is read once: the log-rank test of the looks does not know of clusters")
        }
        q => q.clusters.map_or(Ok(()), |clusters| clusters.check(q.arms)),
    }
}

impl Clusters {
    fn check(&self, arms: usize) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.icc) {
            return Err("the intra-class correlation is a number from 0 to 1".into());
        }
        match self.size {
            ClusterSize::Leads(leads) if !(1.0..=MOST).contains(&leads) => {
                Err("a representative has at least one lead, and at most a billion".into())
            }
            ClusterSize::Count(count) if count > MOST => Err("there are at most a billion representatives".into()),
            ClusterSize::Count(count) if count.is_nan() || count < FEWEST * arms as f64 => Err(format!(
                "{count} representatives in {arms} arms: below three an arm nothing can be said; assign leads and give each arm its own quota"
            )),
            _ => Ok(()),
        }
    }
}

/// A question with what follows from it.
struct Own<'a> {
    q: &'a Question,
    /// The error of one comparison of conversion by the horizon, and of one log-rank test.
    alpha: f64,
    log_rank_alpha: f64,
}

impl<'a> Own<'a> {
    fn of(q: &'a Question) -> Self {
        let one = q.alpha / (q.arms - 1) as f64;
        let kept = if q.looks > 1 { q.plateau } else { 1.0 };
        Self { q, alpha: one * kept, log_rank_alpha: one * (1.0 - kept) }
    }

    /// Leads an arm that are compared after so many weeks of assignment.
    fn arm_after(&self, weeks: f64) -> f64 {
        weeks * self.q.per_week * self.q.discordant / self.q.arms as f64
    }

    fn design_effect(&self, weeks: f64) -> f64 {
        let Some(Clusters { icc, size }) = self.q.clusters else { return 1.0 };
        let leads = match size {
            ClusterSize::Leads(leads) => leads,
            ClusterSize::Count(count) => self.arm_after(weeks) * self.q.arms as f64 / count,
        };
        1.0 + (leads - 1.0).max(0.0) * icc
    }

    /// Whole clusters an arm for so many compared leads an arm.
    fn clusters(&self, arm: f64) -> Option<f64> {
        self.q.clusters.map(|clusters| match clusters.size {
            ClusterSize::Leads(leads) => (arm / leads).ceil(),
            ClusterSize::Count(count) => (count / self.q.arms as f64).floor(),
        })
    }

    /// The error at which a normal test is as strict as Student's with the clusters of two arms.
    fn strict_alpha(&self, weeks: f64) -> f64 {
        match self.clusters(self.arm_after(weeks)) {
            Some(an_arm) => normal_p(t_critical(1.0 - self.alpha, (2.0 * an_arm - 2.0).max(1.0))),
            None => self.alpha,
        }
    }

    fn rates(&self, alpha: f64) -> Result<Rates, Undefined> {
        Rates::new(self.q.rate, self.q.rate + self.q.effect, alpha)
    }

    fn power(&self, weeks: f64) -> f64 {
        let leads = self.arm_after(weeks) / self.design_effect(weeks);
        let power = || self.rates(self.strict_alpha(weeks)).ok()?.power(leads).ok();
        if leads > 0.0 { power().map_or(0.0, |power| power.one_tail) } else { 0.0 }
    }

    /// Weeks of assignment; infinite where the power is never reached in ten years.
    fn accrual(&self) -> Result<f64, Undefined> {
        let weekly = self.arm_after(1.0);
        if self.q.clusters.is_none() {
            return Ok(self.rates(self.alpha)?.leads(self.q.power)?.ceil() / weekly);
        }
        let longest = 10.0 * LONGEST;
        let is_enough = |weeks: f64| self.power(weeks) >= self.q.power;
        Ok(if is_enough(longest) { turning(0.0, longest, is_enough) } else { f64::INFINITY })
    }

    /// The smallest gain after so many weeks of assignment.
    fn detectable(&self, weeks: f64) -> Option<f64> {
        let leads = self.arm_after(weeks.max(0.0)) / self.design_effect(weeks.max(0.0));
        let rate = detectable_rate(self.q.rate, leads, self.strict_alpha(weeks.max(0.0)), self.q.power).ok()?;
        Some(rate - self.q.rate)
    }

    fn log_rank(&self, accrual: f64) -> Result<Option<LogRank>, Undefined> {
        if self.q.looks == 1 {
            return Ok(None);
        }
        let alpha = self.log_rank_alpha;
        let design = Classic::new(Shape::OBrienFleming, self.q.looks, Sides::Two, alpha)?;
        let (inflation, expected_share) = (design.inflation(self.q.power)?, design.expected_sample(self.q.power)?);
        let hazard_ratio = self.hazard_ratio(self.q.effect);
        let pair = events(hazard_ratio, alpha, self.q.power)?.schoenfeld * inflation;
        let end = accrual + self.q.horizon_days / 7.0;
        let all = |weeks: f64| self.conversions(weeks, accrual, self.q.effect, self.q.arms);
        let come = |weeks: f64| self.conversions(weeks, accrual, self.q.effect, 2);
        let reached = |share: f64| turning(0.0, end, |weeks| all(weeks) >= share * all(end));
        // The last look waits for the last lead's horizon, though its conversions may all have come.
        let steps = (1..self.q.looks).map(|look| reached(look as f64 / self.q.looks as f64)).chain([end]);
        let mut found = LogRank {
            alpha,
            hazard_ratio,
            conversions: pair * all(end) / come(end),
            weeks: (come(end) >= pair).then(|| turning(0.0, end, |weeks| come(weeks) >= pair)),
            power: 0.0,
            inflation,
            expected_share,
            looks: steps.collect(),
        };
        found.power = self.log_rank_power(&found, end, accrual);
        Ok(Some(found))
    }

    /// Of proportional hazards that end in the two rates.
    fn hazard_ratio(&self, effect: f64) -> f64 {
        (-(self.q.rate + effect)).ln_1p() / (-self.q.rate).ln_1p()
    }

    /// Conversions of the control and so many arms less one, of which one has the effect, by a calendar week, while
    /// leads are assigned over the first `accrual` weeks.
    fn conversions(&self, weeks: f64, accrual: f64, effect: f64, arms: usize) -> f64 {
        let span = weeks.min(accrual).max(0.0);
        let entered = |step: u32| span * (f64::from(step) + 0.5) / f64::from(STEPS);
        let share = (0..STEPS).map(|step| self.q.delay.come_by(7.0 * (weeks - entered(step)))).sum::<f64>();
        let rates = self.q.rate * arms as f64 + effect;
        self.arm_after(span) * rates * share / f64::from(STEPS)
    }

    /// At the conversions there are by a week; the cost of the looks is that of the whole design.
    fn log_rank_power(&self, test: &LogRank, weeks: f64, accrual: f64) -> f64 {
        self.power_for(test, self.q.effect, self.conversions(weeks, accrual, self.q.effect, 2))
    }

    fn power_for(&self, test: &LogRank, effect: f64, conversions: f64) -> f64 {
        let drift = self.hazard_ratio(effect).ln().abs() * (conversions / test.inflation).sqrt() / 2.0;
        if conversions > 0.0 { normal_cdf(drift - normal_critical(1.0 - test.alpha)) } else { 0.0 }
    }

    /// The smallest gain that the log-rank test sees when leads are assigned all the time.
    fn detectable_by_log_rank(&self, test: &LogRank, weeks: f64) -> Option<f64> {
        let most = 1.0 - self.q.rate - 1e-9;
        let is_seen =
            |effect: f64| self.power_for(test, effect, self.conversions(weeks, weeks, effect, 2)) >= self.q.power;
        is_seen(most).then(|| turning(0.0, most, is_seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question {
            rate: 0.08,
            effect: 0.02,
            per_week: 300.0,
            horizon_days: 90.0,
            power: 0.8,
            alpha: 0.05,
            arms: 2,
            looks: 1,
            plateau: 0.5,
            clusters: None,
            discordant: 1.0,
            delay: Delay::exponential(22.5, 90.0),
        }
    }

    #[test]
    fn the_planned_weeks_have_the_planned_power() {
        let plan = plan(&question()).unwrap();
        // Fleiss, Levin & Paik: 3,213 leads an arm.
        assert_eq!(plan.leads, 2.0 * Rates::new(0.08, 0.1, 0.05).unwrap().leads(0.8).unwrap().ceil());
        let power = power_after(&question(), plan.accrual_weeks).unwrap();
        assert!((power - 0.8).abs() < 1e-3, "{power}");
        assert!((plan.weeks.unwrap() - plan.accrual_weeks - 90.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn only_leads_on_which_the_models_differ_count() {
        let all = plan(&question()).unwrap();
        let some = plan(&Question { discordant: 0.25, ..question() }).unwrap();
        assert!((some.leads / all.leads - 4.0).abs() < 0.01 && (some.compared - all.compared).abs() <= 1.0);
    }

    #[test]
    fn what_a_time_can_show_is_seen_with_the_power_asked_for() {
        let plan = plan(&question()).unwrap();
        let year = plan.detectable.last().unwrap();
        let power = power_after(&Question { effect: year.more.unwrap(), ..question() }, 52.0 - 90.0 / 7.0).unwrap();
        assert!((power - 0.8).abs() < 1e-6, "{power}");
    }

    #[test]
    fn no_lead_is_mature_before_the_horizon() {
        let four_weeks = plan(&question()).unwrap().detectable[0];
        assert_eq!((four_weeks.weeks, four_weeks.more), (4.0, None));
    }

    #[test]
    fn looks_keep_a_part_of_the_error_for_the_plateau() {
        let plan = plan(&Question { looks: 4, ..question() }).unwrap();
        let test = plan.log_rank.unwrap();
        assert_eq!((plan.alpha, test.alpha), (0.025, 0.025));
        let alone = events(test.hazard_ratio, 0.025, 0.8).unwrap().schoenfeld;
        assert!((test.conversions / alone - test.inflation).abs() < 1e-9 && test.inflation > 1.0);
        assert!(test.looks.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((test.looks[3] - plan.weeks.unwrap()).abs() < 1e-6, "{:?}", test.looks);
    }

    #[test]
    fn the_log_rank_test_reaches_its_power_when_its_conversions_have_come() {
        let asked = Question { looks: 4, power: 0.7, plateau: 0.2, ..question() };
        let plan = plan(&asked).unwrap();
        let test = plan.log_rank.clone().unwrap();
        let power = Own::of(&asked).log_rank_power(&test, test.weeks.unwrap(), plan.accrual_weeks);
        assert!((power - 0.7).abs() < 1e-6, "{power}");
    }

    #[test]
    fn few_representatives_may_never_show_an_effect() {
        let by_rep = |count: f64, icc: f64| {
            let clusters = Some(Clusters { icc, size: ClusterSize::Count(count) });
            plan(&Question { clusters, ..question() }).unwrap()
        };
        let never = by_rep(8.0, 0.03);
        assert!(never.limit.unwrap() > 0.02, "{never:?}");
        assert_eq!((never.leads, never.weeks), (f64::INFINITY, None));
        let many = by_rep(60.0, 0.005);
        assert!(many.weeks.is_some() && many.design_effect > 1.3, "{many:?}");
        assert!(many.leads > plan(&question()).unwrap().leads);
        let clusters = Some(Clusters { icc: 0.01, size: ClusterSize::Count(5.0) });
        let said = plan(&Question { clusters, ..question() }).unwrap_err();
        assert!(said.contains("below three an arm"), "{said}");
    }

    #[test]
    fn clusters_without_correlation_cost_only_their_degrees_of_freedom() {
        let clusters = Some(Clusters { icc: 0.0, size: ClusterSize::Leads(10.0) });
        let (by_rep, alone) = (plan(&Question { clusters, ..question() }).unwrap(), plan(&question()).unwrap());
        assert_eq!(by_rep.design_effect, 1.0);
        assert!((by_rep.leads / alone.leads - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_delay_curve_rises_to_one_at_the_horizon() {
        let delay = Delay::of_curve([(10.0, 0.02), (40.0, 0.06), (95.0, 0.08)], 90.0);
        assert_eq!(delay.come_by(0.0), 0.0);
        assert!((delay.come_by(10.0) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((delay.come_by(90.0), delay.come_by(500.0)), (1.0, 1.0));
        assert_eq!(delay.quantile(0.3), 10.0);
        assert_eq!(Delay::of_curve([], 90.0).come_by(89.0), 89.0 / 90.0);
    }

    #[test]
    fn more_arms_share_the_error() {
        assert_eq!(plan(&Question { arms: 3, ..question() }).unwrap().alpha, 0.025);
    }
}
