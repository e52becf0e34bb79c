//! What was replayed and scored, put into the columns of a review and into cohorts by period.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::evaluation::{BracketRule, Cohort, CohortError, Grouping, Profile, Scored, profiles};
use crate::experiment::Experiment;
use crate::models::Scores;
use crate::pipeline::{self, Played};
use crate::replay::{Ending, Replayed, Role, Window};
use crate::result::review::Fingerprint;
use crate::stats::survival::End;
use crate::table::{Cell, Column, Text};
use crate::time::{DAY, Horizon, Instant, NEVER, days};

use super::ReviewError;
use super::period::{Extent, Stretch, Stretches};
use crate::review::{Compared, Given, Input, LATER, NONE, Values, Volume};

/// A column of text with more levels than this is a name, not an input.
const LEVELS: usize = 200;
/// A training window of fewer leads is no reference.
const REFERENCE: usize = 100;

/// The replayed leads by period.
pub(super) struct Gathered {
    pub stretches: Stretches,
    pub compared: Compared,
    /// The rows of the replay that stand in `compared`, in its order.
    pub rows: Vec<usize>,
    /// Rows that trained the models, by the experiment's windows.
    pub training: Vec<usize>,
    /// Whether each row of `compared` trained the models.
    pub trained: Vec<bool>,
    /// Leads of each period that were decided before they were scored.
    pub decided: Vec<u64>,
    /// Every model's scores over all rows of the replay, with brackets that are the same in every period.
    pub scored: Vec<Scored>,
    pub champion: usize,
    /// The first period stands for the reference where the training window can not.
    pub reference_is_training: bool,
}

/// Where a replayed lead stands.
struct Standing {
    period: usize,
    decided: bool,
    mature: bool,
}

impl Gathered {
    pub fn new(experiment: &Experiment, played: &Played, stretches: Stretches) -> Result<Self, ReviewError> {
        let champion = experiment.champion.ok_or(ReviewError::NoChampion)?;
        let replayed = &played.replayed;
        let scored: Vec<Scored> = played
            .models
            .iter()
            .zip(&played.scores)
            .map(|(model, scores)| pipeline::scored(model, scores.clone(), replayed))
            .collect();
        let excluding: Vec<usize> =
            (0..scored.len()).filter(|&place| played.models[place].excludes_unscored()).collect();
        let unscored: Vec<bool> = (0..replayed.roles.len())
            .map(|row| excluding.iter().any(|&place| scored[place].score[row].is_nan()))
            .collect();
        let standings = standings(experiment, played, &stretches);
        let training: Vec<usize> =
            (0..standings.len()).filter(|&row| replayed.roles[row] == Role::Training && !unscored[row]).collect();
        let reference_is_training = training.len() >= REFERENCE;
        let in_period = |row: &usize| standings[*row].period != NONE && !standings[*row].decided && !unscored[*row];
        let trains: HashSet<usize> = training.iter().copied().collect();
        let rows: Vec<usize> = (0..standings.len())
            .filter(|row| in_period(row) || (reference_is_training && trains.contains(row)))
            .collect();
        let decided = (0..stretches.all.len())
            .map(|period| standings.iter().filter(|one| one.period == period && one.decided).count() as u64)
            .collect();
        let mut gathered = Self {
            trained: rows.iter().map(|row| trains.contains(row)).collect(),
            compared: Compared::default(),
            stretches,
            rows,
            training,
            decided,
            scored,
            champion,
            reference_is_training,
        };
        let reviewed = gathered.stretches.all.len() - 1;
        if !gathered.rows.iter().any(|&row| standings[row].period == reviewed && in_period(&row)) {
            return Err(empty(&gathered.stretches.all[reviewed], played));
        }
        let place = |row: usize| if in_period(&row) { standings[row].period } else { NONE };
        gathered.compared = compared(experiment, played, &gathered, place, |row| standings[row].mature);
        gathered.freeze_brackets(experiment, played)?;
        Ok(gathered)
    }

