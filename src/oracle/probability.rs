//! Adapters: calibration, regression.

use super::{Adapter, Answer, Case, OracleError, Value};
use crate::stats::calibration::{self, Binning};
use crate::stats::linear::Matrix;
use crate::stats::regression::{self, Coefficient, Rows};
use crate::stats::{Sample, Tally, Undefined};

pub(super) const STATS: &[(&str, Adapter)] = &[
    ("brier", brier),
    ("spiegelhalter", spiegelhalter),
    ("isotonic_corp", isotonic_corp),
    ("ece", ece),
    ("hosmer_lemeshow", hosmer_lemeshow),
    ("decision_curve", decision_curve),
    ("cox_calibration", cox_calibration),
    ("beta_calibration", beta_calibration),
    ("lowess_eavg", lowess_eavg),
    ("ici_loess", ici_loess),
    ("platt", platt),
    ("logit_mle", logit_mle),
    ("logit_ridge", logit_ridge),
    ("logit_firth", logit_firth),
    ("vif", vif),
];

/// The rows where every column has a number.
fn complete(columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let rows = columns.first().map_or(0, Vec::len);
    let kept: Vec<usize> = (0..rows).filter(|&i| columns.iter().all(|column| !column[i].is_nan())).collect();
    columns.iter().map(|column| kept.iter().map(|&i| column[i]).collect()).collect()
}

fn tally(case: &Case, score: &str) -> Result<Tally, OracleError> {
    let mut columns = vec![case.numbers(score)?, case.numbers("y")?];
    if case.has("weight") {
        columns.push(case.numbers("weight")?);
    }
    let columns = complete(columns);
    let converted: Vec<bool> = columns[1].iter().map(|&y| y == 1.0).collect();
    let weight = columns.get(2).map(Vec::as_slice);
    Ok(Sample { score: &columns[0], converted: &converted, weight }.tally())
}

fn brier(case: &Case) -> Result<Answer, OracleError> {
    let tally = &tally(case, "p")?;
    let (whole, binned) = (calibration::murphy(tally), calibration::binned_murphy(tally, Binning::Width(10)));
    Ok(Answer::new()
        .with("brier", calibration::brier(tally))
        .with("brier_skill", calibration::brier_skill(tally))
        .with("reliability", whole.map(|parts| parts.reliability))
        .with("resolution", whole.map(|parts| parts.resolution))
        .with("uncertainty", whole.map(|parts| parts.uncertainty))
        .with("log_loss_unclipped", calibration::log_loss(tally))
        .with("bin10_reliability", binned.map(|parts| parts.murphy.reliability))
        .with("bin10_resolution", binned.map(|parts| parts.murphy.resolution))
        .with("bin10_within_var", binned.map(|parts| parts.within_variance))
        .with("bin10_within_cov", binned.map(|parts| parts.within_covariance)))
}

fn spiegelhalter(case: &Case) -> Result<Answer, OracleError> {
    let test = calibration::spiegelhalter(&tally(case, "p")?);
    Ok(Answer::new().with("z", test.map(|test| test.z)).with("p", test.map(|test| test.p_value)))
}

fn isotonic_corp(case: &Case) -> Result<Answer, OracleError> {
    let tally = tally(case, "p")?;
    let (blocks, parts) = (calibration::isotonic(&tally), calibration::corp(&tally));
    let of = |value: fn(&calibration::Block) -> f64| blocks.iter().map(value).collect::<Vec<f64>>();
    Ok(Answer::new()
        .with("block_lo", of(|block| block.low))
        .with("block_hi", of(|block| block.high))
        .with("block_n", of(|block| block.count))
        .with("block_value", of(|block| block.value))
        .with("mcb", parts.map(|parts| parts.miscalibration))
        .with("dsc", parts.map(|parts| parts.discrimination))
        .with("unc", parts.map(|parts| parts.uncertainty))
        .with("brier", parts.map(|parts| parts.brier)))
}

fn ece(case: &Case) -> Result<Answer, OracleError> {
    let tally = tally(case, "p")?;
    let bins = case.get("bins").unwrap_or(10);
    let width = calibration::reliability_bins(&tally, Binning::Width(bins));
    let mass = calibration::reliability_bins(&tally, Binning::Mass(bins));
    let errors = |bins: &Result<Vec<calibration::ReliabilityBin>, Undefined>| match bins {
        Ok(bins) => calibration::calibration_error(bins),
        Err(reason) => Err(*reason),
    };
    let (by_width, by_mass) = (errors(&width), errors(&mass));
    Ok(Answer::new()
        .with("ece_width", by_width.map(|error| error.expected))
        .with("mce_width", by_width.map(|error| error.largest))
        .with("width_n", each(&width, |bin| bin.count))
        .with("width_conf", each(&width, |bin| bin.predicted))
        .with("width_acc", each(&width, |bin| bin.observed))
        .with("ece_mass", by_mass.map(|error| error.expected))
        .with("mce_mass", by_mass.map(|error| error.largest))
        .with("mass_n", each(&mass, |bin| bin.count)))
}

