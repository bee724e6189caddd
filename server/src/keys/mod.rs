//! Keys: the sets that issuers publish, fetched with care and kept, and our own that sign sessions.
//! Nothing here reads a token.

mod address;
mod entry;
mod fetch;
mod fetcher;
mod freshness;
mod resolver;
mod sets;
mod signing;
mod source;
mod unavailable;

pub use address::{AddressRefused, check_address, check_url};
pub use fetch::{FetchJwks, FetchedJwks};
pub use fetcher::{FetchPolicy, FetcherError, HttpFetcher};
pub(crate) use resolver::CheckedResolver;
pub use sets::{KeySetSettings, KeySets};
pub use signing::{
    MAX_PUBLISHED, OwnKeys, OwnKeysError, PUBLISHED_AFTER_RETIREMENT, SigningKeys, generate_signing_key,
    is_published,
};
pub use source::discovery_url;
pub use unavailable::KeySetUnavailable;
