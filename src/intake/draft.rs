use crate::data::{Credit, Fate, Sketch};
use crate::models::spec::Criterion;
use crate::table::{Class, Column, MISSING, Text};
use crate::time::{DAY, Instant, Zone};

use super::ends::Ends;
use super::fit::Fit;
use super::join::Join;
use super::roles::{Changes, Log, Roles};
use super::table::{Found, by_frequency, there};
use super::words::{Meaning, is_touch};

/// An experiment in the making: what was found, and what is guessed.
pub struct Draft {
    pub(super) tables: Vec<Found>,
    pub(super) roles: Roles,
    pub(super) title: String,
    pub(super) created: Option<String>,
    /// The ends that the leads' own columns tell, where no other table does.
    pub(super) own: Option<Ends>,
    pub(super) until: Option<String>,
    pub(super) score: Option<String>,
    pub(super) segment: Option<String>,
    /// Kinds of events that sales makes.
    pub(super) touches: Vec<String>,
    pub(super) fit: Option<Fit>,
    /// Columns that describe leads, which a screening found nothing against; and those that it did, each with why.
    pub(super) described: Vec<String>,
    pub(super) withheld: Vec<(String, String)>,
    /// Whether all columns are taken for known, as the screening needs.
    pub(super) is_trial: bool,
    pub(super) credit: Credit,
    pub(super) rules: Option<String>,
    /// A card of points that the training leads suggest.
    pub(super) points: Vec<Criterion>,
    questions: Vec<Question>,
}

/// Something that the files do not tell.
#[derive(Clone, Debug)]
pub struct Question {
    pub ask: String,
    pub choices: Vec<Choice>,
    /// The place of the choice that is taken unasked, and of the one that was answered.
    pub guess: usize,
    pub answer: Option<usize>,
    /// How to change the file for another answer.
    pub otherwise: String,
    pub(super) about: About,
}

/// An answer, and the key that gives it.
#[derive(Clone, Debug)]
pub struct Choice {
    pub key: char,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum About {
    /// Whether columns were filled when leads came.
    Described,
    /// Whether a stage is a loss.
    Stage(String),
    Credit,
    /// Whether days come before months, in a column of a table.
    DayFirst(usize, String),
    /// Which value means won.
    Won(String),
    /// Whether wins may be told without a table that says how deals ended.
    Stray,
}

fn choice(key: char, text: &str) -> Choice {
    Choice { key, text: text.into() }
}

/// As many columns as a question names.
const NAMED: usize = 6;
/// As many questions as are asked.
const QUESTIONS: usize = 5;

impl Draft {
    /// # Errors
    /// When the tables hold no leads, or none says what became of them.
    pub fn of(sketches: Vec<Sketch>, title: &str, rules: Option<String>) -> Result<Self, String> {
        let tables: Vec<Found> = sketches.into_iter().map(Found::of).collect();
        let roles = Roles::of(&tables)?;
        let leads = &tables[roles.leads];
        let own = if roles.deals.is_none() { Ends::of_leads(leads) } else { None };
        let mut draft = Self {
            title: title.into(),
            created: created(leads),
            score: score(leads),
            segment: segment(leads),
            touches: Vec::new(),
            until: None,
            fit: None,
            described: Vec::new(),
            withheld: Vec::new(),
            is_trial: true,
            credit: Credit::First,
            questions: Vec::new(),
            points: Vec::new(),
            own,
            rules,
            tables,
            roles,
        };
        if draft.roles.deals.is_none() && draft.own.is_none() {
            draft.ask_won()?;
        }
        let kinds = draft.roles.logs.iter().flat_map(|(_, _, log)| &log.kinds);
        draft.touches = kinds.map(|(kind, _)| kind.clone()).filter(|kind| is_touch(kind)).collect();
        draft.until = draft.day_of_export();
        draft.ask_of_unsorted();
        draft.ask_of_strays();
        draft.ask_of_stages();
        draft.ask_of_credit();
        draft.ask_of_days();
        Ok(draft)
    }

    /// The questions that are open, those first that change most.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(|question| question.answer.is_none()).take(QUESTIONS)
    }

