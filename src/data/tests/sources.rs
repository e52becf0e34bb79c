//! Several files of one kind, and keys that lead to leads through others.

use super::*;

const LEADS: &str = "id,mail,contact,created,score,won\na,A@x.com,,2026-01-01,1,1\nb,b@x.com,k1,2026-01-01,2,0\nc,c@x.com,k2,2026-01-01,3,0\n";
const OWN: &str = "leads: { path: l.csv, id: id, created: created, known: at_creation }\n";
const FLAG: &str = "outcomes: { flag: won }\n";

/// Lead, kind, time and columns of each event, in order.
fn events(history: &History) -> Vec<String> {
    let events = history.events.as_ref().unwrap();
    let mut rows = Vec::new();
    for chunk in &events.chunks {
        for row in 0..chunk.lead.len() {
            let lead = history.ids.get(chunk.lead[row] as usize);
            let own = events.columns.iter().zip(&chunk.columns);
            let own: Vec<String> = own.map(|(name, column)| format!("{name}={:?}", column.cell(row))).collect();
            let at = history.zone.text(chunk.at[row]);
            rows.push(format!("{lead} {} {at} {}", events.kinds[chunk.kind[row] as usize], own.join(" ")));
        }
    }
    rows.sort();
    rows
}

fn walked(findings: &Findings) -> Vec<String> {
    findings.of(What::Walked).map(|finding| finding.text.clone()).collect()
}

#[test]
fn logs_of_other_columns_are_one_log() {
    let folder = folder(&[
        ("l.csv", LEADS),
        ("mails.csv", "who,stamp,what,page\na,1767312000000,open,x\nb,1767398400000,click,\n"),
        ("forms.csv", "Contact,Submitted,minutes\nc,2026-01-05 10:00,7\na,2026-01-06 10:00,\n"),
    ]);
    let yaml = format!(
        "{OWN}{FLAG}events:\n- {{ path: mails.csv, lead: who, at: stamp, kind: what, format: milliseconds }}\n\
         - {{ path: forms.csv, lead: Contact, at: Submitted, kind_is: form, where: minutes > 0 OR minutes IS NULL }}\n"
    );
    let (history, _) = try_read(&yaml, folder.path(), &["page", "minutes"]).unwrap();
    assert_eq!(
        events(&history),
        [
            "a form 2026-01-06 10:00:00 page=Missing minutes=Missing",
            "a open 2026-01-02 page=Text(\"x\") minutes=Missing",
            "b click 2026-01-03 page=Missing minutes=Missing",
            "c form 2026-01-05 10:00:00 page=Missing minutes=Number(7.0)",
        ]
    );
    assert_eq!(history.events.unwrap().weeks.unwrap().kinds.len(), 3);
}

#[test]
fn a_column_that_no_log_has_or_that_two_hold_otherwise_is_an_error() {
    let files = [("l.csv", LEADS), ("e.csv", "who,at,n\na,2026-01-02,1\n"), ("f.csv", "who,at,n\na,2026-01-02,x\n")];
    let folder = folder(&files);
    let log = |file: &str, more: &str| format!("- {{ path: {file}, lead: who, at: at, kind_is: {file}{more} }}\n");
    let read = |logs: &str, needs: &[&str]| {
        try_read(&format!("{OWN}{FLAG}events:\n{logs}"), folder.path(), needs).map_err(|error| error.to_string())
    };
    let both = log("e.csv", "") + &log("f.csv", "");
    assert!(read(&both, &["n"]).unwrap_err().contains("`n` is numbers in one log and text in f.csv"));
    assert!(read(&(log("e.csv", ", types: { n: text }") + &log("f.csv", "")), &["n"]).is_ok());
    let error = read(&both, &["pages"]).unwrap_err();
    assert!(error.contains("no column `pages`"), "{error}");
}

