//! Adapters: proportions, discrimination, drift, resampling, strata.

use std::cmp::Ordering;

use super::case::{Case, OracleError};
use super::{Adapter, Answer, Value};
use crate::stats::agreement::{self, Pairs};
use crate::stats::discrimination::{self, AucComparison, CostPrior, PairedScores};
use crate::stats::drift::{self, Bins, Evidence, Values};
use crate::stats::proportion::{self, Count, TableOrder};
use crate::stats::resampling::{self, Bootstrap};
use crate::stats::strata::{self, Stratum};
use crate::stats::{Interval, Sample, Tally, Undefined};

pub(super) const STATS: &[(&str, Adapter)] = &[
    ("prop_ci", prop_ci),
    ("prop_diff", prop_diff),
    ("prop_exact_uncond", prop_exact_uncond),
    ("trend", trend),
    ("bracket_table", bracket_table),
    ("auc", auc),
    ("pr", pr),
    ("ks_class", ks_class),
    ("hmeasure", hmeasure),
    ("gain", gain),
    ("delong_paired", delong_paired),
    ("delong_unpaired", delong_unpaired),
    ("woe_iv", woe_iv),
    ("psi", psi),
    ("ks_two_sample", ks_two_sample),
    ("bootstrap", bootstrap),
    ("rank_corr", rank_corr),
    ("stratified_2x2", stratified_2x2),
];

type Computed = Result<Answer, OracleError>;

trait WithInterval {
    /// With the two limits of an interval, as `<name>_lo` and `<name>_hi`.
    fn with_interval(self, low: &str, high: &str, interval: Result<Interval, Undefined>) -> Self;
}

impl WithInterval for Answer {
    fn with_interval(self, low: &str, high: &str, interval: Result<Interval, Undefined>) -> Self {
        self.with(low, interval.map(|i| i.low)).with(high, interval.map(|i| i.high))
    }
}

fn count(case: &Case, successes: &str, n: &str) -> Result<Count, OracleError> {
    Ok(Count::new(case.number(successes)?, case.number(n)?))
}

fn level(case: &Case) -> f64 {
    case.number("level").unwrap_or(0.95)
}

fn prop_ci(case: &Case) -> Computed {
    let Count { successes: x, n } = count(case, "x", "n")?;
    let level = level(case);
    Ok(Answer::new()
        .with("estimate", Count::new(x, n).rate())
        .with_interval("wilson_lo", "wilson_hi", proportion::wilson(x, n, level))
        .with_interval("cp_lo", "cp_hi", proportion::clopper_pearson(x, n, level))
        .with_interval("jeffreys_lo", "jeffreys_hi", proportion::jeffreys(x, n, level))
        .with_interval(
            "agresti_coull_lo_untruncated",
            "agresti_coull_hi_untruncated",
            proportion::agresti_coull(x, n, level),
        ))
}

fn prop_diff(case: &Case) -> Computed {
    let (a, b, level) = (count(case, "x1", "n1")?, count(case, "x2", "n2")?, level(case));
    let z = proportion::pooled_z(a, b);
    Ok(Answer::new()
        .with("diff", proportion::difference(a, b))
        .with_interval("newcombe_lo", "newcombe_hi", proportion::newcombe(a, b, level))
        .with_interval("mn_lo", "mn_hi", proportion::miettinen_nurminen(a, b, level))
        .with_interval("mee_lo", "mee_hi", proportion::mee(a, b, level))
        .with_interval("wald_lo", "wald_hi", proportion::wald_difference(a, b, level))
        .with_interval("agresti_caffo_lo", "agresti_caffo_hi", proportion::agresti_caffo(a, b, level))
        .with("z_pooled", z.map(|test| test.z))
        .with("p_pooled", z.map(|test| test.p))
        .with("fisher_p", proportion::fisher(a, b))
        .with("rr", proportion::rate_ratio(a, b))
        .with_interval("rr_katz_lo", "rr_katz_hi", proportion::katz(a, b, level)))
}

