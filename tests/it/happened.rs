//! What happened, as exports say it: the verdict stops where the data do not bear it, and says what to mend.

use std::fmt::Write as _;
use std::path::Path;

use leadoff::stats::random::Seed;
use serde_json::Value;

use crate::product::{evaluated, folder, leadoff_in, write};

/// How a deal of a made organisation is written.
struct Deal<'a> {
    lead: usize,
    won: bool,
    /// The day of the end, or of what is expected.
    day: &'a str,
}

/// 1,200 leads of six months whose size tells who is won, half of all, and of the others every third has lost.
fn organisation(folder: &Path, head: &str, mut row: impl FnMut(&Deal) -> String) {
    let (mut leads, mut deals) = ("id,created,size\n".to_owned(), format!("{head}\n"));
    for lead in 0..1_200 {
        let mut chance = Seed(11).replicate(lead as u64);
        let (month, day) = (1 + lead / 200, 1 + lead % 28);
        let size = chance.below(4);
        let _ = writeln!(leads, "L{lead:04},2026-{month:02}-{day:02} 09:00:00,{size}");
        let won = chance.chance(0.02 + 0.16 * size as f64);
        let closed = format!("2026-{:02}-{:02}", month + 1, 1 + (day + lead % 7) % 28);
        if won || lead % 3 == 0 {
            deals += &row(&Deal { lead, won, day: &closed });
        }
    }
    write(folder, "leads.csv", leads);
    write(folder, "deals.csv", deals);
}

fn experiment(outcomes: &str) -> String {
    format!(
        "version: 1\nexperiment: What happened\ndata:\n  leads: {{ path: leads.csv, id: id, created: created, known: at_creation }}\n  \
         outcomes: {{ path: deals.csv, {outcomes} }}\nreplay: {{ as_of: created, horizon: 45d, train: {{ to: 2026-03-01 }}, \
         evaluate: {{ from: 2026-04-01 }} }}\nchampion: flat\nmodels:\n  flat: {{ random: {{}} }}\n  \
         size: {{ points: {{ criteria: [{{ name: Size, per_unit: size, points: 5 }}] }} }}\ncapacity: {{ leads: 10, per: 7d }}\nreplicates: 200\n"
    )
}

fn decision(evaluation: &Value) -> &str {
    evaluation["verdict"]["decision"].as_str().unwrap()
}

fn wins(evaluation: &Value) -> u64 {
    evaluation["readiness"]["wins"].as_u64().unwrap()
}

const PLAIN: &str = "lead: lead, converted: won";

#[test]
fn a_join_of_which_more_than_a_tenth_fails_concludes_nothing_and_names_its_cure() {
    let folder = folder();
    let of = |suffix: fn(usize) -> &'static str| {
        organisation(folder.path(), "lead,won", |deal| match deal.won {
            true => format!("L{:04}{},{}\n", deal.lead, suffix(deal.lead), deal.day),
            false => String::new(),
        });
    };
    of(|_| "");
    let whole = evaluated(folder.path(), &experiment(PLAIN));
    assert_eq!(decision(&whole), "promote");
    of(|lead| if lead % 2 == 0 { ".0" } else { "" });
    let half = evaluated(folder.path(), &experiment(PLAIN));
    assert_eq!(decision(&half), "not_enough_evidence");
    assert_eq!(half["verdict"]["tied"], Value::Array(Vec::new()));
    let said = leadoff_in(folder.path(), &["run", "experiment.yaml", "--out", "out", "--no-png"]).done();
    assert!(
        said.trim_end().ends_with("No conclusion can be drawn from these data: the reason stands first in the report"),
        "{said}"
    );
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    let answer = page.split("## ").nth(1).unwrap();
    assert!(answer.contains("No conclusion can be drawn from these data"), "{answer}");
    assert!(answer.contains("lead: { column: lead, match: [float] }"), "{answer}");
    let cured = "lead: { column: lead, match: [float] }, converted: won";
    let cured = evaluated(folder.path(), &experiment(cured));
    assert_eq!((decision(&cured), wins(&cured)), ("promote", wins(&whole)));
}

