use std::sync::OnceLock;

use super::numbered::Numbered;

/// The ids of leads, in one block of bytes, found by hash.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    bytes: String,
    /// Where each id ends.
    ends: Vec<usize>,
    /// The length of every id, while they are all of one.
    length: Option<usize>,
    /// An id stands after one that is not less.
    unordered: bool,
    /// Open addressing, a power of two, at most two thirds full: 0, or the upper half of the id's hash
    /// beside its place + 1. Made when an id is first looked for: ids that come ascending are new without looking.
    slots: OnceLock<Vec<u64>>,
    /// A shorter way to the place; as long as no id was added since.
    numbered: Option<Numbered>,
}

/// Ids that are looked up side by side, so that the memory they wait for is fetched at once.
const SIDE_BY_SIDE: usize = 64;

impl Ids {
    /// The place of the id, and whether it is new.
    ///
    /// # Panics
    /// Beyond 4.2 billion ids.
    pub fn insert(&mut self, id: &str) -> (usize, bool) {
        if self.slots.get().is_none() && !self.unordered && self.is_next(id) {
            self.push(id);
            return (self.len() - 1, true);
        }
        let room = self.len() + 1;
        if 2 * self.slots().len() < 3 * room {
            self.slots = OnceLock::from(self.laid_out(2 * room));
        }
        let hash = hash(id.as_bytes());
        match self.probe(self.slots(), id, hash) {
            Ok(place) => (place, false),
            Err(slot) => {
                self.push_anywhere(id);
                let place = self.len() as u64;
                if let Some(slots) = self.slots.get_mut() {
                    slots[slot] = hash & UPPER | place;
                }
                (self.len() - 1, true)
            }
        }
    }

    /// Whether it is more than the last one.
    fn is_next(&self, id: &str) -> bool {
        self.len().checked_sub(1).is_none_or(|last| self.get(last) < id)
    }

    /// An id that is new, and perhaps less than the last one.
    fn push_anywhere(&mut self, id: &str) {
        self.unordered = self.unordered || !self.is_next(id);
        self.push(id);
    }

    /// An id that is new; whether it is out of order is known.
    fn push(&mut self, id: &str) {
        self.length = if self.is_empty() { Some(id.len()) } else { self.length.filter(|all| *all == id.len()) };
        self.numbered = None;
        self.bytes.push_str(id);
        self.ends.push(self.bytes.len());
        assert!(u32::try_from(self.ends.len()).is_ok(), "fewer than 2^32 leads");
    }

    /// Those at some places, each at most once, in that order.
    #[must_use]
    pub fn take(&self, places: &[usize]) -> Self {
        let mut taken = Self::default();
        taken.bytes.reserve(self.length.unwrap_or(0) * places.len());
        taken.ends.reserve(places.len());
        places.iter().for_each(|&place| taken.push_anywhere(self.get(place)));
        taken
    }

    /// The same ids, no more to be added: those of a regular form are found faster.
    pub fn settled(mut self) -> Self {
        self.numbered = Numbered::of(&self);
        self
    }

    /// Whether each stands after those that are less.
    pub fn are_ascending(&self) -> bool {
        !self.unordered
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        self.probe(self.slots(), id, hash(id.as_bytes())).ok()
    }

    /// The places of several ids, in their order.
    pub fn find_all<'a>(&self, ids: impl Iterator<Item = &'a str>, mut found: impl FnMut(Option<usize>)) {
        if let Some(numbered) = &self.numbered {
            return ids.for_each(|id| found(numbered.find(id)));
        }
        let slots = self.slots();
        let mut ids = ids.peekable();
        let mut together: Vec<(&str, u64, u64)> = Vec::with_capacity(SIDE_BY_SIDE);
        let mut last: Option<(&str, Option<usize>)> = None;
        while ids.peek().is_some() {
            together.clear();
            together.extend(ids.by_ref().take(SIDE_BY_SIDE).map(|id| {
                let hash = hash(id.as_bytes());
                (id, hash, slots[slot_of(slots, hash)])
            }));
            for &(id, hash, slot) in &together {
                let place = match last {
                    Some((same, place)) if same == id => place,
                    _ if slot == 0 => None,
                    _ => self.probe(slots, id, hash).ok(),
                };
                last = Some((id, place));
                found(place);
            }
        }
    }

    /// Whether one of them is neither less than `low` nor more than `high`; perhaps, where they are not ascending.
    pub fn has_between(&self, low: &[u8], high: &[u8]) -> bool {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.get(middle).as_bytes() < low { from = middle + 1 } else { to = middle }
        }
        self.unordered || (from < self.len() && self.get(from).as_bytes() <= high)
    }

    /// # Panics
    /// When there is no such place.
    pub fn get(&self, place: usize) -> &str {
        if let Some(length) = self.length {
            return &self.bytes[place * length..(place + 1) * length];
        }
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.bytes[start..self.ends[place]]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.get(place))
    }

    fn slots(&self) -> &[u64] {
        self.slots.get_or_init(|| self.laid_out(2 * (self.len() + 1)))
    }

    /// The id's place, or the slot where it would stand.
    fn probe(&self, slots: &[u64], id: &str, hash: u64) -> Result<usize, usize> {
        let mut slot = slot_of(slots, hash);
        loop {
            let found = slots[slot];
            if found == 0 {
                return Err(slot);
            }
            let place = (found & !UPPER) as usize - 1;
            if found & UPPER == hash & UPPER && self.get(place) == id {
                return Ok(place);
            }
            slot = (slot + 1) & (slots.len() - 1);
        }
    }

    fn laid_out(&self, room: usize) -> Vec<u64> {
        let mut slots = vec![0; room.next_power_of_two().max(16)];
        for place in 0..self.len() {
            let hash = hash(self.get(place).as_bytes());
            let mut slot = slot_of(&slots, hash);
            while slots[slot] > 0 {
                slot = (slot + 1) & (slots.len() - 1);
            }
            slots[slot] = hash & UPPER | (place as u64 + 1);
        }
        slots
    }
}

