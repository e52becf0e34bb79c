use std::borrow::Cow;
use std::hint::black_box;
use std::ops::Range;

use rayon::prelude::*;

use crate::data::{EventBatch, EventChunk, Events, SeenEvent};
use crate::predicate::{Columns, Predicate};
use crate::table::{Column, Ids, did_you_mean};
use crate::time::{Calendar, DAY, Instant, NEVER, Span, Zone};

use super::feature::place_of;
use super::{Decay, EventFeature, FeatureId, Measure, Plan, ReplayError};

/// Sums of decayed weights are kept in fixed point, so that the order of events, files and threads changes no digit.
const FIXED: f64 = (1u64 << 60) as f64;

/// Events of leads that get features become those features, some at a time and in any order.
pub struct Fold {
    pub(super) tasks: Vec<Task>,
    /// What tasks ask of the events' own columns, each condition once.
    conditions: Vec<Predicate>,
    /// By lead the time from midnight to `as_of`, where events have dates: spans are then of calendar days.
    of_day: Option<Vec<i64>>,
}

/// What a feature has gathered so far, a place a lead.
enum Gathered {
    Count(Vec<u32>),
    /// How much less than [`OLDEST`] is the age of the latest; 0 without any.
    Latest(Vec<u64>),
    Sum(Vec<i128>),
    Distinct(Distinct),
    /// Places in the chunk at hand.
    Events(Vec<u32>),
}

/// Distinct values by lead.
#[derive(Default)]
struct Distinct {
    /// Some of them more than once.
    values: Vec<(u32, u64)>,
    /// Values when it was last seen to that each stands here once.
    settled: usize,
    /// Numbers of texts.
    texts: Ids,
}

/// Beyond any age.
const OLDEST: u64 = 1 << 63;

/// What one feature makes of the events.
pub(super) struct Task {
    pub(super) feature: EventFeature,
    /// Its place among the conditions.
    condition: Option<usize>,
    gathered: Gathered,
}

/// Some events that scores may see.
struct Seen<'a> {
    parts: &'a [Lists<'a>],
    names: &'a [String],
    columns: &'a [Column],
    /// Whether each condition holds for each row of the columns.
    conditions: &'a [Vec<bool>],
    /// What others follow, and when each of these happened; not of events that are taken as they come.
    anchors: Option<(&'a Anchors, &'a [Instant])>,
    of_day: Option<&'a [i64]>,
}

/// Events as lists, one a kind.
struct Lists<'a> {
    kinds: &'a Ids,
    by_kind: Cow<'a, [Vec<SeenEvent>]>,
}

/// Events that are listed at a time: few enough that their lists stay at hand for all features.
const WINDOW: usize = 1 << 20;
/// Events whose leads are looked up together.
const PART: usize = 1 << 17;

impl<'a> Seen<'a> {
    /// Lists of the events of a kind, or of any.
    fn of_kind(&self, kind: Option<&str>) -> impl Iterator<Item = &'a [SeenEvent]> {
        let lists = move |part: &'a Lists| match kind {
            Some(kind) => part.kinds.find(kind).map_or(&[][..], |place| &part.by_kind[place..=place]),
            None => &part.by_kind,
        };
        self.parts.iter().flat_map(lists).map(Vec::as_slice)
    }
}

impl Fold {
    /// Features of so many leads.
    pub fn new(plan: &Plan, leads: usize) -> Self {
        let mut conditions = Vec::new();
        let condition = |feature: &EventFeature| feature.when.clone().map(|when| place_of(&mut conditions, when));
        let places: Vec<Option<usize>> = plan.features().iter().map(condition).collect();
        let task = |(feature, place): (&EventFeature, Option<usize>)| Task::new(feature.clone(), place, leads);
        Self { tasks: plan.features().par_iter().zip(places).map(task).collect(), conditions, of_day: None }
    }

