//! Evaluations to look at: made leads, plain formulas, numbers that agree with each other.

use std::collections::BTreeMap;

use crate::metrics::{AUC, AVERAGE_PRECISION, BRIER, CAPTURE, LIFT_10, METRICS, Metric, MetricId, Reads, WINS};
use crate::result::*;

const LEADS: usize = 2400;
const WEEKLY: HandOver = HandOver::Capacity { leads: 20.0, per_days: 7.0 };
const NAMES: [&str; 5] = ["current", "reweighted", "no_email_points", "regression", "crm"];

struct Lead {
    converted: bool,
    days: f64,
    value: f64,
    scores: [f64; 5],
    source: usize,
}

/// Every case there is.
pub fn all() -> Vec<Evaluation> {
    vec![
        promoted(),
        undecided(),
        barred(),
        kept(),
        without_champion(),
        without_times(),
        hostile(),
        empty(),
        degenerate(),
    ]
}

/// Five models; a challenger earns promotion; the champion's brackets hold an inversion.
pub fn promoted() -> Evaluation {
    let leads = leads();
    let wins = leads.iter().filter(|lead| lead.converted).count() as u64;
    let models: Vec<ModelEvaluation> = (0..5).map(|m| model(&leads, m)).collect();
    let comparisons = (1..5).map(|m| comparison(&leads, &models, m)).collect();
    Evaluation {
        schema: SCHEMA,
        experiment: "Champion and challengers, first half of 2026".into(),
        setting: Setting {
            walk: Vec::new(),
            champion: Some("current".into()),
            as_of: "7 days after creation".into(),
            horizon_days: Some(90.0),
            train: Some("2025-01-01 to 2026-01-01".into()),
            evaluate: "2026-01-01 to 2026-06-15".into(),
            until: Some("2026-09-30".into()),
            timezone: "Europe/Berlin".into(),
            currency: Some("EUR".into()),
            capacity: Some(CapacitySetting { leads: 20.0, per_days: 7.0, estimated: false }),
            seed: 1,
        },
        readiness: Readiness {
            accounts: None,
            leads: LEADS as u64,
            wins,
            rate: rate(wins, LEADS as u64),
            detectable_auc: 0.0402.into(),
            detectable_capture: 0.0713.into(),
        },
        notices: vec![
            notice(
                Level::Warning,
                "Model `crm` rests on `crm_score`, which is known only as exported: it may hold what happened after the sale. Export its history, or leave it out.",
            ),
            notice(
                Level::Note,
                "112 of 2,812 dates had no time of day; a date that starts something is read as its midnight.",
            ),
        ],
        ledger: Ledger {
            read: 7214,
            training: 4100,
            evaluated: LEADS as u64,
            immature: 412,
            exclusions: vec![
                Exclusion { reason: "duplicate".into(), leads: 31 },
                Exclusion { reason: "decided before it was scored".into(), leads: 88 },
                Exclusion { reason: "training horizon still open".into(), leads: 183 },
            ],
            wins_before_as_of: 18,
            wins_in_window: wins + 18,
            wins_before: vec![],
        },
        findings: vec![
            finding(
                "outcomes",
                "conversions before creation",
                12,
                Level::Warning,
                "Check how `converted_at` is exported: these leads are left out.",
            ),
            finding("leads", "identical rows", 31, Level::Note, "Nothing: they are merged."),
        ],
        models,
        comparisons,
        verdict: Verdict {
            decision: Decision::Promote,
            model: Some("reweighted".into()),
            metric: Some(WINS.id),
            hand_over: WEEKLY,
            difference: Some(est(9.6, 4.1, 16.2)),
            challenger: Some("reweighted".into()),
            tied: vec!["reweighted".into(), "regression".into()],
            reasons: vec![Reason::Written {
                text: "`crm` cannot be promoted: its score is known only as exported and may hold the outcome".into(),
            }],
        },
        evidence: Default::default(),
        criteria: None,
        proposal: None,
    }
}

