//! A sign-in: one statement and so one transaction and one turn to the database, and one read after it.

use sqlx::{Connection, PgConnection, PgPool, Row, postgres::PgRow};

use super::{Result, outbox, rows, users, uses};
use crate::store::{
    AuditRecord, EmailClaim, Note, SessionRecord, SignIn, SignedIn, StoreError, User, webhooks::Event,
};

/// How often a sign-in is tried that meets another one of the same person, or their removal.
const TRIES: u32 = 16;

/// Finds or makes the user, brings its credentials up to date and opens a session.
///
/// `external` comes first, since everything follows from its rows; it waits for whoever else writes that
/// identity now. Two at once for one new subject therefore make one user: the later one finds the
/// credential. It cannot see the user yet, which is newer than its statement; then it has opened no
/// session either, gives no row, and is tried again.
///
/// The profile's address follows the one that the issuer vouches for, unless the user has written another
/// address there. All parts see the tables as they were before, and each other only by their rows.
const SIGN_IN: &str = "
    WITH external AS (
        INSERT INTO credentials
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        VALUES ($6, $1, $4, 'externalUser', $2, $3, $5, $5)
        ON CONFLICT (environment_id, issuer, identifier) WHERE kind = 'externalUser'
        DO UPDATE SET last_selected_at = excluded.last_selected_at
        RETURNING id, user_id
    ), made AS (
        INSERT INTO users (id, environment_id, email, first_visit, last_visit, updated_at)
        SELECT $4, $1, $17::text, $5, $5, $5 FROM external WHERE external.user_id = $4
        RETURNING *
    ), known AS (
        UPDATE users SET last_visit = $5, email = CASE
            WHEN $17::text IS NOT NULL AND (email IS NULL OR email IN (SELECT identifier FROM credentials
                WHERE credentials.user_id = users.id AND kind = 'email' AND issuer = $2))
            THEN $17::text ELSE email END
        FROM external WHERE users.id = external.user_id AND external.user_id <> $4
        RETURNING users.*
    ), visitor AS (
        SELECT * FROM made UNION ALL SELECT * FROM known
    ), vouched AS (
        INSERT INTO credentials AS old
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        SELECT $16, $1, visitor.id, 'email', $2, $17::text, $5, $5 FROM visitor WHERE $17::text IS NOT NULL
        ON CONFLICT (user_id, kind, issuer) DO UPDATE SET
            verified_at = CASE old.identifier WHEN excluded.identifier THEN old.verified_at
                ELSE excluded.verified_at END,
            id = CASE old.identifier WHEN excluded.identifier THEN old.id ELSE excluded.id END,
            identifier = excluded.identifier, last_selected_at = excluded.last_selected_at
    ), disavowed AS (
        DELETE FROM credentials USING visitor
        WHERE user_id = visitor.id AND kind = 'email' AND issuer = $2 AND identifier = $18::text
    ), opened AS (
        INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, public_key,
            dpop_jkt, sdk_version, ip, user_agent, generation, token_id, created_at, refreshed_at, expires_at,
            refresh_expires_at)
        SELECT $7, $1, visitor.id, external.id, $8, $9, $19, $10, $11, $12, 0, $13, $5, $5, $14, $15
        FROM visitor, external
    ), noted AS (
        INSERT INTO audit_log (id, environment_id, at, action, actor, user_id, session_id, issuer, request_id, ip,
            user_agent)
        SELECT $20::uuid, $1, $21::bigint, $22::text, $23::text, visitor.id, $7, $24::text, $25::text, $26::text,
            $27::text
        FROM visitor WHERE $20::uuid IS NOT NULL
    )
    SELECT visitor.*, external.id AS external_id FROM visitor, external";

/// What is there of the identity now stays as it is until the transaction ends.
const HOLD: &str = "SELECT 1 FROM credentials
    WHERE environment_id = $1 AND issuer = $2 AND identifier = $3 AND kind = 'externalUser' FOR UPDATE";

/// Carries out a sign-in.
pub(super) async fn sign_in(pool: &PgPool, sign_in: &SignIn, note: &Note) -> Result<SignedIn> {
    let note = &note.about(None, Some(sign_in.session_id));
    let mut writing = pool.acquire().await.map_err(rows::failed)?;
    if sign_in.one_use.is_some() || sign_in.tell {
        return whole(&mut writing, sign_in, note.as_ref()).await;
    }
    let mut tried = attempt(&mut writing, sign_in, note.as_ref()).await;
    for _ in 0..TRIES {
        match tried {
            Ok(Some(row)) => return signed_in(&mut writing, sign_in, &row).await,
            Err(error) if !rows::wants_again(&error) => return Err(rows::failed(error)),
            Ok(None) | Err(_) => tried = held_attempt(&mut writing, sign_in, note.as_ref()).await,
        }
    }
    Err(StoreError::Unavailable("another sign-in of the same person was always faster".into()))
}

