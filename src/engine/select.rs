use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Engine;
use super::weights::{Sum, steps};
use crate::data::folded::{self, counted};
use crate::data::{DataSpec, EventsSpec, LeadKey, hex};
use crate::predicate::{EngineWords, Kind, Predicate, PredicateError, Reader, sql_name};
use crate::replay::{AsOf, EventFeature, Measure, Plan, feature_in_words, folded_columns};
use crate::table::{Unquotable, did_you_mean, inert};
use crate::time::{Instant, Span};

/// What is asked of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The experiment's file, as a reader knows it.
    pub experiment: &'a str,
    pub data: &'a DataSpec,
    pub as_of: &'a AsOf,
    pub plan: &'a Plan,
    /// The events' own columns that models or the condition on rows read.
    pub event_columns: &'a [(String, Kind)],
    pub lead_columns: &'a [(String, Kind)],
    /// Of each feature the first model that asks it.
    pub models: &'a [String],
}

/// What the engine calls its tables, as SQL.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    pub leads: &'a str,
    pub events: &'a str,
}

/// Why there is no statement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EngineError {
    #[error("data.events: there is no event log: name one, its `lead`, `at` and `kind`")]
    NoLog,
    #[error(
        "data.events: a statement is of one log, and there are several sections: make one table of them in the engine, and one section here"
    )]
    SeveralLogs,
    #[error("{place}: {why}")]
    Refused { place: String, why: String },
    #[error("{place}: {error}")]
    Condition { place: String, error: PredicateError },
    #[error(transparent)]
    Unquotable(#[from] Unquotable),
}

fn refused<T>(place: &str, why: impl Into<String>) -> Result<T, EngineError> {
    Err(EngineError::Refused { place: place.into(), why: why.into() })
}

/// What a result is an answer to, as 16 hexadecimal digits: features, moments of scoring, and how the log is read. Not the
/// tables' names, nor the engine.
pub fn plan_hash(plan: &Plan, data: &DataSpec, as_of: &AsOf) -> String {
    let mut text = format!("fold 1\n{}\n", as_of.in_words());
    let condition = |when: &Predicate| when.written(Reader::Own, &sql_name);
    let leads = &data.leads;
    let only = |only: &Option<Predicate>| only.as_ref().map(|only| only.text().to_string());
    let _ = writeln!(text, "leads {:?} {:?} {:?}", leads.id, leads.created, only(&leads.only));
    for log in &data.events.0 {
        let kind = log.kind.0.join(": ");
        let _ = writeln!(
            text,
            "events {} {} {kind} {:?} {:?} {:?}",
            log.lead.column,
            log.at,
            log.kind_is,
            log.id,
            only(&log.only)
        );
        let _ = writeln!(text, "nulls {:?} {:?}", log.nulls, log.nulls_in);
    }
    for feature in plan.features() {
        let when = feature.when.as_ref().map(condition).unwrap_or_default();
        text += &feature_in_words(feature, &when);
        text.push('\n');
    }
    hex(&Sha256::digest(text.as_bytes()))[..16].to_string()
}

/// The SELECT of every lead's features as known when it is scored, and of what findings need of the log.
///
/// # Errors
/// When it asks what engines read in different ways, with the place in the experiment.
pub fn select(asked: &Asked, engine: Engine, tables: Tables) -> Result<String, EngineError> {
    let log = match asked.data.events.0.as_slice() {
        [] => return Err(EngineError::NoLog),
        [log] => log,
        _ => return Err(EngineError::SeveralLogs),
    };
    let writing = Writing { asked, log, engine, tables };
    let until = writing.check()?;
    writing.whole(until)
}

/// A condition on rows, and the columns that it reads.
struct Only {
    holds: String,
    reads: Vec<(String, Kind)>,
}

/// What is made of the events for a feature.
struct Made {
    columns: Vec<String>,
    sum: Option<Sum>,
}

impl Made {
    fn plain(column: String) -> Self {
        Self { columns: vec![column], sum: None }
    }
}

struct Writing<'a> {
    asked: &'a Asked<'a>,
    log: &'a EventsSpec,
    engine: Engine,
    tables: Tables<'a>,
}

