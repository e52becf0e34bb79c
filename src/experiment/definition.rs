//! What defines a lead's moment, its horizon and its scores, in the experiment's own words.

use serde::Serialize;
use serde_json::Value;

use crate::models::ModelSpec;
use crate::models::spec::Entries;
use crate::replay::{AsOf, WalkSpec, Window};
use crate::time::{Horizon, Zone};

use super::file::ExperimentFile;

/// The parts of an experiment file that a score or an outcome depends on.
#[derive(Serialize)]
struct Definition<'a> {
    as_of: &'a AsOf,
    horizon: Horizon,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<&'a Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walk: Option<&'a WalkSpec>,
    timezone: &'a Zone,
    models: Entries<ModelSpec>,
}

/// Canonical JSON of these parts under the keys of the experiment file, so that no name inside this program is part of
/// it: what is not stated is left out, keys are sorted, and who owns a model changes nothing.
pub fn definition(file: &ExperimentFile) -> String {
    let unowned = |(name, model): (&str, &ModelSpec)| {
        // Rules are what they say, wherever they stand.
        let read = model.rules.as_ref().and_then(|rules| rules.read.as_ref());
        let points = read.map(|read| read.points.clone()).or_else(|| model.points.clone());
        let mut model = ModelSpec { owner: None, description: None, points, rules: None, ..model.clone() };
        // So is a model's file.
        for (_, spec) in model.files_mut() {
            spec.file = spec.read.as_ref().map_or_else(|| spec.file.clone(), |read| read.sha256.clone().into());
        }
        (name.to_string(), model)
    };
    let definition = Definition {
        as_of: &file.replay.as_of,
        horizon: file.replay.horizon,
        train: file.replay.train.as_ref(),
        walk: file.replay.walk.as_ref(),
        timezone: &file.data.timezone,
        models: file.models.iter().map(unowned).collect(),
    };
    sorted(serde_json::to_value(definition).expect("an experiment has only plain values")).to_string()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<(String, Value)> =
                entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defined(models: &str, replay: &str) -> String {
        let data = "data: { leads: { path: leads.csv, id: id, created: at }, outcomes: { path: o.csv, lead: id, converted: won } }";
        let yaml = format!("version: 1\nexperiment: E\n{data}\nreplay: {replay}\nmodels: {models}");
        definition(&serde_yaml::from_str(&yaml).unwrap_or_else(|error| panic!("{error}")))
    }

    const MODELS: &str = "{ a: { points: { criteria: [{ name: Demo, event: demo, points: 5, half_life: 30d }] } }, b: { extends: a, change: { Demo: { half_life: ~ } } }, c: { logistic: {} }, d: { random: {} } }";
    const REPLAY: &str = "{ as_of: { after_created: 7d }, horizon: 90d, train: { from: 2025-01-01, to: 2025-07-01 } }";

    #[test]
    fn a_definition_holds_what_the_experiment_says_and_nothing_else() {
        insta::assert_snapshot!(defined(MODELS, REPLAY), @r#"{"as_of":{"after_created":"7d"},"horizon":"90d","models":{"a":{"points":{"criteria":[{"event":"demo","half_life":"30d","name":"Demo","points":5.0}]}},"b":{"change":{"Demo":{"half_life":null}},"extends":"a"},"c":{"logistic":{"ridge":1.0}},"d":{"random":{}}},"timezone":"UTC","train":{"from":"2025-01-01","to":"2025-07-01"}}"#);
    }

    #[test]
    fn who_owns_a_model_and_how_the_file_is_written_define_nothing() {
        let owned = MODELS.replace("c: { logistic: {} }", "c: { logistic: {}, owner: RevOps, description: The usual }");
        let written = MODELS.replace("event: demo, points: 5", "points: 5.0, event: demo");
        assert_eq!(defined(MODELS, REPLAY), defined(&owned, REPLAY));
        assert_eq!(defined(MODELS, REPLAY), defined(&written, &REPLAY.replace("7d", "168h")));
    }

    #[test]
    fn what_moves_a_score_or_an_outcome_is_another_definition() {
        let other = [
            defined(&MODELS.replace("points: 5", "points: 6"), REPLAY),
            defined(&MODELS.replace("half_life: ~", "cap: ~"), REPLAY),
            defined(MODELS, &REPLAY.replace("90d", "60d")),
            defined(MODELS, &REPLAY.replace("7d", "8d")),
            defined(MODELS, &REPLAY.replace("2025-07-01", "2025-08-01")),
        ];
        other.iter().for_each(|other| assert_ne!(*other, defined(MODELS, REPLAY)));
    }
}
