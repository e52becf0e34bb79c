//! What a decision rests on: by how many winners the leads handed over would differ, for all challengers at once.

use crate::metrics::Resample;
use crate::result::{Basis, Comparison, Decision, Estimate, Gain, Number, Per, Reason};
use crate::stats::selected::Picked;
use crate::stats::{Interval, Undefined, dist};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::paired::Paired;
use super::schedule::Schedule;
use super::spread::{Spread, max_t};
use super::worked::Corrected;

/// The winners that every model hands over, as far as history can show them.
pub(super) struct Winners<'a> {
    schedule: &'a Schedule,
    paired: &'a Paired,
    /// Had sales worked every lead, where that can be estimated.
    corrected: Option<&'a Corrected>,
    basis: Basis,
    /// All that could be handed over.
    pub all: f64,
    unit: f64,
    per: Per,
    worthwhile: f64,
}

/// The difference to the champion of every challenger.
pub(super) struct Against {
    challengers: Vec<usize>,
    spreads: Vec<Spread>,
    critical: f64,
}

impl<'a> Winners<'a> {
    pub fn of(cohort: &Cohort, schedule: &'a Schedule, paired: &'a Paired, corrected: Option<&'a Corrected>) -> Self {
        let rows = || schedule.periods.iter().flat_map(|(rows, _)| rows.iter().copied());
        let contact = cohort.asked().contact.as_ref();
        let leads = rows().count() as f64;
        Self {
            schedule,
            paired,
            basis: match (corrected, contact) {
                (Some(_), _) => Basis::HadAllBeenWorked,
                (None, Some(contact)) if rows().all(|row| contact.worked[row]) => Basis::AllWorked,
                (None, Some(_)) => Basis::NoOverlap,
                (None, None) => Basis::WorkedUnknown,
            },
            all: corrected.map_or_else(
                || rows().filter(|&row| cohort.leads().converted[row]).count() as f64,
                |corrected| corrected.all,
            ),
            unit: schedule.quarters.map_or(1_000.0 / leads, |quarters| 1.0 / quarters),
            per: if schedule.quarters.is_some() { Per::Quarter } else { Per::ThousandLeads },
            worthwhile: cohort.asked().worthwhile.0,
            corrected,
        }
    }

    /// Of the second model less the first.
    pub fn difference(&self, pair: (usize, usize)) -> Spread {
        match self.corrected {
            Some(corrected) => corrected.difference(pair),
            None => Spread::of(self.paired, self.schedule, pair, Resample::WINS),
        }
    }

    pub fn against(&self, cohort: &Cohort, champion: usize) -> Against {
        let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
        let spreads: Vec<Spread> =
            challengers.iter().map(|&challenger| self.difference((champion, challenger))).collect();
        let critical = max_t(&spreads, LEVEL).unwrap_or_else(|| dist::normal_critical(LEVEL));
        Against { challengers, spreads, critical }
    }

    /// Every challenger against the champion; nothing without one.
    pub fn against_champion(&self, cohort: &Cohort) -> Option<Against> {
        cohort.design().champion.map(|champion| self.against(cohort, champion))
    }

    /// Whether nothing can be said of how models differ.
    pub fn is_refused(&self) -> bool {
        self.schedule.refuses().is_some()
    }

    /// What wins of the judged leads are multiplied with to be counted over a unit.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    pub fn per(&self) -> Per {
        self.per
    }

    pub fn is_a_quarter(&self) -> bool {
        self.per == Per::Quarter
    }

    /// A number of wins that is worth a change of model.
    pub fn worthwhile(&self) -> f64 {
        self.worthwhile * self.all
    }

    /// Wins of the leads that were judged, over what they are counted.
    pub fn per_unit(&self, spread: &Spread, critical: f64) -> Estimate {
        if let Some(reason) = self.schedule.refuses() {
            return Estimate::undefined(no_figure(&reason));
        }
        Estimate::new(spread.observed, Interval::around(spread.observed, critical * spread.se)).scaled(self.unit)
    }
}

