use super::*;

/// Leads of which the first is won, with a value a lead.
fn deals(values: &[&str]) -> String {
    let row = |(place, value): (usize, &&str)| format!("{place},{},\"{value}\"\n", u8::from(place == 0));
    format!("id,won,value\n{}", values.iter().enumerate().map(row).collect::<String>())
}

fn outcomes(decimal: &str, values: &[&str]) -> Result<Vec<f64>, String> {
    let folder = folder(&[("l.csv", "id\n0\n1\n2\n3\n"), ("o.csv", &deals(values))]);
    let yaml = format!(
        "leads: {{ path: l.csv, id: id }}\noutcomes: {{ path: o.csv, lead: id, flag: won, value: value{decimal} }}\n"
    );
    let read = try_read(&yaml, folder.path(), &[]).map_err(|error| error.to_string())?;
    Ok(read.0.outcomes.wins.iter().map(|win| win.value).collect())
}

fn leads(values: &[&str], types: &str) -> (History, Findings) {
    let folder = folder(&[("l.csv", &deals(values))]);
    read_ok(&format!("leads: {{ path: l.csv, id: id{types} }}\noutcomes: {{ flag: won }}\n"), folder.path())
}

#[test]
fn money_is_read_where_all_amounts_agree() {
    for values in [
        ["$1,250.00", "$5.00", "$900.00"],
        ["1.250,00 €", "5,00 €", "900,00 €"],
        ["CHF 1'250", "CHF 5.5", "CHF 900"],
        ["1\u{202f}250", "5,50", "900"],
        ["1,250", "5.50", "900"],
        ["1250", "5.50", "0"],
    ] {
        assert_eq!(outcomes("", &values), Ok(vec![1250.0]), "{values:?}");
    }
}

#[test]
fn of_two_readings_both_are_shown_with_what_settles_them() {
    let error = outcomes("", &["900", "1,250", "1,500"]).unwrap_err();
    assert_eq!(
        error,
        "outcomes: column `value`: its numbers can be read in two ways: `1,250` (o.csv, line 3) is 1250 with \
         `decimal: point` and 1.25 with `decimal: comma`; declare under `outcomes` the one that is meant"
    );
    assert!(outcomes("", &["1.250", "12000"]).unwrap_err().contains("is 1.25 with"));
    assert_eq!(outcomes(", decimal: point", &["1,250", "900"]), Ok(vec![1250.0]));
    assert_eq!(outcomes(", decimal: { value: comma }", &["1,250", "900"]), Ok(vec![1.25]));
}

#[test]
fn two_forms_in_one_column_are_an_error_with_both_lines() {
    let error = outcomes("", &["1,250.00", "7", "1.250,00"]).unwrap_err();
    assert!(error.contains("`1,250.00` (o.csv, line 2)") && error.contains("`1.250,00` (o.csv, line 4)"), "{error}");
    let error = outcomes("", &["$5.00", "0", "€7.00"]).unwrap_err();
    assert!(error.contains("`$5.00` (o.csv, line 2) and `€7.00` (o.csv, line 4)"), "{error}");
    let error = outcomes("", &["$5.00", "0", "7.00"]).unwrap_err();
    assert!(error.contains("`$5.00` (o.csv, line 2) and `7.00` (o.csv, line 4)"), "{error}");
    assert_eq!(outcomes("", &["$5.00", "0", "US$7.00"]), Ok(vec![5.0]));
}

#[test]
fn a_declared_mark_that_the_values_do_not_show_is_an_error() {
    let error = outcomes(", decimal: comma", &["5", "1.250,5", "7.25"]).unwrap_err();
    assert!(error.contains("`7.25` (o.csv, line 4)") && error.contains("decimal: point"), "{error}");
    let error = outcomes(", decimal: point", &["5", "1.250,5"]).unwrap_err();
    assert!(error.contains("`1.250,5` (o.csv, line 3)") && error.contains("decimal: comma"), "{error}");
}

#[test]
fn a_found_column_is_of_numbers_where_every_value_is_one() {
    let (history, findings) = leads(&["$1,250.00", "$5.00"], "");
    assert_eq!(*attribute(&history, "value"), Column::Number(vec![1250.0, 5.0]));
    let said: Vec<&str> = findings.of(What::NumbersAsWritten).map(|finding| finding.text.as_str()).collect();
    assert_eq!(said, ["numbers of `value` are read as they are written: `$1,250.00` is 1250"]);
    let (history, findings) = leads(&["26%", "7.5%"], "");
    assert_eq!(*attribute(&history, "value"), Column::Number(vec![26.0, 7.5]));
    assert!(findings.of(What::NumbersAsWritten).next().unwrap().text.contains("not a hundredth"));
    assert_eq!(attribute(&leads(&["$5", "five"], "").0, "value").kind(), "text");
    assert!(leads(&["5", "7"], "").1.of(What::NumbersAsWritten).next().is_none());
}

