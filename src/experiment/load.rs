use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::data::{DataError, DataSpec, Finding, InputFile, Paths, hex};
use crate::evaluation::Gate;
use crate::forest::{Forest, Format};
use crate::models::spec::ModelFile;
use crate::models::{self, FittedFile, Spec};
use crate::table::did_you_mean;
use crate::time::Horizon;

use super::file::ExperimentFile;
use super::rules::{self, Rules};
use super::{ConfigError, Source};

/// An experiment file, read and with every name inside it resolved.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub file: ExperimentFile,
    /// The models with their variants carried out, in the file's order.
    pub models: Vec<Spec>,
    /// The champion's place among the models.
    pub champion: Option<usize>,
    /// Where relative paths of the data start.
    pub base: PathBuf,
    /// Whether leads from both sides of a break in the event log may be compared; not by default.
    pub allow_truncated: bool,
    /// Whether columns and kinds of events that are doubted are taken for such as know the outcome; not by default.
    pub distrusts: bool,
    /// Whether what is made of it stays in the house, so that values of columns that name somebody are shown; not by default.
    pub internal: bool,
    /// What was read of files of rules, by model.
    rules: Vec<(String, Rules)>,
    source: Source,
}

impl Experiment {
    /// # Errors
    /// When the file cannot be read, is not an experiment, or its parts do not fit together.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::of(Source::read(path)?)
    }

    /// An experiment that is to stand at a path.
    ///
    /// # Errors
    /// When the text is no experiment, or its parts do not fit together.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        Self::of(Source { path: path.into(), text: text.into() })
    }

    fn of(source: Source) -> Result<Self, ConfigError> {
        let mut file: ExperimentFile = source.parse()?;
        let base = base(&source.path, &file.data);
        let rules = read_files(&source, &mut file, &base)?;
        let invalid = |field: &str, message: String| source.invalid(field, message);
        let models = models::resolve(&file.models)
            .map_err(|error| ConfigError::Model(Box::new(error.located(|field| source.at(field)))))?;
        let champion = match &file.champion {
            None => None,
            Some(name) => Some(models.iter().position(|model| model.name == *name).ok_or_else(|| {
                let names = models.iter().map(|model| model.name.as_str());
                let near = did_you_mean(names, name);
                invalid("champion", format!("there is no model `{name}`{near}"))
            })?),
        };
        if let Some(problem) = file.brackets.as_ref().and_then(|brackets| brackets.problem()) {
            return Err(invalid("brackets", problem));
        }
        if file.replay.train.is_some()
            && file.replay.horizon == Horizon::Ever
            && file.data.telling().iter().all(|telling| telling.flag.is_none())
        {
            let message = "`ever` leaves no training lead whose horizon had closed before evaluation began; give a horizon such as 90d, or leave out `train`";
            return Err(invalid("replay.horizon", message.into()));
        }
        if file.replay.walk.is_some() && file.replay.train.is_some() {
            let message =
                "give either `walk`, which fits models anew for each period, or `train`, a window to fit them on once";
            return Err(invalid("replay.walk", message.into()));
        }
        gates_fit(&file).map_err(|message| invalid("gates", message))?;
        Ok(Self {
            models,
            champion,
            base,
            allow_truncated: false,
            distrusts: false,
            internal: false,
            rules,
            source,
            file,
        })
    }

    /// Whether a model is fitted on training leads.
    pub fn learns(&self) -> bool {
        self.models.iter().any(|model| model.kind.recipe().learns())
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The file as it is written.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// `reports/NAME` of the experiment file; of one that is called `experiment.yaml`, as many are, of its folder, where it is
    /// named.
    pub fn default_folder(&self) -> PathBuf {
        let folder = self.path().parent().and_then(Path::file_name);
        let stem = self.path().file_stem().unwrap_or("experiment".as_ref());
        Path::new("reports").join(folder.filter(|_| stem == "experiment").unwrap_or(stem))
    }

    /// The files that it reads: itself and its data.
    pub fn files(&self) -> Vec<PathBuf> {
        let data = crate::data::files(&self.file.data, &self.base);
        let models = self.of_models().into_iter().map(|(_, file)| self.base.join(file));
        std::iter::once(self.source.path.clone()).chain(models).chain(data).collect()
    }

    /// The files of data, rules and models, each once, with their sizes and hashes.
    ///
    /// # Errors
    /// When one is missing or cannot be read.
    pub(crate) fn inputs(&self) -> Result<Vec<InputFile>, DataError> {
        let mut inputs = crate::data::inputs(&self.file.data, &self.base)?;
        let path = |file: &Path| Paths(vec![file.to_string_lossy().into_owned()]);
        let files: Vec<(&str, Paths)> = self.of_models().into_iter().map(|(what, file)| (what, path(file))).collect();
        inputs.extend(crate::data::hashed(files.iter().map(|(what, paths)| (*what, paths)), &self.base)?);
        Ok(inputs)
    }

    /// The files that models stand in, with what they hold.
    fn of_models(&self) -> Vec<(&'static str, &Path)> {
        let mut files: Vec<(&str, &Path)> = Vec::new();
        for (_, model) in self.file.models.iter() {
            files.extend(model.rules.iter().map(|rules| ("rules", rules.file.as_path())));
            files.extend(model.file.iter().map(|file| ("model", file.path.as_path())));
            files.extend(model.files().map(|(_, spec)| ("model", spec.file.as_path())));
        }
        files
    }

    /// What of the files of rules no model can say.
    pub(crate) fn unexpressed(&self) -> Vec<Finding> {
        let of = |(model, rules): &(String, Rules)| {
            let file = self.file.models.get(model).and_then(|spec| spec.rules.as_ref());
            file.map_or_else(Vec::new, |spec| rules.findings(model, &spec.file, self.is_to_be_whole(model)))
        };
        self.rules.iter().flat_map(of).collect()
    }

    /// Whether a model must hold every rule of its file: it stands for the score in use, and nobody said that the others
    /// give no points.
    pub(crate) fn is_to_be_whole(&self, model: &str) -> bool {
        let rules = self.file.models.get(model).and_then(|spec| spec.rules.as_ref());
        self.file.champion.as_deref() == Some(model) && rules.is_some_and(|rules| !rules.complete)
    }

    /// The events' own columns that any model reads.
    pub(crate) fn event_columns(&self) -> Vec<String> {
        let mut columns: Vec<String> =
            self.models.iter().flat_map(|model| model.kind.recipe().event_columns()).collect();
        columns.sort();
        columns.dedup();
        columns
    }
}

