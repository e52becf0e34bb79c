//! Field tests as their users run them: from a plan to the ledger, and what the command says to wrong files.

use std::path::Path;

use serde_json::Value;

use crate::product::{folder, json, leadoff_in, write};

/// 600 leads in two arms over four weeks of January; the challenger converts a little more, all in February.
struct Files {
    assigned: Vec<String>,
    outcomes: Vec<String>,
    yaml: String,
}

impl Files {
    fn sound() -> Self {
        let lead =
            |lead: usize| format!("L{lead:03},{},2026-01-{:02},R{:02}", ["a", "b"][lead % 2], 1 + lead % 28, lead % 20);
        let won = |lead: usize| lead % 10 < 2 || lead % 30 == 3;
        let deal = |lead: usize| format!("L{lead:03},2026-02-{:02},,{}", 1 + lead % 28, 100 + lead);
        let lost = (0..600).filter(|lead| lead % 7 == 2 && !won(*lead)).map(|lead| format!("L{lead:03},,2026-03-01,"));
        Self {
            assigned: std::iter::once("lead,arm,at,rep".into()).chain((0..600).map(lead)).collect(),
            outcomes: std::iter::once("lead,won,lost,amount".to_string())
                .chain((0..600).filter(|lead| won(*lead)).map(deal))
                .chain(lost)
                .collect(),
            yaml: "version: 1\ntest: Small\narms: { a: 1, b: 1 }\nhorizon: 60d\nqueue: split\nuntil: 2026-06-01\n\
                   assignments: { path: a.csv, unit: lead, arm: arm, at: at }\n\
                   outcomes: { path: o.csv, unit: lead, converted: won, lost: lost, value: amount }\n"
                .into(),
        }
    }

    /// Every assignment's row changed, the header apart.
    fn assigned(mut self, change: impl Fn(usize, &str) -> String) -> Self {
        for (row, line) in self.assigned.iter_mut().enumerate().skip(1) {
            *line = change(row, line);
        }
        self
    }

    fn and(mut self, rows: impl IntoIterator<Item = String>) -> Self {
        self.assigned.extend(rows);
        self
    }

    fn yaml(mut self, from: &str, to: &str) -> Self {
        assert!(self.yaml.contains(from), "{from}");
        self.yaml = self.yaml.replace(from, to);
        self
    }

    fn write(&self, folder: &Path) {
        write(folder, "a.csv", self.assigned.join("\n") + "\n");
        write(folder, "o.csv", self.outcomes.join("\n") + "\n");
        write(folder, "test.yaml", &self.yaml);
    }

    /// What the analysis prints, on one line.
    fn said(&self) -> String {
        let folder = folder();
        self.write(folder.path());
        one_line(&leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done())
    }

    fn trial(&self) -> Value {
        let folder = folder();
        self.write(folder.path());
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done();
        json(&folder.path().join("out/trial.json"))
    }

    fn failed(&self, code: i32) -> String {
        let folder = folder();
        self.write(folder.path());
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).failed(code)
    }
}

fn one_line(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
}

#[test]
fn a_field_test_is_redrawn_by_a_command_of_its_own() {
    let folder = folder();
    Files::sound().write(folder.path());
    leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done();
    for held in ["out", "out/trial.json"] {
        let error = leadoff_in(folder.path(), &["render", held]).failed(4);
        assert!(error.contains("it holds an A/B test: `leadoff ab render` redraws it"), "{error}");
    }
    let page = std::fs::read(folder.path().join("out/report.html")).unwrap();
    std::fs::remove_dir_all(folder.path().join("out/charts")).unwrap();
    leadoff_in(folder.path(), &["ab", "render", "out"]).done();
    assert!(page == std::fs::read(folder.path().join("out/report.html")).unwrap());
    assert!(folder.path().join("out/charts").is_dir());
}

#[test]
fn a_sound_test_is_judged() {
    let said = Files::sound().said();
    assert!(!said.contains("No verdict"), "{said}");
    says(&said, &["600 leads finished,", "Nothing else was found wrong with the assignment."]);
}

#[test]
fn an_arm_that_nobody_is_in_gives_no_verdict() {
    let third = Files::sound().yaml("a: 1, b: 1", "a: 1, b: 1, c: 1");
    says(&third.said(), &["No verdict: arm `c` has no leads."]);
    let one = Files::sound().assigned(|_, line| line.replace(",b,", ",a,"));
    says(&one.said(), &["No verdict: arm `b` has no leads."]);
    let misspelt = Files::sound().assigned(|_, line| line.replace(",b,", ",B,"));
    says(
        &misspelt.said(),
        &["300 rows stand in an arm `B` that the test does not have", "No verdict: arm `b` has no leads."],
    );
}

