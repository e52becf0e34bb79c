use crate::report::Format;
use crate::result::review::{
    Alarms, Benchmarks, Change, ChangeUnit, Drift, Fingerprint, Memory, ModelPeriod, ModelTrend, Period, Pipeline,
    RateSplit, Review, ReviewDecision, ReviewSetting,
};
use crate::result::{Decision, Estimate, Number, Verdict};
use crate::stats::Interval;

use super::document;

fn estimate(point: f64, low: f64, high: f64) -> Estimate {
    Estimate::new(point, Interval::new(low, high))
}

fn none() -> Estimate {
    Estimate::undefined("not made here")
}

fn period(label: &str, rate: Estimate) -> Period {
    Period {
        label: label.into(),
        from: Some("2026-01-01".into()),
        to: Some("2026-03-31".into()),
        leads: 2_000,
        decided_before: 10,
        mature: 2_000,
        wins: 200,
        wins_so_far: 200,
        rate,
        value: Some(100_000.0),
        median_days: 40.0.into(),
        fingerprint: Fingerprint::default(),
    }
}

fn live(label: &str, auc: Estimate) -> ModelPeriod {
    ModelPeriod {
        label: label.into(),
        leads: 2_000,
        wins: 200,
        learned_from: 0,
        auc,
        lift: none(),
        capture: none(),
        wins_captured: Number::undefined("not made here"),
        mean_predicted: Number::undefined("not made here"),
        observed: none(),
        calibration: none(),
        brackets: Vec::new(),
        over_threshold: 0,
        median_days: Number::undefined("not made here"),
    }
}

/// Two quarters: AUC and conversion with their changes.
fn review(auc: Estimate, auc_change: (Estimate, f64), total: Estimate) -> Review {
    Review {
        schema: 1,
        experiment: "<script>alert(1)</script>".into(),
        setting: ReviewSetting {
            champion: "current".into(),
            unit: "quarter".into(),
            season: Some(4),
            as_of: "at creation".into(),
            horizon_days: Some(90.0),
            until: Some("2026-09-30".into()),
            timezone: "UTC".into(),
            currency: Some("EUR".into()),
            capacity: None,
            reference: "the leads of 2026Q1".into(),
            reference_leads: 2_000,
            inputs: "0123456789abcdef".into(),
            definition: String::new(),
            seed: 1,
        },
        notices: Vec::new(),
        periods: vec![period("2026Q1", estimate(0.1, 0.09, 0.11)), period("2026Q2", estimate(0.08, 0.07, 0.09))],
        models: vec![ModelTrend {
            name: "current".into(),
            kind: "points".into(),
            is_champion: true,
            periods: vec![live("2026Q1", estimate(0.7, 0.66, 0.74)), live("2026Q2", auc.clone())],
        }],
        changes: vec![Change {
            model: "current".into(),
            what: "AUC".into(),
            unit: ChangeUnit::Plain,
            before: estimate(0.7, 0.66, 0.74),
            now: auc,
            difference: auc_change.0,
            p: auc_change.1.into(),
            p_adjusted: auc_change.1.into(),
        }],
        drift: Drift {
            split: Some(RateSplit {
                from: "2026Q1".into(),
                to: "2026Q2".into(),
                total: total.clone(),
                mix: estimate(0.0, -0.01, 0.01),
                rate: total,
            }),
            ..Drift::default()
        },
        early: Vec::new(),
        alarms: Alarms { tests: 100, threshold: 0.0005, rung: Vec::new() },
        benchmarks: Benchmarks {
            leads: 4_000,
            by_bracket: Vec::new(),
            by_segment: Vec::new(),
            pipeline: Pipeline::default(),
            touch: None,
            days_to_win: [20.0.into(), 40.0.into(), 60.0.into()],
            feedback: None,
        },
        decision: ReviewDecision {
            window: "2026Q1 to 2026Q2".into(),
            leads: 4_000,
            wins: 400,
            verdict: Verdict {
                decision: Decision::Keep,
                model: Some("current".into()),
                metric: "capture".into(),
                difference: None,
                challenger: None,
                tied: Vec::new(),
                reasons: Vec::new(),
            },
            comparisons: Vec::new(),
            gates: Vec::new(),
        },
        advice: Vec::new(),
        criteria: Vec::new(),
        memory: Memory::default(),
    }
}

fn words(review: &Review) -> String {
    Format::Terminal.render(&document(review)).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn headline(review: &Review) -> String {
    document(review).answer.headline.plain()
}

#[test]
fn a_change_whose_interval_holds_zero_is_no_change() {
    let still = (estimate(-0.01, -0.06, 0.04), 0.7);
    let unsure = words(&review(estimate(0.69, 0.65, 0.73), still.clone(), estimate(-0.01, -0.03, 0.01)));
    assert!(unsure.contains("did not clearly change") && !unsure.contains("leads fell"), "{unsure}");
    assert!(unsure.contains("no differently, as far as the data can tell"), "{unsure}");
    let fell = words(&review(estimate(0.69, 0.65, 0.73), still, estimate(-0.02, -0.03, -0.01)));
    assert!(fell.contains("Conversion of mature leads fell"), "{fell}");
    assert!(fell.contains("Leads of the same score convert otherwise"), "{fell}");
}

#[test]
fn a_score_works_only_where_its_interval_lies_above_chance() {
    let still = || (estimate(-0.01, -0.06, 0.04), 0.7);
    let total = || estimate(0.0, -0.02, 0.02);
    let works = headline(&review(estimate(0.69, 0.65, 0.73), still(), total()));
    assert!(works.contains("current still works (AUC 0.690, 0.650 to 0.730): keep it"), "{works}");
    let chance = headline(&review(estimate(0.53, 0.49, 0.57), still(), total()));
    assert!(chance.contains("can not be shown to order leads"), "{chance}");
    let worn = (estimate(-0.1, -0.15, -0.05), 0.001);
    let worse = headline(&review(estimate(0.6, 0.56, 0.64), worn, total()));
    assert!(worse.contains("orders leads worse than before"), "{worse}");
    let early = headline(&review(none(), still(), total()));
    assert!(early.contains("can not be judged on this period's wins yet"), "{early}");
}

#[test]
fn names_from_the_data_are_text_and_the_same_review_gives_the_same_bytes() {
    let review = review(estimate(0.69, 0.65, 0.73), (none(), f64::NAN), estimate(0.0, -0.02, 0.02));
    for format in Format::ALL {
        let page = format.render(&document(&review));
        assert!(!page.contains("<script>alert") || format == Format::Terminal, "{format:?}");
        assert!(!page.contains("NaN"), "{format:?}");
        assert_eq!(page, format.render(&document(&review)));
    }
}

#[test]
fn every_sentence_of_the_summary_leads_to_its_evidence() {
    let review = review(estimate(0.69, 0.65, 0.73), (estimate(-0.01, -0.06, 0.04), 0.7), estimate(0.0, -0.02, 0.02));
    let page = Format::Html.render(&document(&review));
    let summary = page.split("id=\"summary\"").nth(1).unwrap().split("</section>").next().unwrap();
    let sentences: Vec<&str> = summary.split("<li>").skip(1).collect();
    assert!(sentences.len() >= 4, "{summary}");
    for sentence in sentences {
        let anchor = sentence.split("href=\"#").nth(1).and_then(|rest| rest.split('"').next()).expect(sentence);
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}
