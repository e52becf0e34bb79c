//! What the columns of the event log are, found out before the first event is handed on.

use crate::table::{Column, Text};
use crate::time::{Edge, Zone};

use super::DataError;
use super::builder::{As, Ask, Builder, Tally};
use super::cells::{Batch, Cells};
use super::decoding::Decoding;
use super::gather::{OfBatch, Request, places};
use super::joins::Keys;
use super::numbers::NumberForm;
use super::reader::{Bounds, Stored};
use super::source::Source;
use super::times::{Form, TimeReader, TimesMet};
use super::values::{EXACT, Nulls};

/// How the columns of the log are to be read.
pub(crate) struct Columns {
    /// When events happened.
    pub at: TimeReader,
    /// The events' own columns.
    pub own: Vec<Settled>,
}

/// A column whose kind is settled.
pub(crate) enum Settled {
    Times(TimeReader),
    Values(Box<Values>),
}

/// A column of other values than times.
pub(crate) struct Values {
    ask: Ask,
    /// What it is.
    kind: As,
    form: NumberForm,
    zone: Zone,
}

/// What was met in a column.
pub(crate) enum OwnMet {
    Times(TimesMet),
    Values(Tally),
}

impl Columns {
    /// Most columns are settled by the first batch: text is text, a file's own types are what they are, and times with their
    /// year first are read like that (files that change their mind behind their first rows are refused when they are
    /// read). What is not, numbers in a text file or times with their year last, depends on all values of the column: these
    /// columns alone are read through beforehand.
    pub fn settle(log: Request, decoding: Option<&mut Decoding>, keys: &Keys) -> Result<Self, DataError> {
        let Request { source, asks, zone, .. } = log;
        let mut builders = begin(log, decoding, keys);
        let is_open = |place: &usize| {
            let ask = &asks[*place];
            is_guessed(ask) && !is_settled(source, ask, &mut builders[*place], zone)
        };
        let open: Vec<usize> = (0..asks.len()).filter(is_open).collect();
        if !open.is_empty() {
            let asks: Vec<Ask> = open.iter().map(|&ask| asks[ask].clone()).collect();
            let read = read_through(Request { asks: &asks, ..log }, keys)?;
            open.into_iter().zip(read).for_each(|(ask, builder)| builders[ask] = builder);
        }
        let mut settled = asks.iter().zip(&mut builders).map(|(ask, builder)| Settled::new(source, ask, builder, zone));
        let Some(Settled::Times(at)) = settled.next().transpose()? else {
            unreachable!("the first column is of times")
        };
        Ok(Self { at, own: settled.collect::<Result<_, _>>()? })
    }

    /// The events' own columns, without a value.
    pub fn empty(&self) -> Vec<Column> {
        self.own.iter().map(Settled::empty).collect()
    }
}

/// Whether what a column is depends on its values.
fn is_guessed(ask: &Ask) -> bool {
    matches!(ask.kind, As::Found | As::Number | As::Time(_))
}

/// Columns as far as the first batch tells.
fn begin(
    Request { source, seen, asks, zone, .. }: Request,
    decoding: Option<&mut Decoding>,
    keys: &Keys,
) -> Vec<Builder> {
    let mut builders: Vec<Builder> = asks.iter().map(|ask| Builder::new(source, ask, zone)).collect();
    let guessed = || (0..asks.len()).filter(|&ask| is_guessed(&asks[ask]));
    let decoding = guessed().next().and(decoding);
    let Some(batch) = decoding.and_then(Decoding::peek) else { return builders };
    let known = OfBatch::new(batch, keys).rows;
    let cells = places(seen, asks);
    for ask in guessed() {
        if let Some(cell) = cells.iter().position(|place| *place == asks[ask].place) {
            // How times are written the rows of other leads tell too.
            let rows = (!matches!(asks[ask].kind, As::Time(_))).then_some(known.as_slice());
            builders[ask].push(&batch.cells[cell], batch, rows, 0);
        }
    }
    builders
}

/// Whether no later value can change what the column is, given the first rows of the log.
fn is_settled(source: &Source, ask: &Ask, builder: &mut Builder, zone: &Zone) -> bool {
    let As::Time(_) = ask.kind else { return is_settled_value(source, ask, builder) };
    // Midnights alone may all be dates.
    if !builder.times().is_some_and(|times| times.has_clock()) {
        return false;
    }
    if source.dialect.format(&source.header[ask.place]).is_some() {
        return true;
    }
    let of_text = |file: &usize| source.readers[*file].stored(&source.header[ask.place]) == Stored::Text;
    let mut starts_well = |file: usize| match file {
        0 => builder.times().is_some_and(|times| times.is_year_first()),
        file => starts_year_first(source, file, ask, zone),
    };
    (0..source.readers.len()).filter(of_text).all(&mut starts_well)
}

fn is_settled_value(source: &Source, ask: &Ask, builder: &Builder) -> bool {
    let name = source.header[ask.place].as_str();
    let first = source.readers[0].stored(name);
    let is_one = || source.readers.iter().all(|reader| reader.stored(name) == first);
    let exact = -(EXACT as i64)..=EXACT as i64;
    let is_exact = |bounds: &Option<Bounds>| match bounds {
        Some(Bounds::Number(low, high)) => exact.contains(low) && exact.contains(high),
        _ => false,
    };
    match (builder.found(), first) {
        (None, _) => false,
        _ if ask.kind == As::Number && (first != Stored::Text || builder.form().is_declared()) => true,
        (Some(As::Text), _) => true,
        (Some(_), Stored::Text) => false,
        (Some(_), Stored::Typed(_)) => is_one(),
        (Some(_), Stored::Whole) => {
            let mut groups = source.readers.iter().flat_map(|reader| reader.groups(name));
            is_one() && groups.all(|group| is_exact(&group.bounds))
        }
    }
}

