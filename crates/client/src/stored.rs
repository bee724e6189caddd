//! The register as it lies in the store: two versioned JSON records, read strictly.
//!
//! One has the session, one the end of the newest epoch that ended. They are apart so that a tab that
//! writes its session late cannot undo an end, however the two writes interleave.
//!
//! Anybody who can run a script on the origin can write here, and older versions did; a record that is
//! not exactly what this version writes is no session.

use crate::{
    Config, Secret, Session,
    json::{self, Object, Value, object, text, whole},
    ports::{Store, StoreError},
    session::has_prototype_key,
    state::{Found, Ticket},
    time::Learnt,
};
use byoa_protocol::client::{LogoutReason, SecurityLevel};
use std::rc::Rc;

const VERSION: i64 = 2;

/// The longest record that is read, in bytes: two tokens and a profile.
const MAX_RECORD_BYTES: usize = 256 * 1024;

/// The latest time that a record may name, in milliseconds: the end of the year 9999.
const LATEST_MS: i64 = 253_402_300_799_999;

/// The greatest epoch of a session. An end has a smaller one, so that there is room for what comes after it.
const MAX_EPOCH: i64 = 1 << 53;

/// The most by which what was learnt of the time may be uncertain, in milliseconds.
const MAX_SPREAD_MS: i64 = 86_400_000;

struct Record {
    ticket: Ticket,
    learnt: Learnt,
    session: Session,
}

/// What the register has, and when it was written.
pub(crate) struct Read {
    pub(crate) found: Found,
    /// Something was there that is no record of ours; it is kept under another key now.
    pub(crate) set_aside: bool,
    /// What the writer knew of the time.
    pub(crate) learnt: Learnt,
    /// The greatest epoch of all.
    pub(crate) newest: i64,
}

impl Default for Read {
    fn default() -> Self {
        Self { found: Found::Nothing, set_aside: false, learnt: Learnt::default(), newest: 0 }
    }
}

/// The register of one environment.
#[derive(Debug)]
pub(crate) struct Register {
    session: String,
    ended: String,
    aside: String,
}

impl Register {
    pub(crate) fn new(config: &Config) -> Self {
        let key = |name| {
            let suffix = config.storage_key_suffix();
            let dot = if suffix.is_empty() { "" } else { "." };
            ["byoa:", config.environment_id(), ":", name, dot, suffix].concat()
        };
        Self { session: key("session"), ended: key("ended"), aside: key("aside") }
    }

    /// Reads both records.
    pub(crate) fn read(&self, store: &dyn Store, config: &Config, now_ms: i64) -> Result<Read, StoreError> {
        let found = store.get(&self.session)?;
        let end = store.get(&self.ended)?;
        let was_there = end.is_some();
        let end = end.and_then(|text| parse_end(&text));
        if was_there && end.is_none() {
            store.remove(&self.ended)?;
        }
        let ended = end.map_or(0, |(epoch, _)| epoch);
        let record = found.as_deref().and_then(|text| parse(text, config, now_ms));
        let set_aside = found.is_some() && record.is_none();
        if let (true, Some(text)) = (set_aside, found) {
            self.set_aside(store, &text);
        }
        let learnt = record.as_ref().map_or_else(Learnt::default, |record| record.learnt);
        let newest = record.as_ref().map_or(ended, |record| record.ticket.epoch.max(ended));
        if record.as_ref().is_some_and(|record| record.ticket.epoch <= ended) {
            // A write that came after the end, from a tab that had not seen it yet.
            store.remove(&self.session)?;
        }
        let found = match (record, end) {
            (Some(Record { ticket, session, .. }), _) if ticket.epoch > ended => {
                Found::Session { session: Rc::new(session), ticket }
            }
            (_, Some((epoch, reason))) => Found::Ended { epoch, reason },
            _ => Found::Nothing,
        };
        Ok(Read { found, set_aside, learnt, newest })
    }

