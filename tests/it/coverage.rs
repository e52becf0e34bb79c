//! On made data with a known truth, intervals cover and tests reject as often as they promise.
//!
//! The quick check is part of every test run. The long one prints the table of `docs/coverage.md`:
//! `cargo test --release --test it coverage -- --ignored --nocapture`.

use leadoff::stats::ab::{Covaried, Units, cuped, difference_of_means, mann_whitney};
use leadoff::stats::agreement::{Pairs, kendall};
use leadoff::stats::clusters::{ClusteredArms, clustered_difference, permutation_p};
use leadoff::stats::discrimination::{PairedScores, auc_interval, delong_paired, delong_unpaired, top_share};
use leadoff::stats::dist::{expit, normal_cdf, normal_pdf, normal_quantile};
use leadoff::stats::drift::{Values, ks_two_sample};
use leadoff::stats::proportion::{self, Count};
use leadoff::stats::quadrature::GaussLegendre;
use leadoff::stats::random::{Seed, Stream};
use leadoff::stats::sequential::{self, Design, Looks, Sides, Spending, Stage};
use leadoff::stats::survival::{self, Curve, End, Followed, Weighting};
use leadoff::stats::{Interval, Sample, Tally, Undefined, calibration};
use rayon::prelude::*;

const LEVEL: f64 = 0.95;
const SEED: u64 = 20_260_101;
const LONG_RUNS: u64 = 10_000;
const QUICK_RUNS: u64 = 1_000;

/// What a method says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Promise {
    /// The interval contains the truth in 94 to 96 of 100 runs.
    Covers,
    /// The interval contains the truth in at least 95 of 100 runs.
    CoversAtLeast,
    /// A true hypothesis is rejected in 5 of 100 runs.
    Rejects,
    /// A true hypothesis is rejected in at most 5 of 100 runs.
    RejectsAtMost,
    /// Nothing at this setting: the figure is there to be known.
    Nothing,
}

/// Whether a run covered (or rejected), or why it could not say.
type Run = Box<dyn Fn(&mut Stream) -> Result<bool, Undefined> + Sync + Send>;

/// One method at one setting.
struct Study {
    method: &'static str,
    setting: &'static str,
    promise: Promise,
    run: Run,
}

/// The share of the runs with an answer that covered or rejected.
struct Finding {
    share: f64,
    /// One Monte Carlo standard error of the share, were the promise exactly kept.
    error: f64,
    undefined: f64,
}

impl Study {
    /// A study's streams depend on its name alone: one more study changes no other one.
    fn stream(&self, run: u64) -> Stream {
        let place = Seed(SEED).hash(&format!("{} {}", self.method, self.setting));
        Seed(SEED).replicate(((place * 2f64.powi(31)) as u64) << 32 | run)
    }

    fn find(&self, runs: u64) -> Finding {
        let answers: Vec<_> = (0..runs).into_par_iter().map(|run| (self.run)(&mut self.stream(run)).ok()).collect();
        let defined: Vec<bool> = answers.into_iter().flatten().collect();
        let share = defined.iter().filter(|held| **held).count() as f64 / defined.len().max(1) as f64;
        let undefined = 1.0 - defined.len() as f64 / runs as f64;
        Finding { share, error: (0.95 * 0.05 / defined.len().max(1) as f64).sqrt(), undefined }
    }
}

impl Promise {
    /// Whether the finding is compatible with the promise, at so many Monte Carlo standard errors.
    fn kept(self, found: &Finding, errors: f64) -> bool {
        let slack = errors * found.error;
        let answered = found.undefined < 0.01;
        match self {
            Self::Covers => answered && (0.94 - slack..=0.96 + slack).contains(&found.share),
            Self::CoversAtLeast => answered && found.share >= 0.95 - slack,
            Self::Rejects => answered && (found.share - 0.05).abs() <= slack,
            Self::RejectsAtMost => answered && found.share <= 0.05 + slack,
            Self::Nothing => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Covers => "covers 94 to 96 %",
            Self::CoversAtLeast => "covers at least 95 %",
            Self::Rejects => "rejects 5 %",
            Self::RejectsAtMost => "rejects at most 5 %",
            Self::Nothing => "none",
        }
    }
}

