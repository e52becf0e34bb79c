use crate::result::{Curve, CurveMethod, CurvePoint, Estimate, NoCurves, TimeToConvert};
use crate::stats::linear::Matrix;
use crate::stats::survival::{self, ChiSquare, End, Followed, RestrictedMean, Weighting};
use crate::stats::{Undefined, clustered, quantile};

use super::LEVEL;
use super::bracket::Cuts;
use super::cohort::{Cohort, Endings, PartOfRun, Scored};

/// A drawn curve has at most this many steps.
const STEPS: usize = 200;

/// Curves of the time from `as_of` to conversion, one a bracket, over all scored leads, mature or not.
pub(super) fn time_to_convert(cohort: &Cohort, model: &Scored, cuts: &Cuts) -> TimeToConvert {
    let Some(endings) = cohort.leads().endings.as_ref().filter(|_| cohort.design().timed) else {
        return refused(NoCurves::NoTimes);
    };
    let mut rows = model.scored(cohort.mature());
    rows.extend(model.scored(cohort.immature()));
    rows.sort_unstable();
    let time: Vec<f64> = rows.iter().map(|&row| endings.days[row]).collect();
    let end: Vec<End> = rows.iter().map(|&row| endings.how[row]).collect();
    let place: Vec<usize> = rows.iter().map(|&row| cuts.place(cohort.fit_of(row), model.score[row])).collect();
    let test = tested(cohort, &rows, &Followed::new(&time, &end), &place);
    let to_days = cohort.design().horizon_days.unwrap_or_else(|| time.iter().copied().fold(0.0, f64::max));
    let curve = |bracket: usize| {
        let inside: Vec<usize> = (0..rows.len()).filter(|&i| place[i] == bracket).collect();
        let time: Vec<f64> = inside.iter().map(|&i| time[i]).collect();
        let end: Vec<End> = inside.iter().map(|&i| end[i]).collect();
        let mature: Vec<usize> = inside.iter().map(|&i| rows[i]).collect();
        Curve {
            label: cuts.label(bracket),
            median_of_wins: median_of_wins(cohort, endings, &mature).into(),
            ..one(cohort, &mature, &time, &end, to_days)
        }
    };
    TimeToConvert {
        refused: None,
        method: Some(if cohort.design().losses { CurveMethod::CumulativeIncidence } else { CurveMethod::KaplanMeier }),
        curves: (0..cuts.len()).map(curve).collect(),
        logrank_chi2: test.map(|test| test.chi2).into(),
        logrank_df: test.map(|test| test.df).into(),
        logrank_p: test.map(|test| test.p).into(),
    }
}

/// The log-rank test of the brackets; over accounts with the covariance of their sums (Lin & Wei 1989).
fn tested(cohort: &Cohort, rows: &[usize], followed: &Followed, place: &[usize]) -> Result<ChiSquare, Undefined> {
    let test = survival::log_rank(followed, place, None, Weighting::Equal);
    let Some(account) = cohort.account_of(rows) else { return test.test() };
    if cohort.accounts().refused.is_some() {
        return Err(Undefined::TooFewClusters);
    }
    let residuals = survival::log_rank_residuals(followed, place);
    let sums: Vec<Vec<f64>> = residuals.iter().map(|own| clustered::sums(&account, |row| own[row])).collect();
    let product = |a: usize, b: usize| sums[a].iter().zip(&sums[b]).map(|(a, b)| a * b).sum();
    test.varying(Matrix::from_fn(sums.len(), sums.len(), product)).test()
}

/// How many times as large as over independent leads the standard errors of the incidence at some days, and of the area
/// under it, are.
fn widening(cohort: &Cohort, rows: &[usize], followed: &Followed, days: f64) -> Result<[f64; 2], Undefined> {
    let Some(account) = cohort.account_of(rows) else { return Ok([1.0; 2]) };
    if cohort.accounts().refused.is_some() {
        return Err(Undefined::TooFewClusters);
    }
    let influence = survival::IncidenceInfluence::of(followed, days);
    let root = |influence: &[f64]| match clustered::design_effect(influence, &account) {
        // Nobody has converted yet: no spread to widen.
        Err(Undefined::ZeroVariance) => Ok(1.0),
        effect => effect.map(f64::sqrt),
    };
    Ok([root(&influence.at)?, root(&influence.area)?])
}