#[test]
fn keys_lead_to_leads_through_other_files() {
    let folder = folder(&[
        ("l.csv", LEADS),
        ("people.csv", "person,mail\np1,a@x.com\np2,C@x.com\np3,c@x.com\np4,nobody@x.com\np5,b@x.com\np5,a@x.com\n"),
        ("e.csv", "who,at\np1,2026-01-02\nb,2026-01-03\np2,2026-01-04\np4,2026-01-05\np5,2026-01-06\n"),
    ]);
    let yaml = format!(
        "{OWN}{FLAG}events:\n  path: e.csv\n  lead: {{ column: who, match: [case], via: [{{ path: people.csv, from: person, to: mail }}, \
         {{ path: l.csv, from: mail, to: id }}] }}\n  at: at\n  kind_is: k\n"
    );
    let (history, findings) = read_ok(&yaml, folder.path());
    assert_eq!(events(&history), ["a k 2026-01-02 ", "b k 2026-01-03 ", "c k 2026-01-04 "]);
    assert_eq!(
        walked(&findings),
        [
            "`mail` of l.csv leads from 3 keys to leads",
            "`person` of people.csv leads from 3 keys to leads; 1 more lead to two leads each, and join nothing",
            "`who` of the events: 3 rows have a lead, 2 of them through `person` or through `mail` or without regard to \
             capital letters",
        ]
    );
    // Doubted, for one of four keys is no slip.
    let levels: Vec<FindingLevel> = findings.of(What::Walked).map(|finding| finding.level).collect();
    assert_eq!(levels, [FindingLevel::Note, FindingLevel::Doubt, FindingLevel::Note]);
    assert_eq!(findings.of(What::EventWithoutLead).next().unwrap().count, 2);
    let spec: DataSpec = serde_yaml::from_str(&yaml).unwrap();
    let read: Vec<String> = inputs(&spec, folder.path()).unwrap().into_iter().map(|file| file.path).collect();
    assert_eq!(read, ["l.csv", "e.csv", "people.csv"]);
}

#[test]
fn a_deal_of_several_leads_is_the_first_ones_or_each_ones() {
    let folder = folder(&[
        ("l.csv", LEADS),
        ("d.csv", "ids,won,value\nx; b;c,2026-02-01,10\na,2026-02-02,20\nx;y,2026-02-03,30\n"),
    ]);
    let read = |credit: &str| {
        let yaml = format!(
            "{OWN}outcomes: {{ path: d.csv, lead: {{ column: ids, split: \";\"{credit} }}, converted: won, value: value }}\n"
        );
        let (history, findings) = read_ok(&yaml, folder.path());
        let win = |win: &Win| format!("{} {}", history.ids.get(win.lead as usize), win.value);
        let wins: Vec<String> = history.outcomes.wins.iter().map(win).collect();
        (wins, findings.of(What::OutcomeWithoutLead).map(|finding| finding.count).sum::<u64>())
    };
    assert_eq!(read(""), (vec!["a 20".to_string(), "b 10".into()], 1));
    assert_eq!(read(", credit: each"), (vec!["a 20".to_string(), "b 10".into(), "c 10".into()], 1));
}

#[test]
fn what_would_join_strangers_is_said_as_it_is_declared() {
    let folder = folder(&[("l.csv", LEADS), ("d.csv", "who,won\nk1,2026-02-01\nk2,2026-02-02\n")]);
    let outcomes = |lead: &str| format!("{OWN}outcomes: {{ path: d.csv, lead: {lead}, converted: won }}\n");
    let advice = |lead: &str| {
        let (_, findings) = read_ok(&outcomes(lead), folder.path());
        let finding = findings.of(What::OutcomeWithoutLead).next().map(|finding| finding.advice.clone());
        finding.unwrap_or_default()
    };
    let cure = "declare `lead: { column: who, via: [{ path: l.csv, from: contact, to: id }] }` under `outcomes`";
    assert!(advice("who").ends_with(cure), "{}", advice("who"));
    assert_eq!(advice("{ column: who, via: [{ path: l.csv, from: contact, to: id }] }"), "");
}

#[test]
fn events_say_when_sales_worked_a_lead() {
    let folder = folder(&[
        ("l.csv", LEADS),
        (
            "e.csv",
            "who,at,kind,sub\nb,2026-01-09,call,out\nb,2026-01-03,call,out\na,2026-01-02,mail,\nc,2026-01-04,call,in\n",
        ),
    ]);
    let yaml = |kinds: &str| {
        format!(
            "{OWN}outcomes: {{ flag: won, worked: {{ kinds: {kinds} }} }}\nevents: {{ path: e.csv, lead: who, at: at, kind: [kind, sub] }}\n"
        )
    };
    let (history, _) = read_ok(&yaml("['call: out', mail]"), folder.path());
    assert_eq!(texts(&history.zone, &history.outcomes.worked), ["2026-01-02", "2026-01-03", "-"]);
    assert_eq!(history.events.unwrap().kinds, ["call: out", "mail", "call: in"]);
    let error = |yaml: &str| try_read(yaml, folder.path(), &[]).unwrap_err().to_string();
    assert_eq!(
        error(&yaml("['call: ou']")),
        "data.outcomes.worked: there is no kind of events `call: ou`, did you mean `call: out`?"
    );
    let none = format!("{OWN}outcomes: {{ flag: won, worked: {{ kinds: [call] }} }}\n");
    assert!(error(&none).contains("name `data.events`"));
}

