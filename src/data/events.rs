use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::table::{Column, Ids, Text};
use crate::time::{Edge, Instant, NEVER, Zone};

use super::DataError;
use super::cells::{Batch, Cells};
use super::decoding::Decoding;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{As, Ask, Nulls, OfBatch, OfLeads, Request, Step, gather_of_leads, places, remarks};
use super::history::{EventChunk, Events, SeenEvents, Weeks};
use super::leads::kind_of;
use super::outcomes::report_strangers;
use super::read::EventSink;
use super::sieve::{Counts, Kinds, Log, NO_KIND, Sieve, Sifted};
use super::source::{Progress, Source};
use super::spec::EventsSpec;
use super::times::ApartReader;

/// Events of a chunk.
const CHUNK: usize = 1 << 22;

/// What of the log is kept, and until when it is counted.
pub(crate) struct Keep<'a> {
    pub created: Option<&'a [Instant]>,
    /// By lead the last instant whose events are kept; nothing: all are.
    pub last: Option<&'a [Instant]>,
    /// When the outcomes were exported; nothing: the latest time of all.
    pub until: Option<Instant>,
}

impl Keep<'_> {
    fn sieve(&self, leads: usize, until: Instant) -> Sieve {
        Sieve::new(self.created, self.last, leads, until)
    }
}

/// An event log that is being decoded.
pub(crate) struct Opened<'a> {
    spec: &'a EventsSpec,
    /// The events' own columns that models read.
    needs: &'a [String],
    source: Source,
    decoding: Decoding,
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

/// Reads the event log: of its events those that are to be kept.
pub(crate) fn read(
    opened: Opened,
    ids: &Ids,
    keep: &Keep,
    sink: &mut dyn EventSink,
    zone: &Zone,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Events, DataError> {
    let Opened { spec, needs, source, decoding, asks, seen } = opened;
    let mut sieve = keep.until.map(|until| keep.sieve(ids.len(), until));
    if let Some(sieve) = &mut sieve {
        sieve.hands_over = needs.is_empty() && keep.last.is_some() && sink.takes();
    }
    let sifter = Sifter::new(&source, spec, &seen, &asks, zone, sieve);
    let (mut log, mut begun) = (Log::default(), false);
    let request = Request { begun: Some(decoding), ..Request::new(&source, &seen, &asks, zone) };
    let sift = |batch: &Batch, rows: &mut OfBatch| sifter.sift(batch, rows);
    let OfLeads { leads, strangers, columns, met, .. } =
        gather_of_leads(request, ids, false, progress, sift, |step| match step {
            Step::Begin => {
                if std::mem::replace(&mut begun, true) {
                    sifter.reads_text.store(false, Ordering::Relaxed);
                    sink.forget();
                }
                log = Log::default();
            }
            Step::Of(_, mut batch) => {
                let by_kind = std::mem::take(&mut batch.seen);
                if !by_kind.is_empty() {
                    sink.take(&SeenEvents { kinds: batch.kinds.levels.clone(), by_kind });
                }
                log.append(batch, sifter.sieve.as_ref());
            }
        })?;
    findings.list.extend(source.findings(met));
    report_strangers(&source, Some(&spec.lead), &strangers, log.known, What::EventWithoutLead, findings);
    for (ask, gathered) in asks.iter().zip(&columns) {
        findings.list.extend(remarks(&source, &source.header[ask.place], gathered));
    }
    if log.without_kind > 0 {
        let column = spec.kind.as_deref().unwrap_or_default();
        let text = format!("events without a kind (`{column}`), read as `{NO_KIND}`");
        findings.list.push(Finding::new("events", What::MissingKind, FindingLevel::Warning, log.without_kind, text));
    }
    let mut columns = columns.into_iter().map(|gathered| gathered.column);
    let Some(Column::Instant(at)) = columns.next() else { return Ok(Events::default()) };
    let timeless = at.iter().filter(|at| **at == NEVER).count() as u64;
    if timeless > 0 {
        let text = format!("events without a readable time (`{}`), left out", spec.at);
        findings.list.push(Finding::new("events", What::MissingTime, FindingLevel::Warning, timeless, text));
    }
    if let Some(kind) = &spec.kind_is {
        log.levels.insert(kind);
    }
    let sieve = sifter.sieve.unwrap_or_else(|| {
        let created = keep.created.into_iter().flatten().copied().max();
        keep.sieve(ids.len(), created.max(at.iter().copied().max()).unwrap_or(0))
    });
    let kept = EventChunk { lead: leads, at, kind: std::mem::take(&mut log.kinds), columns: columns.collect() };
    Ok(assemble(needs, kept, log, sieve))
}

/// Sorts out which events of a batch are kept.
struct Sifter<'a> {
    spec: &'a EventsSpec,
    /// Of the column of kinds.
    nulls: Option<Nulls>,
    times: ApartReader<'a>,
    /// Time texts are read as they come, until they turn out to be written otherwise.
    reads_text: AtomicBool,
    /// Cells of columns whose text must be guessed: what a column holds is told by all of its values, and none may be left
    /// out.
    guessed: Vec<usize>,
    /// Nothing: all events are kept, and counted later.
    sieve: Option<Sieve>,
}

