use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::{Criterion, Entries, InputFields};
use crate::forest::{Forest, Input, Takes};

/// A model that was made elsewhere, in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImportedSpec {
    pub file: PathBuf,
    /// What each input of the file is here; by default the column of its name.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub features: Entries<InputSpec>,
    /// What a text becomes that the file does not know; by default a missing value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Unseen>,
    /// What was read of the file.
    #[serde(skip)]
    pub read: Option<ModelFile>,
}

/// A model as its file has it.
#[derive(Clone, Debug)]
pub struct ModelFile {
    pub forest: Arc<Forest>,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
}

impl PartialEq for ModelFile {
    fn eq(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
    }
}

/// What an input of a model is: a column by name, or more than that.
#[derive(Clone, Debug, PartialEq)]
pub enum InputSpec {
    Column(String),
    Fields(Box<InputFields>),
}

/// What becomes of a text that has no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unseen {
    /// It is taken for a missing value.
    Missing,
    /// No lead is scored.
    Refuse,
    Code(f64),
}

/// What a missing value becomes.
#[derive(Clone, Debug, PartialEq)]
pub enum Filler {
    Number(f64),
    Text(String),
}

impl ImportedSpec {
    /// Columns in which texts may be looked up: those of inputs that are categories.
    pub fn looked_up(&self) -> Vec<String> {
        let Some(read) = &self.read else { return Vec::new() };
        let column = |input: &Input| {
            let spec = self.features.get(&input.name);
            let has_codes = matches!(spec, Some(InputSpec::Fields(fields)) if fields.codes.is_some());
            if input.takes == Takes::Number && !has_codes {
                return None;
            }
            match spec {
                None => Some(input.name.clone()),
                Some(InputSpec::Column(name)) => Some(name.clone()),
                Some(InputSpec::Fields(fields)) => fields.column.clone(),
            }
        };
        read.forest.inputs().iter().filter_map(column).collect()
    }
}

impl InputSpec {
    /// The events' own columns that it reads.
    pub(in crate::models) fn event_columns(&self) -> Vec<String> {
        self.criterion().map_or_else(Vec::new, |criterion| criterion.event_columns())
    }

    /// Whether it reads this kind of events.
    pub(in crate::models) fn reads_kind(&self, kind: &str) -> bool {
        let since = matches!(self, Self::Fields(fields) if fields.days_since.as_deref() == Some(kind));
        since || self.criterion().is_some_and(|criterion| criterion.reads_kind(kind))
    }

    fn criterion(&self) -> Option<Criterion> {
        if let Self::Fields(fields) = self { Some(fields.criterion()) } else { None }
    }
}

impl<'de> Deserialize<'de> for InputSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = InputSpec;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "the name of a column, `{ column: plan, codes: { free: 0, trial: 1 } }`, or an event feature such as { event: page_view, within: 30d, per: event }",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<InputSpec, E> {
                Ok(InputSpec::Column(name.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InputSpec, A::Error> {
                let fields = InputFields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(InputSpec::Fields(Box::new(fields)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Serialize for InputSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Column(name) => serializer.serialize_str(name),
            Self::Fields(fields) => fields.serialize(serializer),
        }
    }
}

impl JsonSchema for InputSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Input".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<InputFields>()] })
    }
}

impl<'de> Deserialize<'de> for ImportedSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            file: PathBuf,
            #[serde(default)]
            features: Entries<InputSpec>,
            #[serde(default)]
            unseen: Option<Unseen>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ImportedSpec;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a model's file, such as models/boosted.txt, or { file: models/boosted.txt, features: { seats: employees } }")
            }

            fn visit_str<E: de::Error>(self, file: &str) -> Result<ImportedSpec, E> {
                Ok(ImportedSpec { file: file.into(), ..ImportedSpec::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImportedSpec, A::Error> {
                let Fields { file, features, unseen } = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ImportedSpec { file, features, unseen, read: None })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for ImportedSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ImportedSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let features = generator.subschema_for::<Entries<InputSpec>>();
        let unseen = generator.subschema_for::<Unseen>();
        json_schema!({
            "description": "A model's file, or that and what its inputs are here.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object", "required": ["file"], "additionalProperties": false,
                    "properties": { "file": { "type": "string" }, "features": features, "unseen": unseen },
                },
            ],
        })
    }
}

impl<'de> Deserialize<'de> for Unseen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Filler::deserialize(deserializer)? {
            Filler::Number(code) => Ok(Self::Code(code)),
            Filler::Text(word) if word == "missing" => Ok(Self::Missing),
            Filler::Text(word) if word == "refuse" => Ok(Self::Refuse),
            Filler::Text(word) => Err(de::Error::custom(format!("`{word}`, expected `missing`, `refuse` or a number"))),
        }
    }
}

impl Serialize for Unseen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_str("missing"),
            Self::Refuse => serializer.serialize_str("refuse"),
            Self::Code(code) => serializer.serialize_f64(*code),
        }
    }
}

impl JsonSchema for Unseen {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Unseen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What a text becomes that has no number.",
            "anyOf": [{ "enum": ["missing", "refuse"] }, { "type": "number" }],
        })
    }
}

impl<'de> Deserialize<'de> for Filler {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Filler;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number or a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Filler, E> {
                Ok(Filler::Text(text.into()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Filler, E> {
                if number.is_finite() { Ok(Filler::Number(number)) } else { Err(E::custom("expected a finite number")) }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Filler, E> {
                Ok(Filler::Number(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Filler, E> {
                Ok(Filler::Number(number as f64))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

impl Serialize for Filler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl JsonSchema for Filler {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Filler".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"] })
    }
}