#[test]
fn no_conversion_gives_no_number() {
    let mut none = Files::sound();
    none.outcomes.truncate(1);
    none.outcomes.push("L000,,2026-03-01,".into());
    let (said, trial) = (none.said(), none.trial());
    says(&said, &["No verdict: no unit has converted within the horizon yet"]);
    assert!(trial["contrasts"][0]["primary"]["p"]["undefined"].is_string(), "{}", trial["contrasts"][0]["primary"]);
    none.outcomes.truncate(1);
    says(&none.failed(4), &["o.csv: it has a header and no rows"]);
}

#[test]
fn a_horizon_that_nobody_has_reached_gives_no_verdict() {
    let long = Files::sound().yaml("horizon: 60d", "horizon: 400d");
    says(&long.said(), &["No verdict: the horizon is 400 days, but nobody has been followed longer than 152.0 days"]);
    assert!(long.trial()["contrasts"][0]["primary"]["difference"]["point"]["undefined"].is_string());
}

#[test]
fn a_repeated_assignment_counts_once() {
    let doubled = Files::sound();
    let again: Vec<String> = doubled.assigned[1..200].to_vec();
    let trial = doubled.and(again).trial();
    let units: u64 = trial["arms"].as_array().unwrap().iter().map(|arm| arm["units"].as_u64().unwrap()).sum();
    assert_eq!(units, 600);
    let checks = trial["soundness"]["checks"].to_string();
    says(&checks, &["199 rows repeat an assignment that is there already; counted once"]);
}

#[test]
fn a_lead_in_several_arms_gives_no_verdict_where_there_are_many() {
    let swapped = |line: &String| line.replace(",a,", ",?,").replace(",b,", ",a,").replace(",?,", ",b,");
    let files = Files::sound();
    let again: Vec<String> = files.assigned[1..100].iter().map(swapped).collect();
    says(&files.and(again).said(), &["No verdict: 99 units stand in several arms."]);
    let files = Files::sound();
    let one = swapped(&files.assigned[1]);
    says(&files.and([one]).said(), &["1 units stand in several arms: their assignment changed, they are left out"]);
}

#[test]
fn what_is_dated_after_the_look_has_not_happened() {
    let later = Files::sound()
        .assigned(|row, line| if row % 2 == 0 { line.replace("2026-01", "2027-01") } else { line.into() });
    // Every second lead is of arm b.
    says(&later.said(), &["300 units were assigned after this look", "No verdict: arm `b` has no leads."]);
    let mut outcomes = Files::sound();
    outcomes.outcomes.iter_mut().for_each(|line| *line = line.replace("2026-02", "2027-02"));
    says(&outcomes.said(), &["conversions or losses are dated after this look", "No verdict: no unit has converted"]);
    let before = Files::sound().yaml("until: 2026-06-01", "until: 2025-12-01");
    says(&before.said(), &["No verdict: all 600 leads were assigned after 2025-12-01."]);
}

#[test]
fn an_outcome_before_its_assignment_gives_no_verdict() {
    let late = Files::sound()
        .assigned(|row, line| if row % 3 == 1 { line.replace("2026-01", "2026-04") } else { line.into() });
    says(&late.said(), &["units were won or lost before they were assigned", "No verdict:"]);
}

#[test]
fn files_that_can_not_be_read_are_named_with_their_lines() {
    let soon =
        Files::sound().assigned(|row, line| if row % 3 == 1 { line.replace("2026-01", "soon") } else { line.into() });
    says(&soon.failed(4), &["column `at`: 200 of 600 values are not times", "(a.csv, line 2)"]);
    says(
        &Files::sound().yaml("converted: won,", "converted: won_at,").failed(4),
        &["has no column `won_at`", "did you mean `won`?"],
    );
    says(&Files::sound().yaml("path: o.csv", "path: p.csv").failed(4), &["no file matches `p.csv`"]);
    says(&Files::sound().yaml("a: 1, b: 1", "a: 1").failed(3), &["a test has at least two arms"]);
    says(
        &Files::sound().yaml("a: 1, b: 1", "a: 1, b: 0").failed(3),
        &["a test has at least two arms of a weight above 0"],
    );
    says(&Files::sound().yaml("horizon: 60d\n", "").failed(3), &["horizon: missing"]);
    says(&Files::sound().yaml("unit: lead, arm", "arm").failed(3), &["give `assignments.unit`"]);
    let looks = |looks: &str| {
        Files::sound().yaml("queue: split\n", &format!("queue: split\nmonitoring: {{ looks: {looks} }}\n"))
    };
    says(&looks("{ at: [], conversions: 100 }").failed(3), &["`looks` names no day"]);
    says(&looks("{ at: [2026-03-01], conversions: 0 }").failed(3), &["above 0"]);
    says(&looks("{ at: [2026-03-01], conversions: 9, plateau: 1 }").failed(3), &["between 0 and 1"]);
}

