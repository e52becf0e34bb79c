use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::workflows::verify::{self, VerifyError};

use super::progress::Progress;
use super::{DATA, Failure, Outcome, USAGE, pipeline_code, print};

/// Holds a model that was made elsewhere against what its library gave for the same leads.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff verify-model experiment.yaml boosted expected.csv\n\nEXPECTED.csv holds a lead's `id` with its `margin` (LightGBM: predict(raw_score=True), XGBoost: predict(output_margin=True)), its `probability`, or both. Ends with 4 where a lead differs."
)]
pub struct VerifyModel {
    /// The experiment file.
    experiment: PathBuf,
    /// The model: one of `lightgbm:`, `xgboost:` or `linear:`.
    model: String,
    /// What the library gave, as CSV.
    #[arg(value_name = "EXPECTED.csv")]
    expected: PathBuf,
    /// So much of a value, or of 1 where it is smaller, may differ; by default 1e-12, and 1e-5 where the library computes in
    /// single precision.
    #[arg(long)]
    tolerance: Option<f64>,
}

impl VerifyModel {
    pub fn run(self) -> Outcome {
        if self.tolerance.is_some_and(|tolerance| tolerance.is_nan() || tolerance < 0.0) {
            return Err(Failure::new(USAGE, "`--tolerance`: expected 0 or more"));
        }
        let experiment = Experiment::load(&self.experiment)?;
        let progress = Progress::new();
        let verified = verify::verify(&experiment, &self.model, &self.expected, self.tolerance, &progress)?;
        drop(progress);
        print(&verify::text(&verified))?;
        Ok(if verified.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(DATA) })
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let code = match &error {
            VerifyError::Pipeline(error) => pipeline_code(error),
            VerifyError::NoModel { .. } | VerifyError::NotImported { .. } => USAGE,
            VerifyError::Expected { .. } | VerifyError::Line { .. } => DATA,
        };
        Self::new(code, error)
    }
}
