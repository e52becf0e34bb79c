use std::path::Path;

use crate::predicate::{Kind, Predicate};
use crate::table::Column;
use crate::time::{Edge, Instant, Zone};

use super::DataError;
use super::builder::{As, Ask, Tally, remarks};
use super::cells::{Batch, Cells};
use super::decoding::Decoding;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{OfBatch, Request, places};
use super::groups;
use super::history::{Attribute, EventChunk, Events, Weeks};
use super::joins::{Keys, Known, Strangers};
use super::leads::kind_of;
use super::only::{self, Named};
use super::outcomes::left_out_by;
use super::repeats::Repeats;
use super::settle::{Columns, OwnMet, Settled};
use super::sieve::{ColumnRows, Counts, Kinds, Log, NO_KIND, Sieve, Sifted};
use super::sink::{EventBatch, EventSink, Kept};
use super::source::{Progress, Source};
use super::spec::EventsSpec;
use super::times::TimesMet;
use super::values::Nulls;
use super::weeks::Arrivals;

/// An event log that is being decoded.
pub(crate) struct Opened<'a> {
    spec: &'a EventsSpec,
    /// The events' own columns that models and the condition on rows read.
    needs: Vec<String>,
    source: Source,
    decoding: Decoding,
    /// The time, and the events' own columns.
    asks: Vec<Ask>,
    /// Places in the header of what is seen of every row: the lead, the time, the kind where it has a column, and the
    /// event's id where some are repeated.
    seen: Vec<usize>,
    repeats: Option<Repeats>,
}

/// Begins to decode the event log: of its own columns only those that are needed.
pub(crate) fn open<'a>(spec: &'a EventsSpec, needs: &'a [String], base: &Path) -> Result<Opened<'a>, DataError> {
    if spec.kind.is_some() == spec.kind_is.is_some() {
        let why = "data.events: expected either `kind: column` or `kind_is: name`";
        return Err(DataError::Spec(why.into()));
    }
    let source = Source::open("events", &spec.path, spec.dialect(), base)?;
    let lead = source.column(&spec.lead.column, "events.lead")?;
    let mut needs = needs.to_vec();
    for name in spec.only.iter().flat_map(Predicate::columns) {
        let name = &source.header[only::place(name, &source, "events.where")?];
        if !needs.contains(name) {
            needs.push(name.clone());
        }
    }
    let asks = asks(spec, &needs, &source)?;
    let mut seen = vec![lead, asks[0].place];
    seen.extend(spec.kind.as_ref().map(|kind| source.column(kind, "events.kind")).transpose()?);
    let declared = spec.id.as_ref().map(|id| source.column(id, "events.id")).transpose()?;
    let compared: Vec<usize> = seen.iter().copied().chain(asks[1..].iter().map(|ask| ask.place)).collect();
    let repeats = Repeats::find(&source, &compared, declared)?;
    seen.extend(repeats.as_ref().map(|repeats| repeats.column));
    Ok(Opened { spec, needs, decoding: source.decode(&places(&seen, &asks), None), source, asks, seen, repeats })
}

fn asks(spec: &EventsSpec, needs: &[String], source: &Source) -> Result<Vec<Ask>, DataError> {
    for name in spec.types.keys().map(String::as_str).chain(source.dialect.columns()) {
        source.column(name, "events.types, events.nulls_in, events.format or events.decimal")?;
    }
    let mut asks = vec![Ask { place: source.column(&spec.at, "events.at")?, kind: As::Time(Edge::Start) }];
    for name in needs {
        let kind = spec.types.get(name).copied().map_or(As::Found, kind_of);
        asks.push(Ask { place: source.column(name, "a model")?, kind });
    }
    Ok(asks)
}

/// An event log of which it is known what its columns are.
pub(crate) struct Ready<'a> {
    opened: Opened<'a>,
    columns: Columns,
    only: Option<Only>,
}

/// The condition on rows, and the places of what it reads among the events' own columns.
struct Only {
    condition: Predicate,
    reads: Vec<usize>,
}

impl<'a> Opened<'a> {
    /// Finds out what the columns are, before the first event is handed on.
    pub fn settle(mut self, keys: &Keys, zone: &Zone) -> Result<Ready<'a>, DataError> {
        let passed_over = groups::of_strangers(&self.source, self.seen[0], keys);
        self.decoding.pass_over(passed_over.clone());
        let Self { source, decoding, asks, seen, .. } = &mut self;
        let log = Request { passed_over: Some(&passed_over), ..Request::new(source, seen, asks, zone) };
        let columns = Columns::settle(log, decoding, keys)?;
        let only = self.spec.only.as_ref().map(|only| Only::new(only, &self.needs, &columns, zone)).transpose()?;
        Ok(Ready { opened: self, columns, only })
    }
}

