//! The experiment as a file that a person goes on writing: every guess with its alternative.

use std::fmt::Write;

use crate::data::{Credit, Fate, LeadKey};
use crate::models::spec::Criterion;
use crate::table::{inert, yaml_name};

use super::draft::{About, Draft};
use super::ends::Ends;
use super::join::Join;
use super::table::Found;
use super::words::Meaning;

impl Draft {
    /// The experiment file; in a trial every column is taken for known, so that a screening looks at all.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        let header = "# Written by `leadoff init --from`: what was found in the files. Each guess has its alternative beside it.\n";
        out.push_str(header);
        let open = self.open().iter().filter(|question| question.answer.is_none()).count();
        if open > 0 {
            let them = if open == 1 { "the line" } else { "the lines" };
            let _ = writeln!(out, "# Look at {them} marked TODO first: `leadoff check` repeats them.");
        }
        let _ = writeln!(out, "version: 1\nexperiment: {}\ndata:", quoted(&self.title));
        self.leads_section(&mut out);
        self.events_section(&mut out);
        self.history_section(&mut out);
        self.outcomes_section(&mut out);
        match &self.until {
            Some(until) => {
                let _ = writeln!(
                    out,
                    "  until: {until}                # the day of the export, by names and times of the files"
                );
            }
            None => {
                let latest = self.ends().and_then(|(table, ends)| ends.times(table).into_iter().max());
                if let Some(latest) = latest {
                    let day = crate::time::Zone::utc().date(latest);
                    let _ = writeln!(
                        out,
                        "  # until: {day}              # the day of the export, if it was later than the last win or loss"
                    );
                }
            }
        }
        self.replay_section(&mut out);
        self.models_section(&mut out);
        out
    }

    fn leads_section(&self, out: &mut String) {
        let leads = self.leads();
        let used: Vec<&str> = self.created.iter().map(String::as_str).collect();
        out.push_str("  leads:\n");
        source(out, leads, &used, "    ");
        match &self.roles.id {
            Some(id) => line(out, "    ", "id", &name(id), &self.others_like("id")),
            None => out.push_str(
                "    # id: …                        # no column names a lead: they are numbered by their rows\n",
            ),
        }
        if let Some(created) = &self.created {
            line(out, "    ", "created", &name(created), &self.others_like("created"));
        }
        if self.is_trial {
            out.push_str("    known: at_creation\n");
            return;
        }
        self.todo(out, "    ", |about| *about == About::Described);
        if !self.described.is_empty() {
            out.push_str("    # Known when a lead came; all other columns are read as of the day of the export, and by no model unasked.\n");
            out.push_str("    except:\n");
            for column in &self.described {
                let why = if Meaning::Source.is_in(column) { "where the lead came from" } else { "" };
                line(out, "      ", &name(column), "at_creation", why);
            }
        }
        for (column, why) in &self.withheld {
            let _ = writeln!(out, "    # kept out: {} {}", inert(column), inert(why));
        }
    }

    /// Other columns that a key might name.
    fn others_like(&self, key: &str) -> String {
        let leads = self.leads();
        let names: Vec<&str> = match key {
            "id" => {
                leads.own_keys().into_iter().filter(|name| Some(*name) != self.roles.id.as_deref()).take(2).collect()
            }
            _ => leads
                .times()
                .map(|(column, _)| column.name.as_str())
                .filter(|name| Meaning::Created.is_in(name) && Some(*name) != self.created.as_deref())
                .take(2)
                .collect(),
        };
        if names.is_empty() { String::new() } else { format!("or {}", names.join(", ")) }
    }

    fn events_section(&self, out: &mut String) {
        let logs: Vec<_> = self.logs().collect();
        if logs.is_empty() {
            return;
        }
        out.push_str("  events:\n");
        for (table, join, log) in logs {
            let mut section = String::new();
            source(&mut section, table, &[&log.at], "      ");
            lead(&mut section, join, Credit::First, "      ");
            line(&mut section, "      ", "at", &name(&log.at), "");
            match log.kind.as_slice() {
                [] => line(&mut section, "      ", "kind_is", &name(&kind_of(table)), "every row is of one kind"),
                [one] => line(&mut section, "      ", "kind", &name(one), &kinds(&log.kinds)),
                several => line(&mut section, "      ", "kind", &list(several), &kinds(&log.kinds)),
            }
            if let Some((column, value)) = &log.without {
                line(
                    &mut section,
                    "      ",
                    "where",
                    &quoted(&format!("{} <> {}", sql(column), constant(table, column, value))),
                    "these are changes, below",
                );
            }
            let own: Vec<String> =
                self.touches.iter().filter(|touch| log.kinds.iter().any(|kind| kind.0 == **touch)).cloned().collect();
            if !own.is_empty() && self.ends().is_none() {
                line(&mut section, "      ", "sales", &list(&own), "what sales does: no model may rest on it");
            }
            out.push_str(&section.replacen("      ", "    - ", 1));
        }
    }

    fn history_section(&self, out: &mut String) {
        let Some((place, join, changes)) = &self.roles.history else { return };
        let table = &self.tables[*place];
        out.push_str("  history:                         # what columns of the leads were on each day\n");
        source(out, table, &[&changes.from], "    ");
        lead(out, join, Credit::First, "    ");
        match &changes.field {
            Ok(field) => line(out, "    ", "field", &name(field), ""),
            Err(field) => line(out, "    ", "field_is", &name(field), ""),
        }
        if let Some((column, value)) = &changes.only {
            line(out, "    ", "where", &quoted(&format!("{} = {}", sql(column), constant(table, column, value))), "");
        }
        line(out, "    ", "value", &name(&changes.value), "");
        if let Some(old) = &changes.old {
            line(out, "    ", "old", &name(old), "");
        }
        line(out, "    ", "from", &name(&changes.from), "");
    }

    fn outcomes_section(&self, out: &mut String) {
        let Some((table, ends)) = self.ends() else { return };
        self.todo(out, "  ", |about| matches!(about, About::Stage(_) | About::Credit | About::Won(_) | About::Stray));
        out.push_str("  outcomes:\n");
        let times: Vec<&str> =
            [&ends.closed, &ends.converted].into_iter().flatten().chain(&ends.lost).map(String::as_str).collect();
        match &self.roles.deals {
            Some((_, join, _)) => {
                source(out, table, &times, "    ");
                lead(out, join, self.credit, "    ");
            }
            None => {
                // The leads' section says how times are written there.
            }
        }
        told(out, ends);
        if let Some(value) = &ends.value {
            line(out, "    ", "value", &name(value), "");
        }
        if !self.touches.is_empty() {
            line(
                out,
                "    ",
                "worked",
                &format!("{{ kinds: {} }}", list(&self.touches)),
                "whom sales called; no model may rest on these",
            );
        }
    }

    fn replay_section(&self, out: &mut String) {
        out.push_str("replay:\n");
        if self.created.is_none() {
            // Without times leads stand in the order of the file: the first train, the rest are evaluated.
            let rows = self.leads().sketch.rows;
            let (train, has_flag) = (rows * 7 / 10, self.ends().is_some_and(|(_, ends)| ends.flag.is_some()));
            out.push_str("  horizon: ever                    # no time of a win is known\n");
            if has_flag && !self.leads().sketch.has_more {
                let _ = writeln!(out, "  train: {{ rows: 0..{train} }}\n  evaluate: {{ rows: {train}.. }}");
            }
            return;
        }
        let timeless = self.ends().is_some_and(|(_, ends)| ends.closed.is_none() && ends.converted.is_none());
        let Some(fit) = &self.fit else {
            if timeless {
                out.push_str("  horizon: ever                    # no time of a win is known\n");
            } else {
                out.push_str("  horizon: 90d\n");
            }
            return;
        };
        match fit.as_of {
            Some(days) => {
                let text = format!("{{ after_created: {days}d }}");
                line(
                    out,
                    "  ",
                    "as_of",
                    &text,
                    &format!("when a lead is scored; {:.0} % of the wins come before", 100.0 * fit.before),
                );
            }
            None => line(out, "  ", "as_of", "created", "when a lead is scored"),
        }
        if timeless {
            line(out, "  ", "horizon", "ever", "no time of a win is known");
        } else {
            line(
                out,
                "  ",
                "horizon",
                &format!("{}d", fit.horizon),
                &format!("{:.0} % of the wins come within it", 100.0 * fit.within),
            );
        }
        match (&fit.train, &fit.evaluate) {
            (Some((from, to)), Some(evaluate)) => {
                line(out, "  ", "train", &format!("{{ from: {from}, to: {to} }}"), "models learn from these leads");
                line(out, "  ", "evaluate", &format!("{{ from: {evaluate} }}"), "and are judged by these");
            }
            _ => out.push_str(
                "  # too few wins, or too few days, for some leads to train a model and others to judge it\n",
            ),
        }
    }

    fn models_section(&self, out: &mut String) {
        let trains = self.trains();
        let is_dated = self.score.as_ref().is_some_and(|score| match &self.roles.history {
            Some((_, _, changes)) => changes.field.as_ref().err() == Some(score) || self.history_names(score),
            None => false,
        });
        if self.rules.is_some() {
            out.push_str("champion: live\n");
        } else if is_dated && !self.is_trial {
            out.push_str("champion: crm_score\n");
        }
        out.push_str("models:\n");
        if let Some(rules) = &self.rules {
            let _ = writeln!(out, "  live:                            # the rules in use\n    rules: {}", name(rules));
        }
        if let (Some(score), false) = (&self.score, self.is_trial) {
            let about = if is_dated {
                "as it was on each day"
            } else {
                "as exported: a win may have raised it, so that it looks better than it was;\n    # export its history, or write its rules as points, to judge it"
            };
            let _ = writeln!(out, "  crm_score:                       # the score of today's system, {about}");
            let _ = writeln!(out, "    column: {{ score: {}, scale: points }}", name(&sql(score)));
        }
        if !self.points.is_empty() && !self.is_trial {
            out.push_str("  points:                          # a first card from the training leads alone: ten points double the odds\n    points:\n      criteria:\n");
            for one in &self.points {
                let _ = writeln!(out, "        - {}", criterion(one));
            }
        }
        if trains {
            out.push_str("  regression:                      # what the data say, without points\n    logistic: { ridge: 1.0 }\n");
        }
        if !trains && (self.is_trial || (self.score.is_none() && self.rules.is_none())) {
            out.push_str(
                "  chance: { random: {} }           # nothing can be trained: write a model of your own beside it\n",
            );
        }
        if let Some(segment) = &self.segment {
            let _ = writeln!(out, "segments: [{}]", name(segment));
        }
        if self.touches.is_empty() && !self.is_trial {
            out.push_str(
                "# capacity: { leads: 40, per: 7d } # how many leads sales can work; without it, a tenth of them\n",
            );
        }
    }

    /// Whether some leads train and others are evaluated.
    fn trains(&self) -> bool {
        let has_flag = self.ends().is_some_and(|(_, ends)| ends.flag.is_some());
        match &self.created {
            None => has_flag && !self.leads().sketch.has_more,
            Some(_) => self.fit.as_ref().is_some_and(|fit| fit.train.is_some()),
        }
    }

    /// Whether the history's column of fields names a column.
    fn history_names(&self, column: &str) -> bool {
        let Some((place, _, changes)) = &self.roles.history else { return false };
        let field = changes.field.as_ref().ok().and_then(|field| self.tables[*place].get(field));
        let levels = field.and_then(|(_, facts)| facts.keys.as_ref());
        levels.is_some_and(|text| {
            text.levels.iter().any(|level| super::words::folded(level) == super::words::folded(column))
        })
    }

    fn todo(&self, out: &mut String, indent: &str, is_here: impl Fn(&About) -> bool) {
        let asked = self.questions().filter(|question| is_here(&question.about));
        for question in asked {
            let (ask, otherwise) = (inert(&question.ask), inert(&question.otherwise));
            let _ = match question.choices.get(question.guess) {
                Some(taken) => {
                    writeln!(out, "{indent}# TODO {ask} Taken: {}. If not: {otherwise}.", inert(&taken.text))
                }
                None => writeln!(out, "{indent}# TODO {ask}: {otherwise}."),
            };
        }
    }
}

