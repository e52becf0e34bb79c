use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::data::{Paths, files_of};
use crate::experiment::{ConfigError, Source};
use crate::time::{Calendar, Moment};
use crate::trial::{ArmSpec, Assigner, Monitoring};

use super::file::{MonitoringSpec, TestFile, UnitKind};

/// Names and how many rows bear them.
type Counted = Vec<(String, u64)>;

/// A field test's file, read and checked.
#[derive(Clone, Debug)]
pub struct FieldTest {
    pub file: TestFile,
    /// The control first; arms of weight 0 hold what the test leaves alone and are none of these.
    pub arms: Vec<ArmSpec>,
    pub monitoring: Monitoring,
    /// Where relative paths start.
    pub base: PathBuf,
    source: Source,
}

impl FieldTest {
    /// # Errors
    /// When the file cannot be read, is no test, or its parts do not fit together.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let source = Source::read(path)?;
        let file: TestFile = source.parse()?;
        let wrong = |field: &str, message: &str| Err(source.invalid(field, message));
        if file.arms.iter().any(|(_, weight)| !(*weight >= 0.0 && weight.is_finite())) {
            return wrong("arms", "weights are numbers above 0, or 0 for a holdout that the test leaves alone");
        }
        if file.arms.iter().filter(|(_, weight)| **weight > 0.0).count() < 2 {
            return wrong(
                "arms",
                "a test has at least two arms of a weight above 0, such as `{ current: 1, challenger: 1 }`",
            );
        }
        if !file.arms.iter().map(|(_, weight)| weight).sum::<f64>().is_finite() {
            return wrong("arms", "the weights are too large to be added, expected shares such as 1 and 1");
        }
        if !(0.5 < file.confidence && file.confidence < 1.0) {
            return wrong("confidence", "expected a number between 0.5 and 1, such as 0.95");
        }
        if !(0.5..=1.0).contains(&file.winsor) {
            return wrong("winsor", "expected a quantile from 0.5 to 1, such as 0.95");
        }
        if file.guardrails.iter().any(|(_, guard)| !(guard.margin > 0.0 && guard.margin.is_finite())) {
            return wrong("guardrails", "a margin is a number above 0");
        }
        if file.margin.is_some_and(|margin| !(margin > 0.0 && margin < 1.0)) {
            return wrong("margin", "expected a difference of shares above 0, such as 0.01 for one point");
        }
        if let Some(message) = file.plan.as_ref().and_then(|plan| plan.problem(&file)) {
            return wrong("plan", &message);
        }
        if file.unit == UnitKind::Rep && file.assignments.as_ref().is_some_and(|data| data.cluster.is_none()) {
            return wrong("assignments", "`unit: rep` needs `cluster: column`, which names each lead's representative");
        }
        let assigned = || file.arms.iter().filter(|(_, weight)| **weight > 0.0);
        let control =
            file.control.as_deref().or(assigned().map(|(name, _)| name).next()).unwrap_or_default().to_string();
        match file.arms.get(&control) {
            None => return wrong("control", &format!("there is no arm `{control}`")),
            Some(0.0) => return wrong("control", &format!("arm `{control}` has weight 0: nobody is assigned to it")),
            Some(_) => {}
        }
        let monitoring = match monitoring(&file) {
            Ok(monitoring) => monitoring,
            Err(message) => return wrong("monitoring", message),
        };
        let arm = |(name, weight): (&str, &f64)| ArmSpec { name: name.into(), weight: *weight };
        let first = assigned().filter(|(name, _)| *name == control);
        let arms = first.chain(assigned().filter(|(name, _)| *name != control)).map(arm).collect();
        let base = base(path, &file);
        Ok(Self { arms, monitoring, base, source, file })
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The files that it reads: itself and its data.
    pub fn files(&self) -> Vec<PathBuf> {
        std::iter::once(self.source.path.clone()).chain(files_of(self.named(), &self.base)).collect()
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &Paths)> {
        let file = &self.file;
        let named = [
            file.assignments.as_ref().map(|spec| ("assignments", &spec.path)),
            file.outcomes.as_ref().map(|spec| ("outcomes", &spec.path)),
            file.aggregates.as_ref().map(|spec| ("aggregates", &spec.path)),
        ];
        named.into_iter().flatten()
    }