    /// Of events that have dates: `within: 3d` holds the day of `as_of` and the three before it. `last` is by lead.
    pub fn on_dates(&mut self, last: &[Instant], zone: &Zone) {
        let of_day = |&at: &Instant| if at == NEVER { 0 } else { at - zone.period_start(at, Calendar::Day) };
        self.of_day = Some(last.par_iter().map(of_day).collect());
    }

    /// Events at or before their leads' `as_of` (ages are before it). Features of events soon after others need all
    /// events of a log, and are not for this.
    pub fn take(&mut self, events: &EventBatch) {
        let EventBatch { kinds, by_kind, names, rows, columns } = *events;
        let own = EventColumns { names, rows, columns };
        let conditions: Vec<Vec<bool>> = self.conditions.par_iter().map(|when| when.holds(&own)).collect();
        let parts = &[Lists { kinds, by_kind: by_kind.into() }];
        let of_day = self.of_day.as_deref();
        let seen = Seen { parts, names, columns, conditions: &conditions, anchors: None, of_day };
        self.tasks.par_iter_mut().for_each(|task| task.take(&seen));
    }

    /// Every feature for every one of these leads, the events of a log taken too: of each lead those until `last`.
    pub(super) fn with(
        mut self,
        events: Option<&Events>,
        leads: &[usize],
        last: impl FnOnce() -> Vec<Instant>,
    ) -> Result<Vec<Vec<f64>>, ReplayError> {
        if let Some(events) = events.filter(|events| events.chunks.iter().any(|chunk| !chunk.lead.is_empty())) {
            self.take_kept(events, &last(), |_, _| ())?;
        }
        Ok(self.finished(leads))
    }

    /// Every feature for every one of these leads.
    pub(super) fn finished(self, leads: &[usize]) -> Vec<Vec<f64>> {
        self.tasks.into_par_iter().map(|task| task.finish(leads)).collect()
    }

    /// Of each lead those until `last`; `taken` is told after some of a chunk were.
    pub(super) fn take_kept(
        &mut self,
        events: &Events,
        last: &[Instant],
        mut taken: impl FnMut(usize, &mut Self),
    ) -> Result<(), ReplayError> {
        let kinds: Ids = events.kinds.iter().collect();
        self.tasks.iter().try_for_each(|task| task.column(&events.columns).map(|_| ()))?;
        let anchors = Anchors::gather(&self.tasks, events, last);
        let mut lists = Vec::new();
        for (place, chunk) in events.chunks.iter().enumerate() {
            let (names, columns) = (events.columns.as_slice(), chunk.columns.as_slice());
            let own = EventColumns { names, rows: chunk.lead.len(), columns };
            let conditions: Vec<Vec<bool>> = self.conditions.par_iter().map(|when| when.holds(&own)).collect();
            for start in (0..chunk.lead.len()).step_by(WINDOW) {
                let window = start..(start + WINDOW).min(chunk.lead.len());
                list(chunk, window, &kinds, last, &mut lists);
                let anchors = Some((&anchors, chunk.at.as_slice()));
                let of_day = self.of_day.as_deref();
                let seen = Seen { parts: &lists, names, columns, conditions: &conditions, anchors, of_day };
                self.tasks.par_iter_mut().for_each(|task| task.take(&seen));
                taken(place, self);
            }
        }
        Ok(())
    }
}

/// Lists the events of a stretch of a chunk that scores may see, of each lead those until `last`. `lists` are used again
/// from stretch to stretch.
fn list<'k>(chunk: &EventChunk, window: Range<usize>, kinds: &'k Ids, last: &[Instant], lists: &mut Vec<Lists<'k>>) {
    let fill = |(start, Lists { by_kind, .. }): (usize, &mut Lists)| {
        let by_kind = by_kind.to_mut();
        by_kind.iter_mut().for_each(Vec::clear);
        for event in start..(start + PART).min(window.end) {
            let (lead, at) = (chunk.lead[event], chunk.at[event]);
            let last = last[lead as usize];
            if at <= last {
                by_kind[chunk.kind[event] as usize].push(SeenEvent { lead, event: event as u32, age: last - at });
            }
        }
    };
    let starts: Vec<usize> = window.clone().step_by(PART).collect();
    lists.resize_with(starts.len(), || Lists { kinds, by_kind: vec![Vec::new(); kinds.len()].into() });
    starts.into_par_iter().zip(lists.as_mut_slice()).for_each(fill);
}

