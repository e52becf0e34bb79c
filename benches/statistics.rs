//! Seconds and peak memory of the statistics that sort all leads, and of every metric over leads that are sorted and
//! counted already: `cargo bench --bench statistics [ROWS…]`.
//!
//! With `LEADOFF_BENCH_DATA=FOLDER` the made data are written there as raw little-endian f64, and the seconds to
//! `leadoff.csv`, for `benches/peers.py` to time other packages on the same leads.

use std::fs;
use std::path::Path;
use std::time::Instant;

use leadoff::metrics::{METRICS, Reads};
use leadoff::stats::agreement::{Pairs, kendall};
use leadoff::stats::discrimination::{PairedScores, auc, delong_paired, delong_variance};
use leadoff::stats::random::Seed;
use leadoff::stats::survival::{self, End, Followed, Weighting};
use leadoff::stats::{Sample, Tally, Undefined};

/// Made leads: two models' scores, outcomes, and the time to a conversion, a loss or the end of the follow-up.
struct Leads {
    a: Vec<f64>,
    b: Vec<f64>,
    converted: Vec<bool>,
    time: Vec<f64>,
    end: Vec<End>,
    group: Vec<usize>,
}

impl Leads {
    fn made(rows: usize) -> Self {
        let mut chance = Seed(1).replicate(rows as u64);
        let mut leads = Self {
            a: Vec::with_capacity(rows),
            b: Vec::with_capacity(rows),
            converted: Vec::with_capacity(rows),
            time: Vec::with_capacity(rows),
            end: Vec::with_capacity(rows),
            group: (0..rows).map(|row| row % 2).collect(),
        };
        for _ in 0..rows {
            let (converted, common) = (chance.chance(0.1), chance.normal());
            let gain = if converted { 1.0 } else { 0.0 };
            leads.a.push(0.8 * common + 0.6 * chance.normal() + gain);
            leads.b.push(0.8 * common + 0.6 * chance.normal() + 1.1 * gain);
            leads.converted.push(converted);
            let (seen, time) = (60.0 + 180.0 * chance.uniform(), chance.exponential() * 83.0);
            let end = if chance.chance(1.0 / 3.0) { End::Converted } else { End::Lost };
            // To the second: some ties, as in real exports.
            leads.time.push((time.min(seen) * 86_400.0).ceil() / 86_400.0);
            leads.end.push(if time <= seen { end } else { End::Censored });
        }
        leads
    }

    fn write(&self, folder: &Path) -> std::io::Result<()> {
        let code = |end: &End| match end {
            End::Censored => 0.0,
            End::Converted => 1.0,
            End::Lost => 2.0,
        };
        let columns = [
            ("a", self.a.clone()),
            ("b", self.b.clone()),
            ("converted", self.converted.iter().map(|won| f64::from(u8::from(*won))).collect()),
            ("time", self.time.clone()),
            ("end", self.end.iter().map(code).collect()),
        ];
        columns.iter().try_for_each(|(name, column)| {
            let bytes: Vec<u8> = column.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(folder.join(format!("{name}_{}.f64", column.len())), bytes)
        })
    }

    /// The leads by distinct score, or by distinct probability that the score might stand for.
    fn tally(&self, reads: Reads) -> Tally {
        match reads {
            Reads::Order | Reads::HandedOver => Sample::new(&self.a, &self.converted).tally(),
            Reads::Probability => {
                let probability: Vec<f64> = self.a.iter().map(|score| 1.0 / (1.0 + (2.7 - score).exp())).collect();
                Sample::new(&probability, &self.converted).tally()
            }
        }
    }

    fn followed(&self) -> Followed<'_> {
        Followed::new(&self.time, &self.end)
    }
}

type Statistic = fn(&Leads) -> Result<f64, Undefined>;

const STATISTICS: &[(&str, Statistic)] = &[
    ("auc", |leads| auc(&Sample::new(&leads.a, &leads.converted).tally())),
    ("delong", |leads| Ok(delong_variance(&Sample::new(&leads.a, &leads.converted).tally())?.sqrt())),
    ("delong_paired", |leads| {
        let scores =
            PairedScores { a: &leads.a, b: &leads.b, converted: &leads.converted, weight: None, cluster: None };
        Ok(delong_paired(scores)?.test()?.z)
    }),
    ("kendall", |leads| kendall(&Pairs::new(&leads.a, &leads.b)).tau_b()),
    ("kaplan_meier", |leads| Ok(survival::kaplan_meier(&leads.followed())?.at(60.0)?.value)),
    ("incidence", |leads| Ok(survival::cumulative_incidence(&leads.followed())?.at(60.0)?.value)),
    ("log_rank", |leads| survival::log_rank(&leads.followed(), &leads.group, None, Weighting::Equal).z()),
    ("concordance", |leads| survival::harrell(&leads.followed(), &leads.a).index()),
];

/// The peak of the resident memory since it was last asked for, in megabytes. Only where there is a `/proc`.
fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    // What 5 written here does stands in proc(5): the peak starts anew.
    let _ = fs::write("/proc/self/clear_refs", "5");
    Some(kilobytes / 1024.0)
}

/// The best of three runs, or of one when a run takes long.
fn seconds(statistic: impl Fn() -> Result<f64, Undefined>) -> (f64, Result<f64, Undefined>) {
    let run = || {
        let start = Instant::now();
        let value = std::hint::black_box(statistic());
        (start.elapsed().as_secs_f64(), value)
    };
    let first = run();
    if first.0 > 5.0 {
        return first;
    }
    let best = (0..2).map(|_| run().0).fold(first.0, f64::min);
    (best, first.1)
}

fn main() -> std::io::Result<()> {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![100_000, 1_000_000, 10_000_000] } else { asked };
    let folder = std::env::var_os("LEADOFF_BENCH_DATA").map(std::path::PathBuf::from);
    let mut table = String::from("statistic,rows,seconds\n");
    println!("| statistic | leads | seconds | peak MB | value |\n|---|---|---|---|---|");
    for rows in sizes {
        let leads = Leads::made(rows);
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
            leads.write(folder)?;
        }
        let mut time = |name: &str, statistic: &dyn Fn() -> Result<f64, Undefined>| {
            peak_memory();
            let (seconds, value) = seconds(statistic);
            let peak = peak_memory().map_or("?".into(), |peak| format!("{peak:.0}"));
            let value = value.map_or_else(|reason| reason.to_string(), |value| format!("{value:.6}"));
            println!("| {name} | {rows} | {seconds:.4} | {peak} | {value} |");
            table += &format!("{name},{rows},{seconds}\n");
        };
        STATISTICS.iter().for_each(|(name, statistic)| time(name, &|| statistic(&leads)));
        for (name, reads) in [("tally_of_scores", Reads::Order), ("tally_of_probabilities", Reads::Probability)] {
            time(name, &|| Ok(leads.tally(reads).positives()));
            let tally = leads.tally(reads);
            let metrics = METRICS.iter().filter(|metric| metric.reads == reads);
            let computed = metrics.filter_map(|metric| Some((metric, metric.compute?)));
            computed.for_each(|(metric, compute)| time(&format!("metric_{}", metric.id), &|| compute.point(&tally)));
        }
    }
    folder.map_or(Ok(()), |folder| fs::write(folder.join("leadoff.csv"), table))
}
