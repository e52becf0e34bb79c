use crate::result::trial::{Check, Queue, SampleRatioAt, Soundness};
use crate::result::{Level, Number};
use crate::stats::Undefined;
use crate::stats::ab::sample_ratio;
use crate::stats::proportion::{Count, pooled_z};
use crate::stats::sequential::ratio_evidence;

use super::units::Units;
use super::{Monitoring, Oddities, Test};

/// A mismatch of arm sizes below this is no chance any more.
pub const SRM_ALPHA: f64 = 0.001;
/// Weight of the promised shares in the sequential test of arm sizes, in units.
const CONCENTRATION: f64 = 10_000.0;
/// Share of units that may be odd before it matters.
const MANY: f64 = 0.01;

/// `units` are all that were assigned, `compared` those of them on which the models differ.
pub(super) fn examine(test: &Test, units: &Units, compared: &Units, oddities: &Oddities) -> Soundness {
    let mut found = Found { units: units.sum(0..units.len()), checks: Vec::new(), refusals: Vec::new() };
    let ratios = ratios(test, units);
    found.arms(test, compared, oddities);
    found.sizes(test, &ratios, units.is_assigned_by_cluster());
    found.queue(test);
    found.clusters(test, units);
    found.files(oddities);
    found.delivery(test, units);
    found.discordance(test, units, compared);
    found.maturity(test, compared);
    Soundness { ratios, checks: found.checks, refusals: found.refusals }
}

/// A point of the funnel, and the units that came to it.
type Stage<'a> = (&'static str, Option<&'a Vec<bool>>);

fn ratios(test: &Test, units: &Units) -> Vec<SampleRatioAt> {
    let stages: [Stage; 4] = [
        ("assigned", None),
        ("compared", units.discordant.as_ref()),
        ("accepted", units.accepted.as_ref()),
        ("worked", units.worked.as_ref()),
    ];
    stages
        .iter()
        .filter(|(name, reached)| *name == "assigned" || reached.is_some())
        .map(|s| ratio(test, units, s))
        .collect()
}

/// The arms' sizes at one stage. Where clusters were assigned it is they that are counted: their units come together.
fn ratio(test: &Test, units: &Units, (stage, reached): &Stage) -> SampleRatioAt {
    let came = |row: &usize| reached.is_none_or(|reached| reached[*row]);
    let counts: Vec<f64> = (0..test.arms.len()).map(|arm| units.sum(units.rows(arm).filter(came))).collect();
    let weights = test.weights();
    let (total, whole): (f64, f64) = (counts.iter().sum(), weights.iter().sum());
    let by_cluster = units.is_assigned_by_cluster();
    let drawn = match (by_cluster, *stage) {
        (false, _) => Ok(counts.clone()),
        (true, "assigned") => Ok((0..test.arms.len()).map(|arm| units.clusters_of(arm) as f64).collect()),
        (true, _) => Err(Undefined::TooFewClusters),
    };
    let fixed = drawn.and_then(|drawn: Vec<f64>| sample_ratio(&drawn, &weights));
    let sequential = match by_cluster {
        true => Err(Undefined::TooFewClusters),
        false => ratio_evidence(&periods(test, units, came), &weights, CONCENTRATION),
    };
    SampleRatioAt {
        stage: (*stage).into(),
        counts: counts.iter().map(|count| count.round() as u64).collect(),
        expected: weights.iter().map(|weight| total * weight / whole).collect(),
        chi2: fixed.map(|fixed| fixed.chi2).into(),
        p: fixed.and_then(|fixed| fixed.p).into(),
        sequential_p: sequential.and_then(|looks| looks.last().map(|look| look.p).ok_or(Undefined::Empty)).into(),
    }
}

/// New units of every day and arm; all at once where nobody knows the day.
fn periods(test: &Test, units: &Units, came: impl Fn(&usize) -> bool) -> Vec<Vec<f64>> {
    let day = |row: usize| units.entry.as_ref().map_or(0, |entry| entry[row].clamp(0.0, 1e5) as usize);
    let last = (0..units.len()).map(day).max().unwrap_or(0);
    let mut periods = vec![vec![0.0; test.arms.len()]; last + 1];
    for row in (0..units.len()).filter(|row| came(row)) {
        periods[day(row)][units.arm[row]] += units.weight(row);
    }
    periods
}

struct Found {
    units: f64,
    checks: Vec<Check>,
    refusals: Vec<String>,
}

impl Found {
    fn say(&mut self, level: Level, what: &str, text: String) {
        self.checks.push(Check { level, what: what.into(), text });
    }

    /// Says it and gives no verdict.
    fn refuse(&mut self, what: &str, text: String) {
        self.refusals.push(text.clone());
        self.say(Level::Banner, what, text);
    }

