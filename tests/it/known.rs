//! What a naive mapping of a CRM's export comes to: columns and events that know the outcome promote nobody.

use std::fmt::Write as _;
use std::path::Path;

use leadoff::experiment::Experiment;
use leadoff::result::{Barred, Decision, Evaluation, Fact, Reason, Sign, Subject};
use leadoff::stats::random::Seed;
use leadoff::workflows::run::run;

use crate::product::{folder, leadoff_in, write};

/// A made organisation of 6,000 leads: `size` is honest, `stage` and `renewal` are written by the sale, and winners are
/// called.
fn organisation(folder: &Path) {
    let (mut leads, mut events, mut outcomes) =
        ("id,created,size,stage,renewal\n".to_owned(), "lead,at,kind\n".to_owned(), "lead,won,worked\n".to_owned());
    for row in 0..6_000u64 {
        let mut chance = Seed(5).replicate(row);
        let (id, day) = (format!("L{row:05}"), 1 + row % 28);
        let (year, month) = (2025 + (row / 336) / 12, 1 + (row / 336) % 12);
        let created = format!("{year}-{month:02}-{day:02}");
        let size = chance.below(4);
        let won = chance.chance(0.04 + 0.04 * size as f64);
        let worked = won || chance.chance(0.4);
        let stage = if won { "customer" } else { ["new", "open"][chance.below(2) as usize] };
        let after = |days: u64| {
            let start: i64 = created.parse::<leadoff::time::Moment>().unwrap().start(&leadoff::time::Zone::utc());
            leadoff::time::Zone::utc().stamp(start + days as i64 * leadoff::time::DAY)
        };
        let renewal = if chance.chance(0.5) { after(365) } else { String::new() };
        let _ = writeln!(leads, "{id},{created},{size},{stage},{renewal}");
        let won_at = if won { after(20 + chance.below(30)) } else { String::new() };
        let worked_at = if worked { after(2) } else { String::new() };
        let _ = writeln!(outcomes, "{id},{won_at},{worked_at}");
        if chance.chance(0.2 + 0.1 * size as f64) {
            let _ = writeln!(events, "{id},{},demo", after(1));
        }
        if worked {
            let _ = writeln!(events, "{id},{},ring", after(3));
        }
    }
    write(folder, "leads.csv", leads);
    write(folder, "events.csv", events);
    write(folder, "outcomes.csv", outcomes);
}

fn evaluated(folder: &Path, leads: &str, outcomes: &str, champion: &str, models: &str) -> Evaluation {
    let text = format!(
        "version: 1
experiment: Mapped naively
data:
  leads: {{ path: leads.csv, id: id, created: created, known: at_creation{leads} }}
  events: {{ path: events.csv, lead: lead, at: at, kind: kind }}
  outcomes: {{ path: outcomes.csv, lead: lead, converted: won{outcomes} }}
  until: 2026-12-31
replay:
  as_of: {{ after_created: 7d }}
  horizon: 60d
  train: {{ from: 2025-01-01, to: 2025-08-01 }}
  evaluate: {{ from: 2025-10-15, to: 2026-06-01 }}
champion: {champion}
models: {models}
capacity: {{ leads: 10, per: 7d }}
replicates: 200
"
    );
    write(folder, "experiment.yaml", text);
    let experiment = Experiment::load(&folder.join("experiment.yaml")).unwrap();
    run(&experiment, &()).unwrap().evaluation
}

const SIZE: &str = "size: { points: { criteria: [{ name: Size, per_unit: size, points: 1 }] } }";
const STAGED: &str = "staged: { points: { criteria: [{ name: Stage, when: \"stage = 'customer'\", points: 1 }] } }";

fn barred<'a>(evaluation: &'a Evaluation, model: &str) -> Option<&'a Barred> {
    let found = evaluation.models.iter().find(|one| one.name == model).unwrap();
    found.not_promotable.as_ref()
}

fn subjects(barred: Option<&Barred>) -> Vec<Subject> {
    barred.iter().flat_map(|barred| barred.suspicions()).map(|one| one.subject.clone()).collect()
}

#[test]
fn a_stage_that_the_sale_wrote_promotes_nobody() {
    let folder = folder();
    organisation(folder.path());
    let models = format!(
        "{{ {SIZE}, {STAGED}, fitted: {{ logistic: {{}} }}, mixed: {{ blend: {{ of: {{ staged: 1, size: 1 }}, by: rank }} }} }}"
    );
    let found = evaluated(folder.path(), "", "", "size", &models);
    assert_eq!(subjects(barred(&found, "staged")), [Subject::Column("stage".into())]);
    assert!(matches!(barred(&found, "mixed"), Some(Barred::MixedOf { .. })));
    // What nobody asked for is left out.
    assert_eq!(barred(&found, "fitted"), None);
    let fitted = found.models.iter().find(|one| one.name == "fitted").unwrap();
    assert!(!fitted.card.iter().any(|line| line.name.contains("stage")), "{:?}", fitted.card);
    assert_ne!(found.verdict.decision, Decision::Promote);
    assert!(!found.verdict.tied.contains(&"staged".to_owned()), "{:?}", found.verdict.tied);
    let said = leadoff_in(folder.path(), &["run", "experiment.yaml", "--out", "out", "--no-png"]).done();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`stage` is `customer` for"), "{said}");
    assert!(said.contains("`leads: { ignore: [stage] }`"), "{said}");
    let checked = leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(checked.contains("`stage` is `customer` for"), "{checked}");
}

