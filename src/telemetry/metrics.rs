//! What Prometheus reads at `/metrics`. Labels that come from callers are bounded.

use std::collections::HashSet;
use std::sync::{LazyLock, RwLock};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Finished;

/// The sets of labels.
pub mod label {
    use prometheus_client::encoding::EncodeLabelSet;

    /// Who was asked, or who is meant.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Provider {
        /// The provider's name.
        pub provider: String,
    }

    /// What came of asking the cache.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Cache {
        /// `hit`, `miss`, `shared` (another request's answer under way) or `refresh`.
        pub result: &'static str,
    }

    /// A request as its caller sees it.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Request {
        /// The path.
        pub endpoint: &'static str,
        /// Who served; empty where nobody did.
        pub provider: &'static str,
        /// The model that served, bounded.
        pub model: String,
        /// `ok`, a failure class, or an error's code.
        pub outcome: String,
    }

    /// One other MCP server.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Server {
        /// Its name in the operator's file.
        pub server: String,
    }

    /// Calls of another MCP server.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct ServerCall {
        /// Its name in the operator's file.
        pub server: String,
        /// `ok`, or what became of it.
        pub outcome: &'static str,
    }

    /// One path.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Endpoint {
        /// The path.
        pub endpoint: &'static str,
    }

    /// One call of a provider.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Upstream {
        /// The provider's name.
        pub provider: &'static str,
        /// The model, bounded.
        pub model: String,
        /// `ok`, or the failure's class.
        pub class: &'static str,
    }

    /// A step from one link to another.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Fallback {
        /// The provider that was left.
        pub from: &'static str,
        /// The provider that came next.
        pub to: &'static str,
        /// Why.
        pub reason: &'static str,
    }

    /// Tokens in one direction.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Tokens {
        /// The provider's name.
        pub provider: &'static str,
        /// The model, bounded.
        pub model: String,
        /// `input` or `output`.
        pub direction: &'static str,
    }

    /// One model of a provider.
    #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
    pub struct Model {
        /// The provider's name.
        pub provider: &'static str,
        /// The model, bounded.
        pub model: String,
    }
}

/// Every metric of the process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The most model names that become label values; later ones are counted as `other`.
const MOST_MODELS: usize = 200;

/// Upper bounds of the histograms' buckets, in seconds.
const SECONDS: [f64; 16] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// Times by path.
type Seconds = Family<label::Endpoint, Histogram, fn() -> Histogram>;

/// The metrics.
pub struct Metrics {
    registry: Registry,
    requests: Family<label::Request, Counter>,
    duration: Seconds,
    overhead: Seconds,
    first_token: Seconds,
    upstream: Family<label::Upstream, Counter>,
    fallbacks: Family<label::Fallback, Counter>,
    healthy: Family<label::Provider, Gauge>,
    tokens: Family<label::Tokens, Counter>,
    cost: Family<label::Model, Counter<f64, std::sync::atomic::AtomicU64>>,
    /// Requests under way.
    pub inflight: Gauge,
    /// Events taken out of streams because they were no JSON.
    pub dropped_events: Family<label::Provider, Counter>,
    /// Answers from the cache, and not.
    pub cache: Family<label::Cache, Counter>,
    /// Records that wait in memory.
    pub records_waiting: Gauge,
    /// Records put on disk, because the database did not take them in time.
    pub records_spilled: Counter,
    /// Records that could be kept nowhere.
    pub records_lost: Counter,
    /// The live weights of image providers.
    pub weight: Family<label::Provider, Gauge<f64, std::sync::atomic::AtomicU64>>,
    mcp_calls: Family<label::ServerCall, Counter>,
    mcp_duration: Family<label::Server, Histogram, fn() -> Histogram>,
    mcp_up: Family<label::Server, Gauge>,
    models: RwLock<HashSet<String>>,
}

