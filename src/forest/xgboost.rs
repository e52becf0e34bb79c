//! XGBoost's JSON and UBJSON, from version 1 on: trees, dropped-out trees and linear boosters.

use super::draft::{Cut, Draft, Drafted, Kind, Set};
use super::error::{Wrong, quoted};
use super::kinds::is_ubjson;
use super::layout::{Layout, View};
use super::linear::{Linear, Of, Term};
use super::value::{Found, Value, whole};
use super::{Body, Forest, Input, Level, Link, Scale, Takes, json, ubjson};

const TREE: &[&str] = &[
    "base_weights",
    "categories",
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "default_left",
    "id",
    "leaf_child_counts",
    "left_children",
    "loss_changes",
    "parents",
    "right_children",
    "split_conditions",
    "split_indices",
    "split_type",
    "sum_hessian",
    "tree_param",
];

/// Categories are below: a single-precision number holds all whole numbers up to here.
const CODES: usize = 1 << 24;

/// # Errors
/// When the bytes are no such model, or one that gives a lead more than one score.
pub(super) fn read(bytes: &[u8]) -> Result<Forest, Wrong> {
    let (value, made_as) = match is_ubjson(bytes) {
        true => (ubjson::parse(bytes)?, "an XGBoost UBJSON file"),
        false => (json::parse(bytes)?, "an XGBoost JSON file"),
    };
    let whole = Found::whole(&value);
    if whole.find("learner").is_ok_and(|learner| learner.is_none()) {
        return Err(Wrong::whole("it is JSON but no XGBoost model: there is no `learner`"));
    }
    let learner = whole.get("learner")?;
    whole.expect_only(&["learner", "version", "Config"])?;
    learner.expect_only(&[
        "attributes",
        "feature_names",
        "feature_types",
        "gradient_booster",
        "learner_model_param",
        "objective",
    ])?;
    let parameters = learner.get("learner_model_param")?;
    refuse_several(&parameters)?;
    let inputs = features(&learner, &parameters, bytes.len())?;
    let objective = Objective::of(&learner.get("objective")?)?;
    let start = objective.start(base_score(&parameters.get("base_score")?)?)?;
    let booster = learner.get("gradient_booster")?;
    let mut file = File { inputs, start };
    let body = file.body(&booster)?;
    Forest::new(made_as, file.inputs, objective.link, |_| Ok(body))
}

/// Refuses models with several margins a lead.
fn refuse_several(parameters: &Found) -> Result<(), Wrong> {
    for (key, what) in [("num_class", "classes"), ("num_target", "targets")] {
        let Some(found) = parameters.find(key)? else { continue };
        let count = found.count()?;
        if count > 1 {
            let what = format!(
                "{key} is {count}: as many margins a lead as {what}, expected one; a model of won or lost (objective binary:logistic) would do"
            );
            return Err(found.wrong(what));
        }
    }
    Ok(())
}

/// The names of the features, or `f0`, `f1`, … where the file has none.
fn features(learner: &Found, parameters: &Found, bytes: usize) -> Result<Vec<Input>, Wrong> {
    let count = parameters.get("num_feature")?;
    let features = count.count()?;
    let mut names: Vec<String> = Vec::new();
    if let Some(list) = learner.find("feature_names")? {
        for name in list.each()? {
            names.push(name.text()?.into());
        }
    }
    let mut kinds: Vec<&str> = Vec::new();
    if let Some(list) = learner.find("feature_types")? {
        for kind in list.each()? {
            kinds.push(kind.text()?);
        }
    }
    for (what, found) in [("names of features", names.len()), ("types of features", kinds.len())] {
        if found != 0 && found != features {
            return Err(
                count.wrong(format!("the counts do not agree: {found} {what}, and `num_feature` is {features}"))
            );
        }
    }
    if names.is_empty() {
        if features > bytes {
            let what = format!("the counts do not agree: {features} features in a file of {bytes} bytes");
            return Err(count.wrong(what));
        }
        names = (0..features).map(|place| format!("f{place}")).collect();
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Wrong::new("`learner.feature_names`", format!("two features are called {}", quoted(pair[0]))));
    }
    let takes = |place: usize| match kinds.get(place) {
        Some(&("c" | "categorical")) => Takes::Codes,
        _ => Takes::Number,
    };
    let input = |(place, name): (usize, String)| Input { takes: takes(place), name };
    Ok(names.into_iter().enumerate().map(input).collect())
}

