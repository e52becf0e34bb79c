//! What was planned beside what came: the analysis is held to its plan.

use crate::result::trial::{Planned, Queue, Trial};
use crate::stats::power::Rates;
use crate::stats::proportion::wilson;
use crate::trial::{Monitoring, Units};

use super::file::PlanSpec;
use super::load::FieldTest;

/// A test with this much less power than planned has not the power of its plan.
const POWER_SLACK: f64 = 0.05;

/// Sets plan and test side by side.
pub(super) fn hold(test: &FieldTest, units: &Units, trial: &mut Trial) {
    let Some(plan) = &test.file.plan else { return };
    let held = Held { test, plan, units, trial };
    let lines: Vec<Planned> = held.promises().into_iter().chain(held.figures()).collect();
    trial.plan = lines;
}

struct Held<'a> {
    test: &'a FieldTest,
    plan: &'a PlanSpec,
    units: &'a Units,
    trial: &'a Trial,
}

fn line(what: &str, planned: String, found: String, deviation: Option<&str>) -> Planned {
    Planned { what: what.into(), planned, found, deviation: deviation.map(Into::into) }
}

/// The same, where any difference is a deviation.
fn kept(what: &str, planned: String, found: String, meaning: &str) -> Planned {
    let deviation = (planned != found).then_some(meaning);
    line(what, planned, found, deviation)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn queue_in_words(queue: Queue) -> &'static str {
    match queue {
        Queue::Shared => "shared",
        Queue::Split => "split",
        Queue::ByRep => "by_rep",
    }
}

