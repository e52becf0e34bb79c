//! What a criterion's fields come to: which combinations mean something, and what.

use super::ModelError;
use super::spec::{Bands, Criterion, Loses, Per};
use crate::predicate::{Predicate, Range};
use crate::replay::{After, Decay};
use crate::time::Span;

/// A criterion whose fields fit together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// Over the lead's columns: nothing counts where it is not true.
    pub(super) lead_when: Option<Predicate>,
    pub(super) signal: Signal,
}

/// What a criterion gives its points for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Signal {
    /// For the lead's own condition alone.
    Holds,
    /// For each unit of a column.
    Unit(String),
    Bands(String, Vec<Band>),
    /// Once, for enough of an amount, by the age of the latest event.
    Once {
        filter: Filter,
        amount: Amount,
        at_least: f64,
        decay: Decay,
    },
    /// For each unit of an amount.
    Each {
        filter: Filter,
        amount: Amount,
        decay: Decay,
    },
    /// For no event since so long.
    Inactive {
        filter: Filter,
        span: Span,
    },
}

/// Which events count.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) kind: Option<String>,
    pub(super) when: Option<Predicate>,
    pub(super) within: Option<Span>,
    pub(super) after: Option<After>,
}

/// What is counted of events.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amount {
    Events,
    Sum(String),
    Distinct(String),
}

/// Points for a range of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Band {
    pub(super) label: String,
    pub(super) range: Range,
    pub(super) points: f64,
}

impl Band {
    fn overlaps(&self, higher: &Self) -> bool {
        let (own, higher) = (self.range, higher.range);
        higher.low < own.high || (higher.low == own.high && higher.with_low && own.with_high)
    }

    /// `<50`, `<=50`, `50..500`, `50..<500`, `>500`, `>=500`, `7`.
    fn parse(label: &str, points: f64) -> Option<Self> {
        let text: String = label.chars().filter(|c| !c.is_whitespace()).collect();
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let infinite = f64::INFINITY;
        let (low, high, with_low, with_high) = if let Some(high) = text.strip_prefix("<=") {
            (-infinite, number(high)?, true, true)
        } else if let Some(high) = text.strip_prefix('<') {
            (-infinite, number(high)?, true, false)
        } else if let Some(low) = text.strip_prefix(">=") {
            (number(low)?, infinite, true, true)
        } else if let Some(low) = text.strip_prefix('>') {
            (number(low)?, infinite, false, true)
        } else if let Some((low, high)) = text.split_once("..<") {
            (number(low)?, number(high)?, true, false)
        } else if let Some((low, high)) = text.split_once("..") {
            (number(low)?, number(high)?, true, true)
        } else {
            (number(&text)?, number(&text)?, true, true)
        };
        let empty = low > high || (low == high && !(with_low && with_high));
        (!empty).then(|| Self { label: label.into(), range: Range { low, high, with_low, with_high }, points })
    }
}

/// The ranges of a criterion's bands, from the lowest to the highest; none where they do not fit together.
pub(super) fn bands(criterion: &Criterion) -> Vec<Range> {
    match shape(criterion, "").map(|shape| shape.signal) {
        Ok(Signal::Bands(_, bands)) => bands.into_iter().map(|band| band.range).collect(),
        _ => Vec::new(),
    }
}

/// What a criterion means, or the field that makes no sense.
pub(super) fn shape(criterion: &Criterion, path: &str) -> Result<Shape, ModelError> {
    let signs = [criterion.per_unit.is_some(), criterion.bands.is_some(), criterion.inactive_for.is_some()];
    if signs.iter().filter(|sign| **sign).count() > 1 {
        return Err(ModelError::invalid(path, "`per_unit`, `bands` and `inactive_for` exclude each other"));
    }
    let fields = Fields { criterion, path };
    fields.numbers()?;
    if criterion.inactive_for.is_some() {
        fields.inactive()
    } else if criterion.event.is_some() {
        fields.events()
    } else {
        fields.attribute()
    }
}