/// A criterion on one line.
fn criterion(one: &Criterion) -> String {
    let mut parts = vec![format!("name: {}", quoted(&one.name))];
    let mut part = |key: &str, value: Option<String>| parts.extend(value.map(|value| format!("{key}: {value}")));
    part("event", one.event.as_ref().map(|event| name(event)));
    part("when", one.when.as_ref().map(|when| quoted(when.text())));
    part("within", one.within.map(|within| within.to_string()));
    part("at_least", one.at_least.map(|count| count.to_string()));
    part("points", one.points.map(|points| points.to_string()));
    format!("{{ {} }}", parts.join(", "))
}

/// What says how deals ended.
fn told(out: &mut String, ends: &Ends) {
    if let Some(stage) = &ends.stage {
        let _ = writeln!(out, "    stage:\n      column: {}", name(&stage.column));
        line(out, "      ", "won", &list(&stage.of(Fate::Won)), "");
        if !stage.of(Fate::Lost).is_empty() {
            line(out, "      ", "lost", &list(&stage.of(Fate::Lost)), "");
        }
        let open = stage.of(Fate::Open);
        if !open.is_empty() {
            let said: Vec<String> = open.iter().take(8).map(|value| inert(value).into_owned()).collect();
            let more = if open.len() > 8 { format!(" and {} more", open.len() - 8) } else { String::new() };
            let _ = writeln!(out, "      # open: {}{more}", said.join(", "));
        }
    }
    if let Some((flag, positive)) = &ends.flag {
        line(out, "    ", "flag", &name(flag), "");
        if positive.is_empty() {
            out.push_str("    positive: []                   # what means that a lead bought\n");
        } else {
            line(out, "    ", "positive", &list(positive), "what means that a lead bought");
        }
    }
    if let Some(closed) = &ends.closed {
        line(out, "    ", "closed", &name(closed), "when a deal was won or lost");
    }
    if let Some(converted) = &ends.converted {
        line(out, "    ", "converted", &name(converted), "when a lead bought");
    }
    match ends.lost.as_slice() {
        [] => {}
        [one] => line(out, "    ", "lost", &name(one), ""),
        several => line(out, "    ", "lost", &list(several), ""),
    }
}