/// One value of every item, or why there are none.
fn each<T, V: Into<Value>>(items: &Result<Vec<T>, Undefined>, value: impl Fn(&T) -> V) -> Value {
    match items {
        Ok(items) => items.iter().map(value).collect::<Vec<V>>().into(),
        Err(reason) => (*reason).into(),
    }
}

fn hosmer_lemeshow(case: &Case) -> Result<Answer, OracleError> {
    let test = calibration::hosmer_lemeshow(&tally(case, "p")?, case.get("g").unwrap_or(10));
    Ok(Answer::new()
        .with("chi2", test.and_then(|test| test.chi2))
        .with("groups", test.map(|test| test.groups as f64))
        .with("df_external", test.map(|test| test.external_degrees() as f64))
        .with("p_external", test.and_then(|test| test.external_p_value()))
        .with("df_insample", test.map(|test| test.fitted_degrees() as f64))
        .with("p_insample", test.and_then(|test| test.fitted_p_value())))
}

fn decision_curve(case: &Case) -> Result<Answer, OracleError> {
    let tally = tally(case, "p")?;
    let thresholds: Vec<f64> = case.get("thresholds")?;
    let curve: Result<Vec<_>, _> = thresholds.iter().map(|&t| calibration::net_benefit(&tally, t)).collect();
    Ok(Answer::new()
        .with("threshold", thresholds)
        .with("net_benefit", each(&curve, |at| at.model))
        .with("net_benefit_all", each(&curve, |at| at.all))
        .with("tp", each(&curve, |at| at.true_positives))
        .with("fp", each(&curve, |at| at.false_positives))
        .with("interventions_avoided_per_100", each(&curve, |at| at.avoided_per_100)))
}

fn cox_calibration(case: &Case) -> Result<Answer, OracleError> {
    let tally = &tally(case, "p")?;
    let (cox, large) = (calibration::cox(tally), calibration::in_the_large(tally));
    let of = |value: fn(&calibration::Cox) -> f64| cox.as_ref().map(value).map_err(|reason| *reason);
    Ok(Answer::new()
        .with("intercept", of(|cox| cox.intercept.point))
        .with("slope", of(|cox| cox.slope.point))
        .with("se_intercept", of(|cox| cox.intercept.standard_error))
        .with("se_slope", of(|cox| cox.slope.standard_error))
        .with("slope_ci95_lo", of(|cox| cox.slope.interval(0.95).low))
        .with("slope_ci95_hi", of(|cox| cox.slope.interval(0.95).high))
        .with("citl", large.map(|large| large.point))
        .with("se_citl", large.map(|large| large.standard_error))
        .with("loglik", of(|cox| cox.log_likelihood))
        .with("loglik_ideal", calibration::log_likelihood(tally))
        .with("lr_chi2_2df", of(|cox| cox.likelihood_ratio))
        .with("lr_p", of(|cox| cox.likelihood_ratio_p_value()))
        .with("wald_chi2_2df", of(|cox| cox.wald))
        .with("o_e_ratio", calibration::observed_expected(tally)))
}

fn beta_calibration(case: &Case) -> Result<Answer, OracleError> {
    let map = calibration::beta(&tally(case, "p")?);
    Ok(Answer::new().with("a", map.map(|map| map.a)).with("b", map.map(|map| map.b)).with("c", map.map(|map| map.c)))
}

fn lowess_eavg(case: &Case) -> Result<Answer, OracleError> {
    let error = calibration::lowess_error(&tally(case, "p")?);
    Ok(Answer::new()
        .with("eavg", error.map(|error| error.mean))
        .with("e50", error.map(|error| error.median))
        .with("e90", error.map(|error| error.ninetieth))
        .with("emax_at_data", error.map(|error| error.largest)))
}

fn ici_loess(case: &Case) -> Result<Answer, OracleError> {
    let error = calibration::loess_error(&tally(case, "p")?);
    Ok(Answer::new()
        .with("ici_direct", error.map(|error| error.mean))
        .with("e50_direct", error.map(|error| error.median))
        .with("e90_direct", error.map(|error| error.ninetieth))
        .with("emax_direct", error.map(|error| error.largest)))
}

fn platt(case: &Case) -> Result<Answer, OracleError> {
    let tally = tally(case, "score")?;
    let (smoothed, plain) = (calibration::platt(&tally), calibration::logistic_map(&tally));
    Ok(Answer::new()
        .with("platt_slope", smoothed.map(|map| map.slope))
        .with("platt_intercept", smoothed.map(|map| map.intercept))
        .with("mle_slope", plain.map(|map| map.slope))
        .with("mle_intercept", plain.map(|map| map.intercept)))
}