/// The events of one lead (the log's lead 0) that a feature counts: their chunks and places in them.
pub(super) fn counted(
    plan: &Plan,
    feature: FeatureId,
    events: &Events,
    (as_of, zone): (Instant, &Zone),
) -> Result<Vec<(usize, usize)>, ReplayError> {
    let feature = plan.features()[feature.0].clone();
    let (condition, conditions) = (feature.when.as_ref().map(|_| 0), feature.when.iter().cloned().collect());
    let task = Task { feature, condition, gathered: Gathered::Events(Vec::new()) };
    let mut fold = Fold { tasks: vec![task], conditions, of_day: None };
    if events.are_dates {
        fold.on_dates(&[as_of], zone);
    }
    let mut counted = Vec::new();
    fold.take_kept(events, &[as_of], |chunk, fold| {
        if let Gathered::Events(found) = &mut fold.tasks[0].gathered {
            counted.extend(found.drain(..).map(|event| (chunk, event as usize)));
        }
    })?;
    Ok(counted)
}

/// Columns of events by name, for conditions to read.
struct EventColumns<'a> {
    names: &'a [String],
    rows: usize,
    columns: &'a [Column],
}

impl Columns for EventColumns<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn named(&self) -> Vec<(&str, &Column)> {
        self.names.iter().map(String::as_str).zip(self.columns).collect()
    }
}

impl Task {
    fn new(feature: EventFeature, condition: Option<usize>, leads: usize) -> Self {
        let gathered = match &feature.measure {
            Measure::Count => Gathered::Count(zeros(leads)),
            Measure::Age => Gathered::Latest(zeros(leads)),
            Measure::Sum { .. } => Gathered::Sum(zeros(leads)),
            Measure::Distinct { .. } => Gathered::Distinct(Distinct::default()),
        };
        Self { feature, condition, gathered }
    }

    /// Room for what an engine made: distinct values come as their number.
    pub(super) fn begin_folded(&mut self, leads: usize) {
        if matches!(self.gathered, Gathered::Distinct(_)) {
            self.gathered = Gathered::Count(zeros(leads));
        }
    }

    /// What an engine made of a lead's events: a number, an age, or a sum in fixed point.
    pub(super) fn set_folded(&mut self, lead: usize, value: i128) {
        match &mut self.gathered {
            Gathered::Count(count) => count[lead] = u32::try_from(value).unwrap_or(u32::MAX),
            Gathered::Latest(latest) => latest[lead] = OLDEST.saturating_sub(u64::try_from(value).unwrap_or(0)),
            Gathered::Sum(sum) => sum[lead] = value,
            Gathered::Distinct(_) | Gathered::Events(_) => {}
        }
    }

    /// The place among the events' columns of the feature's own, for sums and distinct values.
    fn column(&self, columns: &[String]) -> Result<Option<usize>, ReplayError> {
        let named = match &self.feature.measure {
            Measure::Sum { column, .. } => column.as_ref(),
            Measure::Distinct { column } => Some(column),
            _ => None,
        };
        let place = |name: &String| {
            let near = || did_you_mean(columns.iter().map(String::as_str), name);
            let unknown = || ReplayError::UnknownColumn { column: name.clone(), near: near() };
            columns.iter().position(|known| known == name).ok_or_else(unknown)
        };
        named.map(place).transpose()
    }