/// A table's files, and how they are written.
fn source(out: &mut String, table: &Found, used: &[&str], indent: &str) {
    let sketch = &table.sketch;
    let path = match sketch.files.as_slice() {
        [one] => name(one),
        several => list(several),
    };
    let more = if sketch.has_more { "more than " } else { "" };
    line(out, indent, "path", &path, &format!("{more}{} rows", sketch.rows));
    if let Some(sheet) = &sketch.sheet {
        line(out, indent, "sheet", &name(sheet), "");
    }
    if sketch.encoding.is_some() {
        line(out, indent, "encoding", "windows-1252", "found, for it is not UTF-8");
    }
    if !sketch.nulls.is_empty() {
        let nulls: Vec<String> = sketch.nulls.iter().map(|word| quoted(word)).collect();
        line(out, indent, "nulls", &format!("[{}]", nulls.join(", ")), "words that mean that nothing is there");
    }
    let formats = used.iter().filter_map(|column| {
        let format = table.get(column)?.0.format.as_ref()?;
        Some(format!("{}: {}", name(column), name(format.as_str())))
    });
    let formats: Vec<String> = formats.collect();
    if !formats.is_empty() {
        line(out, indent, "format", &format!("{{ {} }}", formats.join(", ")), "");
    }
}

/// How rows find their lead.
fn lead(out: &mut String, join: &Join, credit: Credit, indent: &str) {
    let LeadKey { column, by, via, split, .. } = &join.key;
    let found = format!("finds the lead of {:.1} % of the rows", 100.0 * join.share());
    if by.is_empty() && via.is_empty() && split.is_none() {
        return line(out, indent, "lead", &name(column), &found);
    }
    let mut parts = vec![format!("column: {}", name(column))];
    if !by.is_empty() {
        let words: Vec<&str> = by.iter().map(|by| by.key()).collect();
        parts.push(format!("match: [{}]", words.join(", ")));
    }
    if let Some(split) = split {
        parts.push(format!("split: {}", quoted(split)));
        if credit == Credit::Each {
            parts.push("credit: each".into());
        }
    }
    if !via.is_empty() {
        let path = |paths: &[String]| if let [one] = paths { name(one) } else { list(paths) };
        let step = |via: &crate::data::Via| {
            format!("{{ path: {}, from: {}, to: {} }}", path(&via.path.0), name(&via.from), name(&via.to))
        };
        parts.push(format!("via: [{}]", via.iter().map(step).collect::<Vec<_>>().join(", ")));
    }
    line(out, indent, "lead", &format!("{{ {} }}", parts.join(", ")), &found);
}

