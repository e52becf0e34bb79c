//! What changed between two results, as people read it.

use crate::metrics::{MetricId, Place};
use crate::result::{
    Changes, Decision, GateOutcome, InputChange, InputsUnknown, LedgerLine, Level, MetricChange, ModelChange,
    ModelFate, Number, PartSide, SettingChange, SettingName, SettingValue, Shift, VerdictSide, Within,
};

use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, names, say};
use super::text::{self, Unit};
use super::{facts, words};

/// The report on what changed.
pub fn changes(changes: &Changes) -> Document {
    let sections = [
        Some(metrics(changes)),
        brackets(changes),
        Some(models(changes)),
        Some(inputs(changes)),
        Some(settings(changes)),
        Some(ledger(changes)),
        gates(changes),
    ];
    let (a, b) = (&changes.a, &changes.b);
    Document {
        title: format!("What changed: {} to {}", text::clipped(&a.name, 50), text::clipped(&b.name, 50)),
        setting: say![
            name(&a.name),
            format!(": {} with {}, leads of {}. ", text::plural(a.leads, "lead"), text::plural(a.wins, "win"), text::clean(&a.evaluate)),
            name(&b.name),
            format!(": {} with {}, leads of {}.", text::plural(b.leads, "lead"), text::plural(b.wins, "win"), text::clean(&b.evaluate)),
        ],
        answer: answer(changes),
        sections: sections.into_iter().flatten().collect(),
        charts: "charts",
        footer: format!(
            "leadoff {}, comparison format {}. A is {}, B is {}; differences are B less A. Ranges in parentheses are 95 % intervals.",
            env!("CARGO_PKG_VERSION"),
            changes.schema,
            text::clipped(&a.name, 50),
            text::clipped(&b.name, 50)
        )
        .into(),
    }
}

fn is_same_verdict(changes: &Changes) -> bool {
    let (a, b) = (&changes.verdict.a, &changes.verdict.b);
    (a.decision, &a.model) == (b.decision, &b.model)
}

/// Whether nothing that is known differs.
fn is_same(changes: &Changes) -> bool {
    changed_inputs(changes).is_empty()
        && changed_settings(changes).is_empty()
        && changes.ledger.iter().all(|line| line.a == line.b)
        && changes.models.iter().all(|model| model.fate == ModelFate::Same)
        && changes.metrics.iter().all(|one| one.a == one.b)
        && changes.brackets.iter().all(|one| one.a == one.b)
        && changes.verdict.a == changes.verdict.b
        && changes.gates.iter().all(|gate| gate.a == gate.b)
}

fn answer(changes: &Changes) -> Answer {
    let (headline, tone) = match (is_same(changes), is_same_verdict(changes)) {
        (true, _) => ("Nothing changed: the same numbers and the same decision.".into(), Tone::Keep),
        (false, true) => {
            (say!["The decision stays: "].then(decided(changes, &changes.verdict.b)).then(".".into()), Tone::Keep)
        }
        (false, false) => (
            say!["The decision changed: "]
                .then(decided(changes, &changes.verdict.a))
                .then(" before, ".into())
                .then(decided(changes, &changes.verdict.b))
                .then(" now.".into()),
            Tone::Change,
        ),
    };
    let moved = moved(changes);
    let line = match (is_same(changes), moved.len()) {
        (true, _) => "Nothing changed.".to_owned(),
        (_, moved) => {
            let stays = if is_same_verdict(changes) { "the decision stays" } else { "the decision changed" };
            text::capitalised(&format!(
                "{stays}; {moved} of {} changed by more than chance.",
                text::plural(known(changes) as u64, "figure")
            ))
        }
    };
    let reasons = if is_same(changes) { Vec::new() } else { reasons(changes, &moved) };
    Answer {
        tone,
        headline,
        line: line.into(),
        readiness: cohorts(changes),
        banners: Vec::new(),
        doubts: Vec::new(),
        reasons,
        next: next(changes),
    }
}

/// "keep `current`", "use `reweighted`".
fn decided(changes: &Changes, side: &VerdictSide) -> Text {
    let model = side.model.as_ref().or(changes.b.champion.as_ref());
    match (side.decision, model) {
        (Decision::Promote, Some(model)) => say!["use ", name(model)],
        (Decision::Keep, Some(model)) => say!["keep ", name(model)],
        (Decision::NotEnoughEvidence, _) => "not enough evidence".into(),
        (_, None) => "no model can be named".into(),
    }
}

