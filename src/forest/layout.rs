//! Trees laid out flat: two children are neighbours, a leaf leads to itself, and one comparison decides.
//!
//! A step is `next + (value >= threshold)`, and a value that is not a number compares false. So a missing value takes the
//! first child, and which child that is says where the tree sends it. Where the tree asks the comparison the other way
//! round, the value is looked up in a slot that holds it negated. What a tree takes for missing (0, or nothing at all) is
//! settled where slots are filled, so that leads are walked through a tree side by side without a branch.

use rayon::prelude::*;

use super::draft::{self, Cut, Draft, Drafted, Kind, Slope};
use super::error::Wrong;

/// The arithmetic in which a library compares and adds up.
pub(super) trait Real:
    Copy + PartialOrd + Send + Sync + std::ops::AddAssign + std::fmt::Debug + 'static
{
    const NONE: Self;
    const ZERO: Self;
    fn of(value: f64) -> Self;
    fn wide(self) -> f64;
    /// A place in a table, kept where a threshold would stand.
    fn of_place(place: u32) -> Self;
    fn place(self) -> u32;
    fn negated(self) -> Self;
    fn above(self) -> Self;
    fn below(self) -> Self;
    fn is_lowest(self) -> bool;
    fn is_highest(self) -> bool;
}

macro_rules! real {
    ($type:ident, $bits:ident) => {
        impl Real for $type {
            const NONE: Self = $type::NAN;
            const ZERO: Self = 0.0;
            fn of(value: f64) -> Self {
                value as $type
            }
            fn wide(self) -> f64 {
                f64::from(self)
            }
            fn of_place(place: u32) -> Self {
                $type::from_bits($bits::from(place))
            }
            fn place(self) -> u32 {
                self.to_bits() as u32
            }
            fn negated(self) -> Self {
                -self
            }
            fn above(self) -> Self {
                self.next_up()
            }
            fn below(self) -> Self {
                self.next_down()
            }
            fn is_lowest(self) -> bool {
                self == $type::NEG_INFINITY
            }
            fn is_highest(self) -> bool {
                self == $type::INFINITY
            }
        }
    };
}
real!(f32, u32);
real!(f64, u64);

/// What a slot holds of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum View {
    /// As it is.
    Plain,
    /// What is near 0 is 0.
    Settled,
    /// What is near 0, or missing, is 0.
    MissingIsZero,
    /// What is near 0 is missing.
    ZeroIsMissing,
    /// A category's code; decimals are dropped.
    Code,
    /// A category's code; what is below 0 is none.
    CodeFromZero,
}

/// LightGBM drops what is no further from 0 (`kZeroThreshold`) from a row before it looks at it.
const NEAR_ZERO: f64 = 1e-35_f32 as f64;

impl View {
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::Settled => settled(value),
            Self::MissingIsZero if value.is_nan() => 0.0,
            Self::MissingIsZero => settled(value),
            Self::ZeroIsMissing if value.abs() <= NEAR_ZERO => f64::NAN,
            Self::ZeroIsMissing => value,
            Self::Code => value.trunc(),
            Self::CodeFromZero if value < 0.0 => -1.0,
            Self::CodeFromZero => value.trunc(),
        }
    }
}

fn settled(value: f64) -> f64 {
    if value.abs() <= NEAR_ZERO { 0.0 } else { value }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    input: u32,
    view: View,
    negated: bool,
}

impl Slot {
    fn of(cut: &Cut) -> Self {
        Self { input: cut.input as u32, view: cut.view, negated: cut.is_negated() }
    }
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    /// Not a number at a leaf; the place of a set of categories where the slot says so.
    threshold: T,
    /// A place among the slots; with [`IN_SET`] it is asked whether its category is in a set.
    slot: u32,
    /// The first of two neighbours; at a leaf, the leaf itself.
    next: u32,
}

const IN_SET: u32 = 1 << 31;

/// Codes are below.
const CODES: f64 = (1u64 << 31) as f64;

/// Categories: a range of words.
#[derive(Clone, Copy, Debug)]
struct Set {
    from: usize,
    to: usize,
    /// Whether a missing value counts as one of them.
    with_missing: bool,
}

