//! What was replayed and scored, put into the columns of a review and into cohorts by period.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::data::hex;
use crate::evaluation::{BracketRule, Cohort, CohortError, Grouping, Profile, Scored, cut, profiles};
use crate::experiment::Experiment;
use crate::models::{Contribution, Model, Scores};
use crate::pipeline::{self, PipelineError, Played};
use crate::replay::{ReplayError, Replayed, Role, Window};
use crate::result::review::Fingerprint;
use crate::review::{Arrivals, Compared, FollowUp, Given, Input, LeadColumns, ModelColumns, Place, Values};
use crate::stats::survival::End;
use crate::table::{Cell, Column, MISSING, Text};
use crate::time::{DAY, Horizon, Instant, NEVER, days};

use super::ReviewError;
use super::period::{Extent, Stretch, Stretches};
use super::{events, sales};

/// A column of text with more levels than this is a name, not an input.
const LEVELS: usize = 200;
/// A training window of fewer leads is no reference.
const REFERENCE: usize = 100;

/// The replayed leads by period.
pub(super) struct Gathered {
    pub stretches: Stretches,
    pub compared: Compared,
    pub taken: Taken,
    /// Leads of each period that were decided before they were scored.
    pub decided: Vec<u64>,
    /// Every model's scores over all rows of the replay, with brackets that are the same in every period.
    pub scored: Vec<Scored>,
    pub champion: usize,
}

/// The rows of the replay that a review reads.
pub(super) struct Taken {
    /// Those that stand in the columns, in their order.
    pub rows: Vec<usize>,
    place: Vec<Place>,
    mature: Vec<bool>,
    trained: Vec<bool>,
    /// Those that trained the models, by the experiment's windows.
    training: Vec<usize>,
    /// The first period stands for the reference where the training window can not.
    pub reference_is_training: bool,
}

/// Where a replayed lead stands.
struct Standing {
    place: Place,
    decided: bool,
    mature: bool,
}

impl Gathered {
    pub fn new(experiment: &Experiment, played: &Played, stretches: Stretches) -> Result<Self, ReviewError> {
        let champion = experiment.champion.ok_or(ReviewError::NoChampion)?;
        let models = played.models.iter().zip(&played.scores);
        let score = |(model, scores): (&Model, &Scores)| {
            let mut scored = pipeline::scored(model, scores.clone(), &played.replayed);
            scored.effort = pipeline::effort(Some(&played.models[champion]), model, scored.card.len());
            scored
        };
        let mut scored: Vec<Scored> = models.map(score).collect();
        let standings = standings(experiment, played, &stretches);
        let decided = (0..stretches.all.len())
            .map(|period| {
                let in_period = standings.iter().filter(|one| one.place == Place::Period(period));
                in_period.filter(|one| one.decided).count() as u64
            })
            .collect();
        let taken = Taken::of(played, &scored, &standings);
        let reviewed = stretches.all.len() - 1;
        if !taken.place.contains(&Place::Period(reviewed)) {
            return Err(empty(&stretches.all[reviewed], played));
        }
        freeze_brackets(experiment, played, &taken, (&mut scored, champion))?;
        let columns = columns(experiment, played, &taken, (&scored, champion), &stretches)?;
        Ok(Self { compared: Compared::new(columns)?, stretches, taken, decided, scored, champion })
    }

    /// A cohort of some rows of the columns, evaluated, with the training leads beside them. The window is that of the
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
        self.taken.cohort(experiment, played, rows, window, (&self.scored, self.champion))
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

    /// What tells a review made again from one of other data: all that it reads of the leads, in the order of their ids. The
    /// files' own hashes would change with the order of their rows.
    pub fn inputs(&self, played: &Played) -> String {
        let (features, outcomes) = (&played.replayed.features, &played.replayed.outcomes);
        let mut hasher = Sha256::new();
        let mut add = |text: std::fmt::Arguments| hasher.update(format!("{text}\n").as_bytes());
        add(format_args!("{}", played.history.until));
        for (name, column) in features.attributes.iter() {
            add(format_args!("{name}"));
            (0..column.len()).for_each(|row| add(format_args!("{:?}", column.cell(row))));
        }
        for row in 0..features.ids.len() {
            let value = outcomes.value.get(row).copied().unwrap_or(f64::NAN);
            let (won, days) = (outcomes.converted[row], outcomes.created_to_win_days[row]);
            add(format_args!("{:?} {} {won} {value} {days}", features.ids.get(row), features.as_of[row]));
        }
        for model in &self.scored {
            add(format_args!("{}", model.name));
            model.score.iter().for_each(|score| add(format_args!("{score}")));
        }
        for volume in &self.compared.volumes {
            add(format_args!("{} {:?}", volume.kind, volume.events));
        }
        hex(&hasher.finalize())
    }

