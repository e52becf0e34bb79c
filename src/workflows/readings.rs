//! What the data leave open, and whether the answer hangs on it: the decision under each reading, side by side.

use rayon::prelude::*;

use crate::evaluation::{ByAccount, Decided, Evaluated};
use crate::experiment::Experiment;
use crate::pipeline::PipelineError;
use crate::result::{Barred, Comparison, OpenQuestion, Question, ReadingAnswer, Verdict};

/// How an experiment is run again.
pub(super) type Again = fn(&Experiment) -> Result<Evaluated, PipelineError>;

/// A question with more than one possible answer, of which the experiment as it stands takes one.
pub(super) struct Open {
    pub question: Question,
    /// How the experiment as it stands reads it.
    pub taken: String,
    pub others: Vec<Alternative>,
}

/// A doubt that changes no score: the same figures decide under both readings.
pub(super) struct Doubt {
    pub columns: Vec<String>,
    /// Models that read them, by their places, and what would be held against them.
    pub models: Vec<(usize, Barred)>,
}

impl Doubt {
    /// The decision with the columns and without.
    pub fn answers(self, taken: &Evaluated, without: Decided) -> OpenQuestion {
        let with = answer("with".into(), &taken.verdict, &taken.comparisons);
        let without = answer("without".into(), &without.0, &without.1);
        OpenQuestion { question: Question::KnownInTime { columns: self.columns }, answers: vec![with, without] }
    }
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
    pub fn answers(self, taken: &Evaluated, again: Again) -> Result<OpenQuestion, PipelineError> {
        let first = answer(self.taken, &taken.verdict, &taken.comparisons);
        let others = self.others.into_par_iter().map(|other| {
            let evaluated = again(&other.experiment)?;
            Ok(answer(other.reading, &evaluated.verdict, &evaluated.comparisons))
        });
        let others = others.collect::<Result<Vec<ReadingAnswer>, PipelineError>>()?;
        Ok(OpenQuestion { question: self.question, answers: std::iter::once(first).chain(others).collect() })
    }
}

/// The decision with leads taken one by one, and by an account.
pub(super) fn by_account(taken: &Evaluated, column: &str, leads: u64, by: ByAccount) -> OpenQuestion {
    let first = answer("lead by lead".into(), &taken.verdict, &taken.comparisons);
    let other = by.decided.map(|(verdict, comparisons)| answer(format!("by `{column}`"), &verdict, &comparisons));
    let question =
        Question::Accounts { column: column.into(), accounts: by.accounts, leads, design_effect: by.design_effect };
    OpenQuestion { question, answers: std::iter::once(first).chain(other).collect() }
}

fn answer(reading: String, verdict: &Verdict, comparisons: &[Comparison]) -> ReadingAnswer {
    let named = verdict.challenger.as_ref().or(verdict.model.as_ref());
    let comparison = comparisons.iter().find(|comparison| Some(&comparison.challenger) == named);
    ReadingAnswer {
        reading,
        decision: verdict.decision,
        model: verdict.model.clone(),
        gain: comparison.map(|comparison| comparison.gain.winners.clone()),
    }
}