    /// Answers the first open question.
    pub fn answer(&mut self, answer: usize) {
        let Some(place) = self.questions.iter().position(|question| question.answer.is_none()) else { return };
        self.questions[place].answer = Some(answer);
        let question = self.questions[place].clone();
        match &question.about {
            About::Described if answer == 1 => {
                let described = std::mem::take(&mut self.described);
                self.described = described.into_iter().filter(|column| Meaning::Source.is_in(column)).collect();
                let reads = |one: &Criterion| {
                    one.when
                        .iter()
                        .flat_map(|when| when.columns())
                        .all(|column| self.described.iter().any(|known| known == column))
                };
                self.points.retain(|one| one.event.is_some() || reads(one));
            }
            About::Credit => self.credit = if answer == 1 { Credit::Each } else { Credit::First },
            About::Stage(value) => {
                let fate = [Fate::Lost, Fate::Open][answer.min(1)];
                let stage = self.roles.deals.as_mut().and_then(|(.., ends)| ends.stage.as_mut());
                let of = |known: &&mut (String, Fate, usize)| known.0 == *value;
                if let Some(known) = stage.and_then(|stage| stage.values.iter_mut().find(of)) {
                    known.1 = fate;
                }
            }
            About::DayFirst(table, column) if answer == 1 => {
                let of = self.tables[*table].sketch.columns.iter_mut().find(|one| one.name == *column);
                if let Some(format) = of.and_then(|one| one.format.as_mut()) {
                    let turned = format.as_str().replace("%d", "%_").replace("%m", "%d").replace("%_", "%m");
                    *format = turned.parse().unwrap_or_else(|_| format.clone());
                }
            }
            About::Won(column) => {
                let Some(Choice { text: value, .. }) = question.choices.get(answer) else { return };
                match self.roles.deals.as_mut().and_then(|(.., ends)| ends.stage.as_mut()) {
                    Some(stage) => {
                        stage.values.iter_mut().filter(|known| known.0 == *value).for_each(|known| known.1 = Fate::Won)
                    }
                    None => {
                        self.own = Some(Ends { flag: Some((column.clone(), vec![value.clone()])), ..Ends::default() })
                    }
                }
            }
            About::Described | About::DayFirst(..) | About::Stray => {}
        }
    }

    /// How many rows of each kind of table were looked at, in words for a terminal.
    pub fn summary(&self) -> Vec<String> {
        let of = |place: usize| {
            let sketch = &self.tables[place].sketch;
            let more = if sketch.has_more { "the first " } else { "" };
            format!("{} ({more}{} rows)", self.tables[place].shown(), sketch.rows)
        };
        let joined = |join: &Join| {
            let share = 100.0 * join.share();
            let via: Vec<String> = join.key.via.iter().map(|via| format!("`{}`", via.from)).collect();
            let through = if via.is_empty() { String::new() } else { format!(" through {}", via.join(", ")) };
            format!("`{}`{through} finds the lead of {share:.1} % of its rows", join.key.column)
        };
        let mut lines = vec![format!("leads     {}", of(self.roles.leads))];
        match &self.roles.deals {
            Some((place, join, _)) => lines.push(format!("outcomes  {}: {}", of(*place), joined(join))),
            None => lines.push("outcomes  among the leads' own columns".into()),
        }
        for (place, join, log) in &self.roles.logs {
            let kinds = log.kinds.len().max(1);
            let s = if kinds == 1 { "" } else { "s" };
            lines.push(format!("events    {}: {}, {kinds} kind{s}", of(*place), joined(join)));
        }
        if let Some((place, join, _)) = &self.roles.history {
            lines.push(format!("history   {}: {}", of(*place), joined(join)));
        }
        lines.extend(self.roles.unused.iter().map(|(place, why)| format!("not used  {}: {why}", of(*place))));
        lines
    }

    pub(super) fn leads(&self) -> &Found {
        &self.tables[self.roles.leads]
    }

    pub(super) fn ends(&self) -> Option<(&Found, &Ends)> {
        let deals = self.roles.deals.as_ref().map(|(place, _, ends)| (&self.tables[*place], ends));
        deals.or_else(|| self.own.as_ref().map(|ends| (self.leads(), ends)))
    }