/// The same leads, but every gain may be chance.
pub fn undecided() -> Evaluation {
    let mut evaluation = promoted();
    evaluation.verdict = Verdict {
        decision: Decision::NotEnoughEvidence,
        model: Some("current".into()),
        difference: Some(est(2.8, -5.3, 13.4)),
        tied: NAMES[..4].iter().map(|name| (*name).into()).collect(),
        reasons: vec![],
        ..evaluation.verdict
    };
    for comparison in &mut evaluation.comparisons {
        comparison.decision = Decision::NotEnoughEvidence;
        gains(comparison, est(4.2, -5.3, 13.4));
        comparison.value_per_quarter = Some(est(11_300.0, -16_100.0, 39_800.0));
        comparison.leads_needed = 11_850.0.into();
    }
    evaluation
}

/// The best challenger rests on what nobody knew in time.
pub fn barred() -> Evaluation {
    let mut evaluation = undecided();
    evaluation.verdict.challenger = Some("crm".into());
    gains(&mut evaluation.comparisons[3], est(12.0, 4.1, 20.3));
    evaluation.comparisons[3].value_per_quarter = Some(est(31_300.0, 6_100.0, 59_800.0));
    evaluation
}

/// No challenger is better.
pub fn kept() -> Evaluation {
    let mut evaluation = undecided();
    evaluation.verdict.decision = Decision::Keep;
    evaluation.verdict.difference = Some(est(-8.1, -14.2, -2.3));
    evaluation.verdict.tied = vec!["current".into()];
    for comparison in &mut evaluation.comparisons {
        comparison.decision = Decision::Keep;
        gains(comparison, est(-8.1, -14.2, -2.3));
        comparison.value_per_quarter = None;
    }
    evaluation
}

/// Nobody said which model is in use.
pub fn without_champion() -> Evaluation {
    let mut evaluation = promoted();
    evaluation.setting.champion = None;
    evaluation.setting.capacity = None;
    evaluation.comparisons.clear();
    evaluation.models.iter_mut().for_each(|model| model.capacity = None);
    evaluation.verdict = Verdict {
        decision: Decision::NotEnoughEvidence,
        challenger: None,
        difference: None,
        metric: Some(AUC.id),
        reasons: vec![],
        ..evaluation.verdict
    };
    evaluation
}

/// Outcomes are a flag: nothing that needs a clock.
pub fn without_times() -> Evaluation {
    let mut evaluation = promoted();
    let reason = "the outcomes have no times";
    evaluation.setting.capacity = None;
    evaluation.setting.until = None;
    evaluation.setting.horizon_days = None;
    evaluation.setting.train = None;
    evaluation.setting.evaluate = "the whole file".into();
    evaluation.setting.as_of = "as the file has it".into();
    evaluation.notices = vec![notice(
        Level::Banner,
        "Outcomes have no times: every lead counts as mature, and what was known when cannot be checked.",
    )];
    evaluation.verdict.hand_over = HandOver::Top { share: 0.1 };
    for model in &mut evaluation.models {
        model.capacity = None;
        model.periods.clear();
        model.time_to_convert = TimeToConvert { refused: Some(NoCurves::NoTimes), ..no_time() };
        without_calibration(model, "no training leads to fit it on");
        for bracket in &mut model.brackets.rows {
            (bracket.median_days, bracket.value, bracket.immature) = (Number::undefined(reason), None, 0);
        }
    }
    for comparison in &mut evaluation.comparisons {
        comparison.swap.hand_over = HandOver::Top { share: 0.1 };
        gains(comparison, Estimate::undefined(reason));
        comparison.value_per_quarter = None;
    }
    evaluation
}

