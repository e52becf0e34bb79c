use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Entries, PointsSpec};

/// A points model whose rules stand in a file of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulesSpec {
    pub file: PathBuf,
    /// Columns of a platform's properties: `{ jobtitle: Job Title }`.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub columns: Entries<String>,
    /// Kinds of a platform's events: `{ "4-666288": email_open }`.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub events: Entries<String>,
    /// Whether the rules that cannot be read give nobody points: the others are the score.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// What was read of the file.
    #[serde(skip)]
    pub read: Option<RulesRead>,
}

/// A points model as its file has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RulesRead {
    pub points: PointsSpec,
    /// Where each criterion stands, as messages name it.
    pub places: Vec<String>,
    /// Whether names and values are those of a platform: a criterion that does not fit the data is left out and named.
    pub is_foreign: bool,
}

impl<'de> Deserialize<'de> for RulesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            file: PathBuf,
            #[serde(default)]
            columns: Entries<String>,
            #[serde(default)]
            events: Entries<String>,
            #[serde(default)]
            complete: bool,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RulesSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str(
                    "a file of rules, such as rules.csv, or { file: hubspot.json, columns: { jobtitle: Job Title } }",
                )
            }

            fn visit_str<E: de::Error>(self, file: &str) -> Result<RulesSpec, E> {
                Ok(RulesSpec { file: file.into(), ..RulesSpec::default() })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RulesSpec, A::Error> {
                let Fields { file, columns, events, complete } =
                    Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RulesSpec { file, columns, events, complete, read: None })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for RulesSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RulesSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = generator.subschema_for::<Entries<String>>();
        schemars::json_schema!({
            "description": "A file of rules: CSV (criterion, condition, points), or a platform's configuration in JSON.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object", "required": ["file"], "additionalProperties": false,
                    "properties": {
                        "file": { "type": "string" }, "columns": names, "events": names, "complete": { "type": "boolean" },
                    },
                },
            ],
        })
    }
}
