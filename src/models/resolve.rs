//! `models:` as a whole: variants become models of their own, names are found, and what cannot work is refused.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::shape::shape;
use super::spec::{Bounds, BracketSpec, Change, Criterion, Entries, RESERVED, Tier};
use super::{KindSpec, ModelError, ModelSpec};
use crate::result::Scale;

/// A model of the experiment file, its `extends` carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub name: String,
    pub kind: KindSpec,
    pub brackets: Option<BracketSpec>,
}

impl Spec {
    /// What the scores are.
    pub fn scale(&self) -> Scale {
        self.kind.recipe().scale()
    }
}

/// A points model, whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub criteria: Vec<Placed>,
    pub groups: Entries<Bounds>,
    pub bounds: Option<Bounds>,
    pub tiers: Entries<Tier>,
    pub grades: Entries<Entries<Option<f64>>>,
    pub threshold: Option<f64>,
    pub round: Option<f64>,
    /// Whether the rules are a platform's, and those that do not fit the data are left out and named.
    pub is_foreign: bool,
}

impl Points {
    /// How many criteria and limits are to be changed, added or taken away to make it of another.
    pub fn edits_from(&self, other: &Self) -> u64 {
        let find = |points: &'_ Self, name: &str| {
            points.criteria.iter().map(|placed| &placed.criterion).find(|one| one.name == name).cloned()
        };
        let own = self.criteria.iter().map(|placed| &placed.criterion);
        let changed = own.filter(|one| find(other, &one.name).as_ref() != Some(*one)).count();
        let gone = other.criteria.iter().filter(|placed| find(self, &placed.criterion.name).is_none()).count();
        let limits = u64::from(self.groups != other.groups)
            + u64::from((self.bounds, self.round) != (other.bounds, other.round))
            + u64::from(self.grades != other.grades);
        (changed + gone) as u64 + limits
    }
}

/// A criterion, and where in the experiment file it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub path: String,
    pub criterion: Criterion,
}

/// # Errors
/// When a model has no kind or several, a name is unknown, or fields do not fit together.
pub fn resolve(models: &Entries<ModelSpec>) -> Result<Vec<Spec>, ModelError> {
    if models.is_empty() {
        return Err(ModelError::invalid("models", "no models, expected at least one"));
    }
    let mut known = Resolving { models, by_name: models.iter().collect(), bases: HashMap::new() };
    let specs = models.names().map(|name| known.spec(name)).collect::<Result<Vec<Spec>, _>>()?;
    let by_name = specs.iter().map(|spec| (spec.name.as_str(), spec)).collect();
    for spec in &specs {
        refuse_cycle(spec, &by_name)?;
    }
    Ok(specs)
}

struct Resolving<'a> {
    models: &'a Entries<ModelSpec>,
    by_name: HashMap<&'a str, &'a ModelSpec>,
    /// Of the models met so far, so that a variant of a variant is one change, however long the chain.
    bases: HashMap<&'a str, Base<'a>>,
}

/// A model, what it extends, what that extends, and so on, by name.
type Chain<'a> = Vec<(&'a str, &'a ModelSpec)>;

/// What a model is by those that it extends and by its own changes.
#[derive(Clone)]
struct Base<'a> {
    /// The model at the end of the chain.
    root: &'a str,
    brackets: Option<&'a BracketSpec>,
    /// Of a points model; not checked yet.
    points: Option<Points>,
}

impl<'a> Resolving<'a> {
    fn spec(&mut self, name: &'a str) -> Result<Spec, ModelError> {
        let path = format!("models.{name}");
        let base = self.base(name)?;
        let model = self.by_name[name];
        let kind = kind(&path, name, model, base, self.models)?;
        if let Some(problem) = model.brackets.as_ref().and_then(BracketSpec::problem) {
            return Err(ModelError::invalid(format!("{path}.brackets"), problem));
        }
        Ok(Spec { name: name.into(), kind, brackets: self.bases[name].brackets.cloned() })
    }