#[test]
fn a_shared_queue_is_refused_before_and_after_the_test() {
    let said = Files::sound().yaml("queue: split", "queue: shared").said();
    says(
        &said,
        &["No verdict: both arms stand in one queue.", "assign by representative or give each arm a quota of its own"],
    );
    let folder = folder();
    let plan = ["ab", "plan", "--rate", "0.08", "--effect", "0.02", "--per-week", "300", "--shared-queue"];
    let said = one_line(&leadoff_in(folder.path(), &plan).done());
    says(&said, &["Both arms in one queue cannot be compared", "Assign whole representatives", "its own quota"]);
}

#[test]
fn representatives_must_be_named_and_stay_in_one_arm() {
    let unnamed = Files::sound().yaml("queue: split", "queue: by_rep");
    says(&unnamed.said(), &["No verdict: whole representatives are assigned, but nobody says whose each lead is"]);
    // R00 holds leads 0, 20, 40 …: all even, all in arm a. One lead of another arm mixes it.
    let named = |files: Files| files.yaml("queue: split", "queue: by_rep").yaml("at: at", "at: at, cluster: rep");
    let sound = named(Files::sound());
    says(&sound.trial()["contrasts"][0]["primary"]["method"].to_string(), &["CR2 with Satterthwaite", "20 clusters"]);
    let mixed =
        named(Files::sound().assigned(|row, line| if row == 2 { line.replace("R01", "R00") } else { line.into() }));
    says(&mixed.said(), &["No verdict: 1 of 20 representatives have leads in several arms"]);
    // Five a side are permuted, two are refused.
    let of = |reps: usize| {
        named(Files::sound().assigned(move |row, line| {
            let (start, _) = line.rsplit_once(',').unwrap();
            format!("{start},R{}", (row - 1) % reps)
        }))
    };
    says(&of(10).trial()["contrasts"][0]["primary"]["method"].to_string(), &["exact permutation of 10 clusters"]);
    let said = of(4).said();
    says(&said, &["`b` cannot be judged", "2 clusters in an arm: below three nothing can be said"]);
}

#[test]
fn a_mismatch_warns_where_sales_chooses_and_forbids_where_chance_should() {
    let broken =
        Files::sound().assigned(|row, line| if row % 4 == 0 { line.replace(",b,", ",a,") } else { line.into() });
    says(
        &broken.said(),
        &[
            "FORBIDS A CONCLUSION: Sample-ratio mismatch: the arms do not have the promised sizes (450 / 150 leads assigned where 300 / 300",
        ],
    );
    let mut worked = Files::sound().assigned(|row, line| {
        let is_worked = row % 2 == 1 || row % 8 == 0;
        format!("{line},{}", if is_worked { "2026-02-01" } else { "" })
    });
    worked.assigned[0] += ",worked";
    let worked = worked.yaml("at: at", "at: at, worked: worked");
    let said = worked.said();
    says(&said, &["sales worked the arms unequally (300 / 75 leads worked"]);
    assert!(!said.contains("No verdict"), "{said}");
}

#[test]
fn leads_scored_by_another_arms_model_forbid_a_verdict_where_they_are_many() {
    let delivered = |share: usize| {
        let mut files = Files::sound().assigned(|row, line| {
            let arm = ["b", "a"][usize::from(row % 2 == 1)];
            let other = ["a", "b"][usize::from(row % 2 == 1)];
            format!("{line},{}", if row % share == 0 { other } else { arm })
        });
        files.assigned[0] += ",by";
        files.yaml("at: at", "at: at, delivered: by").said()
    };
    says(&delivered(4), &["No verdict: 150 leads were scored by another arm's model than assigned"]);
    let few = delivered(50);
    says(&few, &["12 leads were scored by another arm's model than assigned"]);
    assert!(!few.contains("No verdict"), "{few}");
}