#[test]
fn nothing_is_kept_or_tied_where_the_champion_knows_the_outcome() {
    let folder = folder();
    organisation(folder.path());
    let found = evaluated(folder.path(), "", "", "staged", &format!("{{ {SIZE}, {STAGED} }}"));
    assert_eq!(found.verdict.decision, Decision::NotEnoughEvidence);
    assert_eq!(found.verdict.tied, [] as [String; 0]);
    let names = |reason: &Reason| matches!(reason, Reason::ChampionSuspended { model, .. } if model == "staged");
    assert!(found.verdict.reasons.iter().any(names), "{:?}", found.verdict.reasons);
    // A guess at what another is worth beside it would say nothing.
    let said = leadoff_in(folder.path(), &["run", "experiment.yaml", "--out", "out", "--no-png"]).done();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Not enough evidence to replace `staged`: how good it is nobody knows"), "{said}");
    assert!(!said.contains("Ruled out") && !said.contains("would lose"), "{said}");
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), found);
}

#[test]
fn a_column_declared_by_its_name_is_the_user_s_word() {
    let folder = folder();
    organisation(folder.path());
    let models = format!("{{ {SIZE}, {STAGED} }}");
    let found = evaluated(folder.path(), ", except: { stage: at_creation }", "", "size", &models);
    assert_eq!(barred(&found, "staged"), None);
    assert_eq!(found.verdict.decision, Decision::Promote);
    let declared = |fact: &Fact| matches!(fact, Fact::DeclaredByYou { models, .. } if models == &["staged"]);
    assert!(found.notices.iter().any(|notice| declared(&notice.fact)), "{:?}", found.notices);
}

#[test]
fn a_time_that_lies_ahead_is_read_only_where_it_is_said_to() {
    let folder = folder();
    organisation(folder.path());
    let models = format!(
        "{{ {SIZE}, renewing: {{ points: {{ criteria: [{{ name: R, when: renewal IS NOT NULL, points: 1 }}] }} }} }}"
    );
    let fires = |except: &str| {
        let found = evaluated(folder.path(), except, "", "size", &models);
        let model = found.models.iter().find(|one| one.name == "renewing").unwrap().clone();
        (model.card[0].fires.finite().unwrap(), subjects(model.not_promotable.as_ref()))
    };
    assert_eq!(fires(""), (0.0, vec![Subject::Column("renewal".into())]));
    let (share, suspicions) = fires(", except: { renewal: planned }");
    assert!((share - 0.5).abs() < 0.1 && suspicions.is_empty(), "{share} {suspicions:?}");
}

#[test]
fn what_sales_makes_is_found_where_it_is_known_whom_it_worked_and_may_be_declared() {
    let folder = folder();
    organisation(folder.path());
    let models = format!(
        "{{ {SIZE}, rung: {{ points: {{ criteria: [{{ name: R, event: ring, points: 1 }}] }} }}, asked: {{ points: {{ criteria: [{{ name: D, event: demo, points: 1 }}] }} }}, fitted: {{ logistic: {{}} }} }}"
    );
    let found = evaluated(folder.path(), "", ", worked: worked", "size", &models);
    assert_eq!(subjects(barred(&found, "rung")), [Subject::Events("ring".into())]);
    assert_eq!((barred(&found, "asked"), barred(&found, "fitted")), (None, None));
    let fitted = found.models.iter().find(|one| one.name == "fitted").unwrap();
    let reads = |kind: &str| fitted.card.iter().any(|line| line.name.contains(kind));
    assert!(reads("demo") && !reads("ring"), "{:?}", fitted.card);
    // Declared, it needs no evidence; where it stood before it is still read.
    let text = std::fs::read_to_string(folder.path().join("experiment.yaml")).unwrap();
    for declared in
        [text.replace("kind: kind }", "kind: kind, sales: [demo] }"), text.clone() + "review: { touches: [demo] }\n"]
    {
        write(folder.path(), "declared.yaml", declared);
        let experiment = Experiment::load(&folder.path().join("declared.yaml")).unwrap();
        let found = run(&experiment, &()).unwrap().evaluation;
        let Some(Barred::Suspended { on }) = barred(&found, "asked") else { panic!("{:?}", barred(&found, "asked")) };
        assert_eq!(on[0].sign, Sign::SalesTouch);
    }
}
