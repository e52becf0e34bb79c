//! What the files of a planted organisation hold: what its audit reads, and what it must find.

use std::fmt::Write;

use crate::stats::random::Seed;
use crate::table::{Column, Table, Text};
use crate::time::{DAY, Instant, NEVER, Zone};

use super::{Fault, PlantedLeads, PlantedOrganisation};

/// Days of creation of the training leads and of the later ones, from 2024-01-01 on.
const TRAINING: (i64, i64) = (0, 366);
const LATER: (i64, i64) = (456, 638);

/// What a planted organisation is made of: the tables and the texts of its files.
#[derive(Clone, Debug)]
pub struct PlantedHistory {
    pub leads: Table,
    pub outcomes: Table,
    /// What is planted, as JSON.
    pub truth: String,
    /// The experiment that holds its model against the leads.
    pub experiment: String,
}

/// An organisation of its own for the seed: so many training leads, half as many later ones, their outcomes, the truth, and
/// the experiment. The training leads are those of the study that `docs/audit.md` tells of, seed by seed.
pub fn planted(seed: u64, leads: usize, with_faults: bool) -> PlantedHistory {
    let (of, history, later) = if with_faults { (0, 1_000_000, 2_000_000) } else { (500_000, 3_000_000, 4_000_000) };
    let organisation = PlantedOrganisation::new(Seed(seed + of), with_faults);
    let training = organisation.leads(leads, Seed(seed + history));
    let later = organisation.leads(leads / 2, Seed(seed + later));
    let spread = |count: usize, window: (i64, i64)| (0..count).map(move |place| created(place, count, window));
    let created: Vec<Instant> = spread(leads, TRAINING).chain(spread(leads / 2, LATER)).collect();
    let ids: Vec<String> = (0..created.len()).map(|place| format!("P{place:07}")).collect();
    let lead = || Column::Text(ids.iter().map(|id| Some(id.as_str())).collect::<Text>());
    let mut table = Table::new(created.len());
    table.push("lead_id", lead());
    table.push("created_at", Column::Instant(created.clone()));
    for (place, (first, then)) in training.strength.iter().zip(&later.strength).enumerate() {
        table.push(column(place), Column::Number(first.iter().chain(then).copied().collect()));
    }
    let mut outcomes = Table::new(created.len());
    outcomes.push("lead_id", lead());
    outcomes.push("converted_at", Column::Instant(converted(seed, &created, &training, &later)));
    PlantedHistory { leads: table, outcomes, truth: truth(&organisation), experiment: file(&organisation, seed) }
}

fn column(place: usize) -> String {
    format!("c{:02}", place + 1)
}

/// Evenly over the window, in the order of the leads.
fn created(place: usize, count: usize, (from, to): (i64, i64)) -> Instant {
    let start: Instant = "2024-01-01".parse::<crate::time::Moment>().map_or(0, |at| at.start(&Zone::utc()));
    let seconds = (to - from) * 86_400 * place as i64 / count.max(1) as i64;
    start + from * DAY + seconds * 1_000_000
}

/// Winners convert within eighty days.
fn converted(seed: u64, created: &[Instant], training: &PlantedLeads, later: &PlantedLeads) -> Vec<Instant> {
    let won = training.converted.iter().chain(&later.converted);
    let at = |(place, (created, won)): (usize, (&Instant, &bool))| match won {
        true => {
            let mut chance = Seed(seed ^ 0x5eed).replicate(place as u64);
            created + (1 + (80.0 * 86_400.0 * chance.uniform()) as i64) * 1_000_000
        }
        false => NEVER,
    };
    created.iter().zip(won).enumerate().map(at).collect()
}

/// What is planted in each criterion.
fn truth(organisation: &PlantedOrganisation) -> String {
    let of = |(place, one): (usize, &super::PlantedCriterion)| {
        let fault = match one.fault {
            Fault::None => "none".into(),
            Fault::Over => "over-weighted: twice its worth".into(),
            Fault::Under => "under-weighted: half its worth".into(),
            Fault::WrongSign => "wrong sign".into(),
            Fault::NeverFires => "dead: almost never fires".into(),
            Fault::Worthless => "worth nothing".into(),
            Fault::CopyOf(of) => format!("copy of {}", organisation.criteria[of].name),
        };
        serde_json::json!({
            "criterion": one.name,
            "column": column(place),
            "fires_on": one.share,
            "points": one.points,
            "true_points": one.worth / super::POINT,
            "fault": fault,
        })
    };
    let criteria: Vec<serde_json::Value> = organisation.criteria.iter().enumerate().map(of).collect();
    let truth = serde_json::json!({ "log_odds_of_a_point": super::POINT, "criteria": criteria });
    serde_json::to_string_pretty(&truth).expect("plain values") + "\n"
}

fn file(organisation: &PlantedOrganisation, seed: u64) -> String {
    let mut text = format!(
        "version: 1
experiment: A planted organisation, seed {seed}
data:
  leads: {{ path: leads.csv.gz, id: lead_id, created: created_at, known: at_creation }}
  outcomes: {{ path: outcomes.csv.gz, lead: lead_id, converted: converted_at }}
  until: 2025-12-31
replay:
  as_of: created
  horizon: 90d
  train: {{ from: 2024-01-01, to: 2025-01-01 }}
  evaluate: {{ from: 2025-04-01, to: 2025-10-01 }}
champion: planted
models:
  planted:
    points:
      criteria:
"
    );
    for (place, one) in organisation.criteria.iter().enumerate() {
        let _ =
            writeln!(text, "        - {{ name: {}, when: {} = 1, points: {} }}", one.name, column(place), one.points);
    }
    let _ = writeln!(text, "seed: {seed}");
    text
}