    /// What a row of the assignments is: leads, where whole representatives or accounts are assigned.
    pub fn row_word(&self) -> &'static str {
        let by_cluster = self.file.assignments.as_ref().is_some_and(|data| data.cluster.is_some());
        if by_cluster { UnitKind::Lead.word() } else { self.file.unit.word() }
    }

    /// A file beside the test's: `TEST.ledger.json`.
    pub fn beside(&self, extension: &str) -> PathBuf {
        self.source.path.with_extension(extension)
    }

    /// `reports/NAME` of the test's file.
    pub fn default_folder(&self) -> PathBuf {
        Path::new("reports").join(self.source.path.file_stem().unwrap_or("test".as_ref()))
    }

    /// The assignment by hash; nothing without a salt. Arms in the file's order: another control changes nobody's arm.
    pub fn assigner(&self) -> Option<Assigner> {
        let assigned = self.file.arms.iter().filter(|(_, weight)| **weight > 0.0);
        let arms: Vec<(String, f64)> = assigned.map(|(name, weight)| (name.to_string(), *weight)).collect();
        self.file.salt.as_ref().map(|salt| Assigner::new(salt, &arms))
    }

    /// Rows of other arms, those of the arms of weight 0 first.
    pub(super) fn holdouts_apart(&self, unknown: BTreeMap<String, u64>) -> (Counted, Counted) {
        unknown.into_iter().partition(|(name, _)| self.file.arms.get(name).is_some())
    }

    pub(super) fn invalid(&self, field: &str, message: impl Into<String>) -> ConfigError {
        self.source.invalid(field, message)
    }
}

/// The day of a moment in the test's time zone.
pub(super) fn day(file: &TestFile, moment: &Moment) -> String {
    file.timezone.period_name(moment.end(&file.timezone), Calendar::Day)
}

fn monitoring(file: &TestFile) -> Result<Monitoring, &'static str> {
    Ok(match &file.monitoring {
        None => Monitoring::Fixed { at: None },
        Some(MonitoringSpec::Fixed(fixed)) => Monitoring::Fixed { at: fixed.at.as_ref().map(|at| day(file, at)) },
        Some(MonitoringSpec::Looks(looks)) => {
            if looks.at.is_empty() {
                return Err("`looks` names no day");
            }
            if !(looks.conversions > 0.0 && looks.conversions.is_finite()) {
                return Err("`conversions` is the number planned for the last look, above 0");
            }
            if !(looks.plateau > 0.0 && looks.plateau < 1.0) {
                return Err("`plateau` is the part of the error kept for the last look, between 0 and 1");
            }
            let mut at: Vec<String> = looks.at.iter().map(|at| day(file, at)).collect();
            at.sort();
            at.dedup();
            Monitoring::Looks { at, conversions: looks.conversions, plateau: looks.plateau }
        }
        Some(MonitoringSpec::Anytime(anytime)) => {
            if !(anytime.leads > 0.0 && anytime.leads.is_finite()) {
                return Err("`leads` is a number above 0");
            }
            Monitoring::Anytime { leads: anytime.leads }
        }
    })
}

/// Relative paths start beside the test's file if the data are there, else in the working directory.
fn base(path: &Path, file: &TestFile) -> PathBuf {
    let beside = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let first = file.assignments.as_ref().map(|data| &data.path).or(file.aggregates.as_ref().map(|data| &data.path));
    let first = first.and_then(|paths| paths.0.first()).cloned().unwrap_or_default();
    let is_there = glob::glob(&beside.join(first).to_string_lossy()).is_ok_and(|mut found| found.next().is_some());
    if is_there { beside } else { PathBuf::from(".") }
}