#[test]
fn a_history_of_one_column_is_read_from_a_log_of_many_things() {
    let folder = folder(&[
        ("l.csv", LEADS),
        ("e.csv", "who,at,type,new\na,2026-01-02 10:00,22,5\na,2026-01-03 10:00,1,9\nb,2026-01-04 10:00,22,7\n"),
    ]);
    let yaml = format!(
        "{OWN}{FLAG}history: {{ path: e.csv, lead: who, field_is: score, value: new, from: at, where: type = 22 }}\n"
    );
    let (history, findings) = read_ok(&yaml, folder.path());
    let score = history.attributes.iter().find(|attribute| attribute.name == "score").unwrap();
    let changed = score.changed.as_ref().unwrap();
    let changes: Vec<String> = history
        .changes
        .iter()
        .map(|change| format!("{} {:?}", history.ids.get(change.lead as usize), changed.cell(change.value as usize)))
        .collect();
    assert_eq!(changes, ["a Number(5.0)", "b Number(7.0)"]);
    assert_eq!(findings.of(What::LeftOut).next().unwrap().count, 1);
    let neither = yaml.replace("field_is: score, ", "");
    let error = try_read(&neither, folder.path(), &[]).unwrap_err().to_string();
    assert_eq!(error, "data.history: expected either `field: column` or `field_is: name`");
}

#[test]
fn what_is_misspelt_in_a_list_is_named_with_its_line() {
    let error = |yaml: &str| serde_yaml::from_str::<DataSpec>(yaml).unwrap_err().to_string();
    let list =
        format!("{OWN}{FLAG}events:\n- {{ path: e.csv, lead: id, at: at }}\n- path: f.csv\n  laed: id\n  at: at\n");
    let error_of_list = error(&list);
    assert!(error_of_list.contains("laed") && error_of_list.contains("line 6"), "{error_of_list}");
    let key = format!("{OWN}{FLAG}events:\n  path: e.csv\n  at: at\n  lead: {{ column: a, credit: each }}\n");
    assert!(error(&key).contains("say what stands between them"), "{}", error(&key));
    let empty = format!("{OWN}{FLAG}events: []\n");
    assert!(error(&empty).contains("a list without a section"), "{}", error(&empty));
}

#[test]
fn losses_may_stand_with_the_leads_and_wins_in_a_file() {
    let folder = folder(&[
        (
            "l.csv",
            "id,created,out,first\na,2026-01-01,2026-01-05,2026-01-03\nb,2026-01-01,,\nc,2026-01-01,2026-01-09,\n",
        ),
        ("d.csv", "who,won,value,called\nb,2026-02-01,10,2026-01-02\na,2026-02-02,,2026-01-02\n"),
    ]);
    let yaml = |leads: &str, deals: &str| {
        format!(
            "leads: {{ path: l.csv, id: id, created: created }}\noutcomes:\n- {{ {leads} }}\n- {{ path: d.csv, lead: who, {deals} }}\n"
        )
    };
    let deals = "converted: won, value: value, worked: called";
    let (history, _) = read_ok(&yaml("lost: out, worked: first", deals), folder.path());
    let outcomes = &history.outcomes;
    let wins: Vec<String> =
        outcomes.wins.iter().map(|win| format!("{} {}", history.ids.get(win.lead as usize), win.value)).collect();
    assert_eq!(wins, ["a NaN", "b 10"]);
    // That b was not turned down is no open deal, and c is lost.
    assert_eq!(texts(&history.zone, &outcomes.lost), ["2026-01-05 23:59:59", "-", "2026-01-09 23:59:59"]);
    assert_eq!(texts(&history.zone, &outcomes.worked), ["2026-01-02", "2026-01-02", "-"]);
    assert_eq!(history.zone.text(history.until), "2026-02-02 23:59:59");
    let error = |leads: &str, deals: &str| try_read(&yaml(leads, deals), folder.path(), &[]).unwrap_err().to_string();
    assert!(error("lost: out", "lost: won").contains("no section says who was won"));
    assert!(error("flag: out", deals).contains("one section says when leads were won and another does not"));
    assert!(
        error("converted: out, flag: out, stage: { column: out, won: [x] }", deals)
            .starts_with("data.outcomes[0]: both")
    );
}

