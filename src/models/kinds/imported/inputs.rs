//! An input of a model's file, found among columns and events.

use std::borrow::Cow;

use super::takes;
use crate::forest::{self, Level, Takes};
use crate::models::context::{Context, KnownColumn};
use crate::models::criterion::Compiled;
use crate::models::scorer::columns_seen;
use crate::models::spec::{Criterion, Filler, ImportedSpec, InputFields, InputSpec, Unseen};
use crate::models::{ModelError, words};
use crate::predicate::Kind;
use crate::replay::{EventFeature, FeatureId, Features, Listed, ListedId, Measure, Plan, UNLISTED};
use crate::table::{Column, MISSING};
use crate::time::{DAY, NEVER};

/// An input and what it is here, or why it is nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name in the file.
    pub input: String,
    /// How often it decides a split, or weighs.
    pub uses: usize,
    /// "column `employees`".
    pub found: Result<String, ModelError>,
}

/// Texts of a column that have no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    pub input: String,
    pub column: String,
    pub leads: usize,
}

/// An input that was found.
#[derive(Clone, Debug)]
pub(super) struct Input {
    name: String,
    source: Source,
    /// What a missing value becomes.
    missing: f64,
}

#[derive(Clone, Debug)]
enum Source {
    /// A column of numbers, or of true and false.
    Column(String),
    /// A column of numbers that is looked up: the place of each among these, ascending.
    Numbers {
        column: String,
        places: Vec<(f64, f64)>,
        unseen: Unseen,
    },
    Texts(Texts),
    DaysBefore(String),
    DaysSince {
        kind: (String, String),
        age: FeatureId,
    },
    Criterion(Box<Compiled>),
}

/// A column of texts, each of which has a number.
#[derive(Clone, Debug)]
struct Texts {
    column: String,
    listed: ListedId,
    /// By place in the list.
    codes: Vec<f64>,
    unseen: Unseen,
}