fn cohorts(changes: &Changes) -> Text {
    let (a, b) = (&changes.a, &changes.b);
    let rate = changes.metrics.iter().find(|one| one.model.is_none());
    let rate = rate.map_or(String::new(), |one| {
        format!("; they convert at {} and {}", text::estimate(&one.a, Unit::Share), text::estimate(&one.b, Unit::Share))
    });
    format!(
        "{} and {} leads evaluated, {} and {} wins{rate}.",
        text::count(a.leads),
        text::count(b.leads),
        text::count(a.wins),
        text::count(b.wins)
    )
    .into()
}

fn reasons(changes: &Changes, moved: &[&MetricChange]) -> Vec<Text> {
    let mut out = vec![files(changes)];
    let settings: Vec<String> =
        changed_settings(changes).iter().map(|one| setting_name(&one.what).to_lowercase()).collect();
    out.push(match settings.as_slice() {
        [] => "The same setting: window, moment of scoring, horizon, capacity and seed.".into(),
        some => format!("Set otherwise: {}.", text::list(some)).into(),
    });
    out.extend(fates(changes));
    let known = known(changes);
    if known > 0 {
        let most: Vec<String> = moved.iter().take(3).map(|one| said(one)).collect();
        let more = moved.len().saturating_sub(3);
        let most = if more > 0 { [most, vec![format!("{more} more")]].concat() } else { most };
        let told = if most.is_empty() { String::new() } else { format!(": {}", text::list(&most)) };
        out.push(Text::sentence(&format!(
            "{} of {} changed by more than chance explains{told}. If nothing real had changed, up to about one in twenty would.",
            text::count(moved.len() as u64),
            text::plural(known as u64, "figure"),
        )));
    }
    out
}

/// "AUC of `crm` +0.03 (0.01 to 0.05)".
fn said(one: &MetricChange) -> String {
    let whose = one.model.as_ref().map_or(String::new(), |model| format!(" of `{}`", text::clipped(model, 40)));
    format!("{}{whose} {}", figure(one.metric), text::estimate(&one.difference, unit_of_difference(one.metric)))
}

fn files(changes: &Changes) -> Text {
    match &changes.inputs_unknown {
        Some(why) => Text::sentence(&format!("Whether the files are the same is not known: {}.", inputs_unknown(why))),
        None if changed_inputs(changes).is_empty() => "The same files, byte by byte.".into(),
        None => format!(
            "{} of {} differ: see the files.",
            changed_inputs(changes).len(),
            text::plural(changes.inputs.len() as u64, "file")
        )
        .into(),
    }
}

/// Which models came, went and changed.
fn fates(changes: &Changes) -> Option<Text> {
    let of = |fate: ModelFate| changes.models.iter().filter(|m| m.fate == fate).map(|m| &m.name).collect::<Vec<_>>();
    let kinds = [(ModelFate::Added, "added"), (ModelFate::Removed, "removed"), (ModelFate::Changed, "made otherwise")];
    let mut out = Text::default();
    for (fate, word) in kinds {
        let all = of(fate);
        if !all.is_empty() {
            let joint = if out.is_empty() { "Models: " } else { "; " };
            out = out.then(joint.into()).then(names(all)).then(format!(" {word}").into());
        }
    }
    (!out.is_empty()).then(|| out.then(".".into()))
}

fn next(changes: &Changes) -> Vec<Text> {
    let mut out = Vec::new();
    let window = |side: &crate::result::Side| side.evaluate.clone();
    let same_window = window(&changes.a) == window(&changes.b) && !changed_inputs(changes).is_empty();
    if same_window && changes.a.until == changes.b.until {
        out.push("The same window and day of export, but other files: find out who changed the history before trusting either result.".into());
    } else if same_window {
        out.push("The same leads, seen later: more of them are mature, and late wins have come in. The later result is the better one.".into());
    }
    if !is_same_verdict(changes) && moved(changes).is_empty() {
        out.push("The decision changed although no figure changed by more than chance: it stands near its line. Wait for more leads before acting on it.".into());
    }
    out
}