#[derive(Clone, Copy, Debug)]
struct Tree {
    root: u32,
    depth: u32,
    has_sets: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Layout<T> {
    nodes: Vec<Node<T>>,
    /// What a leaf gives.
    values: Vec<T>,
    /// The mean of the leaves below each node, by how many leads the library saw in them.
    means: Vec<f64>,
    trees: Vec<Tree>,
    slots: Vec<Slot>,
    sets: Vec<Set>,
    words: Vec<(u32, u32)>,
    /// By leaf, ascending.
    slopes: Vec<(u32, Slope)>,
}

/// Leads that are walked through a tree side by side.
const ABREAST: usize = 16;
/// Values that are filled at a time: a first-level cache holds them.
const VALUES: usize = 4_096;

impl<T: Real> Layout<T> {
    /// Lays out drafts of trees whose inputs are `inputs` many.
    ///
    /// # Errors
    /// When a tree is none: a child that does not exist, a node that is reached twice, one that nothing leads to.
    pub(super) fn of(drafts: Vec<Draft>, inputs: usize) -> Result<Self, Wrong> {
        let mut layout = Self {
            nodes: Vec::new(),
            values: Vec::new(),
            means: Vec::new(),
            trees: Vec::with_capacity(drafts.len()),
            slots: slots(&drafts),
            sets: Vec::new(),
            words: Vec::new(),
            slopes: Vec::new(),
        };
        for (place, draft) in drafts.into_iter().enumerate() {
            layout.push(draft, inputs).map_err(|wrong| wrong.inside(&format!("tree {place}")))?;
        }
        Ok(layout)
    }

    pub(super) fn trees(&self) -> usize {
        self.trees.len()
    }

    /// How often each input decides or weighs.
    pub(super) fn uses(&self, inputs: usize) -> Vec<usize> {
        let mut uses = vec![0; inputs];
        let splits = self.nodes.iter().enumerate().filter(|(place, node)| node.next as usize != *place);
        splits.for_each(|(_, node)| uses[self.slots[(node.slot & !IN_SET) as usize].input as usize] += 1);
        self.slopes.iter().flat_map(|(_, slope)| &slope.terms).for_each(|(input, _)| uses[*input as usize] += 1);
        uses
    }

    fn push(&mut self, draft: Draft, inputs: usize) -> Result<(), Wrong> {
        let order = draft.order(inputs)?;
        let first = self.nodes.len();
        if first + order.len() >= IN_SET as usize {
            return Err(Wrong::whole("the model has more nodes than are counted here"));
        }
        // The place of each drafted node, root first and children side by side.
        let mut place = vec![0; draft.nodes.len()];
        order.iter().enumerate().for_each(|(at, node)| place[node.index] = first + at);
        let has_sets = order.iter().any(|node| draft.nodes[node.index].is_set());
        let depth = order.iter().map(|node| node.depth).max().unwrap_or(0);
        for node in &order {
            let own = self.nodes.len() as u32;
            let (laid, value) = match &draft.nodes[node.index] {
                Drafted::Leaf { value, slope, .. } => {
                    self.slopes.extend(slope.clone().map(|slope| (own, slope)));
                    (Node { threshold: T::NONE, slot: 0, next: own }, T::of(*value))
                }
                Drafted::Split { cut, children } => {
                    let next = place[children[usize::from(cut.swaps())]] as u32;
                    (Node { threshold: self.threshold(cut), slot: self.slot(cut), next }, T::ZERO)
                }
                Drafted::Gone => (Node { threshold: T::NONE, slot: 0, next: own }, T::ZERO),
            };
            self.nodes.push(laid);
            self.values.push(value);
        }
        self.trees.push(Tree { root: first as u32, depth, has_sets });
        self.weigh(&draft, &order.iter().map(|node| node.index).collect::<Vec<_>>(), first);
        Ok(())
    }

    fn slot(&self, cut: &Cut) -> u32 {
        let place = self.slots.binary_search(&Slot::of(cut)).unwrap_or_default() as u32;
        if matches!(cut.kind, Kind::In { .. }) { place | IN_SET } else { place }
    }

