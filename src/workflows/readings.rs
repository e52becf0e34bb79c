//! What the data leave open, and whether the answer hangs on it: the decision under each reading, side by side.

use rayon::prelude::*;

use crate::evaluation::{self, Evaluated};
use crate::experiment::Experiment;
use crate::pipeline::{self, PipelineError};
use crate::replay::Scope;
use crate::result::{OpenQuestion, Question, ReadingAnswer};

/// A question with more than one possible answer, of which the experiment as it stands takes one.
pub(super) struct Open {
    pub question: Question,
    /// How the experiment as it stands reads it.
    pub taken: String,
    pub others: Vec<Alternative>,
}

/// Another reading: what it is called, and the experiment that takes it.
pub(super) struct Alternative {
    pub reading: String,
    pub experiment: Experiment,
}

impl Open {
    /// The decision under every reading, the one that is taken first.
    ///
    /// # Errors
    /// When the data cannot be replayed under one of them.
    pub fn answers(self, taken: &Evaluated) -> Result<OpenQuestion, PipelineError> {
        let first = answer(self.taken, taken);
        let others = self.others.into_par_iter().map(|other| {
            let evaluated = evaluated(&other.experiment)?;
            Ok(answer(other.reading, &evaluated))
        });
        let others = others.collect::<Result<Vec<ReadingAnswer>, PipelineError>>()?;
        Ok(OpenQuestion { question: self.question, answers: std::iter::once(first).chain(others).collect() })
    }
}

fn evaluated(experiment: &Experiment) -> Result<Evaluated, PipelineError> {
    let mut played = pipeline::play(experiment, Scope::Used, &())?;
    Ok(evaluation::evaluate(&pipeline::cohort(experiment, &mut played)?))
}

fn answer(reading: String, evaluated: &Evaluated) -> ReadingAnswer {
    let verdict = &evaluated.verdict;
    let named = verdict.challenger.as_ref().or(verdict.model.as_ref());
    let comparison = evaluated.comparisons.iter().find(|comparison| Some(&comparison.challenger) == named);
    ReadingAnswer {
        reading,
        decision: verdict.decision,
        model: verdict.model.clone(),
        gain: comparison.map(|comparison| comparison.wins_per_quarter.clone()),
    }
}