fn study<F>(method: &'static str, setting: &'static str, promise: Promise, run: F) -> Study
where
    F: Fn(&mut Stream) -> Result<bool, Undefined> + Sync + Send + 'static,
{
    Study { method, setting, promise, run: Box::new(run) }
}

fn studies() -> Vec<Study> {
    [rates(), lifts(), areas(), times(), field_tests(), calibrations(), sequences()].into_iter().flatten().collect()
}

fn draw(chance: &mut Stream, n: f64, rate: f64) -> Count {
    Count::new(chance.binomial(n as u64, rate) as f64, n)
}

fn covers(interval: Result<Interval, Undefined>, truth: f64) -> Result<bool, Undefined> {
    interval.map(|interval| interval.contains(truth))
}

fn rejects(p: Result<f64, Undefined>) -> Result<bool, Undefined> {
    p.map(|p| p <= 1.0 - LEVEL)
}

fn rates() -> Vec<Study> {
    type Rate = fn(f64, f64, f64) -> Result<Interval, Undefined>;
    let rate = |method, setting, promise, interval: Rate, n: f64, rate: f64| {
        study(method, setting, promise, move |chance| covers(interval(draw(chance, n, rate).successes, n, LEVEL), rate))
    };
    type Difference = fn(Count, Count, f64) -> Result<Interval, Undefined>;
    let gap = |method, setting, promise, interval: Difference, [n_a, a, n_b, b]: [f64; 4]| {
        study(method, setting, promise, move |chance| {
            covers(interval(draw(chance, n_a, a), draw(chance, n_b, b), LEVEL), b - a)
        })
    };
    type Test = fn(Count, Count) -> Result<f64, Undefined>;
    let null = |method, setting, promise, test: Test, n: f64, rate: f64| {
        study(method, setting, promise, move |chance| rejects(test(draw(chance, n, rate), draw(chance, n, rate))))
    };
    let pooled: Test = |a, b| Ok(proportion::pooled_z(a, b)?.p);
    let (large, small, rare) = ([500.0, 0.10, 500.0, 0.13], [60.0, 0.05, 60.0, 0.10], [200.0, 0.005, 200.0, 0.01]);
    use Promise::{Covers, CoversAtLeast, Nothing, Rejects, RejectsAtMost};
    vec![
        rate("Wilson", "500 leads at 10 %", Covers, proportion::wilson, 500.0, 0.10),
        rate("Wilson", "1000 leads at 3 %", Covers, proportion::wilson, 1000.0, 0.03),
        rate("Wilson", "40 leads at 1 %", Nothing, proportion::wilson, 40.0, 0.01),
        rate("Clopper-Pearson", "500 leads at 10 %", CoversAtLeast, proportion::clopper_pearson, 500.0, 0.10),
        rate("Clopper-Pearson", "40 leads at 1 %", CoversAtLeast, proportion::clopper_pearson, 40.0, 0.01),
        rate("Jeffreys", "500 leads at 10 %", Covers, proportion::jeffreys, 500.0, 0.10),
        gap("Newcombe", "500 leads at 10 %, 500 at 13 %", Covers, proportion::newcombe, large),
        gap("Newcombe", "60 leads at 5 %, 60 at 10 %", Nothing, proportion::newcombe, small),
        gap("Newcombe", "200 leads at 0.5 %, 200 at 1 %", Nothing, proportion::newcombe, rare),
        gap("Miettinen-Nurminen", "500 leads at 10 %, 500 at 13 %", Covers, proportion::miettinen_nurminen, large),
        gap("Miettinen-Nurminen", "60 leads at 5 %, 60 at 10 %", Covers, proportion::miettinen_nurminen, small),
        gap("Miettinen-Nurminen", "200 leads at 0.5 %, 200 at 1 %", Nothing, proportion::miettinen_nurminen, rare),
        gap("Wald difference", "60 leads at 5 %, 60 at 10 %", Nothing, proportion::wald_difference, small),
        null("pooled z", "1000 + 1000 leads at 10 %", Rejects, pooled, 1000.0, 0.10),
        null("pooled z", "100 + 100 leads at 2 %", Nothing, pooled, 100.0, 0.02),
        null("Fisher", "100 + 100 leads at 10 %", RejectsAtMost, proportion::fisher, 100.0, 0.10),
        study("Cochran-Armitage", "10 brackets of 100 leads at 10 %", Rejects, |chance| {
            let groups: Vec<Count> = (0..10).map(|_| draw(chance, 100.0, 0.10)).collect();
            let scores: Vec<f64> = (1..=10).map(f64::from).collect();
            rejects(proportion::trend(&groups, &scores).map(|trend| trend.p))
        }),
    ]
}

