//! Published data sets, where they lie beside the package (or where `LEADOFF_SHARED` says); skipped elsewhere.

use std::path::{Path, PathBuf};

use super::*;
use crate::time::{Calendar, NEVER};

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("LEADOFF_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let data = folder.join("data");
    if !data.is_dir() {
        eprintln!("skipped: no {}", data.display());
        return None;
    }
    Some(data)
}

fn read_yaml(yaml: &str, base: &Path) -> Result<(History, Findings), DataError> {
    let spec: DataSpec = serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    read(&spec, base, &[], &mut |_: &History| None, &|_| {})
}

const OLIST: &str = "leads: { path: olist/olist_marketing_qualified_leads_dataset.csv, id: mql_id, created: first_contact_date, known: at_creation }\n\
                     outcomes: { path: olist/olist_closed_deals_dataset.csv, lead: mql_id, converted: won_date }\n";

#[test]
fn olist_has_its_published_counts() {
    let Some(data) = shared() else { return };
    let (history, findings) = read_yaml(OLIST, &data).unwrap();
    assert_eq!((history.read, history.ids.len(), history.outcomes.wins.len()), (8_000, 8_000, 842));
    let raw = raw_table(&history, &findings, &["origin".into()], Calendar::Month, 0.95).unwrap();
    assert_eq!((raw.all.leads, raw.all.wins), (8_000, 842));
    let zone = &history.zone;
    let (first_lead, last_lead) = raw.created.unwrap();
    let (first_win, last_win) = raw.outcomes.unwrap();
    assert_eq!((zone.text(first_lead), zone.text(last_lead)), ("2017-06-14".into(), "2018-05-31".into()));
    assert_eq!(
        (zone.text(first_win), zone.text(last_win)),
        ("2017-12-05 02:00:00".into(), "2018-11-14 18:04:19".into())
    );
    let spring = raw.cohorts.iter().filter(|row| row.name.as_str() >= "2018-01");
    let (leads, wins) = spring.fold((0, 0), |(leads, wins), row| (leads + row.leads, wins + row.wins));
    assert_eq!((wins, leads), (781, 5_998));
    let origin = |name: &str| raw.by[0].rows.iter().find(|row| row.name == name).map(|row| (row.wins, row.leads));
    assert_eq!(origin("organic_search"), Some((271, 2_296)));
    assert_eq!(origin("paid_search"), Some((195, 1_586)));
    assert_eq!(origin("social"), Some((75, 1_350)));
    assert_eq!(origin("(missing)"), Some((14, 60)));
}

#[test]
fn olist_shows_what_is_wrong_with_it() {
    let Some(data) = shared() else { return };
    let (history, findings) = read_yaml(OLIST, &data).unwrap();
    let before: Vec<_> = findings.of(What::ConvertedBeforeCreation).collect();
    assert_eq!((before.len(), before[0].count), (1, 1));
    assert!(before[0].rows[0].value.contains("b91cf8812365f50ff4bda4bcd6206b05"), "{:?}", before[0]);
    let late: Vec<_> = findings.of(What::OutcomesStartLate).collect();
    assert!(late[0].text.contains("(2017-12-05) comes 174 days after the first lead (2017-06-14)"), "{}", late[0].text);
    assert_eq!(findings.of(What::DatesWithoutTime).next().map(|finding| finding.count), Some(8_000));
    assert!(findings.refusal("lead_type").is_some_and(|reason| reason.contains("known only of leads whose deal")));
    assert!(history.outcomes.timed && !history.outcomes.valued);
    let error = raw_table(&history, &findings, &["lead_type".into()], Calendar::Month, 0.95).unwrap_err();
    assert!(error.to_string().contains("`lead_type` cannot be used: it is a column of the outcomes"), "{error}");
}

#[test]
fn a_join_of_the_deals_into_the_leads_is_found_out() {
    let Some(data) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str| -> Vec<Vec<String>> {
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(data.join("olist").join(name)).unwrap();
        rows.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect()
    };
    let deals = table("olist_closed_deals_dataset.csv");
    let mut joined = csv::Writer::from_path(folder.path().join("joined.csv")).unwrap();
    for lead in table("olist_marketing_qualified_leads_dataset.csv") {
        let deal = deals.iter().find(|deal| deal[0] == lead[0]);
        let nothing = vec![String::new(); deals[0].len()];
        joined.write_record(lead.iter().chain(&deal.unwrap_or(&nothing)[1..])).unwrap();
    }
    joined.flush().unwrap();
    let yaml =
        "leads: { path: joined.csv, id: mql_id, created: first_contact_date }\noutcomes: { converted: won_date }\n";
    let (history, _) = read_yaml(yaml, folder.path()).unwrap();
    assert_eq!(history.outcomes.wins.len(), 842);
}