/// A number, a number in a text, or a list of one: `5E-1`, `[5E-1]`.
fn base_score(found: &Found) -> Result<f32, Wrong> {
    let wrong = |what: String| found.wrong(format!("base_score is no number: {what}, expected one such as 5E-1"));
    let list = |numbers: &[f64]| match numbers {
        [one] => Ok(*one as f32),
        numbers => Err(found.wrong(format!("base_score has {} numbers, expected one: a margin a lead", numbers.len()))),
    };
    let score = match found.value {
        Value::Number(number) => *number as f32,
        Value::Numbers(numbers) => list(numbers)?,
        Value::Text(text) => {
            let inner = text.trim();
            let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner);
            let numbers = inner.split(',').map(|part| part.trim().parse::<f32>().map(f64::from));
            let numbers: Vec<f64> = numbers.collect::<Result<_, _>>().map_err(|_| wrong(quoted(text)))?;
            list(&numbers)?
        }
        _ => return Err(wrong("not a text, a number or a list".into())),
    };
    if score.is_finite() { Ok(score) } else { Err(wrong(score.to_string())) }
}

struct Objective {
    link: Link,
    name: String,
    place: String,
}

impl Objective {
    fn of(found: &Found) -> Result<Self, Wrong> {
        let name = found.get("name")?;
        let scale = match name.text()? {
            "binary:logistic" | "reg:logistic" => Scale::Logistic,
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => Scale::Exponential,
            "binary:logitraw"
            | "binary:hinge"
            | "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => Scale::Margin,
            other => {
                let what =
                    format!("the objective {} is not known here, so its scores would be guessed at", quoted(other));
                return Err(name.wrong(what));
            }
        };
        Ok(Self { link: Link { factor: 1.0, scale }, name: name.text()?.into(), place: name.path })
    }

    /// The margin that a base score is.
    fn start(&self, base: f32) -> Result<f32, Wrong> {
        let start = match self.link.scale {
            Scale::Logistic => -(1.0 / base - 1.0).ln(),
            Scale::Exponential => base.ln(),
            Scale::Margin | Scale::Squared => base,
        };
        let what = format!("base_score is {base}, which is no score of {}", quoted(&self.name));
        if start.is_finite() { Ok(start) } else { Err(Wrong::new(format!("`{}`", self.place), what)) }
    }
}

struct File {
    inputs: Vec<Input>,
    start: f32,
}

impl File {
    fn body(&mut self, booster: &Found) -> Result<Body, Wrong> {
        let name = booster.get("name")?;
        match name.text()? {
            "gbtree" => {
                booster.expect_only(&["name", "model"])?;
                self.trees(&booster.get("model")?, None)
            }
            "dart" => {
                booster.expect_only(&["name", "gbtree", "weight_drop"])?;
                let inner = booster.get("gbtree")?;
                inner.expect_only(&["name", "model"])?;
                self.trees(&inner.get("model")?, Some(booster.get("weight_drop")?))
            }
            "gblinear" => {
                booster.expect_only(&["name", "model"])?;
                self.linear(&booster.get("model")?)
            }
            other => Err(name.wrong(format!("the booster {} is not known here", quoted(other)))),
        }
    }

