//! Where a secret belongs. Every kind of secret that is sealed is here, so that no two share a name.

use uuid::Uuid;

/// Where a secret belongs: authenticated with it, so that it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    purpose: &'static str,
    environment: Uuid,
    name: &'a [u8],
}

impl<'a> Label<'a> {
    /// The private half of the key of that name which signs, or signed, session tokens.
    #[must_use]
    pub const fn signing_key(environment: Uuid, kid: &'a str) -> Self {
        Self { purpose: "signing-key", environment, name: kid.as_bytes() }
    }

    /// The key of the environment's nonces.
    #[must_use]
    pub const fn nonce_key(environment: Uuid) -> Self {
        Self { purpose: "nonce-key", environment, name: &[] }
    }

    /// What the messages of the webhook of that id are signed with.
    #[must_use]
    pub const fn webhook_secret(environment: Uuid, id: &'a Uuid) -> Self {
        Self { purpose: "webhook-secret", environment, name: id.as_bytes() }
    }

    /// No two labels have the same bytes: the purpose has no zero in it, and the id one length.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.purpose.as_bytes(), &[0], self.environment.as_bytes(), self.name].concat()
    }
}