/// Names and labels by someone who means harm.
pub fn hostile() -> Evaluation {
    let mut evaluation = promoted();
    let evil = "<script>alert(1)</script>\n| `x` | \"'&\u{202e}=1+1 🙂";
    let long = "very long name ".repeat(400);
    evaluation.experiment = evil.into();
    evaluation.setting.champion = Some(evil.into());
    evaluation.setting.currency = Some("<b>€</b>".into());
    evaluation.verdict.model = Some(long.clone());
    evaluation.verdict.challenger = Some(long.clone());
    evaluation.verdict.metric = None;
    evaluation.verdict.hand_over = HandOver::Written { text: evil.into() };
    evaluation.verdict.reasons = vec![Reason::Written { text: evil.into() }];
    evaluation.notices.push(notice(Level::Banner, evil));
    evaluation.findings.push(finding(evil, evil, 3, Level::Banner, evil));
    evaluation.ledger.exclusions.push(Exclusion { reason: evil.into(), leads: 1 });
    for model in &mut evaluation.models {
        model.kind = ModelKind::Written { text: evil.into() };
        model.brackets.rule = CutRule::Written { text: evil.into() };
        model.calibration.map = ProbabilityMap::Written { text: evil.into() };
        model.brackets.rows.iter_mut().for_each(|row| row.label = evil.into());
        model.segments.iter_mut().for_each(|group| (group.column, group.parts[0].label) = (evil.into(), evil.into()));
        model.card.iter_mut().for_each(|line| (line.name, line.what) = (evil.into(), evil.into()));
    }
    evaluation.models[0].name = evil.into();
    evaluation.models[1].name = long.clone();
    for comparison in &mut evaluation.comparisons {
        comparison.champion = evil.into();
        comparison.swap.hand_over = HandOver::Written { text: evil.into() };
    }
    evaluation.comparisons[0].challenger = long;
    evaluation
}

/// Nothing happened: no wins, no models, no numbers.
pub fn empty() -> Evaluation {
    let mut evaluation = without_times();
    evaluation.models.clear();
    evaluation.comparisons.clear();
    evaluation.findings.clear();
    evaluation.notices.clear();
    evaluation.readiness = Readiness {
        accounts: None,
        leads: 0,
        wins: 0,
        rate: Estimate::undefined("no leads"),
        detectable_auc: Number::undefined("no leads"),
        detectable_capture: Number::undefined("no leads"),
    };
    evaluation.ledger = Ledger {
        read: 0,
        training: 0,
        evaluated: 0,
        immature: 0,
        exclusions: vec![],
        wins_before_as_of: 0,
        wins_in_window: 0,
        wins_before: vec![],
    };
    evaluation.verdict = Verdict {
        decision: Decision::Keep,
        model: None,
        metric: None,
        hand_over: WEEKLY,
        difference: None,
        challenger: None,
        tied: vec![],
        reasons: vec![],
    };
    evaluation
}

/// Every number undefined, infinite or at its edge.
pub fn degenerate() -> Evaluation {
    let mut evaluation = promoted();
    let none = || Estimate::undefined("one class only");
    evaluation.readiness.wins = 0;
    evaluation.readiness.rate = rate(0, LEADS as u64);
    evaluation.readiness.detectable_auc = Number::undefined("one class only");
    for model in &mut evaluation.models {
        model.wins = 0;
        model.ranking = Ranking { prevalence: 0.0.into(), ks_threshold: none().point };
        let infinite = Estimate { point: f64::INFINITY.into(), ..none() };
        let undefined = ["auc", "gini", "average_precision", "ks", "calibration_slope"].map(|id| (id, none()));
        model.metrics.extend(values(undefined.into_iter().chain([("log_loss", infinite)])));
        model.metrics.remove(&LIFT_10.id);
        model.brackets.rows.truncate(1);
        model.brackets.inversions.clear();
        model.top.clear();
        model.gain.clear();
        model.distribution.clear();
        model.time_to_convert = no_time();
    }
    for comparison in &mut evaluation.comparisons {
        let endless = Estimate { point: 3.0.into(), low: f64::NEG_INFINITY.into(), high: f64::INFINITY.into() };
        gains(comparison, endless);
        comparison.leads_needed = f64::INFINITY.into();
        comparison
            .differences
            .iter_mut()
            .for_each(|difference| (difference.difference, difference.simultaneous) = (none(), none()));
    }
    evaluation.verdict.difference = Some(none());
    evaluation
}

fn notice(level: Level, text: &str) -> Notice {
    Notice { level, fact: Fact::Written { text: text.into() } }
}

fn finding(input: &str, what: &str, count: u64, level: Level, advice: &str) -> FindingCount {
    FindingCount { input: input.into(), what: what.into(), count, level, advice: advice.into() }
}