impl Held<'_> {
    /// What must stay as it was promised.
    fn promises(&self) -> Vec<Planned> {
        let (plan, file) = (self.plan, &self.test.file);
        let mut lines = Vec::new();
        let arms = |arms: &mut dyn Iterator<Item = (&str, &f64)>| {
            arms.map(|(name, weight)| format!("{name} {weight}")).collect::<Vec<_>>().join(", ")
        };
        if !plan.arms.is_empty() {
            let (planned, found) = (arms(&mut plan.arms.iter()), arms(&mut file.arms.iter()));
            lines.push(kept("Arms", planned, found, "another test than the one that was planned"));
        }
        if let Some(unit) = plan.unit {
            let meaning = "what is assigned decides how large the test must be";
            lines.push(kept("Unit", unit.word().into(), file.unit.word().into(), meaning));
        }
        if let Some(queue) = plan.queue {
            let (planned, found) = (queue_in_words(queue).into(), queue_in_words(file.queue).into());
            lines.push(kept("Queue", planned, found, "who works the leads of the arms has changed"));
        }
        if let Some(horizon) = plan.horizon {
            let found = file.horizon.map_or("none".into(), |horizon| horizon.in_words());
            let meaning = "a horizon chosen after outcomes are seen can make a difference out of nothing";
            lines.push(kept("Horizon", horizon.in_words(), found, meaning));
        }
        let found = percent(1.0 - file.confidence);
        lines.push(kept("Error", percent(plan.alpha), found, "the verdict is held to another error than promised"));
        lines.extend(plan.looks.map(|looks| self.looks(looks)));
        lines
    }

    fn looks(&self, planned: u32) -> Planned {
        let say = |looks: usize| if looks == 1 { "once".to_string() } else { format!("{looks} looks") };
        let found = match &self.test.monitoring {
            Monitoring::Fixed { .. } => say(1),
            Monitoring::Looks { at, .. } => say(at.len()),
            Monitoring::Anytime { .. } => "at any time".into(),
        };
        kept("Read", say(planned as usize), found, "each further look is a further chance to be wrong")
    }

    /// Whether units and outcomes are still meant to come in.
    fn goes_on(&self) -> bool {
        match (&self.test.monitoring, &self.trial.setting.as_of) {
            (Monitoring::Looks { at, .. }, Some(day)) => at.iter().max().is_some_and(|last| day < last),
            _ => false,
        }
    }

    /// What was counted on.
    fn figures(&self) -> Vec<Planned> {
        let (plan, trial) = (self.plan, self.trial);
        let units: u64 = trial.soundness.ratios.first().map_or(0, |assigned| assigned.counts.iter().sum());
        let conversions: u64 = trial.arms.iter().map(|arm| arm.conversions).sum();
        let is_short = (units as f64) < plan.leads && !self.goes_on();
        let mut lines = vec![
            line(
                "Units assigned",
                format!("{:.0}", plan.leads),
                units.to_string(),
                is_short.then_some("smaller effects than planned stay unseen"),
            ),
            line("Conversions of finished units", format!("{:.0}", plan.conversions), conversions.to_string(), None),
        ];
        lines.extend(self.discordance(units));
        lines.extend(self.base_rate());
        lines.extend(self.power());
        lines.extend(self.plateau());
        lines
    }

    fn discordance(&self, units: u64) -> Option<Planned> {
        let planned = self.plan.discordant?;
        let differs = self.units.discordant.as_ref();
        let Some(differs) = differs else {
            let meaning = "the assignments do not say on which units the models differ: all are compared, and the effect is diluted";
            return (planned < 1.0).then(|| {
                line("Units on which the models differ", percent(planned), "not known".into(), Some(meaning))
            });
        };
        let found = differs.iter().filter(|differs| **differs).count() as f64;
        let interval = wilson(found, units as f64, 0.95).ok()?;
        let deviation =
            (!interval.contains(planned)).then_some("the test has not the size that was planned for what it compares");
        Some(line("Units on which the models differ", percent(planned), percent(found / units as f64), deviation))
    }

    fn base_rate(&self) -> Option<Planned> {
        let control = &self.trial.contrasts.first()?.primary.control;
        let found = control.point.finite()?;
        let meaning = "the control's interval excludes it, so the power is not that of the plan";
        let deviation = control.interval().filter(|limits| !limits.contains(self.plan.base_rate)).map(|_| meaning);
        Some(line("Control's conversion", percent(self.plan.base_rate), percent(found), deviation))
    }

    /// What the mature units there are can see of the planned difference, at the control's rate.
    fn power(&self) -> Option<Planned> {
        let rate = self.trial.contrasts.first()?.primary.control.point.finite()?;
        let leads = self.trial.arms.iter().map(|arm| arm.mature).min()? as f64 / self.plan.design_effect.unwrap_or(1.0);
        let kept = match &self.test.monitoring {
            Monitoring::Looks { plateau, .. } => *plateau,
            _ => 1.0,
        };
        let alpha = self.plan.alpha * kept / (self.trial.arms.len().max(2) - 1) as f64;
        let found = Rates::new(rate, rate + self.plan.difference, alpha).ok()?.power(leads).ok()?.one_tail;
        let meaning =
            "with the finished units there are, a difference of the planned size is seen less often than planned";
        let deviation = (found < self.plan.power - POWER_SLACK && !self.goes_on()).then_some(meaning);
        let what = format!("Power for {:+.2} points", 100.0 * self.plan.difference);
        Some(line(&what, format!("{:.0} %", 100.0 * self.plan.power), format!("{:.0} %", 100.0 * found), deviation))
    }

    /// More is said of a plateau: the horizon must hold nearly all conversions of history.
    fn plateau(&self) -> Option<Planned> {
        let (delay, horizon) = (self.plan.delay_95?, self.test.file.horizon?.days());
        let meaning = "conversions come in after the horizon: more by then may be only sooner";
        let what = "Days that hold 95 % of past conversions";
        // A horizon that was planned so short is no deviation: the analysis says itself where curves still rise.
        let is_cut = horizon < delay && self.plan.horizon.is_some_and(|planned| planned.days() > horizon);
        Some(line(what, format!("{delay:.0}"), format!("horizon {horizon:.0}"), is_cut.then_some(meaning)))
    }
}
