//! What an experiment file says of the column that names a row's lead.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::spec::Paths;
use crate::table::is_blank;

/// What two writings of one id may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Spaces and signs without width before and after it.
    Blanks,
    /// Capital and small letters.
    Case,
    /// Zeros before it.
    Zeros,
    /// `.0` after it: a program took it for a number.
    Float,
    /// The last three of Salesforce's 18 characters.
    Salesforce15,
}

pub(super) const MATCHES: [Match; 5] = [Match::Blanks, Match::Case, Match::Zeros, Match::Float, Match::Salesforce15];

impl Match {
    /// The id without that in which it may differ.
    pub(super) fn fold(self, id: &str) -> Cow<'_, str> {
        match self {
            Self::Blanks => id.trim_matches(is_blank).into(),
            Self::Case => id.to_lowercase().into(),
            Self::Zeros => {
                let rest = id.trim_start_matches('0');
                if rest.is_empty() { id } else { rest }.into()
            }
            Self::Float => id.strip_suffix(".0").unwrap_or(id).into(),
            Self::Salesforce15 => {
                let is_long = id.len() == 18 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if is_long { &id[..15] } else { id }.into()
            }
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Blanks => "blanks",
            Self::Case => "case",
            Self::Zeros => "zeros",
            Self::Float => "float",
            Self::Salesforce15 => "salesforce15",
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Blanks => "without the blanks around them",
            Self::Case => "without regard to capital letters",
            Self::Zeros => "without leading zeros",
            Self::Float => "without the `.0` that made them numbers",
            Self::Salesforce15 => "by the first 15 of Salesforce's 18 characters",
        }
    }
}

/// The column that names a row's lead, and how its cells lead there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LeadKey {
    pub column: String,
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Match>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Via>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    #[serde(skip_serializing_if = "Credit::is_first")]
    pub credit: Credit,
}

/// Another file that leads from one key to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a step such as `{ path: Lead.csv, from: ConvertedContactId, to: Id }`")]
pub struct Via {
    /// A file, a pattern or a list of them; the leads' own file, too.
    pub path: Paths,
    /// The column that holds the key so far.
    pub from: String,
    /// The column that holds the next one: after the last step the lead's id.
    pub to: String,
}

/// Whose a row is that names several leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// The first of them that is known.
    #[default]
    First,
    /// Each of them has the whole row.
    Each,
}

impl Credit {
    fn is_first(&self) -> bool {
        *self == Self::First
    }
}

impl LeadKey {
    /// The id without all in which it may differ.
    pub fn folded<'a>(&self, id: &'a str) -> Cow<'a, str> {
        self.by.iter().fold(Cow::Borrowed(id), |id, how| how.fold(&id).into_owned().into())
    }

    /// Whether a row may be several leads'.
    pub(super) fn is_shared(&self) -> bool {
        self.split.is_some() && self.credit == Credit::Each
    }

    /// # Errors
    /// Of keys that mean nothing together.
    fn check(&self) -> Result<(), String> {
        match &self.split {
            None if self.credit == Credit::Each => Err(
                "`credit: each` is for cells that name several leads; say what stands between them, as `split: \";\"`"
                    .into(),
            ),
            Some(split) if split.is_empty() => {
                Err("`split` is empty: expected what stands between ids, such as \";\"".into())
            }
            _ => Ok(()),
        }
    }
}

impl From<&str> for LeadKey {
    fn from(column: &str) -> Self {
        Self { column: column.into(), ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for LeadKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnOrMap;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            column: String,
            #[serde(default, rename = "match")]
            by: Vec<Match>,
            #[serde(default)]
            via: Vec<Via>,
            split: Option<String>,
            #[serde(default)]
            credit: Credit,
        }

        impl<'de> Visitor<'de> for ColumnOrMap {
            type Value = LeadKey;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a column, or `{ column: …, match: […], via: […], split: … }`")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<LeadKey, E> {
                Ok(column.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LeadKey, A::Error> {
                let Whole { column, by, via, split, credit } =
                    Whole::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let key = LeadKey { column, by, via, split, credit };
                key.check().map_err(de::Error::custom)?;
                Ok(key)
            }
        }

        deserializer.deserialize_any(ColumnOrMap)
    }
}

impl JsonSchema for LeadKey {
    fn schema_name() -> Cow<'static, str> {
        "LeadKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (how, via, credit) =
            (generator.subschema_for::<Match>(), generator.subschema_for::<Via>(), generator.subschema_for::<Credit>());
        json_schema!({
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "column": { "type": "string" },
                        "match": {
                            "type": "array",
                            "items": how,
                            "description": "In what the ids may be written otherwise than the leads'."
                        },
                        "via": {
                            "type": "array",
                            "items": via,
                            "description": "Other files that lead from the cell to the lead's id, step by step; a cell that is a lead's id already needs none."
                        },
                        "split": { "type": "string", "description": "What stands between the ids of a cell that holds several." },
                        "credit": credit
                    },
                    "required": ["column"],
                    "additionalProperties": false
                }
            ],
            "description": "The column that names the lead, and how its cells lead there."
        })
    }
}
