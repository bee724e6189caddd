//! One measured cell: a scenario, a number of connections, a window of time.
//!
//! Each connection sends its next request when it has the answer to the last (a closed loop), so the
//! rate follows the server and a stall holds back what would have been sent meanwhile.

use crate::{
    issuer::Issuer,
    plan::{CellOrder, CellResult, External, Scenario},
    process::{self, CpuTime},
    target::{TargetError, Targets},
    worker::{Progress, Worker},
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Runtime,
    task::{JoinHandle, LocalSet},
    time::{sleep, timeout},
};

/// How long the last answers may take after the window.
const STRAGGLERS: Duration = Duration::from_secs(10);

/// Runs one cell to its end.
pub(crate) fn measure(
    runtime: &Runtime,
    targets: &mut Targets,
    order: &CellOrder,
    issuer: &Issuer,
) -> Result<Box<CellResult>, TargetError> {
    let known = targets.get_mut(&order.target).ok_or_else(|| TargetError::Unknown(order.target.clone()))?;
    let algorithm = match order.scenario {
        Scenario::SigninRs256 => External::Rs256,
        Scenario::SigninEs256 => External::Es256,
        Scenario::Refresh | Scenario::Session => issuer.algorithms().last().unwrap_or(External::Es256),
    };
    let tokens = issuer.tokens(algorithm).ok_or_else(|| TargetError::NoTokens(order.target.clone()))?;
    let arrived = known.arrived(algorithm);
    let progress = Rc::new(Progress::default());

    let local = LocalSet::new();
    let workers = (0..order.connections)
        .map(|index| {
            let worker = Worker::new(order, index, known, tokens, &arrived, &progress);
            local.spawn_local(worker.run())
        })
        .collect();
    let window = local.block_on(runtime, observe(workers, order, known.target.pid, &progress));
    Ok(Box::new(result(order, &progress, &window, known.target.pid)))
}

/// What was spent while answers counted.
struct Window {
    seconds: f64,
    server: Option<CpuTime>,
    generator: Option<CpuTime>,
}

async fn observe(workers: Vec<JoinHandle<()>>, order: &CellOrder, pid: u32, progress: &Progress) -> Window {
    sleep(Duration::from_secs_f64(order.warmup_seconds)).await;
    let (server, generator) = (CpuTime::of(pid), CpuTime::own());
    let start = Instant::now();
    progress.measure();

    sleep(Duration::from_secs_f64(order.seconds)).await;
    progress.end();
    let window = Window {
        seconds: start.elapsed().as_secs_f64(),
        server: server.zip(CpuTime::of(pid)).map(|(before, after)| after.since(before)),
        generator: generator.zip(CpuTime::own()).map(|(before, after)| after.since(before)),
    };
    for worker in workers {
        match timeout(STRAGGLERS, worker).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => progress.failed(error.to_string()),
            Err(_) => progress.failed("no answer within ten seconds after the window".to_owned()),
        }
    }
    window
}

fn result(order: &CellOrder, progress: &Progress, window: &Window, pid: u32) -> CellResult {
    let mut latencies = progress.latencies.take();
    latencies.sort_unstable();
    let memory = process::memory(pid);
    let answers = latencies.len();
    let count = float(answers);
    let per_answer = |seconds: f64| seconds * 1e6 / count.max(1.0);
    CellResult {
        target: order.target.clone(),
        scenario: order.scenario,
        connections: order.connections,
        seconds: window.seconds,
        answers,
        per_second: count / window.seconds,
        p50_ms: percentile(&latencies, 50),
        p99_ms: percentile(&latencies, 99),
        max_ms: percentile(&latencies, 100),
        errors: progress.errors.get(),
        first_error: progress.first_error.take(),
        newcomers: progress.newcomers.get(),
        newcomers_ran_out: progress.newcomers_ran_out.get(),
        cpu_micros: window.server.map(|time| per_answer(time.total())),
        cpu_kernel_micros: window.server.map(|time| per_answer(time.kernel)),
        server_cores: window.server.map(|time| time.total() / window.seconds),
        generator_cores: window.generator.map(|time| time.total() / window.seconds),
        rss_bytes: memory.map(|(now, _)| now),
        peak_rss_bytes: memory.map(|(_, peak)| peak),
    }
}

/// The smallest latency that so many percent do not exceed, in milliseconds; zero where there is none.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "a window has far fewer answers than 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_seen() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let shown = |milliseconds: f64| format!("{milliseconds:.0}");
        let of = |percent| shown(percentile(&sorted, percent));
        assert_eq!([of(50), of(99), of(100)], ["100", "198", "200"]);
        assert_eq!(shown(percentile(&sorted[..1], 99)), "1");
        assert_eq!(shown(percentile(&[], 99)), "0");
    }
}
