//! The report on a field test: the verdict, whether the test is sound, the effect, what is behind it.

use crate::result::trial::{Call, Contrast, Line, LineUnit, Trial};
use crate::result::{Estimate, Level, Number};

use super::chart;
use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, say};
use super::text::{self, Unit};

/// The report on a trial.
pub fn trial(trial: &Trial) -> Document {
    let mut sections = vec![effect(trial), soundness(trial), arms(trial), secondary(trial)];
    sections.extend(monitoring(trial));
    sections.extend(segments(trial));
    sections.push(looks(trial));
    Document {
        title: text::clipped(&trial.test, 120),
        setting: setting(trial),
        answer: answer(trial),
        sections,
        footer: format!(
            "leadoff {}, trial format {}. Ranges in parentheses are intervals at the confidence of the look; differences are arm less control.",
            env!("CARGO_PKG_VERSION"),
            trial.schema
        )
        .into(),
    }
}

fn setting(trial: &Trial) -> Text {
    let setting = &trial.setting;
    let units: u64 = trial.arms.iter().map(|arm| arm.units).sum();
    let horizon = match setting.horizon_days {
        Some(days) if setting.timed => format!("within {} of the assignment", text::days(days)),
        _ => "by the time the outcomes were exported".into(),
    };
    let day = setting.as_of.as_ref().map_or(String::new(), |day| format!(", seen on {}", text::clean(day)));
    say![
        format!("Which arm converts more of its {}s {horizon}, against ", text::clean(&setting.unit)),
        name(&setting.control),
        format!("? {}{day}.", text::plural(units, &setting.unit))
    ]
}

fn answer(trial: &Trial) -> Answer {
    let verdict = &trial.verdict;
    let leading = trial
        .contrasts
        .iter()
        .find(|contrast| verdict.best.as_ref() == Some(&contrast.arm))
        .or(trial.contrasts.first());
    let figures = leading.filter(|_| verdict.call != Call::NotJudged).map(|contrast| {
        format!(
            ": {} {}",
            text::estimate(&contrast.primary.difference, Unit::Points),
            trial
                .setting
                .horizon_days
                .filter(|_| trial.setting.timed)
                .map_or("in conversion".into(), |days| format!("in conversion by day {days}"))
        )
    });
    let headline = Text::sentence(&verdict.headline).then(figures.unwrap_or_default().into());
    let short = Text::sentence(&text::clipped(&verdict.headline, 96));
    Answer {
        tone: match verdict.call {
            Call::More | Call::SoonerNotMore => Tone::Change,
            Call::Fewer => Tone::Keep,
            _ => Tone::Undecided,
        },
        headline,
        line: short.then(".".into()),
        readiness: readiness(trial),
        banners: trial.soundness.refusals.iter().map(|refusal| Text::whole(refusal)).collect(),
        reasons: verdict.reasons.iter().map(|reason| Text::whole(reason)).collect(),
        next: verdict.next.iter().map(|next| Text::whole(next)).collect(),
    }
}

fn readiness(trial: &Trial) -> Text {
    let mature: u64 = trial.arms.iter().map(|arm| arm.mature).sum();
    let conversions: u64 = trial.arms.iter().map(|arm| arm.conversions).sum();
    format!("{} mature with {}.", text::plural(mature, &trial.setting.unit), text::plural(conversions, "conversion"))
        .into()
}

fn effect(trial: &Trial) -> Section {
    let columns = vec![
        Column::label("Arm").brief(),
        Column::number("Control").brief(),
        Column::number("Arm's rate").brief(),
        Column::number("Difference").brief(),
        Column::number("Relative"),
        Column::number("Statistic"),
        Column::number("p"),
        Column::number("p (Holm)").brief(),
        Column::label("Method"),
    ];
    let row = |contrast: &Contrast| {
        let primary = &contrast.primary;
        vec![
            Cell::name(&contrast.arm),
            Cell::estimate(&primary.control, Unit::Share),
            Cell::estimate(&primary.treatment, Unit::Share),
            Cell::estimate(&primary.difference, Unit::Points),
            Cell::text(relative(&primary.relative)),
            Cell::number(&primary.statistic, Unit::Difference),
            Cell::number(&primary.p, Unit::P),
            Cell::number(&primary.p_holm, Unit::P),
            Cell::label(&primary.method),
        ]
    };
    let mut blocks = vec![Block::Table(Table::new(
        "Conversion, every arm against the control",
        columns,
        trial.contrasts.iter().map(row).collect(),
    ))];
    for contrast in &trial.contrasts {
        blocks.extend(contrast.notes.iter().map(|note| Block::Notice(Level::Warning, Text::whole(note))));
    }
    if let Some(foretold) = &trial.verdict.foretold {
        let inside = match foretold.inside {
            Some(true) => "; the interval holds what was foretold",
            Some(false) => "; the interval excludes what was foretold",
            None => "",
        };
        let observed = text::estimate(&foretold.observed, Unit::Points);
        let foretold = text::quantity(foretold.difference, Unit::Points);
        blocks
            .push(Block::Paragraph(format!("The replay foretold {foretold}; observed are {observed}{inside}.").into()));
    }
    blocks.extend(chart::trial(trial).into_iter().filter(|chart| chart.id != "boundary").map(Block::Figure));
    Section::new("effect", "More conversions?", blocks).brief()
}

