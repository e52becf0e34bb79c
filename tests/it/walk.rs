//! Walk-forward: each period is judged by models fitted on what was known when it began, and a fit goes into use as a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use leadoff::stats::random::Seed;
use leadoff::time::{Calendar, DAY, HOUR, Instant, Moment, Zone};
use serde_json::Value;

use super::product::{close, evaluated, folder, json, leadoff_in, model, write};

const HORIZON: i64 = 60;
const A_DAY: u64 = 12;
const DAYS: u64 = 800;

/// A lead as it was made.
#[derive(Clone)]
struct Lead {
    id: String,
    created: Instant,
    size: u64,
    sector: &'static str,
    demo: bool,
    won: Option<Instant>,
}

fn at(text: &str) -> Instant {
    text.parse::<Moment>().unwrap().start(&Zone::utc())
}

/// Leads of 2024-01-01 on, of whom first the large and later the small ones win.
fn made() -> Vec<Lead> {
    let lead = |number: u64| {
        let mut chance = Seed(11).replicate(number);
        let day = number / A_DAY;
        let created = at("2024-01-01") + day as i64 * DAY;
        let (size, demo) = (chance.below(5), chance.chance(0.3));
        let sector = ["saas", "retail", "public"][chance.below(3) as usize];
        let turn = day as f64 / DAYS as f64;
        let rate = 0.02 + 0.04 * (1.0 - turn) * size as f64 + 0.04 * turn * (4 - size) as f64;
        let rate = rate + if demo { 0.1 } else { 0.0 } + if sector == "saas" { 0.05 } else { 0.0 };
        let won = chance.chance(rate).then(|| created + chance.below(70) as i64 * DAY + 9 * HOUR);
        Lead { id: format!("L{number:05}"), created, size, sector, demo, won }
    };
    (0..A_DAY * DAYS).map(lead).collect()
}

fn written(folder: &Path, leads: &[Lead]) {
    let stamp = |at: Instant| Zone::utc().stamp(at);
    let (mut table, mut outcomes, mut events) =
        ("id,created,size,sector\n".to_owned(), "lead,won\n".to_owned(), "lead,at,kind\n".to_owned());
    for lead in leads {
        let _ = writeln!(table, "{},{},{},{}", lead.id, stamp(lead.created), lead.size, lead.sector);
        let _ = writeln!(outcomes, "{},{}", lead.id, lead.won.map_or(String::new(), stamp));
        if lead.demo {
            let _ = writeln!(events, "{},{},demo", lead.id, stamp(lead.created + DAY / 2));
        }
    }
    write(folder, "leads.csv", table);
    write(folder, "outcomes.csv", outcomes);
    write(folder, "events.csv", events);
}

const UNTIL: &str = "2026-03-15";
const MODELS: &str = "models: { plain: { points: { criteria: [{ name: Large, when: size >= 3, points: 10 }] } }, fitted: { logistic: {} } }";

fn experiment(replay: &str, models: &str) -> String {
    format!(
        "version: 1
experiment: Walked
data:
  leads: {{ path: leads.csv, id: id, created: created, known: at_creation }}
  events: {{ path: events.csv, lead: lead, at: at, kind: kind }}
  outcomes: {{ path: outcomes.csv, lead: lead, converted: won }}
  until: {UNTIL}
replay: {{ as_of: {{ after_created: 1d }}, horizon: {HORIZON}d, {replay} }}
replicates: 200
{models}
"
    )
}

const WALK: &str = "walk: { every: quarter, train: 12 months }";

/// When what became of a lead is known.
fn closes(lead: &Lead) -> Instant {
    lead.created + (1 + HORIZON) * DAY
}

fn wins(lead: &Lead) -> bool {
    lead.won.is_some_and(|won| won > lead.created + DAY && won <= closes(lead))
}

/// Not won by the time it is scored.
fn is_scored(lead: &Lead) -> bool {
    lead.won.is_none_or(|won| won > lead.created + DAY)
}

/// A quarter, and the leads that a fit made at its start learns from.
struct Quarter {
    name: String,
    begins: Instant,
    ends: Instant,
    learned: BTreeSet<usize>,
}