impl Input {
    /// # Errors
    /// When there is no such column, or it does not hold what the input takes.
    pub(super) fn of(
        input: &forest::Input,
        spec: &ImportedSpec,
        path: &str,
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Self, ModelError> {
        let named = spec.features.get(&input.name);
        let path = match named {
            Some(_) => format!("{path}.features.{}", input.name),
            None => format!("{path}.features"),
        };
        let fields = match named {
            None => InputFields { column: Some(input.name.clone()), ..InputFields::default() },
            Some(InputSpec::Column(name)) => InputFields { column: Some(name.clone()), ..InputFields::default() },
            Some(InputSpec::Fields(fields)) => fields.as_ref().clone(),
        };
        let unseen = fields.unseen.or(spec.unseen).unwrap_or(Unseen::Missing);
        Finding { input, path: &path, fields: &fields, unseen, context, plan }.found()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// "column `employees`".
    pub(super) fn what(&self) -> String {
        match &self.source {
            Source::Column(column) => format!("column `{column}`"),
            Source::Numbers { column, places, .. } => {
                format!("column `{column}`, {} numbers as categories", places.len())
            }
            Source::Texts(texts) => format!("column `{}`, {} texts as categories", texts.column, texts.codes.len()),
            Source::DaysBefore(column) => format!("days from `{column}` to scoring"),
            Source::DaysSince { kind: (_, kind), .. } => format!("days since the latest `{kind}`"),
            Source::Criterion(criterion) => {
                criterion.what.trim_start_matches("once ").trim_start_matches("for ").to_string()
            }
        }
    }

    pub(super) fn reads(&self) -> Vec<&str> {
        match &self.source {
            Source::Column(column) | Source::DaysBefore(column) | Source::Numbers { column, .. } => vec![column],
            Source::Texts(texts) => vec![&texts.column],
            Source::DaysSince { .. } => Vec::new(),
            Source::Criterion(criterion) => criterion.reads.iter().map(String::as_str).collect(),
        }
    }

    pub(super) fn kinds(&self) -> &[(String, String)] {
        match &self.source {
            Source::DaysSince { kind, .. } => std::slice::from_ref(kind),
            Source::Criterion(criterion) => &criterion.kinds,
            _ => &[],
        }
    }

    pub(super) fn events(&self) -> Option<FeatureId> {
        match &self.source {
            Source::DaysSince { age, .. } => Some(*age),
            Source::Criterion(criterion) => criterion.events(),
            _ => None,
        }
    }

    /// Every lead's number; not a number where it is missing.
    pub(super) fn values<'a>(&self, features: &'a Features) -> Cow<'a, [f64]> {
        let values = match &self.source {
            Source::Column(column) => match features.attributes.get(column) {
                Some(Column::Number(values)) => Cow::Borrowed(&values[..]),
                Some(Column::Flag(flags)) => {
                    flags.iter().map(|flag| flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag)))).collect()
                }
                _ => vec![f64::NAN; features.rows()].into(),
            },
            Source::Numbers { column, places, unseen } => match features.attributes.get(column) {
                Some(Column::Number(values)) => {
                    values.iter().map(|value| self.place_of(places, *unseen, *value)).collect()
                }
                Some(Column::Flag(flags)) => {
                    let number = |flag: &Option<bool>| flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag)));
                    flags.iter().map(|flag| self.place_of(places, *unseen, number(flag))).collect()
                }
                _ => vec![f64::NAN; features.rows()].into(),
            },
            Source::Texts(texts) => {
                features.places(texts.listed).iter().map(|&place| texts.code(place, self.missing)).collect()
            }
            Source::DaysBefore(column) => match features.attributes.get(column) {
                Some(Column::Instant(times)) => times
                    .iter()
                    .zip(&features.as_of)
                    .map(|(&at, &as_of)| {
                        let is_known = at != NEVER && as_of != NEVER;
                        if is_known { as_of.saturating_sub(at) as f64 / DAY as f64 } else { f64::NAN }
                    })
                    .collect(),
                _ => vec![f64::NAN; features.rows()].into(),
            },
            Source::DaysSince { age, .. } => features.event(*age).iter().map(|age| age / DAY as f64).collect(),
            Source::Criterion(criterion) => criterion.strength(features).iter().collect(),
        };
        // What a text that is not known becomes is said of its own.
        let is_looked_up = matches!(self.source, Source::Texts(_) | Source::Numbers { .. });
        if is_looked_up || self.missing.is_nan() || !values.iter().any(|value| value.is_nan()) {
            return values;
        }
        values.iter().map(|value| if value.is_nan() { self.missing } else { *value }).collect()
    }

    /// What was seen of the lead in a row, with the number that the model took it for.
    pub(super) fn seen(&self, features: &Features, taken: f64) -> String {
        let seen = match &self.source {
            Source::Criterion(criterion) => criterion.seen(features, 0),
            Source::DaysBefore(_) | Source::DaysSince { .. } => match taken.is_nan() {
                true => "missing".into(),
                false => words::days(taken),
            },
            _ => columns_seen(self.reads(), features, 0),
        };
        match &self.source {
            Source::Texts(_) | Source::Numbers { .. } if taken.is_nan() => format!("{seen}, taken as missing"),
            _ => seen,
        }
    }

    fn place_of(&self, places: &[(f64, f64)], otherwise: Unseen, value: f64) -> f64 {
        if value.is_nan() { self.missing } else { find(places, value).unwrap_or_else(|| unseen(otherwise)) }
    }

    pub(super) fn refuses(&self) -> bool {
        matches!(
            &self.source,
            Source::Texts(Texts { unseen: Unseen::Refuse, .. }) | Source::Numbers { unseen: Unseen::Refuse, .. }
        )
    }

    /// Leads whose value has no number.
    pub(super) fn unlisted(&self, features: &Features) -> Option<Unlisted> {
        let (column, leads) = match &self.source {
            Source::Texts(texts) => {
                let places = features.places(texts.listed).iter();
                (&texts.column, places.filter(|place| **place == UNLISTED).count())
            }
            Source::Numbers { column, places, .. } => match features.attributes.get(column) {
                Some(Column::Number(values)) => {
                    let is_unlisted = |value: &&f64| !value.is_nan() && find(places, **value).is_none();
                    (column, values.iter().filter(is_unlisted).count())
                }
                _ => return None,
            },
            _ => return None,
        };
        (leads > 0).then(|| Unlisted { input: self.name.clone(), column: column.clone(), leads })
    }
}

impl Texts {
    fn code(&self, place: u32, missing: f64) -> f64 {
        match place {
            MISSING => missing,
            UNLISTED => unseen(self.unseen),
            place => self.codes.get(place as usize).copied().unwrap_or(f64::NAN),
        }
    }
}

fn unseen(unseen: Unseen) -> f64 {
    if let Unseen::Code(code) = unseen { code } else { f64::NAN }
}

fn find(places: &[(f64, f64)], value: f64) -> Option<f64> {
    let place = places.binary_search_by(|(known, _)| known.total_cmp(&(value + 0.0))).ok()?;
    Some(places[place].1)
}