/// Gates need a champion, and segments that are evaluated; costs come in pairs.
fn gates_fit(file: &ExperimentFile) -> Result<(), String> {
    if !file.gates.is_empty() && file.champion.is_none() {
        return Err("gates compare challengers with a `champion`, and none is named".into());
    }
    for gate in &file.gates {
        if let Gate::Segments { column, .. } = &gate.0
            && !file.segments.contains(column)
        {
            let near = did_you_mean(file.segments.iter().map(String::as_str), column);
            return Err(format!("`{column}` is not among the experiment's `segments`{near}"));
        }
    }
    match (file.thresholds.cost_per_lead, file.thresholds.value_per_win) {
        (Some(_), None) | (None, Some(_)) => {
            Err("thresholds: `cost_per_lead` and `value_per_win` are needed together".into())
        }
        _ => Ok(()),
    }
}

/// Relative paths start in the working directory, or in the nearest folder above the experiment file where the leads are.
fn base(path: &Path, data: &DataSpec) -> PathBuf {
    let here = PathBuf::from(".");
    let first = data.leads.path.0.first().cloned().unwrap_or_default();
    let is_there = |folder: &Path| {
        glob::glob(&folder.join(&first).to_string_lossy()).is_ok_and(|mut found| found.next().is_some())
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let above = absolute.ancestors().skip(1).map(Path::to_path_buf);
    std::iter::once(here.clone()).chain(above).find(|folder| is_there(folder)).unwrap_or(here)
}

/// Reads the files that models stand in; gives what was read of rules.
fn read_files(source: &Source, file: &mut ExperimentFile, base: &Path) -> Result<Vec<(String, Rules)>, ConfigError> {
    let mut found = Vec::new();
    for (name, model) in file.models.iter_mut() {
        if let Some(spec) = &mut model.rules {
            let read = rules::read_file(&base.join(&spec.file), spec);
            let at = || source.at(&format!("models.{name}.rules"));
            let wrong = |wrong| ConfigError::Rules { at: at(), file: spec.file.clone(), wrong };
            let read = read.map_err(wrong)?;
            spec.read = Some(read.read.clone());
            found.push((name.to_string(), read));
        }
        if let Some(spec) = &mut model.file {
            let at = || source.at(&format!("models.{name}.file"));
            let wrong = |what| ConfigError::ModelFile { at: at(), file: spec.path.clone(), what };
            let bytes = bytes_of(&base.join(&spec.path), FittedFile::LARGEST as u64 + 1).map_err(wrong)?;
            spec.read = Some(Arc::new(FittedFile::read(&bytes).map_err(wrong)?));
        }
        for (format, spec) in model.files_mut() {
            let at = || source.at(&format!("models.{name}.{}.file", key(format)));
            let wrong = |what| ConfigError::ModelFile { at: at(), file: spec.file.clone(), what };
            let bytes = bytes_of(&base.join(&spec.file), u64::MAX).map_err(wrong)?;
            let forest = Forest::read(&bytes, format).map_err(|error| wrong(error.to_string()))?;
            spec.read = Some(ModelFile { forest: forest.into(), sha256: hex(&Sha256::digest(&bytes)) });
        }
    }
    // A library looks texts up as they are written.
    let looked_up = file.models.iter().flat_map(|(_, model)| model.files()).flat_map(|(_, spec)| spec.looked_up());
    let looked_up: Vec<String> = looked_up.collect();
    file.data.keep_as_written(&looked_up);
    Ok(found)
}

/// A model's file, no more of it than `most` bytes; a device or a pipe might never end.
fn bytes_of(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    if path.metadata().is_ok_and(|known| !known.is_file()) {
        return Err("it is no file, expected a model".into());
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.is_empty() { Err("it is empty, expected a model".into()) } else { Ok(bytes) }
}

/// The key of an experiment file under which such a file stands.
fn key(format: Format) -> &'static str {
    match format {
        Format::LightGbm => "lightgbm",
        Format::XgBoost => "xgboost",
        Format::Coefficients => "linear",
    }
}