impl Writing<'_> {
    /// What the statement ends at; refuses what it cannot say.
    fn check(&self) -> Result<Instant, EngineError> {
        let Asked { data, as_of, .. } = self.asked;
        if let AsOf::Event(_) = as_of {
            let why = "scores leads at an event, which nobody could check in the result: score at creation, or some time after it (`after_created: 7d`)";
            return refused("replay.as_of", why);
        }
        if data.leads.id.is_none() {
            return refused("data.leads.id", "names no column: rows of the log are joined by it");
        }
        if data.leads.created.is_none() {
            return refused(
                "data.leads.created",
                "names no column: no event could be said to come before a lead is scored",
            );
        }
        if data.leads.merged_ids.is_some() {
            return refused(
                "data.leads.merged_ids",
                "joins rows of the log by other ids: bring them to one id in the engine",
            );
        }
        if self.log.lead != LeadKey::from(self.log.lead.column.as_str()) {
            return refused(
                "data.events.lead",
                "joins by more than equal ids: make a column of the leads' ids in the engine, and name that",
            );
        }
        if data.worked_kinds().next().is_some() {
            return refused(
                "data.outcomes.worked",
                "names kinds of events, and none comes back: name a column of times",
            );
        }
        if !data.timezone.is_utc() {
            let why = format!(
                "is {}, and engines read clocks each in its own way: hold instants or clocks of UTC in both tables, and leave `timezone` out",
                data.timezone.name()
            );
            return refused("data.timezone", why);
        }
        let Some(until) = &data.until else {
            return refused(
                "data.until",
                "is not given: the statement counts events until then; name the day on which the outcomes were exported",
            );
        };
        Ok(until.end(&data.timezone))
    }

    fn text(&self, text: &str) -> Result<String, EngineError> {
        Ok(self.engine.dialect().text("text", text)?)
    }

    fn column(&self, name: &str) -> Result<String, EngineError> {
        Ok(self.engine.column(name)?)
    }

    /// What an own column of the events is called in the statement.
    fn own(&self, name: &str) -> Result<String, EngineError> {
        self.column(&format!("e_{name}"))
    }

    /// A text without blanks around it, null where nothing is there.
    fn tidy(&self, name: &str, nulls: &[String]) -> Result<String, EngineError> {
        let text = format!("NULLIF(TRIM(CAST({} AS {})), '')", self.column(name)?, self.engine.string());
        nulls.iter().try_fold(text, |text, null| Ok(format!("NULLIF({text}, {})", self.text(null.trim())?)))
    }

    /// A column as conditions and sums read it.
    fn read(&self, name: &str, kind: Kind, nulls: &[String]) -> Result<String, EngineError> {
        let column = self.column(name)?;
        Ok(match kind {
            Kind::Text => self.tidy(name, nulls)?,
            Kind::Flag => format!("CAST({column} AS BOOLEAN)"),
            Kind::Instant => self.engine.micros(&column),
            Kind::Number => {
                let number = self.engine.finite_column(&column);
                let nulls = nulls.iter().filter_map(|null| null.trim().parse::<f64>().ok());
                let nulls = nulls.filter(|null| null.is_finite());
                nulls.fold(number, |number, null| format!("NULLIF({number}, {})", self.engine.number(null)))
            }
        })
    }

    fn nulls(&self, name: &str) -> Vec<String> {
        self.log.nulls.iter().chain(self.log.nulls_in.get(name).into_iter().flatten()).cloned().collect()
    }

    fn condition(&self, place: &str, when: &Predicate, prefix: &str) -> Result<String, EngineError> {
        let column = |name: &str| self.engine.column(&format!("{prefix}{name}")).map_err(|error| error.to_string());
        let written = when.for_engine(&self.engine, &column);
        written.map_err(|error| EngineError::Condition { place: place.into(), error })
    }

    /// The condition on rows over these columns.
    fn only(
        &self,
        place: &str,
        only: Option<&Predicate>,
        columns: &[(String, Kind)],
        prefix: &str,
    ) -> Result<Option<Only>, EngineError> {
        let Some(only) = only else { return Ok(None) };
        let resolved = only.resolve(columns, &self.asked.data.timezone);
        let resolved = resolved.map_err(|error| EngineError::Condition { place: place.into(), error })?;
        let reads = columns.iter().filter(|(name, _)| resolved.columns().any(|read| read == name)).cloned().collect();
        Ok(Some(Only { holds: self.condition(place, &resolved, prefix)?, reads }))
    }

    fn kind_of(&self, name: &str) -> Result<Kind, EngineError> {
        let columns = self.asked.event_columns;
        match columns.iter().find(|(known, _)| known == name) {
            Some((_, kind)) => Ok(*kind),
            None => {
                let near = did_you_mean(columns.iter().map(|(known, _)| known.as_str()), name);
                refused("data.events", format!("has no column `{name}` that a model reads{near}"))
            }
        }
    }

    fn whole(&self, until: Instant) -> Result<String, EngineError> {
        let plan = plan_hash(self.asked.plan, self.asked.data, self.asked.as_of);
        let mut text = self.header(&plan);
        text.push_str("WITH\n");
        text += &self.leads()?;
        text += &self.events(until)?;
        let anchors = self.anchors();
        text += &self.seen(&anchors)?;
        let features = self.features(&anchors)?;
        let sums: Vec<&Sum> = features.iter().filter_map(|made| made.sum.as_ref()).collect();
        let mut from = "seen";
        for (name, added) in steps(&sums, self.engine) {
            let added: String = added.iter().map(|one| format!(",\n    {one}")).collect();
            let _ = writeln!(text, "{name} AS (\n  SELECT *{added}\n  FROM {from}{}\n),", self.engine.fence());
            from = name;
        }
        text += &self.folded(&features, from);
        text += &self.counts();
        text += &self.result(&plan, until)?;
        Ok(text)
    }

    fn header(&self, plan: &str) -> String {
        let Asked { experiment, data, .. } = self.asked;
        let mut text = format!(
            "-- What scores ask of the events of every lead, as known when it is scored, and counts of the log; for {}.\n\
             -- Of {}, plan {plan}; written by `leadoff sql`. Save every row of the result as Parquet, Arrow or CSV and\n\
             -- name it as `features:` under `data.events`. Columns of times hold instants, or clocks of UTC.\n",
            self.engine.in_words(),
            inert(experiment),
        );
        if matches!(self.engine, Engine::Snowflake | Engine::BigQuery) {
            text += "-- This dialect was written by its documentation and never run: hold a small result against one of DuckDB first.\n";
        }
        if self.log.id.is_none() {
            text += "-- Rows are taken as they are: where a log holds one event twice, declare `data.events.id`.\n";
        }
        if data.leads.only.is_none() {
            return text;
        }
        text + "-- The condition on the leads stands in `known_leads`.\n"
    }

    fn leads(&self) -> Result<String, EngineError> {
        let Asked { data, as_of, lead_columns, .. } = self.asked;
        let (id, created) =
            (data.leads.id.as_deref().unwrap_or_default(), data.leads.created.as_deref().unwrap_or_default());
        let only = self.only("data.leads.where", data.leads.only.as_ref(), lead_columns, "l_")?;
        let mut own = String::new();
        for (name, kind) in only.iter().flat_map(|only| &only.reads) {
            let _ = write!(own, ",\n    {} AS {}", self.read(name, *kind, &[])?, self.column(&format!("l_{name}"))?);
        }
        let holds = only.map(|Only { holds, .. }| format!("\n    AND ({holds})")).unwrap_or_default();
        let span = match as_of {
            AsOf::AfterCreated(span) => span.micros(),
            _ => 0,
        };
        Ok(format!(
            "all_leads AS (\n  SELECT {} AS lead_id,\n    {} AS born{own}\n  FROM {}\n),\n\
             known_leads AS (\n  SELECT DISTINCT lead_id, born, born + {} AS as_of -- {}\n  FROM all_leads\n  WHERE lead_id IS NOT NULL{holds}\n),\n\
             began AS (\n  SELECT MIN(born) AS first_born\n  FROM known_leads\n),\n",
            self.tidy(id, &[])?,
            self.engine.micros(&self.column(created)?),
            self.tables.leads,
            self.engine.whole(span),
            as_of.in_words(),
        ))
    }

    /// The names under which the events' own columns are read.
    fn own_columns(&self) -> Result<Vec<String>, EngineError> {
        self.asked.event_columns.iter().map(|(name, _)| self.own(name)).collect()
    }

    fn events(&self, until: Instant) -> Result<String, EngineError> {
        let log = self.log;
        let mut own = String::new();
        for (name, kind) in self.asked.event_columns {
            let _ = write!(own, ",\n    {} AS {}", self.read(name, *kind, &self.nulls(name))?, self.own(name)?);
        }
        let names: String = self.own_columns()?.iter().map(|name| format!(", {name}")).collect();
        let kinds = log.kind.0.iter().map(|name| self.tidy(name, &self.nulls(name)));
        let kind = match (kinds.collect::<Result<Vec<_>, _>>()?.as_slice(), &log.kind_is) {
            ([], Some(kind)) => format!("CAST({} AS {})", self.text(kind)?, self.engine.string()),
            ([one], _) => one.clone(),
            (several, _) => format!("NULLIF({}, '')", self.engine.joined(several)),
        };
        let mut text = format!(
            "all_events AS (\n  SELECT {} AS lead_id,\n    {} AS at_us,\n    {kind} AS name",
            self.tidy(&log.lead.column, &self.nulls(&log.lead.column))?,
            self.engine.micros(&self.column(&log.at)?),
        );
        if let Some(id) = &log.id {
            let _ = write!(text, ",\n    {} AS event_id", self.tidy(id, &self.nulls(id))?);
        }
        let _ = writeln!(text, "{own}\n  FROM {}\n),", self.tables.events);
        let (mut from, mut repeats) = ("all_events", String::new());
        if log.id.is_some() {
            let order = format!("PARTITION BY event_id ORDER BY lead_id, at_us, name{names}");
            let _ = writeln!(
                text,
                "numbered AS (\n  SELECT *,\n    CASE WHEN event_id IS NULL THEN 1 ELSE ROW_NUMBER() OVER ({order}) END AS nth,\n    \
                 CASE WHEN event_id IS NULL THEN 1 ELSE DENSE_RANK() OVER ({order}) END AS differing\n  FROM all_events\n),"
            );
            from = "numbered";
            repeats = format!(
                "\n      WHEN e.differing > 1 THEN '{}'\n      WHEN e.nth > 1 THEN '{}'",
                counted::DIFFERING,
                counted::REPEAT
            );
        }
        let only = self.only("data.events.where", log.only.as_ref(), self.asked.event_columns, "e_")?;
        let left_out = only.map(|Only { holds, .. }| {
            format!("\n      WHEN NOT COALESCE(({holds}), FALSE) THEN '{}'", counted::LEFT_OUT)
        });
        let _ = writeln!(
            text,
            "heard AS (\n  SELECT e.*, COALESCE(e.name, '(none)') AS kind, l.born, l.as_of,\n    CASE\n      \
             WHEN e.lead_id IS NULL THEN '{}'\n      WHEN l.lead_id IS NULL THEN '{}'{repeats}{}\n      \
             WHEN e.at_us IS NULL THEN '{}'\n      WHEN e.at_us > {} THEN '{}'\n      ELSE '{}'\n    END AS status\n  \
             FROM {from} e LEFT JOIN known_leads l ON e.lead_id = l.lead_id\n),",
            counted::NAMELESS,
            counted::STRANGER,
            left_out.unwrap_or_default(),
            counted::TIMELESS,
            self.engine.whole(until),
            counted::LATER,
            counted::EVENT,
        );
        Ok(text)
    }

    /// Kinds that others must follow.
    fn anchors(&self) -> Vec<String> {
        let after = self.asked.plan.features().iter().filter_map(|feature| feature.after.as_ref());
        let mut kinds: Vec<String> = after.map(|after| after.event.clone()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    fn seen(&self, anchors: &[String]) -> Result<String, EngineError> {
        let mut last = String::new();
        for (place, kind) in anchors.iter().enumerate() {
            let _ = write!(
                last,
                ",\n    MAX(CASE WHEN kind = {} THEN at_us END) OVER (PARTITION BY lead_id ORDER BY at_us\n      \
                 RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS anchor{}",
                self.text(kind)?,
                place + 1
            );
        }
        let own: String = self.own_columns()?.iter().map(|name| format!(", {name}")).collect();
        Ok(format!(
            "seen AS (\n  SELECT lead_id, as_of, kind, at_us, as_of - at_us AS age{own}{last}\n  FROM heard\n  \
             WHERE status IN ('{}', '{}') AND at_us <= as_of\n),\n",
            counted::EVENT,
            counted::LATER
        ))
    }

    fn matches(&self, place: usize, feature: &EventFeature, anchors: &[String]) -> Result<String, EngineError> {
        let span = |span: Span| self.engine.whole(span.micros());
        let mut parts = Vec::new();
        if let Some(kind) = &feature.kind {
            parts.push(format!("kind = {}", self.text(kind)?));
        }
        if let Some(within) = feature.within {
            parts.push(format!("age < {}", span(within)));
        }
        if let Some(after) = &feature.after {
            let anchor = anchors.iter().position(|kind| *kind == after.event).map_or(0, |place| place + 1);
            parts.push(format!("at_us - anchor{anchor} <= {}", span(after.within)));
        }
        if let Some(when) = &feature.when {
            let model = self.asked.models.get(place).map_or("models", String::as_str);
            parts.push(format!("({})", self.condition(model, when, "e_")?));
        }
        Ok(if parts.is_empty() { "at_us IS NOT NULL".into() } else { parts.join(" AND ") })
    }

    /// The columns of each feature, and the sum that it is.
    fn features(&self, anchors: &[String]) -> Result<Vec<Made>, EngineError> {
        let of = |(place, feature): (usize, &EventFeature)| {
            let matches = self.matches(place, feature, anchors)?;
            Ok(match &feature.measure {
                Measure::Count => Made::plain(format!("COUNT(CASE WHEN {matches} THEN 1 END)")),
                Measure::Age => Made::plain(format!("MIN(CASE WHEN {matches} THEN age END)")),
                Measure::Distinct { column } => {
                    let own = self.own(column)?;
                    let value = match self.kind_of(column)? {
                        // -0 is no other number than 0.
                        Kind::Number => format!("{own} + {}", self.engine.number(0.0)),
                        _ => own,
                    };
                    Made::plain(format!("COUNT(DISTINCT CASE WHEN {matches} THEN {value} END)"))
                }
                Measure::Sum { column, decay } => {
                    let value = column.as_ref().map(|column| self.value(column)).transpose()?;
                    let sum = Sum { n: place + 1, matches, value, decay: *decay };
                    Made { columns: sum.parts(self.engine), sum: Some(sum) }
                }
            })
        };
        self.asked.plan.features().iter().enumerate().map(of).collect()
    }

    fn value(&self, column: &str) -> Result<String, EngineError> {
        let own = self.own(column)?;
        Ok(match self.kind_of(column)? {
            Kind::Number => own,
            _ => return refused("data.events", format!("`{column}` holds no numbers to add up")),
        })
    }

    fn folded(&self, features: &[Made], from: &str) -> String {
        let mut text = "folded AS (\n  SELECT lead_id, MAX(as_of) AS as_of, COUNT(*) AS events".to_string();
        for (place, Made { columns, .. }) in features.iter().enumerate() {
            let feature = &self.asked.plan.features()[place];
            let when = feature.when.as_ref().map(|when| when.text().to_string()).unwrap_or_default();
            let words = feature_in_words(feature, &when);
            let _ = write!(text, ",\n    -- {}", inert(&words));
            let columns = columns.iter().zip(folded_columns(place, feature));
            let columns: Vec<String> = columns.map(|(column, name)| format!("\n    {column} AS {name}")).collect();
            text += &columns.join(",");
        }
        text + &format!("\n  FROM {from}\n  GROUP BY lead_id\n),\n")
    }

    fn counts(&self) -> String {
        let week = self.engine.whole(folded::WEEK_LONG);
        let most = self.engine.whole(folded::LAGS * folded::WEEK_LONG);
        let (event, later, timeless) = (counted::EVENT, counted::LATER, counted::TIMELESS);
        format!(
            "cells AS (\n  SELECT status, at_us,\n    CASE WHEN status IN ('{event}', '{later}', '{timeless}') THEN name END AS name,\n    \
             CASE WHEN status = '{event}' AND at_us >= first_born THEN at_us - first_born - MOD(at_us - first_born, {week}) END AS week_at,\n    \
             CASE\n      WHEN status <> '{event}' OR born IS NULL THEN NULL\n      WHEN at_us <= born THEN {}\n      \
             WHEN at_us - born >= {most} THEN {most}\n      ELSE at_us - born - MOD(at_us - born, {week})\n    END AS lag_at\n  \
             FROM heard CROSS JOIN began\n),\n\
             counts AS (\n  SELECT status, name, week_at, lag_at, COUNT(*) AS n, MIN(at_us) AS first_at, MAX(at_us) AS last_at\n  \
             FROM cells\n  GROUP BY status, name, week_at, lag_at\n)\n",
            self.engine.whole(0),
        )
    }

    /// The leads' rows, and beside them those that count.
    fn result(&self, plan: &str, until: Instant) -> Result<String, EngineError> {
        let (big, string) = (self.engine.big(), self.engine.string());
        let names: Vec<String> =
            self.asked.plan.features().iter().enumerate().flat_map(|(place, one)| folded_columns(place, one)).collect();
        let missing = |name: &str| {
            let kind = if folded::TEXTS.contains(&name) { string } else { big };
            format!("CAST(NULL AS {kind})")
        };
        let row = |given: &[(&str, String)], own: &dyn Fn(&str) -> String, from: &str| {
            let fixed = folded::FIXED.iter().map(|name| match given.iter().find(|(known, _)| known == name) {
                Some((_, text)) if text == name => text.clone(),
                Some((_, text)) => format!("{text} AS {name}"),
                None => format!("{} AS {name}", missing(name)),
            });
            let own = names.iter().map(|name| match own(name) {
                same if same == *name => same,
                other => format!("{other} AS {name}"),
            });
            let columns: Vec<String> = fixed.chain(own).collect();
            format!("SELECT {}{from}", columns.join(", "))
        };
        let plan = (folded::PLAN, format!("CAST('{plan}' AS {string})"));
        let of = |what: String| (folded::COUNT_OF, what);
        let own = |name: &str| name.to_string();
        let column = |name: &'static str| (name, name.to_string());
        let mut rows = vec![row(
            &[column(folded::LEAD), column(folded::AS_OF), plan.clone(), column(folded::EVENTS)],
            &own,
            "\nFROM folded",
        )];
        let counts = [folded::NAME, folded::WEEK, folded::LAG, folded::N, folded::FIRST, folded::LAST].map(column);
        let given: Vec<(&str, String)> = [plan.clone(), of("status".into())].into_iter().chain(counts).collect();
        rows.push(row(&given, &missing, "\nFROM counts"));
        let leads = [
            plan.clone(),
            of(format!("'{}'", counted::LEADS)),
            (folded::N, "COUNT(born)".into()),
            (folded::FIRST, "MIN(born)".into()),
            (folded::LAST, "MAX(born)".into()),
        ];
        rows.push(row(&leads, &missing, "\nFROM known_leads"));
        let end = [plan.clone(), of(format!("'{}'", counted::UNTIL)), (folded::LAST, self.engine.whole(until))];
        rows.push(row(&end, &missing, ""));
        for (name, kind) in self.asked.event_columns {
            let holds = format!("'{}{}'", counted::COLUMN, kind.name());
            rows.push(row(&[plan.clone(), of(holds), (folded::NAME, self.text(name)?)], &missing, ""));
        }
        Ok(rows.join("\nUNION ALL\n") + "\n")
    }
}
