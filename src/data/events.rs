use std::collections::HashMap;
use std::path::Path;

use crate::predicate::{Kind, Predicate};
use crate::table::{Column, Ids, yaml_name};
use crate::time::{Edge, Instant, NEVER, Zone, earlier};

use super::DataError;
use super::builder::{As, Ask, Tally, remarks};
use super::cells::{Batch, Cells};
use super::decoding::Decoding;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{OfBatch, Request, places};
use super::groups;
use super::history::{Attribute, EventChunk, Events, Weeks};
use super::joins::{Keys, Known, LeadNames, Strangers};
use super::leads::kind_of;
use super::only::{self, Named};
use super::outcomes::left_out_by;
use super::repeats::Repeats;
use super::settle::{Columns, OwnMet, Settled};
use super::sieve::{ColumnRows, Counts, Kinds, Log, LogTally, NO_KIND, Sieve, Sifted};
use super::sink::{EventBatch, EventSink, Kept};
use super::source::{Progress, Source};
use super::spec::EventsSpec;
use super::times::TimesMet;
use super::values::Nulls;
use super::weeks::Arrivals;

/// An event log that is being decoded.
pub(crate) struct Opened<'a> {
    spec: &'a EventsSpec,
    /// The events' own columns that models and the condition on rows read, of those that the log has.
    needs: Vec<String>,
    source: Source,
    /// Until it is read.
    decoding: Option<Decoding>,
    /// The time, and the events' own columns.
    asks: Vec<Ask>,
    /// Places in the header of what is seen of every row: the lead, the time, the kinds where they have columns, and the
    /// event's id where some are repeated.
    seen: Vec<usize>,
    repeats: Option<Repeats>,
}

/// Begins to decode the event logs: of their own columns only those that are needed.
pub(crate) fn open<'a>(specs: &'a [EventsSpec], needs: &[String], base: &Path) -> Result<Vec<Opened<'a>>, DataError> {
    let sources = specs.iter().map(|spec| Source::open("events", &spec.path, spec.dialect(), base));
    let sources = sources.collect::<Result<Vec<Source>, DataError>>()?;
    // A column that a model reads stands in one log at least; the error is the first one's.
    for name in needs.iter().filter(|name| !sources.iter().any(|source| source.header.contains(name))) {
        sources.iter().try_for_each(|source| source.column(name, "a model").map(drop))?;
    }
    specs.iter().zip(sources).map(|(spec, source)| Opened::new(spec, source, needs)).collect()
}

impl<'a> Opened<'a> {
    fn new(spec: &'a EventsSpec, source: Source, needs: &[String]) -> Result<Self, DataError> {
        if spec.kind.is_empty() == spec.kind_is.is_none() {
            let why = "data.events: expected either `kind: column` or `kind_is: name`";
            return Err(DataError::Spec(why.into()));
        }
        let lead = source.column(&spec.lead.column, "events.lead")?;
        let mut needs: Vec<String> = needs.iter().filter(|name| source.header.contains(name)).cloned().collect();
        for name in spec.only.iter().flat_map(Predicate::columns) {
            let name = &source.header[only::place(name, &source, "events.where")?];
            if !needs.contains(name) {
                needs.push(name.clone());
            }
        }
        let asks = asks(spec, &needs, &source)?;
        let mut seen = vec![lead, asks[0].place];
        for kind in &spec.kind.0 {
            seen.push(source.column(kind, "events.kind")?);
        }
        let declared = spec.id.as_ref().map(|id| source.column(id, "events.id")).transpose()?;
        let compared: Vec<usize> = seen.iter().copied().chain(asks[1..].iter().map(|ask| ask.place)).collect();
        let repeats = Repeats::find(&source, &compared, declared)?;
        seen.extend(repeats.as_ref().map(|repeats| repeats.column));
        let decoding = Some(source.decode(&places(&seen, &asks), None));
        Ok(Self { spec, needs, source, decoding, asks, seen, repeats })
    }
}

