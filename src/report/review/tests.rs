use resvg::usvg::roxmltree::{self, Node};

use crate::metrics::{AUC, CAPTURE};
use crate::report::{Format, chart, fixture};
use crate::result::review::{
    Advice, AdviceKind, Alarm, AlarmKind, Alarms, Benchmarks, Change, ChangeOf, ChangeUnit, Drift, EarlyRead,
    Fingerprint, Memory, ModelPeriod, ModelTrend, Period, Pipeline, Quoted, RateSplit, Regret, Review, ReviewDecision,
    ReviewSetting,
};
use crate::result::{Decision, Estimate, Fact, HandOver, Level, ModelKind, Notice, Number, Verdict};
use crate::stats::Interval;

use super::{brief, document};

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
        covered: None,
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
            kind: ModelKind::Points,
            is_champion: true,
            periods: vec![live("2026Q1", estimate(0.7, 0.66, 0.74)), live("2026Q2", auc.clone())],
        }],
        changes: vec![Change {
            model: "current".into(),
            what: ChangeOf::Metric { metric: AUC.id },
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
            proposal: None,
            window: "2026Q1 to 2026Q2".into(),
            leads: 4_000,
            wins: 400,
            verdict: Verdict {
                decision: Decision::Keep,
                model: Some("current".into()),
                metric: Some(CAPTURE.id),
                hand_over: HandOver::Top { share: 0.1 },
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
    assert!(fell.contains("Conversion of finished leads fell"), "{fell}");
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

fn advice(what: AdviceKind, subject: &str, gain: Estimate) -> Advice {
    let points = matches!(what, AdviceKind::ChangePoints).then_some((25.0, 0.0));
    Advice {
        what,
        subject: subject.into(),
        from: points.map(|(from, _)| from),
        to: points.map(|(_, to)| to),
        gain,
        leads: Some(4_000),
        who: "head of sales and head of marketing".into(),
        why: "the data say so".into(),
    }
}

/// A year of quarters with tiers, of which the last is reviewed.
pub(in crate::report) fn year() -> Review {
    let still = (estimate(-0.01, -0.06, 0.04), 0.7);
    let mut made = review(estimate(0.69, 0.65, 0.73), still, estimate(-0.02, -0.03, -0.01));
    let labels = ["2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2"];
    made.periods = labels.map(|label| period(label, estimate(0.1, 0.09, 0.11))).into();
    made.periods[0].wins = 156;
    made.periods[4].value = Some(120_500.0);
    let tiers = fixture::promoted().models[0].brackets.rows.clone();
    let period = |label: &&str| ModelPeriod { brackets: tiers.clone(), ..live(label, estimate(0.69, 0.65, 0.73)) };
    made.models[0].periods = labels.iter().map(period).collect();
    let comparison = fixture::promoted().comparisons[0].clone();
    made.decision.verdict.challenger = Some(comparison.challenger.clone());
    made.decision.comparisons = vec![comparison];
    made
}

/// The same with all that can be too long, too much and too early.
fn crowded() -> Review {
    let mut made = year();
    let long = "<b>a name that & goes on</b> ".repeat(8);
    made.experiment = long.clone();
    made.setting.champion = long.clone();
    made.setting.currency = Some("DOUBLOONS".into());
    made.notices = vec![Notice { level: Level::Banner, fact: Fact::Written { text: long.clone() } }];
    for period in &mut made.periods {
        (period.value, period.mature, period.wins_so_far) = (Some(123_456_789_012.0), 900, 7_654_321);
    }
    made.early = vec![EarlyRead {
        label: "2026Q2".into(),
        leads: 2_000,
        share_mature: 0.45,
        wins_so_far: 7_654_321,
        wins: estimate(7_700_000.0, 7_690_000.0, 7_710_000.0),
        rate: estimate(0.1, 0.09, 0.11),
        pace: estimate(1.0, 0.9, 1.1),
        doubt: Some(long.clone()),
    }];
    made.decision.verdict.decision = Decision::NotEnoughEvidence;
    made.decision.comparisons[0].challenger = long.clone();
    made.decision.verdict.challenger = Some(long.clone());
    let kinds = [AdviceKind::ReplaceModel, AdviceKind::ChangePoints, AdviceKind::MendTracking];
    made.advice = kinds.map(|kind| advice(kind, &long, estimate(1_234.5, -1_234.5, 5_432.1))).into();
    for period in &mut made.models[0].periods {
        period.brackets = (0..10).flat_map(|_| period.brackets.clone()).collect();
    }
    made.alarms.rung = vec![Alarm {
        period: "2026Q2".into(),
        kind: AlarmKind::Tracking,
        what: long.clone(),
        p: 0.0,
        before: 1.0,
        now: 0.0,
        measure: "events a lead".into(),
    }];
    made.memory.last = Some(Quoted {
        period: "2026Q1".into(),
        hash: String::new(),
        headline: long.clone(),
        decision: Decision::Keep,
        advised: long.clone(),
        in_use: "another".into(),
        followed: 1,
        advised_changes: 3,
        regret: Some(Regret {
            window: "2026Q2".into(),
            leads: 900,
            wins: 90,
            gained: estimate(3.0, -1.0, 7.0),
            changes_gained: None,
            best: long,
            regret: estimate(5.0, -1.0, 11.0),
        }),
    });
    made
}

fn slide(review: &Review) -> String {
    chart::brief(&document(review), &brief(review))
}

/// Left, top, right and bottom of a text by the widths of a wide font; its place is that of its foot.
fn extent(text: &Node) -> [f64; 4] {
    let number = |name| text.attribute(name).unwrap().parse::<f64>().unwrap();
    let (x, y, size) = (number("x"), number("y"), number("font-size"));
    let words = text.text().unwrap_or_default();
    [x, y - 0.75 * size, x + chart::text_width(words, size, text.has_attribute("font-weight")), y + 0.2 * size]
}

#[test]
fn a_slide_of_a_review_holds_the_answer_the_quarters_the_tiers_the_changes_and_the_trust() {
    let mut made = year();
    made.decision.verdict.decision = Decision::Promote;
    made.advice = vec![
        advice(AdviceKind::ReplaceModel, "reweighted", estimate(7.0, 2.0, 12.0)),
        advice(AdviceKind::ChangePoints, "Large company", estimate(3.0, -1.0, 7.0)),
        advice(AdviceKind::MendTracking, "webinar", none()),
    ];
    let shown = brief(&made);
    let [wins, value, decision] = shown.figures.as_slice() else { panic!("{:?}", shown.figures) };
    assert_eq!((wins.value.as_str(), wins.beside.as_str()), ("200", "200 in 2026Q1; 156 in 2025Q2, a year ago"));
    assert_eq!(value.value, "120,500 EUR");
    assert_eq!(value.beside, "100,000 EUR in 2026Q1; 100,000 EUR in 2025Q2, a year ago");
    assert_eq!(decision.value, "Replace it");
    assert!(decision.beside.contains("wins a quarter ("), "{}", decision.beside);
    let beside: Vec<&str> = shown.proposals.iter().map(|proposal| proposal.beside.as_str()).collect();
    assert!(
        beside[0].starts_with("+7 (+2 to +12) wins a quarter, counted on 4,000 finished leads; decides: head of sales"),
        "{beside:?}"
    );
    assert!(
        beside[1].starts_with("25.0 to 0; +3.0 (−1.0 to +7.0) wins a quarter, which may be nothing, counted on"),
        "{beside:?}"
    );
    assert_eq!(beside[2], "decides: head of sales and head of marketing");
    let svg = slide(&made);
    for words in ["still works", "The three changes to make", "2. Change the points of Large company<", "are finished"]
    {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert!(shown.chart.svg.contains("60 and over") || shown.chart.alt.contains("Conversion by tier in 2026Q2"));
    assert_eq!(svg.matches("<svg ").count(), 2);
    assert_eq!(svg, slide(&made));
}

/// A year whose last quarter is not over.
fn open_quarter() -> Review {
    let mut made = year();
    let last = &mut made.periods[4];
    (last.mature, last.wins, last.wins_so_far) = (900, 60, 90);
    made
}

/// How the open quarter may end.
fn early(doubt: Option<&str>) -> EarlyRead {
    EarlyRead {
        label: "2026Q2".into(),
        leads: 2_000,
        share_mature: 0.45,
        wins_so_far: 90,
        wins: estimate(150.0, 130.0, 170.0),
        rate: estimate(0.075, 0.065, 0.085),
        pace: estimate(1.0, 0.9, 1.1),
        doubt: doubt.map(str::to_owned),
    }
}

#[test]
fn a_slide_of_an_open_quarter_claims_no_end() {
    let mut made = open_quarter();
    made.early = vec![early(None)];
    let wins = |made: &Review| (brief(made).figures[0].value.clone(), brief(made).figures[0].beside.clone());
    let (value, beside) = wins(&made);
    assert_eq!(value, "90 so far");
    assert!(beside.starts_with("130 to 170 in the end; 200 in 2026Q1"), "{beside}");
    assert!(brief(&made).figures[1].label.ends_with("so far"));
    made.early = vec![early(Some("an alarm rang"))];
    assert!(wins(&made).1.starts_with("how it ends can not be told yet; "), "{}", wins(&made).1);
    // Without evidence the slide says so, with the interval.
    made.decision.verdict.decision = Decision::NotEnoughEvidence;
    let decision = &brief(&made).figures[2];
    assert!(decision.value == "Keep it for now" && decision.beside.contains("is not shown"), "{decision:?}");
    // Wins without value: conversion instead, with its interval.
    made.periods[4].value = None;
    let figure = &brief(&made).figures[1];
    assert_eq!((figure.value.as_str(), &figure.beside[..19]), ("10.0 %", "95 %: 9.0 to 11.0; "), "{figure:?}");
    // Before any horizon is over there are no tiers to show.
    made.models[0].periods[4].brackets.clear();
    assert_eq!(brief(&made).chart.id, "trend");
}

#[test]
fn a_slide_of_a_review_is_one_page_on_which_nothing_meets_whatever_the_data() {
    let bare = review(none(), (none(), f64::NAN), none());
    for made in [year(), crowded(), bare] {
        let svg = slide(&made);
        assert!(!svg.contains("NaN") && !svg.contains("<b>") && !svg.contains("<script"));
        let tree = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(tree.root_element().attribute("viewBox"), Some("0 0 1280 720"));
        let own =
            |name: &'static str| tree.root_element().children().filter(move |node| node.tag_name().name() == name);
        let texts: Vec<(String, [f64; 4])> =
            own("text").map(|text| (text.text().unwrap_or_default().to_owned(), extent(&text))).collect();
        for (place, (words, [left, top, right, bottom])) in texts.iter().enumerate() {
            assert!(*left >= 0.0 && *right <= 1280.0 && *top >= 0.0 && *bottom <= 720.0, "{words}: {right} {bottom}");
            for (other, [x, y, end, foot]) in &texts[place + 1..] {
                assert!(right <= x || end <= left || bottom <= y || foot <= top, "`{words}` and `{other}` meet");
            }
        }
        let picture = own("svg").next().expect("a chart");
        let number = |name| picture.attribute(name).unwrap().parse::<f64>().unwrap();
        let [left, top] = ["x", "y"].map(number);
        let (right, bottom) = (left + number("width"), top + number("height"));
        let meets = |[x, y, end, foot]: &[f64; 4]| *x < right && *end > left && *y < bottom && *foot > top;
        let met = texts.iter().find(|(_, extent)| meets(extent));
        assert!(met.is_none() && number("width") > 200.0, "{met:?} {} wide", number("width"));
    }
}

#[test]
fn a_doubted_early_read_is_not_told_on_the_first_screen() {
    let mut made = open_quarter();
    let first_screen = |made: &Review| {
        let page = words(made);
        page.split("Executive summary").next().unwrap().to_owned()
    };
    made.early = vec![early(None)];
    let told = first_screen(&made);
    assert!(told.contains("130 to 170 in the end") && told.contains("≈ 7.50 %"), "{told}");
    made.early = vec![early(Some("an alarm rang"))];
    let doubted = first_screen(&made);
    assert!(!doubted.contains("130 to 170") && !doubted.contains("≈"), "{doubted}");
    assert!(doubted.contains("90 so far; how it ends can not be told yet"), "{doubted}");
}

#[test]
fn a_quarter_without_its_last_month_is_named_wherever_its_counts_stand() {
    let mut made = year();
    made.periods[4].covered = Some(("2026-01-01".into(), "2026-02-27".into()));
    let page = words(&made);
    let named = "2026Q2 (leads to 2026-02-27 only)";
    assert!(page.contains(&format!("2,000 leads in {named}")), "{page}");
    assert!(Format::Markdown.render(&document(&made)).matches(named).count() >= 3);
    assert!(brief(&made).figures[0].label.contains(named));
}

#[test]
fn figures_a_quarter_and_open_leads_say_of_which_leads_they_are() {
    let mut made = year();
    made.decision.leads = 58;
    made.benchmarks.pipeline = Pipeline { open: 110, undecided: Some(1_589), expected: estimate(12.0, 6.0, 19.0) };
    let page = words(&made);
    assert!(page.contains("counted on 58 finished leads"), "{page}");
    made.decision.verdict.decision = Decision::Promote;
    assert!(brief(&made).figures[2].beside.contains("counted on 58 finished leads"));
    let open = "Of 1,589 leads created since 2025Q2 that are neither won nor lost, 110 can still win within 90 days; 12 (6 to 19)";
    assert!(page.contains(open), "{page}");
    let markdown = Format::Markdown.render(&document(&made));
    assert!(!markdown.contains("no challenger to compare with"), "{markdown}");
    made.decision.comparisons.clear();
    assert!(Format::Markdown.render(&document(&made)).contains("no challenger to compare with"));
}

#[test]
fn far_fewer_leads_are_said_beside_the_trust() {
    let mut made = year();
    made.alarms.rung = vec![Alarm {
        period: "2026Q2".into(),
        kind: AlarmKind::Volume,
        what: String::new(),
        p: 0.0,
        before: 84.5,
        now: 4.9,
        measure: "leads a week".into(),
    }];
    let svg = slide(&made);
    assert!(words(&made).contains("Far fewer leads came, 4.90 a week where 84.5 came before."), "{}", words(&made));
    assert!(svg.contains("Far fewer leads came"), "{svg}");
}