    fn take(&mut self, seen: &Seen) {
        let feature = &self.feature;
        let events = seen.of_kind(feature.kind.as_deref());
        let days = |span: Span| if seen.of_day.is_some() { whole_days(span) } else { span.micros() };
        let within = feature.within.map_or(i64::MAX, days);
        let of_day = seen.of_day.filter(|_| feature.within.is_some());
        let recent = |seen: &SeenEvent| match of_day {
            None => seen.age < within,
            Some(of_day) => seen.age - of_day[seen.lead as usize] < within,
        };
        let holds = self.condition.map(|condition| &seen.conditions[condition]);
        let column = self.column(seen.names).ok().flatten().and_then(|place| seen.columns.get(place));
        let anchor = feature.after.as_ref().zip(seen.anchors);
        let anchor = anchor.map(|(after, (anchors, at))| (anchors.of(&after.event), at, days(after.within)));
        if holds.is_none() && anchor.is_none() {
            return self.gathered.add(feature, column, events, recent);
        }
        let matches = |seen: &SeenEvent| {
            let event = seen.event as usize;
            holds.is_none_or(|holds| holds[event])
                && recent(seen)
                && anchor.is_none_or(|(anchors, at, within)| follows(anchors, seen.lead, at[event], within))
        };
        self.gathered.add(feature, column, events, matches);
    }

    fn finish(self, leads: &[usize]) -> Vec<f64> {
        match self.gathered {
            Gathered::Count(count) => leads.iter().map(|&lead| f64::from(count[lead])).collect(),
            Gathered::Latest(latest) => {
                let age = |&lead: &usize| match latest[lead] {
                    0 => f64::NAN,
                    latest => (OLDEST - latest) as f64,
                };
                leads.iter().map(age).collect()
            }
            Gathered::Sum(sum) => leads.iter().map(|&lead| sum[lead] as f64 / FIXED).collect(),
            Gathered::Distinct(mut distinct) => {
                distinct.settle();
                let mut of_leads = distinct.values.chunk_by(|(one, _), (other, _)| one == other).peekable();
                let count = |&lead: &usize| {
                    while of_leads.next_if(|values| (values[0].0 as usize) < lead).is_some() {}
                    of_leads.next_if(|values| values[0].0 as usize == lead).map_or(0.0, |values| values.len() as f64)
                };
                leads.iter().map(count).collect()
            }
            Gathered::Events(events) => vec![events.len() as f64; leads.len()],
        }
    }
}

impl Gathered {
    /// Those of some events that match.
    fn add<'e>(
        &mut self,
        feature: &EventFeature,
        column: Option<&Column>,
        events: impl Iterator<Item = &'e [SeenEvent]>,
        matches: impl Fn(&SeenEvent) -> bool,
    ) {
        let matches = &matches;
        let events = events.map(|events| events.iter().filter(move |event| matches(event)));
        match self {
            Self::Count(count) => events.flatten().for_each(|event| count[event.lead as usize] += 1),
            Self::Latest(latest) => events.flatten().for_each(|event| {
                let latest = &mut latest[event.lead as usize];
                *latest = (*latest).max(OLDEST - event.age as u64);
            }),
            Self::Sum(sum) => {
                let Measure::Sum { decay, .. } = feature.measure else { unreachable!("only sums gather sums") };
                let value = |event: &SeenEvent| column.map_or(1.0, |column| number(column, event.event as usize));
                events.for_each(|events| {
                    let finite = events.map(|event| (event, value(event))).filter(|(_, value)| value.is_finite());
                    add_weighted(sum, finite, decay);
                });
            }
            Self::Distinct(distinct) => {
                if let Some(column) = column {
                    distinct.add(column, events.flatten());
                }
            }
            Self::Events(found) => found.extend(events.flatten().map(|event| event.event)),
        }
    }
}

/// Values that are looked through at once for those that stand there already, at the least.
const MANY: usize = 1 << 20;