    pub(super) fn open(&self) -> &[Question] {
        &self.questions
    }

    /// Whether events say what leads did before they are scored.
    pub fn has_events(&self) -> bool {
        !self.roles.logs.is_empty()
    }

    /// Kinds of events that no sales touch is.
    pub fn kinds(&self) -> Vec<String> {
        let kinds = self.roles.logs.iter().flat_map(|(_, _, log)| &log.kinds).map(|(kind, _)| kind.clone());
        kinds.filter(|kind| !self.touches.contains(kind)).collect()
    }

    /// Columns that describe leads.
    pub fn described(&self) -> &[String] {
        &self.described
    }

    /// Points that the training leads suggest.
    pub fn started(&mut self, points: Vec<Criterion>) {
        self.points = points;
    }

    /// The windows that fit, once the data are read.
    pub fn fitted(&mut self, fit: Option<Fit>) {
        self.fit = fit;
    }

    /// What a screening of all columns found: those that describe leads and know nothing of the sale, and what was found
    /// against others.
    pub fn screened(&mut self, found: Vec<(String, Option<String>)>) {
        self.is_trial = false;
        let ends: Vec<String> = self.own.iter().flat_map(Ends::columns).collect();
        for (column, against) in found {
            if ends.contains(&column) || self.is_kept_up_to_date(&column) {
                continue;
            }
            let of_sales = || {
                self.is_of_sales(&column)
                    .then(|| "tells leads with a deal from others, whether won or not: sales writes it".to_string())
            };
            match against.or_else(of_sales) {
                None if self.describes(&column) => self.described.push(column),
                None => {}
                Some(why) => self.withheld.push((column, why)),
            }
        }
        if self.described.is_empty() {
            return;
        }
        let by_nature = |column: &&String| Meaning::Source.is_in(column);
        let asked: Vec<&str> = self.described.iter().filter(|column| !by_nature(column)).map(String::as_str).collect();
        if asked.is_empty() {
            return;
        }
        let mut names: Vec<String> = asked.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        if asked.len() > NAMED {
            names.push(format!("and {} more under `except:`", asked.len() - NAMED));
        }
        self.questions.insert(
            0,
            Question {
                ask: format!(
                    "Were these filled when a lead came, and not by sales later: {}? (Nothing in them knows who bought.)",
                    names.join(", ")
                ),
                choices: vec![choice('y', "yes, models may read them"), choice('n', "not all: read none of them")],
                guess: 0,
                answer: None,
                otherwise: "take those out of `except:` that were filled later".into(),
                about: About::Described,
            },
        );
    }

    /// Whether a history says what a column was on each day.
    fn is_kept_up_to_date(&self, column: &str) -> bool {
        let Some((_, _, Changes { field: Err(field), .. })) = &self.roles.history else { return false };
        field == column
    }

    /// Whether a column tells leads that had a deal and did not buy from those without a deal: far more than what a lead is
    /// like does.
    fn is_of_sales(&self, column: &str) -> bool {
        let Some((_, join, ends)) = &self.roles.deals else { return false };
        let Some((sketched, _)) = self.leads().get(column) else { return false };
        let mut has_deal = vec![None; self.leads().sketch.rows];
        let won = |row: usize| {
            ends.stage.as_ref().is_some_and(|stage| {
                stage.is_won(&self.tables[self.roles.deals.as_ref().map_or(0, |deals| deals.0)], row)
            })
        };
        for (row, lead) in join.lead.iter().enumerate().filter(|(_, lead)| **lead != MISSING) {
            let known = &mut has_deal[*lead as usize];
            *known = Some(known.unwrap_or(false) || won(row));
        }
        let rows = |is: &dyn Fn(Option<bool>) -> bool| {
            (0..has_deal.len()).filter(|&row| is(has_deal[row])).collect::<Vec<usize>>()
        };
        let (worked, others) = (rows(&|deal| deal == Some(false)), rows(&|deal| deal.is_none()));
        worked.len() >= FEWEST && others.len() >= FEWEST && apart(&sketched.column, &worked, &others) > APART
    }

