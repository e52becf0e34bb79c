//! Where a function of one number changes its sign.

/// The place in `[low, high]` where `is_beyond` turns from false to true, to the last bit, by bisection.
pub fn turning(mut low: f64, mut high: f64, is_beyond: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = low + 0.5 * (high - low);
        // Also false for a bound that is not a number.
        if !(low < middle && middle < high) {
            return high;
        }
        if is_beyond(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// A root of a continuous `f` with different signs at `low` and `high`, in few evaluations. Ridders (1979).
pub fn bracketed(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> f64 {
    let (mut a, mut b) = ((low, f(low)), (high, f(high)));
    let mut last = f64::INFINITY;
    for _ in 0..100 {
        let middle = 0.5 * (a.0 + b.0);
        let at_middle = f(middle);
        let bend = (at_middle * at_middle - a.1 * b.1).sqrt();
        if at_middle == 0.0 || bend == 0.0 {
            return middle;
        }
        let x = middle + (middle - a.0) * (a.1 - b.1).signum() * at_middle / bend;
        let at_x = f(x);
        if (x - last).abs() <= tolerance || at_x == 0.0 {
            return x;
        }
        last = x;
        (a, b) = narrowed([a, (middle, at_middle), (x, at_x), b]);
    }
    last
}

type Point = (f64, f64);

/// The shortest of the neighbouring pairs that still brackets the root.
fn narrowed(mut points: [Point; 4]) -> (Point, Point) {
    points.sort_by(|p, q| p.0.total_cmp(&q.0));
    let pair = points.windows(2).find(|pair| pair[0].1.signum() != pair[1].1.signum());
    pair.map_or((points[0], points[3]), |pair| (pair[0], pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_searches_find_the_same_root() {
        let f = |x: f64| x.exp() - 3.0;
        assert!((bracketed(f, 0.0, 5.0, 1e-14) - 3.0f64.ln()).abs() < 1e-14);
        assert!((turning(0.0, 5.0, |x| f(x) > 0.0) - 3.0f64.ln()).abs() < 1e-15);
    }
}