struct Fields<'a> {
    criterion: &'a Criterion,
    path: &'a str,
}

impl Fields<'_> {
    fn wrong<T>(&self, field: &str, problem: impl Into<String>) -> Result<T, ModelError> {
        Err(ModelError::invalid(format!("{}.{field}", self.path), problem))
    }

    fn refuse(&self, given: &[(&str, bool)], problem: &str) -> Result<(), ModelError> {
        match given.iter().find(|(_, given)| *given) {
            Some((field, _)) => self.wrong(field, problem),
            None => Ok(()),
        }
    }

    fn numbers(&self) -> Result<(), ModelError> {
        let c = self.criterion;
        if let Some(points) = c.points.filter(|points| !points.is_finite()) {
            return self.wrong("points", format!("{points} points, expected a finite number"));
        }
        if let Some(cap) = c.cap.filter(|cap| !(cap.is_finite() && *cap >= 0.0)) {
            return self.wrong("cap", format!("{cap}, expected 0 or more: it bounds points and minus points alike"));
        }
        if let Some(least) = c.at_least.filter(|least| !(least.is_finite() && *least > 0.0)) {
            return self.wrong("at_least", format!("{least}, expected more than 0"));
        }
        if let Some(loses) = c.loses.filter(|loses| !(loses.percent > 0.0 && loses.percent <= 100.0)) {
            let what = format!("{} percent, expected more than 0 and at most 100", loses.percent);
            return self.wrong("loses.percent", what);
        }
        let every = c.loses.map(|loses| loses.every);
        let spans = [("half_life", c.half_life), ("expires", c.expires), ("within", c.within), ("loses.every", every)];
        if let Some((field, _)) = spans.iter().find(|(_, span)| *span == Some(Span::ZERO)) {
            return self.wrong(field, "no time at all, expected more than 0");
        }
        Ok(())
    }

    /// The fields that say which events count and how, and whether each is given.
    fn about_events(&self) -> [(&'static str, bool); 9] {
        let c = self.criterion;
        [
            ("within", c.within.is_some()),
            ("after", c.after.is_some()),
            ("per", c.per.is_some()),
            ("at_least", c.at_least.is_some()),
            ("half_life", c.half_life.is_some()),
            ("expires", c.expires.is_some()),
            ("loses", c.loses.is_some()),
            ("sum", c.sum.is_some()),
            ("distinct", c.distinct.is_some()),
        ]
    }

    fn attribute(&self) -> Result<Shape, ModelError> {
        let c = self.criterion;
        self.refuse(&self.about_events(), "speaks of events, and the criterion has no `event`")?;
        if c.when.is_some() && c.lead_when.is_some() {
            return self
                .wrong("lead_when", "without `event`, `when` is already over the lead's columns: join them by AND");
        }
        let lead_when = c.when.clone().or_else(|| c.lead_when.clone());
        let signal = match (&c.per_unit, &c.bands) {
            (Some(column), _) => Signal::Unit(column.clone()),
            (_, Some(bands)) => Signal::Bands(bands.column.clone(), self.bands(bands)?),
            _ if lead_when.is_some() => Signal::Holds,
            _ => {
                return Err(ModelError::invalid(
                    self.path,
                    "gives points for nothing: expected `when`, `per_unit`, `bands`, `event` or `inactive_for`",
                ));
            }
        };
        Ok(Shape { lead_when, signal })
    }

    fn bands(&self, bands: &Bands) -> Result<Vec<Band>, ModelError> {
        if self.criterion.points.is_some() {
            return self.wrong("points", "each band has its own points: scale those instead");
        }
        if bands.points.is_empty() {
            return self.wrong("bands.points", "no bands, expected some such as { \"<50\": 0, \"50..500\": 15 }");
        }
        let mut parsed = Vec::with_capacity(bands.points.len());
        for (label, points) in bands.points.iter() {
            if !points.is_finite() {
                return self.wrong("bands.points", format!("{points} points for `{label}`, expected a finite number"));
            }
            match Band::parse(label, *points) {
                Some(band) => parsed.push(band),
                None => {
                    let forms = "<50, <=50, 50..500, 50..<500, >500, >=500 or a number";
                    return self.wrong("bands.points", format!("`{label}` is no range, expected one such as {forms}"));
                }
            }
        }
        parsed.sort_by(|a, b| a.range.order(&b.range));
        if let Some(pair) = parsed.windows(2).find(|pair| pair[0].overlaps(&pair[1])) {
            let (low, high) = (&pair[0], &pair[1]);
            let advice = match high.range.low {
                shared if shared == low.range.high => {
                    format!("; both hold {shared}: write `{}..<{shared}`", low.range.low)
                }
                _ => String::new(),
            };
            return self.wrong("bands.points", format!("`{}` and `{}` overlap{advice}", low.label, high.label));
        }
        Ok(parsed)
    }

    fn filter(&self) -> Filter {
        let c = self.criterion;
        let after = c.after.as_ref().map(|soon| After { event: soon.event.clone(), within: soon.within });
        Filter { kind: c.event.clone(), when: c.when.clone(), within: c.within, after }
    }

    fn events(&self) -> Result<Shape, ModelError> {
        let c = self.criterion;
        self.refuse(
            &[("per_unit", c.per_unit.is_some()), ("bands", c.bands.is_some())],
            "is for columns of the lead, and the criterion counts events: use `sum` for a column of the events",
        )?;
        let decay = self.decay()?;
        let amount = match (&c.sum, &c.distinct) {
            (Some(_), Some(_)) => return self.wrong("distinct", "`sum` and `distinct` exclude each other"),
            (Some(column), None) => Amount::Sum(column.clone()),
            (None, Some(column)) => Amount::Distinct(column.clone()),
            (None, None) => Amount::Events,
        };
        let each = match c.per {
            Some(per) => per == Per::Event,
            None => amount != Amount::Events && c.at_least.is_none(),
        };
        let filter = self.filter();
        let signal = if each {
            if c.at_least.is_some() {
                return self.wrong("at_least", "belongs to `per: lead`: with `per: event` every event counts");
            }
            if matches!(amount, Amount::Distinct(_)) && decay != Decay::None {
                let field = self.decays().next().unwrap_or("half_life");
                return self.wrong(field, "distinct values have no age: use `within`, or `per: lead`");
            }
            Signal::Each { filter, amount, decay }
        } else {
            Signal::Once { filter, amount, at_least: c.at_least.unwrap_or(1.0), decay }
        };
        Ok(Shape { lead_when: c.lead_when.clone(), signal })
    }

    /// The fields of decay that are given.
    fn decays(&self) -> impl Iterator<Item = &'static str> {
        let c = self.criterion;
        let fields =
            [("half_life", c.half_life.is_some()), ("expires", c.expires.is_some()), ("loses", c.loses.is_some())];
        fields.into_iter().filter(|(_, given)| *given).map(|(field, _)| field)
    }

    fn decay(&self) -> Result<Decay, ModelError> {
        let mut given = self.decays();
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            return self.wrong(first, format!("`{first}` and `{second}` exclude each other: choose one decay"));
        }
        let c = self.criterion;
        let steps = |loses: Loses| Decay::Steps { share: loses.percent / 100.0, every: loses.every };
        let smooth = c.half_life.map(Decay::HalfLife).or(c.expires.map(Decay::Linear));
        Ok(smooth.or(c.loses.map(steps)).unwrap_or(Decay::None))
    }

    fn inactive(&self) -> Result<Shape, ModelError> {
        let c = self.criterion;
        self.refuse(
            &self.about_events(),
            "means nothing beside `inactive_for`, which asks only how long ago the latest event is",
        )?;
        let span = c.inactive_for.unwrap_or(Span::ZERO);
        Ok(Shape { lead_when: c.lead_when.clone(), signal: Signal::Inactive { filter: self.filter(), span } })
    }
}
