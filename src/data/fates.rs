//! What a row of the outcomes says: a deal is won, lost or open.

use serde::{Deserialize, Serialize};

use crate::table::{Column, MISSING, Text, did_you_mean, yaml_name};
use crate::time::{Instant, NEVER, Written};

use super::columns::Wanted;
use super::reader::shortened;
use super::source::listed;
use super::spec::{FieldOutcomesSpec, OutcomesSpec, StageSpec};
use super::values::flag;

/// How a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Won,
    Lost,
    Open,
}

/// What a column of the outcomes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Converted,
    /// One of several columns of losses.
    Lost(usize),
    /// When it was won or lost, as another column says.
    Closed,
    Value,
    Worked,
    Flag,
    Stage,
}

impl Role {
    pub fn key(self) -> &'static str {
        match self {
            Self::Converted => "outcomes.converted",
            Self::Lost(_) => "outcomes.lost",
            Self::Closed => "outcomes.closed",
            Self::Value => "outcomes.value",
            Self::Worked => "outcomes.worked",
            Self::Flag => "outcomes.flag",
            Self::Stage => "outcomes.stage",
        }
    }

    pub fn wanted(self) -> Wanted {
        match self {
            Self::Converted | Self::Lost(_) | Self::Closed => Wanted::End,
            Self::Worked => Wanted::Start,
            Self::Value => Wanted::Number,
            Self::Flag | Self::Stage => Wanted::Text,
        }
    }
}

/// The keys of a section that say what became of a deal, and when.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    pub converted: Option<&'a str>,
    pub lost: &'a [String],
    pub closed: Option<&'a str>,
    pub flag: Option<&'a str>,
    pub positive: &'a [String],
    pub stage: Option<&'a StageSpec>,
}

macro_rules! telling {
    ($($spec:ident)*) => {
        $(impl $spec {
            /// What of it says how deals ended.
            pub fn telling(&self) -> Telling<'_> {
                Telling {
                    converted: self.converted.as_deref(),
                    lost: &self.lost.0,
                    closed: self.closed.as_deref(),
                    flag: self.flag.as_deref(),
                    positive: &self.positive,
                    stage: self.stage.as_ref(),
                }
            }
        })*
    };
}

telling! { FieldOutcomesSpec OutcomesSpec }

/// What one row says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowFate {
    pub fate: Fate,
    /// When it was won; [`NEVER`] where it was not, or nobody knows when.
    pub won: Instant,
    /// When it was lost, the same. Without `flag` and `stage` one row may be both.
    pub lost: Instant,
}

/// What all rows say.
#[derive(Clone, Debug, Default)]
pub struct RowFates {
    pub rows: Vec<RowFate>,
    /// What each value of the flag or stage is taken for.
    pub values: Vec<FateValue>,
}

/// A value of the column that tells fates; without a name: rows without a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FateValue {
    pub value: Option<String>,
    pub fate: Fate,
    pub rows: u64,
}

/// What means won, where nobody said.
const POSITIVE: [&str; 8] = ["1", "true", "t", "yes", "y", "won", "converted", "closed won"];

/// A value as it is compared: numbers that a program made decimals of are whole again.
fn plain(value: &str) -> String {
    let value = value.trim().to_lowercase();
    value.strip_suffix(".0").map(String::from).unwrap_or(value)
}

