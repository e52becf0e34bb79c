use std::fmt;

/// Something in a model file that cannot stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// "line 14", "tree 3", `learner.objective`; empty where it is about the whole file.
    pub place: String,
    pub what: String,
}

impl Wrong {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self::new("", what)
    }

    /// The file stops in the middle.
    pub(super) fn ends_early(place: impl Into<String>, missing: &str) -> Self {
        Self::new(place, format!("it ends early, {missing}: an unfinished copy? Copy or save the model again"))
    }

    /// The same, inside something larger.
    #[must_use]
    pub(super) fn inside(self, place: &str) -> Self {
        let place = if self.place.is_empty() { place.to_string() } else { format!("{place}, {}", self.place) };
        Self { place, ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.place, self.what) }
    }
}

/// Text of a file as a message quotes it: its beginning.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