fn est(point: f64, low: f64, high: f64) -> Estimate {
    Estimate { point: point.into(), low: low.into(), high: high.into() }
}

/// Wilson's interval.
fn rate(wins: u64, leads: u64) -> Estimate {
    if leads == 0 {
        return Estimate::undefined("no leads");
    }
    let (n, p, z) = (leads as f64, wins as f64 / leads as f64, 1.959964f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    est(p, (centre - half).max(0.0), (centre + half).min(1.0))
}

fn leads() -> Vec<Lead> {
    let mut state = 20260615u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) as f64 / (1u64 << 53) as f64).clamp(1e-9, 1.0 - 1e-9)
    };
    (0..LEADS)
        .map(|_| {
            let mut normal = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
            let fit = normal();
            let noise: [f64; 5] = std::array::from_fn(|_| normal());
            let (clicks, chance) = (normal(), 1.0 / (1.0 + (2.75 - 1.05 * fit).exp()));
            let points = |signal: f64| (50.0 + 20.0 * signal).clamp(0.0, 100.0).round();
            let bump = if fit > 1.3 { -1.0 } else { 0.0 };
            let probability = |signal: f64| 1.0 / (1.0 + (2.7 - signal).exp());
            let scores = [
                points(0.55 * fit + 0.6 * clicks + bump * 0.2 + 0.4 * noise[0]),
                points(0.75 * fit + 0.2 * clicks + 0.45 * noise[1]),
                points(0.55 * fit + 0.7 * noise[2]),
                probability(0.95 * fit + 0.5 * noise[3]),
                points(0.3 * fit + 0.8 * noise[4]),
            ];
            let converted = uniform() < chance;
            let (days, value) =
                ((3.0 + 60.0 * uniform() * uniform()).round(), (1200.0 + 7800.0 * uniform() * uniform()).round());
            Lead { converted, days, value, scores, source: (uniform() * 4.0) as usize }
        })
        .collect()
}

fn model(leads: &[Lead], m: usize) -> ModelEvaluation {
    let scale = if m == 3 { Scale::Probability } else { Scale::Points };
    let edges = if m == 3 { [0.06, 0.12, 0.2] } else { [35.0, 55.0, 75.0] };
    let wins = leads.iter().filter(|lead| lead.converted).count() as u64;
    let mut brackets = brackets(leads, m, &edges);
    if m == 0 {
        let (lower, higher) = (brackets.rows[2].rate.clone(), brackets.rows[3].rate.clone());
        let shift = lower.point.finite().unwrap() + 0.21;
        brackets.rows[2].rate = est(shift, shift - 0.041, shift + 0.043);
        let difference = higher.point.finite().unwrap() - shift;
        brackets.inversions.push(Inversion {
            lower: "Warm".into(),
            higher: "Hot".into(),
            difference: est(difference, difference - 0.06, difference + 0.06),
            p: 0.0071.into(),
        });
    }
    let auc = auc(leads, m);
    let part = |label: &str, keep: &dyn Fn(usize, &Lead) -> bool| {
        let (n, wins) = leads
            .iter()
            .enumerate()
            .filter(|(i, lead)| keep(*i, lead))
            .fold((0, 0), |(n, wins), (_, lead)| (n + 1, wins + u64::from(lead.converted)));
        Part {
            label: label.into(),
            leads: n,
            wins,
            rate: rate(wins, n),
            auc: est(auc - 0.01, auc - 0.07, auc + 0.05),
            lift: 2.31.into(),
            immature: 0,
        }
    };
    let sources = ["Web form", "Webinar", "Trade fair", "Outbound"];
    let segments = vec![Segmentation {
        column: "source".into(),
        parts: sources.iter().enumerate().map(|(s, label)| part(label, &|_, lead| lead.source == s)).collect(),
    }];
    let months = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
    let points = m != 3;
    ModelEvaluation {
        name: NAMES[m].into(),
        kind: ModelKind::named(["points", "points", "points", "logistic", "column"][m]),
        scale,
        not_promotable: (m == 4)
            .then(|| Barred::Written { text: "its score is known only as exported and may hold the outcome".into() }),
        unscored: if m == 4 { 37 } else { 0 },
        leads: LEADS as u64,
        wins,
        brackets,
        top: [0.01, 0.05, 0.1, 0.2, 0.3, 0.5].map(|share| top(leads, m, share)).to_vec(),
        gain: (0..=50)
            .map(|i| f64::from(i) / 50.0)
            .map(|share| GainPoint {
                share,
                capture: if share == 0.0 { 0.0 } else { captured(leads, m, share).1 / wins as f64 },
            })
            .collect(),
        metrics: metrics(leads, m, auc),
        ranking: Ranking {
            prevalence: (wins as f64 / LEADS as f64).into(),
            ks_threshold: if points { 55.0 } else { 0.11 }.into(),
        },
        calibration: calibration(leads, m, wins),
        time_to_convert: time(leads, m, &edges),
        distribution: (0..20).map(|b| bin(leads, m, b)).collect(),
        segments,
        periods: months.iter().enumerate().map(|(k, label)| part(label, &|i, _| i * 6 / LEADS == k)).collect(),
        groups: if points && m < 3 {
            vec![part("fit", &|_, _| true), part("engagement", &|_, _| true)]
        } else {
            vec![]
        },
        capacity: Some(capacity(leads, m)),
        card: card(m),
        about: About::default(),
        effort: Effort::default(),
    }
}