impl<'a> Telling<'a> {
    /// Says what the keys need and lack, after the name of their section.
    ///
    /// # Errors
    /// Why they say nothing, or say two things.
    pub fn check(&self) -> Result<(), String> {
        let Self { converted, lost, closed, flag, positive, stage } = *self;
        let wrong = |why: &str| Err(why.to_string());
        if stage.is_some() && flag.is_some() {
            return wrong("both `stage` and `flag` say what was won; keep one");
        }
        if stage.is_some_and(|stage| stage.won.is_empty()) {
            return wrong("`stage.won` names no value; name those that mean won, such as `won: [Closed Won]`");
        }
        if let Some(both) = stage.and_then(|stage| {
            let lost: Vec<String> = stage.lost.iter().map(|value| plain(value)).collect();
            stage.won.iter().find(|value| lost.contains(&plain(value)))
        }) {
            return Err(format!("`stage` takes `{both}` for won and for lost; keep one"));
        }
        let told = stage.is_some() || flag.is_some();
        if closed.is_some() && !told {
            return wrong(
                "`closed` is the time of a win or of a loss, and nothing says of which; name the column that does, as \
                 `stage: { column: Stage, won: [Closed Won], lost: [Closed Lost] }` or `flag: column`",
            );
        }
        if closed.is_some() && (converted.is_some() || !lost.is_empty()) {
            return wrong(
                "`closed` is one time for wins and losses; leave out `converted` and `lost`, or name them apart",
            );
        }
        if converted.is_none() && closed.is_none() && !told {
            return wrong(
                "says neither when leads converted nor whether; expected `converted: column`, `flag: column` or \
                 `stage: { column: …, won: […] }`",
            );
        }
        if !positive.is_empty() && flag.is_none() {
            return wrong("`positive` speaks of the values of a `flag`; name the column as `flag: column`");
        }
        if converted.is_none() && !lost.is_empty() {
            return wrong("`lost` without `converted`: a loss has a time only beside wins that have one");
        }
        Ok(())
    }

    /// The columns that are named, and for what.
    pub fn columns(&self) -> Vec<(Role, &'a str)> {
        let one = |role: Role, column: Option<&'a str>| column.map(|column| (role, column));
        let lost = self.lost.iter().enumerate().map(|(place, column)| (Role::Lost(place), column.as_str()));
        one(Role::Converted, self.converted)
            .into_iter()
            .chain(lost)
            .chain(one(Role::Closed, self.closed))
            .chain(one(Role::Flag, self.flag))
            .chain(one(Role::Stage, self.stage.map(|stage| stage.column.as_str())))
            .collect()
    }

    /// Whether it is known when deals were won.
    pub fn is_timed(&self) -> bool {
        self.converted.is_some() || self.closed.is_some()
    }

    /// Whether losses are recorded.
    pub fn has_losses(&self) -> bool {
        !self.lost.is_empty() || (self.closed.is_some() && self.stage.is_some_and(|stage| !stage.lost.is_empty()))
    }

    /// One column holds the times of wins and of losses.
    pub fn is_one_time(&self) -> bool {
        self.closed.is_some() || self.converted.is_some_and(|converted| self.lost.iter().any(|lost| lost == converted))
    }

