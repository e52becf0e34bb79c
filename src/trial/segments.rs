use crate::result::Number;
use crate::result::trial::SegmentEffect;
use crate::stats::Undefined;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::proportion::pooled_z;

use super::Test;
use super::effect::rates;
use super::units::{Segment, Units};

/// Fewer units than this are not shown by themselves, and no more levels than this.
const FEWEST: usize = 10;
const MOST: usize = 12;

/// The effect on mature units in every part; p-values adjusted over all of them. Nothing where clusters were assigned.
pub(super) fn effects(test: &Test, units: &Units) -> Vec<SegmentEffect> {
    if units.is_assigned_by_cluster() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    for segment in &units.segments {
        for (value, levels) in parts(segment, units) {
            let is_in = |row: usize| levels.contains(&segment.level[row]);
            effects.extend((1..test.arms.len()).map(|arm| effect(test, units, (&segment.column, &value), &is_in, arm)));
        }
    }
    let adjusted =
        benjamini_hochberg(&effects.iter().map(|effect| effect.p.finite().unwrap_or(f64::NAN)).collect::<Vec<_>>());
    for (effect, adjusted) in effects.iter_mut().zip(adjusted) {
        effect.p_bh = if adjusted.is_nan() { effect.p.clone() } else { adjusted.into() };
    }
    effects
}

/// The levels that are shown, largest first; those with fewer than ten units, and those beyond the first twelve, are
/// "other".
fn parts(segment: &Segment, units: &Units) -> Vec<(String, Vec<Option<usize>>)> {
    let mut sizes: Vec<(f64, Option<usize>)> =
        (0..segment.levels.len()).map(Some).chain([None]).map(|level| (0.0, level)).collect();
    let last = sizes.len() - 1;
    (0..units.len()).for_each(|row| sizes[segment.level[row].unwrap_or(last)].0 += units.weight(row));
    let name = |level: Option<usize>| level.map_or("(missing)", |level| segment.levels[level].as_str());
    sizes.retain(|(size, _)| *size > 0.0);
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| name(a.1).cmp(name(b.1))));
    let shown = sizes.iter().take(MOST).filter(|(size, _)| *size >= FEWEST as f64).count();
    let other: Vec<Option<usize>> = sizes.split_off(shown).into_iter().map(|(_, level)| level).collect();
    let mut parts: Vec<_> = sizes.into_iter().map(|(_, level)| (name(level).to_string(), vec![level])).collect();
    if !other.is_empty() {
        parts.push(("other".into(), other));
    }
    parts
}

fn effect(
    test: &Test,
    units: &Units,
    (column, value): (&str, &str),
    is_in: &dyn Fn(usize) -> bool,
    arm: usize,
) -> SegmentEffect {
    let count = |arm: usize| units.count(units.mature_rows(arm).filter(|&row| is_in(row)));
    let (control, treatment) = (count(0), count(arm));
    let (difference, _) = rates(control, treatment, test.confidence);
    let is_empty = control.n == 0.0 || treatment.n == 0.0;
    let tested = if is_empty { Err(Undefined::Empty) } else { pooled_z(control, treatment) };
    SegmentEffect {
        arm: test.arms[arm].name.clone(),
        column: column.into(),
        value: value.into(),
        units: (control.n + treatment.n).round() as u64,
        conversions: (control.successes + treatment.successes).round() as u64,
        difference,
        p: tested.map(|test| test.p).into(),
        p_bh: Number::undefined("not adjusted yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_units_are_shown_together() {
        let level: Vec<Option<usize>> =
            (0..40).map(|row| Some(usize::from(row >= 25))).chain((0..4).map(|_| Some(2))).chain([None]).collect();
        let segment = Segment { column: "source".into(), levels: vec!["a".into(), "b".into(), "c".into()], level };
        let units = Units::flagged(vec![0; 45], vec![false; 45]);
        let names: Vec<String> = parts(&segment, &units).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "other"]);
    }
}
