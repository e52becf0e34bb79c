//! What stands behind the first screen.

use crate::result::review::{
    Alarm, Change, ChangeUnit, EarlyRead, InputDrift, ModelPeriod, ModelTrend, Review, TouchSpeed, Yield,
};
use crate::result::{Basis, CriterionAudit, Estimate, Level, Number, Per};

use super::super::chart;
use super::super::document::{Block, Cell, Column, Section, Table, Text, name, say};
use super::super::facts;
use super::super::text::{self, Unit};
use super::{champion, glance, named_period, reviewed, summary};

pub(super) fn all(review: &Review) -> Vec<Section> {
    let mut all = vec![trend(review)];
    all.extend(early(review));
    all.push(alarms(review));
    all.push(drift(review));
    all.push(decision(review));
    all.extend(criteria(review));
    all.push(benchmarks(review));
    all.push(memory(review));
    all
}

fn trend(review: &Review) -> Section {
    let mut blocks = vec![Block::Figure(chart::trend(review)), Block::Table(periods(review))];
    blocks.extend(champion(review).map(|model| Block::Table(brackets(model))));
    if !review.changes.is_empty() {
        blocks.push(Block::Table(changes(review)));
    }
    let others = review.models.iter().map(|model| model_section(review, model)).collect();
    Section::new("trend", format!("Trend by {}", text::clean(&review.setting.unit)), blocks).with(others)
}

fn periods(review: &Review) -> Table {
    let columns = vec![
        Column::label(text::capitalised(&review.setting.unit)).brief(),
        Column::number("Leads").brief(),
        Column::number("Finished"),
        Column::number("Wins").brief(),
        Column::number("Conversion").brief(),
        Column::number("Value won so far"),
        Column::number("Median days to win"),
        Column::number("Decided before scored"),
    ];
    let rows = review.periods.iter().enumerate().map(|(place, period)| {
        vec![
            Cell::label(&named_period(period, 40)).at(place),
            Cell::count(period.leads),
            Cell::value(period.share_mature(), Unit::Share),
            Cell::count(period.wins),
            Cell::estimate(&period.rate, Unit::Share),
            Cell::optional(period.value, Unit::Money),
            Cell::number(&period.median_days, Unit::Days),
            Cell::count(period.decided_before),
        ]
    });
    Table::new(
        "Leads by creation, as they are known now. Wins, conversion and days to win are those of finished leads, value is that of all wins so far.",
        columns,
        rows.collect(),
    )
}

/// Conversion of every bracket in every period.
fn brackets(model: &ModelTrend) -> Table {
    let labels: Vec<&String> = model
        .periods
        .iter()
        .rev()
        .find(|period| !period.brackets.is_empty())
        .map(|period| period.brackets.iter().rev().map(|row| &row.label).collect())
        .unwrap_or_default();
    let mut columns = vec![Column::label("Tier")];
    columns.extend(model.periods.iter().map(|period| Column::number(text::clipped(&period.label, 24))));
    let cell = |period: &ModelPeriod, label: &str| {
        let found = period.brackets.iter().find(|row| row.label == *label);
        found.map_or_else(|| Cell::text("–"), |row| Cell::estimate(&row.rate, Unit::Share))
    };
    let rows = labels.iter().enumerate().map(|(place, label)| {
        std::iter::once(Cell::label(label).at(place))
            .chain(model.periods.iter().map(|period| cell(period, label)))
            .collect()
    });
    Table::new(
        "Conversion by tier of the live model; the tiers are cut at the same scores in every period.",
        columns,
        rows.collect(),
    )
}

fn changes(review: &Review) -> Table {
    let columns = vec![
        Column::label("What").brief(),
        Column::label("Model"),
        Column::number("Before").brief(),
        Column::number("Now").brief(),
        Column::number("Change").brief(),
        Column::number("p, corrected").brief(),
    ];
    let row = |change: &Change| {
        let (unit, difference) = match change.unit {
            ChangeUnit::Share => (Unit::Share, Unit::Points),
            ChangeUnit::Plain => (Unit::Plain, Unit::Difference),
        };
        vec![
            Cell::label(&super::change_of(&change.what)),
            Cell::name(&change.model),
            Cell::estimate(&change.before, unit),
            Cell::estimate(&change.now, unit),
            Cell::estimate(&change.difference, difference),
            Cell::number(&change.p_adjusted, Unit::P),
        ]
    };
    Table::new(
        "The reviewed period against the one before, corrected for the number of rows (Holm).",
        columns,
        review.changes.iter().map(row).collect(),
    )
}