#[test]
fn only_leads_on_which_the_models_differ_are_compared() {
    let mut files =
        Files::sound().assigned(|row, line| format!("{line},{}", if (row - 1) % 6 < 2 { "yes" } else { "no" }));
    files.assigned[0] += ",differ";
    let files = files.yaml("at: at", "at: at, discordant: differ");
    let trial = files.trial();
    assert_eq!((&trial["setting"]["compared"], &trial["arms"][0]["units"]), (&200.into(), &100.into()));
    let stages: Vec<&str> =
        trial["soundness"]["ratios"].as_array().unwrap().iter().map(|at| at["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["assigned", "compared"]);
    says(&files.said(), &["200 of 600 leads are compared"]);
    // Marked after the fact, in one arm only.
    let mut marked =
        Files::sound().assigned(|row, line| format!("{line},{}", if row % 2 == 1 || row % 8 == 0 { "1" } else { "0" }));
    marked.assigned[0] += ",differ";
    let said = marked.yaml("at: at", "at: at, discordant: differ").said();
    says(&said, &["No verdict: the units on which the models differ do not lie in the arms as assigned."]);
}

#[test]
fn a_test_is_held_to_its_plan() {
    let plan = "plan: { leads: 2000, conversions: 200, weeks: 20, base_rate: 0.1, difference: 0.05, power: 0.8, \
                arms: { a: 2, b: 1 }, horizon: 90d, queue: by_rep, looks: 4, discordant: 0.5, \
                foretold: { b: { difference: 0.2, low: 0.15, high: 0.25, replay: spring.yaml } } }\n";
    let files = Files::sound().yaml("queue: split\n", &format!("queue: split\n{plan}"));
    let trial = files.trial();
    let deviating: Vec<&str> = trial["plan"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["deviation"].is_string())
        .map(|line| line["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        deviating,
        [
            "Arms",
            "Queue",
            "Horizon",
            "Read",
            "Units assigned",
            "Units on which the models differ",
            "Control's conversion",
            "Power for +5.00 points"
        ]
    );
    let said = files.said();
    says(
        &said,
        &["It was not run as planned: Arms, Queue, Horizon", "Horizon 90 days 60 days a horizon", "less than foretold"],
    );
    let kept = Files::sound().yaml(
        "queue: split\n",
        "queue: split\nplan: { leads: 600, conversions: 60, weeks: 12, base_rate: 0.2, difference: 0.1, power: 0.8, arms: { a: 1, b: 1 }, horizon: 60d, looks: 1 }\n",
    );
    assert!(!kept.said().contains("not run as planned"), "{}", kept.said());
    let unknown = Files::sound().yaml("queue: split\n", "queue: split\nplan: { leads: 600, conversions: 60, weeks: 12, base_rate: 0.1, difference: 0.09, power: 0.8, foretold: { z: { difference: 0.1 } } }\n");
    says(&unknown.failed(3), &["plan: foretold: there is no arm `z`"]);
}

#[test]
fn planned_looks_serve_several_arms() {
    let three = Files::sound()
        .assigned(|row, line| if row % 3 == 0 { line.replace(",a,", ",c,").replace(",b,", ",c,") } else { line.into() })
        .yaml("a: 1, b: 1", "a: 1, b: 1, c: 1")
        .yaml(
            "queue: split\n",
            "queue: split\nmonitoring: { looks: { at: [2026-02-10, 2026-02-20, 2026-06-01], conversions: 140 } }\n",
        );
    let folder = folder();
    three.write(folder.path());
    let look = |day: &str| {
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out", "--as-of", day]).done();
        json(&folder.path().join("out/trial.json"))
    };
    let first = look("2026-02-10");
    assert!(first["contrasts"][0]["worth"].is_null(), "{}", first["contrasts"][0]);
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    says(&page, &["**Go on as planned: no arm is shown to convert more than `a`.**"]);
    let unplanned = look("2026-02-15");
    says(
        &one_line(&unplanned["sequential"].to_string()),
        &["the look of 2026-02-15 was not planned and spends part of the error"],
    );
    let last = look("2026-06-01");
    let arms = last["sequential"].as_array().unwrap();
    assert_eq!(arms.len(), 2);
    for arm in arms {
        assert_eq!(arm["stages"].as_array().unwrap().len(), 3);
        // Half of 5 % for the log-rank tests, shared by two arms.
        crate::product::close(&arm["alpha"], 0.0125, 1e-12);
    }
    assert_eq!(last["anytime"]["arms"].as_array().unwrap().len(), 2);
    let again =
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out", "--as-of", "2026-07-01"]).done();
    says(
        &one_line(&again),
        &["No verdict: the last planned look was taken on 2026-06-01 and nothing is left to spend"],
    );
}

#[test]
fn counts_by_day_are_seen_as_they_were_at_a_look() {
    let rows: String = (1..=28)
        .flat_map(|day| [("a", 1), ("b", 2)].map(|(arm, won)| format!("{arm},2026-01-{day:02},20,{won},{won}.5,4\n")))
        .collect();
    let folder = folder();
    write(folder.path(), "c.csv", format!("arm,day,n,x,mean,var\n{rows}"));
    let yaml = "version: 1\ntest: Counts\narms: { a: 1, b: 1 }\nqueue: split\nhorizon: 30d\nmonitoring: { anytime: { leads: 1000 } }\n\
                aggregates: { path: c.csv, arm: arm, day: day, units: n, conversions: x, mean: mean, variance: var }\n";
    write(folder.path(), "test.yaml", yaml);
    let look = |day: &str| {
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out", "--as-of", day]).done();
        json(&folder.path().join("out/trial.json"))
    };
    let early = look("2026-02-10");
    // Thirty days are over by the end of 10 February for what was assigned by 11 January.
    assert_eq!((&early["arms"][0]["units"], &early["arms"][0]["mature"]), (&560.into(), &(11 * 20).into()));
    let late = look("2026-03-01");
    assert_eq!((&late["arms"][1]["mature"], &late["arms"][1]["conversions"]), (&560.into(), &56.into()));
    crate::product::close(&late["contrasts"][0]["primary"]["difference"]["point"], 0.05, 1e-12);
    assert!(late["anytime"]["arms"][0]["difference"]["low"].is_number(), "{}", late["anytime"]);
    let middle = look("2026-01-10");
    assert_eq!(&middle["arms"][0]["units"], 200);
    // Counts that cannot be.
    write(folder.path(), "c.csv", "arm,day,n,x,mean,var\na,2026-01-01,20,21,1,1\n");
    let error = leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).failed(3);
    says(&error, &["row 1 of `a`: 21 conversions of only 20 units"]);
}

#[test]
fn a_plan_comes_from_history_and_holds_the_test_that_follows() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder();
    let out = folder.path().join("test.yaml");
    let plan = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["ab", "plan", "--from", "experiments/demo.yaml"].iter().chain(more).copied().collect();
        leadoff_in(home, &arguments)
    };
    let said =
        plan(&["--challenger", "regression", "--looks", "3", "--start", "2027-01-11", "--out", out.to_str().unwrap()])
            .done();
    says(
        &one_line(&said),
        &[
            "leads come in a week",
            "half of the conversions came within",
            "`current` and `regression` differ on",
            "At 3 planned looks",
            "The replay foretells",
            "52 weeks: +",
        ],
    );
    let picture = std::fs::read_to_string(out.with_extension("power.svg")).unwrap();
    assert!(picture.contains("What the test can see") && !picture.contains("NaN"));
    let yaml = std::fs::read_to_string(&out).unwrap();
    says(
        &yaml,
        &[
            "monitoring: { looks: { at: [2027-",
            "foretold: { regression: {",
            "replay: \"experiments/demo.yaml\"",
            "delay_95:",
        ],
    );
    says(
        &leadoff_in(folder.path(), &["ab", "analyze", "test.yaml"]).failed(3),
        &["expected either `assignments` or `aggregates`"],
    );
    // By representative: their likeness comes from history too.
    let said = plan(&["--challenger", "regression", "--rep", "country", "--all-leads"]).done();
    says(&one_line(&said), &["representatives with ten leads or more (`country`): intra-class correlation"]);
    says(&plan(&[]).failed(3), &["several challengers: name one of no_email_points, reweighted, regression, crm"]);
    says(&plan(&["--challenger", "regresion"]).failed(3), &["there is no challenger `regresion`"]);
    says(
        &plan(&["--challenger", "regression", "--rep", "owner"]).failed(3),
        &["there is no column `owner` among the leads"],
    );
    says(&leadoff_in(home, &["ab", "plan", "--rate", "0.1", "--per-week", "9"]).failed(2), &["--effect"]);
    says(
        &leadoff_in(home, &["ab", "plan", "--rate", "1.1", "--effect", "0.1", "--per-week", "9"]).failed(2),
        &["between 0 and 1"],
    );
}

