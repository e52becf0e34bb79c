//! One lead's score over time, against the same counted event by event.

use std::fmt::Write as _;
use std::path::Path;

use leadoff::experiment::Experiment;
use leadoff::stats::random::Seed;
use leadoff::time::{DAY, Instant, Moment, SECOND, Zone};
use leadoff::workflows::timeline::{Timeline, timeline};

use super::product::{folder, leadoff_in, write};

struct Lead {
    id: String,
    created: Instant,
    /// Kind and time, ascending.
    events: Vec<(&'static str, Instant)>,
    /// When its size changed from small to large.
    grown: Option<Instant>,
    won: Option<Instant>,
}

fn at(text: &str) -> Instant {
    text.parse::<Moment>().unwrap().start(&Zone::utc())
}

fn made(number: u64) -> Lead {
    let mut chance = Seed(17).replicate(number);
    let created = at("2026-01-01") + (1 + chance.below(20 * 86_400) as i64) * SECOND;
    let mut later = |days: u64| created + (7 + chance.below(days * 86_400) as i64) * SECOND;
    let count = later(13) as u64 % 9;
    let mut events: Vec<(&str, Instant)> =
        (0..count).map(|one| (["demo", "open", "open", "leave"][one as usize % 4], later(60))).collect();
    events.sort_by_key(|(_, at)| *at);
    let (grown, won) = (later(50), later(70));
    Lead {
        id: format!("L{number:03}"),
        created,
        events,
        grown: number.is_multiple_of(3).then_some(grown),
        won: number.is_multiple_of(4).then_some(won),
    }
}

const UNTIL: &str = "2026-03-20";

const POINTS: &str = "
        - { name: Large, when: size = 'large', points: 15 }
        - { name: Demo, event: demo, points: 40, half_life: 10d }
        - { name: Opens, event: open, per: event, points: 8, cap: 20, within: 14d }
        - { name: Left, event: leave, points: -25, half_life: 20d }
        - { name: Quiet, inactive_for: 10d, points: -5 }";

fn written(folder: &Path, leads: &[Lead]) -> Experiment {
    let stamp = |at: Instant| Zone::utc().stamp(at);
    let (mut table, mut events, mut changes, mut outcomes) = (
        "id,created,size\n".to_owned(),
        "lead,at,kind\n".to_owned(),
        "lead,field,value,from\n".to_owned(),
        "lead,won\n".to_owned(),
    );
    for lead in leads {
        let now = if lead.grown.is_some() { "large" } else { "small" };
        let _ = writeln!(table, "{},{},{now}", lead.id, stamp(lead.created));
        let _ = writeln!(changes, "{},size,small,{}", lead.id, stamp(lead.created));
        if let Some(grown) = lead.grown {
            let _ = writeln!(changes, "{},size,large,{}", lead.id, stamp(grown));
        }
        lead.events.iter().for_each(|(kind, at)| writeln!(events, "{},{},{kind}", lead.id, stamp(*at)).unwrap());
        let _ = writeln!(outcomes, "{},{}", lead.id, lead.won.map_or(String::new(), stamp));
    }
    write(folder, "leads.csv", table);
    write(folder, "events.csv", events);
    write(folder, "history.csv", changes);
    write(folder, "outcomes.csv", outcomes);
    let text = format!(
        "version: 1
experiment: Day by day
data:
  leads: {{ path: leads.csv, id: id, created: created }}
  events: {{ path: events.csv, lead: lead, at: at, kind: kind }}
  history: {{ path: history.csv, lead: lead, field: field, value: value, from: from }}
  outcomes: {{ path: outcomes.csv, lead: lead, converted: won }}
  until: {UNTIL}
champion: live
models:
  live:
    points:
      criteria:{POINTS}
      tiers: {{ hot: 40, warm: 15, cold: 0 }}
      threshold: 30
"
    );
    write(folder, "experiment.yaml", text);
    Experiment::load(&folder.join("experiment.yaml")).unwrap()
}

/// The points of a lead at an instant, counted by hand.
fn counted(lead: &Lead, now: Instant) -> f64 {
    let days = |from: Instant| (now - from) as f64 / DAY as f64;
    let of = |kind: &str| lead.events.iter().filter(|(known, at)| *known == kind && *at <= now).collect::<Vec<_>>();
    let fading = |kind: &str, points: f64, half_life: f64| {
        of(kind).last().map_or(0.0, |(_, at)| points * 0.5f64.powf(days(*at) / half_life))
    };
    let opens = of("open").iter().filter(|(_, at)| days(*at) <= 14.0).count() as f64;
    let latest = lead.events.iter().filter(|(_, at)| *at <= now).map(|(_, at)| *at).max();
    // Who has done nothing yet is quiet.
    let is_quiet = latest.is_none_or(|at| days(at) >= 10.0);
    let large = if lead.grown.is_some_and(|grown| grown <= now) { 15.0 } else { 0.0 };
    large
        + fading("demo", 40.0, 10.0)
        + f64::min(8.0 * opens, 20.0)
        + fading("leave", -25.0, 20.0)
        + if is_quiet { -5.0 } else { 0.0 }
}

fn of(experiment: &Experiment, lead: &str) -> Timeline {
    timeline(experiment, lead, None, &()).unwrap()
}

#[test]
fn every_look_has_the_points_that_a_count_by_hand_gives() {
    let folder = folder();
    let leads: Vec<Lead> = (0..60).map(made).collect();
    let experiment = written(folder.path(), &leads);
    let mut looks = 0;
    for lead in &leads {
        let told = of(&experiment, &lead.id);
        let last = at(UNTIL) + DAY - 1;
        let won = lead.won.filter(|won| *won <= last);
        let end = won.unwrap_or(last);
        assert_eq!((told.from, told.to, told.won), (lead.created, end, won.is_some()), "{}", lead.id);
        for look in &told.looks {
            let expected = counted(lead, look.at);
            assert!((look.score - expected).abs() < 1e-6, "{} at {}: {} {expected}", lead.id, look.at, look.score);
        }
        // Looks are: the creation, every event and change, every midnight, the end; each once, in order.
        let seen: Vec<Instant> = told.looks.iter().map(|look| look.at).collect();
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        let happened = lead.events.iter().map(|(_, at)| *at).chain(lead.grown).chain([lead.created]);
        assert!(happened.filter(|at| *at <= end).all(|at| seen.binary_search(&at).is_ok()), "{}", lead.id);
        let midnights = (lead.created / DAY + 1)..=(end / DAY);
        assert!(midnights.clone().all(|day| seen.binary_search(&(day * DAY)).is_ok()), "{}", lead.id);
        assert!(seen.len() as i64 <= 3 + lead.events.len() as i64 + midnights.count() as i64);
        looks += seen.len();
    }
    assert!(looks > 2_000);
}

#[test]
fn what_comes_later_moves_no_earlier_score() {
    let folder = folder();
    let mut leads: Vec<Lead> = (0..12).map(made).collect();
    let before: Vec<Timeline> = {
        let experiment = written(folder.path(), &leads);
        leads.iter().map(|lead| of(&experiment, &lead.id)).collect()
    };
    let cut = at("2026-02-10");
    for lead in &mut leads {
        lead.events.retain(|(_, at)| *at < cut);
        lead.events.extend((0..5).map(|one| ("demo", cut + one * DAY + SECOND)));
        lead.grown = lead.grown.filter(|grown| *grown < cut).or(Some(cut + 3 * DAY));
        lead.won = lead.won.filter(|won| *won < cut);
    }
    let experiment = written(folder.path(), &leads);
    for (lead, before) in leads.iter().zip(&before) {
        let after = of(&experiment, &lead.id);
        let early = |told: &Timeline| told.looks.iter().filter(|look| look.at < cut).cloned().collect::<Vec<_>>();
        assert_eq!(early(before), early(&after), "{}", lead.id);
    }
}

#[test]
fn a_timeline_is_told_by_what_moved_it() {
    let folder = folder();
    let day = |text: &str, hour: i64| at(text) + hour * 3_600 * SECOND;
    let lead = Lead {
        id: "L001".into(),
        created: day("2026-02-01", 9),
        events: vec![("demo", day("2026-02-03", 10)), ("open", day("2026-02-03", 12)), ("leave", day("2026-02-20", 8))],
        grown: Some(day("2026-02-02", 8)),
        won: Some(day("2026-02-27", 15)),
    };
    written(folder.path(), &[lead, made(2)]);
    let told = leadoff_in(folder.path(), &["timeline", "experiment.yaml", "L001"]).done();
    insta::assert_snapshot!(told, @"
    L001 by `live`, 2026-02-01 09:00:00 to 2026-02-27 15:00:00 (won)

    2026-02-01 09:00:00       −5  −5 Quiet
    2026-02-02 08:00:00       10  +15 Large  → cold
    2026-02-03 10:00:00       55  +40 Demo, +5 Quiet  → hot, handed over
    2026-02-03 12:00:00     62.8  +8 Opens, −0.2 Demo
    2026-02-14              37.2  −20.6 Demo, −5 Quiet  → warm, handed over
    2026-02-18              24.6  −8 Opens, −4.7 Demo  → warm
    2026-02-20 08:00:00      2.4  −25 Left, +5 Quiet, −2.2 Demo  → cold
    2026-02-27 15:00:00      3.1  +5.6 Left, −4.9 Demo
    ");
    let text = std::fs::read_to_string(folder.path().join("experiment.yaml")).unwrap();
    write(folder.path(), "open.yaml", text.replace("      threshold: 30\n", ""));
    let open = leadoff_in(folder.path(), &["timeline", "open.yaml", "L001"]).done();
    assert!(open.contains("the model states no `threshold:`") && !open.contains("handed over"), "{open}");
    let unknown = leadoff_in(folder.path(), &["timeline", "experiment.yaml", "L999"]).failed(2);
    assert!(unknown.contains("lead `L999` is not among the leads"), "{unknown}");
    let model = leadoff_in(folder.path(), &["timeline", "experiment.yaml", "L001", "--model", "life"]).failed(2);
    assert!(model.contains("there is no model `life`") && model.contains("`live`"), "{model}");
}
