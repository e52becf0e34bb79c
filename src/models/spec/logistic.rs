use std::fmt;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::{Criterion, CriterionFields};

/// A logistic regression, fitted on the used training leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogisticSpec {
    /// λ of the penalty λ/2·‖β‖² on the coefficients (not the intercept); default 1.
    #[serde(default = "one")]
    pub ridge: f64,
    /// Columns by name, and event features in the grammar of criteria without points. Default: all columns known at
    /// creation and, for each kind of event, how many there are and how many days ago the latest is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<FeatureSpec>>,
}

fn one() -> f64 {
    1.0
}

/// A column, or what a criterion would give points for.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureSpec {
    Column(String),
    Criterion(Box<CriterionFields>),
}

impl FeatureSpec {
    /// The events' own columns that it reads.
    pub(in crate::models) fn event_columns(&self) -> Vec<String> {
        self.criterion().map_or_else(Vec::new, |criterion| criterion.event_columns())
    }

    /// Whether it reads this kind of events.
    pub(in crate::models) fn reads_kind(&self, kind: &str) -> bool {
        self.criterion().is_some_and(|criterion| criterion.reads_kind(kind))
    }

    fn criterion(&self) -> Option<Criterion> {
        let Self::Criterion(fields) = self else { return None };
        let mut criterion = Criterion::default();
        fields.apply(&mut criterion);
        Some(criterion)
    }
}

impl<'de> Deserialize<'de> for FeatureSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FeatureSpec;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "the name of a column, or an event feature such as { event: page_view, within: 30d, per: event }",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<FeatureSpec, E> {
                Ok(FeatureSpec::Column(name.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FeatureSpec, A::Error> {
                let fields = CriterionFields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FeatureSpec::Criterion(Box::new(fields)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Serialize for FeatureSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Column(name) => serializer.serialize_str(name),
            Self::Criterion(fields) => fields.serialize(serializer),
        }
    }
}

impl JsonSchema for FeatureSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Feature".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<CriterionFields>()] })
    }
}
