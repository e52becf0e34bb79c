//! What happened, by files as people have them.

use super::*;

const LEADS: &str = "id,created\na,2026-01-01\nb,2026-01-01\nc,2026-01-01\nd,2026-01-02\n";

/// The history of four leads and such deals.
fn deals(keys: &str, rows: &str) -> Result<(History, Findings), String> {
    let folder = folder(&[("l.csv", LEADS), ("d.csv", rows)]);
    let yaml = format!(
        "leads: {{ path: l.csv, id: id, created: created }}\noutcomes: {{ path: d.csv, lead: lead, {keys} }}\n"
    );
    try_read(&yaml, folder.path(), &[]).map_err(|error| error.to_string())
}

fn won(history: &History) -> Vec<&str> {
    history.outcomes.wins.iter().map(|win| history.ids.get(win.lead as usize)).collect()
}

fn lost(history: &History) -> Vec<String> {
    texts(&history.zone, &history.outcomes.lost)
}

fn only(findings: &Findings, what: What) -> &Finding {
    let found: Vec<&Finding> = findings.of(what).collect();
    assert_eq!(found.len(), 1, "{what:?}: {:#?}", findings.list);
    found[0]
}

const STAGE: &str = "stage: { column: stage, won: [Closed Won], lost: [Closed Lost] }, closed: close";

#[test]
fn an_open_deal_is_no_outcome_and_says_nothing_of_until() {
    let rows = "lead,stage,close\na,Closed Won,2026-02-01\nb,Closed Lost,2026-02-03\nc,Contract Sent,2027-06-30\n";
    let (history, findings) = deals(STAGE, rows).unwrap();
    assert_eq!(won(&history), ["a"]);
    assert_eq!(lost(&history), ["-", "2026-02-03 23:59:59", "-", "-"]);
    assert_eq!(history.zone.text(history.until), "2026-02-03 23:59:59");
    let counts: Vec<(Fate, u64)> = findings.fates.iter().map(|value| (value.fate, value.rows)).collect();
    assert_eq!(counts, [(Fate::Won, 1), (Fate::Lost, 1), (Fate::Open, 1)]);
}

#[test]
fn a_lead_with_an_open_deal_is_open_whatever_else_it_lost() {
    let rows = "lead,stage,close\na,Closed Lost,2026-02-03\na,Contract Sent,2026-02-01\n\
                b,Closed Lost,2026-02-03\nb,Closed Lost,2026-02-05\nc,Open,\nc,Closed Won,2026-02-04\n";
    let (history, _) = deals(STAGE, rows).unwrap();
    assert_eq!(lost(&history), ["-", "2026-02-05 23:59:59", "-", "-"]);
    assert_eq!(won(&history), ["c"]);
}

#[test]
fn without_times_leads_with_an_open_deal_are_known_as_open() {
    let rows = "lead,stage\na,Closed Won\nb,Closed Lost\nc,Contract Sent\n";
    let keys = "stage: { column: stage, won: [Closed Won], lost: [Closed Lost] }";
    let (history, _) = deals(keys, rows).unwrap();
    assert!(!history.outcomes.timed);
    assert_eq!(history.outcomes.open, [false, false, true, false]);
}

#[test]
fn a_value_of_the_stage_that_never_occurs_is_doubted_with_the_near_one() {
    let rows = "lead,stage,close\na,Closed Won,2026-02-01\nb,Closed Lost,2026-02-03\n";
    let keys = "stage: { column: stage, won: [Closed Won], lost: [Close Lost] }, closed: close";
    let (history, findings) = deals(keys, rows).unwrap();
    let found = only(&findings, What::StageNeverOccurs);
    assert!(found.advice.contains("did you mean `Closed Lost`?"), "{}", found.advice);
    assert_eq!(lost(&history), ["-"; 4]);
}