    /// Cuts every model's brackets once, where the experiment cuts them on all compared leads.
    fn freeze_brackets(&mut self, experiment: &Experiment, played: &Played) -> Result<(), ReviewError> {
        let periods = self.compared.periods();
        let all: Vec<usize> = (0..self.rows.len()).filter(|&row| self.compared.period[row] < periods).collect();
        let pooled = self.cohort(experiment, played, &all, None)?;
        for (model, profile) in self.scored.iter_mut().zip(crate::evaluation::cut(&pooled)) {
            let names = profile.1;
            model.brackets = Some(BracketRule::Edges { edges: profile.0, names });
        }
        let champion = &self.scored[self.champion];
        if let Some(BracketRule::Edges { edges, names }) = &champion.brackets {
            self.compared.brackets = names.clone();
            let place = |row: &usize| edges.partition_point(|edge| *edge <= champion.score[*row]);
            self.compared.bracket = self.rows.iter().map(place).collect();
        }
        Ok(())
    }

    /// Rows of `compared` in a period.
    pub fn period(&self, period: usize) -> Vec<usize> {
        self.compared.rows(period)
    }

    /// A cohort of some rows of `compared`, evaluated, with the training leads beside them. The window is that of the
    /// rows' creation, for the capacity's calendar.
    ///
    /// # Errors
    /// When no horizon of the leads is over.
    pub fn cohort(
        &self,
        experiment: &Experiment,
        played: &Played,
        rows: &[usize],
        window: Option<(Instant, Instant)>,
    ) -> Result<Cohort, CohortError> {
        self.cohort_of(experiment, played, rows, window, (&self.scored, self.champion))
    }

    /// The same with models of its own, and one of them for the champion.
    pub fn cohort_of(
        &self,
        experiment: &Experiment,
        played: &Played,
        rows: &[usize],
        window: Option<(Instant, Instant)>,
        (models, champion): (&[Scored], usize),
    ) -> Result<Cohort, CohortError> {
        let taken: Vec<usize> = self.training.iter().copied().chain(rows.iter().map(|&row| self.rows[row])).collect();
        let judged = |row: &usize| if self.compared.mature[*row] { Role::Evaluated } else { Role::Immature };
        let roles: Vec<Role> = self.training.iter().map(|_| Role::Training).chain(rows.iter().map(judged)).collect();
        let replayed = Replayed {
            features: played.replayed.features.take(&taken),
            outcomes: played.replayed.outcomes.take(&taken),
            roles,
            ledger: played.replayed.ledger.clone(),
        };
        let take = |score: &[f64]| taken.iter().map(|&row| score[row]).collect::<Vec<f64>>();
        let scored = models
            .iter()
            .map(|model| Scored {
                score: take(&model.score),
                groups: model.groups.iter().map(|(name, score)| (name.clone(), take(score))).collect(),
                ..model.clone()
            })
            .collect();
        let mut file = experiment.file.clone();
        let zone = &played.history.zone;
        let moment = |at: Instant| zone.stamp(at).parse().ok();
        file.replay.evaluate = window.map(|(from, to)| Window { from: moment(from), to: moment(to), rows: None });
        let rule = pipeline::brackets(experiment, &played.models);
        let cohort = pipeline::assemble::cohort(&file, &played.history, &replayed, scored, Some(champion), rule)?;
        Ok(cohort.asking(pipeline::assemble::asked(&file, &replayed, Vec::new())))
    }

    /// When the leads of some periods were created; nothing without creation times.
    pub fn window(&self, periods: std::ops::RangeInclusive<usize>) -> Option<(Instant, Instant)> {
        let ends = |period: usize| match self.stretches.all.get(period)?.extent {
            Extent::Created(from, to) => Some((from, to)),
            Extent::Rows(_) => None,
        };
        Some((ends(*periods.start())?.0, ends(*periods.end())?.1))
    }

    /// Every model by itself on some rows of a period; nothing where no horizon is over.
    pub fn profiles(
        &self,
        experiment: &Experiment,
        played: &Played,
        period: usize,
        rows: &[usize],
    ) -> Option<Vec<Profile>> {
        let window = self.window(period..=period);
        self.cohort(experiment, played, rows, window).ok().map(|cohort| profiles(&cohort))
    }