/// Figures that changed by more than chance, the clearest first.
fn moved(changes: &Changes) -> Vec<&MetricChange> {
    let mut all: Vec<&MetricChange> =
        changes.metrics.iter().filter(|one| matches!(one.shift, Shift::Higher | Shift::Lower)).collect();
    let clarity = |one: &MetricChange| {
        let width = one.difference.interval().map_or(f64::INFINITY, |ends| ends.high - ends.low);
        one.difference.point.finite().map_or(0.0, |point| point.abs() / width)
    };
    all.sort_by(|a, b| clarity(b).total_cmp(&clarity(a)));
    all
}

fn known(changes: &Changes) -> usize {
    changes.metrics.iter().filter(|one| one.shift != Shift::Unknown).count()
}

fn changed_inputs(changes: &Changes) -> Vec<&InputChange> {
    changes.inputs.iter().filter(|one| one.a != one.b).collect()
}

fn changed_settings(changes: &Changes) -> Vec<&SettingChange> {
    changes.settings.iter().filter(|one| one.a != one.b).collect()
}

fn unit(metric: Option<MetricId>) -> Unit {
    metric.map_or(Unit::Share, words::metric_unit)
}

fn unit_of_difference(metric: Option<MetricId>) -> Unit {
    match unit(metric) {
        Unit::Share => Unit::Points,
        _ => Unit::Difference,
    }
}

/// As the table of changes heads it.
fn figure(metric: Option<MetricId>) -> &'static str {
    metric.map_or("conversion", |id| {
        let metric = id.metric();
        metric.shown(|place| place == Place::Changes).map_or(metric.label, |shown| shown.heading)
    })
}

fn setting_name(name: &SettingName) -> String {
    let words = match name {
        SettingName::Experiment => "Experiment",
        SettingName::Evaluate => "Leads evaluated",
        SettingName::Train => "Fitted on leads of",
        SettingName::AsOf => "Scored",
        SettingName::Horizon => "A win counts within",
        SettingName::Until => "Outcomes as known on",
        SettingName::Capacity => "Capacity",
        SettingName::Champion => "Champion",
        SettingName::Timezone => "Time zone",
        SettingName::Currency => "Currency",
        SettingName::Seed => "Seed",
        SettingName::Written { text } => text,
    };
    words.to_owned()
}

fn setting_value(value: &SettingValue) -> String {
    match value {
        SettingValue::Text(text) => text.clone(),
        SettingValue::Days(days) => text::days(*days),
        SettingValue::Ever => "ever".into(),
        SettingValue::Capacity { leads, per_days } => {
            format!("{} leads every {}", text::quantity(*leads, Unit::Count), text::days(*per_days))
        }
    }
}

fn ledger_line(line: &LedgerLine) -> String {
    match line {
        LedgerLine::Read => "Read".into(),
        LedgerLine::Evaluated => "Evaluated (mature)".into(),
        LedgerLine::Immature => "Scored, not mature yet".into(),
        LedgerLine::Training => "Used for training".into(),
        LedgerLine::LeftOut { reason } => format!("Left out: {reason}"),
        LedgerLine::Written { text } => text.clone(),
    }
}

fn inputs_unknown(why: &InputsUnknown) -> String {
    match why {
        InputsUnknown::NoRunFile { side } => format!("`{side}`: there is no `run.json` beside it"),
        InputsUnknown::Unreadable { side } => format!("`{side}`: its `run.json` cannot be read"),
        InputsUnknown::Written { text } => text.clone(),
    }
}

fn reading(shift: Shift) -> &'static str {
    match shift {
        Shift::Same => "the same",
        Shift::WithinChance => "within chance",
        Shift::Higher => "higher",
        Shift::Lower => "lower",
        Shift::Unknown => "not known",
    }
}

fn inside(within: Within) -> &'static str {
    match within {
        Within::Both => "inside both",
        Within::One => "inside one",
        Within::Neither => "inside neither",
        Within::Unknown => "not known",
    }
}

