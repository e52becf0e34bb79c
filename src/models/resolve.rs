//! `models:` as a whole: variants become models of their own, names are found, and what cannot work is refused.

use std::collections::BTreeSet;

use super::shape::shape;
use super::spec::{Bounds, BracketSpec, Change, Criterion, Entries, PointsSpec, RESERVED, Tier};
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
    let specs = models.names().map(|name| spec(name, models)).collect::<Result<Vec<Spec>, _>>()?;
    for spec in &specs {
        refuse_cycle(spec, &specs)?;
    }
    Ok(specs)
}

fn spec(name: &str, models: &Entries<ModelSpec>) -> Result<Spec, ModelError> {
    let path = format!("models.{name}");
    let chain = chain(name, models)?;
    let kind = kind(&path, &chain, models)?;
    if let Some(problem) = chain[0].1.brackets.as_ref().and_then(BracketSpec::problem) {
        return Err(ModelError::invalid(format!("{path}.brackets"), problem));
    }
    let brackets = chain.iter().find_map(|(_, model)| model.brackets.clone());
    Ok(Spec { name: name.into(), kind, brackets })
}

/// The model, what it extends, what that extends, and so on.
fn chain<'a>(name: &'a str, models: &'a Entries<ModelSpec>) -> Result<Vec<(&'a str, &'a ModelSpec)>, ModelError> {
    let mut chain: Vec<(&str, &ModelSpec)> = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next {
        let from = chain.last().map_or("models".into(), |(before, _)| format!("models.{before}.extends"));
        if chain.iter().any(|(known, _)| *known == name) {
            let round: Vec<&str> = chain.iter().map(|(known, _)| *known).chain([name]).collect();
            return Err(ModelError::invalid(
                from,
                format!("models extend each other in a circle: {}", round.join(" -> ")),
            ));
        }
        let Some(model) = models.get(name) else {
            let others = models.names().filter(|known| chain.iter().all(|(seen, _)| seen != known));
            return Err(ModelError::unknown(from, "model", name, others));
        };
        chain.push((name, model));
        next = model.extends.as_deref();
    }
    Ok(chain)
}

fn kind(path: &str, chain: &[(&str, &ModelSpec)], models: &Entries<ModelSpec>) -> Result<KindSpec, ModelError> {
    let given = chain[0].1.kind(path)?;
    if chain[0].1.change.is_some() && chain.len() == 1 {
        return Err(ModelError::invalid(format!("{path}.change"), "goes with `extends`: what is it a change of?"));
    }
    let (base, root) = chain[chain.len() - 1];
    if let Some(points) = &root.points {
        return points_kind(path, base, points, chain);
    }
    let Some(kind) = given else {
        let what = format!("`{base}` is no points model, and only those have variants");
        return Err(ModelError::invalid(format!("{path}.extends"), what));
    };
    kind.recipe().check(&format!("{path}.{}", kind.recipe().kind().as_str()), models)?;
    Ok(kind)
}

fn points_kind(
    path: &str,
    base: &str,
    points: &PointsSpec,
    chain: &[(&str, &ModelSpec)],
) -> Result<KindSpec, ModelError> {
    let mut whole = whole(base, points);
    for (name, model) in chain[..chain.len() - 1].iter().rev() {
        if let Some(change) = &model.change {
            apply(&format!("models.{name}.change"), change, &mut whole)?;
        }
    }
    let settings = if chain.len() == 1 { format!("{path}.points") } else { format!("{path}.change") };
    check_points(&settings, &whole)?;
    Ok(KindSpec::Points(Box::new(whole)))
}

fn whole(name: &str, points: &PointsSpec) -> Points {
    let placed = |(place, criterion): (usize, &Criterion)| Placed {
        path: format!("models.{name}.points.criteria[{place}]"),
        criterion: criterion.clone(),
    };
    Points {
        criteria: points.criteria.iter().enumerate().map(placed).collect(),
        groups: points.groups.clone(),
        bounds: points.bounds,
        tiers: points.tiers.clone(),
        grades: points.grades.clone(),
        threshold: points.threshold,
        round: points.round,
    }
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
        let name = criterion.name.as_str();
        let at = || format!("{path}.name");
        if name.trim().is_empty() {
            return Err(ModelError::invalid(at(), "an empty name: reports call the criterion by it"));
        }
        if RESERVED.contains(&name) {
            let what = format!("`{name}` means something else under `change:`, call the criterion otherwise");
            return Err(ModelError::invalid(at(), what));
        }
        if !names.insert(name) {
            return Err(ModelError::invalid(at(), format!("`{name}` is the name of two criteria, expected one each")));
        }
        shape(criterion, path)?;
        if criterion.points.is_none() && criterion.bands.is_none() {
            return Err(ModelError::invalid(format!("{path}.points"), "missing: how many points does it give?"));
        }
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
fn refuse_cycle(spec: &Spec, specs: &[Spec]) -> Result<(), ModelError> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = spec.kind.recipe().parts();
    while let Some(name) = open.pop() {
        if name == spec.name {
            let path = format!("models.{name}.{}.of", spec.kind.recipe().kind().as_str());
            return Err(ModelError::invalid(path, format!("`{name}` is mixed of itself")));
        }
        if seen.insert(name) {
            open.extend(specs.iter().filter(|other| other.name == name).flat_map(|other| other.kind.recipe().parts()));
        }
    }
    Ok(())
}