#[test]
fn an_expected_date_is_no_loss_and_no_day_of_the_export() {
    let folder = folder();
    organisation(folder.path(), "lead,stage,close", |deal| {
        let (stage, day) = if deal.won { ("Won", deal.day) } else { ("Proposal", "2027-12-31") };
        format!("L{:04},{stage},{day}\n", deal.lead)
    });
    let staged = "lead: lead, stage: { column: stage, won: [Won], lost: [Lost] }, closed: close";
    let staged = evaluated(folder.path(), &experiment(staged));
    assert!(staged["setting"]["until"].as_str().unwrap() < "2026-09", "{}", staged["setting"]);
    let flagged = evaluated(folder.path(), &experiment("lead: lead, flag: stage, converted: close, lost: close"));
    assert_eq!(wins(&flagged), wins(&staged));
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(page.split("## ").nth(1).unwrap().contains("count as open, and none as lost"), "{page}");
    let taken = evaluated(folder.path(), &experiment("lead: lead, converted: close"));
    assert_eq!(decision(&taken), "not_enough_evidence");
    assert!(taken.to_string().contains("`stage` says how deals stand"), "{taken}");
}

#[test]
fn a_mistyped_year_is_answered_for_both_days_of_the_export() {
    let folder = folder();
    let mut typed = false;
    organisation(folder.path(), "lead,won", |deal| match (deal.won, deal.lead > 1_150 && !typed) {
        (true, true) => {
            typed = true;
            format!("L{:04},2062{}\n", deal.lead, &deal.day[4..])
        }
        (true, false) => format!("L{:04},{}\n", deal.lead, deal.day),
        (false, _) => String::new(),
    });
    let open = evaluated(folder.path(), &experiment(PLAIN));
    let notices = open["notices"].as_array().unwrap();
    let notice = notices.iter().find(|notice| notice["code"] == "open").unwrap_or_else(|| panic!("{notices:#?}"));
    let answers = notice["args"]["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2, "{answers:#?}");
    assert!(answers[0]["reading"].as_str().unwrap().contains("2062"), "{answers:#?}");
    assert!(answers[1]["reading"].as_str().unwrap().contains("2026"), "{answers:#?}");
    let agree = answers[0]["decision"] == answers[1]["decision"];
    assert_eq!(notice["level"], if agree { "note" } else { "banner" });
    assert_eq!(decision(&open) == "promote", agree && answers[0]["decision"] == "promote");
    let stated = experiment(PLAIN).replace("\nreplay:", "\n  until: 2026-08-31\nreplay:");
    let stated = evaluated(folder.path(), &stated);
    assert!(!stated["notices"].to_string().contains("\"open\""), "{}", stated["notices"]);
}

#[test]
fn check_says_all_that_is_wrong_with_models_beside_what_is_in_the_data() {
    let folder = folder();
    organisation(folder.path(), "lead,stage,close", |deal| {
        format!("L{:04},{},{}\n", deal.lead, if deal.won { "Won" } else { "Lost" }, deal.day)
    });
    let outcomes = "lead: lead, stage: { column: stage, won: [Won], lost: [Lost] }, closed: close";
    let text = experiment(outcomes)
        + "  one: { points: { criteria: [{ name: A, when: \"sise > 1\", points: 1 }] } }\n  \
           two: { points: { criteria: [{ name: B, per_unit: sizes, points: 1 }] } }\n";
    let text = text.replace("capacity: { leads: 10, per: 7d }\nreplicates: 200\n", "") + "replicates: 200\n";
    write(folder.path(), "experiment.yaml", text);
    let said = leadoff_in(folder.path(), &["check", "experiment.yaml"]);
    let out = said.out.clone();
    let error = said.failed(3);
    assert!(error.contains("`sise`") && error.contains("`sizes`"), "{error}");
    assert!(out.contains("How the rows of the outcomes stand") && out.contains("rows   won"), "{out}");
    assert!(out.contains("rows   lost"), "{out}");
}

#[test]
fn a_value_that_never_occurs_is_named_with_the_near_one_in_check_and_in_run() {
    let folder = folder();
    organisation(folder.path(), "lead,won", |deal| match deal.won {
        true => format!("L{:04},{}\n", deal.lead, deal.day),
        false => String::new(),
    });
    let leads = std::fs::read_to_string(folder.path().join("leads.csv")).unwrap();
    let sizes = |line: &str| {
        let name = match line.rsplit(',').next() {
            Some("size") => "product",
            Some("0" | "1") => "GTXPro",
            _ => "MG",
        };
        format!("{line},{name}\n")
    };
    write(folder.path(), "leads.csv", leads.lines().map(sizes).collect::<String>());
    let text = experiment(PLAIN).replace(
        "capacity:",
        "  pro: { points: { criteria: [{ name: Pro, when: \"product = 'GTX Pro'\", points: 1 }, { name: Mg, when: \"product IN ('MG')\", points: 2 }] } }\ncapacity:",
    );
    let found = evaluated(folder.path(), &text);
    assert!(found["findings"].to_string().contains("'GTX Pro'"), "{}", found["findings"]);
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(page.split("## ").nth(1).unwrap().contains("Did you mean 'GTXPro'?"), "{page}");
    let checked = leadoff_in(folder.path(), &["check", "experiment.yaml", "--findings", "f.csv"]).done();
    assert!(checked.contains("did you mean 'GTXPro'?") && !checked.contains("asks for 'MG'"), "{checked}");
    assert!(std::fs::read_to_string(folder.path().join("f.csv")).unwrap().contains("value_never_occurs"));
}

#[test]
fn what_a_model_cannot_be_fitted_for_is_said_with_what_was_found() {
    let folder = folder();
    organisation(folder.path(), "lead,won", |deal| match deal.won {
        true => format!("L{:04}.0,{}\n", deal.lead, deal.day),
        false => String::new(),
    });
    let text = experiment(PLAIN).replace("capacity:", "  fitted: { logistic: {} }\ncapacity:");
    write(folder.path(), "experiment.yaml", text);
    for arguments in [&["check", "experiment.yaml"][..], &["run", "experiment.yaml", "--out", "out", "--no-png"]] {
        let said = leadoff_in(folder.path(), arguments);
        let all = said.out.clone() + &said.err;
        let error = said.failed(4);
        assert!(error.contains("match: [float]") && error.contains("`fitted` cannot be fitted"), "{all}");
    }
}

#[test]
fn a_champion_that_a_misspelling_disables_is_no_measure_of_the_others() {
    let folder = folder();
    organisation(folder.path(), "lead,won", |deal| match deal.won {
        true => format!("L{:04},{}\n", deal.lead, deal.day),
        false => String::new(),
    });
    write(folder.path(), "events.csv", "lead,at,kind\nL0001,2026-01-02 10:00:00,Demo Request\n");
    let text = experiment(PLAIN)
        .replace("\nreplay:", "\n  events: { path: events.csv, lead: lead, at: at, kind: kind }\nreplay:")
        .replace(
            "flat: { random: {} }",
            "flat: { points: { criteria: [{ name: Demo, event: demo_request, points: 5 }] } }",
        );
    let found = evaluated(folder.path(), &text);
    assert_eq!(decision(&found), "not_enough_evidence");
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    let answer = page.split("## ").nth(1).unwrap();
    assert!(answer.contains("No conclusion can be drawn") && answer.contains("Demo Request"), "{answer}");
    let meant = evaluated(folder.path(), &text.replace("event: demo_request", "event: Demo Request"));
    assert_eq!(decision(&meant), "promote");
}