fn no_figure(reason: &Reason) -> &'static str {
    match reason {
        Reason::CapacityAboveLeads { .. } => "every model hands over all leads",
        Reason::FewAccounts { .. } => "too few accounts",
        _ => "no full period",
    }
}

impl Against {
    pub fn gain(&self, winners: &Winners, challenger: usize) -> Gain {
        let spread = self.spread(challenger);
        let seen = (self.critical + dist::normal_quantile(0.8)) * spread.se * winners.unit;
        Gain {
            winners: winners.per_unit(spread, self.critical),
            per: winners.per,
            basis: winners.basis,
            detectable: if seen > 0.0 { seen.into() } else { Undefined::ZeroVariance.into() },
        }
    }

    /// The default gate: promote when the lower bound of the difference is above 0; keep when its upper bound leaves no
    /// worthwhile gain, over a champion whose own figures can be believed and where history can show that much; else the
    /// evidence does not reach.
    pub fn decision(&self, winners: &Winners, champion: &Scored, (place, challenger): (usize, &Scored)) -> Decision {
        let spread = self.spread(place);
        let bounds = Interval::around(spread.observed, self.critical * spread.se);
        if winners.schedule.refuses().is_some() || champion.is_hidden() {
            Decision::NotEnoughEvidence
        } else if bounds.low > 0.0 && challenger.is_candidate() {
            Decision::Promote
        } else if champion.is_suspended() {
            Decision::NotEnoughEvidence
        } else if spread.is_nothing() || winners.basis.shows_losses() && bounds.high < winners.worthwhile() {
            Decision::Keep
        } else {
            Decision::NotEnoughEvidence
        }
    }

    /// Leads for 80 % power to see the smallest worthwhile difference, from the spread that these leads show and with the
    /// critical value that decides.
    pub fn leads_needed(&self, winners: &Winners, leads: f64, challenger: usize) -> Number {
        let se = self.spread(challenger).se;
        if se.is_nan() || se <= 0.0 {
            return Undefined::ZeroVariance.into();
        }
        let z = self.critical + dist::normal_quantile(0.8);
        (leads * (z * se / winners.worthwhile()).powi(2)).ceil().into()
    }

    /// The place among some challengers of the one that takes the least to introduce, of those that come close to the best
    /// of them in winners.
    pub fn cheapest(&self, winners: &Winners, cohort: &Cohort, among: &[usize]) -> Option<usize> {
        let gains: Vec<f64> = among.iter().map(|&challenger| self.spread(challenger).observed).collect();
        cheapest(&gains, &Self::efforts(cohort, among), winners.worthwhile())
    }

    /// That the picked one of some challengers takes less than the best of them, and what that costs.
    pub fn cheaper(&self, winners: &Winners, cohort: &Cohort, among: &[usize], picked: usize) -> Option<Reason> {
        let gain = |model: usize| self.spread(model).observed;
        let best = among.iter().copied().reduce(|best, model| if gain(model) > gain(best) { model } else { best })?;
        let (own, other) = (&cohort.models()[picked], &cohort.models()[best]);
        (best != picked && own.effort != other.effort).then(|| Reason::Cheapest {
            model: own.name.clone(),
            effort: own.effort,
            best: other.name.clone(),
            best_effort: other.effort,
            price: winners.per_unit(&winners.difference((picked, best)), dist::normal_critical(LEVEL)),
            per: winners.per,
        })
    }

