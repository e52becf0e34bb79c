use std::fmt::Write as _;

use crate::report::text;
use crate::table::{inert, inert_json};
use crate::time::{Calendar, DAY, Moment, Zone};
use crate::trial::plan::{ClusterSize, LogRank, Plan, Question};

use super::history::Past;

/// A plan with what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub question: Question,
    pub plan: Plan,
    pub shared_queue: bool,
    pub foretold: Option<f64>,
    /// Where figures come from history.
    pub past: Option<Past>,
    /// Whether all leads are compared, those on which the models agree too.
    pub all_leads: bool,
    /// The first day of assignment: with it the days of the looks are written.
    pub start: Option<Moment>,
}

fn points(difference: f64) -> String {
    format!("{:+.2} points", 100.0 * difference)
}

fn count(n: f64) -> String {
    text::count(n.round().max(0.0) as u64)
}

impl Planned {
    /// The plan in words, for a terminal.
    pub fn text(&self) -> String {
        let (question, plan) = (&self.question, &self.plan);
        let mut text = self.past.as_ref().map_or(String::new(), Past::text);
        let _ = writeln!(
            text,
            "To see {} on a rate of {:.2} % with {:.0} % power at an error of {:.1} %:",
            points(question.effect),
            100.0 * question.rate,
            100.0 * question.power,
            100.0 * question.alpha
        );
        for line in self.size().into_iter().chain(self.clusters()).chain(self.error()) {
            let _ = writeln!(text, "  {line}");
        }
        text.push_str(&plan.log_rank.as_ref().map_or(String::new(), |test| self.looks(test)));
        text.push_str(&self.detectable());
        text.push_str(&self.warnings());
        text
    }

    fn size(&self) -> Vec<String> {
        let (question, plan) = (&self.question, &self.plan);
        let Some(weeks) = plan.weeks else {
            return vec![if plan.leads.is_finite() {
                format!(
                    "{} leads, {:.0} weeks of assignment: more than ten years; this effect is out of reach",
                    count(plan.leads),
                    plan.accrual_weeks
                )
            } else {
                let least = plan.limit.map_or(String::new(), |gain| {
                    format!("; the smallest gain that they show in ten years is {}", points(gain))
                });
                format!(
                    "no number of leads is enough: what differs between these representatives hides this effect{least}"
                )
            }];
        };
        let mut lines = vec![format!(
            "{} leads in {} arms, about {} conversions",
            count(plan.leads),
            question.arms,
            count(plan.conversions)
        )];
        if question.discordant < 1.0 {
            lines.push(format!(
                "{} of them are compared: the models differ on {:.1} % of leads, and the others are treated alike in all arms",
                count(plan.compared),
                100.0 * question.discordant
            ));
        }
        lines.push(format!(
            "{weeks:.1} weeks: {:.1} of assignment and {:.1} until the last lead's horizon has passed",
            plan.accrual_weeks,
            weeks - plan.accrual_weeks
        ));
        lines
    }

    fn clusters(&self) -> Option<String> {
        let (clusters, an_arm) = (self.question.clusters?, self.plan.clusters?);
        let few = match an_arm {
            an_arm if an_arm >= 6.0 => "CR2 with Student's t",
            an_arm if an_arm >= 4.0 => "so few that only the exact permutation test is left",
            _ => "three against three cannot reach 5 %: the smallest possible p is 0.1",
        };
        Some(match clusters.size {
            ClusterSize::Count(all) => format!(
                "{all} representatives, {an_arm:.0} an arm (intra-class correlation {:.4}, design effect {:.2}): {few}",
                clusters.icc, self.plan.design_effect
            ),
            ClusterSize::Leads(leads) => format!(
                "{an_arm:.0} representatives an arm with {leads} leads each (intra-class correlation {:.4}, design effect {:.2}): {few}",
                clusters.icc, self.plan.design_effect
            ),
        })
    }

    fn error(&self) -> Option<String> {
        (self.question.arms > 2).then(|| {
            format!(
                "the arms share the error: each comparison of conversion is held to {:.2} %",
                100.0 * self.plan.alpha
            )
        })
    }