fn slot_of(slots: &[u64], hash: u64) -> usize {
    hash as usize & (slots.len() - 1)
}

/// The half of a hash that is kept beside the place.
const UPPER: u64 = 0xffff_ffff_0000_0000;

impl<S: AsRef<str>> FromIterator<S> for Ids {
    fn from_iter<I: IntoIterator<Item = S>>(ids: I) -> Self {
        let mut all = Self::default();
        for id in ids {
            all.insert(id.as_ref());
        }
        all
    }
}

/// Eight bytes a step, the last ones perhaps twice; the finaliser of MurmurHash3 spreads them over the low bits.
fn hash(bytes: &[u8]) -> u64 {
    let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ bytes.len() as u64;
    let mut add = |word: u64| {
        state = (state ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    };
    if let Some(last) = bytes.len().checked_sub(8) {
        (0..last).step_by(8).for_each(|from| add(word(from)));
        add(word(last));
    } else {
        add(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    state = (state ^ (state >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    state ^ (state >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_where_it_was_put() {
        let names: Vec<String> = (0..5_000).map(|i| format!("L{i:05}")).collect();
        let ids: Ids = names.iter().map(String::as_str).collect();
        assert_eq!(ids.len(), 5_000);
        assert!(names.iter().enumerate().all(|(i, name)| ids.find(name) == Some(i) && ids.get(i) == name));
        assert_eq!(ids.find("L5000"), None);
        let mut found = Vec::new();
        let asked = ["L00007", "L5000", "L00007", "L00007", "", "L04999"];
        ids.find_all(asked.into_iter(), |place| found.push(place));
        assert_eq!(found, [Some(7), None, Some(7), Some(7), None, Some(4_999)]);
        found.clear();
        ids.settled().find_all(asked.into_iter(), |place| found.push(place));
        assert_eq!(found, [Some(7), None, Some(7), Some(7), None, Some(4_999)]);
        Ids::default().find_all(["a"].into_iter(), |place| assert_eq!(place, None));
    }

    #[test]
    fn ids_that_come_ascending_and_some_taken_are_found_as_any() {
        let mut ids: Ids = (0..100).map(|i| format!("L{i:03}")).collect();
        assert_eq!(ids.insert("L050"), (50, false));
        assert_eq!(ids.insert("L200"), (100, true));
        assert_eq!(ids.insert("L150"), (101, true));
        assert_eq!((ids.find("L150"), ids.find("L050"), ids.find("L101")), (Some(101), Some(50), None));
        let taken = ids.take(&[3, 50, 101]);
        assert_eq!(taken.iter().collect::<Vec<_>>(), ["L003", "L050", "L150"]);
        assert!(taken.are_ascending() && !ids.are_ascending());
        let mut turned = ids.take(&[50, 3]);
        assert!(!turned.are_ascending());
        assert_eq!((turned.insert("L050"), turned.insert("L060")), ((0, false), (2, true)));
        assert_eq!((taken.find("L150"), taken.find("L004")), (Some(2), None));
        assert_eq!(Ids::default().take(&[]).find("L003"), None);
    }

    #[test]
    fn the_same_id_twice_is_one() {
        let mut ids = Ids::default();
        assert_eq!(ids.insert("a"), (0, true));
        assert_eq!(ids.insert(""), (1, true));
        assert_eq!(ids.insert("a"), (0, false));
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["a", ""]);
    }
}