impl Distinct {
    fn add<'e>(&mut self, column: &Column, events: impl Iterator<Item = &'e SeenEvent>) {
        // A number for each of the column's texts, once it is met.
        let mut numbers: Vec<Option<u64>> = match column {
            Column::Text(text) => vec![None; text.levels.len()],
            _ => Vec::new(),
        };
        for event in events {
            let row = event.event as usize;
            let value = match column {
                Column::Text(text) => numbers.get_mut(text.codes[row] as usize).map(|number| {
                    let level = || self.texts.insert(&text.levels[text.codes[row] as usize]).0 as u64;
                    *number.get_or_insert_with(level)
                }),
                column => identity(column, row),
            };
            self.values.extend(value.map(|value| (event.lead, value)));
        }
        if self.values.len() > MANY.max(2 * self.settled) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.values.sort_unstable();
        self.values.dedup();
        self.settled = self.values.len();
    }
}

/// Events whose weights are computed together: a processor takes several at once.
const TOGETHER: usize = 64;

/// Adds values that decay to the sums of their leads.
fn add_weighted<'e>(sums: &mut [i128], mut events: impl Iterator<Item = (&'e SeenEvent, f64)>, decay: Decay) {
    let (mut weights, mut values) = ([0.0; TOGETHER], [(0, 0.0); TOGETHER]);
    loop {
        let mut taken = 0;
        for (event, value) in events.by_ref().take(TOGETHER) {
            (weights[taken], values[taken]) = (event.age as f64, (event.lead, value));
            taken += 1;
        }
        if taken == 0 {
            return;
        }
        decay.weigh(&mut weights[..taken]);
        for ((lead, value), weight) in values[..taken].iter().zip(&weights) {
            let sum = &mut sums[*lead as usize];
            *sum = sum.saturating_add(fixed(value * weight));
        }
    }
}

/// Zeros that are written at once. Memory that only promises to be zero is mapped when it is first read and once more
/// when it is first written, and each time all threads are told.
fn zeros<T: Clone + Default>(places: usize) -> Vec<T> {
    let mut zeros = Vec::new();
    zeros.resize(places, black_box(T::default()));
    zeros
}

/// The nearest number in fixed point.
fn fixed(value: f64) -> i128 {
    let scaled = value * FIXED;
    match scaled.abs() {
        // To the nearest, and halves away from zero, without the call that `round` is.
        small if small < (1u64 << 52) as f64 => {
            let whole = scaled as i64;
            let rest = scaled - whole as f64;
            (whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5)).into()
        }
        // From 2^52 on a number is whole; what fits into half the bits needs no call.
        large if large < (1u64 << 62) as f64 => (scaled as i64).into(),
        _ => scaled as i128,
    }
}

fn number(column: &Column, row: usize) -> f64 {
    match column {
        Column::Number(values) => values[row],
        Column::Flag(values) => values[row].map_or(f64::NAN, f64::from),
        Column::Text(_) | Column::Instant(_) => f64::NAN,
    }
}

/// What tells a value from others of its column; nothing where it is missing, or a text.
fn identity(column: &Column, row: usize) -> Option<u64> {
    match column {
        Column::Number(values) => (!values[row].is_nan()).then(|| (values[row] + 0.0).to_bits()),
        Column::Text(_) => None,
        Column::Flag(values) => values[row].map(u64::from),
        Column::Instant(values) => (values[row] != NEVER).then(|| values[row] as u64),
    }
}

/// The times of the events that others must follow, ascending by (lead, at).
struct Anchors(Vec<(String, Vec<(u32, Instant)>)>);

impl Anchors {
    fn gather(tasks: &[Task], events: &Events, last: &[Instant]) -> Self {
        let mut kinds: Vec<&String> =
            tasks.iter().filter_map(|task| Some(&task.feature.after.as_ref()?.event)).collect();
        kinds.sort();
        kinds.dedup();
        Self(kinds.into_iter().map(|kind| (kind.clone(), times(events, kind, last))).collect())
    }

