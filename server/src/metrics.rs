//! What the process counts, for a Prometheus that asks. Labels come from fixed sets: nothing that a
//! caller writes becomes one.

use crate::limits::LimitScope;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::borrow::Cow;
use std::time::Duration;

/// Upper bounds of the buckets of a request's duration, in seconds.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Cow<'static, str>,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: &'static str,
    reason: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tried {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Scope {
    scope: &'static str,
}

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    refusals: Family<Refused, Counter>,
    limited: Family<Scope, Counter>,
    audit_dropped: Counter,
    connections: Gauge,
    connections_refused: Counter,
    webhook_deliveries: Family<Tried, Counter>,
    webhook_queue: Gauge,
    webhooks_disabled: Counter,
    webhooks_dropped: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All of them at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("byoa");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        registry.register("http_request_duration_seconds", "Time to answer a request", durations.clone());
        let refusals = Family::default();
        registry.register("refusals", "Requests refused, by code and reason", refusals.clone());
        let limited = Family::default();
        registry.register("rate_limited", "Requests over a quota, by whose", limited.clone());
        let audit_dropped: Counter = Counter::default();
        registry.register("audit_dropped", "Events that the audit log does not have", audit_dropped.clone());
        let connections = Gauge::default();
        registry.register("connections", "Connections open now", connections.clone());
        let connections_refused: Counter = Counter::default();
        registry.register(
            "connections_refused",
            "Connections closed because their address had too many",
            connections_refused.clone(),
        );
        let webhook_deliveries = Family::default();
        registry.register("webhook_deliveries", "Tries of webhooks, by outcome", webhook_deliveries.clone());
        let webhook_queue = Gauge::default();
        registry.register("webhook_queue", "Messages that wait for delivery", webhook_queue.clone());
        let webhooks_disabled: Counter = Counter::default();
        let help = "Webhooks disabled because nothing gets through";
        registry.register("webhooks_disabled", help, webhooks_disabled.clone());
        let webhooks_dropped: Counter = Counter::default();
        let help = "Messages given up because too many waited for one webhook";
        registry.register("webhook_messages_dropped", help, webhooks_dropped.clone());
        Self {
            registry,
            requests,
            durations,
            refusals,
            limited,
            audit_dropped,
            connections,
            connections_refused,
            webhook_deliveries,
            webhook_queue,
            webhooks_disabled,
            webhooks_dropped,
        }
    }

    /// Everything in the text format of `OpenMetrics`, which Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }

    /// A request was answered. `route` is a template of ours, not a path.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let route: Cow<'static, str> = Cow::Owned(route.to_owned());
        self.durations.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method: known(method), route, status }).inc();
    }

    /// A request was refused, with a code and reason of ours.
    pub(crate) fn refused(&self, code: &'static str, reason: Option<&str>) {
        let reason = Cow::Owned(reason.unwrap_or_default().to_owned());
        self.refusals.get_or_create(&Refused { code, reason }).inc();
    }

    /// A request was over a quota.
    pub(crate) fn limited(&self, scope: LimitScope) {
        self.limited.get_or_create(&Scope { scope: scope.as_str() }).inc();
    }

    /// Events were not written to the audit log.
    pub(crate) fn audit_dropped(&self, events: usize) {
        self.audit_dropped.inc_by(events as u64);
    }

    /// A connection was closed because its address had too many.
    pub(crate) fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// A webhook was tried, with an outcome of ours.
    pub(crate) fn webhook_delivery(&self, outcome: &'static str) {
        self.webhook_deliveries.get_or_create(&Tried { outcome }).inc();
    }

    /// Messages were given up because too many waited.
    pub fn webhooks_dropped(&self, messages: u64) {
        self.webhooks_dropped.inc_by(messages);
    }

    /// So many messages wait, on all nodes together.
    pub(crate) fn webhooks_queued(&self, messages: u64) {
        self.webhook_queue.set(i64::try_from(messages).unwrap_or(i64::MAX));
    }

    /// A webhook was disabled.
    pub(crate) fn webhook_disabled(&self) {
        self.webhooks_disabled.inc();
    }

    /// Counts a connection until what is returned is dropped.
    pub(crate) fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }
}

/// See [`Metrics::connected`].
#[derive(Debug)]
pub(crate) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A method that some route knows; a caller may make up others without end.
fn known(method: &str) -> &'static str {
    let all = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    all.into_iter().find(|name| *name == method).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_and_nothing_a_caller_wrote() {
        let metrics = Metrics::new();
        metrics.answered("GET", "/healthz", 200, Duration::from_millis(3));
        metrics.answered("EVIL\"x", "(none)", 404, Duration::from_millis(3));
        metrics.refused("invalid_external_auth", Some("jwt_expired"));
        metrics.limited(LimitScope::SignIn);
        let open = metrics.connected();
        let text = metrics.text();
        for line in [
            "byoa_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
            "byoa_http_requests_total{method=\"other\",route=\"(none)\",status=\"404\"} 1",
            "byoa_refusals_total{code=\"invalid_external_auth\",reason=\"jwt_expired\"} 1",
            "byoa_rate_limited_total{scope=\"sign_in\"} 1",
            "byoa_connections 1",
            "byoa_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/healthz\"} 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("EVIL"));
        drop(open);
        assert!(metrics.text().contains("byoa_connections 0"));
    }
}