#[test]
fn from_simulation_to_plan_to_assignment_to_looks_to_ledger() {
    let folder = folder();
    let at = folder.path();
    let run = |arguments: &[&str]| one_line(&leadoff_in(at, arguments).done());
    run(&["simulate", "sim", "--ab", "--leads", "6000", "--effect", "0.04", "--seed", "5"]);
    says(
        &run(&[
            "ab",
            "plan",
            "--rate",
            "0.12",
            "--effect",
            "0.04",
            "--per-week",
            "500",
            "--looks",
            "3",
            "--start",
            "2026-01-01",
            "--out",
            "plan.yaml",
        ]),
        &["At 3 planned looks", "Test: plan.yaml"],
    );
    // The plan's file is completed with the names of the data.
    let plan = std::fs::read_to_string(at.join("plan.yaml")).unwrap();
    let data = "assignments: { path: sim/assignments.csv, unit: lead_id, arm: arm, at: assigned_at, covariate: old_score }\n\
                outcomes: { path: sim/outcomes.csv, unit: lead_id, converted: converted_at, lost: lost_at, value: amount }\n";
    let test = format!("{}{data}", plan.replace("salt: planned-test", "salt: simulated"));
    write(at, "plan.yaml", test);
    // The hash assigns every lead as the history has it.
    run(&["ab", "assign", "plan.yaml", "--file", "sim/assignments.csv", "--id", "lead_id", "--out", "arms.csv"]);
    let arms = |file: &str, arm: usize| -> Vec<(String, String)> {
        let text = std::fs::read_to_string(at.join(file)).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split(',').collect::<Vec<_>>())
            .map(|row| (row[0].into(), row[arm].into()))
            .collect()
    };
    assert_eq!(arms("arms.csv", 1), arms("sim/assignments.csv", 1));
    // Looks, a repeated one among them.
    let yaml = std::fs::read_to_string(at.join("plan.yaml")).unwrap();
    let days = yaml.split("at: [").nth(1).unwrap().split(']').next().unwrap();
    let days: Vec<&str> = days.split(", ").collect();
    assert_eq!(days.len(), 3);
    for day in [days[0], days[1], days[1]] {
        run(&["ab", "analyze", "plan.yaml", "--as-of", day, "--out", "out"]);
    }
    let ledger = std::fs::read_to_string(at.join("plan.ledger.json")).unwrap();
    assert_eq!(ledger.matches("\"as_of\"").count(), 2);
    let last = run(&["ab", "analyze", "plan.yaml", "--as-of", days[2], "--out", "out"]);
    says(&last, &["`challenger` converts more leads than `current`"]);
    assert!(!last.contains("not run as planned: Horizon"), "{last}");
    let trial = json(&at.join("out/trial.json"));
    assert_eq!(trial["looks"].as_array().unwrap().len(), 3);
    assert_eq!(trial["verdict"]["call"], "more");
    assert_eq!(trial["soundness"]["checks"].to_string().matches("Not by the hash").count(), 0);
    // The report is drawn anew from its figures alone, to the byte.
    let page = std::fs::read(at.join("out/report.html")).unwrap();
    run(&["ab", "render", "out"]);
    assert_eq!(page, std::fs::read(at.join("out/report.html")).unwrap());
    for name in ["report.md", "charts/arms.svg", "charts/effect-1.svg", "charts/boundary-1.svg"] {
        assert!(at.join("out").join(name).is_file(), "{name}");
    }
}

