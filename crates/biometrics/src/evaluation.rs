//! Error rates of comparisons (ISO/IEC 19795-1): false match and false non-match rates, and where they meet.

use crate::image_file::escaped;

/// A point of the curve: at this threshold and above, two prints are said to match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatesAt {
    /// The threshold.
    pub threshold: i32,
    /// The share of comparisons of two fingers that match.
    pub false_match: f64,
    /// The share of comparisons of one finger that do not.
    pub false_non_match: f64,
}

/// The error rates of a set of comparisons.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorRates {
    points: Vec<RatesAt>,
}

impl ErrorRates {
    /// The rates at every score that came up; nothing when one of the two kinds is missing.
    #[must_use]
    pub fn of(same: &[i32], other: &[i32]) -> Option<Self> {
        if same.is_empty() || other.is_empty() {
            return None;
        }
        let (mut same, mut other) = (same.to_vec(), other.to_vec());
        same.sort_unstable();
        other.sort_unstable();
        let mut thresholds: Vec<i32> = same.iter().chain(&other).copied().collect();
        thresholds.sort_unstable();
        thresholds.dedup();
        // Above the best score nothing matches.
        thresholds.push(thresholds.last().map_or(0, |last| last.saturating_add(1)));
        let below = |scores: &[i32], threshold| {
            scores.partition_point(|score| *score < threshold) as f64 / scores.len() as f64
        };
        let at_or_above = |scores: &[i32], threshold| {
            let under = scores.partition_point(|score| *score < threshold);
            (scores.len() - under) as f64 / scores.len() as f64
        };
        let points = thresholds
            .into_iter()
            .map(|threshold| RatesAt {
                threshold,
                false_match: at_or_above(&other, threshold),
                false_non_match: below(&same, threshold),
            })
            .collect();
        Some(Self { points })
    }

    /// The rates at every threshold, from the lowest.
    #[must_use]
    pub fn points(&self) -> &[RatesAt] {
        &self.points
    }

    /// The equal error rate: the middle between the two rates where they are nearest.
    #[must_use]
    pub fn equal(&self) -> f64 {
        let nearest = self.points.iter().min_by(|a, b| {
            let apart = |point: &RatesAt| (point.false_match - point.false_non_match).abs();
            apart(a).total_cmp(&apart(b))
        });
        nearest.map_or(1.0, |point| {
            (point.false_match + point.false_non_match) / 2.0
        })
    }

    /// The lowest false non-match rate with at most that false match rate: FMR100 is that at 0.01.
    #[must_use]
    pub fn non_match_at(&self, false_match: f64) -> f64 {
        self.points
            .iter()
            .filter(|point| point.false_match <= false_match)
            .map(|point| point.false_non_match)
            .fold(1.0, f64::min)
    }

    /// The detection error trade-off as SVG: both rates from 0.01 % to 100 %, logarithmic.
    #[must_use]
    pub fn det_svg(&self, title: &str) -> String {
        use std::fmt::Write;
        const SIDE: f64 = 420.0;
        const LEFT: f64 = 70.0;
        const TOP: f64 = 40.0;
        const FLOOR: f64 = 1e-4;
        let along = |rate: f64| (rate.max(FLOOR) / FLOOR).log10() / 4.0 * SIDE;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 540 540\" font-family=\"sans-serif\" font-size=\"13\">\
            <rect width=\"540\" height=\"540\" fill=\"#fff\"/><text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>",
            escaped(title)
        );
        for (rate, label) in [
            (1e-4, "0.01 %"),
            (1e-3, "0.1 %"),
            (1e-2, "1 %"),
            (1e-1, "10 %"),
            (1.0, "100 %"),
        ] {
            let (x, y) = (LEFT + along(rate), TOP + SIDE - along(rate));
            let _ = write!(
                svg,
                "<path d=\"M{x:.1} {TOP}V{0:.1}M{LEFT} {y:.1}H{1:.1}\" stroke=\"#ccc\" fill=\"none\"/>\
                <text x=\"{x:.1}\" y=\"{2:.1}\" text-anchor=\"middle\">{label}</text>\
                <text x=\"{3:.1}\" y=\"{4:.1}\" text-anchor=\"end\">{label}</text>",
                TOP + SIDE,
                LEFT + SIDE,
                TOP + SIDE + 18.0,
                LEFT - 6.0,
                y + 4.0
            );
        }
        let mut path = String::new();
        for (place, point) in self.points.iter().enumerate() {
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if place == 0 { 'M' } else { 'L' },
                LEFT + along(point.false_match),
                TOP + SIDE - along(point.false_non_match)
            );
        }
        let _ = write!(
            svg,
            "<path d=\"M{LEFT} {0:.1}L{1:.1} {TOP}\" stroke=\"#888\" stroke-dasharray=\"4 4\"/>\
            <path d=\"{path}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>\
            <text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"middle\">false match rate</text>\
            <text transform=\"translate(16 {4:.1}) rotate(-90)\" text-anchor=\"middle\">false non-match rate</text></svg>",
            TOP + SIDE,
            LEFT + SIDE,
            LEFT + SIDE / 2.0,
            TOP + SIDE + 40.0,
            TOP + SIDE / 2.0
        );
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_known_scores() {
        let same = [9, 8, 7, 3];
        let other = [5, 4, 2, 1, 1, 1, 1, 1, 1, 1];
        let rates = ErrorRates::of(&same, &other).unwrap();
        // At 5 one of ten matches wrongly and one of four does not match.
        assert!((rates.non_match_at(0.1) - 0.25).abs() < 1e-9);
        assert!((rates.non_match_at(0.0) - 0.25).abs() < 1e-9);
        assert!((rates.non_match_at(0.25) - 0.0).abs() < 1e-9 || rates.non_match_at(0.25) <= 0.25);
        assert!((rates.equal() - 0.225).abs() < 1e-9, "{}", rates.equal());
        assert!(rates.det_svg("a<b").contains("a&lt;b"));
        assert!(ErrorRates::of(&[], &other).is_none());
    }
}