fn model_section(review: &Review, model: &ModelTrend) -> Section {
    let capture = match &review.setting.capacity {
        Some(capacity) => format!("Wins captured, {} leads every {}", capacity.leads, text::days(capacity.per_days)),
        None => "Wins captured, top 10 %".into(),
    };
    let columns = vec![
        Column::label(text::capitalised(&review.setting.unit)),
        Column::number("Finished leads"),
        Column::number("AUC").term("AUC"),
        Column::number("Lift, top 10 %").term("Lift"),
        Column::number(capture).term("Capture"),
        Column::number("Predicted"),
        Column::number("Happened"),
        Column::number("Leads in the top tier"),
        Column::number("Days to win, handed over"),
    ];
    let row = |(place, one): (usize, &ModelPeriod)| {
        vec![
            Cell::label(&super::named(review, &one.label)).at(place),
            Cell::count(one.leads),
            Cell::estimate(&one.auc, Unit::Plain),
            Cell::estimate(&one.lift, Unit::Ratio),
            Cell::estimate(&one.capture, Unit::Share),
            Cell::number(&one.mean_predicted, Unit::Share),
            Cell::estimate(&one.observed, Unit::Share),
            Cell::count(one.over_threshold),
            Cell::number(&one.median_days, Unit::Days),
        ]
    };
    let table = Table::new("", columns, model.periods.iter().enumerate().map(row).collect());
    let mut blocks = vec![Block::Table(table)];
    let learned: u64 = model.periods.iter().map(|one| one.learned_from).sum();
    if learned > 0 {
        blocks.push(Block::Notice(
            Level::Note,
            format!("It learned from {} of these periods, and is not judged on them.", text::plural(learned, "lead"))
                .into(),
        ));
    }
    let live = if model.is_champion { say![name(&model.name), ", in use"] } else { say![name(&model.name)] };
    Section::new(format!("trend-{}", text::slug(&model.name)), live, blocks)
}

fn early(review: &Review) -> Option<Section> {
    if review.early.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label(text::capitalised(&review.setting.unit)).brief(),
        Column::number("Finished").brief(),
        Column::number("Wins so far").brief(),
        Column::number("Wins in the end").brief(),
        Column::number("Conversion in the end").brief(),
        Column::number("Pace").brief(),
        Column::label("To be trusted").brief(),
    ];
    let row = |read: &EarlyRead| {
        let doubt = read.doubt.as_ref().map_or("yes".into(), |doubt| format!("no: {doubt}"));
        vec![
            Cell::label(&super::named(review, &read.label)),
            Cell::value(read.share_mature, Unit::Share),
            Cell::count(read.wins_so_far),
            Cell::estimate(&read.wins, Unit::Count),
            Cell::estimate(&read.rate, Unit::Share),
            Cell::estimate(&read.pace, Unit::Ratio),
            Cell::text(Text::sentence(&doubt)),
        ]
    };
    let table = Table::new(
        "Estimates of periods whose horizons are not all over, with 95 % prediction intervals. Pace: wins so far over what the curves of the other periods foretell.",
        columns,
        review.early.iter().map(row).collect(),
    );
    let words = "From the curves of the time to convert of each tier in the other periods, carried on from where every open lead stands. It is kept, and judged by the review that knows how the period ended.";
    Some(Section::new("early", "Early read", vec![Block::Paragraph(words.into()), Block::Table(table)]).brief())
}

