use std::path::Path;

use crate::store::{StoreError, Writer, write_files};
use crate::time::{Instant, NEVER, Zone, known};
use crate::trial::Assigner;
use crate::trial::simulate::{History, Truth, history_assigned};

/// Writes a simulated field test: assignments, outcomes, the truth, and the test's file that analyses them.
///
/// # Errors
/// When one of its files is there already and is not of an earlier simulation, or cannot be written.
pub fn write_simulated(truth: &Truth, folder: &Path) -> Result<(), StoreError> {
    let made = history_assigned(truth, 0, START, |lead| by_hash(truth).then(|| arm_of(lead)));
    let files = [
        ("assignments.csv", assignments(&made)),
        ("outcomes.csv", outcomes(&made)),
        ("truth.json", told(truth)),
        ("test.yaml", yaml(truth)),
    ];
    write_files(folder, Writer::Simulation, files.map(|(name, text)| (name.into(), text.into_bytes())).into())
}

/// 2026-01-01.
const START: Instant = 1_767_225_600_000_000;
const ARMS: [&str; 2] = ["current", "challenger"];

const SALT: &str = "simulated";

/// A sound split of leads is that of `leadoff ab assign`; a broken one, and representatives, are drawn.
fn by_hash(truth: &Truth) -> bool {
    truth.share == 0.5 && truth.reps.is_none()
}

fn arm_of(lead: usize) -> usize {
    let assigner = Assigner::new(SALT, &ARMS.map(|arm| (arm.to_string(), 1.0)));
    ARMS.iter().position(|arm| *arm == assigner.arm(&name_of(lead))).unwrap_or(0)
}

fn name_of(lead: usize) -> String {
    format!("L{lead:07}")
}

fn stamp(at: Option<Instant>) -> String {
    at.map_or(String::new(), |at| Zone::utc().stamp(at))
}

fn assignments(made: &History) -> String {
    let mut text = "lead_id,arm,assigned_at,rep,old_score\n".to_string();
    for (lead, record) in made.records.iter().enumerate() {
        let (arm, at) = (ARMS[record.arm.min(1)], stamp(known(record.assigned)));
        text += &format!("{},{arm},{at},R{:03},{}\n", name_of(lead), made.rep[lead], made.score[lead]);
    }
    text
}

fn outcomes(made: &History) -> String {
    let mut text = "lead_id,converted_at,lost_at,amount\n".to_string();
    for (lead, record) in made.records.iter().enumerate() {
        let win = record.wins.first().copied().filter(|win| win.0 != NEVER);
        if win.is_some() || record.lost.is_some() {
            let amount = win.map_or(String::new(), |win| win.1.to_string());
            text += &format!("{},{},{},{amount}\n", name_of(lead), stamp(win.map(|win| win.0)), stamp(record.lost));
        }
    }
    text
}

fn told(truth: &Truth) -> String {
    let told = serde_json::json!({
        "seed": truth.seed.0,
        "leads": truth.leads,
        "rate": truth.rate,
        "difference": truth.rate[1] - truth.rate[0],
        "mean_days_to_convert": truth.delay,
        "share_of_challenger": truth.share,
        "reps_assigned": truth.reps.map(|reps| reps.0),
        "moved_by_shared_queue": truth.shift,
    });
    serde_json::to_string_pretty(&told).expect("plain values") + "\n"
}

fn yaml(truth: &Truth) -> String {
    let (queue, cluster) = match (truth.shift != 0.0, truth.reps) {
        (true, _) => ("shared", ""),
        (false, Some(_)) => ("by_rep", ", cluster: rep"),
        (false, None) => ("split", ""),
    };
    let salt = if by_hash(truth) { format!("salt: {SALT}\n") } else { String::new() };
    format!(
        "version: 1\ntest: A simulated test\n{salt}arms: {{ current: 1, challenger: 1 }}\nhorizon: 90d\nqueue: {queue}\n\
         assignments: {{ path: assignments.csv, unit: lead_id, arm: arm, at: assigned_at, covariate: old_score{cluster} }}\n\
         outcomes: {{ path: outcomes.csv, unit: lead_id, converted: converted_at, lost: lost_at, value: amount }}\n\
         until: 2026-12-31\n"
    )
}