    /// Whether a column says what a lead is like, rather than who, whose or how far it is.
    fn describes(&self, column: &str) -> bool {
        let Some((sketched, facts)) = self.leads().get(column) else { return false };
        let is_time = matches!(sketched.column, Column::Instant(_));
        let is_told = crate::screening::telling_word(column).is_some() || Meaning::Score.is_in(column);
        let kept_up = [Meaning::Stage, Meaning::Changed, Meaning::Deleted, Meaning::Consent];
        let is_stage = kept_up.iter().any(|meaning| meaning.is_in(column));
        let is_key = self.roles.id.as_deref() == Some(column) || facts.names_rows() && facts.filled > 20;
        let is_counter = matches!(sketched.column, Column::Number(_)) && Meaning::Done.is_in(column);
        facts.class.is_none() && !is_counter && facts.distinct > 1 && !is_time && !is_told && !is_stage && !is_key
    }

    /// When the files were exported: by the dates in their names, or the latest time that is no end of an open deal.
    fn day_of_export(&self) -> Option<String> {
        let zone = Zone::utc();
        let (table, ends) = self.ends()?;
        let latest = ends.times(table).into_iter().max()?;
        let by_name = self.tables.iter().flat_map(|table| &table.sketch.files).filter_map(|file| date_in(file)).max();
        let latest_day = zone.date(latest).to_string();
        if let Some(named) = by_name.filter(|named| *named >= latest_day) {
            return Some(named);
        }
        let seen = |place: usize, name: &str| {
            let times = self.tables[place].times().find(|(column, _)| column.name == name);
            times.and_then(|(_, at)| there(at).max())
        };
        let logs = self.roles.logs.iter().filter_map(|(place, _, log)| seen(*place, &log.at));
        let came = self.created.as_ref().and_then(|created| seen(self.roles.leads, created));
        let changed = self.leads().times().filter(|(column, _)| Meaning::Changed.is_in(&column.name));
        let changed = changed.filter_map(|(_, at)| there(at).max());
        let last: Instant = logs.chain(came).chain(changed).max()?;
        // Later by more than a quarter is no export but a slip.
        (last > latest && last - latest < 92 * DAY).then(|| zone.date(last).to_string())
    }

    /// A table of deals that nothing joins is not passed over in silence.
    fn ask_of_strays(&mut self) {
        let Some(ends) = self.own.as_ref().filter(|_| self.roles.deals.is_none()) else { return };
        let told = ends.converted.iter().chain(ends.flag.iter().map(|(flag, _)| flag)).chain(&ends.closed).next();
        let told = told.cloned().unwrap_or_default();
        for place in self.roles.stray.clone() {
            let ask = format!(
                "{} says how deals ended, and none of its columns leads to a lead: are wins rightly told by `{told}` of the leads?",
                self.tables[place].shown()
            );
            self.questions.push(Question {
                ask,
                choices: vec![choice('y', "yes"), choice('n', "no: export the deals with the ids of their leads")],
                guess: 0,
                answer: None,
                otherwise: "export the deals with the ids of their leads, and begin again".into(),
                about: About::Stray,
            });
        }
    }

    fn ask_of_stages(&mut self) {
        let until = self.until.as_ref().and_then(|until| until.parse::<crate::time::Moment>().ok());
        let Some((place, _, ends)) = &self.roles.deals else { return };
        let latest = || ends.times(&self.tables[*place]).into_iter().max().unwrap_or_default();
        let until = until.map_or_else(latest, |until| until.end(&Zone::utc()));
        let Some(stage) = &ends.stage else { return };
        let asked: Vec<Question> = stage
            .unsorted(&self.tables[*place], ends.closed.as_ref(), until)
            .into_iter()
            .map(|(value, rows)| Question {
                ask: format!(
                    "Is `{value}` of `{}` ({rows} deals, most with a close date that is past) a loss, or still open?",
                    stage.column
                ),
                choices: vec![choice('l', "a loss"), choice('o', "still open")],
                guess: 1,
                answer: None,
                otherwise: format!("a loss: add `{value}` to `lost`"),
                about: About::Stage(value),
            })
            .collect();
        self.questions.extend(asked);
    }

