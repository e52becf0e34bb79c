//! Values of a column, each with its leads and their wins.

use crate::result::{Having, Sign, Step};
use crate::table::{Column, MISSING};

use super::presence::{Ask, every_sale, p_more};
use super::{ByFate, Fate, Leads};

/// Fewer leads with a value may have converted by chance.
const FEWEST: u64 = 20;
/// Nearly all of a value's leads.
const NEARLY_ALL: f64 = 0.95;
/// So far above the next best value, in rates.
const FAR_ABOVE: f64 = 0.25;

/// The values that leads have.
pub(super) struct Levels {
    /// Ascending by value for numbers, in the column's order for text.
    counts: Vec<Having>,
    names: Names,
}

enum Names {
    /// Codes of a column of text.
    Codes(Vec<u32>),
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
}

impl Levels {
    /// Nothing for a column of times.
    pub fn of(column: &Column, leads: &Leads) -> Option<Self> {
        let rows = || leads.rows.iter().zip(leads.fates);
        Some(match column {
            Column::Text(text) => {
                let mut counts = vec![Having::default(); text.levels.len()];
                for (&row, fate) in rows().filter(|(row, _)| text.codes[**row] != MISSING) {
                    add(&mut counts[text.codes[row] as usize], *fate);
                }
                let met: Vec<usize> = (0..counts.len()).filter(|&code| counts[code].of > 0).collect();
                let codes = met.iter().map(|&code| code as u32).collect();
                Self { counts: met.iter().map(|&code| counts[code]).collect(), names: Names::Codes(codes) }
            }
            Column::Flag(flags) => {
                let mut counts = vec![Having::default(); 2];
                for (&row, fate) in rows() {
                    if let Some(flag) = flags[row] {
                        add(&mut counts[usize::from(flag)], *fate);
                    }
                }
                Self { counts, names: Names::Flags(vec![false, true]) }
            }
            Column::Number(values) => {
                let filled = rows().filter(|(row, _)| !values[**row].is_nan());
                let mut sorted: Vec<(f64, bool)> =
                    filled.map(|(&row, fate)| (values[row], *fate == Fate::Won)).collect();
                sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                let (mut counts, mut numbers): (Vec<Having>, Vec<f64>) = Default::default();
                for same in sorted.chunk_by(|a, b| a.0 == b.0) {
                    let have = same.iter().filter(|(_, won)| *won).count() as u64;
                    counts.push(Having { have, of: same.len() as u64 });
                    numbers.push(same[0].0);
                }
                Self { counts, names: Names::Numbers(numbers) }
            }
            Column::Instant(_) => return None,
        })
    }

    fn name(&self, level: usize, column: &Column) -> String {
        match (&self.names, column) {
            (Names::Codes(codes), Column::Text(text)) => text.levels[codes[level] as usize].clone(),
            (Names::Numbers(numbers), _) => numbers[level].to_string(),
            (Names::Flags(flags), _) => flags[level].to_string(),
            (Names::Codes(_), _) => String::new(),
        }
    }

    /// Leads with a value, and how many there are of each of them.
    fn enough(&self) -> Vec<usize> {
        (0..self.counts.len()).filter(|&level| self.counts[level].of >= FEWEST).collect()
    }

    /// The value with most leads of those nearly all of whose leads converted, far above the next best value.
    pub fn nearly_all_converted(&self, column: &Column) -> Option<(f64, Sign)> {
        let enough = self.enough();
        let nearly_all = |having: Having| having.have as f64 >= NEARLY_ALL * having.of as f64;
        let (sure, like): (Vec<usize>, Vec<usize>) = enough.iter().partition(|&&level| nearly_all(self.counts[level]));
        let best = *sure.iter().max_by_key(|&&level| self.counts[level].of)?;
        let rate = |having: Having| having.have as f64 / having.of.max(1) as f64;
        let next = like.into_iter().max_by(|&a, &b| rate(self.counts[a]).total_cmp(&rate(self.counts[b])));
        // Without one that has leads enough, all others together.
        let rest = || {
            let others = (0..self.counts.len()).filter(|level| !sure.contains(level)).map(|level| self.counts[level]);
            others.fold(Having::default(), super::sum)
        };
        let (own, like) = (self.counts[best], next.map_or_else(rest, |next| self.counts[next]));
        let far = like.of > 0 && rate(own) - rate(like) >= FAR_ABOVE;
        far.then(|| {
            let p = (p_more(own, like) * enough.len() as f64).min(1.0);
            let level = self.name(best, column);
            (p, Sign::NearlyAllConverted { level, leads: own.of, wins: own.have, like })
        })
    }

    /// A value that every sale passes.
    pub fn every_sale(&self, column: &Column, totals: &ByFate, ask: Ask) -> Option<(f64, Sign)> {
        let (won, others) = (totals.won.of, totals.not_won().of);
        let of = |level: usize| {
            let own = self.counts[level];
            let counts = ByFate {
                won: Having { have: own.have, of: won },
                other: Having { have: own.of - own.have, of: others },
                ..ByFate::default()
            };
            every_sale(&counts, Step::Level(self.name(level, column)), ask)
        };
        // Hardly any winner lacks it: it has most of them.
        let most = (0..self.counts.len()).max_by_key(|&level| self.counts[level].have)?;
        of(most).map(|(p, sign)| ((p * self.counts.len() as f64).min(1.0), sign))
    }
}

fn add(having: &mut Having, fate: Fate) {
    having.of += 1;
    having.have += u64::from(fate == Fate::Won);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of text with so many winners and others a level.
    fn found(levels: &[(&str, usize, usize)]) -> Option<(f64, Sign)> {
        let each = |&(name, won, other): &(&'static str, usize, usize)| {
            let won = std::iter::repeat_n((name, Fate::Won), won);
            won.chain(std::iter::repeat_n((name, Fate::Other), other))
        };
        let leads: Vec<(&str, Fate)> = levels
            .iter()
            .map(|&(name, won, other)| {
                (
                    if name == "a" {
                        "a"
                    } else if name == "b" {
                        "b"
                    } else {
                        "c"
                    },
                    won,
                    other,
                )
            })
            .collect::<Vec<_>>()
            .iter()
            .flat_map(each)
            .collect();
        let column = Column::Text(leads.iter().map(|(name, _)| Some(*name)).collect());
        let rows: Vec<usize> = (0..leads.len()).collect();
        let fates: Vec<Fate> = leads.iter().map(|(_, fate)| *fate).collect();
        Levels::of(&column, &Leads { rows: &rows, fates: &fates })?.nearly_all_converted(&column)
    }

    #[test]
    fn a_value_needs_twenty_leads_to_tell() {
        assert!(found(&[("a", 20, 0), ("b", 40, 400)]).is_some());
        assert_eq!(found(&[("a", 19, 0), ("b", 40, 400)]), None);
        assert_eq!(found(&[("a", 19, 2), ("b", 40, 400)]), None);
    }

    #[test]
    fn a_value_is_held_against_its_like() {
        // Others do nearly as well: this is what a strong source looks like.
        assert_eq!(found(&[("a", 98, 2), ("b", 75, 25), ("c", 10, 400)]), None);
        assert!(found(&[("a", 98, 2), ("b", 72, 28), ("c", 10, 400)]).is_some());
        // One that is as sure is none of its like.
        let (_, sign) = found(&[("a", 98, 2), ("b", 200, 0), ("c", 10, 400)]).unwrap();
        assert!(matches!(sign, Sign::NearlyAllConverted { ref level, leads: 200, .. } if level == "b"), "{sign:?}");
    }
}
