//! Adapters: field tests, fixed and sequential.

use super::{Adapter, Answer, Case, OracleError};
use crate::stats::multiplicity;

pub(super) const STATS: &[(&str, Adapter)] = &[("multiplicity", multiplicity)];

fn multiplicity(case: &Case) -> Result<Answer, OracleError> {
    let p: Vec<f64> = case.get::<Vec<Option<f64>>>("p")?.into_iter().map(|p| p.unwrap_or(f64::NAN)).collect();
    Ok(Answer::new()
        .with("bonferroni", multiplicity::bonferroni(&p))
        .with("holm", multiplicity::holm(&p))
        .with("hochberg", multiplicity::hochberg(&p))
        .with("bh", multiplicity::benjamini_hochberg(&p))
        .with("by", multiplicity::benjamini_yekutieli(&p))
        .with("sidak", multiplicity::sidak(&p))
        .with("holm_sidak", multiplicity::holm_sidak(&p)))
}
