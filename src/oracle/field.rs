//! Adapters: field tests, fixed and sequential.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::answer::Value;
use super::{Adapter, Answer, Case, OracleError};
use crate::stats::ab::{self, Adjusted, Covaried, RatioUnits, Units};
use crate::stats::clusters::{self, ClusteredArms};
use crate::stats::power::{self, Rates};
use crate::stats::sequential::{self, Classic, Design, Entrants, Looks, Shape, Sides, Spending, Stage};
use crate::stats::{Interval, Undefined, multiplicity};

pub(super) const STATS: &[(&str, Adapter)] = &[
    ("welch", welch),
    ("ratio_metric", ratio_metric),
    ("mann_whitney", mann_whitney),
    ("cuped", cuped),
    ("cluster_ols", cluster_ols),
    ("icc_deff", icc_deff),
    ("srm", srm),
    ("multiplicity", multiplicity),
    ("bayes_beta", bayes_beta),
    ("bayes_normal", bayes_normal),
    ("power_prop", power_prop),
    ("power_events", power_events),
    ("mde_prop", mde_prop),
    ("asymp_cs", asymp_cs),
    ("msprt_normal", msprt_normal),
    ("ssrm", ssrm),
    ("gs_bounds", gs_bounds),
    ("gs_classic", gs_classic),
    ("gs_logrank", gs_logrank),
    ("av_logrank", av_logrank),
];

const LEVEL: f64 = 0.95;

/// The complete rows of a case: none of the columns is empty.
struct Rows {
    columns: Vec<Vec<f64>>,
    labels: Vec<Vec<String>>,
}

impl Rows {
    fn read(case: &Case, labels: &[&str], columns: &[&str]) -> Result<Self, OracleError> {
        let columns: Vec<Vec<f64>> = columns.iter().map(|role| case.numbers(role)).collect::<Result<_, _>>()?;
        let labels: Vec<Vec<String>> = labels.iter().map(|role| trimmed(case, role)).collect::<Result<_, _>>()?;
        let rows = Self { columns, labels };
        Ok(rows.kept(|row| {
            rows.labels.iter().all(|label| !is_missing(&label[row])) && rows.columns.iter().all(|c| !c[row].is_nan())
        }))
    }

    /// The rows of the control and the treatment: the first two labels of the role `arm`, in their order.
    fn of_arms(case: &Case, labels: &[&str], columns: &[&str]) -> Result<(Self, Vec<bool>), OracleError> {
        let rows = Self::read(case, &[&["arm"], labels].concat(), columns)?;
        let (control, treatment) = arms(&rows.labels[0]);
        let rows = rows.kept(|row| [&control, &treatment].contains(&&rows.labels[0][row]));
        let treated = rows.labels[0].iter().map(|label| *label == treatment).collect();
        Ok((rows, treated))
    }

    fn kept(&self, keep: impl Fn(usize) -> bool) -> Self {
        fn pick<T: Clone>(column: &[T], kept: &[usize]) -> Vec<T> {
            kept.iter().map(|&row| column[row].clone()).collect()
        }
        let kept: Vec<usize> = (0..self.labels[0].len()).filter(|&row| keep(row)).collect();
        Self {
            columns: self.columns.iter().map(|column| pick(column, &kept)).collect(),
            labels: self.labels.iter().map(|column| pick(column, &kept)).collect(),
        }
    }

    fn flags(&self, column: usize) -> Vec<bool> {
        self.columns[column].iter().map(|value| *value == 1.0).collect()
    }
}

/// (control, treatment). An only arm is the control unless its name says otherwise.
fn arms(labels: &[String]) -> (String, String) {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    labels.dedup();
    let name = |place: usize| labels.get(place).cloned().unwrap_or_default();
    match name(0).as_str() {
        "B" | "1" | "treatment" if labels.len() == 1 => (name(1), name(0)),
        _ => (name(0), name(1)),
    }
}

/// One column's values in the control and in the treatment.
fn split(column: &[f64], treated: &[bool]) -> [Vec<f64>; 2] {
    let side = |side: bool| column.iter().zip(treated).filter(|(_, t)| **t == side).map(|(value, _)| *value).collect();
    [side(false), side(true)]
}

fn trimmed(case: &Case, role: &str) -> Result<Vec<String>, OracleError> {
    Ok(case.texts(role)?.iter().map(|text| text.trim().to_string()).collect())
}

fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA")
}

/// With the ends of an interval under two keys.
fn with_interval(answer: Answer, low: &str, high: &str, interval: Result<Interval, Undefined>) -> Answer {
    answer.with(low, interval.map(|interval| interval.low)).with(high, interval.map(|interval| interval.high))
}

/// Lists of values of which some are undefined.
fn list<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Value {
    Value::List(values.into_iter().map(Into::into).collect())
}