/// Conversion by a logistic law of a standard normal score.
#[derive(Clone, Copy)]
struct Logistic {
    intercept: f64,
    slope: f64,
}

impl Logistic {
    const LEADS: Self = Self { intercept: -2.5, slope: 1.0 };

    fn probability(self, score: f64) -> f64 {
        expit(self.intercept + self.slope * score)
    }

    /// Conversions a lead among scores between two limits.
    fn mass(self, low: f64, high: f64) -> f64 {
        GaussLegendre::new(100).on(low, high).map(|(s, w)| w * normal_pdf(s) * self.probability(s)).sum()
    }

    /// The lift of the top tenth of all leads there could be.
    fn lift(self) -> f64 {
        self.mass(normal_quantile(0.9), 9.0) / 0.1 / self.mass(-9.0, 9.0)
    }

    /// The same when scores are rounded to whole numbers and the tied block at the edge counts its expectation.
    fn tied_lift(self) -> f64 {
        let (mut left, mut sum) = (0.1, 0.0);
        for whole in (-8..=8).rev().map(f64::from) {
            let share = normal_cdf(whole + 0.5) - normal_cdf(whole - 0.5);
            let taken = share.min(left);
            sum += self.mass(whole - 0.5, whole + 0.5) * taken / share;
            left -= taken;
        }
        sum / 0.1 / self.mass(-9.0, 9.0)
    }

    fn draw(self, chance: &mut Stream, leads: usize) -> (Vec<f64>, Vec<bool>) {
        let lead = |_| {
            let score = chance.normal();
            (score, chance.chance(self.probability(score)))
        };
        (0..leads).map(lead).unzip()
    }
}

fn lifts() -> Vec<Study> {
    use Promise::{Covers, Nothing};
    // A bracket fixed beforehand: 10 % of the leads converting at 25 %, the others at 8 %.
    let bracket = |setting, promise, leads: f64| {
        study("lift of a bracket", setting, promise, move |chance: &mut Stream| {
            let inside = chance.binomial(leads as u64, 0.10) as f64;
            let part = draw(chance, inside, 0.25);
            let rest = draw(chance, leads - inside, 0.08);
            let whole = Count::new(part.successes + rest.successes, leads);
            covers(proportion::lift_interval(part, whole, LEVEL), 0.25 / 0.097)
        })
    };
    let top = |setting, promise, leads: usize, ties: bool| {
        let law = Logistic::LEADS;
        let lift = if ties { law.tied_lift() } else { law.lift() };
        study("lift of the top 10 % by score", setting, promise, move |chance: &mut Stream| {
            let (mut score, converted) = law.draw(chance, leads);
            if ties {
                score.iter_mut().for_each(|s| *s = s.round());
            }
            let top = top_share(&Sample::new(&score, &converted).tally(), 0.1 * leads as f64);
            let (part, whole) = (Count::new(top.expected, top.leads), Count::new(top.positives, top.total));
            covers(proportion::lift_interval(part, whole, LEVEL), lift)
        })
    };
    vec![
        bracket("2000 leads, bracket of 10 %", Covers, 2000.0),
        bracket("300 leads, bracket of 10 %", Nothing, 300.0),
        top("2000 leads at 11 %, scores without ties", Nothing, 2000, false),
        top("500 leads at 11 %, scores without ties", Nothing, 500, false),
        top("10000 leads at 11 %, scores without ties", Nothing, 10_000, false),
        top("2000 leads at 11 %, scores in whole numbers", Nothing, 2000, true),
    ]
}