fn metrics(changes: &Changes) -> Section {
    let columns = vec![
        Column::label("Model").brief(),
        Column::label("Figure").brief(),
        Column::number("A").brief(),
        Column::number("B").brief(),
        Column::number("B less A").term("Difference"),
        Column::label("Of the intervals"),
        Column::label("Reading").brief(),
    ];
    let row = |(place, one): (usize, &MetricChange)| {
        vec![
            one.model.as_ref().map_or_else(|| Cell::text("all leads"), |model| Cell::name(model)).at(place),
            Cell::text(text::capitalised(figure(one.metric))),
            Cell::estimate(&one.a, unit(one.metric)),
            Cell::estimate(&one.b, unit(one.metric)),
            Cell::estimate(&one.difference, unit_of_difference(one.metric)),
            Cell::text(inside(one.within)),
            Cell::text(reading(one.shift)),
        ]
    };
    let caption = "Wins captured: at capacity. The interval of a difference is that of two results on different leads (Zou and Donner 2008); where both rest on the same leads it is too wide, and “within chance” is said too easily.";
    let table = Table::new(caption, columns, changes.metrics.iter().enumerate().map(row).collect());
    Section::new("figures", "Figures", vec![Block::Table(table)]).brief()
}

fn brackets(changes: &Changes) -> Option<Section> {
    if changes.brackets.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Model"),
        Column::label("Bracket").term("Bracket"),
        Column::number("Leads, A"),
        Column::number("Leads, B"),
        Column::number("Conversion, A").term("Conversion rate"),
        Column::number("Conversion, B").term("Conversion rate"),
        Column::number("B less A").term("Difference"),
        Column::label("Reading"),
    ];
    let row = |(place, one): (usize, &crate::result::BracketChange)| {
        vec![
            Cell::name(&one.model).at(place),
            Cell::label(&one.bracket),
            Cell::count(one.leads.0),
            Cell::count(one.leads.1),
            Cell::estimate(&one.a, Unit::Share),
            Cell::estimate(&one.b, Unit::Share),
            Cell::estimate(&one.difference, Unit::Points),
            Cell::text(reading(one.shift)),
        ]
    };
    let caption = "Brackets with the same bounds in both results.";
    let table = Table::new(caption, columns, changes.brackets.iter().enumerate().map(row).collect());
    Some(Section::new("brackets", "Conversion by bracket", vec![Block::Table(table)]))
}

fn models(changes: &Changes) -> Section {
    let fate = |fate: ModelFate| match fate {
        ModelFate::Added => "added",
        ModelFate::Removed => "removed",
        ModelFate::Changed => "made otherwise",
        ModelFate::Same => "the same",
    };
    let rows = changes.models.iter().enumerate().map(|(place, model)| {
        let parts = match &model.kinds {
            Some((a, b)) => format!("from {} to {}", text::clipped(a.as_str(), 30), text::clipped(b.as_str(), 30)),
            None if model.parts.is_empty() => "–".into(),
            None => text::plural(model.parts.len() as u64, "part"),
        };
        vec![Cell::name(&model.name).at(place), Cell::text(fate(model.fate)), Cell::text(parts)]
    });
    let columns = vec![
        Column::label("Model").brief(),
        Column::label("What became of it").brief(),
        Column::label("What changed in it").brief(),
    ];
    let mut blocks = vec![Block::Table(Table::new("", columns, rows.collect()))];
    let parts: Vec<Vec<Cell>> = changes.models.iter().flat_map(part_rows).collect();
    if !parts.is_empty() {
        let columns = vec![
            Column::label("Model").brief(),
            Column::label("Part").brief(),
            Column::label("A"),
            Column::label("B"),
            Column::number("Weight, A").brief(),
            Column::number("Weight, B").brief(),
        ];
        blocks.push(Block::Table(Table::new("What the models are made of, where it is not the same.", columns, parts)));
    }
    Section::new("models", "Models", blocks).brief()
}

fn part_rows(model: &ModelChange) -> Vec<Vec<Cell>> {
    let what = |side: &Option<PartSide>| {
        side.as_ref().map_or_else(Cell::empty, |side| Cell::text(Text::from(text::clipped(&side.what, 160))))
    };
    let weight = |side: &Option<PartSide>| {
        side.as_ref().map_or_else(Cell::empty, |side| match &side.weight {
            Number::Value(value) => Cell::value(*value, Unit::Difference),
            none => Cell::number(none, Unit::Difference),
        })
    };
    let row = |part: &crate::result::PartChange| {
        vec![
            Cell::name(&model.name),
            Cell::label(&part.name),
            what(&part.a),
            what(&part.b),
            weight(&part.a),
            weight(&part.b),
        ]
    };
    model.parts.iter().map(row).collect()
}