#[test]
fn x_education_has_no_dates_and_five_constant_columns() {
    let Some(data) = shared() else { return };
    let yaml = "leads: { path: x-education/Leads.csv, id: Prospect ID, order_by: Lead Number, nulls: [Select] }\n\
                outcomes: { flag: Converted }\n";
    let (history, findings) = read_yaml(yaml, &data).unwrap();
    assert_eq!((history.ids.len(), history.outcomes.wins.len(), history.created.is_none()), (9_240, 3_561, true));
    assert!(!history.outcomes.timed && history.outcomes.wins.iter().all(|win| win.at == NEVER));
    let constant: Vec<_> = findings.of(What::ConstantColumn).map(|finding| finding.text.clone()).collect();
    assert_eq!(constant.len(), 5, "{constant:#?}");
    let missing = |name: &str| {
        let column = &history.attributes.iter().find(|attribute| attribute.name == name).unwrap().column;
        (0..column.len()).filter(|&row| column.is_missing(row)).count()
    };
    let spec: DataSpec = serde_yaml::from_str(&yaml.replace(", nulls: [Select]", "")).unwrap();
    let (plain, _) = read(&spec, &data, &[], &mut |_: &History| None, &|_| {}).unwrap();
    let selects = plain.attributes.iter().find(|attribute| attribute.name == "Lead Profile").unwrap();
    let selects = (0..9_240).filter(|&row| selects.column.cell(row) == crate::table::Cell::Text("Select")).count();
    assert_eq!(selects, 4_146);
    assert!(missing("Lead Profile") > 4_146);
    let flags = findings.of(What::FlagValues).next().unwrap();
    assert_eq!(flags.text, "`Converted`: `1` count as won; `0` do not");
    assert_eq!(*history.position.iter().max().unwrap(), 9_239);
}

#[test]
fn the_bank_data_need_no_id() {
    let Some(data) = shared() else { return };
    let yaml = "leads: { path: bank-marketing/bank-additional-full.csv.gz, nulls_in: { pdays: [999] }, nulls: [unknown] }\n\
                outcomes: { flag: y }\n";
    let (history, findings) = read_yaml(yaml, &data).unwrap();
    assert_eq!((history.ids.len(), history.outcomes.wins.len()), (41_188, 4_640));
    assert!(findings.of(What::DelimiterFound).next().unwrap().text.contains("between `;`"));
    let column = |name: &str| &history.attributes.iter().find(|attribute| attribute.name == name).unwrap().column;
    assert_eq!(column("emp.var.rate").kind(), "numbers");
    let pdays = column("pdays");
    assert_eq!((0..pdays.len()).filter(|&row| !pdays.is_missing(row)).count(), 41_188 - 39_673);
    assert!(history.ids.iter().collect::<Vec<_>>().is_sorted());
    assert_eq!(history.position[history.ids.find("41188").unwrap()], 41_187);
    assert!(findings.refusal("y").is_some());
}

#[test]
fn crm_exports_are_read_as_they_come() {
    let Some(data) = shared() else { return };
    let (history, _) = read_yaml(
        "leads: { path: crm-exports/hubspot/contact_data.csv, id: id, created: property_createdate, ignore: [_fivetran_synced] }\n\
         history: { path: crm-exports/hubspot/contact_property_history_data.csv, lead: contact_id, field: name, value: value, from: timestamp }\n\
         events: { path: crm-exports/hubspot/engagement_contact_data.csv, lead: contact_id, at: _fivetran_synced, kind: engagement_type }\n\
         outcomes: { path: crm-exports/hubspot/deal_stage_data.csv, lead: deal_id, converted: date_entered }\n",
        &data,
    )
    .unwrap();
    assert!(history.created.is_some());
    let (marketo, findings) = read_yaml(
        "leads: { path: crm-exports/marketo/marketo_lead_data.csv, id: id, created: created_at }\n\
         events: { path: crm-exports/marketo/marketo_activity_send_email_data.csv, lead: lead_id, at: activity_date, kind_is: email_send }\n\
         outcomes: { path: crm-exports/marketo/marketo_activity_click_email_data.csv, lead: lead_id, converted: activity_date }\n",
        &data,
    )
    .unwrap();
    assert_eq!(marketo.events.as_ref().unwrap().kinds, ["email_send"]);
    assert!(findings.of(What::EventWithoutLead).chain(findings.of(What::OutcomeWithoutLead)).all(|f| f.count > 0));
}