impl Only {
    fn new(only: &Predicate, needs: &[String], columns: &Columns, zone: &Zone) -> Result<Self, DataError> {
        let kinds = columns.empty().iter().map(Kind::of).collect::<Vec<Kind>>();
        let kinds: Vec<(String, Kind)> = needs.iter().cloned().zip(kinds).collect();
        let condition = only::resolved(only, &kinds, zone, "events")?;
        let reads = condition.columns().filter_map(|name| needs.iter().position(|need| need == name)).collect();
        Ok(Self { condition, reads })
    }
}

/// Until when which events count.
pub(crate) struct Keep<'a> {
    pub created: Option<&'a [Instant]>,
    /// By lead the last instant whose events matter; nothing: all do.
    pub last: Option<&'a [Instant]>,
    /// When the outcomes were exported; nothing: the latest time of all.
    pub until: Option<Instant>,
}

impl Ready<'_> {
    /// The log before it is read: its columns, without an event.
    pub fn empty(&self) -> Events {
        let chunk = EventChunk { columns: self.columns.empty(), ..EventChunk::default() };
        let (columns, are_dates) = (self.opened.needs.clone(), self.columns.at.are_dates);
        Events { columns, chunks: vec![chunk], are_dates, ..Events::default() }
    }

    /// Reads the log: its events go to the sink, and to the history where that has no use for them.
    pub fn read(
        self,
        (keys, attributes): (&Keys, &[Attribute]),
        keep: &Keep,
        sink: &mut dyn EventSink,
        findings: &mut Findings,
        progress: &dyn Fn(Progress),
    ) -> Result<Events, DataError> {
        let Self { columns, only, opened: Opened { spec, needs, source, decoding, asks, seen, repeats } } = self;
        let sieve = Sieve::new(keep.created, keep.last, keys.ids.len(), keep.until);
        let sifter = Sifter {
            repeats: repeats.as_ref(),
            only: only.as_ref(),
            needs: &needs,
            ..Sifter::new(&source, spec, (&seen, &asks), &columns, keys, &sieve)
        };
        let (mut log, mut met) = (Log::default(), Met::new(&columns));
        let mut kept = Kept::new(keep.last, columns.empty());
        let take = |_: &Batch, batch: Made| {
            let codes = log.append(&batch.sifted, &sieve);
            let Sifted { kinds, seen: by_kind, rows, .. } = &batch.sifted;
            let events = EventBatch { kinds, by_kind, names: &needs, rows: rows.len(), columns: &batch.columns };
            if !sink.take(&events) {
                kept.keep(&events, &codes);
            }
            met.append(batch.met);
            true
        };
        let of_files = source.read(decoding, progress, |batch| sifter.sift(batch), take)?;
        let known = keys.known(log.known, attributes);
        met.strangers.unknown.count += of_files.iter().map(|met| met.passed_over).sum::<u64>();
        findings.list.extend(source.findings(of_files));
        findings.list.extend(repeats.map(|repeats| repeats.report(&source)));
        findings.list.extend(spec.only.as_ref().and_then(|only| left_out_by(only, "events", met.left_out)));
        met.report(&log, &columns, (spec, &source, &needs), known, findings)?;
        if let Some(kind) = &spec.kind_is {
            log.levels.insert(kind);
            log.counts.make_room(log.levels.len(), &sieve);
        }
        Ok(Events {
            kinds: log.levels.iter().map(String::from).collect(),
            columns: needs,
            are_dates: columns.at.are_dates,
            chunks: kept.finish(),
            latest: log.counts.latest,
            after_until: log.counts.after_until,
            weeks: keep.weeks(log.counts, sieve),
        })
    }
}

impl Keep<'_> {
    fn weeks(&self, mut counts: Counts, sieve: Sieve) -> Option<Weeks> {
        let latest = || self.created?.iter().copied().max().max(Some(counts.latest));
        let arrivals = match self.until {
            Some(_) => sieve.arrivals,
            None => Arrivals::of(self.created?, latest().unwrap_or(0)),
        }?;
        counts.weeks.iter_mut().for_each(|kind| kind.end(&arrivals));
        Some(Weeks { arrivals, kinds: counts.weeks })
    }
}

/// Makes of a batch what is handed on.
struct Sifter<'a> {
    source: &'a Source,
    keys: &'a Keys<'a>,
    /// Missing values of the column of kinds; nothing without such a column.
    kinds: Option<Nulls>,
    kind_is: &'a str,
    columns: &'a Columns,
    /// By column, its cells in a batch.
    cells: Vec<usize>,
    sieve: &'a Sieve,
    repeats: Option<&'a Repeats>,
    only: Option<&'a Only>,
    needs: &'a [String],
}

/// A batch as it is handed on.
struct Made {
    sifted: Sifted,
    columns: Vec<Column>,
    met: Met,
}

/// What was met in the log.
struct Met {
    strangers: Strangers,
    times: TimesMet,
    /// In the events' own columns.
    own: Vec<OwnMet>,
    /// Rows that the condition leaves out.
    left_out: u64,
}

impl Met {
    fn new(columns: &Columns) -> Self {
        let own = columns.own.iter().map(Settled::nothing_met).collect();
        Self { strangers: Strangers::default(), times: TimesMet::default(), own, left_out: 0 }
    }

