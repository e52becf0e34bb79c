//! The kinds of models. One more is its own file, its lines here, and its name in `result`.

mod blend;
mod column;
mod floor;
mod imported;
mod logistic;
mod points;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use imported::{Imported, ImportedModel, Unlisted, Wanted};
pub use logistic::{Coefficient, FileSpec, Fitted, FittedFile, LogisticModel};
pub use points::PointsModel;

use super::ModelError;
use super::resolve::Points;
use super::scorer::Recipe;
use super::spec::{BracketSpec, Change, ImportedSpec, LogisticSpec, PointsSpec, RulesSpec};
use crate::forest::Format;
use blend::BlendSpec;
use column::ColumnSpec;
use floor::{Constant, Random};

/// One model: exactly one of `points`, `rules`, `logistic`, `file`, `column`, `blend`, `lightgbm`, `xgboost`, `linear`,
/// `constant`, `random`, `extends`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["points"] }, { "required": ["rules"] }, { "required": ["logistic"] }, { "required": ["column"] }, { "required": ["blend"] },
    { "required": ["file"] }, { "required": ["lightgbm"] }, { "required": ["xgboost"] }, { "required": ["linear"] },
    { "required": ["constant"] }, { "required": ["random"] }, { "required": ["extends"] },
]))]
pub struct ModelSpec {
    /// Points for what is known of a lead, added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsSpec>,
    /// Points, by rules in a file of their own: `live.csv` with `criterion`, `condition` and `points`, or a platform's
    /// configuration in JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesSpec>,
    /// A logistic regression, fitted on the training window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logistic: Option<LogisticSpec>,
    /// A regression as `leadoff fit` wrote it: `regression.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileSpec>,
    /// A score that came with the leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnSpec>,
    /// Other models' scores, mixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blend: Option<BlendSpec>,
    /// A model that LightGBM wrote as text: `save_model("boosted.txt")`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lightgbm: Option<ImportedSpec>,
    /// A model that XGBoost wrote as JSON or UBJSON: `save_model("boosted.json")`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xgboost: Option<ImportedSpec>,
    /// Weights in a file of JSON: an intercept, and terms over columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<ImportedSpec>,
    /// The same score for every lead: a floor to beat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<Constant>,
    /// A random score from the seed and the lead's id: a floor to beat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Random>,
    /// The points model that this one is a variant of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// What the variant does otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Brackets of this model's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brackets: Option<BracketSpec>,
    /// What the model is for, in a sentence or two: stands on its card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The team or role that answers for it, as its card shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A model of one kind, its variants carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum KindSpec {
    Points(Box<Points>),
    Logistic(LogisticSpec),
    File(FileSpec),
    Column(ColumnSpec),
    Blend(BlendSpec),
    Imported(Imported),
    Constant(Constant),
    Random(Random),
}

impl KindSpec {
    pub fn recipe(&self) -> &dyn Recipe {
        match self {
            Self::Points(points) => points.as_ref(),
            Self::Logistic(logistic) => logistic,
            Self::File(file) => file,
            Self::Column(column) => column,
            Self::Blend(blend) => blend,
            Self::Imported(imported) => imported,
            Self::Constant(constant) => constant,
            Self::Random(random) => random,
        }
    }
}

impl ModelSpec {
    /// The models of files among its kinds, with what each file is.
    pub fn files(&self) -> impl Iterator<Item = (Format, &ImportedSpec)> {
        let files = [
            (Format::LightGbm, &self.lightgbm),
            (Format::XgBoost, &self.xgboost),
            (Format::Coefficients, &self.linear),
        ];
        files.into_iter().filter_map(|(format, spec)| Some((format, spec.as_ref()?)))
    }

    /// The same, to be read into.
    pub fn files_mut(&mut self) -> impl Iterator<Item = (Format, &mut ImportedSpec)> {
        let files = [
            (Format::LightGbm, &mut self.lightgbm),
            (Format::XgBoost, &mut self.xgboost),
            (Format::Coefficients, &mut self.linear),
        ];
        files.into_iter().filter_map(|(format, spec)| Some((format, spec.as_mut()?)))
    }

    fn imported(&self, format: Format) -> Option<KindSpec> {
        let (_, spec) = self.files().find(|(known, _)| *known == format)?;
        Some(KindSpec::Imported(Imported { format, spec: spec.clone() }))
    }

    /// Its kind: `points` alone has variants, which are not carried out here.
    ///
    /// # Errors
    /// When it has none or several.
    pub(super) fn kind(&self, path: &str) -> Result<Option<KindSpec>, ModelError> {
        let kinds = [
            ("points", self.points.as_ref().map(|_| None)),
            ("rules", self.rules.as_ref().map(|_| None)),
            ("logistic", self.logistic.clone().map(KindSpec::Logistic).map(Some)),
            ("file", self.file.clone().map(KindSpec::File).map(Some)),
            ("column", self.column.clone().map(KindSpec::Column).map(Some)),
            ("blend", self.blend.clone().map(KindSpec::Blend).map(Some)),
            ("lightgbm", self.imported(Format::LightGbm).map(Some)),
            ("xgboost", self.imported(Format::XgBoost).map(Some)),
            ("linear", self.imported(Format::Coefficients).map(Some)),
            ("constant", self.constant.clone().map(KindSpec::Constant).map(Some)),
            ("random", self.random.clone().map(KindSpec::Random).map(Some)),
            ("extends", self.extends.as_ref().map(|_| None)),
        ];
        let mut given = kinds.into_iter().filter_map(|(name, kind)| Some((name, kind?)));
        let names = "`points`, `rules`, `logistic`, `file`, `column`, `blend`, `lightgbm`, `xgboost`, `linear`, `constant: {}`, `random: {}` or `extends`";
        match (given.next(), given.next()) {
            (None, _) => Err(ModelError::invalid(path, format!("a model of no kind, expected one of {names}"))),
            (Some((_, kind)), None) => Ok(kind),
            (Some(first), Some(second)) => {
                let found: Vec<&str> = [first, second].into_iter().chain(given).map(|(name, _)| name).collect();
                let found = found.join("` and `");
                Err(ModelError::invalid(path, format!("a model of several kinds (`{found}`), expected one of {names}")))
            }
        }
    }
}
