use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::table::{Ids, MISSING};
use crate::time::Zone;

use super::builder::{As, Ask, Builder, Gathered};
use super::cells::{Batch, Spot, TextBlock};
use super::decoding::RowGroups;
use super::joins::{Joined, Keys, Strangers};
use super::reader::Met;
use super::source::{Progress, Source};
use super::values::Nulls;
use super::{DataError, groups};

/// Columns of a source that are to be read.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub source: &'a Source,
    /// Columns of the header that stand first in every batch, in this order.
    pub seen: &'a [usize],
    pub asks: &'a [Ask],
    pub zone: &'a Zone,
    /// Groups of rows that need not be decoded.
    pub passed_over: Option<&'a RowGroups>,
    /// Rows that are enough; the batch in which they come to so many is the last.
    pub at_most: usize,
}

impl<'a> Request<'a> {
    pub fn new(source: &'a Source, seen: &'a [usize], asks: &'a [Ask], zone: &'a Zone) -> Self {
        Self { source, seen, asks, zone, passed_over: None, at_most: usize::MAX }
    }
}

/// Columns of all rows of a source, and where the rows stand.
pub(crate) struct Table {
    pub spots: Vec<Spot>,
    pub columns: Vec<Gathered>,
    pub met: Vec<Met>,
}

/// Reads columns whole.
pub(crate) fn gather(
    source: &Source,
    asks: &[Ask],
    zone: &Zone,
    progress: &dyn Fn(Progress),
) -> Result<Table, DataError> {
    let mut spots = Vec::with_capacity(source.rows);
    let request = Request::new(source, &[], asks, zone);
    let (columns, met) = gather_rows(request, progress, &|_| ((), None), &mut |batch, ()| {
        spots.extend((0..batch.rows()).map(|row| batch.spot(row)));
    })?;
    Ok(Table { spots, columns, met })
}

/// The columns to be decoded: those that are seen first, then those asked for.
pub(crate) fn places(seen: &[usize], asks: &[Ask]) -> Vec<usize> {
    let mut known: HashSet<usize> = seen.iter().copied().collect();
    let new = asks.iter().map(|ask| ask.place).filter(|place| known.insert(*place));
    seen.iter().copied().chain(new).collect()
}

/// The rows of a batch that are to be read; nothing: all.
pub(crate) type Chosen = Option<Vec<u32>>;

/// Reads columns, of each batch the rows that `choose` says; it is asked of several batches side by side. What else it
/// makes of a batch is handed to `take`, in order.
///
/// A column taken for numbers whose text turns out otherwise is read once more by itself, as text: the memory of one
/// reading, and what a column is still depends on all of its values.
pub(crate) fn gather_rows<T: Send>(
    request: Request,
    progress: &dyn Fn(Progress),
    choose: &(dyn Fn(&Batch) -> (T, Chosen) + Sync),
    take: &mut dyn FnMut(&Batch, T),
) -> Result<(Vec<Gathered>, Vec<Met>), DataError> {
    let Request { source, seen, asks, zone, passed_over, at_most } = request;
    let places = places(seen, asks);
    // Of a column that is seen twice, the first.
    let cells: HashMap<usize, usize> = places.iter().enumerate().rev().map(|(cell, place)| (*place, cell)).collect();
    let cell_of: Vec<usize> = asks.iter().filter_map(|ask| cells.get(&ask.place).copied()).collect();
    let mut builders: Vec<Builder> = asks.iter().map(|ask| Builder::new(source, ask, zone)).collect();
    let mut rows_read = 0;
    let met = source.read(source.decode(&places, passed_over.cloned()), progress, choose, |batch, (made, rows)| {
        rows_read += batch.rows();
        take(batch, made);
        let push = |(builder, &cell): (&mut Builder, &usize)| {
            builder.push(&batch.cells[cell], batch, rows.as_deref(), source.rows);
        };
        builders.par_iter_mut().zip(&cell_of).for_each(push);
        rows_read < at_most
    })?;
    let is_text: Vec<bool> = builders.iter().map(|builder| builder.is_text_after_all()).collect();
    let texts = asks.iter().zip(&is_text).filter(|(_, is_text)| **is_text);
    let texts: Vec<Ask> = texts.map(|(ask, _)| Ask { place: ask.place, kind: As::FoundText }).collect();
    let finish = |builder: Builder| builder.finish(source);
    let columns = builders.into_par_iter().map(finish).collect::<Vec<Result<Gathered, DataError>>>();
    let mut columns = columns.into_iter().collect::<Result<Vec<Gathered>, DataError>>()?;
    if !texts.is_empty() {
        let (texts, _) = gather_rows(Request { asks: &texts, ..request }, &|_| (), choose, &mut |_, _| ())?;
        let turned = columns.iter_mut().zip(is_text).filter(|(_, is_text)| *is_text);
        turned.zip(texts).for_each(|((column, _), text)| *column = text);
    }
    Ok((columns, met))
}