    /// What tells a later review that the history of a period was changed.
    pub fn fingerprint(&self, played: &Played, period: usize) -> Fingerprint {
        let rows = self.period(period);
        let ids = &played.replayed.features.ids;
        let outcomes = &played.replayed.outcomes;
        let hash = |line: &dyn Fn(usize, usize) -> Option<String>| {
            let mut hasher = Sha256::new();
            for &row in &rows {
                if let Some(line) = line(row, self.rows[row]) {
                    hasher.update(line.as_bytes());
                    hasher.update(b"\n");
                }
            }
            hex(&hasher.finalize())
        };
        Fingerprint {
            leads: hash(&|_, row| Some(ids.get(row).to_string())),
            outcomes: hash(&|place, row| {
                let value = outcomes.value.get(row).copied().unwrap_or(f64::NAN);
                self.compared.mature[place].then(|| {
                    format!(
                        "{} {} {value} {}",
                        ids.get(row),
                        outcomes.converted[row],
                        outcomes.created_to_win_days[row]
                    )
                })
            }),
            scores: hash(&|place, row| Some(format!("{} {}", ids.get(row), self.compared.score[place]))),
        }
    }
}

/// In hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn empty(stretch: &Stretch, played: &Played) -> ReviewError {
    let zone = &played.history.zone;
    let known = || played.history.created.iter().flatten().copied().filter(|at| *at != NEVER);
    let text = |at: Option<Instant>| at.map_or("nowhere".into(), |at| zone.date(at).to_string());
    ReviewError::Empty { label: stretch.label.clone(), from: text(known().min()), to: text(known().max()) }
}

fn standings(experiment: &Experiment, played: &Played, stretches: &Stretches) -> Vec<Standing> {
    let Played { history, replayed, .. } = played;
    let outcomes = &replayed.outcomes;
    let ends = stretches.all.last().and_then(|last| match last.extent {
        Extent::Created(_, to) => Some(to),
        Extent::Rows(_) => None,
    });
    let one = |row: usize| {
        let holds = |stretch: &Stretch| match &stretch.extent {
            Extent::Created(from, to) => (*from..*to).contains(&outcomes.created[row]),
            Extent::Rows(rows) => history
                .ids
                .find(replayed.features.ids.get(row))
                .is_some_and(|lead| rows.contains(history.position[lead])),
        };
        let closes = match experiment.file.replay.horizon {
            Horizon::Within(span) => outcomes.as_of[row].saturating_add(span.micros()),
            Horizon::Ever => history.until,
        };
        let after = ends.is_some_and(|ends| outcomes.created[row] >= ends);
        let elsewhere = if after { LATER } else { NONE };
        Standing {
            period: stretches.all.iter().position(holds).unwrap_or(elsewhere),
            decided: outcomes.timed && outcomes.ending[row] != Ending::Open && outcomes.ending_days[row] <= 0.0,
            mature: !outcomes.timed || closes <= history.until,
        }
    };
    (0..outcomes.converted.len()).map(one).collect()
}

fn compared(
    experiment: &Experiment,
    played: &Played,
    gathered: &Gathered,
    period: impl Fn(usize) -> usize,
    mature: impl Fn(usize) -> bool,
) -> Compared {
    let Played { history, replayed, scores, .. } = played;
    let (outcomes, rows) = (&replayed.outcomes, &gathered.rows);
    let timed = outcomes.timed;
    let end = |ending: &Ending| match ending {
        Ending::Open => End::Censored,
        Ending::Won => End::Converted,
        Ending::Lost => End::Lost,
    };
    let of_timed = |read: &dyn Fn(usize) -> f64| {
        if timed { rows.iter().map(|&row| read(row)).collect() } else { Vec::new() }
    };
    let recorded = history.outcomes.wins.iter().map(|win| win.at).filter(|at| *at != NEVER).min();
    let begins = recorded.unwrap_or(Instant::MIN / 4);
    let periods: Vec<usize> = rows.iter().map(|&row| period(row)).collect();
    let reference = match gathered.reference_is_training {
        true => gathered.trained.clone(),
        false => periods.iter().map(|period| *period == 0).collect(),
    };
    Compared {
        labels: gathered.stretches.all.iter().map(|one| one.label.clone()).collect(),
        reference,
        mature: rows.iter().map(|&row| mature(row)).collect(),
        converted: rows.iter().map(|&row| outcomes.converted[row]).collect(),
        days: of_timed(&|row| outcomes.ending_days[row]),
        end: if timed { rows.iter().map(|&row| end(&outcomes.ending[row])).collect() } else { Vec::new() },
        exposure: of_timed(&|row| days(history.until - outcomes.as_of[row])),
        entry: of_timed(&|row| days((begins - outcomes.as_of[row]).max(0))),
        horizon: experiment.file.replay.horizon.days(),
        score: rows.iter().map(|&row| gathered.scored[gathered.champion].score[row]).collect(),
        bracket: vec![0; rows.len()],
        brackets: vec!["all scores".into()],
        criteria: criteria(&scores[gathered.champion], rows),
        segments: segments(experiment, played, rows),
        inputs: inputs(played, rows),
        volumes: volumes(played, rows),
        period: periods,
    }
}

