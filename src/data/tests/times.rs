use super::*;

fn created(format: &str, values: &[&str]) -> Result<Vec<String>, String> {
    let rows: String = values.iter().map(|value| format!("\"{value}\",1\n")).collect();
    let folder = folder(&[("l.csv", &format!("created,won\n{rows}"))]);
    let yaml = format!("leads: {{ path: l.csv, created: created{format} }}\noutcomes: {{ flag: won }}\n");
    let (history, _) = try_read(&yaml, folder.path(), &[]).map_err(|error| error.to_string())?;
    Ok(texts(&history.zone, &history.created.unwrap()))
}

#[test]
fn a_format_is_proposed_that_fits_every_value_in_their_order() {
    let error = created("", &["20-10-16", "25-10-16"]).unwrap_err();
    assert!(
        error.contains("under `leads`: `format: { created: \"%y-%m-%d\" }` (`20-10-16` is then 2020-10-16)"),
        "{error}"
    );
    assert!(error.contains("or `format: { created: \"%d-%m-%y\" }` (`20-10-16` is then 2016-10-20)"), "{error}");
    let error = created("", &["20-10-16", "32-10-16"]).unwrap_err();
    assert!(error.contains("%y-%m-%d") && !error.contains("%d-%m-%y"), "{error}");
    let error = created(", format: \"%d.%m.%y\"", &["01/02/26 8:20 PM", "13/02/26 8:20 PM"]).unwrap_err();
    assert!(error.contains("the declared format is `%d.%m.%y`; each of"), "{error}");
    assert!(error.contains("\"%d/%m/%y %I:%M %p\" }` (`01/02/26 8:20 PM` is then 2026-02-01 20:20:00)"), "{error}");
    let error = created("", &["2020-10-16", "20-10-16", "Monday"]).unwrap_err();
    assert!(error.contains("no one way of writing fits all values"), "{error}");
    assert_eq!(created(", format: \"%y-%m-%d\"", &["20-10-16"]).unwrap(), ["2020-10-16"]);
}

#[test]
fn a_column_of_no_times_is_perhaps_another_than_meant() {
    let error = created("", &["web", "fair"]).unwrap_err();
    assert!(error.contains("if `created` is not the column that is meant, name another"), "{error}");
}

#[test]
fn numbers_of_days_and_seconds_are_declared() {
    let error = created("", &["46023.347222", "46025"]).unwrap_err();
    assert!(error.contains("format: { created: excel }"), "{error}");
    assert_eq!(created(", format: excel", &["46023.347222"]).unwrap(), ["2026-01-01 08:20:00"]);
    assert!(created("", &["1767255600.000"]).unwrap_err().contains("created: seconds }"));
    assert!(created("", &["1.76726E+12"]).unwrap_err().contains("as a spreadsheet rounded it"));
}

#[test]
fn dates_of_zeros_mean_that_nothing_is_there() {
    let error = created("", &["0000-00-00 00:00:00", "0000-00-00"]).unwrap_err();
    assert!(error.contains("declare `nulls: ['0000-00-00 00:00:00', '0000-00-00']` under `leads`"), "{error}");
}

#[test]
fn named_months_and_compact_dates_are_read_in_one_layout() {
    assert_eq!(created("", &["1. M\u{e4}rz 2026", "2 de mayo de 2026"]).unwrap(), ["2026-03-01", "2026-05-02"]);
    assert_eq!(created("", &["20260301", "20260502"]).unwrap(), ["2026-03-01", "2026-05-02"]);
    assert!(
        created("", &["1 Mar 2026", "2 Mar 2026", "2026-05-02", "2026-05-03"]).unwrap_err().contains("`1 Mar 2026`")
    );
}