    /// The column that holds the time of a win.
    pub fn won_at(&self) -> Option<&'a str> {
        self.converted.or(self.closed)
    }

    /// What each row says, by the columns that were read.
    ///
    /// # Errors
    /// When no value of the column that tells means won.
    pub fn rows<'c>(&self, rows: usize, column: impl Fn(Role) -> Option<&'c Column>) -> Result<RowFates, String> {
        let times = |role: Role| match column(role) {
            Some(Column::Instant(at)) => Some(at.as_slice()),
            _ => None,
        };
        let converted = times(Role::Converted).or_else(|| times(Role::Closed));
        let losses: Vec<&[Instant]> = match times(Role::Closed) {
            Some(closed) => vec![closed],
            None => (0..self.lost.len()).filter_map(|place| times(Role::Lost(place))).collect(),
        };
        let won = |row: usize| converted.map_or(NEVER, |at| at[row]);
        let lost = |row: usize| losses.iter().map(|at| at[row]).max().unwrap_or(NEVER);
        let text = |role: Role| match column(role) {
            Some(Column::Text(text)) => Some(text),
            _ => None,
        };
        let known = if let (Some(stage), Some(text)) = (self.stage, text(Role::Stage)) {
            Some((text, by_stage(stage, text)?))
        } else if let (Some(name), Some(text)) = (self.flag, text(Role::Flag)) {
            Some((text, self.by_flag(name, text)?))
        } else {
            None
        };
        let Some((text, fates)) = known else {
            let both = |row: usize| {
                let (won, lost) = (won(row), lost(row));
                let fate = match (won, lost) {
                    (NEVER, NEVER) => Fate::Open,
                    (NEVER, _) => Fate::Lost,
                    _ => Fate::Won,
                };
                RowFate { fate, won, lost }
            };
            return Ok(RowFates { rows: (0..rows).map(both).collect(), values: Vec::new() });
        };
        // What is not won is lost where a column of its own says when.
        let by_time = self.stage.is_none() && !self.is_one_time();
        let of = |row: usize| {
            let code = text.codes[row];
            let fate = if code == MISSING { Fate::Open } else { fates[code as usize] };
            let lost = lost(row);
            match fate {
                Fate::Won => RowFate { fate, won: won(row), lost: NEVER },
                Fate::Lost => RowFate { fate, won: NEVER, lost },
                Fate::Open if by_time && lost != NEVER => RowFate { fate: Fate::Lost, won: NEVER, lost },
                Fate::Open => RowFate { fate, won: NEVER, lost: NEVER },
            }
        };
        Ok(RowFates { rows: (0..rows).map(of).collect(), values: values(text, &fates) })
    }

    fn by_flag(&self, column: &str, text: &Text) -> Result<Vec<Fate>, String> {
        let wanted: Vec<String> = match self.positive {
            [] => POSITIVE.iter().map(|value| (*value).into()).collect(),
            declared => declared.iter().map(|value| plain(value)).collect(),
        };
        let is_won = |level: &String| wanted.contains(&plain(level));
        // A flag that says no to every lead is read well; any other word may be the one that means won.
        let all_negative = text.levels.iter().all(|level| flag(&plain(level)) == Some(false));
        let is_read_well = all_negative && self.positive.is_empty();
        if !text.levels.iter().any(is_won) && !is_read_well {
            let held: Vec<String> = text.levels.iter().map(|level| shortened(level)).collect();
            let declared = match self.positive {
                [] => String::new(),
                declared => format!(" by `positive: [{}]`", declared.join(", ")),
            };
            let first = text.levels.iter().find(|level| flag(&plain(level)) != Some(false)).or(text.levels.first());
            let (held, cure) = (listed(&held), first.map_or_else(String::new, |level| shortened(level)));
            return Err(match first.is_some_and(|level| Written::parse(level).is_some()) {
                true => format!(
                    "flag: `{column}` holds times, such as `{cure}`; say that it is the time of a win, as `converted: {}`",
                    yaml_name(column)
                ),
                false => format!(
                    "flag: no value of `{column}` means won{declared}; it holds {held}; declare those that do, as `positive: ['{}']`",
                    cure.replace('\'', "''")
                ),
            });
        }
        Ok(text.levels.iter().map(|level| if is_won(level) { Fate::Won } else { Fate::Open }).collect())
    }
}

fn by_stage(stage: &StageSpec, text: &Text) -> Result<Vec<Fate>, String> {
    let of = |declared: &[String]| declared.iter().map(|value| plain(value)).collect::<Vec<String>>();
    let (won, lost) = (of(&stage.won), of(&stage.lost));
    let fate = |level: &String| match plain(level) {
        level if won.contains(&level) => Fate::Won,
        level if lost.contains(&level) => Fate::Lost,
        _ => Fate::Open,
    };
    let fates: Vec<Fate> = text.levels.iter().map(fate).collect();
    if !fates.contains(&Fate::Won) {
        let near = did_you_mean(text.levels.iter().map(String::as_str), &stage.won[0]);
        let held: Vec<String> = text.levels.iter().map(|level| shortened(level)).collect();
        return Err(format!(
            "stage.won: no deal has `{}` in `{}`{near}; it holds {}",
            stage.won.join("`, `"),
            stage.column,
            listed(&held)
        ));
    }
    Ok(fates)
}

/// How often each value occurs, won first, then lost, then open; the most frequent first, and what is missing last of
/// its like.
fn values(text: &Text, fates: &[Fate]) -> Vec<FateValue> {
    let mut counts = vec![0; text.levels.len() + 1];
    text.codes.iter().for_each(|&code| counts[(code as usize).min(text.levels.len())] += 1);
    let missing = counts.pop().unwrap_or(0);
    let of =
        |((level, fate), rows): ((&String, &Fate), u64)| FateValue { value: Some(shortened(level)), fate: *fate, rows };
    let mut values: Vec<FateValue> = text.levels.iter().zip(fates).zip(counts).map(of).collect();
    values.retain(|value| value.rows > 0);
    if missing > 0 {
        values.push(FateValue { value: None, fate: Fate::Open, rows: missing });
    }
    values.sort_by(|a, b| a.fate.cmp(&b.fate).then(b.rows.cmp(&a.rows)));
    values
}