    /// What tells a later review that the history of a period was changed.
    pub fn fingerprint(&self, played: &Played, period: usize) -> Fingerprint {
        let rows = self.compared.rows(period);
        let ids = &played.replayed.features.ids;
        let outcomes = &played.replayed.outcomes;
        let hash = |line: &dyn Fn(usize, usize) -> Option<String>| {
            let mut hasher = Sha256::new();
            for &row in &rows {
                if let Some(line) = line(row, self.taken.rows[row]) {
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

impl Taken {
    fn of(played: &Played, scored: &[Scored], standings: &[Standing]) -> Self {
        let excluding: Vec<usize> =
            (0..scored.len()).filter(|&place| played.models[place].excludes_unscored()).collect();
        let is_scored = |row: usize| !excluding.iter().any(|&place| scored[place].score[row].is_nan());
        let roles = &played.replayed.roles;
        let training: Vec<usize> =
            (0..roles.len()).filter(|&row| roles[row] == Role::Training && is_scored(row)).collect();
        let trains: HashSet<usize> = training.iter().copied().collect();
        let reference_is_training = training.len() >= REFERENCE;
        let place = |row: usize| match &standings[row] {
            Standing { place, decided: false, .. } if is_scored(row) => *place,
            _ => Place::Reference,
        };
        let rows: Vec<usize> = (0..standings.len())
            .filter(|row| place(*row) != Place::Reference || (reference_is_training && trains.contains(row)))
            .collect();
        Self {
            place: rows.iter().map(|&row| place(row)).collect(),
            mature: rows.iter().map(|&row| standings[row].mature).collect(),
            trained: rows.iter().map(|row| trains.contains(row)).collect(),
            training,
            rows,
            reference_is_training,
        }
    }

    /// A cohort of some of the rows, with models of its own and one of them for the champion.
    ///
    /// # Errors
    /// When no horizon of the leads is over.
    pub fn cohort(
        &self,
        experiment: &Experiment,
        played: &Played,
        rows: &[usize],
        window: Option<(Instant, Instant)>,
        (models, champion): (&[Scored], usize),
    ) -> Result<Cohort, CohortError> {
        let taken: Vec<usize> = self.training.iter().copied().chain(rows.iter().map(|&row| self.rows[row])).collect();
        let judged = |row: &usize| if self.mature[*row] { Role::Evaluated } else { Role::Immature };
        let roles: Vec<Role> = self.training.iter().map(|_| Role::Training).chain(rows.iter().map(judged)).collect();
        let replayed = Replayed {
            walk: None,
            features: played.replayed.features.take(&taken),
            outcomes: played.replayed.outcomes.take(&taken),
            roles,
            ledger: played.replayed.ledger.clone(),
            later: Vec::new(),
            accounts: played.replayed.accounts.take(&taken),
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
        cohort.asking(pipeline::assemble::asked(&file, &replayed, Vec::new()))
    }
}

/// Cuts every model's brackets once, where the experiment cuts them on all compared leads.
fn freeze_brackets(
    experiment: &Experiment,
    played: &Played,
    taken: &Taken,
    (scored, champion): (&mut [Scored], usize),
) -> Result<(), ReviewError> {
    let all: Vec<usize> = (0..taken.rows.len()).filter(|&row| matches!(taken.place[row], Place::Period(_))).collect();
    let pooled = taken.cohort(experiment, played, &all, None, (&*scored, champion))?;
    for (model, (edges, names)) in scored.iter_mut().zip(cut(&pooled)) {
        model.brackets = Some(BracketRule::Edges { edges, names });
    }
    Ok(())
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
        let elsewhere = if after { Place::Later } else { Place::Reference };
        Standing {
            place: stretches.all.iter().position(holds).map_or(elsewhere, Place::Period),
            decided: outcomes.timed && outcomes.ending[row] != End::Censored && outcomes.ending_days[row] <= 0.0,
            mature: !outcomes.timed || closes <= history.until,
        }
    };
    (0..outcomes.converted.len()).map(one).collect()
}

fn columns(
    experiment: &Experiment,
    played: &Played,
    taken: &Taken,
    (scored, champion): (&[Scored], usize),
    stretches: &Stretches,
) -> Result<LeadColumns, ReviewError> {
    let Played { replayed, scores, .. } = played;
    if played.history.events.as_ref().is_some_and(|events| events.folded.is_some()) {
        return Err(PipelineError::Replay(ReplayError::NeedsEvents { what: "a review" }).into());
    }
    let (outcomes, rows) = (&replayed.outcomes, &taken.rows);
    let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<f64>>();
    let (bracket, brackets) = bracketed(&scored[champion], rows);
    Ok(LeadColumns {
        labels: stretches.all.iter().map(|one| one.label.clone()).collect(),
        place: taken.place.clone(),
        account: played.replayed.accounts.declared.as_ref().map(|all| rows.iter().map(|&row| all[row]).collect()),
        arrivals: spans(played, stretches)
            .map(|spans| Arrivals { created: rows.iter().map(|&row| outcomes.created[row]).collect(), spans }),
        reference: match taken.reference_is_training {
            true => taken.trained.clone(),
            false => taken.place.iter().map(|place| *place == Place::Period(0)).collect(),
        },
        trained: taken.trained.clone(),
        mature: taken.mature.clone(),
        converted: rows.iter().map(|&row| outcomes.converted[row]).collect(),
        follow_up: outcomes.timed.then(|| follow_up(played, rows)),
        horizon: experiment.file.replay.horizon.days(),
        days_to_win: (!outcomes.created_to_win_days.is_empty()).then(|| of(&outcomes.created_to_win_days)),
        value: (!outcomes.value.is_empty()).then(|| of(&outcomes.value)),
        score: of(&scored[champion].score),
        bracket,
        brackets,
        models: scored.iter().enumerate().map(|(place, model)| read(model, place == champion, rows)).collect(),
        criteria: criteria(&scores[champion], rows),
        segments: segments(experiment, played, rows),
        inputs: inputs(played, rows),
        volumes: events::volumes(played, rows),
        touches: events::touches(experiment, played, rows)?,
        first_touch: sales::first_touch(played, rows),
        feedback: sales::feedback(experiment, played, rows)?,
    })
}

/// When the leads were created that there are.
fn known(played: &Played) -> Option<(Instant, Instant)> {
    let known = || played.history.created.iter().flatten().copied().filter(|at| *at != NEVER);
    known().min().zip(known().max())
}

/// From when to before when leads of each period are there; nothing where periods are ranges of rows.
fn spans(played: &Played, stretches: &Stretches) -> Option<Vec<(Instant, Instant)>> {
    let (first, last) = known(played)?;
    let span = |stretch: &Stretch| match stretch.extent {
        Extent::Created(from, to) => Some((from.max(first), to.min(last + DAY))),
        Extent::Rows(_) => None,
    };
    stretches.all.iter().map(span).collect()
}

/// Days without leads at the end of a period, or at its beginning, that are no chance.
const SILENT: i64 = 7 * DAY;

/// The first and the last day of the leads that there are, where they leave out a part of a period.
pub(super) fn covered(stretch: &Stretch, played: &Played) -> Option<(String, String)> {
    let Extent::Created(from, to) = stretch.extent else { return None };
    let (first, last) = known(played)?;
    let zone = &played.history.zone;
    let date = |at: Instant| zone.date(at).to_string();
    let is_partial = first < to && last >= from && (first - from > SILENT || to - last > SILENT);
    is_partial.then(|| (date(first.max(from)), date(last.min(to - 1))))
}

/// The bracket of each lead, and the brackets' names; one bracket where they are not cut by edges.
fn bracketed(model: &Scored, rows: &[usize]) -> (Vec<usize>, Vec<String>) {
    let Some(BracketRule::Edges { edges, names }) = &model.brackets else {
        return (vec![0; rows.len()], vec!["all scores".into()]);
    };
    let place = |row: &usize| edges.partition_point(|edge| *edge <= model.score[*row]);
    (rows.iter().map(place).collect(), names.clone())
}

fn follow_up(played: &Played, rows: &[usize]) -> FollowUp {
    let Played { history, replayed, .. } = played;
    let outcomes = &replayed.outcomes;
    let recorded = history.outcomes.wins.iter().map(|win| win.at).filter(|at| *at != NEVER).min();
    let begins = recorded.unwrap_or(Instant::MIN / 4);
    FollowUp {
        days: rows.iter().map(|&row| outcomes.ending_days[row]).collect(),
        end: rows.iter().map(|&row| outcomes.ending[row]).collect(),
        exposure: rows.iter().map(|&row| days(history.until - outcomes.as_of[row])).collect(),
        entry: rows.iter().map(|&row| days((begins - outcomes.as_of[row]).max(0))).collect(),
    }
}

fn read(model: &Scored, is_champion: bool, rows: &[usize]) -> ModelColumns {
    ModelColumns {
        name: model.name.clone(),
        kind: model.kind.clone(),
        is_champion,
        learns: model.kind.may_learn(),
        ranked: model.ranked(rows),
        top: match &model.brackets {
            Some(BracketRule::Edges { edges, .. }) => edges.last().copied(),
            _ => None,
        },
    }
}

fn criteria(scores: &Scores, rows: &[usize]) -> Vec<Given> {
    let given = |part: &Contribution| Given {
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
                let text = in_order(levels(column).filter(|text| text.levels.len() <= LEVELS)?);
                Values::Level(rows.iter().map(|&row| text.codes[row]).collect(), text.levels)
            }
        };
        Some(Input { name: attribute.name.clone(), values })
    };
    played.history.attributes.iter().filter_map(one).collect()
}

/// The same texts with their levels ascending: sums over levels round alike in whatever order the rows were written.
fn in_order(text: Text) -> Text {
    let mut order: Vec<usize> = (0..text.levels.len()).collect();
    order.sort_by(|a, b| text.levels[*a].cmp(&text.levels[*b]));
    let mut place_of = vec![MISSING; order.len()];
    order.iter().enumerate().for_each(|(place, &level)| place_of[level] = place as u32);
    Text {
        codes: text.codes.iter().map(|&code| place_of.get(code as usize).copied().unwrap_or(MISSING)).collect(),
        levels: order.into_iter().map(|level| text.levels[level].clone()).collect(),
        written: text.written,
    }
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