/// Scores of `leads` leads of which each converts at `rate`: standard normal, shifted by `gap` for the converted,
/// rounded to a step of a half when `ties`.
fn binormal(chance: &mut Stream, leads: usize, rate: f64, gap: f64, ties: bool) -> Tally {
    let lead = |_| {
        let converted = chance.chance(rate);
        let score = chance.normal() + if converted { gap } else { 0.0 };
        (if ties { (score * 2.0).round() } else { score }, converted)
    };
    let (score, converted): (Vec<f64>, Vec<bool>) = (0..leads).map(lead).unzip();
    Sample::new(&score, &converted).tally()
}

/// The AUC of scores rounded to a step of a half.
fn tied_auc(gap: f64) -> f64 {
    let cell = |k: i32, shift: f64| {
        let at = |edge: f64| normal_cdf(edge / 2.0 - shift);
        at(f64::from(k) + 0.5) - at(f64::from(k) - 0.5)
    };
    let below = |k: i32| normal_cdf((f64::from(k) - 0.5) / 2.0);
    (-40..=40).map(|k| cell(k, gap) * (below(k) + 0.5 * cell(k, 0.0))).sum()
}

/// Two scores of the same leads that agree about as much as two models do.
fn paired(chance: &mut Stream, leads: usize, rate: f64, gaps: [f64; 2]) -> (Vec<f64>, Vec<f64>, Vec<bool>) {
    let (mut a, mut b, mut converted) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..leads {
        let (won, common) = (chance.chance(rate), chance.normal());
        let noise = |chance: &mut Stream| 0.8 * common + 0.6 * chance.normal();
        a.push(noise(chance) + if won { gaps[0] } else { 0.0 });
        b.push(noise(chance) + if won { gaps[1] } else { 0.0 });
        converted.push(won);
    }
    (a, b, converted)
}

fn areas() -> Vec<Study> {
    use Promise::{Covers, Nothing, Rejects};
    let binormal_auc = |gap: f64| normal_cdf(gap / 2f64.sqrt());
    let area = |setting, promise, leads: usize, rate: f64, gap: f64, ties: bool| {
        let truth = if ties { tied_auc(gap) } else { binormal_auc(gap) };
        study("AUC", setting, promise, move |chance: &mut Stream| {
            covers(auc_interval(&binormal(chance, leads, rate, gap, ties), LEVEL), truth)
        })
    };
    let compare = |chance: &mut Stream, leads: usize, rate: f64, gaps: [f64; 2]| {
        let (a, b, converted) = paired(chance, leads, rate, gaps);
        delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None, cluster: None })
    };
    let gap = |setting, promise, leads: usize, rate: f64| {
        study("paired AUC difference", setting, promise, move |chance: &mut Stream| {
            let compared = compare(chance, leads, rate, [0.8, 1.1]);
            covers(compared.and_then(|c| c.interval(LEVEL)), binormal_auc(1.1) - binormal_auc(0.8))
        })
    };
    let null = |setting, promise, leads: usize, rate: f64| {
        study("DeLong z, paired", setting, promise, move |chance: &mut Stream| {
            rejects(compare(chance, leads, rate, [1.0, 1.0]).and_then(|c| Ok(c.test()?.p)))
        })
    };
    vec![
        area("1000 leads at 10 %, AUC 0.76", Covers, 1000, 0.10, 1.0, false),
        area("1000 leads at 10 %, AUC 0.76, tied scores", Covers, 1000, 0.10, 1.0, true),
        area("3000 leads at 20 %, AUC 0.98 (logit limits)", Covers, 3000, 0.20, 3.0, false),
        area("1000 leads at 10 %, AUC 0.98 (logit limits)", Nothing, 1000, 0.10, 3.0, false),
        area("500 leads at 2 %, AUC 0.76", Nothing, 500, 0.02, 1.0, false),
        area("200 leads at 10 %, AUC 0.93", Nothing, 200, 0.10, 2.1, false),
        gap("1000 leads at 10 %, AUC 0.71 and 0.78", Covers, 1000, 0.10),
        gap("500 leads at 2 %, AUC 0.71 and 0.78", Nothing, 500, 0.02),
        null("1000 leads at 10 %, AUC 0.76", Rejects, 1000, 0.10),
        null("500 leads at 2 %, AUC 0.76", Nothing, 500, 0.02),
        study("DeLong z, two samples", "500 + 500 leads at 10 %, AUC 0.76", Rejects, |chance| {
            let [a, b] = [(); 2].map(|()| binormal(chance, 500, 0.10, 1.0, false));
            rejects(delong_unpaired(&a, &b).and_then(|c| Ok(c.test()?.p)))
        }),
        study("Kendall tau", "200 leads", Rejects, |chance| {
            let [a, b] = [(); 2].map(|()| (0..200).map(|_| chance.normal()).collect::<Vec<f64>>());
            rejects(kendall(&Pairs::new(&a, &b)).p())
        }),
        study("KS of two populations", "1000 + 1500 leads", Rejects, |chance| {
            let [a, b] = [1000, 1500].map(|n| (0..n).map(|_| chance.normal()).collect::<Vec<f64>>());
            rejects(ks_two_sample(Values::new(&a), Values::new(&b)).map(|ks| ks.p))
        }),
    ]
}

