//! A tree as a file has it, and whether it is one.

use super::error::Wrong;
use super::layout::View;

#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The first one is the root.
    pub(super) nodes: Vec<Drafted>,
    /// Whether nodes may lie about that nothing leads to, as they do after pruning.
    pub(super) is_pruned: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Drafted {
    Split {
        cut: Cut,
        children: [usize; 2],
    },
    Leaf {
        value: f64,
        /// How many leads the library saw in it, or their weight; not a number where it does not say.
        cover: f64,
        slope: Option<Slope>,
    },
    /// Pruned.
    Gone,
}

/// What a linear leaf gives: `constant + Σ weight · input`, and the leaf's value where an input is missing.
#[derive(Clone, Debug)]
pub(super) struct Slope {
    pub(super) constant: f64,
    pub(super) terms: Vec<(u32, f64)>,
}

/// What decides between two children.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) input: usize,
    pub(super) view: View,
    pub(super) kind: Kind,
    /// Whether a missing value goes to the first child.
    pub(super) missing_first: bool,
}

impl Cut {
    /// Whether the second child comes first in the layout, where a comparison that is false leads: missing values do.
    pub(super) fn swaps(&self) -> bool {
        match self.kind {
            Kind::In { first, .. } => first,
            Kind::AtMost(_) | Kind::Below(_) => !self.missing_first,
        }
    }

    /// Whether it looks its value up in a slot that holds it negated.
    pub(super) fn is_negated(&self) -> bool {
        !self.missing_first && !matches!(self.kind, Kind::In { .. })
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The first child takes what is at most this.
    AtMost(f64),
    /// The first child takes what is below this.
    Below(f64),
    /// The categories of the set go to the first child, or to the second.
    In { set: Set, first: bool },
}

/// Categories as words of 32 bits, by the word's number, ascending and without those that are 0: as large as what is in it, however
/// large its numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set(pub(super) Vec<(u32, u32)>);

impl Set {
    /// From all words in order.
    pub(super) fn of_words(words: &[u32]) -> Self {
        Self((0..).zip(words.iter().copied()).filter(|(_, bits)| *bits != 0).collect())
    }

    pub(super) fn of_codes(mut codes: Vec<u32>) -> Self {
        codes.sort_unstable();
        let mut words: Vec<(u32, u32)> = Vec::new();
        for code in codes {
            match words.last_mut() {
                Some((word, bits)) if *word == code / 32 => *bits |= 1 << (code % 32),
                _ => words.push((code / 32, 1 << (code % 32))),
            }
        }
        Self(words)
    }

    pub(super) fn holds(words: &[(u32, u32)], code: u32) -> bool {
        let word = code / 32;
        // Mostly every word is there.
        let found = match words.get(word as usize) {
            Some((known, bits)) if *known == word => Some(*bits),
            _ => words.binary_search_by_key(&word, |(known, _)| *known).ok().map(|place| words[place].1),
        };
        found.is_some_and(|bits| bits >> (code % 32) & 1 == 1)
    }
}

/// A node in the order in which trees are laid out.
pub(super) struct Ordered {
    pub(super) index: usize,
    pub(super) depth: u32,
}

impl Drafted {
    pub(super) fn is_set(&self) -> bool {
        matches!(self, Self::Split { cut: Cut { kind: Kind::In { .. }, .. }, .. })
    }

    pub(super) fn is_leaf(&self) -> bool {
        matches!(self, Self::Leaf { .. })
    }

    pub(super) fn cover(&self) -> f64 {
        if let Self::Leaf { cover, .. } = self { *cover } else { 0.0 }
    }

    /// In the order of the layout.
    pub(super) fn children(&self) -> Option<[usize; 2]> {
        let Self::Split { cut, children: [first, second] } = self else { return None };
        Some(if cut.swaps() { [*second, *first] } else { [*first, *second] })
    }
}

/// Libraries grow no deeper trees, and each lead walks to the end.
const DEEPEST: u32 = 4_096;

impl Draft {
    /// Root first, then pair by pair of children.
    ///
    /// # Errors
    /// When it is no tree.
    pub(super) fn order(&self, inputs: usize) -> Result<Vec<Ordered>, Wrong> {
        const ROOT: usize = usize::MAX;
        let count = self.nodes.len();
        let mut order: Vec<Ordered> = Vec::with_capacity(count);
        // Above each node that was reached: its parent.
        let mut parents: Vec<Option<usize>> = vec![None; count];
        if count == 0 {
            return Err(Wrong::whole("it has no node"));
        }
        parents[0] = Some(ROOT);
        order.push(Ordered { index: 0, depth: 0 });
        let mut at = 0;
        while let Some(&Ordered { index, depth }) = order.get(at) {
            at += 1;
            if depth > DEEPEST {
                return Err(Wrong::whole(format!("it has more than {DEEPEST} decisions one below the other")));
            }
            match &self.nodes[index] {
                Drafted::Gone => {
                    return Err(Wrong::whole(format!("node {index} was pruned and is a child all the same")));
                }
                Drafted::Leaf { slope: Some(Slope { terms, .. }), .. } => {
                    if let Some((input, _)) = terms.iter().find(|(input, _)| *input as usize >= inputs) {
                        return Err(Wrong::whole(format!("a leaf asks for feature {input} of {inputs}")));
                    }
                }
                Drafted::Leaf { .. } => {}
                split @ Drafted::Split { cut, .. } => {
                    if cut.input >= inputs {
                        return Err(Wrong::whole(format!("it asks for feature {} of {inputs}", cut.input)));
                    }
                    for child in split.children().into_iter().flatten() {
                        if child >= count {
                            return Err(Wrong::whole(format!(
                                "a child of node {index} does not exist: {child} of {count} nodes"
                            )));
                        }
                        if parents[child].is_some() {
                            return Err(self.twice(&parents, index, child));
                        }
                        parents[child] = Some(index);
                        order.push(Ordered { index: child, depth: depth + 1 });
                    }
                }
            }
        }
        match parents.iter().position(Option::is_none) {
            Some(alone) if !self.is_pruned => Err(Wrong::whole(format!("nothing leads to node {alone}"))),
            _ => Ok(order),
        }
    }

    fn twice(&self, parents: &[Option<usize>], parent: usize, child: usize) -> Wrong {
        let mut above = Some(parent);
        while let Some(node) = above.filter(|node| *node != child && *node != usize::MAX) {
            above = parents[node];
        }
        let called = |node: usize| if node == 0 { "the root".to_string() } else { format!("node {node}") };
        let (child_is, parent_is) = (called(child), called(parent));
        Wrong::whole(if above == Some(child) {
            format!("it runs in a circle: {parent_is} has {child_is} as a child, which stands above it")
        } else {
            format!("two nodes have {child_is} as a child, {parent_is} and another")
        })
    }
}
