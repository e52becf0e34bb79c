use std::fmt::Write as _;
use std::path::Path;

use crate::experiment::{RunError, write_file};
use crate::trial::plan::{Plan, Question};

/// A plan with what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub question: Question,
    pub plan: Plan,
    pub shared_queue: bool,
    pub foretold: Option<f64>,
}

fn points(difference: f64) -> String {
    format!("{:+.2} points", 100.0 * difference)
}

impl Planned {
    /// The plan in words, for a terminal.
    pub fn text(&self) -> String {
        let (question, plan) = (&self.question, &self.plan);
        let mut text = format!(
            "To see {} on a rate of {:.2} % with {:.0} % power at an error of {:.1} %:\n",
            points(question.effect),
            100.0 * question.rate,
            100.0 * question.power,
            100.0 * question.alpha
        );
        let mut line = |words: String| {
            let _ = writeln!(text, "  {words}");
        };
        line(format!("{:.0} leads in {} arms, about {:.0} conversions", plan.leads, question.arms, plan.conversions));
        if question.discordant < 1.0 {
            line(format!(
                "{:.0} of them are compared: the models differ on {:.0} % of leads, and the others are treated alike in all arms",
                plan.compared,
                100.0 * question.discordant
            ));
        }
        match plan.weeks {
            Some(weeks) => line(format!(
                "{:.1} weeks: {:.1} of assignment and {:.1} until the last lead's horizon has passed",
                weeks,
                plan.accrual_weeks,
                weeks - plan.accrual_weeks
            )),
            None => line(format!(
                "{:.0} weeks of assignment: more than ten years; this effect is out of reach",
                plan.accrual_weeks
            )),
        }
        if let Some(clusters) = plan.clusters {
            line(format!(
                "{clusters:.0} representatives an arm (design effect {:.2}); below six an arm only a permutation test is left",
                plan.design_effect
            ));
        }
        if question.looks > 1 {
            line(format!(
                "with {} looks the largest sample is {:.3} times that of one look; when the effect is there {:.0} % of the one-look sample is used on average",
                question.looks,
                plan.inflation,
                100.0 * plan.expected_share
            ));
        }
        if question.arms > 2 {
            line(format!("each comparison is held to an error of {:.2} %", 100.0 * plan.alpha));
        }
        text.push_str("The smallest gain that a given time can show:\n");
        for (weeks, gain) in &plan.detectable {
            let gain = gain.map_or("nothing: no lead is mature by then, or no gain is large enough".into(), points);
            let _ = writeln!(text, "  {weeks:>2.0} weeks: {gain}");
        }
        text.push_str(
            "A hash assigns each lead by chance alone: it does not balance strata; the analysis adjusts for them.\n",
        );
        if self.shared_queue {
            text.push_str(
                "Both arms in one queue can not be compared: a shift of one model's scale alone looks like a lift (31 % in simulation).\n  \
                 Assign whole representatives (`--per-rep`, `--icc`), or give each arm its own quota of sales' time.\n",
            );
        }
        text
    }

    /// The test's file, to be completed with the names of the data.
    fn yaml(&self) -> String {
        let (question, plan) = (&self.question, &self.plan);
        let challengers: Vec<String> = (1..question.arms)
            .map(|arm| if question.arms == 2 { "challenger".into() } else { format!("challenger_{arm}") })
            .collect();
        let arms: Vec<String> =
            std::iter::once("current".to_string()).chain(challengers).map(|arm| format!("{arm}: 1")).collect();
        let queue = match (self.shared_queue, question.cluster) {
            (_, Some(_)) => "by_rep",
            (true, None) => "shared",
            (false, None) => "split",
        };
        let unit = if question.cluster.is_some() { "rep" } else { "lead" };
        let foretold = self.foretold.map_or(String::new(), |foretold| format!("  foretold: {{ challenger: {{ difference: {foretold} }} }}\n"));
        let looks = if question.looks > 1 {
            format!(
                "# Put the days of your {} looks here, the last one after {:.0} weeks:\n# monitoring: {{ looks: {{ at: [2027-01-01], conversions: {:.0} }} }}\n",
                question.looks,
                plan.weeks.unwrap_or(plan.accrual_weeks),
                plan.conversions
            )
        } else {
            format!(
                "# Put the day of the one look here, after {:.0} weeks:\n# monitoring: {{ fixed: {{ at: 2027-01-01 }} }}\n",
                plan.weeks.unwrap_or(plan.accrual_weeks)
            )
        };
        format!(
            "version: 1\ntest: Planned test\nunit: {unit}\nsalt: planned-test\narms: {{ {} }}\nhorizon: {}d\nqueue: {queue}\n{looks}\
             # assignments: {{ path: assignments.csv, unit: lead_id, arm: arm, at: assigned_at }}\n\
             # outcomes: {{ path: outcomes.csv, unit: lead_id, converted: converted_at, lost: lost_at, value: amount }}\n\
             plan:\n  leads: {}\n  conversions: {:.0}\n  weeks: {:.1}\n  base_rate: {}\n  difference: {}\n  power: {}\n{foretold}",
            arms.join(", "),
            question.horizon_days,
            plan.leads,
            plan.conversions,
            plan.weeks.unwrap_or(plan.accrual_weeks),
            question.rate,
            question.effect,
            question.power
        )
    }
}

/// Writes the test's file of a plan.
///
/// # Errors
/// When a file is there already, or can not be written.
pub fn write_plan(planned: &Planned, path: &Path) -> Result<(), RunError> {
    if path.exists() {
        return Err(RunError::NotEmpty { path: path.into() });
    }
    Ok(write_file(path, planned.yaml())?)
}