/// A relative difference, in percent of the control.
fn relative(estimate: &Estimate) -> String {
    text::estimate(estimate, Unit::Points).replace(" pp", " %")
}

fn soundness(trial: &Trial) -> Section {
    let mut columns = vec![Column::label("Stage").brief()];
    columns.extend(trial.arms.iter().map(|arm| Column::number(text::clipped(&arm.name, 30)).brief()));
    columns.extend([
        Column::number("Chi-square"),
        Column::number("p").brief(),
        Column::number("p, however often looked"),
    ]);
    let rows = trial.soundness.ratios.iter().map(|ratio| {
        let mut row = vec![Cell::label(&ratio.stage)];
        row.extend(ratio.counts.iter().map(|count| Cell::count(*count)));
        row.extend([
            Cell::number(&ratio.chi2, Unit::Plain),
            Cell::number(&ratio.p, Unit::P),
            Cell::number(&ratio.sequential_p, Unit::P),
        ]);
        row
    });
    let mut blocks =
        vec![Block::Table(Table::new("Do the arms have the sizes they were promised?", columns, rows.collect()))];
    if trial.soundness.checks.is_empty() {
        blocks.push(Block::Paragraph("Nothing else was found wrong with the assignment.".into()));
    }
    blocks.extend(
        trial
            .soundness
            .checks
            .iter()
            .map(|check| Block::Notice(check.level, Text::whole(&format!("{}: {}", check.what, check.text)))),
    );
    Section::new("soundness", "Is the test sound?", blocks).brief()
}

fn arms(trial: &Trial) -> Section {
    let columns = vec![
        Column::label("Arm").brief(),
        Column::number(format!("{}s", text::capitalised(&trial.setting.unit))).brief(),
        Column::number("Mature"),
        Column::number("Conversions").brief(),
        Column::number("Rate (mature)").brief(),
        Column::number("Chance to be the best"),
        Column::number("Expected loss if chosen"),
    ];
    let rows = trial.arms.iter().map(|arm| {
        vec![
            Cell::name(&arm.name),
            Cell::count(arm.units),
            Cell::count(arm.mature),
            Cell::count(arm.conversions),
            Cell::estimate(&arm.rate, Unit::Share),
            Cell::number(&arm.best, Unit::Share),
            Cell::number(&arm.expected_loss, Unit::Points),
        ]
    });
    let note = "The chance to be the best counts mature units only, with a uniform prior for every arm's rate; it does not correct for looks.";
    Section::new(
        "arms",
        "The arms",
        vec![Block::Table(Table::new("Arms", columns, rows.collect())), Block::Paragraph(note.into())],
    )
}

impl LineUnit {
    fn units(self) -> (Unit, Unit) {
        match self {
            Self::Share => (Unit::Share, Unit::Points),
            Self::Days => (Unit::Days, Unit::Difference),
            Self::Money | Self::Plain => (Unit::Plain, Unit::Difference),
        }
    }
}

fn secondary(trial: &Trial) -> Section {
    let columns = || {
        vec![
            Column::label("Figure").brief(),
            Column::number("Control"),
            Column::number("Arm"),
            Column::number("Difference").brief(),
            Column::number("Statistic"),
            Column::number("p"),
            Column::number("p (BH)").brief(),
            Column::label("Method"),
        ]
    };
    let row = |line: &Line| {
        let (level, difference) = line.unit.units();
        vec![
            Cell::label(&line.name),
            Cell::number(&line.control, level),
            Cell::number(&line.treatment, level),
            Cell::estimate(&line.difference, difference),
            Cell::number(&line.statistic, Unit::Difference),
            Cell::number(&line.p, Unit::P),
            Cell::number(&line.p_bh, Unit::P),
            Cell::label(&line.method),
        ]
    };
    let mut blocks = Vec::new();
    for contrast in &trial.contrasts {
        let rows: Vec<_> = contrast.speed.iter().chain(&contrast.secondary).map(row).collect();
        if !rows.is_empty() {
            blocks.push(Block::Table(Table::new(say![name(&contrast.arm), " against the control"], columns(), rows)));
        }
        blocks.extend(contrast.guardrails.iter().map(|guard| {
            let (level, word) = match guard.holds {
                Some(true) => (Level::Note, "holds"),
                Some(false) => (Level::Warning, "is not shown to hold"),
                None => (Level::Warning, "can not be judged"),
            };
            let text = format!(
                "guardrail `{}` {word} for `{}`: {}, margin {}",
                guard.name,
                contrast.arm,
                text::estimate(&guard.difference, Unit::Difference),
                text::quantity(guard.margin, Unit::Plain)
            );
            Block::Notice(level, Text::whole(&text))
        }));
    }
    if blocks.is_empty() {
        blocks.push(Block::Paragraph("The test names no times, values, ratios or covariate beside conversion.".into()));
    }
    Section::new("secondary", "Sooner, and worth more?", blocks)
}

