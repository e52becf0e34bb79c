//! LightGBM's text format, versions 3 and 4.

use super::draft::{Cut, Draft, Drafted, Kind, Set, Slope};
use super::error::{Wrong, quoted};
use super::json;
use super::layout::{Layout, View};
use super::value::{Value, whole};
use super::{Body, Forest, Input, Level, Link, Scale, Takes};

const HEAD: &[&str] = &[
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
    "monotone_constraints",
    "average_output",
];

const TREE: &[&str] = &[
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "leaf_const",
    "num_features",
    "leaf_features",
    "leaf_coeff",
    "shrinkage",
];

/// # Errors
/// When the text is no such model, or one that gives a lead more than one score.
pub(super) fn read(bytes: &[u8]) -> Result<Forest, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|_| Wrong::whole("no text in UTF-8, and LightGBM writes text"))?;
    let mut lines = Lines { lines: text.lines().zip(1..).peekable() };
    let head = lines.section(HEAD, "the head of the model")?;
    let inputs = head.list("feature_names")?.len();
    let last = head.count("max_feature_idx")?;
    if inputs == 0 || inputs != last.saturating_add(1) {
        let what = format!("the counts do not agree: {inputs} names of features, and `max_feature_idx` is {last}");
        return Err(head.wrong("feature_names", what));
    }
    head.check()?;
    let link = head.link()?;
    let expected = head.list("tree_sizes")?.len();
    let (mut drafts, mut categorical) = (Vec::new(), vec![false; inputs]);
    while let Some(number) = lines.tree()? {
        let place = format!("tree {}", drafts.len());
        if number != drafts.len() {
            return Err(Wrong::new(lines.place(), format!("`Tree={number}`, expected `Tree={}`", drafts.len())));
        }
        let section = lines.section(TREE, &place)?;
        let draft = section.draft(inputs, &mut categorical).map_err(|wrong| wrong.inside(&place))?;
        drafts.push(draft);
    }
    if drafts.len() != expected {
        let what = format!("{} trees, and the head lists {expected} in `tree_sizes`", drafts.len());
        return Err(Wrong::whole(what));
    }
    let levels = lines.rest(&head, &categorical)?;
    let names = head.list("feature_names")?;
    let takes = levels.into_iter().zip(&categorical);
    let takes = takes.map(|(levels, is_code)| match levels {
        Some(levels) => Takes::Levels(levels),
        None if *is_code => Takes::Codes,
        None => Takes::Number,
    });
    let inputs = names.iter().zip(takes).map(|(name, takes)| Input { name: (*name).into(), takes }).collect();
    let averaged = if head.find("average_output").is_some() { 1.0 / drafts.len().max(1) as f64 } else { 1.0 };
    let link = Link { factor: link.factor * averaged, ..link };
    Forest::new("a LightGBM text file", inputs, link, |inputs| Ok(Body::Double(Layout::of(drafts, inputs)?)))
}

struct Lines<'a, I: Iterator<Item = (&'a str, usize)>> {
    lines: std::iter::Peekable<I>,
}

/// Keys with their values, as far as the next blank line.
struct Section<'a> {
    entries: Vec<(&'a str, &'a str, usize)>,
    line: usize,
}