fn welch(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &[], &["y"])?;
    let [a, b] = split(&rows.columns[0], &treated);
    let means = ab::difference_of_means(&Units::new(&a), &Units::new(&b), LEVEL);
    let answer = Answer::new()
        .with("mean_a", means.control)
        .with("mean_b", means.treatment)
        .with("diff", means.difference)
        .with("t", means.test.map(|test| test.t))
        .with("df", means.test.map(|test| test.df))
        .with("p", means.test.map(|test| test.p))
        .with("rel", means.relative)
        .with("rel_var_delta", means.delta.map(|delta| delta.variance));
    let answer = with_interval(answer, "ci95_lo", "ci95_hi", means.test.map(|test| test.interval));
    let answer = with_interval(answer, "rel_ci95_lo", "rel_ci95_hi", means.delta.map(|delta| delta.interval));
    let answer = with_interval(answer, "fieller_lo", "fieller_hi", means.fieller);
    Ok(with_interval(answer, "logratio_ci95_lo", "logratio_ci95_hi", means.log_ratio))
}

fn ratio_metric(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &[], &["num", "den"])?;
    let ([num_a, num_b], [den_a, den_b]) = (split(&rows.columns[0], &treated), split(&rows.columns[1], &treated));
    let units = |numerator, denominator| RatioUnits { numerator, denominator, weight: None };
    let ratio = ab::difference_of_ratios(&units(&num_a, &den_a), &units(&num_b, &den_b), LEVEL);
    let answer = Answer::new()
        .with("ratio_a", ratio.control)
        .with("ratio_b", ratio.treatment)
        .with("diff", ratio.difference)
        .with("se", ratio.se)
        .with("z", ratio.test.map(|test| test.z))
        .with("p_normal", ratio.test.map(|test| test.p));
    Ok(with_interval(answer, "ci95_lo", "ci95_hi", ratio.interval))
}

fn mann_whitney(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &[], &["y"])?;
    let [a, b] = split(&rows.columns[0], &treated);
    let ranks = ab::mann_whitney(&Units::new(&a), &Units::new(&b));
    Ok(Answer::new()
        .with("u_b", ranks.map(|ranks| ranks.u))
        .with("prob_superiority", ranks.map(|ranks| ranks.superiority))
        .with("p_nocc", ranks.and_then(|ranks| ranks.p))
        .with("p_cc", ranks.and_then(|ranks| ranks.p_continuity)))
}

fn cuped(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &[], &["y", "x"])?;
    let ([y_a, y_b], [x_a, x_b]) = (split(&rows.columns[0], &treated), split(&rows.columns[1], &treated));
    let units = |value, covariate| Covaried { value, covariate, weight: None };
    let cuped = ab::cuped(&units(&y_a, &x_a), &units(&y_b, &x_b));
    let difference = |adjusted: Result<Adjusted, Undefined>| adjusted.and_then(|adjusted| adjusted.difference);
    let se = |adjusted: Result<Adjusted, Undefined>| adjusted.and_then(|adjusted| adjusted.se);
    Ok(Answer::new()
        .with("theta_all", cuped.pooled.map(|pooled| pooled.theta))
        .with("diff", difference(cuped.pooled))
        .with("se", se(cuped.pooled))
        .with("p_normal", cuped.pooled.and_then(|pooled| Ok(pooled.test?.p)))
        .with("theta_within", cuped.within.map(|within| within.theta))
        .with("diff_within", difference(cuped.within))
        .with("se_within", se(cuped.within))
        .with("unadjusted_diff", cuped.unadjusted.difference)
        .with("unadjusted_se", cuped.unadjusted.se)
        .with("variance_reduction", cuped.variance_reduction))
}

/// Labels as numbers from 0, in order of appearance.
fn numbered(labels: &[String]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    labels
        .iter()
        .map(|label| {
            let next = numbers.len();
            *numbers.entry(label).or_insert(next)
        })
        .collect()
}

fn cluster_ols(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &["cluster"], &["y"])?;
    let cluster = numbered(&rows.labels[1]);
    let arms = ClusteredArms { outcome: &rows.columns[0], treated: &treated, cluster: &cluster, weight: None };
    let answer = clusters::clustered_difference(&arms);
    Ok(Answer::new()
        .with("diff", answer.difference)
        .with("clusters", answer.clusters as f64)
        .with("se_cr0", answer.se_cr0)
        .with("se_cr1", answer.cr1.se)
        .with("se_hc1", answer.se_hc1)
        .with("t_cr1", answer.cr1.t)
        .with("p_cr1_t_gminus1", answer.cr1.p)
        .with("se_cr2", answer.cr2.se)
        .with("df_satt", answer.cr2.df)
        .with("p_cr2_satt", answer.cr2.p))
}