fn alarms(review: &Review) -> Section {
    let alarms = &review.alarms;
    let words = format!(
        "Each {} is held against those before it in {}. All together they are allowed one false alarm in twenty steady histories, and what is too small to matter does not ring.",
        text::clean(&review.setting.unit),
        text::plural(alarms.tests, "test")
    );
    let mut blocks = vec![Block::Paragraph(words.into())];
    if alarms.rung.is_empty() {
        blocks.push(Block::Paragraph("Nothing rang.".into()));
        return Section::new("alarms", "Alarms: none", blocks).brief();
    }
    let columns = vec![
        Column::label(text::capitalised(&review.setting.unit)).brief(),
        Column::label("What happened").brief(),
        Column::label("Measured by"),
        Column::number("Before").brief(),
        Column::number("Now").brief(),
        Column::number("p").brief(),
    ];
    let row = |(place, alarm): (usize, &Alarm)| {
        vec![
            Cell::label(&alarm.period).at(place),
            Cell::text(summary::alarm_words(alarm)),
            Cell::label(&alarm.measure),
            Cell::value(alarm.before, Unit::Plain),
            Cell::value(alarm.now, Unit::Plain),
            Cell::value(alarm.p, Unit::P),
        ]
    };
    let rows = alarms.rung.iter().enumerate().map(row).collect();
    let caption = format!(
        "What rang, in the period in which it happened. A test rings at p of {} and below.",
        text::quantity(alarms.threshold, Unit::Plain)
    );
    blocks.push(Block::Table(Table::new(caption, columns, rows)));
    Section::new("alarms", "Alarms", blocks).brief()
}

fn drift(review: &Review) -> Section {
    let drift = &review.drift;
    let mut blocks = Vec::new();
    if let Some(split) = &drift.split {
        let columns = ["", "Change", "Other leads came", "Leads of the same tier convert otherwise"];
        let columns = columns.iter().enumerate().map(|(place, title)| match place {
            0 => Column::label(*title),
            _ => Column::number(*title),
        });
        let row = vec![
            Cell::text(format!("{} to {}", text::clipped(&split.from, 24), text::clipped(&split.to, 24))),
            Cell::estimate(&split.total, Unit::Points),
            Cell::estimate(&split.mix, Unit::Points),
            Cell::estimate(&split.rate, Unit::Points),
        ];
        blocks.push(Block::Table(Table::new(
            "What the mix of leads did to conversion, and what the market or a worn model did.",
            columns.collect(),
            vec![row],
        )));
    }
    if !drift.criteria.is_empty() {
        blocks.push(Block::Table(criteria_drift(review)));
    }
    blocks.push(Block::Table(inputs(review)));
    if !drift.events.is_empty() {
        blocks.push(Block::Table(events(review)));
    }
    let levels = levels(review);
    if !levels.is_empty() {
        blocks.push(Block::List(levels));
    }
    blocks.push(Block::Table(worth(review)));
    Section::new("drift", "Drift", blocks)
}

fn criteria_drift(review: &Review) -> Table {
    let columns = vec![
        Column::label("Criterion"),
        Column::number("Points"),
        Column::number("Fired on, before"),
        Column::number("Fires on, now"),
        Column::number("Mean score moved by"),
    ];
    let rows = review.drift.criteria.iter().map(|one| {
        vec![
            Cell::label(&one.name),
            Cell::value(one.points, Unit::Plain),
            Cell::estimate(&one.fires_before, Unit::Share),
            Cell::estimate(&one.fires_now, Unit::Share),
            Cell::estimate(&one.moved, Unit::Difference),
        ]
    });
    Table::new(
        "Which criteria moved the mean score since the period before, the largest first.",
        columns,
        rows.collect(),
    )
}

fn inputs(review: &Review) -> Table {
    let mut columns = vec![Column::label("Column")];
    columns.extend(review.periods.iter().map(|period| Column::number(text::clipped(&period.label, 24))));
    columns.extend([
        Column::number("p, corrected"),
        Column::number("Largest gap (KS)"),
        Column::number("Missing, reference"),
        Column::number("Missing, now"),
    ]);
    let row = |input: &InputDrift| {
        let title = if input.is_score { Cell::text("Score of the live model") } else { Cell::label(&input.name) };
        let mut cells = vec![title];
        cells.extend(input.psi.iter().map(|psi| Cell::number(psi, Unit::Plain)));
        cells.extend([
            Cell::number(&input.p_adjusted, Unit::P),
            match input.ks.finite() {
                Some(ks) => Cell::value(ks, Unit::Plain),
                None => Cell::text("–"),
            },
            Cell::number(&input.missing_before, Unit::Share),
            Cell::number(&input.missing_now, Unit::Share),
        ]);
        cells
    };
    let caption = format!(
        "Population stability index of every column against {} ({}), over its deciles or levels; p of the reviewed period. By custom 0.1 is worth a look and 0.25 a shift.",
        text::clean(&review.setting.reference),
        text::plural(review.setting.reference_leads, "lead")
    );
    Table::new(Text::from(caption), columns, review.drift.inputs.iter().map(row).collect())
}

