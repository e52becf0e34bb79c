use crate::result::Number;
use crate::result::trial::SegmentEffect;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::proportion::pooled_z;

use super::Test;
use super::effect::rates;
use super::units::{Segment, Units};

/// The effect on mature units in every part; p-values adjusted over all of them. Nothing where clusters were assigned.
pub(super) fn effects(test: &Test, units: &Units) -> Vec<SegmentEffect> {
    if units.is_assigned_by_cluster() {
        return Vec::new();
    }
    let all = units.segments.iter().flat_map(|segment| (0..segment.levels.len()).map(move |level| (segment, level)));
    let arms = 1..test.arms.len();
    let mut effects: Vec<SegmentEffect> = all
        .flat_map(|(segment, level)| arms.clone().map(move |arm| (segment, level, arm)))
        .map(|(segment, level, arm)| effect(test, units, segment, level, arm))
        .collect();
    let adjusted =
        benjamini_hochberg(&effects.iter().map(|effect| effect.p.finite().unwrap_or(f64::NAN)).collect::<Vec<_>>());
    for (effect, adjusted) in effects.iter_mut().zip(adjusted) {
        effect.p_bh = if adjusted.is_nan() { effect.p.clone() } else { adjusted.into() };
    }
    effects
}

fn effect(test: &Test, units: &Units, segment: &Segment, level: usize, arm: usize) -> SegmentEffect {
    let count = |arm: usize| units.count(units.mature_rows(arm).filter(|&row| segment.level[row] == Some(level)));
    let (control, treatment) = (count(0), count(arm));
    let (difference, _) = rates(control, treatment, test.confidence);
    SegmentEffect {
        arm: test.arms[arm].name.clone(),
        column: segment.column.clone(),
        value: segment.levels[level].clone(),
        units: (control.n + treatment.n).round() as u64,
        conversions: (control.successes + treatment.successes).round() as u64,
        difference,
        p: pooled_z(control, treatment).map(|test| test.p).into(),
        p_bh: Number::undefined("not adjusted yet"),
    }
}