impl Metrics {
    fn new() -> Metrics {
        let seconds = || Seconds::new_with_constructor(|| Histogram::new(SECONDS));
        let mut metrics = Metrics {
            registry: Registry::with_prefix("gateway"),
            requests: Family::default(),
            duration: seconds(),
            overhead: seconds(),
            first_token: seconds(),
            upstream: Family::default(),
            fallbacks: Family::default(),
            healthy: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            inflight: Gauge::default(),
            dropped_events: Family::default(),
            cache: Family::default(),
            records_waiting: Gauge::default(),
            records_spilled: Counter::default(),
            records_lost: Counter::default(),
            weight: Family::default(),
            mcp_calls: Family::default(),
            mcp_duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            mcp_up: Family::default(),
            models: RwLock::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        all.register("requests", "Requests answered", self.requests.clone());
        all.register("request_duration_seconds", "From a request to its answer's last byte", self.duration.clone());
        all.register("overhead_seconds", "The gateway's own part of a request", self.overhead.clone());
        all.register(
            "time_to_first_token_seconds",
            "From a request to a stream's first content",
            self.first_token.clone(),
        );
        all.register("upstream_requests", "Calls of providers", self.upstream.clone());
        all.register("fallbacks", "Steps from one link to the next", self.fallbacks.clone());
        all.register("provider_healthy", "1 where a provider is believed to serve", self.healthy.clone());
        all.register("tokens", "Tokens, as providers counted them", self.tokens.clone());
        all.register("cost_usd", "What requests cost, in USD", self.cost.clone());
        all.register("inflight_requests", "Requests under way", self.inflight.clone());
        all.register("cache", "Answers from the cache, and not", self.cache.clone());
        all.register("record_queue_length", "Records that wait in memory", self.records_waiting.clone());
        all.register("records_spilled", "Records put on disk for the time being", self.records_spilled.clone());
        all.register("records_lost", "Records that could be kept nowhere", self.records_lost.clone());
        all.register("weight", "Live weights of image providers", self.weight.clone());
        all.register("mcp_calls", "Calls of other MCP servers", self.mcp_calls.clone());
        all.register("mcp_call_duration_seconds", "How long they took", self.mcp_duration.clone());
        all.register("mcp_server_up", "1 where another MCP server is connected", self.mcp_up.clone());
        all.register("stream_events_dropped", "Events that were no JSON", self.dropped_events.clone());
    }

    /// Everything in Prometheus' text form.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if encode(&mut out, &self.registry).is_err() {
            out.clear();
        }
        out
    }

    pub(super) fn upstream(&self, provider: &'static str, model: &str, class: &'static str) {
        self.upstream.get_or_create(&label::Upstream { provider, model: self.bounded(model), class }).inc();
    }

    pub(super) fn fallback(&self, from: &'static str, to: &'static str, reason: &'static str) {
        self.fallbacks.get_or_create(&label::Fallback { from, to, reason }).inc();
    }

    pub(super) fn healthy(&self, provider: &'static str, healthy: bool) {
        self.healthy.get_or_create(&label::Provider { provider: provider.into() }).set(healthy.into());
    }

    pub(super) fn mcp_called(&self, server: &str, outcome: &'static str, duration: Duration) {
        self.mcp_calls.get_or_create(&label::ServerCall { server: server.to_owned(), outcome }).inc();
        let server = label::Server { server: server.to_owned() };
        self.mcp_duration.get_or_create(&server).observe(duration.as_secs_f64());
    }

    pub(super) fn mcp_up(&self, server: &str, up: bool) {
        self.mcp_up.get_or_create(&label::Server { server: server.to_owned() }).set(up.into());
    }

    pub(super) fn request(&self, request: &Finished<'_>) {
        let endpoint = label::Endpoint { endpoint: request.caller.endpoint };
        self.duration.get_or_create(&endpoint).observe(request.duration.as_secs_f64());
        if !request.stream {
            let own = request.duration.saturating_sub(request.upstream);
            self.overhead.get_or_create(&endpoint).observe(own.as_secs_f64());
        }
        if let Some(first_token) = request.first_token {
            self.first_token.get_or_create(&endpoint).observe(first_token.as_secs_f64());
        }
        let (provider, model) = request.served.unwrap_or_default();
        let model = self.bounded(model);
        // An answer from the cache was counted when it was got.
        let usage = request.usage.filter(|_| !request.cached).unwrap_or_default();
        for (direction, count) in [("input", usage.input), ("output", usage.output)] {
            if count > 0 {
                let labels = label::Tokens { provider, model: model.clone(), direction };
                self.tokens.get_or_create(&labels).inc_by(count);
            }
        }
        if let Some(cost) = request.cost.filter(|cost| *cost > 0.0) {
            self.cost.get_or_create(&label::Model { provider, model: model.clone() }).inc_by(cost);
        }
        let endpoint = request.caller.endpoint;
        let labels = label::Request { endpoint, provider, model, outcome: request.outcome.to_owned() };
        self.requests.get_or_create(&labels).inc();
    }

    /// `model` as a label: itself while there is room for new names, else `other`.
    fn bounded(&self, model: &str) -> String {
        let known = |models: &HashSet<String>| models.contains(model);
        if model.is_empty() || self.models.read().is_ok_and(|models| known(&models)) {
            return model.to_owned();
        }
        let Ok(mut models) = self.models.write() else { return "other".to_owned() };
        if models.len() >= MOST_MODELS && !known(&models) {
            return "other".to_owned();
        }
        models.insert(model.to_owned());
        model.to_owned()
    }
}