fn events(review: &Review) -> Table {
    let mut columns = vec![Column::label("Events a lead")];
    columns.extend(review.periods.iter().map(|period| Column::number(text::clipped(&period.label, 24))));
    columns.extend([Column::number("Now over before"), Column::number("p, corrected")]);
    let rows = review.drift.events.iter().map(|event| {
        let mut cells = vec![Cell::label(&event.kind)];
        cells.extend(event.mean.iter().map(|mean| Cell::number(mean, Unit::Plain)));
        cells.extend([Cell::number(&event.ratio, Unit::Ratio), Cell::number(&event.p_adjusted, Unit::P)]);
        cells
    });
    Table::new("Mean events a lead by the moment of scoring.", columns, rows.collect())
}

/// New and vanished levels, in words.
fn levels(review: &Review) -> Vec<Text> {
    let list = |levels: &[crate::result::review::LevelShare]| {
        let all: Vec<String> = levels
            .iter()
            .map(|one| format!("{} ({})", text::clipped(&one.level, 30), text::quantity(one.share, Unit::Share)))
            .collect();
        text::list(&all)
    };
    let one = |input: &InputDrift| {
        let mut words = Vec::new();
        if !input.new_levels.is_empty() {
            words.push(format!("new are {}", list(&input.new_levels)));
        }
        if !input.vanished_levels.is_empty() {
            words.push(format!("gone are {}", list(&input.vanished_levels)));
        }
        (!words.is_empty()).then(|| say![name(&input.name), format!(": {}.", words.join("; "))])
    };
    review.drift.inputs.iter().filter_map(one).collect()
}

/// What each numeric column alone says, period by period.
fn worth(review: &Review) -> Table {
    let mut columns = vec![Column::label("Column alone, AUC")];
    columns.extend(review.periods.iter().map(|period| Column::number(text::clipped(&period.label, 24))));
    columns.push(Column::label("Turned"));
    let ordered = review.drift.inputs.iter().filter(|input| input.auc.iter().any(|auc| auc.point.finite().is_some()));
    let rows = ordered.map(|input| {
        let title = if input.is_score { Cell::text("Score of the live model") } else { Cell::label(&input.name) };
        let mut cells = vec![title];
        cells.extend(input.auc.iter().map(|auc| Cell::estimate(auc, Unit::Plain)));
        cells.push(Cell::text(if input.turned { "says the opposite now" } else { "–" }));
        cells
    });
    Table::new(
        "What each column says by itself: above 0.5 higher values convert better, below it worse.",
        columns,
        rows.collect(),
    )
}

fn decision(review: &Review) -> Section {
    let decision = &review.decision;
    let words = format!(
        "Challengers against the live model on {} with {}, created in {} and known to no model that learned.",
        text::plural(decision.leads, "finished lead"),
        text::plural(decision.wins, "win"),
        text::clean(&decision.window)
    );
    let mut blocks = vec![Block::Paragraph(words.into())];
    let mut reasons: Vec<Text> =
        decision.verdict.reasons.iter().map(|reason| Text::whole(&facts::reason(reason))).collect();
    if decision.comparisons.is_empty() && reasons.is_empty() {
        reasons.push("There is no challenger to compare with.".into());
    }
    if !reasons.is_empty() {
        blocks.push(Block::List(reasons));
    }
    if !decision.comparisons.is_empty() {
        let is_corrected = decision.comparisons.iter().any(|one| one.gain.basis == Basis::HadAllBeenWorked);
        let a_quarter = if is_corrected { "Wins a quarter, had all been called" } else { "Wins a quarter" };
        let columns = vec![
            Column::label("Challenger").brief(),
            Column::number(a_quarter).brief(),
            Column::number("Wins in all, as history shows them").brief(),
            Column::label("Decision").brief(),
        ];
        let rows = decision.comparisons.iter().map(|one| {
            vec![
                Cell::name(&one.challenger),
                match (one.gain.winners.point.finite(), one.wins_per_quarter.point.finite()) {
                    (Some(_), _) if one.gain.per == Per::Quarter => {
                        Cell::estimate(&one.gain.winners, Unit::CountDifference)
                    }
                    (_, Some(_)) => Cell::estimate(&one.wins_per_quarter, Unit::CountDifference),
                    _ => Cell::text("–"),
                },
                Cell::estimate(&one.wins, Unit::CountDifference),
                Cell::text(match one.decision {
                    crate::result::Decision::Promote => "promote",
                    crate::result::Decision::Keep => "keep the live model",
                    crate::result::Decision::NotEnoughEvidence => "not enough evidence",
                }),
            ]
        });
        blocks.push(Block::Table(Table::new(
            "More wins handed over than by the live model, with intervals that hold for all rows at once.",
            columns,
            rows.collect(),
        )));
    }
    if !decision.gates.is_empty() {
        let columns =
            vec![Column::label("Challenger"), Column::label("Gate"), Column::label("Outcome"), Column::label("Found")];
        let rows = decision.gates.iter().map(|gate| {
            vec![
                Cell::name(&gate.challenger),
                Cell::text(Text::sentence(&facts::gate(&gate.asked))),
                Cell::text(gate.outcome.in_words()),
                Cell::text(Text::sentence(&facts::found(&gate.found))),
            ]
        });
        blocks.push(Block::Table(Table::new("The experiment's gates.", columns, rows.collect())));
    }
    if !review.advice.is_empty() {
        blocks.push(Block::List(review.advice.iter().map(advised).collect()));
    }
    Section::new("decision", "Decision", blocks)
}

