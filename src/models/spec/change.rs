use std::fmt;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Bounds, Criterion, CriterionFields, Entries, Tier};

/// What a variant of a points model does otherwise: criteria by name, and settings of the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub criteria: Entries<CriterionFields>,
    /// Merged by name; null takes one away.
    pub groups: Entries<Option<Bounds>>,
    /// Merged by name; null takes one away.
    pub tiers: Entries<Option<Tier>>,
    pub bounds: Option<Option<Bounds>>,
    pub grades: Option<Entries<Entries<Option<f64>>>>,
    pub threshold: Option<Option<f64>>,
    pub round: Option<Option<f64>>,
    /// Names of criteria to leave out.
    pub remove: Vec<String>,
    pub add: Vec<Criterion>,
}

/// What a criterion cannot be called, for a change could not name it.
pub(in crate::models) const RESERVED: [&str; 8] =
    ["groups", "tiers", "bounds", "grades", "threshold", "round", "remove", "add"];

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Change;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "names of criteria with what changes in them, or any of {}", RESERVED.join(", "))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Change, A::Error> {
                let mut change = Change::default();
                let mut seen: Vec<String> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if seen.contains(&name) {
                        return Err(de::Error::custom(format!("`{name}` stands here twice")));
                    }
                    match name.as_str() {
                        "groups" => change.groups = map.next_value()?,
                        "tiers" => change.tiers = map.next_value()?,
                        "bounds" => change.bounds = Some(map.next_value()?),
                        "grades" => change.grades = Some(map.next_value()?),
                        "threshold" => change.threshold = Some(map.next_value()?),
                        "round" => change.round = Some(map.next_value()?),
                        "remove" => change.remove = map.next_value()?,
                        "add" => change.add = map.next_value()?,
                        criterion => change.criteria.set(criterion, map.next_value()?),
                    }
                    seen.push(name);
                }
                Ok(change)
            }
        }
        deserializer.deserialize_map(Parts)
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn stated<M: SerializeMap, V: Serialize>(map: &mut M, name: &str, value: Option<&V>) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(name, value))
        }
        let mut map = serializer.serialize_map(None)?;
        for (name, fields) in self.criteria.iter() {
            map.serialize_entry(name, fields)?;
        }
        stated(&mut map, "groups", (!self.groups.is_empty()).then_some(&self.groups))?;
        stated(&mut map, "tiers", (!self.tiers.is_empty()).then_some(&self.tiers))?;
        stated(&mut map, "bounds", self.bounds.as_ref())?;
        stated(&mut map, "grades", self.grades.as_ref())?;
        stated(&mut map, "threshold", self.threshold.as_ref())?;
        stated(&mut map, "round", self.round.as_ref())?;
        stated(&mut map, "remove", (!self.remove.is_empty()).then_some(&self.remove))?;
        stated(&mut map, "add", (!self.add.is_empty()).then_some(&self.add))?;
        map.end()
    }
}

impl JsonSchema for Change {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "What a variant does otherwise: criteria by name, and settings of the whole.",
            "properties": {
                "groups": generator.subschema_for::<Entries<Option<Bounds>>>(),
                "tiers": generator.subschema_for::<Entries<Option<Tier>>>(),
                "bounds": generator.subschema_for::<Option<Bounds>>(),
                "grades": generator.subschema_for::<Entries<Entries<Option<f64>>>>(),
                "threshold": generator.subschema_for::<Option<f64>>(),
                "round": generator.subschema_for::<Option<f64>>(),
                "remove": generator.subschema_for::<Vec<String>>(),
                "add": generator.subschema_for::<Vec<Criterion>>(),
            },
            "additionalProperties": generator.subschema_for::<CriterionFields>(),
        })
    }
}
