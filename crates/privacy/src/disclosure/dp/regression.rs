//! A linear model out of noisy moments: what was paid for is all that it knows, so that it needs no further protection.

/// A number with noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Its value.
    pub value: f64,
    /// Half the width of its 95 % interval, at least.
    pub within: f64,
}

/// Sums over the rows of some variables, the last of which is to be explained by the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Rows.
    pub count: Moment,
    /// Sum of each variable.
    pub sums: Vec<Moment>,
    /// Sums of products, row by row of the upper triangle: of the first variable with every one from itself on, and so forth.
    pub products: Vec<Moment>,
}

/// A linear model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// What each explaining variable counts for. *Units*: those of the explained one for each of its own.
    pub weights: Vec<f64>,
    /// The constant.
    pub intercept: f64,
    /// Share of the variance that is explained, as far as the noise lets it be said: between 0 and 1.
    pub explained: f64,
}

/// Fits by least squares, drawn towards nothing by as much as the noise may have added (ridge), which keeps the solution
/// from following the noise. Variables are scaled by how large they can be, as their noise tells.
///
/// None if there may be too few rows, or nothing varies beyond the noise.
#[must_use]
pub fn fit(moments: &Moments) -> Option<Fit> {
    let variables = moments.sums.len();
    let explaining = variables.checked_sub(1).filter(|count| *count > 0)?;
    if moments.products.len() != variables * (variables + 1) / 2 {
        return None;
    }
    let rows = moments.count.value;
    // Twice the noise, or the means themselves are unknown.
    if !(rows > 2.0 * moments.count.within && rows > 1.0 && moments.count.within > 0.0) {
        return None;
    }
    let product = |a: usize, b: usize| {
        let (low, high) = (a.min(b), a.max(b));
        moments.products.get(low * variables - low * low.saturating_sub(1) / 2 + high - low).copied()
    };
    let scale =
        |of: usize| Some((product(of, of)?.within / moments.count.within).sqrt()).filter(|s| *s > 0.0);
    let scales = (0..variables).map(scale).collect::<Option<Vec<f64>>>()?;
    let mean = |of: usize| Some(moments.sums.get(of)?.value / rows / scales.get(of)?);
    let means = (0..variables).map(mean).collect::<Option<Vec<f64>>>()?;
    let varies = |a: usize, b: usize| {
        let raw = product(a, b)?.value / scales.get(a)? / scales.get(b)?;
        Some(raw - rows * means.get(a)? * means.get(b)?)
    };
    let ridge = moments.count.within;
    let mut matrix = Vec::with_capacity(explaining);
    for a in 0..explaining {
        let row = (0..explaining).map(|b| Some(varies(a, b)? + if a == b { ridge } else { 0.0 }));
        matrix.push(row.chain([varies(a, explaining)]).collect::<Option<Vec<f64>>>()?);
    }
    let scaled = solve(matrix)?;
    let last = *scales.get(explaining)?;
    let weights: Vec<f64> = scaled.iter().zip(&scales).map(|(weight, scale)| weight * last / scale).collect();
    let drawn: f64 = weights.iter().zip(&moments.sums).map(|(weight, sum)| weight * sum.value / rows).sum();
    let intercept = moments.sums.last()?.value / rows - drawn;
    let told: f64 = (0..explaining).filter_map(|of| Some(scaled.get(of)? * varies(of, explaining)?)).sum();
    let all = varies(explaining, explaining)?;
    let explained = if all > ridge { (told / all).clamp(0.0, 1.0) } else { 0.0 };
    let finite = weights.iter().chain([&intercept, &explained]).all(|number| number.is_finite());
    finite.then_some(Fit { weights, intercept, explained })
}

/// Solves a square system, given with its right sides as last column, by elimination with the largest pivots; none if it is
/// not positive enough to have one answer.
fn solve(mut matrix: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    const LEAST: f64 = 1e-9;
    let size = matrix.len();
    for step in 0..size {
        let largest = |row: &usize| matrix.get(*row).and_then(|row| row.get(step)).map_or(0.0, |x| x.abs());
        let pivot = (step..size).max_by(|a, b| largest(a).total_cmp(&largest(b)))?;
        matrix.swap(step, pivot);
        let own = matrix.get(step)?.clone();
        let head = *own.get(step)?;
        if head.abs() < LEAST {
            return None;
        }
        for row in matrix.iter_mut().skip(step + 1) {
            let factor = row.get(step)? / head;
            row.iter_mut().zip(&own).for_each(|(cell, above)| *cell -= factor * above);
        }
    }
    let mut answer = vec![0.0; size];
    for step in (0..size).rev() {
        let row = matrix.get(step)?;
        let known: f64 = row.iter().zip(&answer).skip(step + 1).map(|(cell, known)| cell * known).sum();
        *answer.get_mut(step)? = (row.get(size)? - known) / row.get(step)?;
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments of 50 000 rows with `y = 3a - 2b + 40`, with this much noise.
    fn moments(noise: f64) -> Moments {
        let row = |n: u32| {
            let (a, b) = (f64::from(n % 101), f64::from(n * 7 % 53));
            [a, b, 3.0 * a - 2.0 * b + 40.0]
        };
        let sides = [100.0, 52.0, 340.0];
        let of = |value: f64, side: f64| Moment {
            value: value + noise * side / 3.0,
            within: noise.max(1e-6) * side,
        };
        let rows: Vec<[f64; 3]> = (0..50_000).map(row).collect();
        let sums = (0..3).map(|i| of(rows.iter().map(|row| row[i]).sum(), sides[i]));
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        let products =
            pairs.map(|(i, j)| of(rows.iter().map(|row| row[i] * row[j]).sum(), sides[i] * sides[j]));
        Moments { count: of(50_000.0, 1.0), sums: sums.collect(), products: products.to_vec() }
    }

    #[test]
    fn without_noise_it_is_least_squares() {
        let found = fit(&moments(0.0)).unwrap();
        assert!((found.weights[0] - 3.0).abs() < 1e-3 && (found.weights[1] + 2.0).abs() < 1e-3, "{found:?}");
        assert!((found.intercept - 40.0).abs() < 0.1 && found.explained > 0.999, "{found:?}");
    }

    #[test]
    fn with_noise_it_is_close_and_with_too_much_it_is_nothing() {
        let found = fit(&moments(44.0)).unwrap();
        assert!((found.weights[0] - 3.0).abs() < 0.2 && (found.weights[1] + 2.0).abs() < 0.4, "{found:?}");
        assert_eq!(fit(&moments(30_000.0)), None);
        let mut short = moments(0.0);
        short.products.pop();
        assert_eq!(fit(&short), None);
    }
}
