//! A sign-in: one script, so that it costs one turn of the connection's thread.
//!
//! Parameters are numbered through the whole script. The external identity is looked up anew where it is
//! needed: that is a step in an index, and less than another turn would cost.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{Result, outbox, rows, uses, writer};
use crate::store::{
    CredentialKind, EmailClaim, SessionRecord, SignIn, SignedIn, StoreError, User, webhooks::Event,
};

/// The credential that finds a user.
macro_rules! external {
    ($columns:literal) => {
        concat!(
            "(SELECT ",
            $columns,
            " FROM credentials
              WHERE environment_id = $1 AND issuer = $2 AND identifier = $3 AND kind = 'externalUser')"
        )
    };
}

/// A script with what is particular to an e-mail claim in it.
macro_rules! script {
    ($address:expr) => {
        concat!(
            "SAVEPOINT operation;
             INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at)
                SELECT $4, $1, $5, $5, $5 WHERE NOT EXISTS ", external!("1"), ";
             INSERT INTO credentials
                (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
                VALUES ($6, $1, $4, 'externalUser', $2, $3, $5, $5)
                ON CONFLICT (environment_id, issuer, identifier) WHERE kind = 'externalUser'
                DO UPDATE SET last_selected_at = excluded.last_selected_at;",
            $address,
            "UPDATE users SET last_visit = $5 WHERE id = ", external!("user_id"), " RETURNING *;
             INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, public_key,
                dpop_jkt, sdk_version, ip, user_agent, generation, token_id, created_at, refreshed_at,
                expires_at, refresh_expires_at)
                SELECT $7, $1, user_id, id, $8, $9, $18, $10, $11, $12, 0, $13, $5, $5, $14, $15
                FROM ", external!("*"), ";
             SELECT * FROM credentials WHERE user_id = ", external!("user_id"), "
                ORDER BY kind <> 'externalUser', issuer;
             RELEASE operation"
        )
    };
}

/// Nothing usable about an address: what is known stays.
const WITHOUT_ADDRESS: &str = script!("");

/// The issuer vouches for an address: it is the user's one verified address from that issuer. The profile
/// follows, unless the user has written another address there. An address that was known already is only
/// marked as used: everything else about it would be written as it is, and its indexes with it.
const VOUCHED: &str = script!(concat!(
    "UPDATE users SET email = $17, updated_at = $5
        WHERE id = ",
    external!("user_id"),
    " AND email IS NOT $17 AND (email IS NULL OR email IN
            (SELECT identifier FROM credentials WHERE user_id = users.id AND kind = 'email' AND issuer = $2));
     UPDATE credentials SET last_selected_at = $5
        WHERE user_id = ",
    external!("user_id"),
    " AND kind = 'email' AND issuer = $2 AND identifier = $17;
     INSERT INTO credentials
        (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        SELECT $16, $1, user_id, 'email', $2, $17, $5, $5 FROM ",
    external!("user_id"),
    "
        WHERE NOT EXISTS (SELECT 1 FROM credentials WHERE user_id = ",
    external!("user_id"),
    "
            AND kind = 'email' AND issuer = $2 AND identifier = $17)
        ON CONFLICT (user_id, kind, issuer) DO UPDATE SET id = excluded.id,
            identifier = excluded.identifier, verified_at = excluded.verified_at,
            last_selected_at = excluded.last_selected_at;"
));

/// The issuer does not vouch for an address any more.
const DISAVOWED: &str = script!(concat!(
    "DELETE FROM credentials
        WHERE user_id = ",
    external!("user_id"),
    " AND kind = 'email' AND issuer = $2 AND identifier = $17;"
));

/// Uses up what may be used once, finds or makes the user, brings its credentials up to date and opens a
/// session; all or nothing.
pub(super) async fn sign_in(writing: &mut SqliteConnection, sign_in: &SignIn) -> Result<SignedIn> {
    if sign_in.one_use.is_none() && !sign_in.tell {
        return recognise(writing, sign_in).await;
    }
    let sign_in = sign_in.clone();
    writer::whole(writing, move |writing| {
        Box::pin(async move {
            uses::spend(writing, sign_in.environment_id, sign_in.one_use.as_ref()).await?;
            let signed_in = recognise(writing, &sign_in).await?;
            if sign_in.tell {
                tell(writing, &signed_in).await?;
            }
            Ok(signed_in)
        })
    })
    .await
}

/// Tells who wants to know.
async fn tell(writing: &mut SqliteConnection, signed_in: &SignedIn) -> Result<()> {
    let SignedIn { user, session, new_user } = signed_in;
    if *new_user {
        outbox::tell(writing, &Event::user_created(user, session.created_at)).await?;
    }
    outbox::tell(writing, &Event::session_created(user, session)).await
}

async fn recognise(writing: &mut SqliteConnection, sign_in: &SignIn) -> Result<SignedIn> {
    let (text, address) = match &sign_in.email {
        EmailClaim::Absent => (WITHOUT_ADDRESS, None),
        EmailClaim::Verified(address) => (VOUCHED, Some(address)),
        EmailClaim::Unverified(address) => (DISAVOWED, Some(address)),
    };
    let query = sqlx::query(text)
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
        .bind(address)
        .bind(sign_in.origin.dpop_jkt.as_deref());
    let user = user(&writer::script(writing, query).await?)?;
    let new_user = user.id == sign_in.new_user_id;
    Ok(SignedIn { session: session(sign_in, &user)?, user, new_user })
}

/// From the rows of the script: the user's, then its credentials'.
fn user(found: &[SqliteRow]) -> Result<User> {
    let (user, credentials) = found.split_first().ok_or(StoreError::Corrupt("credential"))?;
    let credentials = credentials.iter().map(rows::credential).collect::<Result<_>>()?;
    Ok(User { credentials, ..rows::user(user)? })
}

/// The session that the script has opened.
fn session(sign_in: &SignIn, user: &User) -> Result<SessionRecord> {
    // The same subject may have come from several issuers; the script has made sure of this one.
    let external = user.credentials.iter().find(|credential| {
        credential.kind == CredentialKind::ExternalUser && credential.identifier == sign_in.subject
    });
    Ok(SessionRecord {
        id: sign_in.session_id,
        environment_id: sign_in.environment_id,
        user_id: user.id,
        signin_credential_id: external.ok_or(StoreError::Corrupt("credential"))?.id,
        origin: sign_in.origin.clone(),
        generation: 0,
        token_id: sign_in.token_id,
        previous_token_id: None,
        created_at: sign_in.now,
        refreshed_at: sign_in.now,
        expires_at: sign_in.expires_at,
        refresh_expires_at: sign_in.refresh_expires_at,
        revoked_at: None,
    })
}