fn inputs(changes: &Changes) -> Section {
    if changes.inputs_unknown.is_some() {
        return Section::new("files", "Files", vec![Block::Notice(Level::Warning, files(changes))]).brief();
    }
    let columns = vec![
        Column::label("File").brief(),
        Column::label("What became of it").brief(),
        Column::label("SHA-256, A"),
        Column::label("SHA-256, B"),
    ];
    let hash = |hash: &Option<String>| {
        hash.as_ref().map_or_else(|| "–".to_owned(), |hash| text::clean(hash).chars().take(16).collect())
    };
    let row = |(place, one): (usize, &InputChange)| {
        let became = match (&one.a, &one.b) {
            (a, b) if a == b => "the same",
            (None, _) => "new",
            (_, None) => "no longer read",
            _ => "changed",
        };
        vec![Cell::label(&one.path).at(place), Cell::text(became), Cell::text(hash(&one.a)), Cell::text(hash(&one.b))]
    };
    let table =
        Table::new("The start of each file's hash.", columns, changes.inputs.iter().enumerate().map(row).collect());
    Section::new("files", "Files", vec![Block::Table(table)]).brief()
}

fn settings(changes: &Changes) -> Section {
    let changed = changed_settings(changes);
    if changed.is_empty() {
        return Section::new("settings", "Setting", vec![Block::Paragraph("The same in both.".into())]);
    }
    let columns = vec![Column::label("What").brief(), Column::label("A").brief(), Column::label("B").brief()];
    let value = |value: &Option<SettingValue>| {
        value.as_ref().map_or_else(|| "–".into(), |value| text::clipped(&setting_value(value), 90))
    };
    let row = |(place, one): (usize, &&SettingChange)| {
        vec![Cell::label(&setting_name(&one.what)).at(place), Cell::text(value(&one.a)), Cell::text(value(&one.b))]
    };
    let table = Table::new("", columns, changed.iter().enumerate().map(row).collect());
    let rest = changes.settings.iter().filter(|one| one.a == one.b).map(|one| setting_name(&one.what).to_lowercase());
    let rest = Block::Paragraph(format!("The same: {}.", text::list(&rest.collect::<Vec<_>>())).into());
    Section::new("settings", "Setting", vec![Block::Table(table), rest]).brief()
}

fn ledger(changes: &Changes) -> Section {
    let columns = vec![
        Column::label("What became of leads").brief().term("Ledger"),
        Column::number("A").brief(),
        Column::number("B").brief(),
        Column::number("B less A").brief(),
    ];
    let count = |count: Option<u64>| count.map_or_else(Cell::empty, Cell::count);
    let row = |(place, line): (usize, &crate::result::CountChange)| {
        let less = line.a.zip(line.b).map(|(a, b)| b as f64 - a as f64);
        vec![
            Cell::label(&ledger_line(&line.what)).at(place),
            count(line.a),
            count(line.b),
            Cell::optional(less, Unit::CountDifference),
        ]
    };
    let table = Table::new("", columns, changes.ledger.iter().enumerate().map(row).collect());
    Section::new("ledger", "The ledger", vec![Block::Table(table)]).brief()
}

fn gates(changes: &Changes) -> Option<Section> {
    if changes.gates.is_empty() {
        return None;
    }
    let columns = vec![
        Column::label("Challenger").brief(),
        Column::label("Gate").brief(),
        Column::label("A").brief(),
        Column::label("B").brief(),
    ];
    let word = |outcome: Option<GateOutcome>| outcome.map_or("not asked", GateOutcome::in_words);
    let row = |(place, gate): (usize, &crate::result::GateChange)| {
        vec![
            Cell::name(&gate.challenger).at(place),
            Cell::text(text::clipped(&text::capitalised(&facts::gate(&gate.asked)), 120)),
            Cell::text(word(gate.a)),
            Cell::text(word(gate.b)),
        ]
    };
    let table = Table::new("", columns, changes.gates.iter().enumerate().map(row).collect());
    Some(Section::new("gates", "Gates", vec![Block::Table(table)]).brief())
}