    fn linear(&self, model: &Found) -> Result<Body, Wrong> {
        model.expect_only(&["weights", "boosted_rounds", "param"])?;
        let weights = model.get("weights")?;
        let values = weights.numbers_for(self.inputs.len() + 1, "features and the bias")?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(weights.wrong("a weight is not a number"));
        }
        let (features, bias) = values.split_at(self.inputs.len());
        let term = |(input, weight): (usize, &f64)| {
            let of = Of::Standard { mean: 0.0, scale: 1.0, missing: None };
            Term { input, weight: *weight, of }
        };
        let terms = features.iter().enumerate().filter(|(_, weight)| **weight != 0.0).map(term).collect();
        Ok(Body::Linear(Linear { start: f64::from(self.start + bias[0] as f32), terms, single: true }))
    }

    fn trees(&mut self, model: &Found, weights: Option<Found>) -> Result<Body, Wrong> {
        model.expect_only(&["cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"])?;
        let list = model.get("trees")?;
        let trees = list.len()?;
        let parameters = model.get("gbtree_model_param")?;
        let count = parameters.get("num_trees")?;
        if count.count()? != trees {
            let what = format!("the counts do not agree: {trees} trees, and `num_trees` is {}", count.count()?);
            return Err(count.wrong(what));
        }
        let groups = model.get("tree_info")?;
        if groups.numbers_for(trees, "trees")?.iter().any(|group| *group != 0.0) {
            return Err(groups.wrong("trees of several classes, expected a model with one margin a lead"));
        }
        let weights = match weights {
            None => vec![1.0; trees],
            Some(found) => {
                let weights = found.numbers_for(trees, "trees")?;
                if weights.iter().any(|weight| !weight.is_finite()) {
                    return Err(found.wrong("a tree's weight is not a number"));
                }
                weights.to_vec()
            }
        };
        let mut drafts = Vec::with_capacity(trees);
        for (place, (tree, weight)) in list.each()?.zip(weights).enumerate() {
            let draft = self.draft(&tree, weight as f32).map_err(|wrong| wrong.inside(&format!("tree {place}")))?;
            drafts.push(draft);
        }
        if let Some(cats) = model.find("cats")? {
            self.stored(&cats)?;
        }
        Ok(Body::Single(Layout::of(drafts, self.inputs.len())?, self.start))
    }

    fn draft(&mut self, tree: &Found, weight: f32) -> Result<Draft, Wrong> {
        tree.expect_only(TREE)?;
        let parameters = tree.get("tree_param")?;
        let nodes = parameters.get("num_nodes")?.count()?;
        if let Some(size) = parameters.find("size_leaf_vector")?
            && size.count()? > 1
        {
            return Err(size.wrong("leaves of several numbers, expected one margin a lead"));
        }
        let numbers = |key: &str| tree.get(key)?.numbers_for(nodes, "nodes");
        let (left, right) = (numbers("left_children")?, numbers("right_children")?);
        let (features, conditions) = (numbers("split_indices")?, numbers("split_conditions")?);
        let default_left = tree.get("default_left")?.flags_for(nodes, "nodes")?;
        let kinds = tree.find("split_type")?.map(|found| found.numbers_for(nodes, "nodes")).transpose()?;
        let covers = tree.find("sum_hessian")?.map(|found| found.numbers_for(nodes, "nodes")).transpose()?;
        let mut sets = sets(tree, nodes)?;
        let wrong = |key: &str, what: String| Wrong::new(format!("`{key}`"), what);
        let mut drafted = Vec::with_capacity(nodes);
        for node in 0..nodes {
            let condition = conditions[node];
            let is_leaf = left[node] == -1.0;
            if is_leaf != (right[node] == -1.0) {
                return Err(wrong("right_children", format!("node {node} has one child, expected two or none")));
            }
            // Nodes that were pruned are kept, with the largest number for a feature.
            if features[node] == f64::from(i32::MAX) || features[node] == f64::from(u32::MAX) {
                drafted.push(Drafted::Gone);
                continue;
            }
            if is_leaf {
                let value = condition as f32 * weight;
                if !value.is_finite() {
                    return Err(wrong("split_conditions", format!("a leaf is not a number (node {node})")));
                }
                let cover = covers.map_or(f64::NAN, |covers| covers[node]);
                drafted.push(Drafted::Leaf { value: f64::from(value), cover, slope: None });
                continue;
            }
            let child = |key: &str, child: f64| {
                let place = whole(child).filter(|child| *child < nodes);
                place.ok_or_else(|| {
                    wrong(key, format!("a child of node {node} does not exist: {child} of {nodes} nodes"))
                })
            };
            let children = [child("left_children", left[node])?, child("right_children", right[node])?];
            let features_known = self.inputs.len();
            let input = whole(features[node]).filter(|feature| *feature < features_known);
            let what = || format!("it asks for feature {} of {features_known}", features[node]);
            let input = input.ok_or_else(|| wrong("split_indices", what()))?;
            let missing_first = default_left[node];
            let cut = match kinds.map_or(0.0, |kinds| kinds[node]) {
                0.0 => {
                    if (condition as f32).is_nan() {
                        return Err(wrong("split_conditions", format!("a threshold is not a number (node {node})")));
                    }
                    Cut { input, view: View::Plain, kind: Kind::Below(condition), missing_first }
                }
                1.0 => {
                    let what = || format!("node {node} splits by categories and has none");
                    let set =
                        sets.get_mut(node).and_then(Option::take).ok_or_else(|| wrong("categories_nodes", what()))?;
                    if self.inputs[input].takes == Takes::Number {
                        self.inputs[input].takes = Takes::Codes;
                    }
                    Cut { input, view: View::CodeFromZero, kind: Kind::In { set, first: false }, missing_first }
                }
                other => return Err(wrong("split_type", format!("{other} is no type of split that is known here"))),
            };
            drafted.push(Drafted::Split { cut, children });
        }
        Ok(Draft { nodes: drafted, is_pruned: true })
    }

    /// The categories' own names, which files have since version 3.1.
    fn stored(&mut self, cats: &Found) -> Result<(), Wrong> {
        cats.expect_only(&["enc", "feature_segments", "sorted_idx"])?;
        let lists = cats.get("enc")?;
        let (found, features) = (lists.len()?, self.inputs.len());
        if found == 0 {
            return Ok(());
        }
        if found != features {
            return Err(cats.wrong(format!("the counts do not agree: categories of {found} features of {features}")));
        }
        for (input, list) in self.inputs.iter_mut().zip(lists.each()?) {
            let levels = stored_levels(&list)?;
            if !levels.is_empty() {
                input.takes = Takes::Levels(levels);
            }
        }
        Ok(())
    }
}

