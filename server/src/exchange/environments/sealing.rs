//! Secrets as they are kept: sealed when they are made, checked when a server starts, and sealed anew when the
//! master key changes.

use data_encoding::HEXLOWER;
use serde_json::Value;
use uuid::Uuid;

use super::{EnvironmentError, Environments, MAX_ATTEMPTS};
use crate::{
    audit::audited,
    clock::UnixMillis,
    seal::{Label, Seal, SealError},
    secret::Secret,
    store::{
        Conflicting, DumpLine, Environment, KeptSecrets, SigningKeyRecord, StoreError, webhooks::Webhook,
    },
};

/// How the secrets of all environments are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealedState {
    /// How many there are.
    pub secrets: usize,
    /// How many are not sealed under the current master key: plain, or under the one before.
    pub outdated: usize,
}

/// What sealing everything came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many secrets there are.
    pub secrets: usize,
    /// How many of them were not sealed under the current master key before.
    pub changed: usize,
}

impl Environments {
    /// Opens every secret of every environment: an error for the first that does not open.
    pub async fn check_seals(&self) -> Result<SealedState, EnvironmentError> {
        let mut state = SealedState::default();
        for environment in self.list().await? {
            let (keys, webhooks) = self.with_secrets(environment.id).await?;
            let secrets = Secrets::of(&environment, &keys, &webhooks);
            let outdated = secrets.outdated(&self.seal);
            state.outdated += outdated.map_err(|cause| sealed(environment.id, cause))?;
            state.secrets += secrets.each().count();
        }
        Ok(state)
    }

    /// Seals every secret under the current master key that is not: what is plain, and what the master key
    /// before has sealed. May be repeated, and interrupted: an environment is done whole or not at all.
    pub async fn seal_all(&self) -> Result<Resealed, EnvironmentError> {
        if self.seal.current().is_none() {
            return Err(EnvironmentError::NoMasterKey);
        }
        let mut done = Resealed::default();
        for environment in self.list().await? {
            let (secrets, changed) = self.seal_one(environment.id).await?;
            done.secrets += secrets;
            done.changed += changed;
        }
        Ok(done)
    }

    /// Whether the secret in a line of an export, where there is one, opens here. An environment whose keys
    /// nobody can use is better not taken in.
    pub fn check_import(&self, line: &DumpLine) -> Result<(), EnvironmentError> {
        let DumpLine::Row { table, row } = line else { return Ok(()) };
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        // What is no id, or no hex, the store refuses.
        let (id, of) = [text("id"), text("environment_id")].map(|id| id.parse().unwrap_or_default()).into();
        let (environment, column, label) = match table.as_str() {
            "environments" => (id, "nonce_key", Label::nonce_key(id)),
            "signing_keys" => (of, "pkcs8", Label::signing_key(of, text("kid"))),
            "webhooks" => (of, "secret", Label::webhook_secret(of, &id)),
            _ => return Ok(()),
        };
        let kept = HEXLOWER.decode(text(column).as_bytes()).unwrap_or_default();
        self.seal.open(&label, &kept).map(drop).map_err(|cause| sealed(environment, cause))
    }

    /// What of an environment has secrets, beside itself. To be read after the environment: what changes
    /// meanwhile raises its revision.
    async fn with_secrets(
        &self,
        environment: Uuid,
    ) -> Result<(Vec<SigningKeyRecord>, Vec<Webhook>), EnvironmentError> {
        let keys = self.store.signing_keys(environment).await.map_err(EnvironmentError::Store)?;
        let webhooks = self.store.webhooks(environment).await.map_err(EnvironmentError::Store)?;
        Ok((keys, webhooks))
    }

    async fn seal_one(&self, id: Uuid) -> Result<(usize, usize), EnvironmentError> {
        let mut attempts = 0;
        loop {
            let environment = match self.show(id).await {
                Err(EnvironmentError::NotFound(_)) => return Ok((0, 0)),
                environment => environment?,
            };
            let (keys, webhooks) = self.with_secrets(id).await?;
            let secrets = Secrets::of(&environment, &keys, &webhooks);
            let outdated = secrets.outdated(&self.seal).map_err(|cause| sealed(id, cause))?;
            if outdated == 0 {
                return Ok((secrets.each().count(), 0));
            }
            let kept = secrets.anew(&self.seal, &environment, self.clock.now());
            let kept = kept.map_err(|cause| sealed(id, cause))?;
            let store = audited(&self.store, self.event.as_ref(), |event| {
                let under = self.seal.current().map(|id| id.to_string()).unwrap_or_default();
                event.environment_id = Some(id);
                event.detail = Some(format!("{outdated} of {} under {under}", secrets.each().count()));
            });
            match store.replace_secrets(&kept).await {
                Ok(()) => return Ok((secrets.each().count(), outdated)),
                Err(StoreError::Conflict(Conflicting::Revision)) if attempts < MAX_ATTEMPTS => attempts += 1,
                Err(StoreError::NotFound) => return Ok((0, 0)),
                Err(other) => return Err(EnvironmentError::Store(other)),
            }
        }
    }

