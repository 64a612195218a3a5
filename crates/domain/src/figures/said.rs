//! Figures as people read them.

use super::{Measured, Unit};

/// Where there is nothing to tell.
pub const NOTHING: &str = "–";

/// `12,345`.
#[must_use]
pub fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut said = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        said.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// `45 s`, `12 min`, `3 h 20 min`, `2 days 4 h`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as i64;
    let two = |large: i64, word: &str, small: i64, short: &str| {
        if small == 0 {
            format!("{large} {word}")
        } else {
            format!("{large} {word} {small} {short}")
        }
    };
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", if seconds < 600 { seconds % 60 } else { 0 }, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => {
            let days = seconds / 86_400;
            two(days, if days == 1 { "day" } else { "days" }, seconds % 86_400 / 3_600, "h")
        }
    }
}

/// `$12.40`; what is less than ten cents with a further digit.
#[must_use]
pub fn dollars(n: f64) -> String {
    if n != 0.0 && n.abs() < 0.1 {
        format!("${n:.3}")
    } else {
        let cents = (n * 100.0).round() as i64;
        format!("${}.{:02}", thousands(cents / 100), (cents % 100).abs())
    }
}

/// `94 %`, `98.6 %`: with a digit where it is near an end.
#[must_use]
pub fn share(n: f64) -> String {
    let hundredths = n * 100.0;
    if (0.05..10.0).contains(&hundredths) || (90.0..99.95).contains(&hundredths) {
        format!("{hundredths:.1} %")
    } else {
        format!("{hundredths:.0} %")
    }
}

impl Measured {
    /// "94 %", or "9 of 10" where they are few.
    #[must_use]
    pub fn words(&self, unit: Unit) -> String {
        match (self.value, unit) {
            (None, _) => NOTHING.to_owned(),
            (Some(_), Unit::Share) if self.is_few() => {
                format!("{} of {}", thousands(self.numerator as i64), thousands(self.denominator))
            }
            (Some(value), Unit::Share) => share(value),
            (Some(value), Unit::Seconds) => duration(value),
            (Some(value), Unit::Dollars) => dollars(value),
        }
    }

    /// What it is made of, for whoever wants to know.
    #[must_use]
    pub fn made_of(&self, unit: Unit) -> String {
        let of = thousands(self.denominator);
        match unit {
            _ if self.value.is_none() => "Nothing to count in these days.".to_owned(),
            Unit::Share => {
                let ends = self.low.zip(self.high);
                let ends = ends.map(|(low, high)| {
                    format!(
                        "; the true share is {:.0}–{:.0} %, 95 times of 100",
                        low * 100.0,
                        high * 100.0
                    )
                });
                format!("{} of {of}{}.", thousands(self.numerator as i64), ends.unwrap_or_default())
            }
            Unit::Seconds => {
                let longest = self.p90.map(duration).unwrap_or_default();
                format!("Of {of}. Nine of ten took no longer than {longest}.")
            }
            Unit::Dollars => format!("{} for {of}.", dollars(self.numerator)),
        }
    }

    /// How it differs from what it was; empty where either can't be compared: there is nothing, or too little to call a trend.
    #[must_use]
    pub fn trend(&self, before: &Self, unit: Unit) -> String {
        let (Some(now), Some(then)) = (self.value, before.value) else {
            return String::new();
        };
        if unit == Unit::Share && (self.is_few() || before.is_few()) {
            return String::new();
        }
        let by = now - then;
        let more = if by > 0.0 { "more" } else { "less" };
        match unit {
            Unit::Share => {
                let points = (by.abs() * 100.0).round();
                let word = if points == 1.0 { "point" } else { "points" };
                if points == 0.0 {
                    "As before".to_owned()
                } else {
                    format!("{points} {word} {more}")
                }
            }
            Unit::Seconds if by.abs() < 1.0 => "As before".to_owned(),
            Unit::Seconds => format!("{} {}", duration(by.abs()), if by > 0.0 { "longer" } else { "shorter" }),
            Unit::Dollars if by.abs() < 0.0005 => "As before".to_owned(),
            Unit::Dollars => format!("{} {more}", dollars(by.abs())),
        }
    }
}
