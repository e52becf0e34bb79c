//! Adapters: time to an event.

use std::collections::BTreeSet;

use super::Adapter;
use super::answer::{Answer, Value};
use super::case::{Case, OracleError};
use crate::stats::Undefined;
use crate::stats::survival::{
    self, ChiSquare, Cox, CoxFit, Curve, End, Followed, LogRank, Point, Proportionality, QuantileInterval, Ties,
    Weighting, cumulative_incidence_of, event_free, gray_test, kaplan_meier, log_rank,
};

pub(super) const STATS: &[(&str, Adapter)] = &[
    ("km", km),
    ("logrank", logrank),
    ("aalen_johansen", aalen_johansen),
    ("cox", cox),
    ("cindex", cindex),
    ("td_auc", td_auc),
    ("ipcw_brier", brier),
];

/// The rows of a case that have a time and an end.
struct Rows {
    kept: Vec<usize>,
    time: Vec<f64>,
    end: Vec<End>,
}

impl Rows {
    fn of(case: &Case) -> Result<Self, OracleError> {
        let role = if case.has("cause") { "cause" } else { "event" };
        Self::complete(case, case.numbers(role)?, |_| true)
    }

    /// The rows that are also `present`.
    fn complete(case: &Case, code: Vec<f64>, present: impl Fn(usize) -> bool) -> Result<Self, OracleError> {
        let time = case.numbers("time")?;
        let kept: Vec<usize> =
            (0..time.len()).filter(|&i| !time[i].is_nan() && !code[i].is_nan() && present(i)).collect();
        let end = |i: &usize| match code[*i] {
            1.0 => End::Converted,
            2.0 => End::Lost,
            _ => End::Censored,
        };
        Ok(Self { time: kept.iter().map(|&i| time[i]).collect(), end: kept.iter().map(end).collect(), kept })
    }

    fn having(case: &Case, present: impl Fn(usize) -> bool) -> Result<Self, OracleError> {
        let role = if case.has("cause") { "cause" } else { "event" };
        Self::complete(case, case.numbers(role)?, present)
    }

    fn followed(&self) -> Followed<'_> {
        Followed::new(&self.time, &self.end)
    }

    fn pick<T: Clone>(&self, column: &[T]) -> Vec<T> {
        self.kept.iter().map(|&i| column[i].clone()).collect()
    }
}