    fn looks(&self, test: &LogRank) -> String {
        let when = match test.weeks {
            Some(weeks) => format!("come after {weeks:.1} weeks"),
            None => format!(
                "do not come in this test, whose log-rank test has {:.0} % power in the end",
                100.0 * test.power
            ),
        };
        let days: Vec<String> = test.looks.iter().map(|weeks| format!("{weeks:.1}")).collect();
        format!(
            "At {} planned looks, after {} weeks:\n  conversion by the horizon is held to {:.2} % at the last look and says *more*; the log-rank test spends {:.2} % over all looks and says *different*\n  \
             the planned rates are a hazard ratio of {:.2} if conversion is no faster or slower: the {} conversions at the most that see it {when} ({:.3} times those of one look; when the effect is there the test stops at {:.0} % of one look's on average)\n",
            test.looks.len(),
            text::list(&days),
            100.0 * self.plan.alpha,
            100.0 * test.alpha,
            test.hazard_ratio,
            count(test.conversions.ceil()),
            test.inflation,
            100.0 * test.expected_share
        )
    }

    fn detectable(&self) -> String {
        let mut text = "The smallest gain that a given time can show, its outcomes included:\n".to_string();
        for row in &self.plan.detectable {
            let more = row.more.map_or("nothing: no lead is mature by then, or too few are".into(), points);
            let different = match (&self.plan.log_rank, row.different) {
                (None, _) => String::new(),
                (Some(_), Some(gain)) => format!("; as a difference of hazards {}", points(gain)),
                (Some(_), None) => "; as a difference of hazards nothing".into(),
            };
            let _ = writeln!(text, "  {:>2.0} weeks: {more}{different}", row.weeks);
        }
        text
    }

    fn warnings(&self) -> String {
        let mut text = String::new();
        if let Some(past) = &self.past {
            let (difference, limits) = past.foretold(self.all_leads);
            let _ = writeln!(
                text,
                "The replay foretells {} ({:+.2} to {:+.2}) for `{}` among the leads compared, if a lead that is not handed over does not convert; where such leads convert anyway, the field will show less.",
                points(difference),
                100.0 * limits.low,
                100.0 * limits.high,
                inert(&past.challenger)
            );
        }
        if self.question.discordant < 1.0 {
            text.push_str("Score every lead by both models before it is assigned, and write down whether they differ (`assignments.discordant`).\n");
        }
        text.push_str(
            "A hash assigns each lead by chance alone: it does not balance strata; the analysis adjusts for them.\n",
        );
        if self.shared_queue {
            text.push_str(
                "Both arms in one queue cannot be compared: a shift of one model's scale alone looks like a lift (31 % in simulation).\n  \
                 Assign whole representatives (`--reps`, `--icc`), or give each arm its own quota of sales' time.\n",
            );
        }
        text
    }

    /// The arms' names, the control first.
    fn arms(&self) -> Vec<String> {
        if let Some(past) = &self.past {
            return vec![past.champion.clone(), past.challenger.clone()];
        }
        let challenger = |arm: usize| match self.question.arms {
            2 => "challenger".to_string(),
            _ => format!("challenger_{arm}"),
        };
        std::iter::once("current".to_string()).chain((1..self.question.arms).map(challenger)).collect()
    }

