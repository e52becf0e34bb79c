use std::ops::Range;

use rayon::prelude::*;

use crate::data::{EventChunk, Events};
use crate::predicate::Columns;
use crate::table::{Column, MISSING};
use crate::time::{Instant, NEVER};

use super::{Decay, EventFeature, FeatureId, Measure, Plan, ReplayError};

/// Sums of decayed weights are kept in fixed point, so that the order of events, files and threads changes no digit.
const FIXED: f64 = (1u64 << 60) as f64;

/// The age of no event.
const NONE: i64 = i64::MAX;

/// What a feature has gathered so far, a place a row.
enum Gathered {
    Count(Vec<u32>),
    /// The age of the latest; [`NONE`] without any.
    Age(Vec<i64>),
    Sum(Vec<i128>),
    Distinct(Vec<(u32, u64)>),
    /// Places in the chunk at hand.
    Events(Vec<u32>),
}

/// The events of one feature, with the code of its kind looked up.
struct Task<'a> {
    feature: &'a EventFeature,
    /// The code of the kind; nothing: any kind.
    kind: Option<u32>,
    /// The kind was asked for but never occurs.
    is_absent: bool,
    /// Of the feature's own column, for sums and distinct values.
    column: Option<usize>,
    gathered: Gathered,
}

/// Every feature of the plan for every row, from one pass over the event log.
///
/// `row` gives a lead's row, or nothing where it is not scored; `as_of` is by row.
pub(super) fn fold(
    plan: &Plan,
    events: Option<&Events>,
    row: &[Option<u32>],
    as_of: &[Instant],
) -> Result<Vec<Vec<f64>>, ReplayError> {
    let empty = Events::default();
    let events = events.unwrap_or(&empty);
    let mut tasks =
        plan.features().iter().map(|feature| Task::new(feature, events, as_of.len())).collect::<Result<Vec<_>, _>>()?;
    let anchors = Anchors::gather(plan, events, row);
    let mut lists = Vec::new();
    for chunk in &events.chunks {
        for start in (0..chunk.lead.len()).step_by(WINDOW) {
            let window = start..(start + WINDOW).min(chunk.lead.len());
            let seen = Seen::new(chunk, window, events, (row, as_of), &mut lists);
            tasks.par_iter_mut().for_each(|task| task.take(&seen, &anchors));
        }
    }
    Ok(tasks.into_par_iter().map(|task| task.finish(as_of.len())).collect())
}

/// The events of one lead (the log's lead 0) that a feature counts: their chunks and places in them.
pub(super) fn counted(
    plan: &Plan,
    feature: FeatureId,
    events: &Events,
    as_of: Instant,
) -> Result<Vec<(usize, usize)>, ReplayError> {
    let (row, as_of) = ([Some(0)], [as_of]);
    let anchors = Anchors::gather(plan, events, &row);
    let mut task = Task::new(&plan.features()[feature.0], events, 1)?;
    let (mut counted, mut lists) = (Vec::new(), Vec::new());
    for (place, chunk) in events.chunks.iter().enumerate() {
        task.gathered = Gathered::Events(Vec::new());
        task.take(&Seen::new(chunk, 0..chunk.lead.len(), events, (&row, &as_of), &mut lists), &anchors);
        if let Gathered::Events(found) = &task.gathered {
            counted.extend(found.iter().map(|&event| (place, event as usize)));
        }
    }
    Ok(counted)
}

/// A stretch of a chunk of events, of which those are listed that a score may see.
struct Seen<'a> {
    chunk: &'a EventChunk,
    columns: EventColumns<'a>,
    parts: &'a [Part],
}

/// Of a part of a chunk, kind by kind: events of scored leads at or before `as_of`.
type Part = Vec<Vec<SeenEvent>>;

/// An event that its lead's score may see.
#[derive(Clone, Copy)]
struct SeenEvent {
    row: u32,
    /// A place in the chunk.
    event: u32,
    /// Microseconds before `as_of`.
    age: i64,
}

/// Events that are listed at a time: few enough that their lists stay at hand for all features.
const WINDOW: usize = 1 << 20;
/// Events whose leads are looked up together.
const PART: usize = 1 << 17;

