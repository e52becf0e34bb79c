//! Evaluations to draw: a plausible one, a crowded one, one of which nothing is known.

use crate::metrics::{AUC, CAPTURE};
use crate::report::fixture::values;
use crate::result::*;
use crate::stats::Interval;
use crate::stats::random::Seed;

const LEADS: usize = 4000;
const HORIZON: f64 = 90.0;

struct Lead {
    merit: f64,
    won: bool,
    days: f64,
}

fn leads() -> Vec<Lead> {
    let mut stream = Seed(1).replicate(0);
    let lead = |_| {
        let merit = stream.normal();
        let won = stream.chance(1.0 / (1.0 + (2.5 - 1.1 * merit).exp()));
        Lead { merit, won, days: (stream.exponential() * (32.0 - 6.0 * merit).max(8.0)).clamp(0.5, HORIZON) }
    };
    (0..LEADS).map(lead).collect()
}

/// Five models on 4,000 leads: a champion with tied points, challengers better and worse, a random order.
pub fn evaluation() -> Evaluation {
    let leads = leads();
    let models = vec![
        model("current", "points", Scale::Points, &leads, 0.9, 1, 5.0),
        model("no_email_points", "points", Scale::Points, &leads, 0.75, 2, 5.0),
        model("regression", "logistic", Scale::Probability, &leads, 0.55, 3, 0.0),
        model("crm", "column", Scale::Points, &leads, 2.2, 4, 10.0),
        model("random", "random", Scale::Probability, &leads, 40.0, 5, 0.0),
    ];
    wrap(models, Some("current"), Some(CapacitySetting { leads: 120.0, per_days: 7.0, estimated: false }))
}

/// Twelve models with hostile names and fifteen brackets each, no champion, no capacity.
pub fn crowd() -> Evaluation {
    let leads = leads();
    let names = [
        "<script>alert(1)</script>",
        "=1+1",
        "Modell mit einem wirklich sehr langen Namen, der nirgends hineinpasst",
        "line\nbreak\ttab",
        "نموذج التسجيل الجديد",
        "模型評分二零二六年第三季度版本",
        "🚀🚀 growth 🚀🚀",
        "quotes \"'&amp;",
        "",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
        "plain",
        "plain",
    ];
    let models = names.iter().zip(1..).map(|(name, n)| {
        let mut model = model(name, "points", Scale::Points, &leads, 0.3 * f64::from(n), n as u64, 1.0);
        let row = model.brackets.rows[1].clone();
        model.brackets.rows = (0..15)
            .map(|place| Bracket {
                label: format!("{} to below {}, {name}", place * 1000, place * 1000 + 1000),
                leads: if place == 7 { 0 } else { row.leads / (place + 1) },
                rate: if place == 7 {
                    Estimate::undefined("no leads")
                } else {
                    estimate(row.wins, row.leads / (place + 1) + 900)
                },
                ..row.clone()
            })
            .collect();
        let curve = model.time_to_convert.curves[2].clone();
        model.time_to_convert.curves = (0..15)
            .map(|place| Curve {
                label: model.brackets.rows[place].label.clone(),
                points: curve
                    .points
                    .iter()
                    .map(|point| {
                        let by = (place + 4) as f64 / 12.0;
                        CurvePoint {
                            days: point.days,
                            incidence: point.incidence * by,
                            low: point.low * by,
                            high: point.high * by,
                        }
                    })
                    .collect(),
                ..curve.clone()
            })
            .collect();
        model.capacity = None;
        model
    });
    wrap(models.collect(), None, None)
}

/// Three models of which nothing is defined.
pub fn bare() -> Evaluation {
    let leads = leads();
    let unknown = || Number::undefined("no lead converted");
    let models = ["current", "challenger", "empty"].map(|name| {
        let mut model = model(name, "points", Scale::Points, &leads, 1.0, 1, 5.0);
        model.brackets = Brackets {
            rule: CutRule::Written { text: "no lead has a score".into() },
            rows: vec![],
            trend_z: unknown(),
            trend_p: unknown(),
            inversions: vec![],
        };
        model.top.clear();
        model.gain.clear();
        model.metrics.insert(AUC.id, Estimate::undefined("no lead converted"));
        model.calibration.reliability.clear();
        model.calibration.map =
            ProbabilityMap::Written { text: "undefined: points need a training window to become probabilities".into() };
        model.time_to_convert.refused = Some(NoCurves::Written { text: "outcomes have no times".into() });
        model.time_to_convert.curves.clear();
        model.distribution.clear();
        model.capacity = None;
        model
    });
    let mut evaluation = wrap(models.into(), Some("current"), None);
    evaluation.readiness.rate = Estimate::undefined("no leads");
    evaluation
}

