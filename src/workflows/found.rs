//! What was found in the files, as results say it: what forbids a conclusion, and what may change the answer.

use crate::data::{Finding, FindingLevel, Findings, What};
use crate::result::{Fact, Level, Notice, Reason};

pub(super) fn level(level: FindingLevel) -> Level {
    match level {
        FindingLevel::Note => Level::Note,
        FindingLevel::Doubt => Level::Warning,
        FindingLevel::Forbids => Level::Banner,
    }
}

/// Why nothing can be concluded from the files.
pub(super) fn forbidden(findings: &Findings) -> Vec<Reason> {
    // A column that knows the outcome forbids the promotion of what reads it, and no other.
    let forbids = |one: &&Finding| one.level == FindingLevel::Forbids && one.what != What::KnowsTheOutcome;
    let reason = |finding: &Finding| Reason::Forbidden { what: finding.in_words() };
    findings.list.iter().filter(forbids).map(reason).collect()
}

/// What stands on the first screen, the weightiest first.
pub(super) fn notices(findings: &Findings) -> Vec<Notice> {
    // Some are said with the models that they concern, or with the answers under both readings.
    let of_models = [What::KindNeverOccurs, What::KnowsTheOutcome, What::MayKnowTheOutcome, What::UntilAfterGap];
    let told = |finding: &&Finding| {
        finding.is_weighty()
            && (finding.level == FindingLevel::Forbids && finding.what == What::KindNeverOccurs
                || !of_models.contains(&finding.what))
    };
    let mut weighty: Vec<&Finding> = findings.list.iter().filter(told).collect();
    weighty.sort_by_key(|finding| std::cmp::Reverse(finding.weight()));
    let notice = |one: &Finding| Notice {
        level: level(one.level),
        fact: Fact::SevereFinding {
            input: one.input.clone(),
            what: one.text.clone(),
            rows: one.count,
            advice: one.advice.clone(),
        },
    };
    weighty.into_iter().map(notice).collect()
}