    /// From which value on the second place of the layout is taken.
    fn threshold(&mut self, cut: &Cut) -> T {
        match &cut.kind {
            Kind::AtMost(most) => match (T::of(*most), cut.missing_first) {
                (most, true) if most.is_highest() => T::NONE,
                (most, true) => most.above(),
                (most, false) => most.negated(),
            },
            Kind::Below(bound) => match (T::of(*bound), cut.missing_first) {
                (bound, true) => bound,
                (bound, false) if bound.is_lowest() => T::NONE,
                (bound, false) => bound.below().negated(),
            },
            Kind::In { set, first } => {
                let from = self.words.len();
                self.words.extend_from_slice(&set.0);
                let with_missing = *first == cut.missing_first;
                self.sets.push(Set { from, to: self.words.len(), with_missing });
                T::of_place(self.sets.len() as u32 - 1)
            }
        }
    }

    /// The means of a tree's nodes, leaves first.
    fn weigh(&mut self, draft: &Draft, order: &[usize], first: usize) {
        let mut weights: Vec<f64> = order.iter().map(|&index| draft.nodes[index].cover()).collect();
        let leaves = || order.iter().enumerate().filter(|(_, index)| draft.nodes[**index].is_leaf());
        let is_told = leaves().all(|(at, _)| weights[at].is_finite() && weights[at] >= 0.0);
        let is_told = is_told && leaves().map(|(at, _)| weights[at]).sum::<f64>() > 0.0;
        if !is_told {
            weights.fill(1.0);
        }
        self.means.extend(self.values[first..].iter().map(|value| value.wide()));
        for at in (0..order.len()).rev() {
            let next = self.nodes[first + at].next as usize;
            if next == first + at {
                continue;
            }
            let below = [weights[next - first], weights[next + 1 - first]];
            let means = [self.means[next], self.means[next + 1]];
            let sum = below[0] + below[1];
            weights[at] = sum;
            let mean = (means[0] * below[0] + means[1] * below[1]) / sum;
            self.means[first + at] = if sum > 0.0 { mean } else { (means[0] + means[1]) / 2.0 };
        }
    }

    /// The sums of every lead's leaves, in the order of the trees, after a start. `columns` are the inputs' values.
    pub(super) fn sums(&self, columns: &[&[f64]], rows: usize, start: T) -> Vec<T> {
        let width = self.slots.len().max(1);
        let block = (VALUES / width).clamp(ABREAST, 256) / ABREAST * ABREAST;
        let mut sums = vec![start; rows];
        sums.par_chunks_mut(block * 16).enumerate().for_each(|(chunk, sums)| {
            let mut values = vec![T::ZERO; block * width];
            for (part, sums) in sums.chunks_mut(block).enumerate() {
                let from = chunk * block * 16 + part * block;
                self.fill(columns, from, sums.len(), &mut values);
                for tree in &self.trees {
                    self.add(tree, columns, from, &values, sums);
                }
            }
        });
        sums
    }

    fn fill(&self, columns: &[&[f64]], from: usize, rows: usize, values: &mut [T]) {
        let width = self.slots.len();
        for (place, slot) in self.slots.iter().enumerate() {
            let column = &columns[slot.input as usize][from..from + rows];
            for (row, value) in column.iter().enumerate() {
                let value = T::of(slot.view.of(*value));
                values[row * width + place] = if slot.negated { value.negated() } else { value };
            }
        }
    }

    fn add(&self, tree: &Tree, columns: &[&[f64]], from: usize, values: &[T], sums: &mut [T]) {
        let width = self.slots.len();
        for (group, sums) in sums.chunks_mut(ABREAST).enumerate() {
            let mut at = [tree.root; ABREAST];
            let values = &values[group * ABREAST * width..];
            if sums.len() == ABREAST && !tree.has_sets {
                self.walk_abreast(tree.depth, values, &mut at);
            } else {
                (0..sums.len()).for_each(|row| at[row] = self.walk(tree.root, &values[row * width..]));
            }
            for (row, (sum, leaf)) in sums.iter_mut().zip(at).enumerate() {
                *sum += if self.slopes.is_empty() {
                    self.values[leaf as usize]
                } else {
                    T::of(self.leaf(leaf, |input| columns[input][from + group * ABREAST + row]))
                };
            }
        }
    }