    fn of(&self, kind: &str) -> &[(u32, Instant)] {
        self.0.iter().find(|(known, _)| known == kind).map_or(&[], |(_, times)| times)
    }
}

fn times(events: &Events, kind: &str, last: &[Instant]) -> Vec<(u32, Instant)> {
    let Some(code) = events.kinds.iter().position(|name| name == kind) else { return Vec::new() };
    let mut times: Vec<(u32, Instant)> = Vec::new();
    for chunk in &events.chunks {
        let here =
            (0..chunk.lead.len()).filter(|&i| chunk.kind[i] as usize == code && last[chunk.lead[i] as usize] != NEVER);
        times.extend(here.map(|i| (chunk.lead[i], chunk.at[i])));
    }
    times.sort_unstable();
    times
}

/// A time between the given number of whole days and the next: between dates no other stands, and the hour that a clock
/// is moved by makes no difference.
fn whole_days(span: Span) -> i64 {
    span.micros() / DAY * DAY + DAY / 2
}

/// Whether the lead has an anchor at most `within` before `at`, or at it.
fn follows(anchors: &[(u32, Instant)], lead: u32, at: Instant, within: i64) -> bool {
    let next = anchors.partition_point(|anchor| *anchor <= (lead, at));
    next > 0 && anchors[next - 1].0 == lead && at - anchors[next - 1].1 <= within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Kind;

    #[test]
    fn fixed_point_is_the_nearest_number_and_halves_go_away_from_zero() {
        let scaled = [0.0, 0.49, 0.5, 1.5, 2.5, 1e9 + 0.5, 4e15 + 0.5, 4_503_599_627_370_497.0, 1e18, 1e30];
        for (value, nearest) in scaled.into_iter().zip([0, 0, 1, 2, 3, 1_000_000_001, 4_000_000_000_000_001]) {
            assert_eq!((fixed(value / FIXED), fixed(-value / FIXED)), (nearest, -nearest));
        }
        assert!(scaled.iter().all(|scaled| fixed(scaled / FIXED) == scaled.round() as i128));
    }

    /// Events of three leads with a page and minutes: all of them, and those of some places with texts of their own.
    fn columns(places: &[usize]) -> Vec<Column> {
        let page = |place: &usize| [Some("/a"), Some("/b"), None, Some("/c")][place % 4];
        let minutes = places.iter().map(|place| (place % 9) as f64 - 1.5).collect();
        vec![Column::Text(places.iter().map(page).collect()), Column::Number(minutes)]
    }

    #[test]
    fn events_become_the_same_features_as_they_come_and_when_all_are_kept() {
        let names = ["page".to_string(), "minutes".to_string()];
        let types = [(names[0].clone(), Kind::Text), (names[1].clone(), Kind::Number)];
        let when = Predicate::parse("page = '/b' AND minutes > 0").unwrap().resolve(&types, &Zone::utc()).unwrap();
        let decay = Decay::HalfLife(Span::from_days(1.0));
        let mut plan = Plan::default();
        for when in [None, Some(when)] {
            for measure in [
                Measure::Count,
                Measure::Age,
                Measure::Sum { column: Some("minutes".into()), decay },
                Measure::Distinct { column: "page".into() },
                Measure::Distinct { column: "minutes".into() },
            ] {
                let kind = Some("visit".to_string());
                plan.ask(EventFeature { kind, when: when.clone(), within: None, after: None, measure });
            }
        }
        let last = [5_000_000_000; 3];
        let at = |place: usize| place as i64 * 12_345_678;
        let all: Vec<usize> = (0..400).collect();
        let chunk = EventChunk {
            lead: all.iter().map(|place| (place % 3) as u32).collect(),
            at: all.iter().map(|&place| at(place)).collect(),
            kind: all.iter().map(|place| u32::from(place % 5 == 0)).collect(),
            columns: columns(&all),
        };
        let kinds = ["visit".to_string(), "open".to_string()];
        let events =
            Events { kinds: kinds.to_vec(), columns: names.to_vec(), chunks: vec![chunk], ..Events::default() };
        let leads = [0, 1, 2];
        let kept = Fold::new(&plan, 3).with(Some(&events), &leads, || last.to_vec()).unwrap();
        let mut fold = Fold::new(&plan, 3);
        let kinds: Ids = ["open", "visit"].into_iter().collect();
        // Backwards, so that texts get other codes from batch to batch.
        for places in all.rchunks(70) {
            let mut by_kind = vec![Vec::new(); 2];
            for (event, &place) in places.iter().enumerate() {
                let (lead, age) = ((place % 3) as u32, last[0] - at(place));
                if age >= 0 {
                    by_kind[usize::from(place % 5 != 0)].push(SeenEvent { lead, event: event as u32, age });
                }
            }
            let columns = columns(places);
            let (names, rows) = (&names, places.len());
            fold.take(&EventBatch { kinds: &kinds, by_kind: &by_kind, names, rows, columns: &columns });
        }
        let taken = fold.with(None, &leads, || last.to_vec()).unwrap();
        assert_eq!(format!("{kept:?}"), format!("{taken:?}"));
        assert_eq!((kept[3][0], kept[8][0]), (3.0, 1.0));
    }

    #[test]
    fn weights_do_not_depend_on_how_many_are_computed_together() {
        let events: Vec<SeenEvent> =
            (0..1_000).map(|event| SeenEvent { lead: event % 7, event, age: i64::from(event) * 12_345_678 }).collect();
        let decay = Decay::HalfLife(Span::from_days(0.01));
        let (mut together, mut apart) = (vec![0; 7], vec![0; 7]);
        add_weighted(&mut together, events.iter().map(|event| (event, 2.5)), decay);
        events.iter().for_each(|event| add_weighted(&mut apart, std::iter::once((event, 2.5)), decay));
        assert_eq!(together, apart);
    }

    #[test]
    fn on_dates_spans_are_of_calendar_days_and_on_instants_of_hours() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let date = |text: &str| text.parse::<crate::time::Moment>().unwrap().start(&zone);
        let feature = |within, after: Option<f64>| {
            let span = Span::from_days;
            let after = after.map(|days| super::super::After { event: "send".into(), within: span(days) });
            let within = (within > 0.0).then(|| span(within));
            EventFeature { kind: Some("open".into()), when: None, within, after, measure: Measure::Count }
        };
        let mut plan = Plan::default();
        let three = plan.ask(feature(3.0, None));
        let half = plan.ask(feature(0.5, None));
        let follows = plan.ask(feature(0.0, Some(3.0)));
        // Clocks are set back on 2026-10-25; the lead is scored in the evening of the 27th.
        let as_of = date("2026-10-27") + 20 * crate::time::HOUR;
        let days = ["2026-10-27", "2026-10-26", "2026-10-24", "2026-10-23"];
        let at: Vec<Instant> = days.iter().map(|day| date(day)).chain([date("2026-10-23")]).collect();
        let count = |are_dates: bool| {
            let chunk = EventChunk { lead: vec![0; 5], at: at.clone(), kind: vec![0, 0, 0, 0, 1], columns: Vec::new() };
            let kinds = ["open", "send"].map(String::from).to_vec();
            let events = Events { kinds, are_dates, chunks: vec![chunk], ..Events::default() };
            let mut fold = Fold::new(&plan, 1);
            if are_dates {
                fold.on_dates(&[as_of], &zone);
            }
            let found = fold.with(Some(&events), &[0], || vec![as_of]).unwrap();
            [three, half, follows].map(|feature| found[feature.0][0])
        };
        // The day itself and three before it; half a day is that day; sent on the 23rd, three days are over on the 26th.
        assert_eq!(count(true), [3.0, 1.0, 3.0]);
        assert_eq!(count(false), [2.0, 0.0, 2.0]);
    }
}