fn asks(spec: &EventsSpec, needs: &[String], source: &Source) -> Result<Vec<Ask>, DataError> {
    for name in spec.types.keys().map(String::as_str).chain(source.dialect.columns()) {
        source.column(name, "events.types, events.nulls_in, events.format or events.decimal")?;
    }
    let mut asks = vec![source.ask(&spec.at, "events.at", As::Time(Edge::Start))?];
    for name in needs {
        let kind = spec.types.get(name).copied().map_or(As::Found, kind_of);
        asks.push(source.ask(name, "a model", kind)?);
    }
    Ok(asks)
}

/// An event log of which it is known what its columns are, and who its leads are.
pub(crate) struct Ready<'a> {
    opened: Opened<'a>,
    keys: Keys<'a>,
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
    pub fn settle(
        mut self,
        ids: &'a Ids,
        names: &'a LeadNames,
        (base, zone): (&Path, &Zone),
        findings: &mut Findings,
    ) -> Result<Ready<'a>, DataError> {
        let lead = &self.spec.lead;
        let keys = Keys::new(ids, self.source.dialect.nulls(&lead.column), lead, names);
        let keys = keys.walked("events", base, zone, findings)?;
        let passed_over = groups::of_strangers(&self.source, self.seen[0], &keys);
        let Self { source, decoding, asks, seen, .. } = &mut self;
        let decoding = decoding.as_mut();
        decoding.iter().for_each(|decoding| decoding.pass_over(passed_over.clone()));
        let log = Request { passed_over: Some(&passed_over), ..Request::new(source, seen, asks, zone) };
        let columns = Columns::settle(log, decoding, &keys)?;
        let only = self.spec.only.as_ref().map(|only| Only::new(only, &self.needs, &columns, zone)).transpose()?;
        Ok(Ready { opened: self, keys, columns, only })
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

/// Where the kind stands among what is seen of a row, behind the lead and the time.
const KIND: usize = 2;

/// Until when which events count.
pub(crate) struct Keep<'a> {
    pub created: Option<&'a [Instant]>,
    /// By lead the last instant whose events matter; nothing: all do.
    pub last: Option<&'a [Instant]>,
    /// When the outcomes were exported; nothing: the latest time of all.
    pub until: Option<Instant>,
}

/// The event logs of which all is known but their events.
pub(crate) struct Logs<'a> {
    logs: Vec<Ready<'a>>,
    /// The events' own columns, of all logs, without a value.
    columns: Vec<(String, Column)>,
}

impl<'a> Logs<'a> {
    /// # Errors
    /// When a column is of one kind in one log and of another in the next.
    pub fn new(logs: Vec<Ready<'a>>) -> Result<Self, DataError> {
        let mut columns: Vec<(String, Column)> = Vec::new();
        for log in &logs {
            for (name, column) in log.opened.needs.iter().zip(log.columns.empty()) {
                match columns.iter().find(|(known, _)| known == name) {
                    None => columns.push((name.clone(), column)),
                    Some((_, known)) if known.kind() == column.kind() => {}
                    Some((_, known)) => {
                        return Err(DataError::Spec(format!(
                            "data.events: `{name}` is {} in one log and {} in {}; declare what it holds in each, as \
                             `types: {{ {}: text }}`",
                            known.kind(),
                            column.kind(),
                            log.opened.source.files[0].shown,
                            yaml_name(name)
                        )));
                    }
                }
            }
        }
        Ok(Self { logs, columns })
    }

    /// The events before they are read: their columns, without an event.
    pub fn empty(&self) -> Events {
        let columns = self.columns.iter().map(|(_, column)| column.take(&[])).collect();
        let chunk = EventChunk { columns, ..EventChunk::default() };
        let names = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let are_dates = self.logs.iter().all(|log| log.columns.at.are_dates);
        Events { columns: names, chunks: vec![chunk], are_dates, ..Events::default() }
    }