/// Signs in with what else belongs to it: what is used up by it, and who is told of it. All or nothing.
async fn whole(writing: &mut PgConnection, sign_in: &SignIn, note: Option<&AuditRecord>) -> Result<SignedIn> {
    for _ in 0..TRIES {
        match whole_attempt(writing, sign_in, note).await {
            Err(StoreError::Unavailable(cause))
                if cause.downcast_ref::<sqlx::Error>().is_some_and(rows::wants_again) => {}
            done => return done,
        }
    }
    Err(StoreError::Unavailable("another sign-in of the same person was always faster".into()))
}

async fn whole_attempt(
    writing: &mut PgConnection,
    sign_in: &SignIn,
    note: Option<&AuditRecord>,
) -> Result<SignedIn> {
    let mut whole = writing.begin().await.map_err(rows::failed)?;
    uses::spend(&mut whole, sign_in.environment_id, sign_in.one_use.as_ref()).await?;
    for _ in 0..TRIES {
        if let Some(row) = attempt(&mut whole, sign_in, note).await.map_err(rows::failed)? {
            let signed_in = signed_in(&mut whole, sign_in, &row).await?;
            if sign_in.tell {
                tell(&mut whole, &signed_in).await?;
            }
            whole.commit().await.map_err(rows::failed)?;
            return Ok(signed_in);
        }
    }
    Err(StoreError::Unavailable("another sign-in of the same person was always faster".into()))
}

/// Tells who wants to know.
async fn tell(writing: &mut PgConnection, signed_in: &SignedIn) -> Result<()> {
    let SignedIn { user, session, new_user } = signed_in;
    if *new_user {
        outbox::tell(writing, &Event::user_created(user, session.created_at)).await?;
    }
    outbox::tell(writing, &Event::session_created(user, session)).await
}

/// After somebody was faster: they may be again, unless they are kept from it.
async fn held_attempt(
    writing: &mut PgConnection,
    sign_in: &SignIn,
    note: Option<&AuditRecord>,
) -> std::result::Result<Option<PgRow>, sqlx::Error> {
    let mut holding = writing.begin().await?;
    sqlx::query(HOLD)
        .bind(sign_in.environment_id)
        .bind(&sign_in.issuer)
        .bind(&sign_in.subject)
        .execute(&mut *holding)
        .await?;
    let row = attempt(&mut holding, sign_in, note).await?;
    holding.commit().await?;
    Ok(row)
}

async fn attempt(
    writing: &mut PgConnection,
    sign_in: &SignIn,
    note: Option<&AuditRecord>,
) -> std::result::Result<Option<PgRow>, sqlx::Error> {
    let (verified, unverified) = match &sign_in.email {
        EmailClaim::Absent => (None, None),
        EmailClaim::Verified(address) => (Some(address), None),
        EmailClaim::Unverified(address) => (None, Some(address)),
    };
    sqlx::query(SIGN_IN)
        .bind(sign_in.environment_id)
        .bind(&sign_in.issuer)
        .bind(&sign_in.subject)
        .bind(sign_in.new_user_id)
        .bind(sign_in.now.0)
        .bind(sign_in.new_external_credential_id)
        .bind(sign_in.session_id)
        .bind(&sign_in.origin.audience)
        .bind(sign_in.origin.public_key.as_deref())
        .bind(sign_in.origin.sdk_version.as_deref())
        .bind(sign_in.origin.ip.map(|ip| ip.to_string()))
        .bind(sign_in.origin.user_agent.as_deref())
        .bind(sign_in.token_id)
        .bind(sign_in.expires_at.0)
        .bind(sign_in.refresh_expires_at.0)
        .bind(sign_in.new_email_credential_id)
        .bind(verified)
        .bind(unverified)
        .bind(sign_in.origin.dpop_jkt.as_deref())
        .bind(note.map(|note| note.id))
        .bind(note.map(|note| note.at.0))
        .bind(note.map(|note| note.action.as_str()))
        .bind(note.map(|note| note.actor.as_str()))
        .bind(note.and_then(|note| note.issuer.as_deref()))
        .bind(note.and_then(|note| note.request_id.as_deref()))
        .bind(note.and_then(|note| note.ip).map(|ip| ip.to_string()))
        .bind(note.and_then(|note| note.user_agent.as_deref()))
        .fetch_optional(writing)
        .await
}

async fn signed_in(reading: &mut PgConnection, sign_in: &SignIn, row: &PgRow) -> Result<SignedIn> {
    let user = rows::user(row)?;
    let user = User { credentials: users::credentials(reading, user.id).await?, ..user };
    let session = SessionRecord {
        id: sign_in.session_id,
        environment_id: sign_in.environment_id,
        user_id: user.id,
        signin_credential_id: row.try_get("external_id").map_err(rows::failed)?,
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
    Ok(SignedIn { new_user: user.id == sign_in.new_user_id, user, session })
}
