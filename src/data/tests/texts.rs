use super::*;

#[test]
fn one_value_is_one_however_it_was_typed() {
    let leads = "id,city,won\nA\u{a0},Zu\u{308}rich,\n\u{feff}B\u{fc},Z\u{fc}rich\u{200b},\nC, Bern ,\nD,Bern,\n";
    let deals = "lead,won\nA,2026-01-01\nBu\u{308}\u{a0},2026-01-02\n";
    let folder = folder(&[("l.csv", leads), ("o.csv", deals)]);
    let yaml = "leads: { path: l.csv, id: id, ignore: [won] }\noutcomes: { path: o.csv, lead: lead, converted: won }\n";
    let (history, findings) = read_ok(yaml, folder.path());
    let Column::Text(city) = attribute(&history, "city") else { panic!() };
    assert_eq!(city.levels, ["Z\u{fc}rich", "Bern"]);
    assert_eq!(history.outcomes.wins.len(), 2);
    let said: Vec<(&str, u64)> =
        findings.of(What::TidiedText).map(|finding| (finding.input.as_str(), finding.count)).collect();
    assert_eq!(said, [("leads", 2), ("leads", 3), ("outcomes", 1)]);
}

#[test]
fn values_that_differ_in_capital_letters_are_named() {
    let (_, findings) = flagged("id,source,won\n1,Web,1\n2,web,0\n3,web,0\n4,fair,0\n").unwrap();
    let alike = findings.of(What::LookAlikes).next().unwrap();
    assert_eq!(
        (alike.text.as_str(), alike.count),
        ("`source` holds values that differ only in capital letters or blanks: `Web` in 1 and `web` in 2 rows", 3)
    );
    assert!(flagged("id,source,won\n1,Web,1\n2,fair,0\n").unwrap().1.of(What::LookAlikes).next().is_none());
}

#[test]
fn a_condition_on_rows_that_asks_for_what_never_occurs_is_named() {
    let folder = folder(&[("l.csv", "id,type,won\n1,Renewal,1\n2,New,0\n")]);
    let yaml = |value: &str| {
        format!("leads: {{ path: l.csv, id: id, where: \"type <> '{value}'\" }}\noutcomes: {{ flag: won }}\n")
    };
    let (_, findings) = read_ok(&yaml("Renewals"), folder.path());
    let found = findings.of(What::ValueNeverOccurs).next().unwrap();
    assert_eq!(found.text, "`type <> 'Renewals'` asks for 'Renewals', and `type` never holds it");
    assert_eq!(found.advice, "did you mean 'Renewal'? it holds 'Renewal', 'New'");
    assert!(read_ok(&yaml("New"), folder.path()).1.of(What::ValueNeverOccurs).next().is_none());
}

#[test]
fn kinds_of_events_that_look_alike_are_named() {
    let folder = folder(&[
        ("l.csv", "id,created,won\na,2026-01-01,1\nb,2026-01-01,0\n"),
        (
            "e.csv",
            "lead,at,kind\na,2026-01-02,Form sent\nb,2026-01-02,form  Sent\nb,2026-01-03,form  Sent\nb,2026-01-03,call\n",
        ),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { flag: won }\n\
                events: { path: e.csv, lead: lead, at: at, kind: kind }\n";
    let (_, findings) = read_ok(yaml, folder.path());
    let found = findings.of(What::LookAlikes).next().unwrap();
    assert_eq!(
        (found.count, found.text.as_str()),
        (
            3,
            "kinds of events that differ only in capital letters or blanks: `Form sent` in 1 and `form  Sent` in 2 rows"
        )
    );
}

#[test]
fn a_flag_that_nothing_wins_by_is_told_with_the_values_that_may() {
    let error = |rows: &str, more: &str| {
        let yaml = format!("leads: {{ path: l.csv, id: id }}\noutcomes: {{ flag: won{more} }}\n");
        super::error(&yaml, &[("l.csv", &format!("id,won\n{rows}"))])
    };
    let told = error("a,Yes\nb,No\n", ", positive: [won]");
    assert!(told.contains("means won by `positive: [won]`") && told.contains("`positive: ['Yes']`"), "{told}");
    let told = error("a,2026-01-01\nb,\n", "");
    assert!(told.ends_with("say that it is the time of a win, as `converted: won`"), "{told}");
    let yaml = "leads: { path: l.csv, id: id, created: id }\noutcomes: { flag: won }\n";
    assert!(super::error(yaml, &[("l.csv", "id,won\na,1\n")]).contains("named by `id` and by `created`"));
}
