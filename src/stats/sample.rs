use super::Undefined;

/// Leads with a binary outcome, as aligned slices. A missing `weight` counts every row once;
/// a weight is a frequency: a row of weight 3 is three equal leads.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub score: &'a [f64],
    pub converted: &'a [bool],
    pub weight: Option<&'a [f64]>,
}

/// One lead (or a counted cell of equal leads) of a [`Sample`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub score: f64,
    pub converted: bool,
    pub weight: f64,
}

impl<'a> Sample<'a> {
    /// # Panics
    /// When the slices differ in length.
    pub fn new(score: &'a [f64], converted: &'a [bool]) -> Self {
        assert_eq!(score.len(), converted.len(), "a score and an outcome for every lead");
        Self { score, converted, weight: None }
    }

    /// # Panics
    /// When the slices differ in length.
    pub fn weighted(score: &'a [f64], converted: &'a [bool], weight: &'a [f64]) -> Self {
        assert_eq!(score.len(), weight.len(), "a weight for every lead");
        Self { weight: Some(weight), ..Self::new(score, converted) }
    }

    /// Rows with a positive weight.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.score.len())
            .map(|i| Row {
                score: self.score[i],
                converted: self.converted[i],
                weight: self.weight.map_or(1.0, |w| w[i]),
            })
            .filter(|row| row.weight > 0.0)
    }

    pub fn is_empty(&self) -> bool {
        self.rows().next().is_none()
    }

    pub fn total_weight(&self) -> f64 {
        self.weight.map_or(self.score.len() as f64, |w| w.iter().sum())
    }

    pub fn tally(&self) -> Tally {
        Tally::of(self)
    }
}

/// Leads counted by distinct score, ascending: all that a statistic of order reads, from one sort.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Distinct scores, ascending.
    pub score: Vec<f64>,
    /// Converted leads at each score.
    pub positive: Vec<f64>,
    /// Other leads at each score.
    pub negative: Vec<f64>,
}

impl Tally {
    /// # Panics
    /// When a score is NaN: a lead without a score belongs to no sample.
    pub fn of(sample: &Sample) -> Self {
        if sample.weight.is_none() {
            return Self::of_leads(sample);
        }
        let mut rows: Vec<Row> = sample.rows().collect();
        assert!(rows.iter().all(|row| !row.score.is_nan()), "scores are numbers");
        rows.sort_unstable_by(|a, b| a.score.total_cmp(&b.score));
        let mut tally = Self::default();
        for row in rows {
            // -0.0 and 0.0 are one score.
            if tally.score.last().is_none_or(|&last| last != row.score) {
                tally.score.push(row.score);
                tally.positive.push(0.0);
                tally.negative.push(0.0);
            }
            let side = if row.converted { &mut tally.positive } else { &mut tally.negative };
            *side.last_mut().expect("a cell was just pushed") += row.weight;
        }
        tally
    }

    /// Both classes are sorted by themselves: bare numbers are sorted fastest.
    fn of_leads(sample: &Sample) -> Self {
        let class = |wanted: bool| {
            let of_class = sample.score.iter().zip(sample.converted).filter(|(_, converted)| **converted == wanted);
            let mut scores: Vec<f64> = of_class.map(|(score, _)| *score).collect();
            assert!(scores.iter().all(|score| !score.is_nan()), "scores are numbers");
            scores.sort_unstable_by(f64::total_cmp);
            scores
        };
        let (positives, negatives) = (class(true), class(false));
        let (mut positives, mut negatives) = (positives.as_slice(), negatives.as_slice());
        let mut tally = Self::default();
        while let Some(score) =
            [positives, negatives].iter().filter_map(|class| class.first()).copied().reduce(f64::min)
        {
            let take = |class: &mut &[f64]| {
                let count = class.iter().take_while(|own| **own == score).count();
                *class = &class[count..];
                count as f64
            };
            tally.score.push(score);
            tally.positive.push(take(&mut positives));
            tally.negative.push(take(&mut negatives));
        }
        tally
    }

    pub fn positives(&self) -> f64 {
        self.positive.iter().sum()
    }

    pub fn negatives(&self) -> f64 {
        self.negative.iter().sum()
    }

    pub fn total(&self) -> f64 {
        self.positives() + self.negatives()
    }

    /// Leads at the `i`-th score.
    pub fn count(&self, i: usize) -> f64 {
        self.positive[i] + self.negative[i]
    }

    pub fn len(&self) -> usize {
        self.score.len()
    }

    pub fn is_empty(&self) -> bool {
        self.score.is_empty()
    }

    /// (converted, others), when there are both.
    pub fn classes(&self) -> Result<(f64, f64), Undefined> {
        match (self.positives(), self.negatives()) {
            (0.0, 0.0) => Err(Undefined::Empty),
            (p, n) if p == 0.0 || n == 0.0 => Err(Undefined::OneClass),
            both => Ok(both),
        }
    }
}