#[test]
fn one_column_for_wins_and_losses_with_nothing_that_tells_is_an_error_with_what_could() {
    let rows = "lead,stage,close,owner\na,Closed Won,2026-02-01,x\nb,Closed Lost,2026-02-03,y\n";
    let error = deals("converted: close, lost: close", rows).unwrap_err();
    assert!(error.contains("`stage` (Closed Won, Closed Lost)") && !error.contains("owner"), "{error}");
    let folder = folder(&[("l.csv", "id,created,y,close\na,2026-01-01,true,2026-02-01\nb,2026-01-01,false,\n")]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { converted: close, lost: close }\n";
    let error = try_read(yaml, folder.path(), &[]).unwrap_err().to_string();
    assert!(error.contains("`y` (true, false)"), "{error}");
}

#[test]
fn a_column_that_says_lost_of_what_is_taken_for_a_win_forbids_a_conclusion() {
    let rows = "lead,stage,close\na,Closed Won,2026-02-01\nb,Closed Lost,2026-02-03\nc,Open,2026-02-04\n";
    let (history, findings) = deals("converted: close", rows).unwrap();
    assert_eq!(won(&history), ["a", "b", "c"]);
    let found = only(&findings, What::SpeaksOfFates);
    assert_eq!((found.level, found.count), (FindingLevel::Forbids, 2));
    assert!(
        found.advice.contains("stage: { column: stage, won: [Closed Won], lost: [Closed Lost] }"),
        "{}",
        found.advice
    );
    // With columns of their own for wins and losses it says nothing new.
    let rows = "lead,stage,won,lost\na,Closed Won,2026-02-01,\nb,Closed Lost,,2026-02-03\nc,Open,,\n";
    let (_, findings) = deals("converted: won, lost: lost", rows).unwrap();
    assert_eq!(findings.of(What::SpeaksOfFates).count(), 0);
}

#[test]
fn wins_before_and_after_a_loss_are_counted() {
    let rows = "lead,won,lost\na,2026-02-01,2026-02-05\nb,2026-02-05,2026-02-01\nc,2026-02-03,2026-02-03\nd,,\n";
    let (_, findings) = deals("converted: won, lost: lost", rows).unwrap();
    assert_eq!(only(&findings, What::LostAfterWin).text, "1 of 3 won leads were lost later; the win counts");
    let before = only(&findings, What::LostBeforeWin);
    assert_eq!(before.text, "1 of 3 won leads were lost before, and reopened; the win counts");
}

/// The first win and the leads' creation, of files with such times.
fn first_win(created: &str, close: &str, zone: &str) -> (String, String) {
    let folder = folder(&[
        ("l.csv", &format!("id,created\na,{created}\nb,{created}\n")),
        ("d.csv", &format!("lead,close\na,{close}\n")),
    ]);
    let yaml = format!(
        "leads: {{ path: l.csv, id: id, created: created }}\noutcomes: {{ path: d.csv, lead: lead, converted: close }}\n\
         timezone: {zone}\n"
    );
    let (history, _) = read_ok(&yaml, folder.path());
    let utc = Zone::utc();
    (utc.text(history.created.unwrap()[0]), utc.text(history.outcomes.wins[0].at))
}

#[test]
fn a_column_of_midnights_is_one_of_dates() {
    let day = ("2026-03-01".to_string(), "2026-03-02 23:59:59".to_string());
    for close in
        ["2026-03-02", "2026-03-02 00:00:00", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00+02:00", "3/2/2026 0:00"]
    {
        let close = if close.starts_with('3') { format!("{close}\nb,3/30/2026 0:00") } else { close.into() };
        assert_eq!(first_win("2026-03-01 00:00", &close, "UTC"), day, "{close}");
    }
    // A date is one in the time zone of the experiment, whatever the offset of its midnight.
    let berlin = ("2026-02-28 23:00:00".to_string(), "2026-03-02 22:59:59".to_string());
    for close in ["2026-03-02", "2026-03-02 00:00", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00+01:00"] {
        assert_eq!(first_win("2026-03-01", close, "Europe/Berlin"), berlin, "{close}");
    }
    // One time of day, and all are instants.
    let close = "2026-03-02 00:00:00\nb,2026-03-02 08:00:00";
    assert_eq!(first_win("2026-03-01", close, "UTC").1, "2026-03-02");
}

#[test]
fn a_text_column_of_times_holds_times_and_one_of_both_does_not() {
    let text =
        "id,won,seen,day,mixed,version\na,1,2026-01-01 10:00,2026-01-05,2026-01-01,1.2.3\nb,0,,2026-01-06,soon,1.2.4\n";
    let (history, _) = flagged(text).unwrap();
    let of = |name: &str| history.attributes.iter().find(|attribute| attribute.name == name).unwrap();
    assert_eq!(
        ["seen", "day", "mixed", "version"].map(|name| of(name).column.kind()),
        ["times", "times", "text", "text"]
    );
    assert_eq!(["seen", "day"].map(|name| of(name).are_dates), [false, true]);
}

#[test]
fn a_mistyped_year_leaves_a_gap_that_is_told() {
    let day = |place: usize| format!("l{place},2026-{:02}-{:02}\n", 1 + place / 28 % 6, 1 + place % 28);
    let rows = |far: usize| -> String {
        let far = (0..far).map(|place| format!("l{place},2029-01-01\n"));
        "lead,won\n".to_string() + &(0..300).map(day).chain(far).collect::<String>()
    };
    let read = |rows: &str| {
        let leads =
            "id,created\n".to_string() + &(0..300).map(|lead| format!("l{lead},2025-01-01\n")).collect::<String>();
        let folder = folder(&[("l.csv", &leads), ("d.csv", rows)]);
        let yaml =
            "leads: { path: l.csv, id: id, created: created }\noutcomes: { path: d.csv, lead: lead, converted: won }\n";
        read_ok(yaml, folder.path()).1.until_or
    };
    let told = |found: Option<(i64, u64)>| found.map(|(at, beyond)| (Zone::utc().text(at), beyond));
    assert_eq!(told(read(&rows(1))), Some(("2026-06-28 23:59:59".into(), 1)));
    // Two of 302 are more than one in two hundred: that is no slip.
    assert_eq!(read(&rows(2)), None);
    assert_eq!(read(&rows(0)), None);
}

#[test]
fn deals_that_are_equal_in_every_column_are_read_once() {
    let rows = "lead,won,value,deal\na,2026-02-01,10,1\na,2026-02-01,10,1\nb,2026-02-01,10,2\nb,2026-02-01,10,3\n";
    let (history, findings) = deals("converted: won, value: value", rows).unwrap();
    assert_eq!(won(&history), ["a", "b", "b"]);
    assert_eq!(only(&findings, What::IdenticalDeals).count, 1);
    assert_eq!(only(&findings, What::EqualDeals).count, 1);
}

#[test]
fn wins_without_a_lead_are_one_thing_and_keys_that_match_nothing_another() {
    let ids = |from: usize, to: usize, suffix: &str| -> String {
        (from..to).map(|lead| format!("L{lead:03}{suffix},2026-02-01\n")).collect()
    };
    let read = |rows: String, lead: &str| {
        let leads =
            "id,created\n".to_string() + &(0..40).map(|lead| format!("L{lead:03},2026-01-01\n")).collect::<String>();
        let folder = folder(&[("l.csv", &leads), ("d.csv", &("lead,won\n".to_string() + &rows))]);
        let yaml = format!(
            "leads: {{ path: l.csv, id: id, created: created }}\noutcomes: {{ path: d.csv, lead: {lead}, converted: won }}\n"
        );
        read_ok(&yaml, folder.path())
    };
    // One win in ten is the most that may be missing.
    let (_, findings) = read(ids(0, 18, "") + &ids(18, 20, " .0") + ",2026-02-01\n", "lead");
    assert_eq!(only(&findings, What::WinsWithoutLead).count, 1);
    assert_eq!(only(&findings, What::RowWithoutLead).count, 1);
    let unmatched = only(&findings, What::OutcomeWithoutLead);
    assert_eq!((unmatched.level, unmatched.count), (FindingLevel::Doubt, 2));
    let (_, findings) = read(ids(0, 17, "") + &ids(17, 20, ".0"), "lead");
    let unmatched = only(&findings, What::OutcomeWithoutLead);
    assert_eq!(unmatched.level, FindingLevel::Forbids);
    assert!(unmatched.text.contains("3 of 20 wins"), "{}", unmatched.text);
    assert!(
        unmatched.advice.contains("lead: { column: lead, match: [float] }` under `outcomes`"),
        "{}",
        unmatched.advice
    );
    // What is declared joins them.
    let (history, findings) = read(ids(0, 17, "") + &ids(17, 20, ".0"), "{ column: lead, match: [float] }");
    assert_eq!((history.outcomes.wins.len(), findings.of(What::OutcomeWithoutLead).count()), (20, 0));
}

#[test]
fn merged_ids_join_outcomes_events_and_changes() {
    let folder = folder(&[
        ("l.csv", "id,created,merged,stage\n1,2026-01-01,7;8,new\n2,2026-01-01,,new\n3,2026-01-01,9,new\n"),
        ("d.csv", "lead,won\n8,2026-02-01\n2,2026-02-01\n"),
        ("e.csv", "lead,at,kind\n7,2026-01-03 10:00,open\n9,2026-01-04 10:00,open\n4,2026-01-04 10:00,open\n"),
        ("h.csv", "lead,field,value,from\n9,stage,old,2026-01-02\n"),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created, merged_ids: merged }\n\
                events: { path: e.csv, lead: lead, at: at, kind: kind }\n\
                history: { path: h.csv, lead: lead, field: field, value: value, from: from }\n\
                outcomes: { path: d.csv, lead: lead, converted: won }\nuntil: 2026-03-01\n";
    let (history, findings) = read_ok(yaml, folder.path());
    assert_eq!(won(&history), ["1", "2"]);
    let events: Vec<u32> =
        history.events.as_ref().unwrap().chunks.iter().flat_map(|chunk| chunk.lead.clone()).collect();
    assert_eq!(events, [0, 2]);
    assert_eq!(history.changes.len(), 1);
    assert_eq!(only(&findings, What::EventWithoutLead).count, 1);
}

#[test]
fn of_changes_at_one_instant_the_order_of_rows_decides_nothing() {
    let read = |rows: &[&str], old: &str| {
        let rows = "lead,field,before,value,from\n".to_string() + &rows.join("\n") + "\n";
        let folder = folder(&[("l.csv", "id,created,stage,score,won\na,2026-01-01,x,1,1\n"), ("h.csv", &rows)]);
        let yaml = format!(
            "leads: {{ path: l.csv, id: id, created: created }}\noutcomes: {{ flag: won }}\n\
             history: {{ path: h.csv, lead: lead, field: field, value: value, from: from{old} }}\n"
        );
        let (history, findings) = read_ok(&yaml, folder.path());
        let change = &history.changes[0];
        assert_eq!(history.changes.len(), 1);
        let cell = history.attributes[change.field as usize].changed.as_ref().unwrap().cell(change.value as usize);
        let told = match cell {
            Cell::Text(text) => text.to_owned(),
            Cell::Number(number) => number.to_string(),
            other => panic!("{other:?}"),
        };
        (told, findings.of(What::ChangesAtOneInstant).map(|finding| finding.count).sum::<u64>())
    };
    let stages = [
        "a,stage,,new,2026-01-02 10:00",
        "a,stage,new,working,2026-01-02 10:00",
        "a,stage,working,done,2026-01-02 10:00",
    ];
    let mut back = stages;
    back.reverse();
    for rows in [stages, back] {
        assert_eq!(read(&rows, ", old: before"), ("done".into(), 1), "the chain decides");
        assert_eq!(read(&rows, ""), ("working".into(), 1), "else the greatest value");
    }
    let scores = ["a,score,,9,2026-01-02 10:00", "a,score,,10,2026-01-02 10:00"];
    assert_eq!(read(&scores, ""), ("10".into(), 1), "numbers as numbers");
    assert_eq!(read(&[scores[0], scores[0]], ""), ("9".into(), 0));
}

#[test]
fn where_leaves_rows_out_and_counts_them() {
    let folder = folder(&[
        ("l.csv", "id,created,type\na,2026-01-01,Lead\nb,2026-01-01,Student\nc,2026-01-01,Lead\n"),
        (
            "d.csv",
            "lead,won,kind,value\na,2026-02-01,New,5\na,2026-03-01,Renewal,7\nc,2026-02-01,Renewal,9\nb,2026-02-01,New,3\n",
        ),
        (
            "e.csv",
            "lead,at,kind,internal\na,2026-01-03 10:00,open,no\na,2026-01-04 10:00,open,yes\nc,2026-01-04 10:00,click,no\n",
        ),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created, where: \"Type <> 'Student'\" }\n\
                events: { path: e.csv, lead: lead, at: at, kind: kind, where: \"internal <> 'yes' AND kind = 'open'\" }\n\
                outcomes: { path: d.csv, lead: lead, converted: won, value: value, where: \"kind = 'New'\" }\n\
                until: 2026-04-01\n";
    let (history, findings) = read_ok(yaml, folder.path());
    assert_eq!(history.ids.iter().collect::<Vec<&str>>(), ["a", "c"]);
    assert_eq!(history.left_out, [("where: Type <> 'Student'".to_string(), 1)]);
    assert_eq!((won(&history), history.outcomes.wins[0].value), (vec!["a"], 5.0));
    let at: Vec<i64> = history.events.as_ref().unwrap().chunks.iter().flat_map(|chunk| chunk.at.clone()).collect();
    assert_eq!(texts(&history.zone, &at), ["2026-01-03 10:00:00"]);
    let left: Vec<(String, u64)> = findings.of(What::LeftOut).map(|one| (one.text.clone(), one.count)).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&("rows of the outcomes left out by `where: kind = 'New'`".into(), 2)), "{left:?}");
    assert!(left.iter().any(|(text, rows)| text.contains("events") && *rows == 2), "{left:?}");
    // On the leads' own rows it says which deals count.
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { converted: created, where: \"type = 'Lead'\" }\n";
    let yaml = yaml.replace("created: created }", "created: made }").replace("id,created", "id,made");
    let own = super::folder(&[(
        "l.csv",
        "id,made,created,type\na,2025-01-01,2026-01-01,Lead\nb,2025-01-01,2026-01-01,Old\n",
    )]);
    let (history, _) = read_ok(&yaml, own.path());
    assert_eq!((won(&history), history.ids.len()), (vec!["a"], 2));
    let error = error(
        &yaml.replace("type = 'Lead'", "typo = 'Lead'"),
        &[("l.csv", "id,made,created,type\na,2025-01-01,2026-01-01,Lead\n")],
    );
    assert!(error.contains("typo"), "{error}");
}

#[test]
fn words_for_nothing_exports_of_ends_and_months_that_fail_are_found() {
    let rows = |type_of: fn(usize) -> &'static str| -> String {
        "id,won,size\n".to_string()
            + &(0..100).map(|lead| format!("{lead},{},{}\n", lead % 4 / 3, type_of(lead))).collect::<String>()
    };
    let (_, findings) = flagged(&rows(|lead| if lead % 5 == 0 { "null" } else { "12" })).unwrap();
    let found = only(&findings, What::NullWords);
    assert_eq!((found.count, found.level), (20, FindingLevel::Doubt));
    assert!(found.advice.contains("nulls: ['null']"), "{}", found.advice);
    let (_, findings) = flagged(&rows(|lead| if lead == 5 { "none" } else { "some" })).unwrap();
    assert_eq!(findings.of(What::NullWords).count(), 0);
    let closed = |open: usize| -> String {
        let row = |lead: usize| match lead {
            lead if lead < open => format!("{lead},2025-01-01,,\n"),
            lead if lead % 3 == 0 => format!("{lead},2025-01-01,2025-02-01,\n"),
            lead => format!("{lead},2025-01-01,,2025-02-01\n"),
        };
        "id,created,won,lost\n".to_string() + &(0..60).map(row).collect::<String>()
    };
    let read = |text: &str| {
        let folder = folder(&[("l.csv", text)]);
        read_ok(
            "leads: { path: l.csv, id: id, created: created }\noutcomes: { converted: won, lost: lost }\n",
            folder.path(),
        )
        .1
    };
    assert_eq!(read(&closed(0)).of(What::ClosedOnly).count(), 1);
    assert_eq!(read(&closed(1)).of(What::ClosedOnly).count(), 0);
    let months = |last: usize| -> String {
        let leads =
            |month: usize, count: usize| (0..count).map(move |lead| format!("{month}-{lead},2025-{month:02}-03,,\n"));
        "id,created,won,lost\n1,2025-01-01,2025-02-01,\n".to_string()
            + &(1..6).flat_map(|month| leads(month, 60)).chain(leads(6, last)).chain(leads(7, last)).collect::<String>()
    };
    assert_eq!(read(&months(11)).of(What::VolumeCollapses).count(), 1);
    assert_eq!(read(&months(12)).of(What::VolumeCollapses).count(), 0);
}

#[test]
fn events_that_share_an_id_are_one() {
    let read = |first: &str, second: &str, keys: &str| {
        let head = "event_id,lead,at,kind,page\n".to_string();
        let folder = folder(&[
            ("l.csv", LEADS),
            ("d.csv", "lead,won\na,2026-02-01\n"),
            ("e-1.csv", &(head.clone() + first)),
            ("e-2.csv", &(head + second)),
        ]);
        let yaml = format!(
            "leads: {{ path: l.csv, id: id, created: created }}\noutcomes: {{ path: d.csv, lead: lead, converted: won }}\n\
             events: {{ path: 'e-*.csv', lead: lead, at: at, kind: kind{keys} }}\nuntil: 2026-03-01\n"
        );
        let (history, findings) = read_ok(&yaml, folder.path());
        let events: usize = history.events.unwrap().chunks.iter().map(|chunk| chunk.lead.len()).sum();
        (events, findings.of(What::IdenticalEvents).map(|finding| finding.count).sum::<u64>())
    };
    let row = |id: u32, minute: u32| format!("e{id},a,2026-01-03 10:{minute:02}:00,open,/x\n");
    let first: String = (0..5).map(|id| row(id, id)).collect();
    let second: String = (3..8).map(|id| row(id, id)).collect();
    assert_eq!(read(&first, &second, ""), (8, 2), "found: its values repeat only in equal rows");
    // The same id at another time: it is no id of events.
    let other: String = (3..8).map(|id| row(id, 40 + id)).collect();
    assert_eq!(read(&first, &other, ""), (10, 0));
    assert_eq!(read(&first, &other, ", id: event_id"), (8, 2), "declared: what shares it is one");
}