/// Leads with constant hazards of conversion and loss a day, entered over time: censored uniformly between two days.
#[derive(Clone, Copy)]
struct Funnel {
    win: f64,
    loss: f64,
    seen: [f64; 2],
}

impl Funnel {
    /// 22 % convert within 90 days; one in six is seen for less than that.
    const COMPETING: Self = Self { win: 0.004, loss: 0.008, seen: [60.0, 240.0] };
    /// Half convert within 69 days, without losses.
    const OPEN: Self = Self { win: 0.01, loss: 0.0, seen: [60.0, 240.0] };

    fn draw(self, chance: &mut Stream, leads: usize) -> (Vec<f64>, Vec<End>) {
        let lead = |_| {
            let seen = self.seen[0] + (self.seen[1] - self.seen[0]) * chance.uniform();
            let time = chance.exponential() / (self.win + self.loss);
            let end = if chance.chance(self.win / (self.win + self.loss)) { End::Converted } else { End::Lost };
            if time <= seen { (time, end) } else { (seen, End::Censored) }
        };
        (0..leads).map(lead).unzip()
    }

    /// The share converted by `t`.
    fn incidence(self, t: f64) -> f64 {
        let any = self.win + self.loss;
        -self.win / any * (-any * t).exp_m1()
    }

    /// The mean time without a conversion up to `tau`.
    fn restricted_mean(self, tau: f64) -> f64 {
        let any = self.win + self.loss;
        tau - self.win / any * (tau + (-any * tau).exp_m1() / any)
    }
}