    fn base(&mut self, name: &'a str) -> Result<Base<'a>, ModelError> {
        let (new, extended) = self.chain(name)?;
        let mut base = extended.and_then(|name| self.bases.get(name)).cloned();
        for (name, model) in new.into_iter().rev() {
            let next = match base {
                Some(base) => base.extended_by(name, model)?,
                None => Base { root: name, brackets: model.brackets.as_ref(), points: whole(name, model) },
            };
            self.bases.insert(name, next.clone());
            base = Some(next);
        }
        // A chain has at least the model itself.
        base.or_else(|| self.bases.get(name).cloned()).ok_or_else(|| ModelError::invalid("models", "no models"))
    }

    /// The model, what it extends, what that extends, and so on, as far as they were not met before; and the one that was.
    fn chain(&self, name: &'a str) -> Result<(Chain<'a>, Option<&'a str>), ModelError> {
        let mut chain: Chain = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut next = Some(name);
        while let Some(name) = next.filter(|name| !self.bases.contains_key(name)) {
            let from = || chain.last().map_or("models".into(), |(before, _)| format!("models.{before}.extends"));
            if !seen.insert(name) {
                let round: Vec<&str> = chain.iter().map(|(known, _)| *known).chain([name]).collect();
                let what = format!("models extend each other in a circle: {}", round.join(" -> "));
                return Err(ModelError::invalid(from(), what));
            }
            let Some(&model) = self.by_name.get(name) else {
                let others = self.models.names().filter(|known| !seen.contains(known));
                return Err(ModelError::unknown(from(), "model", name, others));
            };
            chain.push((name, model));
            next = model.extends.as_deref();
        }
        Ok((chain, next))
    }
}

impl<'a> Base<'a> {
    fn extended_by(self, name: &str, model: &'a ModelSpec) -> Result<Self, ModelError> {
        let Self { root, brackets, mut points } = self;
        if let (Some(points), Some(change)) = (&mut points, &model.change) {
            apply(&format!("models.{name}.change"), change, points)?;
        }
        Ok(Self { root, brackets: model.brackets.as_ref().or(brackets), points })
    }
}

fn kind(
    path: &str,
    name: &str,
    model: &ModelSpec,
    base: Base,
    models: &Entries<ModelSpec>,
) -> Result<KindSpec, ModelError> {
    let given = model.kind(path)?;
    let is_root = base.root == name;
    if model.change.is_some() && is_root {
        return Err(ModelError::invalid(format!("{path}.change"), "goes with `extends`: what is it a change of?"));
    }
    if let Some(points) = base.points {
        let settings = match (is_root, &model.rules) {
            (true, Some(_)) => format!("{path}.rules"),
            (true, None) => format!("{path}.points"),
            (false, _) => format!("{path}.change"),
        };
        check_points(&settings, &points)?;
        return Ok(KindSpec::Points(Box::new(points)));
    }
    let Some(kind) = given else {
        let what = format!("`{}` is no points model, and only those have variants", base.root);
        return Err(ModelError::invalid(format!("{path}.extends"), what));
    };
    kind.recipe().check(&format!("{path}.{}", kind.recipe().kind().as_str()), models)?;
    Ok(kind)
}

/// A points model, from the experiment file or from a file of rules that was read.
fn whole(name: &str, model: &ModelSpec) -> Option<Points> {
    let read = model.rules.as_ref().and_then(|rules| rules.read.as_ref());
    let points = model.points.as_ref().or(read.map(|read| &read.points))?;
    let path = |place: usize| match read.and_then(|read| read.places.get(place)) {
        Some(place) => place.clone(),
        None => format!("models.{name}.points.criteria[{place}]"),
    };
    let placed = |(place, criterion): (usize, &Criterion)| Placed { path: path(place), criterion: criterion.clone() };
    Some(Points {
        criteria: points.criteria.iter().enumerate().map(placed).collect(),
        groups: points.groups.clone(),
        bounds: points.bounds,
        tiers: points.tiers.clone(),
        grades: points.grades.clone(),
        threshold: points.threshold,
        round: points.round,
        is_foreign: read.is_some_and(|read| read.is_foreign),
    })
}

fn apply(path: &str, change: &Change, points: &mut Points) -> Result<(), ModelError> {
    for (name, fields) in change.criteria.iter() {
        let place = find(path, name, points)?;
        fields.apply(&mut points.criteria[place].criterion);
        points.criteria[place].path = format!("{path}.{name}");
    }
    for name in &change.remove {
        let place = find(&format!("{path}.remove"), name, points)?;
        points.criteria.remove(place);
    }
    for (place, criterion) in change.add.iter().enumerate() {
        points.criteria.push(Placed { path: format!("{path}.add[{place}]"), criterion: criterion.clone() });
    }
    merge(&mut points.groups, &change.groups);
    merge(&mut points.tiers, &change.tiers);
    points.bounds = change.bounds.unwrap_or(points.bounds);
    points.threshold = change.threshold.unwrap_or(points.threshold);
    points.round = change.round.unwrap_or(points.round);
    if let Some(grades) = &change.grades {
        points.grades = grades.clone();
    }
    Ok(())
}

fn find(path: &str, name: &str, points: &Points) -> Result<usize, ModelError> {
    let names = points.criteria.iter().map(|placed| placed.criterion.name.as_str());
    let place = names.clone().position(|known| known == name);
    place.ok_or_else(|| ModelError::unknown(path, "criterion", name, names))
}

fn merge<V: Clone>(entries: &mut Entries<V>, change: &Entries<Option<V>>) {
    for (name, value) in change.iter() {
        match value {
            Some(value) => entries.set(name, value.clone()),
            None => entries.remove(name),
        }
    }
}

fn check_points(path: &str, points: &Points) -> Result<(), ModelError> {
    if points.criteria.is_empty() {
        return Err(ModelError::invalid(format!("{path}.criteria"), "no criteria, expected at least one"));
    }
    check_criteria(points)?;
    check_groups(path, points)?;
    check_tiers(&format!("{path}.tiers"), &points.tiers)?;
    check_grades(&format!("{path}.grades"), points)?;
    if let Some(round) = points.round.filter(|round| !(round.is_finite() && *round > 0.0)) {
        return Err(ModelError::invalid(format!("{path}.round"), format!("{round}, expected more than 0, such as 1")));
    }
    if let Some(threshold) = points.threshold.filter(|threshold| !threshold.is_finite()) {
        return Err(ModelError::invalid(format!("{path}.threshold"), format!("{threshold}, expected a finite number")));
    }
    Ok(())
}

fn check_criteria(points: &Points) -> Result<(), ModelError> {
    let mut names = BTreeSet::new();
    for Placed { path, criterion } in &points.criteria {
        check_criterion(path, criterion)?;
        if !names.insert(criterion.name.as_str()) {
            let what = format!("`{}` is the name of two criteria, expected one each", criterion.name);
            return Err(ModelError::invalid(format!("{path}.name"), what));
        }
    }
    Ok(())
}

/// # Errors
/// When a criterion by itself cannot work, whatever the data; `path` is where it stands.
pub fn check_criterion(path: &str, criterion: &Criterion) -> Result<(), ModelError> {
    let name = criterion.name.as_str();
    let at = || format!("{path}.name");
    if name.trim().is_empty() {
        return Err(ModelError::invalid(at(), "an empty name: reports call the criterion by it"));
    }
    if RESERVED.contains(&name) {
        let what = format!("`{name}` means something else under `change:`, call the criterion otherwise");
        return Err(ModelError::invalid(at(), what));
    }
    shape(criterion, path)?;
    if criterion.points.is_none() && criterion.bands.is_none() {
        return Err(ModelError::invalid(format!("{path}.points"), "missing: how many points does it give?"));
    }
    Ok(())
}

fn check_groups(path: &str, points: &Points) -> Result<(), ModelError> {
    let used: BTreeSet<&str> = points.criteria.iter().filter_map(|placed| placed.criterion.group.as_deref()).collect();
    if let Some(name) = points.groups.names().find(|name| !used.contains(name)) {
        return Err(ModelError::unknown(format!("{path}.groups"), "criterion in group", name, used.iter().copied()));
    }
    // A group without bounds is fine, one that is called almost like a bounded one is a slip.
    for Placed { path, criterion } in &points.criteria {
        let Some(group) = criterion.group.as_deref().filter(|group| points.groups.get(group).is_none()) else {
            continue;
        };
        let slip = |known: &&str| strsim::damerau_levenshtein(known, group) == 1;
        if points.groups.names().any(|known| slip(&known)) {
            let path = format!("{path}.group");
            return Err(ModelError::unknown(path, "group", group, points.groups.names()));
        }
    }
    Ok(())
}

fn check_tiers(path: &str, tiers: &Entries<Tier>) -> Result<(), ModelError> {
    for (name, tier) in tiers.iter() {
        if !tier.from.is_finite() {
            return Err(ModelError::invalid(
                format!("{path}.{name}"),
                format!("{}, expected a finite score", tier.from),
            ));
        }
        let twin = tiers.iter().find(|(other, known)| *other != name && known.from == tier.from);
        if let Some((other, _)) = twin {
            let what = format!("`{name}` and `{other}` both start at {}, expected different scores", tier.from);
            return Err(ModelError::invalid(path, what));
        }
    }
    Ok(())
}

fn check_grades(path: &str, points: &Points) -> Result<(), ModelError> {
    if points.grades.is_empty() {
        return Ok(());
    }
    if points.grades.len() != 2 {
        let found = points.grades.len();
        return Err(ModelError::invalid(
            path,
            format!("marks for {found} groups, expected two, such as fit and engagement"),
        ));
    }
    let groups: BTreeSet<&str> =
        points.criteria.iter().filter_map(|placed| placed.criterion.group.as_deref()).collect();
    for (group, marks) in points.grades.iter() {
        let path = format!("{path}.{group}");
        if !groups.contains(group) {
            return Err(ModelError::unknown(path, "group", group, groups.iter().copied()));
        }
        let mut starts: Vec<f64> = marks.iter().map(|(_, from)| from.unwrap_or(f64::NEG_INFINITY)).collect();
        starts.sort_by(f64::total_cmp);
        if starts.is_empty()
            || starts.iter().any(|from| from.is_nan())
            || starts.windows(2).any(|pair| pair[0] == pair[1])
        {
            let what = "expected marks with the lowest points of each, all different, such as { A: 40, B: 20, C: ~ }";
            return Err(ModelError::invalid(path, what));
        }
    }
    Ok(())
}

/// Refuses a model that is mixed of itself, by way of others or at once.
fn refuse_cycle(spec: &Spec, specs: &HashMap<&str, &Spec>) -> Result<(), ModelError> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = spec.kind.recipe().parts();
    while let Some(name) = open.pop() {
        if name == spec.name {
            let path = format!("models.{name}.{}.of", spec.kind.recipe().kind().as_str());
            return Err(ModelError::invalid(path, format!("`{name}` is mixed of itself")));
        }
        if seen.insert(name) {
            open.extend(specs.get(name).iter().flat_map(|other| other.kind.recipe().parts()));
        }
    }
    Ok(())
}