#[test]
fn places_of_several_sections_are_in_their_own_files() {
    let folder = folder(&[
        ("l.csv", "id,created\na,2026-01-10\nb,2026-01-10\n"),
        ("d.csv", "who,won\na,2026-01-02\n"),
        ("e.csv", "who,won\nb,2026-02-02\nb,2026-01-03\n"),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes:\n- { path: d.csv, lead: who, converted: won }\n\
                - { path: e.csv, lead: who, converted: won }\n";
    let (_, findings) = read_ok(yaml, folder.path());
    let before = findings.of(What::ConvertedBeforeCreation).next().unwrap();
    let places: Vec<String> = before.rows.iter().map(|place| format!("{} {}", place.file, place.row)).collect();
    assert_eq!(places, ["d.csv 2", "e.csv 3"]);
}

#[test]
fn columns_of_other_files_are_looked_up() {
    let folder = folder(&[
        ("l.csv", "id,created,account,won\na,2026-01-01,7,1\nb,2026-01-01,8,0\nc,2026-01-01,,0\nd,2026-01-01,9,0\n"),
        (
            "acc.csv",
            "Id,Industry,Since,Size\n7,Retail,2025-01-01,10\n8,Bank,2025-02-01,20\n8,Bank,2025-02-01,30\n7,Retail,2025-01-01,10\n",
        ),
    ]);
    let yaml = |lookup: &str| {
        format!("leads: {{ path: l.csv, id: id, created: created, lookup: {{ path: acc.csv, {lookup} }} }}\n{FLAG}")
    };
    let (history, findings) = read_ok(
        &yaml(
            "from: account, to: Id, columns: [Industry, Since], known: at_creation, except: { Industry: { at: Since } }",
        ),
        folder.path(),
    );
    let industry = history.attributes.iter().find(|attribute| attribute.name == "Industry").unwrap();
    let cells: Vec<Cell> = (0..4).map(|row| industry.column.cell(row)).collect();
    assert_eq!(cells, [Cell::Text("Retail"), Cell::Text("Bank"), Cell::Missing, Cell::Missing]);
    assert_eq!(industry.known, Known::At("Since".into()));
    assert_eq!(attribute(&history, "Since").kind(), "times");
    assert_eq!(walked(&findings), ["`account` of the leads has a row in acc.csv for 2 of 4 leads"]);
    // Of rows that say different things neither is read.
    let (history, findings) = read_ok(&yaml("from: account, to: Id"), folder.path());
    assert_eq!(attribute(&history, "Size").cell(1), Cell::Missing);
    let twice = findings.of(What::LookedUpTwice).next().unwrap();
    assert_eq!((twice.count, twice.rows[0].row), (1, 4));
    let error = |lookup: &str| try_read(&yaml(lookup), folder.path(), &[]).unwrap_err().to_string();
    assert!(error("from: acount, to: Id").contains("did you mean `account`"));
    assert!(error("from: account, to: Id, columns: [Indutry]").contains("did you mean `Industry`"));
    std::fs::write(folder.path().join("acc.csv"), "Id,won,created,account\n7,x,y,z\n").unwrap();
    assert!(error("from: account, to: Id").contains("both have `account`"));
}

#[test]
fn a_history_says_more_than_that_a_column_was_known() {
    let folder = folder(&[("l.csv", LEADS), ("e.csv", "who,at,new\na,2026-01-02 10:00,5\n")]);
    let yaml = |known: &str, field: &str| {
        format!(
            "leads: {{ path: l.csv, id: id, created: created, except: {{ score: {known} }} }}\n{FLAG}\
             history: {{ path: e.csv, lead: who, field_is: {field}, value: new, from: at }}\n"
        )
    };
    let known = |declared: &str| {
        let (history, _) = read_ok(&yaml(declared, "score"), folder.path());
        history.attributes.iter().find(|attribute| attribute.name == "score").unwrap().known.clone()
    };
    assert_eq!((known("at_creation"), known("as_exported")), (Known::ByHistory, Known::AsExported));
    let error = try_read(&yaml("at_creation", "Score"), folder.path(), &[]).unwrap_err().to_string();
    assert_eq!(error, "data.history.field_is: the leads have no column `Score`, did you mean `score`?");
}

#[test]
fn stages_that_speak_of_losses_and_count_as_open_are_doubted() {
    let folder = folder(&[
        ("l.csv", LEADS),
        ("d.csv", "who,stage,day\na,Closed Won,2026-02-01\nb,Closed Lost,2026-02-02\nc,Offer,\n"),
    ]);
    let stages = |lost: &str| {
        let yaml = format!(
            "{OWN}outcomes: {{ path: d.csv, lead: who, stage: {{ column: stage, won: [Closed Won]{lost} }}, closed: day }}\n"
        );
        let (_, findings) = read_ok(&yaml, folder.path());
        let found = findings.of(What::StageValues).next().unwrap();
        (found.level, found.advice.clone())
    };
    let (level, advice) = stages("");
    assert_eq!(level, FindingLevel::Doubt);
    assert!(advice.ends_with("declare `stage: { column: stage, won: [Closed Won], lost: [Closed Lost] }`"), "{advice}");
    assert_eq!(stages(", lost: [Closed Lost]").0, FindingLevel::Note);
}
