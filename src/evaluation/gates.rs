//! The gates an experiment states: what is asked of a challenger, and what the evidence answers.
//!
//! All gates must pass, so that each is tested at its own confidence (an intersection-union test: Berger 1982);
//! challengers are many, so a gate's interval holds for all of them at once.

use crate::metrics::{AUC, CAPTURE, Metric, MetricId, Reads, WINS};
use crate::result::{
    Comparison, Decision, Estimate, GateAsked, GateEvidence, GateFound, GateMargin, GateOutcome, GatePart, Number,
    Reason, Verdict, WorstSegment,
};
use crate::stats::{Interval, Undefined, clustered, dist};

use super::cohort::{Cohort, Scored};
use super::options::{Gate, Margin};
use super::paired::Paired;
use super::schedule::Schedule;
use super::segment::{self, FEWEST};
use super::spread::{Spread, max_t};

/// Every gate for every challenger.
pub(super) fn gates(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> Vec<GateEvidence> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
    let against = Against { cohort, schedule, paired, champion, challengers };
    let gates = cohort.asked().gates.iter();
    gates
        .flat_map(|gate| match gate {
            Gate::Metric { metric, margin, confidence } => against.metric(*metric, *margin, *confidence),
            Gate::Segments { column, not_worse_by, confidence } => against.segments(column, *not_worse_by, *confidence),
            Gate::Quarters { better, of } => against.quarters(*better, *of),
        })
        .collect()
}

/// Sets each comparison's decision by the gates, where some are stated.
pub(super) fn decide(gates: &[GateEvidence], cohort: &Cohort, comparisons: &mut [Comparison]) {
    if gates.is_empty() {
        return;
    }
    for comparison in comparisons {
        let own = || gates.iter().filter(|gate| gate.challenger == comparison.challenger);
        let barred = cohort.models().iter().any(|model| model.name == comparison.challenger && !model.is_candidate());
        let champion = cohort.design().champion.map(|place| &cohort.models()[place]);
        let unknown = champion.is_some_and(Scored::is_suspended);
        let barred = barred || champion.is_some_and(Scored::is_hidden);
        comparison.decision = if own().any(|gate| gate.outcome == GateOutcome::Failed) {
            // A champion that knows the outcome beats whoever does not.
            if unknown { Decision::NotEnoughEvidence } else { Decision::Keep }
        } else if !barred && own().all(|gate| gate.outcome == GateOutcome::Passed) {
            Decision::Promote
        } else {
            Decision::NotEnoughEvidence
        };
    }
}

/// Adds to a verdict what the gates said of the model it names.
pub(super) fn explain(mut verdict: Verdict, gates: &[GateEvidence]) -> Verdict {
    let own = gates.iter().filter(|gate| Some(&gate.challenger) == verdict.challenger.as_ref());
    let reason = |gate: &GateEvidence| Reason::Gate {
        outcome: gate.outcome,
        asked: gate.asked.clone(),
        found: gate.found.clone(),
    };
    verdict.reasons.extend(own.map(reason));
    verdict
}

/// Where the bound of a gain must lie.
fn judge(gain: Interval, margin: Margin) -> GateOutcome {
    let (passed, failed) = match margin {
        Margin::AtLeast(least) => (gain.low >= least && gain.low > 0.0, gain.high < least || gain.high <= 0.0),
        Margin::NotWorseBy(most) => (gain.low >= -most, gain.high < -most),
    };
    match (passed, failed) {
        (true, _) => GateOutcome::Passed,
        (false, true) => GateOutcome::Failed,
        (false, false) => GateOutcome::Open,
    }
}

/// The outcome of a gate that asks for all of its parts.
fn all(outcomes: impl Iterator<Item = GateOutcome> + Clone) -> GateOutcome {
    if outcomes.clone().any(|outcome| outcome == GateOutcome::Failed) {
        GateOutcome::Failed
    } else if outcomes.clone().all(|outcome| outcome == GateOutcome::Passed) {
        GateOutcome::Passed
    } else {
        GateOutcome::Open
    }
}

/// The smallest margin that an open gate would settle with 80 % power on the leads there are.
fn settles(outcome: GateOutcome, se: f64, critical: f64) -> Option<f64> {
    let margin = (critical + dist::normal_quantile(0.8)) * se;
    (outcome == GateOutcome::Open && margin > 0.0 && margin.is_finite()).then_some(margin)
}

