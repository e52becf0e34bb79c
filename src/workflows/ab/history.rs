//! What history says before a test is planned: how many convert and when, how many leads come, how alike a
//! representative's leads are, and where the two models differ.

use crate::evaluation::{Agreement, Cohort, agreement};
use crate::experiment::Experiment;
use crate::pipeline::{Progress, cohort, play};
use crate::replay::Scope;
use crate::report;
use crate::stats::Interval;
use crate::stats::proportion::wilson;
use crate::stats::survival::{Curve, Followed, cumulative_incidence};
use crate::table::{Column, MISSING, Text, did_you_mean, inert};
use crate::time::Instant;
use crate::trial::past::{Reps, arrivals, delays, steps};
use crate::trial::plan::Delay;

use super::TestError;

/// A history's figures for a plan, over the leads that the experiment evaluates.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The experiment file.
    pub experiment: String,
    pub champion: String,
    pub challenger: String,
    pub horizon_days: f64,
    /// Mature leads, and the share of them that converted within the horizon.
    pub leads: usize,
    pub rate: f64,
    pub limits: Option<Interval>,
    /// Leads a week on average, and in the weeks between the first and the last tenth.
    pub per_week: f64,
    pub most_weeks: (f64, f64),
    pub delay: Delay,
    /// Days by which half and 95 % of all conversions had come, the horizon apart; nothing without times.
    pub delays: Option<(f64, f64)>,
    /// The column that names representatives, and how alike the leads of one are.
    pub reps: Option<(String, Reps)>,
    pub agreement: Agreement,
}

/// Replays an experiment for what a plan asks of its history. `rep` is a column of the leads.
///
/// # Errors
/// When the experiment cannot be replayed, has no champion or no such challenger, or no times or horizon.
pub fn past(
    experiment: &Experiment,
    challenger: Option<&str>,
    rep: Option<&str>,
    progress: &dyn Progress,
) -> Result<Past, TestError> {
    let invalid = |field: &str, message: String| -> TestError { experiment.source().invalid(field, message).into() };
    let Some(champion) = experiment.champion else {
        let message = "missing: a test compares a challenger with the champion, the model in use".into();
        return Err(invalid("champion", message));
    };
    let place = challenger_of(experiment, champion, challenger).map_err(|message| invalid("models", message))?;
    let mut played = play(experiment, Scope::Used, progress)?;
    let cohort = cohort(experiment, &mut played, None)?;
    let Some(horizon) = cohort.design().horizon_days else {
        let message = "`ever` never ends: a test needs a horizon such as 90d".into();
        return Err(invalid("replay.horizon", message));
    };
    let as_of = &cohort.leads().as_of;
    let scored: Vec<Instant> = cohort.mature().iter().chain(cohort.immature()).map(|&row| as_of[row]).collect();
    let (per_week, most_weeks) = arrivals(&scored).ok_or_else(|| {
        invalid("data.leads", "no two weeks of leads with times: state `--per-week` and `--rate` instead".into())
    })?;
    let curve = curve(&cohort);
    let converted = cohort.converted(cohort.mature()).iter().filter(|won| **won).count() as f64;
    let leads = cohort.mature().len();
    let reps = rep.map(|column| {
        let attributes = &played.replayed.features.attributes;
        let found = attributes.get(column).ok_or_else(|| {
            let near = did_you_mean(attributes.names(), column);
            invalid("data.leads", format!("there is no column `{column}` among the leads{near}"))
        })?;
        let alike = reps(found).and_then(|text| {
            let own = |row: &usize| (text.codes[*row] != MISSING).then_some(text.codes[*row] as usize);
            let own: Vec<Option<usize>> = cohort.mature().iter().map(own).collect();
            Reps::of(&own, &cohort.converted(cohort.mature()))
        });
        alike.map(|alike| (column.to_owned(), alike)).ok_or_else(|| {
            invalid("data.leads", format!("`{column}` does not name two representatives with leads of their own"))
        })
    });
    Ok(Past {
        experiment: experiment.path().display().to_string(),
        champion: cohort.models()[champion].name.clone(),
        challenger: cohort.models()[place].name.clone(),
        horizon_days: horizon,
        leads,
        rate: converted / leads as f64,
        limits: wilson(converted, leads as f64, 0.95).ok(),
        per_week,
        most_weeks,
        delay: match &curve {
            Some(curve) => Delay::of_curve(steps(curve), horizon),
            None => Delay::exponential(horizon / 4.0, horizon),
        },
        delays: curve.as_ref().and_then(delays),
        reps: reps.transpose()?,
        agreement: agreement(&cohort, champion, place),
    })
}

