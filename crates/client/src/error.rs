//! The one error of the client, and how a server's answer becomes it.
//!
//! Nothing here may quote a token or a whole body; a server's own sentence is shortened.

use crate::{
    json::{self, Object, Value},
    ports::{Response, TransportError},
};
use byoa_jwt::Rejection;
use byoa_protocol::{ErrorCode, Reason};
use std::borrow::Cow;

/// The most of a server's sentence that is repeated, in bytes.
const MAX_MESSAGE_BYTES: usize = 500;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClientError {
    /// One of [`ErrorCode`]'s words, or a newer server's own.
    pub code: Cow<'static, str>,
    /// For `invalid_external_auth`: one of [`Reason`]'s words, or a newer server's own.
    pub reason: Option<Cow<'static, str>>,
    /// HTTP status, where a server answered.
    pub status: Option<u16>,
    /// Whether the same call may succeed later without a change by the caller.
    pub retryable: bool,
    /// Names the request in the logs of both sides, where one was sent.
    pub request_id: Option<String>,
    /// How long the server asks to wait, in seconds.
    pub retry_after: Option<u32>,
    /// For people; not part of the contract.
    pub message: Cow<'static, str>,
}

impl ClientError {
    fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: Cow::Borrowed(code.as_str()),
            reason: None,
            status: None,
            retryable: code.retryable(),
            request_id: None,
            retry_after: None,
            message: message.into(),
        }
    }

    /// An argument is missing or of a wrong type; nothing was sent.
    #[must_use]
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message)
    }

    /// The operation needs a signed-in user.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(ErrorCode::NotSignedIn, "nobody is signed in; call signInWithExternalJwt first")
    }

    /// The session is not good any more, as this client knows without asking the server.
    #[must_use]
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Unauthorized, message)
    }

    /// A session's key cannot be used now.
    #[must_use]
    pub fn session_key_unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::SessionKeyUnavailable, message)
    }

    /// The answer came too late to count.
    #[must_use]
    pub fn superseded() -> Self {
        let message = "a newer sign-in or sign-out replaced this call, or the client was closed meanwhile";
        Self::new(ErrorCode::Superseded, message)
    }

    /// The answer is not one of this API's.
    #[must_use]
    pub fn invalid_response(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Some(status), ..Self::new(ErrorCode::InvalidResponse, message) }
    }

    /// The external JWT breaks a rule that can be checked without a key.
    #[must_use]
    pub fn rejected(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        let error = Self::new(ErrorCode::InvalidExternalAuth, message);
        Self { reason: Some(Cow::Borrowed(reason.as_str())), ..error }
    }

    /// The name of the JavaScript error's class.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &*self.code {
            "invalid_external_auth" => "InvalidExternalAuthError",
            "unauthorized" => "UnauthorizedError",
            "invalid_argument" => "InvalidArgumentError",
            "network_error" => "NetworkError",
            "timeout" => "TimeoutError",
            "aborted" => "AbortError",
            "invalid_response" => "InvalidResponseError",
            "not_signed_in" => "NotSignedInError",
            "superseded" => "SupersededError",
            "session_key_unavailable" => "SessionKeyUnavailableError",
            _ => "APIError",
        }
    }

    /// The call took too long.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(ErrorCode::Timeout, "the server did not answer in time; see requestTimeoutMs")
    }

    /// The caller gave up.
    #[must_use]
    pub fn aborted() -> Self {
        Self::new(ErrorCode::Aborted, "the call was aborted by its AbortSignal")
    }

    /// Whether the server says that it does not take the session token: an answer of 401 in the words of
    /// this API, and not the page of a proxy.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let ends = [ErrorCode::Unauthorized.as_str(), ErrorCode::SessionIdle.as_str()];
        self.status.is_none_or(|status| status == 401) && ends.contains(&&*self.code)
    }

    pub(crate) fn is_not_signed_in(&self) -> bool {
        self.code == ErrorCode::NotSignedIn.as_str()
    }

    /// Whether the request was not sent, because it could not be proved.
    pub(crate) fn is_unsent(&self) -> bool {
        self.status.is_none() && self.code == ErrorCode::SessionKeyUnavailable.as_str()
    }

    /// Reads an answer of 300 or above.
    #[must_use]
    pub fn from_answer(answer: &Response) -> Self {
        let status = answer.status;
        let Some(body) = json::read(&answer.body).as_ref().and_then(Body::of) else {
            return Self::without_body(status);
        };
        let mut message = shorten(&body.error).to_owned();
        if let (429, Some(wait)) = (status, answer.header("retry-after")) {
            message.push_str("; retry after ");
            message.push_str(shorten(wait));
            message.push_str(" s");
        }
        let reason = body.reason.map(|reason| Cow::Owned(shorten(&reason).to_owned()));
        let known = body.code.as_deref().map_or_else(|| code_of_status(status), known_code);
        let code = match (body.code, known) {
            (Some(word), None) => Cow::Owned(shorten(&word).to_owned()),
            (_, Some(known)) => Cow::Borrowed(known.as_str()),
            (None, None) => Cow::Borrowed("unknown_error"),
        };
        let retryable = known.map_or_else(|| is_temporary(status), ErrorCode::retryable);
        let retry_after = answer.header("retry-after").and_then(|wait| wait.trim().parse().ok());
        let message = Cow::Owned(message);
        Self { code, reason, status: Some(status), retryable, request_id: None, retry_after, message }
    }

    /// Whether an answer is an error of this API, and not of something on the way.
    pub(crate) fn is_in_our_words(answer: &Response) -> bool {
        json::read(&answer.body).is_some_and(|body| json::text(&body, "code").and_then(known_code).is_some())
    }

    fn without_body(status: u16) -> Self {
        let message = "the answer is not one of this API's; check apiBaseUrl";
        Self { retryable: is_temporary(status), ..Self::invalid_response(status, message) }
    }
}

