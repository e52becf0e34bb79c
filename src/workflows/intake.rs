//! Exports → an experiment: drafted from a look at the files, tried on them, and mended by what the trial finds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::audit::{self, Candidate, candidates};
use crate::data::{self, DataError, Finding, FindingLevel, History, Paths, Sketch, What};
use crate::experiment::{ConfigError, Experiment};
use crate::intake::{Draft, Fit, Spread};
use crate::models::spec::Criterion;
use crate::models::{Points, Spec};
use crate::pipeline::{self, PipelineError, Played, Progress};
use crate::replay::{Role, Scope};
use crate::report::screening::sign;
use crate::result::{Screening, Sign, Standing, Subject};
use crate::store::StoreError;
use crate::time::Instant;

/// Why no experiment was made of files.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("{0}")]
    Nothing(String),
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a drafted experiment does not run.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

/// A draft that was tried.
pub struct Begun {
    pub draft: Draft,
    /// Files of a folder that are no tables, and why.
    pub skipped: Vec<String>,
    /// Why the experiment does not run yet.
    pub trouble: Option<Trouble>,
    /// What was found in the data that forbids a conclusion.
    pub forbids: Vec<String>,
}

/// Ends of names of files that may be tables.
const TABLES: [&str; 17] = [
    "csv", "tsv", "tab", "txt", "csv.gz", "tsv.gz", "csv.zst", "json", "ndjson", "jsonl", "parquet", "arrow",
    "feather", "xlsx", "xlsm", "xls", "ods",
];