/// An input that is being looked for.
struct Finding<'a, 'c> {
    input: &'a forest::Input,
    path: &'a str,
    fields: &'a InputFields,
    unseen: Unseen,
    context: &'a Context<'c>,
    plan: &'a mut Plan,
}

impl Finding<'_, '_> {
    fn wrong(&self, what: impl Into<String>) -> ModelError {
        ModelError::invalid(self.path, what)
    }

    fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    fn found(mut self) -> Result<Input, ModelError> {
        let fields = self.fields;
        let criterion = fields.criterion();
        let is_criterion = criterion != Criterion::default();
        let given = [
            ("column", fields.column.is_some()),
            ("days_before", fields.days_before.is_some()),
            ("days_since", fields.days_since.is_some()),
            ("an event feature", is_criterion),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        let expected = "expected one of `column`, `days_before`, `days_since` and an event feature such as { event: page_view, per: event }";
        match given.as_slice() {
            [_] => {}
            [] => return Err(self.wrong(format!("says nothing of what it is, {expected}"))),
            several => return Err(self.wrong(format!("{} stand together, {expected}", several.join(" and ")))),
        }
        if fields.column.is_none() && (fields.codes.is_some() || fields.unseen.is_some()) {
            return Err(self.wrong("`codes` and `unseen` go with `column`"));
        }
        let source = match (&fields.column, &fields.days_before, &fields.days_since) {
            (Some(name), ..) => self.column(name)?,
            (_, Some(name), _) => self.days_before(name)?,
            (_, _, Some(kind)) => self.days_since(kind)?,
            _ => self.criterion(&criterion)?,
        };
        let missing = self.missing(&source)?;
        Ok(Input { name: self.input.name.clone(), source, missing })
    }

    fn column(&mut self, name: &str) -> Result<Source, ModelError> {
        let column = self.context.column(self.path, name)?;
        let levels = match &self.input.takes {
            Takes::Levels(levels) if self.fields.codes.is_none() => Some(levels.clone()),
            _ => None,
        };
        match (column.kind, levels, &self.fields.codes) {
            (Kind::Instant, ..) => Err(self.wrong(format!(
                "`{}` holds times, and the input takes {}: `{{ days_before: {} }}` gives the days from then to scoring",
                column.name,
                takes(&self.input.takes),
                column.name
            ))),
            (Kind::Text, _, Some(codes)) => {
                self.texts(column, codes.iter().map(|(text, code)| (text.into(), *code)).collect())
            }
            (_, _, Some(_)) => Err(ModelError::invalid(
                self.at("codes"),
                format!(
                    "`{}` holds {}, and only texts have codes; declare its type under `types:` as text",
                    column.name, column.kind
                ),
            )),
            (Kind::Text, Some(levels), None) => {
                let mut texts = Vec::with_capacity(levels.len());
                for (place, level) in levels.iter().enumerate() {
                    let Level::Text(text) = level else { return Err(self.not_texts(column)) };
                    texts.push((text.clone(), place as f64));
                }
                self.texts(column, texts)
            }
            (Kind::Number, Some(levels), None) => self.numbers(column, &levels, |level| match level {
                Level::Number(number) => Some(number + 0.0),
                _ => None,
            }),
            (Kind::Flag, Some(levels), None) => self.numbers(column, &levels, |level| match level {
                Level::Flag(flag) => Some(f64::from(u8::from(*flag))),
                Level::Number(number) if *number == 0.0 || *number == 1.0 => Some(*number + 0.0),
                _ => None,
            }),
            (Kind::Text, None, None) => {
                let advice = match self.input.takes {
                    Takes::Number => {
                        "if that is wrong, declare its type under `types:` as number, or as flag for true and false; if it is a category, say each text's number"
                    }
                    _ => "the file does not hold the categories: say the number that each text had in training",
                };
                Err(self.wrong(format!(
                    "`{}` holds text, and the input takes {}; {advice}: `codes: {{ free: 0, trial: 1 }}`",
                    column.name,
                    takes(&self.input.takes)
                )))
            }
            (Kind::Number | Kind::Flag, None, None) => Ok(Source::Column(column.name.clone())),
        }
    }

    fn not_texts(&self, column: &KnownColumn) -> ModelError {
        self.wrong(format!(
            "`{}` holds {}, and the file's categories are of another type; declare the column's under `types:`",
            column.name, column.kind
        ))
    }

    fn texts(&mut self, column: &KnownColumn, texts: Vec<(String, f64)>) -> Result<Source, ModelError> {
        if let Some((text, _)) = texts.iter().find(|(_, code)| !code.is_finite()) {
            return Err(ModelError::invalid(self.at("codes"), format!("`{text}` has no finite number")));
        }
        let (texts, codes): (Vec<String>, Vec<f64>) = texts.into_iter().unzip();
        let listed = self.plan.ask_place(Listed { column: column.name.clone(), texts });
        Ok(Source::Texts(Texts { column: column.name.clone(), listed, codes, unseen: self.unseen }))
    }

    fn numbers(
        &self,
        column: &KnownColumn,
        levels: &[Level],
        number: impl Fn(&Level) -> Option<f64>,
    ) -> Result<Source, ModelError> {
        let places = levels.iter().enumerate().map(|(place, level)| Some((number(level)?, place as f64)));
        let places: Option<Vec<(f64, f64)>> = places.collect();
        let mut places = places.ok_or_else(|| self.not_texts(column))?;
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Source::Numbers { column: column.name.clone(), places, unseen: self.unseen })
    }