/// The quarters with enough wins to learn from, each by itself.
fn quarters(leads: &[Lead]) -> Vec<Quarter> {
    let zone = Zone::utc();
    let mut all = Vec::new();
    let mut begins = at("2024-01-01");
    while begins < at("2026-04-01") {
        let quarter = zone.period(begins, Calendar::Quarter);
        let year_before = at(&zone.date(begins).to_string().replacen(
            &zone.date(begins).year().to_string(),
            &(zone.date(begins).year() - 1).to_string(),
            1,
        ));
        let learns = |lead: &Lead| lead.created >= year_before && closes(lead) <= begins && is_scored(lead);
        let learned: BTreeSet<usize> = (0..leads.len()).filter(|&row| learns(&leads[row])).collect();
        let won = learned.iter().filter(|&&row| wins(&leads[row])).count();
        if won >= 20 && leads.iter().any(|lead| quarter.contains(&lead.created)) {
            all.push(Quarter { name: zone.period_name(begins, Calendar::Quarter), begins, ends: quarter.end, learned });
        }
        begins = quarter.end;
    }
    all
}

/// The scores that a command writes, by lead and model.
fn scores(folder: &Path, experiment: &str) -> BTreeMap<String, Vec<f64>> {
    write(folder, "scored.yaml", experiment);
    leadoff_in(folder, &["score", "scored.yaml", "scores.csv"]).done();
    let text = std::fs::read_to_string(folder.join("scores.csv")).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|known| *known == name);
    let columns: Vec<usize> = ["plain", "fitted", "kept"].into_iter().filter_map(place).collect();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), columns.iter().map(|&column| cells[column].parse().unwrap_or(f64::NAN)).collect())
    };
    lines.map(line).collect()
}

#[test]
fn every_period_is_judged_by_what_was_known_when_it_began() {
    let folder = folder();
    let leads = made();
    written(folder.path(), &leads);
    let evaluation = evaluated(folder.path(), &experiment(WALK, MODELS));
    let quarters = quarters(&leads);
    assert_eq!(quarters.len(), 8, "of nine the first has nothing to learn from");
    let told = evaluation["setting"]["walk"].as_array().unwrap();
    assert_eq!(told.len(), quarters.len());
    for (told, quarter) in told.iter().zip(&quarters) {
        let won = quarter.learned.iter().filter(|&&row| wins(&leads[row])).count();
        let own = [&told["period"], &told["begins"], &told["leads"], &told["wins"]].map(Value::to_string);
        let begins = Zone::utc().date(quarter.begins).to_string();
        let expected = [quarter.name.clone(), begins].map(|text| format!("\"{text}\""));
        assert_eq!(own[..2], expected);
        assert_eq!(own[2..], [quarter.learned.len(), won].map(|count| count.to_string()));
    }
    // Nobody is evaluated twice, and nobody trains alone who is evaluated.
    let in_a_quarter =
        |lead: &Lead| quarters.iter().any(|quarter| (quarter.begins..quarter.ends).contains(&lead.created));
    let is_mature = |lead: &Lead| closes(lead) < at(UNTIL) + DAY;
    let judged = leads.iter().filter(|lead| in_a_quarter(lead) && is_scored(lead) && is_mature(lead)).count();
    let learned: BTreeSet<usize> = quarters.iter().flat_map(|quarter| quarter.learned.iter().copied()).collect();
    let alone = learned.iter().filter(|&&row| !in_a_quarter(&leads[row])).count();
    assert_eq!(evaluation["ledger"]["evaluated"], judged);
    assert_eq!(evaluation["ledger"]["training"], alone);

    // Each quarter as an experiment of its own, with a window to train on.
    let walked = scores(folder.path(), &experiment(WALK, MODELS));
    let zone = Zone::utc();
    for quarter in [&quarters[0], &quarters[3], &quarters[7]] {
        let first = quarter.learned.iter().map(|&row| leads[row].created).min().unwrap();
        let [from, begins, ends] = [first, quarter.begins, quarter.ends].map(|at| zone.date(at).to_string());
        let window = format!("train: {{ from: {from}, to: {begins} }}, evaluate: {{ from: {begins}, to: {ends} }}");
        let alone = scores(folder.path(), &experiment(&window, MODELS));
        for lead in leads.iter().filter(|lead| (quarter.begins..quarter.ends).contains(&lead.created)) {
            assert_eq!(walked.get(&lead.id), alone.get(&lead.id), "{} of {}", lead.id, quarter.name);
        }
    }

    // Areas compare leads of one period with one another.
    for (place, name) in ["plain", "fitted"].into_iter().enumerate() {
        let (mut found, mut pairs, mut pooled) = (0.0, 0.0, 0.0);
        for quarter in &quarters {
            let own = |won: bool| -> Vec<f64> {
                let is_own = |lead: &&Lead| {
                    (quarter.begins..quarter.ends).contains(&lead.created) && is_scored(lead) && is_mature(lead)
                };
                leads
                    .iter()
                    .filter(is_own)
                    .filter(|lead| wins(lead) == won)
                    .map(|lead| walked[&lead.id][place])
                    .collect()
            };
            let (winners, others) = (own(true), own(false));
            let above = |winner: &f64| -> f64 {
                others
                    .iter()
                    .map(|other| {
                        if winner > other {
                            1.0
                        } else if winner == other {
                            0.5
                        } else {
                            0.0
                        }
                    })
                    .sum()
            };
            found += winners.iter().map(above).sum::<f64>();
            pairs += (winners.len() * others.len()) as f64;
            pooled += winners.len() as f64;
        }
        assert!(pooled > 500.0);
        let auc = &model(&evaluation, name)["metrics"]["auc"];
        close(&auc["point"], found / pairs, 1e-12);
        close(&model(&evaluation, name)["metrics"]["gini"]["point"], 2.0 * found / pairs - 1.0, 1e-12);
        assert!(auc["low"].as_f64().unwrap() < found / pairs && auc["high"].as_f64().unwrap() > found / pairs);
    }
}