impl<'a> Seen<'a> {
    /// `lists` are used again from window to window.
    fn new(
        chunk: &'a EventChunk,
        window: Range<usize>,
        events: &'a Events,
        (row, as_of): (&[Option<u32>], &[Instant]),
        lists: &'a mut Vec<Part>,
    ) -> Self {
        let fill = |(start, by_kind): (usize, &mut Part)| {
            by_kind.resize_with(events.kinds.len(), Vec::new);
            by_kind.iter_mut().for_each(Vec::clear);
            for event in start..(start + PART).min(window.end) {
                let Some(row) = row[chunk.lead[event] as usize] else { continue };
                let age = as_of[row as usize] - chunk.at[event];
                if age >= 0 {
                    by_kind[chunk.kind[event] as usize].push(SeenEvent { row, event: event as u32, age });
                }
            }
        };
        let starts: Vec<usize> = window.clone().step_by(PART).collect();
        lists.resize_with(starts.len(), Part::new);
        starts.into_par_iter().zip(lists.as_mut_slice()).for_each(fill);
        Self { chunk, columns: EventColumns { names: &events.columns, chunk }, parts: lists }
    }

    /// The events of a kind, or of any.
    fn of_kind(&self, kind: Option<u32>) -> impl Iterator<Item = &SeenEvent> {
        let (first, count) = kind.map_or((0, usize::MAX), |kind| (kind as usize, 1));
        self.parts.iter().flat_map(move |by_kind| by_kind.iter().skip(first).take(count)).flatten()
    }
}

/// A chunk's columns by name, for conditions to read.
struct EventColumns<'a> {
    names: &'a [String],
    chunk: &'a EventChunk,
}

impl Columns for EventColumns<'_> {
    fn rows(&self) -> usize {
        self.chunk.lead.len()
    }

    fn named(&self) -> Vec<(&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.chunk.columns).collect()
    }
}

impl<'a> Task<'a> {
    fn new(feature: &'a EventFeature, events: &Events, rows: usize) -> Result<Self, ReplayError> {
        let kind = feature.kind.as_ref().map(|kind| events.kinds.iter().position(|name| name == kind));
        let named = match &feature.measure {
            Measure::Sum { column, .. } => column.as_ref(),
            Measure::Distinct { column } => Some(column),
            _ => None,
        };
        let place = |name: &String| {
            let unknown =
                || ReplayError::UnknownColumn { column: name.clone(), near: super::nearest(name, &events.columns) };
            events.columns.iter().position(|known| known == name).ok_or_else(unknown)
        };
        let column = named.filter(|_| !events.chunks.is_empty()).map(place).transpose()?;
        let gathered = match &feature.measure {
            Measure::Count => Gathered::Count(vec![0; rows]),
            Measure::Age => Gathered::Age(vec![NONE; rows]),
            Measure::Sum { .. } => Gathered::Sum(vec![0; rows]),
            Measure::Distinct { .. } => Gathered::Distinct(Vec::new()),
        };
        let is_absent = matches!(kind, Some(None));
        Ok(Self { feature, kind: kind.flatten().map(|kind| kind as u32), is_absent, column, gathered })
    }

    fn take(&mut self, seen: &Seen, anchors: &Anchors) {
        if self.is_absent {
            return;
        }
        let holds = self.feature.when.as_ref().map(|when| when.holds(&seen.columns));
        let anchor = self.feature.after.as_ref().map(|after| (anchors.of(&after.event), after.within.micros()));
        let within = self.feature.within.map(|span| span.micros());
        for seen_event in seen.of_kind(self.kind) {
            let event = seen_event.event as usize;
            let matches = holds.as_ref().is_none_or(|holds| holds[event])
                && within.is_none_or(|within| seen_event.age < within)
                && anchor.is_none_or(|(anchors, within)| {
                    follows(anchors, seen.chunk.lead[event], seen.chunk.at[event], within)
                });
            if matches {
                self.gather(seen.chunk, seen_event);
            }
        }
    }