#[test]
fn simulated_tests_hold_what_their_truth_says() {
    let folder = folder();
    let said = |name: &str, more: &[&str]| {
        let arguments: Vec<&str> = ["simulate", name, "--ab", "--leads", "8000"].iter().chain(more).copied().collect();
        leadoff_in(folder.path(), &arguments).done();
        one_line(
            &leadoff_in(
                folder.path(),
                &["ab", "analyze", &format!("{name}/test.yaml"), "--out", &format!("{name}/out")],
            )
            .done(),
        )
    };
    says(
        &said("none", &[]),
        &["Keep `current`: no difference between `challenger` and `current` is shown; nor one in value."],
    );
    says(&said("sooner", &["--delays", "20,8", "--seed", "3"]), &["`challenger` converts leads sooner than `current`"]);
    says(&said("broken", &["--share", "0.55"]), &["No verdict: the arms do not have the promised sizes"]);
    says(&said("queue", &["--shared-queue"]), &["No verdict: both arms stand in one queue."]);
    says(&said("reps", &["--reps", "24"]), &["8,000 leads finished"]);
    let truth = json(&folder.path().join("sooner/truth.json"));
    assert_eq!((&truth["difference"], &truth["mean_days_to_convert"][1]), (&0.0.into(), &8.0.into()));
}

