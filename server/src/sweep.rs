//! When what has ended is forgotten.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::store::{Change, Changes};

/// Runs `sweep` now, and then each time that `every` has passed without one, be it this server's or one that
/// another has announced: of servers that share a database, one does it. Where none announces, each does.
///
/// `jitter` gives numbers from 0 to 1. Up to a tenth of `every` comes on top, so that servers which have heard
/// of one sweep at the same moment do not begin the next one together.
pub async fn regularly<S: Future<Output = ()>>(
    every: Duration,
    jitter: fn() -> f64,
    mut changes: Changes,
    mut sweep: impl FnMut() -> S,
) {
    loop {
        sweep().await;
        pause(every + every.mul_f64(jitter() / 10.0), &mut changes).await;
    }
}

/// Ends when nobody has swept for so long.
async fn pause(long: Duration, changes: &mut Changes) {
    let end = sleep(long);
    tokio::pin!(end);
    loop {
        tokio::select! {
            biased;
            () = &mut end => return,
            Some(change) = changes.next() => {
                if change == Change::Swept {
                    end.as_mut().reset(Instant::now() + long);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Changes, regularly};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };
    use tokio::{sync::broadcast, task::yield_now, time::advance};

    const EVERY: Duration = Duration::from_mins(10);

    fn counted(changes: Changes) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let swept = Arc::clone(&count);
        let sweep = move || {
            swept.fetch_add(1, Ordering::SeqCst);
            std::future::ready(())
        };
        tokio::spawn(regularly(EVERY, || 1.0, changes, sweep));
        count
    }

    async fn after(minutes: u64, count: &AtomicUsize) -> usize {
        settle().await;
        advance(Duration::from_mins(minutes)).await;
        settle().await;
        count.load(Ordering::SeqCst)
    }

    async fn settle() {
        for _ in 0..8 {
            yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_alone_sweeps_at_once_and_every_ten_minutes_and_a_little() {
        let count = counted(Changes::none());
        assert_eq!(after(0, &count).await, 1);
        assert_eq!(after(10, &count).await, 1);
        assert_eq!(after(2, &count).await, 2);
        assert_eq!(after(12, &count).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sweep_elsewhere_counts_and_a_server_that_stops_sweeping_is_replaced() {
        let (elsewhere, changes) = broadcast::channel(8);
        let count = counted(changes.into());
        assert_eq!(after(0, &count).await, 1);
        for _ in 0..3 {
            assert_eq!(after(9, &count).await, 1);
            elsewhere.send(Change::Environment(uuid::Uuid::nil())).unwrap();
            elsewhere.send(Change::Swept).unwrap();
        }
        assert_eq!(after(12, &count).await, 2, "nobody has done it for so long");
        drop(elsewhere);
        assert_eq!(after(12, &count).await, 3);
    }
}