fn challenger_of(experiment: &Experiment, champion: usize, wanted: Option<&str>) -> Result<usize, String> {
    let others: Vec<usize> = (0..experiment.models.len()).filter(|&model| model != champion).collect();
    let names: Vec<&str> = others.iter().map(|&model| experiment.models[model].name.as_str()).collect();
    match (wanted, others.as_slice()) {
        (_, []) => Err("there is no challenger beside the champion".into()),
        (None, [only]) => Ok(*only),
        (None, _) => Err(format!("several challengers: name one of {} by `--challenger`", names.join(", "))),
        (Some(wanted), _) => {
            let place = names.iter().position(|name| *name == wanted);
            place
                .map(|place| others[place])
                .ok_or_else(|| format!("there is no challenger `{wanted}`, expected one of {}", names.join(", ")))
        }
    }
}

/// Conversion of all scored leads since they were scored, losses competing.
fn curve(cohort: &Cohort) -> Option<Curve> {
    let endings = cohort.leads().endings.as_ref()?;
    let rows: Vec<usize> = cohort.mature().iter().chain(cohort.immature()).copied().collect();
    let time: Vec<f64> = rows.iter().map(|&row| endings.days[row]).collect();
    let end: Vec<_> = rows.iter().map(|&row| endings.how[row]).collect();
    if time.is_empty() { None } else { cumulative_incidence(&Followed::new(&time, &end)).ok() }
}

/// The representative of each lead, as a place among their names.
fn reps(column: &Column) -> Option<Text> {
    match column {
        Column::Text(text) => Some(text.clone()),
        Column::Number(numbers) => {
            let names: Vec<Option<String>> = numbers.iter().map(|n| (!n.is_nan()).then(|| n.to_string())).collect();
            Some(names.iter().map(|name| name.as_deref()).collect())
        }
        _ => None,
    }
}

impl Past {
    /// What the replay foretells of the leads that a test compares: those on which the models differ, or all.
    /// A lead that is not handed over counts as not converting.
    pub fn foretold(&self, all_leads: bool) -> (f64, Interval) {
        let Agreement { leads, swapped_in, swapped_out, .. } = &self.agreement;
        let n = if all_leads { *leads } else { swapped_in.leads + swapped_out.leads };
        let difference = (swapped_in.wins - swapped_out.wins) / n;
        // Every lead adds one, takes one away or does nothing.
        let variance = ((swapped_in.wins + swapped_out.wins) / n - difference * difference) / n;
        (difference, Interval::around(difference, 1.959_963_984_540_054 * variance.max(0.0).sqrt()))
    }

    /// The control's conversion among the leads that are compared.
    pub fn rate_compared(&self, all_leads: bool) -> f64 {
        let Agreement { swapped_in, swapped_out, .. } = &self.agreement;
        if all_leads { self.rate } else { swapped_out.wins / (swapped_in.leads + swapped_out.leads) }
    }

    /// The history in words, for a terminal.
    pub fn text(&self) -> String {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let limits = self
            .limits
            .map_or(String::new(), |limits| format!(" ({} to {})", percent(limits.low), percent(limits.high)));
        let mut lines = vec![
            format!("History of {}:", inert(&self.experiment)),
            format!(
                "{} mature leads; {}{limits} converted within {} days",
                self.leads,
                percent(self.rate),
                self.horizon_days
            ),
            format!(
                "{:.0} leads come in a week, {:.0} to {:.0} in four weeks of five",
                self.per_week, self.most_weeks.0, self.most_weeks.1
            ),
        ];
        lines.extend(self.delays.map(|(half, most)| {
            let reach = if self.horizon_days < most {
                "the horizon is shorter: more conversions by then may be only sooner ones"
            } else {
                "within the horizon"
            };
            format!("half of the conversions came within {half:.0} days, 95 % within {most:.0}: {reach}")
        }));
        lines.extend(self.agreement_in_words());
        lines.extend(self.reps.as_ref().map(|(column, reps)| {
            let missing = if reps.missing > 0 { format!("; {} leads without one", reps.missing) } else { String::new() };
            format!(
                "{} representatives with ten leads or more (`{}`): intra-class correlation {:.4}, design effect {:.2} at their size{missing}",
                reps.count,
                inert(column),
                reps.icc,
                reps.design_effect
            )
        }));
        lines.join("\n  ") + "\n"
    }

    fn agreement_in_words(&self) -> Vec<String> {
        let Agreement { hand_over, leads, swapped_in, swapped_out } = &self.agreement;
        let differ = swapped_in.leads + swapped_out.leads;
        let rate = |cell: &crate::evaluation::Swap| 100.0 * cell.wins / cell.leads;
        let mut lines = vec![format!(
            "`{}` and `{}` differ on {:.1} % of leads {}: only these can show anything",
            inert(&self.champion),
            inert(&self.challenger),
            100.0 * differ / leads,
            report::hand_over(hand_over)
        )];
        if swapped_in.leads > 0.0 && swapped_out.leads > 0.0 {
            lines.push(format!(
                "{:.2} % of those that only `{}` hands over converted, {:.2} % of those that only `{}` does",
                rate(swapped_in),
                inert(&self.challenger),
                rate(swapped_out),
                inert(&self.champion)
            ));
        }
        lines
    }
}