fn bracket_of(score: f64, edges: &[f64]) -> usize {
    edges.iter().filter(|edge| score >= **edge).count()
}

fn brackets(leads: &[Lead], m: usize, edges: &[f64]) -> Brackets {
    let labels = ["Cold", "Cool", "Warm", "Hot"];
    let all = leads.iter().filter(|lead| lead.converted).count() as f64;
    let overall = all / LEADS as f64;
    let mut above = 0.0;
    let mut rows: Vec<Bracket> = (0..=edges.len())
        .rev()
        .map(|b| {
            let part: Vec<&Lead> = leads.iter().filter(|lead| bracket_of(lead.scores[m], edges) == b).collect();
            let won: Vec<&&Lead> = part.iter().filter(|lead| lead.converted).collect();
            let (n, wins) = (part.len() as u64, won.len() as u64);
            above += wins as f64;
            let rate = rate(wins, n);
            let lift = rate.interval().map_or_else(
                || Estimate::undefined("no leads"),
                |interval| est(rate.point.finite().unwrap() / overall, interval.low / overall, interval.high / overall),
            );
            Bracket {
                label: if m == 3 {
                    ["0 to 6", "6 to 12", "12 to 20", "20 and over"][b].into()
                } else {
                    labels[b].into()
                },
                from: b.checked_sub(1).map(|b| edges[b]),
                to: edges.get(b).copied(),
                leads: n,
                share: (n as f64 / LEADS as f64).into(),
                wins,
                rate,
                lift,
                capture: (above / all).into(),
                value: Some(won.iter().map(|lead| lead.value).sum()),
                median_days: median(won.iter().map(|lead| lead.days + 7.0).collect()),
                immature: [180, 120, 80, 32][b],
            }
        })
        .collect();
    rows.reverse();
    let rule = if m == 3 {
        "cut where the champion's brackets cut by volume in the training window"
    } else {
        "tiers of the model: below 35, 35 to below 55, 55 to below 75, 75 and over"
    };
    Brackets {
        rule: CutRule::Written { text: rule.into() },
        rows,
        trend_z: 9.4.into(),
        trend_p: 1e-9.into(),
        inversions: vec![],
    }
}

fn median(mut values: Vec<f64>) -> Number {
    values.sort_by(f64::total_cmp);
    if values.is_empty() { Number::undefined("no wins") } else { values[values.len() / 2].into() }
}