/// Whether a word of a value says how a deal ended: `Closed Won`, `closedlost`, `Disqualified`. Nothing where it is
/// another word.
pub fn spoken(value: &str) -> Option<Fate> {
    // Words that end with `-` are stems.
    const WON: [&str; 16] = [
        "won",
        "win",
        "closedwon",
        "gewonn-",
        "gagn-",
        "gagné-",
        "ganad-",
        "ganh-",
        "vint-",
        "chiusovint-",
        "vund-",
        "vunn-",
        "wygran-",
        "vyhrán-",
        "kazan-",
        "成約",
    ];
    const LOST: [&str; 21] = [
        "lost",
        "loss",
        "closedlost",
        "disqualified",
        "unqualified",
        "rejected",
        "dead",
        "abandoned",
        "junk",
        "verlor-",
        "perdu-",
        "perdid-",
        "persa",
        "perso",
        "persi",
        "tabt",
        "förlor-",
        "przegran-",
        "prohrán-",
        "kaybed-",
        "失注",
    ];
    let value = value.to_lowercase();
    let is = |word: &str, known: &str| known.strip_suffix('-').map_or(word == known, |stem| word.starts_with(stem));
    let has = |words: &[&str]| {
        let of = |word: &str| words.iter().any(|known| is(word, known));
        value.split(|c: char| !c.is_alphanumeric()).any(of)
    };
    match (has(&WON), has(&LOST)) {
        (true, false) => Some(Fate::Won),
        (false, true) => Some(Fate::Lost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[&str]) -> Column {
        Column::Text(values.iter().map(|value| (!value.is_empty()).then_some(*value)).collect())
    }

    fn at(days: &[i64]) -> Column {
        Column::Instant(days.iter().map(|day| if *day == 0 { NEVER } else { *day }).collect())
    }

    fn told(telling: &Telling, columns: &[(Role, Column)], rows: usize) -> Vec<(Fate, Instant, Instant)> {
        let column = |role: Role| columns.iter().find(|(known, _)| *known == role).map(|(_, column)| column);
        let none = |at: Instant| if at == NEVER { 0 } else { at };
        let fates = telling.rows(rows, column).unwrap();
        fates.rows.iter().map(|row| (row.fate, none(row.won), none(row.lost))).collect()
    }

    fn nothing() -> Telling<'static> {
        Telling { converted: None, lost: &[], closed: None, flag: None, positive: &[], stage: None }
    }

    #[test]
    fn a_stage_tells_three_fates_and_one_time_tells_when() {
        let stage = StageSpec { column: "s".into(), won: vec!["Closed Won".into()], lost: vec!["Closed Lost".into()] };
        let telling = Telling { closed: Some("c"), stage: Some(&stage), ..nothing() };
        let columns = [
            (Role::Stage, text(&["closed won", "Closed Lost", "Contract sent", "", "Closed Won"])),
            (Role::Closed, at(&[5, 6, 7, 8, 0])),
        ];
        let expected =
            [(Fate::Won, 5, 0), (Fate::Lost, 0, 6), (Fate::Open, 0, 0), (Fate::Open, 0, 0), (Fate::Won, 0, 0)];
        assert_eq!(told(&telling, &columns, 5), expected);
        let column = |role: Role| columns.iter().find(|(known, _)| *known == role).map(|(_, column)| column);
        let values = telling.rows(5, column).unwrap().values;
        let values: Vec<(Option<&str>, Fate, u64)> =
            values.iter().map(|value| (value.value.as_deref(), value.fate, value.rows)).collect();
        assert_eq!(
            values,
            [
                (Some("closed won"), Fate::Won, 1),
                (Some("Closed Won"), Fate::Won, 1),
                (Some("Closed Lost"), Fate::Lost, 1),
                (Some("Contract sent"), Fate::Open, 1),
                (None, Fate::Open, 1),
            ]
        );
    }

    #[test]
    fn a_flag_tells_won_from_not_won_yet() {
        let columns = [(Role::Flag, text(&["yes", "no", ""])), (Role::Closed, at(&[5, 6, 7]))];
        let telling = Telling { closed: Some("c"), flag: Some("f"), ..nothing() };
        let expected = [(Fate::Won, 5, 0), (Fate::Open, 0, 0), (Fate::Open, 0, 0)];
        assert_eq!(told(&telling, &columns, 3), expected);
        // The same column twice is the same thing said in another way.
        let (flag, lost) = (text(&["yes", "no", ""]), vec!["c".to_string()]);
        let telling = Telling { converted: Some("c"), lost: &lost, flag: Some("f"), ..nothing() };
        let one = [(Role::Flag, flag.clone()), (Role::Converted, at(&[5, 6, 7])), (Role::Lost(0), at(&[5, 6, 7]))];
        assert_eq!(told(&telling, &one, 3), expected);
        // A column of losses apart says when what is not won was lost.
        let lost = vec!["l".to_string()];
        let telling = Telling { converted: Some("c"), lost: &lost, flag: Some("f"), ..nothing() };
        let apart = [(Role::Flag, flag), (Role::Converted, at(&[5, 6, 7])), (Role::Lost(0), at(&[9, 9, 0]))];
        assert_eq!(told(&telling, &apart, 3), [(Fate::Won, 5, 0), (Fate::Lost, 0, 9), (Fate::Open, 0, 0)]);
    }

    #[test]
    fn of_several_columns_of_losses_the_latest_counts() {
        let lost = vec!["a".to_string(), "b".to_string()];
        let telling = Telling { converted: Some("c"), lost: &lost, ..nothing() };
        let columns = [
            (Role::Converted, at(&[0, 0, 4, 0])),
            (Role::Lost(0), at(&[3, 0, 9, 0])),
            (Role::Lost(1), at(&[2, 8, 0, 0])),
        ];
        let expected = [(Fate::Lost, 0, 3), (Fate::Lost, 0, 8), (Fate::Won, 4, 9), (Fate::Open, 0, 0)];
        assert_eq!(told(&telling, &columns, 4), expected);
    }

    #[test]
    fn keys_that_say_nothing_or_two_things_are_refused() {
        let stage = |won: &[&str], lost: &[&str]| {
            let list = |values: &[&str]| values.iter().map(|value| value.to_string()).collect();
            StageSpec { column: "s".into(), won: list(won), lost: list(lost) }
        };
        let good = stage(&["Won"], &["Lost"]);
        let (none, twice) = (stage(&[], &["Lost"]), stage(&["Won"], &["won"]));
        let lost = vec!["l".to_string()];
        let positive = vec!["1".to_string()];
        let with = Telling { stage: Some(&good), ..nothing() };
        for (telling, why) in [
            (nothing(), "says neither when"),
            (Telling { closed: Some("c"), ..nothing() }, "nothing says of which"),
            (Telling { closed: Some("c"), converted: Some("c"), ..with }, "leave out `converted`"),
            (Telling { flag: Some("f"), ..with }, "both `stage` and `flag`"),
            (Telling { stage: Some(&none), ..nothing() }, "`stage.won` names no value"),
            (Telling { stage: Some(&twice), ..nothing() }, "for won and for lost"),
            (Telling { positive: &positive, ..with }, "`positive` speaks"),
            (Telling { lost: &lost, ..with }, "`lost` without `converted`"),
        ] {
            let error = telling.check().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(with.check(), Ok(()));
        assert_eq!(Telling { closed: Some("c"), ..with }.check(), Ok(()));
    }

    #[test]
    fn a_stage_that_no_deal_has_is_named_with_those_that_it_holds() {
        let stage = StageSpec { column: "s".into(), won: vec!["Close Won".into()], lost: Vec::new() };
        let column = text(&["Closed Won", "Open"]);
        let error =
            Telling { stage: Some(&stage), ..nothing() }.rows(2, |role| (role == Role::Stage).then_some(&column));
        let error = error.unwrap_err();
        assert!(error.contains("did you mean `Closed Won`?") && error.contains("`Open`"), "{error}");
    }

    #[test]
    fn words_of_values_speak_of_ends() {
        for (value, fate) in [
            ("Closed Won", Some(Fate::Won)),
            ("closedlost", Some(Fate::Lost)),
            ("Closed - Lost", Some(Fate::Lost)),
            ("Disqualified", Some(Fate::Lost)),
            ("wonderful", None),
            ("Contract Sent", None),
            ("won or lost", None),
        ] {
            assert_eq!(spoken(value), fate, "{value}");
        }
    }
}
