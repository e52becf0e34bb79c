//! Whether a model that was made elsewhere gives here what its library gave: margins against a file of the library's own.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::experiment::Experiment;
use crate::models::KindSpec;
use crate::pipeline::{PipelineError, Progress, play};
use crate::replay::Scope;
use crate::table::{did_you_mean, inert, tidy};

/// Why scores were not compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error(
        "`{name}` is computed here; models of `lightgbm:`, `xgboost:` and `linear:` are held against their library"
    )]
    NotImported { name: String },
    #[error("{path}: {problem}", path = path.display())]
    Expected { path: PathBuf, problem: String },
    #[error("{path}, line {line}: {problem}", path = path.display())]
    Line { path: PathBuf, line: u64, problem: String },
}

/// Scores of a library beside those computed here.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    pub model: String,
    /// "a LightGBM text file".
    pub made_as: &'static str,
    /// Leads that stand in both.
    pub compared: usize,
    /// Leads of the experiment that the file does not name.
    pub unnamed: usize,
    /// So much of a value, or of 1 where it is smaller, may differ.
    pub tolerance: f64,
    /// The largest difference, as a share of the value, or of 1 where it is smaller.
    pub largest: f64,
    /// Those that differ by more, the largest first.
    pub differing: Vec<Differing>,
}

/// A value that is not equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    pub lead: String,
    /// `margin` or `probability`.
    pub what: &'static str,
    pub expected: f64,
    pub computed: f64,
}

impl Differing {
    fn size(&self) -> f64 {
        let size = (self.expected - self.computed).abs() / self.expected.abs().max(1.0);
        // Equal infinities, and two values that are none, are equal; one alone is as far as can be.
        match self.expected == self.computed || (self.expected.is_nan() && self.computed.is_nan()) {
            true => 0.0,
            false if size.is_nan() => f64::INFINITY,
            false => size,
        }
    }
}

/// So many are listed.
const LISTED: usize = 10;

/// Holds a model of a file against what its library gave: a CSV of leads' ids with `margin`, `probability` or both.
///
/// # Errors
/// When the experiment cannot be replayed, the model is not one of a file, or the expected values cannot be read.
pub fn verify(
    experiment: &Experiment,
    model: &str,
    expected: &Path,
    tolerance: Option<f64>,
    progress: &dyn Progress,
) -> Result<Verified, VerifyError> {
    let names = || experiment.models.iter().map(|known| known.name.as_str());
    let no_model = || VerifyError::NoModel { name: model.into(), near: did_you_mean(names(), model) };
    let place = names().position(|known| known == model).ok_or_else(no_model)?;
    let not_imported = || VerifyError::NotImported { name: model.into() };
    if !matches!(experiment.models[place].kind, KindSpec::Imported(_)) {
        return Err(not_imported());
    }
    let mut alone = experiment.clone();
    alone.models = vec![experiment.models[place].clone()];
    alone.champion = None;
    alone.internal = true;
    let given = Expected::read(expected, experiment.file.data.leads.id.as_deref().unwrap_or("id"))?;
    let played = play(&alone, Scope::Everyone, progress)?;
    let Some(imported) = played.models.first().and_then(|model| model.imported()) else {
        return Err(not_imported());
    };
    let features = &played.replayed.features;
    let margins = imported.margins(features, model).map_err(PipelineError::from)?;
    let forest = imported.forest();
    let tolerance = tolerance.unwrap_or_else(|| forest.tolerance());
    let (mut compared, mut largest, mut differing) = (0, 0.0f64, Vec::new());
    for (lead, values) in &given.leads {
        let Some(row) = features.ids.find(lead) else {
            let is_known = played.history.ids.find(lead).is_some();
            let why =
                if is_known { "has no moment at which it is scored" } else { "is not among the experiment's leads" };
            let problem = format!("lead `{lead}` {why}");
            return Err(VerifyError::Line { path: expected.into(), line: values.line, problem });
        };
        compared += 1;
        let computed =
            [("margin", values.margin, margins[row]), ("probability", values.probability, forest.score(margins[row]))];
        for (what, expected, computed) in computed {
            let Some(expected) = expected else { continue };
            let one = Differing { lead: lead.clone(), what, expected, computed };
            largest = largest.max(one.size());
            if one.size() > tolerance {
                differing.push(one);
            }
        }
    }
    differing.sort_by(|a, b| b.size().total_cmp(&a.size()));
    Ok(Verified {
        model: model.into(),
        made_as: forest.made_as(),
        compared,
        unnamed: features.rows().saturating_sub(compared),
        tolerance,
        largest,
        differing,
    })
}