impl<'a> Sifter<'a> {
    fn new(
        source: &Source,
        spec: &'a EventsSpec,
        seen: &[usize],
        asks: &[Ask],
        zone: &'a Zone,
        sieve: Option<Sieve>,
    ) -> Self {
        let nulls = |place: usize| Nulls::new(source.dialect.nulls(&source.header[place]));
        let format = source.dialect.format(&source.header[asks[0].place]);
        let is_found = |place: usize| asks.iter().any(|ask| ask.place == place && ask.kind == As::Found);
        let cells = places(seen, asks).into_iter().enumerate();
        Self {
            spec,
            nulls: seen.get(2).map(|&kind| nulls(kind)),
            times: ApartReader { zone, nulls: nulls(asks[0].place), format },
            reads_text: AtomicBool::new(sieve.as_ref().is_some_and(|sieve| sieve.hands_over)),
            guessed: cells.filter(|(_, place)| is_found(*place)).map(|(cell, _)| cell).collect(),
            sieve,
        }
    }

    fn sift(&self, batch: &Batch, rows: &mut OfBatch) -> Sifted {
        let kinds = match &self.nulls {
            Some(nulls) => Kinds::In(&batch.cells[2], nulls),
            None => Kinds::Are(self.spec.kind_is.as_deref().unwrap_or_default()),
        };
        let is_text = |&cell: &usize| matches!(batch.cells[cell], Cells::Text(_));
        let sieve = self.sieve.as_ref().filter(|_| !self.guessed.iter().any(is_text));
        let (times, known) = (&batch.cells[1], rows.rows.len());
        let here = rows.rows.iter().map(|&row| row as usize);
        let read = sieve.and_then(|_| self.times.instants(times, here, self.reads_text.load(Ordering::Relaxed)));
        let (at, dates) = read.map_or((None, 0), |(at, dates)| (Some(at), dates));
        let sifted = Sifted::of(&kinds, rows, sieve, at.as_deref());
        rows.apart = self.times.apart(times, (known - rows.rows.len()) as u64, dates);
        sifted
    }
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

/// Counts what was not counted while it was read, and keeps what is to be kept.
fn assemble(needs: &[String], mut all: EventChunk, mut log: Log, sieve: Sieve) -> Events {
    log.counts.make_room(log.levels.len(), &sieve);
    for place in log.uncounted.iter().cloned().flatten().filter(|&place| all.at[place] != NEVER) {
        log.counts.add(&sieve, sieve.born(all.lead[place]), all.at[place], all.kind[place]);
    }
    let keeps = |place: usize| sieve.keeps(all.lead[place], all.at[place]);
    // What was counted while it was read was sifted too, but for what has no time.
    if !log.uncounted.is_empty() || all.at.contains(&NEVER) {
        let kept: Vec<usize> = (0..all.lead.len()).filter(|&place| keeps(place)).collect();
        all = EventChunk {
            lead: kept.iter().map(|&place| all.lead[place]).collect(),
            at: kept.iter().map(|&place| all.at[place]).collect(),
            kind: kept.iter().map(|&place| all.kind[place]).collect(),
            columns: all.columns.iter().map(|column| column.take(&kept)).collect(),
        };
    }
    let Counts { latest, after_until, weeks: kinds } = log.counts;
    let weeks = sieve.arrivals.map(|arrivals| Weeks { arrivals, kinds });
    Events {
        kinds: log.levels.iter().map(String::from).collect(),
        columns: needs.to_vec(),
        chunks: chunks(all),
        latest,
        after_until,
        weeks,
    }
}

/// Events with columns of their own in several chunks: conditions are computed a chunk at a time.
fn chunks(mut all: EventChunk) -> Vec<EventChunk> {
    let mut chunks = Vec::new();
    // From the end, so that what is left keeps its place.
    while all.lead.len() > CHUNK && !all.columns.is_empty() {
        let from = (all.lead.len() - 1) / CHUNK * CHUNK;
        chunks.push(EventChunk {
            lead: all.lead.split_off(from),
            at: all.at.split_off(from),
            kind: all.kind.split_off(from),
            columns: all.columns.iter_mut().map(|column| split_off(column, from)).collect(),
        });
    }
    all.lead.shrink_to_fit();
    all.at.shrink_to_fit();
    all.kind.shrink_to_fit();
    chunks.push(all);
    chunks.reverse();
    chunks
}

fn split_off(column: &mut Column, from: usize) -> Column {
    match column {
        Column::Number(values) => Column::Number(values.split_off(from)),
        Column::Text(text) => Column::Text(Text { codes: text.codes.split_off(from), levels: text.levels.clone() }),
        Column::Flag(values) => Column::Flag(values.split_off(from)),
        Column::Instant(values) => Column::Instant(values.split_off(from)),
    }
}