    fn ask_of_credit(&mut self) {
        let Some((_, join, _)) = &self.roles.deals else { return };
        if 100 * join.several < join.matched || join.several == 0 {
            return;
        }
        self.questions.push(Question {
            ask: format!(
                "{} deals name several leads: whose is such a deal, the first one's or each one's?",
                join.several
            ),
            choices: vec![choice('f', "the first one's"), choice('e', "each one's")],
            guess: 0,
            answer: None,
            otherwise: "each: `credit: each`".into(),
            about: About::Credit,
        });
    }

    fn ask_of_days(&mut self) {
        for (place, table) in self.tables.iter().enumerate() {
            for column in
                table.sketch.columns.iter().filter(|column| column.format.is_some() && column.unclear.is_some())
            {
                self.questions.push(Question {
                    ask: format!(
                        "How are the dates of `{}` written? {}",
                        column.name,
                        column.unclear.as_deref().unwrap_or_default()
                    ),
                    choices: vec![choice('d', "the day first"), choice('m', "the month first")],
                    guess: 0,
                    answer: None,
                    otherwise: "the month first: turn `%d` and `%m`".into(),
                    about: About::DayFirst(place, column.name.clone()),
                });
            }
        }
    }

    /// Nothing says who bought: a column of few values may.
    fn ask_won(&mut self) -> Result<(), String> {
        let leads = &self.tables[self.roles.leads];
        let nothing = || {
            if let Some(&stray) = self.roles.stray.first() {
                return format!(
                    "{} says how deals ended, and none of its columns leads to a lead of {}: export it with the ids of the leads or contacts",
                    self.tables[stray].shown(),
                    leads.shown()
                );
            }
            format!(
                "no file says what became of the leads: expected a table of deals with their stages, or a column of {} that says who bought",
                leads.shown()
            )
        };
        let staged = leads.levels().filter(|(name, _)| Meaning::Stage.is_in(name) || Meaning::Won.is_in(name));
        let (name, text): (&str, &Text) = staged.min_by_key(|(_, text)| text.levels.len()).ok_or_else(nothing)?;
        let question = won_of(name, by_frequency(text).into_iter().map(|(level, _)| level));
        self.own = Some(Ends { flag: Some((name.to_string(), Vec::new())), ..Ends::default() });
        self.questions.insert(0, question);
        Ok(())
    }

    /// Stages of which nothing says what they mean.
    fn ask_of_unsorted(&mut self) {
        let Some((.., Ends { stage: Some(stage), .. })) = &self.roles.deals else { return };
        if stage.of(Fate::Won).is_empty() {
            let question = won_of(&stage.column, stage.values.iter().map(|(value, ..)| value.as_str()));
            self.questions.insert(0, question);
        }
    }

    /// The logs, with their tables.
    pub(super) fn logs(&self) -> impl Iterator<Item = (&Found, &Join, &Log)> {
        self.roles.logs.iter().map(|(place, join, log)| (&self.tables[*place], join, log))
    }
}

/// So far apart, in the share of leads, what a lead is like does not tell leads with a deal from others.
const APART: f64 = 0.4;
/// Fewer leads on a side say nothing.
const FEWEST: usize = 50;

/// How far two groups of rows lie apart in a column: in the shares of values (total variation), of missing ones, or of those up
/// to a number (Kolmogorov and Smirnov's distance).
fn apart(column: &Column, one: &[usize], other: &[usize]) -> f64 {
    let share = |rows: &[usize], is: &dyn Fn(usize) -> bool| {
        rows.iter().filter(|&&row| is(row)).count() as f64 / rows.len() as f64
    };
    let differ = |is: &dyn Fn(usize) -> bool| (share(one, is) - share(other, is)).abs();
    let missing = differ(&|row| column.is_missing(row));
    let most = match column {
        // Half the sum of the differences, less what chance makes of it between groups of one kind.
        Column::Text(text) => {
            let chance = (1.0 / one.len() as f64 + 1.0 / other.len() as f64) * 2.0 / std::f64::consts::PI;
            let frequent = by_frequency(text).into_iter().take(30);
            let parts = frequent.map(|(level, rows)| {
                let all = rows as f64 / text.codes.len() as f64;
                differ(&|row| text.get(row) == Some(level)) - (all * (1.0 - all) * chance).sqrt()
            });
            parts.sum::<f64>() / 2.0
        }
        Column::Number(numbers) => {
            let mut cuts: Vec<f64> = one.iter().map(|&row| numbers[row]).filter(|value| !value.is_nan()).collect();
            cuts.sort_unstable_by(f64::total_cmp);
            let step = (cuts.len() / 20).max(1);
            cuts.into_iter().step_by(step).map(|cut| differ(&|row| numbers[row] <= cut)).fold(0.0, f64::max)
        }
        Column::Flag(flags) => differ(&|row| flags[row] == Some(true)),
        Column::Instant(_) => 0.0,
    };
    most.max(missing)
}