#[test]
fn telephone_numbers_stay_text_and_amounts_of_many_sizes_do_not() {
    assert_eq!(attribute(&leads(&["612 345 678", "699 000 111"], "").0, "value").kind(), "text");
    assert_eq!(attribute(&leads(&["612 345", "1 699 000"], "").0, "value").kind(), "numbers");
    assert_eq!(attribute(&leads(&["612 345", "612 346"], ", types: { value: number }").0, "value").kind(), "numbers");
}

#[test]
fn no_model_reads_a_found_column_of_two_readings() {
    let (history, findings) = leads(&["1.250", "2.500"], "");
    assert!(history.attributes.iter().all(|attribute| attribute.name != "value"));
    let why = findings.refusal("value").unwrap();
    assert!(why.contains("`1.250` (l.csv, line 2) is 1.25 with `decimal: { value: point }`"), "{why}");
    assert_eq!(findings.of(What::NumbersUnclear).next().unwrap().level, FindingLevel::Note);
    assert_eq!(*attribute(&leads(&["1.250", "2.5"], "").0, "value"), Column::Number(vec![1.25, 2.5]));
    assert_eq!(*attribute(&leads(&["1.250", "2,5"], "").0, "value"), Column::Number(vec![1250.0, 2.5]));
    assert_eq!(attribute(&leads(&["1.250", "2.500"], ", types: { value: text }").0, "value").kind(), "text");
}

#[test]
fn a_condition_on_rows_needs_numbers_of_one_reading() {
    let folder = folder(&[("l.csv", &deals(&["1.250", "2.500"]))]);
    let read = |types: &str| {
        let yaml = format!(
            "leads: {{ path: l.csv, id: id, types: {{ value: text }} }}\n\
             outcomes: {{ flag: won, where: \"value <> '7.100'\"{types} }}\n"
        );
        try_read(&yaml, folder.path(), &[]).map(drop).map_err(|error| error.to_string())
    };
    assert!(read("").unwrap_err().contains("can be read in two ways"));
    assert_eq!(read(", types: { value: text }"), Ok(()));
}

#[test]
fn events_are_read_by_the_same_rules() {
    let read = |values: [&str; 2], decimal: &str| {
        let log: String = values.iter().map(|value| format!("a,2026-01-02,buy,\"{value}\"\n")).collect();
        let folder = folder(&[("l.csv", "id,won\na,1\n"), ("e.csv", &format!("lead,at,kind,sum\n{log}"))]);
        let yaml = format!(
            "leads: {{ path: l.csv, id: id }}\noutcomes: {{ flag: won }}\n\
             events: {{ path: e.csv, lead: lead, at: at, kind: kind{decimal} }}\n"
        );
        let (history, _) = try_read(&yaml, folder.path(), &["sum"]).map_err(|error| error.to_string())?;
        Ok::<_, String>(history.events.unwrap().chunks[0].columns[0].clone())
    };
    assert_eq!(read(["1.250", "2,5"], ""), Ok(Column::Number(vec![1250.0, 2.5])));
    assert_eq!(read(["$1,250", "$2.5"], ", types: { sum: number }"), Ok(Column::Number(vec![1250.0, 2.5])));
    let error = read(["1.250", "2"], "").unwrap_err();
    assert!(error.contains("`decimal: { sum: comma }`"), "{error}");
    assert_eq!(read(["1.250", "2"], ", decimal: comma"), Ok(Column::Number(vec![1250.0, 2.0])));
}

#[test]
fn what_says_how_files_are_written_stands_where_the_file_does() {
    let error = error("leads: { path: l.csv }\noutcomes: { flag: won, decimal: comma }\n", &[("l.csv", "won\n1\n")]);
    assert!(error.contains("`decimal` without `path`") && error.contains("under `leads`"), "{error}");
}

#[test]
fn a_looked_up_column_of_two_readings_is_kept_from_models_too() {
    let accounts = "key,size\nx,1.250\ny,2.500\n";
    let folder = folder(&[("l.csv", "id,acc,won\n1,x,1\n2,y,0\n"), ("a.csv", accounts)]);
    let yaml = "leads: { path: l.csv, id: id, lookup: { path: a.csv, from: acc, to: key } }\noutcomes: { flag: won }\n";
    let (history, findings) = read_ok(yaml, folder.path());
    assert!(history.attributes.iter().all(|attribute| attribute.name != "size"));
    assert!(findings.refusal("size").unwrap().contains("declare under `lookup`"));
}