fn auc(leads: &[Lead], m: usize) -> f64 {
    let (won, other): (Vec<&Lead>, Vec<&Lead>) = leads.iter().partition(|lead| lead.converted);
    let pairs = won.iter().flat_map(|a| other.iter().map(move |b| (a.scores[m], b.scores[m])));
    let better: f64 = pairs
        .map(|(a, b)| {
            if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    better / (won.len() * other.len()) as f64
}

/// Worst, expected and best wins among the top share.
fn captured(leads: &[Lead], m: usize, share: f64) -> (f64, f64, f64) {
    let mut scores: Vec<f64> = leads.iter().map(|lead| lead.scores[m]).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let k = share * LEADS as f64;
    let cut = scores[(k.ceil() as usize).clamp(1, LEADS) - 1];
    let wins =
        |keep: &dyn Fn(f64) -> bool| leads.iter().filter(|lead| lead.converted && keep(lead.scores[m])).count() as f64;
    let (above, tied) = (
        scores.iter().filter(|score| **score > cut).count() as f64,
        scores.iter().filter(|score| **score == cut).count() as f64,
    );
    let (sure, unsure, room) = (wins(&|score| score > cut), wins(&|score| score == cut), k - above);
    (sure + (room - (tied - unsure)).max(0.0), sure + unsure * room / tied, sure + unsure.min(room))
}

fn tied((worst, expected, best): (f64, f64, f64), by: f64) -> Tied {
    Tied { worst: (worst / by).into(), expected: (expected / by).into(), best: (best / by).into() }
}

fn top(leads: &[Lead], m: usize, share: f64) -> TopShare {
    let all = leads.iter().filter(|lead| lead.converted).count() as f64;
    let wins = captured(leads, m, share);
    let chance = all * share;
    let (lift, spread) = (wins.1 / chance, (1.96 / wins.1.max(1.0).sqrt() * 0.85).exp());
    TopShare {
        share,
        leads: share * LEADS as f64,
        wins: tied(wins, 1.0),
        lift: tied(wins, chance),
        lift_interval: est(lift, lift / spread, lift * spread),
        capture: tied(wins, all),
    }
}

fn capacity(leads: &[Lead], m: usize) -> Capacity {
    let wins = captured(leads, m, 0.2);
    let all = leads.iter().filter(|lead| lead.converted).count() as u64;
    Capacity {
        periods: 23,
        left_out: 1,
        handed_over: 460.0,
        leads: LEADS as u64,
        wins_in_all: all,
        wins: tied(wins, 1.0),
        capture: tied(wins, all as f64),
        value: Some((wins.1 * 3150.0).round()),
        median_days: 24.0.into(),
    }
}

fn calibration(leads: &[Lead], m: usize, wins: u64) -> Calibration {
    let overall = wins as f64 / LEADS as f64;
    let mut order: Vec<usize> = (0..LEADS).collect();
    order.sort_by(|a, b| leads[*a].scores[m].total_cmp(&leads[*b].scores[m]));
    let bins = order.chunks(LEADS / 8).map(|part| {
        let won = part.iter().filter(|i| leads[**i].converted).count() as u64;
        let observed = rate(won, part.len() as u64);
        ReliabilityBin {
            leads: part.len() as u64,
            predicted: (observed.point.finite().unwrap() * 0.9 + 0.012).min(1.0),
            observed,
        }
    });
    Calibration {
        map: if m == 3 { ProbabilityMap::AsGiven } else { ProbabilityMap::Platt { leads: 4_100 } },
        mean_predicted: (overall + 0.004).into(),
        observed: rate(wins, LEADS as u64),
        reliability: bins.collect(),
    }
}

fn without_calibration(model: &mut ModelEvaluation, reason: &str) {
    let own = METRICS.iter().filter(|metric| metric.reads == Reads::Probability);
    model.metrics.extend(own.map(|metric| (metric.id, Estimate::undefined(reason))));
    model.calibration = Calibration {
        map: ProbabilityMap::Written { text: format!("not possible: {reason}") },
        mean_predicted: Number::undefined(reason),
        observed: Estimate::undefined(reason),
        reliability: vec![],
    };
}

/// Values by the names of their metrics.
pub fn values<'a>(values: impl IntoIterator<Item = (&'a str, Estimate)>) -> BTreeMap<MetricId, Estimate> {
    let named = |(id, value): (&str, Estimate)| (MetricId::named(id).expect("it stands in the table"), value);
    values.into_iter().map(named).collect()
}

/// A value without an interval.
pub fn alone(point: f64) -> Estimate {
    let none = || Number::undefined("no interval");
    Estimate { point: point.into(), low: none(), high: none() }
}

