/// The ids of leads, in one block of bytes, found by hash.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    bytes: String,
    /// Where each id ends.
    ends: Vec<usize>,
    /// Open addressing: a place + 1, or 0. Twice as long as the ids, a power of two.
    slots: Vec<u32>,
}

impl Ids {
    /// The place of the id, and whether it is new.
    ///
    /// # Panics
    /// Beyond 4.2 billion ids.
    pub fn insert(&mut self, id: &str) -> (usize, bool) {
        if self.slots.len() < 2 * (self.ends.len() + 1) {
            self.grow();
        }
        let slot = self.slot(id);
        if self.slots[slot] > 0 {
            return (self.slots[slot] as usize - 1, false);
        }
        self.bytes.push_str(id);
        self.ends.push(self.bytes.len());
        self.slots[slot] = u32::try_from(self.ends.len()).expect("fewer than 2^32 leads");
        (self.ends.len() - 1, true)
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        (self.slots[self.slot(id)] as usize).checked_sub(1)
    }

    /// # Panics
    /// When there is no such place.
    pub fn get(&self, place: usize) -> &str {
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

    /// Where the id stands or would stand.
    fn slot(&self, id: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(id.as_bytes()) as usize & mask;
        while self.slots[slot] > 0 && self.get(self.slots[slot] as usize - 1) != id {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; (4 * (self.ends.len() + 1)).next_power_of_two().max(16)];
        for place in 0..self.len() {
            let slot = self.slot(self.get(place));
            self.slots[slot] = place as u32 + 1;
        }
    }
}

impl<'a> FromIterator<&'a str> for Ids {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        let mut all = Self::default();
        for id in ids {
            all.insert(id);
        }
        all
    }
}

/// Eight bytes a step; the finaliser of MurmurHash3 spreads them over the low bits.
fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
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
    }

    #[test]
    fn the_same_id_twice_is_one() {
        let mut ids = Ids::default();
        assert_eq!(ids.insert("a"), (0, true));
        assert_eq!(ids.insert(""), (1, true));
        assert_eq!(ids.insert("a"), (0, false));
    }
}
