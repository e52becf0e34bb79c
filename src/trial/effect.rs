use crate::result::trial::{
    Call, Contrast, EffectPoint, Guardrail, LARGEST, Line, LineUnit, Primary, TestStatistic, Worth, WorthCall,
};
use crate::result::{Estimate, Number};
use crate::stats::ab::{
    Covaried, RatioUnits, Units as Values, cuped, difference_of_means, difference_of_ratios, mann_whitney,
    normal_posterior,
};
use crate::stats::clusters::{ClusteredArms, clustered_difference, permutation_p};
use crate::stats::dist::{normal_critical, normal_p, t_critical};
use crate::stats::multiplicity::{benjamini_hochberg, holm};
use crate::stats::proportion::{self, Count, katz, pooled_z, wilson};
use crate::stats::sequential::asymptotic_interval;
use crate::stats::strata::{self, Stratum};
use crate::stats::survival::Curve;
use crate::stats::{Interval, Undefined, quantile};

use super::decide::direction;
use super::units::{GuardrailColumn, RatioColumn, Units};
use super::{Monitoring, Test};

/// Clusters an arm from which CR2 is used, and from which clusters may be permuted.
const CLUSTERS: usize = 6;
const FEWEST: usize = 3;
/// From this share of the sum on, the largest values make it.
const MADE_BY_FEW: f64 = 0.5;
/// Points of the difference over the horizon.
const GRID: usize = 60;

pub(super) fn contrast(test: &Test, units: &Units, arm: usize) -> Contrast {
    let pair = Pair { test, units, arm };
    let (speed, curve_notes) = pair.speed();
    Contrast {
        arm: test.arms[arm].name.clone(),
        primary: pair.primary(),
        speed,
        secondary: pair.secondary(),
        guardrails: units.guardrails.iter().map(|column| pair.guardrail(column)).collect(),
        worth: (units.value.as_ref().map(|value| pair.worth(value)))
            .filter(|worth| worth.difference.point.finite().is_some()),
        by_horizon: pair.by_horizon(),
        call: Call::NotJudged,
        notes: curve_notes,
    }
}

/// Holm over the arms; Benjamini and Hochberg over all that is secondary.
pub(super) fn adjust(contrasts: &mut [Contrast]) {
    let p = |number: &Number| number.finite().unwrap_or(f64::NAN);
    let primary = holm(&contrasts.iter().map(|contrast| p(&contrast.primary.p)).collect::<Vec<_>>());
    for (contrast, adjusted) in contrasts.iter_mut().zip(primary) {
        contrast.primary.p_holm = adjusted_or(&contrast.primary.p, adjusted);
    }
    let mut lines: Vec<&mut Line> =
        contrasts.iter_mut().flat_map(|contrast| contrast.speed.iter_mut().chain(&mut contrast.secondary)).collect();
    let adjusted = benjamini_hochberg(&lines.iter().map(|line| p(&line.p)).collect::<Vec<_>>());
    for (line, adjusted) in lines.iter_mut().zip(adjusted) {
        line.p_bh = adjusted_or(&line.p, adjusted);
    }
}

fn adjusted_or(raw: &Number, adjusted: f64) -> Number {
    if adjusted.is_nan() { raw.clone() } else { adjusted.into() }
}

/// The difference of rates with the interval that suits the counts.
pub(super) fn rates(control: Count, treatment: Count, level: f64) -> (Estimate, &'static str) {
    let method = if proportion::are_few(control, treatment) {
        "Miettinen–Nurminen interval, pooled z"
    } else {
        "Newcombe interval, pooled z"
    };
    let interval = proportion::difference_interval(control, treatment, level);
    (Estimate::with(proportion::difference(control, treatment), interval), method)
}

/// One arm beside the control.
struct Pair<'a> {
    test: &'a Test,
    units: &'a Units,
    arm: usize,
}