fn advised(advice: &crate::result::review::Advice) -> Text {
    glance::advice_words(advice).then(": ".into()).then(Text::sentence(&advice.why)).then(".".into())
}

fn criteria(review: &Review) -> Option<Section> {
    if review.criteria.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Criterion"),
        Column::label("Verdict"),
        Column::number("Points"),
        Column::number("Implied by the data"),
        Column::number("Fires on"),
        Column::number("Converts with"),
        Column::number("without"),
    ];
    let row = |one: &CriterionAudit| {
        vec![
            Cell::label(&one.name),
            Cell::text(one.verdict.in_words()),
            Cell::value(one.configured, Unit::Plain),
            Cell::estimate(&one.implied, Unit::Plain),
            Cell::estimate(&one.share, Unit::Share),
            Cell::estimate(&one.rate_with, Unit::Share),
            Cell::estimate(&one.rate_without, Unit::Share),
        ]
    };
    let table = Table::new(
        "Every criterion of the live model against what happened, on the compared periods before the one that judges the changes.",
        columns,
        review.criteria.iter().map(row).collect(),
    );
    let mut blocks = vec![Block::Table(table)];
    let stable: Vec<Vec<Cell>> = review.criteria.iter().flat_map(by_period).collect();
    if !stable.is_empty() {
        let columns = vec![
            Column::label("Criterion"),
            Column::label("Quarter"),
            Column::number("Fires on"),
            Column::number("Converts with"),
            Column::number("Implied points"),
        ];
        blocks.push(Block::Table(Table::new("The same quarter by quarter.", columns, stable)));
    }
    Some(Section::new("criteria", "Criteria", blocks))
}

fn by_period(one: &CriterionAudit) -> Vec<Vec<Cell>> {
    let row = |period: &crate::result::CriterionPeriod| {
        vec![
            Cell::label(&one.name),
            Cell::label(&period.label),
            Cell::estimate(&period.share, Unit::Share),
            Cell::estimate(&period.rate_with, Unit::Share),
            Cell::estimate(&period.implied, Unit::Plain),
        ]
    };
    one.periods.iter().map(row).collect()
}

fn benchmarks(review: &Review) -> Section {
    let benchmarks = &review.benchmarks;
    let touches = benchmarks.by_bracket.iter().any(|part| part.touches_per_win.finite().is_some());
    let mut blocks = vec![Block::Paragraph(open(review))];
    blocks.push(Block::Table(yields(
        "Tier",
        &benchmarks.by_bracket,
        touches,
        "What it takes to win, by tier of the live model, over all compared periods.",
    )));
    for segment in &benchmarks.by_segment {
        let caption = format!("The same by {}.", text::clipped(&segment.column, 40));
        blocks.push(Block::Table(yields(
            &text::capitalised(&text::clipped(&segment.column, 24)),
            &segment.parts,
            touches,
            &caption,
        )));
    }
    if let Some(touch) = &benchmarks.touch {
        blocks.extend(speed(touch));
    }
    if let Some(feedback) = &benchmarks.feedback {
        blocks.extend(self::feedback(feedback));
    }
    Section::new("benchmarks", "Benchmarks", blocks)
}