fn criteria(scores: &Scores, rows: &[usize]) -> Vec<Given> {
    let given = |part: &crate::models::Contribution| Given {
        name: part.name.clone(),
        points: part.points,
        given: rows.iter().map(|&row| part.capped(row)).collect(),
        fires: rows.iter().map(|&row| part.fires(row)).collect(),
    };
    scores.contributions.iter().map(given).collect()
}

fn segments(experiment: &Experiment, played: &Played, rows: &[usize]) -> Vec<Grouping> {
    let attributes = &played.replayed.features.attributes;
    let one = |name: &String| {
        let text = levels(attributes.get(name)?)?;
        Some(Grouping {
            name: name.clone(),
            codes: rows.iter().map(|&row| text.codes[row]).collect(),
            levels: text.levels,
        })
    };
    experiment.file.segments.iter().filter_map(one).collect()
}

/// Text and flags as levels; nothing for what has no levels.
fn levels(column: &Column) -> Option<Text> {
    match column {
        Column::Text(text) => Some(text.clone()),
        Column::Flag(_) => {
            let word = |row: usize| match column.cell(row) {
                Cell::Flag(flag) => Some(if flag { "yes" } else { "no" }),
                _ => None,
            };
            Some((0..column.len()).map(word).collect())
        }
        Column::Number(_) | Column::Instant(_) => None,
    }
}

fn inputs(played: &Played, rows: &[usize]) -> Vec<Input> {
    let attributes = &played.replayed.features.attributes;
    let one = |attribute: &crate::data::Attribute| {
        let column = attributes.get(&attribute.name)?;
        let values = match column {
            Column::Number(values) => Values::Number(rows.iter().map(|&row| values[row]).collect()),
            column => {
                let text = levels(column).filter(|text| text.levels.len() <= LEVELS)?;
                Values::Level(rows.iter().map(|&row| text.codes[row]).collect(), text.levels)
            }
        };
        Some(Input { name: attribute.name.clone(), values })
    };
    played.history.attributes.iter().filter_map(one).collect()
}

/// Events of each kind by the moment of scoring.
fn volumes(played: &Played, rows: &[usize]) -> Vec<Volume> {
    let Played { history, replayed, .. } = played;
    let Some(events) = &history.events else { return Vec::new() };
    let features = &replayed.features;
    let mut place = vec![NONE; history.ids.len()];
    for (at, &row) in rows.iter().enumerate() {
        if let Some(lead) = history.ids.find(features.ids.get(row)) {
            place[lead] = at;
        }
    }
    let mut counts = vec![vec![0u32; rows.len()]; events.kinds.len()];
    for chunk in &events.chunks {
        for ((&lead, &at), &kind) in chunk.lead.iter().zip(&chunk.at).zip(&chunk.kind) {
            let row = place[lead as usize];
            if row != NONE && at <= features.as_of[rows[row]] {
                counts[kind as usize][row] += 1;
            }
        }
    }
    let mut volumes: Vec<Volume> =
        events.kinds.iter().zip(counts).map(|(kind, events)| Volume { kind: kind.clone(), events }).collect();
    volumes.sort_by(|a, b| a.kind.cmp(&b.kind));
    volumes
}

/// The first and the last day of a period.
pub(super) fn ends(stretch: &Stretch, zone: &crate::time::Zone) -> Option<(String, String)> {
    match stretch.extent {
        Extent::Created(from, to) => {
            let last = (to - DAY.min(to - from)).max(from);
            Some((zone.date(from).to_string(), zone.date(last).to_string()))
        }
        Extent::Rows(_) => None,
    }
}