/// Whether all times of a file's first rows have their year first.
fn starts_year_first(source: &Source, file: usize, ask: &Ask, zone: &Zone) -> bool {
    let mut builder = Builder::new(source, ask, zone);
    source.head(file, ask.place, |batch| builder.push(&batch.cells[0], batch, None, 0));
    builder.times().is_some_and(|times| times.is_year_first())
}

/// Reads columns from end to end, to find out what they are.
fn read_through(log: Request, keys: &Keys) -> Result<Vec<Builder>, DataError> {
    let Request { source, asks, zone, .. } = log;
    let lead = &log.seen[..1];
    let places = places(lead, asks);
    let mut builders: Vec<Builder> = asks.iter().map(|ask| Builder::new(source, ask, zone)).collect();
    let known = |batch: &Batch| OfBatch::new(batch, keys).rows;
    source.read(source.decode(&places, log.passed_over.cloned()), &|_| (), known, |batch, rows| {
        for (builder, ask) in builders.iter_mut().zip(asks) {
            if let Some(cell) = places.iter().position(|place| *place == ask.place) {
                builder.push(&batch.cells[cell], batch, Some(&rows), 0);
                builder.clear();
            }
        }
        let is_open = |(builder, ask): (&Builder, &Ask)| {
            matches!(ask.kind, As::Time(_)) || !is_settled_value(source, ask, builder)
        };
        builders.iter().zip(asks).any(is_open)
    })?;
    Ok(builders)
}

impl Settled {
    fn new(source: &Source, ask: &Ask, builder: &mut Builder, zone: &Zone) -> Result<Self, DataError> {
        let name = &source.header[ask.place];
        let (kind, edge) = match (ask.kind, builder.found()) {
            (As::Time(edge), _) => (ask.kind, edge),
            (As::Found, found) => (found.unwrap_or(As::Text), Edge::Start),
            (kind, _) => (kind, Edge::Start),
        };
        let As::Time(_) = kind else {
            let form = builder.form();
            if let Some(problem) = form.problem(source, name).filter(|_| kind == As::Number) {
                return Err(DataError::Spec(problem));
            }
            let (ask, form, zone) = (ask.clone(), form.settled(), zone.clone());
            return Ok(Self::Values(Box::new(Values { ask, kind, form, zone })));
        };
        let (form, are_dates) = match builder.times() {
            Some(times) => (times.form(source, name)?, !times.has_clock()),
            None => (Form::of(source.dialect.format(name)), false),
        };
        let nulls = Nulls::new(source.dialect.nulls(name));
        Ok(Self::Times(TimeReader { zone: zone.clone(), edge, nulls, form, are_dates }))
    }

    /// Whether its text was looked at to tell what it is: all of it counts then, in what is said of the column.
    pub fn is_guessed(&self) -> bool {
        matches!(self, Self::Values(values) if values.ask.kind == As::Found)
    }

    pub fn empty(&self) -> Column {
        match self {
            Self::Times(_) => Column::Instant(Vec::new()),
            Self::Values(values) => match values.kind {
                As::Number => Column::Number(Vec::new()),
                As::Flag => Column::Flag(Vec::new()),
                _ => Column::Text(Text::default()),
            },
        }
    }

    /// Some rows of a batch.
    pub fn read(&self, source: &Source, cells: &Cells, batch: &Batch, rows: &[u32]) -> (Column, OwnMet) {
        match self {
            Self::Times(times) => {
                let mut met = TimesMet::default();
                let at = times.read(cells, batch, rows, &mut met).into_owned();
                (Column::Instant(at), OwnMet::Times(met))
            }
            Self::Values(values) => {
                let Values { ask, kind, form, zone } = &**values;
                let mut builder = Builder::new(source, ask, zone);
                builder.settle((*kind, form), rows.len());
                builder.push(cells, batch, Some(rows), 0);
                let (column, _, tally) = builder.part();
                (column, OwnMet::Values(tally))
            }
        }
    }

    pub fn nothing_met(&self) -> OwnMet {
        match self {
            Self::Times(_) => OwnMet::Times(TimesMet::default()),
            Self::Values(..) => OwnMet::Values(Tally::default()),
        }
    }

    /// What is to be said of its values.
    ///
    /// # Errors
    /// When too many cannot be read.
    pub fn finish(&self, source: &Source, name: &str, met: OwnMet) -> Result<Tally, DataError> {
        match (self, met) {
            (Self::Times(times), OwnMet::Times(met)) => {
                let (dates, unreadable) = met.finish(source, name, &times.form)?;
                Ok(Tally::of_times(dates, unreadable))
            }
            (column, OwnMet::Values(tally)) => tally.check(source, name, &column.empty()).map(|()| tally),
            (_, OwnMet::Times(_)) => Ok(Tally::default()),
        }
    }
}

impl OwnMet {
    pub fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Times(own), Self::Times(other)) => own.append(other),
            (Self::Values(own), Self::Values(other)) => own.append(other),
            _ => {}
        }
    }
}