impl<'a, I: Iterator<Item = (&'a str, usize)>> Lines<'a, I> {
    fn place(&mut self) -> String {
        self.lines.peek().map_or("at the end".into(), |(_, line)| format!("line {line}"))
    }

    fn skip_blank(&mut self) {
        while self.lines.next_if(|(text, _)| text.trim().is_empty()).is_some() {}
    }

    /// The number of the tree that comes next; nothing at the end of the trees.
    fn tree(&mut self) -> Result<Option<usize>, Wrong> {
        self.skip_blank();
        let Some((text, line)) = self.lines.next() else {
            return Err(Wrong::ends_early("at the end", "before its line `end of trees`"));
        };
        if text.trim_end() == "end of trees" {
            return Ok(None);
        }
        let number = text.strip_prefix("Tree=").and_then(|number| number.trim_end().parse().ok());
        let what = format!("{}, expected `Tree=…` or `end of trees`", quoted(text));
        number.map(Some).ok_or_else(|| Wrong::new(format!("line {line}"), what))
    }

    fn section(&mut self, known: &[&str], what: &str) -> Result<Section<'a>, Wrong> {
        let mut section = Section { entries: Vec::new(), line: self.lines.peek().map_or(0, |(_, line)| *line) };
        for (text, line) in self.lines.by_ref() {
            let text = text.trim_end_matches('\r');
            if text.trim().is_empty() {
                return Ok(section);
            }
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            let place = || format!("line {line}");
            // The first line names the format.
            if key == "tree" && line == 1 {
                continue;
            }
            if !known.contains(&key) {
                let what = format!(
                    "{} is not known here in {what}: a newer format, which this reader would guess at",
                    quoted(key)
                );
                return Err(Wrong::new(place(), what));
            }
            if section.entries.iter().any(|(name, ..)| *name == key) {
                return Err(Wrong::new(place(), format!("`{key}` stands twice in {what}")));
            }
            section.entries.push((key, value, line));
        }
        Err(Wrong::ends_early("at the end", &format!("in {what}")))
    }

    /// What comes after the trees: of this only the categories of a data frame matter.
    fn rest(&mut self, head: &Section, categorical: &[bool]) -> Result<Vec<Option<Vec<Level>>>, Wrong> {
        let mut none = vec![None; categorical.len()];
        let mut parameters = false;
        let mut categories = None;
        for (text, line) in self.lines.by_ref() {
            match text.trim_end() {
                "parameters:" => parameters = true,
                "end of parameters" => parameters = false,
                text => {
                    if let Some(json) = text.strip_prefix("pandas_categorical:") {
                        categories = Some((json, line));
                    }
                }
            }
        }
        if parameters {
            return Err(Wrong::ends_early("at the end", "before its line `end of parameters`"));
        }
        let Some((json, line)) = categories else { return Ok(none) };
        let place = format!("line {line}, `pandas_categorical`");
        // A number at the very end of JSON could go on.
        let value = json::parse(format!("{json}\n").as_bytes()).map_err(|wrong| wrong.inside(&place))?;
        let lists = match value {
            Value::List(lists) => lists,
            Value::Null => return Ok(none),
            Value::Numbers(numbers) if numbers.is_empty() => return Ok(none),
            _ => return Err(Wrong::new(place, "expected a list of lists of categories")),
        };
        let levels = lists.into_iter().map(levels).collect::<Option<Vec<Vec<Level>>>>();
        let levels = levels.ok_or_else(|| Wrong::new(place, "expected lists of texts, numbers, or true and false"))?;
        for (place, levels) in head.framed(categorical, levels.len())?.into_iter().zip(levels) {
            none[place] = Some(levels);
        }
        Ok(none)
    }
}