impl Pair<'_> {
    fn level(&self) -> f64 {
        self.test.confidence
    }

    fn primary(&self) -> Primary {
        if self.units.is_assigned_by_cluster() {
            return self.by_cluster();
        }
        let sides = || self.units.rows(0).chain(self.units.rows(self.arm));
        if self.units.is_timed() && !self.units.all_mature() && self.test.horizon.is_some() && sides().next().is_some()
        {
            return self.by_curve();
        }
        self.by_counts()
    }

    fn counts(&self) -> (Count, Count) {
        (self.units.count(self.units.mature_rows(0)), self.units.count(self.units.mature_rows(self.arm)))
    }

    fn by_counts(&self) -> Primary {
        let (control, treatment) = self.counts();
        let (difference, method) = rates(control, treatment, self.level());
        let test =
            if control.n == 0.0 || treatment.n == 0.0 { Err(Undefined::Empty) } else { pooled_z(control, treatment) };
        let rate = |count: Count| Estimate::with(count.rate(), wilson(count.successes, count.n, self.level()));
        let relative = proportion::rate_ratio(control, treatment).map(|ratio| ratio - 1.0);
        let limits = katz(control, treatment, self.level()).map(|limits| limits.map(|ratio| ratio - 1.0));
        Primary {
            method: method.into(),
            control: rate(control),
            treatment: rate(treatment),
            difference,
            relative: Estimate::with(relative, limits),
            statistic: test.map(|test| test.z).into(),
            test: Some(TestStatistic::Z),
            p: test.map(|test| test.p).into(),
            p_holm: Number::undefined("not adjusted yet"),
        }
    }

    /// From the curves at the horizon: units count for as long as they were followed.
    fn by_curve(&self) -> Primary {
        let horizon = self.test.horizon.unwrap_or(f64::INFINITY);
        let at = |arm: usize| self.units.curve(arm).and_then(|curve| At::of(&curve, horizon, self.level()));
        let (control, treatment) = (at(0), at(self.arm));
        let both = control.and_then(|control| Ok((control, treatment?)));
        let test = both.and_then(|(control, treatment)| control.test(&treatment));
        let rate = |at: Result<At, Undefined>| Estimate::with(at.map(|at| at.value), at.map(|at| at.limits));
        Primary {
            method:
                "cumulative incidence at the horizon (losses compete), square-and-add of log-log limits, Greenwood z"
                    .into(),
            control: rate(control),
            treatment: rate(treatment),
            difference: Estimate::with(
                both.map(|(control, treatment)| treatment.value - control.value),
                both.map(|(control, treatment)| control.difference(&treatment)),
            ),
            relative: Estimate::with(
                both.and_then(|(control, treatment)| control.relative(&treatment)),
                both.and_then(|(control, treatment)| control.relative_limits(&treatment, self.level())),
            ),
            statistic: test.into(),
            test: Some(TestStatistic::Z),
            p: test.map(normal_p).into(),
            p_holm: Number::undefined("not adjusted yet"),
        }
    }

    fn by_cluster(&self) -> Primary {
        let (control, treatment) = self.counts();
        let outcome = |row: usize| f64::from(self.units.won[row]);
        let clustered = self.clustered(outcome);
        let rate = |count: Count| Estimate::with(count.rate(), Err(Undefined::TooFewClusters));
        Primary {
            control: rate(control),
            treatment: rate(treatment),
            difference: clustered.difference,
            relative: Estimate::with(
                proportion::rate_ratio(control, treatment).map(|ratio| ratio - 1.0),
                Err(Undefined::TooFewClusters),
            ),
            statistic: clustered.statistic,
            test: Some(TestStatistic::T),
            p: clustered.p,
            p_holm: Number::undefined("not adjusted yet"),
            method: clustered.method,
        }
    }

    /// CR2 from six clusters an arm, permutation of whole clusters from three, nothing below.
    fn clustered(&self, outcome: impl Fn(usize) -> f64) -> Clustered {
        let rows: Vec<usize> = self.units.mature_rows(0).chain(self.units.mature_rows(self.arm)).collect();
        let Some(cluster) = &self.units.cluster else { return Clustered::refused("no clusters are named") };
        let mut number = std::collections::BTreeMap::new();
        let cluster: Vec<usize> = rows
            .iter()
            .map(|&row| {
                let next = number.len();
                *number.entry(cluster[row]).or_insert(next)
            })
            .collect();
        let values: Vec<f64> = rows.iter().map(|&row| outcome(row)).collect();
        let treated: Vec<bool> = rows.iter().map(|&row| self.units.arm[row] == self.arm).collect();
        let weight: Vec<f64> = rows.iter().map(|&row| self.units.weight(row)).collect();
        let arms = ClusteredArms { outcome: &values, treated: &treated, cluster: &cluster, weight: Some(&weight) };
        let in_arm = |side: bool| {
            let mut ids: Vec<usize> = (0..rows.len()).filter(|&i| treated[i] == side).map(|i| cluster[i]).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.len()
        };
        let fewest = in_arm(false).min(in_arm(true));
        let result = clustered_difference(&arms);
        if fewest >= CLUSTERS {
            let limits = result
                .difference
                .and_then(|d| Ok(Interval::around(d, t_critical(self.level(), result.cr2.df?) * result.cr2.se?)));
            return Clustered {
                difference: Estimate::with(result.difference, limits),
                statistic: result.cr2.t.into(),
                p: result.cr2.p.into(),
                method: format!("by cluster: CR2 with Satterthwaite degrees of freedom, {} clusters", result.clusters),
            };
        }
        if fewest >= FEWEST {
            return Clustered {
                difference: Estimate::with(result.difference, Err(Undefined::TooFewClusters)),
                statistic: Number::undefined("exact permutation"),
                p: permutation_p(&arms).into(),
                method: format!(
                    "by cluster: exact permutation of {} clusters (no interval below six an arm{})",
                    result.clusters,
                    if result.clusters == 6 { "; three against three cannot go below p = 0.1" } else { "" }
                ),
            };
        }
        Clustered::refused(&format!("{fewest} clusters in an arm: below three nothing can be said"))
    }

    /// Among mature converters: days from the assignment to the conversion. Unlike the restricted mean it does not
    /// carry the noise of the rate.
    fn speed(&self) -> (Option<Line>, Vec<String>) {
        let (Some(horizon), Some((time, _))) = (self.test.horizon, &self.units.followed) else {
            return (None, Vec::new());
        };
        let days: Vec<f64> = (0..self.units.len())
            .map(|row| if self.units.won[row] && self.units.mature[row] { time[row] } else { f64::NAN })
            .collect();
        let (a, b) = (self.side(0, &days), self.side(self.arm, &days));
        let result = difference_of_means(&Values::weighted(&a.0, &a.1), &Values::weighted(&b.0, &b.1), self.level());
        let test = if self.units.is_assigned_by_cluster() { Err(Undefined::TooFewClusters) } else { result.test };
        let line = Line {
            name: "Days from assignment to conversion, of those who convert".into(),
            unit: LineUnit::Days,
            control: result.control.into(),
            treatment: result.treatment.into(),
            difference: Estimate::with(result.difference, test.map(|test| test.interval)),
            statistic: test.map(|test| test.t).into(),
            test: Some(TestStatistic::T),
            p: test.map(|test| test.p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: format!("conversions within {horizon} days of finished units, Welch t"),
        };
        (Some(line), self.still_rising(horizon))
    }

    /// Mean days without a conversion up to the horizon, of all units: it falls with more conversions as with sooner ones.
    fn restricted_mean(&self) -> Option<Line> {
        let horizon = self.test.horizon.filter(|_| self.units.is_timed())?;
        let curve = |arm: usize| self.units.curve(arm);
        let mean = |arm: usize| curve(arm).and_then(|curve| curve.restricted_mean(horizon));
        let (control, treatment) = (mean(0), mean(self.arm));
        let by_cluster = self.units.is_assigned_by_cluster();
        let both = control.and_then(|control| Ok((treatment?.point - control.point, control.se.hypot(treatment?.se))));
        let tested = both.and_then(|(d, se)| match (by_cluster, se > 0.0) {
            (true, _) => Err(Undefined::TooFewClusters),
            (_, true) => Ok(d / se),
            _ => Err(Undefined::ZeroVariance),
        });
        let limits = both.and_then(|(d, se)| {
            if by_cluster {
                Err(Undefined::TooFewClusters)
            } else {
                Ok(Interval::around(d, normal_critical(self.level()) * se))
            }
        });
        Some(Line {
            name: "Mean days without a conversion, of all".into(),
            unit: LineUnit::Days,
            control: control.map(|mean| mean.point).into(),
            treatment: treatment.map(|mean| mean.point).into(),
            difference: Estimate::with(both.map(|both| both.0), limits),
            statistic: tested.into(),
            test: Some(TestStatistic::Z),
            p: tested.map(normal_p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: format!("restricted mean up to {horizon} days, z"),
        })
    }

    /// More by the horizon may be only sooner where the curves still rise there.
    fn still_rising(&self, horizon: f64) -> Vec<String> {
        let late = |arm: usize| {
            let curve = self.units.curve(arm).ok()?;
            let (before, after) = (curve.at(0.75 * horizon).ok()?.value, curve.at(horizon).ok()?.value);
            (after > 0.0).then(|| (after - before) / after)
        };
        let latest = [0, self.arm].into_iter().filter_map(late).fold(0.0, f64::max);
        if latest <= 0.1 {
            return Vec::new();
        }
        vec![format!(
            "conversions still come in at the horizon ({:.0} % of them in its last quarter): more by day {horizon} may in part be sooner",
            100.0 * latest
        )]
    }

    fn by_horizon(&self) -> Vec<EffectPoint> {
        let Some(horizon) = self.test.horizon.filter(|_| self.units.is_timed() && !self.units.is_assigned_by_cluster())
        else {
            return Vec::new();
        };
        let (Ok(control), Ok(treatment)) = (self.units.curve(0), self.units.curve(self.arm)) else { return Vec::new() };
        let point = |days: f64| {
            let (a, b) = (At::of(&control, days, self.level()).ok()?, At::of(&treatment, days, self.level()).ok()?);
            let limits = a.difference(&b);
            Some(EffectPoint { days, difference: b.value - a.value, low: limits.low, high: limits.high })
        };
        (1..=GRID).filter_map(|step| point(horizon * step as f64 / GRID as f64)).collect()
    }

    fn secondary(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.restricted_mean().into_iter().collect();
        if let Some(value) = &self.units.value {
            let mut revenue = self.mean_line(&format!("Revenue per {}", self.test.unit), value);
            revenue.method += &chance_of_more(&revenue);
            lines.push(revenue);
            if self.units.weight.is_none() {
                lines.push(self.winsorised(value));
                lines.extend(self.ranked(value));
            }
        }
        lines.extend(self.units.ratios.iter().map(|ratio| self.ratio(ratio)));
        lines.extend(self.units.covariate.as_ref().map(|covariate| self.adjusted(covariate)));
        lines.extend(self.units.stratum.as_ref().map(|stratum| self.stratified(stratum)));
        lines
    }

    fn side(&self, arm: usize, column: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let rows = self.units.mature_rows(arm).filter(|&row| !column[row].is_nan());
        rows.map(|row| (column[row], self.units.weight(row))).unzip()
    }

    /// Welch's test, or the clusters'.
    fn mean_line(&self, name: &str, column: &[f64]) -> Line {
        let (a, b) = (self.side(0, column), self.side(self.arm, column));
        let result = difference_of_means(&Values::weighted(&a.0, &a.1), &Values::weighted(&b.0, &b.1), self.level());
        let mut line = Line {
            name: name.into(),
            unit: LineUnit::Money,
            control: result.control.into(),
            treatment: result.treatment.into(),
            difference: Estimate::with(result.difference, result.test.map(|test| test.interval)),
            statistic: result.test.map(|test| test.t).into(),
            test: Some(TestStatistic::T),
            p: result.test.map(|test| test.p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: match result.log_ratio {
                Ok(ratio) => format!(
                    "Welch t; relative {:+.1} % to {:+.1} % by the log ratio",
                    100.0 * ratio.low,
                    100.0 * ratio.high
                ),
                Err(_) => "Welch t".into(),
            },
        };
        if self.units.is_assigned_by_cluster() {
            let clustered = self.clustered(|row| if column[row].is_nan() { 0.0 } else { column[row] });
            (line.difference, line.statistic) = (clustered.difference, clustered.statistic);
            (line.p, line.method) = (clustered.p, clustered.method);
        }
        line
    }

    /// The setting's quantile of the values won in all arms.
    fn cap(&self, value: &[f64]) -> f64 {
        let won: Vec<f64> = value.iter().copied().filter(|value| *value > 0.0).collect();
        quantile::of(&won, self.test.winsor).unwrap_or(f64::INFINITY)
    }

    fn worth(&self, value: &[f64]) -> Worth {
        let cap = self.units.weight.is_none().then(|| self.cap(value)).filter(|cap| cap.is_finite());
        let capped: Vec<f64> = value.iter().map(|value| value.min(cap.unwrap_or(f64::INFINITY))).collect();
        let line = self.mean_line("", &capped);
        let difference = match self.test.monitoring {
            Monitoring::Anytime { leads } => self.at_any_time(&line, leads),
            _ => line.difference,
        };
        let rows = |arm: usize| self.units.mature_rows(arm);
        let sum = |arm: usize| rows(arm).map(|row| self.units.weight(row) * value[row]).sum::<f64>();
        let (control_sum, treatment_sum) = (sum(0), sum(self.arm));
        let mut largest: Vec<f64> = rows(0).chain(rows(self.arm)).map(|row| value[row]).collect();
        largest.sort_by(|a, b| b.total_cmp(a));
        let share = match self.units.weight {
            Some(_) => Number::undefined("only means are known"),
            None if control_sum + treatment_sum <= 0.0 => Undefined::Empty.into(),
            None => (largest.iter().take(LARGEST).sum::<f64>() / (control_sum + treatment_sum)).into(),
        };
        let call = match (share.finite(), direction(&difference)) {
            (Some(share), _) if share >= MADE_BY_FEW => WorthCall::MadeByFew,
            (_, Some(true)) => WorthCall::More,
            (_, Some(false)) => WorthCall::Less,
            (_, None) => WorthCall::NoDifferenceShown,
        };
        Worth { cap, difference, control_sum, treatment_sum, largest_share: share, call }
    }

    /// The difference of a line with the interval of a confidence sequence.
    fn at_any_time(&self, line: &Line, leads: f64) -> Estimate {
        let Some((difference, t)) =
            line.difference.point.finite().zip(line.statistic.finite()).filter(|(_, t)| *t != 0.0)
        else {
            return line.difference.clone();
        };
        let n = self.units.sum(self.units.mature_rows(0)) + self.units.sum(self.units.mature_rows(self.arm));
        let planned = leads * self.test.share_of_pair(self.arm);
        let variance = (difference / t).powi(2);
        let interval = asymptotic_interval(difference, variance, n, self.test.alpha_of_one(), planned);
        Estimate::with(Ok(difference), interval)
    }

    fn winsorised(&self, value: &[f64]) -> Line {
        let cap = self.cap(value);
        let capped: Vec<f64> = value.iter().map(|value| value.min(cap)).collect();
        let name = format!(
            "Revenue per {}, capped at the {:.0} % quantile of values won",
            self.test.unit,
            100.0 * self.test.winsor
        );
        self.mean_line(&name, &capped)
    }

    fn ranked(&self, value: &[f64]) -> Option<Line> {
        if self.units.is_assigned_by_cluster() {
            return None;
        }
        let (a, b) = (self.side(0, value).0, self.side(self.arm, value).0);
        let result = mann_whitney(&Values::new(&a), &Values::new(&b));
        Some(Line {
            name: format!("Chance that a {} brings more than one of the control", self.test.unit),
            unit: LineUnit::Share,
            control: 0.5.into(),
            treatment: result.map(|result| result.superiority).into(),
            difference: Estimate {
                point: result.map(|result| result.superiority - 0.5).into(),
                low: Number::undefined("a test without an interval"),
                high: Number::undefined("a test without an interval"),
            },
            statistic: result.map(|result| result.u).into(),
            test: Some(TestStatistic::U),
            p: result.and_then(|result| result.p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: "Mann–Whitney, ties by half (a test, no interval)".into(),
        })
    }

    fn ratio(&self, ratio: &RatioColumn) -> Line {
        let side = |arm: usize| {
            let (numerator, weight) = self.side(arm, &ratio.numerator);
            (numerator, self.side(arm, &ratio.denominator).0, weight)
        };
        let (a, b) = (side(0), side(self.arm));
        let of = |side: &'_ (Vec<f64>, Vec<f64>, Vec<f64>)| (side.0.clone(), side.1.clone(), side.2.clone());
        let (a, b) = (of(&a), of(&b));
        let control = RatioUnits { numerator: &a.0, denominator: &a.1, weight: Some(&a.2) };
        let treatment = RatioUnits { numerator: &b.0, denominator: &b.1, weight: Some(&b.2) };
        let result = difference_of_ratios(&control, &treatment, self.level());
        let refused = self.units.is_assigned_by_cluster();
        let guard = |value: Result<f64, Undefined>| if refused { Err(Undefined::TooFewClusters) } else { value };
        Line {
            name: ratio.name.clone(),
            unit: LineUnit::Plain,
            control: result.control.into(),
            treatment: result.treatment.into(),
            difference: Estimate::with(
                result.difference,
                if refused { Err(Undefined::TooFewClusters) } else { result.interval },
            ),
            statistic: guard(result.test.map(|test| test.z)).into(),
            test: Some(TestStatistic::Z),
            p: guard(result.test.map(|test| test.p)).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: "ratio of sums, delta method".into(),
        }
    }

    /// Conversion with what the covariate explains taken out; a missing covariate counts as the mean of all.
    fn adjusted(&self, covariate: &[f64]) -> Line {
        let known = covariate.iter().copied().filter(|value| !value.is_nan());
        let (n, sum) = known.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
        let filled: Vec<f64> =
            covariate.iter().map(|value| if value.is_nan() { sum / f64::max(n, 1.0) } else { *value }).collect();
        let won: Vec<f64> = self.units.won.iter().map(|won| f64::from(*won)).collect();
        let side = |arm: usize| (self.side(arm, &won), self.side(arm, &filled).0);
        let (a, b) = (side(0), side(self.arm));
        let of = |side: &'_ ((Vec<f64>, Vec<f64>), Vec<f64>)| (side.0.0.clone(), side.1.clone(), side.0.1.clone());
        let (a, b) = (of(&a), of(&b));
        let result = cuped(
            &Covaried { value: &a.0, covariate: &a.1, weight: Some(&a.2) },
            &Covaried { value: &b.0, covariate: &b.1, weight: Some(&b.2) },
        );
        let refused = self.units.is_assigned_by_cluster();
        let pooled = if refused { Err(Undefined::TooFewClusters) } else { result.pooled };
        let limits = pooled.and_then(|at| Ok(Interval::around(at.difference?, normal_critical(self.level()) * at.se?)));
        let spared = match result.variance_reduction {
            Ok(share) => format!("{:.1} % of the variance removed", 100.0 * share),
            Err(reason) => format!("variance reduction undefined: {reason}"),
        };
        Line {
            name: "Conversion of finished units, adjusted for the covariate".into(),
            unit: LineUnit::Share,
            control: self.units.count(self.units.mature_rows(0)).rate().into(),
            treatment: self.units.count(self.units.mature_rows(self.arm)).rate().into(),
            difference: Estimate::with(pooled.and_then(|at| at.difference), limits),
            statistic: pooled.and_then(|at| at.test).map(|test| test.z).into(),
            test: Some(TestStatistic::Z),
            p: pooled.and_then(|at| at.test).map(|test| test.p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: format!("CUPED, pooled slope; {spared}"),
        }
    }

    fn stratified(&self, stratum: &[usize]) -> Line {
        let strata: Vec<Stratum> = (0..stratum.iter().max().map_or(0, |last| last + 1))
            .map(|one| {
                let count =
                    |arm: usize| self.units.count(self.units.mature_rows(arm).filter(|&row| stratum[row] == one));
                Stratum { control: count(0), treatment: count(self.arm) }
            })
            .collect();
        let refused = self.units.is_assigned_by_cluster();
        let pooled = if refused { Err(Undefined::TooFewClusters) } else { strata::risk_difference(&strata) };
        let test = pooled.and_then(|at| {
            if at.sato_error > 0.0 { Ok(at.difference / at.sato_error) } else { Err(Undefined::ZeroVariance) }
        });
        Line {
            name: "Conversion of finished units, within strata".into(),
            unit: LineUnit::Share,
            control: self.units.count(self.units.mature_rows(0)).rate().into(),
            treatment: self.units.count(self.units.mature_rows(self.arm)).rate().into(),
            difference: Estimate::with(
                pooled.map(|at| at.difference),
                pooled.map(|at| Interval::around(at.difference, normal_critical(self.level()) * at.sato_error)),
            ),
            statistic: test.into(),
            test: Some(TestStatistic::Z),
            p: test.map(normal_p).into(),
            p_bh: Number::undefined("not adjusted yet"),
            method: "Mantel–Haenszel difference, Sato's error".into(),
        }
    }

    fn guardrail(&self, column: &GuardrailColumn) -> Guardrail {
        let line = self.mean_line(&column.name, &column.value);
        let holds = line.difference.interval().map(|limits| {
            if column.lower_is_better { limits.high <= column.margin } else { limits.low >= -column.margin }
        });
        Guardrail { name: column.name.clone(), margin: column.margin, difference: line.difference, holds }
    }
}

/// The posterior chance that the arm brings more, under a flat prior; nothing where there is no t.
fn chance_of_more(line: &Line) -> String {
    let (Some(difference), Some(t)) = (line.difference.point.finite(), line.statistic.finite().filter(|t| *t != 0.0))
    else {
        return String::new();
    };
    let posterior = normal_posterior(difference, (difference / t).abs(), None);
    posterior.map_or(String::new(), |posterior| {
        format!("; {:.1} % chance to bring more (normal posterior)", 100.0 * posterior.treatment_better)
    })
}

struct Clustered {
    difference: Estimate,
    statistic: Number,
    p: Number,
    method: String,
}

impl Clustered {
    fn refused(reason: &str) -> Self {
        Self {
            difference: Estimate::undefined(reason),
            statistic: Number::undefined(reason),
            p: Number::undefined(reason),
            method: format!("by cluster: {reason}"),
        }
    }
}

/// A curve at one time.
#[derive(Clone, Copy)]
struct At {
    value: f64,
    se: f64,
    limits: Interval,
}

impl At {
    fn of(curve: &Curve, days: f64, level: f64) -> Result<Self, Undefined> {
        let point = curve.at(days)?;
        let limits = if point.value > 0.0 { point.log_log(level)? } else { Interval::new(0.0, 0.0) };
        Ok(Self { value: point.value, se: point.se?, limits })
    }

    fn test(&self, treatment: &Self) -> Result<f64, Undefined> {
        let se = self.se.hypot(treatment.se);
        if se > 0.0 { Ok((treatment.value - self.value) / se) } else { Err(Undefined::ZeroVariance) }
    }

    /// From the limits of both by squaring and adding, as Newcombe's (1998) from Wilson's. Zou & Donner (2008).
    fn difference(&self, treatment: &Self) -> Interval {
        let d = treatment.value - self.value;
        let below = (treatment.value - treatment.limits.low).hypot(self.limits.high - self.value);
        let above = (treatment.limits.high - treatment.value).hypot(self.value - self.limits.low);
        Interval::new(d - below, d + above)
    }

    fn relative(&self, treatment: &Self) -> Result<f64, Undefined> {
        if self.value > 0.0 { Ok(treatment.value / self.value - 1.0) } else { Err(Undefined::ZeroControl) }
    }

    fn relative_limits(&self, treatment: &Self, level: f64) -> Result<Interval, Undefined> {
        let ratio = 1.0 + self.relative(treatment)?;
        if ratio <= 0.0 {
            return Err(Undefined::ZeroCount);
        }
        let half = normal_critical(level) * (self.se / self.value).hypot(treatment.se / treatment.value);
        Ok(Interval::around(ratio.ln(), half).map(|log| log.exp_m1()))
    }
}
