//! The one stream of an old workbook, out of the small file system that it lies in. Its library follows chains that go round
//! for ever, and makes room for what a sheet says of itself: so both are looked at before.

const SECTORS: usize = 0xFFFF_FFFA;
/// A stream of fewer bytes lies in small sectors.
const SMALL: usize = 4096;

/// A compound file's directory, and what its entries name.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    length: usize,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0))
}

/// The sectors of a chain; nothing where it leads out of the table, or is longer than it.
fn chain(table: &[u32], start: u32) -> Option<Vec<u32>> {
    let (mut chain, mut next) = (Vec::new(), start);
    while (next as usize) < SECTORS {
        if chain.len() > table.len() {
            return None;
        }
        chain.push(next);
        next = *table.get(next as usize)?;
    }
    Some(chain)
}

impl<'a> Compound<'a> {
    /// Nothing where it is damaged.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let sector = 1usize << u16_at(bytes, 30).filter(|shift| matches!(shift, 9 | 12))?;
        let of = |place: u32| bytes.get((place as usize + 1).checked_mul(sector)?..)?.get(..sector);
        let mut tables: Vec<u32> = numbers(bytes.get(76..512)?).collect();
        let mut next = u32_at(bytes, 68)?;
        for _ in 0..=bytes.len() / sector {
            if next as usize >= SECTORS {
                break;
            }
            tables.extend(numbers(of(next)?));
            next = tables.pop()?;
        }
        let mut table = Vec::new();
        for place in tables.into_iter().filter(|place| (*place as usize) < SECTORS) {
            table.extend(numbers(of(place)?));
        }
        let mut compound = Self { bytes, sector, table, entries: Vec::new() };
        let directory = compound.sectors(u32_at(bytes, 48)?)?;
        compound.entries = directory.chunks_exact(128).filter_map(Entry::read).collect();
        // The library follows these two chains in any case.
        if u32_at(bytes, 64)? > 0 {
            compound.sectors(compound.entries.first()?.start)?;
            compound.sectors(u32_at(bytes, 60)?)?;
        }
        Some(compound)
    }

    fn sectors(&self, start: u32) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for place in chain(&self.table, start)? {
            let from = (place as usize + 1).checked_mul(self.sector)?;
            let to = (from + self.sector).min(self.bytes.len());
            all.extend_from_slice(self.bytes.get(from..to)?);
        }
        Some(all)
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// A stream; nothing where it is not there or damaged.
    pub fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))?;
        let mut stream = if entry.length < SMALL { self.small(entry)? } else { self.sectors(entry.start)? };
        if stream.len() < entry.length {
            return None;
        }
        stream.truncate(entry.length);
        Some(stream)
    }

    fn small(&self, entry: &Entry) -> Option<Vec<u8>> {
        let root = self.entries.first()?;
        let (within, table) = (self.sectors(root.start)?, self.sectors(u32_at(self.bytes, 60)?)?);
        if root.length > within.len() {
            return None;
        }
        let table: Vec<u32> = numbers(&table).collect();
        let mut all = Vec::new();
        for place in chain(&table, entry.start)? {
            let from = place as usize * 64;
            all.extend_from_slice(within.get(from..(from + 64).min(within.len()))?);
        }
        Some(all)
    }
}

impl Entry {
    fn read(bytes: &[u8]) -> Option<Self> {
        let letters: Vec<u16> = bytes[..64].chunks_exact(2).filter_map(|two| u16_at(two, 0)).collect();
        let name = String::from_utf16_lossy(letters.split(|letter| *letter == 0).next()?);
        Some(Self { name, start: u32_at(bytes, 116)?, length: u32_at(bytes, 120)? as usize })
    }
}

/// What the records of one sheet say, before any of its cells is read.
#[derive(Default)]
pub(super) struct Outline {
    /// Where it begins in the stream.
    pub start: usize,
    pub hidden_rows: Vec<u32>,
    pub hidden_columns: Vec<(u32, u32)>,
    pub is_filtered: bool,
    /// Rows and columns up to the last that has a cell, and cells.
    rows: usize,
    columns: usize,
    pub cells: usize,
}