    /// The test's file, to be completed with the names of the data.
    pub fn yaml(&self) -> String {
        let (question, plan) = (&self.question, &self.plan);
        let arms: Vec<String> = self.arms().iter().map(|arm| format!("{}: 1", quoted(arm))).collect();
        let arms = arms.join(", ");
        let queue = match (self.shared_queue, question.clusters) {
            (_, Some(_)) => "by_rep",
            (true, None) => "shared",
            (false, None) => "split",
        };
        let unit = if question.clusters.is_some() { "rep" } else { "lead" };
        let discordant = if question.discordant < 1.0 { ", discordant: models_differ" } else { "" };
        let cluster = if question.clusters.is_some() { ", cluster: rep" } else { "" };
        let file = format!(
            "version: 1\ntest: Planned test\nunit: {unit}\nsalt: planned-test   # another word for another test\narms: {{ {arms} }}\n\
             horizon: {}d\nqueue: {queue}\n{}\
             # Complete these with the names of your data, then: leadoff ab analyze\n\
             # assignments: {{ path: assignments.csv, unit: lead_id, arm: arm, at: assigned_at{cluster}{discordant} }}\n\
             # outcomes: {{ path: outcomes.csv, unit: lead_id, converted: converted_at, lost: lost_at, value: amount }}\n\
             # until: 2027-12-31\n",
            question.horizon_days,
            self.monitoring()
        );
        let of_clusters =
            question.clusters.map_or(String::new(), |_| format!("  design_effect: {:.4}\n", plan.design_effect));
        let delay = self
            .past
            .as_ref()
            .and_then(|past| past.delays)
            .map_or(String::new(), |(_, most)| format!("  delay_95: {most:.1}\n"));
        format!(
            "{file}# What was planned: the analysis is held to it, and says where the test deviates.\nplan:\n  arms: {{ {arms} }}\n  unit: {unit}\n  queue: {queue}\n  horizon: {}d\n  looks: {}\n  leads: {}\n  conversions: {:.0}\n  weeks: {:.1}\n  base_rate: {:.6}\n  difference: {:.6}\n  power: {}\n  alpha: {}\n  discordant: {:.4}\n{of_clusters}{delay}{}",
            question.horizon_days,
            question.looks,
            plan.leads,
            plan.conversions,
            plan.weeks.unwrap_or(plan.accrual_weeks),
            question.rate,
            question.effect,
            question.power,
            question.alpha,
            question.discordant,
            self.foretold_in_yaml()
        )
    }

    fn foretold_in_yaml(&self) -> String {
        match (&self.past, self.foretold) {
            (Some(past), _) => {
                let (difference, limits) = past.foretold(self.all_leads);
                format!(
                    "  foretold: {{ {}: {{ difference: {difference:.6}, low: {:.6}, high: {:.6}, replay: {} }} }}\n",
                    quoted(&past.challenger),
                    limits.low,
                    limits.high,
                    quoted(&past.experiment)
                )
            }
            (None, Some(difference)) => {
                let arms = self.arms();
                format!("  foretold: {{ {}: {{ difference: {difference} }} }}\n", quoted(&arms[arms.len() - 1]))
            }
            (None, None) => String::new(),
        }
    }

    /// The days of the looks, where the first day of assignment is known.
    fn monitoring(&self) -> String {
        let zone = Zone::utc();
        let weeks = self.plan.weeks.unwrap_or(self.plan.accrual_weeks).min(5_000.0);
        // The last lead's horizon has passed only at the end of a day.
        let day = |start: &Moment, weeks: f64| {
            zone.period_name(start.start(&zone) + (7.0 * weeks).ceil() as i64 * DAY, Calendar::Day)
        };
        match (&self.plan.log_rank, &self.start) {
            (None, Some(start)) => format!("monitoring: {{ fixed: {{ at: {} }} }}\n", day(start, weeks)),
            (None, None) => format!(
                "# Put the day of the one look here, {weeks:.0} weeks after the first assignment:\n# monitoring: {{ fixed: {{ at: 2027-12-31 }} }}\n"
            ),
            (Some(test), Some(start)) => {
                let days: Vec<String> = test.looks.iter().map(|weeks| day(start, *weeks)).collect();
                format!(
                    "monitoring: {{ looks: {{ at: [{}], conversions: {:.0}, plateau: {} }} }}\n",
                    days.join(", "),
                    self.plan.conversions,
                    self.question.plateau
                )
            }
            (Some(test), None) => {
                let after: Vec<String> = test.looks.iter().map(|weeks| format!("{weeks:.0}")).collect();
                format!(
                    "# Put the days of your {} looks here, {} weeks after the first assignment:\n# monitoring: {{ looks: {{ at: [2027-12-31], conversions: {:.0}, plateau: {} }} }}\n",
                    test.looks.len(),
                    text::list(&after),
                    self.plan.conversions,
                    self.question.plateau
                )
            }
        }
    }
}

/// A name as YAML, quoted unless it is plainly a word.
fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.into() } else { inert_json(&serde_json::Value::from(name).to_string()).into_owned() }
}
