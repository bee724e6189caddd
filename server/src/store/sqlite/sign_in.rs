//! A sign-in.

use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::{
    Result, audit,
    connection::{execute, failed},
    outbox, records, users, uses, writer,
};
use crate::store::{EmailClaim, Note, SessionRecord, SignIn, SignedIn, User, webhooks::Event};

/// Uses up what may be used once, finds or makes the user, brings its credentials up to date and opens a
/// session; all or nothing.
pub(super) fn sign_in(writing: &Connection, sign_in: &SignIn, note: &Note) -> Result<SignedIn> {
    writer::whole(writing, || {
        uses::spend(writing, sign_in.environment_id, sign_in.one_use.as_ref())?;
        let (user, credential, new_user) = recognise(writing, sign_in)?;
        match &sign_in.email {
            // Nothing usable about an address: what is known stays.
            EmailClaim::Absent => {}
            EmailClaim::Verified(address) => vouch(writing, sign_in, user, address)?,
            EmailClaim::Unverified(address) => disavow(writing, sign_in, user, address)?,
        }
        let user = visit(writing, sign_in, user)?;
        let session = open(writing, sign_in, &user, credential)?;
        if sign_in.tell {
            tell(writing, &user, &session, new_user)?;
        }
        audit::append(writing, note.about(Some(user.id), Some(session.id)).as_slice())?;
        Ok(SignedIn { user, session, new_user })
    })
}

/// Tells who wants to know.
fn tell(writing: &Connection, user: &User, session: &SessionRecord, new_user: bool) -> Result<()> {
    if new_user {
        outbox::tell(writing, &Event::user_created(user, session.created_at))?;
    }
    outbox::tell(writing, &Event::session_created(user, session))
}

/// The user and the credential that finds it, and whether they are new.
fn recognise(writing: &Connection, sign_in: &SignIn) -> Result<(Uuid, Uuid, bool)> {
    let SignIn { environment_id, issuer, subject, now, .. } = sign_in;
    let text = "UPDATE credentials SET last_selected_at = ?
        WHERE environment_id = ? AND issuer = ? AND identifier = ? AND kind = 'externalUser' RETURNING user_id, id";
    let mut statement = writing.prepare_cached(text).map_err(failed)?;
    let found = (now.0, environment_id, issuer, subject);
    let found = statement.query_row(found, |row| Ok((row.get(0)?, row.get(1)?))).optional();
    if let Some((user, credential)) = found.map_err(failed)? {
        return Ok((user, credential, false));
    }
    let ids = (sign_in.new_user_id, sign_in.new_external_credential_id);
    users::insert(writing, *environment_id, ids, (issuer, subject), *now)?;
    Ok((ids.0, ids.1, true))
}

/// The issuer vouches for an address: it is the user's one verified address from that issuer. The profile
/// follows, unless the user has written another address there. An address that was known already is only
/// marked as used: everything else about it would be written as it is, and its indexes with it.
fn vouch(writing: &Connection, sign_in: &SignIn, user: Uuid, address: &str) -> Result<()> {
    let profile = "UPDATE users SET email = ?1, updated_at = ?2
        WHERE id = ?3 AND email IS NOT ?1 AND (email IS NULL OR email IN
            (SELECT identifier FROM credentials WHERE user_id = users.id AND kind = 'email' AND issuer = ?4))";
    execute(writing, profile, (address, sign_in.now.0, user, &sign_in.issuer))?;
    let known = "UPDATE credentials SET last_selected_at = ?
        WHERE user_id = ? AND kind = 'email' AND issuer = ? AND identifier = ?";
    if execute(writing, known, (sign_in.now.0, user, &sign_in.issuer, address))? > 0 {
        return Ok(());
    }
    let new = "INSERT INTO credentials
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        VALUES (?1, ?2, ?3, 'email', ?4, ?5, ?6, ?6)
        ON CONFLICT (user_id, kind, issuer) DO UPDATE SET id = excluded.id, identifier = excluded.identifier,
            verified_at = excluded.verified_at, last_selected_at = excluded.last_selected_at";
    let id = sign_in.new_email_credential_id;
    let row = (id, sign_in.environment_id, user, &sign_in.issuer, address, sign_in.now.0);
    execute(writing, new, row).map(drop)
}

/// The issuer does not vouch for an address any more.
fn disavow(writing: &Connection, sign_in: &SignIn, user: Uuid, address: &str) -> Result<()> {
    let text =
        "DELETE FROM credentials WHERE user_id = ? AND kind = 'email' AND issuer = ? AND identifier = ?";
    execute(writing, text, (user, &sign_in.issuer, address)).map(drop)
}

/// Marks the visit; the user as it is now.
fn visit(writing: &Connection, sign_in: &SignIn, user: Uuid) -> Result<User> {
    let text = "UPDATE users SET last_visit = ? WHERE id = ? RETURNING *";
    let mut statement = writing.prepare_cached(text).map_err(failed)?;
    let found =
        statement.query_row((sign_in.now.0, user), |row| Ok(records::user(row))).map_err(failed)??;
    Ok(User { credentials: users::credentials(writing, user)?, ..found })
}

fn open(writing: &Connection, sign_in: &SignIn, user: &User, credential: Uuid) -> Result<SessionRecord> {
    let session = SessionRecord {
        id: sign_in.session_id,
        environment_id: sign_in.environment_id,
        user_id: user.id,
        signin_credential_id: credential,
        origin: sign_in.origin.clone(),
        generation: 0,
        token_id: sign_in.token_id,
        previous_token_id: None,
        created_at: sign_in.now,
        refreshed_at: sign_in.now,
        expires_at: sign_in.expires_at,
        refresh_expires_at: sign_in.refresh_expires_at,
        revoked_at: None,
    };
    let text =
        "INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, public_key,
            dpop_jkt, sdk_version, ip, user_agent, generation, token_id, created_at, refreshed_at,
            expires_at, refresh_expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)";
    let row = (
        session.id,
        session.environment_id,
        session.user_id,
        session.signin_credential_id,
        &session.origin.audience,
        &session.origin.public_key,
        &session.origin.dpop_jkt,
        &session.origin.sdk_version,
        session.origin.ip.map(|ip| ip.to_string()),
        &session.origin.user_agent,
        session.token_id,
        session.created_at.0,
        session.refreshed_at.0,
        session.expires_at.0,
        session.refresh_expires_at.0,
    );
    execute(writing, text, row)?;
    Ok(session)
}