fn prop_exact_uncond(case: &Case) -> Computed {
    let (a, b) = (count(case, "x1", "n1")?, count(case, "x2", "n2")?);
    Ok(Answer::new()
        .with("barnard_pooled_p", proportion::barnard(a, b, TableOrder::Pooled))
        .with("barnard_unpooled_p", proportion::barnard(a, b, TableOrder::Unpooled))
        .with("boschloo_p", proportion::boschloo(a, b)))
}

fn trend(case: &Case) -> Computed {
    let (x, n): (Vec<f64>, Vec<f64>) = (case.get("x")?, case.get("n")?);
    let groups: Vec<Count> = x.iter().zip(&n).map(|(x, n)| Count::new(*x, *n)).collect();
    let scores = case.get("scores").unwrap_or_else(|_| (1..=x.len()).map(|i| i as f64).collect::<Vec<f64>>());
    let trend = proportion::trend(&groups, &scores);
    Ok(Answer::new()
        .with("chi2", trend.map(|t| t.chi2))
        .with("p", trend.map(|t| t.p))
        .with("chi2_nminus1", trend.map(|t| t.chi2_permutation))
        .with("z", trend.map(|t| t.z)))
}

/// Rows on which none of the columns is missing.
fn complete(columns: &[&[f64]]) -> Vec<usize> {
    let rows = columns.first().map_or(0, |column| column.len());
    (0..rows).filter(|&row| columns.iter().all(|column| !column[row].is_nan())).collect()
}

fn pick<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row].clone()).collect()
}

fn flags(values: &[f64], rows: &[usize]) -> Vec<bool> {
    rows.iter().map(|&row| values[row] == 1.0).collect()
}