/// Labels as numbers from 0, in the order of the labels (as numbers where all are), and how many there are.
fn numbered(labels: &[String]) -> Vec<usize> {
    let mut distinct: Vec<&String> = labels.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let number = |label: &String| label.parse::<f64>();
    if distinct.iter().all(|label| number(label).is_ok()) {
        distinct.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    labels.iter().map(|label| distinct.iter().position(|other| *other == label).unwrap_or(0)).collect()
}

fn is_missing(label: &str) -> bool {
    matches!(label.trim(), "" | "NA")
}

/// A parameter that is one number or a list of them.
fn numbers(case: &Case, name: &str) -> Vec<f64> {
    case.get::<Vec<f64>>(name).or_else(|_| case.number(name).map(|one| vec![one])).unwrap_or_default()
}

/// The confidence level of a case.
fn level(case: &Case) -> f64 {
    case.number("level").unwrap_or(0.95)
}

/// A number as it stands in a key: `30`, `0.5`.
fn named(stem: &str, number: f64) -> String {
    format!("{stem}_{number}")
}

fn km(case: &Case) -> Result<Answer, OracleError> {
    let rows = Rows::of(case)?;
    let Ok(curve) = kaplan_meier(&rows.followed()) else { return Ok(Answer::new()) };
    let answer = quantiles(bands(moments(&curve), &curve, level(case)), &curve, level(case));
    Ok(numbers(case, "tau").into_iter().fold(answer, |answer, tau| {
        let mean = curve.restricted_mean_extended(tau);
        let name = named("rmst", tau);
        answer.with(format!("{name}_se"), mean.se).with(name, mean.point)
    }))
}

fn moments(curve: &Curve) -> Answer {
    let column = |of: fn(&crate::stats::survival::Moment) -> f64| curve.moments().iter().map(of).collect::<Vec<f64>>();
    Answer::new()
        .with("time", column(|moment| moment.time))
        .with("n_risk", column(|moment| moment.at_risk))
        .with("n_event", column(|moment| moment.converted))
        .with("n_censor", column(|moment| moment.lost + moment.censored))
}

fn bands(answer: Answer, curve: &Curve, level: f64) -> Answer {
    type Band = fn(&Point, f64) -> Result<crate::stats::Interval, Undefined>;
    let kinds: [(&str, Band); 3] = [("loglog", Point::log_log), ("log", Point::log), ("plain", Point::plain)];
    let answer = answer.with("surv", values(curve)).with("se", errors(curve));
    kinds.into_iter().fold(answer, |answer, (name, band)| {
        let limit = |side: fn(crate::stats::Interval) -> f64| {
            curve.points().map(|point| band(&point, level).map(side).into()).collect::<Vec<Value>>()
        };
        answer.with(format!("{name}_lo"), limit(|band| band.low)).with(format!("{name}_hi"), limit(|band| band.high))
    })
}

fn values(curve: &Curve) -> Vec<f64> {
    curve.points().map(|point| point.value).collect()
}

fn errors(curve: &Curve) -> Vec<Value> {
    curve.points().map(|point| point.se.into()).collect()
}

fn quantiles(answer: Answer, curve: &Curve, level: f64) -> Answer {
    [0.25, 0.5, 0.75].into_iter().fold(answer, |answer, q| {
        let name = format!("q{}", q * 100.0);
        let answer = quantile(answer, &name, curve.first_passage(q), curve.first_passage_interval(q, level));
        quantile(answer, &format!("r_{name}"), curve.quantile(q), curve.quantile_interval(q, level))
    })
}

fn quantile(answer: Answer, name: &str, point: Result<f64, Undefined>, limits: QuantileInterval) -> Answer {
    answer.with(name, point).with(format!("{name}_lo"), limits.low).with(format!("{name}_hi"), limits.high)
}

fn logrank(case: &Case) -> Result<Answer, OracleError> {
    let label = case.texts("group")?;
    let stratum = if case.has("strata") { case.texts("strata")? } else { vec!["all".into(); label.len()] };
    let rows = Rows::having(case, |i| !is_missing(&label[i]) && !is_missing(&stratum[i]))?;
    let (group, strata) = (numbered(&rows.pick(&label)), numbered(&rows.pick(&stratum)));
    let test = |weighting| log_rank(&rows.followed(), &group, None, weighting);
    let chi2 = |sums: LogRank| sums.test().map(|test| test.chi2);
    let answer = two_groups(equal_weights(&test(Weighting::Equal)), &test(Weighting::Equal))
        .with("rho1_chi2", chi2(test(Weighting::Harrington { rho: 1.0 })))
        .with("gehan_chi2", chi2(test(Weighting::Gehan)))
        .with("tarone_chi2", chi2(test(Weighting::TaroneWare)));
    let stratified = log_rank(&rows.followed(), &group, Some(&strata), Weighting::Equal);
    Ok(answer.with("stratified_chi2", chi2(stratified)))
}

fn equal_weights(sums: &LogRank) -> Answer {
    let test = sums.test();
    let first = |value: fn(&LogRank, usize) -> f64| (!sums.observed.is_empty()).then(|| value(sums, 0));
    Answer::new()
        .with("chi2", test.map(|test: ChiSquare| test.chi2))
        .with("p", test.map(|test| test.p))
        .with("df", sums.df())
        .with("observed", sums.observed.clone())
        .with("expected", sums.expected.clone())
        .with("var_first", first(LogRank::variance))
        .with("oe_first", first(LogRank::difference))
}

fn two_groups(answer: Answer, sums: &LogRank) -> Answer {
    answer.with("z_second_vs_first", sums.z()).with("peto_log_hr_second_vs_first", sums.peto_log_hazard_ratio())
}

fn aalen_johansen(case: &Case) -> Result<Answer, OracleError> {
    let label = if case.has("group") { Some(case.texts("group")?) } else { None };
    let rows = Rows::having(case, |i| label.as_ref().is_none_or(|label| !is_missing(&label[i])))?;
    let Ok(open) = event_free(&rows.followed()) else { return Ok(Answer::new()) };
    let time: Vec<f64> = open.moments().iter().map(|moment| moment.time).collect();
    let mut answer = Answer::new().with("time", time).with("surv", values(&open));
    let causes = [("cif1", End::Converted), ("cif2", End::Lost)];
    for (name, end) in causes {
        let curve = cumulative_incidence_of(&rows.followed(), end);
        answer = answer
            .with(name, curve.as_ref().map(values).map_err(|reason| *reason))
            .with(format!("{name}_se"), curve.as_ref().map(errors).map_err(|reason| *reason));
    }
    let Some(label) = label else { return Ok(answer) };
    let group = numbered(&rows.pick(&label));
    let gray = causes.map(|(_, end)| gray_test(&rows.followed(), &group, None, end));
    let column = |of: fn(ChiSquare) -> f64| gray.iter().map(|test| test.map(of).into()).collect::<Vec<Value>>();
    Ok(answer.with("gray_stat", column(|test| test.chi2)).with("gray_p", column(|test| test.p)))
}

fn cox(case: &Case) -> Result<Answer, OracleError> {
    let names = case.names("x")?;
    let columns: Vec<Vec<f64>> = names.iter().map(|name| case.numbers_of(name)).collect::<Result<_, _>>()?;
    let label = if case.has("cluster") { Some(case.texts("cluster")?) } else { None };
    let present = |i: usize| {
        columns.iter().all(|column| !column[i].is_nan()) && label.as_ref().is_none_or(|label| !is_missing(&label[i]))
    };
    let rows = Rows::having(case, present)?;
    let columns: Vec<Vec<f64>> = columns.iter().map(|column| rows.pick(column)).collect();
    let cluster = label.map(|label| numbered(&rows.pick(&label)));
    let kinds = [("efron", Ties::Efron), ("breslow", Ties::Breslow)];
    Ok(kinds.into_iter().fold(Answer::new(), |answer, (name, ties)| {
        let options = survival::CoxOptions { ties, cluster: cluster.as_deref(), strata: None };
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        regression(answer, name, &survival::cox(&rows.followed(), &columns, options))
    }))
}

fn regression(answer: Answer, name: &str, cox: &Result<Cox, Undefined>) -> Answer {
    let fit = cox.as_ref().map_err(|reason| *reason).and_then(|cox| cox.fit.as_ref().map_err(|reason| *reason));
    let null = cox.as_ref().map_err(|reason| *reason);
    let key = |key: &str| format!("{name}_{key}");
    let answer = answer
        .with(key("coef"), fit.map(|fit| fit.coefficients.clone()))
        .with(key("se"), fit.map(CoxFit::standard_errors))
        .with(key("robust_se"), fit.map(CoxFit::robust_standard_errors))
        .with(key("loglik"), fit.map(|fit| fit.log_likelihood))
        .with(key("loglik_null"), null.map(|cox| cox.log_likelihood_null))
        .with(key("lr"), fit.map(|fit| fit.likelihood_ratio().chi2))
        .with(key("score"), null.and_then(|cox| cox.score).map(|test| test.chi2))
        .with(key("wald_stat"), fit.and_then(CoxFit::wald).map(|test| test.chi2));
    if name != "efron" {
        return answer;
    }
    answer
        .with("harrell_c", fit.and_then(|fit| fit.concordance.index()))
        .with("zph_identity_chi2", fit.map(|fit| proportionality(&fit.proportionality)))
}

fn proportionality(test: &Proportionality) -> Vec<Value> {
    test.columns.iter().chain([&test.global]).map(|test| test.map(|test| test.chi2).into()).collect()
}

/// The rows that have a time, an end and a score, with their scores.
fn scored(case: &Case) -> Result<(Rows, Vec<f64>), OracleError> {
    let score = case.numbers("score")?;
    let rows = Rows::having(case, |i| !score[i].is_nan())?;
    let score = rows.pick(&score);
    Ok((rows, score))
}

fn cindex(case: &Case) -> Result<Answer, OracleError> {
    let (rows, score) = scored(case)?;
    let pairs = survival::harrell(&rows.followed(), &score);
    let answer = Answer::new()
        .with("harrell_c", pairs.index())
        .with("concordant", pairs.concordant)
        .with("discordant", pairs.discordant)
        .with("tied_score", pairs.tied);
    Ok(numbers(case, "tau")
        .into_iter()
        .fold(answer, |answer, tau| answer.with(named("uno_c", tau), survival::uno(&rows.followed(), &score, tau))))
}

fn td_auc(case: &Case) -> Result<Answer, OracleError> {
    let (rows, score) = scored(case)?;
    let times = numbers(case, "times");
    let aucs = survival::dynamic_auc(&rows.followed(), &score, &times);
    Ok(times.iter().zip(aucs).fold(Answer::new(), |answer, (u, auc)| answer.with(named("auc", *u), auc)))
}

fn brier(case: &Case) -> Result<Answer, OracleError> {
    let (rows, score) = scored(case)?;
    let (scale, k) = (case.number("scale")?, case.number("k")?);
    let n = score.len() as f64;
    let mean = score.iter().sum::<f64>() / n;
    let deviation = (score.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt();
    // The predictions that the cases are made with.
    let risk = |u: f64| score.iter().map(|s| -(-(u / scale) * (k * (s - mean) / deviation).exp()).exp_m1()).collect();
    Ok(numbers(case, "times").into_iter().fold(Answer::new(), |answer, u| {
        let risk: Vec<f64> = risk(u);
        answer.with(named("brier", u), survival::ipcw_brier(&rows.followed(), &risk, u))
    }))
}