/// The first kinds of a log, for a comment.
fn kinds(kinds: &[(String, usize)]) -> String {
    let said: Vec<String> = kinds.iter().take(4).map(|(kind, rows)| format!("{} {rows}", inert(kind))).collect();
    let more = if kinds.len() > 4 { ", …" } else { "" };
    said.join(", ") + more
}

/// What happened, of a log of one kind: its file's name.
fn kind_of(table: &Found) -> String {
    let file = table.sketch.files.first().map_or("event", String::as_str);
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.split('.').next().unwrap_or(stem);
    let words: String = stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    table.sketch.sheet.clone().unwrap_or(words)
}

const COMMENTS: usize = 34;

fn line(out: &mut String, indent: &str, key: &str, value: &str, comment: &str) {
    let text = format!("{indent}{key}: {value}");
    if comment.is_empty() {
        let _ = writeln!(out, "{text}");
    } else {
        let _ = writeln!(out, "{text:<COMMENTS$} # {}", inert(comment));
    }
}

/// A name as YAML takes it.
fn name(text: &str) -> String {
    yaml_name(text)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|one| name(one)).collect::<Vec<_>>().join(", "))
}

/// A column as a condition names it.
fn sql(column: &str) -> String {
    let is_plain = column.starts_with(|c: char| c.is_ascii_alphabetic())
        && column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { column.into() } else { format!("`{column}`") }
}

fn constant(table: &Found, column: &str, value: &str) -> String {
    let is_number = table.get(column).is_some_and(|(sketched, _)| sketched.column.kind() == "numbers");
    if is_number { value.into() } else { format!("'{}'", value.replace('\'', "''")) }
}
