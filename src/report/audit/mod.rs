//! An audit as people read it: the answer, one picture, each criterion, what to change, leaks, blind spots, decay.

mod change;
mod criteria;
mod found;

pub(super) use change::to_do;
pub(super) use criteria::of_run;

use crate::result::{Audit, Belief, CriterionAudit, Decision, Estimate, Number};

use super::document::{Answer, Document, Text, Tone, name, say};
use super::text::{self, Unit};

/// The report on an audit.
pub fn document(audit: &Audit) -> Document {
    let mut sections = vec![criteria::picture(audit), criteria::section(audit), change::section(audit)];
    sections.extend(criteria::quarters(audit));
    sections.push(found::leaks(&audit.leaks));
    sections.extend(found::log(&audit.cliffs));
    sections.extend(found::decay(&audit.decays));
    sections.extend(found::missing(&audit.missing));
    sections.extend(found::misjudged(&audit.misjudged));
    sections.extend(change::simpler(&audit.simpler));
    Document {
        title: format!("Audit of {}: {}", text::clipped(&audit.model, 60), text::clipped(&audit.experiment, 90)),
        setting: setting(audit),
        answer: answer(audit),
        sections,
        charts: "charts",
        footer: format!(
            "leadoff {}, audit format {}, seed {}. Ranges in parentheses are 95 % intervals. Verdicts hold the rate of false discoveries at 5 %.",
            env!("CARGO_PKG_VERSION"),
            audit.schema,
            audit.seed
        )
        .into(),
    }
}

fn setting(audit: &Audit) -> Text {
    let horizon = audit.horizon_days.map_or("ever".into(), |days| format!("within {}", text::days(days)));
    let (leads, wins) = (text::plural(audit.leads, "training lead"), text::plural(audit.wins, "win"));
    say![
        "The criteria of ",
        name(&audit.model),
        format!(
            " on {leads} with {wins} ({}), scored {}, converted {horizon}.",
            text::clean(&audit.window),
            audit.as_of
        )
    ]
}

fn answer(audit: &Audit) -> Answer {
    let named: Vec<String> = tally(&audit.criteria);
    let edits = audit.proposal.edits.len() as u64;
    let found = if named.is_empty() { "nothing is named".to_owned() } else { text::list(&named) };
    let (tone, act) = match (edits, audit.proposal.evidence.as_ref().map(|evidence| evidence.decision)) {
        (0, _) => (Tone::Keep, "no change is proposed".to_owned()),
        (edits, Some(Decision::Promote)) => {
            (Tone::Change, format!("{} proposed, and better on later leads", text::plural(edits, "edit")))
        }
        (edits, Some(Decision::Keep)) => {
            (Tone::Keep, format!("{} found, but not better on later leads", text::plural(edits, "edit")))
        }
        (edits, _) => {
            (Tone::Undecided, format!("{} proposed, not yet proven on later leads", text::plural(edits, "edit")))
        }
    };
    let line = line(&act, &found, &audit.criteria);
    let next = if edits > 0 {
        vec![say![
            "Write the variant with ",
            name("leadoff audit --write challenger.yaml"),
            " and judge it beside the others."
        ]]
    } else {
        Vec::new()
    };
    Answer {
        tone,
        headline: say![
            "Of ",
            text::plural(audit.criteria.len() as u64, "criterion").replace("criterions", "criteria"),
            ": ",
            found,
            "; ",
            act,
            "."
        ],
        line: line.into(),
        readiness: readiness(&audit.weighing.scale).into(),
        banners: Vec::new(),
        doubts: Vec::new(),
        reasons: vec![Text::whole(&audit.proposal.reason)],
        next,
    }
}

/// The answer on one line; where the findings are too many for it, their number.
fn line(act: &str, found: &str, criteria: &[CriterionAudit]) -> String {
    let whole = format!("Audit: {act} ({found}).");
    if whole.chars().count() <= 100 {
        return whole;
    }
    let named = criteria.iter().filter(|one| !one.verdict.is_quiet()).count();
    text::clipped(&format!("Audit: {act} ({named} of {} criteria are named).", criteria.len()), 100)
}

/// What points are, in words of chances.
fn readiness(scale: &Estimate) -> String {
    let odds = |points: &Number| points.finite().map_or(points.clone(), |points| (10.0 * points).exp().into());
    let Some(_) = scale.point.finite() else { return "What a point stands for cannot be told.".into() };
    let odds = Estimate { point: odds(&scale.point), low: odds(&scale.low), high: odds(&scale.high) };
    format!(
        "Ten points more multiply the odds of a win by {}, by the criteria that are worth their points.",
        text::estimate(&odds, Unit::Ratio)
    )
}

/// "3 over-weighted", …
fn tally(criteria: &[CriterionAudit]) -> Vec<String> {
    let all = [
        Belief::WrongSign,
        Belief::OverWeighted,
        Belief::UnderWeighted,
        Belief::Redundant,
        Belief::Dead,
        Belief::Saturated,
        Belief::Unstable,
    ];
    let count = |belief: Belief| criteria.iter().filter(|one| one.verdict == belief).count();
    let words = |belief: Belief| match belief {
        Belief::WrongSign => "with the wrong sign",
        belief => belief.in_words(),
    };
    all.into_iter().filter(|b| count(*b) > 0).map(|b| format!("{} {}", count(b), words(b))).collect()
}