    fn append(&mut self, other: Self) {
        self.strangers.append(other.strangers);
        self.left_out += other.left_out;
        self.times.append(other.times);
        self.own.iter_mut().zip(other.own).for_each(|(own, other)| own.append(other));
    }

    /// # Errors
    /// When too many values of a column cannot be read.
    fn report(
        self,
        log: &Log,
        columns: &Columns,
        (spec, source, needs): (&EventsSpec, &Source, &[String]),
        known: Known,
        findings: &mut Findings,
    ) -> Result<(), DataError> {
        self.strangers.report(source, &spec.lead.column, known, What::EventWithoutLead, findings);
        let (dates, unreadable) = self.times.finish(source, &spec.at, &columns.at.form)?;
        let times = Column::Instant(Vec::new());
        findings.list.extend(remarks(source, &spec.at, &times, &Tally::of_times(dates, unreadable)));
        for ((column, met), name) in columns.own.iter().zip(self.own).zip(needs) {
            findings.list.extend(remarks(source, name, &column.empty(), &column.finish(source, name, met)?));
        }
        let mut warn = |what, count, text: String| {
            if count > 0 {
                findings.list.push(Finding::new("events", what, FindingLevel::Doubt, count, text));
            }
        };
        let column = spec.kind.as_deref().unwrap_or_default();
        warn(What::MissingKind, log.without_kind, format!("events without a kind (`{column}`), read as `{NO_KIND}`"));
        warn(What::MissingTime, log.timeless, format!("events without a readable time (`{}`), left out", spec.at));
        Ok(())
    }
}

impl<'a> Sifter<'a> {
    fn new(
        source: &'a Source,
        spec: &'a EventsSpec,
        (seen, asks): (&[usize], &[Ask]),
        columns: &'a Columns,
        keys: &'a Keys<'a>,
        sieve: &'a Sieve,
    ) -> Self {
        let nulls = |place: usize| Nulls::new(source.dialect.nulls(&source.header[place]));
        let cells = places(seen, asks);
        let cell_of = |ask: &Ask| cells.iter().position(|place| *place == ask.place);
        Self {
            source,
            keys,
            kinds: seen.get(2).map(|&kind| nulls(kind)),
            kind_is: spec.kind_is.as_deref().unwrap_or_default(),
            columns,
            cells: asks.iter().filter_map(cell_of).collect(),
            sieve,
            repeats: None,
            only: None,
            needs: &[],
        }
    }

    fn sift(&self, batch: &Batch) -> Made {
        let mut of_batch = OfBatch::new(batch, self.keys);
        let strangers = std::mem::take(&mut of_batch.strangers);
        if let Some(repeats) = self.repeats {
            self.merge(repeats, batch, &mut of_batch);
        }
        let left_out = self.only.map_or(0, |only| self.leave_out(only, batch, &mut of_batch));
        let kinds = match &self.kinds {
            Some(nulls) => Kinds::In(&batch.cells[2], nulls),
            None => Kinds::Are(self.kind_is),
        };
        let mut times = TimesMet::default();
        let at = self.columns.at.read(&batch.cells[1], batch, &of_batch.rows, &mut times);
        let own = || self.columns.own.iter().zip(&self.cells[1..]);
        let is_guessed =
            |(column, cell): (&Settled, &usize)| column.is_guessed() && matches!(batch.cells[*cell], Cells::Text(_));
        let rows = if own().any(is_guessed) { ColumnRows::All } else { ColumnRows::Seen };
        let sifted = Sifted::of(&kinds, of_batch, self.sieve, &at, rows);
        let read =
            |(column, cell): (&Settled, &usize)| column.read(self.source, &batch.cells[*cell], batch, &sifted.rows);
        let (columns, own) = own().map(read).unzip();
        Made { sifted, columns, met: Met { strangers, times, own, left_out } }
    }

    /// Takes out the rows that repeat another.
    fn merge(&self, repeats: &Repeats, batch: &Batch, of_batch: &mut OfBatch) {
        let ids = batch.cells[if self.kinds.is_some() { 3 } else { 2 }].as_text();
        let is_new = |&row: &u32| !repeats.is_again(ids.get(row as usize), batch.spot(row as usize));
        let new: Vec<bool> = of_batch.rows.iter().map(is_new).collect();
        of_batch.keep(&new);
    }

    /// Takes out the rows that the condition does not let in, and counts them.
    fn leave_out(&self, only: &Only, batch: &Batch, of_batch: &mut OfBatch) -> u64 {
        let read = |place: &usize| {
            self.columns.own[*place].read(self.source, &batch.cells[self.cells[1 + place]], batch, &of_batch.rows).0
        };
        let columns: Vec<Column> = only.reads.iter().map(read).collect();
        let names = only.reads.iter().map(|&place| self.needs[place].as_str()).collect();
        let named = Named { names, columns: columns.iter().collect(), rows: of_batch.rows.len() };
        let holds = only.condition.holds(&named);
        let before = of_batch.rows.len();
        of_batch.keep(&holds);
        (before - of_batch.rows.len()) as u64
    }
}