fn open(review: &Review) -> Text {
    let benchmarks = &review.benchmarks;
    let [first, half, last] = &benchmarks.days_to_win;
    let days = match (first.finite(), half.finite(), last.finite()) {
        (Some(first), Some(half), Some(last)) => format!(
            "Half of the wins come within {} of creation, a quarter within {}, three quarters within {}.",
            text::days(half.round()),
            text::days(first.round()),
            text::days(last.round())
        ),
        _ => String::new(),
    };
    let pipeline = &benchmarks.pipeline;
    let open = match pipeline.expected.point.finite().filter(|_| pipeline.open > 0) {
        Some(_) => format!(
            " {}; {} of these are expected to be won by then.",
            summary::open_leads(review),
            text::estimate(&pipeline.expected, Unit::Count)
        ),
        None => String::new(),
    };
    format!("On {}. {days}{open}", text::plural(benchmarks.leads, "finished lead")).into()
}

fn yields(title: &str, parts: &[Yield], touches: bool, caption: &str) -> Table {
    let mut columns = vec![
        Column::label(title),
        Column::number("Finished leads"),
        Column::number("Converts"),
        Column::number("Leads for a win"),
    ];
    if touches {
        columns.push(Column::number("Touches for a win"));
    }
    columns.extend([
        Column::number("Value a lead"),
        Column::number("This period"),
        Column::number("Open now"),
        Column::number("Wins expected of them"),
    ]);
    let row = |(place, part): (usize, &Yield)| {
        let mut cells = vec![
            Cell::label(&part.label).at(place),
            Cell::count(part.leads),
            Cell::estimate(&part.rate, Unit::Share),
            Cell::estimate(&part.leads_per_win, Unit::Count),
        ];
        if touches {
            cells.push(Cell::number(&part.touches_per_win, Unit::Count));
        }
        cells.extend([
            optional(&part.value_per_lead, Unit::Money),
            Cell::estimate(&part.now_rate, Unit::Share),
            Cell::count(part.open),
            if part.open == 0 { Cell::text("–") } else { Cell::estimate(&part.expected, Unit::Count) },
        ]);
        cells
    };
    Table::new(caption, columns, parts.iter().enumerate().map(row).collect())
}

fn optional(number: &Number, unit: Unit) -> Cell {
    Cell::optional(number.finite(), unit)
}

fn speed(touch: &TouchSpeed) -> Vec<Block> {
    let beside = |now: &Estimate, before: &Estimate| {
        let before = match before.point.finite() {
            Some(_) => format!(", {} in the period before", text::estimate(before, Unit::Share)),
            None => String::new(),
        };
        format!("{}{before}", text::estimate(now, Unit::Share))
    };
    let words = format!(
        "Touched within an hour: {}. Within a day: {}.",
        beside(&touch.within_hour, &touch.within_hour_before),
        beside(&touch.within_day, &touch.within_day_before)
    );
    let columns = vec![
        Column::label("First touch"),
        Column::number("Finished leads"),
        Column::number("Converts"),
        Column::number("Mean score"),
    ];
    let rows = touch.classes.iter().enumerate().map(|(place, class)| {
        vec![
            Cell::label(&class.label).at(place),
            Cell::count(class.leads),
            Cell::estimate(&class.rate, Unit::Share),
            optional(&class.mean_score, Unit::Plain),
        ]
    });
    let verdict = match (touch.z.finite(), touch.p.finite()) {
        (Some(z), Some(p)) if p <= 0.05 => format!(
            "Within tiers, leads touched later convert {} (p = {}).",
            if z < 0.0 { "less" } else { "more" },
            text::quantity(p, Unit::P)
        ),
        (_, Some(p)) => {
            format!("Within tiers no trend with the speed of the touch is shown (p = {}).", text::quantity(p, Unit::P))
        }
        _ => String::new(),
    };
    vec![
        Block::Paragraph(words.into()),
        Block::Table(Table::new("Conversion by the time from creation to the first touch.", columns, rows.collect())),
        Block::Notice(
            Level::Warning,
            format!("{verdict} It does not show that speed wins: sales may touch sooner what looks better to them, and a lead that answers is touched. Only a test that draws lots for the speed can tell.").trim().to_owned().into(),
        ),
    ]
}

