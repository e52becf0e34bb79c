//! A regression on columns alone.

use crate::models::spec::{FeatureSpec, LogisticSpec};
use crate::models::{self, Context, KindSpec, KnownColumn, Model, Spec, Training};
use crate::replay::{Features, Plan};
use crate::result::Estimate;
use crate::stats::random::Seed;
use crate::stats::{Sample, Undefined, discrimination};
use crate::time::Zone;

use super::LEVEL;

/// Leads with what became of them: those that a regression learns from, and those that it is judged on.
pub struct Split<'a> {
    pub features: &'a Features,
    pub converted: &'a [bool],
    pub training: &'a [usize],
    pub judged: &'a [usize],
}

/// AUC on the judged leads of a regression on some of the columns.
pub fn regression_auc(leads: &Split, columns: &[KnownColumn], zone: &Zone, names: Vec<String>) -> Estimate {
    if names.is_empty() || leads.judged.is_empty() {
        return Estimate::undefined(Undefined::Empty.to_string());
    }
    let features = names.into_iter().map(FeatureSpec::Column).collect();
    let kind = KindSpec::Logistic(LogisticSpec { ridge: 1.0, features: Some(features) });
    let spec = Spec { name: "columns".into(), kind, brackets: None };
    let context = Context { columns, events: None, zone, seed: Seed(0) };
    let won = |rows: &[usize]| rows.iter().map(|&row| leads.converted[row]).collect::<Vec<bool>>();
    let learned = won(leads.training);
    let training = Training { rows: leads.training, converted: &learned };
    let model = Model::compile(&spec, std::slice::from_ref(&spec), &context, &mut Plan::default());
    let scores = model.and_then(|model| models::score(&[model], leads.features, Some(&training)));
    match scores {
        Ok(scores) => {
            let score: Vec<f64> = leads.judged.iter().map(|&row| scores[0].value[row]).collect();
            let tally = Sample::new(&score, &won(leads.judged)).tally();
            Estimate::with(discrimination::auc(&tally), discrimination::auc_interval(&tally, LEVEL))
        }
        Err(error) => Estimate::undefined(error.to_string()),
    }
}