    fn days_before(&self, name: &str) -> Result<Source, ModelError> {
        let column = self.context.column(&self.at("days_before"), name)?;
        if column.kind == Kind::Instant {
            return Ok(Source::DaysBefore(column.name.clone()));
        }
        let advice = "if that is wrong, declare its type under `types:` as time";
        let what = format!("`{}` holds {}, expected times; {advice}", column.name, column.kind);
        Err(ModelError::invalid(self.at("days_before"), what))
    }

    fn days_since(&mut self, kind: &str) -> Result<Source, ModelError> {
        self.context.log(&self.at("days_since"))?;
        let age = self.plan.ask(EventFeature::of_kind(Some(kind.into()), Measure::Age));
        Ok(Source::DaysSince { kind: (self.at("days_since"), kind.into()), age })
    }

    fn criterion(&mut self, criterion: &Criterion) -> Result<Source, ModelError> {
        let given = [
            ("points", criterion.points.is_some()),
            ("cap", criterion.cap.is_some()),
            ("group", criterion.group.is_some()),
        ];
        if let Some((field, _)) = given.iter().find(|(_, given)| *given) {
            return Err(ModelError::invalid(self.at(field), "the model weighs its inputs itself: leave it out"));
        }
        Ok(Source::Criterion(Box::new(Compiled::new(criterion, self.path, self.context, self.plan)?)))
    }

    /// What a missing value becomes.
    fn missing(&self, source: &Source) -> Result<f64, ModelError> {
        let text = match &self.fields.missing {
            None => return Ok(f64::NAN),
            Some(Filler::Number(number)) => return Ok(*number),
            Some(Filler::Text(text)) => text,
        };
        let wrong = |what: String| Err(ModelError::invalid(self.at("missing"), what));
        let Source::Texts(texts) = source else {
            return wrong(format!("`{text}`, expected a number: the input is no category in texts"));
        };
        let place = self.listed(texts).iter().position(|known| known == text);
        match place {
            Some(place) => Ok(texts.codes[place]),
            None => wrong(format!("`{text}` is none of the categories of `{}`", self.input.name)),
        }
    }

    fn listed(&self, texts: &Texts) -> Vec<String> {
        match (&self.fields.codes, &self.input.takes) {
            (Some(codes), _) => codes.names().map(str::to_owned).collect(),
            (None, Takes::Levels(levels)) => levels
                .iter()
                .map(|level| if let Level::Text(text) = level { text.clone() } else { String::new() })
                .collect(),
            _ => vec![String::new(); texts.codes.len()],
        }
    }
}

/// An input whose column is not there.
pub(super) fn absent(path: &str, input: &str, context: &Context) -> ModelError {
    let names = context.columns.iter().map(|column| column.name.as_str());
    ModelError::unknown(format!("{path}.features"), "column for the file's input", input, names)
}

/// Several of them.
pub(super) fn all_absent(path: &str, inputs: &[&str]) -> ModelError {
    const SHOWN: usize = 12;
    let mut named: Vec<String> = inputs.iter().take(SHOWN).map(|input| format!("`{input}`")).collect();
    if inputs.len() > SHOWN {
        named.push(format!("and {} more", inputs.len() - SHOWN));
    }
    let what = format!(
        "there are no columns for the file's inputs {}: say what each is, as `features: {{ {}: COLUMN }}`; `leadoff check` lists all",
        named.join(", "),
        inputs.first().unwrap_or(&"INPUT")
    );
    ModelError::invalid(format!("{path}.features"), what)
}