    /// When the first event of some kinds happened, by lead; [`NEVER`] where none did.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn first_of(&self, kinds: &[String], leads: usize) -> Result<Vec<Instant>, DataError> {
        let mut first = vec![NEVER; leads];
        for log in &self.logs {
            log.first_of(kinds, &mut first)?;
        }
        Ok(first)
    }

    /// Reads the logs: their events go to the sink, and to the history where that has no use for them.
    pub fn read(
        self,
        attributes: &[Attribute],
        keep: &Keep,
        sink: &mut dyn EventSink,
        findings: &mut Findings,
        progress: &dyn Fn(Progress),
    ) -> Result<Events, DataError> {
        let mut events = self.empty();
        let sieve = Sieve::new(keep.created, keep.last, self.logs[0].keys.ids.len(), keep.until);
        let mut taken = Taken {
            log: Log::default(),
            kept: Kept::new(keep.last, std::mem::take(&mut events.chunks[0].columns)),
            names: &events.columns,
            columns: &self.columns,
            sink,
        };
        for log in self.logs {
            log.read(attributes, &sieve, &mut taken, findings, progress)?;
        }
        let Taken { log, kept, .. } = taken;
        Ok(Events {
            kinds: log.levels.iter().map(String::from).collect(),
            chunks: kept.finish(),
            latest: log.counts.latest,
            after_until: log.counts.after_until,
            weeks: keep.weeks(log.counts, sieve),
            ..events
        })
    }
}

/// Where the events of all logs go.
struct Taken<'a> {
    log: Log,
    kept: Kept<'a>,
    names: &'a [String],
    columns: &'a [(String, Column)],
    sink: &'a mut dyn EventSink,
}

impl Taken<'_> {
    fn take(&mut self, batch: &Sifted, columns: Vec<Column>, needs: &[String], sieve: &Sieve) {
        let codes = self.log.append(batch, sieve);
        let Sifted { kinds, seen: by_kind, rows, .. } = batch;
        let columns = self.in_order(columns, needs, rows.len());
        let events = EventBatch { kinds, by_kind, names: self.names, rows: rows.len(), columns: &columns };
        if !self.sink.take(&events) {
            self.kept.keep(&events, &codes);
        }
    }

    /// The columns of all logs, of those that this one lacks the missing values of so many rows.
    fn in_order(&self, columns: Vec<Column>, needs: &[String], rows: usize) -> Vec<Column> {
        if needs == self.names {
            return columns;
        }
        let mut own: HashMap<&String, Column> = needs.iter().zip(columns).collect();
        self.columns.iter().map(|(name, empty)| own.remove(name).unwrap_or_else(|| empty.missing(rows))).collect()
    }
}