fn levels(list: Value) -> Option<Vec<Level>> {
    match list {
        Value::Numbers(numbers) => Some(numbers.into_iter().map(Level::Number).collect()),
        Value::List(list) => list
            .into_iter()
            .map(|level| match level {
                Value::Text(text) => Some(Level::Text(text)),
                Value::Flag(flag) => Some(Level::Flag(flag)),
                Value::Number(number) => Some(Level::Number(number)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

impl<'a> Section<'a> {
    fn find(&self, key: &str) -> Option<(&'a str, usize)> {
        self.entries.iter().find(|(name, ..)| *name == key).map(|(_, value, line)| (*value, *line))
    }

    fn wrong(&self, key: &str, what: impl Into<String>) -> Wrong {
        let line = self.find(key).map_or(self.line, |(_, line)| line);
        Wrong::new(format!("line {line}"), what)
    }

    fn text(&self, key: &str) -> Result<&'a str, Wrong> {
        let found = self.find(key).map(|(value, _)| value.trim());
        found.ok_or_else(|| self.wrong(key, format!("there is no `{key}`, which such a model has")))
    }

    fn list(&self, key: &str) -> Result<Vec<&'a str>, Wrong> {
        Ok(self.text(key)?.split_ascii_whitespace().collect())
    }

    fn count(&self, key: &str) -> Result<usize, Wrong> {
        let text = self.text(key)?;
        text.parse().map_err(|_| self.wrong(key, format!("`{key}` is {}, expected a whole number", quoted(text))))
    }

    /// So many values of a key, each read.
    fn values<T>(&self, key: &str, count: usize, of: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Wrong> {
        let list = self.text(key)?.split_ascii_whitespace();
        let mut values = Vec::new();
        for text in list {
            let wrong = || self.wrong(key, format!("a value of `{key}` is {}, expected a number", quoted(text)));
            values.push(read(text).ok_or_else(wrong)?);
        }
        if values.len() == count {
            return Ok(values);
        }
        let (found, how) = (values.len(), if values.len() < count { "fewer" } else { "more" });
        Err(self.wrong(key, format!("it has {how} values than {of}: {found} in `{key}` for {count}")))
    }

    fn check(&self) -> Result<(), Wrong> {
        let version = self.text("version")?;
        if !matches!(version, "v3" | "v4") {
            let what =
                format!("version {}, expected v3 or v4: save the model again with LightGBM 3 or 4", quoted(version));
            return Err(self.wrong("version", what));
        }
        let (classes, trees) = (self.count("num_class")?, self.count("num_tree_per_iteration")?);
        if classes != 1 || trees != 1 {
            let what = format!(
                "num_class={classes}, num_tree_per_iteration={trees}: {} margins a lead, one for each class, expected one; a model of won or lost (objective binary) would do",
                classes.max(trees)
            );
            return Err(self.wrong("num_class", what));
        }
        let mut names = self.list("feature_names")?;
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(self.wrong("feature_names", format!("two features are called {}", quoted(pair[0])))),
            None => Ok(()),
        }
    }

    /// What becomes of a sum of leaves.
    fn link(&self) -> Result<Link, Wrong> {
        let Some((objective, _)) = self.find("objective") else { return Ok(Link::margin()) };
        let mut words = objective.split_ascii_whitespace();
        let name = words.next().unwrap_or("custom");
        let mut link = match name {
            "binary" | "cross_entropy" | "xentropy" => Link { factor: 1.0, scale: Scale::Logistic },
            "regression" | "regression_l2" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
            | "lambdarank" | "rank_xendcg" | "custom" => Link::margin(),
            "poisson" | "gamma" | "tweedie" => Link { factor: 1.0, scale: Scale::Exponential },
            "multiclass" | "multiclassova" | "softmax" => {
                let what = format!(
                    "objective {}: a margin for each class, expected a model of won or lost",
                    quoted(objective.trim())
                );
                return Err(self.wrong("objective", what));
            }
            other => {
                let what =
                    format!("the objective {} is not known here, so its scores would be guessed at", quoted(other));
                return Err(self.wrong("objective", what));
            }
        };
        for word in words {
            match word.split_once(':') {
                None if word == "sqrt" && link.scale == Scale::Margin => link.scale = Scale::Squared,
                Some(("sigmoid", factor)) if name == "binary" => {
                    let factor = factor.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
                    let wrong = || self.wrong("objective", format!("{} is no slope above 0", quoted(word)));
                    link.factor = factor.ok_or_else(wrong)?;
                }
                _ => {
                    let what = format!("{} of the objective is not known here", quoted(word));
                    return Err(self.wrong("objective", what));
                }
            }
        }
        Ok(link)
    }

    /// The inputs that were categories of a data frame, of which the file lists so many.
    fn framed(&self, categorical: &[bool], lists: usize) -> Result<Vec<usize>, Wrong> {
        let infos = self.list("feature_infos")?;
        if infos.len() != categorical.len() {
            let what = format!("the counts do not agree: {} infos for {} features", infos.len(), categorical.len());
            return Err(self.wrong("feature_infos", what));
        }
        let told = |place: &usize| categorical[*place] || !(infos[*place].starts_with('[') || infos[*place] == "none");
        let places = 0..categorical.len();
        let told: Vec<usize> = places.clone().filter(told).collect();
        // A feature that never varied has no info: it may have been a category.
        let perhaps: Vec<usize> = places.filter(|place| told.contains(place) || infos[*place] == "none").collect();
        if told.len() == lists {
            return Ok(told);
        }
        if perhaps.len() == lists {
            return Ok(perhaps);
        }
        let what = format!(
            "`pandas_categorical` lists the categories of {lists} columns, and {} features are categories: which is which cannot be told",
            told.len()
        );
        Err(Wrong::whole(what))
    }

    fn draft(&self, inputs: usize, categorical: &mut [bool]) -> Result<Draft, Wrong> {
        let leaves = self.count("num_leaves")?;
        let values = self.values("leaf_value", leaves, "leaves", number)?;
        if leaves == 0 {
            return Err(self.wrong("num_leaves", "no leaf"));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.wrong("leaf_value", "a leaf is not a number"));
        }
        let covers = match self.find("leaf_count").is_some_and(|(text, _)| !text.trim().is_empty()) {
            true => self.values("leaf_count", leaves, "leaves", number)?,
            false => vec![f64::NAN; leaves],
        };
        let slopes = self.slopes(leaves)?;
        let leaf = |(place, slope): (usize, Option<Slope>)| Drafted::Leaf {
            value: values[place],
            cover: covers[place],
            slope,
        };
        let mut nodes = self.splits(leaves - 1, inputs, categorical)?;
        nodes.extend(slopes.into_iter().enumerate().map(leaf));
        Ok(Draft { nodes, is_pruned: false })
    }

    /// Inner nodes; leaf `k` comes after them, as a file means by the child `-1 - k`.
    fn splits(&self, count: usize, inputs: usize, categorical: &mut [bool]) -> Result<Vec<Drafted>, Wrong> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let of = "inner nodes";
        let features = self.values("split_feature", count, of, |text| text.parse::<usize>().ok())?;
        let thresholds = self.values("threshold", count, of, number)?;
        let types = self.values("decision_type", count, of, |text| text.parse::<u8>().ok())?;
        let left = self.values("left_child", count, of, |text| text.parse::<i64>().ok())?;
        let right = self.values("right_child", count, of, |text| text.parse::<i64>().ok())?;
        let mut sets = self.sets()?;
        let child = |key: &str, child: i64| {
            let place =
                if child >= 0 { child } else { child.saturating_neg().saturating_sub(1).saturating_add(count as i64) };
            let is_there = (child < 0 && place <= 2 * count as i64) || (0..count as i64).contains(&child);
            let missing = || {
                let what = format!(
                    "a child does not exist ({child} in `{key}`): there are {count} inner nodes and {} leaves",
                    count + 1
                );
                self.wrong(key, what)
            };
            if is_there { Ok(place as usize) } else { Err(missing()) }
        };
        let mut nodes = Vec::with_capacity(2 * count + 1);
        for place in 0..count {
            let (feature, threshold, kind) = (features[place], thresholds[place], types[place]);
            if feature >= inputs {
                return Err(self.wrong("split_feature", format!("it asks for feature {feature} of {inputs}")));
            }
            if threshold.is_nan() {
                return Err(self.wrong("threshold", "a threshold is not a number"));
            }
            if kind > 15 || kind >> 2 == 3 {
                return Err(self.wrong("decision_type", format!("{kind} is no decision type that is known here")));
            }
            let is_code = kind & 1 == 1;
            let cut = if is_code {
                categorical[feature] = true;
                let what =
                    format!("a categorical split asks for set {threshold} of {}, or another does too", sets.len());
                let set = whole(threshold).and_then(|place| sets.get_mut(place)).and_then(Option::take);
                let set = set.ok_or_else(|| self.wrong("threshold", what))?;
                Cut { input: feature, view: View::Code, kind: Kind::In { set, first: true }, missing_first: false }
            } else {
                let view = [View::MissingIsZero, View::ZeroIsMissing, View::Settled][usize::from(kind >> 2)];
                Cut { input: feature, view, kind: Kind::AtMost(threshold), missing_first: kind & 2 == 2 }
            };
            let children = [child("left_child", left[place])?, child("right_child", right[place])?];
            nodes.push(Drafted::Split { cut, children });
        }
        Ok(nodes)
    }

    /// The sets of categories, each for one split.
    fn sets(&self) -> Result<Vec<Option<Set>>, Wrong> {
        let count = self.count("num_cat")?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let most = self.text("cat_threshold")?.split_ascii_whitespace().count();
        let bits = self.values("cat_threshold", most, "it says", |text| text.parse::<u32>().ok())?;
        let bounds = self.text("cat_boundaries")?.split_ascii_whitespace().count();
        if Some(bounds) != count.checked_add(1) {
            let what = format!(
                "{bounds} values in `cat_boundaries` for {count} categorical splits, expected one more than these"
            );
            return Err(self.wrong("cat_boundaries", what));
        }
        let bounds = self.values("cat_boundaries", bounds, "it says", |text| text.parse::<usize>().ok())?;
        let set = |pair: &[usize]| {
            if pair[0] > pair[1] {
                return Err(
                    self.wrong("cat_boundaries", format!("a set of categories from {} to {}", pair[0], pair[1]))
                );
            }
            let what = format!("a categorical split reaches beyond cat_threshold: to {} of {}", pair[1], bits.len());
            let words = bits.get(pair[0]..pair[1]).ok_or_else(|| self.wrong("cat_boundaries", what))?;
            Ok(Some(Set::of_words(words)))
        };
        bounds.windows(2).map(set).collect()
    }

    /// The constants and weights of linear leaves; none where leaves are constant.
    fn slopes(&self, leaves: usize) -> Result<Vec<Option<Slope>>, Wrong> {
        match self.find("is_linear").map(|(text, _)| text.trim()) {
            None | Some("0") => return Ok(vec![None; leaves]),
            Some("1") => {}
            Some(other) => return Err(self.wrong("is_linear", format!("{}, expected 0 or 1", quoted(other)))),
        }
        let finite = |text: &str| number(text).filter(|number| number.is_finite());
        let constants = self.values("leaf_const", leaves, "leaves", finite)?;
        let counts = self.values("num_features", leaves, "leaves", |text| text.parse::<usize>().ok())?;
        let total = counts.iter().try_fold(0usize, |sum, count| sum.checked_add(*count));
        let total = total.ok_or_else(|| self.wrong("num_features", "more features than can be counted"))?;
        let features = self.values("leaf_features", total, "its leaves claim", |text| text.parse::<u32>().ok())?;
        let weights = self.values("leaf_coeff", total, "its leaves claim", finite)?;
        let mut terms = features.into_iter().zip(weights);
        let slope =
            |(constant, count): (f64, usize)| Some(Slope { constant, terms: terms.by_ref().take(count).collect() });
        Ok(constants.into_iter().zip(counts).map(slope).collect())
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}