fn times() -> Vec<Study> {
    use Promise::{Covers, Nothing, Rejects};
    let curve = |chance: &mut Stream, law: Funnel, leads: usize| -> Result<Curve, Undefined> {
        let (time, end) = law.draw(chance, leads);
        survival::cumulative_incidence(&Followed::new(&time, &end))
    };
    let incidence = |setting, promise, leads: usize, t: f64| {
        study("incidence at a time", setting, promise, move |chance: &mut Stream| {
            let at = curve(chance, Funnel::COMPETING, leads)?.at(t)?;
            covers(at.log_log(LEVEL), Funnel::COMPETING.incidence(t))
        })
    };
    let mean = |setting, promise, leads: usize| {
        study("restricted mean", setting, promise, move |chance: &mut Stream| {
            let mean = curve(chance, Funnel::COMPETING, leads)?.restricted_mean(90.0)?;
            covers(Ok(mean.interval(LEVEL)), Funnel::COMPETING.restricted_mean(90.0))
        })
    };
    let median = |setting, promise, leads: usize| {
        study("median time (Kaplan-Meier)", setting, promise, move |chance: &mut Stream| {
            let (time, end) = Funnel::OPEN.draw(chance, leads);
            let limits = survival::kaplan_meier(&Followed::new(&time, &end))?.quantile_interval(0.5, LEVEL);
            let truth = 2f64.ln() / Funnel::OPEN.win;
            // A limit that is not reached lies beyond every time.
            Ok(limits.low.is_ok_and(|low| low <= truth) && limits.high.is_ok_and(|high| truth <= high)
                || limits.low.is_ok_and(|low| low <= truth) && limits.high.is_err())
        })
    };
    let log_rank = |setting, promise, leads: usize, weighting: Weighting| {
        study("log-rank", setting, promise, move |chance: &mut Stream| {
            let (time, end) = Funnel::COMPETING.draw(chance, leads);
            let group: Vec<usize> = (0..leads).map(|i| i % 2).collect();
            rejects(Ok(survival::log_rank(&Followed::new(&time, &end), &group, None, weighting).test()?.p))
        })
    };
    let gray = |setting, promise, leads: usize| {
        study("Gray", setting, promise, move |chance: &mut Stream| {
            let (time, end) = Funnel::COMPETING.draw(chance, leads);
            let group: Vec<usize> = (0..leads).map(|i| i % 3).collect();
            rejects(Ok(survival::gray_test(&Followed::new(&time, &end), &group, None, End::Converted)?.p))
        })
    };
    vec![
        incidence("400 leads, day 90, 17 % seen for less", Covers, 400, 90.0),
        incidence("60 leads, day 30: six conversions", Nothing, 60, 30.0),
        mean("400 leads, day 90, 17 % seen for less", Covers, 400),
        mean("60 leads, day 90: thirteen conversions", Nothing, 60),
        median("400 leads, half converted by day 69", Covers, 400),
        median("40 leads, half converted by day 69", Nothing, 40),
        log_rank("200 + 200 leads", Rejects, 400, Weighting::Equal),
        log_rank("200 + 200 leads, Gehan", Rejects, 400, Weighting::Gehan),
        log_rank("15 + 15 leads: eight conversions", Nothing, 30, Weighting::Equal),
        gray("three groups of 150 leads", Rejects, 450),
        gray("three groups of 15 leads", Nothing, 45),
    ]
}

fn field_tests() -> Vec<Study> {
    use Promise::{Nothing, Rejects, RejectsAtMost};
    let values = |chance: &mut Stream, n: usize, law: fn(&mut Stream) -> f64| -> Vec<f64> {
        (0..n).map(|_| law(chance)).collect()
    };
    let welch = |setting, promise, n: usize, law: fn(&mut Stream) -> f64, spread: f64, mean: f64| {
        study("Welch", setting, promise, move |chance: &mut Stream| {
            let a = values(chance, n, law);
            let b: Vec<f64> = values(chance, 2 * n, law).iter().map(|x| mean + spread * (x - mean)).collect();
            rejects(difference_of_means(&Units::new(&a), &Units::new(&b), LEVEL).test.map(|test| test.p))
        })
    };
    // Deals: one lead in ten pays, and then a lognormal amount.
    let revenue: fn(&mut Stream) -> f64 = |chance| if chance.chance(0.1) { (1.5 * chance.normal()).exp() } else { 0.0 };
    let mean_revenue = 0.1 * (1.5f64 * 1.5 / 2.0).exp();
    vec![
        welch("50 + 100 normal values, spreads 1 and 3", Rejects, 50, Stream::normal, 3.0, 0.0),
        welch("1000 + 2000 revenues (one in ten pays, lognormal)", Nothing, 1000, revenue, 1.0, mean_revenue),
        welch("100 + 200 revenues (one in ten pays, lognormal)", Nothing, 100, revenue, 1.0, mean_revenue),
        study("Mann-Whitney", "100 + 100 values", Rejects, |chance| {
            let [a, b] = [(); 2].map(|()| (0..100).map(|_| chance.normal()).collect::<Vec<f64>>());
            rejects(mann_whitney(&Units::new(&a), &Units::new(&b))?.p)
        }),
        study("CUPED", "200 + 200 values, correlation 0.6", Rejects, |chance| {
            let mut arm = || -> (Vec<f64>, Vec<f64>) {
                let unit = |_| {
                    let x = chance.normal();
                    (0.6 * x + 0.8 * chance.normal(), x)
                };
                (0..200).map(unit).unzip()
            };
            let ((y_a, x_a), (y_b, x_b)) = (arm(), arm());
            let units = |value, covariate| Covaried { value, covariate, weight: None };
            rejects(cuped(&units(&y_a, &x_a), &units(&y_b, &x_b)).pooled.and_then(|fit| Ok(fit.test?.p)))
        }),
        clustered("CR2 of clusters", "8 + 8 clusters of 5 to 40 leads, ICC 0.1", Rejects, 8, |arms| {
            clustered_difference(arms).cr2.p
        }),
        clustered("rows as if independent (HC1)", "8 + 8 clusters of 5 to 40 leads, ICC 0.1", Nothing, 8, |arms| {
            let found = clustered_difference(arms);
            Ok(leadoff::stats::dist::normal_p(found.difference? / found.se_hc1?))
        }),
        clustered(
            "permutation of clusters",
            "4 + 4 clusters of 5 to 40 leads, ICC 0.1",
            RejectsAtMost,
            4,
            permutation_p,
        ),
    ]
}

