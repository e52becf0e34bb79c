use std::path::Path;

use crate::table::{Column, Ids};
use crate::time::{Edge, Instant, Zone};

use super::DataError;
use super::builder::{As, Ask, Tally, remarks};
use super::cells::{Batch, Cells};
use super::decoding::Decoding;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{OfBatch, Request, places};
use super::groups;
use super::history::{EventChunk, Events, Weeks};
use super::leads::kind_of;
use super::outcomes::report_strangers;
use super::reader::Counted;
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
    /// The events' own columns that models read.
    needs: &'a [String],
    source: Source,
    decoding: Decoding,
    /// The time, and the events' own columns.
    asks: Vec<Ask>,
    /// Places in the header of what is seen of every row: the lead, the time, and the kind where it has a column.
    seen: Vec<usize>,
}

/// Begins to decode the event log: of its own columns only those that are needed.
pub(crate) fn open<'a>(spec: &'a EventsSpec, needs: &'a [String], base: &Path) -> Result<Opened<'a>, DataError> {
    if spec.kind.is_some() == spec.kind_is.is_some() {
        let why = "data.events: expected either `kind: column` or `kind_is: name`";
        return Err(DataError::Spec(why.into()));
    }
    let source = Source::open("events", &spec.path, spec.dialect(), base)?;
    let lead = source.column(&spec.lead, "events.lead")?;
    let asks = asks(spec, needs, &source)?;
    let mut seen = vec![lead, asks[0].place];
    seen.extend(spec.kind.as_ref().map(|kind| source.column(kind, "events.kind")).transpose()?);
    Ok(Opened { spec, needs, decoding: source.decode(&places(&seen, &asks), None), source, asks, seen })
}

fn asks(spec: &EventsSpec, needs: &[String], source: &Source) -> Result<Vec<Ask>, DataError> {
    for name in spec.types.keys().map(String::as_str).chain(source.dialect.columns()) {
        source.column(name, "events.types, events.nulls_in or events.format")?;
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
}

impl<'a> Opened<'a> {
    /// Finds out what the columns are, before the first event is handed on.
    pub fn settle(mut self, ids: &Ids, zone: &Zone) -> Result<Ready<'a>, DataError> {
        let passed_over = groups::of_strangers(&self.source, self.seen[0], ids);
        self.decoding.pass_over(passed_over.clone());
        let Self { source, decoding, asks, seen, .. } = &mut self;
        let log = Request { passed_over: Some(&passed_over), ..Request::new(source, seen, asks, zone) };
        let columns = Columns::settle(log, decoding, ids)?;
        Ok(Ready { opened: self, columns })
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
        Events { columns: self.opened.needs.to_vec(), chunks: vec![chunk], ..Events::default() }
    }

    /// Reads the log: its events go to the sink, and to the history where that has no use for them.
    pub fn read(
        self,
        ids: &Ids,
        keep: &Keep,
        sink: &mut dyn EventSink,
        findings: &mut Findings,
        progress: &dyn Fn(Progress),
    ) -> Result<Events, DataError> {
        let Self { columns, opened: Opened { spec, needs, source, decoding, asks, seen } } = self;
        let sieve = Sieve::new(keep.created, keep.last, ids.len(), keep.until);
        let sifter = Sifter::new(&source, spec, (&seen, &asks), &columns, ids, &sieve);
        let (mut log, mut met) = (Log::default(), Met::new(&columns));
        let mut kept = Kept::new(keep.last, columns.empty());
        let take = |_: &Batch, batch: Made| {
            let codes = log.append(&batch.sifted, &sieve);
            let Sifted { kinds, seen: by_kind, rows, .. } = &batch.sifted;
            let events = EventBatch { kinds, by_kind, names: needs, rows: rows.len(), columns: &batch.columns };
            if !sink.take(&events) {
                kept.keep(&events, &codes);
            }
            met.append(batch.met);
            true
        };
        let of_files = source.read(decoding, progress, |batch| sifter.sift(batch), take)?;
        met.strangers.count += of_files.iter().map(|met| met.passed_over).sum::<u64>();
        findings.list.extend(source.findings(of_files));
        met.report(&log, &columns, (spec, &source, needs), findings)?;
        if let Some(kind) = &spec.kind_is {
            log.levels.insert(kind);
            log.counts.make_room(log.levels.len(), &sieve);
        }
        Ok(Events {
            kinds: log.levels.iter().map(String::from).collect(),
            columns: needs.to_vec(),
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
    ids: &'a Ids,
    lead_nulls: Nulls,
    /// Missing values of the column of kinds; nothing without such a column.
    kinds: Option<Nulls>,
    kind_is: &'a str,
    columns: &'a Columns,
    /// By column, its cells in a batch.
    cells: Vec<usize>,
    sieve: &'a Sieve,
}

/// A batch as it is handed on.
struct Made {
    sifted: Sifted,
    columns: Vec<Column>,
    met: Met,
}

/// What was met in the log.
struct Met {
    strangers: Counted,
    times: TimesMet,
    /// In the events' own columns.
    own: Vec<OwnMet>,
}

impl Met {
    fn new(columns: &Columns) -> Self {
        let own = columns.own.iter().map(Settled::nothing_met).collect();
        Self { strangers: Counted::default(), times: TimesMet::default(), own }
    }

    fn append(&mut self, other: Self) {
        self.strangers.append(other.strangers);
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
        findings: &mut Findings,
    ) -> Result<(), DataError> {
        report_strangers(source, Some(&spec.lead), &self.strangers, log.known, What::EventWithoutLead, findings);
        let (dates, unreadable) = self.times.finish(source, &spec.at, &columns.at.form)?;
        let times = Column::Instant(Vec::new());
        findings.list.extend(remarks(source, &spec.at, &times, &Tally::of_times(dates, unreadable)));
        for ((column, met), name) in columns.own.iter().zip(self.own).zip(needs) {
            findings.list.extend(remarks(source, name, &column.empty(), &column.finish(source, name, met)?));
        }
        let mut warn = |what, count, text: String| {
            if count > 0 {
                findings.list.push(Finding::new("events", what, FindingLevel::Warning, count, text));
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
        ids: &'a Ids,
        sieve: &'a Sieve,
    ) -> Self {
        let nulls = |place: usize| Nulls::new(source.dialect.nulls(&source.header[place]));
        let cells = places(seen, asks);
        let cell_of = |ask: &Ask| cells.iter().position(|place| *place == ask.place);
        Self {
            source,
            ids,
            lead_nulls: nulls(seen[0]),
            kinds: seen.get(2).map(|&kind| nulls(kind)),
            kind_is: spec.kind_is.as_deref().unwrap_or_default(),
            columns,
            cells: asks.iter().filter_map(cell_of).collect(),
            sieve,
        }
    }

    fn sift(&self, batch: &Batch) -> Made {
        let mut of_batch = OfBatch::new(batch, self.ids, &self.lead_nulls);
        let strangers = std::mem::take(&mut of_batch.strangers);
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
        Made { sifted, columns, met: Met { strangers, times, own } }
    }
}
