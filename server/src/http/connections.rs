//! How many connections each address holds.

use crate::limits::network_key;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The open connections by address. As large as there are connections, which are bounded.
#[derive(Debug, Default)]
pub(super) struct PerAddress(Mutex<HashMap<u128, usize>>);

impl PerAddress {
    /// Counts one more of `address` until what is returned is dropped; `None` where it has `most` already.
    /// An IPv6 address counts as its /64 network.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Held> {
        let key = network_key(Some(address));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.get(&key).copied().unwrap_or_default();
        if held >= most {
            return None;
        }
        open.insert(key, held + 1);
        Some(Held { of: Arc::clone(self), key })
    }
}

/// See [`PerAddress::enter`].
#[derive(Debug)]
pub(super) struct Held {
    of: Arc<PerAddress>,
    key: u128,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut held) = open.entry(self.key) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PerAddress;
    use std::sync::Arc;

    #[test]
    fn each_address_has_its_own_room_and_nothing_of_it_stays() {
        let open = Arc::new(PerAddress::default());
        let enter = |address: &str| open.enter(address.parse().unwrap(), 2);
        let held = [enter("192.0.2.1"), enter("::ffff:192.0.2.1")];
        assert!(held.iter().all(Option::is_some));
        assert!(enter("192.0.2.1").is_none(), "the same address, however it is written");
        assert!(enter("192.0.2.2").is_some());
        let network = [enter("2001:db8::1"), enter("2001:db8::2")];
        assert!(network.iter().all(Option::is_some) && enter("2001:db8::3").is_none());
        drop((held, network));
        assert!(enter("192.0.2.1").is_some());
        assert!(open.0.lock().unwrap().is_empty());
    }
}
