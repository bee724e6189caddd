//! `Date.now()`.

use byoa_client::ports::Clock;

/// The machine's clock, which may be wrong.
#[derive(Debug)]
pub(crate) struct BrowserClock;

impl Clock for BrowserClock {
    #[expect(clippy::disallowed_methods, reason = "this is the file that all time comes from")]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and a date has whole milliseconds"
    )]
    fn now_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }
}
