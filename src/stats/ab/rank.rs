use super::{Undefined, Units};
use crate::stats::Tally;
use crate::stats::dist::normal_sf;
use crate::stats::sample::Sample;

/// How often a treated unit exceeds a control unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which the treated unit is greater; a tie counts half.
    pub u: f64,
    /// `u` as a share of all pairs.
    pub superiority: f64,
    /// Two-sided, from the tie-corrected normal approximation; undefined when all values are equal.
    pub p: Result<f64, Undefined>,
    /// The same with the continuity correction.
    pub p_continuity: Result<f64, Undefined>,
}

/// Compares two arms by ranks. Mann & Whitney (1947); ties by midranks. Undefined when an arm is empty or a value is no
/// number.
pub fn mann_whitney(control: &Units, treatment: &Units) -> Result<MannWhitney, Undefined> {
    if control.rows().chain(treatment.rows()).any(|(value, _)| value.is_nan()) {
        return Err(Undefined::OutOfRange);
    }
    let tally = tally(control, treatment);
    let (treated, controls) = tally.classes()?;
    let u = wins(&tally);
    let distance = (u - 0.5 * treated * controls).abs();
    let sd = deviation(&tally);
    let tail = |distance: f64| sd.map(|sd| (2.0 * normal_sf(distance / sd)).min(1.0));
    Ok(MannWhitney {
        u,
        superiority: u / (treated * controls),
        p: tail(distance),
        p_continuity: tail((distance - 0.5).max(0.0)),
    })
}

fn tally(control: &Units, treatment: &Units) -> Tally {
    let arms = || control.rows().map(|row| (row, false)).chain(treatment.rows().map(|row| (row, true)));
    let score: Vec<f64> = arms().map(|((value, _), _)| value).collect();
    let weight: Vec<f64> = arms().map(|((_, weight), _)| weight).collect();
    let treated: Vec<bool> = arms().map(|(_, treated)| treated).collect();
    Sample::weighted(&score, &treated, &weight).tally()
}

fn wins(tally: &Tally) -> f64 {
    let (mut below, mut wins) = (0.0, 0.0);
    for (treated, control) in tally.positive.iter().zip(&tally.negative) {
        wins += treated * (below + 0.5 * control);
        below += control;
    }
    wins
}

/// The standard deviation of U when the arms are alike, given the ties.
fn deviation(tally: &Tally) -> Result<f64, Undefined> {
    let n = tally.total();
    // 1 - Σ (t³ - t) / (n³ - n), summed so that no ties leave exactly 1.
    let ties: f64 =
        (0..tally.len()).map(|i| tally.count(i)).map(|t| t / n * (t - 1.0) / (n - 1.0) * (t + 1.0) / (n + 1.0)).sum();
    if tally.len() < 2 || ties >= 1.0 {
        return Err(Undefined::Constant);
    }
    Ok((tally.positives() * tally.negatives() * (n + 1.0) / 12.0 * (1.0 - ties)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_between_the_arms_counts_half() {
        let answer = mann_whitney(&Units::new(&[1.0, 2.0]), &Units::new(&[2.0, 3.0])).unwrap();
        assert_eq!((answer.u, answer.superiority), (3.5, 0.875));
    }

    #[test]
    fn equal_values_have_a_superiority_of_one_half_and_no_p_value() {
        let answer = mann_whitney(&Units::new(&[2.0; 3]), &Units::new(&[2.0; 2])).unwrap();
        assert_eq!((answer.superiority, answer.p), (0.5, Err(Undefined::Constant)));
    }

    #[test]
    fn an_empty_arm_cannot_be_compared() {
        assert_eq!(mann_whitney(&Units::new(&[]), &Units::new(&[1.0])), Err(Undefined::OneClass));
    }

    #[test]
    fn a_value_that_is_no_number_has_no_rank() {
        let (odd, even) = ([1.0, f64::NAN], [1.0, 2.0]);
        assert_eq!(mann_whitney(&Units::new(&odd), &Units::new(&even)), Err(Undefined::OutOfRange));
        assert_eq!(mann_whitney(&Units::new(&even), &Units::new(&odd)), Err(Undefined::OutOfRange));
        let unweighted = Units::weighted(&odd, &[1.0, 0.0]);
        assert!(mann_whitney(&unweighted, &Units::new(&even)).is_ok());
    }

    #[test]
    fn the_continuity_correction_never_passes_the_middle() {
        let even = mann_whitney(&Units::new(&[1.0, 4.0]), &Units::new(&[2.0, 3.0])).unwrap();
        assert_eq!(even.p_continuity, Ok(1.0));
    }
}