    /// The challengers that hand over other leads than the champion.
    pub fn moving(&self) -> impl Iterator<Item = usize> + '_ {
        self.challengers.iter().zip(&self.spreads).filter(|(_, spread)| spread.se > 0.0).map(|(model, _)| *model)
    }

    /// The differences of some challengers, with their covariances.
    pub fn differences(&self, among: &[usize]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let spreads: Vec<&Spread> = among.iter().map(|&challenger| self.spread(challenger)).collect();
        let row = |a: &&Spread| {
            let entry = |b: &&Spread| if std::ptr::eq(*a, *b) { a.se * a.se } else { a.covariance(b) };
            spreads.iter().map(entry).collect()
        };
        (spreads.iter().map(|spread| spread.observed).collect(), spreads.iter().map(row).collect())
    }

    fn efforts(cohort: &Cohort, among: &[usize]) -> Vec<(bool, u64)> {
        among.iter().map(|&challenger| cohort.models()[challenger].effort.order()).collect()
    }

    /// What can be claimed for the one at a place among some challengers, for having been picked so; the interval is the
    /// one that decides.
    pub fn claim(&self, winners: &Winners, cohort: &Cohort, among: &[usize], place: usize) -> Estimate {
        let spreads: Vec<&Spread> = among.iter().map(|&challenger| self.spread(challenger)).collect();
        let picked = spreads[place];
        let covariance: Vec<f64> = spreads.iter().map(|spread| spread.covariance(picked)).collect();
        let (margin, efforts) = (winners.worthwhile(), Self::efforts(cohort, among));
        let estimates: Vec<f64> = spreads.iter().map(|spread| spread.observed).collect();
        let rule = |gains: &[f64]| cheapest(gains, &efforts, margin);
        let point =
            Picked { estimates: &estimates, place, covariance: &covariance, rule, margin }.hybrid(self.critical);
        let shown = winners.per_unit(picked, self.critical);
        if shown.point.finite().is_some() { Estimate { point: (point * winners.unit).into(), ..shown } } else { shown }
    }

    fn spread(&self, challenger: usize) -> &Spread {
        let place = self.challengers.iter().position(|&known| known == challenger);
        &self.spreads[place.expect("every model but the champion is a challenger")]
    }
}

/// Of those within a margin of the best the one of least effort; of equal ones the better, then the first.
fn cheapest(gains: &[f64], efforts: &[(bool, u64)], margin: f64) -> Option<usize> {
    let best = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near = (0..gains.len()).filter(|&place| gains[place] >= best - margin);
    near.min_by(|&a, &b| efforts[a].cmp(&efforts[b]).then(gains[b].total_cmp(&gains[a])))
}