/// The outcome, the columns and the weights of a regression's complete rows.
struct Table {
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
    weight: Option<Vec<f64>>,
}

impl Table {
    fn of(case: &Case) -> Result<Self, OracleError> {
        let mut columns: Vec<Vec<f64>> =
            case.names("x")?.iter().map(|name| case.numbers_of(name)).collect::<Result<_, _>>()?;
        if case.has("y") {
            columns.push(case.numbers("y")?);
        }
        if case.has("weight") {
            columns.push(case.numbers("weight")?);
        }
        let mut columns = complete(columns);
        let weight = if case.has("weight") { columns.pop() } else { None };
        let y = if case.has("y") { columns.pop().unwrap_or_default() } else { Vec::new() };
        Ok(Self { y, x: columns, weight })
    }

    fn matrix(&self) -> Matrix {
        Matrix::from_fn(self.y.len(), self.x.len(), |i, j| self.x[j][i])
    }

    fn rows<'a>(&'a self, x: &'a Matrix) -> Rows<'a> {
        Rows { weight: self.weight.as_deref(), ..Rows::new(x, &self.y) }
    }
}

fn logit_mle(case: &Case) -> Result<Answer, OracleError> {
    let table = Table::of(case)?;
    let fit = regression::maximum_likelihood(&table.rows(&table.matrix()));
    let wald = fit.as_ref().map(|fit| fit.table()).map_err(|reason| *reason);
    Ok(Answer::new()
        .with("coef", each(&wald, |b| b.point))
        .with("se", each(&wald, |b| b.standard_error))
        .with("loglik", fit.map(|fit| fit.log_likelihood))
        .with("wald_lo", each(&wald, |b| b.interval(0.95).low))
        .with("wald_hi", each(&wald, |b| b.interval(0.95).high))
        .with("p", each(&wald, Coefficient::p_value)))
}

fn logit_ridge(case: &Case) -> Result<Answer, OracleError> {
    let table = Table::of(case)?;
    let x = table.matrix();
    let penalties: Vec<serde_json::Number> = case.get("lambda")?;
    Ok(penalties.iter().fold(Answer::new(), |answer, lambda| {
        let ridge = vec![lambda.as_f64().unwrap_or(f64::NAN); x.cols];
        let fit = regression::logistic(&table.rows(&x), &ridge);
        let of = |value: fn(&regression::Logistic) -> Value| fit.as_ref().map_or_else(|e| Value::from(*e), value);
        let lambda = key(lambda);
        answer
            .with(format!("coef_{lambda}"), of(|fit| fit.coefficients.clone().into()))
            .with(format!("se_bayes_{lambda}"), of(|fit| fit.standard_errors().into()))
            .with(format!("se_sandwich_{lambda}"), of(|fit| fit.sandwich_errors().into()))
            .with(format!("df_{lambda}"), of(|fit| fit.degrees_of_freedom.into()))
    }))
}

/// A number as keys spell it: two digits in an exponent.
fn key(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match text.split_once("e-") {
        Some((digits, exponent)) if exponent.len() == 1 => format!("{digits}e-0{exponent}"),
        _ => text,
    }
}

fn logit_firth(case: &Case) -> Result<Answer, OracleError> {
    let table = Table::of(case)?;
    let x = table.matrix();
    let fit = match regression::firth(&table.rows(&x)) {
        Ok(fit) => fit,
        Err(reason) => {
            let keys = ["coef", "se", "pen_loglik", "profile_lo", "profile_hi", "lrt_p"];
            return Ok(Answer::undefined(&keys, reason));
        }
    };
    let each_of = |value: &dyn Fn(usize) -> Value| (0..=x.cols).map(value).collect::<Vec<Value>>();
    let limits: Vec<_> = (0..=x.cols).map(|j| fit.profile_interval(j, 0.95)).collect();
    Ok(Answer::new()
        .with("coef", fit.coefficients.clone())
        .with("se", each_of(&|j| fit.coefficient(j).standard_error.into()))
        .with("pen_loglik", fit.penalised_log_likelihood)
        .with("profile_lo", each_of(&|j| limits[j].map(|limits| limits.low).into()))
        .with("profile_hi", each_of(&|j| limits[j].map(|limits| limits.high).into()))
        .with("lrt_p", each_of(&|j| fit.likelihood_ratio_p(j).into())))
}

fn vif(case: &Case) -> Result<Answer, OracleError> {
    let table = Table::of(case)?;
    let columns: Vec<&[f64]> = table.x.iter().map(Vec::as_slice).collect();
    Ok(Answer::new().with("vif", regression::variance_inflation(&columns, table.weight.as_deref())))
}