    #[inline]
    fn walk_abreast(&self, depth: u32, values: &[T], at: &mut [u32; ABREAST]) {
        let width = self.slots.len();
        let nodes = &self.nodes[..];
        for _ in 0..depth {
            let mut moved = 0;
            for (row, at) in at.iter_mut().enumerate() {
                let node = &nodes[*at as usize];
                let next = node.next + u32::from(values[row * width + node.slot as usize] >= node.threshold);
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                break;
            }
        }
    }

    /// The leaf of one lead's values.
    fn walk(&self, root: u32, values: &[T]) -> u32 {
        let mut at = root;
        loop {
            let next = self.step(at, values);
            if next == at {
                return at;
            }
            at = next;
        }
    }

    fn step(&self, at: u32, values: &[T]) -> u32 {
        let node = &self.nodes[at as usize];
        if node.next == at {
            return at;
        }
        let value = values[(node.slot & !IN_SET) as usize];
        let second =
            if node.slot & IN_SET == 0 { value >= node.threshold } else { self.is_in(node.threshold.place(), value) };
        node.next + u32::from(second)
    }

    fn is_in(&self, set: u32, value: T) -> bool {
        let Set { from, to, with_missing } = self.sets[set as usize];
        let code = value.wide();
        if code.is_nan() {
            return with_missing;
        }
        (0.0..CODES).contains(&code) && draft::Set::holds(&self.words[from..to], code as u32)
    }

    /// What a leaf gives for a lead.
    fn leaf(&self, leaf: u32, input: impl Fn(usize) -> f64) -> f64 {
        let value = self.values[leaf as usize].wide();
        let Some(slope) = self.slope(leaf) else { return value };
        let mut sum = slope.constant;
        for (place, weight) in &slope.terms {
            let input = settled(input(*place as usize));
            if input.is_nan() {
                return value;
            }
            sum += weight * input;
        }
        sum
    }

    fn slope(&self, leaf: u32) -> Option<&Slope> {
        let place = self.slopes.binary_search_by_key(&leaf, |(leaf, _)| *leaf).ok()?;
        self.slopes.get(place).map(|(_, slope)| slope)
    }

    /// What each input adds to one lead's sum, along the lead's path through every tree: the mean of the leaves below a
    /// node less that above it counts for the input that decides between them (Saabas 2014). With what all leads have.
    pub(super) fn parts(&self, inputs: &[f64]) -> (f64, Vec<f64>) {
        let (mut start, mut parts) = (0.0, vec![0.0; inputs.len()]);
        let slots = self.slots.iter().map(|slot| {
            let value = T::of(slot.view.of(inputs[slot.input as usize]));
            if slot.negated { value.negated() } else { value }
        });
        let slots: Vec<T> = slots.collect();
        for tree in &self.trees {
            let mut at = tree.root;
            start += self.means[at as usize];
            loop {
                let next = self.step(at, &slots);
                if next == at {
                    break;
                }
                let input = self.slots[(self.nodes[at as usize].slot & !IN_SET) as usize].input;
                parts[input as usize] += self.means[next as usize] - self.means[at as usize];
                at = next;
            }
            let Some(slope) = self.slope(at).filter(|slope| !slope.terms.is_empty()) else {
                // A leaf without terms may still have another constant than its mean.
                start += self.leaf(at, |input| inputs[input]) - self.values[at as usize].wide();
                continue;
            };
            if slope.terms.iter().any(|(input, _)| inputs[*input as usize].is_nan()) {
                continue;
            }
            let constant = (slope.constant - self.values[at as usize].wide()) / slope.terms.len() as f64;
            for (input, weight) in &slope.terms {
                parts[*input as usize] += weight * settled(inputs[*input as usize]) + constant;
            }
        }
        (start, parts)
    }
}

/// The slots that drafts ask for, each once.
fn slots(drafts: &[Draft]) -> Vec<Slot> {
    let cuts = drafts.iter().flat_map(|draft| &draft.nodes).filter_map(|node| match node {
        Drafted::Split { cut, .. } => Some(Slot::of(cut)),
        Drafted::Leaf { .. } | Drafted::Gone => None,
    });
    let mut slots: Vec<Slot> = cuts.collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}
