//! The words between `bench/run.mjs` and this process. Decides nothing.

use serde::{Deserialize, Serialize};

/// What tokens to mint.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Setup {
    /// `aud` of every token.
    pub(crate) audience: String,
    /// Lifetime of the tokens.
    pub(crate) token_seconds: u64,
    /// Per algorithm: tokens of users that sign in again and again.
    pub(crate) returning: usize,
    /// Per algorithm: tokens of users that sign in once.
    pub(crate) newcomers: usize,
    /// Algorithms of the tokens.
    pub(crate) algorithms: Vec<External>,
}

/// Algorithm of an external token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum External {
    Rs256,
    Es256,
}

/// A server under load.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    /// UUID of the environment.
    pub(crate) environment: String,
    /// Whether answers are asked for without what the caller does not need (`Prefer: return=minimal`).
    #[serde(default)]
    pub(crate) minimal: bool,
    /// Whose processor time and memory are read.
    pub(crate) pid: u32,
}

/// What to do next.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Order {
    /// Measure the bare cryptography of one sign-in.
    Crypto { seconds: f64 },
    /// Sign in returning users, so that they are known, and keep their sessions.
    Seed {
        target: Target,
        /// At most so many per algorithm.
        share: usize,
    },
    /// Measure one scenario at one number of connections.
    Cell(CellOrder),
}

/// One cell of the table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CellOrder {
    /// Name of a seeded target.
    pub(crate) target: String,
    pub(crate) scenario: Scenario,
    pub(crate) connections: usize,
    pub(crate) warmup_seconds: f64,
    pub(crate) seconds: f64,
    /// Of a hundred sign-ins, how many are by users that were never seen.
    pub(crate) newcomer_percent: usize,
}

/// What the connections ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    SigninRs256,
    SigninEs256,
    Refresh,
    Session,
}

/// What this process answers.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Event<'a> {
    Ready { issuer: &'a str, jwks_url: &'a str, mint_seconds: f64 },
    Crypto(CryptoCost),
    Seeded(Seeded),
    Cell(Box<CellResult>),
}

/// Microseconds of processor time per operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CryptoCost {
    pub(crate) rs256_verify: f64,
    pub(crate) es256_verify: f64,
    pub(crate) es256_sign: f64,
}

/// What seeding met.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seeded {
    pub(crate) users: usize,
    pub(crate) seconds: f64,
    /// Bytes of one answer to a sign-in, head and body.
    pub(crate) answer_bytes: usize,
    /// How many signed tokens one answer carries.
    pub(crate) tokens_per_answer: usize,
}

/// One measured cell.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CellResult {
    pub(crate) target: String,
    pub(crate) scenario: Scenario,
    pub(crate) connections: usize,
    /// Length of the window that was measured.
    pub(crate) seconds: f64,
    /// Right answers within the window.
    pub(crate) answers: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    /// Wrong answers and broken connections, warm-up included.
    pub(crate) errors: usize,
    pub(crate) first_error: Option<String>,
    /// Sign-ins by users that were never seen, warm-up included.
    pub(crate) newcomers: usize,
    /// Whether there were too few newcomers, so that some were returning users instead.
    pub(crate) newcomers_ran_out: bool,
    /// Processor time of the server per right answer; absent where there is no `/proc`.
    pub(crate) cpu_micros: Option<f64>,
    /// Of which in the kernel.
    pub(crate) cpu_kernel_micros: Option<f64>,
    /// Cores' worth of processor time that the server took.
    pub(crate) server_cores: Option<f64>,
    /// The same of this process: near 1, the load was the bottleneck.
    pub(crate) generator_cores: Option<f64>,
    /// Resident memory of the server after the window.
    pub(crate) rss_bytes: Option<u64>,
    /// The most that it ever was.
    pub(crate) peak_rss_bytes: Option<u64>,
}
