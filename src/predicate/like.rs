/// A pattern of LIKE, ready to match.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// ILIKE.
    folded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// `%`
    Any,
    /// `_`
    One,
    Char(char),
}

impl Pattern {
    /// `Err` says what is wrong.
    pub(super) fn new(pattern: &str, escape: Option<char>, folded: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            match c {
                c if Some(c) == escape => {
                    let escaped =
                        chars.next().ok_or_else(|| format!("the pattern ends in its escape character `{c}`"))?;
                    push_char(&mut parts, escaped, folded);
                }
                '%' => parts.push(Part::Any),
                '_' => parts.push(Part::One),
                c => push_char(&mut parts, c, folded),
            }
        }
        Ok(Self { parts, folded })
    }

    /// The pattern's text, with `!` before signs that stand for themselves, and whether it is one of ILIKE.
    pub(super) fn written(&self) -> (String, bool) {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Any => text.push('%'),
                Part::One => text.push('_'),
                Part::Char(c @ ('%' | '_' | '!')) => text.extend(['!', *c]),
                Part::Char(c) => text.push(*c),
            }
        }
        (text, self.folded)
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.folded { self.matches_all(&text.to_lowercase()) } else { self.matches_all(text) }
    }

    /// Greedy, back to the last `%` where it fails: never worse than length × length.
    fn matches_all(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut next = 0;
        let mut retry: Option<(usize, std::str::Chars)> = None;
        loop {
            let mut ahead = rest.clone();
            match (self.parts.get(next), ahead.next()) {
                (Some(Part::Any), _) => {
                    next += 1;
                    retry = Some((next, rest.clone()));
                    continue;
                }
                (None, None) => return true,
                (Some(Part::One), Some(_)) => {
                    (next, rest) = (next + 1, ahead);
                    continue;
                }
                (Some(Part::Char(wanted)), Some(found)) if *wanted == found => {
                    (next, rest) = (next + 1, ahead);
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            (next, rest) = (*after, from.clone());
        }
    }
}

fn push_char(parts: &mut Vec<Part>, c: char, folded: bool) {
    if folded { parts.extend(c.to_lowercase().map(Part::Char)) } else { parts.push(Part::Char(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        Pattern::new(pattern, None, false).unwrap().matches(text)
    }

    #[test]
    fn a_percent_sign_stands_for_any_text_and_an_underscore_for_one_character() {
        assert!(like("vp sales", "vp%"));
        assert!(like("senior vp of sales", "%vp%"));
        assert!(like("", "%"));
        assert!(like("ääb", "_ä%b"));
        assert!(like("aab", "%ab"));
        assert!(like("a\nb", "a%b"));
        assert!(!like("VP sales", "vp%"));
        assert!(!like("vp", "vp_"));
        assert!(!like("", "_"));
    }

    #[test]
    fn an_escaped_sign_stands_for_itself() {
        let pattern = Pattern::new("100!%", Some('!'), false).unwrap();
        assert!(pattern.matches("100%"));
        assert!(!pattern.matches("1000"));
        assert!(Pattern::new("100!", Some('!'), false).is_err());
    }

    #[test]
    fn ilike_ignores_case() {
        let pattern = Pattern::new("%ÖKO%", None, true).unwrap();
        assert!(pattern.matches("die Ökobank"));
    }

    #[test]
    fn a_hostile_pattern_does_not_take_for_ever() {
        assert!(!like(&"a".repeat(5_000), &format!("{}b", "%a".repeat(50))));
    }
}