fn metrics(leads: &[Lead], m: usize, auc: f64) -> BTreeMap<MetricId, Estimate> {
    let all = leads.iter().filter(|lead| lead.converted).count() as f64;
    let (rate, wins) = (all / LEADS as f64, captured(leads, m, 0.2).1);
    let slope =
        est([0.82, 0.97, 1.04, 0.91, 0.61][m], [0.70, 0.83, 0.86, 0.79, 0.40][m], [0.95, 1.11, 1.22, 1.03, 0.82][m]);
    values([
        ("auc", est(auc, auc - 0.031, auc + 0.029)),
        ("gini", alone(2.0 * auc - 1.0)),
        ("average_precision", alone(0.1 + (auc - 0.5) * 0.6)),
        ("ks", alone((auc - 0.5) * 1.5)),
        ("brier", alone(0.0831)),
        ("miscalibration", alone(0.00121)),
        ("discrimination", alone(0.0114)),
        ("uncertainty", alone(rate * (1.0 - rate))),
        ("log_loss", alone(0.291)),
        ("calibration_slope", slope),
        ("calibration_in_the_large", est(-0.041, -0.18, 0.098)),
        ("expected_error", alone(0.0132)),
        ("lift_10", top(leads, m, 0.1).lift_interval),
        ("capture", est(wins / all, wins / all - 0.063, wins / all + 0.065)),
        ("wins", alone(wins)),
        ("value", alone((wins * 3150.0).round())),
    ])
}

fn time(leads: &[Lead], m: usize, edges: &[f64]) -> TimeToConvert {
    let labels = ["Cold", "Cool", "Warm", "Hot"];
    let curve = |b: usize| {
        let part: Vec<&Lead> = leads.iter().filter(|lead| bracket_of(lead.scores[m], edges) == b).collect();
        let won: Vec<f64> = part.iter().filter(|lead| lead.converted).map(|lead| lead.days).collect();
        let n = part.len().max(1) as f64;
        let points = (0..=90).step_by(3).map(|day| {
            let incidence = won.iter().filter(|days| **days <= f64::from(day)).count() as f64 / n;
            let half = 1.96 * (incidence * (1.0 - incidence) / n).sqrt();
            CurvePoint {
                days: f64::from(day),
                incidence,
                low: (incidence - half).max(0.0),
                high: (incidence + half).min(1.0),
            }
        });
        let mean = 90.0 - won.iter().map(|days| 90.0 - days).sum::<f64>() / n;
        Curve {
            label: labels[b].into(),
            leads: part.len() as u64 + 60,
            wins: won.len() as u64,
            losses: part.len() as u64 / 3,
            points: points.collect(),
            to_days: 90.0,
            incidence: rate(won.len() as u64, part.len() as u64),
            restricted_mean: est(mean, mean - 2.1, mean + 2.0),
            median: Number::undefined("not reached"),
            median_of_wins: median(won),
        }
    };
    TimeToConvert {
        refused: None,
        method: Some(CurveMethod::CumulativeIncidence),
        curves: (0..4).map(curve).collect(),
        logrank_chi2: 88.4.into(),
        logrank_df: 3.0.into(),
        logrank_p: 1e-12.into(),
    }
}

fn no_time() -> TimeToConvert {
    let none = || Number::undefined("no events");
    TimeToConvert {
        refused: None,
        method: Some(CurveMethod::KaplanMeier),
        curves: vec![],
        logrank_chi2: none(),
        logrank_df: none(),
        logrank_p: none(),
    }
}

fn bin(leads: &[Lead], m: usize, b: usize) -> ScoreBin {
    let width = if m == 3 { 0.05 } else { 5.0 };
    let (from, to) = (b as f64 * width, (b + 1) as f64 * width + if b == 19 { 1e-9 } else { 0.0 });
    let count = |converted: bool| {
        leads.iter().filter(|lead| lead.converted == converted && (from..to).contains(&lead.scores[m])).count() as u64
    };
    ScoreBin { from, to, wins: count(true), others: count(false) }
}

