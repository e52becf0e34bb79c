//! Recomputes reference cases (files of the form `{"cases": [{id, stat, data, cols | args, params, expected}]}`)
//! with the library's own statistics and compares. It has no arithmetic of its own but for the comparison.

mod answer;
mod case;
mod field;
mod order;
mod probability;
mod time;

pub use answer::{Answer, Value};
pub use case::{Case, OracleError, read};

/// Computes the answer of a case from its columns or arguments; `Err` when the case does not fit the statistic.
type Adapter = fn(&Case) -> Result<Answer, OracleError>;

/// Every statistic by the name that cases call it.
fn adapters() -> impl Iterator<Item = &'static (&'static str, Adapter)> {
    [order::STATS, probability::STATS, time::STATS, field::STATS].into_iter().flatten()
}

fn adapter(stat: &str) -> Option<Adapter> {
    adapters().find(|(name, _)| *name == stat).map(|(_, adapter)| *adapter)
}

/// The names of the statistics that cases may ask for.
pub fn stats() -> impl Iterator<Item = &'static str> {
    adapters().map(|(name, _)| *name)
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// So many keys, some of them undefined on both sides.
    Agreed {
        keys: usize,
        undefined: usize,
    },
    Differs(Vec<Difference>),
    UnknownStat,
    /// The case could not be computed: a column or argument is missing.
    Failed(String),
}

/// A key whose value is not the expected one.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub key: String,
    pub ours: String,
    pub theirs: String,
    /// `|ours - theirs| / |theirs|`, where both are finite.
    pub relative: Option<f64>,
}

/// Computes one case and holds it against what is expected.
pub fn judge(case: &Case) -> Verdict {
    let Some(adapter) = adapter(&case.stat) else { return Verdict::UnknownStat };
    match adapter(case) {
        Ok(answer) => case.compare(&answer),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}