fn feedback(feedback: &crate::result::review::Feedback) -> Vec<Block> {
    let columns = vec![
        Column::label("Tier"),
        Column::number("Accepted"),
        Column::number("Rejected"),
        Column::number("Accepted of those judged"),
    ];
    let rows = feedback.by_bracket.iter().enumerate().map(|(place, part)| {
        vec![
            Cell::label(&part.label).at(place),
            Cell::count(part.accepted),
            Cell::count(part.rejected),
            Cell::estimate(&part.share, Unit::Share),
        ]
    });
    let mut blocks = vec![Block::Table(Table::new("What sales says of the leads, by tier.", columns, rows.collect()))];
    if !feedback.reasons.is_empty() {
        let all: Vec<String> = feedback
            .reasons
            .iter()
            .map(|one| format!("{} ({})", text::clipped(&one.level, 40), text::quantity(one.share, Unit::Share)))
            .collect();
        blocks.push(Block::Paragraph(format!("Reasons for a rejection: {}.", text::list(&all)).into()));
    }
    blocks.push(Block::Paragraph(
        format!(
            "Where sales and the score disagree: of {} in the top tier that sales rejected, {} converted; of {} in the lowest that sales accepted, {} did.",
            text::plural(feedback.rejected_high, "finished lead"),
            text::count(feedback.rejected_high_wins),
            text::plural(feedback.accepted_low, "finished lead"),
            text::count(feedback.accepted_low_wins)
        )
        .into(),
    ));
    blocks
}

fn memory(review: &Review) -> Section {
    let memory = &review.memory;
    let mut blocks = Vec::new();
    match &memory.last {
        None => blocks.push(Block::Paragraph(
            format!(
                "This is the first review in its ledger. The next one quotes it: {}.",
                reviewed(review).label.clone()
            )
            .into(),
        )),
        Some(last) => {
            let hash: String = last.hash.chars().take(16).collect();
            blocks.push(Block::Paragraph(
                say![format!("Review of {} (ledger {hash}): “", text::clipped(&last.period, 40))]
                    .then(Text::sentence(&last.headline))
                    .then("”".into()),
            ));
            if let Some(regret) = &last.regret {
                let mut words = say![format!(
                    "On {} ({} with {}), ",
                    regret.window,
                    text::plural(regret.leads, "lead"),
                    text::plural(regret.wins, "win")
                )]
                .then(summary::regret_words(regret));
                if let Some(changes) = &regret.changes_gained {
                    words = words.then(
                        format!(
                            " The changes to points that it advised would have handed over {} wins more.",
                            text::estimate(changes, Unit::CountDifference)
                        )
                        .into(),
                    );
                }
                words = words
                    .then(" The best in hindsight is chosen by these very leads, and looks better than it is.".into());
                blocks.push(Block::Paragraph(words));
            }
        }
    }
    if !memory.judged.is_empty() {
        let columns = vec![
            Column::label("Period"),
            Column::label("Read in the review of"),
            Column::number("Early read"),
            Column::number("Happened"),
            Column::label("Within its interval"),
        ];
        let rows = memory.judged.iter().map(|one| {
            vec![
                Cell::label(&one.period),
                Cell::label(&one.read_in),
                Cell::estimate(&one.rate, Unit::Share),
                Cell::value(one.happened, Unit::Share),
                Cell::text(if one.inside { "yes" } else { "no" }),
            ]
        });
        blocks.push(Block::Table(Table::new("Early reads of earlier reviews, judged.", columns, rows.collect())));
    }
    for one in &memory.rewritten {
        blocks.push(Block::Notice(
            Level::Warning,
            Text::sentence(&format!(
                "the history of {} was changed since the review of {}: {} with {} then, {} with {} now; {}.",
                text::clipped(&one.period, 40),
                text::clipped(&one.seen_in, 40),
                text::plural(one.leads_then, "lead"),
                text::plural(one.wins_then, "win"),
                text::plural(one.leads_now, "lead"),
                text::plural(one.wins_now, "win"),
                one.why
            )),
        ));
    }
    Section::new("memory", "Memory", blocks)
}
