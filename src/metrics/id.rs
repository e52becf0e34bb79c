use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

use super::{METRICS, Metric};

/// The name of a metric of the table: in results and gates it stands for the metric itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(&'static str);

impl MetricId {
    pub(super) const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The metric of a name; nothing where the table has none.
    pub fn named(id: &str) -> Option<Self> {
        METRICS.iter().map(|metric| metric.id).find(|known| known.0 == id)
    }

    pub fn as_str(self) -> &'static str {
        self.0
    }

    pub fn metric(self) -> &'static Metric {
        METRICS.iter().find(|metric| metric.id == self).expect("every id stands in the table")
    }
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for MetricId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for MetricId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::named(&id).ok_or_else(|| D::Error::custom(format!("there is no metric `{id}`")))
    }
}