/// The places of the challengers with a decision.
pub(super) fn decided(cohort: &Cohort, comparisons: &[Comparison], decision: Decision) -> Vec<usize> {
    let of = |comparison: &&Comparison| comparison.decision == decision;
    let place = |comparison: &Comparison| cohort.models().iter().position(|one| one.name == comparison.challenger);
    let places = comparisons.iter().filter(of).filter_map(place);
    places.filter(|&place| cohort.models()[place].is_candidate()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::cohort::{BracketRule, CapacityRule, Design, Endings, Leads, PartOfRun};
    use super::super::options::{Asked, Contact};
    use super::super::{paired, schedule};
    use super::*;
    use crate::result::{Barred, Effort, ModelKind, Scale, Sign, Subject, Suspicion};
    use crate::stats::random::Seed;
    use crate::stats::survival::End;
    use crate::time::DAY;

    pub fn scored(name: &str, score: Vec<f64>) -> Scored {
        Scored {
            name: name.into(),
            kind: ModelKind::Column,
            scale: Scale::Points,
            score,
            groups: Vec::new(),
            card: Vec::new(),
            not_promotable: None,
            brackets: None,
            effort: Effort { in_crm: true, edits: 1 },
        }
    }

    /// A hundred leads in ten weeks, ten of them won, and so many a week handed over; every lead was worked or nobody knows.
    pub fn made(models: Vec<Scored>, a_week: Option<f64>, worked: Option<bool>) -> Cohort {
        let n = 100;
        let week = 7 * DAY;
        let leads = Leads {
            part: vec![PartOfRun::Mature; n],
            converted: (0..n).map(|row| row % 10 == 0).collect(),
            endings: Some(Endings { days: vec![90.0; n], how: vec![End::Censored; n] }),
            as_of: (0..n as i64).map(|row| row / 10 * week).collect(),
            ..Leads::default()
        };
        let capacity = a_week.map(|leads| CapacityRule {
            leads,
            per: "7d".parse().unwrap(),
            begins: 0,
            covered: vec![(0, 10 * week)],
        });
        let design = Design {
            champion: Some(0),
            brackets: BracketRule::Quantiles(2),
            horizon_days: Some(90.0),
            timed: true,
            losses: false,
            capacity,
            seed: Seed(1),
            replicates: 100,
            asked: Asked { contact: worked.map(|worked| Contact { worked: vec![worked; n] }), ..Asked::default() },
        };
        Cohort::new(leads, models, design).unwrap()
    }

    fn rows(turn: usize) -> Vec<f64> {
        (0..100).map(|row| ((row * 37 + turn) % 100) as f64).collect()
    }

    fn spread(observed: f64, se: f64) -> Spread {
        Spread { observed, se, resampled: vec![observed - se, observed + se] }
    }

    /// What is decided of one challenger whose difference is so large, in wins.
    fn decided_on(difference: (f64, f64, f64), worked: Option<bool>, change: impl Fn(&mut [Scored])) -> Decision {
        let mut models = vec![scored("champion", rows(0)), scored("challenger", rows(11))];
        change(&mut models);
        let cohort = made(models, Some(2.0), worked);
        let schedule = schedule::schedule(&cohort);
        let paired = paired::bootstrap(&cohort, &schedule);
        let winners = Winners::of(&cohort, &schedule, &paired, None);
        let (observed, se, critical) = difference;
        let against = Against { challengers: vec![1], spreads: vec![spread(observed, se)], critical };
        against.decision(&winners, &cohort.models()[0], (1, &cohort.models()[1]))
    }

    const WORKED: Option<bool> = Some(true);

    #[test]
    fn a_challenger_is_promoted_when_the_bound_that_holds_for_all_lies_above_nothing() {
        assert_eq!(decided_on((2.5, 1.0, 2.5), WORKED, |_| {}), Decision::NotEnoughEvidence);
        assert_eq!(decided_on((2.5, 1.0, 2.499), WORKED, |_| {}), Decision::Promote);
        // By its own interval alone it would be.
        assert_eq!(decided_on((2.2, 1.0, 2.69), WORKED, |_| {}), Decision::NotEnoughEvidence);
    }

    #[test]
    fn the_champion_is_kept_where_history_shows_that_nothing_worth_having_is_missed() {
        // Two in a hundred of ten wins are 0.2.
        assert_eq!(decided_on((-0.5, 0.1, 6.99), WORKED, |_| {}), Decision::Keep);
        assert_eq!(decided_on((-0.5, 0.1, 7.01), WORKED, |_| {}), Decision::NotEnoughEvidence);
        assert_eq!(decided_on((-5.0, 0.1, 2.0), None, |_| {}), Decision::NotEnoughEvidence);
        assert_eq!(decided_on((-5.0, 0.1, 2.0), Some(false), |_| {}), Decision::NotEnoughEvidence);
        assert_eq!(decided_on((0.0, 0.0, 2.0), None, |_| {}), Decision::Keep);
    }

    #[test]
    fn floors_and_models_that_know_the_outcome_are_no_candidates() {
        let floor = |models: &mut [Scored]| models[1].kind = ModelKind::Random;
        assert_eq!(decided_on((5.0, 1.0, 2.0), WORKED, floor), Decision::NotEnoughEvidence);
        let sign = Sign::Ranks { auc: 0.99 };
        let suspicion = Suspicion { subject: Subject::Column("stage".into()), sign };
        let barred = Barred::Suspended { on: vec![suspicion] };
        let knows = |place: usize| {
            let barred = barred.clone();
            move |models: &mut [Scored]| models[place].not_promotable = Some(barred.clone())
        };
        assert_eq!(decided_on((5.0, 1.0, 2.0), WORKED, knows(1)), Decision::NotEnoughEvidence);
        // Over a champion that knows the outcome, who is better is better; nothing else is said.
        assert_eq!(decided_on((5.0, 1.0, 2.0), WORKED, knows(0)), Decision::Promote);
        assert_eq!(decided_on((-5.0, 1.0, 2.0), WORKED, knows(0)), Decision::NotEnoughEvidence);
    }

    #[test]
    fn nothing_is_decided_where_every_lead_is_handed_over() {
        let reason = |a_week: f64| {
            let cohort = made(vec![scored("a", rows(0)), scored("b", rows(1))], Some(a_week), WORKED);
            let schedule = schedule::schedule(&cohort);
            let paired = paired::bootstrap(&cohort, &schedule);
            let winners = Winners::of(&cohort, &schedule, &paired, None);
            let against = winners.against(&cohort, 0);
            let decision = against.decision(&winners, &cohort.models()[0], (1, &cohort.models()[1]));
            (schedule.refuses(), decision, against.gain(&winners, 1).winners.point.finite().is_some())
        };
        assert!(matches!(reason(9.0), (None, _, true)), "{:?}", reason(9.0));
        let (said, decision, told) = reason(10.0);
        assert!(matches!(said, Some(Reason::CapacityAboveLeads { largest: 10, .. })), "{said:?}");
        assert_eq!((decision, told), (Decision::NotEnoughEvidence, false));
    }

    #[test]
    fn more_leads_are_counted_with_the_critical_value_that_decides() {
        let cohort = made(vec![scored("a", rows(0)), scored("b", rows(1))], Some(2.0), WORKED);
        let schedule = schedule::schedule(&cohort);
        let paired = paired::bootstrap(&cohort, &schedule);
        let winners = Winners::of(&cohort, &schedule, &paired, None);
        let needed = |critical: f64| {
            let against = Against { challengers: vec![1], spreads: vec![spread(0.1, 1.0)], critical };
            against.leads_needed(&winners, 100.0, 1).finite().unwrap()
        };
        // ((1.96 + 0.8416) · 1 / 0.2)² and the same of 2.69, over a hundred leads.
        assert!((needed(1.96) - 19_622.0).abs() < 10.0, "{}", needed(1.96));
        assert!((needed(2.69) - 31_180.0).abs() < 20.0, "{}", needed(2.69));
    }

    #[test]
    fn what_is_claimed_lies_within_the_interval_that_decides() {
        let cohort = made(vec![scored("a", rows(0)), scored("b", rows(1)), scored("c", rows(2))], Some(2.0), WORKED);
        let schedule = schedule::schedule(&cohort);
        let paired = paired::bootstrap(&cohort, &schedule);
        let winners = Winners::of(&cohort, &schedule, &paired, None);
        let apart = |other: f64| {
            let spreads = vec![
                Spread { observed: 3.0, se: 1.0, resampled: vec![2.0, 4.0, 2.0, 4.0] },
                Spread {
                    observed: other,
                    se: 1.0,
                    resampled: vec![other - 1.0, other - 1.0, other + 1.0, other + 1.0],
                },
            ];
            let against = Against { challengers: vec![1, 2], spreads, critical: 2.3 };
            let claim = against.claim(&winners, &cohort, &[1, 2], 0);
            (claim.point.finite().unwrap() / winners.unit, claim.interval().unwrap().map(|end| end / winners.unit))
        };
        let (close, interval) = apart(2.9);
        assert!((interval.low - 0.7).abs() < 1e-9 && (interval.high - 5.3).abs() < 1e-9, "{interval:?}");
        assert!(interval.low <= close && close < 2.7, "{close}");
        assert!((apart(-9.0).0 - 3.0).abs() < 1e-3, "{}", apart(-9.0).0);
    }

    #[test]
    fn the_least_effort_within_the_margin_is_taken_and_a_hair_beyond_it_is_not() {
        let effort = |in_crm, edits| Effort { in_crm, edits }.order();
        let efforts = [effort(true, 55), effort(true, 4), effort(false, 1)];
        assert_eq!(cheapest(&[10.0, 8.0, 9.0], &efforts, 2.0), Some(1));
        assert_eq!(cheapest(&[10.0, 7.999, 9.0], &efforts, 2.0), Some(0));
        assert_eq!(cheapest(&[5.0, 6.0, 6.0], &[effort(true, 1); 3], 2.0), Some(1));
        assert_eq!(cheapest(&[], &[], 2.0), None);
    }
}