/// The header of a file, by its own reader.
fn header(path: &Path) -> Vec<String> {
    let spec = format!("leads: {{ path: '{}' }}\noutcomes: {{ flag: nothing }}\n", path.display());
    let spec: DataSpec = serde_yaml::from_str(&spec).unwrap();
    source::Source::open("leads", &spec.leads.path, spec.leads.dialect(), Path::new("")).unwrap().header
}

#[test]
fn every_crm_export_can_be_read_with_its_times() {
    let Some(data) = shared() else { return };
    for entry in glob::glob(&data.join("crm-exports/*/*.csv").to_string_lossy()).unwrap() {
        let path = entry.unwrap();
        let columns = header(&path);
        let time = |name: &&String| name.ends_with("_synced") || name.ends_with("_at") || name.contains("date_entered");
        let times: Vec<String> = columns.iter().filter(time).map(|name| format!("{name}: time")).collect();
        // Any column serves as a flag here: what counts is that the rest is read.
        let yaml = format!(
            "leads: {{ path: '{}', types: {{ {} }} }}\noutcomes: {{ flag: {}, positive: [x] }}\n",
            path.display(),
            times.join(", "),
            columns[0]
        );
        let yaml = yaml.replace(&format!("{}: time", columns[0]), "").replace("{ ,", "{ ");
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match read_yaml(&yaml, Path::new("")) {
            Ok(_) => {}
            Err(error) => {
                let text = error.to_string();
                println!("{name}: {text}");
                assert!(text.contains("no value of") || text.contains("holds times"), "{name}: {text}");
            }
        }
    }
}

#[test]
fn what_went_wrong_in_the_wild_is_said_clearly() {
    let Some(data) = shared() else { return };
    let bad = data.join("badfiles");
    let say = |leads: &str, outcomes: &str| -> String {
        match read_yaml(&format!("leads: {leads}\noutcomes: {outcomes}\n"), &bad) {
            Err(error) => error.to_string(),
            Ok((history, findings)) => {
                let list = findings
                    .list
                    .iter()
                    .filter(|finding| finding.level != FindingLevel::Note || finding.what == What::UnnamedColumn);
                let list: Vec<String> =
                    list.map(|f| format!("{:?} {}: {} [{}]", f.what, f.count, f.text, f.advice)).collect();
                format!("{} leads, {} wins; {}", history.ids.len(), history.outcomes.wins.len(), list.join(" | "))
            }
        }
    };
    let cases = [
        (
            "{ path: x_education_rows_double_quoted.csv.gz, id: Prospect ID }",
            "{ flag: Converted }",
            "9240 leads, 3561 wins; RowsWrappedInQuotes 338",
        ),
        (
            "{ path: x_education_trailing_comma_crlf.csv.gz, id: Prospect ID }",
            "{ flag: Converted }",
            "column 38 has neither a name nor a value",
        ),
        ("{ path: x_education_really_xlsx.csv }", "{ flag: Converted }", "9240 leads, 3561 wins"),
        ("{ path: hillstrom_really_git_lfs_pointer.csv }", "{ flag: visit }", "Git LFS pointer"),
        (
            "{ path: olist_mql_only_id_column_crlf.csv, id: mql_id, created: first_contact_date }",
            "{ flag: won }",
            "has no column `first_contact_date`",
        ),
        (
            "{ path: olist_mql_only_id_column_crlf.csv, id: mql_id }",
            "{ path: olist_closed_deals_excel_dates.csv, lead: mql_id, converted: won_date }",
            "842 wins",
        ),
        (
            "{ path: bank_additional_schema_drift.csv.gz }",
            "{ flag: y, positive: ['yes'] }",
            "no value of `y` means won by `positive: [yes]`; it holds `0`, `1`",
        ),
        (
            "{ path: [bank_additional_schema_drift.csv.gz, ../bank-marketing/bank-additional-full.csv.gz] }",
            "{ flag: y }",
            "has other columns than",
        ),
    ];
    for (leads, outcomes, expected) in cases {
        let said = say(leads, outcomes);
        println!("{leads} {outcomes}\n    {said}");
        assert!(said.contains(expected), "{said}");
    }
}
