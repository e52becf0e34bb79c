use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

use super::answer::{Answer, Value};
use super::{Difference, Verdict};

#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: not a file of cases: {source}")]
    Parse { path: PathBuf, source: serde_json::Error },
    #[error("{path}: {source}")]
    Csv { path: PathBuf, source: csv::Error },
    #[error("the case names no data")]
    NoData,
    #[error("no column for the role `{0}`")]
    NoRole(String),
    #[error("no column `{0}` in the data")]
    NoColumn(String),
    #[error("no argument `{0}`, or not of the expected form")]
    NoArgument(String),
    #[error("column `{column}` row {row}: `{found}` is not a number")]
    NotNumber { column: String, row: usize, found: String },
}

/// One reference case with its inputs.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    pub id: String,
    pub stat: String,
    data: Option<String>,
    #[serde(default)]
    cols: BTreeMap<String, Json>,
    index: Option<String>,
    #[serde(default)]
    args: Json,
    #[serde(default)]
    params: Json,
    rel_tol: f64,
    #[serde(default)]
    rel_tol_by_key: BTreeMap<String, f64>,
    #[serde(default)]
    informational_keys: BTreeSet<String>,
    expected: BTreeMap<String, Json>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    cases: Vec<Case>,
}

/// The cases of a file. Their data stand in the folder that `data` paths lead to from the file's folder or the one above.
pub fn read(path: &Path) -> Result<Vec<Case>, OracleError> {
    let text = std::fs::read_to_string(path).map_err(|source| OracleError::Read { path: path.into(), source })?;
    let file: File = serde_json::from_str(&text).map_err(|source| OracleError::Parse { path: path.into(), source })?;
    let here = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    let found = |case: &Case, folder: &Path| case.data.as_ref().is_none_or(|data| folder.join(data).exists());
    Ok(file
        .cases
        .into_iter()
        .map(|case| {
            let folder = if found(&case, &here) { here.clone() } else { here.join("..") };
            Case { folder, ..case }
        })
        .collect())
}

impl Case {
    /// A column of numbers, by its role. An empty cell is NaN.
    pub fn numbers(&self, role: &str) -> Result<Vec<f64>, OracleError> {
        self.numbers_of(&self.name(role)?)
    }

    /// A column of numbers, by its name in the data.
    pub fn numbers_of(&self, column: &str) -> Result<Vec<f64>, OracleError> {
        let parse = |(row, text): (usize, &String)| match text.trim() {
            "" | "NA" => Ok(f64::NAN),
            text => text.parse().map_err(|_| OracleError::NotNumber {
                column: column.into(),
                row: row + 2,
                found: text.into(),
            }),
        };
        self.texts_of(column)?.iter().enumerate().map(parse).collect()
    }

    /// A 0/1 column, by its role.
    pub fn flags(&self, role: &str) -> Result<Vec<bool>, OracleError> {
        Ok(self.numbers(role)?.into_iter().map(|value| value == 1.0).collect())
    }

    /// A column as text, by its role.
    pub fn texts(&self, role: &str) -> Result<Vec<String>, OracleError> {
        self.texts_of(&self.name(role)?)
    }

    pub fn has(&self, role: &str) -> bool {
        self.cols.contains_key(role)
    }

    /// The column's name for a role.
    pub fn name(&self, role: &str) -> Result<String, OracleError> {
        self.cols.get(role).and_then(Json::as_str).map(String::from).ok_or_else(|| OracleError::NoRole(role.into()))
    }

    /// The columns' names for a role that takes several.
    pub fn names(&self, role: &str) -> Result<Vec<String>, OracleError> {
        match self.cols.get(role) {
            Some(Json::Array(names)) => Ok(names.iter().filter_map(|name| name.as_str().map(String::from)).collect()),
            Some(Json::String(name)) => Ok(vec![name.clone()]),
            _ => Err(OracleError::NoRole(role.into())),
        }
    }

