use crate::result::trial::Arm;
use crate::result::{Curve, CurvePoint, Estimate, Number};
use crate::stats::Undefined;
use crate::stats::ab::beta_binomial;
use crate::stats::proportion::wilson;
use crate::stats::survival::{self, End};

use super::Test;
use super::units::Units;

/// Steps of a curve that are kept.
const STEPS: usize = 200;

pub(super) fn summaries(test: &Test, units: &Units) -> Vec<Arm> {
    let counts: Vec<_> = (0..test.arms.len()).map(|arm| units.count(units.mature_rows(arm))).collect();
    let (converted, leads): (Vec<f64>, Vec<f64>) = counts.iter().map(|count| (count.successes, count.n)).unzip();
    // An arm without leads would win by its prior alone.
    let compared =
        if leads.contains(&0.0) { Err(Undefined::Empty) } else { beta_binomial(&converted, &leads, (1.0, 1.0)) };
    let of = |arm: usize| Arm {
        name: test.arms[arm].name.clone(),
        weight: test.arms[arm].weight,
        units: units.sum(units.rows(arm)).round() as u64,
        mature: leads[arm].round() as u64,
        conversions: converted[arm].round() as u64,
        rate: Estimate::with(counts[arm].rate(), wilson(converted[arm], leads[arm], test.confidence)),
        best: compared.as_ref().map(|best| best.probability[arm]).map_err(|reason| *reason).into(),
        expected_loss: compared.as_ref().map(|best| best.expected_loss[arm]).map_err(|reason| *reason).into(),
        curve: curve(test, units, arm),
    };
    (0..test.arms.len()).map(of).collect()
}

fn curve(test: &Test, units: &Units, arm: usize) -> Option<Curve> {
    let (time, end) = units.followed.as_ref()?;
    let curve = units.curve(arm).ok()?;
    let to = test.horizon.unwrap_or(curve.last_time()).min(curve.last_time().max(0.0));
    let ended =
        |kind: End| units.sum(units.rows(arm).filter(|&row| end[row] == kind && time[row] <= to)).round() as u64;
    let at = curve.at(to);
    Some(Curve {
        label: test.arms[arm].name.clone(),
        leads: units.sum(units.rows(arm)).round() as u64,
        wins: ended(End::Converted),
        losses: ended(End::Lost),
        points: thinned(&curve, to, test.confidence),
        to_days: to,
        incidence: Estimate::with(at.map(|at| at.value), at.and_then(|at| at.log_log(test.confidence))),
        restricted_mean: match curve.restricted_mean(to) {
            Ok(mean) => Estimate::new(mean.point, mean.interval(test.confidence)),
            Err(reason) => Estimate::undefined(reason.to_string()),
        },
        median: curve.quantile(0.5).into(),
        median_of_wins: Number::undefined("see the evaluation"),
    })
}

fn thinned(curve: &survival::Curve, to: f64, level: f64) -> Vec<CurvePoint> {
    let moments = curve.moments();
    let risen: Vec<usize> =
        (0..moments.len()).filter(|&i| moments[i].converted > 0.0 && moments[i].time <= to).collect();
    let stride = risen.len().div_ceil(STEPS).max(1);
    let points: Vec<_> = curve.points().collect();
    let kept = risen.iter().enumerate().filter(|(k, _)| k % stride == 0 || k + 1 == risen.len()).map(|(_, &i)| i);
    kept.map(|i| {
        let band = points[i].log_log(level);
        CurvePoint {
            days: moments[i].time,
            incidence: points[i].value,
            low: band.map_or(points[i].value, |band| band.low),
            high: band.map_or(points[i].value, |band| band.high),
        }
    })
    .collect()
}
