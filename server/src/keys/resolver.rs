//! From a host's name to addresses that may be called. What is handed out was judged, and is what the client
//! connects to: it asks nobody else afterwards, so that a name cannot mean another address by then.

use std::{fmt::Debug, io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{AddressRefused, FetchPolicy, check_address};

/// Whom to ask for a name's addresses.
#[async_trait]
pub(super) trait LookUp: Send + Sync + Debug {
    /// Every address of `name` as of now. Their ports mean nothing: the URL's counts.
    async fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The machine's resolver.
#[derive(Clone, Copy, Debug)]
pub(super) struct SystemLookUp;

#[async_trait]
impl LookUp for SystemLookUp {
    async fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Resolves names and refuses those that lead to an address which is not allowed. One bad address
/// among good ones refuses the name: nothing honest is published so.
#[derive(Clone, Debug)]
pub(crate) struct CheckedResolver {
    pub(super) policy: FetchPolicy,
    pub(super) look_up: Arc<dyn LookUp>,
}

impl CheckedResolver {
    /// One that asks the system.
    pub(crate) fn new(policy: FetchPolicy) -> Self {
        Self { policy, look_up: Arc::new(SystemLookUp) }
    }

    /// Whether all of a name's addresses are allowed.
    pub(crate) fn check(&self, addresses: &[SocketAddr]) -> Result<(), AddressRefused> {
        if addresses.is_empty() {
            return Err(AddressRefused::NoAddress);
        }
        if self.policy.allow_private {
            return Ok(());
        }
        addresses.iter().try_for_each(|address| check_address(address.ip()))
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.look_up.look_up(name.as_str()).await?;
            resolver.check(&addresses)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{AddressRefused, CheckedResolver, FetchPolicy, SystemLookUp};

    #[test]
    fn one_private_address_refuses_the_name() {
        let resolver = CheckedResolver { policy: FetchPolicy::default(), look_up: Arc::new(SystemLookUp) };
        let addresses = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        assert_eq!(resolver.check(&addresses(&["8.8.8.8:0", "[2606:4700::1111]:0"])), Ok(()));
        assert!(resolver.check(&addresses(&["8.8.8.8:0", "10.0.0.1:0"])).is_err());
        assert_eq!(resolver.check(&[]), Err(AddressRefused::NoAddress));
    }
}