    fn arms(&mut self, test: &Test, units: &Units, oddities: &Oddities) {
        if units.is_empty() && oddities.later > 0 {
            let day = test.as_of.as_ref().map_or("the look", |(day, _)| day);
            let text =
                format!("all {} {}s were assigned after {day}: nothing has happened yet", oddities.later, test.unit);
            return self.refuse("Nothing yet", text);
        }
        for (place, arm) in test.arms.iter().enumerate() {
            let n = units.sum(units.rows(place));
            if n == 0.0 {
                self.refuse(
                    "Arm without units",
                    format!("arm `{}` has no {}s: nothing can be compared with it", arm.name, test.unit),
                );
            } else if n < 30.0 {
                let text = format!("arm `{}` has only {n} {}s: intervals are rough", arm.name, test.unit);
                self.say(Level::Warning, "Small arm", text);
            }
        }
        let conversions: f64 = (0..test.arms.len()).map(|arm| units.count(units.rows(arm)).successes).sum();
        let waits = matches!(test.monitoring, Monitoring::Looks { .. });
        if !units.is_empty() && conversions == 0.0 && !waits {
            self.refuse(
                "No conversions",
                "no unit has converted within the horizon yet: there is nothing to compare".into(),
            );
        }
    }

    fn sizes(&mut self, test: &Test, ratios: &[SampleRatioAt], units_by_cluster: bool) {
        for ratio in ratios {
            let alarm = |p: &Number| p.finite().is_some_and(|p| p < SRM_ALPHA);
            if !alarm(&ratio.p) && !alarm(&ratio.sequential_p) {
                continue;
            }
            if units_by_cluster {
                let text = "the arms do not have the promised numbers of representatives: something besides chance decides who is in an arm";
                self.refuse("Sample-ratio mismatch", text.into());
                continue;
            }
            let promised = ratio.expected.iter().map(|n| format!("{n:.0}")).collect::<Vec<_>>().join(" / ");
            let counted = ratio.counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" / ");
            let sizes = format!("{counted} {}s {} where {promised} were promised", test.unit, ratio.stage);
            if ratio.stage == "assigned" {
                let text = format!(
                    "the arms do not have the promised sizes ({sizes}): something besides chance decides who is in an arm, and \
                     the difference between arms may come from that"
                );
                self.refuse("Sample-ratio mismatch", text);
            } else if ratio.stage == "compared" {
                let text = format!(
                    "the units on which the models differ do not lie in the arms as assigned ({sizes}): whether they differ must \
                     be written down before the assignment, by both models for every unit"
                );
                self.refuse("Sample-ratio mismatch", text);
            } else {
                let text = format!(
                    "sales {} the arms unequally ({sizes}): what differs may be the work and not the choice of leads",
                    ratio.stage
                );
                self.say(Level::Warning, "Unequal work", text);
            }
        }
    }

    fn queue(&mut self, test: &Test) {
        if test.queue == Queue::Shared {
            let text = "both arms stand in one queue: a lead that one model moves up moves the other's down, and a mere shift of \
                        one model's scale looks like a better model (31 % lift in simulation where both were equal); assign by \
                        representative or give each arm a quota of its own";
            self.refuse("Shared queue", text.into());
        }
    }

    /// Whole representatives are assigned: then each of them is known, and in one arm.
    fn clusters(&mut self, test: &Test, units: &Units) {
        if test.queue != Queue::ByRep || units.is_empty() {
            return;
        }
        match units.clusters_in_several_arms() {
            None => self.refuse(
                "Representatives not named",
                "whole representatives are assigned, but nobody says whose each lead is: name the column by `assignments.cluster`; leads of one representative are not independent".into(),
            ),
            Some((0, _)) => {}
            Some((several, all)) => self.refuse(
                "Representatives in several arms",
                format!("{several} of {all} representatives have leads in several arms: assigned by representative, each stays in one"),
            ),
        }
    }

    fn files(&mut self, oddities: &Oddities) {
        let Oddities { repeated, several_arms, no_arm, unknown_arms, no_time, later, decided_before, .. } = oddities;
        let read = self.units + (several_arms + decided_before + no_arm + no_time) as f64;
        let level = |count: u64| if count as f64 > MANY * read { Level::Warning } else { Level::Note };
        let later_level = |count: u64| if oddities.looks_back { Level::Note } else { level(count) };
        let mut say = |level: Level, n: u64, what: &str, text: &str| {
            if n > 0 {
                self.checks.push(Check { level, what: what.into(), text: format!("{n} {text}") });
            }
        };
        say(
            later_level(*later),
            *later,
            "Assigned later",
            "units were assigned after this look; they are not there yet",
        );
        say(
            later_level(oddities.outcomes_later),
            oddities.outcomes_later,
            "Outcomes later",
            "conversions or losses are dated after this look; they have not happened yet",
        );
        let mut count = |n: u64, what: &str, text: &str| say(level(n), n, what, text);
        count(*repeated, "Repeated rows", "rows repeat an assignment that is there already; counted once");
        count(*no_arm, "No arm", "rows name no arm; left out");
        count(*no_time, "No time", "units have no readable time of assignment; left out");
        count(
            oddities.strangers,
            "Outcomes without assignment",
            "outcomes belong to units that the assignments do not name; left out",
        );
        count(oddities.added_up, "Repeated counts", "rows of counts repeat an arm and day; they are added up");
        count(
            oddities.no_value,
            "No value",
            "converted units have no value; they count as 0, so revenue is a lower bound",
        );
        count(
            oddities.open,
            "Deals still open",
            "units have a deal that is still open, and nobody knows when others ended; left out",
        );
        count(
            oddities.not_known,
            "Counts not known",
            "rows of counts have an empty cell: it is not known yet and not 0; their units are not finished",
        );
        for (level, text) in &oddities.found {
            self.say(*level, "In the files", text.clone());
        }
        for (name, n) in unknown_arms {
            let text = format!(
                "{n} rows stand in an arm `{name}` that the test does not have; they are left out with their outcomes; if it is a holdout, name it among the arms with weight 0"
            );
            self.say(level(*n), "Unknown arm", text);
        }
        for (name, n) in &oddities.holdouts {
            let text = format!("{n} rows stand in `{name}`, an arm of weight 0; they are left out with their outcomes");
            self.say(Level::Note, "Holdout", text);
        }
        for (label, n) in &oddities.unknown_delivered {
            let text = format!("{n} units were scored by `{label}`, which is no arm: it counts as another arm's model");
            self.say(level(*n), "Unknown model", text);
        }
        self.grave(
            *several_arms,
            read,
            "Changed assignments",
            "units stand in several arms: their assignment changed, they are left out",
        );
        self.grave(
            *decided_before,
            read,
            "Outcome before assignment",
            "units were won or lost before they were assigned; they are left out",
        );
        if let Some(n) = oddities.not_by_hash.filter(|n| *n > 0) {
            let text = "units are not in the arm that the test's salt and weights give: the assignment was changed by hand, or the weights after the start";
            self.grave(n, read, "Not by the hash", text);
        }
    }

    /// Forbids a verdict where there are many.
    fn grave(&mut self, n: u64, read: f64, what: &str, text: &str) {
        if n as f64 > MANY * read {
            self.refuse(what, format!("{n} {text}; more than 1 % of all"));
        } else if n > 0 {
            self.say(Level::Warning, what, format!("{n} {text}"));
        }
    }

    fn delivery(&mut self, test: &Test, units: &Units) {
        let Some(delivered) = &units.delivered else { return };
        let wrong = delivered.iter().filter(|delivered| !**delivered).count() as u64;
        let text = format!(
            "{}s were scored by another arm's model than assigned; all are counted where they were assigned, so the effect is diluted",
            test.unit
        );
        if wrong as f64 > 0.1 * self.units {
            self.refuse("Delivery", format!("{wrong} {text}"));
        } else if wrong > 0 {
            self.say(Level::Warning, "Delivery", format!("{wrong} {text}"));
        }
    }

    fn discordance(&mut self, test: &Test, units: &Units, compared: &Units) {
        if units.discordant.is_some() {
            let text = format!(
                "{} of {} {}s are compared: on the others the models agree, and no difference can come from them",
                compared.sum(0..compared.len()),
                self.units,
                test.unit
            );
            self.say(Level::Note, "Only where the models differ", text);
        }
    }

    fn maturity(&mut self, test: &Test, units: &Units) {
        let (Some(horizon), Some((time, _))) = (test.horizon, units.followed.as_ref()) else { return };
        let n = units.sum(0..units.len());
        let mature = units.sum((0..units.len()).filter(|&row| units.mature[row]));
        let longest = time.iter().copied().fold(0.0, f64::max);
        if units.is_empty() {
            return;
        }
        if longest < horizon && mature == 0.0 {
            // Bounds may be crossed before the horizon: then leads convert sooner, and whether more is not known yet.
            if !test.is_last() {
                let text = format!(
                    "nobody has been followed for the horizon of {horizon} days yet, {longest:.1} days at the most: this look can say that the arms differ, not that one converts more"
                );
                self.say(Level::Note, "Before the horizon", text);
            } else {
                let text = format!(
                    "the horizon is {horizon} days, but nobody has been followed longer than {longest:.1} days: look again later, or state a shorter horizon before the next test"
                );
                self.refuse("Horizon beyond the follow-up", text);
            }
        } else if mature < 0.5 * n {
            let text = format!(
                "only {:.0} % of the {}s have been followed for the whole horizon; the rest counts for as long as it was followed",
                100.0 * mature / n,
                test.unit
            );
            self.say(Level::Warning, "Immature", text);
        }
        self.unequal_maturity(test, units);
    }

    fn unequal_maturity(&mut self, test: &Test, units: &Units) {
        // Leads of a representative come together.
        if units.is_assigned_by_cluster() {
            return;
        }
        let count = |arm: usize| Count::new(units.sum(units.mature_rows(arm)), units.sum(units.rows(arm)));
        for arm in 1..test.arms.len() {
            if pooled_z(count(0), count(arm)).is_ok_and(|test| test.p < SRM_ALPHA) {
                let text = format!(
                    "`{}` and `{}` were not assigned at the same times: their shares of finished units differ, and a season can look like an effect",
                    test.arms[0].name, test.arms[arm].name
                );
                self.say(Level::Warning, "Unequal follow-up", text);
            }
        }
    }
}
