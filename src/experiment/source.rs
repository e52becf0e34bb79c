//! An experiment file as it is written, and where in it a field stands.

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use super::{ConfigError, yaml};

/// A file of YAML, read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// # Errors
    /// When the file cannot be read, is a table of data, or no text.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self { path: path.into(), text: yaml::text(path)? })
    }

    /// # Errors
    /// When the text is not the YAML of a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        yaml::parse(&self.text, &self.path)
    }

    /// A field such as `models.live.points.criteria[2].when` with its file, and its line; of one that is not written out, as a
    /// default is, the line of the section that would hold it.
    pub fn at(&self, field: &str) -> String {
        match line_of(&self.text, field) {
            Some(line) => format!("{}:{line}: {field}", self.path.display()),
            None => format!("{}: {field}", self.path.display()),
        }
    }

    pub fn invalid(&self, field: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::Invalid { at: self.at(field), message: message.into() }
    }
}

fn line_of(text: &str, field: &str) -> Option<usize> {
    let deepest = Cell::new(None);
    // A text that breaks off further down has told of its places before.
    let _ = serde_yaml::with_deserializer_from_str_with_options(text, serde_yaml::Options::default(), |yaml| {
        Descent { rest: field, is_entry: false, deepest: &deepest }.deserialize(yaml)
    });
    deepest.get().map(|(_, line)| line)
}

/// Goes down along a path of keys and of places in lists.
struct Descent<'a> {
    /// The path from here on.
    rest: &'a str,
    /// Whether this is an entry of a list, whose first key tells its line.
    is_entry: bool,
    /// How much of the path is left, and the line.
    deepest: &'a Cell<Option<(usize, usize)>>,
}

impl Descent<'_> {
    fn note(&self, left: usize, line: usize) {
        if self.deepest.get().is_none_or(|(before, _)| left < before) {
            self.deepest.set(Some((left, line)));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Descent<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Descent<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut is_first = self.is_entry;
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let line = key.referenced.line() as usize;
            if std::mem::take(&mut is_first) {
                self.note(self.rest.len(), line);
            }
            let after = self.rest.strip_prefix(key.value.as_str());
            match after.filter(|after| after.is_empty() || after.starts_with(['.', '['])) {
                Some(after) => {
                    let rest = after.strip_prefix('.').unwrap_or(after);
                    self.note(rest.len(), line);
                    map.next_value_seed(Descent { rest, is_entry: false, deepest: self.deepest })?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let index = self.rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let entry = index.and_then(|(place, rest)| Some((place.parse::<usize>().ok()?, rest.trim_start_matches('.'))));
        if let Some((place, rest)) = entry {
            for _ in 0..place {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Descent { rest, is_entry: true, deepest: self.deepest })?;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
version: 1
models:
  live:
    points:
      criteria:
        - { name: a, when: x }
        - name: b
          points: 3
      tiers: { hot: { from: 20 } }
  live.v2:
    extends: live
replay: { walk: { every: month },
          train: 3 }
";

    #[test]
    fn a_field_is_found_where_an_editor_shows_it() {
        let line = |field| line_of(TEXT, field);
        assert_eq!(line("version"), Some(1));
        assert_eq!(line("models.live.points.criteria[0]"), Some(6));
        assert_eq!(line("models.live.points.criteria[1]"), Some(7));
        assert_eq!(line("models.live.points.criteria[1].points"), Some(8));
        assert_eq!(line("models.live.points.tiers.hot"), Some(9));
        assert_eq!(line("models.live.v2.extends"), Some(11));
        assert_eq!(line("replay.train"), Some(13));
    }

    #[test]
    fn of_what_is_not_written_the_section_is_told_that_would_hold_it() {
        let line = |field| line_of(TEXT, field);
        assert_eq!(line("models.live.points.threshold"), Some(4));
        assert_eq!(line("models.live.points.criteria[1].cap"), Some(7));
        assert_eq!(line("models.live.points.criteria[9]"), Some(5));
        assert_eq!(line("gates"), None);
        assert_eq!(line("rules.csv:4"), None);
        assert_eq!(line_of("models: [\n", "models.live"), Some(1));
    }
}
