//! Quotas as an operator writes them: `60/10s,250/1m,500/5m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most quotas that hold at once.
pub(super) const MAX_QUOTAS: usize = 3;
/// The longest time of a quota, in seconds.
const MAX_SECONDS: u64 = 24 * 3600;

/// So many requests in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) requests: u32,
    pub(super) per: Duration,
}

/// One to three quotas, all of which hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas(Vec<Quota>);

impl Quotas {
    /// From pairs of requests and seconds that are known to be good.
    pub(super) fn of(pairs: &[(u32, u64)]) -> Self {
        let quota = |&(requests, seconds)| Quota { requests, per: Duration::from_secs(seconds) };
        Self(pairs.iter().map(quota).collect())
    }

    pub(super) fn all(&self) -> &[Quota] {
        &self.0
    }
}

impl fmt::Display for Quotas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelt = self.0.iter().map(|quota| format!("{}/{}s", quota.requests, quota.per.as_secs()));
        formatter.write_str(&spelt.collect::<Vec<_>>().join(","))
    }
}

/// Not quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write one to three quotas such as 60/10s,250/1m: requests, a slash, and seconds, minutes or hours")]
pub struct QuotasInvalid;

impl FromStr for Quotas {
    type Err = QuotasInvalid;

    fn from_str(text: &str) -> Result<Self, QuotasInvalid> {
        let quotas = text.split(',').map(quota).collect::<Option<Vec<_>>>().ok_or(QuotasInvalid)?;
        if quotas.len() <= MAX_QUOTAS { Ok(Self(quotas)) } else { Err(QuotasInvalid) }
    }
}

fn quota(text: &str) -> Option<Quota> {
    let (requests, per) = text.trim().split_once('/')?;
    let requests: u32 = requests.parse().ok().filter(|requests| *requests > 0)?;
    let (amount, unit) = per.split_at_checked(per.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let amount: u64 = if amount.is_empty() { 1 } else { amount.parse().ok()? };
    let seconds = amount.checked_mul(unit).filter(|seconds| (1..=MAX_SECONDS).contains(seconds))?;
    Some(Quota { requests, per: Duration::from_secs(seconds) })
}

#[cfg(test)]
mod tests {
    use super::Quotas;

    #[test]
    fn reads_what_operators_write_and_nothing_else() {
        let quotas: Quotas = "60/10s, 250/1m,500/h".parse().unwrap();
        assert_eq!(quotas, Quotas::of(&[(60, 10), (250, 60), (500, 3600)]));
        assert_eq!(quotas.to_string().parse::<Quotas>().unwrap(), quotas);
        for bad in
            ["", "60", "0/1s", "1/0s", "-1/1s", "1/1", "1/1d", "1/25h", "1/1s,", "1/1s,1/1s,1/1s,1/1s", "1/é"]
        {
            assert!(bad.parse::<Quotas>().is_err(), "{bad}");
        }
    }
}