type ClusterTest = fn(&ClusteredArms) -> Result<f64, Undefined>;

fn clustered(method: &'static str, setting: &'static str, promise: Promise, side: usize, test: ClusterTest) -> Study {
    study(method, setting, promise, move |chance| {
        let (mut outcome, mut treated, mut cluster) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..2 * side {
            let common = chance.normal() * (1.0f64 / 9.0).sqrt();
            for _ in 0..5 + chance.below(36) {
                outcome.push(common + chance.normal());
                treated.push(number % 2 == 0);
                cluster.push(number);
            }
        }
        let arms = ClusteredArms { outcome: &outcome, treated: &treated, cluster: &cluster, weight: None };
        rejects(test(&arms))
    })
}

fn calibrations() -> Vec<Study> {
    use Promise::{Covers, Nothing, Rejects};
    type Test = fn(&Tally) -> Result<f64, Undefined>;
    // Leads that convert exactly as often as their probability says.
    let right = |chance: &mut Stream, leads: usize, intercept: f64| {
        let law = Logistic { intercept, ..Logistic::LEADS };
        let (score, converted) = law.draw(chance, leads);
        let p: Vec<f64> = score.into_iter().map(|s| law.probability(s)).collect();
        Sample::new(&p, &converted).tally()
    };
    let null = |method, setting, promise, test: Test, leads: usize, intercept: f64| {
        study(method, setting, promise, move |chance: &mut Stream| rejects(test(&right(chance, leads, intercept))))
    };
    let lemeshow: Test = |tally| calibration::hosmer_lemeshow(tally, 10)?.external_p_value();
    let spiegelhalter: Test = |tally| Ok(calibration::spiegelhalter(tally)?.p_value);
    let cox: Test = |tally| Ok(calibration::cox(tally)?.likelihood_ratio_p_value());
    vec![
        null("Hosmer-Lemeshow, external", "2000 leads at 21 %", Rejects, lemeshow, 2000, -1.5),
        null("Hosmer-Lemeshow, external", "500 leads at 4 %", Nothing, lemeshow, 500, -3.5),
        null("Spiegelhalter z", "1000 leads at 11 %", Rejects, spiegelhalter, 1000, -2.5),
        null("calibration intercept and slope (LR)", "1000 leads at 11 %", Rejects, cox, 1000, -2.5),
        study("calibration slope", "1000 leads at 11 %", Covers, move |chance| {
            covers(Ok(calibration::cox(&right(chance, 1000, -2.5))?.slope.interval(LEVEL)), 1.0)
        }),
        study("calibration in the large", "1000 leads at 11 %", Covers, move |chance| {
            covers(Ok(calibration::in_the_large(&right(chance, 1000, -2.5))?.interval(LEVEL)), 0.0)
        }),
    ]
}