fn monitoring(trial: &Trial) -> Option<Section> {
    let mut blocks = Vec::new();
    if let Some(sequential) = &trial.sequential {
        let columns = vec![
            Column::label("Look").brief(),
            Column::label("Planned"),
            Column::number("Conversions"),
            Column::number("Information").brief(),
            Column::number("z").brief(),
            Column::number("Bound").brief(),
            Column::number("Error spent"),
        ];
        let rows = sequential.stages.iter().map(|stage| {
            vec![
                Cell::date(&stage.as_of),
                Cell::text(if stage.planned { "yes" } else { "no" }),
                if stage.conversions > 0 { Cell::count(stage.conversions) } else { Cell::empty() },
                Cell::value(stage.fraction, Unit::Share),
                Cell::number(&stage.z, Unit::Difference),
                Cell::number(&stage.critical, Unit::Plain),
                Cell::value(stage.spent, Unit::P),
            ]
        });
        match &sequential.refused {
            Some(reason) => blocks.push(Block::Notice(Level::Banner, Text::whole(reason))),
            None => blocks.push(Block::Table(Table::new(
                "Group-sequential log-rank test, O'Brien–Fleming spending",
                columns,
                rows.collect(),
            ))),
        }
        let p = match &sequential.p {
            Number::Value(_) => {
                format!("Ordered by stages the log-rank test has p = {}.", text::number(&sequential.p, Unit::P))
            }
            Number::Undefined(reason) => format!("The log-rank test has no p-value: {}.", text::clean(reason)),
        };
        blocks.push(Block::Paragraph(p.into()));
        blocks.extend(chart::trial(trial).into_iter().filter(|chart| chart.id == "boundary").map(Block::Figure));
    }
    if let Some(anytime) = &trial.anytime {
        let text = format!(
            "However often one looks: equal conversion has p = {} (e-test of conversions), and p = {} with a difference of {} on mature units (confidence sequence, shortest near {} units).",
            text::number(&anytime.conversions_p, Unit::P),
            text::number(&anytime.difference_p, Unit::P),
            text::estimate(&anytime.difference, Unit::Points),
            text::count(anytime.planned_leads.round() as u64)
        );
        blocks.push(Block::Paragraph(text.into()));
    }
    (!blocks.is_empty()).then(|| Section::new("monitoring", "Looks while it runs", blocks))
}

fn segments(trial: &Trial) -> Option<Section> {
    if trial.segments.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Segment").brief(),
        Column::label("Value").brief(),
        Column::label("Arm"),
        Column::number("Units"),
        Column::number("Conversions"),
        Column::number("Difference").brief(),
        Column::number("p (BH)").brief(),
    ];
    let rows = trial.segments.iter().map(|effect| {
        vec![
            Cell::label(&effect.column),
            Cell::label(&effect.value),
            Cell::name(&effect.arm),
            Cell::count(effect.units),
            Cell::count(effect.conversions),
            Cell::estimate(&effect.difference, Unit::Points),
            Cell::number(&effect.p_bh, Unit::P),
        ]
    });
    let note = "A segment that stands out among many is a question for the next test, not an answer of this one.";
    let table = Table::new("The effect on mature units, by segment", columns, rows.collect());
    Some(Section::new("segments", "By segment", vec![Block::Table(table), Block::Paragraph(note.into())]))
}

fn looks(trial: &Trial) -> Section {
    let columns = vec![
        Column::label("Day").brief(),
        Column::label("Data"),
        Column::label("Planned").brief(),
        Column::number("Information"),
        Column::number("z").brief(),
        Column::number("Bound"),
        Column::label("Said").brief(),
    ];
    let rows = trial.looks.iter().map(|look| {
        vec![
            Cell::date(&look.as_of),
            Cell::label(&look.data),
            Cell::text(if look.planned { "yes" } else { "no" }),
            Cell::number(&look.information, Unit::Plain),
            Cell::number(&look.z, Unit::Difference),
            Cell::number(&look.critical, Unit::Plain),
            Cell::label(&look.result),
        ]
    });
    Section::new(
        "looks",
        "The ledger of looks",
        vec![Block::Table(Table::new("Every look at this test", columns, rows.collect()))],
    )
}