#[test]
fn outcomes_of_a_holdout_are_not_those_of_strangers() {
    let third = |files: Files| {
        files.assigned(
            |row, line| if row % 3 == 0 { line.replace(",a,", ",h,").replace(",b,", ",h,") } else { line.into() },
        )
    };
    let named = third(Files::sound());
    let said = named.said();
    says(&said, &["200 rows stand in an arm `h` that the test does not have", "name it among the arms with weight 0"]);
    assert!(!said.contains("Outcomes without assignment"), "{said}");
    let declared = third(Files::sound()).yaml("a: 1, b: 1", "a: 1, b: 1, h: 0");
    let said = declared.said();
    says(&said, &["note: Holdout: 200 rows stand in `h`, an arm of weight 0", "400 leads finished"]);
    assert!(!said.contains("No verdict") && !said.contains("Unknown arm"), "{said}");
    let nobody = Files::sound().yaml("a: 1, b: 1 }", "a: 1, b: 1, h: 0 }\ncontrol: h");
    says(&nobody.failed(3), &["control: arm `h` has weight 0: nobody is assigned to it"]);
}

#[test]
fn a_model_that_is_no_arm_is_named() {
    let delivered = |label: fn(usize) -> &'static str| {
        let mut files = Files::sound().assigned(|row, line| format!("{line},{}", label(row)));
        files.assigned[0] += ",by";
        files.yaml("at: at", "at: at, delivered: by")
    };
    let versions = delivered(|row| ["v2", "v1"][row % 2]).failed(3);
    says(
        &versions,
        &["assignments: delivered: no unit was scored by an arm", "holds `v1`, `v2`, the arms are `a`, `b`"],
    );
    let one = delivered(|row| if row == 1 { "old" } else { ["b", "a"][row % 2] }).said();
    says(&one, &["1 units were scored by `old`, which is no arm"]);
}

/// Counts by day of two arms as a test.
fn counts(rows: &str, more: &str) -> (tempfile::TempDir, String) {
    let folder = folder();
    write(folder.path(), "c.csv", format!("arm,day,n,x\n{rows}"));
    let yaml = "version: 1\ntest: Counts\narms: { a: 1, b: 1 }\nqueue: split\n";
    let counts = format!("aggregates: {{ path: c.csv, arm: arm, day: day, units: n, conversions: x{more} }}\n");
    write(folder.path(), "test.yaml", format!("{yaml}{counts}"));
    (folder, "test.yaml".into())
}

#[test]
fn running_totals_are_not_added_up() {
    let rows = "a,2026-01-01,1000,100\nb,2026-01-01,1000,100\na,2026-01-02,2000,200\nb,2026-01-02,2010,220\n\
                a,2026-01-03,3000,300\nb,2026-01-03,3020,350\n";
    let analyzed = |rows: &str, more: &str| {
        let (folder, test) = counts(rows, more);
        let run = leadoff_in(folder.path(), &["ab", "analyze", &test, "--out", "out"]);
        (folder, run)
    };
    let (_kept, run) = analyzed(rows, "");
    says(&run.failed(3), &["rows look cumulative", "from 1000 units in row 1 to 3000 in row 5", "`cumulative: true`"]);
    let units = |more: &str| {
        let (folder, run) = analyzed(rows, more);
        run.done();
        json(&folder.path().join("out/trial.json"))["arms"][1]["units"].as_u64().unwrap()
    };
    assert_eq!((units(", cumulative: true"), units(", cumulative: false")), (3_020, 6_030));
    // One day on which fewer came is no running total, and two days may grow by chance.
    analyzed(&rows.replace("b,2026-01-03,3020,350", "b,2026-01-03,2009,350"), "").1.done();
    analyzed(&rows[..rows.find("a,2026-01-03").unwrap()], "").1.done();
}

