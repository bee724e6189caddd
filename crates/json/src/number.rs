//! A number as it is written. Nothing is rounded before somebody asks for a type.

/// The text of a JSON number (RFC 8259 6). Equal where the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Box<str>);

/// A number's digits without its sign, and where its point is.
struct Parts<'n> {
    is_negative: bool,
    whole: &'n [u8],
    fraction: &'n [u8],
    exponent: i32,
}

impl Number {
    /// Takes a text that the reader found to be a number.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, where it is written as a whole one and is one of this type.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let parts = self.parts();
        if parts.exponent != 0 || self.0.contains(['.', 'e', 'E']) {
            return None;
        }
        parts.whole.iter().try_fold(0_i64, |sum, digit| {
            let digit = i64::from(digit - b'0');
            let sum = sum.checked_mul(10)?;
            if parts.is_negative { sum.checked_sub(digit) } else { sum.checked_add(digit) }
        })
    }

    /// Whether it is below zero; `-0` is not.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        let Parts { is_negative, whole, fraction, .. } = self.parts();
        is_negative && whole.iter().chain(fraction).any(|digit| *digit != b'0')
    }

    /// The smallest whole number that is not below it; `None` where it is negative or above 10^18.
    #[must_use]
    pub fn ceil(&self) -> Option<i64> {
        let Parts { whole, fraction, exponent, .. } = self.parts();
        if self.is_negative() {
            return None;
        }
        let digits = whole.iter().chain(fraction);
        let Some(leading) = digits.clone().position(|digit| *digit != b'0') else {
            return Some(0);
        };
        // So many digits are before the point, counted from the first; the rest is below one.
        let before = length(whole.len()) + i64::from(exponent);
        if before - length(leading) > 18 {
            return None;
        }
        let mut digits = digits.skip(leading);
        let mut sum = 0;
        for _ in length(leading)..before {
            sum = sum * 10 + i64::from(digits.next().unwrap_or(&b'0') - b'0');
        }
        Some(sum + i64::from(digits.any(|digit| *digit != b'0')))
    }

    /// The power of ten of its first digit that is not zero; `None` for zero.
    pub(crate) fn magnitude(text: &str) -> Option<i64> {
        let Parts { whole, fraction, exponent, .. } = parts(text);
        let leading = whole.iter().chain(fraction).position(|digit| *digit != b'0')?;
        Some(length(whole.len()) - 1 - length(leading) + i64::from(exponent))
    }

    fn parts(&self) -> Parts<'_> {
        parts(&self.0)
    }
}

/// Of a text that is a number.
fn parts(text: &str) -> Parts<'_> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (is_negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    Parts {
        is_negative,
        whole: whole.as_bytes(),
        fraction: fraction.as_bytes(),
        exponent: saturating(exponent),
    }
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 2)
}

/// An exponent, bounded to where it makes no difference any more.
fn saturating(text: &str) -> i32 {
    let digits = text.trim_start_matches(['-', '+']);
    let sum = digits.bytes().fold(0_i32, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i32::from(digit.wrapping_sub(b'0'))).min(1 << 24)
    });
    if text.starts_with('-') { -sum } else { sum }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::new(&number.to_string())
    }
}
