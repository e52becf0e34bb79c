//! Names that were probably meant.

/// How alike two names are at least, from 0 to 1 (Winkler 1990), for one to be taken for the other.
const ALIKE: f64 = 0.8;

/// The known name that was probably meant: case, blanks, dashes and dots count little; of equals the first by name.
pub fn suggest<'a>(known: impl IntoIterator<Item = &'a str>, wrong: &str) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace([' ', '-', '.'], "_");
    let wrong = plain(wrong);
    let likeness = |name: &'a str| (strsim::jaro_winkler(&wrong, &plain(name)), name);
    let near = known.into_iter().map(likeness).filter(|(likeness, _)| *likeness > ALIKE);
    near.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1))).map(|(_, name)| name)
}

/// The most alike first.
pub fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, wrong: &str) -> Vec<&'a str> {
    let wrong = wrong.to_lowercase();
    let likeness = |name: &'a str| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name);
    let mut known: Vec<(f64, &str)> = known.into_iter().map(likeness).collect();
    known.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    known.into_iter().map(|(_, name)| name).collect()
}

/// ", did you mean `created_at`?", or nothing.
pub fn did_you_mean<'a>(known: impl IntoIterator<Item = &'a str>, wrong: &str) -> String {
    suggest(known, wrong).map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// A name as YAML takes it inside braces.
pub fn yaml_name(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_ ./".contains(letter))
        && !["true", "false", "yes", "no", "null", "on", "off"].contains(&name.to_lowercase().as_str());
    if is_plain { name.into() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_name() {
        let known = ["lead_id", "created_at", "Lead Source", "created_on"];
        for (wrong, meant) in [
            ("creatd_at", Some("created_at")),
            ("lead_source", Some("Lead Source")),
            ("LEAD-ID", Some("lead_id")),
            ("created_a", Some("created_at")),
            ("zebra", None),
        ] {
            assert_eq!(suggest(known, wrong), meant, "{wrong}");
        }
        assert_eq!(did_you_mean(known, "creatd_at"), ", did you mean `created_at`?");
        assert_eq!(did_you_mean(known, "zebra"), "");
    }
}
