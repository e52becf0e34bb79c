//! Gates and thresholds as they stand in an experiment file.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::evaluation::{Gate, Margin, ThresholdRule};
use crate::metrics::{self, MetricId};
use crate::table::suggest;

/// A condition that a challenger must meet to be promoted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "GateFields")]
pub struct GateSpec(pub Gate);

/// A condition on a challenger: of a metric, of every segment, or of the last quarters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GateFields {
    /// capture (or capture_at_capacity), auc, average_precision, lift_10, brier, log_loss and others.
    metric: Option<String>,
    /// The least gain: the lower bound of its interval must reach it.
    at_least: Option<f64>,
    /// The largest loss: the lower bound of the gain must not lie below minus this.
    not_worse_by: Option<f64>,
    /// The confidence of the interval, 0.95 by default.
    confidence: Option<f64>,
    /// A column of `segments`: the AUC within every level must not be worse.
    segments: Option<String>,
    /// "3 of 4 better": more wins handed over in so many of the last quarters.
    quarters: Option<String>,
}

impl TryFrom<GateFields> for GateSpec {
    type Error = String;

    fn try_from(fields: GateFields) -> Result<Self, String> {
        let confidence = fields.confidence.unwrap_or(0.95);
        if !(0.5..1.0).contains(&confidence) {
            return Err(format!("confidence {confidence}: expected a number from 0.5 to below 1, such as 0.95"));
        }
        for (name, value) in [("at_least", fields.at_least), ("not_worse_by", fields.not_worse_by)] {
            if value.is_some_and(|value| !(value >= 0.0 && value.is_finite())) {
                return Err(format!("{name}: expected a number of at least 0"));
            }
        }
        match fields {
            GateFields { metric: Some(metric), at_least, not_worse_by, segments: None, quarters: None, .. } => {
                let margin = match (at_least, not_worse_by) {
                    (Some(least), None) => Margin::AtLeast(least),
                    (None, Some(most)) => Margin::NotWorseBy(most),
                    _ => return Err(format!("metric {metric}: expected either `at_least` or `not_worse_by`")),
                };
                Ok(Self(Gate::Metric { metric: known(&metric)?, margin, confidence }))
            }
            GateFields {
                segments: Some(column), not_worse_by, metric: None, quarters: None, at_least: None, ..
            } => {
                let not_worse_by = not_worse_by
                    .ok_or("segments: expected `not_worse_by`, the largest loss of AUC within a segment")?;
                Ok(Self(Gate::Segments { column, not_worse_by, confidence }))
            }
            GateFields {
                quarters: Some(text),
                metric: None,
                segments: None,
                at_least: None,
                not_worse_by: None,
                ..
            } => quarters(&text).map(Self),
            _ => Err("expected one of `metric`, `segments` and `quarters`, with its margin".into()),
        }
    }
}

/// A metric by its name; capture at capacity has two.
fn known(metric: &str) -> Result<MetricId, String> {
    let name = if metric == "capture_at_capacity" { "capture" } else { metric };
    let all: Vec<&str> = metrics::compared().map(|(metric, _)| metric.id.as_str()).collect();
    if let Some(metric) = MetricId::named(name).filter(|metric| all.contains(&metric.as_str())) {
        return Ok(metric);
    }
    let near = suggest(all.iter().copied(), name);
    Err(match near {
        Some(near) => format!("there is no metric `{metric}`, did you mean `{near}`?"),
        None => format!("there is no metric `{metric}`, expected one of {}", all.join(", ")),
    })
}

fn quarters(text: &str) -> Result<Gate, String> {
    let wrong = || format!("`{text}`: expected so many of the last quarters, such as `3 of 4 better`");
    let words: Vec<&str> = text.split_whitespace().collect();
    let [better, "of", of, "better"] = words[..] else { return Err(wrong()) };
    let (better, of) = (better.parse::<usize>().map_err(|_| wrong())?, of.parse::<usize>().map_err(|_| wrong())?);
    if better == 0 || better > of || of > 40 {
        return Err(wrong());
    }
    Ok(Gate::Quarters { better, of })
}

impl JsonSchema for GateSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Gate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        GateFields::json_schema(generator)
    }
}

/// What the hand-over threshold is to meet, beside the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSpec {
    /// The share of leads handed over that is to convert, 0 to 1.
    pub precision: Option<Share>,
    /// What it costs to work a lead; together with `value_per_win`.
    pub cost_per_lead: Option<Sum>,
    /// What a win is worth.
    pub value_per_win: Option<Sum>,
}

impl ThresholdSpec {
    pub fn rule(&self) -> ThresholdRule {
        ThresholdRule {
            precision: self.precision.map(|share| share.0),
            cost_per_lead: self.cost_per_lead.map(|sum| sum.0),
            value_per_win: self.value_per_win.map(|sum| sum.0),
        }
    }
}

/// A share above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match f64::deserialize(deserializer)? {
            share if share > 0.0 && share < 1.0 => Ok(Self(share)),
            other => Err(de::Error::custom(format!("{other}: expected a share between 0 and 1, such as 0.2"))),
        }
    }
}

impl JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 })
    }
}

/// A sum of money, or a number of winners, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum(pub f64);

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match f64::deserialize(deserializer)? {
            sum if sum > 0.0 && sum.is_finite() => Ok(Self(sum)),
            other => Err(de::Error::custom(format!("{other}: expected a number above 0"))),
        }
    }
}

impl JsonSchema for Sum {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sum".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(text: &str) -> Result<Gate, String> {
        serde_json::from_str::<GateSpec>(text).map(|spec| spec.0).map_err(|error| error.to_string())
    }

    #[test]
    fn each_kind_of_gate_is_read() {
        assert_eq!(gate(r#"{"quarters": "3 of 4 better"}"#), Ok(Gate::Quarters { better: 3, of: 4 }));
        assert_eq!(
            gate(r#"{"metric": "capture_at_capacity", "at_least": 0.02}"#),
            Ok(Gate::Metric { metric: metrics::CAPTURE.id, margin: Margin::AtLeast(0.02), confidence: 0.95 })
        );
        assert_eq!(
            gate(r#"{"segments": "source", "not_worse_by": 0.05, "confidence": 0.9}"#),
            Ok(Gate::Segments { column: "source".into(), not_worse_by: 0.05, confidence: 0.9 })
        );
    }

    #[test]
    fn a_gate_that_asks_nothing_or_two_things_is_refused() {
        for wrong in [
            r#"{"metric": "auc"}"#,
            r#"{"metric": "auc", "at_least": 0.1, "not_worse_by": 0.1}"#,
            r#"{"metric": "acu", "at_least": 0.1}"#,
            r#"{"segments": "source"}"#,
            r#"{"quarters": "5 of 4 better"}"#,
            r#"{"metric": "auc", "at_least": -0.1}"#,
            r#"{"metric": "auc", "at_least": 0.1, "confidence": 95}"#,
            "{}",
        ] {
            assert!(gate(wrong).is_err(), "{wrong}");
        }
        assert!(gate(r#"{"metric": "bryer", "at_least": 0.1}"#).unwrap_err().contains("did you mean `brier`"));
    }
}