/// Texts as offsets into their bytes, or whole numbers.
fn stored_levels(list: &Found) -> Result<Vec<Level>, Wrong> {
    list.expect_only(&["offsets", "values", "type"])?;
    let values = list.get("values")?;
    let numbers = values.numbers()?;
    let Some(offsets) = list.find("offsets")? else {
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(values.wrong("a category is not a number"));
        }
        return Ok(numbers.iter().copied().map(Level::Number).collect());
    };
    let byte = |number: &f64| {
        whole(*number).and_then(|byte| u8::try_from(byte).ok()).or_else(|| {
            // Written as bytes with a sign by some versions.
            ((-128.0..0.0).contains(number) && number.fract() == 0.0).then_some(*number as i8 as u8)
        })
    };
    let bytes: Option<Vec<u8>> = numbers.iter().map(byte).collect();
    let bytes = bytes.ok_or_else(|| values.wrong("texts are stored as bytes, and one of these is none"))?;
    let ends = offsets.numbers()?;
    let mut levels = Vec::new();
    for pair in ends.windows(2) {
        let range = whole(pair[0]).zip(whole(pair[1])).filter(|(from, to)| from <= to);
        let text = range.and_then(|(from, to)| bytes.get(from..to));
        let text = text.ok_or_else(|| {
            offsets.wrong(format!("a category from {} to {} of {} bytes", pair[0], pair[1], bytes.len()))
        })?;
        let text = std::str::from_utf8(text).map_err(|_| values.wrong("a category that is not UTF-8"))?;
        levels.push(Level::Text(text.into()));
    }
    Ok(levels)
}

/// The categories of each node that splits by them.
fn sets(tree: &Found, nodes: usize) -> Result<Vec<Option<Set>>, Wrong> {
    let Some(found) = tree.find("categories_nodes")? else { return Ok(Vec::new()) };
    let places = found.numbers()?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let categories = tree.get("categories")?;
    let codes = categories.numbers()?;
    let starts = tree.get("categories_segments")?.numbers_for(places.len(), "nodes that split by categories")?;
    let sizes = tree.get("categories_sizes")?.numbers_for(places.len(), "nodes that split by categories")?;
    let mut sets = vec![None; nodes];
    let mut taken = 0;
    for ((place, start), size) in places.iter().zip(starts).zip(sizes) {
        let node = whole(*place).filter(|node| *node < nodes);
        let node = node.ok_or_else(|| found.wrong(format!("node {place} does not exist: there are {nodes}")))?;
        let range = whole(*start).zip(whole(*size)).and_then(|(start, size)| Some(start..start.checked_add(size)?));
        let part = range.and_then(|range| codes.get(range));
        let reaches =
            || format!("a categorical split reaches beyond the categories: {size} from {start} of {}", codes.len());
        let part = part.ok_or_else(|| categories.wrong(reaches()))?;
        taken += part.len();
        if taken > codes.len() || sets[node].is_some() {
            return Err(categories.wrong("two categorical splits share their categories"));
        }
        let code = |code: &f64| whole(*code).filter(|code| *code < CODES).map(|code| code as u32);
        let part: Option<Vec<u32>> = part.iter().map(code).collect();
        let part = part.ok_or_else(|| categories.wrong("a category that is no whole number below 16777216"))?;
        sets[node] = Some(Set::of_codes(part));
    }
    Ok(sets)
}