fn icc_deff(case: &Case) -> Result<Answer, OracleError> {
    let rows = Rows::read(case, &["cluster"], &["y"])?;
    let answer = clusters::intracluster(&rows.columns[0], &numbered(&rows.labels[0]), None);
    Ok(Answer::new()
        .with("icc_anova", answer.correlation)
        .with("m0", answer.effective_size)
        .with("deff_equal", answer.design_effect)
        .with("deff_unequal", answer.design_effect_unequal))
}

fn srm(case: &Case) -> Result<Answer, OracleError> {
    let counts: Vec<f64> = case.get("counts")?;
    let ratio = ab::sample_ratio(&counts, &case.get::<Vec<f64>>("weights")?);
    Ok(Answer::new()
        .with("chi2", ratio.map(|ratio| ratio.chi2))
        .with("p", ratio.and_then(|ratio| ratio.p))
        .with("df", ratio.map(|ratio| ratio.df as f64)))
}

fn multiplicity(case: &Case) -> Result<Answer, OracleError> {
    let p: Vec<f64> = case.get::<Vec<Option<f64>>>("p")?.into_iter().map(|p| p.unwrap_or(f64::NAN)).collect();
    Ok(Answer::new()
        .with("bonferroni", multiplicity::bonferroni(&p))
        .with("holm", multiplicity::holm(&p))
        .with("hochberg", multiplicity::hochberg(&p))
        .with("bh", multiplicity::benjamini_hochberg(&p))
        .with("by", multiplicity::benjamini_yekutieli(&p))
        .with("sidak", multiplicity::sidak(&p))
        .with("holm_sidak", multiplicity::holm_sidak(&p)))
}

fn bayes_beta(case: &Case) -> Result<Answer, OracleError> {
    let (converted, leads): (Vec<f64>, Vec<f64>) = (case.get("x")?, case.get("n")?);
    Ok(match ab::beta_binomial(&converted, &leads, case.get("prior")?) {
        Err(reason) => Answer::undefined(&["prob_best", "expected_loss", "posterior_mean", "expected_max"], reason),
        Ok(best) => Answer::new()
            .with("prob_best", best.probability)
            .with("expected_loss", best.expected_loss)
            .with("posterior_mean", best.posterior_mean)
            .with("expected_max", best.expected_max),
    })
}

fn bayes_normal(case: &Case) -> Result<Answer, OracleError> {
    let posterior = ab::normal_posterior(case.number("diff")?, case.number("se")?, case.get("prior_sd")?);
    Ok(Answer::new()
        .with("prob_b_better", posterior.map(|posterior| posterior.treatment_better))
        .with("loss_choose_b", posterior.map(|posterior| posterior.loss_choosing_treatment))
        .with("loss_choose_a", posterior.map(|posterior| posterior.loss_choosing_control))
        .with("post_mean", posterior.map(|posterior| posterior.mean))
        .with("post_sd", posterior.map(|posterior| posterior.sd)))
}

fn power_prop(case: &Case) -> Result<Answer, OracleError> {
    let (power, leads) = (case.number("power")?, case.number("n")?);
    let rates = Rates::new(case.number("p1")?, case.number("p2")?, case.number("alpha")?);
    let at_n = rates.and_then(|rates| rates.power(leads));
    Ok(Answer::new()
        .with("n_per_arm", rates.and_then(|rates| rates.leads(power)))
        .with("n_per_arm_cc", rates.and_then(|rates| rates.leads_with_continuity(power)))
        .with("power_at_n", at_n.map(|power| power.both_tails))
        .with("power_at_n_one_tail", at_n.map(|power| power.one_tail))
        .with("n_arcsine", rates.and_then(|rates| rates.leads_by_arcsine(power))))
}

fn power_events(case: &Case) -> Result<Answer, OracleError> {
    let events = power::events(case.number("hr")?, case.number("alpha")?, case.number("power")?);
    Ok(Answer::new()
        .with("events_schoenfeld", events.map(|events| events.schoenfeld))
        .with("events_freedman", events.map(|events| events.freedman)))
}

fn mde_prop(case: &Case) -> Result<Answer, OracleError> {
    let [control, leads, alpha, power] = ["p1", "n", "alpha", "power"].map(|name| case.number(name));
    Ok(Answer::new().with("p2", power::detectable_rate(control?, leads?, alpha?, power?)))
}

fn asymp_cs(case: &Case) -> Result<Answer, OracleError> {
    let [na, nb, xa, xb] = ["na", "nb", "xa", "xb"].map(|name| case.get::<Vec<f64>>(name));
    let looks =
        Looks { control_leads: &na?, treatment_leads: &nb?, control_converted: &xa?, treatment_converted: &xb? };
    let sequence = sequential::asymptotic_sequence(&looks, case.number("alpha")?, case.number("nstar")?);
    Ok(Answer::new()
        .with("lo", list(sequence.iter().map(|look| look.interval.map(|interval| interval.low))))
        .with("hi", list(sequence.iter().map(|look| look.interval.map(|interval| interval.high))))
        .with("p_always_valid", list(sequence.iter().map(|look| look.p)))
        .with("p_running_min", list(sequence.iter().map(|look| look.smallest_p))))
}