/// What a library gave, by lead in the order of the file.
struct Expected {
    leads: Vec<(String, Given)>,
}

struct Given {
    line: u64,
    margin: Option<f64>,
    probability: Option<f64>,
}

impl Expected {
    fn read(path: &Path, id: &str) -> Result<Self, VerifyError> {
        let wrong = |problem: String| VerifyError::Expected { path: path.into(), problem };
        let mut csv = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
        let header = csv.headers().map_err(|error| wrong(error.to_string()))?.clone();
        let place =
            |names: &[&str]| header.iter().position(|known| names.contains(&known.trim_start_matches('\u{feff}')));
        let lead = place(&["id", "lead", id]).ok_or_else(|| {
            wrong(format!(
                "there is no column `id`, `lead` or `{id}`: expected a lead's id, and what the library gave it"
            ))
        })?;
        let (margin, probability) = (place(&["margin"]), place(&["probability"]));
        if margin.is_none() && probability.is_none() {
            let what = "there is neither a column `margin` (the sum before any link) nor `probability`: expected what the library gave";
            return Err(wrong(what.into()));
        }
        let (mut leads, mut seen) = (Vec::new(), HashMap::new());
        for record in csv.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let wrong = |problem: String| VerifyError::Line { path: path.into(), line, problem };
            let number = |place: Option<usize>| match place.and_then(|place| record.get(place)).map(str::trim) {
                None | Some("") => Ok(None),
                Some(text) => text.parse().map(Some).map_err(|_| wrong(format!("`{text}`, expected a number"))),
            };
            let lead = tidy(record.get(lead).unwrap_or_default()).into_owned();
            if let Some(first) = seen.insert(lead.clone(), line) {
                return Err(wrong(format!("lead `{lead}` stands here twice, first in line {first}")));
            }
            leads.push((lead, Given { line, margin: number(margin)?, probability: number(probability)? }));
        }
        if leads.is_empty() {
            return Err(wrong("it holds no lead".into()));
        }
        Ok(Self { leads })
    }
}

impl Verified {
    pub fn is_equal(&self) -> bool {
        self.differing.is_empty()
    }
}

/// The comparison as a person reads it.
pub fn text(verified: &Verified) -> String {
    let Verified { model, made_as, compared, unnamed, tolerance, largest, differing } = verified;
    let mut text = String::new();
    let mut leads: Vec<&str> = differing.iter().map(|one| one.lead.as_str()).collect();
    leads.sort_unstable();
    leads.dedup();
    let model = inert(model);
    let _ = match leads.len() {
        0 => writeln!(
            text,
            "`{model}`, {made_as}: equal to its library within {tolerance:e} for all {compared} leads; the largest difference is {largest:e}"
        ),
        some => writeln!(
            text,
            "`{model}`, {made_as}: {some} of {compared} leads differ from its library by more than {tolerance:e}"
        ),
    };
    if !differing.is_empty() {
        let _ = writeln!(
            text,
            "  {:<24} {:<12} {:>24} {:>24} {:>12}",
            "lead", "", "expected", "computed here", "difference"
        );
    }
    for one in differing.iter().take(LISTED) {
        let lead = inert(&one.lead);
        let difference = one.computed - one.expected;
        let _ = writeln!(
            text,
            "  {lead:<24} {:<12} {:>24} {:>24} {difference:>12.3e}",
            one.what, one.expected, one.computed
        );
    }
    if differing.len() > LISTED {
        let _ = writeln!(text, "  and {} more", differing.len() - LISTED);
    }
    if !differing.is_empty() {
        let _ = writeln!(
            text,
            "Look at one: `leadoff explain EXPERIMENT LEAD --model {model}` shows what each input was taken for; `leadoff check` lists the inputs."
        );
    }
    if *unnamed > 0 {
        let _ = writeln!(text, "{unnamed} leads of the experiment are not among those expected.");
    }
    text
}