#[test]
fn what_comes_after_a_period_began_moves_no_score_in_it() {
    let folder = folder();
    let mut leads = made();
    written(folder.path(), &leads);
    let before = scores(folder.path(), &experiment(WALK, MODELS));
    let last = at("2025-10-01");
    // What became known from there on is dealt anew.
    for (number, lead) in leads.iter_mut().enumerate().filter(|(_, lead)| closes(lead) > last) {
        let mut chance = Seed(12).replicate(number as u64);
        lead.won = chance
            .chance(0.5)
            .then(|| last + chance.below(60) as i64 * DAY + 9 * HOUR)
            .filter(|won| *won > lead.created + DAY);
    }
    written(folder.path(), &leads);
    let after = scores(folder.path(), &experiment(WALK, MODELS));
    let moved =
        |lead: &&Lead| before.get(&lead.id).is_some_and(|own| after.get(&lead.id).is_some_and(|new| own != new));
    let early = leads.iter().filter(|lead| lead.created < at("2026-01-01"));
    assert_eq!(early.filter(moved).count(), 0);
    assert!(leads.iter().filter(|lead| lead.created >= at("2026-01-01")).filter(moved).count() > 500);
}

#[test]
fn where_nothing_is_fitted_every_mature_lead_is_judged() {
    let folder = folder();
    let leads = made();
    written(folder.path(), &leads);
    let points = "champion: plain\nmodels: { plain: { points: { criteria: [{ name: Large, when: size >= 3, points: 10 }] } }, demo: { points: { criteria: [{ name: Demo, event: demo, points: 5 }] } } }";
    let walked = evaluated(folder.path(), &experiment(WALK, points));
    let mature = leads.iter().filter(|lead| is_scored(lead) && closes(lead) < at(UNTIL) + DAY).count();
    assert_eq!((&walked["ledger"]["evaluated"], &walked["ledger"]["training"]), (&mature.into(), &0.into()));
    assert!(walked["setting"].get("walk").is_none() && walked["proposal"].is_null());
    assert_eq!(walked["criteria"]["leads"], mature, "the criteria are weighed on all of them");
    leadoff_in(folder.path(), &["audit", "experiment.yaml", "--out", "audit"]).done();
    let audit = json(&folder.path().join("audit/audit.json"));
    assert!(audit["proposal"]["evidence"].is_null());
    assert!(audit["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == "weighed_on_all"));
}

#[test]
fn a_period_with_too_little_to_learn_from_is_not_judged() {
    let folder = folder();
    // One quarter of leads to learn from, all of them known when the next begins, and a next one.
    let with = |winners: u64| {
        let lead = |number: u64, created: Instant, won: bool| Lead {
            id: format!("L{number:05}"),
            created,
            size: number % 5,
            sector: "saas",
            demo: number.is_multiple_of(3),
            won: won.then(|| created + 3 * DAY + 9 * HOUR),
        };
        let first = (0..200).map(|number| lead(number, at("2025-01-01") + number as i64 % 28 * DAY, number < winners));
        let next = (200..400).map(|number| lead(number, at("2025-04-01") + number as i64 % 28 * DAY, number % 7 == 0));
        let leads: Vec<Lead> = first.chain(next).collect();
        written(folder.path(), &leads);
        write(folder.path(), "few.yaml", experiment(WALK, MODELS));
        leadoff_in(folder.path(), &["run", "few.yaml", "--out", "out", "--no-png"])
    };
    let said = with(19).failed(3);
    assert!(said.contains("no quarter begins with 20 wins and 20 other leads known by then"), "{said}");
    assert!(said.contains("the most wins are 19"), "{said}");
    with(20).done();
    assert_eq!(json(&folder.path().join("out/evaluation.json"))["ledger"]["evaluated"], 200);
    assert!(with(181).failed(3).contains("20 other leads"));
}

#[test]
fn a_walk_that_cannot_be_is_refused_where_it_stands() {
    let folder = folder();
    written(folder.path(), &made()[..50]);
    let said = |replay: &str| {
        write(folder.path(), "wrong.yaml", experiment(replay, MODELS));
        leadoff_in(folder.path(), &["run", "wrong.yaml"]).failed(3)
    };
    let both = said("walk: {}, train: { to: 2025-01-01 }");
    assert!(both.contains("replay.walk: give either `walk`"), "{both}");
    let often = said("walk: { every: week }");
    assert!(often.contains("wrong.yaml:8:") && often.contains("`week`") && often.contains("`quarter`"), "{often}");
    let length = said("walk: { train: 12 }");
    assert!(length.contains("12 months"), "{length}");
    let unknown = said("walk: { window: 12 months }");
    assert!(unknown.contains("`window`") && unknown.contains("`train`"), "{unknown}");
    write(folder.path(), "ever.yaml", experiment("walk: {}", MODELS).replace("horizon: 60d", "horizon: ever"));
    let ever = leadoff_in(folder.path(), &["run", "ever.yaml"]).failed(3);
    assert!(ever.contains("replay.walk: `horizon: ever`"), "{ever}");
}

#[test]
fn a_fit_goes_into_use_as_a_file() {
    let folder = folder();
    written(folder.path(), &made());
    write(folder.path(), "experiment.yaml", experiment("walk: {}", MODELS));
    let told = leadoff_in(folder.path(), &["fit", "experiment.yaml"]).done();
    assert!(told.contains("`fitted` is fitted on") && told.contains("as known on 2026-03-15"), "{told}");
    // The same leads to train on, fitted there and then.
    let all = "train: { from: 2024-01-01, to: 2026-03-16 }";
    let anew = scores(folder.path(), &experiment(all, MODELS));
    let kept = MODELS.replace("fitted: { logistic: {} }", "kept: { file: fitted.json }");
    let kept = scores(folder.path(), &experiment("walk: {}", &kept));
    assert!(anew.len() > 9_000);
    for (lead, scores) in &anew {
        assert!((scores[1] - kept[lead][1]).abs() < 1e-9, "{lead}: {} {}", scores[1], kept[lead][1]);
    }
    // A walk that looks back a year is fitted on that year.
    let year = experiment(WALK, MODELS);
    write(folder.path(), "year.yaml", &year);
    leadoff_in(folder.path(), &["fit", "year.yaml", "--out", "year.json"]).done();
    let back = at("2025-03-15")..at(UNTIL) + DAY;
    let learned = made().into_iter().filter(|lead| back.contains(&lead.created) && is_scored(lead));
    let learned: Vec<Lead> = learned.filter(|lead| closes(lead) < back.end).collect();
    let of_year = json(&folder.path().join("year.json"));
    let won = learned.iter().filter(|lead| wins(lead)).count();
    assert_eq!((&of_year["leads"], &of_year["wins"]), (&learned.len().into(), &won.into()));
    // What has learned from the leads that it is judged on is out of competition; fitted before they came, it is judged.
    let both = |file: &str| MODELS.replace("}, fitted:", &format!("}}, kept: {{ file: {file} }}, fitted:"));
    let judged = |file: &str| {
        let text = experiment(WALK, &format!("champion: plain\n{}", both(file)));
        let text = text.replace("train: 12 months }", "train: 12 months }, evaluate: { from: 2025-10-01 }");
        model(&evaluated(folder.path(), &text), "kept")["not_promotable"].clone()
    };
    let barred = judged("year.json");
    assert_eq!(barred["learned_from"]["fitted_on"], "2026-03-15", "{barred}");
    assert!(barred["learned_from"]["leads"].as_u64().unwrap() > 500, "{barred}");
    leadoff_in(folder.path(), &["fit", "year.yaml", "--out", "early.json", "--until", "2025-09-30"]).done();
    assert!(judged("early.json").is_null());
    // It is written over by the same command, and by no other.
    write(folder.path(), "experiment.yaml", experiment("walk: {}", MODELS));
    leadoff_in(folder.path(), &["fit", "experiment.yaml", "fitted"]).done();
    let points = leadoff_in(folder.path(), &["fit", "experiment.yaml", "plain"]).failed(2);
    assert!(points.contains("`plain` is points") && points.contains("nothing to fit"), "{points}");
    let unknown = leadoff_in(folder.path(), &["fit", "experiment.yaml", "fited"]).failed(2);
    assert!(unknown.contains("there is no model `fited`") && unknown.contains("`fitted`"), "{unknown}");

    // What the file reads must be there.
    let text = std::fs::read_to_string(folder.path().join("fitted.json")).unwrap();
    write(folder.path(), "other.json", text.replace("\"sector\"", "\"branch\""));
    let other = MODELS.replace("{ logistic: {} }", "{ file: other.json }");
    write(folder.path(), "other.yaml", experiment("walk: {}", &other));
    let said = leadoff_in(folder.path(), &["run", "other.yaml"]).failed(3);
    assert!(said.contains("models.fitted.file") && said.contains("other.json") && said.contains("`branch`"), "{said}");
    write(folder.path(), "device.yaml", experiment("walk: {}", &other).replace("other.json", "/dev/zero"));
    let said = leadoff_in(folder.path(), &["run", "device.yaml"]).failed(3);
    assert!(said.contains("is no file"), "{said}");
    write(folder.path(), "other.json", &text[..text.len() / 2]);
    let said = leadoff_in(folder.path(), &["run", "other.yaml"]).failed(3);
    assert!(said.contains("other.json: no model of `leadoff fit`"), "{said}");
}

#[test]
fn a_review_fits_anew_and_says_what_the_old_fit_costs() {
    let folder = folder();
    // In April what wins turns round: large ones before, small ones from there on.
    let mut leads = made();
    for (number, lead) in leads.iter_mut().enumerate() {
        let mut chance = Seed(13).replicate(number as u64);
        let size = if lead.created < at("2025-04-01") { lead.size } else { 4 - lead.size };
        let days = chance.below(50) as i64;
        lead.won = chance.chance(0.02 + 0.06 * size as f64).then(|| lead.created + days * DAY + 9 * HOUR);
    }
    written(folder.path(), &leads);
    let walk = "walk: { every: quarter, train: 6 months }";
    write(folder.path(), "live.yaml", experiment(walk, &format!("champion: fitted\n{MODELS}")));
    let asked = ["review", "live.yaml", "--quarter", "2025Q4", "--compare", "1", "--out", "review"];
    leadoff_in(folder.path(), &asked).done();
    let review = json(&folder.path().join("review/2025q4/review.json"));
    let stale = review["notices"].as_array().unwrap().iter().find(|notice| notice["code"] == "stale_fit");
    let stale = stale.unwrap_or_else(|| panic!("{}", review["notices"]));
    let stale = &stale["args"];
    assert_eq!(stale["model"], "fitted");
    let [low, point, high] = ["low", "point", "high"].map(|part| stale["winners"][part].as_f64().unwrap());
    assert!(0.0 < low && low < point && point < high, "{low} {point} {high}");
    let page = std::fs::read_to_string(folder.path().join("review/2025q4/review.md")).unwrap();
    assert!(page.contains("fit it again each period"), "{page}");
}

#[test]
fn how_much_wider_other_fits_would_make_an_interval_is_told() {
    let folder = folder();
    written(folder.path(), &made());
    let models = format!("champion: plain\n{MODELS}");
    let evaluation = evaluated(folder.path(), &experiment(WALK, &models));
    let of = |evaluation: &Value| {
        let notices = evaluation["notices"].as_array().unwrap();
        notices.iter().find(|notice| notice["code"] == "refit_spread").cloned()
    };
    let told = of(&evaluation).unwrap_or_else(|| panic!("{}", evaluation["notices"]));
    let wider = told["args"]["wider"].as_f64().unwrap();
    // Some hundred wins tell a dozen coefficients: a refit moves the order, and less than other leads to judge would.
    assert!(1.0 < wider && wider < 2.0, "{wider}");
    assert_eq!((&told["args"]["challenger"], &told["args"]["draws"]), (&"fitted".into(), &50.into()));
    let undoes = told["args"]["undoes"] == true;
    assert_eq!(told["level"], if undoes { "warning" } else { "note" });
    let [low, point, high] =
        ["low", "point", "high"].map(|end| evaluation["comparisons"][0]["gain"]["winners"][end].as_f64().unwrap());
    let held = |factor: f64| point - factor * (point - low) <= 0.0 && point + factor * (high - point) >= 0.0;
    assert_eq!(undoes, held(wider) && !held(1.0));
    // Nothing is fitted period by period: nothing is said.
    let window = "train: { to: 2025-01-01 }";
    assert!(of(&evaluated(folder.path(), &experiment(window, &models))).is_none());
}