/// An [`ErrorBody`](byoa_protocol::ErrorBody).
struct Body {
    error: String,
    code: Option<String>,
    reason: Option<String>,
}

impl Body {
    /// `None` where a member is missing or of another type.
    fn of(body: &Object) -> Option<Self> {
        let error = json::text(body, "error")?.to_owned();
        let code = optional(body.get("code"), Value::as_str).ok()?.map(str::to_owned);
        let payload = optional(body.get("payload"), Value::as_object).ok()?;
        let messages = payload.and_then(|payload| payload.get("additionalMessages"));
        let messages = optional(messages, Value::as_array).ok()?.map_or(&[][..], Vec::as_slice);
        if !messages.iter().all(Value::is_string) {
            return None;
        }
        let reason = messages.first().and_then(Value::as_str).map(str::to_owned);
        Some(Self { error, code, reason })
    }
}

/// A member that may be absent or null: an error where it is of another type.
fn optional<'v, T>(
    member: Option<&'v Value>,
    read: impl FnOnce(&'v Value) -> Option<T>,
) -> Result<Option<T>, WrongType> {
    match member {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or(WrongType),
    }
}

struct WrongType;

impl From<TransportError> for ClientError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Unreachable(cause) => {
                let mut message = "the server could not be reached; check apiBaseUrl, the network, and that \
                                   the environment allows this origin ("
                    .to_owned();
                message.push_str(shorten(&cause));
                message.push(')');
                Self::new(ErrorCode::NetworkError, message)
            }
            TransportError::TooLarge { status } => Self::invalid_response(
                status,
                "the answer is far larger than any of this API's; check apiBaseUrl",
            ),
        }
    }
}

impl From<Rejection> for ClientError {
    fn from(rejection: Rejection) -> Self {
        let reason = match &rejection {
            Rejection::TooLarge { .. } => Reason::JwtTooLarge,
            Rejection::HeaderInvalid { .. } => Reason::JwtHeaderInvalid,
            Rejection::PayloadInvalid { .. } => Reason::JwtPayloadInvalid,
            Rejection::DuplicateMember { .. } => Reason::JwtDuplicateMember,
            Rejection::SubjectMissing => Reason::JwtSubMissing,
            Rejection::SubjectInvalid { .. } => Reason::JwtSubInvalid,
            Rejection::ExpiryMissing => Reason::JwtExpMissing,
            Rejection::ExpiryInvalid { .. } => Reason::JwtExpInvalid,
            Rejection::AlgorithmMissing => Reason::JwtAlgNotAllowed,
            Rejection::KidInvalid { .. } => Reason::JwtKidInvalid,
            // The rest needs a key set or a policy, which a browser does not have.
            _ => Reason::JwtMalformed,
        };
        Self::rejected(reason, rejection.to_string())
    }
}

fn known_code(word: &str) -> Option<ErrorCode> {
    ErrorCode::ALL.iter().copied().find(|code| code.as_str() == word)
}

/// The code of a body without one, as the published service sends them.
fn code_of_status(status: u16) -> Option<ErrorCode> {
    match status {
        400 => Some(ErrorCode::BadRequest),
        401 => Some(ErrorCode::Unauthorized),
        403 => Some(ErrorCode::Forbidden),
        404 => Some(ErrorCode::NotFound),
        429 => Some(ErrorCode::TooManyRequests),
        500 => Some(ErrorCode::InternalServerError),
        503 => Some(ErrorCode::ServiceUnavailable),
        _ => None,
    }
}

const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// The start of a text, cut at a character.
fn shorten(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)]
}
