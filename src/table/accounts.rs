use std::collections::HashMap;

use super::{Cell, Column};

/// Providers of addresses to whoever asks: their domain says nothing of where somebody works.
const PROVIDERS: [&str; 22] = [
    "gmail",
    "googlemail",
    "yahoo",
    "ymail",
    "hotmail",
    "outlook",
    "live",
    "msn",
    "icloud",
    "me",
    "mac",
    "aol",
    "gmx",
    "web",
    "mail",
    "proton",
    "protonmail",
    "yandex",
    "qq",
    "163",
    "126",
    "t-online",
];

/// The account of each row, numbered from 0 in the order in which they are met: rows with one value, written with other
/// capitals or blanks, are of one account; of addresses the domain tells. A row without a value, or with a public
/// provider's address, is an account by itself.
pub fn accounts(column: &Column) -> Vec<u32> {
    let mut next = 0..;
    let mut number = || next.next().unwrap_or(u32::MAX);
    let mut known: HashMap<Key, u32> = HashMap::new();
    (0..column.len())
        .map(|row| match Key::of(column.cell(row)) {
            Some(key) => *known.entry(key).or_insert_with(&mut number),
            None => number(),
        })
        .collect()
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Bits(u64),
}

impl Key {
    fn of(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => {
                let folded = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
                let told = match folded.split_once('@') {
                    Some((_, domain)) if domain.contains('.') => {
                        let provider = domain.split('.').next().unwrap_or_default();
                        (!PROVIDERS.contains(&provider)).then(|| domain.to_owned())
                    }
                    _ => Some(folded),
                };
                told.filter(|told| !told.is_empty()).map(Self::Text)
            }
            Cell::Number(value) => (!value.is_nan()).then(|| Self::Bits(value.to_bits())),
            Cell::Flag(flag) => Some(Self::Bits(u64::from(flag))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Text;

    #[test]
    fn one_account_is_written_in_several_ways_and_nobody_is_of_none() {
        let text = |values: &[Option<&str>]| accounts(&Column::Text(values.iter().copied().collect::<Text>()));
        let names = [Some("Acme"), Some(" ACME "), None, Some("Beta  Ltd"), None, Some("beta ltd")];
        assert_eq!(text(&names), [0, 0, 1, 2, 3, 2]);
        let addresses =
            [Some("a@acme.io"), Some("b@Acme.io"), Some("c@gmail.com"), Some("d@gmail.com"), Some("e@x.co")];
        assert_eq!(text(&addresses), [0, 0, 1, 2, 3]);
        assert_eq!(accounts(&Column::Number(vec![7.0, 8.0, f64::NAN, 7.0])), [0, 1, 2, 0]);
    }
}