fn won_of<'a>(column: &str, values: impl Iterator<Item = &'a str>) -> Question {
    let choices: Vec<Choice> = values.take(9).zip('1'..).map(|(value, key)| choice(key, value)).collect();
    Question {
        ask: format!("Which value of `{column}` means that a lead bought? Nothing in the files says so"),
        guess: choices.len(),
        choices,
        answer: None,
        otherwise: "name those that mean won, and those that mean lost".into(),
        about: About::Won(column.into()),
    }
}

/// When leads came: by its name, else the earliest of the times that all have.
fn created(leads: &Found) -> Option<String> {
    let rows = leads.sketch.rows;
    let whole: Vec<(&str, &[Instant])> = leads
        .times()
        .filter(|(_, at)| 50 * there(at).count() >= 49 * rows)
        .map(|(column, at)| (column.name.as_str(), at))
        .collect();
    let is_first = |at: &[Instant]| {
        let rows = (0..rows).filter(|&row| whole.iter().all(|(_, other)| at[row] <= other[row]));
        rows.count()
    };
    let named = |name: &str| (Meaning::Created.is_in(name), !Meaning::Changed.is_in(name));
    let best = whole.iter().max_by_key(|(name, at)| (named(name), is_first(at)))?;
    Some(best.0.to_string())
}

/// The score that the system keeps.
fn score(leads: &Found) -> Option<String> {
    let is_score = leads.columns().filter(|(column, facts)| {
        matches!(column.column, Column::Number(_)) && Meaning::Score.is_in(&column.name) && facts.distinct > 5
    });
    is_score.max_by_key(|(_, facts)| facts.filled).map(|(column, _)| column.name.clone())
}

/// Where leads came from, as a column to show results by.
fn segment(leads: &Found) -> Option<String> {
    let of = leads.columns().filter(|(column, facts)| {
        Meaning::Source.is_in(&column.name)
            && (2..=12).contains(&facts.distinct)
            && 2 * facts.filled > leads.sketch.rows
            && matches!(column.column, Column::Text(_))
            && facts.class != Some(Class::Identifier)
    });
    of.max_by_key(|(_, facts)| facts.filled).map(|(column, _)| column.name.clone())
}

/// The last date in a file's name: `all-contacts-2026-11-25.csv`, `export_20261125.csv`.
fn date_in(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let digits: String = name.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
    let parts: Vec<&str> = digits.split_whitespace().collect();
    let date = |year: &str, month: &str, day: &str| {
        let text = format!("{year}-{month}-{day}");
        let is_ours = year.starts_with("20") && year.len() == 4 && month.len() == 2 && day.len() == 2;
        (is_ours && text.parse::<crate::time::Moment>().is_ok()).then_some(text)
    };
    let apart = parts.windows(3).filter_map(|three| date(three[0], three[1], three[2]));
    let whole =
        parts.iter().filter(|part| part.len() == 8).filter_map(|part| date(&part[..4], &part[4..6], &part[6..]));
    apart.chain(whole).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_a_name_is_found() {
        for (file, date) in [
            ("out/hubspot-crm-exports-all-contacts-2026-11-25.csv", Some("2026-11-25")),
            ("export_20261125.csv", Some("2026-11-25")),
            ("leads-2026-13-45.csv", None),
            ("contacts-12345678.csv", None),
            ("2026/leads.csv", None),
        ] {
            assert_eq!(date_in(file).as_deref(), date, "{file}");
        }
    }
}
