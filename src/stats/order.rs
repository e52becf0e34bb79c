//! The order of numbers: what a statistic of ranks begins with.

/// Bits that order as the number does; 0 and -0 have the same.
fn key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The places of the numbers, ascending; equal ones in their order.
///
/// # Panics
/// Beyond 4.2 billion numbers.
pub fn rising(numbers: &[f64]) -> Vec<u32> {
    by_key(numbers.iter().map(|number| key(*number)))
}

/// The places of the numbers, the highest first; equal ones in their order.
///
/// # Panics
/// Beyond 4.2 billion numbers.
pub fn falling(numbers: &[f64]) -> Vec<u32> {
    by_key(numbers.iter().map(|number| !key(*number)))
}

fn by_key(keys: impl ExactSizeIterator<Item = u64>) -> Vec<u32> {
    assert!(u32::try_from(keys.len()).is_ok(), "fewer than 2^32 numbers");
    // Beside its place a key is at hand where it is compared.
    let mut places: Vec<(u64, u32)> = keys.zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_their_order_and_equal_ones_in_that_of_their_places() {
        let numbers = [2.0, -0.0, f64::INFINITY, 0.0, -1.5, f64::NEG_INFINITY, 2.0, 1e-300];
        assert_eq!(rising(&numbers), [5, 4, 1, 3, 7, 0, 6, 2]);
        assert_eq!(falling(&numbers), [2, 0, 6, 7, 1, 3, 4, 5]);
        assert!(rising(&[]).is_empty());
    }
}
