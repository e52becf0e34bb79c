use super::{End, Followed};

/// A row at the time it leaves, or enters, observation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    pub time: f64,
    pub weight: f64,
    row: u32,
    pub end: End,
}

impl Passage {
    pub fn row(&self) -> usize {
        self.row as usize
    }
}

/// Rows in the order of their exits and of their entries, from one sort each.
///
/// Risk sets are summed backwards in time: whoever leaves at `t` joins the sum, so that without delayed entry
/// nothing is ever subtracted and fractional weights leave no dust behind.
pub(super) struct Timeline {
    exits: Vec<Passage>,
    entries: Vec<Passage>,
}

/// All that happens at one time, for a walk through time.
pub(super) struct Instant<'a> {
    pub time: f64,
    /// Rows that leave now, ordered by row: they are at risk now and at all earlier times since their entry.
    pub exits: &'a [Passage],
    /// Going back: rows that enter now or later, not yet at risk now. Going forward: rows that entered before now.
    pub entries: &'a [Passage],
}

impl Timeline {
    /// # Panics
    /// When there are more than 2^32 rows.
    pub fn of(followed: &Followed) -> Self {
        let rows = || (0..followed.len()).filter(|&row| followed.counts(row));
        let passage = |row: usize, time: f64| Passage {
            // Adding zero makes -0.0 and 0.0 one time.
            time: time + 0.0,
            weight: followed.weight_of(row),
            row: u32::try_from(row).expect("at most 2^32 rows"),
            end: followed.end[row],
        };
        let exits = rows().map(|row| passage(row, followed.time[row])).collect();
        let entries = followed.entry.map_or_else(Vec::new, |entry| {
            rows().filter(|&row| entry[row] > f64::NEG_INFINITY).map(|row| passage(row, entry[row])).collect()
        });
        Self { exits: in_time(exits), entries: in_time(entries) }
    }

    /// The timelines of the strata, in the order of their numbers.
    pub fn by(followed: &Followed, strata: &[usize]) -> Vec<Self> {
        let count = strata.iter().max().map_or(0, |last| last + 1);
        let whole = Self::of(followed);
        let split = |passages: Vec<Passage>| {
            let mut parts = vec![Vec::new(); count];
            for passage in passages {
                parts[strata[passage.row()]].push(passage);
            }
            parts
        };
        let parts = split(whole.exits).into_iter().zip(split(whole.entries));
        parts.map(|(exits, entries)| Self { exits, entries }).collect()
    }

    /// Rows by their entries; those without one are not listed.
    pub fn entries(&self) -> &[Passage] {
        &self.entries
    }

    /// Rows in the order of their exits.
    pub fn exits(&self) -> &[Passage] {
        &self.exits
    }

    /// The distinct exit times, earliest first; the entries of each are the rows that entered since the one before.
    /// Rows without an entry are there from the start.
    pub fn forwards(&self) -> impl Iterator<Item = Instant<'_>> {
        let (mut exits, mut entries) = (self.exits.as_slice(), self.entries.as_slice());
        std::iter::from_fn(move || {
            let time = exits.first()?.time;
            Some(Instant {
                time,
                exits: split_first(&mut exits, |exit| exit.time <= time),
                entries: split_first(&mut entries, |entry| entry.time < time),
            })
        })
    }

    /// The distinct exit times, latest first.
    pub fn backwards(&self) -> impl Iterator<Item = Instant<'_>> {
        let (mut exits, mut entries) = (self.exits.as_slice(), self.entries.as_slice());
        std::iter::from_fn(move || {
            let time = exits.last()?.time;
            Some(Instant {
                time,
                exits: split_last(&mut exits, |exit| exit.time >= time),
                entries: split_last(&mut entries, |entry| entry.time >= time),
            })
        })
    }
}

/// Takes the passages off the front that belong. A linear scan: what is taken is read anyway.
fn split_first<'a>(from: &mut &'a [Passage], belongs: impl Fn(&Passage) -> bool) -> &'a [Passage] {
    let count = from.iter().take_while(|passage| belongs(passage)).count();
    let (taken, rest) = from.split_at(count);
    *from = rest;
    taken
}

/// Takes the passages off the back that belong.
fn split_last<'a>(from: &mut &'a [Passage], belongs: impl Fn(&Passage) -> bool) -> &'a [Passage] {
    let count = from.iter().rev().take_while(|passage| belongs(passage)).count();
    let (rest, taken) = from.split_at(from.len() - count);
    *from = rest;
    taken
}

fn in_time(mut passages: Vec<Passage>) -> Vec<Passage> {
    passages.sort_unstable_by(|a, b| a.time.total_cmp(&b.time).then(a.row.cmp(&b.row)));
    passages
}
