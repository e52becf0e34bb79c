//! A model fitted on everything that is mature, as a file.

use crate::experiment::Experiment;
use crate::models::FittedFile;
use crate::pipeline::{self, PipelineError, Progress};
use crate::replay::{ReplaySpec, Scope, Window};
use crate::table::did_you_mean;
use crate::time::Moment;

/// Why a model is not fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("the experiment fits several models: say which, {names}")]
    Several { names: String },
    #[error("no model of the experiment is fitted: `leadoff fit` writes regressions, `logistic:`")]
    None,
    #[error("`{name}` is {what}: there is nothing to fit; `leadoff fit` writes regressions, `logistic:`")]
    NotFitted { name: String, what: String },
}

/// Fits a model of an experiment on every lead whose horizon is over, as far back as a walk looks: the one named, else the
/// only regression.
///
/// # Errors
/// As a run; and when there is no such regression.
pub fn fit(experiment: &Experiment, model: Option<&str>, progress: &dyn Progress) -> Result<FittedFile, FitError> {
    let place = chosen(experiment, model)?;
    let mut alone = experiment.clone();
    alone.models = vec![experiment.models[place].clone()];
    alone.champion = None;
    alone.file.replay = everything(experiment);
    let played = pipeline::play(&alone, Scope::Used, progress)?;
    let zone = &played.history.zone;
    let fitted_on = zone.date(played.history.until).to_string();
    let model = &played.models[0];
    let name = model.name().to_owned();
    let file = model.file(&fitted_on, &played.scores[0]);
    file.ok_or_else(|| FitError::NotFitted { what: model.kind().definition().into(), name })
}

/// All leads train that a walk would learn from if a period began now.
fn everything(experiment: &Experiment) -> ReplaySpec {
    let replay = &experiment.file.replay;
    let from = replay.walk.as_ref().zip(experiment.file.data.until.as_ref()).and_then(|(walk, until)| {
        let zone = &experiment.file.data.timezone;
        let from = walk.train.from(until.end(zone), zone);
        zone.date(from).to_string().parse::<Moment>().ok()
    });
    let train = Some(Window { from, to: None, rows: None });
    // Nobody is judged: else those from before the window would be, and training would have to end before them.
    let never = "9000-01-01".parse::<Moment>().ok();
    let evaluate = Some(Window { from: never, to: None, rows: None });
    ReplaySpec { train, walk: None, evaluate, ..replay.clone() }
}

fn chosen(experiment: &Experiment, model: Option<&str>) -> Result<usize, FitError> {
    let names = || experiment.models.iter().map(|model| model.name.as_str());
    if let Some(name) = model {
        let near = || did_you_mean(names(), name);
        let place = names().position(|known| known == name);
        let place = place.ok_or_else(|| FitError::NoModel { name: name.into(), near: near() })?;
        let kind = experiment.models[place].kind.recipe().kind();
        return match kind.is_fitted() {
            true => Ok(place),
            false => Err(FitError::NotFitted { name: name.into(), what: kind.definition().into() }),
        };
    }
    let is_fitted = |place: &usize| experiment.models[*place].kind.recipe().kind().is_fitted();
    let fitted: Vec<usize> = (0..experiment.models.len()).filter(is_fitted).collect();
    match fitted.as_slice() {
        [] => Err(FitError::None),
        [only] => Ok(*only),
        several => {
            let names: Vec<String> =
                several.iter().map(|&place| format!("`{}`", experiment.models[place].name)).collect();
            Err(FitError::Several { names: names.join(" or ") })
        }
    }
}