fn card(m: usize) -> Vec<CardLine> {
    let line = |name: &str, what: &str, weight: Estimate, fires: f64| CardLine {
        name: name.into(),
        what: what.into(),
        weight,
        fires: fires.into(),
    };
    match m {
        3 => vec![
            line("employees", "number of employees, standardised", est(0.412, 0.301, 0.523), 1.0),
            line("demo_request", "asked for a demo within 30 days", est(1.27, 0.94, 1.6), 0.083),
        ],
        4 => vec![line("crm_score", "the score exported from the CRM", est(1.0, 1.0, 1.0), 0.98)],
        _ => vec![
            line("Decision maker", "seniority IN ('vp', 'c-level')", est(20.0, 20.0, 20.0), 0.212),
            line("Asked for a demo", "demo_request, half-life 30 days", est(25.0, 25.0, 25.0), 0.083),
            line("Opened e-mails", "email_open, 1 an event, at most 10", est(1.0, 1.0, 1.0), 0.611),
            line("Unsubscribed", "unsubscribe", est(-25.0, -25.0, -25.0), 0.031),
        ],
    }
}

fn comparison(leads: &[Lead], models: &[ModelEvaluation], m: usize) -> Comparison {
    let value = |model: &ModelEvaluation, metric: Metric| model.metric(metric.id).point.finite().unwrap();
    let [champion, challenger] = [&models[0], &models[m]];
    let (a, b) = (captured(leads, 0, 0.2).1, captured(leads, m, 0.2).1);
    let all = leads.iter().filter(|lead| lead.converted).count() as f64;
    let gain = (b - a) * 13.0 / 23.0;
    let of = |metric: Metric, champion: f64, challenger: f64, half: f64| {
        let d = challenger - champion;
        Difference {
            metric: metric.id,
            champion: champion.into(),
            challenger: challenger.into(),
            difference: est(d, d - half, d + half),
            simultaneous: est(d, d - 1.25 * half, d + 1.25 * half),
            p: (if d.abs() > half { 0.0023 } else { 0.31 }).into(),
            p_adjusted: (if d.abs() > half { 0.0092 } else { 0.62 }).into(),
        }
    };
    let (changed, out, into) = (140.0, 9.8 + m as f64, 9.8 + m as f64 + (b - a));
    let cell = |leads: f64, wins: f64| SwapCell {
        leads,
        wins,
        rate: rate(wins.max(0.0) as u64, leads as u64),
        value: Some((wins.max(0.0) * 3150.0).round()),
    };
    Comparison {
        champion: champion.name.clone(),
        challenger: challenger.name.clone(),
        differences: vec![
            of(CAPTURE, a / all, b / all, 0.04),
            of(AUC, value(champion, AUC), value(challenger, AUC), 0.022),
            of(AVERAGE_PRECISION, value(champion, AVERAGE_PRECISION), value(challenger, AVERAGE_PRECISION), 0.03),
            of(BRIER, 0.0861, 0.0861 - 0.0004 * m as f64, 0.0011),
        ],
        swap: SwapSet {
            hand_over: WEEKLY,
            both: cell(320.0, a - out),
            champion_only: cell(changed, out),
            challenger_only: cell(changed, into),
            neither: cell(1940.0, all - a - into + out),
        },
        wins: est(b - a, b - a - 9.4, b - a + 9.9),
        wins_per_quarter: est(gain, gain - 5.3, gain + 5.6),
        value_per_quarter: Some(est(gain * 3150.0, (gain - 5.9) * 3150.0, (gain + 6.1) * 3150.0)),
        decision: if m == 1 || m == 3 { Decision::Promote } else { Decision::Keep },
        gain: gain_of(est(gain, gain - 5.3, gain + 5.6)),
        leads_needed: Number::undefined("enough evidence"),
    }
}

fn gain_of(winners: Estimate) -> Gain {
    Gain { winners, per: Per::Quarter, basis: Basis::AllWorked, detectable: 7.4.into() }
}

/// Sets the winners a quarter that a comparison tells and rests on.
fn gains(comparison: &mut Comparison, winners: Estimate) {
    comparison.wins_per_quarter = winners.clone();
    comparison.gain = gain_of(winners);
}