/// Looks at files, or at those of a folder, and drafts an experiment that reads them; `path`: where it will stand.
///
/// # Errors
/// When a file that is named is no table, or none holds leads.
pub fn begin(
    from: &[PathBuf],
    rules: Option<String>,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Begun, IntakeError> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for (place, one) in from.iter().enumerate() {
        if from[..place].contains(one) {
            continue;
        }
        if one.is_dir() {
            for file in tables_in(one)? {
                progress.say(format!("looking at {}", file.display()));
                match sketches(&[file]) {
                    Ok(sketches) => found.extend(sketches),
                    Err(error) => skipped.push(error.to_string()),
                }
            }
        } else {
            progress.say(format!("looking at {}", one.display()));
            found.extend(sketches(std::slice::from_ref(one))?);
        }
    }
    let found = together(found)?;
    if found.is_empty() {
        let names: Vec<String> = from.iter().map(|path| path.display().to_string()).collect();
        let why = if skipped.is_empty() { String::new() } else { format!(": {}", skipped.join("; ")) };
        return Err(IntakeError::Nothing(format!("{}: no table was found{why}", names.join(", "))));
    }
    let mut draft = Draft::of(found, &title(from), rules).map_err(IntakeError::Nothing)?;
    progress.say("trying".into());
    let (forbids, trouble) = match attempt(&mut draft, path, progress) {
        Ok(forbids) => (forbids, None),
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    Ok(Begun { draft, skipped, trouble, forbids })
}

/// What experiments are called after.
fn title(from: &[PathBuf]) -> String {
    let first = from.first().map(PathBuf::as_path).unwrap_or(Path::new("leads"));
    let place = if first.is_dir() { first } else { first.parent().unwrap_or(first) };
    let name = std::path::absolute(place).ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    format!("Leads of {}", name.unwrap_or_else(|| "an export".into()))
}

pub(super) fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, IntakeError> {
    let failed = |source| IntakeError::Folder { path: folder.into(), source };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let is_table = TABLES.iter().any(|end| name.ends_with(&format!(".{end}")));
        if path.is_file() && is_table && !name.starts_with(['.', '~']) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn sketches(files: &[PathBuf]) -> Result<Vec<Sketch>, DataError> {
    let shown = |path: &PathBuf| path.to_string_lossy().trim_start_matches("./").to_string();
    data::sketches(&Paths(files.iter().map(shown).collect()), Path::new("."))
}

/// Parts of one export are one table: files with the same columns whose names differ in numbers only.
fn together(found: Vec<Sketch>) -> Result<Vec<Sketch>, DataError> {
    let stem = |sketch: &Sketch| sketch.files[0].replace(|c: char| !c.is_alphabetic() && c != '/', "");
    let columns = |sketch: &Sketch| sketch.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let mut groups: Vec<Vec<Sketch>> = Vec::new();
    for one in found {
        let is_part = |group: &&mut Vec<Sketch>| {
            let first = &group[0];
            one.sheet.is_none() && first.sheet.is_none() && stem(first) == stem(&one) && columns(first) == columns(&one)
        };
        match groups.iter_mut().find(is_part) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let one = |mut group: Vec<Sketch>| {
        if group.len() == 1 {
            return Ok(group.remove(0));
        }
        let files = group.iter().flat_map(|sketch| sketch.files.clone()).collect();
        data::sketches(&Paths(files), Path::new(".")).map(|mut sketches| sketches.remove(0))
    };
    groups.into_iter().map(one).collect()
}

/// Reads the data as drafted: first for the windows that fit, then for what a screening says of every column. Returns what
/// forbids a conclusion.
///
/// # Errors
/// Why the experiment does not run.
pub fn attempt(draft: &mut Draft, path: &Path, progress: &dyn Progress) -> Result<Vec<String>, Trouble> {
    let experiment = Experiment::parse(&draft.yaml(), path)?;
    let mut spec = experiment.file.data.clone();
    spec.events = Default::default();
    spec.history = None;
    spec.outcomes.0.iter_mut().for_each(|outcomes| outcomes.worked = None);
    let read = data::read(&spec, &experiment.base, &[], &mut |_: &History| None, &|at| progress.reading(&at));
    let (history, _) = read.map_err(PipelineError::from)?;
    if let Some(created) = &history.created {
        // Of a lead that bought again, the first time.
        let mut first: BTreeMap<u32, Instant> = BTreeMap::new();
        for win in &history.outcomes.wins {
            first.entry(win.lead).and_modify(|at| *at = (*at).min(win.at)).or_insert(win.at);
        }
        let wins: Vec<(Instant, Instant)> = first.into_iter().map(|(lead, at)| (created[lead as usize], at)).collect();
        let (until, has_events) = (history.until, draft.has_events());
        draft.fitted(Fit::of(&Spread { created, wins: &wins, until, has_events }, &history.zone));
    }
    drop(history);
    let mut experiment = Experiment::parse(&draft.yaml(), path)?;
    experiment.internal = true;
    let kinds = candidates::unused_kinds(&Points::default(), &draft.kinds());
    experiment.models.extend(kinds.clone());
    let played = pipeline::play(&experiment, Scope::Used, progress)?;
    draft.screened(against(&played.screening));
    draft.started(starter(draft, &played, kinds.as_ref()));
    // A model that lacks rules of the platform is not the one in use.
    let is_of_data = |one: &&Finding| match one.what {
        What::KnowsTheOutcome => false,
        What::RulesNotExpressed => one.level >= FindingLevel::Doubt,
        _ => one.level == FindingLevel::Forbids,
    };
    let said = |one: &Finding| {
        if one.advice.is_empty() { one.text.clone() } else { format!("{}: {}", one.text, one.advice) }
    };
    let forbids = played.findings.list.iter().filter(is_of_data).map(said).collect();
    Experiment::parse(&draft.yaml(), path)?;
    Ok(forbids)
}

/// A card of points from the training leads: of the columns that may be read and of what leads do.
fn starter(draft: &Draft, played: &Played, kinds: Option<&Spec>) -> Vec<Criterion> {
    let roles = &played.replayed.roles;
    let training: Vec<usize> = (0..roles.len()).filter(|&row| roles[row] == Role::Training).collect();
    let won: Vec<bool> = training.iter().map(|&row| played.replayed.outcomes.converted[row]).collect();
    let known = pipeline::known_columns(&played.history);
    let columns = candidates::columns(&played.replayed.features.attributes, &known, &training);
    let mut all: Vec<Candidate> = columns.into_iter().filter(|one| draft.described().contains(&one.reads)).collect();
    if let Some((spec, scores)) = kinds.zip(played.scores.last()) {
        let is_asked = |kind: &str| {
            let screened = played.screening.of(&Subject::Events(kind.into()));
            screened.is_none_or(|screened| screened.by_default)
        };
        all.extend(candidates::events(spec, scores, &training).into_iter().filter(|one| is_asked(&one.reads)));
    }
    audit::starter(&all, &won)
}

/// What speaks against each column; nothing where nothing does. What is only noted is left out.
fn against(screening: &Screening) -> Vec<(String, Option<String>)> {
    let is_declared = |sign: &Sign| matches!(sign, Sign::SalesTouch);
    let of = |one: &crate::result::Screened| match one.standing {
        Standing::Clean => Some((one.subject.name(), None)),
        Standing::Doubted | Standing::Suspended if !one.signs.iter().any(is_declared) => {
            let first = one.signs.first().map(|first| sign(&one.subject, first));
            Some((one.subject.name(), Some(first.unwrap_or_default())))
        }
        _ => None,
    };
    screening.list.iter().filter_map(of).collect()
}
