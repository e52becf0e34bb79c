//! The three figures of a slide.

use crate::metrics::AUC;
use crate::result::{Decision, Estimate, Evaluation, ModelEvaluation, Number};

use super::chart::Figure;
use super::text::{self, Unit};
use super::{first, words};

/// What a slide on an evaluation shows large: what switching is worth, what the model finds, and in money or in leads
/// how much stands behind it. Each with its interval.
pub fn slide_figures(evaluation: &Evaluation) -> Vec<Figure> {
    let subject = subject(evaluation);
    let mut figures: Vec<Figure> =
        [winners(evaluation), subject.and_then(|model| captured(evaluation, model))].into_iter().flatten().collect();
    figures.extend(value(evaluation));
    if let (Some(model), true) = (subject, figures.len() < 3) {
        figures.push(auc(model));
    }
    if figures.len() < 3 {
        figures.push(evidence(evaluation));
    }
    figures
}

/// The model that the answer speaks of.
fn subject(evaluation: &Evaluation) -> Option<&ModelEvaluation> {
    let verdict = &evaluation.verdict;
    let named = match verdict.decision {
        Decision::Keep => evaluation.setting.champion.as_ref(),
        _ => verdict.challenger.as_ref().or(verdict.model.as_ref()),
    };
    let named = named.or(evaluation.setting.champion.as_ref())?;
    evaluation.models.iter().find(|model| model.name == *named)
}

fn range(estimate: &Estimate, unit: Unit) -> String {
    match text::parts(estimate, unit).1 {
        Some(interval) if estimate.interval().is_some() => format!("95 %: {interval}"),
        Some(reason) => reason,
        None => String::new(),
    }
}

fn winners(evaluation: &Evaluation) -> Option<Figure> {
    let comparison = words::deciding(evaluation)?;
    let (wins, per) = first::claim(evaluation)?;
    let name = |model: &str| text::clipped(model, 24);
    Some(Figure {
        label: format!("Winners {per}"),
        value: text::parts(&wins, Unit::CountDifference).0,
        beside: format!(
            "{}; {} instead of {}",
            range(&wins, Unit::CountDifference),
            name(&comparison.challenger),
            name(&comparison.champion)
        ),
    })
}

fn captured(evaluation: &Evaluation, model: &ModelEvaluation) -> Option<Figure> {
    let found = words::captured(model).filter(|found| found.point.finite().is_some())?;
    let at = match &evaluation.setting.capacity {
        Some(setting) if model.capacity.is_some() => format!("at {}", words::capacity(setting)),
        _ => "in the top 10 %".to_owned(),
    };
    let champion = evaluation.setting.champion.as_ref().filter(|champion| **champion != model.name);
    let champion = champion.and_then(|name| evaluation.models.iter().find(|other| other.name == *name));
    let today = champion.and_then(words::captured).filter(|today| today.point.finite().is_some());
    let today = today.map_or(String::new(), |today| format!("; today {}", text::parts(&today, Unit::Share).0));
    Some(Figure {
        label: format!("Wins found by {}", text::clipped(&model.name, 24)),
        value: text::parts(&found, Unit::Share).0,
        beside: format!("of all wins {at}; {}{today}", range(&found, Unit::Share)),
    })
}

fn value(evaluation: &Evaluation) -> Option<Figure> {
    if evaluation.evidence.deals.as_ref().is_some_and(|deals| deals.make_the_total()) {
        return None;
    }
    let value = words::deciding(evaluation)?.value_per_quarter.as_ref().filter(|value| value.interval().is_some())?;
    let point = value.point.finite()?;
    let sign = if point > 0.0 { "+" } else { "" };
    let may_be_nothing = value.interval().is_some_and(|interval| interval.low <= 0.0 && interval.high >= 0.0);
    Some(Figure {
        label: "Their value a quarter".into(),
        value: format!(
            "{sign}{}",
            text::with_currency(&text::parts(value, Unit::Money).0, words::currency(evaluation))
        ),
        beside: range(value, Unit::Money) + if may_be_nothing { ": it may be nothing" } else { "" },
    })
}

fn auc(model: &ModelEvaluation) -> Figure {
    let auc = &model.metric(AUC.id);
    Figure {
        label: format!("Ranking by {} (AUC; 0.5 is chance)", text::clipped(&model.name, 24)),
        value: match &auc.point {
            Number::Value(_) => text::parts(auc, Unit::Plain).0,
            Number::Undefined(_) => "–".into(),
        },
        beside: match &auc.point {
            Number::Value(_) => range(auc, Unit::Plain),
            Number::Undefined(reason) => text::clean(reason),
        },
    }
}

fn evidence(evaluation: &Evaluation) -> Figure {
    let readiness = &evaluation.readiness;
    Figure {
        label: "What it rests on".into(),
        value: text::plural(readiness.wins, "win"),
        beside: format!("among {}", text::plural(readiness.leads, "mature lead")),
    }
}