    /// Writes a session. Where that fails, an older one must not come back with the next reload, so
    /// whatever is there is removed; likewise where the session's key ends with this page, and nobody else
    /// could use it.
    pub(crate) fn write(
        &self,
        store: &dyn Store,
        session: &Session,
        ticket: Ticket,
        learnt: Learnt,
    ) -> Result<(), StoreError> {
        if session.level == SecurityLevel::Memory {
            return store.remove(&self.session);
        }
        let token =
            |token: &Option<Secret>| token.as_ref().map_or(Value::Null, |token| token.expose().into());
        let written = object(vec![
            ("user", Value::Object(session.user.wire().clone())),
            ("expiresAt", (session.expires_at_ms / 1000).into()),
            ("minifiedJwt", token(&session.minified_jwt)),
            ("jwt", token(&session.jwt)),
        ]);
        let record = object(vec![
            ("version", VERSION.into()),
            ("epoch", ticket.epoch.into()),
            ("generation", ticket.generation.into()),
            ("seen", learnt.server.into()),
            ("skew", learnt.skew.into()),
            ("spread", learnt.spread.into()),
            ("session", written),
        ]);
        let text = Secret::new(json::write(&record));
        store.set(&self.session, text.expose()).inspect_err(|_| _ = store.remove(&self.session))
    }

    /// Ends an epoch and all before it. What it held goes first, which makes room for the rest.
    pub(crate) fn end(&self, store: &dyn Store, epoch: i64, reason: LogoutReason) -> Result<(), StoreError> {
        store.remove(&self.session)?;
        store.remove(&self.aside)?;
        if epoch == 0 {
            return Ok(());
        }
        let end = object(vec![
            ("version", VERSION.into()),
            ("epoch", epoch.into()),
            ("reason", reason.as_str().into()),
        ]);
        store.set(&self.ended, &json::write(&end))
    }

    /// Out of the way, and not lost: perhaps a person can make sense of it.
    fn set_aside(&self, store: &dyn Store, text: &str) {
        if text.len() <= MAX_RECORD_BYTES {
            // A copy that cannot be kept is not worth a failure.
            let _ = store.set(&self.aside, text);
        }
        let _ = store.remove(&self.session);
    }
}

/// The record of this version, or the one before it, whose session is the first of all epochs.
fn parse(text: &str, config: &Config, now_ms: i64) -> Option<Record> {
    if text.len() > MAX_RECORD_BYTES {
        return None;
    }
    let mut record: Object = json::read(text)?;
    let session = record.remove("session").filter(|session| !has_prototype_key(session))?;
    let Value::Object(session) = session else {
        return None;
    };
    let number = |name| whole(&record, name);
    let (epoch, generation, learnt) = match (number("version")?, record.len()) {
        (1, 1) => (1, 0, Learnt::default()),
        (VERSION, 6) => {
            let (server, skew, spread) = (number("seen")?, number("skew")?, number("spread")?);
            (number("epoch")?, number("generation")?, Learnt { server, skew, spread })
        }
        _ => return None,
    };
    let is_sane = (1..=MAX_EPOCH).contains(&epoch)
        && (0..=LATEST_MS).contains(&learnt.server)
        && (-LATEST_MS..=LATEST_MS).contains(&learnt.skew)
        && (0..=MAX_SPREAD_MS).contains(&learnt.spread);
    let generation = i32::try_from(generation).ok().filter(|_| is_sane)?;
    let ticket = Ticket { epoch, generation: u32::try_from(generation).ok()? };
    let issued_ms = if learnt.server > 0 { learnt.server } else { now_ms };
    let session = Session::checked(config, session, issued_ms).ok()?;
    Some(Record { ticket, learnt, session })
}

fn parse_end(found: &str) -> Option<(i64, LogoutReason)> {
    let end = json::read(found)?;
    let reason = LogoutReason::of(text(&end, "reason")?)?;
    let epoch = whole(&end, "epoch").filter(|epoch| (1..=LATEST_MS).contains(epoch))?;
    (whole(&end, "version") == Some(VERSION)).then_some((epoch, reason))
}