    /// Whether this process was given what every secret of the environment is sealed under, before it adds
    /// one. What was damaged does not matter: another key may be the mend.
    pub(super) async fn has_its_master_keys(
        &self,
        environment: &Environment,
    ) -> Result<(), EnvironmentError> {
        let (keys, webhooks) = self.with_secrets(environment.id).await?;
        for (label, kept) in Secrets::of(environment, &keys, &webhooks).each() {
            match self.seal.open(&label, kept.expose()) {
                Ok(_) | Err(SealError::Altered) => {}
                Err(cause) => return Err(sealed(environment.id, cause)),
            }
        }
        Ok(())
    }

    /// Whether this process could open what the other environments have, before it adds one.
    pub(super) async fn is_sealed_alike(&self) -> Result<(), EnvironmentError> {
        for environment in self.list().await? {
            let opened = self.seal.open(&Label::nonce_key(environment.id), environment.nonce_key.expose());
            opened.map_err(|cause| sealed(environment.id, cause))?;
        }
        Ok(())
    }
}

pub(super) const fn sealed(environment: Uuid, cause: SealError) -> EnvironmentError {
    EnvironmentError::Sealed { environment, cause }
}

/// Every secret of one environment, as it is kept, with its label.
struct Secrets<'e> {
    nonce_key: (Label<'e>, &'e Secret<Vec<u8>>),
    signing_keys: Vec<(&'e str, Label<'e>, &'e Secret<Vec<u8>>)>,
    webhooks: Vec<(Uuid, Label<'e>, &'e Secret<Vec<u8>>)>,
}

impl<'e> Secrets<'e> {
    fn of(environment: &'e Environment, keys: &'e [SigningKeyRecord], webhooks: &'e [Webhook]) -> Self {
        let id = environment.id;
        let (keys, webhooks) = (keys.iter(), webhooks.iter());
        Self {
            nonce_key: (Label::nonce_key(id), &environment.nonce_key),
            signing_keys: keys.map(|key| (&*key.kid, Label::signing_key(id, &key.kid), &key.pkcs8)).collect(),
            webhooks: webhooks
                .map(|webhook| (webhook.id, Label::webhook_secret(id, &webhook.id), &webhook.secret))
                .collect(),
        }
    }

    fn each(&self) -> impl Iterator<Item = (Label<'e>, &'e Secret<Vec<u8>>)> {
        let keys = self.signing_keys.iter().map(|(_, label, kept)| (*label, *kept));
        let webhooks = self.webhooks.iter().map(|(_, label, kept)| (*label, *kept));
        std::iter::once(self.nonce_key).chain(keys).chain(webhooks)
    }

    /// How many are not kept as they would be now. All of them open.
    fn outdated(&self, seal: &Seal) -> Result<usize, SealError> {
        let mut outdated = 0;
        for (label, kept) in self.each() {
            seal.open(&label, kept.expose())?;
            outdated += usize::from(!seal.is_current(kept.expose()));
        }
        Ok(outdated)
    }

    /// All of them, sealed again.
    fn anew(
        &self,
        seal: &Seal,
        environment: &Environment,
        now: UnixMillis,
    ) -> Result<KeptSecrets, SealError> {
        let again = |label: &Label<'_>, kept: &Secret<Vec<u8>>| {
            seal.open(label, kept.expose()).and_then(|secret| seal.seal(label, secret.expose()))
        };
        let (label, nonce_key) = &self.nonce_key;
        let (keys, webhooks) = (self.signing_keys.iter(), self.webhooks.iter());
        Ok(KeptSecrets {
            environment_id: environment.id,
            revision: environment.revision,
            updated_at: now,
            nonce_key: again(label, nonce_key)?,
            signing_keys: keys
                .map(|(kid, label, kept)| Ok(((*kid).to_owned(), again(label, kept)?)))
                .collect::<Result<_, _>>()?,
            webhooks: webhooks
                .map(|(id, label, kept)| Ok((*id, again(label, kept)?)))
                .collect::<Result<_, _>>()?,
        })
    }
}
