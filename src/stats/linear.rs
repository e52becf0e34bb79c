//! Small dense matrices: what regressions with a few hundred columns need.

use super::Undefined;

/// A dense matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub cols: usize,
    values: Vec<f64>,
}

impl std::ops::Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (row, col): (usize, usize)) -> &f64 {
        &self.values[row * self.cols + col]
    }
}

impl std::ops::IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, col): (usize, usize)) -> &mut f64 {
        &mut self.values[row * self.cols + col]
    }
}

impl Matrix {
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, values: vec![0.0; rows * cols] }
    }

    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| f64::from(i == j))
    }

    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..rows * cols).map(|k| f(k / cols, k % cols)).collect();
        Self { rows, cols, values }
    }

    /// Columns of equal length, after a leading column of ones when `intercept`.
    pub fn design(columns: &[&[f64]], intercept: bool) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let shift = usize::from(intercept);
        Self::from_fn(rows, columns.len() + shift, |i, j| if j < shift { 1.0 } else { columns[j - shift][i] })
    }

    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.cols..(i + 1) * self.cols]
    }

    pub fn transpose(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)])
    }

    pub fn times(&self, other: &Self) -> Self {
        assert_eq!(self.cols, other.rows, "inner sizes agree");
        Self::from_fn(self.rows, other.cols, |i, j| (0..self.cols).map(|k| self[(i, k)] * other[(k, j)]).sum())
    }

    pub fn times_vector(&self, x: &[f64]) -> Vec<f64> {
        (0..self.rows).map(|i| self.row(i).iter().zip(x).map(|(a, b)| a * b).sum()).collect()
    }

    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.rows.min(self.cols)).map(|i| self[(i, i)]).collect()
    }

    /// Σ wᵢ xᵢ xᵢᵀ over the rows.
    pub fn gram(&self, weight: impl Fn(usize) -> f64) -> Self {
        let p = self.cols;
        let mut sum = Self::zeros(p, p);
        for i in 0..self.rows {
            let (row, w) = (self.row(i), weight(i));
            for a in 0..p {
                let scaled = w * row[a];
                for b in 0..=a {
                    sum[(a, b)] += scaled * row[b];
                }
            }
        }
        for a in 0..p {
            for b in 0..a {
                sum[(b, a)] = sum[(a, b)];
            }
        }
        sum
    }

    /// Adds Σ `weight · row rowᵀ` to the lower triangle, four rows at a time: the sums then travel through memory once
    /// for four rows.
    pub fn add_outers(&mut self, rows: &[(&[f64], f64)]) {
        let mut fours = rows.chunks_exact(4);
        for four in &mut fours {
            let [r, s, t, u] = [four[0].0, four[1].0, four[2].0, four[3].0];
            for (a, line) in self.values.chunks_exact_mut(self.cols.max(1)).enumerate() {
                let [wr, ws, wt, wu] = [0, 1, 2, 3].map(|k| four[k].1 * four[k].0[a]);
                let places = line[..=a].iter_mut().zip(r).zip(s).zip(t).zip(u);
                places.for_each(|((((sum, r), s), t), u)| *sum += (wr * r + ws * s) + (wt * t + wu * u));
            }
        }
        for (row, weight) in fours.remainder() {
            for (a, line) in self.values.chunks_exact_mut(self.cols.max(1)).enumerate() {
                let scaled = weight * row[a];
                line[..=a].iter_mut().zip(*row).for_each(|(sum, x)| *sum += scaled * x);
            }
        }
    }

    /// Copies the lower triangle to the upper one.
    pub fn mirror(&mut self) {
        for a in 0..self.rows {
            for b in 0..a {
                self[(b, a)] = self[(a, b)];
            }
        }
    }

    /// Adds another matrix of the same size.
    pub fn add(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
    }

    /// The lower Cholesky factor of a symmetric positive definite matrix.
    pub fn cholesky(&self) -> Result<Self, Undefined> {
        let n = self.rows;
        let mut lower = Self::zeros(n, n);
        for j in 0..n {
            let pivot = self[(j, j)] - (0..j).map(|k| lower[(j, k)].powi(2)).sum::<f64>();
            // A pivot that lost all its digits is a column that others already say.
            if pivot.is_nan() || pivot <= self[(j, j)].abs() * 1e-14 {
                return Err(Undefined::Collinear);
            }
            lower[(j, j)] = pivot.sqrt();
            for i in j + 1..n {
                let rest = self[(i, j)] - (0..j).map(|k| lower[(i, k)] * lower[(j, k)]).sum::<f64>();
                lower[(i, j)] = rest / lower[(j, j)];
            }
        }
        Ok(lower)
    }

    /// The solution of `self · x = b` for a symmetric positive definite matrix.
    pub fn solve_spd(&self, b: &[f64]) -> Result<Vec<f64>, Undefined> {
        Ok(self.cholesky()?.solve_cholesky(b))
    }

    /// The solution of `L Lᵀ x = b`, of a lower factor.
    pub fn solve_cholesky(&self, b: &[f64]) -> Vec<f64> {
        let n = self.rows;
        let mut x = b.to_vec();
        for i in 0..n {
            x[i] = (x[i] - (0..i).map(|k| self[(i, k)] * x[k]).sum::<f64>()) / self[(i, i)];
        }
        for i in (0..n).rev() {
            x[i] = (x[i] - (i + 1..n).map(|k| self[(k, i)] * x[k]).sum::<f64>()) / self[(i, i)];
        }
        x
    }

    /// The solution of `L x = b`, of a lower factor.
    pub fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let known: f64 = self.row(i)[..i].iter().zip(&x).map(|(l, x)| l * x).sum();
            x[i] = (x[i] - known) / self[(i, i)];
        }
        x
    }

    /// The inverse of a lower factor, itself lower.
    pub fn inverse_lower(&self) -> Self {
        let n = self.rows;
        let mut inverse = Self::zeros(n, n);
        for j in 0..n {
            let unit: Vec<f64> = (0..n).map(|i| f64::from(i == j)).collect();
            for (i, value) in self.forward(&unit).into_iter().enumerate() {
                inverse[(i, j)] = value;
            }
        }
        inverse
    }

    /// |L x|² of a lower matrix.
    pub fn reach_squared(&self, x: &[f64]) -> f64 {
        (0..self.rows).map(|i| dot(&self.row(i)[..=i], &x[..=i]).powi(2)).sum()
    }

    /// The inverse of a symmetric positive definite matrix.
    pub fn inverse_spd(&self) -> Result<Self, Undefined> {
        let lower = self.cholesky()?;
        let n = self.rows;
        let mut inverse = Self::zeros(n, n);
        for j in 0..n {
            let unit: Vec<f64> = (0..n).map(|i| f64::from(i == j)).collect();
            for (i, value) in lower.solve_cholesky(&unit).into_iter().enumerate() {
                inverse[(i, j)] = value;
            }
        }
        Ok(inverse)
    }

    /// ln |self| of a symmetric positive definite matrix.
    pub fn ln_determinant(&self) -> Result<f64, Undefined> {
        Ok(2.0 * self.cholesky()?.diagonal().iter().map(|d| d.ln()).sum::<f64>())
    }

    /// Eigenvalues and orthonormal eigenvectors (as columns) of a symmetric matrix, by Jacobi rotations.
    pub fn eigen_symmetric(&self) -> (Vec<f64>, Self) {
        let n = self.rows;
        let (mut a, mut vectors) = (self.clone(), Self::identity(n));
        for _ in 0..100 {
            let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|at| a[at] * a[at]).sum();
            let scale: f64 = a.diagonal().iter().map(|d| d * d).sum();
            if off <= 1e-32 * scale.max(f64::MIN_POSITIVE) {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut vectors, p, q);
                }
            }
        }
        (a.diagonal(), vectors)
    }
}

