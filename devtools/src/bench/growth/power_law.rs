//! Fits a power law to measured points.

/// Fits `y = a · x^b` by least squares of the logarithms and returns `b`: 0 is constant, 1 is linear. Returns `None`
/// for fewer than two positions and for values without a logarithm.
pub(crate) fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points.iter().any(|(x, y)| *x <= 0.0 || *y <= 0.0) {
        return None;
    }
    let count = points.len() as f64;
    let logarithms: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let mean_x = logarithms.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logarithms.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (x, y) in logarithms {
        covariance += (x - mean_x) * (y - mean_y);
        variance += (x - mean_x).powi(2);
    }
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITIONS: [f64; 5] = [1e2, 1e3, 1e4, 1e5, 1e6];

    fn exponent_of(y: impl Fn(f64) -> f64) -> f64 {
        exponent(&POSITIONS.map(|x| (x, y(x)))).unwrap()
    }

    #[test]
    fn known_exponents_are_found() {
        for known in [-1.0, 0.0, 0.5, 1.0, 2.0] {
            assert!((exponent_of(|x| 7.0 * x.powf(known)) - known).abs() < 1e-9, "{known}");
        }
    }

    #[test]
    fn noise_hardly_changes_the_exponent() {
        let noisy = POSITIONS.iter().zip([1.1, 0.9, 1.05, 0.95, 1.0]).map(|(x, noise)| (*x, x * noise));
        assert!((exponent(&noisy.collect::<Vec<_>>()).unwrap() - 1.0).abs() < 0.02);
        let logarithm = exponent_of(f64::ln);
        assert!(logarithm > 0.0 && logarithm < 0.2, "{logarithm}");
    }

    #[test]
    fn too_few_points_have_no_exponent() {
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(100.0, 1.0), (100.0, 2.0)]), None);
        assert_eq!(exponent(&[(100.0, 0.0), (1000.0, 0.0)]), None);
    }
}
