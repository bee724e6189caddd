//! What an app can ask of a client beyond its session: a step-up, the settings, a request of its own.
//!
//! One future for all of it, so that its machinery is in the wasm once. No rule about sessions may be here;
//! those are in [`crate::state`], [`crate::proof`] and [`crate::step_up`].

use crate::{
    Client, ClientError, Secret, Session,
    api::Api,
    json::{self, Object, Value, object},
    proof::Headers,
    requests::{Ask, Asked},
    runner::Runner,
    session::tame,
    settings::Announced,
    sign_in,
    state::Ticket,
};
use byoa_protocol::client::SignInWithExternalJwtArgs;
use futures_util::future::LocalBoxFuture;
use std::{fmt, rc::Rc};

/// What is asked.
pub enum Extra {
    /// An elevated token for a fresh external JWT of the signed-in user, which names the scopes. It is kept,
    /// and sent by itself with the operation that it is for.
    Elevate {
        /// The JWT.
        external_jwt: String,
    },
    /// Whether the operation of a scope needs an elevated token that is not held. Where that cannot be found
    /// out, it does.
    CheckStepUp {
        /// The scope.
        scope: String,
    },
    /// What the environment announces, as far as this client does anything about it.
    Settings,
    /// What shows the session to the app's own backend: `authorization`, and `proof` where the session is
    /// bound to a key. Refreshed first where the token has ended; empty where nobody is signed in, or where
    /// the session lives in a cookie.
    Authorize {
        /// HTTP method of the app's request.
        method: String,
        /// Its URL.
        url: String,
        /// The nonce of that backend, where it has one.
        nonce: Option<String>,
    },
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One of them has a JWT.
        f.debug_struct("Extra").finish_non_exhaustive()
    }
}

impl Client {
    /// Asks for one of these.
    #[must_use]
    pub fn extra(&self, extra: Extra) -> LocalBoxFuture<'static, Result<Value, ClientError>> {
        let inner = Rc::clone(&self.inner);
        match extra {
            Extra::Settings => Box::pin(async move { Ok(settings(inner.api.announced().await)) }),
            Extra::Authorize { method, url, nonce } => {
                let begun = inner.started_session();
                Box::pin(async move {
                    let Ok((_, of)) = begun else { return Ok(object(vec![])) };
                    let (session, ticket) = inner.usable_session(of).await?;
                    let shown = inner.api.authorize(&session, &method, &url, nonce).await;
                    shown.map(authorization).inspect_err(|error| inner.end_without_key(ticket, error))
                })
            }
            Extra::Elevate { external_jwt } => {
                let args =
                    SignInWithExternalJwtArgs { external_jwt: Some(external_jwt), external_user_id: None };
                let checked = sign_in::check(args, inner.now().low);
                let jwt = checked.map(|checked| checked.external_jwt.unwrap_or_else(|| Secret::from("")));
                let asked = jwt.map(|jwt| self.ask(Ask::Elevate(jwt), None));
                Box::pin(async move { elevated(&asked?.await?) })
            }
            Extra::CheckStepUp { scope } => {
                let is_held = self.elevated_token(&scope, false).is_some();
                let body = json::write(&object(vec![("scope", scope.into())]));
                let asked = (!is_held).then(|| self.ask(Ask::CheckStepUp(Secret::new(body)), None));
                Box::pin(async move {
                    match asked {
                        Some(asked) => step_up(asked.await),
                        None => Ok(step_up_answer(false, Object::new())),
                    }
                })
            }
        }
    }

    /// An elevated token with `scope`, where one is held. One for a single use is given out once, unless
    /// `consume` says that it is only looked at.
    #[must_use]
    pub fn elevated_token(&self, scope: &str, consume: bool) -> Option<Secret> {
        self.inner.elevated(&*self.inner.live_session()?, scope, consume)
    }
}

impl Runner {
    /// Reads the settings while nobody waits for them, so that a sign-in finds them.
    pub(crate) fn read_settings_early(self: &Rc<Self>) {
        if self.session().is_none() && !self.is_closed() && self.api.lacks_settings() {
            let inner = Rc::clone(self);
            self.ports.tasks.spawn(Box::pin(async move { _ = inner.api.announced().await }));
        }
    }

    /// The elevated token for an operation that is about to be sent, unless the environment says that it needs
    /// none.
    pub(crate) fn take_elevated(&self, scope: &str) -> Option<Secret> {
        let needs_none = self.api.known().is_some_and(|known| !known.announced.has(Announced::STEP_UP));
        let (session, _) = self.session().filter(|_| !needs_none)?;
        self.elevated(&session, scope, true)
    }

    /// Keeps an elevated token of that session.
    pub(crate) fn keep_elevated(&self, session: &Session, token: Secret) {
        self.elevated.borrow_mut().keep(&owner(session), token, self.seconds());
    }

    fn elevated(&self, session: &Session, scope: &str, consume: bool) -> Option<Secret> {
        self.elevated.borrow_mut().get(&owner(session), scope, consume, self.seconds())
    }

    fn seconds(&self) -> i64 {
        self.now().best.div_euclid(1000)
    }

    /// Ends a session whose key is gone: nobody can use it any more.
    pub(crate) fn end_without_key(self: &Rc<Self>, ticket: Ticket, error: &ClientError) {
        if error.is_refusal() {
            self.dispatch(crate::state::Event::Refused { ticket });
        }
    }
}

/// Whose elevated tokens they are. The session's id stays the same when its tokens are replaced.
fn owner(session: &Session) -> String {
    let text = |name| session.user.text(name).unwrap_or_default();
    [text("id"), "/", text("sessionId")].concat()
}

fn settings(announced: Announced) -> Value {
    let names = [
        ("boundKeys", Announced::BOUND_KEYS),
        ("deviceProofs", Announced::DEVICE_PROOFS),
        ("sessionCookie", Announced::SESSION_COOKIE),
        ("externalJwtCookie", Announced::JWT_COOKIE),
        ("stepUp", Announced::STEP_UP),
    ];
    object(names.into_iter().map(|(name, flag)| (name, announced.has(flag).into())).collect())
}

fn authorization(headers: Headers) -> Value {
    let name = |header| if header == "dpop" { "proof" } else { header };
    object(headers.into_iter().map(|(header, value)| (name(header), value.expose().into())).collect())
}

fn elevated(asked: &Asked) -> Result<Value, ClientError> {
    let token = Api::elevated(&asked.answer)?;
    let answer = object(vec![("elevatedAccessToken", token.expose().into())]);
    asked.inner.keep_elevated(&asked.session, token);
    Ok(answer)
}

/// Where it cannot be found out, a step-up is needed; who is not signed in is told so.
fn step_up(asked: Result<Asked, ClientError>) -> Result<Value, ClientError> {
    let answer = match asked {
        Ok(asked) => json::read(&asked.answer.body).unwrap_or_default(),
        Err(error) if error.is_refusal() || error.is_not_signed_in() => return Err(error),
        Err(_) => Object::new(),
    };
    let is_required = answer.get("isRequired").and_then(Value::as_bool);
    Ok(step_up_answer(is_required.unwrap_or(true), answer))
}

fn step_up_answer(is_required: bool, mut answer: Object) -> Value {
    answer.values_mut().for_each(tame);
    let credentials = answer.remove("credentials").filter(|found| found.as_array().is_some());
    object(vec![
        ("isRequired", is_required.into()),
        ("credentials", credentials.unwrap_or_else(|| Value::Array(vec![]))),
        ("defaultCredentialId", answer.remove("defaultCredentialId").unwrap_or(Value::Null)),
    ])
}