    fn texts_of(&self, column: &str) -> Result<Vec<String>, OracleError> {
        let data = self.data.as_ref().ok_or(OracleError::NoData)?;
        let path = self.folder.join(data);
        let csv_error = |source| OracleError::Csv { path: path.clone(), source };
        let mut reader = csv::Reader::from_path(&path).map_err(csv_error)?;
        let headers = reader.headers().map_err(csv_error)?.clone();
        let place =
            headers.iter().position(|name| name == column).ok_or_else(|| OracleError::NoColumn(column.into()))?;
        reader.records().map(|record| Ok(record.map_err(csv_error)?.get(place).unwrap_or("").to_string())).collect()
    }

    /// The matrix of resampled row numbers, a row a resample.
    pub fn index(&self) -> Result<Vec<Vec<usize>>, OracleError> {
        let path = self.folder.join(self.index.as_ref().ok_or_else(|| OracleError::NoArgument("index".into()))?);
        let csv_error = |source| OracleError::Csv { path: path.clone(), source };
        let mut reader = csv::Reader::from_path(&path).map_err(csv_error)?;
        reader.deserialize().map(|row| row.map_err(csv_error)).collect()
    }

    /// An argument or parameter, in any form that deserialises.
    pub fn get<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, OracleError> {
        let value = self.args.get(name).or_else(|| self.params.get(name)).cloned().unwrap_or(Json::Null);
        serde_json::from_value(value).map_err(|_| OracleError::NoArgument(name.into()))
    }

    /// A number among the arguments or parameters.
    pub fn number(&self, name: &str) -> Result<f64, OracleError> {
        self.get(name)
    }

    /// Holds the answer against what is expected: `|x - e| <= rel_tol * |e| + 1e-12`.
    pub(super) fn compare(&self, answer: &Answer) -> Verdict {
        let keys = self.expected.iter().filter(|(key, _)| !self.informational_keys.contains(*key));
        let mut compared = 0;
        let mut differences = Vec::new();
        for (key, theirs) in keys {
            compared += 1;
            let tolerance = self.rel_tol_by_key.get(key).copied().unwrap_or(self.rel_tol);
            match answer.0.get(key) {
                None => differences.push(difference(key, "no such key".into(), theirs, None)),
                Some(ours) => compare_value(key, ours, theirs, tolerance, &mut differences),
            }
        }
        let undefined = self.expected.values().filter(|theirs| theirs.is_null()).count();
        if differences.is_empty() {
            Verdict::Agreed { keys: compared, undefined }
        } else {
            Verdict::Differs(differences)
        }
    }
}

fn difference(key: &str, ours: String, theirs: &Json, relative: Option<f64>) -> Difference {
    Difference { key: key.into(), ours, theirs: theirs.to_string(), relative }
}

fn compare_value(key: &str, ours: &Value, theirs: &Json, tolerance: f64, differences: &mut Vec<Difference>) {
    let agrees = match (ours, theirs) {
        (Value::List(ours), Json::Array(theirs)) if ours.len() == theirs.len() => {
            for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare_value(&format!("{key}[{i}]"), ours, theirs, tolerance, differences);
            }
            return;
        }
        (Value::Number(ours), theirs) => {
            let Some(expected) = expected_number(theirs) else {
                return differences.push(difference(key, ours.to_string(), theirs, None));
            };
            if !ours.is_finite() || !expected.is_finite() {
                *ours == expected
            } else {
                let gap = (ours - expected).abs();
                if gap > tolerance * expected.abs() + 1e-12 {
                    let relative = (expected != 0.0).then(|| gap / expected.abs());
                    return differences.push(difference(key, ours.to_string(), theirs, relative));
                }
                true
            }
        }
        (Value::Undefined(_), Json::Null) => true,
        (Value::Flag(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::Text(ours), Json::String(theirs)) => ours == theirs,
        _ => false,
    };
    if !agrees {
        differences.push(difference(key, format!("{ours:?}"), theirs, None));
    }
}

fn expected_number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) if text == "inf" => Some(f64::INFINITY),
        Json::String(text) if text == "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}