impl Ready<'_> {
    fn sifter<'b>(&'b self, sieve: &'b Sieve) -> Sifter<'b> {
        let Self { opened: Opened { spec, needs, source, asks, seen, repeats, .. }, keys, columns, only } = self;
        let nulls = |name: &String| Nulls::new(source.dialect.nulls(name));
        let cells = places(seen, asks);
        let cell_of = |ask: &Ask| cells.iter().position(|place| *place == ask.place);
        Sifter {
            source,
            keys,
            kinds: spec.kind.0.iter().map(nulls).collect(),
            kind_is: spec.kind_is.as_deref().unwrap_or_default(),
            columns,
            cells: asks.iter().filter_map(cell_of).collect(),
            sieve,
            repeats: repeats.as_ref(),
            only: only.as_ref(),
            needs,
        }
    }

    fn first_of(&self, kinds: &[String], first: &mut [Instant]) -> Result<(), DataError> {
        let Opened { source, asks, seen, .. } = &self.opened;
        let sieve = Sieve::new(None, None, first.len(), None);
        let sifter = self.sifter(&sieve);
        let decoding = source.decode(&places(seen, asks), None);
        source.read(
            decoding,
            &|_| (),
            |batch| sifter.times_of(batch, kinds),
            |_, times| {
                for (lead, at) in times {
                    first[lead as usize] = earlier(first[lead as usize], at);
                }
                true
            },
        )?;
        Ok(())
    }

    fn read(
        mut self,
        attributes: &[Attribute],
        sieve: &Sieve,
        taken: &mut Taken,
        findings: &mut Findings,
        progress: &dyn Fn(Progress),
    ) -> Result<(), DataError> {
        let Some(decoding) = self.opened.decoding.take() else { return Ok(()) };
        let sifter = self.sifter(sieve);
        let Opened { spec, needs, source, repeats, .. } = &self.opened;
        let (mut tally, mut met) = (LogTally::default(), Met::new(&self.columns));
        let take = |_: &Batch, batch: Made| {
            tally.append(&batch.sifted);
            taken.take(&batch.sifted, batch.columns, needs, sieve);
            met.append(batch.met);
            true
        };
        let of_files = source.read(decoding, progress, |batch| sifter.sift(batch), take)?;
        let known = self.keys.known(tally.known, attributes);
        met.strangers.unknown.count += of_files.iter().map(|met| met.passed_over).sum::<u64>();
        findings.list.extend(source.findings(of_files));
        findings.list.extend(repeats.as_ref().map(|repeats| repeats.report(source)));
        findings.list.extend(spec.only.as_ref().and_then(|only| left_out_by(only, "events", met.left_out)));
        findings.list.extend(self.keys.report(source, tally.known, met.strangers.otherwise));
        met.report(&tally, &self.columns, (spec, source, needs), known, findings)?;
        if let Some(kind) = &spec.kind_is {
            taken.log.levels.insert(kind);
            taken.log.counts.make_room(taken.log.levels.len(), sieve);
        }
        Ok(())
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
    /// Missing values of each column of kinds.
    kinds: Vec<Nulls>,
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
        log: &LogTally,
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
        let column = spec.kind.0.join("`, `");
        warn(What::MissingKind, log.without_kind, format!("events without a kind (`{column}`), read as `{NO_KIND}`"));
        warn(What::MissingTime, log.timeless, format!("events without a readable time (`{}`), left out", spec.at));
        Ok(())
    }
}

impl Sifter<'_> {
    /// The rows whose lead is known, without those that are left out; how many the condition leaves out.
    fn rows(&self, batch: &Batch) -> (OfBatch, u64) {
        let mut of_batch = OfBatch::new(batch, self.keys);
        if let Some(repeats) = self.repeats {
            self.merge(repeats, batch, &mut of_batch);
        }
        let left_out = self.only.map_or(0, |only| self.leave_out(only, batch, &mut of_batch));
        (of_batch, left_out)
    }

    fn kinds<'b>(&'b self, batch: &'b Batch) -> Kinds<'b> {
        match self.kinds.as_slice() {
            [] => Kinds::Are(self.kind_is),
            [nulls] => Kinds::In(&batch.cells[KIND], nulls),
            several => Kinds::InAll(&batch.cells[KIND..KIND + several.len()], several),
        }
    }

    /// The leads and times of events of some kinds.
    fn times_of(&self, batch: &Batch, wanted: &[String]) -> Vec<(u32, Instant)> {
        let of_batch = self.rows(batch).0;
        let at = self.columns.at.read(&batch.cells[1], batch, &of_batch.rows, &mut TimesMet::default());
        let (kinds, _) = self.kinds(batch).of(&of_batch.rows);
        let is_wanted: Vec<bool> = kinds.levels.iter().map(|kind| wanted.iter().any(|one| one == kind)).collect();
        let rows = of_batch.leads.iter().zip(at.iter()).zip(&kinds.codes);
        let those = rows.filter(|((_, at), code)| **at != NEVER && is_wanted[**code as usize]);
        those.map(|((lead, at), _)| (*lead, *at)).collect()
    }

    fn sift(&self, batch: &Batch) -> Made {
        let (mut of_batch, left_out) = self.rows(batch);
        let strangers = std::mem::take(&mut of_batch.strangers);
        let kinds = self.kinds(batch);
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
        let ids = batch.cells[KIND + self.kinds.len()].as_text();
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
