use rayon::prelude::*;

use super::Ids;

/// Ids that are one prefix and numbers of one width, as `L000123`: found without hashing, and what is created together
/// lies together in memory.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    prefix: String,
    /// Digits of every number.
    width: usize,
    first: u64,
    /// The place of each number from the first on + 1, or 0.
    places: Vec<u32>,
}

/// Digits that surely fit a number.
const DIGITS: usize = 18;
/// Fewer ids are read by one thread.
const APART: usize = 16_384;
/// Numbers may leave gaps: so many numbers for an id.
const SPARSE: u64 = 4;

impl Numbered {
    /// Nothing when the ids are of another form, or their numbers too far apart.
    pub fn of(ids: &Ids) -> Option<Self> {
        let one = (!ids.is_empty()).then(|| ids.get(0))?;
        let width = one.bytes().rev().take(DIGITS).take_while(u8::is_ascii_digit).count();
        let prefix = one[..one.len() - width].to_owned();
        let of_place = |place| number(ids.get(place), &prefix, width);
        let numbers = (0..ids.len()).into_par_iter().with_min_len(APART).map(of_place).collect::<Option<Vec<u64>>>()?;
        let first = *numbers.iter().min()?;
        let span = numbers.iter().max()? - first;
        if width == 0 || span > SPARSE * ids.len() as u64 {
            return None;
        }
        let mut places = vec![0; span as usize + 1];
        for (place, number) in (1..).zip(&numbers) {
            places[(number - first) as usize] = place;
        }
        Some(Self { prefix, width, first, places })
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        let number = number(id, &self.prefix, self.width)?.checked_sub(self.first)?;
        (*self.places.get(usize::try_from(number).ok()?)? as usize).checked_sub(1)
    }
}

/// The number of an id of this form.
fn number(id: &str, prefix: &str, width: usize) -> Option<u64> {
    let (known, id) = (prefix.as_bytes(), id.as_bytes());
    // Byte by byte: most prefixes are a letter or two, and a call takes longer.
    if id.len() != known.len() + width || !id.iter().zip(known).all(|(own, known)| own == known) {
        return None;
    }
    id[known.len()..].iter().try_fold(0, |number, digit| {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        (digit < 10).then_some(10 * number + digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str]) -> Option<Numbered> {
        Numbered::of(&ids.iter().collect::<Ids>())
    }

    #[test]
    fn numbered_ids_are_found_by_their_numbers_and_others_are_not() {
        let ids = of(&["L007", "L010", "L008"]).unwrap();
        assert_eq!(["L007", "L010", "L008"].map(|id| ids.find(id)), [Some(0), Some(1), Some(2)]);
        assert!(
            ["L009", "L006", "L011", "L07", "M007", "L0070", "", "L00x", "L00é"]
                .iter()
                .all(|id| ids.find(id).is_none())
        );
        assert_eq!(of(&["7"]).unwrap().find("7"), Some(0));
    }

    #[test]
    fn ids_of_another_form_are_not_numbered() {
        let others = [&["a", "b"][..], &["L1", "L22"], &["L1", "M1"], &["L0001", "L9999"], &[], &["L12a", "L12b"]];
        assert!(others.iter().all(|ids| of(ids).is_none()));
    }

    #[test]
    fn a_number_longer_than_a_machine_word_is_partly_prefix() {
        let ids = of(&["123456789012345678901234567890", "123456789012345678901234567891"]).unwrap();
        assert_eq!(ids.find("123456789012345678901234567891"), Some(1));
        assert_eq!(ids.find("023456789012345678901234567891"), None);
    }
}
