use std::collections::HashMap;
use std::sync::Arc;

use super::DataError;
use super::cells::{Batch, Cells, Lines};
use super::files::InFile;
use super::finding::{Finding, FindingLevel, RowUnit, What};
use super::json_lines::{Growing, Paths, Places};
use super::reader::{Counted, Group, Header, Met, Stored, TableReader, Wanted};

/// Values of a column that are looked at to find whether it holds objects.
const LOOKED_AT: usize = 64;

/// A table some of whose columns hold JSON objects as text: what is in them are columns too, named by their path.
pub(crate) struct JsonColumns {
    inner: Box<dyn TableReader>,
    input: &'static str,
    file: InFile,
    /// The columns of objects, each with the paths within it.
    parents: Vec<(String, Vec<String>)>,
}

/// The table itself, where no column holds objects.
pub(crate) fn with_objects(
    input: &'static str,
    file: &InFile,
    inner: Box<dyn TableReader>,
) -> Result<Box<dyn TableReader>, DataError> {
    let header = inner.header()?;
    let mut times: HashMap<&str, usize> = HashMap::new();
    header.columns.iter().for_each(|name| *times.entry(name).or_default() += 1);
    let is_once = |name: &&str| !name.is_empty() && times[name] == 1;
    let names: Vec<&str> = header.columns.iter().map(String::as_str).filter(is_once).collect();
    let mut holding = Vec::new();
    read(&*inner, &names, &mut |batch| {
        let holds = |cells: &Cells| matches!(cells, Cells::Text(block) if are_objects(block.iter()));
        holding.extend(names.iter().zip(&batch.cells).filter(|(_, cells)| holds(cells)).map(|(name, _)| *name));
        false
    });
    if holding.is_empty() {
        return Ok(inner);
    }
    let mut paths: Vec<Paths> = holding.iter().map(|_| Paths::default()).collect();
    read(&*inner, &holding, &mut |batch| {
        for (paths, cells) in paths.iter_mut().zip(&batch.cells) {
            if let Cells::Text(block) = cells {
                block.iter().filter(|text| !text.is_empty()).for_each(|text| paths.take(text));
            }
        }
        true
    });
    let parents = holding.iter().zip(paths).map(|(parent, paths)| {
        let is_new = |path: &String| !times.contains_key(format!("{parent}.{path}").as_str());
        ((*parent).to_string(), paths.columns().into_iter().filter(is_new).collect())
    });
    let parents = parents.collect();
    Ok(Box::new(JsonColumns { inner, input, file: file.clone(), parents }))
}

/// What is wrong with the file is said when it is read in earnest.
fn read(inner: &dyn TableReader, names: &[&str], see: &mut dyn FnMut(Batch) -> bool) {
    let wanted = Wanted { names, file: 0, is_passed_over: &|_| false, bytes: &Arc::default() };
    let _ = inner.read(&wanted, see);
}

fn are_objects<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut present = texts.map(str::trim).filter(|text| !text.is_empty()).take(LOOKED_AT).peekable();
    let is_object = |text: &str| text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    present.peek().is_some() && present.all(is_object)
}

impl JsonColumns {
    /// The column of objects that a name leads into, and the path within it.
    fn within<'a>(&self, name: &'a str) -> Option<(usize, &'a str)> {
        self.parents.iter().enumerate().find_map(|(place, (parent, paths))| {
            let path = name.strip_prefix(parent.as_str())?.strip_prefix('.')?;
            paths.iter().any(|known| known == path).then_some((place, path))
        })
    }
}

impl TableReader for JsonColumns {
    fn header(&self) -> Result<Header, DataError> {
        let mut header = self.inner.header()?;
        let within =
            self.parents.iter().flat_map(|(parent, paths)| paths.iter().map(move |path| format!("{parent}.{path}")));
        header.columns.extend(within);
        Ok(header)
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let paths_in = |parent: usize| {
            wanted.names.iter().filter_map(move |name| self.within(name)).filter(move |at| at.0 == parent)
        };
        let parents: Vec<(usize, Vec<&str>)> = (0..self.parents.len())
            .map(|parent| (parent, paths_in(parent).map(|(_, path)| path).collect::<Vec<_>>()))
            .filter(|(_, paths)| !paths.is_empty())
            .collect();
        if parents.is_empty() {
            return self.inner.read(wanted, send);
        }
        let own = wanted.names.iter().copied().filter(|name| self.within(name).is_none());
        let names: Vec<&str> = own.chain(parents.iter().map(|(parent, _)| self.parents[*parent].0.as_str())).collect();
        let places: Vec<Places> = parents.iter().map(|(_, paths)| Places::of(paths)).collect();
        let mut unread = vec![Counted::default(); parents.len()];
        let mut failed = None;
        let inner = Wanted { names: &names, ..*wanted };
        let mut met = self.inner.read(&inner, &mut |mut batch| {
            let objects = batch.cells.split_off(names.len() - parents.len());
            let mut own = std::mem::take(&mut batch.cells).into_iter();
            let mut within = Vec::with_capacity(parents.len());
            for ((cells, places), (unread, (_, paths))) in
                objects.iter().zip(&places).zip(unread.iter_mut().zip(&parents))
            {
                let (text, mut growing) = (cells.as_text(), Growing::new(paths.len()));
                for (row, object) in text.iter().enumerate() {
                    if object.trim().is_empty() {
                        growing.close_row();
                    } else if !growing.take(object, places) {
                        unread.add(batch.spot(row), object);
                    }
                }
                let lines = (0..batch.rows()).map(|row| batch.spot(row).line).collect();
                match growing.batch((&self.file, self.unit()), batch.file, lines) {
                    Ok(batch) => within.push(batch.cells.into_iter()),
                    Err(error) => {
                        failed = Some(error);
                        return false;
                    }
                }
            }
            let of = |parent: usize| parents.iter().position(|(known, _)| *known == parent);
            let cell = |name: &&str| match self.within(name) {
                Some((parent, _)) => within.get_mut(of(parent)?)?.next(),
                None => own.next(),
            };
            let cells = wanted.names.iter().filter_map(cell).collect();
            let lines = std::mem::replace(&mut batch.lines, Lines::From(0, 0));
            send(Batch { file: batch.file, lines, cells })
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        for ((parent, _), unread) in parents.iter().zip(unread).filter(|(_, unread)| unread.count > 0) {
            let parent = &self.parents[*parent].0;
            let lines: Vec<String> = unread.first.iter().take(5).map(|(spot, _)| spot.line.to_string()).collect();
            let text = format!(
                "{}: values of `{parent}` that are no JSON objects, and whose parts are missing, such as in {} {}",
                self.file.shown,
                self.unit(),
                lines.join(", ")
            );
            let finding = Finding::new(self.input, What::UnreadableValue, FindingLevel::Doubt, unread.count, text);
            met.notes.push(finding.advice("export the column again, or correct these values"));
        }
        Ok(met)
    }

    fn unit(&self) -> RowUnit {
        self.inner.unit()
    }

    fn stored(&self, column: &str) -> Stored {
        self.inner.stored(column)
    }

    fn groups(&self, column: &str) -> Vec<Group> {
        self.inner.groups(column)
    }

    fn has_loose_rows(&self) -> bool {
        self.inner.has_loose_rows()
    }
}