fn refused(reason: NoCurves) -> TimeToConvert {
    TimeToConvert {
        refused: Some(reason),
        method: None,
        curves: Vec::new(),
        logrank_chi2: Undefined::NoTimes.into(),
        logrank_df: Undefined::NoTimes.into(),
        logrank_p: Undefined::NoTimes.into(),
    }
}

/// The curve of some leads. Without losses the incidence is one minus Kaplan-Meier.
fn one(cohort: &Cohort, rows: &[usize], time: &[f64], end: &[End], to_days: f64) -> Curve {
    let count = |kind: End| end.iter().filter(|end| **end == kind).count() as u64;
    let curve = survival::cumulative_incidence(&Followed::new(time, end));
    let at = curve.as_ref().map_err(|reason| *reason).and_then(|curve| curve.at(to_days));
    let mean = curve.as_ref().map_err(|reason| *reason).and_then(|curve| curve.restricted_mean(to_days));
    let widening = widening(cohort, rows, &Followed::new(time, end), to_days);
    let band = at.and_then(|point| point.widened(widening?[0]).log_log(LEVEL));
    let mean_interval = mean.and_then(|mean| Ok(RestrictedMean { se: widening?[1] * mean.se, ..mean }.interval(LEVEL)));
    Curve {
        label: String::new(),
        leads: time.len() as u64,
        wins: count(End::Converted),
        losses: if cohort.design().losses { count(End::Lost) } else { 0 },
        points: curve.as_ref().map(|curve| drawn(curve, to_days, widening.map(|[at, _]| at))).unwrap_or_default(),
        to_days,
        incidence: Estimate::with(at.map(|point| point.value), band),
        restricted_mean: Estimate::with(mean.map(|mean| mean.point), mean_interval),
        median: curve.and_then(|curve| curve.first_passage(0.5)).into(),
        median_of_wins: Undefined::NoEvents.into(),
    }
}

/// The steps to draw: at most [`STEPS`], from 0 to the horizon; the band so many times as wide as over independent leads.
fn drawn(curve: &survival::Curve, to_days: f64, widening: Result<f64, Undefined>) -> Vec<CurvePoint> {
    let start = CurvePoint { days: 0.0, incidence: 0.0, low: 0.0, high: 0.0 };
    let last = curve.last_time().min(to_days).max(0.0);
    let moments = curve.moments().iter().filter(|moment| moment.time <= last).count();
    let times: Vec<f64> = if moments <= STEPS {
        curve.moments()[..moments].iter().map(|moment| moment.time).collect()
    } else {
        (1..=STEPS).map(|step| last * step as f64 / STEPS as f64).collect()
    };
    let point = |days: f64| {
        let point = curve.at(days).ok()?;
        let band = widening.and_then(|factor| point.widened(factor).log_log(LEVEL)).ok();
        let (low, high) = band.map_or((point.value, point.value), |band| (band.low, band.high));
        Some(CurvePoint { days, incidence: point.value, low, high })
    };
    std::iter::once(start).chain(times.into_iter().filter_map(point)).collect()
}

/// The median days from `as_of` to the win, over mature converters within the horizon.
fn median_of_wins(cohort: &Cohort, endings: &Endings, rows: &[usize]) -> Result<f64, Undefined> {
    let leads = cohort.leads();
    let mature = |row: &&usize| leads.converted[**row] && leads.part[**row] == PartOfRun::Mature;
    let days: Vec<f64> = rows.iter().filter(mature).map(|&row| endings.days[row]).collect();
    quantile::of(&days, 0.5).ok_or(Undefined::NoEvents)
}