fn msprt_normal(case: &Case) -> Result<Answer, OracleError> {
    let (difference, variance): (Vec<f64>, Vec<f64>) = (case.get("diff")?, case.get("var")?);
    let test = sequential::mixture_test(&difference, &variance, case.number("tau2")?, case.number("alpha")?);
    Ok(Answer::new()
        .with("log_lr", list(test.iter().map(|look| look.log_ratio)))
        .with("p", list(test.iter().map(|look| look.p)))
        .with("ci_lo", list(test.iter().map(|look| look.interval.map(|interval| interval.low))))
        .with("ci_hi", list(test.iter().map(|look| look.interval.map(|interval| interval.high)))))
}

fn ssrm(case: &Case) -> Result<Answer, OracleError> {
    let (periods, weights): (Vec<Vec<f64>>, Vec<f64>) = (case.get("rows")?, case.get("weights")?);
    Ok(match sequential::ratio_evidence(&periods, &weights, case.number("concentration")?) {
        Err(reason) => Answer::undefined(&["log_bf", "p"], reason),
        Ok(looks) => Answer::new()
            .with("log_bf", list(looks.iter().map(|look| look.log_evidence)))
            .with("p", list(looks.iter().map(|look| look.p))),
    })
}

fn sides(case: &Case) -> Result<Sides, OracleError> {
    Ok(if case.number("sided")? == 1.0 { Sides::One } else { Sides::Two })
}

fn gs_bounds(case: &Case) -> Result<Answer, OracleError> {
    let spending = match case.get::<String>("type")?.as_str() {
        "asOF" => Spending::OBrienFleming,
        "asP" => Spending::Pocock,
        "asKD" => Spending::Power { gamma: case.number("gamma")? },
        _ => return Err(OracleError::NoArgument("type".into())),
    };
    let design = Design { spending, sides: sides(case)?, alpha: case.number("alpha")? };
    Ok(match design.bounds(&case.get::<Vec<f64>>("info")?, Stage::Final) {
        Err(reason) => Answer::undefined(&["alpha_spent", "critical_z"], reason),
        Ok(bounds) => Answer::new()
            .with("alpha_spent", list(bounds.iter().map(|bound| bound.spent)))
            .with("critical_z", list(bounds.iter().map(|bound| bound.critical))),
    })
}

fn gs_classic(case: &Case) -> Result<Answer, OracleError> {
    let shape = match case.get::<String>("type")?.as_str() {
        "OF" => Shape::OBrienFleming,
        "P" => Shape::Pocock,
        _ => return Err(OracleError::NoArgument("type".into())),
    };
    let power = 1.0 - case.number("beta")?;
    Ok(match Classic::new(shape, case.get("k")?, sides(case)?, case.number("alpha")?) {
        Err(reason) => Answer::undefined(&["critical_z", "inflation_factor", "avg_sample_h1"], reason),
        Ok(classic) => Answer::new()
            .with("inflation_factor", classic.inflation(power))
            .with("avg_sample_h1", classic.expected_sample(power))
            .with("critical_z", classic.critical),
    })
}

fn gs_logrank(case: &Case) -> Result<Answer, OracleError> {
    let (rows, treated) = Rows::of_arms(case, &[], &["entry", "time", "event"])?;
    let entrants = Entrants {
        entry: &rows.columns[0],
        followed: &rows.columns[1],
        converted: &rows.flags(2),
        treated: &treated,
        weight: None,
    };
    let looks = sequential::logrank_at_looks(&entrants, &case.get::<Vec<f64>>("looks")?);
    Ok(Answer::new()
        .with("n", list(looks.iter().map(|look| look.leads)))
        .with("events", list(looks.iter().map(|look| look.events)))
        .with("z", list(looks.iter().map(|look| look.z)))
        .with("info", list(looks.iter().map(|look| look.information))))
}

fn av_logrank(case: &Case) -> Result<Answer, OracleError> {
    let rows = Rows::read(case, &["group"], &["time", "event"])?;
    let treated = match case.get::<Json>("treated")? {
        Json::String(label) => label,
        label => label.to_string(),
    };
    let treated: Vec<bool> = rows.labels[0].iter().map(|group| *group == treated).collect();
    let path = sequential::logrank_evidence(&rows.columns[0], &rows.flags(1), &treated, None, case.number("theta")?);
    Ok(Answer::new()
        .with("log_e_final", path.map(|path| path.last))
        .with("max_log_e", path.map(|path| path.largest))
        .with("p_anytime", path.map(|path| path.p))
        .with("events", path.map(|path| path.events)))
}