    fn gather(&mut self, chunk: &EventChunk, &SeenEvent { row, event, age }: &SeenEvent) {
        let place = row as usize;
        match &mut self.gathered {
            Gathered::Count(count) => count[place] += 1,
            Gathered::Age(latest) => latest[place] = latest[place].min(age),
            Gathered::Sum(sum) => {
                let Measure::Sum { decay, .. } = self.feature.measure else { unreachable!("only sums gather sums") };
                let value = self.column.map_or(1.0, |column| number(&chunk.columns[column], event as usize));
                if value.is_finite() {
                    sum[place] = sum[place].saturating_add(fixed(value * decay.weight(age)));
                }
            }
            Gathered::Distinct(values) => {
                let column = self.column.map(|column| &chunk.columns[column]);
                if let Some(value) = column.and_then(|column| identity(column, event as usize)) {
                    values.push((row, value));
                }
            }
            Gathered::Events(events) => events.push(event),
        }
    }

    fn finish(self, rows: usize) -> Vec<f64> {
        match self.gathered {
            Gathered::Count(count) => count.into_iter().map(f64::from).collect(),
            Gathered::Age(latest) => {
                latest.into_iter().map(|age| if age == NONE { f64::NAN } else { age as f64 }).collect()
            }
            Gathered::Sum(sum) => sum.into_iter().map(|sum| sum as f64 / FIXED).collect(),
            Gathered::Distinct(mut values) => {
                values.sort_unstable();
                values.dedup();
                let mut count = vec![0.0; rows];
                values.iter().for_each(|(row, _)| count[*row as usize] += 1.0);
                count
            }
            Gathered::Events(events) => vec![events.len() as f64; rows],
        }
    }
}

/// The nearest number in fixed point.
fn fixed(value: f64) -> i128 {
    let scaled = value * FIXED;
    // From 2^52 on a number is whole.
    if scaled.abs() < (1u64 << 52) as f64 { scaled.round() as i128 } else { scaled as i128 }
}

impl Decay {
    /// The weight of an event of this age in microseconds.
    fn weight(self, age: i64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::HalfLife(span) => (-(age as f64) / span.micros() as f64).exp2(),
            Self::Linear(span) => (1.0 - age as f64 / span.micros() as f64).max(0.0),
        }
    }
}

fn number(column: &Column, row: usize) -> f64 {
    match column {
        Column::Number(values) => values[row],
        Column::Flag(values) => values[row].map_or(f64::NAN, f64::from),
        Column::Text(_) | Column::Instant(_) => f64::NAN,
    }
}

/// What tells a value from others of its column; nothing where it is missing.
fn identity(column: &Column, row: usize) -> Option<u64> {
    match column {
        Column::Number(values) => (!values[row].is_nan()).then(|| (values[row] + 0.0).to_bits()),
        Column::Text(text) => (text.codes[row] != MISSING).then(|| u64::from(text.codes[row])),
        Column::Flag(values) => values[row].map(u64::from),
        Column::Instant(values) => (values[row] != NEVER).then(|| values[row] as u64),
    }
}

/// The times of the events that others must follow, ascending by (lead, at).
struct Anchors(Vec<(String, Vec<(u32, Instant)>)>);

impl Anchors {
    fn gather(plan: &Plan, events: &Events, row: &[Option<u32>]) -> Self {
        let mut kinds: Vec<&String> =
            plan.features().iter().filter_map(|feature| Some(&feature.after.as_ref()?.event)).collect();
        kinds.sort();
        kinds.dedup();
        Self(kinds.into_iter().map(|kind| (kind.clone(), times(events, kind, row))).collect())
    }

    fn of(&self, kind: &str) -> &[(u32, Instant)] {
        self.0.iter().find(|(known, _)| known == kind).map_or(&[], |(_, times)| times)
    }
}

fn times(events: &Events, kind: &str, row: &[Option<u32>]) -> Vec<(u32, Instant)> {
    let Some(code) = events.kinds.iter().position(|name| name == kind) else { return Vec::new() };
    let mut times: Vec<(u32, Instant)> = Vec::new();
    for chunk in &events.chunks {
        let here =
            (0..chunk.lead.len()).filter(|&i| chunk.kind[i] as usize == code && row[chunk.lead[i] as usize].is_some());
        times.extend(here.map(|i| (chunk.lead[i], chunk.at[i])));
    }
    times.sort_unstable();
    times
}

/// Whether the lead has an anchor at most `within` before `at`, or at it.
fn follows(anchors: &[(u32, Instant)], lead: u32, at: Instant, within: i64) -> bool {
    let next = anchors.partition_point(|anchor| *anchor <= (lead, at));
    next > 0 && anchors[next - 1].0 == lead && at - anchors[next - 1].1 <= within
}
