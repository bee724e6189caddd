//! From where an issuer's keys come: one URL, the URL that its discovery document names, or a text that an
//! operator gave.

use byoa_jwt::KeySet;
use serde::Deserialize;
use url::Url;

use super::{FetchJwks, FetchedJwks, KeySetUnavailable};
use crate::store::{IssuerConfig, KeySource};

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// What is read of a discovery document. A member that is given twice makes it none.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer's discovery document is (`OpenID` Connect Discovery 1.0, 4.1); `None` where its name is
/// no URL to which a path can be added.
#[must_use]
pub fn discovery_url(issuer: &str) -> Option<Url> {
    let base: Url = issuer.parse().ok()?;
    let is_plain = base.has_host() && base.query().is_none() && base.fragment().is_none();
    is_plain.then(|| format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/')).parse().ok()).flatten()
}

/// One attempt to get the key set, of one request or, with discovery, of two. Each of them is judged by
/// the fetcher: a document that points into our network leads nowhere.
pub(super) async fn fetch(
    fetcher: &dyn FetchJwks,
    issuer: &IssuerConfig,
) -> Result<FetchedJwks, KeySetUnavailable> {
    let refused = |problem: &str| KeySetUnavailable::Discovery(problem.to_owned());
    match &issuer.keys {
        KeySource::JwksUrl(url) => fetcher.fetch(url).await,
        KeySource::Discovery => {
            let url = discovery_url(&issuer.issuer).ok_or_else(|| refused("the issuer's name is no URL"))?;
            let found = fetcher.fetch(&url).await;
            // Its words are about a JWKS URL, which this is not.
            let found = found.map_err(|why| refused(&why.to_string().replace("the JWKS URL", "its URL")))?;
            let keys = fetcher.fetch(&jwks_uri(&found.body, &issuer.issuer)?).await?;
            let fresh_for = [found.fresh_for, keys.fresh_for].into_iter().flatten().min();
            Ok(FetchedJwks { fresh_for, ..keys })
        }
        KeySource::Jwks(_) | KeySource::Pem(_) => Err(KeySetUnavailable::Unreachable),
    }
}

/// Where the keys are, as a document says that is this very issuer's, byte for byte (4.3): otherwise one
/// tenant of a provider could speak for another.
fn jwks_uri(document: &[u8], issuer: &str) -> Result<Url, KeySetUnavailable> {
    let refused = |problem: &str| KeySetUnavailable::Discovery(problem.to_owned());
    let document: Document = serde_json::from_slice(document)
        .map_err(|_| refused("it is no JSON object with one issuer and one jwks_uri"))?;
    if document.issuer != issuer {
        return Err(refused("it is another issuer's; the names must agree byte for byte"));
    }
    document.jwks_uri.parse().map_err(|_| refused("its jwks_uri is no absolute URL"))
}

/// The keys that an operator gave.
pub(super) fn kept(source: &KeySource) -> Result<KeySet, KeySetUnavailable> {
    let keys = match source {
        KeySource::Jwks(text) => KeySet::parse(text.as_bytes()),
        KeySource::Pem(text) => KeySet::from_pem(text, None, None),
        KeySource::JwksUrl(_) | KeySource::Discovery => return Err(KeySetUnavailable::Unreachable),
    };
    keys.map_err(|error| KeySetUnavailable::NotAKeySet(error.to_string()))
}

/// The host that is asked first, for the log.
pub(super) fn host(issuer: &IssuerConfig) -> Option<String> {
    let url = match &issuer.keys {
        KeySource::JwksUrl(url) => Some(url.clone()),
        _ => discovery_url(&issuer.issuer),
    };
    url?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;
    use url::Url;
    use uuid::Uuid;

    use super::{discovery_url, fetch, jwks_uri};
    use crate::{
        keys::{FetchJwks, FetchPolicy, FetchedJwks, HttpFetcher, KeySetUnavailable},
        store::{IssuerConfig, KeySource},
    };

    const ISSUER: &str = "https://issuer.example/tenant";

    #[test]
    fn the_document_is_below_the_issuers_name() {
        let url = |issuer: &str| discovery_url(issuer).map(String::from);
        let expected = Some("https://issuer.example/tenant/.well-known/openid-configuration".to_owned());
        assert_eq!(url(ISSUER), expected);
        assert_eq!(url("https://issuer.example/tenant/"), expected);
        for bad in ["issuer", "", "https://issuer.example?x", "https://issuer.example#x", "data:x"] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_document_of_another_issuer_is_refused() {
        let document = |issuer: &str, uri: &str| json!({ "issuer": issuer, "jwks_uri": uri }).to_string();
        let read = |text: &str| jwks_uri(text.as_bytes(), ISSUER);
        assert!(read(&document(ISSUER, "https://keys.example/jwks")).is_ok());
        let twice = format!(
            r#"{{"issuer":"{ISSUER}","jwks_uri":"https://a.example","jwks_uri":"https://b.example"}}"#
        );
        for bad in [
            document("https://issuer.example/tenant/", "https://keys.example/jwks"),
            document("https://issuer.example/other", "https://keys.example/jwks"),
            document(ISSUER, "/jwks"),
            json!({ "issuer": ISSUER }).to_string(),
            twice,
            "<html>".to_owned(),
        ] {
            assert!(matches!(read(&bad), Err(KeySetUnavailable::Discovery(_))), "{bad}");
        }
    }

    /// Answers the document itself and leaves everything else to the real, strict fetcher.
    #[derive(Debug)]
    struct Pointing(&'static str, HttpFetcher);

    #[async_trait]
    impl FetchJwks for Pointing {
        async fn fetch(&self, url: &Url) -> Result<FetchedJwks, KeySetUnavailable> {
            if url.path().ends_with("/openid-configuration") {
                let body = json!({ "issuer": ISSUER, "jwks_uri": self.0 }).to_string().into_bytes();
                return Ok(FetchedJwks { body, fresh_for: None });
            }
            self.1.fetch(url).await
        }
    }

    #[tokio::test]
    async fn a_document_that_points_into_our_network_leads_nowhere() {
        let issuer = IssuerConfig {
            environment_id: Uuid::from_u128(1),
            issuer: ISSUER.to_owned(),
            keys: KeySource::Discovery,
            audiences: Vec::new(),
            algorithms: Vec::new(),
            leeway_seconds: 0,
            max_lifetime_seconds: None,
        };
        for uri in [
            "https://169.254.169.254/latest/meta-data",
            "https://127.0.0.1:1/jwks",
            "https://[::ffff:10.0.0.1]/jwks",
            "https://localhost/jwks",
            "http://keys.example/jwks",
            "file:///etc/passwd",
        ] {
            let fetcher = Pointing(uri, HttpFetcher::new(FetchPolicy::default()).unwrap());
            let outcome = fetch(&fetcher, &issuer).await;
            assert!(matches!(outcome, Err(KeySetUnavailable::HostRefused(_))), "{uri}: {outcome:?}");
        }
    }
}
