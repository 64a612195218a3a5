//! What a chart looks like, before anybody draws it: the page and the paper draw the same.

/// One after the other, each of pieces on top of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    pub bars: Vec<Bar>,
    /// What the highest line stands for; a round number.
    pub top: f64,
}

/// What is told of one day, hour or step.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub label: String,
    pub pieces: Vec<Piece>,
    /// It is not over yet.
    pub is_partial: bool,
}

/// A part of a bar, as shares of the whole height.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub series: usize,
    pub value: f64,
    pub from: f64,
    pub to: f64,
}

/// Most bars that can be told from each other, and be reached with the keyboard in good time.
pub const MOST_BARS: usize = 62;

/// The next number that people count in: 1, 2 or 5 and noughts.
#[must_use]
pub fn round_up(n: f64) -> f64 {
    if n <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(n.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * unit)
        .find(|round| *round >= n * (1.0 - 1e-9))
        .unwrap_or(n)
}

/// Bars from 0: a row for each, a value for each series. More rows than can be drawn are put together, as many as it takes, each under the
/// label of its first.
#[must_use]
pub fn bars(rows: Vec<(String, Vec<f64>)>, last_is_partial: bool) -> Bars {
    let each = rows.len().div_ceil(MOST_BARS).max(1);
    // Whole weeks, where days are put together.
    let each = if each > 1 { each.div_ceil(7) * 7 } else { 1 };
    let mut summed: Vec<(String, Vec<f64>)> = Vec::new();
    for (at, (label, values)) in rows.into_iter().enumerate() {
        match summed.last_mut().filter(|_| at % each != 0) {
            Some((_, sums)) => sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
            None => summed.push((label, values)),
        }
    }
    let highest = summed
        .iter()
        .map(|(_, values)| values.iter().sum::<f64>())
        .fold(0.0, f64::max);
    let top = round_up(highest);
    let last = summed.len().saturating_sub(1);
    let bar = |(at, (label, values)): (usize, (String, Vec<f64>))| {
        let mut reached = 0.0;
        let piece = |(series, value): (usize, f64)| {
            let from = reached;
            reached += value / top;
            Piece {
                series,
                value,
                from,
                to: reached,
            }
        };
        Bar {
            pieces: values.into_iter().enumerate().map(piece).collect(),
            label,
            is_partial: last_is_partial && at == last,
        }
    };
    Bars {
        bars: summed.into_iter().enumerate().map(bar).collect(),
        top,
    }
}