/// The challengers against the champion.
struct Against<'a> {
    cohort: &'a Cohort,
    schedule: &'a Schedule,
    paired: &'a Paired,
    champion: usize,
    challengers: Vec<usize>,
}

impl Against<'_> {
    fn metric(&self, metric: MetricId, margin: Margin, confidence: f64) -> Vec<GateEvidence> {
        let metric = metric.metric();
        let Some(resample) = metric.resample else { return Vec::new() };
        let spread =
            |&challenger: &usize| Spread::of(self.paired, self.schedule, (self.champion, challenger), resample);
        let spreads: Vec<Spread> = self.challengers.iter().map(spread).collect();
        let critical = max_t(&spreads, confidence).unwrap_or_else(|| dist::normal_critical(confidence));
        let one = |(&challenger, spread): (&usize, &Spread)| {
            self.by_metric(metric, margin, confidence, challenger, spread, critical)
        };
        self.challengers.iter().zip(&spreads).map(one).collect()
    }

    fn by_metric(
        &self,
        metric: &Metric,
        margin: Margin,
        confidence: f64,
        challenger: usize,
        spread: &Spread,
        critical: f64,
    ) -> GateEvidence {
        let undefined = spread.observed.is_nan() || spread.se.is_nan();
        let interval = Interval::around(spread.observed, critical * spread.se);
        let gain = if metric.is_higher_better() { interval } else { Interval::new(-interval.high, -interval.low) };
        let outcome = if undefined { GateOutcome::Open } else { judge(gain, margin) };
        let effect = match margin {
            Margin::AtLeast(least) if least > 0.0 => Some(least),
            Margin::AtLeast(_) => (metric.id == CAPTURE.id).then_some(self.cohort.asked().worthwhile.0),
            Margin::NotWorseBy(most) => (most > 0.0).then_some(most),
        };
        let (more_leads, days) = self.waiting(outcome, effect, spread.se, critical);
        let settles = settles(outcome, spread.se, critical);
        let found = match outcome {
            _ if undefined => GateFound::NoFigure,
            GateOutcome::Failed => GateFound::AtMost { gain: gain.high, confidence },
            _ => GateFound::AtLeast { gain: gain.low, confidence },
        };
        GateEvidence {
            challenger: self.name(challenger),
            asked: GateAsked::Metric {
                metric: metric.id,
                hand_over: (metric.reads == Reads::HandedOver).then(|| self.schedule.hand_over.clone()),
                margin: match margin {
                    Margin::AtLeast(least) => GateMargin::AtLeast(least),
                    Margin::NotWorseBy(most) => GateMargin::NotWorseBy(most),
                },
            },
            metric: metric.id,
            outcome,
            difference: if undefined {
                Estimate::undefined("one of the models has no such figure")
            } else {
                Estimate::new(spread.observed, interval)
            },
            confidence,
            found,
            parts: Vec::new(),
            more_leads,
            days,
            by: None,
            settles,
        }
    }

    /// AUC within each segment: passed when no segment's lower bound lies below the margin. A segment with fewer than
    /// ten wins or ten others is shown, not judged.
    fn segments(&self, column: &str, not_worse_by: f64, confidence: f64) -> Vec<GateEvidence> {
        let Some(grouping) = self.cohort.leads().segments.iter().find(|grouping| grouping.name == column) else {
            return Vec::new();
        };
        let one = |&challenger: &usize| {
            let within = segment::within(self.cohort, grouping, self.champion, challenger);
            let judged = within.iter().filter(|within| within.auc.is_some()).count().max(1);
            // To pass, every segment must; to fail, one is enough: so that one answers for all segments (Bonferroni).
            let level = 1.0 - (1.0 - confidence) / self.challengers.len() as f64;
            let strict = 1.0 - (1.0 - level) / judged as f64;
            let part = |within: &segment::Within| {
                let interval = |level| within.auc.ok_or(Undefined::TooFewRows).and_then(|auc| auc.interval(level));
                let outcome = match (interval(level), interval(strict)) {
                    (Ok(own), Ok(strict)) => match judge(own, Margin::NotWorseBy(not_worse_by)) {
                        GateOutcome::Failed if strict.high >= -not_worse_by => GateOutcome::Open,
                        outcome => outcome,
                    },
                    _ => GateOutcome::Open,
                };
                let point = within.auc.map(|auc| auc.difference).ok_or(Undefined::TooFewRows);
                GatePart {
                    label: within.label.clone(),
                    leads: within.rows.len() as u64,
                    wins: within.wins as u64,
                    difference: Estimate::with(point, interval(level)),
                    outcome,
                }
            };
            let parts: Vec<GatePart> = within.iter().map(part).collect();
            self.by_segment(column, not_worse_by, level, challenger, parts)
        };
        self.challengers.iter().map(one).collect()
    }

    fn by_segment(
        &self,
        column: &str,
        not_worse_by: f64,
        confidence: f64,
        challenger: usize,
        parts: Vec<GatePart>,
    ) -> GateEvidence {
        let judged = || parts.iter().filter(|part| part.difference.interval().is_some());
        let outcome = if judged().next().is_none() {
            GateOutcome::Open
        } else {
            all(judged().map(|part| part.outcome).collect::<Vec<_>>().into_iter())
        };
        let low = |part: &&GatePart| part.difference.low.finite().unwrap_or(f64::INFINITY);
        let worst = judged().min_by(|a, b| low(a).total_cmp(&low(b)));
        let found = GateFound::Segments {
            worst: worst.map(|worst| WorstSegment { label: worst.label.clone(), low: low(&worst) }),
            small: (parts.len() - judged().count()) as u64,
            enough: FEWEST as u64,
        };
        let critical = dist::normal_critical(confidence);
        // Of the worst segment: it needs so many times the leads there are, and they come in the same shares.
        let se = worst
            .and_then(|worst| worst.difference.interval())
            .map_or(0.0, |interval| (interval.high - interval.low) / 2.0 / critical);
        let effect = (not_worse_by > 0.0).then_some(not_worse_by);
        let (more_leads, days) = self.waiting(outcome, effect, se, critical);
        GateEvidence {
            challenger: self.name(challenger),
            asked: GateAsked::Segments { column: column.into(), not_worse_by },
            metric: AUC.id,
            outcome,
            difference: worst
                .map_or_else(|| Estimate::undefined("no segment is large enough"), |worst| worst.difference.clone()),
            confidence,
            found,
            parts,
            more_leads,
            days,
            by: None,
            settles: settles(outcome, se, critical),
        }
    }

    /// More wins handed over in so many of the last quarters: a count, whose parts show how firm they are.
    fn quarters(&self, better: usize, of: usize) -> Vec<GateEvidence> {
        let Some(grouping) = &self.cohort.leads().periods else {
            return self
                .challengers
                .iter()
                .map(|&challenger| self.by_quarter(better, of, challenger, Vec::new()))
                .collect();
        };
        let champion = segment::shares(self.cohort, self.schedule, self.champion);
        let one = |&challenger: &usize| {
            let shares = segment::shares(self.cohort, self.schedule, challenger);
            let parts: Vec<GatePart> = grouping
                .in_order(self.cohort.mature())
                .into_iter()
                .filter_map(|(label, rows)| self.quarter(label, &rows, &champion, &shares))
                .collect();
            let last = parts.len().saturating_sub(of);
            self.by_quarter(better, of, challenger, parts[last..].to_vec())
        };
        self.challengers.iter().map(one).collect()
    }

    /// The difference in wins handed over. Given who converted, it varies with the leads that change hands: variance
    /// Σ (q − p)² over wins, as of a count.
    fn quarter(&self, label: String, rows: &[usize], champion: &[f64], challenger: &[f64]) -> Option<GatePart> {
        let won: Vec<usize> = rows.iter().copied().filter(|&row| self.cohort.leads().converted[row]).collect();
        let rows: Vec<usize> = rows.iter().copied().filter(|&row| !champion[row].is_nan()).collect();
        if rows.is_empty() || won.iter().all(|&row| champion[row].is_nan()) {
            return None;
        }
        let won: Vec<usize> = won.into_iter().filter(|&row| !(challenger[row] - champion[row]).is_nan()).collect();
        let changes: Vec<f64> = won.iter().map(|&row| challenger[row] - champion[row]).collect();
        let difference: f64 = changes.iter().sum();
        let by_account = self.cohort.account_of(&won).map(|account| clustered::sums(&account, |i| changes[i]));
        let se = by_account.as_ref().unwrap_or(&changes).iter().map(|change| change * change).sum::<f64>().sqrt();
        Some(GatePart {
            label,
            leads: rows.len() as u64,
            wins: changes.len() as u64,
            difference: Estimate::new(difference, Interval::around(difference, dist::normal_critical(0.95) * se)),
            outcome: if difference > 1e-9 { GateOutcome::Passed } else { GateOutcome::Failed },
        })
    }

    fn by_quarter(&self, better: usize, of: usize, challenger: usize, parts: Vec<GatePart>) -> GateEvidence {
        let won = parts.iter().filter(|part| part.outcome == GateOutcome::Passed).count();
        let possible = won + of - parts.len();
        let outcome = match (won >= better, possible < better) {
            (true, _) => GateOutcome::Passed,
            (false, true) => GateOutcome::Failed,
            (false, false) => GateOutcome::Open,
        };
        let found = GateFound::Quarters { better: won as u64, judged: parts.len() as u64 };
        let total: f64 = parts.iter().filter_map(|part| part.difference.point.finite()).sum();
        let half = |part: &GatePart| part.difference.interval().map_or(0.0, |own| (own.high - own.low) / 2.0);
        let spread = parts.iter().map(|part| half(part).powi(2)).sum::<f64>().sqrt();
        GateEvidence {
            challenger: self.name(challenger),
            asked: GateAsked::Quarters {
                hand_over: self.schedule.hand_over.clone(),
                better: better as u64,
                of: of as u64,
            },
            metric: WINS.id,
            outcome,
            difference: if parts.is_empty() {
                Estimate::undefined("no quarter can be judged")
            } else {
                Estimate::new(total, Interval::around(total, spread))
            },
            confidence: 0.95,
            found,
            parts,
            more_leads: Number::undefined("quarters are counted"),
            days: Number::undefined("quarters are counted"),
            by: None,
            settles: None,
        }
    }

    /// More mature leads for 80 % power to see an effect of the gate's size, and the days they take at the rate at
    /// which leads came.
    fn waiting(&self, outcome: GateOutcome, effect: Option<f64>, se: f64, critical: f64) -> (Number, Number) {
        let reason = match (outcome, effect) {
            (GateOutcome::Open, None) => Some("the gate has no margin"),
            (GateOutcome::Open, Some(_)) if se <= 0.0 || se.is_nan() => Some("nothing varies"),
            (GateOutcome::Open, Some(_)) => None,
            _ => Some("settled"),
        };
        if let Some(reason) = reason {
            return (Number::undefined(reason), Number::undefined(reason));
        }
        let here = self.cohort.mature().len() as f64;
        let z = critical + dist::normal_quantile(0.8);
        let needed = here * (z * se / effect.unwrap_or(f64::NAN)).powi(2);
        let more = (needed - here).ceil().max(0.0);
        let days =
            self.cohort.quarters().map(|quarters| more / here * quarters * 365.25 / 4.0).ok_or(Undefined::NoTimes);
        (more.into(), days.into())
    }

    fn name(&self, model: usize) -> String {
        self.cohort.models()[model].name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_is_judged_by_its_lower_bound() {
        let gain = Interval::new(0.01, 0.05);
        assert_eq!(judge(gain, Margin::AtLeast(0.0)), GateOutcome::Passed);
        assert_eq!(judge(gain, Margin::AtLeast(0.02)), GateOutcome::Open);
        assert_eq!(judge(gain, Margin::AtLeast(0.06)), GateOutcome::Failed);
    }

    #[test]
    fn no_difference_at_all_is_not_worse_and_not_better() {
        let none = Interval::new(0.0, 0.0);
        assert_eq!(judge(none, Margin::NotWorseBy(0.0)), GateOutcome::Passed);
        assert_eq!(judge(none, Margin::AtLeast(0.0)), GateOutcome::Failed);
    }

    #[test]
    fn a_loss_within_the_margin_passes_only_when_it_is_sure() {
        let margin = Margin::NotWorseBy(0.002);
        assert_eq!(judge(Interval::new(-0.001, 0.003), margin), GateOutcome::Passed);
        assert_eq!(judge(Interval::new(-0.003, 0.003), margin), GateOutcome::Open);
        assert_eq!(judge(Interval::new(-0.009, -0.003), margin), GateOutcome::Failed);
    }
}
