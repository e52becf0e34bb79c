use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::oracle::{self, Difference, Verdict};

use super::{Failure, Outcome, print};

/// Holds the library's statistics against reference cases: a line a case, exit code 0 only when all agree.
///
/// A file holds `{"cases": [{"id", "stat", "data" and "cols" or "args", "params", "rel_tol", "expected"}]}`, with the
/// data it names beside it. Values agree when |ours - theirs| <= rel_tol * |theirs| + 1e-12.
#[derive(Args)]
#[command(hide = true)]
pub struct Oracle {
    /// Files of cases.
    #[arg(required = true, value_name = "CASES.json")]
    files: Vec<PathBuf>,
}

const NOT_AGREED: u8 = 1;

impl Oracle {
    pub fn run(self) -> Outcome {
        let (mut cases, mut agreed) = (0, 0);
        for file in &self.files {
            for case in oracle::read(file).map_err(|error| Failure::new(4, error))? {
                let verdict = oracle::judge(&case);
                cases += 1;
                agreed += usize::from(matches!(verdict, Verdict::Agreed { .. }));
                print(&line(&case.id, &verdict))?;
            }
        }
        print(&format!("{agreed}/{cases} agree\n"))?;
        Ok(if agreed == cases { ExitCode::SUCCESS } else { ExitCode::from(NOT_AGREED) })
    }
}

fn line(id: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Agreed { keys, undefined: 0 } => format!("{id}: agreed ({keys} keys)\n"),
        Verdict::Agreed { keys, undefined } => format!("{id}: agreed ({keys} keys, {undefined} of them undefined)\n"),
        Verdict::UnknownStat => format!("{id}: unknown stat\n"),
        Verdict::Failed(why) => format!("{id}: failed: {why}\n"),
        Verdict::Differs(differences) => differences.iter().map(|difference| differs(id, difference)).collect(),
    }
}

fn differs(id: &str, difference: &Difference) -> String {
    let Difference { key, ours, theirs, relative } = difference;
    let relative = relative.map_or(String::new(), |relative| format!(", relative difference {relative:.3e}"));
    format!("{id}: differs: {key}: ours {ours}, theirs {theirs}{relative}\n")
}