#[test]
fn an_empty_cell_of_counts_is_not_known() {
    let (folder, test) =
        counts("a,2026-01-01,1000,100\nb,2026-01-01,1000,130\na,2026-01-02,1000,\nb,2026-01-02,1000,\n", "");
    let said = one_line(&leadoff_in(folder.path(), &["ab", "analyze", &test, "--out", "out"]).done());
    says(&said, &["2 rows of counts have an empty cell", "2,000 leads finished, 230 conversions found among them"]);
    assert!(!said.contains("NaN"), "{said}");
    // A day on which nobody came is no day of the test.
    let day = |rows: &str| {
        let (folder, test) = counts(rows, "");
        leadoff_in(folder.path(), &["ab", "analyze", &test, "--out", "out"]).done();
        json(&folder.path().join("out/trial.json"))["anytime"].clone()
    };
    let rows = "a,2026-01-05,1000,100\nb,2026-01-05,1000,130\na,2026-01-06,1000,90\nb,2026-01-06,1000,80\n";
    let empty = "a,2025-12-01,0,0\nb,2025-12-01,0,0\n";
    assert_eq!(day(rows), day(&format!("{empty}{rows}")));
    assert_eq!(day(rows)["looks"], 2);
}

/// Numbers that stand in the words of an answer.
fn numerals(words: &str) -> usize {
    let is_number =
        |word: &&str| word.trim_start_matches(['(', '+', '−', '-']).starts_with(|c: char| c.is_ascii_digit());
    words.split_whitespace().filter(is_number).count()
}

#[test]
fn the_first_screen_says_what_to_do_in_few_numbers() {
    let screen = |files: &Files| {
        let folder = folder();
        files.write(folder.path());
        leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done();
        let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
        page.split("\n## More conversions").next().unwrap().to_owned()
    };
    // Value beside conversions, and a plan that was not kept.
    let plan = "currency: EUR\nplan: { leads: 2000, conversions: 200, weeks: 20, base_rate: 0.1, difference: 0.05, power: 0.8, \
                arms: { a: 2, b: 1 }, horizon: 90d, queue: by_rep, looks: 4 }\n";
    let planned = Files::sound().yaml("queue: split\n", &format!("queue: split\n{plan}"));
    let margin = Files::sound().yaml("queue: split\n", "queue: split\ncurrency: EUR\nmargin: 0.01\n");
    for files in [Files::sound(), planned, margin] {
        let screen = screen(&files);
        let answer: String =
            screen.lines().filter(|line| !line.starts_with("Which arm")).collect::<Vec<_>>().join("\n");
        assert!(numerals(&answer) >= 8, "{screen}");
        assert!(numerals(&answer) <= 12, "{} numerals: {screen}", numerals(&answer));
    }
}

#[test]
fn statistics_stand_under_their_names() {
    let folder = folder();
    let mut files = Files::sound();
    files.outcomes.iter_mut().for_each(|line| *line = line.replace("L001,2026-02-02,,101", "L001,2026-02-02,,101000"));
    files.write(folder.path());
    leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done();
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    for name in ["z = ", "t = ", "U = "] {
        assert!(page.contains(name), "{name} is not in {page}");
    }
    assert!(!page.contains("U = +"), "{page}");
}

#[test]
fn an_arm_whose_value_does_not_follow_is_not_given_all_leads() {
    let mut files = Files::sound();
    // Sixty leads of `b` more are won, for next to nothing.
    files.outcomes.extend((0..600).filter(|lead| lead % 10 == 5).map(|lead| format!("L{lead:03},2026-02-10,,1")));
    files
        .outcomes
        .retain(|line| line.ends_with(",1") || !line.starts_with("L") || line[1..4].parse::<u32>().unwrap() % 30 != 3);
    let folder = folder();
    files.write(folder.path());
    let said = one_line(&leadoff_in(folder.path(), &["ab", "analyze", "test.yaml", "--out", "out"]).done());
    says(&said, &["Do not give `b` all leads on conversions alone: `b` converts more leads than `a`"]);
    assert!(!said.contains("Give `b` all leads"), "{said}");
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    says(&page, &["; that value follows is not shown, ", "- `b` brought "]);
    let trial = json(&folder.path().join("out/trial.json"));
    assert_eq!(trial["verdict"]["advice"], "not_on_conversions_alone");
}