fn estimate(wins: u64, leads: u64) -> Estimate {
    if leads == 0 {
        return Estimate::undefined("no leads");
    }
    let (n, p, z) = (leads as f64, wins.min(leads) as f64 / leads as f64, 1.96_f64);
    let (centre, half) = (
        (p + z * z / (2.0 * n)) / (1.0 + z * z / n),
        z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt(),
    );
    Estimate::new(p, Interval::new((centre - half).max(0.0), (centre + half).min(1.0)))
}

fn tied(worst: f64, expected: f64, best: f64) -> Tied {
    Tied { worst: worst.into(), expected: expected.into(), best: best.into() }
}

/// Scores are merit with noise, on a scale of 0 to 100, rounded to `step`.
fn model(name: &str, kind: &str, scale: Scale, leads: &[Lead], noise: f64, seed: u64, step: f64) -> ModelEvaluation {
    let mut stream = Seed(99).replicate(seed);
    let wins = leads.iter().filter(|lead| lead.won).count();
    let mut scored: Vec<(f64, &Lead)> = leads
        .iter()
        .map(|lead| {
            let z = (lead.merit + noise * stream.normal()) / (1.0 + noise * noise).sqrt();
            let score = (45.0 + 20.0 * z).clamp(0.0, 100.0);
            let score = if step > 0.0 { (score / step).round() * step } else { score };
            (if scale == Scale::Probability { 0.4 * (score / 100.0).powi(2) } else { score }, lead)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let cuts: Vec<f64> = match scale {
        Scale::Points => vec![25.0, 50.0, 75.0],
        Scale::Probability => [3400, 1700, 350].map(|place| scored[place].0).into(),
    };
    let groups: Vec<Vec<&Lead>> = (0..=cuts.len())
        .map(|bracket| {
            let inside = |score: f64| cuts.iter().filter(|cut| score >= **cut).count() == bracket;
            scored.iter().filter(|(score, _)| inside(*score)).map(|(_, lead)| *lead).collect()
        })
        .collect();
    let gain = gain(&scored, wins);
    let overall = wins as f64 / leads.len() as f64;
    let labels = labels(&cuts, scale);
    let mut rows: Vec<Bracket> =
        groups.iter().enumerate().map(|(place, group)| bracket(&labels[place], &cuts, place, group, overall)).collect();
    let inversions = if name == "crm" { invert(&mut rows) } else { vec![] };
    let auc = auc(&scored);
    let top = [0.01, 0.05, 0.1, 0.2, 0.3].map(|share| top_share(&scored, &gain, share, wins)).into();
    let capacity = top_share(&scored, &gain, 0.17, wins);
    let captured = match capacity.capture.expected.clone() {
        Number::Value(capture) => Estimate::new(capture, Interval::around(capture, 0.043)),
        Number::Undefined(reason) => Estimate::undefined(reason),
    };
    ModelEvaluation {
        name: name.into(),
        kind: ModelKind::named(kind),
        scale,
        not_promotable: None,
        unscored: 0,
        leads: leads.len() as u64,
        wins: wins as u64,
        brackets: Brackets {
            rule: CutRule::Written { text: "below 25, 25 to below 50, 50 to below 75, 75 and over".into() },
            rows,
            trend_z: 9.1.into(),
            trend_p: 1e-9.into(),
            inversions,
        },
        top,
        metrics: values([
            ("auc", Estimate::new(auc, Interval::around(auc, 0.021))),
            ("calibration_slope", Estimate::new(1.18, Interval::new(1.02, 1.34))),
            ("capture", captured),
        ]),
        ranking: Ranking { prevalence: overall.into(), ks_threshold: 50.0.into() },
        calibration: calibration(&scored, scale, overall),
        time_to_convert: times(&labels, &groups),
        distribution: bins(&scored, if scale == Scale::Points { 100.0 } else { 0.4 }),
        segments: vec![],
        periods: vec![],
        groups: vec![],
        capacity: Some(Capacity {
            periods: 23,
            left_out: 1,
            handed_over: 680.0,
            leads: leads.len() as u64,
            wins_in_all: wins as u64,
            wins: capacity.wins,
            capture: capacity.capture.clone(),
            value: Some(1.2e6),
            median_days: 23.0.into(),
        }),
        gain,
        card: vec![],
        about: About::default(),
        effort: Effort::default(),
    }
}

fn labels(cuts: &[f64], scale: Scale) -> Vec<String> {
    let show = |cut: f64| if scale == Scale::Points { format!("{cut}") } else { format!("{:.1} %", cut * 100.0) };
    let mut labels = vec![format!("below {}", show(cuts[0]))];
    labels.extend(cuts.windows(2).map(|pair| format!("{} to below {}", show(pair[0]), show(pair[1]))));
    labels.push(format!("{} and over", show(cuts[cuts.len() - 1])));
    labels
}

fn bracket(label: &str, cuts: &[f64], place: usize, group: &[&Lead], overall: f64) -> Bracket {
    let (leads, wins) = (group.len() as u64, group.iter().filter(|lead| lead.won).count() as u64);
    let rate = estimate(wins, leads);
    Bracket {
        label: label.into(),
        from: place.checked_sub(1).map(|before| cuts[before]),
        to: cuts.get(place).copied(),
        leads,
        share: (leads as f64 / LEADS as f64).into(),
        wins,
        lift: Estimate::with(rate.point.value().unwrap_or(0.0) / overall, Ok(Interval::new(0.5, 2.0))),
        rate,
        capture: 0.5.into(),
        value: Some(wins as f64 * 8200.0),
        median_days: 31.0.into(),
        immature: 12,
    }
}

/// Lets the second highest bracket convert better than the highest.
fn invert(rows: &mut [Bracket]) -> Vec<Inversion> {
    let high = rows.len() - 1;
    rows[high].rate = estimate(rows[high].leads / 12, rows[high].leads);
    rows[high].wins = rows[high].leads / 12;
    let difference = Estimate::new(-0.06, Interval::new(-0.11, -0.01));
    vec![Inversion {
        lower: rows[high - 1].label.clone(),
        higher: rows[high].label.clone(),
        difference,
        p: 0.018.into(),
    }]
}

/// Corners at the ends of tied blocks.
fn gain(scored: &[(f64, &Lead)], wins: usize) -> Vec<GainPoint> {
    let mut points = vec![GainPoint { share: 0.0, capture: 0.0 }];
    let mut won = 0;
    for (place, (score, lead)) in scored.iter().enumerate() {
        won += usize::from(lead.won);
        let ends = scored.get(place + 1).is_none_or(|next| next.0 != *score);
        if ends && (place % 20 == 0 || place + 1 == scored.len() || points.len() < 40) {
            points
                .push(GainPoint { share: (place + 1) as f64 / scored.len() as f64, capture: won as f64 / wins as f64 });
        }
    }
    points
}

fn top_share(scored: &[(f64, &Lead)], gain: &[GainPoint], share: f64, wins: usize) -> TopShare {
    let k = share * scored.len() as f64;
    let at = gain.windows(2).find(|pair| pair[1].share >= share).map_or(1.0, |pair| {
        pair[0].capture
            + (pair[1].capture - pair[0].capture) * (share - pair[0].share) / (pair[1].share - pair[0].share)
    });
    let cut = scored[k as usize].0;
    let block: Vec<_> = scored.iter().filter(|(score, _)| *score == cut).collect();
    let above = scored.iter().filter(|(score, _)| *score > cut);
    let (n, won) = above.fold((0.0, 0.0), |(n, won), (_, lead)| (n + 1.0, won + f64::from(u8::from(lead.won))));
    let (size, hits) = (block.len() as f64, block.iter().filter(|(_, lead)| lead.won).count() as f64);
    let room = k - n;
    let (best, worst) = ((won + hits.min(room)) / wins as f64, (won + (room - (size - hits)).max(0.0)) / wins as f64);
    let half = 1.96 * (at * (1.0 - at) / wins as f64).sqrt() / share;
    let times = |capture: f64| capture / share;
    TopShare {
        share,
        leads: k,
        wins: tied(worst * wins as f64, at * wins as f64, best * wins as f64),
        lift: tied(times(worst), times(at), times(best)),
        lift_interval: Estimate::new(times(at), Interval::new((times(at) - half).max(0.0), times(at) + half)),
        capture: tied(worst, at, best),
    }
}

fn auc(scored: &[(f64, &Lead)]) -> f64 {
    let (mut below, mut pairs) = (0.0, 0.0);
    for (score, _) in scored.iter().filter(|(_, lead)| lead.won) {
        for (other, _) in scored.iter().filter(|(_, lead)| !lead.won).step_by(7) {
            pairs += 1.0;
            below += if score > other {
                1.0
            } else if score == other {
                0.5
            } else {
                0.0
            };
        }
    }
    below / pairs
}

fn calibration(scored: &[(f64, &Lead)], scale: Scale, overall: f64) -> Calibration {
    let reliability = scored.chunks(400).rev().map(|bin| {
        let wins = bin.iter().filter(|(_, lead)| lead.won).count() as u64;
        let observed = estimate(wins, bin.len() as u64);
        let predicted = 0.03 + 0.8 * observed.point.finite().unwrap_or(0.0);
        ReliabilityBin { leads: bin.len() as u64, predicted, observed }
    });
    Calibration {
        map: match scale {
            Scale::Points => ProbabilityMap::Platt { leads: 4_100 },
            Scale::Probability => ProbabilityMap::AsGiven,
        },
        mean_predicted: (overall * 0.97).into(),
        observed: estimate((overall * LEADS as f64) as u64, LEADS as u64),
        reliability: reliability.collect(),
    }
}

fn times(labels: &[String], groups: &[Vec<&Lead>]) -> TimeToConvert {
    let curves = labels.iter().zip(groups).map(|(label, group)| {
        let mut days: Vec<f64> =
            group.iter().filter(|lead| lead.won && lead.days < HORIZON).map(|lead| lead.days).collect();
        days.sort_by(f64::total_cmp);
        let wins = days.len() as u64;
        let by = |n: usize, days: f64| {
            let rate = estimate(n as u64, group.len().max(1) as u64);
            let finite = |number: Number| number.finite().unwrap_or(0.0);
            CurvePoint { days, incidence: finite(rate.point), low: finite(rate.low), high: finite(rate.high) }
        };
        let every = (days.len() / 150).max(1);
        let steps = days.iter().enumerate().filter(|(n, _)| n % every == 0 || n + 1 == days.len());
        Curve {
            label: label.clone(),
            leads: group.len() as u64,
            wins,
            losses: (group.len() as u64 - wins) / 2,
            points: steps.map(|(n, days)| by(n + 1, *days)).collect(),
            to_days: HORIZON,
            incidence: estimate(wins, group.len() as u64),
            restricted_mean: Estimate::new(80.0, Interval::new(78.0, 82.0)),
            median: Number::undefined("fewer than half converted"),
            median_of_wins: 24.0.into(),
        }
    });
    TimeToConvert {
        refused: None,
        method: Some(CurveMethod::CumulativeIncidence),
        curves: curves.collect(),
        logrank_chi2: 210.0.into(),
        logrank_df: 3.0.into(),
        logrank_p: 1e-12.into(),
    }
}

fn bins(scored: &[(f64, &Lead)], to: f64) -> Vec<ScoreBin> {
    let width = to / 20.0;
    let bin = |place: u32| {
        let (from, to) = (f64::from(place) * width, f64::from(place + 1) * width);
        let inside = scored.iter().filter(|(score, _)| *score >= from && (*score < to || place == 19));
        let (wins, others): (Vec<&(f64, &Lead)>, Vec<_>) = inside.partition(|(_, lead)| lead.won);
        ScoreBin { from, to, wins: wins.len() as u64, others: others.len() as u64 }
    };
    (0..20).map(bin).collect()
}

fn wrap(models: Vec<ModelEvaluation>, champion: Option<&str>, capacity: Option<CapacitySetting>) -> Evaluation {
    let wins = models.first().map_or(0, |model| model.wins);
    Evaluation {
        schema: SCHEMA,
        experiment: "Champion and challengers, first half of 2026".into(),
        setting: Setting {
            walk: Vec::new(),
            champion: champion.map(Into::into),
            as_of: "7 days after creation".into(),
            horizon_days: Some(HORIZON),
            train: Some("2025-01-01 to 2026-01-01".into()),
            evaluate: "2026-01-01 to 2026-06-15".into(),
            until: Some("2026-09-30".into()),
            timezone: "UTC".into(),
            currency: Some("EUR".into()),
            capacity,
            seed: 1,
        },
        readiness: Readiness {
            accounts: None,
            leads: LEADS as u64,
            wins,
            rate: estimate(wins, LEADS as u64),
            detectable_auc: 0.02.into(),
            detectable_capture: 0.04.into(),
        },
        notices: vec![],
        ledger: Ledger {
            read: LEADS as u64,
            training: 0,
            evaluated: LEADS as u64,
            immature: 0,
            exclusions: vec![],
            wins_before_as_of: 0,
            wins_in_window: wins,
            wins_before: vec![],
        },
        findings: vec![],
        models,
        comparisons: vec![],
        verdict: Verdict {
            decision: Decision::Keep,
            model: champion.map(Into::into),
            metric: Some(CAPTURE.id),
            hand_over: HandOver::Top { share: 0.1 },
            difference: None,
            challenger: None,
            tied: vec![],
            reasons: vec![],
        },
        evidence: Default::default(),
        criteria: None,
        proposal: None,
    }
}
