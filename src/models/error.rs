use crate::predicate::PredicateError;
use crate::table::suggest;

/// Why models cannot be made of an experiment's `models:`, fitted, or scored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Something that stands in the experiment file and cannot stay so.
    #[error("{path}: {problem}")]
    Invalid { path: String, problem: String },
    #[error("{path}: {error}")]
    Predicate { path: String, error: PredicateError },
    #[error("{path}: there is no {what} `{name}`{hint}")]
    Unknown { path: String, what: &'static str, name: String, hint: String },
    #[error(
        "model `{model}` is fitted on training leads, and there are none: no lead was created in `replay.train` with its horizon over before `replay.evaluate` begins; state an earlier or longer `train`, or a shorter `horizon`"
    )]
    NoTraining { model: String },
    #[error(
        "model `{model}` cannot be fitted: {wins} of its {leads} training leads converted, expected some of either kind"
    )]
    OneClass { model: String, leads: usize, wins: usize },
    #[error("model `{model}` cannot be fitted: {problem}")]
    NotFitted { model: String, problem: String },
    #[error("model `{model}` cannot score: {problem}")]
    NotScored { model: String, problem: String },
}

impl ModelError {
    /// The same, with the field's path as it is to be told: with its file and its line.
    #[must_use]
    pub fn located(mut self, told: impl Fn(&str) -> String) -> Self {
        if let Self::Invalid { path, .. } | Self::Predicate { path, .. } | Self::Unknown { path, .. } = &mut self {
            *path = told(path);
        }
        self
    }

    pub(super) fn invalid(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), problem: problem.into() }
    }

    /// A name that is not among the known ones, with the one that was probably meant.
    pub(super) fn unknown<'a>(
        path: impl Into<String>,
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        let hint = match suggest(known.clone(), name) {
            Some(meant) => format!(", did you mean `{meant}`?"),
            None => match known.collect::<Vec<_>>() {
                names if names.is_empty() => String::new(),
                names if names.len() > 12 => format!(" (known: {}, …)", names[..12].join(", ")),
                names => format!(" (known: {})", names.join(", ")),
            },
        };
        Self::Unknown { path: path.into(), what, name: name.into(), hint }
    }
}