/// Tests that may be looked at while they run.
fn sequences() -> Vec<Study> {
    use Promise::{Nothing, Rejects, RejectsAtMost};
    /// Conversions of both arms at 20 looks, 100 new leads an arm each.
    fn looks(chance: &mut Stream) -> [Vec<f64>; 3] {
        let leads: Vec<f64> = (1..=20).map(|look| 100.0 * f64::from(look)).collect();
        let [a, b] = [(); 2].map(|()| {
            let mut sum = 0.0;
            (0..20)
                .map(|_| {
                    sum += draw(chance, 100.0, 0.10).successes;
                    sum
                })
                .collect()
        });
        [leads, a, b]
    }
    let information: Vec<f64> = vec![0.25, 0.5, 0.75, 1.0];
    let design = Design { spending: Spending::OBrienFleming, sides: Sides::Two, alpha: 1.0 - LEVEL };
    let bounds: Vec<f64> =
        design.bounds(&information, Stage::Final).unwrap().iter().map(|bound| bound.critical).collect();
    vec![
        study("O'Brien-Fleming spending", "4 looks of 500 + 500 leads at 10 %", Rejects, move |chance| {
            let (mut a, mut b) = (Count::new(0.0, 0.0), Count::new(0.0, 0.0));
            let mut crossed = false;
            for bound in &bounds {
                for arm in [&mut a, &mut b] {
                    let new = draw(chance, 500.0, 0.10);
                    *arm = Count::new(arm.successes + new.successes, arm.n + new.n);
                }
                crossed |= proportion::pooled_z(a, b)?.z.abs() >= *bound;
            }
            Ok(crossed)
        }),
        study("pooled z at every look", "20 looks of 100 + 100 leads at 10 %", Nothing, |chance| {
            let [leads, a, b] = looks(chance);
            let p =
                |i: usize| proportion::pooled_z(Count::new(a[i], leads[i]), Count::new(b[i], leads[i])).map(|t| t.p);
            Ok((0..20).any(|i| p(i).is_ok_and(|p| p <= 1.0 - LEVEL)))
        }),
        study("asymptotic confidence sequence", "20 looks of 100 + 100 leads at 10 %", RejectsAtMost, |chance| {
            let [leads, a, b] = looks(chance);
            let looks = Looks {
                control_leads: &leads,
                treatment_leads: &leads,
                control_converted: &a,
                treatment_converted: &b,
            };
            let path = sequential::asymptotic_sequence(&looks, 1.0 - LEVEL, 4000.0);
            Ok(path.iter().any(|look| look.interval.is_ok_and(|interval| !interval.contains(0.0))))
        }),
        study("conversion e-test", "20 looks of 100 + 100 leads at 10 %", RejectsAtMost, |chance| {
            let periods: Vec<Vec<f64>> =
                (0..20).map(|_| [(); 2].map(|()| draw(chance, 100.0, 0.10).successes).to_vec()).collect();
            let path = sequential::ratio_evidence(&periods, &[1.0, 1.0], 50.0)?;
            rejects(path.last().map(|look| look.p).ok_or(Undefined::Empty))
        }),
    ]
}

#[test]
fn intervals_cover_and_tests_reject_as_promised() {
    let mut broken = Vec::new();
    for study in studies().iter().filter(|study| study.promise != Promise::Nothing) {
        let found = study.find(QUICK_RUNS);
        if !study.promise.kept(&found, 4.0) {
            broken.push(format!("{}, {}: {:.4} ({})", study.method, study.setting, found.share, study.promise.words()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The table of `docs/coverage.md`, and the promises within three Monte Carlo standard errors.
#[test]
#[ignore = "takes minutes: 10,000 runs a study"]
fn long_coverage_is_as_promised() {
    println!("| method | setting | promise | found | undefined | |\n|---|---|---|---|---|---|");
    let mut broken = 0;
    for study in studies() {
        let found = study.find(LONG_RUNS);
        let kept = study.promise.kept(&found, 3.0);
        broken += usize::from(!kept);
        let verdict = if kept { "" } else { "**broken**" };
        let (share, undefined) = (100.0 * found.share, 100.0 * found.undefined);
        println!(
            "| {} | {} | {} | {share:.2} % | {undefined:.1} % | {verdict} |",
            study.method,
            study.setting,
            study.promise.words()
        );
    }
    assert_eq!(broken, 0, "promises broken");
}

#[test]
fn the_number_of_threads_changes_no_finding() {
    let study = &rates()[0];
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(study.find(200).share, alone.install(|| study.find(200)).share);
}