/// A label that sorts by its number when every label is one.
#[derive(Clone, Debug)]
enum Label {
    Number(f64),
    Text(String),
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Label {}

impl PartialOrd for Label {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Label {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl From<Label> for Value {
    fn from(label: Label) -> Self {
        match label {
            Label::Number(number) => Value::from(number),
            Label::Text(text) => Value::from(text.as_str()),
        }
    }
}

fn labels(case: &Case, role: &str) -> Result<Vec<Option<Label>>, OracleError> {
    let texts = case.texts(role)?;
    let missing = |text: &String| matches!(text.trim(), "" | "NA");
    let number = |text: &String| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
    let numeric = texts.iter().filter(|text| !missing(text)).all(|text| number(text).is_some());
    let label = |text: &String| {
        let read = if numeric { number(text).map(Label::Number) } else { Some(Label::Text(text.clone())) };
        read.filter(|_| !missing(text))
    };
    Ok(texts.iter().map(label).collect())
}

/// Leads and conversions of every label in the column of a role, in the labels' order.
fn counts_by_label(case: &Case, role: &str) -> Result<Vec<(Label, Count)>, OracleError> {
    let (label, y) = (labels(case, role)?, case.numbers("y")?);
    let rows: Vec<usize> = complete(&[&y]).into_iter().filter(|&row| label[row].is_some()).collect();
    let label: Vec<Label> = rows.iter().filter_map(|&row| label[row].clone()).collect();
    let weight = weight(case, &rows)?;
    Ok(proportion::counts_by(&label, &flags(&y, &rows), weight.as_deref()).into_iter().collect())
}

fn weight(case: &Case, rows: &[usize]) -> Result<Option<Vec<f64>>, OracleError> {
    case.has("weight").then(|| Ok(pick(&case.numbers("weight")?, rows))).transpose()
}

fn bracket_table(case: &Case) -> Computed {
    let (labels, counts): (Vec<Label>, Vec<Count>) = counts_by_label(case, "bracket")?.into_iter().unzip();
    let table = proportion::bracket_table(&counts, level(case));
    let lift: Result<Vec<f64>, Undefined> = table.iter().map(|row| row.lift).collect();
    let column = |value: fn(&proportion::Bracket) -> Value| Value::List(table.iter().map(value).collect());
    Ok(Answer::new()
        .with("bracket", labels)
        .with("n", column(|row| row.count.n.into()))
        .with("events", column(|row| row.count.successes.into()))
        .with("rate", column(|row| row.rate.into()))
        .with("lift", lift)
        .with("wilson_lo", column(|row| row.rate_interval.map(|i| i.low).into()))
        .with("wilson_hi", column(|row| row.rate_interval.map(|i| i.high).into())))
}

/// Scored leads with an outcome, counted by score.
fn tally(case: &Case) -> Result<Tally, OracleError> {
    let (score, y) = (case.numbers("score")?, case.numbers("y")?);
    let rows = complete(&[&score, &y]);
    tally_of(case, &score, &y, &rows)
}

fn tally_of(case: &Case, score: &[f64], y: &[f64], rows: &[usize]) -> Result<Tally, OracleError> {
    let (score, converted, weight) = (pick(score, rows), flags(y, rows), weight(case, rows)?);
    Ok(Sample { score: &score, converted: &converted, weight: weight.as_deref() }.tally())
}

fn auc(case: &Case) -> Computed {
    let tally = tally(case)?;
    let (classes, area) = (tally.classes(), discrimination::auc(&tally));
    let variance = discrimination::delong_variance(&tally);
    let wald = variance.and_then(|variance| Ok(discrimination::auc_wald(area?, variance, 0.95)));
    let logit = variance.and_then(|variance| discrimination::auc_logit(area?, variance, 0.95));
    Ok(Answer::new()
        .with("n_pos", classes.map(|(positives, _)| positives))
        .with("n_neg", classes.map(|(_, negatives)| negatives))
        .with("auc", area)
        .with("gini", discrimination::gini(&tally))
        .with("delong_var", variance)
        .with_interval("ci95_lo", "ci95_hi", wald)
        .with_interval("logit_ci95_lo", "logit_ci95_hi", logit))
}

fn pr(case: &Case) -> Computed {
    let tally = tally(case)?;
    Ok(Answer::new()
        .with("average_precision", discrimination::average_precision(&tally))
        .with("pr_auc_davis_goadrich", discrimination::precision_recall_area(&tally))
        .with("prevalence", discrimination::prevalence(&tally)))
}

fn ks_class(case: &Case) -> Computed {
    let ks = discrimination::ks(&tally(case)?);
    Ok(Answer::new().with("ks", ks.map(|found| found.ks)).with("ks_threshold", ks.map(|found| found.threshold)))
}

fn hmeasure(case: &Case) -> Computed {
    let tally = tally(case)?;
    let h = |prior: Result<CostPrior, Undefined>| discrimination::h_measure(&tally, prior?);
    Ok(Answer::new()
        .with("h_severity", h(CostPrior::severity(&tally)))
        .with("h_beta_pi", h(CostPrior::shares(&tally)))
        .with("h_beta22", h(Ok(CostPrior::symmetric()))))
}

fn gain(case: &Case) -> Computed {
    let tally = tally(case)?;
    let bins = case.get("bins").unwrap_or(10);
    let gain = discrimination::gain(&tally, bins);
    let column = |pick: fn(discrimination::Gain) -> Vec<f64>| gain.clone().map(pick);
    Ok(Answer::new()
        .with("cum_events", discrimination::cumulative_conversions(&tally, bins))
        .with("cum_gain", column(|gain| gain.gain))
        .with("cum_lift", column(|gain| gain.lift))
        .with("bin_lift", column(|gain| gain.slice_lift)))
}

fn delong_paired(case: &Case) -> Computed {
    let (a, b, y) = (case.numbers("a")?, case.numbers("b")?, case.numbers("y")?);
    let rows = complete(&[&a, &b, &y]);
    let (a, b, converted, weight) = (pick(&a, &rows), pick(&b, &rows), flags(&y, &rows), weight(case, &rows)?);
    let scores = PairedScores { a: &a, b: &b, converted: &converted, weight: weight.as_deref(), cluster: None };
    let compared = discrimination::delong_paired(scores);
    let variance = compared.and_then(|compared| compared.variance);
    Ok(comparison(compared, "auc_a", "auc_b", "p")
        .with("var_a", variance.map(|v| v.a))
        .with("var_b", variance.map(|v| v.b))
        .with("cov_ab", variance.map(|v| v.covariance))
        .with_interval("diff_ci95_lo", "diff_ci95_hi", compared.and_then(|compared| compared.interval(0.95))))
}

fn delong_unpaired(case: &Case) -> Computed {
    let (group, score, y) = (labels(case, "group")?, case.numbers("score")?, case.numbers("y")?);
    let rows: Vec<usize> = complete(&[&score, &y]).into_iter().filter(|&row| group[row].is_some()).collect();
    let mut groups: Vec<&Label> = rows.iter().filter_map(|&row| group[row].as_ref()).collect();
    groups.sort();
    groups.dedup();
    let tally = |wanted: usize| {
        let rows: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| wanted < groups.len() && group[row].as_ref() == Some(groups[wanted]))
            .collect();
        tally_of(case, &score, &y, &rows)
    };
    let (first, second) = (tally(0)?, tally(1)?);
    Ok(comparison(discrimination::delong_unpaired(&first, &second), "auc_1", "auc_2", "p_normal")
        .with("auc_1", discrimination::auc(&first))
        .with("auc_2", discrimination::auc(&second)))
}

fn comparison(compared: Result<AucComparison, Undefined>, first: &str, second: &str, p: &str) -> Answer {
    let test = compared.and_then(|compared| compared.test());
    Answer::new()
        .with(first, compared.map(|compared| compared.auc_a))
        .with(second, compared.map(|compared| compared.auc_b))
        .with("diff", compared.map(|compared| compared.difference))
        .with("var_diff", compared.and_then(|compared| Ok(compared.variance?.difference)))
        .with("z", test.map(|test| test.z))
        .with(p, test.map(|test| test.p))
}

fn woe_iv(case: &Case) -> Computed {
    let (labels, counts): (Vec<Label>, Vec<Count>) = counts_by_label(case, "bin")?.into_iter().unzip();
    let (raw, half) = (drift::weight_of_evidence(&counts), drift::smoothed_weight_of_evidence(&counts));
    let woe = |evidence: &Result<Evidence, Undefined>| evidence.clone().map(|e| e.woe);
    let contribution = |evidence: &Result<Evidence, Undefined>| evidence.clone().map(|e| e.contribution);
    let value = |evidence: &Result<Evidence, Undefined>| evidence.clone().map(|e| e.information_value);
    Ok(Answer::new()
        .with("bins", labels)
        .with("events", counts.iter().map(|count| count.successes).collect::<Vec<f64>>())
        .with("non_events", counts.iter().map(Count::failures).collect::<Vec<f64>>())
        .with("woe", woe(&raw))
        .with("iv_bin", contribution(&raw))
        .with("iv", value(&raw))
        .with("woe_half", woe(&half))
        .with("iv_half_bin", contribution(&half))
        .with("iv_half", value(&half)))
}

/// Values of the reference and of the current population: the one labelled `ref`, else the first label, and the rest.
fn populations(case: &Case) -> Result<(Vec<f64>, Vec<f64>), OracleError> {
    let (pop, x) = (case.texts("pop")?, case.numbers("x")?);
    let first = pop.iter().find(|label| *label == "ref").or(pop.first()).cloned();
    let (reference, current): (Vec<usize>, Vec<usize>) =
        complete(&[&x]).into_iter().partition(|&row| Some(&pop[row]) == first.as_ref());
    Ok((pick(&x, &reference), pick(&x, &current)))
}

fn psi(case: &Case) -> Computed {
    let (reference, current) = populations(case)?;
    let (reference, current) = (Values::new(&reference), Values::new(&current));
    let bins = Bins::of_quantiles(reference, case.get("bins").unwrap_or(10));
    let (was, is) = (bins.clone().map(|bins| bins.count(reference)), bins.clone().map(|bins| bins.count(current)));
    let index = |psi: fn(&[f64], &[f64]) -> Result<f64, Undefined>| psi(&was.clone()?, &is.clone()?);
    Ok(Answer::new()
        .with("inner_edges", bins.clone().map(|bins| bins.inner_edges))
        .with("psi_raw", index(drift::psi))
        .with("psi_half", index(drift::smoothed_psi))
        .with("ref_counts", was)
        .with("cur_counts", is))
}

fn ks_two_sample(case: &Case) -> Computed {
    let (reference, current) = populations(case)?;
    let ks = drift::ks_two_sample(Values::new(&reference), Values::new(&current));
    Ok(Answer::new().with("d", ks.map(|ks| ks.d)).with("p_kolmogorov_limit", ks.map(|ks| ks.p)))
}

fn bootstrap(case: &Case) -> Computed {
    let (a, b, index, level) = (case.numbers("a")?, case.numbers("b")?, case.index()?, level(case));
    let gap: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
    let everyone = vec![(0..gap.len()).collect()];
    let estimate = resampling::resampled_means(&gap, &everyone).map(|means| means[0]);
    let boot = estimate.and_then(|estimate| Bootstrap::new(estimate, resampling::resampled_means(&gap, &index)?));
    let acceleration = resampling::leave_one_out_means(&gap).and_then(|means| resampling::acceleration(&means));
    let of_boot = |value: &dyn Fn(&Bootstrap) -> Result<f64, Undefined>| boot.as_ref().map_err(|e| *e).and_then(value);
    let interval =
        |value: &dyn Fn(&Bootstrap) -> Result<Interval, Undefined>| boot.as_ref().map_err(|e| *e).and_then(value);
    Ok(Answer::new()
        .with("estimate", estimate)
        .with("boot_se", of_boot(&|boot| boot.standard_error()))
        .with("boot_bias", of_boot(&|boot| Ok(boot.bias())))
        .with("z0", of_boot(&|boot| boot.bias_correction()))
        .with("acceleration", acceleration)
        .with_interval("pct_lo", "pct_hi", interval(&|boot| Ok(boot.percentile(level))))
        .with_interval("basic_lo", "basic_hi", interval(&|boot| Ok(boot.basic(level))))
        .with_interval("bca_lo", "bca_hi", interval(&|boot| boot.bca(level, acceleration?))))
}

fn rank_corr(case: &Case) -> Computed {
    let (a, b) = (case.numbers("a")?, case.numbers("b")?);
    let rows = complete(&[&a, &b]);
    let (a, b, weight) = (pick(&a, &rows), pick(&b, &rows), weight(case, &rows)?);
    let pairs = Pairs { a: &a, b: &b, weight: weight.as_deref() };
    let (kendall, spearman) = (agreement::kendall(&pairs), agreement::spearman(&pairs));
    Ok(Answer::new()
        .with("kendall_tau_b", kendall.tau_b())
        .with("kendall_p_asymptotic", kendall.p())
        .with("concordant", kendall.concordant)
        .with("discordant", kendall.discordant)
        .with("goodman_kruskal_gamma", kendall.gamma())
        .with("spearman", spearman.map(|spearman| spearman.rho))
        .with("spearman_p_t", spearman.and_then(|spearman| spearman.p)))
}

fn stratified_2x2(case: &Case) -> Computed {
    let tables: Vec<[[f64; 2]; 2]> = case.get("tables")?;
    let count = |[events, others]: [f64; 2]| Count::new(events, events + others);
    let strata: Vec<Stratum> = tables
        .iter()
        .map(|&[treatment, control]| Stratum { treatment: count(treatment), control: count(control) })
        .collect();
    let pooled = strata::risk_difference(&strata);
    let homogeneity = strata::homogeneity(&strata);
    let standardised = strata::standardised_difference(&strata);
    Ok(Answer::new()
        .with("mh_or", strata::odds_ratio(&strata))
        .with("mh_log_or_se_rbg", strata::log_odds_ratio_error(&strata))
        .with("mh_rr", strata::risk_ratio(&strata))
        .with("mh_rd", pooled.map(|pooled| pooled.difference))
        .with("mh_rd_se_sato", pooled.map(|pooled| pooled.sato_error))
        .with("mh_rd_se_gr", pooled.map(|pooled| pooled.greenland_robins_error))
        .with("cmh_chi2_nocc", strata::cmh(&strata, false))
        .with("cmh_chi2_cc", strata::cmh(&strata, true))
        .with("breslow_day", homogeneity.map(|found| found.breslow_day))
        .with("breslow_day_tarone", homogeneity.map(|found| found.tarone))
        .with("stratum_rd", strata.iter().map(Stratum::risk_difference).collect::<Vec<_>>())
        .with("crude_rd", strata::crude_difference(&strata))
        .with("standardised_rd", standardised.map(|found| found.difference))
        .with("standardised_rd_se", standardised.map(|found| found.error))
        .with("sign_reversal", strata::sign_reversal(&strata)))
}