/// Columns of the rows whose lead is known.
pub(crate) struct OfLeads {
    /// The lead of each row.
    pub leads: Vec<u32>,
    /// Where each row stands.
    pub spots: Vec<Spot>,
    /// Rows of other leads.
    pub strangers: Strangers,
    pub columns: Vec<Gathered>,
    pub met: Vec<Met>,
}

/// Reads columns of the rows whose lead is among those that `keys` name; the column first seen names it.
pub(crate) fn gather_of_leads(
    request: Request,
    keys: &Keys,
    progress: &dyn Fn(Progress),
) -> Result<OfLeads, DataError> {
    let Request { source, seen, .. } = request;
    let passed_over = groups::of_strangers(source, seen[0], keys);
    let request = Request { passed_over: Some(&passed_over), ..request };
    let choose = |batch: &Batch| {
        let of_batch = OfBatch::new(batch, keys);
        let rows = (!of_batch.is_whole(batch.rows())).then(|| of_batch.rows.clone());
        (of_batch, rows)
    };
    let (mut leads, mut spots, mut strangers) = (Vec::new(), Vec::new(), Strangers::default());
    let (columns, met) = gather_rows(request, progress, &choose, &mut |batch, of_batch: OfBatch| {
        spots.extend(of_batch.rows.iter().map(|&row| batch.spot(row as usize)));
        leads.extend(of_batch.leads);
        strangers.append(of_batch.strangers);
    })?;
    strangers.unknown.count += met.iter().map(|met| met.passed_over).sum::<u64>();
    Ok(OfLeads { leads, spots, strangers, columns, met })
}

/// Rows of a batch whose lead is known, and their leads; a row of several leads stands once for each.
pub(crate) struct OfBatch {
    pub leads: Vec<u32>,
    pub rows: Vec<u32>,
    pub strangers: Strangers,
}

impl OfBatch {
    /// The batch's first column names the leads.
    pub fn new(batch: &Batch, keys: &Keys) -> Self {
        let named = batch.cells[0].as_text();
        let Joined { mut leads, rows, otherwise } = keys.join(&named);
        let mut rows = rows.unwrap_or_else(|| (0..leads.len() as u32).collect());
        let mut strangers = Strangers { otherwise, ..Strangers::default() };
        if leads.contains(&NO_LEAD) {
            let unknown = rows.iter().zip(&leads).filter(|(_, lead)| **lead == NO_LEAD).map(|(row, _)| *row as usize);
            unknown.for_each(|row| strangers.add(keys, batch.spot(row), named.get(row)));
            let mut of_rows = leads.iter();
            rows.retain(|_| of_rows.next() != Some(&NO_LEAD));
            leads.retain(|&lead| lead != NO_LEAD);
        }
        Self { leads, rows, strangers }
    }

    /// Whether they are all rows of a batch of so many, each once.
    fn is_whole(&self, rows: usize) -> bool {
        self.rows.len() == rows && self.rows.iter().enumerate().all(|(place, row)| place == *row as usize)
    }
}

impl OfBatch {
    /// Only the rows that are marked.
    pub fn keep(&mut self, marks: &[bool]) {
        let (mut of_rows, mut of_leads) = (marks.iter(), marks.iter());
        self.rows.retain(|_| of_rows.next() == Some(&true));
        self.leads.retain(|_| of_leads.next() == Some(&true));
    }
}

/// A row of no known lead.
pub(crate) const NO_LEAD: u32 = u32::MAX;

/// The lead that each text names.
pub(crate) fn leads_of(named: &TextBlock, ids: &Ids, nulls: &Nulls) -> Vec<u32> {
    if let Some(tidied) = named.tidied() {
        return leads_of(&tidied, ids, nulls);
    }
    let lead = |place: Option<usize>| place.map_or(NO_LEAD, |place| place as u32);
    let known = |id| nulls.text(id).unwrap_or_default();
    let Some((levels, codes)) = named.codes() else {
        let mut leads = Vec::with_capacity(named.len());
        ids.find_all(named.iter().map(known), |place| leads.push(lead(place)));
        return leads;
    };
    // Each distinct text is looked up once; those that do not occur here only where they cannot be many.
    let wanted = if levels <= codes.len() { (0..levels as u32).collect() } else { distinct(codes, levels) };
    let mut lead_of = vec![NO_LEAD; levels];
    let mut place_of = wanted.iter();
    ids.find_all(wanted.iter().map(|&code| known(named.level(code))), |place| {
        if let Some(&code) = place_of.next() {
            lead_of[code as usize] = lead(place);
        }
    });
    codes.iter().map(|&code| lead_of.get(code as usize).copied().unwrap_or(NO_LEAD)).collect()
}

/// The codes that occur, in order of first appearance.
fn distinct(codes: &[u32], levels: usize) -> Vec<u32> {
    let mut seen = vec![false; levels];
    let is_new = |code: &&u32| **code != MISSING && !std::mem::replace(&mut seen[**code as usize], true);
    codes.iter().filter(is_new).copied().collect()
}