/// One Jacobi rotation that zeroes `a[p, q]`.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if a[(p, q)] == 0.0 {
        return;
    }
    let theta = (a[(q, q)] - a[(p, p)]) / (2.0 * a[(p, q)]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..a.rows {
        let (x, y) = (a[(k, p)], a[(k, q)]);
        a[(k, p)] = c * x - s * y;
        a[(k, q)] = s * x + c * y;
    }
    for k in 0..a.rows {
        let (x, y) = (a[(p, k)], a[(q, k)]);
        a[(p, k)] = c * x - s * y;
        a[(q, k)] = s * x + c * y;
    }
    for k in 0..a.rows {
        let (x, y) = (vectors[(k, p)], vectors[(k, q)]);
        vectors[(k, p)] = c * x - s * y;
        vectors[(k, q)] = s * x + c * y;
    }
}

/// Σ aᵢ bᵢ in four interleaved sums, which a processor adds at once.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (left, right) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        (0..4).for_each(|k| sums[k] += a[k] * b[k]);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Least squares by Householder reflections, which keep the digits that normal equations square away (Longley 1967).
/// Returns coefficients and the upper triangular factor R.
pub fn least_squares(x: &Matrix, y: &[f64]) -> Result<(Vec<f64>, Matrix), Undefined> {
    let (n, p) = (x.rows, x.cols);
    if n < p {
        return Err(Undefined::TooFewRows);
    }
    let (mut a, mut b) = (x.clone(), y.to_vec());
    for j in 0..p {
        let norm = (j..n).map(|i| a[(i, j)].powi(2)).sum::<f64>().sqrt();
        let whole = (0..n).map(|i| x[(i, j)].powi(2)).sum::<f64>().sqrt();
        if norm <= 1e-13 * whole || norm == 0.0 {
            return Err(Undefined::Collinear);
        }
        let alpha = if a[(j, j)] > 0.0 { -norm } else { norm };
        let mut v: Vec<f64> = (j..n).map(|i| a[(i, j)]).collect();
        v[0] -= alpha;
        let vv: f64 = v.iter().map(|value| value * value).sum();
        for k in j..p {
            let dot: f64 = (j..n).map(|i| v[i - j] * a[(i, k)]).sum();
            for i in j..n {
                a[(i, k)] -= 2.0 * dot / vv * v[i - j];
            }
        }
        let dot: f64 = (j..n).map(|i| v[i - j] * b[i]).sum();
        for i in j..n {
            b[i] -= 2.0 * dot / vv * v[i - j];
        }
    }
    let upper = Matrix::from_fn(p, p, |i, j| if j >= i { a[(i, j)] } else { 0.0 });
    let mut beta = vec![0.0; p];
    for i in (0..p).rev() {
        beta[i] = (b[i] - (i + 1..p).map(|k| upper[(i, k)] * beta[k]).sum::<f64>()) / upper[(i, i)];
    }
    Ok((beta, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let a = Matrix::from_fn(3, 3, |i, j| if i == j { 4.0 } else { 1.0 / (1.0 + (i + j) as f64) });
        let product = a.times(&a.inverse_spd().unwrap());
        for i in 0..3 {
            for j in 0..3 {
                assert!((product[(i, j)] - f64::from(i == j)).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let a = Matrix::from_fn(3, 3, |i, j| [[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]][i][j]);
        let (values, vectors) = a.eigen_symmetric();
        let diagonal = Matrix::from_fn(3, 3, |i, j| if i == j { values[i] } else { 0.0 });
        let rebuilt = vectors.times(&diagonal).times(&vectors.transpose());
        for i in 0..3 {
            for j in 0..3 {
                assert!((rebuilt[(i, j)] - a[(i, j)]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_repeated_column_is_collinear() {
        let x = Matrix::design(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]], false);
        assert_eq!(least_squares(&x, &[1.0, 2.0, 3.0]).unwrap_err(), Undefined::Collinear);
    }
}
