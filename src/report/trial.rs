//! The report on a field test: the verdict, whether the test is sound, the effect, what is behind it.

use crate::result::trial::{
    AT_ANY_TIME, Advice, Anytime, AnytimeArm, ArmLook, Call, Contrast, Foretold, Line, LineUnit, Look, Sequential,
    TestStatistic, Trial, WorthCall,
};
use crate::result::{Estimate, Level, Number};

use super::chart;
use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, say};
use super::text::{self, Unit};

/// The report on a trial.
pub fn trial(trial: &Trial) -> Document {
    let mut sections = vec![effect(trial), soundness(trial), arms(trial), secondary(trial)];
    sections.extend(monitoring(trial));
    sections.extend(plan(trial));
    sections.extend(segments(trial));
    sections.push(looks(trial));
    Document {
        title: text::clipped(&trial.test, 120),
        setting: setting(trial),
        answer: answer(trial),
        sections,
        charts: "charts",
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

/// Numerals that a reader takes in at a glance.
const NUMERALS: usize = 12;
/// Reasons beside the sentence that says what to do.
const REASONS: usize = 3;

fn answer(trial: &Trial) -> Answer {
    let verdict = &trial.verdict;
    let action = verdict.advice.as_ref().map(|advice| action(trial, advice)).unwrap_or_default();
    let found =
        Text::sentence(&if action.is_empty() { verdict.headline.clone() } else { uncapitalised(&verdict.headline) });
    let short = action.clone().then(found.clone());
    let worth = leading(trial).and_then(|contrast| Some(worth_words(contrast.call, contrast.worth.as_ref()?.call)));
    let lines = [
        short.clone().then(worth.unwrap_or_default().into()),
        short,
        Text::sentence(&text::clipped(&verdict.headline, 96)),
    ];
    let line = lines.into_iter().find(|line| line.plain().chars().count() < 96).unwrap_or_default();
    let (reasons, _) = reasons(trial);
    Answer {
        tone: match verdict.call {
            Call::More | Call::SoonerNotMore => Tone::Change,
            Call::Fewer | Call::LaterNotFewer => Tone::Keep,
            _ => Tone::Undecided,
        },
        headline: action.then(found).then(figures(trial)),
        line: line.then(".".into()),
        readiness: readiness(trial),
        banners: trial.soundness.refusals.iter().map(|refusal| Text::whole(refusal)).collect(),
        doubts: Vec::new(),
        reasons,
        next: next(trial),
    }
}

fn uncapitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// What to do, before it is said why.
fn action(trial: &Trial, advice: &Advice) -> Text {
    let units = format!("{}s", text::clean(&trial.setting.unit));
    let control = || name(&trial.setting.control);
    let best = || name(trial.verdict.best.as_deref().unwrap_or_default());
    match advice {
        Advice::RollOut => say!["Give ", best(), format!(" all {units}: ")],
        Advice::NotOnConversionsAlone => say!["Do not give ", best(), format!(" all {units} on conversions alone: ")],
        Advice::SettleGuardrail(_) => say!["Do not give ", best(), format!(" all {units} yet: ")],
        Advice::KeepControl | Advice::KeepOrEnlarge => say!["Keep ", control(), ": "],
        Advice::KeepWhileOpen => say!["Keep ", control(), " for now: "],
        Advice::WeighValue => "Decide whether the test was for conversions or for value: ".into(),
        Advice::WeighSpeed => "Decide by what sooner is worth: ".into(),
        Advice::GoOn(_) => "Go on as planned: ".into(),
        Advice::MendTest | Advice::WaitUntil(_) | Advice::HeedLastLook | Advice::ReadOnce => Text::default(),
    }
}

/// The contrast that the verdict speaks of; nothing where it speaks of several.
fn leading(trial: &Trial) -> Option<&Contrast> {
    let best = trial.contrasts.iter().find(|contrast| trial.verdict.best.as_ref() == Some(&contrast.arm));
    let only = trial.contrasts.first().filter(|_| trial.contrasts.len() == 1);
    best.or(only).filter(|_| trial.verdict.call != Call::NotJudged)
}

/// How much, and how sure: conversions, and what they are worth.
fn figures(trial: &Trial) -> Text {
    let Some(contrast) = leading(trial) else { return ".".into() };
    let conversions = match deciding(trial, contrast) {
        known if known.point.finite().is_some() => format!(", {} in conversion", text::estimate(known, Unit::Points)),
        _ => "; conversion within the horizon is not known yet".into(),
    };
    let worth = contrast.worth.as_ref().map(|worth| {
        let (point, interval) = text::parts(&worth.difference, Unit::Difference);
        let interval = interval.map_or(String::new(), |interval| format!(" ({interval})"));
        let amount = format!(", {} a {}{interval}", money(trial, &point), text::clean(&trial.setting.unit));
        let amount = if worth.call == WorthCall::MadeByFew { String::new() } else { amount };
        format!("{}{amount}", worth_words(contrast.call, worth.call))
    });
    format!("{conversions}{}.", worth.unwrap_or_default()).into()
}

fn worth_words(call: Call, worth: WorthCall) -> &'static str {
    match (worth, call) {
        (WorthCall::More, Call::More) => "; value rises too",
        (WorthCall::More, _) => "; value rises",
        (WorthCall::Less, Call::Fewer) => "; value falls too",
        (WorthCall::Less, _) => "; value falls",
        (WorthCall::NoDifferenceShown, Call::NoDifferenceShown) => "; nor one in value",
        (WorthCall::NoDifferenceShown, _) => "; that value follows is not shown",
        (WorthCall::MadeByFew, _) => "; few deals make the value, so nothing is claimed of it",
    }
}

fn money(trial: &Trial, amount: &str) -> String {
    text::with_currency(amount, trial.setting.currency.as_deref())
}

/// The reasons for the first screen, and those that there is no room for.
fn reasons(trial: &Trial) -> (Vec<Text>, Vec<Text>) {
    let worth = leading(trial).and_then(|contrast| sums(trial, contrast));
    let reasons = trial.verdict.reasons.iter().map(|reason| Text::whole(reason));
    let all: Vec<Text> = worth.into_iter().chain(reasons).chain(off_plan(trial)).collect();
    let taken = numerals(&figures(trial).plain()) + numerals(&readiness(trial).plain());
    let mut room = NUMERALS.saturating_sub(taken);
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for reason in all {
        let own = numerals(&reason.plain());
        if first.len() < REASONS && (own <= room || first.is_empty()) {
            room = room.saturating_sub(own);
            first.push(reason);
        } else {
            rest.push(reason);
        }
    }
    (first, rest)
}

/// How many numbers stand in a text; a number in a name is none.
fn numerals(words: &str) -> usize {
    let is_number =
        |word: &str| word.trim_start_matches(['(', '+', '−', '-']).starts_with(|c: char| c.is_ascii_digit());
    words.split_whitespace().filter(|word| is_number(word)).count()
}

/// The sums without a cap, and how much of them a few deals make.
fn sums(trial: &Trial, contrast: &Contrast) -> Option<Text> {
    let worth = contrast.worth.as_ref()?;
    let sum = |value: f64| money(trial, &text::quantity(value, Unit::Money));
    let few = match worth.largest_share {
        Number::Value(_) => {
            format!("the ten largest deals make {} of both", text::number(&worth.largest_share, Unit::Share))
        }
        Number::Undefined(_) => "how much of it a few large deals make is not known".into(),
    };
    Some(say![
        name(&contrast.arm),
        format!(" brought {} in all, ", sum(worth.treatment_sum)),
        name(&trial.setting.control),
        format!(" {}; {few}.", sum(worth.control_sum))
    ])
}

/// In what the test deviates from its plan.
fn off_plan(trial: &Trial) -> Option<Text> {
    let deviating: Vec<String> =
        trial.plan.iter().filter(|line| line.deviation.is_some()).map(|line| text::clean(&line.what)).collect();
    let found = (!deviating.is_empty()).then(|| format!("It was not run as planned: {}.", text::list(&deviating)));
    found.map(|found| Text::from(found).from_section("plan"))
}

fn next(trial: &Trial) -> Vec<Text> {
    let Some(advice) = &trial.verdict.advice else {
        return trial.verdict.next.iter().map(|next| Text::whole(next)).collect();
    };
    let next = match advice {
        Advice::RollOut => "Keep a holdout of some percent to see that it lasts.".into(),
        Advice::NotOnConversionsAlone => {
            "Let the test run until value is told, or move on in steps: what one conversion is worth may have changed."
                .into()
        }
        Advice::SettleGuardrail(guardrail) => format!(
            "The guardrail `{guardrail}` is not shown to hold: widen its data, or settle whether the margin was meant so."
        ),
        Advice::KeepControl => return Vec::new(),
        Advice::WeighValue => "Ask who set up the test which of the two was to decide.".into(),
        Advice::GoOn(day) => format!("The next look is on {day}."),
        Advice::WeighSpeed => "Cash and quota come earlier; the number of customers is not shown to change.".into(),
        Advice::KeepWhileOpen => "What is ahead may be more or only sooner, and this test cannot tell which.".into(),
        Advice::KeepOrEnlarge => {
            "A larger test, planned with `leadoff ab plan`, tells apart what the range still allows.".into()
        }
        Advice::MendTest => {
            "Mend what forbids the verdict; the figures below are shown for that and decide nothing.".into()
        }
        Advice::WaitUntil(day) => format!("Wait for {day}; until then look at the soundness only."),
        Advice::HeedLastLook => "Act on what the last planned look said, or begin another test.".into(),
        Advice::ReadOnce => {
            "Read this test once, at its end: leave out `monitoring`, and say so before the next look.".into()
        }
    };
    vec![Text::whole(&next)]
}

/// The difference that decides: the confidence sequence's where the test may be read at any time.
fn deciding<'a>(trial: &'a Trial, contrast: &'a Contrast) -> &'a Estimate {
    let sequence = trial.anytime.iter().flat_map(|anytime| &anytime.arms).find(|own| own.arm == contrast.arm);
    sequence.filter(|_| trial.setting.read == AT_ANY_TIME).map_or(&contrast.primary.difference, |own| &own.difference)
}

fn readiness(trial: &Trial) -> Text {
    let mature: u64 = trial.arms.iter().map(|arm| arm.mature).sum();
    let conversions: u64 = trial.arms.iter().map(|arm| arm.conversions).sum();
    // Of several arms the one that is furthest.
    let so_far =
        trial.sequential.iter().filter_map(|own| own.stages.last()).max_by(|a, b| a.fraction.total_cmp(&b.fraction));
    let so_far = so_far.map_or(String::new(), |stage| {
        format!(" The looks have {} of the information planned.", text::quantity(stage.fraction, Unit::Share))
    });
    format!(
        "{} finished, {} found among them.{so_far}",
        text::plural(mature, &trial.setting.unit),
        text::plural(conversions, "conversion")
    )
    .into()
}

fn effect(trial: &Trial) -> Section {
    let columns = vec![
        Column::label("Arm").brief(),
        Column::number("Control").brief(),
        Column::number("Arm's rate").brief(),
        Column::number("Difference").brief(),
        Column::number("Relative"),
        Column::number("Test"),
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
            statistic(&primary.statistic, primary.test),
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
    if trial.setting.read == AT_ANY_TIME {
        let note = "Interval and p of this table hold for a single look. This test may be read at any time: its confidence sequence decides.";
        blocks.push(Block::Paragraph(note.into()));
    }
    blocks.extend(reasons(trial).1.into_iter().map(Block::Paragraph));
    for contrast in &trial.contrasts {
        blocks.extend(contrast.notes.iter().map(|note| Block::Notice(Level::Warning, Text::whole(note))));
    }
    blocks.extend(foretold(trial));
    blocks.extend(chart::trial(trial).into_iter().filter(|chart| !is_boundary(&chart.id)).map(Block::Figure));
    Section::new("effect", "More conversions?", blocks).brief()
}

/// Back-test against field: what a replay foretold beside what came.
fn foretold(trial: &Trial) -> Vec<Block> {
    if trial.verdict.foretold.is_empty() {
        return Vec::new();
    }
    let is_known = trial.verdict.foretold.iter().any(|foretold| foretold.gap.interval().is_some());
    let brief = |column: Column| if is_known { column.brief() } else { column };
    let columns = vec![
        brief(Column::label("Arm")),
        brief(Column::number("Foretold")),
        brief(Column::number("Observed")),
        Column::number("Observed less foretold"),
        Column::label("Foretold by"),
        brief(Column::label("Reading")),
    ];
    let row = |foretold: &Foretold| {
        vec![
            Cell::name(&foretold.arm),
            Cell::estimate(&foretold.predicted, Unit::Points),
            Cell::estimate(&foretold.observed, Unit::Points),
            Cell::estimate(&foretold.gap, Unit::Points),
            Cell::label(foretold.replay.as_deref().unwrap_or("stated in the plan")),
            Cell::text(match foretold.gap.interval() {
                Some(gap) if gap.low > 0.0 => "more than foretold",
                Some(gap) if gap.high < 0.0 => "less than foretold",
                Some(_) => "as foretold, within chance",
                None => "cannot be held against the field yet",
            }),
        ]
    };
    let rows = trial.verdict.foretold.iter().map(row).collect();
    vec![Block::Table(Table::new("What the replay foretold, and what came", columns, rows))]
}

/// What was planned beside what came.
fn plan(trial: &Trial) -> Option<Section> {
    if trial.plan.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("What").brief(),
        Column::label("Planned").brief(),
        Column::label("Found").brief(),
        Column::label("Deviation").brief(),
    ];
    let rows = trial.plan.iter().map(|line| {
        vec![
            Cell::label(&line.what),
            Cell::label(&line.planned),
            Cell::label(&line.found),
            Cell::label(line.deviation.as_deref().unwrap_or("–")),
        ]
    });
    let table = Table::new("The test held to its plan", columns, rows.collect());
    let section = Section::new("plan", "Was it run as planned?", vec![Block::Table(table)]);
    Some(if off_plan(trial).is_some() { section.brief() } else { section })
}

/// A statistic under its name; a count of pairs has no sign.
fn statistic(value: &Number, test: Option<TestStatistic>) -> Cell {
    let (named, unit) = match test {
        Some(TestStatistic::Z) => ("z = ", Unit::Difference),
        Some(TestStatistic::T) => ("t = ", Unit::Difference),
        Some(TestStatistic::U) => ("U = ", Unit::Count),
        None => ("", Unit::Plain),
    };
    let cell = Cell::number(value, unit);
    match value {
        Number::Value(_) => Cell { text: Text::from(named).then(cell.text), ..cell },
        Number::Undefined(_) => cell,
    }
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
    if trial.soundness.checks.iter().all(|check| check.level == Level::Note) {
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
        Column::number("Finished"),
        Column::number("Conversions").brief(),
        Column::number("Rate (finished)").brief(),
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
    let note = "The chance to be the best counts finished units only, with a uniform prior for every arm's rate; it does not correct for looks.";
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
            Column::number("Test"),
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
            statistic(&line.statistic, line.test),
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
                None => (Level::Warning, "cannot be judged"),
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
    let mut blocks: Vec<Block> = trial.sequential.iter().flat_map(|own| boundaries(trial, own)).collect();
    blocks.extend(chart::trial(trial).into_iter().filter(|chart| is_boundary(&chart.id)).map(Block::Figure));
    if let Some(anytime) = &trial.anytime {
        blocks.extend(anytime_evidence(trial, anytime));
    }
    let section = (!blocks.is_empty()).then(|| Section::new("monitoring", "Looks while it runs", blocks));
    // Planned looks decide by their bounds: a terminal shows them too.
    section.map(|section| if trial.sequential.is_empty() { section } else { section.brief() })
}

fn is_boundary(chart: &str) -> bool {
    chart.starts_with("boundary")
}

/// One arm's log-rank test over the looks.
fn boundaries(trial: &Trial, own: &Sequential) -> Vec<Block> {
    if let Some(reason) = &own.refused {
        return vec![Block::Notice(Level::Banner, Text::whole(reason))];
    }
    let columns = vec![
        Column::label("Look").brief(),
        Column::label("Planned"),
        Column::number("Conversions"),
        Column::number("Information").brief(),
        Column::number("z").brief(),
        Column::number("Bound").brief(),
        Column::number("Error spent"),
    ];
    let rows = own.stages.iter().map(|stage| {
        vec![
            Cell::date(&stage.as_of),
            Cell::text(if stage.planned { "yes" } else { "no" }),
            if stage.conversions > 0 { Cell::count(stage.conversions) } else { Cell::empty() },
            Cell::value(stage.fraction, Unit::Share),
            Cell::number(&stage.z, Unit::Difference),
            Cell::number(&stage.critical, Unit::Plain),
            Cell::value(stage.spent, if stage.spent > 0.0 { Unit::P } else { Unit::Plain }),
        ]
    });
    let title = say![name(&own.arm), " against the control: group-sequential log-rank test, O'Brien–Fleming spending"];
    let p = match &own.p {
        Number::Value(_) => format!("Ordered by stages the log-rank test has p = {}.", text::number(&own.p, Unit::P)),
        Number::Undefined(reason) => format!("The log-rank test has no p-value: {}.", text::clean(reason)),
    };
    let split = format!(
        "{p} It may spend an error of {} over all looks; {} is kept for conversion within {} at the last look. A crossing says that the arms differ; more conversions are told from sooner ones by the horizon.",
        text::quantity(own.alpha, Unit::Share),
        text::quantity(own.plateau_alpha, Unit::Share),
        trial.setting.horizon_days.map_or("the horizon".into(), text::days),
    );
    vec![Block::Table(Table::new(title, columns, rows.collect())), Block::Paragraph(split.into())]
}

fn anytime_evidence(trial: &Trial, anytime: &Anytime) -> Vec<Block> {
    let columns = vec![
        Column::label("Arm").brief(),
        Column::number("Difference on finished units").brief(),
        Column::number("Smallest p so far"),
    ];
    let row = |own: &AnytimeArm| {
        vec![Cell::name(&own.arm), Cell::estimate(&own.difference, Unit::Points), Cell::number(&own.p, Unit::P)]
    };
    let title =
        format!("However often one looks: confidence sequence at {}", text::quantity(anytime.confidence, Unit::Share));
    let words = match &anytime.conversions_p {
        Number::Value(_) => format!(
            "Conversions by arm against the shares of the assignment: p = {} however often one looks (e-test, all arms at once).",
            text::number(&anytime.conversions_p, Unit::P)
        ),
        Number::Undefined(reason) => format!("The e-test of conversions is undefined: {}.", text::clean(reason)),
    };
    let shortest = format!(
        " The sequence is shortest near {}.",
        text::plural(anytime.planned_leads.round() as u64, &format!("finished {}", trial.setting.unit))
    );
    let rows = anytime.arms.iter().map(row).collect();
    vec![Block::Table(Table::new(title, columns, rows)), Block::Paragraph(format!("{words}{shortest}").into())]
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
    let table = Table::new("The effect on finished units, by segment", columns, rows.collect());
    Some(Section::new("segments", "By segment", vec![Block::Table(table), Block::Paragraph(note.into())]))
}

fn looks(trial: &Trial) -> Section {
    let columns = vec![
        Column::label("Day").brief(),
        Column::label("Data"),
        Column::label("Planned").brief(),
        Column::label("Arm"),
        Column::number("Information"),
        Column::number("z").brief(),
        Column::number("Bound"),
        Column::label("Said").brief(),
    ];
    let row = |(look, own): (&Look, &ArmLook)| {
        vec![
            Cell::date(&look.as_of),
            Cell::label(&look.data),
            Cell::text(if look.planned { "yes" } else { "no" }),
            Cell::name(&own.arm),
            Cell::number(&own.information, Unit::Plain),
            Cell::number(&own.z, Unit::Difference),
            Cell::number(&own.critical, Unit::Plain),
            Cell::label(&look.result),
        ]
    };
    let rows = trial.looks.iter().flat_map(|look| look.arms.iter().map(move |own| (look, own))).map(row);
    Section::new(
        "looks",
        "The ledger of looks",
        vec![Block::Table(Table::new("Every look at this test", columns, rows.collect()))],
    )
}
