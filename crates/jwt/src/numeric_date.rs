//! `NumericDate` of RFC 7519 2: seconds since 1970 as a JSON number, possibly with a fraction.

use byoa_json::Number;
use serde_json::Value;

/// What is said of a value that is no number.
pub(crate) const NO_NUMBER: &str = "it must be a JSON number, not text or anything else";

const NEGATIVE: &str = "it is negative";

const OUT_OF_RANGE: &str = "it is out of range";

/// 9999-12-31T23:59:59Z. Nothing later is a date; a time in milliseconds is far beyond it.
const LATEST: i64 = 253_402_300_799;

/// The time in whole seconds, rounded up.
///
/// Rounding up changes no answer: against a clock of whole seconds, "now is at or after 100.5" and "now
/// is at or after 101" are the same question.
pub(crate) fn read(value: &Value) -> Result<i64, &'static str> {
    let Value::Number(number) = value else {
        return Err(NO_NUMBER);
    };
    if let Some(seconds) = number.as_i64() {
        return bounded(seconds);
    }
    // Whole numbers beyond i64 end up here as well, as a double far beyond LATEST.
    let seconds = number.as_f64().filter(|seconds| seconds.is_finite()).ok_or(OUT_OF_RANGE)?;
    // Before rounding, which would make a second of the part of one before 1970.
    if seconds < 0.0 {
        return Err(NEGATIVE);
    }
    let seconds = seconds.ceil();
    if seconds > 1e15 {
        return Err(OUT_OF_RANGE);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e15 is exact in both types")]
    bounded(seconds as i64)
}

/// The same of a number as it is written, without a float in between.
pub(crate) fn read_written(number: &Number) -> Result<i64, &'static str> {
    if number.is_negative() {
        return Err(NEGATIVE);
    }
    bounded(number.ceil().ok_or(OUT_OF_RANGE)?)
}

fn bounded(seconds: i64) -> Result<i64, &'static str> {
    match seconds {
        0..=LATEST => Ok(seconds),
        ..0 => Err(NEGATIVE),
        _ if (0..=LATEST).contains(&(seconds / 1000)) => {
            Err("it is after the year 9999; it looks like milliseconds, and must be in seconds")
        }
        _ => Err("it is after the year 9999; it must be in seconds"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn reads_whole_and_fractional_seconds() {
        assert_eq!(read(&json!(0)), Ok(0));
        assert_eq!(read(&json!(1_700_000_000)), Ok(1_700_000_000));
        assert_eq!(read(&json!(1_700_000_000.25)), Ok(1_700_000_001));
        assert_eq!(read(&json!(9.9e9)), Ok(9_900_000_000));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for value in [json!("1700000000"), json!(null), json!(true), json!([1]), json!(-1), json!(u64::MAX)] {
            assert!(read(&value).is_err(), "{value}");
        }
        assert_eq!(read(&json!(-0.5)), Err("it is negative"));
        for value in [json!(1e300), json!(i64::MAX), json!(-0.5e12), json!(253_402_300_800_i64)] {
            assert!(read(&value).is_err(), "{value}");
        }
        assert!(read(&json!(1_700_000_000_000_i64)).is_err_and(|problem| problem.contains("milliseconds")));
        assert!(read(&json!(1.7e12)).is_err_and(|problem| problem.contains("milliseconds")));
    }
}