impl Outline {
    pub fn area(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

/// The sheets of a stream of records, and where those begin that the workbook names, in its order.
#[derive(Default)]
pub(super) struct Outlines {
    pub sheets: Vec<Outline>,
    starts: Vec<usize>,
}

impl Outlines {
    pub fn named(&self, place: usize) -> Option<&Outline> {
        let start = self.starts.get(place)?;
        self.sheets.iter().find(|sheet| sheet.start == *start)
    }

    /// # Errors
    /// When the stream is cut short, protected, or a sheet says that it is larger than any.
    pub fn of(stream: &[u8]) -> Result<Self, &'static str> {
        let (mut outlines, mut at) = (Self::default(), 0);
        while at + 4 <= stream.len() {
            let (kind, length) = (u16_at(stream, at).unwrap_or(0), u16_at(stream, at + 2).unwrap_or(0) as usize);
            let Some(data) = stream.get(at + 4..at + 4 + length) else {
                return Err("it ends early: rows may be missing");
            };
            match kind {
                0x0809 => outlines.sheets.push(Outline { start: at, ..Outline::default() }),
                0x002F if data.iter().any(|byte| *byte != 0) => return Err(super::PASSWORD),
                0x0085 => outlines.starts.push(u32_at(data, 0).unwrap_or(0) as usize),
                _ => {}
            }
            if let Some(sheet) = outlines.sheets.last_mut() {
                sheet.take(kind, data)?;
            }
            at += 4 + length;
        }
        Ok(outlines)
    }
}

impl Outline {
    fn take(&mut self, kind: u16, data: &[u8]) -> Result<(), &'static str> {
        let number = |place| u16_at(data, place).unwrap_or(0);
        match kind {
            0x0200 => {
                let (first, most, columns) = match data.len() {
                    ..=10 => (number(0).into(), number(2).into(), number(6)),
                    _ => (u32_at(data, 0).unwrap_or(0), u32_at(data, 4).unwrap_or(0), number(10)),
                };
                if most > 1 << 16 || first > most || columns > 1 << 8 {
                    return Err("a sheet says that it has more rows or columns than any: it is damaged");
                }
            }
            0x0208 if number(12) & 0x20 != 0 => self.hidden_rows.push(u32::from(number(0)) + 1),
            0x007D if number(8) & 1 != 0 => {
                self.hidden_columns.push((u32::from(number(0)) + 1, u32::from(number(2)) + 1));
            }
            0x009B => self.is_filtered = true,
            0x0203..=0x0205 | 0x0006 | 0x00FD | 0x027E | 0x00D6 | 0x00BD => {
                let last = if kind == 0x00BD { number(data.len().saturating_sub(2)) } else { number(2) };
                self.rows = self.rows.max(usize::from(number(0)) + 1);
                self.columns = self.columns.max(usize::from(last) + 1);
                self.cells += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    fn size(rows: u32, columns: u16) -> Vec<u8> {
        let data = [&0u32.to_le_bytes()[..], &rows.to_le_bytes(), &0u16.to_le_bytes(), &columns.to_le_bytes(), &[0; 2]];
        record(0x0200, &data.concat())
    }

    #[test]
    fn what_a_sheet_says_of_its_size_is_no_more_than_a_sheet_has() {
        let of =
            |size: Vec<u8>| Outlines::of(&[record(0x0809, &[0; 16]), size].concat()).map(|found| found.sheets.len());
        assert_eq!(of(size(65_536, 256)), Ok(1));
        assert!(of(size(65_537, 1)).is_err() && of(size(1, 257)).is_err());
        assert!(of(record(0x002F, &[1, 0])).unwrap_err().contains("protected by a password"));
        let cell = |row: u16, column: u16| record(0x0203, &[row.to_le_bytes(), column.to_le_bytes()].concat());
        let far = [record(0x0809, &[0; 16]), cell(0, 0), cell(65_535, 255)].concat();
        assert_eq!(Outlines::of(&far).unwrap().sheets[0].area(), 1 << 24);
        assert!(Outlines::of(&far[..far.len() - 1]).is_err());
    }

    #[test]
    fn a_chain_that_goes_round_is_none() {
        assert_eq!(chain(&[1, 2, u32::MAX - 1], 0), Some(vec![0, 1, 2]));
        assert_eq!(chain(&[1, 2, 0], 0), None);
        assert_eq!(chain(&[1, 7], 0), None);
    }
}
